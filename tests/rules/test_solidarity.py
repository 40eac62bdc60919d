"""Draws and gives: what a fund pays without knowing for whom, what comes back to it, and what bounds both."""

from dataclasses import fields
from typing import Any

import pytest

from clearing.events.catalogue import Event
from clearing.events.codes import Code
from clearing.events.sales import RefundDecided, ReversalDecided
from clearing.events.settlement import BatchClosed
from clearing.events.solidarity import DrawDecided, DrawsShared, GiveDecided, SolidarityRuleSet
from clearing.rules.answers import Declined
from clearing.rules.reductions import solidarity as rules
from clearing.rules.stalls.settlement import decide_close
from clearing.values import Cents, FundId, ProducerId, Rate, TerminalId
from tests.given_when_then import Story, given
from tests.sayings import AMINA, DAIRY, GARDEN, MARKET, Till, line, opened, producer, received, solidarity, terminal

pytestmark = pytest.mark.row(5)
VEG = line("veg", 1_437)
STALL_2, DAIRY_STALL = TerminalId(b"stall-02"), TerminalId(b"dairy-01")


def market(fund_cents: int, rule: SolidarityRuleSet, *more: Event) -> Story:
    money = (received(fund_cents, "solidarity"),) if fund_cents else ()
    return given(*MARKET, opened("solidarity"), *money, rule, *more)


def left(story: Story) -> int:
    return story.book.funds[FundId("solidarity")].free_cents()


def owed(story: Story, who: ProducerId = GARDEN) -> int:
    return story.book.settlement.owed_to(who).net_cents()


def test_worked_sale_3_a_draw_of_20_percent() -> None:
    till, story = Till(), market(10_000, solidarity(10, 20, 30))
    story.when(till.draw(20, VEG)).then("00", approved_cents=287, rate=2_000, approved_lines=(287,))
    assert (left(story), owed(story), story.account("owed:garden")) == (9_713, 287, 287)
    assert VEG.amount_cents - 287 == 1_150  # in cash


def test_worked_sale_3_a_short_fund_carries_the_next_lower_rate() -> None:
    till, story = Till(), market(200, solidarity(10, 20, 30, policy="lower"))
    story.when(till.draw(20, VEG)).then("10", approved_cents=144, rate=1_000, answer="10")
    assert (left(story), owed(story)) == (56, 144)


def test_worked_sale_3_first_come_refuses_what_the_fund_cannot_carry() -> None:
    till, story = Till(), market(200, solidarity(10, 20, 30))
    story.when(till.draw(20, VEG)).then("51", approved_cents=0, answer="05", shares=())
    assert (left(story), owed(story)) == (200, 0)


def test_pro_rata_pays_the_day_when_it_is_over() -> None:
    till, story = Till(), market(300, solidarity(10, 20, policy="pro-rata"))
    story.when(till.draw(20, VEG)).then("00", approved_cents=287, claimed=True)
    story.when(till.draw(10, VEG)).then("00", approved_cents=144)
    assert (left(story), owed(story)) == (300, 0)
    story.at("2026-05-02 00:00:00").sweep()
    (shared,) = story.swept
    assert isinstance(shared, DrawsShared)
    assert (shared.claimed_cents, shared.cents, shared.day) == (431, 300, "2026-05-01")
    assert [sum(share.cents for share in part.shares) for part in shared.draws] == [200, 100]
    assert (left(story), owed(story), story.book.solidarity.claims) == (0, 300, [])


def test_a_batch_shares_the_draws_of_its_day_first() -> None:
    till, story = Till(), market(300, solidarity(20, policy="pro-rata"))
    story.when(till.draw(20, VEG))
    before = rules.decide_shared_with_batch(story.book.solidarity, story.book.funds)
    assert [(one.cents, one.with_batch) for one in before] == [(287, True)]
    batch = decide_close(
        story.book.settlement, producers=story.book.producers.producers, calendar=story.book.caisse.calendar,
        closed_on="2026-05-01", position=story.book.position + 1, by=AMINA, at_us=story.book.at_us + 1, shared={GARDEN: 287},
    )
    assert isinstance(batch, BatchClosed)
    story.and_given(*before, batch)
    assert [(one.captured_cents, one.paid_cents) for one in batch.lines] == [(287, 287)]
    assert (owed(story), left(story), story.account("payable:garden")) == (0, 13, 287)


