"""Law: what one caisse of a pair says it is owed is what the other says it owes, or nothing of that day is netted.

Over the books of all caisses of an installation: bilateral gross, multilateral net, and what does not agree. Nothing here is
about a person: amounts, days and caisses.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from clearing.events.interchange import NetLine
from clearing.rules.between.interchange import TAKEN, HoldState, Interchange, Twin, net_lines, waiting
from clearing.rules.between.joint import Refusal
from clearing.values import CaisseCode, OperationId, money

Rooms = Mapping[CaisseCode, Interchange]


@dataclass(frozen=True, slots=True)
class Netting:
    """lines: per caisse, what its own book says; nets: what each receives (below zero: pays). netted: those that recorded it.

    differs: pairs whose two books do not say the same, a sentence each; waits: halves that wait for their twin, per caisse.
    """

    day: str
    lines: dict[CaisseCode, tuple[NetLine, ...]]
    nets: dict[CaisseCode, int]
    netted: frozenset[CaisseCode]
    differs: tuple[str, ...]
    waits: dict[CaisseCode, int]

    def total_cents(self) -> int:
        """Zero whenever nothing differs."""
        return sum(self.nets.values())


def netting(rooms: Rooms, day: str) -> Netting:
    """What is to be netted up to the end of `day`, or was."""
    lines = {
        code: room.nets[day].lines if day in room.nets else net_lines(room, day) for code, room in sorted(rooms.items())
    }
    nets = {code: sum(line.in_cents - line.out_cents for line in own) for code, own in lines.items()}
    differs = tuple(
        f"{code} counts {money(line.in_cents)} that {line.other} owes it, {line.other} counts {money(theirs)}"
        for code, own in lines.items() for line in _whole(own, lines)
        if (theirs := _owed(lines, line.other, code)) != line.in_cents
    )  # fmt: skip
    return Netting(
        day, lines, nets, frozenset(code for code, room in rooms.items() if day in room.nets), differs,
        {code: count for code, room in sorted(rooms.items()) if (count := waiting(room, day))},
    )


def _whole(own: tuple[NetLine, ...], lines: Mapping[CaisseCode, tuple[NetLine, ...]]) -> list[NetLine]:
    """The lines with every other caisse, also those in which nothing is owed."""
    named = {line.other for line in own}
    return [*own, *(NetLine(other, 0, 0) for other in lines if other not in named)]


def _owed(lines: Mapping[CaisseCode, tuple[NetLine, ...]], by: CaisseCode, to: CaisseCode) -> int:
    return sum(line.out_cents for line in lines.get(by, ()) if line.other == to)


@dataclass(frozen=True, slots=True)
class Unmatched:
    """A record that has not found its twin.

    what: "open" (the other caisse was not heard yet), "refused" (it knows no open hold), "held" (the other caisse did not say
    what became of its sale), "missing" (the other's book lacks it), "given-up" (by the other, and captured here), "part" (a
    payout that the other has not answered), "other-part" (the other's book has no such part, or answered it otherwise).
    """

    caisse: CaisseCode
    other: CaisseCode
    ref: OperationId
    what: str
    cents: int
    day: str


def unmatched(rooms: Rooms) -> list[Unmatched]:
    """By caisse, oldest first."""
    found: list[Unmatched] = []
    for code, room in sorted(rooms.items()):
        for ref, half in room.halves.items():
            if half.twin is Twin.MATCHED:
                other = rooms.get(half.issuer)
                if other is not None and not _agrees(other, ref, half.effect):
                    found.append(Unmatched(code, half.issuer, ref, "missing", half.cents, half.day))
            elif (half.cents or half.twin is Twin.REFUSED) and half.twin is not Twin.WRITTEN_OFF:
                what = "open" if half.twin is Twin.OPEN else "refused"
                found.append(Unmatched(code, half.issuer, ref, what, half.cents, half.day))
        for ref, hold in room.holds.items():
            acquirer = rooms.get(hold.event.acquirer)
            twin = acquirer.halves.get(ref) if acquirer is not None else None
            if hold.state is HoldState.CAPTURED and twin is not None and twin.twin is Twin.WRITTEN_OFF:
                found.append(Unmatched(code, hold.event.acquirer, ref, "given-up", hold.event.approved_cents, hold.day))
            if hold.state is HoldState.HELD and (acquirer is None or ref not in acquirer.halves):
                found.append(Unmatched(code, hold.event.acquirer, ref, "held", hold.event.approved_cents, ""))
        found += _unmatched_parts(code, room, rooms)
    return found


def _unmatched_parts(code: CaisseCode, room: Interchange, rooms: Rooms) -> Iterator[Unmatched]:
    """A part that is handed over has its answer in the other's book, and one that is answered was handed over there."""
    for ref, handed in room.parts.items():
        payer, cents = rooms.get(handed.to), handed.part.cents
        said = None if payer is None else payer.answered.get(ref)
        if not handed.outcome:
            yield Unmatched(code, handed.to, ref, "part", cents, handed.day)
        elif payer is not None and handed.outcome != Refusal.CLOSED and (
            said is None or (said.cents, said.day, said.reason or TAKEN) != (cents, handed.day, handed.outcome)
        ):
            yield Unmatched(code, handed.to, ref, "other-part", cents, handed.day)
    for ref, answered in room.answered.items():
        handing = rooms.get(answered.other)
        if handing is not None and (ref not in handing.parts or handing.parts[ref].part.cents != answered.cents):
            yield Unmatched(code, answered.other, ref, "other-part", answered.cents, answered.day)


def _agrees(issuer: Interchange, ref: OperationId, effect: str) -> bool:
    hold = issuer.holds.get(ref)
    if hold is None:
        return False
    if effect == "captured":
        return hold.state is HoldState.CAPTURED
    return hold.state in (HoldState.RELEASED, HoldState.UNDONE, HoldState.EXPIRED)
