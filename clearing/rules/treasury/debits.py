"""Law: a debit is asked once for what is due; what the bank says of it is a fact, and what it says twice is one.

What came by a debit is the fund's when it counts as received (at once, or when it can no longer come back, as voted); until
then it waits apart. What comes back after that is owed by the member to the caisse: no purse goes below zero.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from clearing.events.debits import (
    CollectionAnnounced,
    CollectionApproved,
    CollectionDropped,
    CollectionExported,
    CollectionProposed,
    CreditorNamed,
    DebitAnswered,
    DebitCounted,
    DebitLeftOut,
    DebitRow,
    DebitRuleSet,
    MandateChanged,
    MandateResumed,
    MandateRevoked,
    MandateSigned,
    MandateSuspended,
    Part,
)
from clearing.rules.answers import BrokenBook
from clearing.values import FundId, MemberId

RECURRENT: Final = "recurrent"
ONE_OFF: Final = "one-off"
EXECUTION: Final = "execution"
WINDOW: Final = "window"
NOTICE_DAYS: Final = 14
"""Of the scheme's rulebook, where no vote says otherwise."""
LEAD_DAYS: Final = 1
"""The same: since November 2016 every core debit may reach the debtor's bank one TARGET day before."""


class DebitState(StrEnum):
    PLANNED = "planned"
    LEFT_OUT = "left out"
    INSTRUCTED = "instructed"
    ACCEPTED = "accepted"
    EXECUTED = "executed"
    REJECTED = "rejected"
    RETURNED = "returned"


FAILED: Final = (DebitState.REJECTED, DebitState.RETURNED)
UNDER_WAY: Final = (DebitState.PLANNED, DebitState.INSTRUCTED, DebitState.ACCEPTED)
NOTHING_SENT: Final = (DebitState.LEFT_OUT, DebitState.REJECTED)


class MandateState(StrEnum):
    ACTIVE = "active"
    SUSPENDED = "suspended"
    REVOKED = "revoked"


@dataclass(slots=True)
class Mandate:
    """details: digest of the account. presented_on: last day that a debit was made for, "" for never. since: failures of
    collections up to this one no longer count."""

    signed: MandateSigned
    details: bytes
    presented_on: str
    state: MandateState = MandateState.ACTIVE
    revoked_on: str = ""
    why: str = ""
    since: int = 0


@dataclass(slots=True)
class Debit:
    """on: the bank's day of the last answer. held: months whose money waits at the bank, counted by nobody."""

    row: DebitRow
    state: DebitState = DebitState.PLANNED
    question: str = ""
    code: str = ""
    text: str = ""
    on: str = ""
    executed_on: str = ""
    held: list[str] = field(default_factory=list)

    def held_parts(self) -> tuple[Part, ...]:
        """What of this debit is at the bank and no fund's."""
        return tuple(part for part in self.row.parts if part.period in self.held) if self.held else ()


@dataclass(slots=True)
class Collection:
    proposed: CollectionProposed
    debits: dict[MemberId, Debit]
    approved: CollectionApproved | None = None
    announced: CollectionAnnounced | None = None
    exported: CollectionExported | None = None
    dropped: bool = False

    def kept(self) -> list[Debit]:
        """The debits that are in the bank's file."""
        return [one for one in self.debits.values() if one.state is not DebitState.LEFT_OUT]


@dataclass(slots=True)
class Debits:
    """mandates: by reference in capitals without blanks, as banks compare them. of_member: in the order they were signed.
    references: EndToEndId -> its collection and member."""

    creditor: CreditorNamed | None = None
    rule: DebitRuleSet | None = None
    mandates: dict[str, Mandate] = field(default_factory=dict)
    of_member: dict[MemberId, list[str]] = field(default_factory=dict)
    collections: dict[int, Collection] = field(default_factory=dict)
    references: dict[str, tuple[int, MemberId]] = field(default_factory=dict)

    def notice_days(self) -> int:
        return NOTICE_DAYS if self.rule is None else self.rule.notice_days

    def counts_on(self) -> str:
        return EXECUTION if self.rule is None else self.rule.counts_on

    def lead_days(self) -> int:
        return LEAD_DAYS if self.creditor is None else self.creditor.lead_days

    def find(self, mandate: str) -> Mandate | None:
        return self.mandates.get(mandate_key(mandate))

    def debits_of(self, member: MemberId) -> Iterator[tuple[int, Debit]]:
        """Every debit of a member that was not dropped or left out, by collection."""
        for number, collection in self.collections.items():
            debit = None if collection.dropped else collection.debits.get(member)
            if debit is not None and debit.state is not DebitState.LEFT_OUT:
                yield number, debit


def mandate_key(mandate: str) -> str:
    """Two references are one when they differ in blanks or in capitals only (EPC, AT-01)."""
    return "".join(mandate.split()).upper()


