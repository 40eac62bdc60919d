"""Law: an address that was given to somebody opens one page, once: there she chooses name and password and pairs her app.

A wrong address tells nothing; a used or an old one says so, and what to do. Who has an account comes with it instead.
"""

from typing import Final

import segno
from aiohttp import web

from clearing.console import newcomers
from clearing.console.house import clock_us
from clearing.console.invitations import Invitation, Purpose, Standing
from clearing.console.keys import COOKIE_BYTES, PasswordRefused
from clearing.console.newcomers import Newcomer
from clearing.console.outside import Call, Told, outside
from clearing.console.words import LANGUAGES
from clearing.values import InvalidValue, PersonId, identifier

_OVER: Final = {
    Standing.USED: "This address was used already. Who came by it logs in with name, password and code.",
    Standing.OVER: "The time of this address is over. Ask who gave it to you for another one.",
}
CODE_WRONG: Final = "This is not the code that belongs to the picture below. Type the next one."
NAME_TAKEN: Final = "Somebody has this name here already. Choose another one, or log in if it is you."


def drawing(text: str) -> str:
    """A QR code as SVG without style, so that the page's policy lets it stand in the page."""
    return segno.make(text, error="m").svg_inline(scale=5, border=4, omitsize=False)


def fours(text: str) -> str:
    return " ".join(text[place : place + 4] for place in range(0, len(text), 4))


async def _invited(call: Call) -> tuple[Invitation, bytes]:
    """The invitation, and the address' secret part. Raises HTTPNotFound, HTTPGone."""
    try:
        secret = bytes.fromhex(call.asked("secret"))
    except ValueError:
        secret = b""
    found = await call.console.invitations.shown(secret) if len(secret) == COOKIE_BYTES else None
    if found is None:
        raise web.HTTPNotFound(reason="There is no such address. Copy it whole, or ask who gave it to you.")
    if found.standing is not Standing.OPEN:
        raise web.HTTPGone(reason=_OVER[found.standing])
    return found, secret


async def act(call: Call) -> Told:
    """One of the page's buttons."""
    invitation, secret = await _invited(call)
    match call.given("act"):
        case "mine":
            return await _with_account(call, invitation)
        case "again":
            await call.console.invitations.keep_draft(invitation, None)
            return Told(go_to=call.request.path)
        case "code":
            return await _proved(call, invitation, secret)
        case _:
            return await _named(call, invitation, secret)


@outside("/join/{secret}", with_login=False, post=act)
async def arrival(call: Call) -> Told:
    invitation, secret = await _invited(call)
    newcomer = None if invitation.draft is None else newcomers.opened(invitation.draft, secret)
    return _name_asked(call, invitation) if newcomer is None else _code_asked(call, invitation, newcomer)


async def _with_account(call: Call, invitation: Invitation) -> Told:
    login = call.caller()
    if not await call.console.invitations.use(invitation, login.person, login.key.public):
        raise web.HTTPGone(reason=_OVER[Standing.USED])
    return _led_on(invitation)


async def _named(call: Call, invitation: Invitation, secret: bytes) -> Told:
    """Name and password: her key and her factor are drawn, and wait sealed for a code."""
    password, language = (call.typed.get("password") or ("",))[0], call.given("language")
    try:
        person = PersonId(identifier(call.given("person").lower(), what="a person's name"))
    except InvalidValue as fault:
        return _name_asked(call, invitation, {"person": str(fault)})
    if await newcomers.taken(call.console.installation.home, call.console.accounts, person):
        return _name_asked(call, invitation, {"person": NAME_TAKEN})
    if password != (call.typed.get("again") or ("",))[0]:
        return _name_asked(call, invitation, {"password": "The two passwords differ; type both again."})
    try:
        newcomer = await newcomers.drawn(person, password, language if language in LANGUAGES else call.words.language)
    except PasswordRefused as fault:
        return _name_asked(call, invitation, {"password": str(fault)})
    await call.console.invitations.keep_draft(invitation, newcomer.sealed(secret))
    return Told(go_to=call.request.path)


async def _proved(call: Call, invitation: Invitation, secret: bytes) -> Told:
    """A code of her app: her account is made, and she is logged in."""
    console, newcomer = call.console, None if invitation.draft is None else newcomers.opened(invitation.draft, secret)
    if newcomer is None:
        return Told(go_to=call.request.path)
    at_us, code = clock_us(), call.given("code").replace(" ", "")
    settled = await newcomers.settled(console.installation.home, console.accounts, newcomer, code, at_us=at_us)
    if settled is None:
        await console.invitations.keep_draft(invitation, None)
        return _name_asked(call, invitation, {"person": NAME_TAKEN})
    if not settled:
        return _code_asked(call, invitation, newcomer, CODE_WRONG)
    if not await console.invitations.use(invitation, newcomer.person, newcomer.public):
        raise web.HTTPGone(reason=_OVER[Standing.USED])
    cookie = await console.accounts.opened(newcomer.person, newcomer.seed, device=call.request.headers.get("User-Agent", ""))
    return _led_on(invitation, cookie)


def _led_on(invitation: Invitation, cookie: bytes = b"") -> Told:
    return Told(go_to="/founding" if invitation.purpose is Purpose.FOUND else "/", cookie=cookie)


def _name_asked(call: Call, invitation: Invitation, problems: dict[str, str] | None = None) -> Told:
    words = call.words
    return Told("join.html", {
        "to_found": invitation.purpose is Purpose.FOUND, "by": invitation.by, "caisse": invitation.caisse,
        "roles": ", ".join(words.say(f"role {role}") for role in invitation.roles), "person": call.given("person"),
        "languages": LANGUAGES, "language": call.given("language") or words.language,
        "problems": {name: words.refusal(words.say(text)) for name, text in (problems or {}).items()},
    }, status=422 if problems else 200)  # fmt: skip


def _code_asked(call: Call, invitation: Invitation, newcomer: Newcomer, problem: str = "") -> Told:
    return Told("join_code.html", {
        "to_found": invitation.purpose is Purpose.FOUND, "person": newcomer.person, "picture": drawing(newcomer.address()),
        "factor": fours(newcomer.factor), "problem": problem and call.words.say(problem),
    }, status=422 if problem else 200)  # fmt: skip
