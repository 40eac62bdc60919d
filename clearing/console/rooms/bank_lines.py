"""Law: each line of the bank is said once to be what it is, by a person; many in one form, and what was wrong is put back."""

from collections.abc import Iterator
from typing import Final

from aiohttp import web

from clearing.authoriser.forms.fields import Amount
from clearing.console.inputs import Reading
from clearing.console.matching import (
    Item,
    Known,
    always,
    as_choice,
    chosen,
    commands,
    declined,
    known_of,
    matched,
    offered,
    told,
)
from clearing.console.pages import Answer, Shows, Visit, page
from clearing.console.rooms.bank import BANKERS
from clearing.console.rooms.bank_kinds import item_typed, kinds_drawn
from clearing.console.rooms.cards import give, notice
from clearing.rules.treasury.bank import Line

SHOWN_MAX: Final = 100
_AMOUNT: Final = {"amount": Amount(lowest=-(10**15), optional=True)}


async def match_many(visit: Visit) -> Answer:
    """A choice per line; those without one go on waiting."""
    if not visit.may("match_lines"):
        raise web.HTTPForbidden(reason="Your office does not give this command.")
    picked: dict[int, Item] = {}
    for name, values in visit.typed.items():
        number = name.removeprefix("is.")
        item = chosen(values[0]) if name.startswith("is.") and number.isdecimal() and len(number) < 12 else None
        if item is not None:
            picked[int(number)] = item
    if not picked:
        return await _waiting(visit, why=visit.words.say("Choose what at least one of the lines is."))
    done = 0
    for matches in commands(dict(sorted(picked.items()))):
        given = await give(visit, "match_lines", {"matches": matches})
        if not given.done:
            return await _waiting(visit, why=declined(visit, matches, given.why), done=done)
        done += sum(len(_lines(item)) for item in matches)
    await notice(visit, "Lines said to be what they are: {done}. Still waiting: {left}.", done=done,
                 left=len((await visit.console.followers.book(visit.code)).bank.waiting))  # fmt: skip
    return Answer(go_to=visit.path("bank/waiting") + _query(visit))


def _lines(item: Item) -> list[int]:
    lines = item.get("lines")
    return lines if isinstance(lines, list) else []


def _query(visit: Visit) -> str:
    return f"?{visit.request.query_string}" if visit.request.query_string else ""


@page("bank/waiting", "Bank lines that wait", roles=BANKERS, shows=Shows.PERSONS, post=match_many)
async def waiting(visit: Visit) -> Answer:
    return await _waiting(visit)


async def _waiting(visit: Visit, *, why: str = "", done: int = 0) -> Answer:
    """The oldest first; found by amount, or by a part of what the bank wrote."""
    words, bank = visit.words, visit.book.bank
    query = visit.request.query
    text, amount = query.get("text", "").strip(), query.get("amount", "").strip()
    reading = Reading(typed={"amount": (amount,)}, zone=visit.book.caisse.calendar.zone)
    cents = reading.body(_AMOUNT).get("amount")
    wait = sorted(bank.waiting, key=lambda number: (bank.lines[number].on, number))
    known = await known_of(visit, wait)
    found = [
        number for number in wait
        if (cents is None or abs(bank.waiting[number]) == abs(int(str(cents))))
        and (not text or text.lower() in f"{known.about(number)} {known.texts.get(number, {}).get('iban', '')}".lower())
    ]  # fmt: skip
    came, went = _sums([bank.waiting[number] for number in found])
    return Answer("bank_waiting.html", {
        "rows": [_row(visit, number, known) for number in found[:SHOWN_MAX]], "more": max(0, len(found) - SHOWN_MAX),
        "lines": len(found), "all": len(wait), "came": words.euros(came), "went": words.euros(-went),
        "total": words.euros(came + went), "text": text, "amount": amount, "filtered": bool(text or amount),
        "problem": words.say(reading.problems["amount"]) if reading.problems else "", "done": done,
        "sure": sum(1 for number in found[:SHOWN_MAX] if number in known.named), "any": bool(bank.lines),
        "reads": bool(known.texts), "may_match": visit.may("match_lines"),
        "query": _query(visit), "why": why,
    }, status=422 if why else 200)  # fmt: skip


def _sums(cents: list[int]) -> tuple[int, int]:
    return sum(one for one in cents if one > 0), sum(one for one in cents if one < 0)


def _row(visit: Visit, number: int, known: Known) -> dict[str, object]:
    line = visit.book.bank.lines[number]
    return _line(visit, number, line, known) | {
        "choices": list(_choices(visit, number, line, known)), "name": f"is.{number}",
    }  # fmt: skip


def _choices(visit: Visit, number: int, line: Line, known: Known) -> Iterator[tuple[str, str, bool]]:
    """(value, words, whether it stands there first). Only what a line names itself is chosen before anybody did."""
    sent = visit.given(f"is.{number}") if visit.typed else None
    seen = set[str]()
    for items, sure in ((offered(visit, number, known), number in known.named), (always(visit, line.said.cents), False)):
        for item in items:
            value = as_choice(item)
            if value not in seen:
                seen.add(value)
                yield value, told(visit, item, number), value == sent if sent is not None else sure


