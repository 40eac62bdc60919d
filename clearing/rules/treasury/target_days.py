"""Law: banks settle on TARGET days; a collection is made on one of them, and its file is there some of them before.

Closed: Saturdays, Sundays, 1 January, Good Friday, Easter Monday, 1 May, 25 and 26 December. Source: the ECB.
"""

from datetime import date, timedelta
from typing import Final

_FIXED: Final = {(1, 1), (5, 1), (12, 25), (12, 26)}
_SATURDAY: Final = 5
_ONE_DAY: Final = timedelta(days=1)


def easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar, by the anonymous algorithm of 1876."""
    golden, century = year % 19, year // 100
    skipped = century - century // 4 - (8 * century + 13) // 25
    epact = (skipped + 19 * golden + 15) % 30
    moon = epact - epact // 28 * (1 - 29 // (epact + 1) * ((21 - golden) // 11))
    weekday = (year + year // 4 + moon + 2 - century + century // 4) % 7
    day = moon - weekday
    month = 3 + (day + 40) // 44
    return date(year, month, day + 28 - 31 * (month // 4))


def is_target_day(day: date) -> bool:
    around_easter = (easter(day.year) - 2 * _ONE_DAY, easter(day.year) + _ONE_DAY)
    return day.weekday() < _SATURDAY and (day.month, day.day) not in _FIXED and day not in around_easter


def target_days_before(day: date, number: int) -> date:
    """The day that is so many TARGET days before another one."""
    while number:
        day -= _ONE_DAY
        number -= is_target_day(day)
    return day


def next_target_day(day: date) -> date:
    """The first one from this day on, the day itself included."""
    while not is_target_day(day):
        day += _ONE_DAY
    return day
