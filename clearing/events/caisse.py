"""Law: a caisse is founded once; every person, decision and charte in force is a dated fact with its author."""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from clearing.events.charte import Charte
from clearing.events.recorded import Recorded
from clearing.values import CaisseCode, DecisionId, MicroTime, OperationId, PersonId, TerminalId


@dataclass(frozen=True, slots=True, kw_only=True)
class CaisseFounded(Recorded):
    """zone: IANA name of the civil time that days, months and years are counted in. account_name: as its bank knows it."""

    TYPE: ClassVar[int] = 1
    code: CaisseCode
    name: str
    zone: str
    account_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonProposed(Recorded):
    """One officer proposes to name somebody; it takes effect when another one confirms (PersonNamed)."""

    TYPE: ClassVar[int] = 2
    person: PersonId
    key: bytes
    roles: tuple[str, ...]
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonNamed(Recorded):
    """number: the 8 bytes that stand for the person on the wire. key: Ed25519 public key. named_by: two people, or none at
    the founding."""

    TYPE: ClassVar[int] = 3
    person: PersonId
    number: TerminalId
    epoch: int
    key: bytes
    roles: tuple[str, ...]
    named_by: tuple[PersonId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRemoved(Recorded):
    TYPE: ClassVar[int] = 4
    person: PersonId
    by: PersonId


class Tally(NamedTuple):
    """How one college voted: heads, not weights."""

    college: str
    votes_for: int
    votes_against: int
    abstained: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRecorded(Recorded):
    """A vote. body: general-meeting, citizens-committee, residents-group, board. method: majority, consent, draw.
    taken_on: ISO date. minutes_sha256: hash of the minutes, 32 bytes, or empty.

    tallies: the votes by college, which sum to the totals; empty when they were counted together. drawn: persons drawn by lot
    who decided, with the method draw. scope: "caisse", "structure:<id>" or "group:<name>". minutes_link: where to read them.
    effective_on, ends_on: ISO dates, or empty: from its taking on, for ever; from ends_on on it is over. needs_approval:
    it carries nothing before another officer approves it; False at the founding, and for votes recorded before there was an
    approval.
    """

    TYPE: ClassVar[int] = 5
    SCHEMA: ClassVar[int] = 2
    decision: DecisionId
    title: str
    body: str
    method: str
    taken_on: str
    votes_for: int
    votes_against: int
    abstained: int
    minutes_sha256: bytes
    by: PersonId
    tallies: tuple[Tally, ...] = ()
    drawn: int = 0
    scope: str = "caisse"
    minutes_link: str = ""
    effective_on: str = ""
    ends_on: str = ""
    needs_approval: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionApproved(Recorded):
    """Another officer than the one who recorded it compared it with the minutes: rules may name it now."""

    TYPE: ClassVar[int] = 11
    decision: DecisionId
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionSuspended(Recorded):
    """From from_us on the decision carries nothing, until it is resumed. ruling: the later decision that says so."""

    TYPE: ClassVar[int] = 12
    decision: DecisionId
    ruling: DecisionId
    from_us: MicroTime
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionResumed(Recorded):
    """A suspended decision carries its rules again from from_us on. ruling: the later decision that says so."""

    TYPE: ClassVar[int] = 13
    decision: DecisionId
    ruling: DecisionId
    from_us: MicroTime
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionAnnulled(Recorded):
    """From from_us on the decision carries nothing any more; what was done under it stands. ruling: the later decision."""

    TYPE: ClassVar[int] = 14
    decision: DecisionId
    ruling: DecisionId
    from_us: MicroTime
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class CharteAdopted(Recorded):
    TYPE: ClassVar[int] = 6
    SCHEMA: ClassVar[int] = 2
    charte: Charte
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandDeclined(Recorded):
    """A well-formed, signed command that the rules do not allow. code: wire.md section 5; why: what to do instead."""

    TYPE: ClassVar[int] = 7
    person: TerminalId
    epoch: int
    n: int
    x: OperationId
    verb: str
    code: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityAlerted(Recorded):
    """kind: "same-n-other-content", "same-x-other-content". The frame that came second is this event's evidence."""

    TYPE: ClassVar[int] = 8
    terminal: TerminalId
    epoch: int
    n: int
    x: OperationId
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameHeld(Recorded):
    """A frame that was in flight when the writer crashed twice: kept as evidence, answered 96, waits for a person."""

    TYPE: ClassVar[int] = 9
    terminal: TerminalId
    epoch: int
    n: int
    x: OperationId
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockConfirmed(Recorded):
    """An operator confirmed the wall clock after it stepped by step_us against the monotonic clock."""

    TYPE: ClassVar[int] = 10
    step_us: int
    by: PersonId


Event = (
    CaisseFounded
    | PersonProposed
    | PersonNamed
    | PersonRemoved
    | DecisionRecorded
    | CharteAdopted
    | CommandDeclined
    | SecurityAlerted
    | FrameHeld
    | ClockConfirmed
    | DecisionApproved
    | DecisionSuspended
    | DecisionResumed
    | DecisionAnnulled
)
"""Every event of this room, for catalogue.py."""
