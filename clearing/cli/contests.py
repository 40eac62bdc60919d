"""Law: a contested purchase is told by its number, what is contested and who has to do what by when; never by whom."""

import argparse
from typing import Final

from clearing.cli.books import read_book
from clearing.cli.desk import Desk, Misused, whole
from clearing.cli.entry import Entry, Group
from clearing.event_store.rows import EventRow
from clearing.events.codec import decode
from clearing.events.sales import CaptureDecided, SaleDecided
from clearing.installation.amounts import counted, euros
from clearing.rules.stalls.contests import FUND, MEMBER, PRODUCER, Contest, ContestState

_NUMBER: Final = whole(1, 10**10)
_LINE: Final = whole(1, 1_000)
_NEXT: Final = {
    ContestState.OPEN: "the producer answers by {by}: clearing contest answer {n}",
    ContestState.ANSWERED: "another person than {who} decides: clearing contest decide {n}",
    ContestState.DECIDED: "decided for the {outcome}; an appeal: clearing contest appeal {n}, else: clearing contest close {n}",
    ContestState.APPEALED: "{body} hears it, other people than before: clearing contest decide {n}",
    ContestState.HEARD: "heard, for the {outcome}: clearing contest close {n}",
    ContestState.CLOSED: "closed",
}  # fmt: skip


async def contests(desk: Desk) -> None:
    book = await read_book(desk)
    shown = [one for one in book.contests.contests.items() if desk.arguments.all or one[1].state is not ContestState.CLOSED]
    for number, contest in shown:
        said = contest.opened
        waits = ", not paid until it is decided" if contest.waits() else ""
        desk.say(f"{number:>5}  {euros(said.cents):>10} EUR of {said.payee}, line {said.about.line + 1} of sale {said.sale}"
                 f"{waits}: {said.reason}")  # fmt: skip
        if contest.answer is not None:
            desk.say(f"       The producer {'agrees' if contest.answer.agrees else 'does not agree'}: {contest.answer.text}")
        desk.say(f"       {next_of(number, contest)}")
    desk.say(f"{counted(len(shown), 'contest')}. What was signed, tapped and paid: clearing why SALE")


def next_of(number: int, contest: Contest) -> str:
    """What has to be done, in words."""
    return _NEXT[contest.state].format(
        n=number, by=contest.opened.answer_by, who=contest.opened.by,
        outcome="" if contest.decided is None else contest.decided.outcome,
        body="" if contest.appealed is None else contest.appealed.body,
    )


async def open_(desk: Desk) -> None:
    given = desk.arguments
    async with desk.opened() as installation, installation.reading(desk.code) as log:
        rows: list[EventRow] = await log.read(given.sale - 1, 1)
    event = decode(rows[0].type, rows[0].schema_version, rows[0].public, rows[0].private) if rows else None
    if not isinstance(event, SaleDecided | CaptureDecided):
        raise Misused(f"{given.sale} is no sale; find it with: clearing sales, and name the number that stands first")
    done = await desk.order("open_contest", {
        "terminal": event.op.terminal, "x": event.op.x, "line": given.line - 1, "reason": given.reason,
    })  # fmt: skip
    number, cents = done["contest"], int(str(done["cents"]))
    desk.say(f"Contest {number} is open: {euros(cents)} EUR of {done['payee']}. The producer answers until "
             f"{done['answer_by']}: clearing contest answer {number} --agrees (or --disagrees) --text TEXT")  # fmt: skip


async def answer(desk: Desk) -> None:
    given = desk.arguments
    await desk.order("answer_contest", {"contest": given.contest, "agrees": given.agrees, "text": given.text})
    desk.say(f"Recorded. Another person than who opened it decides: clearing contest decide {given.contest}")


async def decide(desk: Desk) -> None:
    given = desk.arguments
    body: dict[str, object] = {"contest": given.contest, "outcome": given.outcome, "reason": given.reason}
    body |= {name: value for name, value in (("cost", given.cost), ("fund", given.fund)) if value}
    done = await desk.order("decide_contest", body)
    back, paid = int(str(done["card_cents"])), int(str(done["paid_cents"]))
    went = f"{euros(back)} EUR are in the member's purse again." if back else "Nothing goes back to the member."
    went = f"{euros(paid)} EUR are owed to the producer, out of fund {done['fund']}." if paid else went
    desk.say(f"Decided for the {given.outcome}. {went} Tell both; they may appeal within 30 days.")


async def appeal(desk: Desk) -> None:
    given = desk.arguments
    await desk.order("appeal_contest", {
        "contest": given.contest, "body": given.body, "of": given.of, "reason": given.reason,
    })  # fmt: skip
    desk.say(f"{given.body} hears it. What it decides, by other people than before: clearing contest decide {given.contest}")


async def close(desk: Desk) -> None:
    given = desk.arguments
    await desk.order("close_contest", {"contest": given.contest, "reason": given.reason})
    desk.say(f"Contest {given.contest} is closed.")


def _all(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--all", action="store_true", help="closed ones too")


def _open_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("sale", type=_NUMBER, help="its number, as clearing sales shows it")
    parser.add_argument("line", type=_LINE, help="which line, from 1, as clearing why shows them")
    parser.add_argument("--reason", required=True)


def _contest(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("contest", type=_NUMBER)


def _answer_arguments(parser: argparse.ArgumentParser) -> None:
    _contest(parser)
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--agrees", action="store_true", help="the member is right")
    which.add_argument("--disagrees", dest="agrees", action="store_false")
    parser.add_argument("--text", required=True, help="in the producer's words")


def _decide_arguments(parser: argparse.ArgumentParser) -> None:
    _contest(parser)
    parser.add_argument("--outcome", required=True, choices=(MEMBER, PRODUCER), help="who is right")
    parser.add_argument("--cost", choices=(PRODUCER, FUND), help="who bears what goes back to the member")
    parser.add_argument("--fund", help="the guarantee fund that bears it")
    parser.add_argument("--reason", required=True, help="for both, and for whoever reads it in a year")


def _appeal_arguments(parser: argparse.ArgumentParser) -> None:
    _contest(parser)
    parser.add_argument("--body", required=True, help="which second body hears it")
    parser.add_argument("--of", required=True, choices=(MEMBER, PRODUCER), help="who appeals")
    parser.add_argument("--reason", required=True)


def _close_arguments(parser: argparse.ArgumentParser) -> None:
    _contest(parser)
    parser.add_argument("--reason", required=True)


ENTRIES = (
    Entry(words=("contests",), group=Group.LOOKING, does="list contested purchases, and who has to do what", run=contests,
          arguments=_all),
    Entry(words=("contest", "open"), group=Group.PEOPLE, does="a member contests a line of a purchase", run=open_,
          arguments=_open_arguments, signed=True),
    Entry(words=("contest", "answer"), group=Group.PRODUCERS, does="what the producer says of a contested purchase", run=answer,
          arguments=_answer_arguments, signed=True),
    Entry(words=("contest", "decide"), group=Group.SETTLEMENT, does="decide a contest, as another person, or hear its appeal",
          run=decide, arguments=_decide_arguments, signed=True),
    Entry(words=("contest", "appeal"), group=Group.PEOPLE, does="member or producer appeal to a second body", run=appeal,
          arguments=_appeal_arguments, signed=True),
    Entry(words=("contest", "close"), group=Group.SETTLEMENT, does="close a contest", run=close, arguments=_close_arguments,
          signed=True),
)  # fmt: skip
