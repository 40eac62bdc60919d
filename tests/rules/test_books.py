"""A month of the books: proposed when it is over, closed by another person on the same bytes, never opened again."""

from dataclasses import replace

import pytest

from clearing.events.books import MonthClosed, PlanRow
from clearing.rules.answers import Declined
from clearing.rules.book import Book
from clearing.rules.telling.waiting import Waiting
from clearing.rules.treasury import books
from clearing.rules.treasury.account_plan import NATURES, siren_holds, wrong_plan
from clearing.values import Cents, InvalidValue
from tests.books.keeping import PLAN, SIREN
from tests.given_when_then import Command, Story, given
from tests.sayings import AMINA, BRUNO, MARKET

JUNE = "2026-06-02 09:00:00"
BYTES, OTHERS = b"x" * 32, b"y" * 32


def set_plan(plan: object = PLAN, by: str = AMINA) -> Command:
    said = PLAN if plan is PLAN else plan
    return lambda book, _: books.decide_set_plan(
        book.books, siren=said.siren, year_starts=said.year_starts, rows=said.rows, by=by  # type: ignore[attr-defined, arg-type]
    )


def propose(period: str = "2026-05", *, plan: int = 1, sha256: bytes = BYTES) -> Command:
    return lambda book, at_us: books.decide_propose(
        book.books, book.caisse.calendar, period=period, plan=plan, entries=3, debit_cents=Cents(900), sha256=sha256,
        by=AMINA, at_us=at_us,
    )  # fmt: skip


def confirm(period: str = "2026-05", *, by: str = BRUNO, sha256: bytes = BYTES) -> Command:
    return lambda book, at_us: books.decide_confirm(
        book.books, book.caisse.calendar, period=period, sha256=sha256, by=by, at_us=at_us  # type: ignore[arg-type]
    )


def drop(period: str = "2026-05") -> Command:
    return lambda book, _: books.decide_drop(book.books, period=period, by=BRUNO)


def why(story: Story) -> str:
    assert isinstance(story.last, Declined)
    return story.last.why


def planned() -> Story:
    return given(*MARKET).when(set_plan()).then("00", plan=1)


def test_a_month_is_closed_by_another_person_who_made_the_same_bytes() -> None:
    story = planned().at(JUNE).when(propose()).then("00", period="2026-05", sha256=BYTES)
    assert "another person has to look" in why(story.when(confirm(by=AMINA)))
    assert "not the books that amina proposed" in why(story.when(confirm(sha256=OTHERS)))
    story.when(confirm()).then("00", proposed_by=AMINA, by=BRUNO, plan=1, debit_cents=900)
    assert list(story.book.books.closed) == ["2026-05"]
    assert story.book.books.proposed is None


def test_a_closed_month_never_opens_again() -> None:
    story = planned().at(JUNE).when(propose()).when(confirm())
    assert "closed up to 2026-05; nothing opens them again" in why(story.when(propose()))
    assert "closed up to 2026-05" in why(story.when(propose("2026-04")))
    assert "Nobody proposed" in why(story.when(confirm()))


def test_a_month_is_closed_only_when_it_is_over_in_the_caisses_zone() -> None:
    story = planned().at("2026-05-31 23:59:59").when(propose())
    assert "2026-05 is not over yet" in why(story)
    story.at("2026-06-01 00:00:00").when(propose()).then("00")


def test_without_a_plan_nothing_is_proposed() -> None:
    assert "no plan of accounts yet" in why(given(*MARKET).at(JUNE).when(propose()))


def test_a_plan_that_changed_meanwhile_asks_for_the_books_anew() -> None:
    story = planned().at(JUNE).when(propose()).when(set_plan(replace(PLAN, siren=""))).then("00", plan=2)
    assert "plan 2 is in force now" in why(story.when(confirm()))
    story.when(propose(plan=2)).when(confirm()).then("00", plan=2)
    assert "first month can't be changed" in why(story.when(set_plan(replace(PLAN, year_starts=7))))


def test_the_same_plan_twice_is_told_so() -> None:
    assert "plan 1 already, word for word" in why(planned().when(set_plan()))


def test_a_proposal_is_given_up_by_whoever_may() -> None:
    story = planned().at(JUNE).when(propose()).when(drop()).then("00", period="2026-05")
    assert story.book.books.proposed is None
    assert "Nobody proposed" in why(story.when(drop()))


