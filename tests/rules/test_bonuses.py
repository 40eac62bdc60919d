"""A bonus after the sale: half of what sustainable goods cost, up to 25.00 a month, and back with the goods."""

from typing import Any

import pytest

from clearing.events.bonus import BonusCredited, BonusRuleSet, BonusTakenBack, ShortBonus
from clearing.events.charte import Condition
from clearing.rules.answers import Declined
from clearing.rules.credit import bonuses
from clearing.values import Cents, FundId, PurseKind
from tests.given_when_then import Story, given, paris
from tests.sayings import (
    CADENET,
    MARKET,
    Till,
    bonus,
    card,
    charte,
    credit,
    line,
    member,
    opened,
    pays,
    received,
)

VITALIM = bonus(50, "veg")


def shop(rule: BonusRuleSet = VITALIM, *more: Any) -> Story:
    return given(*MARKET, credit(20_000), *more, rule)


def test_a_sale_brings_half_of_the_full_price_of_the_goods_it_is_for() -> None:
    till, story = Till(), shop()
    story.when(till.sale(line("veg", 735), line("cheese", 1_249), line("soap", 290)), till.tap())
    (brought,) = story.followed
    assert isinstance(brought, BonusCredited)
    assert (brought.cents, brought.kept_cents, brought.period) == (368, 0, "2026-05")
    assert brought.expires_us == paris("2026-07-01 00:00:00")
    assert (story.purse("m-1", "bonus"), story.account("purse:bonus")) == (368, 368)


def test_goods_that_the_card_paid_in_part_bring_the_bonus_of_their_full_price() -> None:
    till, story = Till(), shop(bonus(50, "cheese"))
    story.when(till.sale(line("cheese", 1_000)), till.tap()).then("10", approved_cents=700)
    assert story.purse("m-1", "bonus") == 500


def test_a_month_brings_25_at_most_and_the_next_begins_anew() -> None:
    till, story = Till(), shop()
    for _ in range(2):
        story.when(till.sale(line("veg", 3_000)), till.tap()).then("00")
    assert story.purse("m-1", "bonus") == 2_500
    story.when(till.sale(line("veg", 100)), till.tap()).then("00")
    assert (story.followed, story.purse("m-1", "bonus")) == ((), 2_500)
    story.at("2026-06-01 00:00:00").when(till.sale(line("veg", 100)), till.tap())
    assert story.purse("m-1", "bonus") == 2_550


def test_a_declined_sale_brings_nothing_and_neither_does_a_hold_before_its_capture() -> None:
    till, story = Till(), shop()
    story.when(till.sale(line("veg", 90_000), all_or_nothing=True), till.tap()).then("51")
    assert story.followed == ()
    held = till.auth(line("veg", 1_000))
    story.when(held, till.tap())
    assert story.followed == ()
    story.when(till.capture(held, line("veg", 400))).then("00")
    assert story.purse("m-1", "bonus") == 200


def test_refunds_take_the_bonus_back_pro_rata_and_cumulatively() -> None:
    till, story = Till(), shop()
    sale = till.sale(line("veg", 735), line("cheese", 100))
    story.when(sale, till.tap())
    left = []
    for cents in (100, 100, 535):
        story.when(till.refund(sale, line("veg", cents))).then("00")
        left.append(story.purse("m-1", "bonus"))
    assert left == [368 - 50, 368 - 100, 0]
    story.when(till.refund(sale, line("cheese", 100)))
    assert story.followed == ()
    assert story.account("purse:bonus") == 0


def test_a_reversal_takes_all_of_it_back_and_the_months_room_with_it() -> None:
    till, story = Till(), shop()
    sale = till.sale(line("veg", 5_000))
    story.when(sale, till.tap()).when(till.reverse(sale)).then("00", effect="undone")
    assert (story.purse("m-1", "bonus"), story.book.bonuses.used) == (0, {})
    story.when(till.sale(line("veg", 5_000)), till.tap())
    assert story.purse("m-1", "bonus") == 2_500


