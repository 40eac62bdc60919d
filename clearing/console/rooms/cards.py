"""Law: a lost card is blocked and another one given in one step; a card's keys go from the vault into its file, to no page."""

import os
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

from aiohttp import web

from clearing.authoriser.forms.fields import Amount, Choice, Id, Number, Text
from clearing.console.apart import PERSONS, cards_given, member_at
from clearing.console.ordering import Told
from clearing.console.pages import Answer, Shows, Visit, page
from clearing.console.rooms.members import CODES, STATES, card_said, limits_said, person_page
from clearing.console.sheets import Sheet, sheet
from clearing.installation.cards import CardFile, draw_alias, personalise, write_card
from clearing.rules.people.members import Card
from clearing.values import CardId, MemberId
from clearing.vault import Vault

SPARES_AT_ONCE_MAX: Final = 200
_NOBODY: Final = MemberId("spare")
_WHY: Final = Choice(words=tuple(code for code, _ in CODES))
_HAPPENED: Final = (("41", "It is lost"), ("43", "It is stolen"), ("62", "Something else: it is damaged, for example"))
_SPARE: Final = "Spare card from the drawer (its alias). Left empty, one is made, whose file is still to be put on a card"
BLOCKING: Final = sheet({"code": _WHY}, {"code": "What happened to it"}, {"code": _HAPPENED})
REPLACING: Final = sheet(
    {"what": _WHY, "spare": Text(optional=True)}, {"what": "What happened to the old one", "spare": _SPARE}, {"what": _HAPPENED}
)
LIMITING: Final = sheet(
    {name: Amount(optional=True) for name in ("sale_cents", "day_cents", "month_cents")},
    {"sale_cents": "At most per sale", "day_cents": "At most per day", "month_cents": "At most per month"},
)
MAKING: Final = sheet({"number": Number(lowest=1, highest=SPARES_AT_ONCE_MAX)}, {"number": "How many"})
HELPING: Final = sheet(
    {"rule": Id(of="emergency"), "cents": Amount(), "alias": Text()},
    {"rule": "Voted rule", "cents": "Amount", "alias": "Spare card that is handed over (its alias)"},
)


async def give(visit: Visit, verb: str, body: dict[str, object]) -> Told:
    return await visit.console.orders.give(visit.login, visit.code, verb, body)


async def notice(visit: Visit, text: str, **values: object) -> None:
    await visit.console.accounts.leave_notice(visit.login, visit.words.say(text, **values))


async def issue(visit: Visit) -> Answer:
    """One more card for this member."""
    member = member_at(visit)
    alias, told = await _issued(visit, member.member)
    if not told.done:
        return await person_page(visit, why=told.why)
    await notice(visit, "The card {alias} is made. Its file lies with the installation, to be put on the card.", alias=alias)
    return Answer(go_to=visit.path(f"members/{member.member}"))


async def _issued(visit: Visit, member: MemberId) -> tuple[str, Told]:
    """A card from the vault. Its file is written first: an issued card without one would be lost."""
    card = _made(visit, member)
    told = await give(visit, "issue_cards", {"cards": [card.item()]})
    if not told.done:
        _forget(visit, [card])
    return card.alias, told


def as_printed(visit: Visit, alias: str) -> str:
    """A spare card's alias, however it was typed: those that are drawn are capitals."""
    return alias if alias in visit.book.members.spares else alias.upper()


def _made(visit: Visit, member: MemberId) -> CardFile:
    home = visit.console.installation.home
    card = personalise(Vault.open(home.vault(visit.code)), visit.code, member=member, alias=draw_alias())
    write_card(home.card(visit.code, card.alias), card)
    return card


def _forget(visit: Visit, cards: list[CardFile]) -> None:
    """The files of cards that were not taken: nobody's keys lie about."""
    for card in cards:
        with suppress(FileNotFoundError):
            visit.console.installation.home.card(visit.code, card.alias).unlink()


page("members/{member}/issue", "Another card", roles=("desk", "treasurer"), shows=Shows.PERSONS, post=issue)(person_page)


def _card(visit: Visit) -> tuple[CardId, Card, int]:
    """(id, card, its number from the first one given). Raises HTTPNotFound."""
    given = cards_given(visit, member_at(visit))
    for place, (tag, name, card) in enumerate(given):
        if tag == visit.asked("card"):
            return name, card, len(given) - place
    raise web.HTTPNotFound(reason="This member has no such card.")


async def act(visit: Visit) -> Answer:
    done = _ACTS.get(visit.given("act"))
    if done is None:
        raise web.HTTPBadRequest(reason="Open the page again and press one of its buttons.")
    return await done(visit)


@page("members/{member}/cards/{card}", "Card", roles=PERSONS, shows=Shows.PERSONS, post=act)
async def one(visit: Visit) -> Answer:
    return _shown(visit)


def _shown(visit: Visit, *, wrong: Sheet | None = None, problems: dict[str, str] | None = None, why: str = "") -> Answer:
    """wrong: the sheet that problems are about."""
    name, card, number = _card(visit)
    limit = visit.book.card_limits.limits.get(name)
    kept = {} if limit is None else {
        field: f"{cents // 100},{cents % 100:02d}" for field in LIMITING.form if (cents := getattr(limit, field)) is not None
    }  # fmt: skip
    drawn = {
        "blocking": BLOCKING.drawn(visit, problems=problems if wrong is BLOCKING else None),
        "replacing": REPLACING.drawn(visit, problems=problems if wrong is REPLACING else None, first={"what": "41"}),
        "limiting": LIMITING.drawn(visit, problems=problems if wrong is LIMITING else None, first=kept),
    }
    return Answer("card.html", {
        **drawn, "called": card_said(visit, card.alias, number), "member": card.member, "why": visit.words.refusal(why),
        "blocked": visit.words.say(STATES[card.blocked.value]) if card.blocked is not None else "",
        "limits": limits_said(visit, name), "gone": visit.book.members.members[card.member].gone,
    }, status=422 if why or problems else 200)  # fmt: skip