def test_a_month_that_is_no_month_is_refused() -> None:
    with pytest.raises(InvalidValue, match="a month is written YYYY-MM"):
        planned().at(JUNE).when(propose("2026-5"))


def test_a_month_that_is_over_waits_to_be_closed_and_then_for_the_second_person() -> None:
    story = planned().at("2026-05-31 12:00:00")
    assert waits(story) == []
    story.at(JUNE)
    assert waits(story) == [("2026-06-01", "the books of 2026-05 can be closed", ("books propose 2026-05",))]
    story.when(propose())
    told = "closing the books of 2026-05 waits for another person than amina"
    assert waits(story) == [("2026-06-02", told, ("books confirm 2026-05",))]
    assert waits(story.when(confirm())) == []
    assert waits(given(*MARKET).at(JUNE)) == []  # who keeps no books here is not nagged


def waits(story: Story) -> list[tuple[str, str, tuple[str, ...]]]:
    waiting, book = Waiting(), Book()
    for position, (event, at_us) in enumerate(zip(story.history, story.instants, strict=True), 1):
        book.apply(event, position, at_us)
        waiting.take(book, event, at_us)
    return [(one.day, one.told, one.commands) for one in waiting.told(book, story.at_us) if "books" in one.told]


def test_one_closing_holds_the_months_before_it_that_none_holds() -> None:
    story = planned().at("2026-08-01 09:00:00").when(propose("2026-06")).when(confirm("2026-06"))
    assert isinstance(story.last, MonthClosed)
    assert story.book.books.last_closed() == "2026-06"
    assert "closed up to 2026-06" in why(story.when(propose("2026-05")))
    story.when(propose("2026-07")).when(confirm("2026-07"))
    assert list(story.book.books.closed) == ["2026-06", "2026-07"]


@pytest.mark.parametrize(("row", "said"), [
    (PlanRow("accounts", "bank", "5"), "needs an account number"),
    (PlanRow("accounts", "bank", "912"), "needs an account number"),
    (PlanRow("accounts", "fund:general", "102"), "no account of the ledger that stands somewhere by itself"),
    (PlanRow("natures", "aid", "657"), "there is no nature 'aid'"),
    (PlanRow("dedicated", "kind:rich", "194"), "neither fund:ID nor kind:KIND"),
    (PlanRow("dedicated", "kind:sponsor", "512"), "dedicated funds stand in 194, 195, 196"),
    (PlanRow("labels", "51", "Banque"), "'51' is no account number"),
    (PlanRow("labels", "512", "Ban\tque"), "must be one line of text"),
    (PlanRow("journals", "bank", "banque"), "a code and its name"),
    (PlanRow("colours", "bank", "blue"), "there is no section 'colours'"),
])  # fmt: skip
def test_a_plan_with_a_wrong_line_is_refused_with_the_reason(row: PlanRow, said: str) -> None:
    kept = tuple(one for one in PLAN.rows if one[:2] != row[:2])
    assert said in (wrong_plan(SIREN, 1, (*kept, row)) or "")
    story = given(*MARKET).when(set_plan(replace(PLAN, rows=(*kept, row))))
    assert said in why(story)


def test_a_plan_names_every_nature_once() -> None:
    without = tuple(row for row in PLAN.rows if row.section != "natures")
    assert f"the natures {', '.join(NATURES)} are missing" == wrong_plan(SIREN, 1, without)
    assert wrong_plan(SIREN, 1, (*PLAN.rows, PlanRow("accounts", "bank", "5121"))) == "'bank' stands twice"
    assert "from 1 to 12" in (wrong_plan(SIREN, 13, PLAN.rows) or "")
    assert "at most 500 lines" in (wrong_plan("", 1, PLAN.rows * 8) or "")


@pytest.mark.parametrize(("siren", "holds"), [
    ("732829320", True), ("732829321", False), ("000000000", False), ("73282932", False), ("7328293200", False),
])  # fmt: skip
def test_a_siren_is_checked_by_its_last_digit(siren: str, holds: bool) -> None:
    assert siren_holds(siren) is holds
    assert (wrong_plan(siren, 1, PLAN.rows) is None) is holds
