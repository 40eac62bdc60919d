"""What binds the whole caisse stands on a vote that two officers recorded and approved, that is in force and everybody's."""

import pytest

from clearing.audit import audit
from clearing.events.codes import Code
from clearing.events.cotisations import CotisationReceived
from clearing.events.funds import SingleGranted
from clearing.values import PersonId
from tests.living_caisse import AMINA, BRUNO, SERVER_KEY, charte_body, decision_body
from tests.memory_log import Desk, furnished

EARMARK: dict[str, object] = {"categories": ["fruit-veg", "animal", "staple"]}
EMERGENCY: dict[str, object] = {
    "rule": "emergency", "purse": "credit", "fund": "general", "each_max_cents": 5_000, "day_max_cents": 8_000,
    "days_valid": 7, "groups": [],
}
COMMANDS: dict[str, dict[str, object]] = {
    "bind_fund": {"fund": "general", "earmark": EARMARK},
    "vote_advance": {"fund": "general", "advance_cents": 100_000},
    "open_fund": {"fund": "late", "kind": "sponsor", "name": "Late", "advance_cents": 100_000},
    "propose_transfer": {"fund": "general", "to": "tier", "cents": 100, "reason": "x"},
    "freeze_credits": {},
    "propose_closure": {
        "last_day": "2026-06-30", "heirs": [{"fund": "general", "body": "X"}, {"fund": "tier", "body": "X"}],
    },
    "set_household_rules": {"separation": "stay", "leaving": "at-once"},
    "set_emergency_rule": EMERGENCY,
    "set_cotisation_rule": {
        "rule": "c", "fund": "general", "minimum_cents": 1_000, "step_cents": 1, "levels": [], "free": True,
        "means": ["cash"], "over_is_gift": False,
    },
}


def desk_with(vote: dict[str, object]) -> Desk:
    """A vote that Amina recorded, and nobody approved yet."""
    desk = furnished()
    desk.order(AMINA, "open_fund", {"fund": "tier", "kind": "tier", "name": "Tier", "advance_cents": 0})
    desk.order(AMINA, "record_decision", decision_body("own-idea") | vote)
    return desk


def said(desk: Desk, person: PersonId, verb: str, body: dict[str, object]) -> tuple[str, str]:
    reply = desk.command(person, verb, body)
    return reply.rc, reply.why


@pytest.mark.parametrize("verb", COMMANDS)
def test_nothing_stands_on_a_vote_that_one_person_alone_recorded(verb: str) -> None:
    desk, body = desk_with({}), COMMANDS[verb] | {"decision": "own-idea"}
    code, why = said(desk, AMINA, verb, body)
    assert code == Code.NOT_ALLOWED_NOW
    assert "clearing decision approve own-idea" in why
    desk.order(BRUNO, "approve_decision", {"decision": "own-idea"})
    assert said(desk, AMINA, verb, body)[0] == Code.APPROVED


@pytest.mark.parametrize("verb", COMMANDS)
def test_a_residents_group_does_not_decide_for_the_whole_caisse(verb: str) -> None:
    desk = desk_with({"body": "residents-group", "scope": "structure:tower"})
    desk.order(BRUNO, "approve_decision", {"decision": "own-idea"})
    code, why = said(desk, AMINA, verb, COMMANDS[verb] | {"decision": "own-idea"})
    assert code == Code.NOT_ALLOWED_NOW
    assert "for the whole caisse to vote" in why


def test_a_fund_with_an_advance_and_no_vote_for_it_is_not_opened() -> None:
    desk = desk_with({})
    code, why = said(desk, AMINA, "open_fund", COMMANDS["open_fund"])
    assert code == Code.NOT_ALLOWED_NOW
    assert "name the advance and the decision for it, or neither" in why
    assert said(desk, AMINA, "open_fund", COMMANDS["open_fund"] | {"advance_cents": 0})[0] == Code.APPROVED


def annulled(desk: Desk) -> None:
    desk.order(AMINA, "record_decision", decision_body("against") | {"taken_on": "2026-04-30"})
    desk.order(BRUNO, "approve_decision", {"decision": "against"})
    desk.order(AMINA, "annul_decision", {"decision": "own-idea", "ruling": "against"})
    desk.pass_time()


def test_emergency_credit_ends_with_the_vote_for_it() -> None:
    desk = desk_with({})
    desk.order(BRUNO, "approve_decision", {"decision": "own-idea"})
    desk.order(AMINA, "set_emergency_rule", EMERGENCY | {"decision": "own-idea"})
    desk.order(BRUNO, "make_spare_cards", {"cards": [{"card": b"s" * 16, "key_version": 1, "alias": "spare"}]})
    annulled(desk)
    give = {"rule": "emergency", "cents": 3_000, "alias": "spare", "member": "e-1"}
    code, why = said(desk, BRUNO, "give_emergency", give)
    assert code == Code.NOT_ALLOWED_NOW
    assert "annulled" in why


def test_money_does_not_leave_a_fund_on_a_vote_that_was_annulled_before_the_second_person_looked() -> None:
    desk = desk_with({})
    desk.order(BRUNO, "approve_decision", {"decision": "own-idea"})
    desk.order(AMINA, "propose_transfer", COMMANDS["propose_transfer"] | {"decision": "own-idea"})
    annulled(desk)
    code, why = said(desk, BRUNO, "confirm_transfer", {"transfer": 1})
    assert code == Code.NOT_ALLOWED_NOW
    assert "annulled" in why


