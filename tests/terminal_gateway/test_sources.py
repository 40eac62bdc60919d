"""Law: behind the proxy each client empties a bucket of their own; nobody else can say that they are somebody else."""

import aiohttp
import pytest

from clearing.config import SettingRefused, Settings
from clearing.terminal_gateway.server import BATCH_PATH, STREAM_PATH
from clearing.wire.frame import CONTENT_TYPE
from tests.stall_world import World, sale, signed

HEADERS = {"Content-Type": CONTENT_TYPE}
FORGED = signed(sale(World().card()))[:-1] + b"\x00"


async def statuses(session: aiohttp.ClientSession, path: str, forwarded: list[str], times: int = 1) -> list[int]:
    headers = [*HEADERS.items(), *(("X-Forwarded-For", one) for one in forwarded)]
    found = []
    for _ in range(times):
        async with session.post(path, data=FORGED, headers=headers) as answer:
            found.append(answer.status)
    return found


@pytest.mark.parametrize(("path", "ok"), [("/v1/sale", 401), (BATCH_PATH, 401)])
async def test_a_stranger_behind_the_proxy_silences_only_themselves(path: str, ok: int) -> None:
    world = World()
    world.settings = Settings(address_refusals_burst=2, address_refusals_per_s=1)
    async with world.served() as address, aiohttp.ClientSession(address) as session:
        assert await statuses(session, path, ["203.0.113.9"], 3) == [ok, ok, 429]
        assert await statuses(session, path, ["198.51.100.7"]) == [ok]
        assert await statuses(session, path, ["198.51.100.7, 203.0.113.9"]) == [429], "a client says nothing of itself"
        assert await statuses(session, path, ["198.51.100.8", "203.0.113.9"]) == [429], "nor a header of their own"


async def test_streams_know_their_client_too() -> None:
    world = World()
    world.settings = Settings(address_refusals_burst=1, address_refusals_per_s=1)
    async with world.served() as address, aiohttp.ClientSession(address) as session:
        for forwarded, status in (("203.0.113.9", 401), ("203.0.113.9", 429), ("198.51.100.7", 401)):
            async with session.ws_connect(STREAM_PATH, headers={"X-Forwarded-For": forwarded}) as stream:
                await stream.receive_bytes()
                await stream.send_bytes(FORGED)
                refusal = await stream.receive_bytes()
                assert b"st\xcd" + status.to_bytes(2, "big") in refusal


@pytest.mark.parametrize("forwarded", [[], ["nobody"], [""], ["unknown, "]])
async def test_without_an_address_it_is_the_peers_own(forwarded: list[str]) -> None:
    world = World()
    world.settings = Settings(address_refusals_burst=1, address_refusals_per_s=1)
    async with world.served() as address, aiohttp.ClientSession(address) as session:
        assert await statuses(session, "/v1/sale", forwarded, 2) == [401, 429]
        assert await statuses(session, "/v1/sale", []) == [429]


async def test_only_a_named_proxy_is_believed() -> None:
    world = World()
    world.settings = Settings(address_refusals_burst=1, address_refusals_per_s=1, proxies="192.0.2.1")
    async with world.served() as address, aiohttp.ClientSession(address) as session:
        assert await statuses(session, "/v1/sale", ["203.0.113.9"]) == [401]
        assert await statuses(session, "/v1/sale", ["203.0.113.10"]) == [429]


def test_a_proxy_is_named_by_its_address() -> None:
    assert Settings(proxies=" 192.0.2.1 ,::0001,").trusted_proxies == {"192.0.2.1", "::1"}
    assert Settings(proxies="").trusted_proxies == set()
    with pytest.raises(SettingRefused, match=r"CLEARING_PROXIES: .*proxy\.example.*write addresses like 127\.0\.0\.1"):
        Settings(proxies="proxy.example")
