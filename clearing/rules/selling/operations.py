"""Law: no operation is ever forgotten; each is kept as bytes under bytes, and made an object when it is asked for.

So the garbage collector has nothing to walk. What its bytes are is said from outside: rules know no codec. The writer keeps
what the log stores (events/codec.py, StoredBodies).
"""

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol, cast

from clearing.events.accounts import PurchaseConfirmed
from clearing.events.basket import Line
from clearing.events.catalogue import Event
from clearing.events.contracts import DeliveryDecided
from clearing.events.interchange import InterchangeReversed, InterchangeSold
from clearing.events.sales import AuthorisationDecided, CaptureDecided, RefundDecided, ReversalDecided, SaleDecided
from clearing.events.solidarity import DrawDecided, GiveDecided
from clearing.rules.answers import BrokenBook
from clearing.values import OperationId, TerminalId

Decided = (
    SaleDecided
    | AuthorisationDecided
    | CaptureDecided
    | ReversalDecided
    | RefundDecided
    | DrawDecided
    | GiveDecided
    | DeliveryDecided
    | PurchaseConfirmed
    | InterchangeSold
    | InterchangeReversed
)
OperationKey = tuple[TerminalId, OperationId]
"""An operation for ever: no terminal uses the same x twice."""

StoredForm = tuple[int, int, bytes, bytes]
"""type, schema version, public and private part, as the log stores an event."""

_TERMINAL_BYTES: Final = 8
_KEY_BYTES: Final = 24
_HEAD: Final = struct.Struct(">BQQ")  # state, position, counted_us


class State(StrEnum):
    DECLINED = "declined"
    HELD = "held"
    CAPTURED = "captured"  # owed to the producer
    DELIVERED = "delivered"  # a hold that a capture has used up
    RELEASED = "released"  # a hold that was reversed or expired
    UNDONE = "undone"  # a captured sale that was reversed before its batch closed
    DONE = "done"  # a refund, reversal, delivery or confirmation that took effect


_STATES: Final = tuple(State)
_PLACES: Final = {state: place for place, state in enumerate(_STATES)}
_HELD: Final = _PLACES[State.HELD]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What became of one operation, as it is now. counted_us: the instant whose civil day its ceilings count on; of a capture,
    its hold's. refunded: lines of goods taken back so far. captured_by: the capture that used a hold up."""

    event: Decided
    position: int
    counted_us: int
    state: State
    refunded: tuple[Line, ...] = ()
    captured_by: OperationKey | None = None


class Bodies(Protocol):
    """How the event of an operation is kept as bytes, and read again."""

    def keep(self, event: Decided, stored: StoredForm | None) -> bytes: ...
    def read(self, body: bytes) -> Event: ...


class Objects:
    """Events kept as the objects they are; their bytes are their number."""

    def __init__(self) -> None:
        self._events: list[Decided] = []

    def keep(self, event: Decided, _stored: StoredForm | None) -> bytes:
        self._events.append(event)
        return (len(self._events) - 1).to_bytes(8, "big")

    def read(self, body: bytes) -> Decided:
        return self._events[int.from_bytes(body, "big")]


class Operations(Mapping[OperationKey, Operation]):
    """All operations of one caisse by (terminal, x)."""

    __slots__ = ("_bodies", "captured_by", "kept", "refunded")

    def __init__(self, bodies: Bodies | None = None) -> None:
        self._bodies = bodies or Objects()
        self.kept: dict[bytes, bytes] = {}
        self.refunded: dict[bytes, tuple[Line, ...]] = {}
        self.captured_by: dict[bytes, bytes] = {}

    def record(
        self, key: OperationKey, event: Decided, stored: StoredForm | None, *, position: int, counted_us: int, state: State
    ) -> None:
        """A decided operation. Raises BrokenBook for a key that is no terminal's operation."""
        name = key[0] + key[1]
        if len(name) != _KEY_BYTES:
            raise BrokenBook(f"an operation is named by 8 bytes of its terminal and 16 of its own, not by {len(name)}")
        self.kept[name] = _HEAD.pack(_PLACES[state], position, counted_us) + self._bodies.keep(event, stored)

    def change(
        self, key: OperationKey, state: State, *, captured_by: OperationKey | None = None, refunded: tuple[Line, ...] = ()
    ) -> None:
        """Another state; captured_by, refunded: what is added. Raises KeyError for an operation that never was."""
        name = key[0] + key[1]
        self.kept[name] = bytes((_PLACES[state],)) + self.kept[name][1:]
        if captured_by is not None:
            self.captured_by[name] = captured_by[0] + captured_by[1]
        if refunded:
            self.refunded[name] = (*self.refunded.get(name, ()), *refunded)

    def is_held(self, key: OperationKey) -> bool:
        return self.kept[key[0] + key[1]][0] == _HELD

    def held(self) -> Iterator[Operation]:
        """Those that still hold cents."""
        return (self._operation(name, kept) for name, kept in self.kept.items() if kept[0] == _HELD)

    def __getitem__(self, key: OperationKey) -> Operation:
        name = key[0] + key[1]
        return self._operation(name, self.kept[name])

    def __contains__(self, key: object) -> bool:
        terminal, x = cast(OperationKey, key)
        return terminal + x in self.kept

    def __iter__(self) -> Iterator[OperationKey]:
        return map(_key, self.kept)

    def __len__(self) -> int:
        return len(self.kept)

    def _operation(self, name: bytes, kept: bytes) -> Operation:
        state, position, counted_us = _HEAD.unpack_from(kept)
        event = self._bodies.read(kept[_HEAD.size :])
        captured_by = self.captured_by.get(name)
        return Operation(
            event=cast(Decided, event), position=position, counted_us=counted_us, state=_STATES[state],
            refunded=self.refunded.get(name, ()), captured_by=None if captured_by is None else _key(captured_by),
        )


def _key(name: bytes) -> OperationKey:
    return TerminalId(name[:_TERMINAL_BYTES]), OperationId(name[_TERMINAL_BYTES:])
