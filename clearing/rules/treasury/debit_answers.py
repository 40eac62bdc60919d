"""Law: the bank's word on a debit is taken once; what contradicts what is known waits for a person and moves nothing.

    known       accepted    executed      rejected      returned
    instructed  moves       moves         moves         moves, as money that came and went
    accepted    same        moves         moves         moves, the same
    executed    older news  same          contradicts   moves
    rejected    older news  contradicts   same          older news: neither brought money
    returned    older news  older news    older news    same

Anything else the bank says is "unknown": a question for a person, never money. Who looked at the account says so (sure).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, NamedTuple

from clearing.events.cotisations import CotisationReceived, CotisationReturned
from clearing.events.debits import DebitAnswered, DebitCounted, MandateSuspended, Part
from clearing.rules.answers import Declined, not_found, not_now
from clearing.rules.calendar import civil_date
from clearing.rules.people.members import Members
from clearing.rules.treasury.cotisations import Cotisations, decide_receive, decide_return, standings
from clearing.rules.treasury.debits import (
    EXECUTION,
    FAILED,
    UNDER_WAY,
    Collection,
    Debit,
    Debits,
    DebitState,
    MandateState,
    mandate_key,
    payment_reference,
)
from clearing.rules.treasury.mandates import failures_in_a_row
from clearing.rules.treasury.reason_codes import REASONS, UNAUTHORISED, told
from clearing.rules.treasury.takings import Takings
from clearing.values import MemberId, PersonId

SAID: Final = ("accepted", "executed", "rejected", "returned", "unknown")
WINDOW_DAYS: Final = 56
"""Eight weeks in which a member gets the money back without a reason."""
UNAUTHORISED_MONTHS: Final = 13
FAILURES_MAX: Final = 2
_OLDER: Final = {
    (DebitState.EXECUTED, DebitState.ACCEPTED), (DebitState.REJECTED, DebitState.ACCEPTED),
    (DebitState.REJECTED, DebitState.RETURNED), (DebitState.RETURNED, DebitState.ACCEPTED),
    (DebitState.RETURNED, DebitState.EXECUTED), (DebitState.RETURNED, DebitState.REJECTED),
}  # fmt: skip
_CONTRADICTS: Final = {(DebitState.EXECUTED, DebitState.REJECTED), (DebitState.REJECTED, DebitState.EXECUTED)}


class Answer(NamedTuple):
    """member: "" when reference, the EndToEndId, names the debit; both, when both are there. on: the bank's ISO date. sure: a
    person looked at the bank account."""

    member: str
    reference: str
    state: str
    code: str
    text: str
    on: str
    bank_reference: str
    sure: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Rooms:
    """What answers are decided with. gifts_count: as decide_receive."""

    cotisations: Cotisations
    members: Members
    takings: Takings
    debits: Debits
    gifts_count: bool
    this_period: str
    today: date
    by: PersonId


Taken = DebitAnswered | CotisationReceived | CotisationReturned | DebitCounted | MandateSuspended


def decide_answer(rooms: Rooms, *, collection: int, answer: Answer) -> tuple[Taken, ...] | Declined:
    """The events of one row of the bank; none when it says what is known."""
    known = rooms.debits.collections.get(collection)
    if known is None or known.exported is None:
        return not_found(f"There is no collection {collection} whose file was made; `clearing collections` lists them.")
    debit = _asked(rooms.debits, known, answer)
    if isinstance(debit, Declined):
        return debit
    if answer.state not in SAID:
        return not_now(f"A bank's answer is one of {', '.join(SAID)}, not {answer.state}.")
    if answer.on and civil_date(answer.on, what="the bank's day") > rooms.today + timedelta(days=1):
        return not_now(f"{answer.on} has not come yet: give the day that the bank says.")
    question, state = _question(debit, answer), _next(debit, answer)
    if state is debit.state and question == debit.question:
        return ()
    return _move(rooms, collection, debit, answer, state, question)


def _asked(debits: Debits, collection: Collection, answer: Answer) -> Debit | Declined:
    named = debits.references.get(answer.reference, (0, MemberId("")))[1]
    debit = collection.debits.get(MemberId(answer.member) if answer.member else named)
    if debit is not None and debit.state is not DebitState.LEFT_OUT and answer.reference in ("", debit.row.reference):
        return debit
    return not_found(f"Nothing was asked from {answer.member or answer.reference} in collection "
                     f"{collection.proposed.collection}; look at its list.")  # fmt: skip


def _next(debit: Debit, answer: Answer) -> DebitState:
    """What is known after it."""
    if answer.state == "unknown":
        return debit.state
    said = DebitState(answer.state)
    if (debit.state, said) in _OLDER or ((debit.state, said) in _CONTRADICTS and not answer.sure):
        return debit.state
    return DebitState.RETURNED if (debit.state, said) == (DebitState.EXECUTED, DebitState.REJECTED) else said


def _question(debit: Debit, answer: Answer) -> str:
    """What a person has to look at; "" for nothing. An open question stays until the bank says more, or a person is sure."""
    if answer.sure:
        return ""
    if answer.state == "unknown":
        return f"the bank says {told(answer.code, answer.text)}"
    said = DebitState(answer.state)
    if (debit.state, said) in _CONTRADICTS:
        return f"the bank says {said}, and said {debit.state} before"
    if (debit.state, said) in _OLDER or said is debit.state:
        return debit.question
    if said in FAILED and answer.code not in REASONS:
        return f"the bank gives a reason that is not known here: {told(answer.code, answer.text)}"
    if said is DebitState.RETURNED and debit.executed_on:
        return _late(debit, answer)
    return ""


def _late(debit: Debit, answer: Answer) -> str:
    executed, back = date.fromisoformat(debit.executed_on), answer.on or ""
    if not back:
        return ""
    day = date.fromisoformat(back)
    if day > executed + timedelta(days=WINDOW_DAYS) and answer.code != UNAUTHORISED:
        return f"it came back on {back}, later than eight weeks, and nobody says that it was not authorised: ask the bank"
    if day > months_after(executed, UNAUTHORISED_MONTHS):
        return f"it came back on {back}, later than {UNAUTHORISED_MONTHS} months: ask the bank"
    return ""


def months_after(day: date, months: int) -> date:
    """The same day so many months later, or the last one of a shorter month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    following = date(year + (month == 11), (month + 1) % 12 + 1, 1)
    return min(day.replace(year=year, month=month + 1, day=1) + timedelta(days=day.day - 1), following - timedelta(days=1))


