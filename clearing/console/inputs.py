"""Law: a page's fields are made from the verb's form, and what was typed becomes exactly the body that the form asks for.

Amounts are typed as 12,50 or 12.50, shares in percent, instants in the caisse's civil time. What can't be read keeps what was
typed and says why beside its field. Names of inputs are paths: "covers.0.rate".
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

from clearing.authoriser.forms import Form
from clearing.authoriser.forms.fields import (
    Amount,
    Bytes,
    Choice,
    Day,
    Field,
    Flag,
    Id,
    Instant,
    Many,
    Month,
    Number,
    Rows,
    Share,
    Single,
    Table,
    Text,
)
from clearing.installation.amounts import read_percent
from clearing.values import CENTS_MAX, InvalidValue

ROWS_AT_FIRST: Final = 1
ROWS_MAX: Final = 200
Typed: TypeAlias = Mapping[str, Sequence[str]]
"""What a browser sent: name -> values."""
Choices: TypeAlias = Callable[[str], Sequence[tuple[str, str]] | None]
"""What a thing may name here: "fund" -> (id, as people read it); None where anything may be typed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """One field as a page draws it. kind: of the macro that draws it. inner: of a group, or one per row."""

    name: str
    label: str
    kind: str
    needed: bool
    typed: tuple[str, ...] = ()
    choices: tuple[tuple[str, str], ...] = ()
    problem: str = ""
    inner: tuple[tuple["Input", ...], ...] = ()

    @property
    def value(self) -> str:
        return self.typed[0] if self.typed else ""


@dataclass(slots=True)
class Reading:
    """A form being read. problems: input's name -> why it can't be used."""

    typed: Typed
    zone: ZoneInfo
    problems: dict[str, str] = field(default_factory=dict)

    def body(self, form: Form, prefix: str = "") -> dict[str, object]:
        found: dict[str, object] = {}
        for name, one in form.items():
            value = self._value(one, f"{prefix}{name}")
            if value is not None:
                found[name] = value
        return found

    def _value(self, one: Field, name: str) -> object:
        match one:
            case Rows():
                places = range(rows_of(self.typed, name))
                rows = [self.body(one.of, f"{name}.{place}.") for place in places if self._filled(f"{name}.{place}.")]
                return rows or None
            case Table():
                return self.body(one.of, f"{name}.") if self._filled(f"{name}.") else None
            case Many():
                given = [text.strip() for value in self.typed.get(name, ()) for text in value.replace(",", "\n").split("\n")]
                return [read_one(one.each, text, self.zone) for text in given if text] or None
            case Flag():
                return bool(self.typed.get(name))
            case Single():
                return self._single(one, name)
            case _:
                raise AssertionError(f"no such field: {one}")

    def _single(self, one: Single, name: str) -> object:
        text = (self.typed.get(name) or ("",))[0].strip()
        if not text:
            if isinstance(one, Text) and type(one) is Text and one.shortest == 0:
                return ""
            if not one.optional:
                self.problems[name] = "Fill this in."
            return b"" if isinstance(one, Bytes) and one.or_empty else None
        try:
            value = read_one(one, text, self.zone)
        except InvalidValue as told:
            self.problems[name] = str(told)
            return None
        wrong = one.wrong(value)
        if wrong is None:
            return value
        self.problems[name] = f"This {wrong}."
        return None

    def _filled(self, prefix: str) -> bool:
        return any(name.startswith(prefix) and any(value.strip() for value in values) for name, values in self.typed.items())


def rows_of(typed: Typed, name: str) -> int:
    """How many rows of a list the page showed; never more than ROWS_MAX."""
    places = [one.removeprefix(f"{name}.").partition(".")[0] for one in typed if one.startswith(f"{name}.")]
    return min(max((int(place) for place in places if place.isdecimal()), default=-1) + 1, ROWS_MAX)


def read_one(one: Field, text: str, zone: ZoneInfo) -> object:
    """One typed value as the form wants it. Raises InvalidValue."""
    match one:
        case Amount():
            return _cents(text)
        case Share():
            return int(read_percent(text.removesuffix("%").strip().replace(",", "."), what="A share"))
        case Instant():
            return _instant(text, zone)
        case Number():
            return int(text) if text.isascii() and text.lstrip("-").isdecimal() and len(text) < 16 else text
        case Bytes():
            try:
                return bytes.fromhex(text)
            except ValueError:
                return text
        case _:
            return text