def test_what_was_spent_meanwhile_is_kept_from_later_bonuses_and_is_never_a_debt() -> None:
    both = charte(pays("bonus", veg=100), pays("credit", veg=100), version=2, effective_us=1)
    till, story = Till(), shop(VITALIM, both)
    sale = till.sale(line("veg", 1_000))
    story.when(sale, till.tap()).when(till.sale(line("veg", 400)), till.tap())  # spends 400 of 500, brings 200
    assert story.purse("m-1", "bonus") == 300
    story.when(till.reverse(sale)).then("00")
    (back,) = story.followed
    assert isinstance(back, BonusTakenBack)
    assert (back.cents, back.later_cents, story.purse("m-1", "bonus")) == (100, 400, 200)
    story.when(till.sale(line("veg", 600)), till.tap())  # brings 300: all of it kept, 200 spent
    (brought,) = story.followed
    assert isinstance(brought, BonusCredited)
    assert (brought.cents, brought.kept_cents) == (0, 300)
    story.when(till.sale(line("veg", 600)), till.tap())
    assert [(one.cents, one.kept_cents) for one in story.followed if isinstance(one, BonusCredited)] == [(200, 100)]
    assert story.book.bonuses.owing == {}


def test_a_bonus_that_lapsed_is_the_funds_already_and_is_not_taken_twice() -> None:
    till, story = Till(), shop()
    sale = till.sale(line("veg", 1_000))
    story.when(sale, till.tap())
    before = story.account("fund:general")
    story.at("2026-07-02 09:00:00").when(till.refund(sale, line("veg", 1_000))).then("00")
    assert (story.followed, story.purse("m-1", "bonus")) == ((), 0)
    assert story.account("fund:general") == before + 500


@pytest.mark.parametrize(("short", "cents"), [(ShortBonus.LESS, 120), (ShortBonus.NONE, 0)])
def test_a_short_fund_gives_what_was_voted_for_that_case(short: ShortBonus, cents: int) -> None:
    rule = bonus(50, "veg", fund=FundId("green"), short=short)
    till, story = Till(), shop(rule, opened("green"), received(120, "green"))
    story.when(till.sale(line("veg", 1_000)), till.tap()).then("00")
    assert (story.purse("m-1", "bonus"), story.book.funds[FundId("green")].free_cents()) == (cents, 120 - cents)


def test_the_fund_that_also_pays_the_sale_gives_only_what_it_has_after_it() -> None:
    rules = charte(pays("credit", veg=50), version=2, effective_us=1)
    till, story = Till(), given(*MARKET, credit(1_000_000 - 100), rules, bonus(50, "veg"))
    story.when(till.sale(line("veg", 1_000)), till.tap())
    assert (story.purse("m-1", "bonus"), story.book.funds[FundId("general")].free_cents()) == (100, 0)


@pytest.mark.parametrize(
    ("condition", "cents"),
    [
        (Condition(who=("young",)), 0),
        (Condition(who=("old",)), 500),
        (Condition(where=("elsewhere",)), 0),
        (Condition(where=("market",)), 500),
        (Condition(where=("garden-1",)), 500),
        (Condition(until_us=paris("2026-05-01 08:00:00")), 0),  # type: ignore[arg-type]
        (Condition(from_us=paris("2026-05-01 08:00:00")), 500),  # type: ignore[arg-type]
    ],
)
def test_who_where_and_when_are_as_voted(condition: Condition, cents: int) -> None:
    till = Till()
    story = given(*MARKET, member("m-2", "old"), card("m-2"), credit(5_000, owner="m-2"), bonus(50, "veg", condition=condition))
    story.when(till.sale(line("veg", 1_000)), till.tap("m-2"))
    assert story.purse("m-2", "bonus") == cents


def test_a_rule_with_no_month_left_to_give_is_ended() -> None:
    till, story = Till(), shop()
    story.and_given(bonus(50, "veg", month_cents=0)).when(till.sale(line("veg", 1_000)), till.tap())
    assert story.followed == ()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"fund": FundId("none")}, "no fund none"),
        ({"purse": PurseKind("own")}, "added themselves"),
        ({"covers": ()}, "a rate above 0"),
        ({"months_valid": 25}, "1 to 24"),
        ({"covers": VITALIM.covers * 2}, "twice"),
    ],
)
def test_a_bonus_that_cannot_be_carried_out_is_not_set(change: dict[str, Any], said: str) -> None:
    story = given(*MARKET)
    result = bonuses.decide_set_rule(bonus(50, "veg", **change), funds=story.book.funds)
    assert isinstance(result, Declined)
    assert said in result.why


def test_without_a_bonus_rule_nothing_follows_a_sale() -> None:
    till, story = Till(), given(*MARKET, credit(5_000))
    story.when(till.sale(line("veg", 1_000)), till.tap()).then("00")
    assert (story.followed, CADENET.charte.version, Cents(0)) == ((), 1, 0)
