"""Law: a caisse is founded in the browser by the same steps, the same file and the same command as at the desk, and whole.

Who founds invites who decides with her before: a caisse needs two people from its first event. What was typed waits sealed; the
last page shows what will be, or every mistake with its line, and only then she signs.
"""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from aiohttp import web

from clearing.authoriser.forms.fields import Amount, Choice, Day, Flag, Form, Id, Many, Number, Share, Text
from clearing.config import SettingRefused
from clearing.console.accounts import Login
from clearing.console.arriving import drawing
from clearing.console.house import clock_us
from clearing.console.invitations import OFFICE_DAYS, Invitation, Standing
from clearing.console.outside import UPLOAD, Call, Told, offices, outside
from clearing.console.pages import CODE_ASKED
from clearing.console.sheets import sheet
from clearing.events.funds import FundOpened
from clearing.installation.adopting import NobodyServes, NotTakenIn
from clearing.installation.first_rules import first_text
from clearing.installation.founding import Founding, carry_founding, rehearse_founding
from clearing.installation.founding_file import FoundingFile, founding_of
from clearing.installation.office import NotAllowed
from clearing.installation.serving import require_room
from clearing.installation.slips import Slip, Slipped, Slips
from clearing.rules.telling.plain_words import rules_in_words
from clearing.rules.telling.voted_words import Names, Voted
from clearing.rules.voted.offices import ROLES
from clearing.settlement.overview import in_fours
from clearing.values import CaisseCode, InvalidValue, PersonId

FOUNDER_ROLES: Final = ("treasurer", "approver", "clerk", "desk", "operator")
SECOND_ROLES: Final = ("approver", "treasurer", "desk")
PARIS: Final = ZoneInfo("Europe/Paris")
FILE: Final = Path("founding.toml")
FILE_BYTES_MAX: Final = 1 << 19
_BODIES: Final = ("general-meeting", "citizens-committee", "residents-group", "board")
_FORM: Final[Form] = {
    "name": Text(), "code": Id(new=True), "zone": Text(), "holder": Text(longest=70), "iban": Text(longest=42),
    "bic": Text(longest=11, optional=True), "mine": Many(each=Choice(words=FOUNDER_ROLES), optional=False),
    "title": Text(), "body": Choice(words=_BODIES), "taken_on": Day(), "votes_for": Number(), "votes_against": Number(),
    "abstained": Number(), "fund": Text(), "amount": Amount(lowest=1), "months_valid": Number(lowest=1, highest=24),
    "fruit-veg": Share(), "animal": Share(), "staple": Share(), "own_money": Flag(),
}  # fmt: skip
CAISSE: Final = sheet(
    _FORM,
    {
        "name": "Name of the caisse, for people", "code": "Short name: small letters, digits, dash; it never changes",
        "zone": "Time zone in which days are counted",
        "holder": "Holder of the association's bank account, as the bank knows it",
        "iban": "IBAN of this account: producers are paid from it", "bic": "BIC of this account", "mine": "Your offices",
        "title": "What was voted, in a few words", "body": "Who voted", "taken_on": "Day of the vote",
        "votes_for": "Votes in favour", "votes_against": "Votes against", "abstained": "Abstentions",
        "fund": "Name of the fund that carries the credit", "amount": "Credit of a month for each member",
        "months_valid": "Months a credit can be spent in, its own counted",
        "fruit-veg": "Fruit and vegetables: share that the card pays", "animal": "Meat, fish, cheese: share that the card pays",
        "staple": "Bread, flour, oil, staples: share that the card pays",
        "own_money": "Members may also put money of their own on the card (ask about the law first)",
    },
    {
        "body": tuple((word, f"word {word}") for word in _BODIES),
        "mine": tuple((role, f"role {role}") for role in FOUNDER_ROLES),
    },
)  # fmt: skip
_FIRST: Final = {
    "zone": ("Europe/Paris",), "mine": FOUNDER_ROLES, "body": ("general-meeting",),
    "amount": ("150,00",), "months_valid": ("2",), "fruit-veg": ("100",), "animal": ("70",), "staple": ("30",),
    "votes_against": ("0",), "abstained": ("0",),
}  # fmt: skip
_founding = asyncio.Lock()  # one at a time: a form that was sent twice founds once


@dataclass(frozen=True, slots=True)
class Begun:
    """What a founder has so far. typed: of the form, or "file" alone. joined: who came by her invitations."""

    login: Login
    typed: dict[str, list[str]]
    joined: tuple[Invitation, ...]
    waiting: tuple[Invitation, ...]


async def begun(call: Call) -> Begun:
    """Raises HTTPSeeOther to the log-in, HTTPForbidden for who founds nothing."""
    login = call.caller()
    typed = await call.console.invitations.founding(login.person)
    if typed is None:
        raise web.HTTPForbidden(
            reason="You found no caisse. Who keeps this installation gives an address for it: clearing console open-founding"
        )
    invited = await call.console.invitations.to("", login.person)
    joined = tuple(one for one in invited if one.standing is Standing.USED)
    return Begun(login, typed, joined, tuple(one for one in invited if one.standing is Standing.OPEN))


