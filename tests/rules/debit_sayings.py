"""Law: mandates and collections as stories say them: one line each, on the book, with the verbs' own decisions."""

from collections.abc import Iterable
from typing import Any

from clearing.authoriser.bodies import Body
from clearing.authoriser.commands import Order, decide
from clearing.rules.answers import Declined
from clearing.values import PersonId
from tests.given_when_then import Story, given
from tests.rules.test_cotisations import CLUB, RULE, agree
from tests.sayings import AMINA, BRUNO

CREDITOR = "FR72ZZZ123456"
OTHER_CREDITOR = "DE98ZZZ09999999999"


def give(story: Story, verb: str, body: dict[str, Any] | None = None, *, by: PersonId = AMINA) -> Story:
    """A person's command, whole: all its events, or the decline."""
    story.sweep()
    at_us = story._next_us()
    order = Order(
        book=story.book, body=Body(dict(body or {}), verb), by=by, at_us=at_us, details_wait_us=0, clock_step_us=0
    )
    decided = decide(verb, order)
    if isinstance(decided, Declined):
        story.last = decided
        return story
    story.and_given(*decided)
    story.last = decided[0]
    return story


def mandate(story: Story, owner: str = "m-1", **changed: Any) -> Story:
    body = {
        "mandate": f"CLUB-{owner}", "member": owner, "kind": "recurrent", "how": "paper", "signed_on": "2026-04-02",
        "digest": owner.encode().ljust(32, b"."),
    }
    return give(story, "sign_mandates", {"mandates": [body | changed]}, by=BRUNO)


def club(*owners: str, cents: int = 2_000) -> Story:
    """On 1 May 2026: a creditor id, and members who pay by debit under a mandate."""
    story = give(given(*CLUB, RULE), "name_creditor", {"creditor": CREDITOR, "lead_days": 1})
    for owner in owners or ("m-1",):
        story.when(agree(cents, owner=owner)).then("00")
        mandate(story, owner).then("00")
    return story


def propose(story: Story, period: str = "2026-05", on: str = "2026-05-20", *, arrears: bool = False) -> Story:
    return give(story, "propose_collection", {"period": period, "collect_on": on, "arrears": arrears})


def number(story: Story) -> dict[str, Any]:
    return {"collection": len(story.book.debits.collections)}


def send(story: Story, at: str = "") -> Story:
    """Approve, tell the members, make the file: of the newest collection."""
    give(story, "approve_collection", number(story), by=BRUNO).then("00")
    give(story, "announce_collection", number(story) | {"sha256": b"n" * 32}).then("00")
    if at:
        story.at(at)
    file = {"message_id": "M", "file_sha256": b"f" * 32}
    return give(story, "export_collection", number(story) | file).then("00")


def answer(story: Story, *rows: dict[str, Any], collection: int = 0) -> Story:
    which = {"collection": collection} if collection else number(story)
    return give(story, "answer_collection", which | {"rows": list(rows)})


def said(state: str, owner: str = "m-1", code: str = "", on: str = "", **more: Any) -> dict[str, Any]:
    return {"member": owner, "state": state, "code": code, "text": "", "on": on, "reference": "", **more}


def states(story: Story) -> list[str]:
    """Of the newest collection, member by member."""
    debits: Iterable[Any] = story.book.debits.collections[len(story.book.debits.collections)].debits.values()
    return [str(one.state) for one in debits]
