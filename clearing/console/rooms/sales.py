"""Law: sales are seen by card alias, each explained cent by cent down to the vote; whose card it is stands nowhere."""

from collections.abc import Iterator
from datetime import date
from typing import Final

from aiohttp import web

from clearing.audit.at_hand import explain_at
from clearing.audit.explaining import ExplainedLine, ExplainedShare, Explanation
from clearing.audit.reasons import REASONS
from clearing.audit.scan import SaleNotFound
from clearing.console.apart import SALES
from clearing.console.pages import Answer, Shows, Visit, page
from clearing.events.codes import Code
from clearing.projections.answers import SaleRow
from clearing.projections.generations import GenerationGone
from clearing.rules.people.members import card_called
from clearing.rules.selling.operations import State
from clearing.rules.telling.plain_words import decision_in_words
from clearing.values import CardId

ROWS: Final = 50
SHEET_ROWS: Final = 999  # one less than a view tells at once
X_DIGITS_MIN: Final = 6
X_DIGITS_MAX: Final = 32
POSITION_DIGITS_MAX: Final = 10
_NO_VIEWS: Final = "The views of this caisse are being made; try again in a minute."


@page("sales", "Sales", roles=SALES, menu=10, shows=Shows.PURCHASES)
async def every(visit: Visit) -> Answer:
    """The newest first, a page at a time; a number or the digits on a receipt lead to one sale."""
    query = visit.request.query
    asked = {name: query.get(name, "").strip() for name in ("q", "day", "producer", "alias", "code")}
    if asked["q"]:
        return await _looked_up(visit, asked)
    day, card, problem = _day(asked["day"]), None, ""
    if asked["day"] and day is None:
        problem = "Write a day like 2026-05-31."
    if asked["alias"]:
        members = visit.book.members
        card = card_called(members, asked["alias"]) or card_called(members, asked["alias"].upper())
        problem = problem if card is not None else "There is no card of that alias; read it from the card again."
    before = query.get("before", "")
    try:
        async with visit.console.installation.asking(visit.code) as views:
            rows = () if problem else await views.find_sales(
                producer=asked["producer"] or None, card=card, day=day, code=asked["code"] or None, limit=_rows(visit) + 1,
                before=int(before) if _is_position(before) else None,
            )  # fmt: skip
    except GenerationGone:
        rows, problem = (), _NO_VIEWS
    return _listed(visit, asked, rows, problem)


def _rows(visit: Visit) -> int:
    return SHEET_ROWS if visit.as_sheet else ROWS


def _listed(visit: Visit, asked: dict[str, str], rows: tuple[SaleRow, ...], problem: str = "") -> Answer:
    most = _rows(visit)
    more = "&".join([*(f"{name}={value}" for name, value in asked.items() if value), f"before={rows[most - 1].position}"]) if (
        len(rows) > most
    ) else ""  # fmt: skip
    return Answer("sales.html", {
        "rows": [row_said(visit, row) for row in rows[:most]], "asked": asked, "problem": problem,
        "older": visit.path(f"sales?{more}") if more else "", "filtered": any(asked.values()),
        "producers": [(name, one.name) for name, one in visit.book.producers.producers.items()],
        "codes": [(code.value, visit.words.refusal(visit.words.say(REASONS[code][0]))) for code in Code],
    }, status=422 if problem else 200)  # fmt: skip


