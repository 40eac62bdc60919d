"""Law: a caisse that lives through every room is shown as its book has it, and shown again the same, byte for byte."""

import re
from collections import Counter
from datetime import date
from typing import Any

import pytest

from clearing.audit.sums import book_balances, in_books
from clearing.events.catalogue import Event
from clearing.events.interchange import InterchangeHeld, InterchangeReversed, InterchangeSold
from clearing.events.sales import AuthorisationDecided, CaptureDecided, RefundDecided, ReversalDecided, SaleDecided
from clearing.events.settlement import BatchLine
from clearing.projections.answers import BatchLineRow
from clearing.projections.generations import breaches
from clearing.projections.questions import ROWS_MAX, Questions
from clearing.projections.views import VIEWS, statements
from clearing.rules.book import Book
from clearing.rules.reductions.drawing import names_nobody
from clearing.rules.stalls.settlement import Batch
from tests.given_when_then import Story
from tests.lives.life import Life
from tests.projections.recording import ViewedCaisse

LONG_AGO, FAR_AHEAD = date(2017, 1, 1), date(2036, 12, 31)
OPERATIONS = (
    SaleDecided, AuthorisationDecided, CaptureDecided, ReversalDecided, RefundDecided, InterchangeSold, InterchangeReversed,
    InterchangeHeld,
)  # fmt: skip


async def check(questions: Questions, story: Story) -> None:
    assert await questions.position() == len(story.history)
    await check_purses(questions, story.book)
    await check_accounts(questions, story)
    await check_owed(questions, story)
    await check_batches(questions, story.book)
    await check_sales(questions, story)
    await check_days(questions, story)


async def check_purses(questions: Questions, book: Book) -> None:
    lapsed = {lot for lot, cohort in book.allocation.cohorts.items() if cohort.lapsed}
    totals: Counter[str] = Counter()
    for member in book.members.members.values():
        kinds = {*(purse.kind for purse in member.purses), *book.allocation.grants}
        held = {
            (kind, lot.id): lot.cents for kind in kinds for lot in book.allocation.open_purse(member, kind).lots
            if lot.cents and lot.id not in lapsed
        }  # fmt: skip
        shown = {(lot.purse, lot.lot): lot.cents for lot in await questions.purses(member.member) if lot.cents}
        assert shown == held, member.member
        for (kind, _), cents in held.items():
            totals[kind] += cents
    assert {one.purse: one.cents for one in await questions.purse_totals() if one.cents} == totals


async def check_accounts(questions: Questions, story: Story) -> None:
    shown = {one.account: one.cents for one in await questions.accounts()}
    assert shown == story.ledger.balances
    assert {name: -cents for name, cents in shown.items() if cents and in_books(name)} == book_balances(story.book)
    for account in await questions.accounts():
        entries = await questions.postings_of(account.account)
        assert len(entries) == min(account.postings, ROWS_MAX), account.account
        assert len(entries) == ROWS_MAX or sum(cents for _, cents in entries) == account.cents, account.account


async def check_owed(questions: Questions, story: Story) -> None:
    book = story.book
    shown = {one.producer: one for one in await questions.owed()}
    assert {name: one.owed_cents for name, one in shown.items() if one.owed_cents} == {
        name: owed.net_cents() for name, owed in book.settlement.owed.items() if owed.net_cents()
    }
    for name, one in shown.items():
        lines = [line for batch in book.settlement.batches.values() for line in batch.closed.lines if line.producer == name]
        assert one.settled_cents == sum(line.paid_cents for line in lines)
        goods = one.captured_cents - one.refunded_cents
        waiting = book.settlement.owed[name]  # type: ignore[index]
        assert goods == sum(line.captured_cents - line.refunded_cents - line.given_cents for line in lines) + (
            waiting.captured_cents - waiting.refunded_cents - waiting.given_cents
        )


async def check_batches(questions: Questions, book: Book) -> None:
    shown = await questions.batches()
    assert [one.batch for one in shown] == list(book.settlement.batches)
    after = 0
    for one, batch in zip(shown, book.settlement.batches.values(), strict=True):
        closed, exported = batch.closed, batch.exported
        assert (one.after_position, one.up_to, one.total_cents) == (after, closed.up_to, closed.total_cents)
        assert one.state == batch.state
        assert (one.message_id, one.file_sha256) == (
            (None, None) if exported is None else (exported.message_id, exported.file_sha256)
        )
        lines = {line.producer: line for line in await questions.batch_lines(one.batch)}
        assert {name: figures(line) for name, line in lines.items()} == {one.producer: figures(one) for one in closed.lines}
        assert {name: line.payout for name, line in lines.items()} == payouts(batch)
        after = closed.up_to


def figures(line: BatchLineRow | BatchLine) -> tuple[int, ...]:
    return (
        line.captured_cents, line.refunded_cents, line.given_cents, line.carried_cents, line.net_cents, line.paid_cents
    )  # fmt: skip


def payouts(batch: Batch) -> dict[str, str]:
    paid = {str(name): payout.state.value for name, payout in batch.payouts.items()}
    return {str(line.producer): "carried" for line in batch.closed.lines} | paid


