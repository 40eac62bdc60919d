"""Law: one caisse, one stall, two cards and a door on a free port of the loopback: what tests of doors and terminals share."""

import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from aiohttp import web

from clearing.authoriser.client import Authoriser
from clearing.config import Settings
from clearing.directory import Directory, Holder
from clearing.events.basket import Line
from clearing.telemetry import Telemetry
from clearing.terminal.virtual_card import VirtualCard
from clearing.terminal_gateway.door import Door
from clearing.terminal_gateway.server import Gateway, create_app, create_runner
from clearing.terminal_gateway.taps import VaultRoom
from clearing.values import CaisseCode, CardId, CategoryId, Cents, OperationId, TerminalId
from clearing.wire.certificate import certify
from clearing.wire.fields import TimeMs
from clearing.wire.frame import FrameType
from clearing.wire.requests import CardUrl, Op, Request, encode_request
from clearing.wire.signature import TerminalKey
from clearing.wire.tap import card_id, card_keys, meta_key, tap_key
from tests.small_writer import SmallWriter, entry_of

BRUME = CaisseCode("brume")
ISSUER = bytes(range(16))
STALL = TerminalId(b"stall-01")
KEY = TerminalKey.from_seed(b"k" * 32)
PERSON_KEY = TerminalKey.from_seed(b"p" * 32)
SERVER_KEY = TerminalKey.from_seed(b"s" * 32)
ROOT_KEY = TerminalKey.from_seed(b"r" * 32)
VEGETABLES = CategoryId("fruit-veg")


class IssuerRoom:
    """The vault's part for gateways, with an issuer key that everybody may know. asked: how often a key was made."""

    kmeta = meta_key(ISSUER)

    def __init__(self) -> None:
        self.asked = 0

    def resolve(self, uid: bytes, version: int) -> tuple[CardId, bytes]:
        self.asked += 1
        return card_id(ISSUER, uid), tap_key(ISSUER, uid, version)


@dataclass
class HandClock:
    """Microseconds that move when a test says so."""

    now_us: int = 1_000_000

    def __call__(self) -> int:
        return self.now_us

    def second_later(self) -> None:
        self.now_us += 1_000_000


@dataclass(kw_only=True)
class World:
    """Everything a test of a door may want to hold."""

    settings: Settings = field(default_factory=Settings)
    directory: Directory = field(default_factory=Directory)
    room: IssuerRoom = field(default_factory=IssuerRoom)
    telemetry: Telemetry = field(default_factory=Telemetry)
    clock: HandClock = field(default_factory=HandClock)
    reasons: list[str] = field(default_factory=list)
    writer: SmallWriter = field(init=False)

    def __post_init__(self) -> None:
        self.directory.serve(BRUME)
        self.directory.ready[BRUME] = True
        self.directory.put_key(entry_of(BRUME, KEY.public, STALL, 0))
        self.directory.put_key(entry_of(BRUME, PERSON_KEY.public, TerminalId(b"person01"), 0, holder=Holder.PERSON))
        self.writer = SmallWriter(caisse=BRUME, directory=self.directory, key=SERVER_KEY, root=ROOT_KEY)

    def card(self, number: int = 1, *, version: int = 1, cents: int | None = 10_000) -> VirtualCard:
        """A card of the caisse; cents None: never issued, so that neither directory nor writer know it."""
        keys = card_keys(ISSUER, bytes([4, *([number] * 6)]), version)
        if cents is not None:
            self.directory.put_card(BRUME, keys.card, version)
            self.writer.purses[keys.card] = cents
        dice = random.Random(number)
        return VirtualCard(uid=keys.uid, k1_meta=keys.k1, k2=keys.k2, version=version, random=dice.randbytes)

    def door(self) -> Door:
        return Door(
            settings=self.settings, directory=self.directory, telemetry=self.telemetry, clock_us=self.clock,
            cardrooms={BRUME: VaultRoom(self.room, self.directory, BRUME)},
        )  # fmt: skip

    def app(self, authoriser: Authoriser | None = None) -> Gateway:
        return create_app(
            self.settings, self.directory, authoriser or self.writer, {BRUME: VaultRoom(self.room, self.directory, BRUME)},
            self.telemetry, self.clock, self.ready, lambda: [certify(ROOT_KEY, SERVER_KEY.public)],
        )  # fmt: skip

    async def ready(self) -> list[str]:
        return self.reasons

    @asynccontextmanager
    async def served(self, authoriser: Authoriser | None = None) -> AsyncIterator[str]:
        """The address of the door, while it is open."""
        async with opened(self.app(authoriser), self.settings) as address:
            yield address


@asynccontextmanager
async def opened(app: Gateway, settings: Settings) -> AsyncIterator[str]:
    runner = create_runner(app, settings)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await app.close()
        await runner.cleanup()


def sale(card: VirtualCard, cents: int = 735, *, n: int = 1, op: Op = Op.SALE) -> Request:
    p, c = card.tap()
    return Request(
        op=op, terminal=STALL, epoch=0, n=n, x=OperationId(n.to_bytes(16, "big")), ts_ms=TimeMs(1_500_000_000_000),
        amount_cents=Cents(cents), lines=(Line(category=VEGETABLES, amount_cents=Cents(cents)),), card=CardUrl(p, c),
    )  # fmt: skip


def signed(request: Request, key: TerminalKey = KEY, frame_type: FrameType = FrameType.TERM_REQ) -> bytes:
    return key.sign_envelope(frame_type, encode_request(request))


def but(request: Request, **changes: object) -> Request:
    """The same request with other fields."""
    change: Callable[..., Request] = replace
    return change(request, **changes)
