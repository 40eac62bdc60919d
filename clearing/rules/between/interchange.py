"""Law: what two caisses owe each other is what both halves of each sale say; a half without its twin is never netted.

State of one caisse towards all others, and what its people decide: whom it recognises, and what is netted and paid.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Final

from clearing.events.interchange import (
    InterchangeCaptured,
    InterchangeExpired,
    InterchangeHeld,
    InterchangeMatched,
    InterchangeNetted,
    InterchangePaid,
    InterchangeReleased,
    InterchangeReversed,
    InterchangeSold,
    NetLine,
    RecognitionSet,
    WriteOffProposed,
)
from clearing.events.joint import HandedPart, JointAgreed, JointProposed, PartAnswered
from clearing.rules.answers import BrokenBook, Declined, not_found, not_now
from clearing.rules.calendar import CivilCalendar, civil_date
from clearing.values import BatchId, CaisseCode, CategoryId, DecisionId, OperationId, PersonId, TerminalId

HOLD_DAYS: Final = 3
"""How long the issuer keeps cents for an acquirer that does not say what became of its sale."""


class HoldState(StrEnum):
    DECLINED = "declined"
    HELD = "held"
    CAPTURED = "captured"
    RELEASED = "released"
    UNDONE = "undone"
    EXPIRED = "expired"
    WRITTEN_OFF = "written-off"


class Twin(StrEnum):
    """Whether the issuer answered for its half of what we recorded last."""

    OPEN = "open"
    MATCHED = "matched"
    REFUSED = "refused"
    WRITTEN_OFF = "written-off"


@dataclass(slots=True)
class Recognition:
    """As RecognitionSet. categories: theirs -> ours, only those that are named otherwise."""

    key: bytes
    decision: DecisionId
    debit_cap_cents: int
    categories: dict[CategoryId, CategoryId]
    from_us: int
    until_us: int | None

    def in_force(self, at_us: int) -> bool:
        return self.from_us <= at_us and (self.until_us is None or at_us < self.until_us)


@dataclass(slots=True)
class Hold:
    """Issuer's half. counted_us: the instant whose civil day its ceilings count on. day: of its capture."""

    event: InterchangeHeld
    counted_us: int
    state: HoldState
    day: str = ""


@dataclass(slots=True)
class Half:
    """Acquirer's half. effect: what the issuer is to be told: "captured", "released" (not sold), "reversed"; cents: of it.

    undone_day: when it was reversed. captured: the issuer said that it captured. written_off_cents: as InterchangeWrittenOff.
    """

    issuer: CaisseCode
    terminal: TerminalId
    x: OperationId
    cents: int
    day: str
    effect: str
    twin: Twin = Twin.OPEN
    undone_day: str = ""
    captured: bool = False
    written_off_cents: int = 0


@dataclass(slots=True)
class DaySums:
    """Agreed by both halves with one other caisse on one day, and not netted. in: it owes us; out: we owe it. joint: beside
    that, for payouts (joint.py), which no cap of cards is about."""

    in_cents: int = 0
    out_cents: int = 0
    joint_in_cents: int = 0
    joint_out_cents: int = 0

    def whole(self) -> tuple[int, int]:
        """What it owes us, what we owe it."""
        return self.in_cents + self.joint_in_cents, self.out_cents + self.joint_out_cents


@dataclass(slots=True)
class Proposal:
    """What waits for a second person. position: of its event."""

    said: JointProposed
    position: int


TAKEN: Final = "taken"


@dataclass(slots=True)
class Handed:
    """A payout that another caisse is asked to make. outcome: "" while its word is not there, TAKEN, or why it is not."""

    to: CaisseCode
    batch: BatchId
    part: HandedPart
    day: str
    outcome: str = ""


@dataclass(slots=True)
class Net:
    lines: tuple[NetLine, ...]
    net_cents: int
    reference: str | None = None


