"""Law: the open door knows keys, never secrets: which key id may sign what for which caisse, and each card's key version.

In memory, fed by the writers from their logs; a key id is unique over all caisses (wire.md section 3). Who listens is told of
each change: the trunks, which pass it on to gateways in other processes.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from clearing.values import CaisseCode, CardId, TerminalId


class Holder(StrEnum):
    TERMINAL = "terminal"
    PERSON = "person"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyEntry:
    """number: terminal id or person number (8 bytes). current False: an old epoch, taken for repeats only."""

    kid: bytes
    public_key: bytes
    caisse: CaisseCode
    holder: Holder
    number: TerminalId
    epoch: int
    current: bool = True


@dataclass(frozen=True, slots=True)
class CardIssuedAgain:
    """A card was personalised anew: its older tap key is of no use any more."""

    caisse: CaisseCode
    card: CardId
    key_version: int


@dataclass(frozen=True, slots=True)
class ReadyChanged:
    caisse: CaisseCode
    ready: bool


Change = KeyEntry | CardIssuedAgain | ReadyChanged
Listener = Callable[[Change], None]


class KeyIdTaken(Exception):
    """Another key with the same first 8 bytes is enrolled: make a new key and enrol that."""


class Directory:
    """Keys by key id, card key versions by caisse, and which caisses are served and ready."""

    def __init__(self) -> None:
        self._keys: dict[bytes, KeyEntry] = {}
        self._cards: dict[CaisseCode, dict[CardId, int]] = {}
        self._listeners: list[Listener] = []
        self.ready: dict[CaisseCode, bool] = {}

    def listen(self, listener: Listener) -> None:
        """Call it at each change from now on."""
        self._listeners.append(listener)

    def deaf(self, listener: Listener) -> None:
        self._listeners.remove(listener)

    def set_ready(self, caisse: CaisseCode, ready: bool) -> None:
        """Whether this caisse's writer takes requests."""
        changed = self.ready.get(caisse) is not ready
        self.ready[caisse] = ready
        if changed:
            self._tell(ReadyChanged(caisse, ready))

    def keys_of(self, caisse: CaisseCode) -> Iterable[KeyEntry]:
        """Every key of a caisse, of ended epochs too."""
        return [entry for entry in self._keys.values() if entry.caisse == caisse]

    def _tell(self, change: Change) -> None:
        for listener in self._listeners:
            listener(change)

    def key(self, kid: bytes) -> KeyEntry | None:
        return self._keys.get(kid)

    def put_key(self, entry: KeyEntry) -> None:
        """Add or replace. Raises KeyIdTaken when another key has this id."""
        known = self._keys.get(entry.kid)
        if known is not None and known.public_key != entry.public_key:
            raise KeyIdTaken(f"key id {entry.kid.hex()} belongs to another key; make a new key and enrol that one")
        self._keys[entry.kid] = entry
        if known != entry:
            self._tell(entry)

    def card_version(self, caisse: CaisseCode, card: CardId) -> int | None:
        """The current key version of a card, None for a card that was never issued."""
        return self._cards.get(caisse, {}).get(card)

    def put_card(self, caisse: CaisseCode, card: CardId, key_version: int) -> None:
        cards = self._cards.setdefault(caisse, {})
        again = cards.get(card, key_version) != key_version
        cards[card] = key_version
        if again:
            self._tell(CardIssuedAgain(caisse, card, key_version))

    def serve(self, caisse: CaisseCode) -> None:
        """Start afresh for a caisse: its writer will put every key and card of its log."""
        self._keys = {kid: entry for kid, entry in self._keys.items() if entry.caisse != caisse}
        self._cards[caisse] = {}
        self.set_ready(caisse, ready=False)
