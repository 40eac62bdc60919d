"""Law: a command's body has exactly the fields of its verb, each of its form; anything else is refused with the field's name.

Reads msgpack-decoded maps (str keys). Raises InvalidValue with a text that names the field and what it must be.
"""

import builtins
import re
from collections.abc import Callable, Iterable
from hashlib import sha256
from typing import TypeVar

from clearing.authoriser.forms.fields import Form, check
from clearing.events.charte import Ceiling, Charte, Condition, Cover, FundWeight, Payer, Short, Span, Tariff
from clearing.values import (
    CENTS_MAX,
    CategoryId,
    Cents,
    DecisionId,
    FundId,
    InvalidValue,
    MicroTime,
    PayerId,
    PurseKind,
    cents,
    identifier,
    rate,
)
from clearing.wire.frame import pack

T = TypeVar("T")
TEXT_MAX = 200
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")  # PostgreSQL stores no NUL: a view that met one would stand still
INSTANT_MAX = 32_503_680_000_000_000  # year 3000


class Body:
    """One map of a command, read field by field; `end` refuses what nobody read."""

    def __init__(self, fields: object, what: str) -> None:
        if not isinstance(fields, dict) or not all(isinstance(key, str) for key in fields):
            raise InvalidValue(f"{what} must be a table of named fields")
        self._fields, self._what = dict(fields), what

    def _take(self, name: str) -> object:
        if name not in self._fields:
            raise InvalidValue(f"{self._what} needs the field '{name}'")
        return self._fields.pop(name)

    def has(self, name: str) -> bool:
        return self._fields.get(name) is not None

    def id(self, name: str) -> str:
        return identifier(self._take(name), what=f"{self._what}: '{name}'")

    def text(self, name: str, *, shortest: int = 1) -> str:
        value = self._take(name)
        if not isinstance(value, str) or not shortest <= len(value) <= TEXT_MAX:
            raise InvalidValue(f"{self._what}: '{name}' must be a text of {shortest} to {TEXT_MAX} characters")
        if _CONTROL.search(value):
            raise InvalidValue(f"{self._what}: '{name}' must be one line without control characters")
        return value

    def number(self, name: str, *, lowest: int = 0, highest: int = 2**31) -> int:
        value = self._take(name)
        if type(value) is not int or not lowest <= value <= highest:
            raise InvalidValue(f"{self._what}: '{name}' must be a whole number from {lowest} to {highest}")
        return value

    def numbers(self, name: str) -> tuple[int, ...]:
        """A list of whole numbers from 1; a missing field is an empty list."""
        return tuple(Body({name: item}, self._what).number(name, lowest=1) for item in self._list(name))

    def signed(self, name: str) -> int:
        return self.number(name, lowest=-CENTS_MAX, highest=CENTS_MAX)

    def cents(self, name: str) -> Cents:
        return cents(self._take(name), what=f"{self._what}: '{name}'")

    def instant(self, name: str) -> MicroTime:
        return MicroTime(self.number(name, highest=INSTANT_MAX))

    def flag(self, name: str) -> bool:
        value = self._take(name)
        if type(value) is not bool:
            raise InvalidValue(f"{self._what}: '{name}' must be true or false")
        return value

    def bytes(self, name: str, size: int, *, or_empty: bool = False, also: int | None = None) -> bytes:
        """also: another size that it may have."""
        value = self._take(name)
        if not isinstance(value, bytes) or (len(value) not in (size, also) and not (or_empty and not value)):
            raise InvalidValue(f"{self._what}: '{name}' must be {size} bytes")
        return value

    def optional(self, name: str, read: Callable[[str], T]) -> T | None:
        """None when the field is missing or null, else as `read` (a method of this body) gives it."""
        if self._fields.get(name) is None:
            self._fields.pop(name, None)
            return None
        return read(name)

    def ids(self, name: str) -> tuple[str, ...]:
        """A list of ids; a missing field is an empty list."""
        return tuple(identifier(item, what=f"{self._what}: '{name}'") for item in self._list(name))

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts; a missing field is an empty list."""
        return tuple(Body({"": item}, f"{self._what}: '{name}'").text("") for item in self._list(name))

    def bodies(self, name: str) -> "list[Body]":
        """A list of tables; a missing field is an empty list."""
        return [Body(item, f"{self._what}, {name} {i + 1}") for i, item in enumerate(self._list(name))]

    def body(self, name: str) -> "Body":
        """A table; a missing field is an empty one."""
        value = self._fields.pop(name, None)
        return Body({} if value is None else value, f"{self._what}, {name}")

    def _list(self, name: str) -> Iterable[object]:
        value = self._fields.pop(name, None)
        if value is None:
            return []
        if not isinstance(value, list | tuple):
            raise InvalidValue(f"{self._what}: '{name}' must be a list")
        return value

    def check(self, form: Form) -> None:
        """Whether it has exactly the fields of this form, before any of them is read. Raises InvalidValue."""
        check(form, self._fields, self._what)

    def digest(self) -> "builtins.bytes":
        """SHA-256 of all its fields in the order they were given, 32 bytes; before any of them is read."""
        return sha256(pack(self._fields)).digest()

    def copy(self) -> "Body":
        """The same fields, to be read once more."""
        return Body(self._fields, self._what)

    def end(self) -> None:
        if self._fields:
            unknown = next(iter(self._fields))
            raise InvalidValue(f"{self._what} does not know the field '{unknown}'; remove it or correct its name")


def charte(body: Body) -> Charte:
    """A charte as a command gives it: rates in ten-thousandths, amounts in cents, instants in microseconds."""
    read = Charte(
        version=body.number("version", lowest=1), decision=DecisionId(body.id("decision")),
        effective_us=body.instant("effective_us"), categories=tuple(CategoryId(c) for c in body.ids("categories")),
        payers=tuple(_payer(one) for one in body.bodies("payers")),
        tariffs=tuple(_tariff(one) for one in body.bodies("tariffs")),
        hold_days=_or(body.optional("hold_days", lambda n: body.number(n, lowest=1, highest=400)), 7),
        refund_lot_days=_or(body.optional("refund_lot_days", lambda n: body.number(n, lowest=1, highest=400)), 30),
        order_accepted=bool(body.optional("order_accepted", body.flag)),
        capture_tolerance=_or(body.optional("capture_tolerance", lambda n: body.number(n, highest=5_000)), 0),
    )
    body.end()
    return read


def _or(value: T | None, default: T) -> T:
    return default if value is None else value


def _payer(body: Body) -> Payer:
    purse, fund = body.optional("purse", body.id), body.optional("fund", body.id)
    read = Payer(
        id=PayerId(body.id("id")), covers=tuple(_cover(one, 10_000) for one in body.bodies("covers")),
        purse=None if purse is None else PurseKind(purse), fund=None if fund is None else FundId(fund),
        condition=_condition(body.body("condition")), ceilings=tuple(_ceiling(one) for one in body.bodies("ceilings")),
        short=Short(_choice(body, "short", Short, Short.NEXT)), rank=body.optional("rank", body.number),
        weight=_or(body.optional("weight", lambda n: body.number(n, lowest=1, highest=1_000_000)), 1),
    )
    body.end()
    return read


def _tariff(body: Body) -> Tariff:
    surplus = body.optional("surplus_fund", body.id)
    funds = []
    for one in body.bodies("funds"):
        weight = _or(one.optional("weight", lambda n, one=one: one.number(n, lowest=1, highest=1_000_000)), 1)  # type: ignore[misc]
        funds.append(FundWeight(fund=FundId(one.id("fund")), weight=weight))
        one.end()
    read = Tariff(
        id=PayerId(body.id("id")), covers=tuple(_cover(one, 50_000) for one in body.bodies("covers")),
        condition=_condition(body.body("condition")), funds=tuple(funds),
        surplus_fund=None if surplus is None else FundId(surplus), short=Short(_choice(body, "short", Short, Short.DECLINE)),
    )
    body.end()
    return read


def _choice(body: Body, name: str, choices: type[Short] | type[Span], default: str | None) -> str:
    value = body.optional(name, body.text)
    if value is None and default is not None:
        return default
    if value not in list(choices):
        raise InvalidValue(f"'{name}' must be one of {', '.join(choices)}, not {value!r}")
    return value


def _cover(body: Body, rate_max: int) -> Cover:
    share = body.optional("rate", lambda n: body.number(n, highest=rate_max))
    read = Cover(
        category=CategoryId(body.id("category")), product=body.optional("product", body.text),
        rate=None if share is None else rate(share, at_most=rate_max), unit_cents=body.optional("unit_cents", body.cents),
    )
    body.end()
    return read


def _condition(body: Body) -> Condition:
    read = Condition(
        who=body.ids("who"), where=body.ids("where"), from_us=body.optional("from_us", body.instant),
        until_us=body.optional("until_us", body.instant),
    )
    body.end()
    return read


def _ceiling(body: Body) -> Ceiling:
    per_purse = body.optional("per_purse", body.flag)
    read = Ceiling(span=Span(_choice(body, "span", Span, None)), cents=body.cents("cents"), per_purse=per_purse is not False)
    body.end()
    return read