@dataclass(slots=True)
class Interchange:
    """balances: cents that each other caisse owes us and that are in no netting (below zero: we owe it). held: our cards' cents
    that wait for each acquirer's word. netting_cents: netted and not paid, above zero: we are to receive.

    joint, joint_proposed: by other caisse and role. parts: what we handed over; answered: what others did, by us; advanced:
    what we took, by caisse and day, until a netting brought it.
    """

    recognised: dict[CaisseCode, Recognition] = field(default_factory=dict)
    holds: dict[OperationId, Hold] = field(default_factory=dict)
    holds_due: list[tuple[int, OperationId]] = field(default_factory=list)
    held: dict[CaisseCode, int] = field(default_factory=dict)
    halves: dict[OperationId, Half] = field(default_factory=dict)
    open_halves: dict[OperationId, int] = field(default_factory=dict)  # in the order recorded; value: position
    refused: dict[OperationId, int] = field(default_factory=dict)  # likewise
    days: dict[tuple[CaisseCode, str], DaySums] = field(default_factory=dict)
    balances: dict[CaisseCode, int] = field(default_factory=dict)
    nets: dict[str, Net] = field(default_factory=dict)
    netting_cents: int = 0
    write_offs: dict[OperationId, WriteOffProposed] = field(default_factory=dict)  # that wait for another person
    joint: dict[tuple[CaisseCode, str], JointAgreed] = field(default_factory=dict)
    joint_proposed: dict[tuple[CaisseCode, str], Proposal] = field(default_factory=dict)
    parts: dict[OperationId, Handed] = field(default_factory=dict)
    open_parts: dict[OperationId, int] = field(default_factory=dict)  # in the order handed over; value: position
    answered: dict[OperationId, PartAnswered] = field(default_factory=dict)
    advanced: dict[tuple[CaisseCode, str], int] = field(default_factory=dict)

    def sums(self, other: CaisseCode, day: str) -> DaySums:
        return self.days.setdefault((other, day), DaySums())

    def owe_us(self, other: CaisseCode, cents: int) -> None:
        self.balances[other] = self.balances.get(other, 0) + cents

    def debit_cents(self, other: CaisseCode, day: str) -> int:
        """What our cards would owe another caisse more than it owes us: all that is held, and the day's sums."""
        sums = self.days.get((other, day), DaySums())
        return self.held.get(other, 0) + sums.out_cents - sums.in_cents


def evolve_recognition(interchange: Interchange, event: RecognitionSet) -> None:
    interchange.recognised[event.other] = Recognition(
        event.key, event.decision, event.debit_cap_cents, {pair.theirs: pair.ours for pair in event.categories},
        event.from_us, event.until_us,
    )


def evolve_held(interchange: Interchange, event: InterchangeHeld, at_us: int) -> None:
    if event.ref in interchange.holds:
        raise BrokenBook(f"{event.acquirer} asked twice for {event.ref.hex()}")
    state = HoldState.HELD if event.hold_expires_us else HoldState.DECLINED
    interchange.holds[event.ref] = Hold(event, at_us, state)
    if state is HoldState.HELD:
        interchange.held[event.acquirer] = interchange.held.get(event.acquirer, 0) + event.approved_cents


def _open_hold(interchange: Interchange, acquirer: CaisseCode, ref: OperationId, *states: HoldState) -> Hold:
    hold = interchange.holds.get(ref)
    if hold is None or hold.event.acquirer != acquirer or hold.state not in states:
        raise BrokenBook(f"there is no such hold of {acquirer}: {ref.hex()}")
    return hold


def evolve_captured(interchange: Interchange, event: InterchangeCaptured) -> None:
    hold = _open_hold(interchange, event.acquirer, event.ref, HoldState.HELD)
    hold.state, hold.day = HoldState.CAPTURED, event.day
    interchange.held[event.acquirer] -= event.cents
    interchange.sums(event.acquirer, event.day).out_cents += event.cents
    interchange.owe_us(event.acquirer, -event.cents)


def evolve_released(interchange: Interchange, event: InterchangeReleased | InterchangeExpired) -> Hold:
    if isinstance(event, InterchangeReleased) and event.undone:
        hold = _open_hold(interchange, event.acquirer, event.ref, HoldState.CAPTURED)
        hold.state = HoldState.UNDONE
        interchange.sums(event.acquirer, event.day).out_cents -= event.cents
        interchange.owe_us(event.acquirer, event.cents)
        return hold
    hold = _open_hold(interchange, event.acquirer, event.ref, HoldState.HELD)
    hold.state = HoldState.RELEASED if isinstance(event, InterchangeReleased) else HoldState.EXPIRED
    interchange.held[event.acquirer] -= hold.event.approved_cents
    return hold


def evolve_sold(interchange: Interchange, event: InterchangeSold, position: int) -> None:
    if not event.held:
        return
    if event.ref in interchange.halves:
        raise BrokenBook(f"{event.issuer} holds cents twice for {event.ref.hex()}")
    effect = "captured" if event.approved_cents else "released"
    interchange.halves[event.ref] = Half(
        event.issuer, event.op.terminal, event.op.x, event.approved_cents, event.day, effect
    )
    interchange.open_halves[event.ref] = position
    interchange.owe_us(event.issuer, event.approved_cents)


def evolve_reversed(interchange: Interchange, event: InterchangeReversed, position: int) -> None:
    if event.effect != "undone":
        return
    half = interchange.halves[event.ref]
    half.effect, half.undone_day = "reversed", event.day
    half.twin = Twin.OPEN
    interchange.open_halves[event.ref] = position
    interchange.refused.pop(event.ref, None)
    interchange.owe_us(event.issuer, -half.cents)


