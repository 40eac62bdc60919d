"""What buyers, households and producers still wait for stands in the way of a seal; behind it no basket is recorded."""

from clearing.rules.answers import Declined
from clearing.rules.ends.closing_rooms import ROOMS
from tests.given_when_then import Story, given
from tests.rules.contract_sayings import fetch, pay, pay_over, season, several, sign, through, weeks
from tests.rules.test_orders import PLACE, basket, give, ordering
from tests.sayings import BRUNO, MARKET, Till, opened


def unfinished(story: Story) -> str:
    return " ".join(said for room in ROOMS for said in room(story.book))


def test_an_open_or_disputed_order_is_unfinished_until_each_line_is_settled() -> None:
    story = ordering()
    give(story, "place_order", {**PLACE, "lines": basket(("veg", 4_000, "garden"), ("veg", 2_500, "farm-01"))})
    assert "order o-1 holds money for 2 lines (order deliver" in unfinished(story)
    give(story, "dispute_line", {"order": "o-1", "line": 1, "reason": "rotten"})
    give(story, "cancel_order", {"order": "o-1"})
    assert "holds money for 1 lines (order settle" in unfinished(story)
    agreed = {"order": "o-1", "line": 1, "cents": 1_500}
    give(story, "propose_dispute_end", {**agreed, "reason": "half of it"})
    give(story, "resolve_dispute", agreed, BRUNO)
    assert "order" not in unfinished(story)


def test_a_households_money_and_a_part_of_nobody_are_unfinished() -> None:
    story = given(*MARKET, opened("dept"), through()).when(sign(12_000, 10))
    story.when(pay(1)).then("00")
    assert "12.00 EUR of contract c-1 are at the caisse" in unfinished(story)
    several(story, pay_over("2026-12-31"))
    assert "contract" not in unfinished(story)
    assert "12.00 EUR of cheques are in the box" in unfinished(story)
    story.when(sign(12_000, 10, name="c-2", fund="dept", percent=50, fund_until="2026-06-30")).then("00")
    assert "contract c-2 has a part that no fund pays" in unfinished(story)


def test_no_basket_is_recorded_behind_the_seal() -> None:
    till, story = Till(), given(*MARKET, season()).when(sign(12_850, 10))
    story.at(f"{weeks(1)[0]} 18:00:00").book.closing.sealed = True
    story.when(fetch(till), till.tap()).then("12", on="")


def test_what_a_cancelled_order_gives_back_does_not_stay_with_who_has_left() -> None:
    story = ordering()
    give(story, "place_order", {**PLACE, "lines": basket(("veg", 4_000, "garden"))})
    assert not isinstance(give(story, "leave_caisse", {"member": "gout", "reason": "moved"}, BRUNO), Declined)
    story.at("2026-05-03 09:00:00").sweep()
    assert story.purse("gout") == 0
    give(story, "cancel_order", {"order": "o-1"})
    story.at("2026-05-03 10:00:00").sweep()
    assert story.purse("gout") == 0
