"""Law: what a program orders is the same command, judged by the same form and signed by the key of who made its token.

POST a body to /api/v1/caisses/{caisse}/commands/{verb} with `Authorization: Bearer clearing_...`. An `Idempotency-Key` makes a
repeat the same command: it is done once and answered alike. Errors are RFC 9457 problem details; what they say can be acted on.
Reads give what pages show. /api/v1/openapi.json describes all of it, made from the forms that validate (openapi.py).
"""

import json
from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import Any, Final

from aiohttp import web

from clearing.authoriser.forms import FORMS, check
from clearing.authoriser.forms.plain import from_json, to_json
from clearing.console.house import AWAY, Console, NoSuchCaisse
from clearing.console.openapi import described
from clearing.console.ordering import STEP_UP
from clearing.console.tokens import Bearer
from clearing.rules.book import Book
from clearing.rules.voted.offices import ALLOWED_ROLES, acting, filled
from clearing.values import CaisseCode, InvalidValue, identifier
from clearing.wire.frame import MalformedFrame, pack

BODY_BYTES_MAX: Final = 1 << 20
KEY_CHARS_MAX: Final = 100
Answering = Callable[[web.Request], Awaitable[web.StreamResponse]]
Read = Callable[[Book, int], object]


class Problem(Exception):
    """Ends a request. status: of HTTP; code: of the rules, when they declined."""

    def __init__(self, status: int, detail: str, *, code: str = "") -> None:
        super().__init__(detail)
        self.status, self.detail, self.code = status, detail, code


