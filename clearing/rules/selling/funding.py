"""Law: price, then payers in order, then surplus; what no payer takes is other tender and never enters the books.

The producer is owed exactly what tariff funds and payers took. A line that a payer must carry whole and can't is taken out of
the basket and the rest is funded anew, as if it had never been asked for. Source: domain.md section 2.
"""

from collections.abc import Sequence
from typing import NamedTuple

from clearing.events.basket import Line, LotUse, Share
from clearing.events.charte import Charte, Span
from clearing.events.codes import Code
from clearing.rules.selling.facts import Facts, Held, Lot, nothing_used
from clearing.rules.selling.lines import FundedLine, merge, spread
from clearing.rules.selling.paying import ask_payers, take_surplus
from clearing.rules.selling.pricing import price_lines
from clearing.rules.selling.refunding import refund
from clearing.rules.selling.run import Run
from clearing.rules.selling.sources import HeldSources, LimitedSources, OpenSources
from clearing.rules.selling.terms import Terms, indexed
from clearing.rules.voted.charte_check import check_charte
from clearing.values import Cents, PayerId, PurseKind

__all__ = [
    "Facts", "FundedLine", "Funding", "Held", "Lot", "check_charte", "fund_advice", "fund_basket", "fund_capture",
    "nothing_used", "refund",
]  # fmt: skip


class Funding(NamedTuple):
    """Who pays which cent. paid_cents + other_tender_cents + unsold cents = the request's amount; surplus_cents come on top.

    lines: merged, in the order funded. approved_lines, unsold_lines: cents per line of the request. eligible: some rate of
    some payer gives a cent of it. limited: span of the first ceiling that stopped a payer. short: some source had less than
    its part. refused: all or nothing was asked and a cent would be left. applied: ids of the tariffs and payers whose
    conditions are met (an authorisation fixes them). released: a capture's rest, per held share, `line` into the authorised
    basket.
    """

    amount_cents: Cents
    lines: tuple[FundedLine, ...]
    shares: tuple[Share, ...]
    paid_cents: Cents
    approved_lines: tuple[Cents, ...]
    unsold_lines: tuple[Cents, ...]
    surplus_cents: Cents
    eligible: bool
    limited: Span | None
    short: bool
    applied: frozenset[PayerId]
    refused: bool = False
    released: tuple[Share, ...] = ()

    @property
    def other_tender_cents(self) -> int:
        """Between the member and the seller; never in the books."""
        return self.amount_cents - self.paid_cents - sum(self.unsold_lines)

    @property
    def empty(self) -> bool:
        """A cent could have been paid, no ceiling forbade it, and no source had it."""
        return self.eligible and not self.paid_cents and self.limited is None

    def code(self) -> Code:
        """00 all paid, 10 a part; else why nothing is, in the order of precedence: 57, 61, 51, 05."""
        if not self.eligible:
            return Code.NOTHING_ELIGIBLE
        if self.paid_cents:
            return Code.APPROVED if self.paid_cents == self.amount_cents else Code.PARTIAL
        if self.limited is not None:
            return Code.AMOUNT_LIMIT
        return Code.INSUFFICIENT_CREDIT if self.short else Code.DECLINED


def fund_basket(lines: Sequence[Line], charte: Charte, facts: Facts, *, all_or_nothing: bool = False) -> Funding:
    """Fund a sale or an authorisation by `charte` at facts.at_us. lines: the request's, amounts of 0 cents or more."""
    index = indexed(charte)
    terms = index.met(facts)
    merged = merge(lines, facts.producer, index.categories, facts.eligible)
    room = facts.card_room_cents
    sources = OpenSources(facts) if room is None else LimitedSources(facts, room)
    left, run = merged, Run(sources, facts.used, delivered=False)
    while (declined := _attempt(run, left, terms, facts.price_choice, facts.own_purse)) is not None:
        left = [line for line in left if line is not declined]
        for line in left:
            line.reopen()
        declined.drop()
        run = run.again(OpenSources(facts) if room is None else LimitedSources(facts, room))
    funding = _outcome(lines, merged, run, terms)
    return _refused(funding) if all_or_nothing and funding.paid_cents != funding.amount_cents else funding


