"""Law: days, months and years are civil, in the caisse's zone; an instant is microseconds UTC; a period is "YYYY-MM"."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from clearing.values import InvalidValue, MicroTime

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def instant_us(moment: datetime) -> MicroTime:
    """Microseconds UTC of an aware datetime, in integers."""
    return MicroTime((moment - _EPOCH) // timedelta(microseconds=1))


class CivilCalendar:
    """Civil time of one zone. Remembers the last day asked for, because a caisse asks about the same day all day long."""

    def __init__(self, zone: str) -> None:
        self.zone = ZoneInfo(zone)
        self._day = date.min
        self._from_us = MicroTime(0)
        self._until_us = MicroTime(0)

    def day(self, at_us: int) -> date:
        """The civil day of an instant."""
        if not self._from_us <= at_us < self._until_us:
            self._day = (_EPOCH + timedelta(microseconds=at_us)).astimezone(self.zone).date()
            self._from_us = self.start_us(self._day)
            self._until_us = self.start_us(self._day + timedelta(days=1))
        return self._day

    def start_us(self, day: date) -> MicroTime:
        """The first instant of a civil day."""
        return instant_us(datetime(day.year, day.month, day.day, tzinfo=self.zone))

    def end_of_day_us(self, day: date) -> MicroTime:
        """The first instant after a civil day: a cut-off or an expiry "at the end of" it."""
        return self.start_us(day + timedelta(days=1))

    def period_end_us(self, period: str, months: int) -> MicroTime:
        """The first instant after `months` civil months counted from the first day of `period`."""
        first = period_start(period)
        index = first.year * 12 + first.month - 1 + months
        return self.start_us(date(index // 12, index % 12 + 1, 1))


def period_start(period: str) -> date:
    """First day of "YYYY-MM". Raises InvalidValue for any other text."""
    try:
        return _exactly(period + "-01")
    except ValueError:
        raise InvalidValue(f"a month is written YYYY-MM, like 2017-01, not {period!r}") from None


def civil_date(text: str, *, what: str = "date") -> date:
    """An ISO date. Raises InvalidValue."""
    try:
        return _exactly(text)
    except ValueError:
        raise InvalidValue(f"{what} is written YYYY-MM-DD, like 2017-01-31, not {text!r}") from None


def _exactly(text: str) -> date:
    """One day has one spelling: what a person signed is compared with what was recorded."""
    day = date.fromisoformat(text)
    if day.isoformat() != text:
        raise ValueError
    return day


def local_text(zone: str, at_us: int) -> str:
    """An instant as people of the zone read it: "2017-06-01 00:00:00 CEST"."""
    return (_EPOCH + timedelta(microseconds=at_us)).astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M:%S %Z")
