"""Law: a batch is answered item by item: a decided item with its stored reply, one that was not decided with why.

POST /v1/batch, wire.md section 4. The answer is msgpack {"t": "batch", "items": [...]}: for a decided item the signed reply
envelope as bytes, else a map {"st": status, "rc": code, "why": text}. Items are decided like single requests, in order.
"""

import asyncio
from functools import partial

from aiohttp import web

from clearing.authoriser.client import Answer, Authoriser, Submission
from clearing.config import Settings
from clearing.telemetry import Telemetry
from clearing.terminal_gateway import refusals
from clearing.terminal_gateway.bodies import body_of, turned_away
from clearing.terminal_gateway.door import Admitted, CardAwaited, Door
from clearing.terminal_gateway.refusals import Refused
from clearing.terminal_gateway.sealed import sealed
from clearing.terminal_gateway.sources import Sources
from clearing.wire.batch import BATCH_BYTES_MAX, encode_batch_answer


class Uploads:
    """The path of batches."""

    def __init__(
        self, path: str, door: Door, *, settings: Settings, authoriser: Authoriser, telemetry: Telemetry
    ) -> None:
        self._path, self._door, self._settings = path, door, settings
        self._authoriser, self._telemetry = authoriser, telemetry
        self._sources = Sources(settings.trusted_proxies)

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        loop = asyncio.get_running_loop()
        started_s = loop.time()
        response: web.StreamResponse
        try:
            raw = await body_of(request, BATCH_BYTES_MAX, self._settings.body_timeout_s)
            items = self._door.admit_batch(raw, self._sources.of(request))
            body = encode_batch_answer(await self._decided(items))
            response = sealed(request, body)
            self._telemetry.batch_items.observe(len(items))
            self._telemetry.http_requests.labels(self._path, "200").inc()
        except Refused as refused:
            response = turned_away(refused, self._path, self._telemetry)
        self._telemetry.http_seconds.labels(self._path).observe(loop.time() - started_s)
        return response

    async def _decided(self, items: list[Admitted | Refused]) -> list[bytes | dict[str, object]]:
        """Submit what was admitted, in order, and wait for all: one future for the whole batch."""
        answers = _Answers(len(items), self._telemetry)
        for place, item in enumerate(await self._with_keys(items)):
            if isinstance(item, Submission):
                self._authoriser.post(item, partial(answers.put, place))
            else:
                answers.refuse(place, item)
        return await answers.all_there

    async def _with_keys(self, items: list[Admitted | Refused]) -> list[Submission | Refused]:
        """The same, once the keys of cards that were not seen here lately have come: all of them are asked for at once."""
        there = [item for item in items if not isinstance(item, CardAwaited)]
        return there if len(there) == len(items) else list(await asyncio.gather(*map(self._completed, items)))

    async def _completed(self, awaited: Admitted | Refused) -> Submission | Refused:
        if not isinstance(awaited, CardAwaited):
            return awaited
        try:
            return await self._door.completed(awaited)
        except Refused as refused:
            return refused


class _Answers:
    """The answers of one batch as they come."""

    def __init__(self, count: int, telemetry: Telemetry) -> None:
        self._telemetry = telemetry
        self._there: list[bytes | dict[str, object]] = [b""] * count
        self._missing = count
        self.all_there: asyncio.Future[list[bytes | dict[str, object]]] = asyncio.get_running_loop().create_future()

    def put(self, place: int, answer: Answer) -> None:
        if isinstance(answer, bytes):
            self._set(place, answer)
        else:
            self.refuse(place, refusals.unanswered(answer))

    def refuse(self, place: int, refused: Refused) -> None:
        self._telemetry.refusals.labels(refused.reason.value).inc()
        self._set(place, {"st": refused.status, "rc": refused.code, "why": refused.text})

    def _set(self, place: int, answer: bytes | dict[str, object]) -> None:
        self._there[place] = answer
        self._missing -= 1
        if not self._missing and not self.all_there.done():
            self.all_there.set_result(self._there)
