"""The public page tells rules, decisions, outlets, funds and months; of persons nothing."""

import json
from collections.abc import Iterator
from typing import Any

from clearing.rules.public_page import public_page, told
from tests.given_when_then import Story, paris
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
    assert "The purse credit pays 100 % of veg, 70 % of cheese, 30 % of flour." in page["rules"]["sentences"]
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


def test_the_same_log_and_instant_make_the_same_bytes() -> None:
    pages = [json.dumps(page_of(market(6)), sort_keys=True) for _ in range(2)]
    assert pages[0] == pages[1]


def test_a_month_of_few_people_is_not_on_the_page() -> None:
    assert page_of(market(4))["months"] == []
    assert page_of(market(6))["months"][0]["members_at_least"] == 6
