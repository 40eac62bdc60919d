"""Law: the open door knows keys, never secrets: which key id may sign what for which caisse, and each card's key version.

In memory, fed by the writers from their logs; a key id belongs to one key over all caisses (wire.md section 3). A terminal's
key is one caisse's; a person may lead several caisses with one key. Who listens is told of each change: the trunks, which pass
it on to gateways in other processes.
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
    """Terminals by key id, persons by caisse and key id, cards' key versions by caisse, and which caisses are ready."""

    def __init__(self) -> None:
        self._terminals: dict[bytes, KeyEntry] = {}
        self._persons: dict[tuple[CaisseCode, bytes], KeyEntry] = {}
        self._public: dict[bytes, bytes] = {}  # by key id, of both
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
        return [entry for entry in (*self._terminals.values(), *self._persons.values()) if entry.caisse == caisse]

    def _tell(self, change: Change) -> None:
        for listener in self._listeners:
            listener(change)

    def terminal(self, kid: bytes) -> KeyEntry | None:
        return self._terminals.get(kid)

    def person(self, caisse: CaisseCode, kid: bytes) -> KeyEntry | None:
        return self._persons.get((caisse, kid))

    def free_for_terminal(self, key: bytes) -> bool:
        """Whether nobody has this key, or one with its id."""
        return key[:8] not in self._public

    def free_for_person(self, caisse: CaisseCode, key: bytes) -> bool:
        """The same; but who leads another caisse with this very key may lead this one too."""
        kid = key[:8]
        return self._public.get(kid, key) == key and kid not in self._terminals and (caisse, kid) not in self._persons

    def put_key(self, entry: KeyEntry) -> None:
        """Add or replace. Raises KeyIdTaken when another key has this id."""
        if self._public.setdefault(entry.kid, entry.public_key) != entry.public_key:
            raise KeyIdTaken(f"key id {entry.kid.hex()} belongs to another key; make a new key and enrol that one")
        if entry.holder is Holder.TERMINAL:
            known, self._terminals[entry.kid] = self._terminals.get(entry.kid), entry
        else:
            place = (entry.caisse, entry.kid)
            known, self._persons[place] = self._persons.get(place), entry
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
        self._terminals = {kid: entry for kid, entry in self._terminals.items() if entry.caisse != caisse}
        self._persons = {place: entry for place, entry in self._persons.items() if entry.caisse != caisse}
        self._public = {entry.kid: entry.public_key for entry in (*self._terminals.values(), *self._persons.values())}
        self._cards[caisse] = {}
        self.set_ready(caisse, ready=False)
