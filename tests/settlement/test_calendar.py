"""Law: banks pay on TARGET days; a civil day has 23, 24 or 25 hours and ends on its own last microsecond."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st

from clearing.settlement.calendar import EPOCH, cutoff_us, is_business_day, local_time, next_business_day

PARIS = ZoneInfo("Europe/Paris")
HOUR_US = 3_600_000_000
FRENCH_ZONES = [
    "Europe/Paris",
    "America/Guadeloupe",
    "Indian/Reunion",
    "Pacific/Noumea",
    "America/Miquelon",
    "America/Cayenne",
]


def utc_us(*moment: int) -> int:
    return (datetime(*moment, tzinfo=UTC) - EPOCH) // timedelta(microseconds=1)  # type: ignore[misc, arg-type]


@pytest.mark.parametrize(
    ("approved", "paid"),
    [
        (date(2026, 11, 23), date(2026, 11, 24)),  # Monday
        (date(2026, 11, 27), date(2026, 11, 30)),  # Friday
        (date(2026, 11, 28), date(2026, 11, 30)),  # Saturday
        (date(2026, 11, 29), date(2026, 11, 30)),  # Sunday
        (date(2026, 12, 24), date(2026, 12, 28)),  # Christmas, Saint Stephen, a Sunday
        (date(2026, 12, 31), date(2027, 1, 4)),  # New Year, a weekend
        (date(2026, 4, 2), date(2026, 4, 7)),  # Good Friday to Easter Monday
        (date(2026, 4, 30), date(2026, 5, 4)),  # Labour Day, a weekend
        (date(2026, 7, 13), date(2026, 7, 14)),  # Bastille Day is a TARGET day
        (date(2026, 11, 10), date(2026, 11, 11)),  # Armistice Day too
    ],
)
def test_payment_follows_on_the_next_target_day(approved: date, paid: date) -> None:
    assert next_business_day(approved) == paid


@given(st.dates(date(2020, 1, 1), date(2100, 1, 1)))
def test_no_bank_day_lies_between_a_day_and_the_next_bank_day(day: date) -> None:
    following = next_business_day(day)
    assert is_business_day(following)
    assert 0 < (following - day).days <= 5
    assert not any(is_business_day(day + timedelta(days=n)) for n in range(1, (following - day).days))


@pytest.mark.parametrize(
    ("day", "last_utc_us", "hours"),
    [
        (date(2026, 3, 28), utc_us(2026, 3, 28, 23) - 1, 24),
        (date(2026, 3, 29), utc_us(2026, 3, 29, 22) - 1, 23),  # clocks go forward
        (date(2026, 3, 30), utc_us(2026, 3, 30, 22) - 1, 24),
        (date(2026, 10, 24), utc_us(2026, 10, 24, 22) - 1, 24),
        (date(2026, 10, 25), utc_us(2026, 10, 25, 23) - 1, 25),  # clocks go back
        (date(2026, 10, 26), utc_us(2026, 10, 26, 23) - 1, 24),
        (date(2026, 12, 31), utc_us(2026, 12, 31, 23) - 1, 24),
    ],
)
def test_a_paris_day_ends_right_around_both_clock_changes(day: date, last_utc_us: int, hours: int) -> None:
    assert cutoff_us(day, PARIS) == last_utc_us
    assert cutoff_us(day, PARIS) - cutoff_us(day - timedelta(days=1), PARIS) == hours * HOUR_US


def test_a_sale_at_the_last_microsecond_belongs_to_the_day_and_the_next_to_the_day_after() -> None:
    cutoff = cutoff_us(date(2026, 5, 31), PARIS)
    assert local_time(cutoff, PARIS).isoformat() == "2026-05-31T23:59:59.999999+02:00"
    assert local_time(cutoff + 1, PARIS).isoformat() == "2026-06-01T00:00:00+02:00"


@given(day=st.dates(date(2015, 1, 1), date(2099, 12, 30)), zone=st.sampled_from(FRENCH_ZONES).map(ZoneInfo))
def test_every_day_ends_where_the_next_begins_in_every_french_zone(day: date, zone: ZoneInfo) -> None:
    cutoff = cutoff_us(day, zone)
    assert local_time(cutoff, zone).date() == day
    assert local_time(cutoff + 1, zone).date() == day + timedelta(days=1)
