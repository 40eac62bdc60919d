"""Law: a tap is checked here, under that card's own key, and the issuer's key is never here.

Source: wire.md section 1. A bad tap is not a refusal: the writer declines it (63) and the event keeps the evidence.
"""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Final, NamedTuple, Protocol

from clearing.authoriser.client import TapFacts
from clearing.directory import Directory
from clearing.telemetry import Telemetry
from clearing.values import CaisseCode, CardId
from clearing.wire.requests import CardUrl, Request
from clearing.wire.tap import BadTap, check_tap, read_picc

_VERSION_OF_UNKNOWN: Final = 1
_NOT_GENUINE: Final = TapFacts(genuine=False)


class CardRoom(Protocol):
    """What a caisse's vault tells a gateway: the key that reads taps, and a card's own tap key; the vault, or a link to it."""

    @property
    def kmeta(self) -> bytes: ...

    def resolve(self, uid: bytes, version: int) -> tuple[CardId, bytes]:
        """(card id, K2) of one card at one key version."""
        ...


class _Known(NamedTuple):
    card: CardId
    version: int
    k2: bytes


class TapCheck:
    """Checks taps of all caisses served here; keeps the keys of the cards seen last (bounded)."""

    def __init__(
        self, *, cardrooms: Mapping[CaisseCode, CardRoom], directory: Directory, telemetry: Telemetry, cards_max: int
    ) -> None:
        self._cardrooms: Final = cardrooms
        self._directory: Final = directory
        self._outcomes: Final = telemetry.taps
        self._cards_max: Final = cards_max
        self._known: OrderedDict[tuple[CaisseCode, bytes], _Known] = OrderedDict()

    def __len__(self) -> int:
        return len(self._known)

    def facts(self, caisse: CaisseCode, request: Request) -> TapFacts | None:
        """What the request's card evidence says; None when it carries no tap (a capture, a voucher, a code)."""
        if not isinstance(request.card, CardUrl):
            return None
        issuer = request.caisse or caisse
        found = self._check(issuer, request.card)
        self._outcomes.labels(caisse, "genuine" if found.genuine else "refused").inc()
        return found

    def _check(self, issuer: CaisseCode, url: CardUrl) -> TapFacts:
        room = self._cardrooms.get(issuer)
        if room is None:
            return _NOT_GENUINE
        try:
            uid, counter = read_picc(room.kmeta, url.p)
        except BadTap:
            return _NOT_GENUINE
        known = self._keys_of(issuer, room, uid)
        if not check_tap(known.k2, uid, counter, url.c):
            return _NOT_GENUINE
        self._keep((issuer, uid), known)
        return TapFacts(genuine=True, card=known.card, key_version=known.version, counter=counter)

    def _keys_of(self, issuer: CaisseCode, room: CardRoom, uid: bytes) -> _Known:
        known = self._known.get((issuer, uid))
        card = known.card if known is not None else room.resolve(uid, _VERSION_OF_UNKNOWN)[0]
        version = self._directory.card_version(issuer, card) or _VERSION_OF_UNKNOWN
        if known is None or known.version != version:
            known = _Known(card, version, room.resolve(uid, version)[1])
        return known

    def _keep(self, place: tuple[CaisseCode, bytes], known: _Known) -> None:
        # Only a genuine tap gets its card a place: made-up UIDs must not push real cards out.
        self._known[place] = known
        self._known.move_to_end(place)
        if len(self._known) > self._cards_max:
            self._known.popitem(last=False)