def fund_advice(lines: Sequence[Line], charte: Charte, facts: Facts, *, let_pay: Sequence[int]) -> Funding:
    """Book an offline sale: payers in order up to `let_pay`, the cents per line that the till let the card pay.

    No tariff applies (a till without network knows none) and nothing is declined: the goods are gone. What is let pay and not
    paid, sum(let_pay) - paid_cents, falls on the guarantee fund or, when the pack was not obeyed, on the producer.
    """
    index = indexed(charte)
    terms = index.met(facts)
    merged = merge(lines, facts.producer, index.categories, facts.eligible)
    for line in merged:
        line.rest_cents = min(line.amount_cents, sum(let_pay[place] for place in line.request_lines))
    run = Run(OpenSources(facts), facts.used, delivered=True)
    ask_payers(run, merged, terms)
    return _outcome(lines, merged, run, terms)


def fund_capture(lines: Sequence[Line], held: Held) -> Funding:
    """Fund the delivered lines again, each payer limited to the cents it holds, from the lots it holds, lapsed or not.

    Conditions and ceilings were judged at the hold; goods are delivered, so a payer that is short gives what it holds.
    """
    index = indexed(held.charte)
    terms = index.of(frozenset(share.payer for share in held.shares) if held.applied is None else held.applied)
    merged = merge(lines, held.producer, index.categories, held.eligible)
    run = Run(HeldSources(held.shares), None, delivered=True)
    _attempt(run, merged, terms, held.price_choice, held.own_purse)
    return _outcome(lines, merged, run, terms)._replace(released=_released(held.shares, run.shares))


def _attempt(
    run: Run, lines: Sequence[FundedLine], terms: Terms, choice: int | None, own: PurseKind
) -> FundedLine | None:
    """Price, payers, surplus; stops at a line that is not to be sold and returns it."""
    if not terms.tariffs:
        return ask_payers(run, lines, terms)
    price_lines(run, lines, terms.tariffs, choice)
    declined = ask_payers(run, lines, terms)
    if declined is None:
        take_surplus(run, lines, own)
    return declined


def _outcome(lines: Sequence[Line], merged: Sequence[FundedLine], run: Run, terms: Terms) -> Funding:
    approved, unsold = spread(merged, lines)
    paid, taken = sum(approved), sum([share.cents for share in run.shares])
    asked = sum([line.amount_cents for line in merged])
    # in the order of Funding's fields: 0.3 us against 1 by name
    return tuple.__new__(Funding, (
        asked, tuple(merged), tuple(run.shares), paid, approved, unsold, taken - paid, run.eligible, run.limited, run.short,
        terms.applied, False, (),
    ))  # fmt: skip


def _refused(funding: Funding) -> Funding:
    """All or nothing was asked: nobody pays a cent; why stays readable in eligible, limited and short."""
    nothing = tuple(Cents(0) for _ in funding.approved_lines)
    for line in funding.lines:
        line.reopen()
    return funding._replace(
        shares=(), paid_cents=Cents(0), approved_lines=nothing, unsold_lines=nothing, surplus_cents=Cents(0),
        refused=True,
    )  # fmt: skip


def _released(held: Sequence[Share], captured: Sequence[Share]) -> tuple[Share, ...]:
    """What each held share gives back: captures use up a payer's held shares, and their lots, in the order they were held."""
    used: dict[tuple[str, PayerId, str], int] = {}
    for share in captured:
        key = (share.step, share.payer, share.source)
        used[key] = used.get(key, 0) + share.cents
    released: list[Share] = []
    for share in held:
        key = (share.step, share.payer, share.source)
        kept = min(used.get(key, 0), share.cents)
        used[key] = used.get(key, 0) - kept
        if kept < share.cents:
            released.append(share._replace(cents=Cents(share.cents - kept), lots=_after(share.lots, kept)))
    return tuple(released)


def _after(lots: Sequence[LotUse], cents: int) -> tuple[LotUse, ...]:
    """The lots without their first `cents`."""
    left: list[LotUse] = []
    for use in lots:
        gone = min(cents, use.cents)
        cents -= gone
        if gone < use.cents:
            left.append(LotUse(lot=use.lot, cents=Cents(use.cents - gone)))
    return tuple(left)
