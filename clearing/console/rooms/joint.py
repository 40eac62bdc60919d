"""Law: that one caisse pays another's producers is proposed by one person, read in full and agreed to by another, ended by one.

The page shows both sides: what is handed over to others, and what is paid for them.
"""

from typing import Final

from clearing.authoriser.forms.fields import Amount, Choice, Day, Id, Rows, Text
from clearing.console.offered import choices
from clearing.console.pages import LOOKERS, Answer, Shows, Visit, page
from clearing.console.rooms.cards import give, notice
from clearing.console.rooms.transfers import NOT_TAKEN
from clearing.console.sheets import sheet
from clearing.console.step_up import NO_FACTOR, ordered
from clearing.events.joint import JointAgreed, JointProposed, PartAnswered
from clearing.installation.joint import Named, NoAccount, with_accounts
from clearing.people import NotKept
from clearing.rules.between.interchange import TAKEN, Handed
from clearing.rules.between.joint import HANDS_OVER, PAYS, PRODUCERS_MAX, ROLES, Refusal, advanced_cents
from clearing.rules.voted.standing import not_carried
from clearing.settlement.bank_details import last_4
from clearing.values import CaisseCode, ProducerId

SHOWN_MAX: Final = 200  # of the newest parts of either side; all of them: clearing joint list
_ROLES: Final = (
    (PAYS, "This caisse pays producers for the other one"), (HANDS_OVER, "The other caisse pays producers for this one"),
)  # fmt: skip
PROPOSING: Final = sheet(
    {
        "other": Id(of="caisse"), "role": Choice(words=ROLES), "decision": Id(of="decision"),
        "cap_cents": Amount(optional=True), "from_on": Day(),
        "producers": Rows(most=PRODUCERS_MAX, of={"ours": Id(of="producer"), "theirs": Id(), "consent": Text()}),
    },
    {
        "other": "With which caisse", "role": "Who pays", "decision": "By which decision",
        "cap_cents": "The most that this caisse advances (only where it pays)", "from_on": "From which day on",
        "producers": "Producers that sell at both caisses", "producers.ours": "The producer here",
        "producers.theirs": "Its short name at the other caisse", "producers.consent": "Where its own agreement is kept",
    },
    {"role": _ROLES},
)  # fmt: skip
ENDING: Final = sheet({"reason": Text()}, {"reason": "Reason, for whoever reads it in a year"})


async def act(visit: Visit) -> Answer:
    """Propose, agree to what was shown, or end."""
    match visit.given("act"):
        case "agree":
            return await _agree(visit)
        case "end":
            return await _end(visit)
        case _:
            return await _propose(visit)


async def _propose(visit: Visit) -> Answer:
    if not visit.may("propose_joint_payout"):
        return await _shown(visit, why="Your office does not give this command.")
    if more := visit.given("more"):
        return await _shown(visit, more=more)
    body, problems = PROPOSING.read(visit)
    if problems:
        return await _shown(visit, problems=problems)
    rows = body.pop("producers", None)
    named = [
        Named(ProducerId(str(one["ours"])), ProducerId(str(one["theirs"])), str(one["consent"]))
        for one in (rows if isinstance(rows, list) else [])
    ]  # fmt: skip
    producers = visit.book.producers.producers
    try:
        lines = await with_accounts(visit.console.installation, visit.code, producers, named, at_us=visit.at_us)
    except (NoAccount, NotKept) as missing:
        return await _shown(visit, why=str(missing))
    told = await give(visit, "propose_joint_payout", {**body, "producers": lines})
    if not told.done:
        return await _shown(visit, why=told.why)
    await notice(visit, "It is proposed; another person reads it and agrees. The other caisse does the same for itself.")
    return Answer(go_to=visit.path("joint"))


async def _agree(visit: Visit) -> Answer:
    proposed = visit.given("proposed")
    told = await ordered(visit, "agree_joint_payout", {
        "other": visit.given("other"), "role": visit.given("role"), "proposed": int(proposed) if proposed.isdecimal() else 1,
    })  # fmt: skip
    if isinstance(told, Answer) or told is NO_FACTOR:
        return told if isinstance(told, Answer) else await _shown(visit, problem=told.why)
    if not told.done:
        return await _shown(visit, why=told.why)
    await notice(visit, "It is agreed. What batches pay these producers from then on goes by it.")
    return Answer(go_to=visit.path("joint"))


async def _end(visit: Visit) -> Answer:
    reason = visit.given("reason")
    if not reason:
        return await _shown(visit, why="Fill in the reason.")
    told = await give(visit, "end_joint_payout", {
        "other": visit.given("other"), "role": visit.given("role"), "reason": reason
    })  # fmt: skip
    if not told.done:
        return await _shown(visit, why=told.why)
    await notice(visit, "It is ended: each caisse pays for itself. What was handed over before still gets its answer.")
    return Answer(go_to=visit.path("joint"))


