"""One way everywhere: what names a decision stands on it, approved, in force and wide enough."""

from collections.abc import Iterator
from dataclasses import fields, replace

import pytest

from clearing.audit.findings import BadEvent, Checked
from clearing.audit.offices import check_office
from clearing.events import catalogue
from clearing.events.caisse import DecisionAnnulled
from clearing.events.catalogue import Event
from clearing.events.closing import ClosureProposed
from clearing.events.cotisations import CotisationAgreed
from clearing.events.crediting import EmergencyGiven, EmergencyRuleSet
from clearing.events.funds import AllocationDeclined, AllocationGranted, FundOpened, MoneyNotified
from clearing.events.grants import AdvanceVoted, CreditsFrozen, TransferConfirmed, TransferProposed
from clearing.events.households import HouseholdRulesSet
from clearing.events.interchange import RecognitionSet
from clearing.rules.answers import Declined
from clearing.rules.voted import standing
from clearing.rules.voted.restrictions import restricted
from clearing.rules.voted.standing import STAND_ON
from clearing.values import CaisseCode, Cents, DecisionId, FundId, MemberId, MicroTime, PurseKind
from tests.given_when_then import Story, given, paris
from tests.rules.contract_sayings import season, sign
from tests.rules.test_cotisations import RULE as COTISATION
from tests.sayings import (
    AMINA,
    BRUNO,
    CADENET,
    MARKET,
    VOTE,
    Till,
    bonus,
    credit,
    grant,
    line,
    monthly,
    opened,
    received,
    solidarity,
    voted,
)

OWN = DecisionId("its-vote")
GENERAL, LYS = FundId("general"), CaisseCode("lys")
OTHERS = {"DecisionRecorded", "DecisionApproved", "DecisionSuspended", "DecisionResumed", "DecisionAnnulled"}
EMERGENCY = EmergencyRuleSet(
    rule="urgent", purse=PurseKind("credit"), fund=GENERAL, each_max_cents=Cents(5_000), day_max_cents=Cents(9_000),
    days_valid=30, groups=(), decision=OWN, by=AMINA,
)
RECOGNISED = RecognitionSet(
    other=LYS, key=b"k" * 32, decision=OWN, debit_cap_cents=Cents(1), categories=(), from_us=MicroTime(0), until_us=None,
    by=AMINA,
)  # fmt: skip
TRANSFER = TransferProposed(transfer=1, fund=GENERAL, to=FundId("tier"), cents=Cents(100), reason="x", decision=OWN, by=AMINA)
THROUGH = season(mode="through-caisse", decision=OWN)
NAMING = (
    EMERGENCY, RECOGNISED, TRANSFER, THROUGH, replace(bonus(50, "veg"), decision=OWN), replace(monthly(), decision=OWN),
    replace(solidarity(20, fund=GENERAL), decision=OWN), replace(COTISATION, decision=OWN),
    CreditsFrozen(decision=OWN, by=AMINA),
    HouseholdRulesSet(separation="split", leaving="at-once", decision=OWN, by=AMINA),
    AdvanceVoted(fund=GENERAL, advance_cents=Cents(1), decision=OWN, by=AMINA),
    ClosureProposed(last_day="2026-06-30", ends_us=MicroTime(1), heirs=(), decision=OWN, by=AMINA),
    FundOpened(fund=FundId("new"), kind="sponsor", name="New", advance_cents=Cents(1), decision=OWN, by=AMINA),
    replace(CADENET, charte=replace(CADENET.charte, version=2, hold_days=3, decision=OWN)),
)  # fmt: skip
GONE = DecisionAnnulled(decision=OWN, ruling=VOTE, from_us=MicroTime(1), by=AMINA)


def every_event() -> Iterator[type]:
    yield from catalogue.EVENTS


def test_every_event_that_names_a_decision_asks_whether_it_stands() -> None:
    naming = {kind.__name__ for kind in every_event() if "decision" in {field.name for field in fields(kind)}}
    assert naming - OTHERS <= {kind.__name__ for kind in STAND_ON}


def said(event: Event, *before: Event) -> str:
    story = given(*MARKET, opened("tier"), *before)
    found = restricted(event, story.book, story.book.at_us + 1)
    return "" if found is None else found.why


@pytest.mark.parametrize("event", NAMING, ids=lambda event: type(event).__name__)
def test_a_rule_is_not_set_on_a_decision_that_is_missing_waiting_ended_annulled_or_of_others(event: Event) -> None:
    vote = voted(OWN)
    assert said(event, vote) == ""
    for before, why in (
        ((), "Decision its-vote is not recorded; record the vote first."),
        ((replace(vote, needs_approval=True),), "is not approved yet"),
        ((replace(vote, ends_on="2026-04-30"),), "ended on 2026-04-30"),
        ((replace(vote, effective_on="2026-06-01"),), "takes effect on 2026-06-01"),
        ((vote, GONE), "is annulled"),
    ):
        assert why in said(event, *before)
    beyond = said(event, replace(vote, scope="structure:tower"))
    assert "for the whole caisse to vote" in beyond or "hold_days is changed for everybody" in beyond


@pytest.mark.parametrize("event", NAMING, ids=lambda event: type(event).__name__)
def test_the_audit_asks_the_same_of_a_log(event: Event) -> None:
    story = given(*MARKET, opened("tier"), voted(OWN), GONE)
    with pytest.raises(BadEvent, match="is annulled"):
        check_office(event, story.book.position + 1, story.book.at_us + 1, story.book, Checked())


def test_what_begins_later_is_asked_about_at_its_beginning() -> None:
    june = voted(OWN, effective_on="2026-06-01")
    later = MicroTime(paris("2026-06-01 00:00:00"))
    assert said(replace(RECOGNISED, from_us=later), june) == ""
    assert "takes effect on 2026-06-01" in said(replace(RECOGNISED, from_us=MicroTime(later - 1)), june)


