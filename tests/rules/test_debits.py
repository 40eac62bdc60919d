"""Cotisations by direct debit, told as stories: signed, proposed, approved, told, sent, made, sent back, counted."""

from tests.rules.debit_sayings import answer, club, give, number, propose, said, send, states
from tests.rules.test_cotisations import agreed, open_cents
from tests.sayings import BRUNO


def test_a_month_is_collected_by_two_people_after_members_were_told() -> None:
    story = propose(club("m-1", "m-2"), on="2026-05-20").then("00", total_cents=4_000)
    give(story, "approve_collection", number(story)).then("12")
    send(story, at="2026-05-19 10:00:00").at("2026-05-20 18:00:00")
    answer(story, said("accepted"), said("executed", "m-2")).then("00")
    answer(story, said("executed", on="2026-05-20")).then("00")
    assert states(story) == ["executed", "executed"]
    assert (story.account("fund:general"), -story.account("bank")) == (4_000, 4_000)
    assert open_cents(story, "2026-05") == {}
    agreed(story)
    give(story, "answer_collection", number(story) | {"rows": [said("executed")]}, by=BRUNO).then("12")
    assert "says all of that already" in getattr(story.last, "why", "")