@pytest.mark.row(21)
def test_dieulefit_65_and_twice_125_bring_the_fund_150_and_the_producers_their_price_over_several_outlets() -> None:
    rule = solidarity(35, prices=(Rate(12_500),))
    story = market(0, rule, terminal(STALL_2), *producer(DAIRY), terminal(DAIRY_STALL, DAIRY))
    garden, other, dairy, ten = Till(), Till(STALL_2), Till(DAIRY_STALL), line("veg", 1_000)
    cash = 0
    for till, percent in ((other, 125), (dairy, 125)):
        story.when(till.give(percent, ten)).then("00", approved_cents=250)
        cash += 1_250
    story.when(garden.draw(35, ten)).then("00", approved_cents=350)
    cash += 650
    assert left(story) == story.account("fund:solidarity") == 150
    assert cash + owed(story) + owed(story, DAIRY) == 3_000
    assert (owed(story), owed(story, DAIRY)) == (100, -250)
    assert not any(story.book.members.cards[one].highest + 1 for one in story.book.members.cards)  # no card was tapped


def test_a_give_is_netted_by_settlement_and_what_is_below_zero_is_carried() -> None:
    till, story = Till(), market(1_000, solidarity(20, prices=(Rate(12_500),)))
    story.when(till.draw(20, line("veg", 1_000))).when(till.give(125, line("veg", 2_000))).then("00", approved_cents=500)

    def close(book: object, at_us: int) -> Event | Declined:
        return decide_close(
            story.book.settlement, producers=story.book.producers.producers, calendar=story.book.caisse.calendar,
            closed_on="2026-05-01", position=story.book.position, by=AMINA, at_us=at_us,
        )

    story.when(close)
    assert isinstance(story.last, BatchClosed)
    (one,) = story.last.lines
    assert (one.captured_cents, one.given_cents, one.net_cents, one.paid_cents) == (200, 500, -300, 0)
    assert (owed(story), story.account("owed:garden")) == (-300, -300)


def test_coupons_are_sold_at_the_till_too_and_only_whole_ones() -> None:
    till, story = Till(), market(0, solidarity(20))
    story.when(till.give(100, line("coupon", 300))).then("00", approved_cents=300)
    story.when(till.give(100, line("coupon", 150))).then("57")
    story.when(till.give(100, line("veg", 300))).then("57", answer="05")
    assert (left(story), owed(story)) == (300, -300)


@pytest.mark.parametrize(
    ("ceiling", "cents"), [("terminal_day_cents", 300), ("producer_day_cents", 300), ("fund_day_cents", 300)]
)
def test_invented_draws_end_at_each_ceiling_and_start_anew_the_next_day(ceiling: str, cents: int) -> None:
    limits: dict[str, Any] = {ceiling: Cents(cents)}
    till, story = Till(), market(100_000, solidarity(20, **limits))
    story.when(till.draw(20, VEG)).then("00")
    story.when(till.draw(20, VEG)).then("61", answer="05", approved_cents=0)
    story.at("2026-05-02 09:00:00").when(till.draw(20, VEG)).then("00")


def test_a_second_terminal_of_a_producer_shares_the_producers_ceiling_and_not_the_terminals() -> None:
    story = market(100_000, solidarity(20, terminal_day_cents=Cents(300), producer_day_cents=Cents(500)), terminal(STALL_2))
    one, two = Till(), Till(STALL_2)
    story.when(one.draw(20, VEG)).then("00").when(one.draw(20, line("veg", 100))).then("61")
    story.when(two.draw(20, line("veg", 1_000))).then("00").when(two.draw(20, line("veg", 100))).then("61")


@pytest.mark.parametrize("ceiling", ["give_terminal_day_cents", "give_producer_day_cents", "give_debt_cents"])
def test_invented_gives_end_at_each_ceiling(ceiling: str) -> None:
    limits: dict[str, Any] = {ceiling: Cents(400)}
    till, story = Till(), market(0, solidarity(20, **limits))
    story.when(till.give(100, line("coupon", 300))).then("00")
    story.when(till.give(100, line("coupon", 200))).then("61", answer="05")
    assert left(story) == 300


def test_a_draw_is_undone_by_its_terminal_until_its_batch_closes_and_gives_its_ceiling_back() -> None:
    till, story = Till(), market(1_000, solidarity(20, terminal_day_cents=Cents(300)))
    drawn = till.draw(20, VEG)
    story.when(drawn).when(till.reverse(drawn)).then("00", effect="undone", member=None)
    assert (left(story), owed(story), story.account("fund:solidarity")) == (1_000, 0, 1_000)
    story.when(till.reverse(drawn)).then("00", effect="nothing")
    story.when(till.draw(20, VEG)).then("00")


def test_a_give_is_undone_and_the_producer_owes_it_no_more() -> None:
    till, story = Till(), market(0, solidarity(20))
    given_ = till.give(100, line("coupon", 300))
    story.when(given_).when(till.reverse(given_)).then("00", effect="undone")
    assert (left(story), owed(story), story.account("fund:solidarity")) == (0, 0, 0)


