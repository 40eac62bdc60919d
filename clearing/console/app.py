"""Law: a page is answered to a person who is logged in and has one of its roles in that caisse; to nobody else.

Forms are plain POST and redirect; each carries a token made from the cookie, and comes from this very address. Nothing is
loaded from elsewhere, no script stands in a page. Source: treasury.md section 4.
"""

import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from hmac import compare_digest
from importlib import resources
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

import structlog
from aiohttp import web

from clearing.console import ways_in
from clearing.console.accounts import Login
from clearing.console.api import Api
from clearing.console.entering import log_in, login_page, pair, pair_page
from clearing.console.exports import sheet_of
from clearing.console.house import AWAY, Console, NoSuchCaisse
from clearing.console.outside import Call, OutsidePage
from clearing.console.pages import AS_SHEET, Page, Shows, View, Visit
from clearing.console.public import PublicPages
from clearing.console.rooms import PAGES
from clearing.console.sending import (
    COOKIE,
    FORM_BYTES_MAX,
    FORM_FIELDS_MAX,
    SHARED,
    language,
    led_to,
    let_in,
    sent,
    shown,
    typed,
)
from clearing.console.words import Words
from clearing.values import CaisseCode, InvalidValue, identifier

GROUPS: Final = ((1, ""), (10, "The stalls"), (30, "The money"), (50, "Members"), (70, "The caisse"))
"""Places in the menu from which on pages stand below this word; "" for those that stand by themselves."""
HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; font-src 'self'; "
                               "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}  # fmt: skip
MENU_MAX: Final = 100
_STATIC: Final = {"console.css": "text/css", "console.js": "text/javascript", "icon.svg": "image/svg+xml"}
FROM_ELSEWHERE: Final = "This form was not sent from a page of this console; open the page again."
NO_FILE: Final = "This page is looked at and not taken away: a look ends after a day, a file would not."
_NOT_IN_A_NAME: Final = re.compile(r"[^a-z0-9.-]+")
_log = structlog.get_logger()
Answering = Callable[[web.Request], Awaitable[web.StreamResponse]]


def create_app(console: Console) -> web.Application:
    app = web.Application(client_max_size=FORM_BYTES_MAX, client_max_fields=FORM_FIELDS_MAX)
    app[SHARED] = console

    def at(path: str, *, get: Answering | None = None, post: Answering | None = None) -> None:
        if get is not None:
            app.router.add_get(path, _guarded(get))
        if post is not None:
            app.router.add_post(path, _guarded(post))

    at("/healthz", get=_healthy)
    at("/static/{name}", get=_static)
    at("/login", get=login_page, post=log_in)
    at("/new-factor/{secret}", get=pair_page, post=pair)
    at("/logout", post=_log_out)
    at("/", get=_first_page)
    at("/p/{caisse}", get=PublicPages(console).answer)
    for page in PAGES.values():
        at(f"/c/{{caisse}}/{page.path}".rstrip("/"), get=_answering(page, page.view),
           post=None if page.post is None else _answering(page, page.post))  # fmt: skip
    for outside in ways_in.OUTSIDE.values():
        at(outside.path, get=_outside(outside), post=None if outside.post is None else _outside(outside))
    app.router.add_routes(Api(console).routes())
    app.router.add_route("*", "/{rest:.*}", _guarded(_nowhere))
    return app


async def _nowhere(_request: web.Request) -> web.StreamResponse:
    raise web.HTTPNotFound(reason="There is no such page.")


async def login_of(request: web.Request) -> Login | None:
    try:
        cookie = bytes.fromhex(request.cookies.get(COOKIE, ""))
    except ValueError:
        return None
    return await request.app[SHARED].accounts.seen(cookie) if cookie else None


def _guarded(answering: Answering) -> Answering:
    """Headers on every answer; a fault is a page that says what to do, and a line in the log without anybody's data."""

    async def guarded(request: web.Request) -> web.StreamResponse:
        try:
            answer = await answering(request) if _from_here(request) else await _problem(request, 403, FROM_ELSEWHERE)
        except web.HTTPException as found:
            refused = found.status >= 400
            answer = await _problem(request, found.status, found.reason) if refused else led_to(found.headers["Location"])
        except AWAY as fault:
            resource = request.match_info.route.resource
            _log.error("console_fault", path=resource and resource.canonical, fault=type(fault).__name__)
            answer = await _problem(request, 503, "The database does not answer; nothing was changed. Try again in a minute.")
        if not answer.prepared:
            answer.headers.update({name: value for name, value in HEADERS.items() if name not in answer.headers})
        return answer

    return guarded


def _from_here(request: web.Request) -> bool:
    """A form that is posted comes from a page of this address."""
    if request.method in ("GET", "HEAD"):
        return True
    origin = request.headers.get("Origin", "")
    return origin.partition("://")[2] == request.host


async def _problem(request: web.Request, status: int, text: str) -> web.Response:
    try:
        login = await login_of(request)
    except AWAY:
        login = None
    words = Words(language(request, login), ZoneInfo("UTC"))
    return shown(request, "problem.html", status=status, words=words, text=words.say(text), login=login, visit=None)


async def _healthy(_request: web.Request) -> web.Response:
    return web.Response(text="ok\n")


async def _static(request: web.Request) -> web.Response:
    name = request.match_info["name"]
    if name not in _STATIC:
        raise web.HTTPNotFound(reason="There is no such file.")
    body = resources.files("clearing.console").joinpath(f"static/{name}").read_bytes()
    return web.Response(body=body, content_type=_STATIC[name], charset="utf-8", headers={"Cache-Control": "max-age=3600"})


