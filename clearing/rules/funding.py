"""Law: price, then payers in order, then surplus; what no payer takes is other tender and never enters the books.

The producer is owed exactly what tariff funds and payers took. A line that a payer must carry whole and can't is taken out of
the basket and the rest is funded anew, as if it had never been asked for. Source: domain.md section 2.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from clearing.events.basket import Line, LotUse, Share
from clearing.events.charte import Charte, Span
from clearing.events.codes import Code
from clearing.rules.charte_check import check_charte
from clearing.rules.facts import Facts, Held, Lot, is_met, nothing_used
from clearing.rules.items import Item, merge, spread
from clearing.rules.paying import ask_payers, take_surplus
from clearing.rules.pricing import Run, price_items
from clearing.rules.refunding import refund
from clearing.rules.sources import HeldSources, OpenSources
from clearing.rules.terms import Asked, Index, IndexedTariff, Used, index_of
from clearing.values import CategoryId, Cents, PayerId, ProducerId, PurseKind

__all__ = [
    "Facts", "FundedLine", "Funding", "Held", "Lot", "check_charte", "fund_advice", "fund_basket", "fund_capture",
    "nothing_used", "refund",
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class FundedLine:
    """Lines of one category, product and payee, added up. request_lines: their indexes in the request, first one first.

    paid_cents: by tariff funds and payers. unsold_*: what is not sold at its price because whoever must carry it was short.
    """

    request_lines: tuple[int, ...]
    category: CategoryId
    product: str | None
    payee: ProducerId
    amount_cents: Cents
    price_to_pay_cents: Cents
    paid_cents: Cents
    unsold_cents: Cents
    unsold_milli: int
    eligible: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Funding:
    """Who pays which cent. paid_cents + other_tender_cents + unsold cents = the request's amount; surplus_cents come on top.

    approved_lines, unsold_lines: cents per line of the request. eligible: some rate of some payer gives a cent of it. empty:
    eligible, nothing paid, no ceiling in the way. limited: span of the first ceiling that stopped a payer. short: some source
    had less than its part. refused: all or nothing was asked and a cent would be left. applied: ids of the tariffs and payers
    whose conditions are met (an authorisation fixes them). released: a capture's rest, per held share, `line` into the
    authorised basket.
    """

    amount_cents: Cents
    lines: tuple[FundedLine, ...]
    shares: tuple[Share, ...]
    paid_cents: Cents
    approved_lines: tuple[Cents, ...]
    unsold_lines: tuple[Cents, ...]
    other_tender_cents: Cents
    surplus_cents: Cents
    eligible: bool
    empty: bool
    limited: Span | None
    short: bool
    refused: bool
    applied: frozenset[PayerId]
    released: tuple[Share, ...] = ()

    def code(self) -> Code:
        """00 all paid, 10 a part; else why nothing is, in the order of precedence: 57, 61, 51, 05."""
        if not self.eligible:
            return Code.NOTHING_ELIGIBLE
        if self.paid_cents:
            return Code.APPROVED if self.paid_cents == self.amount_cents else Code.PARTIAL
        if self.limited is not None:
            return Code.AMOUNT_LIMIT
        return Code.INSUFFICIENT_CREDIT if self.short else Code.DECLINED


@dataclass(frozen=True, slots=True, kw_only=True)
class _Terms:
    """Tariffs and payers that apply. used None: ceilings were counted before (capture)."""

    index: Index
    tariffs: list[IndexedTariff]
    choice: int | None
    own: PurseKind
    used: Used | None
    applied: frozenset[PayerId]

    def asked(self) -> list[list[Asked]]:
        """Fresh for each attempt: what a payer has used of its ceilings is counted on it."""
        ranks = ([Asked(each, self.used) for each in rank if each.payer.id in self.applied] for rank in self.index.ranks)
        return [rank for rank in ranks if rank]


def fund_basket(lines: Sequence[Line], charte: Charte, facts: Facts, *, all_or_nothing: bool = False) -> Funding:
    """Fund a sale or an authorisation by `charte` at facts.at_us. lines: the request's, amounts of 0 cents or more."""
    terms = _open_terms(charte, facts)
    items = merge(lines, facts.producer, terms.index.categories, facts.eligible)
    left, run = items, Run(OpenSources(facts), delivered=False)
    while (declined := _attempt(run, left, terms)) is not None:
        left = [item for item in left if item is not declined]
        for item in left:
            item.reopen()
        declined.drop()
        run = run.anew(OpenSources(facts))
    funding = _outcome(lines, items, run, terms.applied)
    if all_or_nothing and funding.paid_cents != funding.amount_cents:
        return _refused(funding)
    return funding


