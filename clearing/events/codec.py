"""Law: what is hashed is what is stored: an event becomes two msgpack arrays, public and private, in the order of its fields.

The only msgpack of the log. A field is never renamed or retyped; a new field is a new schema version with an upcast below.
"""

import types
import typing
from collections.abc import Callable, Iterable
from dataclasses import fields, is_dataclass
from enum import StrEnum
from operator import attrgetter
from typing import Any, Final, NamedTuple, cast

import msgpack

from clearing.events.catalogue import EVENTS, Event

Convert = Callable[[Any], Any]
Upcast = Callable[[list[Any]], list[Any]]


class UnreadableEvent(Exception):
    """A stored event this version of the program can't read: install the version that wrote it, or a newer one."""


class Encoded(NamedTuple):
    """type and schema_version as stored; public and private are msgpack arrays (private is empty when there is none)."""

    type: int
    schema_version: int
    public: bytes
    private: bytes


class _Shape(NamedTuple):
    """How one event class is stored: its schema version, and (name, encode, decode) of its fields by part.

    decoders, made: by place in the public fields followed by the private ones.
    """

    schema_version: int
    public: tuple[tuple[str, Convert | None, Convert | None], ...]
    private: tuple[tuple[str, Convert | None, Convert | None], ...]
    decoders: tuple[tuple[int, Convert], ...]
    made: Callable[[Iterable[Any]], Any]


def _converters(hint: Any) -> tuple[Convert | None, Convert | None]:
    """(encode, decode) for one type hint; None means the value is stored as it is."""
    while hasattr(hint, "__supertype__"):
        hint = hint.__supertype__
    if hint in (int, str, bytes, bool):
        return None, None
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return str, hint
    if isinstance(hint, type) and is_dataclass(hint):
        return _record(hint)
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union) and len(arguments) == 2 and type(None) in arguments:
        return _optional(*_converters(next(a for a in arguments if a is not type(None))))
    if origin is tuple and len(arguments) == 2 and arguments[1] is Ellipsis:
        return _sequence(*_converters(arguments[0]))
    raise TypeError(f"events hold ints, texts, bytes, flags, records and tuples of those, not {hint!r}")


def _record(record: type) -> tuple[Convert, Convert]:
    hints = typing.get_type_hints(record)
    parts = [(field.name, *_converters(hints[field.name])) for field in fields(record)]
    names = [name for name, _, _ in parts]
    values_of = attrgetter(*names) if len(names) > 1 else lambda value: (getattr(value, names[0]),)
    encoders = [(place, enc) for place, (_, enc, _) in enumerate(parts) if enc is not None]
    decoders = [(place, dec) for place, (_, _, dec) in enumerate(parts) if dec is not None]
    made = _maker(record, names)

    def encode(value: Any) -> list[Any]:
        values = list(values_of(value))
        for place, convert in encoders:
            values[place] = convert(values[place])
        return values

    def decode(stored: Any) -> Any:
        if len(stored) != len(names):
            raise UnreadableEvent(f"{record.__name__} has {len(stored)} stored fields, this version knows {len(names)}")
        for place, convert in decoders:
            stored[place] = convert(stored[place])
        return made(stored)

    return encode, decode


def _maker(record: type, names: Iterable[str]) -> Callable[[Iterable[Any]], Any]:
    """A record of its values, in the order of names. Past __init__, which has nothing to check here: 0.7 us against 1.6."""
    puts = [getattr(record, name).__set__ for name in names]

    def made(values: Iterable[Any]) -> Any:
        one: Any = object.__new__(record)
        for put, value in zip(puts, values, strict=True):
            put(one, value)
        return one

    return made


def _optional(encode: Convert | None, decode: Convert | None) -> tuple[Convert | None, Convert | None]:
    if encode is None or decode is None:
        return None, None
    return (lambda v: None if v is None else encode(v)), (lambda v: None if v is None else decode(v))


def _sequence(encode: Convert | None, decode: Convert | None) -> tuple[Convert, Convert]:
    if encode is None or decode is None:
        return list, tuple
    return (lambda items: [encode(item) for item in items]), (lambda items: tuple([decode(item) for item in items]))


