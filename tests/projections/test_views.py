"""Law: after any life of a caisse, every view equals what plain dicts say, whatever the size of the pages."""

from collections import Counter
from collections.abc import Sequence

import pytest

from clearing.events.sales import CaptureDecided, RefundDecided, ReversalDecided, SaleDecided
from clearing.projections import balances
from clearing.projections.generations import breaches
from clearing.projections.operations import operation
from clearing.projections.page import Page, Write, Writes
from clearing.projections.questions import Questions
from clearing.projections.views import VIEWS, Origins as Known, View
from clearing.rules.ledger.postings import Ledger, Origins, legs
from clearing.values import Position
from tests.projections.random_caisse import RandomCaisse
from tests.projections.random_money import PRODUCERS
from tests.projections.recording import ViewedCaisse


async def check(questions: Questions, story: RandomCaisse) -> None:
    assert await questions.position() == len(story.events)
    await check_purses(questions, story)
    await check_accounts(questions, story)
    await check_owed(questions, story)
    await check_sales(questions, story)
    await check_batches(questions, story)


async def check_purses(questions: Questions, story: RandomCaisse) -> None:
    expected = {key: cents for key, cents in story.lots.items() if cents}
    found = {
        (member, lot.purse, lot.lot): lot.cents for member in story.members for lot in await questions.purses(member)
    }
    assert found == expected
    totals = {one.purse: one.cents for one in await questions.purse_totals()}
    assert sum(totals.values()) == sum(expected.values())


async def check_accounts(questions: Questions, story: RandomCaisse) -> None:
    ledger = Ledger()
    for position, event in enumerate(story.events, 1):
        ledger.post(event, Position(position))
    found = {one.account: one.cents for one in await questions.accounts()}
    assert found == ledger.balances
    assert {name: cents for name, cents in found.items() if cents} == {n: c for n, c in story.accounts.items() if c}
    assert sum(found.values()) == 0


async def check_owed(questions: Questions, story: RandomCaisse) -> None:
    found = {one.producer: (one.captured_cents, one.refunded_cents, one.settled_cents) for one in await questions.owed()}
    assert found == {producer: tuple(sums) for producer, sums in story.taken.items()}
    owed = {one.producer: one.owed_cents for one in await questions.owed()}
    assert owed == {producer: -story.accounts[f"owed:{producer}"] for producer in story.taken}


async def check_sales(questions: Questions, story: RandomCaisse) -> None:
    for sold in story.sold:
        [found] = await questions.sale(sold.position)
        paid = sum(share.cents for share in sold.shares if share.step != "surplus")
        assert (found.row.state, found.row.approved_cents, found.row.x) == (sold.state, paid, sold.op.x)
        assert sum(share.cents for share in found.shares) == sum(share.cents for share in sold.shares)
        left = sum(sum(cents) for share, cents in zip(sold.shares, sold.left, strict=False) if share.step != "surplus")
        gone, held = paid - left if sold.left else 0, found.row.kind == "authorisation"
        assert (found.row.captured_cents, found.row.released_cents) == ((0, gone) if held else (paid, 0))
        assert found.row.given_back_cents == (0 if held else gone)
        assert all(later.original_position == sold.position for later in found.later)


async def check_batches(questions: Questions, story: RandomCaisse) -> None:
    batches = await questions.batches()
    assert [(b.batch, b.up_to, b.total_cents) for b in batches] == [
        (b.batch, b.up_to, b.total_cents) for b in story.batches
    ]
    assert [b.after_position for b in batches] == [0, *(b.up_to for b in batches)][: len(batches)]
    for batch in batches:
        for line in await questions.batch_lines(batch.batch):
            unsent = "carried" if not line.paid_cents else "waiting"
            assert line.payout == story.payouts.get((batch.batch, line.producer), unsent)