def _move(
    rooms: Rooms, collection: int, debit: Debit, answer: Answer, state: DebitState, question: str
) -> tuple[Taken, ...]:
    row, money_events = debit.row, list[Taken]()
    parts: tuple[Part, ...] = ()
    if state is DebitState.EXECUTED and debit.state is not DebitState.EXECUTED:
        received, parts = _received(rooms, debit)
        money_events += received
    elif state is DebitState.RETURNED and debit.state is DebitState.EXECUTED:
        parts = debit.held_parts()
        money_events += _sent_back(rooms, debit, answer)
    answered = DebitAnswered(
        collection=collection, member=row.member, reference=row.reference, state=state.value, question=question,
        reason=answer.code, text=answer.text, on=answer.on or rooms.today.isoformat(), bank_reference=answer.bank_reference,
        cents=row.cents, parts=parts, by=rooms.by,
    )
    return (answered, *money_events, *_suspended(rooms, collection, debit, answer, state))


def _received(rooms: Rooms, debit: Debit) -> tuple[list[Taken], tuple[Part, ...]]:
    """What counts at once, and what waits: by vote, or because the rules of today would not take it."""
    if rooms.debits.counts_on() != EXECUTION:
        return [], debit.row.parts
    found: list[Taken] = []
    waits: list[Part] = []
    for part in debit.row.parts:
        event = _receive(rooms, debit, part)
        if isinstance(event, Declined):
            waits.append(part)
        else:
            found.append(event)
    return found, tuple(waits)


