"""Law: a rebuild equals what runs, is shown in one moment, and a rebuild that went wrong changes nothing that people see."""

import asyncio
from collections.abc import Sequence
from datetime import date

import pytest

from clearing.postgres import Embedded
from clearing.projections import owed
from clearing.projections.generations import GenerationGone, make, totals
from clearing.projections.page import Page, Write, Writes
from clearing.projections.questions import Questions
from clearing.projections.reading import LogHole
from clearing.projections.rebuild import rebuild
from clearing.projections.views import VIEWS, Origins, View
from tests.postgres_server import fresh_caisse
from tests.projections.random_caisse import RandomCaisse
from tests.projections.recording import ViewedCaisse
from tests.projections.test_views import check


def forgetful(page: Page, origins: Origins) -> Writes:
    """A program that counts one cent too little for every producer."""
    totals, *entries = owed.writes(page)
    assert isinstance(totals, Write)
    producers, captured, *others = totals.arguments
    return [Write("owe", (producers, [cents - 1 for cents in captured], *others)), *entries]


def deaf(page: Page, origins: Origins) -> Writes:
    """A program that never heard of batches, but whose sums hold together."""
    return []


def with_view(file: str, view: View) -> Sequence[View]:
    return tuple(view if each.file == file else each for each in VIEWS)


async def tables(viewed: ViewedCaisse) -> set[str]:
    """Generations that have tables."""
    async with viewed.caisse.connection() as admin:
        rows = await admin.fetch("SELECT tablename FROM pg_tables WHERE schemaname = $1", viewed.schema)
        return {name.rpartition("_")[2] for (name,) in rows if name.startswith(("sales_", "owed_totals_", "batch_lines_"))}


@pytest.mark.parametrize("page_events", [9, 1_000])
async def test_a_rebuild_equals_the_running_views_and_is_shown(viewed: ViewedCaisse, page_events: int) -> None:
    story = RandomCaisse(20 + page_events).live(300)
    await viewed.record_all(story)
    await viewed.project(page_events=13)
    async with viewed.caisse.connection() as admin:
        before = await totals(admin, viewed.schema, 1)
    report, said = await viewed.rebuild(page_events=page_events)
    assert (report.flipped, report.generation, report.position) == (True, 2, len(story.events))
    assert (report.differences, report.breaches) == ((), ())
    assert said[-2:] == ["generation 2 is shown now", "generation 1 was dropped"]
    assert await tables(viewed) == {"2"}
    async with viewed.caisse.connection() as admin:
        assert await totals(admin, viewed.schema, 2) == before
    async with viewed.asked() as questions:
        await check(questions, story)


async def test_a_rebuild_waits_for_running_views_that_are_behind(viewed: ViewedCaisse) -> None:
    story = RandomCaisse(21).live(100)
    await viewed.record_all(story)
    report, _ = await viewed.rebuild()
    assert (report.flipped, report.differences) == (True, ())
    async with viewed.asked() as questions:
        await check(questions, story)


async def test_a_runner_follows_the_flip_while_the_log_grows(viewed: ViewedCaisse) -> None:
    story = RandomCaisse(22).live(100)
    await viewed.record_all(story)
    stop = asyncio.Event()
    async with viewed.runner(page_events=20) as runner:
        following = asyncio.create_task(runner.run(stop, poll_s=0.001))
        for generation in (2, 3, 4):
            rebuilding = asyncio.create_task(viewed.rebuild(page_events=25))
            story.live(60)
            await viewed.record_all(story)
            report, _ = await rebuilding
            assert (report.flipped, report.generation) == (True, generation)
        async with asyncio.timeout(60):
            await runner.reached(len(story.events))
        stop.set()
        await following
    async with viewed.asked() as questions:
        await check(questions, story)