def _line(visit: Visit, number: int, line: Line, known: Known) -> dict[str, object]:
    return {
        "number": number, "opens": visit.path(f"bank/lines/{number}"), "day": visit.words.day(line.on),
        "cents": visit.words.euros(line.said.cents), "about": known.about(number), "code": line.said.code,
    }  # fmt: skip


def _asked(visit: Visit) -> tuple[int, Line]:
    text = visit.asked("line")
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 12 else 0
    line = visit.book.bank.lines.get(number)
    if line is None:
        raise web.HTTPNotFound(reason="There is no such line of the bank.")
    return number, line


async def act(visit: Visit) -> Answer:
    """It is said what the line is, with others or alone; or what was said is put back."""
    number, line = _asked(visit)
    verb = "undo_match" if visit.given("undo") else "match_lines"
    if not visit.may(verb):
        raise web.HTTPForbidden(reason="Your office does not give this command.")
    if visit.given("undo"):
        given = await give(visit, verb, {"match": line.match})
        if not given.done:
            return await _one(visit, why=given.why)
        await notice(visit, "It is put back: its lines wait again. Money that was recorded with it stays in the book.")
        return Answer(go_to=visit.path(f"bank/lines/{number}"))
    item, problems = item_typed(visit)
    if item is None:
        return await _one(visit, problems=problems, why="" if problems else "Choose what the line is.")
    others = [int(text) for text in visit.typed.get("with", ()) if text.isascii() and text.isdecimal() and len(text) < 12]
    body = item | {"lines": [number, *others]} | ({"another": True} if visit.given("another") else {})
    given = await give(visit, verb, {"matches": [body]})
    if not given.done:
        return await _one(visit, why=given.why)
    await notice(visit, "Recorded: {what}.", what=told(visit, item, number))
    return Answer(go_to=visit.path("bank/waiting"))


@page("bank/lines/{line}", "Bank line", roles=BANKERS, shows=Shows.PERSONS, post=act)
async def one(visit: Visit) -> Answer:
    return await _one(visit)


async def _one(visit: Visit, *, problems: dict[str, str] | None = None, why: str = "") -> Answer:
    number, line = _asked(visit)
    words, bank = visit.words, visit.book.bank
    others = [other for other in sorted(bank.waiting) if other != number][:SHOWN_MAX]
    known = await known_of(visit, [number, *others])
    text = known.texts.get(number, {})
    match = bank.matches[line.match] if line.match else None
    taken = next((place for place, one in enumerate(bank.taken, 1) if one.first <= number < one.first + one.new), 0)
    return Answer("bank_line.html", {
        **_line(visit, number, line, known), "text": text, "waits": match is None,
        "statement": visit.path(f"bank/statements/{taken}") if taken else "",
        "statement_said": "" if not taken else words.say(
            "{source}, {since} to {until}", source=bank.taken[taken - 1].source,
            since=words.day(bank.taken[taken - 1].from_on), until=words.day(bank.taken[taken - 1].to_on),
        ),
        "match": None if match is None else {
            "said": matched(visit, match), "by": match.by, "number": match.match,
            "lines": [(other, visit.path(f"bank/lines/{other}")) for other in match.lines if other != number],
            "pages": list(_pages(visit, match.moves)),
        },
        "choices": [
            (as_choice(item), told(visit, item, number)) for item in offered(visit, number, known)
        ] if match is None else [],
        "kinds": kinds_drawn(visit, line.said.cents, problems or {}) if match is None else [],
        "picked": visit.given("kind"), "others": [
            {**_line(visit, other, bank.lines[other], known), "picked": str(other) in visit.typed.get("with", ())}
            for other in others
        ] if match is None else [],
        "may_match": visit.may("match_lines"), "why": words.refusal(words.say(why)) if why else "",
        "another": "by hand already" in why,
    }, status=422 if problems or why else 200)  # fmt: skip


def _pages(visit: Visit, moves: tuple[int, ...]) -> Iterator[tuple[str, str]]:
    """(words, address) of where what it was matched with is seen."""
    for at in moves:
        move = visit.book.bank.matched.get(at)
        if move is None:
            continue
        if move.kind in ("PayoutConfirmed", "PayoutReturned"):
            batch = move.name.partition("/")[0]
            yield visit.words.say("Batch {number}", number=batch), visit.path(f"batches/{batch}")
        elif move.kind in ("CotisationReceived", "CotisationReturned", "DepositConfirmed"):
            yield visit.words.say("Cotisations"), visit.path("cotisations")
        elif move.kind == "DebitAnswered" and move.name in visit.book.debits.references:
            number = visit.book.debits.references[move.name][0]
            yield visit.words.say("Collection {number}", number=number), visit.path(f"collections/{number}")
        else:
            yield visit.words.say("Event {number} of the audit trail", number=at), visit.path(f"trail?before={at + 1}")