async def _looked_up(visit: Visit, asked: dict[str, str]) -> Answer:
    """By its number, or by the first digits of its operation id: some of these have no letter among them."""
    text = asked["q"].lower().replace(" ", "").removeprefix("v")
    numbered = Answer(go_to=visit.path(f"sales/{text}")) if _is_position(text) else None
    hexadecimal = X_DIGITS_MIN <= len(text) <= X_DIGITS_MAX and all(digit in "0123456789abcdef" for digit in text)
    if not hexadecimal:
        return numbered or _listed(visit, asked, (), "Type a sale's number, or 6 or more digits of its operation id.")
    async with visit.console.installation.asking(visit.code) as views:
        if numbered is not None and await views.sale(int(text)):
            return numbered
        found = [one.row for one in await views.sale(bytes.fromhex(text[: len(text) // 2 * 2]))]
    found = [row for row in found if row.x.hex().startswith(text)]
    if len(found) == 1:
        return Answer(go_to=visit.path(f"sales/{found[0].position}"))
    if not found and numbered is not None:
        return numbered
    return _listed(visit, asked, tuple(found), "" if found else "No sale has an operation id that begins so.")


def _is_position(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= POSITION_DIGITS_MAX


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def row_said(visit: Visit, row: SaleRow) -> dict[str, object]:
    words, producer = visit.words, visit.book.producers.producers.get(row.producer)  # type: ignore[call-overload]
    return {
        "number": row.position, "page": visit.path(f"sales/{row.position}"), "day": words.day(row.day),
        "time": f"{row.local_time:%H:%M}", "producer": producer.name if producer is not None else row.producer,
        "alias": alias_of(visit, row.card), "kind": words.say(f"entry {row.kind}"),
        "state": words.term(f"state {row.kind}.{row.state}", f"state {row.state}"),
        "goods": words.euros(row.amount_cents), "card": words.euros(row.approved_cents),
    }  # fmt: skip


def alias_of(visit: Visit, card: bytes | None) -> str:
    """What is printed on the card; "" without one, as for a draw."""
    known = visit.book.members.cards.get(CardId(card)) if card is not None else None
    return known.alias if known is not None else ""


@page("sales/{sale}", "Sale", roles=SALES, shows=Shows.PURCHASES)
async def one(visit: Visit) -> Answer:
    return await explained(visit, back=visit.path("sales"))


async def explained(visit: Visit, *, back: str, only: str = "") -> Answer:
    """Everything about one sale: lines, who paid which cent, from which credit, under which vote, and what came later. back:
    the list it was opened from; only: of this member alone."""
    text = visit.asked("sale")
    if not _is_position(text):
        raise web.HTTPNotFound(reason="There is no such sale.")
    installation, position = visit.console.installation, int(text)
    async with installation.reading(visit.code) as log, installation.asking(visit.code) as views:
        found = await views.sale(position)
        try:
            told = await explain_at(log, position)
        except SaleNotFound:
            told = None
    row = found[0].row if found else None
    if (row is None and told is None) or (only and (row is None or row.member != only)):
        raise web.HTTPNotFound(reason="There is no such sale.")
    return Answer("sale.html", {
        "back": back, "opens": bool(set(visit.roles) & set(SALES)),
        "number": position, "row": row_said(visit, row) if row is not None else None, "told": _told(visit, told),
        "x": told.x.hex() if told is not None else row.x.hex() if row is not None else "",
        "original": row.original_position if row is not None else None,
        "later": [row_said(visit, later) for later in found[0].later] if found else [],
        "exception": position in visit.book.exceptions.open, **_remedies(visit, row),
    })  # fmt: skip


def _remedies(visit: Visit, row: SaleRow | None) -> dict[str, str]:
    """Pages that put a sale right which the card paid: a contest of one of its lines, an adjustment; "" where none does."""
    if row is None or row.state != State.CAPTURED:
        return {"contest": "", "adjust": ""}
    return {
        "contest": visit.path(f"contests?operation={row.x.hex()}") if visit.may("open_contest") else "",
        "adjust": visit.path(f"adjustments?producer={row.producer}") if visit.may("propose_adjustment") else "",
    }


def _told(visit: Visit, told: Explanation | None) -> dict[str, object] | None:
    """None for what pays nobody: a reversal, a refund, a draw."""
    if told is None:
        return None
    words, reason = visit.words, REASONS[told.code]
    charte, vote = told.charte, told.decision
    since = words.instant(charte.effective_us) if charte is not None and charte.effective_us else words.say("the founding")
    return {
        "declined": told.code not in (Code.APPROVED, Code.PARTIAL), "code": told.code.value,
        "reason": words.refusal(words.say(reason.told)), "to_do": words.refusal(words.say(reason.to_do)),
        "lines": [_line(visit, line) for line in told.lines], "amount": words.euros(told.amount_cents),
        "card": words.euros(told.card_cents), "other": words.euros(sum(line.other_cents for line in told.lines)),
        "charte": charte.version if charte is not None else None,
        "since": since,
        "vote": [words.refusal(line) for line in decision_in_words(vote)["sentences"]] if vote is not None else [],
        "decision": visit.path(f"votes/{vote.decision}") if vote is not None else "",
        "upload": f"{told.batch[0].hex()[:16]}…, {told.batch[1] + 1}" if told.batch is not None else "",
    }  # fmt: skip


def _line(visit: Visit, line: ExplainedLine) -> dict[str, object]:
    words = visit.words
    payee = visit.book.producers.producers.get(line.payee)  # type: ignore[call-overload]
    return {
        "what": line.what, "payee": payee.name if payee is not None else line.payee, "amount": words.euros(line.amount_cents),
        "price": words.euros(line.price_cents) if line.price_cents != line.amount_cents else "",
        "paid": words.euros(line.paid_cents), "other": words.euros(line.other_cents) if line.other_cents else "",
        "unsold": words.euros(line.unsold_cents) if line.unsold_cents else "",
        "shares": [_share(visit, share) for share in line.shares],
    }  # fmt: skip


def _share(visit: Visit, share: ExplainedShare) -> dict[str, object]:
    """A lot's id is left out: of a household that parted it holds a pseudonym."""
    words = visit.words
    aim = {"tariff": "lowers the price", "surplus": "given on top"}.get(share.step, "pays")
    of = words.say("{percent} of {amount}", percent=words.percent(share.rate), amount=words.euros(share.whole_cents))
    kind, _, name = share.source.partition(":")
    fund = visit.book.funds.get(name) if kind == "fund" else None  # type: ignore[call-overload]
    return {
        "payer": share.payer, "aim": words.say(aim), "cents": words.euros(share.cents),
        "source": fund.name if fund is not None else words.say("purse {name}", name=name or kind),
        "of": of if share.rate else words.say("a fixed amount"), "lots": list(_lots(visit, share)),
    }


def _lots(visit: Visit, share: ExplainedShare) -> Iterator[dict[str, str]]:
    words = visit.words
    for lot in share.lots:
        vote = lot.vote
        yield {
            "cents": words.euros(lot.cents), "until": lot.until[:10] and words.day(lot.until[:10]),
            "named": words.refusal(lot.named) if lot.named else words.say("credit made anew for a refund"),
            "vote": f"{vote.title} ({words.day(vote.taken_on)})" if vote is not None else "",
            "page": visit.path(f"votes/{vote.decision}") if vote is not None else "",
        }  # fmt: skip