@page("joint", "Joint transfers", roles=LOOKERS, menu=85, shows=Shows.PURCHASES, post=act)
async def one(visit: Visit) -> Answer:
    return await _shown(visit)


async def _shown(
    visit: Visit, *, problems: dict[str, str] | None = None, problem: str = "", why: str = "", more: str = ""
) -> Answer:
    words, room = visit.words, visit.book.interchange
    today = visit.book.caisse.calendar.day(visit.at_us).isoformat()
    proposing = visit.may("propose_joint_payout")
    return Answer("joint.html", {
        "agreed": [await _said(visit, one) for one in room.joint.values()],
        "proposed": [
            {**await _said(visit, one.said), "position": one.position, "own": one.said.by == visit.login.person}
            for one in room.joint_proposed.values()
        ],
        "handed": [_handed(visit, one) for one in list(room.parts.values())[-SHOWN_MAX:]][::-1],
        "taken": [_taken(visit, one) for one in list(room.answered.values())[-SHOWN_MAX:]][::-1],
        "known": bool(room.recognised), "may_propose": proposing, "may_agree": visit.may("agree_joint_payout"),
        "may_end": visit.may("end_joint_payout"), "may_recognise": visit.may("recognise_caisse"),
        "fields": PROPOSING.drawn(
            visit, problems=problems, first={"from_on": today}, choices_of=_offered, more=more
        ) if proposing else (),
        "ask_code": not visit.login.fresh, "code_problem": problem,
        "why": words.refusal(words.say(why)) if why else "",
    }, status=422 if problems or problem or why else 200)  # fmt: skip


def _offered(visit: Visit, of: str) -> "list[tuple[str, str]] | None":
    """The caisses that are recognised here: of others no word could be checked."""
    if of == "caisse":
        return [(code, code) for code in visit.book.interchange.recognised]
    found = choices(visit, of)
    return None if found is None else list(found)


async def _said(visit: Visit, said: JointAgreed | JointProposed) -> dict[str, object]:
    words, names = visit.words, visit.book.producers.producers
    async with visit.console.installation.people_of(visit.code) as people:
        kept = await people.read_kept([one.details for one in said.producers])
    return {
        "other": said.other, "role": said.role, "what": words.say(dict(_ROLES)[said.role]),
        "since": words.day(said.from_on), "decision": said.decision, "by": said.by,
        "standing": words.say(
            "in force" if not_carried(said, visit.book.caisse, visit.at_us) is None else "not in force"
        ),
        "cap": words.euros(said.cap_cents) if said.role == PAYS else "",
        "advanced": words.euros(advanced_cents(visit.book.interchange, said.other)),
        "producers": [
            {"name": names[one.ours].name, "page": visit.path(f"producers/{one.ours}"), "theirs": one.theirs,
             "account": last_4(kept[one.details].fields["iban"]) if one.details in kept else "", "consent": one.consent}
            for one in said.producers
        ],
    }  # fmt: skip


def _handed(visit: Visit, one: Handed) -> dict[str, object]:
    words = visit.words
    simple = {"": words.say("waits for its word"), TAKEN: words.say("it pays")}
    return {
        "day": words.day(one.day), "name": visit.book.producers.producers[one.part.producer].name, "other": one.to,
        "batch": one.batch, "page": visit.path(f"batches/{one.batch}"), "cents": words.euros(one.part.cents),
        "state": simple.get(one.outcome) or words.say(NOT_TAKEN[Refusal(one.outcome)]), "bad": one.outcome not in simple,
    }  # fmt: skip


def _taken(visit: Visit, one: PartAnswered) -> dict[str, object]:
    words, known = visit.words, visit.book.producers.producers.get(one.producer)
    number = _paid_by(visit, one)
    state = words.say(NOT_TAKEN[Refusal(one.reason)]) if one.reason else words.say("waits for the next batch")
    return {
        "day": words.day(one.day), "name": known.name if known is not None else one.producer, "other": CaisseCode(one.other),
        "batch": one.batch, "cents": words.euros(one.cents), "state": "" if number else state, "bad": bool(one.reason),
        "ours": number, "page": visit.path(f"batches/{number}") if number else "",
    }  # fmt: skip


def _paid_by(visit: Visit, one: PartAnswered) -> int:
    """Our batch that holds it; 0 while none does."""
    if one.reason:
        return 0
    owed = visit.book.settlement.owed.get(one.producer)
    if owed is not None and any(part.ref == one.ref for part in owed.parts):
        return 0
    found = (
        number for number, batch in visit.book.settlement.batches.items() for line in batch.closed.lines
        if line.producer == one.producer and any(part.ref == one.ref for part in line.parts)
    )  # fmt: skip
    return next(found, 0)
