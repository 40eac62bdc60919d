"""Law: an event of any type is made from the hints of its fields: at random for properties, the same for golden files."""

import types
import typing
from collections.abc import Iterator
from dataclasses import is_dataclass
from enum import StrEnum
from itertools import count
from typing import Any

from hypothesis import strategies as st

from clearing.events.catalogue import Event
from clearing.events.records import field_names

PLAIN: dict[type, st.SearchStrategy[Any]] = {
    bool: st.booleans(),
    int: st.integers(-(2**63), 2**64 - 1) | st.integers(-200, 70_000),
    str: st.text(st.characters(codec="utf-8"), max_size=20),
    bytes: st.binary(max_size=40),
}


def _resolved(hint: Any) -> tuple[Any, Any]:
    """The hint without its NewType names; and what is inside an optional or a tuple, None for anything else."""
    while hasattr(hint, "__supertype__"):
        hint = hint.__supertype__
    arguments = typing.get_args(hint)
    if typing.get_origin(hint) in (types.UnionType, typing.Union):
        return "optional", next(one for one in arguments if one is not type(None))
    return ("tuple", arguments[0]) if typing.get_origin(hint) is tuple else (hint, None)


def random_value(hint: Any) -> st.SearchStrategy[Any]:
    kind, inside = _resolved(hint)
    if kind == "optional":
        return st.none() | random_value(inside)
    if kind == "tuple":
        return st.lists(random_value(inside), max_size=3).map(tuple)
    if kind in PLAIN:
        return PLAIN[kind]
    if issubclass(kind, StrEnum):
        return st.sampled_from(kind)
    hints = typing.get_type_hints(kind)
    return st.builds(kind, **{name: random_value(hints[name]) for name in field_names(kind)})


def example_of(event_type: type[Event]) -> Event:
    """One event with every field filled, the same each time: what a golden file is written from."""
    return _example(event_type, "", count(1))  # type: ignore[no-any-return]


def _example(hint: Any, name: str, numbers: Iterator[int]) -> Any:
    kind, inside = _resolved(hint)
    if kind == "optional":
        return _example(inside, name, numbers)
    if kind == "tuple":
        return tuple(_example(inside, name, numbers) for _ in range(2))
    number = next(numbers)
    if kind is bool:
        return number % 2 == 1
    if kind is int:
        return 1_000 + number
    if kind is str:
        return f"{name}-{number} é"
    if kind is bytes:
        return number.to_bytes(16, "big")
    if issubclass(kind, StrEnum):
        return list(kind)[number % len(kind)]
    hints = typing.get_type_hints(kind)
    return kind(**{name: _example(hints[name], name, numbers) for name in field_names(kind)})


def plain(value: Any) -> Any:
    """A value as JSON can hold it: bytes as "hex:...", records as tables of their fields."""
    if is_dataclass(value) or hasattr(value, "_fields"):
        return {name: plain(getattr(value, name)) for name in field_names(type(value))}
    if isinstance(value, tuple):
        return [plain(one) for one in value]
    return f"hex:{value.hex()}" if isinstance(value, bytes) else value
