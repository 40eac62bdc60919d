"""Law: HTTP around the door: whatever bytes come, the answer is the writer's signed reply or a sentence that says what to do.

Paths and statuses: wire.md section 4, docs/WIRE.md. 200 means decided, declines included.
"""

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final

import structlog
from aiohttp import ClientPayloadError, web
from aiohttp.http_exceptions import HttpProcessingError

from clearing.authoriser.client import Authoriser, Enrolment, EnrolmentRefused, OutcomeUnknown, Overloaded, Submission
from clearing.config import Settings
from clearing.directory import Directory
from clearing.telemetry import EXPOSITION_TYPE, LogEvent, Telemetry
from clearing.terminal_gateway import refusals
from clearing.terminal_gateway.door import Door
from clearing.terminal_gateway.enrolment import EnrolmentDoor
from clearing.terminal_gateway.refusals import OUTCOME_HEADER, Refused
from clearing.terminal_gateway.taps import CardRoom
from clearing.values import CaisseCode
from clearing.wire.frame import CONTENT_TYPE
from clearing.wire.requests import Op

PATHS: Final[Mapping[str, Op]] = {
    "/v1/sale": Op.SALE,
    "/v1/authorise": Op.AUTH,
    "/v1/capture": Op.CAP,
    "/v1/reverse": Op.REV,
    "/v1/refund": Op.REF,
    "/v1/rotate": Op.ROTATE,
    "/v1/receipt": Op.RECEIPT,
    "/v1/time": Op.TIME,
}
ENROL_PATH: Final = "/v1/enrol"
KEYS_PATH: Final = "/v1/keys"

_Admit = Callable[[bytes, str], bytes | Submission]
_Respond = Callable[[web.Request], Awaitable[web.Response]]
_log = structlog.get_logger()


def create_app(
    settings: Settings,
    directory: Directory,
    authoriser: Authoriser,
    cardrooms: Mapping[CaisseCode, CardRoom],
    telemetry: Telemetry,
    clock_us: Callable[[], int],
    ready: Callable[[], Sequence[str]] = tuple,
    certificates: Sequence[bytes] = (),
) -> web.Application:
    """The gateway.

    clock_us: microseconds that never fall, for limits only. ready: sentences that say what is still missing. certificates:
    of the server's online keys (wire.certificate), for terminals that were paired.
    """
    door = Door(settings=settings, directory=directory, cardrooms=cardrooms, telemetry=telemetry, clock_us=clock_us)
    pairing = EnrolmentDoor(settings=settings, directory=directory, clock_us=clock_us, random=secrets.token_bytes)
    app = web.Application(client_max_size=settings.frame_bytes_max)
    for path, op in PATHS.items():
        knock = Knock(path, _admission(door, op), settings=settings, authoriser=authoriser, telemetry=telemetry)
        app.router.add_post(path, knock.answer)
    knock = Knock(ENROL_PATH, pairing.admit, settings=settings, authoriser=authoriser, telemetry=telemetry)
    app.router.add_post(ENROL_PATH, knock.answer)
    app.router.add_get("/healthz", _alive)
    app.router.add_get("/readyz", _readiness(directory, ready))
    app.router.add_get("/metrics", _metrics(telemetry))
    app.router.add_get(KEYS_PATH, _bytes(b"".join(certificates)))
    return app


def create_runner(app: web.Application, settings: Settings) -> web.AppRunner:
    """The runner every gateway process uses: no access log, no unpacking of compressed bodies before they are refused."""
    return web.AppRunner(
        app,
        access_log=None,
        logger=_FAULTS,
        keepalive_timeout=settings.keepalive_s,
        auto_decompress=False,
        handle_signals=False,
    )


def _of_ours(record: logging.LogRecord) -> bool:
    """Bytes that are not HTTP are their sender's fault: whoever sends them must not be able to fill our log."""
    fault = record.exc_info[1] if record.exc_info else None
    return not isinstance(fault, HttpProcessingError)


_FAULTS: Final = logging.getLogger("clearing.door")
_FAULTS.addFilter(_of_ours)


def _admission(door: Door, op: Op) -> _Admit:
    return lambda raw, address: door.admit(raw, op, address)