def test_a_season_that_is_only_recorded_and_a_fund_without_an_advance_need_no_vote() -> None:
    assert said(season()) == ""
    assert said(opened("new")) == ""


def annulled(*rules: Event) -> Story:
    story = given(*MARKET, opened("tier"), voted(OWN), *rules)
    return story.and_given(replace(GONE, from_us=MicroTime(story.book.at_us + 1)))


@pytest.mark.parametrize(
    ("rule", "step"),
    [
        (EMERGENCY, EmergencyGiven(rule="urgent", member=MemberId("m-9"), cents=Cents(100), by=BRUNO)),
        (TRANSFER, TransferConfirmed(transfer=1, fund=GENERAL, to=FundId("tier"), cents=Cents(100), by=BRUNO)),
        (replace(COTISATION, decision=OWN), CotisationAgreed(
            member=MemberId("m-1"), rule=COTISATION.rule, cents=Cents(2_000), every_months=1, from_period="2026-05",
            means="cash", by=BRUNO,
        )),
    ],
    ids=["emergency", "transfer", "cotisation"],
)  # fmt: skip
def test_what_is_done_under_a_rule_ends_with_its_vote(rule: Event, step: Event) -> None:
    assert said(step, voted(OWN), rule) == ""
    found = restricted(step, annulled(rule).book, paris("2026-05-02 00:00:00"))
    assert isinstance(found, Declined)
    assert "is annulled" in found.why


def test_no_contract_is_signed_in_a_season_whose_vote_is_annulled() -> None:
    given(*MARKET, voted(OWN), THROUGH).when(sign(12_850, 10)).then("00")
    annulled(THROUGH).when(sign(12_850, 10)).then("12")


def test_draws_gives_and_coupons_of_a_rule_end_with_its_vote() -> None:
    rule = replace(solidarity(20, prices=(12_500,)), decision=OWN)
    till, money = Till(), (opened("solidarity"), received(5_000, "solidarity"))
    stands = given(*MARKET, voted(OWN), *money, rule)
    stands.when(till.draw(20, line("veg", 1_000))).then("00", approved_cents=200)
    ended = annulled(*money, rule)
    ended.at("2026-05-02 09:00:00").when(till.draw(20, line("veg", 1_000))).then("57", approved_cents=0)
    ended.when(till.give(125, line("veg", 1_000))).then("57", approved_cents=0)
    assert standing.draws_in_force(ended.book, ended.book.at_us).rules == {}


def test_a_bonus_ends_with_its_vote_and_what_was_given_stays() -> None:
    till, rule = Till(), replace(bonus(50, "veg"), decision=OWN)
    story = given(*MARKET, credit(5_000), voted(OWN), rule).when(till.sale(line("veg", 1_000)), till.tap())
    assert [event.cents for event in story.followed] == [500]  # type: ignore[attr-defined]
    story.and_given(replace(GONE, from_us=MicroTime(story.book.at_us + 1)))
    story.when(till.sale(line("veg", 1_000)), till.tap())
    assert (story.followed, story.purse("m-1", "bonus")) == ((), 500)


def test_a_caisse_is_recognised_only_while_the_vote_for_it_stands() -> None:
    story = given(*MARKET, voted(OWN), RECOGNISED)
    assert standing.recognition_in_force(story.book, LYS, story.book.at_us) is not None
    gone = annulled(RECOGNISED)
    assert standing.recognition_in_force(gone.book, LYS, gone.book.at_us) is None


def test_a_month_that_was_over_before_the_vote_took_effect_is_not_credited() -> None:
    rule = replace(monthly(15_000, months=24), decision=OWN)
    story = given(*MARKET, received(1_000_000), voted(OWN, effective_on="2026-05-01"), rule)
    early = story.when(grant("2026-01"))
    assert isinstance(early.last, Declined)
    assert early.last.why == (
        "Decision its-vote takes effect on 2026-05-01: the first month that it credits is 2026-05, not 2026-01."
    )
    assert isinstance(story.when(grant("2026-05")).last, AllocationGranted)


def test_a_run_that_its_fund_can_not_carry_is_not_even_declined_for_a_month_before_the_vote() -> None:
    rule = replace(monthly(15_000, months=24), decision=OWN)
    story = given(*MARKET, voted(OWN), rule)
    short = AllocationDeclined(
        rule=rule.rule, period="2026-03", fund=GENERAL, need_cents=Cents(15_000), cover_cents=Cents(0), by=AMINA
    )
    found = restricted(short, story.book, story.book.at_us + 1)
    assert isinstance(found, Declined)
    assert "the first month that it credits is 2026-04" in found.why


def test_promised_money_is_not_credited_once_the_vote_for_the_advance_is_annulled() -> None:
    late = FundOpened(
        fund=FundId("late"), kind="sponsor", name="Late", advance_cents=Cents(10_000), decision=OWN, by=AMINA
    )
    rule = replace(monthly(5_000), fund=FundId("late"))
    notified = MoneyNotified(fund=FundId("late"), cents=Cents(10_000), reference="letter", by=AMINA)
    carried = given(*MARKET, voted(OWN), late, notified, rule).when(grant())
    assert isinstance(carried.last, AllocationGranted)
    stopped = annulled(late, notified, rule).when(grant())
    assert isinstance(stopped.last, Declined)
    assert "Fund late has 0.00 EUR, more is only promised. Decision its-vote is annulled" in stopped.last.why
    there = annulled(late, notified, rule, received(5_000, "late")).when(grant())
    assert isinstance(there.last, AllocationGranted)
