"""A bonus is credit like any other: none while credits are frozen, when the caisse ends or who bought has left; and never
outside an earmark. Draws stay inside one too."""

import pytest

from clearing.audit.findings import BadEvent, Checked
from clearing.audit.offices import check_office
from clearing.events.bonus import BonusCredited
from clearing.events.catalogue import Event
from clearing.events.funds import Earmark
from clearing.events.grants import CreditsFrozen, CreditsResumed, EarmarkSet
from clearing.events.households import MemberLeft
from clearing.events.opening import OpeningAccepted, OpeningLot, OpeningTotals
from clearing.rules.answers import Declined
from clearing.rules.ends import closing
from clearing.rules.voted.restrictions import restricted
from clearing.values import CategoryId, Cents, FundId, MemberId, MicroTime, PurseKind
from tests.given_when_then import Story, given, paris
from tests.rules.test_bonuses import shop
from tests.rules.test_closing import confirm, propose
from tests.sayings import AMINA, BRUNO, MARKET, VOTE, Till, bonus, charte, line, opened, pays, solidarity

VEG = line("veg", 1_000)
GREEN = FundId("green")
BOUND = EarmarkSet(fund=GREEN, earmark=Earmark(categories=(CategoryId("veg"),)), decision=VOTE, by=AMINA)


def test_frozen_credits_bring_no_bonus_until_they_are_resumed() -> None:
    till, story = Till(), shop()
    story.and_given(CreditsFrozen(decision=VOTE, by=AMINA)).when(till.sale(VEG), till.tap()).then("00")
    assert (story.followed, story.purse("m-1", "bonus")) == ((), 0)
    story.and_given(CreditsResumed(decision=VOTE, by=AMINA)).when(till.sale(VEG), till.tap()).then("00")
    assert story.purse("m-1", "bonus") == 500


def test_a_caisse_that_closes_gives_no_bonus_that_would_outlive_it() -> None:
    till, story = Till(), shop()
    before = till.sale(VEG)
    story.when(before, till.tap())
    assert isinstance(story.followed[0], BonusCredited)
    story.when(propose()).when(confirm()).when(till.sale(VEG), till.tap()).then("00")
    assert story.followed == ()
    story.at("2026-05-21 08:00:00").sweep()
    assert "credit has not lapsed yet" not in " ".join(closing.leftovers(story.book))


def test_who_has_left_gets_no_bonus_for_a_hold_that_is_captured_later() -> None:
    till, story = Till(), shop()
    held = till.auth(VEG)
    story.when(held, till.tap()).and_given(
        MemberLeft(member=MemberId("m-1"), reason="moved", ends_us=MicroTime(paris("2026-06-01 00:00:00")), by=BRUNO)
    ).when(till.capture(held, VEG)).then("00")
    assert story.followed == ()


def asked(story: Story, event: Event) -> str:
    declined = restricted(event, story.book, story.book.at_us + 1)
    return declined.why if isinstance(declined, Declined) else ""


def test_a_bound_fund_gives_a_bonus_only_into_a_purse_that_stays_inside() -> None:
    both = charte(pays("bonus", veg=100, cheese=100), version=2, effective_us=1)
    story = given(*MARKET, both, opened("green"), BOUND)
    assert "take cheese out" in asked(story, bonus(50, "veg", fund=GREEN))
    assert asked(story, bonus(50, "veg", fund=GREEN, month_cents=0)) == ""
    inside = given(*MARKET, charte(pays("bonus", veg=100), version=2, effective_us=1), opened("green"), BOUND)
    rule = bonus(50, "veg", fund=GREEN)
    assert asked(inside, rule) == ""
    wider = charte(pays("bonus", veg=100, cheese=100), version=3, effective_us=2)
    assert "take cheese out" in asked(inside.and_given(rule), wider)
    free = given(*MARKET, both, opened("green"), rule)
    assert "take cheese out" in asked(free, BOUND)


@pytest.mark.parametrize(
    ("earmark", "said"),
    [
        (Earmark(categories=(CategoryId("veg"),)), "categories veg"),
        (Earmark(places=("market",)), "places market"),
        (Earmark(until_us=MicroTime(paris("2026-12-31 00:00:00"))), "until 2026"),
    ],
)
def test_a_bound_fund_pays_no_draw_outside_its_earmark(earmark: Earmark, said: str) -> None:
    rule = solidarity(20, fund=GREEN)
    bind = EarmarkSet(fund=GREEN, earmark=earmark, decision=VOTE, by=AMINA)
    assert said in asked(given(*MARKET, opened("green"), bind), rule)
    assert said in asked(given(*MARKET, opened("green"), rule), bind)
    assert asked(given(*MARKET, opened("green"), bind), solidarity(fund=GREEN, coupon_cents=Cents(100))) == ""


@pytest.mark.parametrize("rule", [solidarity(20, fund=GREEN), bonus(50, "veg", fund=GREEN)])
def test_the_audit_names_a_rule_that_leaves_an_earmark(rule: Event) -> None:
    both = charte(pays("bonus", veg=100, cheese=100), version=2, effective_us=1)
    story = given(*MARKET, both, opened("green"), BOUND)
    with pytest.raises(BadEvent, match="outside its earmark"):
        check_office(rule, story.book.position + 1, story.book.at_us + 1, story.book, Checked())


def test_opening_balances_put_bound_money_only_where_it_stays_inside_and_none_into_a_caisse_that_ends() -> None:
    def opening(purse: str) -> OpeningAccepted:
        lot = OpeningLot(MemberId("m-1"), PurseKind(purse), GREEN, Cents(500), None)
        return OpeningAccepted(
            as_of="2026-04-30", digest=bytes(32), totals=OpeningTotals(0, Cents(500), Cents(0), 500), lots=(lot,), funds=(),
            debts=(), by=AMINA,
        )

    story = given(*MARKET, charte(pays("credit", veg=100), pays("wide", cheese=100), version=2), opened("green"), BOUND)
    assert "take cheese out" in asked(story, opening("wide"))
    assert asked(story.and_given(CreditsFrozen(decision=VOTE, by=AMINA)), opening("credit")) == ""
    closes = shop().when(propose()).when(confirm())
    assert "closing" in asked(closes, opening("credit"))


def test_a_draw_inside_the_earmark_is_voted() -> None:
    rule = solidarity(20, fund=GREEN, categories=(CategoryId("veg"),))
    assert asked(given(*MARKET, opened("green"), BOUND), rule) == ""
