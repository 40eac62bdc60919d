"""Law: a transfer is what the bank said of it, by a written table; what fails is owed again, with a link to where it failed.

What the table has no word for is a question for a person: no cent moves by it, and nothing is called paid.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Final, NamedTuple

from clearing.rules.answers import Declined, not_now
from clearing.values import BatchId, Cents, ProducerId


class PayoutState(StrEnum):
    """waiting: its batch is not exported yet. handed-over: another caisse is asked to pay it (between/joint.py), which took it
    or did not."""

    WAITING = "waiting"
    INSTRUCTED = "instructed"
    ACCEPTED = "accepted"
    EXECUTED = "executed"
    REJECTED = "rejected"
    RETURNED = "returned"
    WITHDRAWN = "withdrawn"
    HANDED_OVER = "handed-over"
    TAKEN = "taken"
    NOT_TAKEN = "not-taken"


class Answer(StrEnum):
    """What a bank's message says of one transfer."""

    ACCEPTED = "accepted"
    EXECUTED = "executed"
    REJECTED = "rejected"
    RETURNED = "returned"
    UNKNOWN = "unknown"


QUESTION: Final = "question"
"""What an answer becomes that a person has to ask the bank about."""
_KNOWN: Final = "known"

UNDER_WAY: Final = frozenset({
    PayoutState.WAITING, PayoutState.INSTRUCTED, PayoutState.ACCEPTED, PayoutState.HANDED_OVER
})  # fmt: skip
FAILED: Final = frozenset({
    PayoutState.REJECTED, PayoutState.RETURNED, PayoutState.WITHDRAWN, PayoutState.NOT_TAKEN
})  # fmt: skip
NOT_OURS: Final = frozenset({
    PayoutState.WITHDRAWN, PayoutState.HANDED_OVER, PayoutState.TAKEN, PayoutState.NOT_TAKEN
})  # fmt: skip
"""Never given to our bank: it has no word on them."""
REASON_CHARS_MAX: Final = 4  # ISO external reason codes have four

_OF_A_NEW_ONE: Final = {
    Answer.ACCEPTED: PayoutState.ACCEPTED, Answer.EXECUTED: PayoutState.EXECUTED, Answer.REJECTED: PayoutState.REJECTED,
    Answer.RETURNED: PayoutState.RETURNED, Answer.UNKNOWN: QUESTION,
}  # fmt: skip
TABLE: Final[Mapping[PayoutState, Mapping[Answer, str]]] = MappingProxyType({
    PayoutState.INSTRUCTED: _OF_A_NEW_ONE,
    PayoutState.ACCEPTED: {**_OF_A_NEW_ONE, Answer.ACCEPTED: _KNOWN},
    PayoutState.EXECUTED: {
        Answer.ACCEPTED: _KNOWN, Answer.EXECUTED: _KNOWN, Answer.REJECTED: QUESTION,
        Answer.RETURNED: PayoutState.RETURNED, Answer.UNKNOWN: QUESTION,
    },
    PayoutState.REJECTED: {
        Answer.ACCEPTED: _KNOWN, Answer.EXECUTED: QUESTION, Answer.REJECTED: _KNOWN, Answer.RETURNED: _KNOWN,
        Answer.UNKNOWN: QUESTION,
    },
    PayoutState.RETURNED: {
        Answer.ACCEPTED: _KNOWN, Answer.EXECUTED: QUESTION, Answer.REJECTED: _KNOWN, Answer.RETURNED: _KNOWN,
        Answer.UNKNOWN: QUESTION,
    },
})  # fmt: skip
"""What each answer makes of a transfer in each state. Messages come late and out of order: what is weaker than the state, or
the same, is known already; what contradicts it is a question."""


@dataclass(slots=True)
class Payout:
    """One transfer of a batch. on, reference: of the bank's last word. question: what a person has to ask the bank about.
    paid_in: the batch that pays what failed here, 0 while none does."""

    cents: Cents
    details: bytes
    state: PayoutState = PayoutState.WAITING
    attempt: int = 1
    on: str = ""
    code: str = ""
    reference: str = ""
    question: str = ""
    paid_in: int = 0


class Failure(NamedTuple):
    """What a transfer of this batch did not pay, and no later one has."""

    batch: BatchId
    cents: Cents


class Row(NamedTuple):
    """One answer as the bank gave it. on: ISO day."""

    producer: ProducerId
    state: Answer
    code: str
    text: str
    on: str
    reference: str


def became(payout: Payout, row: Row) -> str:
    """The state of the transfer by this answer, QUESTION, or "" when it is known already.

    A debit that was booked before the transfer came back says nothing new: statements arrive in any order.
    """
    if row.state is Answer.EXECUTED and payout.state is PayoutState.RETURNED and row.on <= payout.on:
        return ""
    found = TABLE[payout.state][row.state]
    if found == _KNOWN or (found == QUESTION and payout.question == asked(payout, row)):
        return ""
    return found


def asked(payout: Payout, row: Row) -> str:
    """What a person has to ask the bank: the question, in words."""
    said = f"{row.state} on {row.on}" + (f" ({row.code})" if row.code else "") + (f": {row.text}" if row.text else "")
    if row.state is Answer.UNKNOWN:
        return f"the bank's word for it is not one we know: {said}"
    return f"it was {payout.state}{f' on {payout.on}' if payout.on else ''}, and now the bank says {said}"


def answered(payout: Payout, row: Row, made: str) -> Payout:
    """The transfer as this answer left it. A clear word ends a question."""
    if made == QUESTION:
        return replace(payout, question=asked(payout, row))
    return replace(
        payout, state=PayoutState(made), on=row.on, code=row.code, reference=row.reference, question=""
    )


def obstacle(payout: Payout, what: PayoutState) -> Declined | None:
    """Why a person can't say by hand that a transfer was executed, or came back."""
    if payout.state is PayoutState.WAITING:
        return not_now("Its batch is not exported yet, so the bank can't have paid it; approve and export the batch first.")
    if payout.state is PayoutState.WITHDRAWN:
        return not_now("It was withdrawn from its batch before the file was written, so the bank never got it.")
    if payout.state in NOT_OURS:
        return not_now("Another caisse was asked to pay it with its own, so our bank never got it.")
    if payout.state in FAILED and what is PayoutState.RETURNED:
        return not_now(f"It came back before, {payout.state}; it is owed again since then.")
    if payout.state in FAILED or payout.state is what:
        return not_now(f"It is {payout.state} already.")
    return None


def failed_cents(failures: Iterable[Failure]) -> int:
    return sum(one.cents for one in failures)


def message_id(head: str, batch: int) -> str:
    """MsgId of a batch's file. head: the caisse's code as a reference spells it, at most HEAD_CHARS_MAX characters."""
    return f"{head}-B{batch:06d}"


def end_to_end_id(head: str, batch: int, place: int, attempt: int = 1) -> str:
    """EndToEndId of a transfer: its batch, its line and, from the second on, which attempt it is; at most 35 characters."""
    tail = f"-{place:04d}" if attempt == 1 else f"-{place:04d}-{attempt}"
    return f"{message_id(head[: _REFERENCE_CHARS_MAX - len(tail) - len(message_id('', batch))], batch)}{tail}"


HEAD_CHARS_MAX: Final = 20  # leaves room for batch and line
_REFERENCE_CHARS_MAX: Final = 35