def _shape(event_type: type[Event]) -> _Shape:
    hints = typing.get_type_hints(event_type)
    secret: frozenset[str] = getattr(event_type, "PRIVATE", frozenset())
    parts = [(field.name, *_converters(hints[field.name])) for field in fields(event_type)]
    unknown = secret - {name for name, _, _ in parts}
    if unknown:
        raise TypeError(f"{event_type.__name__}.PRIVATE names no field: {sorted(unknown)}")
    public = tuple(part for part in parts if part[0] not in secret)
    private = tuple(part for part in parts if part[0] in secret)
    stored = public + private
    return _Shape(
        schema_version=getattr(event_type, "SCHEMA", 1), public=public, private=private,
        decoders=tuple((place, dec) for place, (_, _, dec) in enumerate(stored) if dec is not None),
        made=_maker(event_type, [name for name, _, _ in stored]),
    )


def public_places(event_type: type[Event], *names: str) -> tuple[int, ...]:
    """Where these fields stand in `plain`'s public values. Raises ValueError for a name that is not public."""
    return _places([name for name, _, _ in _SHAPES[event_type].public], names)


def private_places(event_type: type[Event], *names: str) -> tuple[int, ...]:
    """Where these fields stand in `plain`'s private values. Raises ValueError for a name that is not private."""
    return _places([name for name, _, _ in _SHAPES[event_type].private], names)


def record_places(record: type, *names: str) -> tuple[int, ...]:
    """Where these fields stand in a record (a line, a share) inside `plain`'s values. Raises ValueError."""
    return _places([field.name for field in fields(record)], names)


def _places(stored: list[str], names: tuple[str, ...]) -> tuple[int, ...]:
    return tuple(stored.index(name) for name in names)


def plain(event_type: type[Event], schema_version: int, public: bytes, private: bytes) -> tuple[Any, Any]:
    """(public, private) values of a body as they lie, records as tuples, in today's order of fields: for who reads a few fields
    of very many events (measured for a sale: 4 us, against 25 for the event). Raises UnreadableEvent."""
    shape = _SHAPES[event_type]
    if schema_version != shape.schema_version:
        _, _, public, private = encode(decode(event_type.TYPE, schema_version, public, private))
    try:
        values = _unpack(public, use_list=False), _unpack(private, use_list=False) if private else ()
        if len(values[0]) != len(shape.public) or len(values[1]) != len(shape.private):
            raise UnreadableEvent(f"stored {event_type.__name__} has other fields than version {schema_version} has")
    except (ValueError, TypeError, msgpack.exceptions.UnpackException) as fault:
        raise UnreadableEvent(f"stored {event_type.__name__} does not have its form: {fault}") from fault
    return values


_SHAPES: Final = {event_type: _shape(event_type) for event_type in EVENTS}
_BY_NUMBER: Final = {event_type.TYPE: event_type for event_type in EVENTS}
_UPCASTS: Final[dict[tuple[int, int], Upcast]] = {}
"""(type, stored schema version) -> the stored [public, private] lists as the next version has them. Empty: all are 1."""
_unpack: Final = msgpack.unpackb
_pack: Final = msgpack.Packer(use_bin_type=True, autoreset=True).pack


def encode(event: Event) -> Encoded:
    """The stored form of an event. Deterministic: equal events give equal bytes."""
    shape = _SHAPES[type(event)]
    public = _pack([getattr(event, name) if enc is None else enc(getattr(event, name)) for name, enc, _ in shape.public])
    private = b""
    if shape.private:
        private = _pack([getattr(event, n) if enc is None else enc(getattr(event, n)) for n, enc, _ in shape.private])
    return Encoded(event.TYPE, shape.schema_version, public, private)


def decode(type_number: int, schema_version: int, public: bytes, private: bytes) -> Event:
    """The event of a stored row. Raises UnreadableEvent for a type, version or body this program does not know."""
    event_type = _BY_NUMBER.get(type_number)
    if event_type is None:
        raise UnreadableEvent(f"event type {type_number} is unknown here: install the program version that wrote it")
    shape = _SHAPES[event_type]
    try:
        parts = [msgpack.unpackb(public, strict_map_key=False), msgpack.unpackb(private) if private else []]
        for version in range(schema_version, shape.schema_version):
            parts = _UPCASTS[type_number, version](parts)
        if schema_version > shape.schema_version or [len(p) for p in parts] != [len(shape.public), len(shape.private)]:
            raise UnreadableEvent(f"{event_type.__name__} version {schema_version} is unknown here: install a newer program")
        values = parts[0] + parts[1]
        for place, convert in shape.decoders:
            values[place] = convert(values[place])
        return cast(Event, shape.made(values))
    except UnreadableEvent:
        raise
    except (ValueError, TypeError, KeyError, msgpack.exceptions.UnpackException) as fault:
        raise UnreadableEvent(f"stored {event_type.__name__} does not have its form: {fault}") from fault