async def check_sales(questions: Questions, story: Story) -> None:
    """Every operation that may be shown one by one is found; its state is what the book makes of it."""
    book = story.book
    expected = [position for position, event in enumerate(story.history, 1) if shown_alone(event)]
    found = await questions.find_sales()
    assert [row.position for row in found] == expected[: -ROWS_MAX - 1 : -1]
    for row in found:
        event: Any = story.history[row.position - 1]
        if isinstance(event, SaleDecided | AuthorisationDecided | CaptureDecided | InterchangeSold):
            assert row.state.replace("expired", "released") == book.operations[event.op.terminal, event.op.x].state, row
        elif isinstance(event, InterchangeHeld) and event.ref in book.interchange.holds:
            assert row.state == book.interchange.holds[event.ref].state, row


async def check_days(questions: Questions, story: Story) -> None:
    """The figures of all days, and each day's own, from the events one by one."""
    calendar = story.book.caisse.calendar
    answered: Counter[tuple[date, str]] = Counter()
    paid: Counter[tuple[date, str]] = Counter()
    for event, at_us in zip(story.history, story.instants, strict=True):
        day = calendar.day(at_us)
        if shown_alone(event):
            answered[day, str(event.code)] += 1  # type: ignore[attr-defined]
        for source, cents in sources(event):
            paid[day, source] += cents
    for day in sorted({day for day, _ in answered} | {day for day, _ in paid}):
        summary = await questions.summary(day, day)
        codes: Counter[str] = Counter()
        for one in summary.answers:
            codes[one.code] += one.operations
        assert codes == {code: number for (on, code), number in answered.items() if on == day}
        spent: Counter[str] = Counter()
        for part in summary.paid:
            spent[part.source] += part.cents
        assert {s: c for s, c in spent.items() if c} == {s: c for (on, s), c in paid.items() if on == day and c}
    whole = await questions.summary(LONG_AGO, FAR_AHEAD)
    assert sum(one.operations for one in whole.answers) == sum(answered.values())


def shown_alone(event: Event) -> bool:
    """An operation of a terminal, but for what undoes a draw or a give."""
    drawn = isinstance(event, ReversalDecided | RefundDecided) and names_nobody(event)
    return isinstance(event, OPERATIONS) and not drawn


def sources(event: Event) -> list[tuple[str, int]]:
    if isinstance(event, SaleDecided | CaptureDecided):
        return [(share.source, share.cents) for share in event.shares]
    if isinstance(event, InterchangeSold):
        return [(f"interchange:{event.issuer}", cents) for cents in event.approved_lines]
    return []


async def rows_of(viewed: ViewedCaisse, generation: int) -> dict[str, list[str]]:
    """Every row of every table of a generation, as text."""
    made = "".join(statements(view.file, viewed.schema, generation)["create"] for view in VIEWS)
    found = {}
    async with viewed.caisse.connection() as admin:
        for name in re.findall(r"CREATE TABLE \S+?\.(\w+)", made):
            rows = await admin.fetch(f"SELECT t::text AS row FROM {viewed.schema}.{name} AS t ORDER BY 1")
            found[name.removesuffix(f"_{generation}")] = [row["row"] for row in rows]
    return found


@pytest.mark.parametrize(("seed", "page_events"), [(1, 1), (2, 23), (3, 1_000), (4, 64)])
async def test_a_life_through_every_room_is_shown_as_its_book_has_it_and_rebuilt_the_same(
    viewed: ViewedCaisse, seed: int, page_events: int
) -> None:
    life = Life(seed)
    for acts in (60, 160):
        life.live(acts)
        await viewed.record_story(life.story)
        await viewed.project(page_events=page_events)
        async with viewed.asked() as questions:
            await check(questions, life.story)
    async with viewed.caisse.connection() as admin:
        assert await breaches(admin, viewed.schema, 1) == []


@pytest.mark.parametrize("seed", [6, 7])
async def test_a_rebuild_of_a_life_gives_the_same_bytes(viewed: ViewedCaisse, seed: int) -> None:
    life = Life(seed).to_its_end(250)
    await viewed.record_story(life.story)
    await viewed.project(page_events=50)
    before = await rows_of(viewed, 1)
    assert sum(map(len, before.values())) > len(life.story.history)
    report, _ = await viewed.rebuild(page_events=50)
    assert (report.flipped, report.differences, report.breaches) == (True, (), ())
    assert await rows_of(viewed, report.generation) == before
    async with viewed.asked() as questions:
        await check(questions, life.story)


async def test_a_tampered_reserve_of_an_order_or_abroad_is_a_breach(viewed: ViewedCaisse) -> None:
    life = Life(8).live(220)
    await viewed.record_story(life.story)
    await viewed.project()
    async with viewed.caisse.connection() as admin:
        await admin.execute(f"UPDATE {viewed.schema}.reserves_1 SET cents = cents + 1")
        told = await breaches(admin, viewed.schema, 1)
        assert [line.split(":")[0] for line in told] == ["held cents", "cents held for sales abroad"]
        await admin.execute(f"UPDATE {viewed.schema}.reserves_1 SET cents = -1")
        assert any("is below zero" in line for line in await breaches(admin, viewed.schema, 1))
