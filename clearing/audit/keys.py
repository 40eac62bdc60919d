"""Law: which terminal had which key when is read from the log first, so that its ranges can be proved at once.

Nothing is believed for it: what is read here has to be, at the same positions, what the replay in order proves and folds.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from typing import NamedTuple, Self

from clearing.event_store.rows import EventRow
from clearing.events.codec import UnreadableEvent, decode
from clearing.events.producers import TerminalEnrolled
from clearing.values import ProducerId, TerminalId

STREAMS = "terminal/"


class Enrolled(NamedTuple):
    """A key of a terminal, and the event that brought it."""

    position: int
    epoch: int
    producer: ProducerId
    key: bytes


class TerminalKeys:
    """Every enrolment of a log. by_terminal: in the order of their positions."""

    def __init__(self, by_terminal: Mapping[TerminalId, list[Enrolled]]) -> None:
        self._by_terminal = by_terminal
        self._places = {
            one.position: (terminal, one.epoch, one.producer, one.key) for terminal, all_of_it in by_terminal.items()
            for one in all_of_it
        }  # fmt: skip
        self._positions = sorted(self._places)

    @classmethod
    def of(cls, rows: Iterable[EventRow]) -> Self:
        """rows: what is filed under STREAMS, in order. What can't be read is left out: its own turn comes in the replay."""
        found: dict[TerminalId, list[Enrolled]] = {}
        for row in rows:
            try:
                event = decode(row.type, row.schema_version, row.public, row.private)
                if isinstance(event, TerminalEnrolled):
                    new = Enrolled(row.position, event.epoch, event.producer, event.key)
                    found.setdefault(event.terminal, []).append(new)
            except (UnreadableEvent, TypeError, ValueError):  # a flipped bit may have made a terminal of something else
                continue
        return cls(found)

    def before(self, terminal: TerminalId, position: int) -> Enrolled | None:
        """What the terminal held when this event was decided."""
        return next((one for one in reversed(self._by_terminal.get(terminal, ())) if one.position < position), None)

    def brought(self, after: int, up_to: int) -> list[tuple[int, tuple[TerminalId, int, ProducerId, bytes]]]:
        """(position, (terminal, epoch, producer, key)) of the enrolments at positions after + 1 ... up_to."""
        chosen = self._positions[bisect_left(self._positions, after + 1) : bisect_left(self._positions, up_to + 1)]
        return [(position, self._places[position]) for position in chosen]
