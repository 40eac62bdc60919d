"""Law: a body is read within its bounds and of its one type, or turned away in words; nothing of it is looked at here."""

import asyncio

from aiohttp import ClientPayloadError, web
from aiohttp.http_exceptions import HttpProcessingError

from clearing.telemetry import Telemetry
from clearing.terminal_gateway import refusals
from clearing.terminal_gateway.refusals import OUTCOME_HEADER, Refused
from clearing.wire.frame import CONTENT_TYPE


async def body_of(request: web.BaseRequest, bytes_max: int, timeout_s: int) -> bytes:
    """At most bytes_max bytes of the right type. Raises Refused."""
    if (request.content_length or 0) > bytes_max:
        raise refusals.too_large(bytes_max)
    headers = request.headers
    if headers.get("Content-Type") != CONTENT_TYPE or "Content-Encoding" in headers:
        raise refusals.wrong_content_type(CONTENT_TYPE)
    try:
        if request.content.is_eof():  # it came with its headers, as a small body does: no timer needed
            return await _read(request, bytes_max)
        async with asyncio.timeout(timeout_s):
            return await _read(request, bytes_max)
    except TimeoutError:
        raise refusals.too_slow(timeout_s) from None
    except web.HTTPRequestEntityTooLarge:
        raise refusals.too_large(bytes_max) from None
    except (HttpProcessingError, ClientPayloadError, web.RequestPayloadError, ConnectionError):
        raise refusals.broken_body() from None


async def _read(request: web.BaseRequest, bytes_max: int) -> bytes:
    """A body without a length may turn out to be long: it is given up as soon as it is longer than the bound."""
    if request.content_length is not None:
        return await request.content.read(-1)
    body = b""
    while piece := await request.content.readany():
        body += piece
        if len(body) > bytes_max:
            raise refusals.too_large(bytes_max)
    return body


def turned_away(refused: Refused, path: str, telemetry: Telemetry) -> web.Response:
    """What the sender of a refused message gets."""
    telemetry.refusals.labels(refused.reason.value).inc()
    telemetry.http_requests.labels(path, str(refused.status)).inc()
    headers = {OUTCOME_HEADER: refused.outcome}
    if refused.retry_after_s is not None:
        headers["Retry-After"] = str(refused.retry_after_s)
    return web.Response(status=refused.status, text=refused.text, headers=headers)
