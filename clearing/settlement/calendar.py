"""Law: banks pay on TARGET days, a caisse counts civil days of its own zone, and neither asks the machine's clock or zone.

Source: the TARGET closing days as `holidays` publishes them for the ECB, with Saturdays and Sundays; IANA time zones.
"""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo

import holidays

from clearing.values import MicroTime

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_ONE_DAY: Final = timedelta(days=1)
_MICROSECOND: Final = timedelta(microseconds=1)
_SATURDAY: Final = 5


@cache
def _closing_days(year: int) -> frozenset[date]:
    return frozenset(holidays.financial_holidays("ECB", years=year))


def is_business_day(day: date) -> bool:
    """Whether banks settle euro transfers on this day."""
    return day.weekday() < _SATURDAY and day not in _closing_days(day.year)


def next_business_day(day: date) -> date:
    """The first TARGET day strictly after `day`: approved on a Friday, paid on Monday."""
    following = day + _ONE_DAY
    while not is_business_day(following):
        following += _ONE_DAY
    return following


def cutoff_us(day: date, zone: ZoneInfo) -> MicroTime:
    """The last microsecond of that local day, in microseconds since 1970 UTC.

    A sale at or before it belongs to the day, the next microsecond to the day after; 23 and 25 hour days included.
    """
    next_midnight = datetime.combine(day + _ONE_DAY, time.min, tzinfo=zone)
    return MicroTime((next_midnight.astimezone(UTC) - EPOCH) // _MICROSECOND - 1)


def local_time(at_us: int, zone: ZoneInfo) -> datetime:
    """The moment as that zone's clocks show it. Raises OverflowError beyond the year 9999."""
    return (EPOCH + timedelta(microseconds=at_us)).astimezone(zone)
