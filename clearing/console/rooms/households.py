"""Law: who parts or leaves sees before it is signed what becomes of cards, credit, money and cotisation; one adult suffices.

What is still to be done for somebody who left stands on her page until it is done, each with the page that does it.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from clearing.authoriser.forms.fields import Choice, Id, Many, Text
from clearing.console.apart import cards_given, member_at
from clearing.console.offered import choices
from clearing.console.pages import Answer, Shows, Visit, page
from clearing.console.rooms.cards import as_printed, give, notice
from clearing.console.rooms.members import card_said
from clearing.console.sheets import sheet
from clearing.rules.people.members import Member
from clearing.rules.selling.facts import OWN_PURSE
from clearing.rules.treasury.cotisations import agreed_for
from clearing.values import PurseKind

DESK: Final = ("desk", "treasurer")
PARTING: Final = sheet(
    {"eaters": Many(each=Id(of="eater"), optional=False), "new_member": Id(new=True), "cards": Many(each=Id(of="card here")),
     "spare": Text(optional=True)},
    {"eaters": "Who goes", "new_member": "Pseudonym of the new purse: small letters, digits, dot, dash; never a name",
     "cards": "Cards that go along: they are blocked in the old purse",
     "spare": "Spare card from the drawer for the new purse (its alias)"},
)  # fmt: skip
_WHY: Final = (("moved", "The person moves away"), ("died", "The person has died"), ("left", "The person leaves the caisse"))
LEAVING: Final = sheet({"reason": Choice(words=tuple(why for why, _ in _WHY))}, {"reason": "What happened"}, {"reason": _WHY})


async def part(visit: Visit) -> Answer:
    """Who stays is not asked; then the page of the new purse, which needs a card if none was bound to it."""
    member = member_at(visit)
    body, problems = PARTING.read(visit)
    if not body.get("eaters"):
        problems = {**problems, "eaters": "Choose who goes."}
    spare = as_printed(visit, str(body.get("spare") or ""))
    if not problems and spare and spare not in visit.book.members.spares:
        problems = {"spare": "There is no such spare card."}
    if problems:
        return _parting(visit, problems=problems)
    asked = body.get("cards")
    tags = asked if isinstance(asked, list) else []
    cards = [card.alias for tag, _, card in cards_given(visit, member) if tag in tags]
    told = await give(visit, "separate_household", {
        "member": member.member, "new_member": body["new_member"], "eaters": body["eaters"], "cards": cards,
        **({"spare": spare} if spare else {}),
    })  # fmt: skip
    if not told.done:
        return _parting(visit, why=told.why)
    said = "{member} is a purse of its own; its card {card} pays at once." if spare else (
        "{member} is a purse of its own. It has no card yet: make one, or bind a spare one."
    )
    await notice(visit, said, member=body["new_member"], card=spare)
    return Answer(go_to=visit.path(f"members/{body['new_member']}"))


@page("members/{member}/part", "Part a household", roles=DESK, shows=Shows.PERSONS, post=part)
async def parting(visit: Visit) -> Answer:
    return _parting(visit)


def _parting(visit: Visit, *, problems: dict[str, str] | None = None, why: str = "") -> Answer:
    member = member_at(visit)
    eaters = visit.book.members.eaters.get(member.member, {})
    return Answer("part.html", {
        "member": member.member, "eaters": list(eaters), "why": visit.words.refusal(why), "gone": member.gone,
        "split": visit.book.households.separation == "split",
        "fields": PARTING.drawn(visit, problems=problems, choices_of=_of_hers),
    }, status=422 if problems or why else 200)  # fmt: skip


def _of_hers(visit: Visit, of: str) -> Sequence[tuple[str, str]] | None:
    """Persons of this purse, and its cards that pay: unnamed to who also looks at sales."""
    member = member_at(visit)
    if of == "eater":
        return [(name, name) for name in visit.book.members.eaters.get(member.member, {})]
    if of == "card here":
        given = cards_given(visit, member)
        return [
            (tag, card_said(visit, card.alias, len(given) - place)) for place, (tag, _, card) in enumerate(given)
            if card.blocked is None
        ]  # fmt: skip
    return choices(visit, of)


async def leave(visit: Visit) -> Answer:
    member = member_at(visit)
    body, problems = LEAVING.read(visit)
    if problems:
        return _leaving(visit, problems=problems)
    told = await give(visit, "leave_caisse", {"member": member.member, **body})
    if not told.done:
        return _leaving(visit, why=told.why)
    await notice(visit, "It is recorded that {member} leaves. What is left to do stands here.", member=member.member)
    return Answer(go_to=visit.path(f"members/{member.member}"))


@page("members/{member}/leave", "Leaving the caisse", roles=DESK, shows=Shows.PERSONS, post=leave)
async def leaving(visit: Visit) -> Answer:
    return _leaving(visit)


def _leaving(visit: Visit, *, problems: dict[str, str] | None = None, why: str = "") -> Answer:
    member = member_at(visit)
    eaters = visit.book.members.eaters.get(member.member, {})
    single = [
        (name, visit.path(f"do/leave_household?member={member.member}&eater={name}&then=members/{member.member}"))
        for name in eaters
    ] if len(eaters) > 1 else []  # fmt: skip
    return Answer("leave.html", {
        "member": member.member, "becomes": list(_becomes(visit, member)), "single": single, "gone": member.gone,
        "part": visit.path(f"members/{member.member}/part"), "why": visit.words.refusal(why),
        "fields": LEAVING.drawn(visit, problems=problems),
    }, status=422 if problems or why else 200)  # fmt: skip


def _becomes(visit: Visit, member: Member) -> Iterator[str]:
    """What the signature does, in sentences."""
    words, book = visit.words, visit.book
    credit, own = _left_cents(visit, member)
    if book.households.leaving == "month-end":
        yield words.say("The cards pay until the end of this month, as voted; then they are blocked.")
    else:
        yield words.say("The cards are blocked at once, as voted.")
    yield words.say("No credit comes any more.")
    if credit:
        yield words.say("What is left of the credit, {amount} today, goes back to the funds it came from.",
                        amount=words.euros(credit))  # fmt: skip
    if own:
        text = "Own money, {amount} today, is paid back to the person or the heirs: one officer says so, another confirms it."
        yield words.say(text, amount=words.euros(own))
    if agreed_for(book.cotisations, member.member, _month(visit)) is not None:
        yield words.say("The cotisation ends with this month; nothing is debited any more.")


def _left_cents(visit: Visit, member: Member) -> tuple[int, int]:
    """(credit, own money) that can be spent now."""
    allocation, found = visit.book.allocation, {True: 0, False: 0}
    kinds: set[PurseKind] = {*(purse.kind for purse in member.purses), *allocation.grants}
    for kind in kinds:
        found[kind == OWN_PURSE] += sum(lot.cents for lot in allocation.spendable(member, kind, visit.at_us))
    return found[False], found[True]


def _month(visit: Visit) -> str:
    return visit.book.caisse.calendar.day(visit.at_us).isoformat()[:7]