async def act(call: Call) -> Told:
    """Invite somebody, or take an invitation back."""
    now = await begun(call)
    if short := call.given("withdraw"):
        await call.console.invitations.withdraw("", now.login.person, short)
        return Told(go_to="/founding")
    roles = [role for role in ROLES if role in call.typed.get("roles", ())]
    if not roles or not call.given("label"):
        return _overview(call, now, problem="Say for whom the address is, and tick an office.")
    secret = await call.console.invitations.to_office(
        "", roles, by=now.login.person, label=call.given("label"), days=OFFICE_DAYS
    )
    return _overview(call, await begun(call), address=f"{call.origin}/join/{secret}")


@outside("/founding", with_login=True, post=act)
async def overview(call: Call) -> Told:
    return _overview(call, await begun(call))


def _overview(call: Call, now: Begun, *, problem: str = "", address: str = "") -> Told:
    words = call.words

    def row(one: Invitation) -> dict[str, str]:
        roles = ", ".join(words.say(f"role {role}") for role in one.roles)
        return {"label": one.label, "person": one.person, "key": one.public.hex()[:16], "short": one.short, "roles": roles,
                "until": words.instant(one.until_us)}  # fmt: skip

    return Told("founding.html", {
        "key": now.login.key.public.hex()[:16], "joined": [row(one) for one in now.joined],
        "waiting": [row(one) for one in now.waiting], "roles": offices(words),
        "ticked": SECOND_ROLES, "days": OFFICE_DAYS, "problem": problem and words.say(problem), "address": address,
        "picture": drawing(address) if address else "", "typed": bool(now.typed),
        "paired": any({"approver", "treasurer"} & set(one.roles) for one in now.joined),
    }, status=422 if problem else 200)  # fmt: skip


async def keep_form(call: Call) -> Told:
    """Kept as it was typed, also while something is missing: she may come back to it."""
    now = await begun(call)
    kept = {name: list(values) for name, values in call.typed.items() if name in _FORM}
    await call.console.invitations.keep_founding(now.login.person, kept)
    _, problems = CAISSE.read_typed(call.typed, PARIS)
    if problems:
        return _form(call, dict(call.typed), problems)
    return Told(go_to="/founding/look")


@outside("/founding/caisse", with_login=True, post=keep_form)
async def form(call: Call) -> Told:
    now = await begun(call)
    typed = {name: tuple(values) for name, values in now.typed.items()}
    if not typed or "file" in typed:
        said = call.words.say
        first = {"fund": (said("Cotisations and subsidies"),), "title": (said("First rules, and the credit of a month"),)}
        typed = {**_FIRST, **first}
    return _form(call, typed, {})


def _form(call: Call, typed: dict[str, tuple[str, ...]], problems: dict[str, str]) -> Told:
    fields = CAISSE.drawn_typed(call.words, typed, problems)
    return Told("founding_caisse.html", {"fields": fields, "wrong": bool(problems)}, status=422 if problems else 200)


async def keep_file(call: Call) -> Told:
    """Sent from her disk, or pasted; the one from the disk goes before."""
    now = await begun(call)
    text = (call.typed.get(UPLOAD) or ("",))[0] or (call.typed.get("file") or ("",))[0]
    if not text.strip() or len(text.encode()) > FILE_BYTES_MAX:
        return Told("founding_file.html", {"text": text[:FILE_BYTES_MAX], "problem": call.words.say(
            "Choose a file, or paste its text: at most half a megabyte.")}, status=422)  # fmt: skip
    await call.console.invitations.keep_founding(now.login.person, {"file": [text.replace("\r\n", "\n")]})
    return Told(go_to="/founding/look")


@outside("/founding/file", with_login=True, post=keep_file)
async def file(call: Call) -> Told:
    now = await begun(call)
    return Told("founding_file.html", {"text": "".join(now.typed.get("file", ())), "problem": ""})


async def sign(call: Call) -> Told:
    """The command is given with her key, the caisse is taken in by what serves, and her page opens."""
    now, console = await begun(call), call.console
    if not (now.login.fresh or await console.accounts.prove(now.login, call.given("one-time-code").replace(" ", ""))):
        return await _look(call, now, problem=CODE_ASKED)
    async with _founding:
        if await console.invitations.founding(now.login.person) is None:
            return Told(go_to="/")
        text = _text(now)
        found = await _rehearsed(call, now, text)
        if not isinstance(found, Founding):
            return await _look(call, now)
        code, home = found.file.code, console.installation.home
        officer = console.orders.officer(now.login, code)
        try:
            await carry_founding(console.installation, officer, found)
        except NotAllowed as declined:
            return await _look(call, now, why=str(declined))
        await console.invitations.founded(now.login.person)
    try:
        await console.take_in(home, code)
    except (NotTakenIn, NobodyServes) as fault:
        raise web.HTTPServiceUnavailable(
            reason="The caisse is founded, but nothing serves it yet: stop clearing serve and start it again."
        ) from fault
    await console.accounts.leave_notice(now.login, call.words.say("The caisse is founded. Here is what comes first."))
    return Told(go_to=f"/c/{code}")