class Api:
    """The routes of one console."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def routes(self) -> list[web.RouteDef]:
        found = [
            web.get("/api/v1/openapi.json", _guarded(self._described)),
            web.post("/api/v1/caisses/{caisse}/commands/{verb}", _guarded(self._command)),
            *(web.get(f"/api/v1/caisses/{{caisse}}/{name}", _guarded(self._reading(read))) for name, read in READS.items()),
        ]
        return [*found, web.route("*", "/api/{rest:.*}", _guarded(_nowhere))]

    async def _described(self, _request: web.Request) -> web.StreamResponse:
        return web.json_response(described(tuple(READS)))

    async def _command(self, request: web.Request) -> web.StreamResponse:
        bearer, code, book = await self._who(request)
        verb = request.match_info["verb"]
        if verb not in FORMS:
            raise Problem(404, "There is no such command; /api/v1/openapi.json lists them.")
        if verb in STEP_UP:
            raise Problem(403, "This command needs a person with a second factor: give it in the console.")
        self._allowed(bearer, book, ALLOWED_ROLES[verb])
        body = from_json(FORMS[verb], await _json(request))
        try:
            check(FORMS[verb], body, f"The command {verb}")
            told = await self._given(request, bearer, code, verb, body)
        except (InvalidValue, MalformedFrame) as wrong:
            raise Problem(422, str(wrong)) from None
        if told.away:
            raise Problem(503, told.why)
        if not told.done:
            raise Problem(422, told.why) if told.code is None else Problem(409, told.why, code=told.code.value)
        return web.json_response({"done": True, "out": to_json(told.out)})

    async def _given(self, request: web.Request, bearer: Bearer, code: CaisseCode, verb: str, body: dict[str, object]) -> Any:
        key = request.headers.get("Idempotency-Key", "")
        if not key:
            return await self._console.orders.give(bearer, code, verb, body)
        if not key.isascii() or not key.isprintable() or len(key) > KEY_CHARS_MAX:
            raise Problem(400, f"An Idempotency-Key is 1 to {KEY_CHARS_MAX} printable ASCII characters.")
        envelope = self._console.orders.officer(bearer, code).signed(verb, body)
        said = sha256(pack([code, verb, body])).digest()
        first = await self._console.tokens.first_asked(bearer, key, said, envelope)
        if first is None:
            raise Problem(422, "This Idempotency-Key was used for another command; choose a new one for each.")
        return await self._console.orders.give_again(bearer, code, first)

    def _reading(self, read: Read) -> Answering:
        async def answered(request: web.Request) -> web.StreamResponse:
            bearer, _, book = await self._who(request)
            self._allowed(bearer, book, READERS)
            return web.json_response(to_json(read(book, self._console.now_us())))

        return answered

    async def _who(self, request: web.Request) -> tuple[Bearer, CaisseCode, Book]:
        kind, _, text = request.headers.get("Authorization", "").partition(" ")
        bearer = await self._console.tokens.bearer(text.strip()) if kind.lower() == "bearer" else None
        if bearer is None:
            raise Problem(401, "Send a token: Authorization: Bearer clearing_... (made on your account's page of the console).")
        try:
            code = CaisseCode(identifier(request.match_info["caisse"], what="a caisse"))
            book = await self._console.followers.book(code)
        except (InvalidValue, NoSuchCaisse):
            raise Problem(403, "This token's person has no office in that caisse.") from None
        return bearer, code, book

    def _allowed(self, bearer: Bearer, book: Book, roles: tuple[str, ...]) -> None:
        person = book.caisse.persons.get(bearer.person)
        held = acting(person) if person is not None and person.active else set()
        if not held:
            raise Problem(403, "This token's person has no office in that caisse.")
        if not held & filled(bearer.roles) & set(roles):
            raise Problem(403, f"This needs one of: {', '.join(roles)}; the token has {', '.join(bearer.roles) or 'none'}.")


READERS: Final = ("treasurer", "approver", "clerk", "auditor", "operator")


def _funds(book: Book, _at_us: int) -> object:
    return [
        {"fund": name, "name": one.name, "kind": one.kind, "notified_cents": one.notified_cents,
         "received_cents": one.received_cents, "engaged_cents": one.engaged_cents, "free_cents": one.free_cents()}
        for name, one in book.funds.items()
    ]  # fmt: skip


def _batches(book: Book, _at_us: int) -> object:
    return [
        {"batch": number, "closed_on": one.closed.closed_on, "state": one.state.value, "total_cents": one.closed.total_cents,
         "lines": [{"producer": line.producer, "paid_cents": line.paid_cents} for line in one.closed.lines]}
        for number, one in book.settlement.batches.items()
    ]  # fmt: skip


def _owed(book: Book, _at_us: int) -> object:
    owed = book.settlement.owed.items()
    return [{"producer": producer, "owed_cents": one.net_cents()} for producer, one in owed if one.net_cents()]


READS: Final[dict[str, Read]] = {"funds": _funds, "batches": _batches, "owed": _owed}
"""What may be read -> from the book, microseconds UTC."""


async def _json(request: web.Request) -> Any:
    if (request.content_length or 0) > BODY_BYTES_MAX:
        raise Problem(413, f"A body has at most {BODY_BYTES_MAX} bytes; give lists in parts.")
    try:
        return json.loads(await request.read() or b"{}")
    except (ValueError, RecursionError):
        raise Problem(400, "The body is no JSON.") from None


async def _nowhere(_request: web.Request) -> web.StreamResponse:
    raise Problem(404, "There is no such address; /api/v1/openapi.json lists them.")


def _guarded(answering: Answering) -> Answering:
    async def guarded(request: web.Request) -> web.StreamResponse:
        try:
            return await answering(request)
        except Problem as problem:
            return _problem(problem)
        except web.HTTPRequestEntityTooLarge:
            return _problem(Problem(413, f"A body has at most {BODY_BYTES_MAX} bytes; give lists in parts."))
        except AWAY:
            return _problem(Problem(503, "The database does not answer; nothing was changed. Try again in a minute."))

    return guarded


def _problem(problem: Problem) -> web.Response:
    said: dict[str, object] = {"type": "about:blank", "status": problem.status, "detail": problem.detail}
    if problem.code:
        said["code"] = problem.code
    headers = {"WWW-Authenticate": "Bearer"} if problem.status == 401 else {}
    return web.Response(
        text=json.dumps(said), status=problem.status, content_type="application/problem+json", headers=headers
    )