def test_annulling_a_charte_does_not_bring_one_back_that_lets_bound_money_out() -> None:
    desk = desk_with({})
    desk.order(BRUNO, "approve_decision", {"decision": "own-idea"})
    desk.order(AMINA, "adopt_charte", charte_body(2, "own-idea", desk.clock.us + 1_000_000, {"fruit-veg": 10_000}))
    desk.pass_time(us=2_000_000)
    bound: dict[str, object] = {"fund": "general", "earmark": {"categories": ["fruit-veg"]}, "decision": "ag-2026-04"}
    desk.order(AMINA, "bind_fund", bound)
    desk.order(AMINA, "record_decision", decision_body("against") | {"taken_on": "2026-04-30"})
    desk.order(BRUNO, "approve_decision", {"decision": "against"})
    annul: dict[str, object] = {"decision": "own-idea", "ruling": "against"}
    code, why = said(desk, AMINA, "annul_decision", annul)
    assert code == Code.NOT_ALLOWED_NOW
    assert "take animal, staple out" in why
    assert "adopt one that takes its place first" in why
    desk.order(AMINA, "adopt_charte", charte_body(3, "ag-2026-04", desk.clock.us + 1_000_000, {"fruit-veg": 9_000}))
    desk.pass_time(us=2_000_000)
    desk.order(AMINA, "annul_decision", annul)


def test_a_fund_is_not_bound_when_a_charte_that_comes_back_would_let_its_money_out() -> None:
    desk = desk_with({"ends_on": "2026-05-20"})
    desk.order(BRUNO, "approve_decision", {"decision": "own-idea"})
    desk.order(AMINA, "adopt_charte", charte_body(2, "own-idea", desk.clock.us + 1_000_000, {"fruit-veg": 10_000}))
    desk.pass_time(us=2_000_000)
    bound: dict[str, object] = {"fund": "general", "earmark": {"categories": ["fruit-veg"]}, "decision": "ag-2026-04"}
    code, why = said(desk, AMINA, "bind_fund", bound)
    assert code == Code.NOT_ALLOWED_NOW
    assert "take animal, staple out" in why


async def test_a_cotisation_that_arrives_after_the_vote_ended_brings_no_credit_and_the_log_still_holds() -> None:
    desk = desk_with({})
    desk.order(BRUNO, "approve_decision", {"decision": "own-idea"})
    desk.order(AMINA, "set_cotisation_rule", COMMANDS["set_cotisation_rule"] | {"decision": "ag-2026-04"})
    desk.order(AMINA, "set_allocation_rule", {
        "rule": "paid", "purse": "credit", "fund": "general", "cents_each": 5_000, "months_valid": 1, "who": [],
        "decision": "own-idea", "after_cotisation": True,
    })
    desk.order(AMINA, "grant", {"rule": "paid", "period": "2026-05"})
    annulled(desk)
    desk.order(AMINA, "receive_cotisation", {
        "member": "m-1", "rule": "c", "period": "2026-05", "cents": 1_000, "means": "cash", "reference": "page 1",
    })
    assert isinstance(desk.log.events()[-1], CotisationReceived)
    found = await audit(desk.log, report=lambda _line: None, server_keys=[SERVER_KEY.public])
    assert found.ok, found.reason


async def test_who_pays_by_the_quarter_has_the_credit_of_each_of_its_months() -> None:
    desk = desk_with({})
    desk.order(AMINA, "set_cotisation_rule", COMMANDS["set_cotisation_rule"] | {"decision": "ag-2026-04"})
    desk.order(BRUNO, "agree_cotisation", {
        "member": "m-1", "rule": "c", "cents": 3_000, "every_months": 3, "from_period": "2026-04", "means": "cash",
    })
    desk.order(AMINA, "set_allocation_rule", {
        "rule": "paid", "purse": "paid", "fund": "general", "cents_each": 5_000, "months_valid": 2, "who": [],
        "decision": "ag-2026-04", "after_cotisation": True,
    })
    desk.order(AMINA, "grant", {"rule": "paid", "period": "2026-04"})
    desk.order(AMINA, "grant", {"rule": "paid", "period": "2026-05"})
    desk.order(AMINA, "receive_cotisation", {
        "member": "m-1", "rule": "c", "period": "2026-05", "cents": 3_001, "means": "cash", "reference": "page 1",
    })
    assert [(event.period, event.cents) for event in desk.log.events()[-2:] if isinstance(event, SingleGranted)] == [
        ("2026-04", 5_000), ("2026-05", 5_000),
    ]
    assert desk.book.allocation.paid_in["m-1"] == {"2026-04": 1_001, "2026-05": 1_000, "2026-06": 1_000}  # type: ignore[index]
    desk.pass_time(days=32)
    desk.order(AMINA, "grant", {"rule": "paid", "period": "2026-06"})
    assert getattr(desk.log.events()[-1], "total_cents", 0) == 5_000
    found = await audit(desk.log, report=lambda _line: None, server_keys=[SERVER_KEY.public])
    assert found.ok, found.reason