def payment_reference(row: DebitRow, period: str) -> str:
    """Under which the cotisation of one month of a debit is received."""
    return row.reference if len(row.parts) == 1 else f"{row.reference}.{period}"


def evolve_creditor(debits: Debits, event: CreditorNamed) -> None:
    debits.creditor = event


def evolve_rule(debits: Debits, event: DebitRuleSet) -> None:
    debits.rule = event


def evolve_signed(debits: Debits, event: MandateSigned) -> None:
    key = mandate_key(event.mandate)
    if key in debits.mandates:
        raise BrokenBook(f"the mandate {event.mandate} was signed before")
    debits.mandates[key] = Mandate(event, event.details, event.used_on)
    debits.of_member.setdefault(event.member, []).append(key)


def evolve_changed(debits: Debits, event: MandateChanged) -> None:
    mandate = debits.mandates[mandate_key(event.mandate)]
    mandate.details = event.details
    if mandate.state is MandateState.SUSPENDED:  # another account is what most suspensions wait for
        _resume(debits, mandate)


def evolve_revoked(debits: Debits, event: MandateRevoked) -> None:
    mandate = debits.mandates[mandate_key(event.mandate)]
    mandate.state, mandate.revoked_on, mandate.why = MandateState.REVOKED, event.on, event.reason


def evolve_suspended(debits: Debits, event: MandateSuspended) -> None:
    mandate = debits.mandates[mandate_key(event.mandate)]
    mandate.state, mandate.why = MandateState.SUSPENDED, event.reason


def evolve_resumed(debits: Debits, event: MandateResumed) -> None:
    _resume(debits, debits.mandates[mandate_key(event.mandate)])


def _resume(debits: Debits, mandate: Mandate) -> None:
    mandate.state, mandate.why, mandate.since = MandateState.ACTIVE, "", len(debits.collections)


def evolve_proposed(debits: Debits, event: CollectionProposed) -> None:
    if event.collection != len(debits.collections) + 1:
        raise BrokenBook(f"collection {event.collection} does not follow collection {len(debits.collections)}")
    rows = {row.member: Debit(row) for row in event.rows}
    if len(rows) != len(event.rows) or sum(row.cents for row in event.rows) != event.total_cents:
        raise BrokenBook(f"collection {event.collection} asks a member twice, or its total is wrong")
    debits.collections[event.collection] = Collection(event, rows)
    for row in event.rows:
        debits.references[row.reference] = (event.collection, row.member)
        for part in row.parts:
            debits.references[payment_reference(row, part.period)] = (event.collection, row.member)


def evolve_approved(debits: Debits, event: CollectionApproved) -> None:
    debits.collections[event.collection].approved = event


def evolve_dropped(debits: Debits, event: CollectionDropped) -> None:
    debits.collections[event.collection].dropped = True


def evolve_left_out(debits: Debits, event: DebitLeftOut) -> None:
    debits.collections[event.collection].debits[event.member].state = DebitState.LEFT_OUT


def evolve_announced(debits: Debits, event: CollectionAnnounced) -> None:
    debits.collections[event.collection].announced = event


def evolve_exported(debits: Debits, event: CollectionExported) -> None:
    collection = debits.collections[event.collection]
    collection.exported = event
    for debit in collection.kept():
        debit.state = DebitState.INSTRUCTED
        mandate = debits.mandates[mandate_key(debit.row.mandate)]
        mandate.presented_on = max(mandate.presented_on, collection.proposed.collect_on)


def evolve_answered(debits: Debits, event: DebitAnswered) -> None:
    debit = debits.collections[event.collection].debits[event.member]
    state = DebitState(event.state)
    moved = [part.period for part in event.parts]
    if moved:
        if debit.held != ([] if state is DebitState.EXECUTED else moved):
            raise BrokenBook(f"the money of {debit.row.reference} came or went twice")
        debit.held = moved if state is DebitState.EXECUTED else []
    if state is DebitState.EXECUTED and debit.state is not DebitState.EXECUTED:
        debit.executed_on = event.on
    debit.state, debit.question, debit.code, debit.text, debit.on = state, event.question, event.reason, event.text, event.on


def evolve_counted(debits: Debits, event: DebitCounted) -> None:
    debit = debits.collections[event.collection].debits[event.member]
    if event.period not in debit.held:
        raise BrokenBook(f"no money of {debit.row.reference} waits for {event.period}")
    debit.held.remove(event.period)


def held_by_fund(debits: Debits) -> dict[FundId, int]:
    """Cents that came by debits and are counted by nobody yet, by the fund they are for: debit by debit."""
    found: dict[FundId, int] = {}
    for collection in debits.collections.values():
        for debit in collection.debits.values():
            for part in debit.held_parts():
                found[part.fund] = found.get(part.fund, 0) + part.cents
    return found