@outside("/founding/look", with_login=True, post=sign)
async def look(call: Call) -> Told:
    return await _look(call, await begun(call))


def _text(now: Begun) -> str:
    """The founding file: as it was given, or made from the form."""
    if "file" in now.typed:
        return now.typed["file"][0]
    said, problems = CAISSE.read_typed(now.typed, PARIS)
    if problems:
        raise web.HTTPSeeOther("/founding/caisse")
    mine = said["mine"]
    assert isinstance(mine, list)
    return first_text(said, [(now.login.person, mine), *((PersonId(one.person), one.roles) for one in now.joined)])


async def _rehearsed(call: Call, now: Begun, text: str) -> Founding | tuple[Slip, ...]:
    """What will be, or every mistake."""
    installation, slips = call.console.installation, Slips()
    known = dict(await call.console.accounts.everybody())

    def public_key_of(person: str) -> bytes:
        key = known.get(PersonId(person))
        if key is None:
            raise InvalidValue(f"{person} has no account here; invite {person} first, then look again")
        return key

    try:
        file = founding_of(FILE, text, public_key_of)
        with slips.at(FILE, file.lines.line(("import",))):
            _require_alone(file)
        founder = now.login.key.public[:8]
        founding = rehearse_founding(file, founder_kid=founder, at_us=clock_us(), slips=slips)
        codes = await installation.codes()
        require_room([*codes, file.code], installation.settings)
        taken = file.code in codes and (await call.console.followers.book(file.code)).position > 0
        with slips.at(FILE, file.lines.line(("caisse", "code"))):
            _require_free(file.code, taken=taken)
        slips.end()
    except Slipped as told:
        return told.slips
    except (InvalidValue, SettingRefused) as fault:
        return (Slip(FILE, 0, str(fault)),)
    return founding


def _require_alone(file: FoundingFile) -> None:
    if file.imports:
        raise InvalidValue("lists in other files are entered in the console afterwards; take [import] out")


def _require_free(code: CaisseCode, *, taken: bool) -> None:
    if taken:
        raise InvalidValue(f"there is a caisse {code} here already; choose another code")


async def _look(call: Call, now: Begun, *, problem: str = "", why: str = "") -> Told:
    if not now.typed:
        raise web.HTTPSeeOther("/founding/caisse")
    words, text = call.words, _text(now)
    found = await _rehearsed(call, now, text)
    slips = [] if isinstance(found, Founding) else [
        {"line": slip.line if "file" in now.typed else 0, "why": words.refusal(slip.why)} for slip in found
    ]  # fmt: skip
    return Told("founding_look.html", {
        "slips": slips, "will": _will(call, found) if isinstance(found, Founding) else None, "text": text,
        "back": "/founding/file" if "file" in now.typed else "/founding/caisse", "problem": problem,
        "why": words.refusal(why), "ask_code": not now.login.fresh,
    }, status=422 if problem or why else 200)  # fmt: skip


def _will(call: Call, founding: Founding) -> dict[str, object]:
    """The look at what will be, by the words in which rules are told later."""
    book, words, voted = founding.book, call.words, Voted()
    for event in founding.events:
        voted.take(event)
    caisse, at_us = book.caisse, clock_us()
    names = Names(caisse.calendar.zone.key, {name: fund.name for name, fund in book.funds.items()})
    chartes = [
        rules_in_words(charte, caisse.decisions, zone=names.zone, at_us=at_us, products=book.products.listed, producers=(),
                       funds=names.funds)
        for charte in caisse.chartes
    ]  # fmt: skip
    return {
        "name": caisse.name, "code": caisse.code, "zone": names.zone,
        "account": f"{founding.account['name']}, {in_fours(founding.account['iban'])}",
        "persons": [
            (one.person, ", ".join(words.say(f"role {role}") for role in one.roles), one.key.hex()[:16])
            for one in caisse.persons.values()
        ],
        "votes": [(one.title, words.day(one.taken_on), one.votes_for, one.votes_against, one.abstained)
                  for one in caisse.decisions.values()],
        "funds": [event.name for event in founding.events if isinstance(event, FundOpened)],
        "rules": [
            words.refusal(line)
            for told in chartes
            for line in (*told["framework"]["sentences"], *(one["sentence"] for one in (*told["tariffs"], *told["payers"])))
        ],
        "others": [words.refusal(line) for one in voted.told(caisse, names, at_us) for line in one["sentences"]],
    }  # fmt: skip
