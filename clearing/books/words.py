"""Law: what papers say is one catalogue per language with the same keys, in words that shame nobody.

Amounts are as people write them. French: a narrow space between thousands and a fixed one before the euro sign. English:
the sign in front.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final

from clearing.books.english import ENGLISH
from clearing.books.french import FRENCH
from clearing.rules.calendar import civil_date

NARROW, FIXED, MINUS = "\u202f", "\u00a0", "-"
CATALOGUES: Final = {"fr": FRENCH, "en": ENGLISH}
LANGUAGES: Final = tuple(CATALOGUES)


@dataclass(frozen=True, slots=True)
class Words:
    """language: one of LANGUAGES."""

    language: str

    def said(self, key: str, **values: object) -> str:
        """Raises KeyError for a key that the catalogue does not have."""
        return CATALOGUES[self.language][key].format(**values)

    def money(self, cents: int) -> str:
        """123456 -> "1 234,56 €" or "€1,234.56"."""
        whole, part = divmod(abs(cents), 100)
        sign = MINUS if cents < 0 else ""
        if self.language == "fr":
            return f"{sign}{whole:,}".replace(",", NARROW) + f",{part:02d}{FIXED}€"
        return f"{sign}€{whole:,}.{part:02d}"

    def day(self, day: date | str) -> str:
        """12/03/2026 in French, 12 March 2026 in English."""
        on = civil_date(day) if isinstance(day, str) else day
        if self.language == "fr":
            return f"{on.day:02d}/{on.month:02d}/{on.year:04d}"
        return f"{on.day} {_MONTHS[on.month - 1]} {on.year}"

    def month(self, period: str) -> str:
        """2026-05 -> "mai 2026" or "May 2026"."""
        year, _, month = period.partition("-")
        return f"{(_MOIS if self.language == 'fr' else _MONTHS)[int(month) - 1]} {year}"

    def percent(self, part: int, whole: int) -> str:
        """Rounded down to a whole percent; "-" of nothing."""
        if whole <= 0:
            return "-"
        return f"{part * 100 // whole}{FIXED}%" if self.language == "fr" else f"{part * 100 // whole}%"


_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_MOIS: Final = (
    "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre",
)  # fmt: skip
