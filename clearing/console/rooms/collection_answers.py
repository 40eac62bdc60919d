"""Law: what the bank said of debits is typed once for all of them; what contradicts itself waits for a person."""

from collections.abc import Iterator
from typing import Final

from clearing.authoriser.forms.fields import Day, Flag, Form, Text
from clearing.console.pages import Answer, Shows, Visit, page
from clearing.console.rooms.cards import give, notice
from clearing.console.rooms.collections import collection_at
from clearing.console.sheets import sheet
from clearing.rules.treasury.debit_answers import SAID
from clearing.rules.treasury.debits import Debit

SHOWN_MAX: Final = 300
_ALL: Final[Form] = {"on": Day(), "reference": Text(optional=True), "sure": Flag()}
TOGETHER: Final = sheet(_ALL, {
    "on": "The bank's day", "reference": "The bank's own reference",
    "sure": "I looked at the bank account: this is how it is",
})  # fmt: skip


async def answer(visit: Visit) -> Answer:
    """One command for all debits that something was chosen for."""
    body, problems = TOGETHER.read(visit)
    rows = list(_rows(visit, body))
    if problems or not rows:
        return _shown(visit, problems, "" if problems else "Choose what the bank said of at least one debit.")
    number = collection_at(visit).number
    told = await give(visit, "answer_collection", {"collection": number, "rows": rows})
    if not told.done:
        return _shown(visit, {}, told.why)
    await notice(visit, "The bank's answer is taken in: {changed} said something new.", changed=len(rows))
    return Answer(go_to=visit.path(f"collections/{number}"))


def _rows(visit: Visit, body: dict[str, object]) -> Iterator[dict[str, object]]:
    for member in collection_at(visit).collection.debits:
        state = visit.given(f"state.{member}")
        if state:
            yield {
                "member": member, "state": state, "code": visit.given(f"code.{member}").upper(), "text": "",
                "on": body.get("on", ""), "reference": body.get("reference") or "", "sure": bool(body.get("sure")),
            }  # fmt: skip


@page("collections/{collection}/answers", "What the bank said", roles=("treasurer",), shows=Shows.PERSONS, post=answer)
async def answers(visit: Visit) -> Answer:
    return _shown(visit, {})


def _shown(visit: Visit, problems: dict[str, str], why: str = "") -> Answer:
    asked, words = collection_at(visit), visit.words
    kept = [] if asked.collection.exported is None else asked.collection.kept()
    return Answer("collection_answers.html", {
        "number": asked.number, "rows": [_row(visit, debit) for debit in kept[:SHOWN_MAX]],
        "more": max(0, len(kept) - SHOWN_MAX), "states": [(one, words.say(f"state debit.{one}")) for one in SAID],
        "fields": TOGETHER.drawn(visit, problems=problems, first={"on": _day(visit)}),
        "why": words.refusal(words.say(why)) if why else "",
    }, status=422 if problems or why else 200)  # fmt: skip


def _day(visit: Visit) -> str:
    return visit.book.caisse.calendar.day(visit.at_us).isoformat()


def _row(visit: Visit, debit: Debit) -> dict[str, str]:
    words, member = visit.words, debit.row.member
    return {
        "member": member, "cents": words.euros(debit.row.cents), "state": words.say(f"state debit.{debit.state}"),
        "question": words.refusal(debit.question) if debit.question else "", "picked": visit.given(f"state.{member}"),
        "code": visit.given(f"code.{member}"),
    }  # fmt: skip