class Knock:
    """One path: reads a body within its bounds, has it admitted, submits it, and answers."""

    def __init__(
        self, path: str, admit: _Admit, *, settings: Settings, authoriser: Authoriser, telemetry: Telemetry
    ) -> None:
        self._path: Final = path
        self._admit: Final = admit
        self._settings: Final = settings
        self._authoriser: Final = authoriser
        self._telemetry: Final = telemetry
        self._decided: Final = telemetry.http_requests.labels(path, "200")
        self._seconds: Final = telemetry.http_seconds.labels(path)

    async def answer(self, request: web.Request) -> web.Response:
        loop = asyncio.get_running_loop()
        started_s = loop.time()
        try:
            raw = await self._body(request)
            admitted = self._admit(raw, request.remote or "")
            reply = admitted if isinstance(admitted, bytes) else await self._submit(admitted)
            response = web.Response(body=reply, headers=_REPLY_HEADERS)
            self._decided.inc()
        except Refused as refused:
            response = self._turned_away(refused)
        self._seconds.observe(loop.time() - started_s)
        if self._settings.request_log:
            _log.info(
                LogEvent.REQUEST, path=self._path, status=response.status, seconds=round(loop.time() - started_s, 6)
            )
        return response

    async def _body(self, request: web.Request) -> bytes:
        """At most frame_bytes_max bytes of the right type. Raises Refused."""
        bytes_max = self._settings.frame_bytes_max
        if (request.content_length or 0) > bytes_max:
            raise refusals.too_large(bytes_max)
        headers = request.headers
        if headers.get("Content-Type") != CONTENT_TYPE or "Content-Encoding" in headers:
            raise refusals.wrong_content_type(CONTENT_TYPE)
        try:
            if request.content.is_eof():  # it came with its headers, as a small body does: no timer needed
                return await request.read()
            async with asyncio.timeout(self._settings.body_timeout_s):
                return await request.read()
        except TimeoutError:
            raise refusals.too_slow(self._settings.body_timeout_s) from None
        except web.HTTPRequestEntityTooLarge:
            raise refusals.too_large(bytes_max) from None
        except (HttpProcessingError, ClientPayloadError, web.RequestPayloadError, ConnectionError):
            raise refusals.broken_body() from None

    async def _submit(self, submission: Submission) -> bytes:
        try:
            answer = await self._authoriser.submit(submission)
            if isinstance(submission.request, Enrolment):
                self._pairing(submission.caisse, "paired", LogEvent.PAIRED)
            return answer
        except Overloaded as full:
            raise refusals.overloaded(full.retry_after_s) from None
        except OutcomeUnknown:
            raise refusals.outcome_unknown() from None
        except EnrolmentRefused:
            self._pairing(submission.caisse, "refused", LogEvent.PAIRING_REFUSED)
            raise refusals.pairing_refused() from None
        except Exception as fault:
            # A fault of ours between here and the log: what became of the request is not known, and that is what is said.
            self._telemetry.alarms.labels(submission.caisse, "submit").inc()
            _log.error(LogEvent.ALARM, alarm="submit", caisse=submission.caisse, exc_info=fault)
            raise refusals.outcome_unknown() from fault

    def _pairing(self, caisse: CaisseCode, outcome: str, event: LogEvent) -> None:
        self._telemetry.pairings.labels(outcome).inc()
        _log.info(event, caisse=caisse)

    def _turned_away(self, refused: Refused) -> web.Response:
        self._telemetry.refusals.labels(refused.reason.value).inc()
        self._telemetry.http_requests.labels(self._path, str(refused.status)).inc()
        headers = {OUTCOME_HEADER: refused.outcome}
        if refused.retry_after_s is not None:
            headers["Retry-After"] = str(refused.retry_after_s)
        return web.Response(status=refused.status, text=refused.text, headers=headers)


_REPLY_HEADERS: Final = {"Content-Type": CONTENT_TYPE}


def _bytes(content: bytes) -> _Respond:
    async def respond(_request: web.Request) -> web.Response:
        return web.Response(body=content, content_type="application/octet-stream")

    return respond


async def _alive(_request: web.Request) -> web.Response:
    return web.json_response({"alive": True})


def _readiness(directory: Directory, ready: Callable[[], Sequence[str]]) -> _Respond:
    async def respond(_request: web.Request) -> web.Response:
        reasons = [*_caisses_awaited(directory), *ready()]
        return web.json_response({"ready": not reasons, "reasons": reasons}, status=503 if reasons else 200)

    return respond


def _caisses_awaited(directory: Directory) -> list[str]:
    if not directory.ready:
        return ["no caisse is served here yet: start a writer, or found a caisse"]
    return [
        f"caisse {code}: its writer is not ready yet" for code, there in sorted(directory.ready.items()) if not there
    ]


def _metrics(telemetry: Telemetry) -> _Respond:
    async def respond(_request: web.Request) -> web.Response:
        return web.Response(body=telemetry.exposition(), headers={"Content-Type": EXPOSITION_TYPE})

    return respond
