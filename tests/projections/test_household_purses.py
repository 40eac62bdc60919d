"""Law: purses of households, carried credit, parted and emptied ones are in the views what they are in the book."""

import pytest

from clearing.events.crediting import CohortRolled
from clearing.events.households import HouseholdSeparated, PurseEmptied
from clearing.projections.questions import Questions
from clearing.rules.book import Book
from tests.household_life import household_life
from tests.memory_log import Desk
from tests.projections.recording import ViewedCaisse


def lots_of(book: Book) -> dict[tuple[str, str, str], int]:
    """Every lot that lies in a purse and has not lapsed, purses opened one by one."""
    found: dict[tuple[str, str, str], int] = {}
    for member in book.members.members.values():
        for kind in {*book.allocation.grants, *(purse.kind for purse in member.purses)}:
            for lot in book.allocation.open_purse(member, kind).lots:
                cohort = book.allocation.cohorts.get(lot.id)
                if cohort is None or not cohort.lapsed:
                    found[member.member, kind, lot.id] = lot.cents
    return found


def book_up_to(desk: Desk, position: int) -> Book:
    book = Book()
    for row, event in zip(desk.log.rows[:position], desk.log.events()[:position], strict=True):
        book.apply(event, row.position, row.at_us)
    return book


async def shown(questions: Questions, book: Book) -> dict[tuple[str, str, str], int]:
    return {
        (member, lot.purse, lot.lot): lot.cents
        for member in book.members.members for lot in await questions.purses(member)
    }


@pytest.mark.parametrize("page_events", [1, 3, 1_000])
async def test_the_views_hold_every_lot_as_the_book_does(viewed: ViewedCaisse, page_events: int) -> None:
    desk = household_life()
    events, instants = desk.log.events(), [row.at_us for row in desk.log.rows]
    ends = [at for at, event in enumerate(events, 1) if isinstance(event, HouseholdSeparated | PurseEmptied | CohortRolled)]
    done = 0
    for end in (*ends, len(events)):
        await viewed.record(events[done:end], instants[done:end])
        done = end
        await viewed.project(page_events=page_events)
        book = book_up_to(desk, end)
        async with viewed.asked() as questions:
            assert await shown(questions, book) == lots_of(book)


async def test_the_views_read_anew_are_the_same(viewed: ViewedCaisse) -> None:
    desk = household_life()
    await viewed.record(desk.log.events(), [row.at_us for row in desk.log.rows])
    await viewed.project()
    report, _ = await viewed.rebuild(page_events=7)
    book = book_up_to(desk, len(desk.log.rows))
    assert report.flipped
    async with viewed.asked() as questions:
        assert await shown(questions, book) == lots_of(book)
