"""Law: second units move by persons' commands, never by a terminal: no frame that carries euros can name one."""

from collections.abc import Callable
from typing import Final

from clearing.authoriser.bodies import Body
from clearing.authoriser.verbs.order import Order, Result, Verb, one
from clearing.events.catalogue import Event
from clearing.events.units import UnitIssued, UnitMoved, UnitOpened, UnitTakenBack
from clearing.rules.answers import Declined, not_now
from clearing.rules.collective import units
from clearing.values import InvalidValue, MemberId, ProducerId, identifier

MOVES_MAX: Final = 500  # lines of a stall's evening list
_PIECES_MAX: Final = 100_000_000


def _open_unit(o: Order) -> Result:
    unit, name = o.body.id("unit"), o.body.text("name")
    return one(units.decide_open(o.book.units, UnitOpened(unit=unit, name=name, by=o.by)))


def _pieces(b: Body) -> int:
    return b.number("pieces", lowest=1, highest=_PIECES_MAX)


def _holder(b: Body, name: str) -> str:
    """ "member:<id>" or "producer:<id>". Raises InvalidValue."""
    kind, _, who = b.text(name).partition(":")
    if kind not in ("member", "producer"):
        raise InvalidValue(f"'{name}' is member:ID or producer:ID, not {kind!r}")
    return f"{kind}:{identifier(who, what=name)}"


def _known(o: Order) -> Callable[[str], bool]:
    def known(holder: str) -> bool:
        kind, _, who = holder.partition(":")
        return MemberId(who) in o.book.members.members if kind == "member" else ProducerId(who) in o.book.producers.producers

    return known


def _issue_unit(o: Order) -> Result:
    b = o.body
    return one(units.decide_issue(o.book.units, UnitIssued(
        unit=b.id("unit"), pieces=_pieces(b), holder=_holder(b, "holder"), reference=b.text("reference"), by=o.by
    ), known=_known(o)))


def _move_units(o: Order) -> Result:
    """Several payments of one unit, as a stall's list has them: all or none."""
    unit, moves = o.body.id("unit"), o.body.bodies("moves")
    if not 1 <= len(moves) <= MOVES_MAX:
        return not_now(f"A list has 1 to {MOVES_MAX} lines; enter a longer one in parts.")
    events: list[Event] = []
    given: dict[str, int] = {}
    for place, b in enumerate(moves, start=1):
        event = UnitMoved(
            unit=unit, pieces=_pieces(b), giver=_holder(b, "giver"), taker=_holder(b, "taker"), reference=b.text("reference"),
            by=o.by,
        )
        b.end()
        decided = units.decide_move(o.book.units, event, known=_known(o))
        if isinstance(decided, Declined):
            return Declined(code=decided.code, why=f"Line {place}: {decided.why}" if len(moves) > 1 else decided.why)
        given[event.giver] = given.get(event.giver, 0) + event.pieces
        there = o.book.units.units[unit].held.get(event.giver, 0)
        if given[event.giver] > there:
            return not_now(f"Line {place}: {event.giver.replace(':', ' ')} holds {there} pieces, the list takes more.")
        events.append(event)
    return tuple(events)


def _take_back_unit(o: Order) -> Result:
    b = o.body
    return one(units.decide_take_back(o.book.units, UnitTakenBack(
        unit=b.id("unit"), pieces=_pieces(b), holder=_holder(b, "holder"), reference=b.text("reference"), by=o.by
    ), known=_known(o)))


VERBS: Final[dict[str, Verb]] = {
    "open_unit": _open_unit,
    "issue_unit": _issue_unit,
    "move_units": _move_units,
    "take_back_unit": _take_back_unit,
}
