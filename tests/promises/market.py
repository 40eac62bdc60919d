"""Law: a small market with real cards and terminals; its log outlives every process that writes it.

Some members with a card and money of their own each, one producer, some terminals. Time is the machine's, so nothing here
depends on a month.
"""

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from clearing.events.codes import Code
from clearing.postgres import Embedded
from clearing.terminal.identity import TerminalIdentity
from clearing.terminal.virtual_card import VirtualCard
from clearing.values import PersonId, TerminalId
from clearing.wire.signature import TerminalKey
from clearing.wire.tap import CardKeys, card_keys
from tests.living_caisse import AMINA, BRUNO, SERVER_KEY, Caisse, founding, living_caisse
from tests.stall_world import ISSUER

VERSION = 1


@dataclass(kw_only=True)
class MarketCard:
    """A virtual card that remembers which taps were its own."""

    number: int
    card: VirtualCard
    taps: set[bytes] = field(default_factory=set)

    @property
    def caisse(self) -> None:
        return

    def tap(self) -> tuple[bytes, bytes]:
        p, c = self.card.tap()
        self.taps.add(p)
        return p, c


@dataclass(frozen=True, kw_only=True)
class Market:
    """Where its log is, who sells, who buys, and what each card held at first."""

    dsn: str
    schema: str
    stalls: Sequence[TerminalIdentity]
    cards: Sequence[MarketCard]
    cents_each: int
    server_key: bytes = SERVER_KEY.public


def uid_of(number: int) -> bytes:
    return bytes([4, 0, 0, 0, 0, number // 256, number % 256])


def _keys_of(number: int) -> CardKeys:
    return card_keys(ISSUER, uid_of(number), VERSION)


def card_of(number: int, keys: CardKeys) -> MarketCard:
    dice = random.Random(number)
    return MarketCard(number=number, card=VirtualCard(
        uid=keys.uid, k1_meta=keys.k1, k2=keys.k2, version=VERSION, random=dice.randbytes
    ))


def stall_of(number: int, server_key: bytes = SERVER_KEY.public) -> TerminalIdentity:
    key = TerminalKey.from_seed(number.to_bytes(32, "big"))
    name = TerminalId(f"stall{number:03d}".encode())
    return TerminalIdentity(terminal=name, epoch=1, key=key, server_keys=frozenset({server_key}))


async def open_market(server: Embedded, *, stalls: int, cards: int, cents_each: int) -> Market:
    """Found it and let the writer go: the log lies ready for a process."""
    sellers = [stall_of(number) for number in range(1, stalls + 1)]
    async with living_caisse(server, founded=False, at_us=time.time_ns() // 1_000) as caisse:
        await _furnish(caisse, sellers, cards, cents_each)
        return Market(
            dsn=caisse.dsn, schema=caisse.schema, stalls=sellers, cents_each=cents_each,
            cards=[card_of(number, _keys_of(number)) for number in range(cards)],
        )


async def _furnish(caisse: Caisse, stalls: Sequence[TerminalIdentity], cards: int, cents_each: int) -> None:
    for person, verb, body in furnishing(stalls, [_keys_of(number) for number in range(cards)], cents_each):
        done = await caisse.command(person, verb, body)
        assert done.rc is Code.APPROVED, f"{verb}: {done.rc} {done.why}"


def furnishing(
    stalls: Sequence[TerminalIdentity], cards: Sequence[CardKeys], cents_each: int
) -> list[tuple[PersonId, str, dict[str, object]]]:
    """The commands that make the market, in order."""
    members = [f"m-{number}" for number in range(len(cards))]
    return [
        (AMINA, "found", founding()),
        (BRUNO, "admit_members", {"members": [{"member": member, "groups": []} for member in members]}),
        (BRUNO, "issue_cards", {"cards": [
            {"card": cards[number].card, "key_version": VERSION, "member": member, "alias": f"{number:04d}"}
            for number, member in enumerate(members)
        ]}),
        (AMINA, "admit_producers", {"producers": [{"producer": "field", "name": "The field", "structures": []}]}),
        (AMINA, "sign_conventions", {"conventions": [{"convention": "field-1", "producer": "field", "from_us": 0}]}),
        (AMINA, "enrol_terminals", {"terminals": [
            {"terminal": one.terminal, "epoch": one.epoch, "producer": "field", "key": one.key.public} for one in stalls
        ]}),
        *[
            (BRUNO, "credit_purse", {"member": member, "purse": "credit", "cents": cents_each, "reference": "own money"})
            for member in members
        ],
    ]
