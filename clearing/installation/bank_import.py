"""Law: names, accounts and texts of a statement are sealed before a command is made of it; the command carries digests
only.

A line keeps the id that we gave the payment ourselves, and no other text. What is known already is neither sealed nor
sent again. """

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from clearing.bank.pain002 import Status, StatusReport
from clearing.bank.statement import Entry, Line, Statement, Unreadable
from clearing.installation.payment import ACCOUNT_OF_THE_CAISSE, BANK
from clearing.people import People, Record
from clearing.rules.book import Book
from clearing.rules.stalls.payouts import Answer, Row, became
from clearing.rules.treasury.bank import ENTRIES_MAX, day_before
from clearing.rules.treasury.payout_answers import (
    batch_called,
    payout_of,
    under_way,
)
from clearing.settlement.bank_details import compact, last_4
from clearing.values import BatchId, ProducerId

LINE: Final = "bank-line"
OF_A_COPY: Final = ("DUPL", "AM05")
"""Reasons by which a bank refuses what came before."""
_CODE_CHARS_MAX: Final = 20
_NOT_IN_A_REFERENCE: Final = re.compile(r"[^a-z0-9.-]")
Give = Callable[[str, dict[str, object]], Awaitable[dict[str, object]]]
"""Gives one command: verb and body."""
GiveBody = Callable[[dict[str, object]], Awaitable[dict[str, object]]]
"""Gives the command `import_statement` with this body."""


@dataclass(slots=True)
class Taken:
    """What came of a statement. entries: in the file; new: of them, not sent before in this source."""

    source: str
    from_on: str
    to_on: str
    entries: int
    new: int
    commands: int
    closing_cents: int | None


async def import_statement(
    statement: Statement, *, book: Book, people: People, give: GiveBody, moved: bool = False
) -> Taken:
    """Take a statement in. book: of the caisse as it is now. moved: the caisse has changed its account. Raises
    Unreadable, and what `give` raises."""
    account = await _own_account(statement, people)
    keyed = _keyed(statement, people)
    fresh = [(key, entry) for key, entry in keyed if (statement.source, key) not in book.bank.keys]
    bodies = _bodies(fresh, people, _ours(book))
    taken = Taken(
        statement.source, statement.from_on.isoformat(), statement.to_on.isoformat(), len(keyed), len(fresh), 0,
        statement.closing_cents,
    )
    if not fresh and not _tells_a_balance(statement, book):
        return taken
    parts, said = _parts(bodies), dict[str, object](moved=True) if moved else {}
    for number, part in enumerate(parts, start=1):
        digests = iter(await people.keep([record for one in part for record in one.records]))
        for one in part:
            for line, record in zip(one.lines, one.of_line, strict=True):
                line["details"] = next(digests) if record is not None else b""
        await give(_body(statement, account, part, last=number == len(parts)) | said)
        taken.commands += 1
    return taken


class _Entry(NamedTuple):
    """An entry as a command carries it; lines: of body, to be completed; of_line: what is sealed of each."""

    body: dict[str, object]
    lines: list[dict[str, object]]
    of_line: list[Record | None]

    @property
    def records(self) -> list[Record]:
        return [record for record in self.of_line if record is not None]


async def _own_account(statement: Statement, people: People) -> bytes:
    """The pseudonym of the caisse's own account. Raises Unreadable when the file is of another one."""
    own = await people.newest(ACCOUNT_OF_THE_CAISSE, BANK)
    if own is None:
        raise Unreadable("The caisse's own account is not entered, so nobody knows whose statement this is: clearing account "
                         "--name NAME --iban IBAN")  # fmt: skip
    iban = compact(own.fields["iban"])
    if statement.account and compact(statement.account) not in (iban, iban[4:]):
        raise Unreadable(f"This statement is of the account {last_4(statement.account)}, the caisse's is {last_4(iban)}: "
                         "nothing of it was taken.")  # fmt: skip
    return people.pseudonym(f"account {iban}")


def _keyed(statement: Statement, people: People) -> list[tuple[bytes, Entry]]:
    """Each entry with what tells it from others; of twins, the first, the second ... of the day. Oldest first."""
    found: list[tuple[bytes, Entry]] = []
    twins: dict[tuple[object, ...], int] = {}
    for entry in statement.entries:
        what = (entry.on.isoformat(), entry.cents, *(_said(entry) if not entry.reference else (entry.reference,)))
        twins[what] = twins.get(what, 0) + 1
        found.append((people.pseudonym(repr(("entry", *what, twins[what]))), entry))
    return sorted(found, key=lambda one: (one[1].on, one[0]))


def _said(entry: Entry) -> tuple[str, ...]:
    return tuple(text for line in entry.lines for text in (line.end_to_end, line.iban, line.name, line.text, str(line.cents)))


def _ours(book: Book) -> Callable[[str], bool]:
    """Whether an end-to-end id is one that this caisse gave: others may hold a name."""
    prefix = f"{_NOT_IN_A_REFERENCE.sub('-', str(book.caisse.code))[:_CODE_CHARS_MAX]}-"
    return lambda said: bool(said) and (said.startswith(prefix) or said in book.cotisations.payments)


