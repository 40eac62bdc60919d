"""Law: recorded proofs are audited from the log alone; a failing one stops the approval of batches and nothing else."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from clearing.audit import AuditReport, audit
from clearing.audit.day_roads import DayRoads, ShownDay
from clearing.audit.proofs import TAKEN
from clearing.events.codes import Code
from clearing.events.proofs import GoingOnConfirmed, ProofFigure, ProofsTaken
from clearing.events.settlement import BatchApproved
from clearing.installation.kept_figures import Taken
from clearing.rules.calendar import civil_date
from clearing.rules.telling.waiting import Waiting
from clearing.rules.treasury.runway import Flows
from clearing.values import PersonId, Position
from clearing.wire.commands import CommandReply
from clearing.wire.requests import Op
from tests.audit.forging import event_at, forge
from tests.given_when_then import Story
from tests.living_caisse import AMINA, BRUNO, SERVER_KEY
from tests.memory_log import Desk, MemoryLog, furnished
from tests.properties.test_daily_proofs import as_shown

DAY = "2026-05-01"


async def audited(log: MemoryLog) -> AuditReport:
    return await audit(log, report=lambda _line: None, server_keys=[SERVER_KEY.public])


def roads_of(desk: Desk) -> tuple[DayRoads, ShownDay]:
    roads, events = DayRoads(), desk.log.events()
    for row, event in zip(desk.log.rows, events, strict=True):
        roads.take(event, row.position, row.at_us)
    return roads, as_shown(Story(book=roads.book, history=list(events)))


def taken(desk: Desk, *, faulty: str = "") -> dict[str, object]:
    """The body of a command that records the proofs as they are now. faulty: an account that the views show a cent too high."""
    roads, shown = roads_of(desk)
    accounts = dict(shown.accounts)
    if faulty:
        debit, credit = accounts[faulty]
        accounts[faulty] = (debit, credit + 1)
    results = roads.results(replace(shown, accounts=accounts), {})
    return Taken(up_to=desk.book.position, results=results, flows=Flows()).body(civil_date(DAY))


def a_market_day() -> Desk:
    desk = furnished()
    desk.ask(Op.SALE, {"fruit-veg": 2_000, "animal": 1_000})
    desk.pass_time(days=1)
    desk.order(AMINA, "close_batch", {"closed_on": DAY})
    return desk


def approve(desk: Desk, by: PersonId = BRUNO) -> CommandReply:
    return desk.command(by, "approve_batch", {"batch": 1, "execution_on": "2026-05-04"})


async def test_proofs_that_hold_are_recorded_audited_and_stop_nothing() -> None:
    desk = a_market_day()
    desk.order(AMINA, "take_proofs", taken(desk))
    event = desk.log.events()[-1]
    assert isinstance(event, ProofsTaken)
    assert (event.ok, event.day, event.up_to) == (True, DAY, len(desk.log.rows) - 1)
    assert approve(desk).rc is Code.APPROVED
    report = await audited(desk.log)
    assert report.ok, report.reason
    assert report.checked[TAKEN] == 1


async def test_sales_between_the_figures_and_their_record_do_not_matter() -> None:
    desk = a_market_day()
    body = taken(desk)
    desk.ask(Op.SALE, {"fruit-veg": 700})
    desk.order(AMINA, "take_proofs", body)
    report = await audited(desk.log)
    assert report.ok, report.reason


async def test_a_failing_proof_stops_the_approval_with_its_figure_and_no_sale() -> None:
    desk = a_market_day()
    desk.order(AMINA, "take_proofs", taken(desk, faulty="fund:general"))
    declined = approve(desk)
    assert declined.rc is Code.NOT_ALLOWED_NOW
    assert "'money in - out = what remains'" in declined.why
    assert "left in all funds:" in declined.why
    assert f"clearing proofs --day {DAY}" in declined.why
    _, reply = desk.ask(Op.SALE, {"fruit-veg": 100})
    assert reply.rc is Code.APPROVED
    waits = [one for one in waiting(desk) if "does not hold" in one.told]
    assert [one.commands for one in waits] == [(f"proofs --day {DAY}", "proofs --record")]
    assert (await audited(desk.log)).ok


def waiting(desk: Desk) -> list[Any]:
    book, told = Story(), Waiting()
    for row, event in zip(desk.log.rows, desk.log.events(), strict=True):
        book.book.apply(event, row.position, row.at_us)
        told.take(book.book, event, row.at_us)
    return told.told(book.book, desk.book.at_us)


async def test_later_proofs_that_hold_free_the_approval() -> None:
    desk = a_market_day()
    desk.order(AMINA, "take_proofs", taken(desk, faulty="fund:general"))
    desk.order(AMINA, "take_proofs", taken(desk))
    assert approve(desk).rc is Code.APPROVED
    assert (await audited(desk.log)).ok


async def test_two_people_go_on_and_the_next_failing_proof_stops_again() -> None:
    desk = a_market_day()
    desk.order(AMINA, "take_proofs", taken(desk, faulty="fund:general"))
    at = len(desk.log.rows)
    desk.order(AMINA, "propose_going_on", {"reason": "one cent on a page, found and reported"})
    assert "second person" in desk.command(AMINA, "confirm_going_on", {"taken": at}).why
    assert any("in spite of a proof" in one.told for one in waiting(desk))
    desk.order(BRUNO, "confirm_going_on", {"taken": at})
    assert desk.log.events()[-1] == GoingOnConfirmed(
        taken=Position(at), reason="one cent on a page, found and reported", proposed_by=AMINA, by=BRUNO
    )
    assert approve(desk).rc is Code.APPROVED
    desk.ask(Op.SALE, {"animal": 500})
    desk.order(AMINA, "close_batch", {"closed_on": "2026-05-02"})
    desk.order(AMINA, "take_proofs", taken(desk, faulty="bank"))
    second = desk.command(BRUNO, "approve_batch", {"batch": 2, "execution_on": "2026-05-04"})
    assert "money that left the bank" in second.why or "at the bank" in second.why
    assert (await audited(desk.log)).ok


async def test_a_confirmation_of_other_proofs_than_the_newest_is_declined() -> None:
    desk = a_market_day()
    assert "No proof stops anything" in desk.command(AMINA, "propose_going_on", {"reason": "r"}).why
    desk.order(AMINA, "take_proofs", taken(desk, faulty="fund:general"))
    assert "Nobody has said why" in desk.command(BRUNO, "confirm_going_on", {"taken": len(desk.log.rows)}).why
    desk.order(AMINA, "propose_going_on", {"reason": "r"})
    assert "said why already" in desk.command(BRUNO, "propose_going_on", {"reason": "r"}).why
    desk.order(AMINA, "take_proofs", taken(desk, faulty="fund:general"))
    assert "Nobody has said why" in desk.command(BRUNO, "confirm_going_on", {"taken": len(desk.log.rows)}).why


def first_figure(event: ProofsTaken, **fields: Any) -> ProofsTaken:
    first, *others = event.results
    figure, *rest = first.figures
    return replace(event, results=(first._replace(figures=(figure._replace(**fields), *rest)), *others))


FORGED: tuple[tuple[Callable[[ProofsTaken], ProofsTaken], str], ...] = (
    (lambda event: first_figure(event, log_cents=1, book_cents=1), "differs from what"),
    (lambda event: replace(event, ok=False), "differs from what"),
)


@pytest.mark.parametrize(("change", "reason"), FORGED)
async def test_a_forged_record_of_proofs_is_named(change: Callable[[ProofsTaken], ProofsTaken], reason: str) -> None:
    desk = a_market_day()
    desk.order(AMINA, "take_proofs", taken(desk))
    at = len(desk.log.rows)
    event = event_at(desk.log, at)
    assert isinstance(event, ProofsTaken)
    forge(desk.log, at, change(event))
    report = await audited(desk.log)
    assert (report.ok, report.position) == (False, at)
    assert reason in report.reason


async def test_figures_that_a_taker_made_up_are_named_though_they_were_signed() -> None:
    desk = a_market_day()
    body: Any = taken(desk)
    body["results"][0]["figures"][0] |= {"log": 1, "book": 1}
    desk.order(AMINA, "take_proofs", body)
    report = await audited(desk.log)
    assert (report.ok, report.position) == (False, len(desk.log.rows))
    assert "the log says" in report.reason
    assert "for credit in all purses, issued less used, not 0.01 EUR" in report.reason


async def test_an_approval_that_a_failing_proof_stops_is_named_in_a_forged_log() -> None:
    desk = a_market_day()
    assert approve(desk).rc is Code.APPROVED
    at = len(desk.log.rows)
    assert isinstance(event_at(desk.log, at), BatchApproved)
    other = a_market_day()
    other.order(AMINA, "take_proofs", taken(other, faulty="fund:general"))
    approve(other)
    forge(other.log, len(other.log.rows), event_at(desk.log, at))
    report = await audited(other.log)
    assert not report.ok
    assert report.position == len(other.log.rows)


WRONG_BODIES: tuple[tuple[Callable[[Any], None], str], ...] = (
    (lambda body: body.update(day="2026-05-09"), "has not come yet"),
    (lambda body: body.update(up_to=10**9), "of another time"),
    (lambda body: body["results"].pop(), "Five proofs are taken together"),
    (lambda body: body["results"][4]["figures"].pop(0), "opens with the figure 'bank'"),
    (lambda body: body["results"][0]["figures"].append({"name": "x", "log": 1}), "no second road"),
    (lambda body: body["results"][0]["figures"].append({"name": "owed:field", "book": 1, "shown": 1}), "it proves nothing"),
)


@pytest.mark.parametrize(("change", "why"), WRONG_BODIES)
def test_proofs_that_prove_nothing_are_declined(change: Callable[[Any], None], why: str) -> None:
    desk = a_market_day()
    body = taken(desk)
    change(body)
    assert why in desk.command(AMINA, "take_proofs", body).why


def test_a_figure_has_at_least_two_roads_and_says_them_in_euros() -> None:
    from clearing.rules.treasury.proofs import agrees, told

    figure = ProofFigure("owed:garden", 1_250, 1_250, 1_249)
    assert not agrees(figure)
    assert told(figure) == "owed to garden: 12.50 EUR by the log, 12.50 EUR in the book, 12.49 EUR shown"
