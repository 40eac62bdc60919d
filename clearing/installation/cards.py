"""Law: a virtual card's keys come from the vault once, go into a file only its owner reads, and its counter only rises.

A virtual card answers like the real one; it serves the demo, the till in a terminal window and trials without hardware.
"""

import json
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from clearing.installation.home import write_private
from clearing.terminal.virtual_card import VirtualCard
from clearing.values import CaisseCode, CardId, InvalidValue, MemberId
from clearing.vault import Vault
from clearing.wire.tap import UID_BYTES

FIRST_VERSION: Final = 1
_NXP: Final = b"\x04"  # the manufacturer's first byte of every UID of a real card
_LETTERS: Final = "ACDEFGHJKLMNPQRTUVWXYZ34679"  # nothing that is read as something else


@dataclass(frozen=True, slots=True, kw_only=True)
class CardFile:
    """Everything that is in one virtual card. k1, k2: its meta and tap keys; counter: of its last read."""

    caisse: CaisseCode
    alias: str
    member: MemberId
    card: CardId
    uid: bytes
    version: int
    k1: bytes
    k2: bytes
    counter: int = 0

    def insert(self) -> VirtualCard:
        """The card, ready to be tapped."""
        return VirtualCard(
            uid=self.uid, k1_meta=self.k1, k2=self.k2, version=self.version, random=os.urandom, counter=self.counter,
            caisse=self.caisse,
        )

    def item(self) -> dict[str, object]:
        """Its line in the command issue_cards."""
        return {"card": self.card, "key_version": self.version, "member": self.member, "alias": self.alias}


def personalise(vault: Vault, code: CaisseCode, *, member: MemberId, alias: str | None = None) -> CardFile:
    """A new virtual card with a UID of its own. alias: what people read on it; drawn when None."""
    keys = vault.personalise(_NXP + os.urandom(UID_BYTES - 1), FIRST_VERSION)
    return CardFile(
        caisse=code, alias=alias or draw_alias(), member=member, card=keys.card, uid=keys.uid, version=keys.version, k1=keys.k1,
        k2=keys.k2,
    )


def draw_alias() -> str:
    """Eight letters in two groups, easy to say on the telephone; the writer refuses the one that is taken."""
    letters = [_LETTERS[byte % len(_LETTERS)] for byte in os.urandom(8)]
    return "".join(letters[:4]) + "-" + "".join(letters[4:])


def write_card(path: Path, card: CardFile) -> None:
    said = {
        "caisse": card.caisse, "alias": card.alias, "member": card.member, "card": card.card.hex(), "uid": card.uid.hex(),
        "version": card.version, "k1": card.k1.hex(), "k2": card.k2.hex(), "counter": card.counter,
    }
    write_private(path, (json.dumps(said, indent=1) + "\n").encode())


@dataclass(frozen=True, slots=True)
class KeptCard:
    """A card in its file, for a till. Its count is on disk before a tap is used: after a power cut no tap serves twice.

    caisse: named to the till's caisse when the card is another one's.
    """

    path: Path
    caisse: CaisseCode | None = None

    def tap(self) -> tuple[bytes, bytes]:
        """(p, c) of the next read. Raises InvalidValue for no card's file, BadTap at the end of its counter."""
        card = read_card(self.path)
        inserted = card.insert()
        tapped = inserted.tap()
        write_card(self.path, replace(card, counter=inserted.counter))
        return tapped


def kept_cards(folder: Path) -> dict[str, KeptCard]:
    """The cards whose files lie in this folder, by the alias people ask for."""
    return {path.stem: KeptCard(path) for path in sorted(folder.glob("[!.]*.json"))}


def read_card(path: Path) -> CardFile:
    """Raises InvalidValue with what to do."""
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        return CardFile(
            caisse=CaisseCode(said["caisse"]), alias=said["alias"], member=MemberId(said["member"]),
            card=CardId(bytes.fromhex(said["card"])), uid=bytes.fromhex(said["uid"]), version=int(said["version"]),
            k1=bytes.fromhex(said["k1"]), k2=bytes.fromhex(said["k2"]), counter=int(said["counter"]),
        )
    except FileNotFoundError:
        raise InvalidValue(f"{path} is not there; issue a card with: clearing card issue MEMBER") from None
    except (OSError, ValueError, KeyError, TypeError):
        raise InvalidValue(f"{path} is no card file of this program; issue a card with: clearing card issue MEMBER") from None