def _cents(text: str) -> int:
    """ "12,50", "12.5", "12", "1 234,50" and "-3,00"; nothing is rounded."""
    plain = text.removesuffix("€").strip().replace("\u202f", "").replace("\u00a0", "").replace(" ", "").replace(",", ".")
    sign, plain = (-1, plain[1:]) if plain.startswith("-") else (1, plain)
    whole, _, part = plain.partition(".")
    if not (whole.isascii() and whole.isdecimal()) or (part and not (part.isascii() and part.isdecimal())) or len(part) > 2:
        raise InvalidValue("Write an amount like 12,50.")
    cents = int(whole) * 100 + int(part.ljust(2, "0") or 0)
    if cents > CENTS_MAX:
        raise InvalidValue("That is more than a bank transfer can be; enter it in parts.")
    return sign * cents


def _instant(text: str, zone: ZoneInfo) -> int:
    try:
        wall = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidValue("Write a day and an hour like 2026-05-31T09:30.") from None
    if wall.tzinfo is not None:
        raise InvalidValue("Write the caisse's own time, without a zone.")
    return int(wall.replace(tzinfo=zone).timestamp()) * 1_000_000


def inputs(
    form: Form, typed: Typed, *, label: Callable[[str, str], str], choices: Choices, problems: Mapping[str, str],
    more: str = "", prefix: str = "",
) -> tuple[Input, ...]:
    """A form as a page draws it. label: (path without numbers, name) -> what people read. more: a list that gets a row."""
    made = []
    for name, one in form.items():
        path = f"{prefix}{name}"
        bare = ".".join(piece for piece in path.split(".") if not piece.isdecimal())
        drawn = Input(
            name=path, label=label(bare, name), kind=_kind(one), needed=not one.optional, typed=tuple(typed.get(path, ())),
            problem=problems.get(path, ""),
        )  # fmt: skip
        inner: Form | None = one.of if isinstance(one, Rows | Table) else None
        if inner is not None:
            shown = [f"{path}."] if isinstance(one, Table) else [
                f"{path}.{place}." for place in range(max(ROWS_AT_FIRST, rows_of(typed, path)) + (more == path))
            ]  # fmt: skip
            groups = tuple(
                inputs(inner, typed, label=label, choices=choices, problems=problems, more=more, prefix=start)
                for start in shown
            )
            made.append(replace(drawn, inner=groups))
            continue
        offered = _offered(one, choices)
        made.append(drawn if offered is None else replace(
            drawn, choices=tuple(offered), kind="several" if isinstance(one, Many) else "choice"
        ))
    return tuple(made)


_KINDS: Final[dict[type[Field], str]] = {
    Amount: "amount", Share: "share", Instant: "instant", Number: "number", Day: "day", Month: "month", Flag: "flag",
    Rows: "rows", Table: "table", Many: "many",
}  # fmt: skip


def _kind(one: Field) -> str:
    return _KINDS.get(type(one), "text")


def _offered(one: Field, choices: Choices) -> Sequence[tuple[str, str]] | None:
    each = one.each if isinstance(one, Many) else one
    if isinstance(each, Choice):
        return choices(f"word:{','.join(each.words)}") or [(word, word) for word in each.words]
    of = each.of if isinstance(each, Id | Text | Number) else ""
    return None if not of or (isinstance(each, Id) and each.new) else choices(of)


def as_typed(form: Form, body: Mapping[str, object], zone: ZoneInfo, prefix: str = "") -> dict[str, tuple[str, ...]]:
    """What one would have typed to give this body: for a page that shows a proposal to who confirms it."""
    found: dict[str, tuple[str, ...]] = {}
    for name, one in form.items():
        value, path = body.get(name), f"{prefix}{name}"
        if value is None or value is False:
            continue
        if isinstance(one, Rows):
            assert isinstance(value, list | tuple)
            for place, row in enumerate(value):
                found |= as_typed(one.of, row, zone, f"{path}.{place}.")
        elif isinstance(one, Table):
            assert isinstance(value, Mapping)
            found |= as_typed(one.of, value, zone, f"{path}.")
        elif isinstance(one, Many):
            assert isinstance(value, list | tuple)
            found[path] = tuple(str(each) for each in value)
        else:
            found[path] = (_typed(one, value, zone),)
    return found


def _typed(one: Field, value: object, zone: ZoneInfo) -> str:
    if isinstance(one, Instant) and isinstance(value, int):
        return datetime.fromtimestamp(value // 1_000_000, UTC).astimezone(zone).strftime("%Y-%m-%dT%H:%M:%S")
    if isinstance(one, Amount | Share) and isinstance(value, int):
        whole, part = divmod(abs(value), 100)
        return f"{'-' if value < 0 else ''}{whole}{',' if isinstance(one, Amount) else '.'}{part:02d}"
    if isinstance(value, bytes):
        return value.hex()
    return "yes" if value is True else str(value)
