"""Law: what was chosen for lines becomes matches in as few commands as the rules take, and nothing besides."""

import re

import pytest

from clearing.console.matching import Item, as_choice, chosen, commands
from clearing.console.rooms import PAGES
from clearing.console.ways import PLACES, ROLES_OF, way_of
from clearing.rules.voted.offices import ALLOWED_ROLES

FUND: Item = {"kind": "fund", "fund": "general"}
CHARGE: Item = {"kind": "charge", "fund": "general"}


def lines(picked: dict[int, Item]) -> list[list[object]]:
    return [[one["lines"] for one in command] for command in commands(picked)]


@pytest.mark.parametrize("item", [
    FUND, {"kind": "booked", "moves": [3, 345]}, {"kind": "payout", "batch": 3, "producer": "mill"}, {"kind": "nothing"},
    {"kind": "cotisation", "member": "m-1", "rule": "month", "period": "2026-05"}, {"kind": "deposit", "deposit": 4},
])  # fmt: skip
def test_a_choice_travels_there_and_back(item: Item) -> None:
    assert chosen(as_choice(item)) == item


@pytest.mark.parametrize("text", ["", "kind=", "kind=steal", "fund=general", "%00", "kind"])
def test_what_no_list_offered_is_no_choice(text: str) -> None:
    assert chosen(text) is None


def test_lines_with_the_same_choice_are_one_match_where_they_may_be() -> None:
    booked: Item = {"kind": "booked", "moves": [7]}
    assert lines({1: booked, 2: booked, 3: {"kind": "nothing"}, 4: {"kind": "nothing"}}) == [[[1, 2], [3, 4]]]


def test_payouts_that_name_themselves_are_matches_of_their_own() -> None:
    own: Item = {"kind": "payout"}
    whole: Item = {"kind": "payout", "batch": 3}
    assert lines({1: own, 2: own, 3: whole, 4: whole}) == [[[1], [2], [3, 4]]]


def test_what_a_command_may_name_once_is_named_in_the_next_one_again() -> None:
    other: Item = {"kind": "fund", "fund": "other"}
    assert lines({1: FUND, 2: FUND, 3: other}) == [[[1], [3]], [[2]]]


def test_charges_come_after_the_money_that_may_bear_them() -> None:
    assert lines({1: CHARGE, 2: FUND, 3: CHARGE}) == [[[2]], [[1], [3]]]


@pytest.mark.parametrize("name", list(ROLES_OF))
def test_what_waits_leads_to_a_page_that_there_is_for_who_may_do_it(name: str) -> None:
    assert name in PLACES
    found = way_of(f"{name} 1 m-1")
    assert found is not None
    verb, address = found
    path = re.split("[?#]", address)[0].replace("/1", "/{collection}")
    assert set(ALLOWED_ROLES[verb]) <= set(PAGES[path].roles), (name, path)
