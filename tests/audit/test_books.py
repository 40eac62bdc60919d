"""A log with closed books is proved from itself; the closed month is the same bytes whatever comes after it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any, cast

import pytest

from clearing.audit import AuditReport, Level, audit
from clearing.authoriser.snapshot import Loaded, Restoring, parts_of
from clearing.books.auditor import Auditor
from clearing.books.fec import NoFec, fec
from clearing.books.fec_rules import judge
from clearing.books.kept import Kept, NoPlan
from clearing.books.report import Money
from clearing.books.sheets import balance_sheet, paheko_sheet
from clearing.books.words import Words
from clearing.cli.bookkeeping import mapped, same_as_closed, told
from clearing.cli.desk import Misused
from clearing.event_store.tree import GrowingTree
from clearing.events.books import AccountPlanSet, MonthClosed, PlanRow
from clearing.events.catalogue import Event
from clearing.events.codes import Code
from clearing.events.corrections import EntryCorrected
from clearing.values import Cents
from tests.audit.forging import event_at, forge
from tests.audit.test_contracts_and_cotisations import position, year
from tests.books.keeping import planned
from tests.living_caisse import AMINA, BRUNO, SERVER_KEY
from tests.memory_log import Desk, MemoryLog


def plan_body(**values: str) -> dict[str, object]:
    said = planned(1, values)
    return {"siren": said.siren, "year_starts": 1, "rows": [row._asdict() for row in said.rows]}


def kept(desk: Desk) -> Kept:
    found = Kept()
    for row, event in zip(desk.log.rows, desk.log.events(), strict=True):
        found.take(event, row.position, row.at_us)
    return found


def closed(period: str = "2026-05") -> Desk:
    """May is over and closed by two people; then June begins."""
    desk = year()
    desk.pass_time(days=6)
    desk.order(AMINA, "set_account_plan", plan_body())
    close(desk, period)
    desk.log.sign_head()
    return desk


def close(desk: Desk, period: str) -> None:
    span = kept(desk).span(period)
    desk.order(AMINA, "propose_month_close", {
        "period": period, "plan": span.plan, "entries": span.entries, "debit_cents": span.debit_cents,
        "sha256": span.sha256,
    })  # fmt: skip
    again = kept(desk).span(period)
    desk.order(BRUNO, "confirm_month_close", {"period": period, "sha256": again.sha256})


def later(desk: Desk) -> None:
    """A correction of what was entered in May, more money, and another plan: in June."""
    entry: dict[str, object] = {"kind": "cotisation", "reference": "l-2"}
    desk.order(AMINA, "receive_cotisation", {
        "member": "m-1", "rule": "cotisation", "period": "2026-05", "cents": 700, "means": "cash", "reference": "l-9"
    })  # fmt: skip
    entry["reference"] = "l-9"
    desk.order(AMINA, "propose_correction", entry | {"reason": "typed twice"})
    desk.order(BRUNO, "confirm_correction", entry)
    renamed = plan_body(bank="5121", cotisation="7562")
    rows = cast(list[dict[str, str]], renamed["rows"])
    renamed["rows"] = [one | {"value": one["value"].replace("Banque", "Crédit coopératif")} for one in rows]
    desk.order(AMINA, "set_account_plan", renamed)
    desk.order(AMINA, "receive_money", {"fund": "general", "cents": 9_000, "reference": "late"})
    desk.pass_time(days=30)
    desk.log.sign_head()


async def audited(log: MemoryLog) -> AuditReport:
    return await audit(log, report=lambda _line: None, server_keys=[SERVER_KEY.public])


async def test_a_log_with_closed_books_holds() -> None:
    desk = closed()
    later(desk)
    found = await audited(desk.log)
    assert found.ok, found.reason
    assert found.checked["months of the books closed by two people, once and in order"] == 1
    assert found.checked["plans of accounts that can be read for ever"] == 2


def test_a_closed_month_is_the_same_bytes_whatever_comes_later() -> None:
    desk = closed()
    before = kept(desk)
    files = [before.span("2026-05").journal, *others(before)]
    later(desk)
    after = kept(desk)
    assert [after.span("2026-05").journal, *others(after)] == files
    assert list(after.changed()) == []
    june = [entry for month in after.months() if month.period == "2026-06" for entry in month.entries]
    assert {line.place.number for entry in june for line in entry.lines} >= {"5121", "531"}
    assert "Corrections du 03/06/2026" in {entry.label for entry in june}


def others(books: Kept) -> list[bytes]:
    span, plan, names = books.span("2026-05"), books.plan_of("2026-05"), books.gathered.names
    return [paheko_sheet(span.months, plan, names), balance_sheet(span.months, plan, names), fec(books, 2026)[1]]


def test_a_year_of_two_plans_still_numbers_on_without_a_gap() -> None:
    desk = closed()
    later(desk)
    close(desk, "2026-06")
    books = kept(desk)
    name, content = fec(books, 2026)
    assert judge(name, content).problems == ()
    assert "\t5121\t" in content.decode()
    assert "\t512\t" in content.decode()
    assert books.last_closed() == "2026-06"


def test_only_what_is_closed_stands_in_the_file_of_entries_unless_a_draft_is_asked_for() -> None:
    desk = closed()
    later(desk)
    books = kept(desk)
    final, draft = (judge(*fec(books, 2026, draft=one)) for one in (False, True))
    assert final.problems == draft.problems == ()
    assert final.entries < draft.entries
    with pytest.raises(NoFec, match="No month of the year 2025"):
        fec(books, 2025)


def test_without_a_plan_or_a_siren_the_person_is_told_what_to_do() -> None:
    desk = year()
    with pytest.raises(NoPlan, match="clearing books plan --default"):
        kept(desk).span("2026-05")
    desk.order(AMINA, "set_account_plan", plan_body() | {"siren": ""})
    with pytest.raises(NoFec, match="siren = "):
        fec(kept(desk), 2026, draft=True)


def test_changed_bytes_of_a_closed_month_are_found() -> None:
    desk = closed()
    books = kept(desk)
    wrong = books.closings[0]._replace(said=replace(books.closings[0].said, sha256=b"z" * 32))
    books.closings[0] = wrong
    assert list(books.changed()) == ["2026-05"]


def test_who_proposed_does_not_confirm_and_other_bytes_are_declined() -> None:
    desk = year()
    desk.pass_time(days=6)
    desk.order(AMINA, "set_account_plan", plan_body())
    span = kept(desk).span("2026-05")
    body = {"period": "2026-05", "plan": 1, "entries": span.entries, "debit_cents": span.debit_cents, "sha256": span.sha256}
    desk.order(AMINA, "propose_month_close", body)
    alone = desk.command(AMINA, "confirm_month_close", {"period": "2026-05", "sha256": span.sha256})
    other = desk.command(BRUNO, "confirm_month_close", {"period": "2026-05", "sha256": b"z" * 32})
    assert (alone.rc, other.rc) == (Code.NOT_ALLOWED_NOW, Code.NOT_ALLOWED_NOW)
    assert "compare the two files" in str(other.why)
    desk.order(BRUNO, "drop_month_close", {"period": "2026-05"})


UNLAWFUL: list[tuple[type[Event], Callable[[Any], Any]]] = [
    (MonthClosed, lambda event: replace(event, by=event.proposed_by)),
    (MonthClosed, lambda event: replace(event, sha256=b"z" * 32)),
    (MonthClosed, lambda event: replace(event, debit_cents=Cents(event.debit_cents + 1))),
    (MonthClosed, lambda event: replace(event, period="2026-06")),
    (AccountPlanSet, lambda event: replace(event, rows=event.rows[:3])),
]
GOLD = PlanRow("accounts", "gold", "512")


@pytest.mark.parametrize(("kind", "change"), UNLAWFUL, ids=lambda one: getattr(one, "__name__", ""))
@pytest.mark.parametrize("level", [Level.WHOLE, Level.WITHOUT_SIGNATURES])
async def test_a_forged_plan_or_closing_is_named(kind: type[Event], change: Callable[[Any], Any], level: Level) -> None:
    log = closed().log
    at = position(log, kind)
    forge(log, at, cast(Event, change(event_at(log, at))))
    found = await audit(log, report=lambda _line: None, server_keys=[SERVER_KEY.public], level=level)
    assert (found.ok, found.position) == (False, at)


async def test_a_plan_that_nobody_signed_is_named() -> None:
    log = closed().log
    at = position(log, AccountPlanSet)
    plan = cast(AccountPlanSet, event_at(log, at))
    forge(log, at, replace(plan, rows=(*plan.rows, GOLD)))
    found = await audited(log)
    assert (found.ok, found.position) == (False, at)


def test_the_auditor_reads_who_did_what_with_whom() -> None:
    desk = closed()
    found = Auditor()
    for row, event in zip(desk.log.rows, desk.log.events(), strict=True):
        found.take(event, row.position, row.at_us)
    acts = {(act, one, other) for act, one, other, _ in found.acts}
    assert {("MonthClosed", AMINA, BRUNO), ("DepositConfirmed 1", AMINA, BRUNO), ("EntryCorrected", AMINA, BRUNO)} <= acts
    report = found.report(date(2026, 5, 1), date(2026, 6, 30), Words("en"))
    closings = next(one for one in report.sections if one.heading == "Closed months")
    assert closings.rows[0][:4] == ("2026-05", date(2026, 6, 3), AMINA, BRUNO)
    batches = next(one for one in report.sections if one.heading == "Settlement batches")
    assert batches.rows[0][:3] == ("1", date(2026, 5, 28), AMINA)
    assert all(gap == Money(0) for *_, gap in next(one for one in report.sections if one.heading.startswith("Two")).rows)


def test_what_a_month_holds_is_told_by_journal_with_its_state() -> None:
    desk = closed()
    books = kept(desk)
    said = told(books, books.span("2026-05"))
    assert said[0] == "Books up to 2026-05, by plan 1: closed on 2026-06-03 by amina and bruno"
    assert any(line.split()[:2] == ["BQ", "Banque"] for line in said)
    later(desk)
    assert told(kept(desk), kept(desk).span("2026-07"))[0] == "Books from 2026-06 up to 2026-07, by plan 2: open"


def test_closed_books_that_would_differ_are_not_written() -> None:
    books = kept(closed())
    same_as_closed(books, books.span("2026-05"))
    books.closings[0] = books.closings[0]._replace(said=replace(books.closings[0].said, sha256=b"z" * 32))
    with pytest.raises(Misused, match="so nothing was written"):
        same_as_closed(books, books.span("2026-05"))


def test_accounts_that_stand_nowhere_are_named_and_block_a_closing() -> None:
    desk = year()
    desk.pass_time(days=6)
    body = plan_body()
    body["rows"] = [one for one in cast(list[dict[str, str]], body["rows"]) if one["name"] != "contract:*"]
    desk.order(AMINA, "set_account_plan", body)
    books = kept(desk)
    span = books.span("2026-05")
    assert span.nowhere == ("contract:c-3",)
    assert "Account contract:c-3 of the ledger stands nowhere" in told(books, span)[-1]
    with pytest.raises(Misused, match="contract:c-3"):
        mapped(span)


def test_a_snapshot_says_the_books_whole() -> None:
    desk = closed()
    loaded = Loaded()
    loaded.book = desk.book
    loaded.tree = GrowingTree()
    for row in desk.log.rows:
        loaded.tree.append(row.leaf)
    restoring = Restoring()
    for part in parts_of(loaded):
        restoring.take(part)
    assert restoring.finish().book.books == desk.book.books
    assert list(desk.book.books.closed) == ["2026-05"]


def test_a_correction_of_a_closed_month_lands_in_the_open_one() -> None:
    desk = closed()
    before = kept(desk).span("2026-05").journal
    entry: dict[str, object] = {"kind": "gift", "reference": "g-1"}
    right = {"right": {"who": "donor:d-1", "cents": 4_000, "means": "cash"}}
    desk.order(AMINA, "propose_correction", entry | right | {"reason": "it was forty"})
    desk.order(BRUNO, "confirm_correction", entry | right)
    assert isinstance(desk.log.events()[-1], EntryCorrected)
    books = kept(desk)
    assert books.span("2026-05").journal == before
    corrected = [one for one in books.span("2026-06").months[0].entries if one.label.startswith("Corrections")]
    lines = [[(line.place.number, line.cents) for line in one.lines] for one in corrected]
    assert lines == [[("7541", 1_000), ("531", -1_000)]]
