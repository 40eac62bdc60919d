"""Law: what the bank sends is taken in as it came, told line by line; the same file again changes nothing, and says so."""

from collections.abc import Iterator
from typing import Final

from aiohttp import web

from clearing.bank.pain002 import StatusReport
from clearing.bank.reading import Read, read_file
from clearing.bank.statement import Statement, Unreadable
from clearing.console.matching import Known, called, known_of, offered, state, told
from clearing.console.pages import Answer, Shows, Visit, page
from clearing.console.rooms.cards import give, notice
from clearing.installation.bank_import import answer_payouts, answers_of, import_statement
from clearing.installation.debits_answered import answer_debits, answered_debits
from clearing.rules.treasury.bank import Line, Taken, gaps

BANKERS: Final = ("treasurer", "approver", "auditor")
SHOWN_MAX: Final = 100
_NO_FILE: Final = "Choose the file that the bank's page gave."


class Declined(Exception):
    """A command of the import was not taken; its text says why."""


async def take_in(visit: Visit) -> Answer:
    """The file is read whole before anything of it is recorded."""
    if not visit.may("import_statement"):
        raise web.HTTPForbidden(reason="Your office does not give this command.")
    file = visit.files.get("file")
    name = visit.given("mapping")
    columns = visit.book.bank.mappings.get(name) if name else None
    if file is None or not file.content:
        return _shown(visit, why=_NO_FILE)
    try:
        read: Read = read_file(file.content, columns)
        if isinstance(read, StatusReport):
            return Answer(go_to=await _answers(visit, read))
        return Answer(go_to=await _statements(visit, read))
    except (Unreadable, Declined) as fault:
        return _shown(visit, why=str(fault))


async def _given(visit: Visit, verb: str, body: dict[str, object]) -> dict[str, object]:
    """Raises Declined."""
    done = await give(visit, verb, body)
    if not done.done:
        raise Declined(done.why)
    return done.out or {}


async def _statements(visit: Visit, read: list[Statement]) -> str:
    """Where it is told what came of them: the last one that said anything new."""
    entries, new, before = 0, 0, len(visit.book.bank.taken)
    for statement in sorted(read, key=lambda one: (one.from_on, one.to_on)):
        book = await visit.console.followers.book(visit.code)
        async with visit.console.installation.people_of(visit.code) as people:
            taken = await import_statement(
                statement, book=book, people=people, give=lambda body: _given(visit, "import_statement", body),
                moved=visit.given("moved") == "yes",
            )
        entries += taken.entries
        new += taken.new if taken.commands else 0
    book = await visit.console.followers.book(visit.code)
    if len(book.bank.taken) == before:
        await notice(visit, "This file says nothing new. Here already: {entries}.", entries=entries)
        return visit.path("bank")
    lines = sum(one.new for one in book.bank.taken[before:])
    await notice(visit, "Taken in. New lines: {lines}. Here already: {known}.", lines=lines,
                 known=entries - new + sum(one.known for one in book.bank.taken[before:]))  # fmt: skip
    return visit.path(f"bank/statements/{len(book.bank.taken)}")


async def _answers(visit: Visit, report: StatusReport) -> str:
    """What the bank says of a batch or a collection that we sent."""
    debits = answered_debits(report, visit.book)
    if debits is not None:
        await answer_debits(debits, lambda verb, body: _given(visit, verb, body))
        await _told(visit, len(debits.rows), [one.end_to_end for one in debits.strange], copy=debits.copy)
        return visit.path(f"collections/{debits.collection}")
    payouts = answers_of(report, visit.book)
    changed = 0
    if not payouts.copy:
        changed = await answer_payouts(payouts, book=visit.book, give=lambda verb, body: _given(visit, verb, body))
    await _told(visit, changed, [one.end_to_end for one in payouts.strange], copy=payouts.copy)
    return visit.path(f"batches/{payouts.batch}")


async def _told(visit: Visit, changed: int, strange: list[str], *, copy: bool) -> None:
    text = "The bank's answer is taken in: {changed} said something new." if changed else "The bank's answer says nothing new."
    if copy:
        text = "The file came twice and the bank refused the second one. The first one stands; nothing is paid twice."
    elif strange:
        text = "The bank's answer is taken in: {changed} said something new. Ask the bank what it means by: {names}."
    await notice(visit, text, changed=changed, names=", ".join(strange[:5]))


