"""A vote carries rules once two officers accepted it and while it is in force; another vote ends that, forward only."""

from dataclasses import replace
from typing import Any

import pytest
from msgpack import packb, unpackb

from clearing.events.caisse import CharteAdopted, DecisionApproved, DecisionRecorded, Tally
from clearing.events.catalogue import Event
from clearing.events.codec import decode, encode
from clearing.rules.answers import Declined
from clearing.rules.book import Book
from clearing.rules.credit.allocation import decide_set_rule
from clearing.rules.voted import caisse, decisions
from clearing.values import DecisionId, MicroTime
from tests.given_when_then import Command, Story, given, paris
from tests.sayings import (
    AMINA,
    BRUNO,
    CADENET,
    FOUNDED,
    MARKET,
    VOTE,
    Till,
    charte,
    credit,
    grant,
    granted,
    line,
    monthly,
    pays,
)

LATER = DecisionId("ag-2026-06")
HALF = charte(pays("credit", veg=50, cheese=50, flour=50), version=2, effective_us=paris("2026-05-10 00:00:00"))


def vote(decision: str = "ag-2026-05", **more: Any) -> DecisionRecorded:
    fields: dict[str, Any] = {
        "title": "What the card pays", "body": "general-meeting", "method": "majority", "taken_on": "2026-05-02",
        "votes_for": 20, "votes_against": 3, "abstained": 1, "minutes_sha256": b"", "by": AMINA, "needs_approval": True,
    }  # fmt: skip
    return DecisionRecorded(decision=DecisionId(decision), **{**fields, **more})


def adopted(decision: str = "ag-2026-05", rules: CharteAdopted = HALF) -> CharteAdopted:
    return replace(rules, charte=replace(rules.charte, decision=DecisionId(decision)))


def adopt(event: CharteAdopted = HALF, decision: str = "ag-2026-05") -> Command:
    rules = adopted(decision, event).charte
    return lambda book, at_us: caisse.decide_adopt(
        book.caisse, charte=rules, funds=frozenset(book.funds), founding=False, by=AMINA, at_us=at_us
    )


def approval(decision: str = "ag-2026-05") -> DecisionApproved:
    return DecisionApproved(decision=DecisionId(decision), by=BRUNO)


def ruled(verb: str, from_us: int | None = None, ruling: str = LATER, decision: str = "ag-2026-05") -> Command:
    decide: Any = getattr(decisions, f"decide_{verb}")
    def decided(book: Book, at_us: int) -> Event | Declined:
        result: Event | Declined = decide(
            book.caisse, decision=DecisionId(decision), ruling=DecisionId(ruling), by=AMINA, at_us=at_us,
            from_us=MicroTime(at_us if from_us is None else from_us),
        )
        return result

    return decided


def why(story: Story) -> str:
    assert isinstance(story.last, Declined), story.last
    return story.last.why


def two_chartes() -> Story:
    """Charte 1 pays cheese at 70 %, charte 2 at 50 % from 10 May; a later vote is at hand."""
    events = (*MARKET, credit(10_000), vote(), approval(), adopted(), vote(LATER, taken_on="2026-05-03"), approval(LATER))
    return given(*events, at="2026-05-11 09:00:00")


def test_a_decision_waits_for_another_officer() -> None:
    story = given(*FOUNDED, CADENET, vote())
    assert "not approved yet" in why(story.when(adopt()))
    own = story.when(lambda book, _: decisions.decide_approve(book.caisse, decision=DecisionId("ag-2026-05"), by=AMINA))
    assert "two people" in why(own)
    story.when(lambda book, _: decisions.decide_approve(book.caisse, decision=DecisionId("ag-2026-05"), by=BRUNO)).then("00")
    again = story.when(lambda book, _: decisions.decide_approve(book.caisse, decision=DecisionId("ag-2026-05"), by=BRUNO))
    assert "approved already" in why(again)


def test_the_founding_approves_its_own_decisions() -> None:
    book = given(*FOUNDED).book
    assert decisions.standing(book.caisse, VOTE, book.at_us) is None
    missing = decisions.standing(book.caisse, DecisionId("nowhere"), book.at_us)
    assert missing is not None
    assert "not recorded" in missing.why


