"""Row 21, Dieulefit: what domain.md section 3 says that one sees.

By the rules alone: tests/rules/test_solidarity.py (65 and twice 125 over several outlets).
"""

import pytest
from hypothesis import given as for_all, strategies as st

from clearing.events.settlement import BatchClosed
from clearing.rules.reductions.drawing import names_nobody
from tests.acceptance.schemes.row_02 import seen
from tests.acceptance.schemes.row_21 import MEMBERS, OUTLETS, TEN, by_card, in_cash, opened, two_markets, worked_sale_8
from tests.acceptance.schemes.village import Op

pytestmark = pytest.mark.row(21)


async def test_65_and_twice_125_on_10_euros_bring_the_pool_150_and_the_outlets_3000_in_cash_without_any_card() -> None:
    lived = in_cash()
    assert lived.caisse.free("pool") == lived.caisse.account("fund:pool") == 150
    assert lived.by_outlet() == {
        "dairy": (1_000, 1_250, -250), "grocery": (1_000, 1_250, -250), "market-garden": (1_000, 650, 350),
    }  # fmt: skip
    assert sum(taken + net for _, taken, net in lived.by_outlet().values()) == 3_000
    assert not lived.caisse.book.members.cards
    await lived.caisse.proved()


async def test_65_and_twice_125_on_10_euros_bring_the_pool_150_and_the_outlets_3000_by_card() -> None:
    lived = by_card()
    assert lived.caisse.free("pool") == lived.caisse.account("fund:pool") == 150
    assert [net for _, _, net in lived.by_outlet().values()] == [1_000, 1_000, 1_000]
    paid = {member: 2_000 - lived.caisse.purse(member, "own") for member in MEMBERS}
    assert paid == {"rose": 1_250, "lou": 1_250, "ada": 650}
    balances = await lived.caisse.proved()
    assert sum(cents for account, cents in balances.items() if account.startswith("payable:")) == 3_000


async def test_one_pool_takes_from_cards_and_cash_and_gives_to_both() -> None:
    caisse = opened()
    caisse.admit("rose", "ada")
    for member in ("rose", "ada"):
        caisse.own_money(member, "20.00")
    caisse.sell("dairy", "rose", TEN, price_choice=125)
    caisse.give("grocery", 125, TEN)
    assert caisse.draw("market-garden", 35, TEN).card_cents == 350
    assert caisse.free("pool") == 150
    half = caisse.sell("dairy", "ada", {"cheese": "4.00"}, price_choice=65)
    assert half.paid_by() == {"price-65": 140, "own-money": 260}
    assert caisse.free("pool") == 10
    await caisse.proved()


async def test_settlement_nets_what_an_outlet_owes_the_pool_and_carries_what_is_below_zero() -> None:
    caisse, first, second = two_markets()
    lines = {batch.batch: batch.lines[0] for batch in caisse.events(BatchClosed)}
    assert (lines[first].captured_cents, lines[first].given_cents, lines[first].paid_cents) == (500, 800, 0)
    assert (lines[second].carried_cents, lines[second].captured_cents, lines[second].paid_cents) == (-300, 1_200, 900)
    assert (await caisse.proved())["fund:pool"] == 800


@for_all(bought=st.lists(
    st.tuples(st.sampled_from(OUTLETS), st.sampled_from([65, 100, 125]), st.booleans(), st.integers(1, 2_500)),
    min_size=1, max_size=12,
))  # fmt: skip
def test_whoever_pays_which_price_outlets_get_the_shelf_price_and_the_pool_is_what_was_given_less_what_was_drawn(
    bought: list[tuple[str, int, bool, int]],
) -> None:
    caisse = opened()
    caisse.admit("ada")
    caisse.own_money("ada", "1000.00")
    pool, cash, goods = 0, dict.fromkeys(OUTLETS, 0), dict.fromkeys(OUTLETS, 0)
    for outlet, percent, with_card, cents in bought:
        basket, more, less = {"vegetables": f"{cents // 100}.{cents % 100:02}"}, (cents + 2) // 4, (35 * cents + 50) // 100
        moved = {65: -less if less <= pool else 0, 100: 0, 125: more}[percent]
        if with_card:
            assert caisse.sell(outlet, "ada", basket, price_choice=percent).card_cents == cents
        elif percent == 65:
            assert caisse.draw(outlet, 35, basket).card_cents == -moved
        elif percent == 125:
            assert caisse.give(outlet, 125, basket).card_cents == moved
        pool, goods[outlet] = pool + moved, goods[outlet] + cents
        cash[outlet] += 0 if with_card else cents + moved
        assert caisse.free("pool") == caisse.account("fund:pool") == pool >= 0
    assert {outlet: cash[outlet] + caisse.owed(outlet) for outlet in OUTLETS} == goods


def test_worked_sale_8_125_percent_on_10_with_own_money_of_11() -> None:
    caisse, done = worked_sale_8()
    assert (done.card_cents, done.paid_by()) == (1_000, {"own-money": 1_000, "price-125": 100})
    assert (caisse.free("pool"), caisse.purse("rose", "own"), caisse.owed("market-garden")) == (100, 0, 1_000)


def test_a_higher_price_never_stops_goods_from_being_sold() -> None:
    caisse = opened()
    caisse.admit("rose")
    caisse.own_money("rose", "6.00")
    done = caisse.sell("dairy", "rose", TEN, price_choice=125)
    assert (done.card_cents, done.left_cents, caisse.free("pool")) == (600, 400, 0)


def test_an_empty_pool_gives_no_reduction_by_card_or_without_one_and_is_never_below_zero() -> None:
    caisse = opened()
    caisse.admit("ada")
    caisse.own_money("ada", "20.00")
    assert caisse.sell("dairy", "ada", TEN, price_choice=65).paid_by() == {"own-money": 1_000}
    assert caisse.draw("dairy", 35, TEN).card_cents == 0
    caisse.give("grocery", 125, TEN)
    assert caisse.draw("dairy", 35, TEN).card_cents == 0  # 2.50 do not carry 3.50
    assert caisse.free("pool") == 250


def test_who_says_nothing_pays_the_full_price_and_another_price_is_not_offered() -> None:
    caisse = opened()
    caisse.admit("ada")
    caisse.own_money("ada", "30.00")
    caisse.give("grocery", 125, TEN)
    caisse.give("grocery", 125, TEN)
    for choice in (None, 100, 40):
        assert caisse.sell("dairy", "ada", {"vegetables": "5.00"}, price_choice=choice).paid_by() == {"own-money": 500}
    assert (caisse.draw("dairy", 60, TEN).card_cents, caisse.give("dairy", 150, TEN).card_cents) == (0, 0)
    assert caisse.free("pool") == 500


def test_the_till_is_answered_the_same_bytes_whichever_price_a_card_pays() -> None:
    lived = by_card()
    assert len({seen(done) for _, _, done in lived.sold}) == 1
    assert {(done.card_cents, done.left_cents) for _, _, done in lived.sold} == {(1_000, 0)}


def test_a_price_paid_in_cash_names_nobody_and_its_undoing_neither() -> None:
    caisse = opened()
    given = caisse.give("dairy", 125, TEN)
    back = caisse.ask(Op.REV, "dairy", original=given.request.x, ts_ms=given.request.ts_ms)
    assert names_nobody(back.event)
    assert (caisse.free("pool"), caisse.owed("dairy")) == (0, 0)
