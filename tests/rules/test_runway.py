"""How long money lasts, by what was spent lately; and the gauge of what flows in and out over twelve months."""

from dataclasses import replace
from datetime import date

import pytest

from clearing.cli.funds import told
from clearing.events.catalogue import Event
from clearing.events.funds import MoneyReceived
from clearing.events.grants import CreditsFrozen
from clearing.rules.book import Book
from clearing.rules.treasury.runway import Flows
from clearing.values import Cents, FundId
from tests.given_when_then import Story, given
from tests.sayings import AMINA, MARKET, VOTE, Till, grant, line, monthly, opened, own_money, received, voted


def flows_of(story: Story) -> Flows:
    flows = Flows()
    for position, (event, at_us) in enumerate(zip(story.history, story.instants, strict=True), 1):
        flows.take(event, position, at_us)
    return flows


def lived(*more: Event) -> Story:
    """10,000.00 EUR in January, 100.00 EUR a month for one member, of which she spends 60.00 in February."""
    till = Till()
    before = voted("ag-2025-12", taken_on="2025-12-10")
    rule = replace(monthly(10_000, months=1), decision=before.decision)
    story = given(*MARKET, before, rule, *more, at="2026-01-01 08:00:00").when(grant("2026-01"))
    story.at("2026-02-01 08:00:00").when(grant("2026-02"))
    story.when(till.sale(line("veg", 6_000)), till.tap())
    return story.at("2026-03-01 08:00:00").when(grant("2026-03"))


def test_what_lapsed_was_not_spent_and_the_rest_lasts_at_the_mean() -> None:
    story = lived()
    there = story.book.funds[FundId("general")].there_cents()
    found = flows_of(story).runway({"general": there}, date(2026, 3, 31))
    assert (found.there_cents, found.spent_cents, found.days) == (1_000_000 - 16_000, 16_000, 90)
    assert found.a_month_cents == 5_407  # 16,000 x 365 / (12 x 90), half up
    assert found.tenths == 984_000 * 10 * 12 * 90 // (16_000 * 365)
    assert found.runs_out == date(2041, 5, 26)


def test_a_young_caisse_is_told_that_it_is_too_early() -> None:
    found = flows_of(lived()).runway({"general": 500}, date(2026, 1, 20))
    assert (found.days, found.tenths, found.runs_out) == (20, None, None)


def test_transfers_and_receipts_are_no_spending() -> None:
    story = given(*MARKET, opened("tier"), received(500, "tier"), at="2026-01-01 08:00:00")
    assert flows_of(story).runway({"general": 1_000_000, "tier": 500}, date(2026, 3, 31)).spent_cents == 0


def test_the_gauge_counts_what_came_to_the_bank_and_what_cards_paid_within_a_year() -> None:
    story = lived(own_money(2_500))
    flows = flows_of(story)
    assert flows.gauge(date(2026, 12, 31))[:2] == (1_002_500, 6_000)
    assert flows.gauge(date(2027, 1, 5))[:2] == (0, 6_000)


@pytest.mark.parametrize(("euros", "percent", "warns"), [(690_000, 70, 70), (890_000, 90, 90), (679_000, 68, None)])
def test_the_gauge_warns_at_seventy_and_at_ninety_percent(euros: int, percent: int, warns: int | None) -> None:
    more = MoneyReceived(fund=FundId("general"), cents=Cents(euros * 100), reference="r", by=AMINA)
    gauge = flows_of(lived(more)).gauge(date(2026, 12, 31))
    assert (gauge.percent, gauge.warning()) == (percent, warns)


def page(book: Book, flows: Flows, today: date) -> str:
    return "\n".join(told(book, flows, today))


def test_the_page_of_funds_says_how_long_it_lasts_and_what_to_do_before_it_ends() -> None:
    story = lived()
    said = page(story.book, flows_of(story), date(2026, 3, 31))
    assert "received 10 000.00, engaged 160.00, advance 0.00, free 9 840.00 EUR" in said
    assert "spent 160.00 EUR in the last 90 days, 54.07 EUR a month; what is there lasts 181.9 months, until 2041-05-26" in said
    assert "WARNING" not in said
    assert "freeze" not in said
    assert "in the last 1 day, too early" in page(story.book, flows_of(story), date(2026, 1, 1))
    story.book.funds[FundId("general")].received_cents = 26_000
    said = page(story.book, flows_of(story), date(2026, 3, 31))
    assert "lasts 1.8 months" in said
    assert "clearing credits freeze" in said
    story.and_given(CreditsFrozen(decision=VOTE, by=AMINA))
    assert f"Credits are frozen by decision {VOTE}" in page(story.book, flows_of(story), date(2026, 3, 31))


def test_the_page_of_funds_shouts_when_a_fund_is_short_or_the_threshold_near() -> None:
    big = MoneyReceived(fund=FundId("general"), cents=Cents(75_000_000), reference="r", by=AMINA)
    story = lived(big)
    story.book.funds[FundId("general")].received_cents = 10_000
    said = page(story.book, flows_of(story), date(2026, 3, 31))
    assert "SHORT: 60.00 EUR more are engaged than came" in said
    assert "WARNING: 70 % of that threshold are passed" in said
