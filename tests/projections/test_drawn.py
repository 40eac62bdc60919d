"""Draws, gives and bonuses in the views: the same cents as the book and double entry, and by the day for who reads them."""

from collections.abc import Sequence

import pytest

from clearing.audit.shown import read_shown
from clearing.audit.sums import book_balances
from clearing.events.catalogue import Event
from clearing.events.settlement import BatchClosed
from clearing.projections.details import About, Entry, entries
from clearing.projections.generations import breaches
from clearing.projections.solidarity import Solidarities, suppressed
from clearing.rules.book import Book
from clearing.values import MemberId, PurseKind, Rate, TerminalId
from tests.audit.solidarity_days import Days
from tests.given_when_then import Story, given
from tests.projections.recording import ViewedCaisse
from tests.sayings import DAIRY, MARKET, Till, close, line, opened, producer, received, solidarity, terminal


async def test_the_views_show_the_cents_of_the_book_for_draws_gives_and_bonuses(viewed: ViewedCaisse) -> None:
    days, book = Days(), Book()
    await viewed.record(days.log.events(), [row.at_us for row in days.log.rows])
    await viewed.project(page_events=7)
    for row, event in zip(days.log.rows, days.log.events(), strict=True):
        book.apply(event, row.position, row.at_us)
    async with viewed.caisse.connection("clearing_reader") as connection:
        shown = await read_shown(connection, viewed.schema)
    held = {account: cents for account, cents in shown.accounts.items() if cents and not account.startswith("bank")}
    assert held == book_balances(book)
    assert shown.owed == {producer: owed.net_cents() for producer, owed in book.settlement.owed.items()}
    lots = book.members.members[MemberId("m-1")].purse(PurseKind("bonus")).lots
    assert shown.purses["m-1 bonus"] == sum([lot.cents for lot in lots])
    async with viewed.asked() as questions:
        (line_,) = await questions.batch_lines(1)
        statement = await questions.statement(1, "field")
        found = await questions.find_sales(producer="field")
    closed = days.log.events()[-1]
    assert isinstance(closed, BatchClosed)
    assert (line_.given_cents, line_.net_cents) == (250, closed.lines[0].net_cents)
    assert sum(row.card_cents for row in statement) == line_.net_cents
    assert {row.kind for row in statement} == {"capture", "refund", "reversal", "draw", "give"}
    assert {row.kind for row in found} == {"sale", "authorisation", "capture", "refund", "reversal"}
    assert sum(row.kind in ("refund", "reversal") for row in found) == 2  # of sales: those of draws are shown to nobody


async def test_views_made_anew_are_the_same_and_no_check_is_broken(viewed: ViewedCaisse) -> None:
    days = Days()
    await viewed.record(days.log.events(), [row.at_us for row in days.log.rows])
    await viewed.project()
    async with viewed.caisse.connection() as admin:
        assert await breaches(admin, viewed.schema, 1) == []
    report, _ = await viewed.rebuild(page_events=11)
    assert not report.differences


def statement_of(story: Story, batch: int = 1) -> list[Entry]:
    """What a statement of the garden is made of: all events of the batch that concern it."""
    events = {at: (story.instants[at - 1], event) for at, event in enumerate(story.history, 1)}
    ends = [at for at, event in enumerate(story.history, 1) if isinstance(event, BatchClosed)]
    first = ends[batch - 2] if batch > 1 else 0
    last = ends[batch - 1] if len(ends) >= batch else len(story.history)
    positions = [at for at in events if first < at <= last]
    return list(entries("garden", positions, About(events=events, original={}, later={})))


def draws(story: Story, till: Till, *cents: int) -> None:
    for one in cents:
        story.when(till.draw(20, line("veg", one))).then("00")


def market() -> tuple[Story, Till]:
    money = received(1_000_000, "solidarity")
    return given(*MARKET, opened("solidarity"), money, solidarity(20, prices=(Rate(12_500),))), Till()


def test_five_draws_of_a_day_are_one_line_and_fewer_wait_for_the_next_day_that_reaches_five() -> None:
    story, till = market()
    draws(story, till, 100, 200, 300, 400, 500)
    story.at("2026-05-02 09:00:00")
    draws(story, till, 1_000, 1_000)
    story.at("2026-05-03 09:00:00")
    draws(story, till, 100, 100, 100)
    assert [(one.kind, one.gross_cents, one.card_cents) for one in statement_of(story)] == [
        ("draw", 1_500, 300), ("draw", 2_300, 460),
    ]  # fmt: skip