def test_a_decision_stored_before_there_was_an_approval_stands() -> None:
    stored = encode(vote(needs_approval=False))
    first = packb(unpackb(stored.public)[:10])
    assert decode(5, 1, first, b"") == vote(needs_approval=False)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"body": "mayor"}, "its body is one of"),
        ({"method": "shouting"}, "its method is one of"),
        ({"scope": "village"}, "its scope is caisse"),
        ({"scope": "structure:Les Amis"}, "start with a letter"),
        ({"body": "residents-group"}, "its own structure"),
        ({"tallies": (Tally("eaters", 20, 3, 0),)}, "its colleges sum to 20 for, 3 against and 0"),
        ({"tallies": (Tally("eaters", 10, 3, 1), Tally("eaters", 10, 0, 0))}, "counted twice"),
        ({"method": "consent"}, "nobody was against"),
        ({"method": "draw"}, "has no votes"),
        ({"method": "draw", "votes_for": 0, "votes_against": 0, "abstained": 0}, "how many persons were drawn"),
        ({"drawn": 12}, "with the method draw only"),
        ({"votes_for": 3}, "no majority"),
        ({"effective_on": "2026-05-01"}, "before it was taken"),
        ({"ends_on": "2026-05-02"}, "not after it begins"),
    ],
)
def test_a_vote_that_can_not_be_so_is_declined(more: dict[str, Any], said: str) -> None:
    story = given(*FOUNDED).when(lambda book, _: decisions.decide_record(book.caisse, vote(**more)))
    assert said in why(story)


@pytest.mark.parametrize(
    "more",
    [
        {"method": "consent", "votes_against": 0},
        {"method": "draw", "votes_for": 0, "votes_against": 0, "abstained": 0, "drawn": 15},
        {"votes_for": 9, "votes_against": 11, "tallies": (
            Tally("eaters", 2, 10, 1), Tally("producers", 4, 1, 0), Tally("town", 3, 0, 0))},
        {"body": "residents-group", "scope": "structure:les-glycines"},
        {"body": "citizens-committee", "scope": "group:young"},
    ],
)  # fmt: skip
def test_a_vote_by_each_method_and_body_is_recorded(more: dict[str, Any]) -> None:
    given(*FOUNDED).when(lambda book, _: decisions.decide_record(book.caisse, vote(**more))).then("00")


def test_a_charte_begins_no_sooner_than_its_decision_and_not_after_its_end() -> None:
    begins = vote(effective_on="2026-06-01")
    assert "takes effect on 2026-06-01" in why(given(*FOUNDED, CADENET, begins, approval()).when(adopt()))
    ends = vote(ends_on="2026-05-09")
    assert "ended on 2026-05-09" in why(given(*FOUNDED, CADENET, ends, approval()).when(adopt()))
    in_time = vote(effective_on="2026-05-10", ends_on="2026-05-11")
    given(*FOUNDED, CADENET, in_time, approval()).when(adopt()).then("00")


def test_the_charte_before_it_is_in_force_when_its_decision_ends() -> None:
    story = given(*MARKET, credit(10_000), vote(ends_on="2026-05-12"), approval(), adopted(), at="2026-05-11 09:00:00")
    till = Till()
    story.when(till.sale(line("cheese", 1_000)), till.tap()).then_pays("10", 500)
    story.at("2026-05-12 00:00:00").when(till.sale(line("cheese", 1_000)), till.tap()).then_pays("10", 700)


def test_a_suspended_decision_gives_way_to_the_charte_before_and_comes_back() -> None:
    story, till = two_chartes(), Till()
    story.when(till.sale(line("cheese", 1_000)), till.tap()).then_pays("10", 500)
    story.when(ruled("suspend", paris("2026-05-12 08:00:00"))).then("00")
    story.when(till.sale(line("cheese", 1_000)), till.tap()).then_pays("10", 500)
    story.at("2026-05-12 08:00:00").when(till.sale(line("cheese", 1_000)), till.tap()).then_pays("10", 700)
    story.when(ruled("resume", paris("2026-05-13 08:00:00"))).then("00")
    story.at("2026-05-13 07:59:59").when(till.sale(line("cheese", 1_000)), till.tap()).then_pays("10", 700)
    story.at("2026-05-13 08:00:00").when(till.sale(line("cheese", 1_000)), till.tap()).then_pays("10", 500)
    assert [event.charte_version for event in story.history if hasattr(event, "charte_version")] == [2, 2, 1, 1, 2]