def _bodies(fresh: Sequence[tuple[bytes, Entry]], people: People, ours: Callable[[str], bool]) -> list[_Entry]:
    found = []
    for key, entry in fresh:
        lines: list[dict[str, object]] = [_line(line, people, ours) for line in entry.lines]
        ref = people.pseudonym(f"reference {entry.reference}") if entry.reference else b""
        body: dict[str, object] = {
            "key": key, "ref": ref, "on": entry.on.isoformat(), "cents": entry.cents, "lines": lines,
        }
        found.append(_Entry(body, lines, [_record(key, place, entry, line, people) for place, line in enumerate(entry.lines)]))
    return found


def _line(line: Line, people: People, ours: Callable[[str], bool]) -> dict[str, object]:
    return {
        "cents": line.cents, "end_to_end": line.end_to_end if ours(line.end_to_end) else "", "code": line.code,
        "kind": line.kind, "payer": people.pseudonym(f"payer {compact(line.iban)}") if line.iban else b"",
    }


def _record(key: bytes, place: int, entry: Entry, line: Line, people: People) -> Record | None:
    """What people may read of a line: under who paid it, or under the line when nobody knows who; so that it can be
    erased."""
    fields = {
        "name": line.name, "iban": line.iban, "text": line.text, "end_to_end": line.end_to_end, "reference": entry.reference,
    }
    said = {name: text for name, text in fields.items() if text}
    if not said:
        return None
    whose = people.pseudonym(f"payer {compact(line.iban)}") if line.iban else key
    subject = f"{'payer' if line.iban else LINE}:{whose.hex()}" + ("" if line.iban else f"-{place}")
    return Record(subject=subject, kind=LINE, fields=said)


def _parts(entries: list[_Entry]) -> list[list[_Entry]]:
    """What one command has room for; one without entries still tells a balance."""
    return [entries[start : start + ENTRIES_MAX] for start in range(0, len(entries), ENTRIES_MAX)] or [[]]


def _tells_a_balance(statement: Statement, book: Book) -> bool:
    """Whether the statement knows a balance that the book does not."""
    stated, from_on, to_on = book.bank.stated, statement.from_on.isoformat(), statement.to_on.isoformat()
    new_closing = statement.closing_cents is not None and stated.get(to_on) != statement.closing_cents
    return new_closing or (statement.opening_cents is not None and day_before(from_on) not in stated)


def _body(statement: Statement, account: bytes, part: list[_Entry], *, last: bool) -> dict[str, object]:
    body: dict[str, object] = {
        "source": statement.source, "account": account, "from_on": statement.from_on.isoformat(),
        "to_on": statement.to_on.isoformat(), "entries": [one.body for one in part],
    }
    if statement.opening_cents is not None:
        body["opening_cents"] = statement.opening_cents
    if statement.closing_cents is not None and last:
        body["closing_cents"] = statement.closing_cents
    return body


@dataclass(slots=True)
class Answered:
    """What came of a status report. rows: by payout; strange: what names no payout of the batch.
    copy: it refuses a file that had come before, so nothing it says is about the payments of the first one."""

    batch: BatchId
    rows: list[Row]
    strange: list[Status]
    copy: bool = False


def answers_of(report: StatusReport, book: Book) -> Answered:
    """Raises Unreadable for an answer to a file that is none of this caisse's batches."""
    settlement = book.settlement
    batch = batch_called(settlement, report.message_id)
    if batch is None:
        raise Unreadable(f"The bank answers to a file {report.message_id}, which is of no batch that was exported here: is it "
                         "another caisse's?")  # fmt: skip
    found = Answered(batch, [], [])
    for status in report.statuses:
        known = payout_of(settlement, status.end_to_end)
        if not status.end_to_end and status.code in OF_A_COPY:
            found.copy = True
        elif not status.end_to_end:
            found.rows += [_row(producer, status, report) for producer in under_way(settlement, batch)]
        elif known is None or known[0] != batch:
            found.strange.append(status)
        else:
            found.rows.append(_row(known[1], status, report))
    return found


def _state(status: Status) -> str:
    """A payment that is refused as a copy may have been made by the first one: a person looks."""
    return "unknown" if status.code in OF_A_COPY else status.state


def _row(producer: ProducerId, status: Status, report: StatusReport) -> Row:
    return Row(producer, Answer(_state(status)), status.code, status.text, status.on, report.reference)


async def answer_payouts(answered: Answered, *, book: Book, give: Give) -> int:
    """Give the bank's answers to the caisse. How many said something new: what is known already is not sent again."""
    payouts = book.settlement.batches[answered.batch].payouts
    new = [row for row in answered.rows if became(payouts[row.producer], row)]
    for start in range(0, len(new), ENTRIES_MAX):
        rows = [row._asdict() | {"state": row.state.value} for row in new[start : start + ENTRIES_MAX]]
        await give("answer_payouts", {"batch": answered.batch, "rows": rows})
    return len(new)