async def test_a_reader_with_prepared_questions_reads_on_over_a_flip(viewed: ViewedCaisse) -> None:
    story = RandomCaisse(23).live(80)
    await viewed.record_all(story)
    await viewed.project()
    async with viewed.asked() as questions:
        before = await questions.summary(date(2017, 1, 1), date(2017, 12, 31))
        await viewed.rebuild()
        assert await questions.summary(date(2017, 1, 1), date(2017, 12, 31)) == before


async def test_a_rebuild_that_contradicts_itself_is_never_shown(viewed: ViewedCaisse) -> None:
    story = RandomCaisse(24).live(100)
    await viewed.record_all(story)
    await viewed.project()
    for accept in (False, True):
        report, said = await viewed.rebuild(
            views=with_view(owed.FILE, View(owed.FILE, forgetful)), accept_differences=accept
        )
        assert (report.flipped, report.generation) == (False, 1)
        assert any(line.startswith("owed to p0: ") for line in report.breaches)
        assert set(report.breaches) <= set(said)
    assert await tables(viewed) == {"1"}
    async with viewed.asked() as questions:
        await check(questions, story)


async def test_another_result_is_shown_only_when_somebody_accepts_it(viewed: ViewedCaisse) -> None:
    story = RandomCaisse(25).live(200)
    await viewed.record_all(story)
    await viewed.project()
    assert story.batches
    views = with_view("batches.sql", View("batches.sql", deaf))
    refused, said = await viewed.rebuild(views=views)
    assert (refused.flipped, refused.breaches, await tables(viewed)) == (False, (), {"1"})
    cents = sum(batch.total_cents for batch in story.batches)
    assert f"batches: cents in batches: running {cents}, rebuilt 0" in refused.differences
    assert "generation 1 stays as it was" in said
    accepted, _ = await viewed.rebuild(views=views, accept_differences=True)
    assert (accepted.flipped, accepted.generation) == (True, 2)
    mended, _ = await viewed.rebuild(accept_differences=True)
    assert (mended.flipped, mended.differences != ()) == (True, True)
    async with viewed.asked() as questions:
        await check(questions, story)


async def test_a_rebuild_over_a_hole_leaves_everything_as_it_was(viewed: ViewedCaisse) -> None:
    story = RandomCaisse(26).live(100)
    await viewed.record_all(story)
    await viewed.project()
    lost = next(sold.position for sold in story.sold if sold.position > 40)
    async with viewed.caisse.connection() as admin, viewed.asked() as questions:
        await admin.execute("SET session_replication_role = replica")
        await admin.execute(f"CREATE TEMP TABLE backup AS SELECT * FROM {viewed.schema}.events WHERE position = {lost}")
        await admin.execute(f"DELETE FROM {viewed.schema}.events WHERE position = {lost}")
        with pytest.raises(LogHole, match=f"has no event {lost}"):
            await viewed.rebuild()
        assert await tables(viewed) == {"1"}
        with pytest.raises(LogHole, match=f"has no event {lost}.*clearing audit"):
            await questions.sale(lost)
        await admin.execute(f"INSERT INTO {viewed.schema}.events SELECT * FROM backup")
        await check(questions, story)


async def test_what_an_earlier_rebuild_left_is_cleared_away(viewed: ViewedCaisse) -> None:
    story = RandomCaisse(27).live(50)
    await viewed.record_all(story)
    await viewed.project()
    async with viewed.caisse.connection() as admin:
        assert await make(admin, viewed.schema) == 2  # a rebuild that was killed
    report, said = await viewed.rebuild()
    assert (report.flipped, report.generation) == (True, 2)
    assert said[0] == "generation 2 was dropped"
    assert await tables(viewed) == {"2"}


async def test_without_running_views_there_is_nothing_to_rebuild(server: Embedded) -> None:
    caisse = await fresh_caisse(server)
    said: list[str] = []
    with pytest.raises(GenerationGone, match="set them up"):
        await rebuild(caisse.dsn("clearing_admin"), caisse.dsn("clearing_projector"), caisse.schema, said.append)
    assert said[-1] == "generation 1 was dropped"
    async with caisse.connection() as admin:
        assert await admin.fetchval("SELECT count(*) FROM pg_tables WHERE tablename LIKE 'sales_%' AND schemaname = $1",
                                    caisse.schema) == 0  # fmt: skip


