"""The public page tells rules, decisions, outlets, funds and months; of persons nothing."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from clearing.events.caisse import Tally
from clearing.rules.telling.public_page import public_page, told
from tests.given_when_then import Story, paris
from tests.rules.test_decisions import vote
from tests.rules.test_statistics import figures, market
from tests.sayings import AMINA, BRUNO, STALL, card_of


def page_of(story: Story, at: str = "2026-06-02 10:00:00") -> dict[str, Any]:
    history = list(zip(story.history, story.instants, strict=True))
    return public_page(history, months=figures(story), at_us=paris(at))


def walked(value: object) -> Iterator[str]:
    """Every key and every value, as text."""
    if isinstance(value, dict):
        for key, one in value.items():
            yield str(key)
            yield from walked(one)
    elif isinstance(value, list):
        for one in value:
            yield from walked(one)
    else:
        yield str(value)


def test_the_page_says_what_was_voted_in_plain_words() -> None:
    page = page_of(market(6))
    assert "credit: the purse credit pays 100 % of veg, 70 % of cheese, 30 % of flour." in page["rules"]["sentences"]
    assert page["decisions"][0]["title"] == "What the card pays"
    assert (page["decisions"][0]["votes_for"], page["rules"]["decision"]) == (31, "ag-2026-04")


def test_the_page_lists_the_outlets_under_convention_and_since_when() -> None:
    outlets = page_of(market(6))["outlets"]
    assert [(one["outlet"], one["categories"]) for one in outlets] == [("garden", None)]


def test_no_member_card_terminal_or_officer_is_anywhere_on_the_page() -> None:
    story = market(12)
    for page in (page_of(story), page_of(story, "2026-05-31 10:00:00")):
        words = set(walked(page))
        for n in range(12):
            assert f"m-{n}" not in words
            assert f"card of m-{n}" not in words
            assert card_of(f"m-{n}").hex() not in words
        assert not words & {STALL.hex(), AMINA, BRUNO, "by", "person", "member", "terminal", "card"}
        assert "m-1" not in told(page)


def test_funds_are_told_as_they_stood_when_the_month_began() -> None:
    story = market(6)
    assert page_of(story, "2026-05-20 10:00:00")["funds"]["list"] == []
    june = page_of(story)["funds"]
    assert june["as_of"] == "2026-06-01"
    assert (june["list"][0]["received_cents"], june["list"][0]["engaged_cents"]) == (1_000_000, 30_000)


def test_what_fewer_than_five_persons_used_of_a_fund_waits_until_they_are_five() -> None:
    june = page_of(market(4))["funds"]["list"][0]
    assert (june["received_cents"], june["engaged_cents"], june["free_cents"]) == (1_000_000, 0, 1_000_000)
    assert june["months_left"] is None, "nor is it told by how long the money lasts"


def test_how_a_few_persons_voted_is_told_of_nobody() -> None:
    few = replace(vote("board-2026-06", votes_for=2, votes_against=1, abstained=0), body="board", needs_approval=False)
    colleges = replace(vote("ag-2026-06", votes_for=9, votes_against=1, abstained=0, needs_approval=False), tallies=(
        Tally("eaters", 7, 0, 0), Tally("producers", 2, 1, 0),
    ))  # fmt: skip
    story = market(6)
    later = [(few, paris("2026-06-01 08:00:00")), (colleges, paris("2026-06-01 09:00:00"))]
    history = [*zip(story.history, story.instants, strict=True), *later]
    page = public_page(history, months=[], at_us=paris("2026-06-02 10:00:00"))
    told_of = {one["decision"]: one for one in page["decisions"]}
    assert told_of["board-2026-06"]["votes_against"] is None
    assert "by a few persons" in told_of["board-2026-06"]["sentences"][1]
    assert (told_of["ag-2026-06"]["votes_for"], told_of["ag-2026-06"]["colleges"]) == (9, [])


def test_the_page_to_be_read_tells_every_room_that_was_voted_on() -> None:
    page = page_of(market(6))
    assert {one["kind"] for one in page["voted"]} == {"fund"}
    said = told(page)
    assert page["voted"][0]["sentences"][0] in said
    assert "  credit: the purse credit pays 100 % of veg" in said
    assert "announced 0.00 EUR, received 10000.00 EUR, credited or spent 300.00 EUR" in said


def test_the_same_log_and_instant_make_the_same_bytes() -> None:
    pages = [json.dumps(page_of(market(6)), sort_keys=True) for _ in range(2)]
    assert pages[0] == pages[1]


def test_a_month_of_few_people_is_not_on_the_page() -> None:
    assert page_of(market(4))["months"] == []
    assert page_of(market(6))["months"][0]["members_at_least"] == 6