@page("bank", "Bank", roles=BANKERS, menu=34, shows=Shows.PERSONS, post=take_in, takes_file=True)
async def every(visit: Visit) -> Answer:
    return _shown(visit)


def _shown(visit: Visit, why: str = "") -> Answer:
    words, bank = visit.words, visit.book.bank
    known, under_way = bank.last_known(), bank.under_way()
    rows = [_statement(visit, number, one) for number, one in enumerate(bank.taken, start=1)]
    return Answer("bank.html", {
        "why": words.refusal(words.say(why)) if why else "", "rows": rows[::-1][:SHOWN_MAX],
        "more": max(0, len(rows) - SHOWN_MAX), "mappings": list(bank.mappings), "mapping": visit.given("mapping"),
        "balance": words.euros(known[1]) if known else "", "balance_day": words.day(known[0]) if known else "",
        "under_way": words.euros(sum(one.cents for one in under_way.values())), "moves": len(under_way),
        "waiting": words.euros(bank.waiting_cents()), "lines": len(bank.waiting), "may_import": visit.may("import_statement"),
        "account": bool(bank.account),
        "gaps": [
            {"after": words.day(gap.after), "until": words.day(gap.until), "missing": words.euros(gap.missing_cents)}
            for gap in gaps(bank)
        ],
    }, status=422 if why else 200)  # fmt: skip


def _statement(visit: Visit, number: int, one: Taken) -> dict[str, object]:
    words, bank = visit.words, visit.book.bank
    lines = [bank.lines[place] for place in range(one.first, one.first + one.new)]
    return {
        "number": number, "opens": visit.path(f"bank/statements/{number}"), "source": one.source, "by": one.by,
        "since": words.day(one.from_on), "until": words.day(one.to_on),
        "opening": "" if one.opening_cents is None else words.euros(one.opening_cents),
        "closing": "" if one.closing_cents is None else words.euros(one.closing_cents),
        "new": one.new, "known": one.known, "waits": sum(1 for line in lines if not line.match),
        "matched": sum(1 for line in lines if line.match),
    }  # fmt: skip


@page("bank/statements/{statement}", "Bank statement", roles=BANKERS, shows=Shows.PERSONS)
async def statement(visit: Visit) -> Answer:
    """Every line of its days: what it told first, what was here before, and what each is."""
    text, bank = visit.asked("statement"), visit.book.bank
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 9 else 0
    if not 1 <= number <= len(bank.taken):
        raise web.HTTPNotFound(reason="There is no such statement.")
    one = bank.taken[number - 1]
    known = await known_of(visit, range(one.first, one.first + one.new))
    new = [_line(visit, place, known) for place in range(one.first, one.first + one.new)]
    before = [
        _line(visit, place, known) for place, line in bank.lines.items()
        if one.from_on <= line.on <= one.to_on and not one.first <= place < one.first + one.new
    ]  # fmt: skip
    return Answer("bank_statement.html", {
        **_statement(visit, number, one), "rows": new, "before": before[:SHOWN_MAX],
        "came": visit.words.euros(sum(line.said.cents for line in _of(visit, one) if line.said.cents > 0)),
        "went": visit.words.euros(-sum(line.said.cents for line in _of(visit, one) if line.said.cents < 0)),
    })  # fmt: skip


def _of(visit: Visit, one: Taken) -> Iterator[Line]:
    return (visit.book.bank.lines[place] for place in range(one.first, one.first + one.new))


def _line(visit: Visit, number: int, known: Known) -> dict[str, object]:
    line = visit.book.bank.lines[number]
    hint = next(offered(visit, number, known), None) if not line.match else None
    may_be = "" if hint is None else told(visit, hint, number)
    return {
        "number": number, "opens": visit.path(f"bank/lines/{number}"), "day": visit.words.day(line.on),
        "cents": visit.words.euros(line.said.cents), "about": known.about(number), "code": line.said.code,
        "state": state(visit, line), "waits": not line.match, "may_be": may_be, "sure": number in known.named,
        "kind": called(visit, line.said.kind) if line.said.kind == "charge" else "",
    }  # fmt: skip
