"""Law: no page joins a person and her purchases, but these for a day, to the officers who signed for it; each look is recorded.

She asks for it herself, or one officer writes why and another agrees. Her page at the desk tells her of each look.
"""

from typing import Final

from aiohttp import web

from clearing.authoriser.forms.fields import Text
from clearing.console.apart import cards_given, member_at
from clearing.console.pages import Answer, Shows, Visit, page
from clearing.console.rooms.cards import notice
from clearing.console.rooms.sales import explained, row_said
from clearing.console.sheets import sheet
from clearing.console.step_up import NO_FACTOR, ordered
from clearing.projections.answers import SaleRow
from clearing.rules.people.joining import looks
from clearing.rules.people.members import Member

LOOKERS: Final = ("desk", "treasurer", "approver")
ROWS_MAX: Final = 200
REASON: Final = sheet({"reason": Text()}, {"reason": "Reason, in a sentence that she may read"})
_VERBS: Final = {"asked": "record_join_asked", "propose": "propose_join", "allow": "allow_join", "drop": "drop_join"}
_DONE: Final = {
    "asked": "You see her with her purchases for a day.", "propose": "It is proposed. Another officer agrees, or refuses.",
    "allow": "You and who proposed it see her with her purchases for a day.", "drop": "Nobody looks at her.",
}  # fmt: skip


@page("looks", "Looks", roles=LOOKERS, menu=60, shows=Shows.PERSONS)
async def every(visit: Visit) -> Answer:
    """What waits for another officer, and what is open to this one."""
    joining, words = visit.book.joining, visit.words
    waits = [
        {"member": member, "by": one.by, "page": visit.path(f"looks/{member}"), "reason": one.reason}
        for member, one in joining.proposed.items()
    ]  # fmt: skip
    mine = [
        {"member": member, "until": words.instant(one.until_us), "page": visit.path(f"looks/{member}/purchases")}
        for member, one in joining.open.items() if looks(joining, member, visit.login.person, visit.at_us)
    ]  # fmt: skip
    return Answer("looks.html", {"waits": waits, "mine": mine})


async def act(visit: Visit) -> Answer:
    """Her word, a proposal, the second officer's agreement to exactly that reason, or a refusal."""
    member, what = member_at(visit), visit.given("act")
    if what not in _VERBS:
        raise web.HTTPBadRequest(reason="Open the page again and press one of its buttons.")
    if not visit.may(_VERBS[what]):
        raise web.HTTPForbidden(reason="Your office does not give this command.")
    body: dict[str, object] = {"member": member.member}
    if what != "drop":
        said, problems = REASON.read(visit)
        if problems:
            return _shown(visit, problems=problems)
        body |= said
    told = await ordered(visit, _VERBS[what], body)
    if isinstance(told, Answer) or told is NO_FACTOR:
        return told if isinstance(told, Answer) else _shown(visit, problem=told.why)
    if not told.done:
        return _shown(visit, why=told.why)
    await notice(visit, _DONE[what])
    return Answer(go_to=visit.path(f"looks/{member.member}"))


@page("looks/{member}", "Look", roles=LOOKERS, shows=Shows.PERSONS, post=act)
async def one(visit: Visit) -> Answer:
    return _shown(visit)


def _shown(visit: Visit, *, problems: dict[str, str] | None = None, problem: str = "", why: str = "") -> Answer:
    member, joining = member_at(visit), visit.book.joining
    proposal, look = joining.proposed.get(member.member), joining.open.get(member.member)
    return Answer("look.html", {
        "member": member.member, "fields": REASON.drawn(visit, problems=problems), "problem": problem,
        "why": visit.words.refusal(why), "ask_code": not visit.login.fresh,
        "proposal": None if proposal is None else {
            "by": proposal.by, "reason": proposal.reason, "own": proposal.by == visit.login.person,
        },
        "last": None if look is None else {
            "by": ", ".join(look.by), "reason": look.reason, "until": visit.words.instant(look.until_us),
            "mine": looks(joining, member.member, visit.login.person, visit.at_us),
        },
        "may_ask": visit.may("record_join_asked"), "may_propose": visit.may("propose_join"),
        "person": visit.path(f"members/{member.member}") if set(visit.roles) & {"desk", "treasurer"} else "",
    }, status=422 if problems or problem or why else 200)  # fmt: skip


def _looked_at(visit: Visit) -> Member:
    """The member, to an officer whose look is open. Raises HTTPForbidden."""
    member = member_at(visit)
    if not looks(visit.book.joining, member.member, visit.login.person, visit.at_us):
        raise web.HTTPForbidden(reason="Nobody allowed you to see this person with her purchases, or the day is over.")
    return member


@page("looks/{member}/purchases", "Her purchases", roles=LOOKERS, shows=Shows.JOINED)
async def purchases(visit: Visit) -> Answer:
    """By every card of hers, the newest first."""
    member = _looked_at(visit)
    found: list[SaleRow] = []
    async with visit.console.installation.asking(visit.code) as views:
        for _, card, _ in cards_given(visit, member):
            found += await views.find_sales(card=card, limit=ROWS_MAX)
    rows = sorted((row for row in found if row.member == member.member), key=lambda row: -row.position)[:ROWS_MAX]
    return Answer("look_purchases.html", {
        "member": member.member, "until": visit.words.instant(visit.book.joining.open[member.member].until_us),
        "rows": [
            row_said(visit, row) | {"page": visit.path(f"looks/{member.member}/purchases/{row.position}")} for row in rows
        ],
    })  # fmt: skip


@page("looks/{member}/purchases/{sale}", "Her purchase", roles=LOOKERS, shows=Shows.JOINED)
async def purchase(visit: Visit) -> Answer:
    """One of hers, explained; another's is not opened by her page."""
    member = _looked_at(visit)
    return await explained(visit, only=member.member, back=visit.path(f"looks/{member.member}/purchases"))
