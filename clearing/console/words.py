"""Law: what a person reads is in her language: French or English, amounts and days as they are written there.

msgids are the English sentences; words/fr.po has the French ones. What a command, a field or a state is called has a key
("verb grant") and is in both files. Sentences of the rules are kept in the log in English; for a page they are recognised by
their form and said in French (refusals.po: "Decision {} is not recorded ..."). {0} in the French is the first place of the
form, {0:role} the role that stands there, {0:text} another such sentence, {0:month} a month like 2026-05.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache, lru_cache
from importlib import resources
from io import BytesIO
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from babel import dates, numbers
from babel.messages.pofile import read_po

LANGUAGES: Final = ("fr", "en")
_PLACE: Final = re.compile(r"\{\}")
_AMOUNT: Final = re.compile(r"(?<![\w.-])(-?)([0-9]+)\.([0-9]{2}) EUR\b")
_HELD: Final = r"(-?[0-9]+\.[0-9]{2} EUR|.*?)"  # what stands in a place: an amount has a blank, as many a form has
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT: Final = re.compile(r"\b([0-9]{4}-[0-9]{2}-[0-9]{2})[ T]([0-9]{2}:[0-9]{2})(?::[0-9]{2})?(?: [A-Z]{3,4}\b)?")
_PERCENT: Final = re.compile(r"\b([0-9]+(?:\.[0-9]+)?) %")
_SEPARATE: Final = re.compile(r"(; |\. |, )")
_SEPARATED: Final = {"; ": "\u00a0; "}
_PARTS_MAX: Final = 200  # of one text; what is longer is said as it was written from there on
_TOGETHER_MAX: Final = 11  # parts and separators that one phrase has at most
_MONTH: Final = re.compile(r"[0-9]{4}-[0-9]{2}")
_ID_FIRST: Final = re.compile(r"[a-z]+[-._0-9]")
_JOINS: Final = {", ": ", ", " or ": " ou ", " and ": " et "}
_BETWEEN: Final = re.compile(f"({'|'.join(_JOINS)})")
KEYED: Final = (
    "entry", "event", "field", "figure", "file", "language", "paper", "payout", "plan", "proof", "role", "room", "rule",
    "state", "verb", "word",
)  # fmt: skip
_REMEMBERED: Final = 2_048  # sentences that caisses meet again and again: a charte has dozens


def capital(text: str) -> str:
    """Words of a sentence where they stand alone: "paid" in a table is "Paid"; a name like m-12 stays as it is written."""
    return text if _ID_FIRST.match(text) else f"{text[:1].upper()}{text[1:]}"


@cache
def catalogue(name: str) -> Mapping[str, str]:
    """msgid -> what is said, of one .po file of words/."""
    raw = resources.files("clearing.console").joinpath(f"words/{name}.po").read_bytes()
    return {str(one.id): str(one.string) for one in read_po(BytesIO(raw), abort_invalid=True) if one.id and one.string}


@cache
def _between_thousands(language: str) -> str:
    """Asked once: a page may have thousands of amounts."""
    return numbers.get_group_symbol(language)


@dataclass(frozen=True, slots=True)
class Words:
    """Of one language and one caisse's civil time."""

    language: str
    zone: ZoneInfo

    def say(self, text: str, **values: object) -> str:
        """A sentence of the console; {name} in it is filled in."""
        said = catalogue(self.language).get(text, text)
        return said.format(**values) if values else said

    def term(self, *keys: str) -> str:
        """What has several keys, the most exact one first, is called as the first one that is known says."""
        known = catalogue(self.language)
        return next((known[key] for key in keys if key in known), keys[-1].partition(" ")[2])

    def refusal(self, text: str) -> str:
        """A sentence of the rules or the writer. One that nobody translated stays English, its amounts don't."""
        return (_french(text) if self.language == "fr" else None) or _amounts(text, self)

    def euros(self, cents: int) -> str:
        """1234567 -> "12 345,67 €" or "€12,345.67"."""
        whole, part = divmod(abs(cents), 100)
        number = f"{whole:,}".replace(",", _between_thousands(self.language)) if whole > 999 else str(whole)
        sign = "-" if cents < 0 else ""
        return f"{sign}{number},{part:02d}\u00a0€" if self.language == "fr" else f"{sign}€{number}.{part:02d}"

    def signed(self, cents: int) -> str:
        """More or less: "+12,50 €"."""
        return f"{'+' if cents > 0 else ''}{self.euros(cents)}"

    def number(self, tenths: int) -> str:
        """45 -> "4,5" or "4.5"."""
        whole, part = divmod(tenths, 10)
        return f"{whole}{',' if self.language == 'fr' else '.'}{part}"

    def percent(self, rate: int) -> str:
        """7000 -> "70 %" or "70%"."""
        whole, part = divmod(rate, 100)
        decimals = f"{part:02d}".rstrip("0")
        if self.language == "fr":
            return f"{whole}{f',{decimals}' if decimals else ''}\u00a0%"
        return f"{whole}{f'.{decimals}' if decimals else ''}%"

    def day(self, day: date | str) -> str:
        """ "31 mai 2026" or "31 May 2026"; the first is "1er mai 2026" in French."""
        value = date.fromisoformat(day) if isinstance(day, str) else day
        said = dates.format_date(value, "d MMMM yyyy", locale=self.language)
        return f"1er{said[1:]}" if self.language == "fr" and value.day == 1 else said

    def month(self, period: str) -> str:
        return dates.format_date(date.fromisoformat(f"{period}-01"), "MMMM yyyy", locale=self.language)

    def instant(self, at_us: int) -> str:
        """ "31 mai 2026, 09:30" in the caisse's time."""
        local = datetime.fromtimestamp(at_us // 1_000_000, UTC).astimezone(self.zone)
        return f"{self.day(local.date())}, {local:%H:%M}"


@lru_cache(maxsize=_REMEMBERED)
def _french(text: str) -> str | None:
    for form in _openings():  # "Item 2: ..." before a longer form takes "Item 2: ana" for a name
        places = form.places(text)
        if places is not None and _french(places[-1]) is not None:
            return _filled(form.french, places)
    return _found(text, _sentences())


def _found(text: str, forms: "Iterable[Form]") -> str | None:
    for form in forms:
        places = form.places(text)
        if places is not None:
            return _filled(form.french, places)
    return None


def _filled(french: str, places: Iterable[str]) -> str:
    """Months whose name begins with a vowel take d’ instead of de."""
    return _BEFORE_A_VOWEL.sub("d’", french.format(*map(_Filled, places)))


class Form(NamedTuple):
    """needle: its longest fixed piece; signs: how many of those that separate phrases stand in it."""

    needle: str
    english: str
    french: str
    signs: int

    def places(self, text: str) -> tuple[str, ...] | None:
        """What stands in the places of a text of this form. Most texts lack the needle, so most patterns are never compiled."""
        found = _pattern(self.english).fullmatch(text) if self.needle in text else None
        return None if found is None else found.groups()


@cache
def _sentences() -> tuple[Form, ...]:
    return _compiled("refusals", "told")


@cache
def _openings() -> tuple[Form, ...]:
    """Sentences that only say where another one stands."""
    return tuple(form for form in _sentences() if form.french.endswith(":text}") and not form.english.startswith("{"))


@cache
def _pieces(signs: int) -> tuple[Form, ...]:
    """What stands inside a sentence: phrases, and sentences too. signs: one that is found in so many parts has them itself,
    so that "{} or {}" never takes two phrases for one."""
    return tuple(form for form in _compiled("refusals", "told", "phrases") if form.signs >= signs)


def _compiled(*names: str) -> tuple[Form, ...]:
    """Forms with most fixed letters first: the most exact one that fits speaks."""
    entries = [entry for name in names for entry in catalogue(name).items()]
    return tuple(_form(*entry) for entry in sorted(entries, key=lambda one: -len(_PLACE.sub("", one[0]))))


def _form(english: str, french: str) -> Form:
    needle = max(_PLACE.split(english), key=len)
    return Form(needle=needle, english=english, french=french, signs=len(_SEPARATE.findall(english)))


@cache
def _pattern(english: str) -> re.Pattern[str]:
    return re.compile(_HELD.join(map(re.escape, _PLACE.split(english))), re.DOTALL)


class _Filled(str):
    """What stood in one place of a form, to be said in French."""

    __slots__ = ()

    def __format__(self, kind: str) -> str:
        if kind == "text":
            return _several(self)
        if kind == "month" and _MONTH.fullmatch(self):
            return FRENCH.month(self)
        if kind in KEYED:
            return "".join(_JOINS.get(piece) or self._called(kind, piece) for piece in _BETWEEN.split(self))
        if _DAY.fullmatch(self):
            return FRENCH.day(self)
        quoted = self[1:-1] if len(self) > 1 and self[0] == self[-1] == QUOTE else None
        return _localised(catalogue("fr").get(self, self) if quoted is None else f"«\u00a0{quoted}\u00a0»")

    @staticmethod
    def _called(kind: str, name: str) -> str:
        return catalogue("fr").get(f"{kind} {name.strip(QUOTE)}") or format(_Filled(name))


def _several(text: str) -> str:
    """Sentences and phrases one after the other: each is said in French as far as it is known."""
    parts, said, start = _SEPARATE.split(text), list[str](), 0
    while start < min(len(parts), _PARTS_MAX):
        rest = _french(text) if start == 0 and len(parts) > 1 else None
        ends = range(start + 1, min(len(parts), start + _TOGETHER_MAX) + 1, 2)
        known = ((end, _piece("".join(parts[start:end]), (end - start) // 2)) for end in ends)
        end, french = next(
            ((end, french) for end, french in known if french is not None), (start + 1 if rest is None else len(parts), rest)
        )
        signs = (_SEPARATED.get(sign, sign) for sign in parts[end : end + 1])
        said += [format(_Filled(parts[start])) if french is None else french, *signs]
        start = end + 1
    return "".join([*said, *parts[start:]])


def _piece(text: str, signs: int) -> str | None:
    """With a stop or without one: a phrase that ends a sentence is the same phrase."""
    for form in _pieces(signs):
        found = _found(text, (form,))
        if found is not None:
            return found
        bare = _found(text[:-1], (form,)) if text.endswith(".") else None
        if bare is not None:
            return f"{bare}."
    return None


def _localised(text: str) -> str:
    """Amounts, percents and instants in a text as the French write them."""
    text = _PERCENT.sub(lambda found: f"{found[1].replace('.', ',')}\u00a0%", _amounts(text, FRENCH))
    return _INSTANT.sub(lambda found: f"{FRENCH.day(found[1])}, {found[2]}", text)


def _amounts(text: str, words: Words) -> str:
    """ "12.50 EUR" in a sentence -> "12,50 €" or "€12.50"."""
    return _AMOUNT.sub(lambda found: words.euros(int(f"{found[1]}{found[2]}{found[3]}")), text)


FRENCH: Final = Words("fr", ZoneInfo("Europe/Paris"))
QUOTE: Final = "'"
_BEFORE_A_VOWEL: Final = re.compile(r"\bde (?=(?:avril|août|octobre) [0-9]{4})")
