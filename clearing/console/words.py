"""Law: what a person reads is in her language: French or English, amounts and days as they are written there.

msgids are the English sentences; words/fr.po has the French ones. What a command, a field or a state is called has a key
("verb grant") and is in both files. Sentences of the rules are kept in the log in English; for a page they are recognised by
their form and said in French (refusals.po: "Decision {} is not recorded ...").
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from importlib import resources
from io import BytesIO
from typing import Final
from zoneinfo import ZoneInfo

from babel import dates, numbers
from babel.messages.pofile import read_po

LANGUAGES: Final = ("fr", "en")
_PLACE: Final = re.compile(r"\\\{\w*\\\}|\{\w*\}")


@cache
def catalogue(name: str) -> Mapping[str, str]:
    """msgid -> what is said, of one .po file of words/."""
    raw = resources.files("clearing.console").joinpath(f"words/{name}.po").read_bytes()
    return {str(one.id): str(one.string) for one in read_po(BytesIO(raw), abort_invalid=True) if one.id and one.string}


@dataclass(frozen=True, slots=True)
class Words:
    """Of one language and one caisse's civil time."""

    language: str
    zone: ZoneInfo

    def say(self, text: str, **values: object) -> str:
        """A sentence of the console; {name} in it is filled in."""
        said = catalogue(self.language).get(text, text)
        return said.format(**values) if values else said

    def refusal(self, text: str) -> str:
        """A sentence of the rules. One that nobody translated stays English."""
        if self.language != "fr":
            return text
        for form, french in _refusals():
            found = form.fullmatch(text)
            if found is not None:
                return french.format(*found.groups())
        return text

    def euros(self, cents: int) -> str:
        """1234567 -> "12 345,67 €" or "€12,345.67"."""
        whole, part = divmod(abs(cents), 100)
        number = numbers.format_decimal(whole, locale=self.language)
        sign = "-" if cents < 0 else ""
        return f"{sign}{number},{part:02d}\u00a0€" if self.language == "fr" else f"{sign}€{number}.{part:02d}"

    def percent(self, rate: int) -> str:
        """7000 -> "70 %" or "70%"."""
        whole, part = divmod(rate, 100)
        decimals = f"{part:02d}".rstrip("0")
        if self.language == "fr":
            return f"{whole}{f',{decimals}' if decimals else ''}\u00a0%"
        return f"{whole}{f'.{decimals}' if decimals else ''}%"

    def day(self, day: date | str) -> str:
        """ "31 mai 2026" or "31 May 2026"."""
        value = date.fromisoformat(day) if isinstance(day, str) else day
        return dates.format_date(value, "d MMMM yyyy", locale=self.language)

    def month(self, period: str) -> str:
        return dates.format_date(date.fromisoformat(f"{period}-01"), "MMMM yyyy", locale=self.language)

    def instant(self, at_us: int) -> str:
        """ "31 mai 2026, 09:30" in the caisse's time."""
        local = datetime.fromtimestamp(at_us // 1_000_000, UTC).astimezone(self.zone)
        return f"{self.day(local.date())}, {local:%H:%M}"


@cache
def _refusals() -> "tuple[tuple[re.Pattern[str], str], ...]":
    """Forms with most fixed letters first: the most exact one that fits speaks."""
    forms = sorted(catalogue("refusals").items(), key=lambda one: -len(_PLACE.sub("", one[0])))
    return tuple((_form(english), french) for english, french in forms)


def _form(english: str) -> re.Pattern[str]:
    return re.compile("(.+?)".join(re.escape(piece) for piece in _PLACE.split(english)), re.DOTALL)
