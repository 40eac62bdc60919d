"""Law: what a record holds is said in plain values by the hints of its fields, and made again of them; nothing is left out.

For what is kept beside the log and may be thrown away (snapshots). The log itself has its own codec, whose bytes are for ever.
"""

import types
import typing
from collections.abc import Callable, Sequence
from dataclasses import is_dataclass
from enum import StrEnum
from operator import attrgetter
from typing import Any, NamedTuple

from clearing.events.records import field_names, record_maker
from clearing.rules.calendar import CivilCalendar

Convert = Callable[[Any], Any]


class Form(NamedTuple):
    """How a value is said, and made again of what msgpack read (tuples, no lists); None: as it is."""

    say: Convert | None
    make: Convert | None


AS_IT_IS = Form(None, None)


def form_of(hint: Any) -> Form:
    """Raises TypeError for a hint that it has no form for: give it one before a snapshot may hold it."""
    while hasattr(hint, "__supertype__"):
        hint = hint.__supertype__
    if hint in (int, str, bytes, bool):
        return AS_IT_IS
    if hint is CivilCalendar:
        return Form(lambda calendar: calendar.zone.key, CivilCalendar)
    if isinstance(hint, type):
        return _of_class(hint)
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union) and len(arguments) == 2 and type(None) in arguments:
        say, make = form_of(next(one for one in arguments if one is not type(None)))
        return Form(_unless_none(say), _unless_none(make))
    if origin is tuple and arguments[-1] is not Ellipsis:
        return _fields([form_of(one) for one in arguments], tuple)
    if origin in (tuple, list, set, frozenset):
        return _items(form_of(arguments[0]), origin)
    if origin is dict:
        pairs = _items(_fields([form_of(arguments[0]), form_of(arguments[1])], tuple), dict)
        say_pairs = pairs.say or list
        return Form(lambda table: say_pairs(table.items()), pairs.make)
    raise TypeError(f"a snapshot has no form for {hint!r}")


def _of_class(kind: type) -> Form:
    if issubclass(kind, StrEnum):
        return Form(None, kind)
    if not is_dataclass(kind) and not issubclass(kind, tuple):
        raise TypeError(f"a snapshot has no form for {kind!r}")
    hints, names = typing.get_type_hints(kind), field_names(kind)
    forms = [form_of(hints[name]) for name in names]
    if not is_dataclass(kind):
        return _fields(forms, kind._make)  # type: ignore[attr-defined]
    values_of = attrgetter(*names) if len(names) > 1 else lambda record: (getattr(record, names[0]),)
    inner = _fields(forms, record_maker(kind, names))
    say = inner.say
    return Form(values_of if say is None else lambda record: say(values_of(record)), inner.make)


def _unless_none(convert: Convert | None) -> Convert | None:
    return None if convert is None else lambda value: None if value is None else convert(value)


def _fields(forms: Sequence[Form], made: Convert) -> Form:
    """Values of different kinds, by place."""
    says = [(place, form.say) for place, form in enumerate(forms) if form.say is not None]
    makes = [(place, form.make) for place, form in enumerate(forms) if form.make is not None]

    def say(values: Any) -> Any:
        said = list(values)
        for place, convert in says:
            said[place] = convert(said[place])
        return said

    def make(said: Any) -> Any:
        if not makes:
            return made(said)
        values = list(said)
        for place, convert in makes:
            values[place] = convert(values[place])
        return made(values)

    return Form(say if says else None, make if makes or made is not tuple else None)


def _items(item: Form, kind: Convert) -> Form:
    say, make = item
    said: Convert = list if say is None else lambda values: [say(one) for one in values]
    if make is None:
        return Form(said, None if kind is tuple else kind)
    return Form(said, lambda values: kind([make(one) for one in values]))
