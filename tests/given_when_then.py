"""Law: given(*events).when(request).then(...): what was, what is asked, what it becomes; on the book, in milliseconds.

A story applies events, sweeps what time made due as the writer does, decides, and applies what was decided.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self
from zoneinfo import ZoneInfo

from clearing.authoriser import drawing, operations
from clearing.authoriser.client import TapFacts
from clearing.events.catalogue import Event
from clearing.events.sales import AuthorisationDecided, CaptureDecided, RefundDecided, SaleDecided
from clearing.rules.answers import Declined
from clearing.rules.book import Book
from clearing.rules.calendar import instant_us
from clearing.rules.ledger.postings import Ledger
from clearing.rules.voted.restrictions import restricted
from clearing.values import Position
from clearing.wire.requests import Request

PARIS = ZoneInfo("Europe/Paris")
Command = Callable[[Book, int], Event | Declined]
"""What a person asks: decided on the book at an instant, and recorded unless no vote carries it, or an earmark forbids it."""


def paris(text: str) -> int:
    """Microseconds of "2026-05-01 09:00:00" in Paris."""
    return instant_us(datetime.fromisoformat(text).replace(tzinfo=PARIS))


@dataclass
class Story:
    """A book with its history. last: what the last `when` decided; swept: what time alone did before it;
    followed: what came with it in the same commit (bonuses)."""

    book: Book = field(default_factory=Book)
    ledger: Ledger = field(default_factory=Ledger)
    at_us: int = 0
    history: list[Event] = field(default_factory=list)
    instants: list[int] = field(default_factory=list)
    last: Event | Declined | None = None
    swept: list[Event] = field(default_factory=list)
    followed: tuple[Event, ...] = ()

    def and_given(self, *events: Event) -> Self:
        for event in events:
            self._apply(event)
        return self

    def at(self, text: str) -> Self:
        """Go on at this time in Paris."""
        self.at_us = paris(text)
        return self

    def when(self, asked: Request | Command, tap: TapFacts | None = None) -> Self:
        """Sweep, decide, apply."""
        self.sweep()
        at_us = self._next_us()
        self.followed = ()
        if isinstance(asked, Request):
            self.last = operations.decide(self.book, asked, tap, tap_used_before=False, at_us=at_us).event
            self.followed = drawing.bonuses_after(self.book, self.last, at_us)
        else:
            decided = asked(self.book, at_us)
            stopped = None if isinstance(decided, Declined) else restricted(decided, self.book, at_us)
            self.last = stopped or decided
        if not isinstance(self.last, Declined):
            self._apply(self.last)
            self.and_given(*self.followed)
        return self

    def sweep(self) -> Self:
        """What time alone makes happen by now."""
        self.swept = []
        while (event := self.book.due(self._next_us())) is not None:
            self._apply(event)
            self.swept.append(event)
        return self

    def then(self, code: str, **fields: Any) -> Self:
        """The last answer: its code ("00" for an event without one), and any of its fields."""
        found = self.last.code if isinstance(self.last, Declined) else getattr(self.last, "code", "00")
        assert found == code, f"{found} instead of {code}: {self.last}"
        told = {name: getattr(self.last, name) for name in fields}
        assert told == fields
        return self

    def then_pays(self, code: str, *card_lines: int) -> Self:
        """A sale, authorisation, capture or refund: the code, and the card's cents per line."""
        self.then(code)
        event = self.last
        assert isinstance(event, SaleDecided | AuthorisationDecided | CaptureDecided | RefundDecided)
        lines = event.card_lines if isinstance(event, RefundDecided) else event.approved_lines
        assert lines == card_lines
        return self

    def purse(self, member: str, kind: str = "credit") -> int:
        """Cents that the member can spend now."""
        lots = self.book.allocation.spendable(self.book.members.members[member], kind, self._next_us())  # type: ignore[index, arg-type]
        return sum(lot.cents for lot in lots)

    def account(self, name: str) -> int:
        """Cents of an account of the double entry, a credit above zero."""
        return -self.ledger.balances.get(name, 0)

    def _next_us(self) -> int:
        return max(self.at_us, self.book.at_us + 1)

    def _apply(self, event: Event) -> None:
        position, at_us = self.book.position + 1, self._next_us()
        self.book.apply(event, position, at_us)
        self.ledger.post(event, Position(position))
        self.history.append(event)
        self.instants.append(at_us)


def given(*events: Event, at: str = "2026-05-01 09:00:00") -> Story:
    """A book after these events, at a time in Paris."""
    return Story(at_us=paris(at)).and_given(*events)