@pytest.mark.parametrize("page_events", [1, 7, 1_000])
async def test_views_equal_plain_dicts_whatever_the_size_of_the_pages(viewed: ViewedCaisse, page_events: int) -> None:
    story = RandomCaisse(page_events).live(250)
    await viewed.record_all(story)
    pages = await viewed.project(page_events=page_events)
    assert pages == -(-len(story.events) // page_events)
    async with viewed.asked() as questions:
        await check(questions, story)


@pytest.mark.parametrize("seed", range(3))
async def test_views_equal_plain_dicts_again_and_again_as_the_log_grows(viewed: ViewedCaisse, seed: int) -> None:
    story = RandomCaisse(1_000 + seed)
    for operations in (0, 120, 300):
        story.live(operations)
        await viewed.record_all(story)
        await viewed.project(page_events=100)
        async with viewed.asked() as questions:
            await check(questions, story)
    async with viewed.caisse.connection() as admin:
        assert await breaches(admin, viewed.schema, 1) == []


async def test_every_figure_drills_down_to_events(viewed: ViewedCaisse) -> None:
    story = RandomCaisse(5).live(200)
    await viewed.record_all(story)
    await viewed.project()
    ledger = Ledger()
    legs = {position: ledger.post(event, Position(position)) for position, event in enumerate(story.events, 1)}
    async with viewed.asked() as questions:
        for account in await questions.accounts():
            entries = await questions.postings_of(account.account)
            assert sum(cents for _, cents in entries) == account.cents
            assert len(entries) == account.postings
        for position, expected in legs.items():
            assert await questions.postings_at(position) == expected


def folding(events: int) -> Sequence[View]:
    """Views that fold what sales took so often."""

    def writes(page: Page, _: Known) -> Writes:
        *others, fold = balances.writes(page)
        assert isinstance(fold, Write)
        return [*others, Write(fold.statement, (page.last, events))]

    return tuple(View(view.file, writes) if view.file == balances.FILE else view for view in VIEWS)


@pytest.mark.parametrize("fold_events", [1, 40, 130])
async def test_purses_are_the_same_however_often_sales_are_folded_into_them(viewed: ViewedCaisse, fold_events: int) -> None:
    story = RandomCaisse(40 + fold_events)
    for operations in (200, 150):
        story.live(operations)
        await viewed.record_all(story)
        async with viewed.runner(page_events=30, views=folding(fold_events)) as runner:
            await runner.run_to(len(story.events))
        async with viewed.asked() as questions:
            await check_purses(questions, story)
    async with viewed.caisse.connection() as admin:
        assert await breaches(admin, viewed.schema, 1) == []
        folded = await admin.fetchval(f"SELECT position FROM {viewed.schema}.balance_fold_1")
        assert len(story.events) - fold_events - 30 < folded <= len(story.events)


@pytest.mark.parametrize("page_events", [3, 1_000])
async def test_sales_of_a_producer_are_found_over_all_pages_newest_first(viewed: ViewedCaisse, page_events: int) -> None:
    story = RandomCaisse(50 + page_events).live(250)
    await viewed.record_all(story)
    await viewed.project(page_events=page_events)
    by_producer: dict[str, list[int]] = {producer: [] for producer in PRODUCERS}
    for position, event in enumerate(story.events, 1):
        done = operation(event)
        if done is not None:
            by_producer[done.op.producer].insert(0, position)
    async with viewed.asked() as questions:
        for producer, positions in by_producer.items():
            assert [row.position for row in await questions.find_sales(producer=producer)] == positions
            assert [row.position for row in await questions.find_sales(producer=producer, limit=3)] == positions[:3]
            [first, *_] = await questions.find_sales(producer=producer, code="10", limit=1)
            assert first.code == "10"


@pytest.mark.parametrize("page_events", [4, 1_000])
async def test_statements_add_up_to_what_the_ledger_owed_for_goods(viewed: ViewedCaisse, page_events: int) -> None:
    story = RandomCaisse(60 + page_events).live(400)
    await viewed.record_all(story)
    await viewed.project(page_events=page_events)
    assert len(story.batches) > 1
    known = Origins({f"lot:{lot}": fund or "" for lot, fund in story.lot_funds.items()})
    moved: dict[tuple[int, str], int] = Counter()
    after = 0
    for batch in story.batches:
        for position in range(after + 1, batch.up_to + 1):
            event = story.events[position - 1]
            if isinstance(event, SaleDecided | CaptureDecided | RefundDecided | ReversalDecided):
                for account, cents in legs(event, known).items():
                    moved[batch.batch, account] -= cents
        after = batch.up_to
    async with viewed.asked() as questions:
        for batch in story.batches:
            for producer in PRODUCERS:
                rows = await questions.statement(batch.batch, producer)
                assert sum(row.card_cents for row in rows) == moved[batch.batch, f"owed:{producer}"]
                assert [row.position for row in rows] == sorted(row.position for row in rows)
                assert all(row.sale_position == row.position for row in rows if row.kind == "capture")


TAMPERED = (
    ("owed_totals_1 SET captured_cents = captured_cents + 1 WHERE producer = 'p0'", {"owed to p0", "pages of p0"}),
    ("producer_pages_1 SET captured_cents = captured_cents + 1 WHERE captures > 0",
     {f"pages of {producer}" for producer in PRODUCERS} | {"taken by producers on "}),
    ("day_paid_1 SET cents = cents + 1 WHERE step = 'tariff'", {"captured on ", "taken by producers on "}),
    ("day_answers_1 SET operations = operations + 1 WHERE code = '51'", {"operations answered 51 on "}),
    ("ledger_totals_1 SET debit_cents = debit_cents + 1 WHERE account = 'bank'",
     {"all accounts of the ledger together", "pages of account bank"}),
    ("ledger_pages_1 SET credit_cents = credit_cents + 1 WHERE account = 'purse:own'", {"pages of account purse:own"}),
    ("holds_1 SET cents = cents + 1", {"held cents"}),
    ("sale_changes_1 SET state = '' WHERE state IN ('released', 'delivered')", {"held cents"}),
    ("sales_1 SET uses = replace(uses, 'own', 'credit')", {"purses of kind credit", "purses of kind own"}),
)  # fmt: skip


@pytest.mark.parametrize(("change", "found"), TAMPERED, ids=[change.split()[0] for change, _ in TAMPERED])
async def test_a_tampered_figure_is_a_breach(viewed: ViewedCaisse, change: str, found: set[str]) -> None:
    story = RandomCaisse(5).live(300)
    await viewed.record_all(story)
    await viewed.project()
    async with viewed.caisse.connection() as admin:
        assert await breaches(admin, viewed.schema, 1) == []
        await admin.execute(f"UPDATE {viewed.schema}.{change}")
        told = await breaches(admin, viewed.schema, 1)
    for one in found:
        assert any(line.startswith(one) for line in told), (one, told)
