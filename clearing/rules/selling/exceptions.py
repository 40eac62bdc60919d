"""Law: what came too late is answered, never lost: it stands in a list until two people say, with a reason, what becomes of it.

A late capture that is accepted is owed to the producer: from the member's purses if she agreed and they have it, else from the
guarantee fund. Never more than its hold held, and once per hold.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from clearing.events.basket import Line, Share
from clearing.events.charte import Charte
from clearing.events.orders import ExceptionResolved, ResolutionProposed
from clearing.events.sales import AuthorisationDecided, CaptureDecided, ReversalDecided
from clearing.rules.answers import Declined, not_found, not_now
from clearing.rules.credit.allocation import Allocation
from clearing.rules.people.members import Member
from clearing.rules.selling.afterwards import held_by, same_payees
from clearing.rules.selling.funding import fund_capture
from clearing.rules.selling.operations import Operation, State
from clearing.rules.selling.returns import fund_named, purse_of
from clearing.rules.selling.sources import Source
from clearing.rules.treasury.funds import Funds
from clearing.values import Cents, FundId, MemberId, OperationId, PersonId, Position, ProducerId, TerminalId, money

LATE_CAPTURE: Final = "late capture"
REVERSAL: Final = "reversal"
HOWS: Final = ("noted", "refused", "accepted")
CONSENTS: Final = "with the member's consent her purses pay first"


class Item(NamedTuple):
    """What stands in the list. hold: its terminal and x, of a late capture of a known hold; told: what happened."""

    kind: str
    terminal: TerminalId
    original: OperationId
    producer: ProducerId
    member: MemberId | None
    amount_cents: Cents
    lines: tuple[Line, ...]
    told: str
    at_us: int


@dataclass(slots=True)
class Exceptions:
    """open: by the position of the event that stands there. accepted: holds (terminal and x) whose late capture is owed."""

    open: dict[int, Item] = field(default_factory=dict)
    proposed: dict[int, ResolutionProposed] = field(default_factory=dict)
    accepted: set[bytes] = field(default_factory=set)


def evolve_late_capture(exceptions: Exceptions, event: CaptureDecided, position: int, at_us: int) -> None:
    exceptions.open[position] = Item(
        LATE_CAPTURE, event.op.terminal, event.original, event.op.producer, event.member, event.amount_cents, event.lines,
        "captured after its hold had expired, was cancelled or was captured", at_us,
    )


def evolve_reversal(exceptions: Exceptions, event: ReversalDecided, position: int, at_us: int) -> None:
    exceptions.open[position] = Item(
        REVERSAL, event.op.terminal, event.original, event.op.producer, event.member, Cents(0), (), event.exception, at_us
    )


def evolve_resolved(exceptions: Exceptions, event: ExceptionResolved, hold: Operation | None) -> None:
    del exceptions.open[event.exception]
    exceptions.proposed.pop(event.exception, None)
    if event.how == "accepted" and hold is not None:
        exceptions.accepted.add(hold.event.op.terminal + hold.event.op.x)


def decide_propose(exceptions: Exceptions, proposal: ResolutionProposed) -> ResolutionProposed | Declined:
    item = exceptions.open.get(proposal.exception)
    if item is None:
        return not_found(f"There is no open exception {proposal.exception}; `clearing exceptions` lists them.")
    if proposal.how not in HOWS:
        return not_now(f"An exception is {', '.join(HOWS)}, not {proposal.how}.")
    if proposal.how != "noted" and item.kind != LATE_CAPTURE:
        return not_now("Only a late capture can be accepted or refused; agree with the producer, then note what you agreed.")
    if proposal.how == "noted" and item.kind == LATE_CAPTURE:
        return not_now("A late capture is accepted or refused, so that the producer knows.")
    if proposal.consent and proposal.how != "accepted":
        return not_now("The member's consent is asked only when a late capture is accepted; leave it out.")
    return proposal


def decide_resolve(
    exceptions: Exceptions, *, agreed: ResolutionProposed, hold: Operation | None, charte: Charte | None,
    member: Member | None, allocation: Allocation, funds: Funds, at_us: int,
) -> ExceptionResolved | Declined:
    """agreed: what the second person saw, by that person. hold: of a late capture, with its charte and member."""
    proposal = exceptions.proposed.get(agreed.exception)
    item = exceptions.open.get(agreed.exception)
    if proposal is None or item is None:
        return not_found(f"Nobody proposed what becomes of exception {agreed.exception}; propose it, then another confirms.")
    if (agreed.how, agreed.consent) != (proposal.how, proposal.consent):
        return not_now("Something else is proposed by now; look again, then confirm.")
    if agreed.by == proposal.by:
        return not_now("An exception is resolved by two people: somebody else than the one who proposed.")
    shares: tuple[Share, ...] = ()
    if proposal.how == "accepted":
        found = _late_shares(
            exceptions, item, hold=hold, charte=charte, member=member if proposal.consent else None, allocation=allocation,
            funds=funds, at_us=at_us,
        )
        if isinstance(found, Declined):
            return found
        shares = found
    return ExceptionResolved(
        exception=Position(agreed.exception), how=proposal.how, consent=proposal.consent, reason=proposal.reason,
        producer=item.producer, lines=item.lines if shares else (), member=item.member, shares=shares,
        resolved_by=(proposal.by, PersonId(agreed.by)),
    )


def _late_shares(
    exceptions: Exceptions, item: Item, *, hold: Operation | None, charte: Charte | None, member: Member | None,
    allocation: Allocation, funds: Funds, at_us: int,
) -> tuple[Share, ...] | Declined:
    held = hold.event if hold is not None and isinstance(hold.event, AuthorisationDecided) else None
    if hold is None or held is None or charte is None or item.member is None:
        return not_found("Its hold is not in the log, so nothing says who would pay; refuse it.")
    if hold.state is not State.RELEASED:
        return not_now("Its hold was captured once already; goods are paid once, so refuse this one.")
    if held.op.terminal + held.op.x in exceptions.accepted:
        return not_now("A late capture of this hold was accepted before; refuse this one.")
    if not same_payees(item.lines, held):
        return not_now("It names goods of somebody whom the hold was not for; refuse it and let that producer sell anew.")
    due = [share for share in fund_capture(item.lines, held_by(held, charte)).shares if share.step != "surplus"]
    if not due:
        return not_now("Nothing of these goods was held; refuse it.")
    return _from_what_is_there(due, member=member, allocation=allocation, funds=funds, at_us=at_us)


def _from_what_is_there(
    due: Iterable[Share], *, member: Member | None, allocation: Allocation, funds: Funds, at_us: int
) -> tuple[Share, ...] | Declined:
    """The same cents for the same payees, from sources that have them now; what they lack falls on the guarantee fund."""
    sources: dict[str, Source] = {}
    found: list[Share] = []
    lacking: list[Share] = []
    for share in due:
        source = sources.get(share.source)
        if source is None:
            source = sources[share.source] = _open(share.source, member, allocation, funds, at_us)
        cents = min(share.cents, source.left_cents)
        if cents:
            found.append(share._replace(cents=Cents(cents), lots=source.take(cents)))
        if cents < share.cents:
            lacking.append(share._replace(cents=Cents(share.cents - cents), lots=()))
    if not lacking:
        return tuple(found)
    need = sum(share.cents for share in lacking)
    taken = _engaged(found)
    guarantee = next((fund for fund, one in funds.items() if one.kind == "guarantee"), None)
    if guarantee is None:
        return not_now(f"{money(need)} fall on a guarantee fund and there is none; open one of the kind guarantee first.")
    if funds[guarantee].free_cents() - taken.get(guarantee, 0) < need:
        return not_now(f"The guarantee fund {guarantee} has less than the {money(need)} that fall on it; receive money first.")
    return (*found, *(share._replace(step="payer", source=f"fund:{guarantee}") for share in lacking))


def _engaged(shares: Iterable[Share]) -> dict[FundId, int]:
    found: dict[FundId, int] = {}
    for share in shares:
        if purse_of(share.source) is None:
            fund = fund_named(share.source)
            found[fund] = found.get(fund, 0) + share.cents
    return found


def _open(source: str, member: Member | None, allocation: Allocation, funds: Funds, at_us: int) -> Source:
    """A fund gives what is free; a purse only by consent (member None: without)."""
    kind = purse_of(source)
    if kind is None:
        return Source(max(0, funds[fund_named(source)].free_cents()), [])
    if member is None:
        return Source(0, [])
    lots = [(lot.id, lot.cents) for lot in allocation.spendable(member, kind, at_us)]
    return Source(sum(cents for _, cents in lots), lots)