def fund_advice(lines: Sequence[Line], charte: Charte, facts: Facts, *, let_pay: Sequence[int]) -> Funding:
    """Book an offline sale: payers in order up to `let_pay`, the cents per line that the till let the card pay.

    No tariff applies (a till without network knows none) and nothing is declined: the goods are gone. What is let pay and not
    paid, sum(let_pay) - paid_cents, falls on the guarantee fund or, when the pack was not obeyed, on the producer.
    """
    terms = _open_terms(charte, facts)
    items = merge(lines, facts.producer, terms.index.categories, facts.eligible)
    for item in items:
        item.rest = min(item.amount, sum(let_pay[index] for index in item.lines))
    run = Run(OpenSources(facts), delivered=True)
    ask_payers(run, items, terms.asked())
    return _outcome(lines, items, run, terms.applied)


def fund_capture(lines: Sequence[Line], held: Held) -> Funding:
    """Fund the delivered lines again, each payer limited to the cents it holds, from the lots it holds, lapsed or not.

    Conditions and ceilings were judged at the hold; goods are delivered, so a payer that is short gives what it holds.
    """
    applied = frozenset(share.payer for share in held.shares) if held.applied is None else held.applied
    index = index_of(held.charte)
    terms = _terms(index, applied, choice=held.price_choice, own=held.own_purse, used=None)
    items = merge(lines, held.producer, index.categories, held.eligible)
    run = Run(HeldSources(held.shares), delivered=True)
    _attempt(run, items, terms)
    return replace(_outcome(lines, items, run, applied), released=_released(held.shares, run.shares))


def _open_terms(charte: Charte, facts: Facts) -> _Terms:
    index = index_of(charte)
    met = [each.tariff.id for each in index.tariffs if is_met(each.tariff.condition, facts)]
    met += [each.payer.id for rank in index.ranks for each in rank if is_met(each.payer.condition, facts)]
    return _terms(index, frozenset(met), choice=facts.price_choice, own=facts.own_purse, used=facts.used)


def _terms(index: Index, applied: frozenset[PayerId], *, choice: int | None, own: PurseKind, used: Used | None) -> _Terms:
    tariffs = [each for each in index.tariffs if each.tariff.id in applied]
    return _Terms(index=index, tariffs=tariffs, choice=choice, own=own, used=used, applied=applied)


def _attempt(run: Run, items: Sequence[Item], terms: _Terms) -> Item | None:
    """Price, payers, surplus; stops at a line that is not to be sold and returns it."""
    if terms.tariffs:
        price_items(run, items, terms.tariffs, terms.choice)
    declined = ask_payers(run, items, terms.asked())
    if declined is None and terms.tariffs:
        take_surplus(run, items, terms.own)
    return declined


def _outcome(lines: Sequence[Line], items: Sequence[Item], run: Run, applied: frozenset[PayerId]) -> Funding:
    paid_of = {item.lines[0]: 0 for item in items}
    surplus = 0
    for share in run.shares:
        if share.step == "surplus":
            surplus += share.cents
        else:
            paid_of[share.line] += share.cents
    per_item = list(paid_of.values())
    paid, amount = sum(per_item), sum(item.amount for item in items)
    approved, unsold = spread(items, per_item, lines)
    return Funding(
        amount_cents=Cents(amount), lines=tuple(_funded(item, paid_of[item.lines[0]]) for item in items),
        shares=tuple(run.shares), paid_cents=Cents(paid), approved_lines=approved, unsold_lines=unsold,
        other_tender_cents=Cents(amount - paid - sum(unsold)), surplus_cents=Cents(surplus), eligible=run.eligible,
        empty=run.eligible and not paid and run.limited is None, limited=run.limited, short=run.short, refused=False,
        applied=applied,
    )  # fmt: skip


def _funded(item: Item, paid: int) -> FundedLine:
    return FundedLine(
        request_lines=tuple(item.lines), category=item.category, product=item.product, payee=item.payee,
        amount_cents=Cents(item.amount), price_to_pay_cents=Cents(item.price), paid_cents=Cents(paid),
        unsold_cents=Cents(item.unsold), unsold_milli=item.unsold_milli, eligible=item.eligible,
    )  # fmt: skip


def _refused(funding: Funding) -> Funding:
    """All or nothing was asked: nobody pays a cent; why stays readable in eligible, limited and short."""
    nothing = tuple(Cents(0) for _ in funding.approved_lines)
    return replace(
        funding, lines=tuple(replace(line, paid_cents=Cents(0)) for line in funding.lines), shares=(), paid_cents=Cents(0),
        approved_lines=nothing, unsold_lines=nothing, other_tender_cents=funding.amount_cents, surplus_cents=Cents(0),
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
            released.append(replace(share, cents=Cents(share.cents - kept), lots=_after(share.lots, kept)))
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
