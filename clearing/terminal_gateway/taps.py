"""Law: a tap is checked here, under that card's own key, and the issuer's key is never here.

Source: wire.md section 1. A bad tap is not a refusal: the writer declines it (63) and the event keeps the evidence. Keys of the
cards seen last are kept (bounded); a card that is not among them is asked of the vault, which may be in another process.
"""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Final, NamedTuple, Protocol

from prometheus_client import Counter

from clearing.authoriser.client import TapFacts
from clearing.directory import Directory
from clearing.telemetry import Telemetry
from clearing.values import CaisseCode, CardId
from clearing.wire.requests import CardUrl, Request
from clearing.wire.tap import BadTap, check_tap, read_picc

_VERSION_OF_UNKNOWN: Final = 1
_NOT_GENUINE: Final = TapFacts(genuine=False)


class CardKey(NamedTuple):
    """What checks one card's taps: its id, the current key version, and the tap key (16 bytes) of that version."""

    card: CardId
    version: int
    k2: bytes


class CardRoom(Protocol):
    """Where a caisse's tap keys come from: its vault in this process, or the one behind a trunk."""

    @property
    def kmeta(self) -> bytes:
        """Decrypts (UID, counter) of every card of the caisse."""
        ...

    def current(self, key: CardKey, /) -> bool:
        """Whether this is still the card's key."""
        ...

    def find(self, uid: bytes, /) -> CardKey | None:
        """The key of a card; None when it has to be fetched."""
        ...

    async def fetch(self, uid: bytes) -> CardKey | None:
        """The same, asked of the vault; None when the vault can't be reached: the tap can't be judged now."""
        ...


class Resolving(Protocol):
    """A vault, as far as this room needs it."""

    @property
    def kmeta(self) -> bytes: ...

    def resolve(self, uid: bytes, version: int) -> tuple[CardId, bytes]:
        """(card id, K2) of one card at one key version."""
        ...


class VaultRoom:
    """The vault in this process, and the directory that knows each card's key version."""

    def __init__(self, vault: Resolving, directory: Directory, caisse: CaisseCode) -> None:
        self._vault, self._directory, self._caisse = vault, directory, caisse

    @property
    def kmeta(self) -> bytes:
        return self._vault.kmeta

    def current(self, key: CardKey) -> bool:
        return self._version(key.card) == key.version

    def find(self, uid: bytes) -> CardKey:
        """A card that was never issued has key version 1; the writer answers 14 for it."""
        card, k2 = self._vault.resolve(uid, _VERSION_OF_UNKNOWN)
        version = self._version(card)
        return CardKey(card, version, k2 if version == _VERSION_OF_UNKNOWN else self._vault.resolve(uid, version)[1])

    async def fetch(self, uid: bytes) -> CardKey:
        return self.find(uid)

    def _version(self, card: CardId) -> int:
        return self._directory.card_version(self._caisse, card) or _VERSION_OF_UNKNOWN


class TapAwaited(NamedTuple):
    """A tap whose card's key has to be fetched first."""

    caisse: CaisseCode
    issuer: CaisseCode
    uid: bytes
    counter: int
    c: bytes


class TapCheck:
    """Checks taps of all caisses served here; keeps the keys of the cards seen last (bounded)."""

    def __init__(self, *, cardrooms: Mapping[CaisseCode, CardRoom], telemetry: Telemetry, cards_max: int) -> None:
        self._cardrooms: Final = cardrooms
        self._telemetry: Final = telemetry
        self._cards_max: Final = cards_max
        self._known: OrderedDict[tuple[CaisseCode, bytes], CardKey] = OrderedDict()
        self._place_of: dict[CardId, tuple[CaisseCode, bytes]] = {}
        self._counted: dict[tuple[CaisseCode, bool], Counter] = {}
        self._forgotten = 0

    def __len__(self) -> int:
        return len(self._known)

    def facts(self, caisse: CaisseCode, request: Request) -> TapFacts | TapAwaited | None:
        """What the request's card evidence says; None when it carries no tap (a capture, a voucher, a code)."""
        found = self._facts(caisse, request)
        if isinstance(found, TapFacts):
            self._count(caisse, genuine=found.genuine)
        return found

    def _count(self, caisse: CaisseCode, *, genuine: bool) -> None:
        counter = self._counted.get((caisse, genuine))
        if counter is None:  # looking a label up costs more than counting
            counter = self._telemetry.taps.labels(caisse, "genuine" if genuine else "refused")
            self._counted[caisse, genuine] = counter
        counter.inc()

    def _facts(self, caisse: CaisseCode, request: Request) -> TapFacts | TapAwaited | None:
        url = request.card
        if not isinstance(url, CardUrl):
            return None
        issuer = request.caisse or caisse
        room = self._cardrooms.get(issuer)
        if room is None:
            return _NOT_GENUINE
        try:
            uid, counter = read_picc(room.kmeta, url.p)
        except BadTap:
            return _NOT_GENUINE
        place = (issuer, uid)
        key = self._known.get(place)
        if key is None or not room.current(key):
            key = room.find(uid)
        return TapAwaited(caisse, issuer, uid, counter, url.c) if key is None else self._judged(place, key, counter, url.c)

    async def fetched(self, awaited: TapAwaited) -> TapFacts | None:
        """The same, once the card's key is here; None when it can't be had now."""
        self._telemetry.cache_misses.labels("card_keys").inc()
        room, forgotten = self._cardrooms.get(awaited.issuer), self._forgotten
        key = None if room is None else await room.fetch(awaited.uid)
        if key is None:
            return None
        found = self._judged((awaited.issuer, awaited.uid), key, awaited.counter, awaited.c)
        if forgotten != self._forgotten:  # a card was issued again on the way: it may have been this one
            self.forget(key.card)
        self._count(awaited.caisse, genuine=found.genuine)
        return found

    def forget(self, card: CardId) -> None:
        """The card was personalised anew: ask for its key again."""
        self._forgotten += 1
        place = self._place_of.pop(card, None)
        if place is not None:
            self._known.pop(place, None)

    def forget_all(self) -> None:
        """The vault may know newer versions than were told here."""
        self._forgotten += 1
        self._known.clear()
        self._place_of.clear()

    def _judged(self, place: tuple[CaisseCode, bytes], key: CardKey, counter: int, c: bytes) -> TapFacts:
        if not check_tap(key.k2, place[1], counter, c):
            return _NOT_GENUINE
        self._keep(place, key)
        return TapFacts(genuine=True, card=key.card, key_version=key.version, counter=counter)

    def _keep(self, place: tuple[CaisseCode, bytes], key: CardKey) -> None:
        if self._known.get(place) is key:
            self._known.move_to_end(place)
            return
        # Only a genuine tap gets its card a place: made-up UIDs must not push real cards out.
        self._known[place] = key
        self._known.move_to_end(place)
        self._place_of[key.card] = place
        if len(self._known) > self._cards_max:
            gone = self._known.popitem(last=False)[1]
            self._place_of.pop(gone.card, None)
