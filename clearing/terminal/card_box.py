"""Law: a virtual card is a card: its counter only rises, so it is on disk before a tap is used.

A box of cards for a till without a reader: one JSON file (mode 0600), for it holds what a real card keeps inside.
"""

import json
import os
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

from clearing.terminal.virtual_card import VirtualCard
from clearing.wire.tap import BadTap, CardKeys, read_card_url

_MODE: Final = 0o600


class BoxRefused(Exception):
    """The box of cards can't be used; the text says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BoxedCard:
    """One card as the file holds it; uid, k1 and k2 in hexadecimal. counter: of the last tap."""

    name: str
    uid: str
    k1: str
    k2: str
    version: int
    counter: int = 0


class CardBox:
    """Virtual cards by name, in the order they were put in."""

    def __init__(self, path: Path, cards: dict[str, BoxedCard]) -> None:
        self._path: Final = path
        self._cards: Final = cards

    @classmethod
    def open(cls, path: Path) -> "CardBox":
        """The box in this file; an empty one when there is none. Raises BoxRefused for a file of something else."""
        if not path.exists():
            return cls(path, {})
        try:
            cards = [BoxedCard(**card) for card in json.loads(path.read_text(encoding="utf-8"))]
        except (ValueError, TypeError) as fault:
            raise BoxRefused(f"{path} is not a box of virtual cards: name another file, or issue cards anew") from fault
        return cls(path, {card.name: card for card in cards})

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._cards)

    def add(self, name: str, keys: CardKeys) -> None:
        """Put a personalised card in, and save. Raises BoxRefused when the name is taken."""
        if name in self._cards:
            raise BoxRefused(f"there is a card '{name}' in the box: give this one another name")
        self._cards[name] = BoxedCard(
            name=name, uid=keys.uid.hex(), k1=keys.k1.hex(), k2=keys.k2.hex(), version=keys.version
        )
        self._save()

    def source(self, name: str) -> "BoxedTap":
        """Taps of one card. Raises BoxRefused for a name that is not in the box."""
        if name not in self._cards:
            raise BoxRefused(f"there is no card '{name}' in the box; there are: {', '.join(self._cards) or 'none'}")
        return BoxedTap(self, name)

    def take_tap(self, name: str) -> tuple[bytes, bytes]:
        """(p, c) of the card's next read; the box is saved before they are given out."""
        held = self._cards[name]
        card = VirtualCard(
            uid=bytes.fromhex(held.uid),
            k1_meta=bytes.fromhex(held.k1),
            k2=bytes.fromhex(held.k2),
            version=held.version,
            random=os.urandom,
            counter=held.counter,
        )
        tapped = card.tap()
        self._cards[name] = replace(held, counter=card.counter)
        self._save()
        return tapped

    def _save(self) -> None:
        content = json.dumps([asdict(card) for card in self._cards.values()], indent=1)
        beside = self._path.with_name(self._path.name + ".new")
        with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _MODE), "w", encoding="utf-8") as file:  # noqa: PTH123
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self._path)


@dataclass(frozen=True, slots=True)
class BoxedTap:
    """A card of a box, as a source of taps."""

    box: CardBox
    name: str

    def tap(self) -> tuple[bytes, bytes]:
        return self.box.take_tap(self.name)


@dataclass(slots=True)
class AddressTap:
    """The address a telephone read from a card, pasted by a person: serves once."""

    address: str
    used: bool = False

    def tap(self) -> tuple[bytes, bytes]:
        """Raises BadTap when the text is no card's address, or was used before."""
        if self.used:
            raise BadTap("this address was used: tap the card again and paste the new one")
        _, p, c = read_card_url(self.address)
        self.used = True
        return p, c
