"""Law: a record is a frozen dataclass or a named tuple; both are known by their fields, in the order they are stored."""

from collections.abc import Callable, Iterable
from dataclasses import fields, is_dataclass
from typing import Any


def field_names(record: type) -> tuple[str, ...]:
    """The fields of a record, a dataclass or a named tuple, in the order they are stored."""
    return tuple(field.name for field in fields(record)) if is_dataclass(record) else record._fields  # type: ignore[attr-defined]


def record_maker(record: type, names: Iterable[str]) -> Callable[[Iterable[Any]], Any]:
    """Makes frozen dataclasses of their values, in the order of names.

    Past __init__, which has nothing to check here and would take 2.6 us for a sale instead of 1.1.
    """
    puts = [getattr(record, name).__set__ for name in names]

    def made(values: Iterable[Any]) -> Any:
        one: Any = object.__new__(record)
        for put, value in zip(puts, values, strict=True):
            put(one, value)
        return one

    return made
