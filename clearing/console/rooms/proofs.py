"""Law: the five proofs are told in plain words, figure by figure, by each road; what failed says what to do about it.

What is shown as newest was kept the night before; the days are those that the log has.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Final

from aiohttp import web

from clearing.console.pages import LOOKERS, Answer, Visit, page
from clearing.console.rooms.cards import give, notice
from clearing.console.rooms.standing import newest, today
from clearing.events.proofs import ProofFigure, ProofResult
from clearing.installation.kept_figures import as_sent, failed_of
from clearing.projections.answers import ProofsRow
from clearing.projections.generations import GenerationGone
from clearing.rules.treasury.proofs import BATCHES, DEPOSITS, ISSUED, MONEY, PROOFS, PURSES, agrees
from clearing.values import FundId, ProducerId

SHOWN_DAYS: Final = 62
MEANS: Final[Mapping[str, str]] = {
    ISSUED: "All credit that was given, less what was used, is what the accounts say is still on cards.",
    PURSES: "Each purse is what its own credits and purchases make it; what lapsed and came back is counted.",
    DEPOSITS: "What each till showed and each producer sold is what the caisse owes or has paid for it.",
    BATCHES: "What a batch says, what the bank's file says and what the bank paid is one sum.",
    MONEY: "What came in, less what went out, is what remains in the funds and at the bank.",
}
TO_DO: Final[Mapping[str, str]] = {
    ISSUED: "Stop giving credit by hand until it is found. The operator runs: clearing audit; the line that differs names the "
            "purse or the credit.",
    PURSES: "The operator runs: clearing audit. The purse that differs is named there; its member is asked for nothing.",
    DEPOSITS: "Open the producer or till that is named, compare its day's list with its sales; enter what lacks.",
    BATCHES: "Give no file to the bank. Open the batch that is named: its file was changed, or the bank paid another sum; "
             "enter what the bank says.",
    MONEY: "Import the bank's last statement and say what each waiting line is; then take the proofs again.",
}


async def act(visit: Visit) -> Answer:
    """Take them now, or sign what was found."""
    if visit.given("record"):
        return await _record(visit)
    before = newest(visit)
    made = await visit.console.making.make(visit.code, "proofs")
    after = newest(visit)
    if made is None:
        await notice(visit, "They are being taken; open this page again in a minute.")
    elif after is None or after == before:
        await notice(visit, "They could not be taken: {why}", why=visit.words.refusal(made.said))
    else:
        await notice(visit, "The proofs are taken.")
    return Answer(go_to=visit.path("proofs"))


async def _record(visit: Visit) -> Answer:
    found = newest(visit)
    if not visit.may("take_proofs") or found is None or not found.results:
        raise web.HTTPForbidden(reason="Your office does not give this command.")
    told = await give(visit, "take_proofs", {
        "day": today(visit).isoformat(), "up_to": found.up_to, "results": as_sent(found.results),
    })  # fmt: skip
    if not told.done:
        return await _shown(visit, why=told.why)
    await notice(visit, "The proofs are recorded with their figures.")
    return Answer(go_to=visit.path("proofs"))


@page("proofs", "The five proofs", roles=LOOKERS, menu=40, post=act)
async def every(visit: Visit) -> Answer:
    return await _shown(visit)


async def _shown(visit: Visit, why: str = "") -> Answer:
    found, words = newest(visit), visit.words
    first_failed, proofs = "", visit.book.proofs
    if proofs.stops():
        first_failed = words.day(proofs.day)
    return Answer("proofs.html", {
        "found": [] if found is None else list(_told(visit, found.results)), "why": words.refusal(why),
        "day": words.day(found.day) if found is not None else "",
        "when": words.instant(found.at_us) if found is not None else "",
        "recorded": found is not None and found.recorded, "may_record": visit.may("take_proofs"),
        "rows": [_row(visit, row) for row in await _recorded(visit)], "stops": first_failed,
        "names": [words.say(f"proof {proof}") for proof in PROOFS],
        "going_on": proofs.going_on.reason if proofs.going_on is not None else "",
    }, status=422 if why else 200)  # fmt: skip


async def _recorded(visit: Visit, on: date | None = None) -> tuple[ProofsRow, ...]:
    try:
        async with visit.console.installation.asking(visit.code) as views:
            if on is not None:
                return await views.proofs(first=on, last=on)
            return await views.proofs(limit=SHOWN_DAYS)
    except GenerationGone:
        return ()


def _row(visit: Visit, row: ProofsRow) -> dict[str, object]:
    failed = failed_of(row.results)
    return {
        "day": visit.words.day(row.day), "page": visit.path(f"proofs/{row.day.isoformat()}"), "by": row.by,
        "held": [proof not in failed for proof in PROOFS], "gone_on": ", ".join(row.gone_on_by), "reason": row.reason,
    }  # fmt: skip


@page("proofs/{day}", "Proofs of a day", roles=LOOKERS)
async def one(visit: Visit) -> Answer:
    """The newest that were recorded for a day, with every figure."""
    try:
        on = date.fromisoformat(visit.asked("day"))
    except ValueError:
        raise web.HTTPNotFound(reason="There are no proofs of that day.") from None
    rows = await _recorded(visit, on)
    if not rows:
        raise web.HTTPNotFound(reason="There are no proofs of that day.")
    return Answer("proofs_day.html", {
        "found": list(_told(visit, rows[0].results)), "day": visit.words.day(on), "row": _row(visit, rows[0]),
        "when": visit.words.instant(rows[0].at_us),
    })  # fmt: skip


def _told(visit: Visit, results: Iterable[ProofResult]) -> Iterator[dict[str, object]]:
    words = visit.words
    for one in results:
        wrong = [figure for figure in one.figures if not agrees(figure)]
        yield {
            "id": one.proof, "called": words.say(f"proof {one.proof}"), "holds": not wrong,
            "means": words.say(MEANS[one.proof]),
            "to_do": words.say(TO_DO[one.proof]) if wrong else "", "compared": one.compared,
            "figures": [_figure(visit, figure) for figure in one.figures],
        }  # fmt: skip


def _figure(visit: Visit, figure: ProofFigure) -> dict[str, object]:
    """A purse's member is not named here: who looks at sales would join them."""
    words = visit.words
    kind, about, rest = figure.name.partition(":")
    if about and kind != "member":
        called = words.say(f"figure {kind}: {{name}}", name=_named(visit, kind, rest))
    else:
        called = words.say(f"figure {kind}")
    roads = zip(("log", "book", "shown"), figure[1:], strict=True)
    said = {road: "" if cents is None else words.euros(cents) for road, cents in roads}
    return {"called": called, "agrees": agrees(figure), "page": _page(visit, figure.name), **said}


def _named(visit: Visit, kind: str, name: str) -> str:
    """As people call it."""
    producer, fund = visit.book.producers.producers.get(ProducerId(name)), visit.book.funds.get(FundId(name))
    if kind in ("owed", "payable", "captured") and producer is not None:
        return producer.name
    return fund.name if kind in ("fund", "returned", "receivable", "notified") and fund is not None else name


def _page(visit: Visit, name: str) -> str:
    """Where a figure comes from."""
    kind, _, rest = name.partition(":")
    where = {
        "owed": f"producers/{rest}" if rest else "batches", "fund": f"funds/{rest}" if rest else "funds", "payable": "batches",
        "batch": f"batches/{rest}", "file": f"batches/{rest}", "payout": f"batches/{rest}", "captured": "sales",
        "till": f"terminals/{rest}" if rest else "terminals", "tills": "terminals", "cash": "cotisations",
    }.get(kind, "")  # fmt: skip
    listed = where.partition("/")[0]
    return visit.path(where) if where and visit.opens(listed) else ""