def test_what_is_left_at_the_end_goes_to_the_line_before_it() -> None:
    story, till = market()
    draws(story, till, *(100,) * 5)
    story.at("2026-05-02 09:00:00")
    draws(story, till, 1_000)
    assert [(one.gross_cents, one.card_cents) for one in statement_of(story)] == [(1_500, 300)]


def test_a_batch_with_fewer_than_five_draws_has_one_line_and_all_totals_agree() -> None:
    story, till = market()
    first = till.draw(20, line("veg", 1_000))
    story.when(first)
    draws(story, till, 500)
    story.when(till.give(125, line("veg", 1_000)))
    story.at("2026-05-02 09:00:00").when(till.refund(first, line("veg", 400))).then("00", card_cents=80)
    undone = till.draw(20, line("veg", 300))
    story.when(undone).when(till.reverse(undone)).then("00")
    story.when(close("2026-05-02"))
    found = statement_of(story)
    assert [(one.kind, one.gross_cents, one.card_cents) for one in found] == [("draw", 1_100, 220), ("give", 0, -250)]
    batch = story.last
    assert isinstance(batch, BatchClosed)
    assert sum(one.card_cents for one in found) == batch.lines[0].net_cents == -30


def test_a_draw_and_a_give_that_were_declined_are_on_no_statement() -> None:
    story, till = market()
    draws(story, till, *(100,) * 5)
    story.at("2026-05-02 09:00:00").when(till.draw(30, line("veg", 9_000))).then("57").when(till.give(110, line("veg", 700)))
    story.then("57")
    assert [(one.kind, one.gross_cents, one.card_cents) for one in statement_of(story)] == [("draw", 500, 100)]


def test_what_another_producer_took_for_a_fund_is_on_no_statement_but_its_own() -> None:
    stall = TerminalId(b"dairy-01")
    story, till = market()
    story.and_given(*producer(DAIRY), terminal(stall, DAIRY))
    other = Till(stall)
    given_ = other.give(125, line("cheese", 1_000))
    story.when(given_).when(other.give(125, line("cheese", 400))).when(other.reverse(given_)).then("00", effect="undone")
    story.when(till.give(125, line("veg", 2_000)))
    assert [(one.kind, one.card_cents) for one in statement_of(story)] == [("give", -500)]


def report_of(events: Sequence[Event]) -> Solidarities:
    found = Solidarities()
    for at, event in enumerate(events, 1):
        found.take(event, at, at)
    return found


def test_coupons_and_gives_less_draws_are_what_the_fund_has_of_its_own() -> None:
    story, till = market()
    draws(story, till, 1_000, 2_000)
    story.when(till.give(125, line("veg", 1_000)))
    story.when(till.give(100, line("coupon", 700)))
    (report,) = report_of(story.history).reports()
    assert (report.given_cents, report.drawn_cents, report.own_cents) == (950, 600, 350)
    assert report.own_cents + report.other_cents == report.balance_cents == 1_000_350
    assert (report.lines, "Fewer than 5" in report.hidden) == ((), True)


def test_a_producer_whose_draws_are_large_beside_its_card_sales_is_named_for_a_person_to_look() -> None:
    story, till = market()
    draws(story, till, 5_000)
    assert list(report_of(story.history).watched()) == [("garden", 100)]
    story.when(close("2026-05-01"))
    assert list(report_of(story.history).watched()) == []


def cells(*draws_each: int) -> dict[tuple[str, int], tuple[int, int]]:
    return {(f"2026-05-{day:02d}", 2_000): (draws, draws * 10) for day, draws in enumerate(draws_each, 1)}


@pytest.mark.parametrize(
    ("each", "lines"),
    [
        ((7, 6), [7, 6]),
        ((7, 3, 2), [7, 5]),
        ((7, 6, 1), [7, 7]),  # a single draw takes the smallest line with it: no total tells of it
        ((9, 1), [10]),
        ((4,), []),
        ((), []),
    ],
)
def test_no_line_and_no_rest_of_the_report_is_of_fewer_than_five_draws(each: tuple[int, ...], lines: list[int]) -> None:
    found, hidden = suppressed(cells(*each))
    assert [one.draws for one in found] == lines
    assert sum(one.cents for one in found) == (sum(each) * 10 if lines else 0)
    assert bool(hidden) == (lines != list(each))
    assert all(one.draws >= 5 for one in found)
