"""Law: a half whose twin was refused or never came is given up by a vote and two people, at the cost or to the gain of a named
fund; nothing else moves, and the other caisse's word is not waited for any more.
"""

from datetime import date, timedelta
from typing import Final, NamedTuple

from clearing.events.interchange import InterchangeWrittenOff, WriteOffDropped, WriteOffProposed
from clearing.rules.answers import BrokenBook, Declined, not_found, not_now
from clearing.rules.between.interchange import HoldState, Interchange, Twin
from clearing.rules.treasury.funds import Funds, engage
from clearing.values import CaisseCode, DecisionId, FundId, OperationId, PersonId, money

NEVER_DAYS: Final = 30
"""After so many days the other caisse's word is said never to have come; a refusal needs no waiting."""


class WriteOff(NamedTuple):
    """cents: what the fund bears; below zero: what it gains."""

    other: CaisseCode
    cents: int


def evolve_proposed(interchange: Interchange, event: WriteOffProposed) -> None:
    interchange.write_offs[event.ref] = event


def evolve_dropped(interchange: Interchange, event: WriteOffDropped) -> None:
    del interchange.write_offs[event.ref]


def evolve_written_off(interchange: Interchange, funds: Funds, event: InterchangeWrittenOff) -> None:
    """The fund spends what the other caisse does not pay our producers; what nobody asks for any more it receives."""
    del interchange.write_offs[event.ref]
    half, hold = interchange.halves.get(event.ref), interchange.holds.get(event.ref)
    if half is not None and half.twin is not Twin.MATCHED:
        interchange.open_halves.pop(event.ref, None)
        interchange.refused.pop(event.ref, None)
        half.twin, half.written_off_cents = Twin.WRITTEN_OFF, event.cents
    elif hold is not None and hold.state is HoldState.CAPTURED:
        hold.state = HoldState.WRITTEN_OFF
        interchange.sums(event.other, hold.day).out_cents += event.cents
    else:
        raise BrokenBook(f"there is nothing to give up of {event.ref.hex()}")
    interchange.owe_us(event.other, -event.cents)
    if event.cents > 0:
        engage(funds, event.fund, event.cents)
    else:
        funds[event.fund].received_cents -= event.cents


def open_of(interchange: Interchange, ref: OperationId, today: date) -> WriteOff | Declined:
    """What can be given up of a sale across caisses, or why nothing can."""
    half, hold = interchange.halves.get(ref), interchange.holds.get(ref)
    if half is not None:
        if half.twin in (Twin.MATCHED, Twin.WRITTEN_OFF):
            said = "agree" if half.twin is Twin.MATCHED else "was given up already"
            return not_now(f"The two halves of this sale {said}: there is nothing to give up.")
        if half.twin is Twin.OPEN and (early := _early(half.undone_day or half.day, today)):
            return not_now(f"{half.issuer} has not said its word yet. {early}")
        sold = half.cents if half.effect == "captured" else 0
        return WriteOff(half.issuer, sold or (-half.cents if half.captured else 0))
    if hold is None or hold.state is HoldState.DECLINED:
        return not_found("There is no such sale with another caisse; `clearing interchange exceptions` shows their names.")
    if hold.state is not HoldState.CAPTURED:
        return not_now(f"Nothing is owed to {hold.event.acquirer} for this sale: what was held went back, or does by itself.")
    if early := _early(hold.day, today):
        return not_now(f"{hold.event.acquirer} may still net this sale. {early}")
    if interchange.sums(hold.event.acquirer, hold.day).out_cents < hold.event.approved_cents:
        return not_now("This sale is netted already; there is nothing to give up.")
    return WriteOff(hold.event.acquirer, -hold.event.approved_cents)


def _early(day: str, today: date) -> str:
    """"" when the wait is over."""
    first = date.fromisoformat(day) + timedelta(days=NEVER_DAYS)
    return "" if today >= first else f"It can be given up from {first} on; until then let clearing serve run."


def decide_propose(
    interchange: Interchange, funds: Funds, *, ref: OperationId, fund: FundId, decision: DecisionId, reason: str, by: PersonId,
    today: date,
) -> WriteOffProposed | Declined:
    """The decision stands. A proposal takes the place of one before it of the same sale."""
    found = open_of(interchange, ref, today)
    if isinstance(found, Declined):
        return found
    return _unable(funds, fund, found.cents) or WriteOffProposed(
        ref=ref, other=found.other, cents=found.cents, fund=fund, decision=decision, reason=reason, by=by
    )


def decide_confirm(
    interchange: Interchange, funds: Funds, *, ref: OperationId, fund: FundId, cents: int, by: PersonId, today: date
) -> InterchangeWrittenOff | Declined:
    """fund, cents: what the second person saw."""
    proposed, found = interchange.write_offs.get(ref), open_of(interchange, ref, today)
    if proposed is None:
        return not_found("Nobody proposed to give this sale up; first: clearing interchange write-off")
    if proposed.by == by:
        return not_now(f"{by} proposed to give this sale up; another person has to look and confirm it.")
    if isinstance(found, Declined):
        return found
    if (proposed.fund, proposed.cents) != (fund, cents) or (proposed.other, proposed.cents) != found:
        return not_now("It is not what was proposed any more: look again, then propose what is to be given up now.")
    return _unable(funds, fund, cents) or InterchangeWrittenOff(
        ref=ref, other=found.other, cents=cents, fund=fund, decision=proposed.decision, reason=proposed.reason,
        proposed_by=proposed.by, by=by,
    )


def decide_drop(interchange: Interchange, *, ref: OperationId, by: PersonId) -> WriteOffDropped | Declined:
    if ref not in interchange.write_offs:
        return not_found("Nobody proposed to give this sale up, or it was given up already.")
    return WriteOffDropped(ref=ref, by=by)


def _unable(funds: Funds, fund: FundId, cents: int) -> Declined | None:
    if fund not in funds:
        return not_found(f"There is no fund {fund}; open it first.")
    free = funds[fund].free_cents()
    if cents <= 0 or free >= cents:
        return None
    return not_now(f"The fund {fund} has {money(max(0, free))} free, {money(cents)} would fall on it: receive money first, or "
                   "name another fund.")  # fmt: skip
