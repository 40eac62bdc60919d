"""A second unit is issued, paid, moved and taken back in a ledger of its own; no euro is touched and none can be made of it."""

from typing import Any, get_args

import pytest

from clearing.audit.findings import BadEvent, Checked
from clearing.audit.sums import TwoRoads
from clearing.events import units as unit_events
from clearing.events.catalogue import EVENTS, Event
from clearing.events.units import UnitIssued, UnitMoved
from clearing.rules.answers import BrokenBook, Declined
from clearing.rules.collective.units import MOVES, Unit
from clearing.rules.ledger.legs import MOVES as EURO_MOVES
from tests.given_when_then import Story, given
from tests.rules.test_orders import give
from tests.sayings import AMINA, BRUNO, MARKET, Till, credit, line, member


def gemmes(pieces: int = 10) -> Story:
    story = given(*MARKET, member("m-2"))
    give(story, "open_unit", {"unit": "gemme", "name": "Gemme"})
    give(story, "issue_unit", issue(pieces), BRUNO)
    return story


def issue(pieces: int, holder: str = "member:m-1", unit: str = "gemme") -> dict[str, Any]:
    return {"unit": unit, "pieces": pieces, "holder": holder, "reference": "garden"}


def move(pieces: int, giver: str, taker: str, unit: str = "gemme") -> dict[str, Any]:
    return {"unit": unit, "moves": [{"giver": giver, "taker": taker, "pieces": pieces, "reference": "market"}]}


def held(story: Story, unit: str = "gemme") -> dict[str, int]:
    return story.book.units.units[unit].held


def test_pieces_are_issued_paid_moved_and_taken_back() -> None:
    story = gemmes()
    give(story, "move_units", move(6, "member:m-1", "producer:garden"))
    give(story, "move_units", move(2, "producer:garden", "member:m-2"))
    give(story, "take_back_unit", issue(3, "producer:garden"))
    assert held(story) == {"member:m-1": 4, "producer:garden": 1, "member:m-2": 2}
    assert story.book.units.units["gemme"].issued == 7


def test_nobody_gives_what_they_do_not_hold() -> None:
    story = gemmes(3)
    for body in (move(4, "member:m-1", "producer:garden"), move(1, "member:m-2", "member:m-1")):
        answer = give(story, "move_units", body)
        assert isinstance(answer, Declined)
        assert "are asked for" in answer.why
    assert isinstance(give(story, "take_back_unit", issue(4)), Declined)


def test_a_stalls_list_is_entered_whole_or_not_at_all() -> None:
    story = gemmes(5)
    lines = [*move(3, "member:m-1", "producer:garden")["moves"], *move(3, "member:m-1", "member:m-2")["moves"]]
    answer = give(story, "move_units", {"unit": "gemme", "moves": lines})
    assert isinstance(answer, Declined)
    assert "Line 2" in answer.why
    assert held(story) == {"member:m-1": 5}
    lines[1]["pieces"] = 2
    give(story, "move_units", {"unit": "gemme", "moves": lines})
    assert held(story) == {"producer:garden": 3, "member:m-2": 2}


@pytest.mark.parametrize("code", ["eur", "euro"])
def test_a_second_unit_is_never_called_euro(code: str) -> None:
    assert isinstance(give(given(*MARKET), "open_unit", {"unit": code, "name": "Euro"}), Declined)


def test_what_is_not_there_is_said() -> None:
    story = gemmes()
    for verb, body in (
        ("issue_unit", issue(1, unit="ducat")), ("issue_unit", issue(1, "member:nobody")),
        ("open_unit", {"unit": "gemme", "name": "again"}), ("move_units", move(1, "member:m-1", "producer:nobody")),
        ("move_units", move(1, "member:m-1", "member:m-1")), ("move_units", {"unit": "gemme", "moves": []}),
    ):
        assert isinstance(give(story, verb, body), Declined)


@pytest.mark.row(4)
def test_a_sale_in_euros_touches_no_unit_and_a_unit_touches_no_euro() -> None:
    till = Till()
    story = gemmes().and_given(credit(1_000))
    euros = dict(story.ledger.balances)
    give(story, "move_units", move(1, "member:m-1", "producer:garden"))
    assert story.ledger.balances == euros
    before = dict(held(story))
    story.when(till.sale(line("veg", 500)), till.tap()).then("00")
    assert held(story) == before


def test_no_event_moves_euros_and_a_unit() -> None:
    of_units = set(get_args(unit_events.Event))
    assert of_units <= set(EVENTS)
    assert not of_units & set(EURO_MOVES)
    assert set(MOVES) < of_units


def test_the_audit_finds_pieces_that_no_event_made() -> None:
    story = gemmes()
    roads = TwoRoads(Checked())
    for position, event in enumerate(story.history[:-1], start=1):
        if type(event) in MOVES or isinstance(event, unit_events.UnitOpened):
            roads.units.post(event)
        roads.ledger.post(event, position)  # type: ignore[arg-type]
    held(story)["member:m-1"] += 1
    with pytest.raises(BadEvent, match="pieces"):
        roads.post(story.history[-1], story.book.position, story.book)


def test_a_book_that_would_go_below_zero_breaks() -> None:
    with pytest.raises(BrokenBook, match="would hold"):
        Unit(name="Gemme").add("member:m-1", -1)
    events: tuple[Event, ...] = (
        UnitIssued(unit="gemme", pieces=1, holder="member:m-1", reference="r", by=AMINA),
        UnitMoved(unit="gemme", pieces=1, giver="member:m-1", taker="member:m-2", reference="r", by=AMINA),
    )
    assert all(sum(MOVES[type(event)](event).values()) == 0 for event in events)
