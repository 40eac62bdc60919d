"""Law: the rules in force are told in plain words, each down to the vote it stands on; a vote takes two officers to count."""

from typing import Final

from aiohttp import web

from clearing.console.pages import Answer, Visit, page
from clearing.console.rooms.cards import notice
from clearing.console.step_up import NO_FACTOR, ordered
from clearing.events.caisse import DecisionRecorded, DecisionSuspended
from clearing.events.charte import Charte
from clearing.events.codec import decode
from clearing.rules.telling.plain_words import decision_in_words, rules_in_words
from clearing.rules.telling.voted_words import Names, Voted, standing_in_words
from clearing.rules.voted.decisions import ANNULLED, IN_FORCE, SUSPENDED, state_at
from clearing.values import DecisionId, MicroTime

_RULED_BY: Final = {
    IN_FORCE: ("suspend_decision", "annul_decision"), SUSPENDED: ("resume_decision", "annul_decision"), ANNULLED: (),
}  # fmt: skip
"""State of a vote -> what a later one may do to it."""
READERS: Final = ("treasurer", "approver", "clerk", "desk", "auditor", "operator")


@page("votes", "Rules and votes", roles=READERS, menu=70)
async def every(visit: Visit) -> Answer:
    caisse = visit.book.caisse
    rows = [
        {
            "id": one.decision, "title": one.title, "page": visit.path(f"votes/{one.decision}"),
            "day": visit.words.day(one.taken_on), "state": _standing(visit, one),
        }
        for one in reversed(caisse.decisions.values())
    ]  # fmt: skip
    charte = caisse.charte_at(visit.at_us)
    coming = [
        {"version": one.version, "from": visit.words.instant(one.effective_us),
         "page": visit.path(f"votes/charte/{one.version}")}
        for one in caisse.chartes if one.effective_us > visit.at_us
    ]  # fmt: skip
    return Answer("votes.html", {
        "rows": rows, "charte": _charte(visit, charte) if charte is not None else None, "coming": coming,
        "past": [(one.version, visit.path(f"votes/charte/{one.version}")) for one in caisse.chartes
                 if charte is not None and one.version != charte.version and one.effective_us <= visit.at_us],
        "others": await _others(visit),
    })  # fmt: skip


def _standing(visit: Visit, vote: DecisionRecorded) -> str:
    caisse, words = visit.book.caisse, visit.words
    if vote.needs_approval and vote.decision not in caisse.approvals:
        return words.say("waits for another officer")
    return words.say(f"state {standing_in_words(caisse, vote.decision, visit.at_us)}")


def _charte(visit: Visit, charte: Charte) -> dict[str, object]:
    """Its rules as sentences, in the order in which they are asked."""
    book, words = visit.book, visit.words
    told = rules_in_words(
        charte, book.caisse.decisions, zone=book.caisse.calendar.zone.key, at_us=visit.at_us, products=book.products.listed,
        producers=book.producers.producers.values(), funds={name: fund.name for name, fund in book.funds.items()},
    )
    return {
        "version": charte.version, "decision": charte.decision, "page": visit.path(f"votes/{charte.decision}"),
        "since": words.instant(charte.effective_us) if charte.effective_us else words.say("the founding"),
        "framework": [words.refusal(line) for line in told["framework"]["sentences"]],
        "tariffs": [words.refusal(one["sentence"]) for one in told["tariffs"]],
        "payers": [words.refusal(one["sentence"]) for one in told["payers"]],
    }


async def _others(visit: Visit) -> list[dict[str, object]]:
    """Every other rule that a vote can set, as it stands; read from the caisse's own stream, which is short."""
    voted = Voted()
    async with visit.console.installation.reading(visit.code) as log:
        for stream in ("caisse", *(f"fund/{name}" for name in visit.book.funds)):
            for row in await log.events_of(stream):
                voted.take(decode(row.type, row.schema_version, row.public, row.private))
    names = Names(visit.book.caisse.calendar.zone.key, {name: fund.name for name, fund in visit.book.funds.items()})
    words = visit.words
    return [
        {
            "kind": words.say(f"rule {one['kind']}"), "name": one["name"],
            "standing": words.say(f"state {one['standing']}"),
            "sentences": [words.refusal(line) for line in one["sentences"]],
            "page": visit.path(f"votes/{one['decision']}") if one["decision"] else "", "decision": one["decision"],
        }
        for one in voted.told(visit.book.caisse, names, visit.at_us) if one["decision"] or one["kind"] != "fund"
    ]  # fmt: skip


def _if_suspended(visit: Visit, vote: DecisionRecorded) -> str:
    """Which rules cards would pay by, where those in force stand on this vote."""
    caisse, words, at_us = visit.book.caisse, visit.words, MicroTime(visit.at_us)
    charte = caisse.charte_at(at_us)
    if charte is None or charte.decision != vote.decision:
        return ""
    ruled = DecisionSuspended(decision=vote.decision, ruling=vote.decision, from_us=at_us, by=vote.by)
    then = caisse.ruled(ruled).charte_at(at_us)
    if then is None:
        return words.say("The rules in force stand on it, and no other ones: if it is suspended or annulled, no card pays.")
    return words.say("The rules in force stand on it: if it is suspended or annulled, those of version {version} are in force.",
                     version=then.version)  # fmt: skip