def test_a_give_that_was_drawn_meanwhile_stays_in_the_fund() -> None:
    till, story = Till(), market(0, solidarity(20))
    given_ = till.give(100, line("coupon", 300))
    story.when(given_).when(till.draw(20, line("veg", 1_000))).when(till.reverse(given_)).then("00", effect="undone")
    assert isinstance(story.last, ReversalDecided)
    assert "stays in its fund" in story.last.exception
    assert (left(story), owed(story)) == (0, 0)


def test_a_claim_that_is_undone_before_the_close_takes_no_part_in_it() -> None:
    till, story = Till(), market(100, solidarity(20, policy="pro-rata"))
    drawn = till.draw(20, VEG)
    story.when(drawn).when(till.draw(20, line("veg", 500))).when(till.reverse(drawn)).then("00", effect="undone", returned=())
    story.at("2026-05-02 00:00:01").sweep()
    assert [one.cents for one in story.swept if isinstance(one, DrawsShared)] == [100]


def test_drawn_goods_come_back_gross_and_the_fund_gets_its_part_cumulatively() -> None:
    till, story = Till(), market(1_000, solidarity(20))
    drawn = till.draw(20, VEG)
    story.when(drawn)
    story.when(till.refund(drawn, line("veg", 400))).then("00", card_cents=80, card_lines=(80,))
    story.when(till.refund(drawn, line("veg", 1_037))).then("00", card_cents=207)
    story.when(till.refund(drawn, line("veg", 1))).then("61", card_cents=0)
    assert (left(story), owed(story), story.account("owed:garden")) == (1_000, 0, 0)


def test_a_draw_that_waits_for_its_close_is_not_refunded_yet() -> None:
    till, story = Till(), market(1_000, solidarity(20, policy="pro-rata"))
    drawn = till.draw(20, VEG)
    story.when(drawn).when(till.refund(drawn, line("veg", 400))).then("12")
    story.at("2026-05-02 09:00:00").when(till.refund(drawn, line("veg", 400))).then("00", card_cents=80)
    assert isinstance(story.last, RefundDecided)
    assert left(story) == 1_000 - 287 + 80


@pytest.mark.parametrize(
    ("rule", "percent", "code"),
    [
        (solidarity(20), 25, Code.NOTHING_ELIGIBLE),
        (solidarity(20, where=("elsewhere",)), 20, Code.NOTHING_ELIGIBLE),
        (solidarity(20, categories=("cheese",)), 20, Code.NOTHING_ELIGIBLE),
        (solidarity(20, where=("market",)), 20, Code.APPROVED),
        (solidarity(20, where=("garden-1",), categories=("veg",)), 20, Code.APPROVED),
    ],
)
def test_only_what_was_voted_is_drawn(rule: SolidarityRuleSet, percent: int, code: Code) -> None:
    market(10_000, rule).when(Till().draw(percent, VEG)).then(code)


def test_lines_of_one_kind_are_added_up_before_rounding_and_each_payee_is_owed_its_own() -> None:
    till, story = Till(), market(10_000, solidarity(30), *producer(DAIRY))
    story.when(till.draw(30, line("veg", 5), line("veg", 5), line("cheese", 1_000, payee=DAIRY)))
    story.then("00", approved_cents=303)
    assert (owed(story), owed(story, DAIRY)) == (3, 300)


def test_no_field_of_a_draw_names_a_card_a_member_or_an_instant() -> None:
    names = {field.name for kind in (DrawDecided, GiveDecided) for field in fields(kind)}
    assert not names & {"tap", "member", "card", "at_us", "person"}
    assert {"day", "op"} <= names


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"fund": FundId("none")}, "no fund none"),
        ({"rates": (Rate(0),)}, "above 0"),
        ({"rates": (Rate(2_050),)}, "whole percent"),
        ({"prices": (Rate(9_000),)}, "above 100"),
        ({"terminal_day_cents": Cents(0)}, "ceiling per terminal"),
        ({"give_debt_cents": Cents(0)}, "Gives need"),
    ],
)
def test_a_rule_that_cannot_be_carried_out_is_not_set(change: dict[str, object], said: str) -> None:
    story = market(0, solidarity(20))
    fields_of: dict[str, Any] = {"prices": (Rate(12_500),), **change}
    changed = solidarity(20, **fields_of)
    result = rules.decide_set_rule(changed, funds=story.book.funds)
    assert isinstance(result, Declined)
    assert said in result.why


def test_coupons_need_a_rule_that_names_their_price() -> None:
    story = market(0, solidarity(20, coupon_cents=Cents(0)))
    sold = rules.decide_sell_coupons(
        story.book.solidarity, fund=FundId("solidarity"), number=3, means="cash", reference="1", by=AMINA
    )
    assert isinstance(sold, Declined)
    assert "No voted rule" in sold.why
