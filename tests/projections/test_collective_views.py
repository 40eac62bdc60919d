"""Orders, accepted late captures and units in the views: purses, accounts, what is owed and statements are the book's."""

import pytest

from clearing.audit.sums import book_balances
from clearing.rules.book import Book
from clearing.rules.people.members import Member
from clearing.values import PurseKind
from tests.audit.collective_life import Life, collective_life
from tests.living_caisse import AMINA
from tests.projections.recording import ViewedCaisse


def settled_life() -> Life:
    life = collective_life()
    life.desk.pass_time(days=3)
    life.desk.order(AMINA, "close_batch", {"closed_on": "2026-05-11"})
    return life


def lots(book: Book, member: Member) -> dict[str, int]:
    return {lot.id: lot.cents for lot in book.allocation.open_purse(member, PurseKind("credit")).lots}


@pytest.mark.parametrize("page_events", [1, 7, 1_000])
async def test_orders_and_late_captures_are_in_every_view_as_in_the_book(viewed: ViewedCaisse, page_events: int) -> None:
    life = settled_life()
    await viewed.record(life.log.events(), [row.at_us for row in life.log.rows])
    await viewed.project(page_events=page_events)
    book = life.desk.book
    async with viewed.asked() as questions:
        accounts = {one.account: -one.cents for one in await questions.accounts() if one.cents}
        inside = {name: cents for name, cents in accounts.items() if not name.startswith(("bank", "receivable", "notified"))}
        assert inside == book_balances(book)
        assert accounts["payable:field"] > 0
        for member in book.members.members.values():
            assert {lot.lot: lot.cents for lot in await questions.purses(member.member)} == lots(book, member)


async def test_a_statement_shows_deliveries_disputes_and_accepted_late_captures(viewed: ViewedCaisse) -> None:
    life = settled_life()
    await viewed.record(life.log.events(), [row.at_us for row in life.log.rows])
    await viewed.project()
    async with viewed.asked() as questions:
        rows = await questions.statement(1, "field")
        [line] = await questions.batch_lines(1)
    assert sum(row.card_cents for row in rows) == line.captured_cents == line.paid_cents
    kinds = {type(life.log.events()[row.position - 1]).__name__: row for row in rows}
    assert set(kinds) == {"SaleDecided", "CaptureDecided", "ExceptionResolved", "DeliveryNoted", "DisputeResolved"}
    late = kinds["ExceptionResolved"]
    assert (kinds["DisputeResolved"].gross_cents, late.gross_cents, late.card_cents) == (4_500, 900, 630)
