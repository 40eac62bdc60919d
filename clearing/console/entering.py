"""Law: who logs in gives her password and a second factor, the code of her app or a passkey; what was wrong is not told.

A passkey is asked for after the password held, so that nobody learns who has one. A lost second factor is paired anew at an
address that two officers opened: it is known by its hash, serves its person once, with her password, for some hours.
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Final

import pyotp
import segno
from aiohttp import web

from clearing.console.accounts import Closed, Login
from clearing.console.keys import COOKIE_BYTES
from clearing.console.passkeys import LOG_IN, PasskeyRefused, answered, asked
from clearing.console.sending import SHARED, led_to, let_in, plainly, typed
from clearing.rules.book import Book
from clearing.values import CaisseCode, PersonId

ISSUER: Final = "clearing"
WRONG: Final = (
    "Name, password or code is wrong. A code is good for half a minute, and once. Without your app or passkey, ask two other "
    "officers to let you pair a new one."
)
WAITS: Final = (
    "Too many wrong tries: this account waits some minutes. If your app or passkey is lost, two other officers let you pair a "
    "new one."
)
ENDED: Final = "This address is used up or its hours are over; ask two officers for a new one."
NO_CODE: Final = "That is no code of the new app now. Read the picture into it and type what it shows."
PAIRED: Final = "Your new app is paired. Log in with its next code."
Fields = Mapping[str, tuple[str, ...]]


def _one(fields: Fields, name: str) -> str:
    return fields.get(name, ("",))[0].strip()


async def login_page(request: web.Request) -> web.Response:
    told = PAIRED if "paired" in request.query else ""
    return _login_form(request, "", told=told)


def _login_form(request: web.Request, problem: str, *, person: str = "", told: str = "", status: int = 200) -> web.Response:
    return plainly(request, "login.html", status=status, problem=problem, person=person, told=told)


def _refused(request: web.Request, found: Closed, person: str) -> web.Response:
    return _login_form(request, WAITS if found.until_us else WRONG, person=person, status=403)


async def log_in(request: web.Request) -> web.StreamResponse:
    accounts, fields = request.app[SHARED].accounts, await typed(request)
    person, password = _one(fields, "person").lower(), fields.get("password", ("",))[0]
    if _one(fields, "half"):
        return await _by_passkey(request, fields)
    if _one(fields, "with") == "passkey":
        return await _passkey_asked(request, person, password)
    device = request.headers.get("User-Agent", "")
    found = await accounts.log_in(person, password, _one(fields, "code").replace(" ", ""), device=device)
    return _refused(request, found, person) if isinstance(found, Closed) else let_in(found)


async def _passkey_asked(request: web.Request, person: str, password: str) -> web.Response:
    console = request.app[SHARED]
    found = await console.accounts.begin(person, password)
    if isinstance(found, Closed):
        return _refused(request, found, person)
    half = await console.accounts.half(found)
    known = [] if half is None else await console.passkeys.of(half.person)
    if half is None or not known:
        return _refused(request, await console.accounts.failed(PersonId(person)), person)
    challenge = await console.passkeys.ask(half, LOG_IN)
    return plainly(
        request, "passkey.html", options=asked(challenge, console.site, known), again=[("half", found.hex())], verb="", says=(),
        back="/login",
    )


async def _half_of(request: web.Request, fields: Fields) -> Login | None:
    try:
        secret = bytes.fromhex(_one(fields, "half"))
    except ValueError:
        return None
    return await request.app[SHARED].accounts.half(secret) if len(secret) == COOKIE_BYTES else None


async def _by_passkey(request: web.Request, fields: Fields) -> web.Response:
    console, half = request.app[SHARED], await _half_of(request, fields)
    if half is None:
        return _refused(request, Closed(), "")
    try:
        challenge, assertion = answered(fields)
        await console.passkeys.taken(half, LOG_IN, challenge)
        await console.passkeys.judge(half, assertion, challenge, console.site)
    except PasskeyRefused:
        return _refused(request, await console.accounts.failed(half.person), half.person)
    cookie = await console.accounts.finish(half, device=request.headers.get("User-Agent", ""))
    return _refused(request, Closed(), half.person) if cookie is None else let_in(cookie)


async def _opened_for(request: web.Request) -> tuple[CaisseCode, Book, PersonId] | None:
    """Whom this address lets pair, in which caisse."""
    console = request.app[SHARED]
    try:
        address = sha256(bytes.fromhex(request.match_info["secret"])).digest()
    except ValueError:
        return None
    for code in await console.installation.codes():
        book = await console.followers.book(code)
        for person, allowed in book.factors.allowed.items():
            if allowed.address_sha256 == address and console.now_us() < allowed.until_us:
                return code, book, person
    return None


async def pair_page(request: web.Request) -> web.Response:
    found = await _opened_for(request)
    if found is None:
        raise web.HTTPNotFound(reason=ENDED)
    return plainly(request, "new_factor.html", person=found[2], problem="", half="", secret="", picture={})


async def pair(request: web.Request) -> web.StreamResponse:
    """First her password, then the first code of the new app."""
    console, fields, found = request.app[SHARED], await typed(request), await _opened_for(request)
    if found is None:
        raise web.HTTPNotFound(reason=ENDED)
    code, _, person = found
    half = await _half_of(request, fields)
    if half is None or half.person != person:
        return await _password_given(request, person, fields.get("password", ("",))[0])
    factor = await console.accounts.offered_factor(half)
    if factor is None:
        raise web.HTTPForbidden(reason="This took more than ten minutes; open the address again.")
    step = console.accounts.step_of(factor, _one(fields, "code").replace(" ", ""))
    if step is None:
        await console.accounts.failed(person)
        return _read_it(request, half, factor, NO_CODE)
    told = await console.orders.give(half, code, "pair_new_factor", {})
    if not told.done:
        return _read_it(request, half, factor, told.why)
    await console.accounts.pair_factor(person, factor, step)
    return led_to("/login?paired=yes")


async def _password_given(request: web.Request, person: PersonId, password: str) -> web.Response:
    accounts = request.app[SHARED].accounts
    begun = await accounts.begin(person, password)
    half = None if isinstance(begun, Closed) else await accounts.half(begun)
    if half is None:
        waits = isinstance(begun, Closed) and begun.until_us
        problem = WAITS if waits else "That is not your password; nothing was changed."
        return plainly(request, "new_factor.html", status=403, person=person, problem=problem, half="", secret="", picture={})
    factor = pyotp.random_base32()
    await accounts.offer_factor(half, factor)
    return _read_it(request, half, factor, "")


def _read_it(request: web.Request, half: Login, factor: str, problem: str) -> web.Response:
    address = pyotp.TOTP(factor).provisioning_uri(name=half.person, issuer_name=ISSUER)
    picture = _drawn(segno.make(address))
    spaced = " ".join(factor[place : place + 4] for place in range(0, len(factor), 4))
    return plainly(
        request, "new_factor.html", status=422 if problem else 200, person=half.person, problem=problem,
        half=half.cookie.hex(), secret=spaced, picture=picture,
    )


def _drawn(code: segno.QRCode) -> dict[str, str]:
    """As paths of an SVG that stands in the page: its policy takes no picture of data."""
    rows = [list(row) for row in code.matrix_iter(border=2)]
    size = len(rows)
    ink = "".join(f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, dark in enumerate(row) if dark)
    return {"box": f"0 0 {size} {size}", "ground": f"M0 0h{size}v{size}h-{size}z", "ink": ink}