def evolve_matched(interchange: Interchange, event: InterchangeMatched, position: int) -> None:
    """What both say is in the day's sums from now on. A reversal that undid a capture we had not heard of counts both."""
    half = interchange.halves[event.ref]
    if half.twin is not Twin.OPEN or half.issuer != event.issuer or half.effect != event.effect:
        raise BrokenBook(f"nobody waits for {event.issuer}'s word on {event.ref.hex()}")
    del interchange.open_halves[event.ref]
    if event.outcome == "refused":
        half.twin = Twin.REFUSED
        interchange.refused[event.ref] = position
        return
    half.twin = Twin.MATCHED
    if event.outcome in ("captured", "undone") and not half.captured:
        half.captured = True
        interchange.sums(half.issuer, half.day).in_cents += half.cents
    if event.outcome == "undone":
        interchange.sums(half.issuer, half.undone_day).in_cents -= half.cents


def evolve_netted(interchange: Interchange, event: InterchangeNetted) -> None:
    if net_lines(interchange, event.day) != event.lines:
        raise BrokenBook(f"the netting of {event.day} is not what both halves agreed on")
    for key in [key for key in interchange.days if key[1] <= event.day]:
        del interchange.days[key]
    for line in event.lines:
        interchange.owe_us(line.other, line.out_cents - line.in_cents)
    interchange.nets[event.day] = Net(event.lines, event.net_cents)
    interchange.netting_cents += event.net_cents
    if event.net_cents <= 0:  # set off against what we owe
        _brought_back(interchange, event.day)


def evolve_paid(interchange: Interchange, event: InterchangePaid) -> None:
    interchange.nets[event.day].reference = event.reference
    interchange.netting_cents -= event.cents
    _brought_back(interchange, event.day)


def _brought_back(interchange: Interchange, day: str) -> None:
    for key in [key for key in interchange.advanced if key[1] <= day]:
        del interchange.advanced[key]


def net_lines(interchange: Interchange, day: str) -> tuple[NetLine, ...]:
    """What was agreed on up to the end of `day` and is in no netting, per other caisse, without empty lines."""
    found: dict[CaisseCode, list[int]] = {}
    for (other, of), sums in interchange.days.items():
        owed, owes = sums.whole()
        if of <= day and (owed or owes):
            pair = found.setdefault(other, [0, 0])
            pair[0] += owed
            pair[1] += owes
    return tuple(NetLine(other, *found[other]) for other in sorted(found))


def waiting(interchange: Interchange, day: str) -> int:
    """How many of our halves and parts up to the end of `day` still wait for the other's word."""
    halves = (interchange.halves[ref] for ref in interchange.open_halves)
    sold = sum(1 for half in halves if half.cents and min(half.day, half.undone_day or half.day) <= day)
    return sold + sum(1 for ref in interchange.open_parts if interchange.parts[ref].day <= day)


def decide_recognise(event: RecognitionSet, *, own: CaisseCode) -> RecognitionSet | Declined:
    if event.other == own:
        return not_now("A caisse needs no recognition of itself; name the other caisse.")
    if event.until_us is not None and event.until_us < event.from_us:
        return not_now("A recognition ends after it begins; check its two dates.")
    names = [pair.theirs for pair in event.categories]
    if len(set(names)) != len(names):
        return not_now("One of the other caisse's categories is named twice; give each of them one of ours.")
    return event


def decide_net(
    interchange: Interchange, *, day: str, lines: tuple[NetLine, ...], calendar: CivilCalendar, by: PersonId, at_us: int
) -> InterchangeNetted | Declined:
    """lines: what whoever nets read of both books; they must be this book's own."""
    if civil_date(day) >= calendar.day(at_us):
        return not_now(f"{day} is not over yet; net a day when it is.")
    if any(day <= netted for netted in interchange.nets):
        return not_now(f"{max(interchange.nets)} is netted already; net a later day.")
    if waits := waiting(interchange, day):
        return not_now(f"{waits} sales or payouts up to {day} still wait for the other caisse's word: let clearing serve run "
                       "for a minute, then look at clearing interchange exceptions.")  # fmt: skip
    if lines != net_lines(interchange, day):
        return not_now(f"What was agreed on up to {day} changed meanwhile; run clearing interchange net {day} again.")
    if not lines:
        return not_now(f"Nothing was sold between caisses up to {day} that is not netted, so there is nothing to net.")
    return InterchangeNetted(day=day, lines=lines, net_cents=sum(line.in_cents - line.out_cents for line in lines), by=by)


def decide_paid(interchange: Interchange, *, day: str, reference: str, by: PersonId) -> InterchangePaid | Declined:
    net = interchange.nets.get(day)
    if net is None:
        return not_found(f"There is no netting of {day}; `clearing interchange report` lists them.")
    if net.reference is not None:
        return not_now(f"The transfer of the netting of {day} is recorded already, as {net.reference}.")
    if not net.net_cents:
        return not_now(f"The netting of {day} comes to nothing, so nobody has to pay.")
    return InterchangePaid(day=day, cents=net.net_cents, reference=reference, by=by)


def hold_ends(calendar: CivilCalendar, at_us: int) -> int:
    return calendar.end_of_day_us(calendar.day(at_us) + timedelta(days=HOLD_DAYS))