async def _log_out(request: web.Request) -> web.StreamResponse:
    console, login = request.app[SHARED], await login_of(request)
    fields = await typed(request)
    if login is not None and compare_digest(fields.get("token", ("",))[0], login.form_token):
        await console.accounts.log_out(login)
    answer = led_to("/login")
    answer.del_cookie(COOKIE, secure=True, httponly=True, samesite="Strict", path="/")
    return answer


async def _first_page(request: web.Request) -> web.StreamResponse:
    """The caisses in which this person has an office; of one alone its page at once."""
    console, login = request.app[SHARED], await login_of(request)
    if login is None:
        raise web.HTTPSeeOther("/login")
    mine: list[tuple[CaisseCode, str]] = []
    for code in await console.installation.codes():
        book = await console.followers.book(code)
        person = book.caisse.persons.get(login.person)
        if person is not None and person.active:
            mine.append((code, book.caisse.name))
    founds = await console.invitations.founding(login.person) is not None
    if len(mine) == 1 and not founds:
        raise web.HTTPSeeOther(f"/c/{mine[0][0]}")
    words, key = Words(login.language, ZoneInfo("UTC")), login.key.public.hex()[:16]
    return shown(request, "caisses.html", words=words, caisses=mine, founds=founds, key=key, login=login, visit=None)


def _outside(page: OutsidePage) -> Answering:
    """A page of no caisse. A form that somebody posts who is logged in carries her token here too."""

    async def answered(request: web.Request) -> web.StreamResponse:
        login = await login_of(request)
        if page.with_login and login is None:
            raise web.HTTPSeeOther("/login")
        origin = request.headers.get("Origin") or f"{request.scheme}://{request.host}"
        words = Words(language(request, login), ZoneInfo("Europe/Paris"))
        call = Call(console=request.app[SHARED], request=request, login=login, words=words, origin=origin)
        view = page.view
        if request.method == "POST" and page.post is not None:
            view, fields = page.post, await typed(request)
            token = fields.pop("token", ("",))[0]
            if login is not None and not compare_digest(token, login.form_token):
                raise web.HTTPForbidden(reason="This form is from an earlier log-in; open the page again.")
            call = replace(call, typed=fields)
        told = await view(call)
        if told.go_to:
            return let_in(told.cookie, told.go_to) if told.cookie else led_to(told.go_to)
        return shown(request, told.template, status=told.status, words=words, login=login, visit=None, **told.values)

    return answered


def _answering(page: Page, view: View) -> Answering:
    async def answered(request: web.Request) -> web.StreamResponse:
        console = request.app[SHARED]
        login = await login_of(request)
        if login is None:
            raise web.HTTPSeeOther("/login")
        visit = await _visit(console, request, login)
        if not set(visit.roles) & set(page.roles):
            raise web.HTTPForbidden(reason="Your office in this caisse does not open this page.")
        if request.method == "POST":
            fields, files = await sent(request, file=page.takes_file)
            if not compare_digest(fields.pop("token", ("",))[0], login.form_token):
                raise web.HTTPForbidden(reason="This form is from an earlier log-in; open the page again.")
            visit = replace(visit, typed=fields, files=files)
        answer = await view(visit)
        if answer.go_to:
            raise web.HTTPSeeOther(answer.go_to)
        if answer.file is not None:
            kept = {"Content-Disposition": f'attachment; filename="{answer.file.name}"'}
            return web.Response(body=answer.file.body, content_type=answer.file.content_type, headers=kept)
        if visit.as_sheet and page.shows is Shows.JOINED:
            raise web.HTTPForbidden(reason=NO_FILE)
        sheet = "" if page.shows is Shows.JOINED else str(request.rel_url.update_query({AS_SHEET: "yes"}))
        found = shown(
            request, answer.template, status=answer.status, visit=visit, words=visit.words, login=login,
            menu=_menu(visit), sheet=sheet, **answer.values,
        )  # fmt: skip
        return _as_sheet(visit, found) if visit.as_sheet and answer.status == 200 else found

    return answered


def _as_sheet(visit: Visit, found: web.Response) -> web.Response:
    content = sheet_of(found.text or "")
    if content is None:
        raise web.HTTPNotFound(reason="There is no table on this page.")
    place = "-".join(part for part in visit.request.path.split("/")[2:] if part)
    kept = {"Content-Disposition": f'attachment; filename="{_NOT_IN_A_NAME.sub("-", place)}.csv"'}
    return web.Response(body=content, content_type="text/csv", charset="utf-8", headers=kept)


async def _visit(console: Console, request: web.Request, login: Login) -> Visit:
    try:
        code = CaisseCode(identifier(request.match_info["caisse"], what="a caisse"))
        book = await console.followers.book(code)
    except (InvalidValue, NoSuchCaisse):
        raise web.HTTPForbidden(reason="Your office in this caisse does not open this page.") from None
    words = Words(login.language, book.caisse.calendar.zone)
    return Visit(console=console, request=request, login=login, words=words, code=code, book=book, at_us=console.now_us())


def _menu(visit: Visit) -> list[dict[str, object]]:
    """Pages that this person may open, by group. here: whether she is on one of them, or below it."""
    at = visit.request.path
    groups: list[dict[str, object]] = []
    for (first, title), (after, _) in pairwise((*GROUPS, (MENU_MAX, ""))):
        pages = sorted((page for page in PAGES.values() if first <= page.menu < after), key=lambda page: page.menu)
        links = [
            {"path": path, "title": page.title, "here": path == at or (bool(page.path) and at.startswith(f"{path}/"))}
            for page in pages if set(page.roles) & set(visit.roles) and (path := visit.path(page.path))
        ]  # fmt: skip
        if links:
            alone = not title or len(links) == 1
            groups.append({"title": "" if alone else title, "links": links, "here": any(one["here"] for one in links)})
    return groups