def test_a_hold_keeps_the_charte_that_was_annulled_after_it() -> None:
    story, till = two_chartes(), Till()
    hold = till.auth(line("cheese", 1_000))
    story.when(hold, till.tap()).then_pays("10", 500)
    story.when(ruled("annul")).then("00")
    story.when(till.capture(hold, line("cheese", 1_000))).then_pays("10", 500)
    story.when(till.sale(line("cheese", 1_000)), till.tap()).then_pays("10", 700)
    assert "annulled already" in why(story.when(ruled("annul")))
    assert "annulled at that time" in why(story.when(ruled("resume")))


def test_nothing_is_sold_when_no_decision_carries_a_charte_any_more() -> None:
    events = (*MARKET, credit(10_000), vote(LATER), approval(LATER))
    story, till = given(*events, at="2026-05-11 09:00:00").when(ruled("annul", decision=VOTE)), Till()
    story.when(till.sale(line("veg", 1_000)), till.tap()).then("12")


@pytest.mark.parametrize(
    ("verb", "asked", "said"),
    [
        ("suspend", {"from_us": paris("2026-05-11 08:59:59")}, "forward only"),
        ("suspend", {"ruling": "ag-2026-05"}, "not taken after"),
        ("suspend", {"ruling": VOTE}, "not taken after"),
        ("suspend", {"ruling": "nowhere"}, "nowhere is not recorded"),
        ("suspend", {"decision": "nowhere"}, "nowhere is not recorded"),
        ("resume", {}, "only a suspended one"),
    ],
)
def test_a_ruling_that_can_not_be_is_declined_with_what_to_do(verb: str, asked: dict[str, Any], said: str) -> None:
    assert said in why(two_chartes().when(ruled(verb, **asked)))


def test_rulings_come_one_after_the_other_and_never_before_one_that_stands() -> None:
    story = two_chartes().when(ruled("suspend", paris("2026-05-20 00:00:00"))).then("00")
    assert "choose that instant or a later one" in why(story.when(ruled("annul", paris("2026-05-15 00:00:00"))))
    assert "suspended already" in why(story.when(ruled("suspend", paris("2026-05-21 00:00:00"))))


def test_a_decision_about_one_structure_rules_on_none_of_the_whole_caisse() -> None:
    local = vote("glycines", taken_on="2026-05-04", scope="structure:les-glycines", body="residents-group")
    story = two_chartes().and_given(local, approval("glycines"))
    assert "can't rule on ag-2026-05" in why(story.when(ruled("suspend", ruling="glycines")))


def test_a_rule_whose_decision_is_suspended_grants_nothing_until_it_is_resumed() -> None:
    rule = replace(monthly(), decision=DecisionId("ag-2026-05"))
    story = given(*MARKET, vote(), approval(), rule, vote(LATER), approval(LATER))
    story.when(ruled("suspend")).then("00")
    assert "suspended since" in why(story.when(grant()))
    story.when(ruled("resume")).then("00")
    granted(story.when(grant()).last)


@pytest.mark.parametrize(
    ("scope", "who", "said"),
    [
        ("group:young", ("young",), None),
        ("group:young", (), "about group:young only"),
        ("group:young", ("young", "old"), "about group:young only"),
        ("structure:les-glycines", ("young",), "about structure:les-glycines only"),
        ("caisse", (), None),
    ],
)
def test_a_credit_reaches_nobody_beyond_the_scope_of_its_vote(scope: str, who: tuple[str, ...], said: str | None) -> None:
    rule = replace(monthly(15_000, *who), decision=DecisionId("ag-2026-05"))
    story = given(*FOUNDED, vote(scope=scope), approval())
    story.when(lambda book, _: decide_set_rule(rule, funds=book.funds))
    if said is None:
        story.then("00")
    else:
        assert said in why(story)


def test_the_prepared_list_says_what_the_plain_search_says() -> None:
    story = two_chartes().when(ruled("suspend", paris("2026-05-12 08:00:00")))
    story.when(ruled("annul", paris("2026-05-20 00:00:00"))).then("00")
    for day in range(1, 30):
        at_us = paris(f"2026-05-{day:02d} 12:00:00")
        assert story.book.caisse.charte_at(at_us) == _searched(story.book, at_us)


def _searched(book: Book, at_us: int) -> object:
    """The charte in force, by its law read aloud."""
    found = [
        one for one in book.caisse.chartes
        if one.effective_us <= at_us and decisions.standing(book.caisse, one.decision, at_us) is None
    ]
    return max(found, key=lambda one: (one.effective_us, one.version)) if found else None