async def test_a_reader_in_the_middle_of_a_report_keeps_its_figures_and_the_flip_waits(viewed: ViewedCaisse) -> None:
    story = RandomCaisse(28).live(80)
    await viewed.record_all(story)
    await viewed.project()
    async with viewed.asked() as questions:
        async with questions.at_one_position():
            before = await questions.accounts()
            waits = asyncio.Event()
            listen = lambda line: waits.set() if "trying again" in line else None  # noqa: E731 - one use
            rebuilding = asyncio.create_task(viewed.rebuild(listen=listen))
            await asyncio.wait_for(waits.wait(), 60)
            assert await questions.accounts() == before
            await check(questions, story)
            assert await tables(viewed) == {"1", "2"}
        report, _ = await rebuilding
        assert (report.flipped, report.generation) == (True, 2)
        await check(questions, story)


OLDER = """
CREATE TABLE {schema}.sales_1 (position bigint);
CREATE TABLE {schema}.sale_shares_1 (position bigint);
CREATE TABLE {schema}.balance_moves_1 (member text);
CREATE VIEW {schema}.purse_lots_1 AS SELECT member FROM {schema}.balance_moves_1;
CREATE TABLE {schema}.owed_entries_1 (position bigint);
CREATE TABLE {schema}.ledger_entries_1 (position bigint);
CREATE TABLE {schema}.batch_lines_1 (batch bigint);
CREATE VIEW {schema}.sales AS SELECT position FROM {schema}.sales_1;
CREATE VIEW {schema}.sale_shares AS SELECT position FROM {schema}.sale_shares_1;
CREATE VIEW {schema}.purse_lots AS SELECT member FROM {schema}.purse_lots_1;
CREATE VIEW {schema}.owed_entries AS SELECT position FROM {schema}.owed_entries_1;
CREATE VIEW {schema}.ledger_postings AS SELECT position FROM {schema}.ledger_entries_1;
INSERT INTO {schema}.projections (name, version, position, live) VALUES ('views', 1, 12, true);
CREATE VIEW {schema}.views_position AS SELECT position FROM {schema}.projections WHERE name = 'views' AND version = 1;
GRANT SELECT ON {schema}.views_position TO clearing_reader;
"""
"""What a program of decision 0006 left, as far as its names matter."""


async def test_tables_of_an_older_shape_are_replaced_at_set_up_and_filled_from_the_log(server: Embedded) -> None:
    caisse = await fresh_caisse(server)
    async with caisse.connection() as admin:
        await admin.execute("SET ROLE clearing_owner; " + OLDER.replace("{schema}", caisse.schema))
        async with caisse.connection("clearing_reader") as reader:
            with pytest.raises(GenerationGone, match=r"no views of this program yet.*`clearing serve` makes them"):
                await Questions(reader, caisse.schema).summary(date(2017, 1, 1), date(2017, 1, 2))
        with pytest.raises(GenerationGone, match="set them up, which `clearing serve` does"):
            await rebuild(caisse.dsn("clearing_admin"), caisse.dsn("clearing_projector"), caisse.schema, print)
    viewed = await ViewedCaisse.founded(caisse)
    story = RandomCaisse(29).live(80)
    await viewed.record_all(story)
    await viewed.project()
    assert len(await tables(viewed)) == 1
    async with viewed.asked() as questions:
        await check(questions, story)
    async with viewed.caisse.connection() as admin:
        left = await admin.fetch(
            "SELECT relname FROM pg_class WHERE relnamespace = $1::regnamespace AND relname ~ $2", viewed.schema,
            "^(sale_shares|owed_entries|ledger_entries|ledger_postings|purse_lots_1)",
        )
        assert left == []
    await viewed.close()