async def _block(visit: Visit) -> Answer:
    body, problems = BLOCKING.read(visit)
    return await _done(visit, BLOCKING, problems, "block_card", body, "The card pays nothing from now on.")


async def _unblock(visit: Visit) -> Answer:
    return await _done(visit, BLOCKING, {}, "unblock_card", {}, "The card pays again.")


async def _limit(visit: Visit) -> Answer:
    body, problems = LIMITING.read(visit)
    return await _done(visit, LIMITING, problems, "limit_card", body, "The card's limits are set.")


async def _done(
    visit: Visit, drawn: Sheet, problems: dict[str, str], verb: str, body: dict[str, object], said: str
) -> Answer:
    _, card, _ = _card(visit)
    if problems:
        return _shown(visit, wrong=drawn, problems=problems)
    told = await give(visit, verb, {"alias": card.alias, **body})
    if not told.done:
        return _shown(visit, why=told.why)
    await notice(visit, said)
    return Answer(go_to=visit.path(f"members/{card.member}"))


async def _replace(visit: Visit) -> Answer:
    """Blocked first: whatever happens next, the lost card pays nothing. Its limits go over to the new one."""
    name, card, _ = _card(visit)
    body, problems = REPLACING.read(visit)
    spare = as_printed(visit, str(body.get("spare") or ""))
    if not problems and spare and spare not in visit.book.members.spares:
        problems = {"spare": "There is no such spare card."}
    if problems:
        return _shown(visit, wrong=REPLACING, problems=problems)
    limit = visit.book.card_limits.limits.get(name)
    if card.blocked is None:
        told = await give(visit, "block_card", {"alias": card.alias, "code": body["what"]})
        if not told.done:
            return _shown(visit, why=told.why)
    alias, told = (spare, await give(visit, "bind_card", {"alias": spare, "member": card.member})) if spare else (
        await _issued(visit, card.member)
    )  # fmt: skip
    if told.done and limit is not None:
        told = await give(visit, "limit_card", {
            "alias": alias, "sale_cents": limit.sale_cents, "day_cents": limit.day_cents, "month_cents": limit.month_cents,
        })  # fmt: skip
    if not told.done:
        return _shown(visit, why=told.why)
    said = "The old card pays nothing any more. The card {alias} pays at once." if spare else (
        "The old card pays nothing any more. The card {alias} is made; its file lies with the installation."
    )
    await notice(visit, said, alias=alias)
    return Answer(go_to=visit.path(f"members/{card.member}"))


_ACTS: Final[dict[str, Callable[[Visit], Awaitable[Answer]]]] = {
    "block": _block, "unblock": _unblock, "limit": _limit, "replace": _replace,
}  # fmt: skip


async def make(visit: Visit) -> Answer:
    """Spare cards for the drawer."""
    if not visit.may("make_spare_cards"):
        raise web.HTTPForbidden(reason="Your office does not give this command.")
    body, problems = MAKING.read(visit)
    if problems:
        return _drawer(visit, making=problems)
    cards = [_made(visit, _NOBODY) for _ in range(int(str(body["number"])))]
    told = await give(visit, "make_spare_cards", {"cards": [
        {"card": card.card, "key_version": card.version, "alias": card.alias} for card in cards
    ]})  # fmt: skip
    if not told.done:
        _forget(visit, cards)
        return _drawer(visit, why=told.why)
    await notice(visit, "{number} spare cards are made; they pay nothing until they are bound.", number=len(cards))
    return Answer(go_to=visit.path("spares"))


@page("spares", "Spare cards", roles=("desk", "treasurer", "helper"), shows=Shows.NEITHER, menu=52, post=make)
async def spares(visit: Visit) -> Answer:
    return _drawer(visit)


async def help_out(visit: Visit) -> Answer:
    """Emergency credit: under a minute, nobody is named, and the giver learns of no purchase."""
    body, problems = HELPING.read(visit)
    if problems:
        return _drawer(visit, helping=problems)
    body = {**body, "alias": as_printed(visit, str(body["alias"])), "member": f"e-{os.urandom(4).hex()}"}
    told = await give(visit, "give_emergency", body)
    if not told.done:
        return _drawer(visit, why=told.why)
    await notice(visit, "{amount} are on the card {alias}, which pays at once. Hand it over; nobody has to be named.",
                 amount=visit.words.euros(int(str(body["cents"]))), alias=body["alias"])  # fmt: skip
    return Answer(go_to=visit.path("spares"))


page("spares/emergency", "Emergency credit", roles=("desk", "treasurer", "helper"), post=help_out)(spares)


def _drawer(
    visit: Visit, *, making: dict[str, str] | None = None, helping: dict[str, str] | None = None, why: str = ""
) -> Answer:
    rules = list(visit.book.emergency.rules)
    first = {"rule": rules[0]} if rules else {}
    return Answer("spares.html", {
        "aliases": sorted(visit.book.members.spares), "why": visit.words.refusal(why), "rules": rules,
        "making": MAKING.drawn(visit, problems=making), "helping": HELPING.drawn(visit, problems=helping, first=first),
        "may_make": visit.may("make_spare_cards"), "may_help": visit.may("give_emergency"),
    }, status=422 if making or helping or why else 200)  # fmt: skip
