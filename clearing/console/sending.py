"""Law: what every answer of the console is made with: a page in somebody's language, the fields of a form, a way to go on."""

from typing import Final
from zoneinfo import ZoneInfo

from aiohttp import web

from clearing.console.accounts import Login
from clearing.console.house import Console
from clearing.console.outside import UPLOAD
from clearing.console.words import LANGUAGES, Words

COOKIE: Final = "__Host-clearing"
FORM_FIELDS_MAX: Final = 5_000
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
    fields = await request.post()
    if len(fields) > FORM_FIELDS_MAX:
        raise web.HTTPBadRequest(reason="This form has too many fields; enter it in parts.")
    found: dict[str, tuple[str, ...]] = {}
    for name, value in fields.items():
        if isinstance(value, str):
            found[name] = (*found.get(name, ()), value)
        elif isinstance(value, web.FileField) and name == UPLOAD:
            found[name] = (value.file.read().decode("utf-8-sig", errors="replace"),)
    return found
