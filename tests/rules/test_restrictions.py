"""A rule that fills a purse from a bound fund stays inside its earmark, whichever room votes it and whichever comes first."""

from dataclasses import replace

import pytest

from clearing.events.catalogue import Event
from clearing.events.crediting import EmergencyRuleSet
from clearing.events.funds import Earmark
from clearing.events.grants import EarmarkSet
from clearing.rules.voted.restrictions import restricted
from clearing.values import CategoryId, Cents, FundId, PurseKind
from tests.given_when_then import Story, given
from tests.sayings import AMINA, MARKET, VOTE, bonus, monthly, opened

GREEN = FundId("green")
BOUND = EarmarkSet(fund=GREEN, earmark=Earmark(categories=(CategoryId("veg"),)), decision=VOTE, by=AMINA)
EMERGENCY = EmergencyRuleSet(
    rule="urgent", purse=PurseKind("credit"), fund=GREEN, each_max_cents=Cents(5_000), day_max_cents=Cents(9_000),
    days_valid=30, groups=(), decision=VOTE, by=AMINA,
)  # fmt: skip


def said(event: Event, story: Story) -> str:
    found = restricted(event, story.book, story.book.at_us + 1)
    return "" if found is None else found.why


@pytest.mark.parametrize(
    "rule",
    [
        EMERGENCY, bonus(50, "veg", fund=GREEN, purse=PurseKind("credit")), replace(monthly(), short_fund=GREEN, short="fund"),
        replace(monthly(), fund=GREEN),
    ],
    ids=["emergency", "bonus", "the fund that steps in", "credit"],
)  # fmt: skip
def test_a_rule_that_fills_a_purse_from_a_bound_fund_stays_inside_its_earmark(rule: Event) -> None:
    bound = given(*MARKET, opened("green"), BOUND)
    assert "take cheese, flour out of its covers" in said(rule, bound)
    assert "purse credit, which fund green fills" in said(BOUND, given(*MARKET, opened("green"), rule))
