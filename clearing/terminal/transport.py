"""Law: a transport carries bytes and says honestly when nothing came back; it never decides what that means."""

import asyncio
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Protocol, Self

import aiohttp

from clearing.wire.frame import CONTENT_TYPE

ANSWER_BYTES_MAX: Final = 64 * 1024


class NoAnswer(Exception):
    """Nothing readable came back in time: the message may have arrived, or not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the door said. retry_after_s: only when it asked for a pause."""

    status: int
    body: bytes
    retry_after_s: int | None = None


class Transport(Protocol):
    """The way to the caisse's door: HTTP, or a lossy link around it in tests and simulations."""

    async def post(self, path: str, raw: bytes) -> Answer:
        """Send one frame. Raises NoAnswer."""
        ...

    async def get(self, path: str) -> Answer:
        """Fetch what the door tells anybody. Raises NoAnswer."""
        ...


class TerminalClock(Protocol):
    """The till's clock: wall time for the message, a rising one for patience, and a pause between two attempts."""

    def wall_ms(self) -> int: ...
    def rising_ms(self) -> int: ...
    async def pause_ms(self, pause_ms: int) -> None: ...


class SystemClock:
    """The machine's own clock."""

    def wall_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def rising_ms(self) -> int:
        return time.monotonic_ns() // 1_000_000

    async def pause_ms(self, pause_ms: int) -> None:
        await asyncio.sleep(pause_ms / 1_000)


class HttpTransport:
    """Keeps a connection to one door (https://...). Use it as an async context."""

    def __init__(self, address: str, *, answer_timeout_s: float = 2.0) -> None:
        self._address: Final = address
        self._timeout: Final = aiohttp.ClientTimeout(total=answer_timeout_s)
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(self._address, timeout=self._timeout)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def post(self, path: str, raw: bytes) -> Answer:
        return await self._ask("POST", path, raw)

    async def get(self, path: str) -> Answer:
        return await self._ask("GET", path, None)

    async def _ask(self, method: str, path: str, raw: bytes | None) -> Answer:
        if self._session is None:
            raise NoAnswer("the connection is closed: open the transport first (async with)")
        headers = {"Content-Type": CONTENT_TYPE} if raw is not None else None
        try:
            async with self._session.request(method, path, data=raw, headers=headers, allow_redirects=False) as response:
                return Answer(
                    status=response.status,
                    body=await _bounded(response),
                    retry_after_s=_seconds(response.headers.get("Retry-After")),
                )
        except (aiohttp.ClientError, TimeoutError, OSError) as fault:
            raise NoAnswer(f"no answer from {self._address}: {type(fault).__name__}") from fault


async def _bounded(response: aiohttp.ClientResponse) -> bytes:
    body = b""
    async for piece in response.content.iter_chunked(ANSWER_BYTES_MAX):
        body += piece
        if len(body) > ANSWER_BYTES_MAX:
            raise NoAnswer("the answer is longer than any answer of a caisse")
    return body


def _seconds(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 6 else None