def _now_in_force(visit: Visit) -> str:
    charte = visit.book.caisse.charte_at(visit.at_us)
    if charte is None:
        return visit.words.say("No rules are in force now: no card pays until a vote carries rules again.")
    return visit.words.say("Cards pay by the rules of version {version} now.", version=charte.version)


@page("votes/charte/{version}", "Rules", roles=READERS)
async def charte(visit: Visit) -> Answer:
    text = visit.asked("version")
    found = next((one for one in visit.book.caisse.chartes if str(one.version) == text), None)
    if found is None:
        raise web.HTTPNotFound(reason="There are no rules of this version.")
    return Answer("charte.html", {"charte": _charte(visit, found)})


def _vote(visit: Visit) -> DecisionRecorded:
    found = visit.book.caisse.decisions.get(DecisionId(visit.asked("decision")))
    if found is None:
        raise web.HTTPNotFound(reason="There is no such decision.")
    return found


async def approve(visit: Visit) -> Answer:
    """By another officer than who recorded it, with the minutes in hand and a second factor."""
    vote = _vote(visit)
    if not visit.may("approve_decision"):
        raise web.HTTPForbidden(reason="Your office does not give this command.")
    told = await ordered(visit, "approve_decision", {"decision": vote.decision})
    if isinstance(told, Answer) or told is NO_FACTOR:
        return told if isinstance(told, Answer) else await _shown(visit, problem=told.why)
    if not told.done:
        return await _shown(visit, why=told.why)
    await notice(visit, "Decision {decision} is approved: rules may stand on it.", decision=vote.decision)
    return Answer(go_to=visit.path(f"votes/{vote.decision}"))


@page("votes/{decision}", "Decision", roles=READERS, post=approve)
async def one(visit: Visit) -> Answer:
    return await _shown(visit)


async def _shown(visit: Visit, *, problem: str = "", why: str = "") -> Answer:
    vote, words, caisse = _vote(visit), visit.words, visit.book.caisse
    told = decision_in_words(vote)
    waits = vote.needs_approval and vote.decision not in caisse.approvals
    rulings = [
        {"state": words.say(f"state {ruling.state}"), "from": words.instant(ruling.from_us), "by": ruling.ruling,
         "page": visit.path(f"votes/{ruling.ruling}")}
        for ruling in caisse.rulings.get(vote.decision, ())
    ]  # fmt: skip
    state = state_at(caisse, vote.decision, visit.at_us)
    do = [
        (visit.path(f"do/{verb}?decision={vote.decision}&then=votes/{vote.decision}"), f"verb {verb}")
        for verb in _RULED_BY[state] if visit.may(verb) and not waits
    ]  # fmt: skip
    return Answer("vote.html", {
        "id": vote.decision, "title": vote.title, "day": words.day(vote.taken_on), "body": words.say(f"word {vote.body}"),
        "method": words.say(f"word {vote.method}"), "drawn": vote.drawn, "scope": vote.scope,
        "tallies": [("", vote.votes_for, vote.votes_against, vote.abstained), *vote.tallies] if vote.method != "draw" else [],
        "from": words.day(vote.effective_on) if vote.effective_on else "",
        "until": words.day(vote.ends_on) if vote.ends_on else "", "link": _safe(vote.minutes_link),
        "minutes": vote.minutes_link, "sha256": told["minutes_sha256"], "state": _standing(visit, vote), "by": vote.by,
        "approved_by": caisse.approvals.get(vote.decision, ""), "waits": waits, "own": vote.by == visit.login.person,
        "may_approve": visit.may("approve_decision"), "ask_code": not visit.login.fresh, "problem": problem,
        "why": words.refusal(why), "rulings": rulings, "do": do,
        **await _what_stands_on_it(visit, vote, state),
    }, status=422 if problem or why else 200)  # fmt: skip


async def _what_stands_on_it(visit: Visit, vote: DecisionRecorded, state: str) -> dict[str, object]:
    chartes = [one for one in visit.book.caisse.chartes if one.decision == vote.decision]
    stands = [one for one in await _others(visit) if one["decision"] == vote.decision]
    stopped = state != IN_FORCE
    return {
        "chartes": [(one.version, visit.path(f"votes/charte/{one.version}")) for one in chartes], "stands": stands,
        "stopped": stopped, "now": _now_in_force(visit) if stopped and chartes else "",
        "if_suspended": "" if stopped else _if_suspended(visit, vote),
    }  # fmt: skip


def _safe(link: str) -> str:
    """Only what a browser may follow: a record could name any scheme."""
    return link if link.startswith(("https://", "http://")) else ""