def _receive(rooms: Rooms, debit: Debit, part: Part) -> CotisationReceived | Declined:
    return decide_receive(
        rooms.cotisations, rooms.members, rooms.takings, member=debit.row.member, rule=part.rule, period=part.period,
        cents=part.cents, means="debit", reference=payment_reference(debit.row, part.period), gifts_count=rooms.gifts_count,
        by=rooms.by, this_period=rooms.this_period,
    )


def _sent_back(rooms: Rooms, debit: Debit, answer: Answer) -> list[Taken]:
    """What had been counted as received is owed by the member now."""
    found: list[Taken] = []
    for part in debit.row.parts:
        if part.period not in debit.held:
            event = decide_return(
                rooms.cotisations, reference=payment_reference(debit.row, part.period), reason=told(answer.code), by=rooms.by
            )
            if isinstance(event, Declined):
                raise AssertionError(f"{debit.row.reference} was executed and not received: {event.why}")
            found.append(event)
    return found


def _suspended(
    rooms: Rooms, collection: int, debit: Debit, answer: Answer, state: DebitState
) -> list[MandateSuspended]:
    mandate = rooms.debits.mandates[mandate_key(debit.row.mandate)]
    if state not in FAILED or debit.state in FAILED or mandate.state is not MandateState.ACTIVE:
        return []
    reason = REASONS.get(answer.code)
    times = failures_in_a_row(rooms.debits, mandate, collection, failing=True)
    if times < FAILURES_MAX and (reason is None or not reason.final):
        return []
    why = told(answer.code)
    if times >= FAILURES_MAX:
        why = f"{times} debits failed one after the other, the last: {why}"
    return [MandateSuspended(mandate=debit.row.mandate, collection=collection, reason=why, by=rooms.by)]


def decide_count(rooms: Rooms, *, collection: int) -> tuple[DebitCounted, ...] | Declined:
    """Money that waited counts as received: its window is over, or the vote is that it counts at once."""
    known = rooms.debits.collections.get(collection)
    if known is None:
        return not_found(f"There is no collection {collection}; `clearing collections` lists them.")
    found: list[DebitCounted] = []
    declined: Declined | None = None
    for debit in countable(rooms.debits, known, rooms.today):
        for part in debit.held_parts():
            event = _receive(rooms, debit, part)
            if isinstance(event, Declined):
                declined = declined or event
                continue
            found.append(DebitCounted(
                collection=collection, member=event.member, rule=event.rule, fund=event.fund, period=event.period,
                cents=event.cents, cleared_cents=event.cleared_cents, gift_cents=event.gift_cents, means=event.means,
                reference=event.reference, receipt=event.receipt, by=event.by,
            ))  # fmt: skip
    if found:
        return tuple(found)
    return declined or not_now(f"No money of collection {collection} waits to be counted, or it may still come back.")


def countable(debits: Debits, collection: Collection, today: date) -> Sequence[Debit]:
    """Debits whose money waits and need wait no longer."""
    at_once = debits.counts_on() == EXECUTION
    return [
        debit for debit in collection.debits.values()
        if debit.held and (at_once or window_ends(debit) < today)
    ]


def window_ends(debit: Debit) -> date:
    """The last day on which it may come back without a reason."""
    return date.fromisoformat(debit.executed_on) + timedelta(days=WINDOW_DAYS)


def unanswered(collection: Collection) -> list[Debit]:
    return [one for one in collection.kept() if one.state in UNDER_WAY]


def came_back(debits: Debits) -> Iterator[tuple[int, Debit]]:
    """(collection, debit) of all that brought no money or lost it again, the newest collection first."""
    for number, collection in sorted(debits.collections.items(), reverse=True):
        for debit in collection.debits.values():
            if debit.state in FAILED:
                yield number, debit


def still_owed(cotisations: Cotisations, debit: Debit) -> int:
    """Cents of a debit that came back: of its months, what is open until now."""
    periods = {part.period for part in debit.row.parts}
    open_ = standings(cotisations, debit.row.member, until=max(periods))
    return max(0, min(debit.row.cents, sum(one.open_cents() for one in open_ if one.period in periods)))
