"""Law: HTTP around the door: whatever bytes come, the answer is the writer's signed reply or a sentence that says what to do.

Paths and statuses: wire.md section 4, docs/WIRE.md. 200 means decided, declines included.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final

import structlog
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from clearing.authoriser.client import Authoriser, Enrolment, EnrolmentRefused, OutcomeUnknown, Overloaded, Submission
from clearing.config import Settings
from clearing.directory import Directory
from clearing.telemetry import EXPOSITION_TYPE, LogEvent, Telemetry
from clearing.terminal_gateway import refusals
from clearing.terminal_gateway.bodies import body_of, turned_away
from clearing.terminal_gateway.door import Admitted, CardAwaited, Door
from clearing.terminal_gateway.enrolment import EnrolmentDoor
from clearing.terminal_gateway.refusals import Refused
from clearing.terminal_gateway.sealed import sealed
from clearing.terminal_gateway.sources import Sources
from clearing.terminal_gateway.streams import Streams
from clearing.terminal_gateway.taps import CardRoom
from clearing.terminal_gateway.uploads import Uploads
from clearing.values import CaisseCode
from clearing.wire.requests import Op

PATHS: Final[Mapping[str, Op]] = {
    "/v1/sale": Op.SALE,
    "/v1/authorise": Op.AUTH,
    "/v1/capture": Op.CAP,
    "/v1/reverse": Op.REV,
    "/v1/refund": Op.REF,
    "/v1/deliver": Op.DLV,
    "/v1/rotate": Op.ROTATE,
    "/v1/receipt": Op.RECEIPT,
    "/v1/time": Op.TIME,
}
ENROL_PATH: Final = "/v1/enrol"
KEYS_PATH: Final = "/v1/keys"
BATCH_PATH: Final = "/v1/batch"
STREAM_PATH: Final = "/v1/ws"
SHUTDOWN_S: Final = 2.0  # for requests in flight when the gateway ends; their terminals resend

_Admit = Callable[[bytes, str], bytes | Admitted]
_Respond = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]
_log = structlog.get_logger()


class Gateway:
    """The paths of the open door, told apart by one look-up each.

    aiohttp's low-level server, without Application and its router: measured, 33 us a request of its own instead of 40.
    """

    def __init__(self, routes: Mapping[tuple[str, str], _Respond], streams: Streams) -> None:
        self._routes, self._streams = routes, streams
        self._paths = frozenset(path for _, path in routes)

    async def respond(self, request: web.BaseRequest) -> web.StreamResponse:
        found = self._routes.get((request.method, request.path))
        if found is not None:
            return await found(request)
        if request.method == "HEAD" and ("GET", request.path) in self._routes:
            return await self._routes["GET", request.path](request)
        if request.path in self._paths:
            allowed = sorted(method for method, path in self._routes if path == request.path)
            return web.Response(status=405, text=f"Use {', '.join(allowed)} here.", headers={"Allow": ", ".join(allowed)})
        return web.Response(status=404, text="There is nothing here; docs/WIRE.md lists the paths of this door.")

    async def close(self) -> None:
        """Tell whoever holds a stream to connect again."""
        await self._streams.close()


def create_app(
    settings: Settings,
    directory: Directory,
    authoriser: Authoriser,
    cardrooms: Mapping[CaisseCode, CardRoom],
    telemetry: Telemetry,
    clock_us: Callable[[], int],
    ready: Callable[[], Awaitable[Sequence[str]]] | None = None,
    certificates: Callable[[], Sequence[bytes]] = tuple,
    metrics: Callable[[], Awaitable[bytes]] | None = None,
    door: Door | None = None,
) -> Gateway:
    """The gateway.

    clock_us: microseconds that never fall, for limits only. ready: sentences that say what is still missing. certificates:
    of the server's online keys (wire.certificate), for terminals that were paired. metrics: the page of all processes; None: of
    this one. door: made already, by whoever tells it of cards that are issued again.
    """
    door = door or Door(
        settings=settings, directory=directory, cardrooms=cardrooms, telemetry=telemetry, clock_us=clock_us
    )
    pairing = EnrolmentDoor(settings=settings, directory=directory, clock_us=clock_us, cardrooms=cardrooms)
    routes: dict[tuple[str, str], _Respond] = {}
    for path, op in PATHS.items():
        knock = Knock(path, _admission(door, op), door, settings=settings, authoriser=authoriser, telemetry=telemetry)
        routes["POST", path] = knock.answer
    knock = Knock(ENROL_PATH, pairing.admit, door, settings=settings, authoriser=authoriser, telemetry=telemetry)
    routes["POST", ENROL_PATH] = knock.answer
    uploads = Uploads(BATCH_PATH, door, settings=settings, authoriser=authoriser, telemetry=telemetry)
    routes["POST", BATCH_PATH] = uploads.answer
    streams = Streams(STREAM_PATH, door, settings=settings, authoriser=authoriser, telemetry=telemetry)
    routes["GET", STREAM_PATH] = streams.serve
    routes["GET", "/healthz"] = _alive
    routes["GET", "/readyz"] = _readiness(directory, ready)
    routes["GET", "/metrics"] = _metrics(telemetry, metrics)
    routes["GET", KEYS_PATH] = _certified(certificates)
    return Gateway(routes, streams)


def create_runner(gateway: Gateway, settings: Settings) -> web.ServerRunner:
    """The runner every gateway process uses: no access log, no unpacking of compressed bodies before they are refused."""
    server = web.Server(
        gateway.respond,
        access_log=None,
        logger=_FAULTS,
        keepalive_timeout=settings.keepalive_s,
        auto_decompress=False,
    )
    return web.ServerRunner(server, handle_signals=False, shutdown_timeout=SHUTDOWN_S)


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
        self, path: str, admit: _Admit, door: Door, *, settings: Settings, authoriser: Authoriser, telemetry: Telemetry
    ) -> None:
        self._path: Final = path
        self._admit: Final = admit
        self._door: Final = door
        self._settings: Final = settings
        self._authoriser: Final = authoriser
        self._telemetry: Final = telemetry
        self._sources: Final = Sources(settings.trusted_proxies)
        self._decided: Final = telemetry.http_requests.labels(path, "200")
        self._seconds: Final = telemetry.http_seconds.labels(path)

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        loop = asyncio.get_running_loop()
        started_s = loop.time()
        response: web.StreamResponse
        try:
            raw = await body_of(request, self._settings.frame_bytes_max, self._settings.body_timeout_s)
            admitted = self._admit(raw, self._sources.of(request))
            if isinstance(admitted, CardAwaited):
                admitted = await self._door.completed(admitted)
            reply = admitted if isinstance(admitted, bytes) else await self._submit(admitted)
            response = sealed(request, reply)
            self._decided.inc()
        except Refused as refused:
            response = turned_away(refused, self._path, self._telemetry)
        self._seconds.observe(loop.time() - started_s)
        if self._settings.request_log:
            _log.info(
                LogEvent.REQUEST, path=self._path, status=response.status, seconds=round(loop.time() - started_s, 6)
            )
        return response

    async def _submit(self, submission: Submission) -> bytes:
        try:
            answer = await self._authoriser.submit(submission)
            if isinstance(submission.request, Enrolment):
                self._pairing(submission.caisse, "paired", LogEvent.PAIRED)
            return answer
        except (Overloaded, OutcomeUnknown) as unanswered:
            raise refusals.unanswered(unanswered) from None
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


def _certified(certificates: Callable[[], Sequence[bytes]]) -> _Respond:
    async def respond(_request: web.BaseRequest) -> web.Response:
        return web.Response(body=b"".join(certificates()), content_type="application/octet-stream")

    return respond


async def _alive(_request: web.BaseRequest) -> web.Response:
    return web.json_response({"alive": True})


def _readiness(directory: Directory, ready: Callable[[], Awaitable[Sequence[str]]] | None) -> _Respond:
    async def respond(_request: web.BaseRequest) -> web.Response:
        reasons = list(dict.fromkeys([*caisses_awaited(directory), *(() if ready is None else await ready())]))
        return web.json_response({"ready": not reasons, "reasons": reasons}, status=503 if reasons else 200)

    return respond


def caisses_awaited(directory: Directory) -> list[str]:
    """What a gateway lacks before it may let anybody in, a sentence each."""
    if not directory.ready:
        return ["no caisse is served here yet: start a writer, or found a caisse"]
    return [
        f"caisse {code}: its writer is not ready yet" for code, there in sorted(directory.ready.items()) if not there
    ]


def _metrics(telemetry: Telemetry, of_all: Callable[[], Awaitable[bytes]] | None) -> _Respond:
    async def respond(_request: web.BaseRequest) -> web.Response:
        page = telemetry.exposition() if of_all is None else await of_all()
        return web.Response(body=page, headers={"Content-Type": EXPOSITION_TYPE})

    return respond
