"""Law: after any life of a caisse, every view equals what plain dicts say, whatever the size of the pages."""

import pytest

from clearing.projections.generations import breaches
from clearing.projections.questions import Questions
from clearing.rules.postings import Ledger
from clearing.values import Position
from tests.projections.random_caisse import RandomCaisse
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


async def test_a_tampered_total_is_a_breach(viewed: ViewedCaisse) -> None:
    story = RandomCaisse(5).live(100)
    await viewed.record_all(story)
    await viewed.project()
    async with viewed.caisse.connection() as admin:
        await admin.execute(f"UPDATE {viewed.schema}.owed_totals_1 SET captured_cents = 1 WHERE producer = 'p0'")
        found = await breaches(admin, viewed.schema, 1)
    assert len(found) == 2
    assert any(line.startswith("owed to p0: ") for line in found)
    assert any(line.startswith("pages of p0: ") for line in found)
