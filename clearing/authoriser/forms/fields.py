"""Law: the form of a command's body is written down once, as data: the writer checks by it, the API's description and the
console's fields are made from it.

A form maps names to fields. Bodies are msgpack-decoded maps; in JSON bytes are hex. What a value means beyond its form
(whether the fund exists, whether the month is over) is for the rules to say.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, TypeAlias

from clearing.values import CENTS_MAX, ID_FORM, InvalidValue, identifier

TEXT_MAX: Final = 200
ROWS_MAX: Final = 5_000
INSTANT_MAX: Final = 32_503_680_000_000_000  # year 3000
WHOLE_MAX: Final = 2**31
RATE_MAX: Final = 50_000
_MONTH: Final = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")  # PostgreSQL stores no NUL: a view that met one would stand still

Schema: TypeAlias = dict[str, object]
"""A JSON Schema (2020-12) as plain data."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field(ABC):
    """What stands under one name. optional: may be missing or null."""

    optional: bool = False

    @abstractmethod
    def check(self, value: object, what: str, name: str) -> None:
        """Raises InvalidValue. what: the table that the value is in, name: of its field; the text begins with both."""

    @abstractmethod
    def schema(self) -> Schema:
        """In JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Single(Field):
    """One value."""

    @abstractmethod
    def wrong(self, value: object) -> str | None:
        """What a value must be that is not so: "must be true or false"; None for a good one."""

    def check(self, value: object, what: str, name: str) -> None:
        wrong = self.wrong(value)
        if wrong is not None:
            raise InvalidValue(f"{what}: '{name}' {wrong}")


Form: TypeAlias = Mapping[str, Field]


@dataclass(frozen=True, slots=True, kw_only=True)
class Id(Single):
    """1 to 40 of a-z 0-9 . _ -. of: what it names ("fund", "member"); new: the command gives the name."""

    of: str = ""
    new: bool = False

    def wrong(self, value: object) -> str | None:
        try:
            identifier(value, what="")
        except InvalidValue as told:
            return str(told).strip()
        return None

    def schema(self) -> Schema:
        form: Schema = {"type": "string", "pattern": f"^{ID_FORM.pattern}$"}
        return form | ({"x-names": self.of} if self.of else {})


@dataclass(frozen=True, slots=True, kw_only=True)
class Text(Single):
    """One line. of: what it names, when it does ("card": the alias on it)."""

    shortest: int = 1
    longest: int = TEXT_MAX
    of: str = ""

    def wrong(self, value: object) -> str | None:
        if not isinstance(value, str) or not self.shortest <= len(value) <= self.longest:
            return f"must be a text of {self.shortest} to {self.longest} characters"
        return "must be one line without control characters" if _CONTROL.search(value) else None

    def schema(self) -> Schema:
        form: Schema = {"type": "string", "minLength": self.shortest, "maxLength": self.longest}
        return form | ({"x-names": self.of} if self.of else {})


@dataclass(frozen=True, slots=True, kw_only=True)
class Day(Text):
    """A civil day, "2026-05-31"."""

    def wrong(self, value: object) -> str | None:
        try:
            good = isinstance(value, str) and date.fromisoformat(value).isoformat() == value
        except ValueError:
            good = False
        return None if good else f"must be a day like 2026-05-31, not {value!r}"

    def schema(self) -> Schema:
        return {"type": "string", "format": "date"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Month(Text):
    """A civil month, "2026-05"."""

    def wrong(self, value: object) -> str | None:
        good = isinstance(value, str) and _MONTH.fullmatch(value)
        return None if good else f"must be a month like 2026-05, not {value!r}"

    def schema(self) -> Schema:
        return {"type": "string", "pattern": f"^{_MONTH.pattern}$"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice(Single):
    """One of several words."""

    words: tuple[str, ...]

    def wrong(self, value: object) -> str | None:
        return None if value in self.words else f"must be one of {', '.join(self.words)}, not {value!r}"

    def schema(self) -> Schema:
        return {"type": "string", "enum": list(self.words)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Number(Single):
    lowest: int = 0
    highest: int = WHOLE_MAX
    of: str = ""

    def wrong(self, value: object) -> str | None:
        return None if self._within(value) else f"must be a whole number from {self.lowest} to {self.highest}"

    def _within(self, value: object) -> bool:
        return type(value) is int and self.lowest <= value <= self.highest

    def schema(self) -> Schema:
        form: Schema = {"type": "integer", "minimum": self.lowest, "maximum": self.highest}
        return form | ({"x-names": self.of} if self.of else {})


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount(Number):
    """Integer cents. lowest below zero: an amount that may be owed the other way."""

    highest: int = CENTS_MAX

    def wrong(self, value: object) -> str | None:
        return None if self._within(value) else f"must be whole cents from {self.lowest} to {self.highest}, not {value!r}"

    def schema(self) -> Schema:
        return Number.schema(self) | {"x-unit": "cents"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Share(Number):
    """Ten-thousandths: 7,000 is 70 %."""

    highest: int = 10_000

    def wrong(self, value: object) -> str | None:
        form = f"whole ten-thousandths from {self.lowest} to {self.highest} (70 % is 7000)"
        return None if self._within(value) else f"must be {form}, not {value!r}"

    def schema(self) -> Schema:
        return Number.schema(self) | {"x-unit": "ten-thousandths"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Instant(Number):
    """Microseconds since 1970-01-01 UTC."""

    highest: int = INSTANT_MAX

    def schema(self) -> Schema:
        return Number.schema(self) | {"x-unit": "microseconds since 1970-01-01 UTC"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag(Single):
    def wrong(self, value: object) -> str | None:
        return None if type(value) is bool else "must be true or false"

    def schema(self) -> Schema:
        return {"type": "boolean"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bytes(Single):
    """also: another size that it may have."""

    size: int
    or_empty: bool = False
    also: int | None = None

    def wrong(self, value: object) -> str | None:
        good = isinstance(value, bytes) and (len(value) in (self.size, self.also) or (self.or_empty and not value))
        return None if good else f"must be {self.size} bytes"

    def schema(self) -> Schema:
        pattern = f"^([0-9a-f]{{{2 * self.size}}})?$" if self.or_empty else f"^[0-9a-f]{{{2 * self.size}}}$"
        if self.also is not None:
            pattern = f"^([0-9a-f]{{{2 * self.size}}}|[0-9a-f]{{{2 * self.also}}})$"
        return {"type": "string", "pattern": pattern, "x-unit": "bytes as hex"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Many(Field):
    """A list of single values; missing is empty."""

    each: Id | Text | Choice | Number
    most: int = ROWS_MAX
    optional: bool = True

    def check(self, value: object, what: str, name: str) -> None:
        for item in listed(value, what, name, self.most):
            self.each.check(item, what, name)

    def schema(self) -> Schema:
        return {"type": "array", "items": self.each.schema(), "maxItems": self.most}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows(Field):
    """A list of tables; missing is empty."""

    of: Form
    most: int = ROWS_MAX
    optional: bool = True

    def check(self, value: object, what: str, name: str) -> None:
        for place, item in enumerate(listed(value, what, name, self.most), start=1):
            check(self.of, item, f"{what}, {name} {place}")

    def schema(self) -> Schema:
        return {"type": "array", "items": described(self.of), "maxItems": self.most}


@dataclass(frozen=True, slots=True, kw_only=True)
class Table(Field):
    """A table of its own."""

    of: Form
    optional: bool = True

    def check(self, value: object, what: str, name: str) -> None:
        check(self.of, value, f"{what}, {name}")

    def schema(self) -> Schema:
        return described(self.of)


def listed(value: object, what: str, name: str, most: int) -> "list[object] | tuple[object, ...]":
    if not isinstance(value, list | tuple):
        raise InvalidValue(f"{what}: '{name}' must be a list")
    if len(value) > most:
        raise InvalidValue(f"{what}: '{name}' has {len(value)} entries, at most {most} are taken; give them in parts")
    return value


def check(form: Form, body: object, what: str) -> None:
    """Whether a body has exactly the fields of its form. Raises InvalidValue with the first that is wrong."""
    if not isinstance(body, dict) or not all(isinstance(name, str) for name in body):
        raise InvalidValue(f"{what} must be a table of named fields")
    for name, field in form.items():
        value = body.get(name)
        if value is not None:
            field.check(value, what, name)
        elif not field.optional:
            raise InvalidValue(f"{what} needs the field '{name}'")
    unknown = next((name for name in body if name not in form), None)
    if unknown is not None:
        raise InvalidValue(f"{what} does not know the field '{unknown}'; remove it or correct its name")


def described(form: Form) -> Schema:
    """The JSON Schema of a form."""
    return {
        "type": "object",
        "properties": {name: field.schema() for name, field in form.items()},
        "required": [name for name, field in form.items() if not field.optional],
        "additionalProperties": False,
    }
