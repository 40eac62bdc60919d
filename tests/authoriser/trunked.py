"""Law: a living caisse behind a trunk and gateways before it, all of the product's own parts, in one process."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from clearing.authoriser.client import Submission
from clearing.authoriser.trunk_server import TrunkServer
from clearing.config import Settings
from clearing.directory import Directory
from clearing.events.codes import Code
from clearing.installation.serving import Routes
from clearing.telemetry import Telemetry
from clearing.terminal.virtual_card import VirtualCard
from clearing.terminal_gateway.door import CardAwaited, Door
from clearing.terminal_gateway.writers import Address, Known, Trunk
from clearing.vault import Vault
from clearing.wire.requests import CardUrl, Op
from tests.living_caisse import BRUNO, CODE, Caisse

APPLES = {"fruit-veg": 500}
UID = bytes([4, 1, 2, 3, 4, 5, 6])
WAIT_S = 30
SETTINGS = Settings(key_requests_per_s=1_000_000, key_requests_burst=1_000_000)


async def until(there: Callable[[], bool]) -> None:
    async with asyncio.timeout(WAIT_S):
        while not there():
            await asyncio.sleep(0)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(kw_only=True)
class Gateway:
    """What a gateway's process holds: no database, no vault."""

    address: Address
    in_flight_max: int = 100
    telemetry: Telemetry = field(default_factory=Telemetry)
    directory: Directory = field(default_factory=Directory)
    known: Known = field(init=False)
    trunk: Trunk = field(init=False)
    door: Door = field(init=False)

    def __post_init__(self) -> None:
        self.known = Known(self.directory)
        self.trunk = Trunk(self.address, self.known, self.telemetry, in_flight_max=self.in_flight_max, retry_after_s=1)
        self.door = Door(
            settings=SETTINGS, directory=self.directory, cardrooms=self.known.rooms, telemetry=self.telemetry,
            clock_us=lambda: int(asyncio.get_running_loop().time() * 1_000_000),
        )
        self.known.forget, self.known.forget_all = self.door.taps.forget, self.door.taps.forget_all

    def ready(self) -> bool:
        return self.directory.ready.get(CODE, False)

    async def admitted(self, raw: bytes) -> Submission:
        found = self.door.admit(raw, None, "127.0.0.1")
        return await self.door.completed(found) if isinstance(found, CardAwaited) else found

    async def ask(self, raw: bytes) -> bytes:
        """What a till does through this gateway."""
        return await self.trunk.submit(await self.admitted(raw))


@dataclass(kw_only=True)
class Site:
    """A living caisse behind a trunk."""

    caisse: Caisse
    vault: Vault
    address: Address
    card: VirtualCard
    server: TrunkServer = field(init=False)
    serves: bool = False

    async def serve(self) -> None:
        self.server = TrunkServer(
            authoriser=Routes({CODE: self.caisse.writer}, 1), directory=self.caisse.directory, vaults={CODE: self.vault},
            frame_bytes_max=4_096, path=self.address.path, port=self.address.port, secret=self.address.secret,
        )
        await self.server.start()
        self.serves = True

    def go(self) -> None:
        """The writer's process is not there any more."""
        if self.serves:
            self.server.close()
        self.serves = False

    @asynccontextmanager
    async def gateway(self, **more: Any) -> AsyncIterator[Gateway]:
        gateway = Gateway(address=self.address, **more)
        try:
            await until(gateway.ready)
            yield gateway
        finally:
            await gateway.trunk.close()

    def sale(self, lines: dict[str, int] = APPLES, *, card: VirtualCard | None = None, **fields: Any) -> bytes:
        p, c = (card or self.card).tap()
        return self.caisse.asked(Op.SALE, lines, card=CardUrl(p, c), **fields).frame.raw

    async def issue(self, version: int, member: str = "m-1") -> VirtualCard:
        keys = self.vault.personalise(UID, version)
        body: dict[str, object] = {
            "cards": [{"card": keys.card, "key_version": version, "member": member, "alias": "0009"}]
        }
        done = await self.caisse.command(BRUNO, "issue_cards", body)
        assert done.rc is Code.APPROVED, done.why
        return virtual(self.vault, version)


def virtual(vault: Vault, version: int) -> VirtualCard:
    keys = vault.personalise(UID, version)
    return VirtualCard(uid=keys.uid, k1_meta=keys.k1, k2=keys.k2, version=version, random=bytes)


@asynccontextmanager
async def behind_a_trunk(caisse: Caisse, folder: Path, kind: str) -> AsyncIterator[Site]:
    vault = Vault.create(folder / "vault", seed=b"v" * 32)
    address = Address(path=folder / "w.trunk") if kind == "unix" else Address(port=free_port(), secret=b"t" * 32)
    site = Site(caisse=caisse, vault=vault, address=address, card=virtual(vault, 1))
    await site.issue(1)
    await site.serve()
    yield site
    site.go()


async def dialled(address: Address) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    if address.path is not None:
        assert address.path.stat().st_mode & 0o777 == 0o600
        return await asyncio.open_unix_connection(str(address.path))
    return await asyncio.open_connection("127.0.0.1", address.port)
