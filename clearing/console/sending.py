"""Law: what every answer of the console is made with: a page in somebody's language, the fields of a form, a way to go on."""

from typing import Final
from zoneinfo import ZoneInfo

from aiohttp import web
from aiohttp.web_request import FileField

from clearing.bank.texts import FILE_BYTES_MAX
from clearing.console.accounts import Login
from clearing.console.house import Console
from clearing.console.pages import Upload
from clearing.console.words import LANGUAGES, Words

COOKIE: Final = "__Host-clearing"
FORM_BYTES_MAX: Final = 1 << 20
FORM_FIELDS_MAX: Final = 5_000
UPLOAD_BYTES_MAX: Final = FILE_BYTES_MAX + FORM_BYTES_MAX  # of pages that take a file, with the fields beside it
TOO_LONG: Final = "This form is too long; enter it in parts."
FILE_TOO_LONG: Final = "This file is too large, so nothing was taken; ask the bank for a shorter span of days."
SHARED: Final = web.AppKey("console", Console)


def shown(request: web.Request, template: str, *, status: int = 200, **values: object) -> web.Response:
    text = request.app[SHARED].rendered(template, **values)
    return web.Response(text=text, status=status, content_type="text/html")


def plainly(request: web.Request, template: str, *, status: int = 200, **values: object) -> web.Response:
    """A page to nobody who is logged in, in the language that the browser asks for."""
    words = Words(language(request, None), ZoneInfo("UTC"))
    return shown(request, template, status=status, words=words, login=None, visit=None, **values)


def language(request: web.Request, login: Login | None) -> str:
    if login is not None:
        return login.language
    asked = request.headers.get("Accept-Language", "fr")[:2].lower()
    return asked if asked in LANGUAGES else "fr"


def led_to(location: str) -> web.Response:
    """See other: a plain answer, for an exception that is returned as one is deprecated."""
    return web.Response(status=303, headers={"Location": location})


def let_in(cookie: bytes, location: str = "/") -> web.Response:
    """Led on, with the cookie of an open log-in."""
    answer = led_to(location)
    answer.set_cookie(COOKIE, cookie.hex(), secure=True, httponly=True, samesite="Strict", path="/")
    return answer


async def typed(request: web.Request) -> dict[str, tuple[str, ...]]:
    return (await sent(request))[0]


async def sent(request: web.Request, *, file: bool = False) -> tuple[dict[str, tuple[str, ...]], dict[str, Upload]]:
    """What was typed, and the files beside it. file: one may be larger than what people type."""
    if file:
        request = request.clone(client_max_size=UPLOAD_BYTES_MAX)
    try:
        fields = await request.post()
    except web.HTTPRequestEntityTooLarge:
        raise web.HTTPRequestEntityTooLarge(UPLOAD_BYTES_MAX, reason=FILE_TOO_LONG if file else TOO_LONG) from None
    except (ValueError, LookupError):  # parts without a name, in parts of their own, or in no known letters
        raise web.HTTPBadRequest(reason="This form came broken; open the page again and send it once more.") from None
    found, files = dict[str, tuple[str, ...]](), dict[str, Upload]()
    for name, value in fields.items():
        if isinstance(value, str):
            found[name] = (*found.get(name, ()), value)
        elif isinstance(value, FileField) and file:
            with value.file as content:
                files[name] = Upload(value.filename, content.read())
        elif isinstance(value, FileField):  # a text in a file, like a plan or a founding
            found[name] = (*found.get(name, ()), value.file.read().decode("utf-8-sig", errors="replace"))
    return found, files
