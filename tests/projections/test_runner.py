"""Law: a page is written with its checkpoint or not at all; a hole halts; more runners than one change nothing."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager

import asyncpg
import pytest

from clearing.event_store import reader as reader_module
from clearing.event_store.connection import Connection, DatabaseGone, connect_again
from clearing.events.codec import UnreadableEvent
from clearing.events.funds import MoneyReceived
from clearing.events.sales import HoldExpired
from clearing.projections import ledger, owed, runner as runner_module
from clearing.projections.generations import GenerationGone, breaches, install
from clearing.projections.page import Page, Write, Writes
from clearing.projections.reading import LogHole
from clearing.projections.views import VIEWS, Origins, View
from clearing.rules.ledger.postings import UnexplainedPosting
from clearing.values import Cents, FundId, PersonId
from tests.projections.random_caisse import START_US, RandomCaisse
from tests.projections.recording import ViewedCaisse
from tests.projections.test_views import check

FOUNDED = RandomCaisse(0).events[:1]


async def figures(viewed: ViewedCaisse) -> tuple[int, dict[str, int]]:
    """The checkpoint, and every account, as a reader sees them at one moment."""
    async with viewed.asked() as questions, questions.at_one_position():
        return await questions.position(), {one.account: one.cents for one in await questions.accounts()}


async def positions(viewed: ViewedCaisse) -> set[int]:
    """Positions that left rows: of operations, and the last ones of pages."""
    async with viewed.caisse.connection() as admin:
        statement = f"SELECT position FROM {viewed.schema}.sales UNION SELECT last FROM {viewed.schema}.ledger_pages"
        return {row[0] for row in await admin.fetch(statement)}


async def test_the_last_view_failing_takes_the_whole_page_and_its_checkpoint_back(viewed: ViewedCaisse) -> None:
    def breaks(page: Page, _: Origins) -> Writes:
        raise RuntimeError(f"a fault after position {page.first}")

    story = RandomCaisse(1).live(50)
    await viewed.record_all(story)
    async with viewed.runner(views=(*VIEWS, View(ledger.FILE, breaks)), page_events=20) as runner:
        with pytest.raises(RuntimeError, match="a fault after position 1"):
            await runner.step()
    assert await figures(viewed) == (0, {})
    assert await positions(viewed) == set()
    await viewed.project(page_events=20)
    async with viewed.asked() as questions:
        await check(questions, story)


async def test_a_crash_between_any_two_pages_is_harmless(viewed: ViewedCaisse) -> None:
    story = RandomCaisse(2).live(120)
    await viewed.record_all(story)
    steps = 0
    while steps * 10 < len(story.events):
        async with viewed.runner(page_events=10) as runner:  # a new process for each page
            await runner.step()
        steps += 1
    async with viewed.asked() as questions:
        await check(questions, story)


async def test_a_server_that_ends_the_session_in_the_middle_loses_and_doubles_nothing(viewed: ViewedCaisse) -> None:
    story = RandomCaisse(3).live(150)
    await viewed.record_all(story)
    async with viewed.runner(page_events=10) as runner, viewed.caisse.connection() as admin:
        whose = f"clearing projector {viewed.schema}"
        end = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '{whose}'"
        while runner.position < len(story.events):
            await asyncio.gather(runner.step(), admin.execute(end))  # ends it now before, now within, now after the page
            await runner.step()
    async with viewed.asked() as questions:
        await check(questions, story)


async def test_a_database_that_stays_away_for_long_is_followed_when_it_is_back(
    viewed: ViewedCaisse, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def gone(_dsn: str, *, name: str) -> Connection:
        raise DatabaseGone(f"PostgreSQL has not answered for 120 s ({name})")

    def is_away(away: bool) -> None:
        for module in (runner_module, reader_module):
            monkeypatch.setattr(module, "connect_again", gone if away else connect_again)

    story = RandomCaisse(3).live(150)
    await viewed.record_all(story)
    async with viewed.runner(page_events=10) as runner:
        for whose in ("reader", "projector"):
            await runner.step()
            is_away(True)
            async with viewed.caisse.connection() as admin:
                name = f"clearing {whose} {viewed.schema}"
                await admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1", name)
            shown = [await runner.step() for _ in range(2 * runner_module.LOSSES_MAX)]
            assert shown[-1] == 0, "it went on asking"
            with pytest.raises(DatabaseGone):
                await runner.run_to(len(story.events))  # here somebody waits
            is_away(False)
        await runner.run_to(len(story.events))
    async with viewed.asked() as questions:
        await check(questions, story)


async def test_runners_that_race_write_every_page_once(viewed: ViewedCaisse) -> None:
    story = RandomCaisse(4).live(200)
    await viewed.record_all(story)
    written = [0, 0, 0]

    async def race(place: int) -> None:
        async with viewed.runner(page_events=5) as runner:
            while runner.position < len(story.events):
                written[place] += await runner.step()

    await asyncio.gather(race(0), race(1), race(2))
    assert sum(written) == len(story.events)
    async with viewed.asked() as questions:
        await check(questions, story)


async def test_a_slower_runner_finds_the_page_written_and_goes_on_behind_it(viewed: ViewedCaisse) -> None:
    story = RandomCaisse(4).live(40)
    await viewed.record_all(story)
    async with viewed.runner(page_events=10) as slow, viewed.runner(page_events=10) as fast:
        assert await slow.step() == 10
        assert await fast.step() == 10
        assert await slow.step() == 0
        assert await slow.step() == 10
        assert slow.position == 30


@asynccontextmanager
async def damaged(viewed: ViewedCaisse, statement: str) -> AsyncIterator[None]:
    """What only a superuser without the guards can do to a log."""
    async with viewed.caisse.connection() as admin:
        await admin.execute("SET session_replication_role = replica")
        await admin.execute(statement)
    yield


async def test_a_hole_halts_before_anything_of_its_page_is_shown(viewed: ViewedCaisse) -> None:
    story = RandomCaisse(5).live(60)
    await viewed.record_all(story)
    statement = f"DELETE FROM {viewed.schema}.events WHERE position = 25"
    async with damaged(viewed, statement), viewed.runner(page_events=10) as runner:
        assert [await runner.step(), await runner.step()] == [10, 10]
        for _ in range(2):
            with pytest.raises(LogHole, match=r"has no event 25: after 24 comes 26.*clearing audit"):
                await runner.step()
    assert (await figures(viewed))[0] == 20
    assert max(await positions(viewed)) <= 20


async def test_an_event_of_a_newer_program_halts_and_says_so(viewed: ViewedCaisse) -> None:
    story = RandomCaisse(6)
    await viewed.record_all(story)
    statement = f"UPDATE {viewed.schema}.events SET type = 999 WHERE position = 3"
    async with damaged(viewed, statement), viewed.runner() as runner:
        with pytest.raises(UnreadableEvent, match="event type 999 is unknown here"):
            await runner.step()
    assert (await figures(viewed))[0] == 0


async def test_a_sale_that_is_not_what_it_must_be_halts_and_says_so(viewed: ViewedCaisse) -> None:
    story = RandomCaisse(6).live(20)
    await viewed.record_all(story)
    at = story.sold[0].position
    statement = f"UPDATE {viewed.schema}.events SET private = E'\\\\x950102030405' WHERE position = {at}"
    async with damaged(viewed, statement), viewed.runner() as runner:
        with pytest.raises(UnreadableEvent, match="does not have its form"):
            await runner.step()
    assert (await figures(viewed))[0] == 0


async def test_the_lag_is_the_age_of_the_oldest_event_that_is_not_shown(viewed: ViewedCaisse) -> None:
    story = RandomCaisse(13).live(30)
    await viewed.record_all(story)
    now_us = story.at_us[-1] + 5_000_000
    async with viewed.runner(page_events=20) as runner:
        assert (await runner.lag_events(), runner.lag_s(now_us)) == (len(story.events), 0)
        await runner.step()
        assert runner.lag_s(now_us) == (now_us - story.at_us[19]) / 1_000_000
        while await runner.step():
            pass
        assert (await runner.lag_events(), runner.lag_s(now_us)) == (0, 0)
    statement = f"DELETE FROM {viewed.schema}.events WHERE position = {len(story.events) + 2}"
    await viewed.record(story.events[-3:], [story.at_us[-1] + i for i in (1, 2, 3)])
    async with damaged(viewed, statement), viewed.runner() as runner:
        for _ in range(2):
            with pytest.raises(LogHole):
                await runner.step()
            assert runner.lag_s(now_us) == (now_us - story.at_us[-1] - 1) / 1_000_000


async def test_money_that_no_event_explains_halts(viewed: ViewedCaisse) -> None:
    story = RandomCaisse(17)
    stray = next(
        event for event in RandomCaisse(17).live(2_000).events
        if isinstance(event, HoldExpired) and any(lot.outcome == "lapsed" for part in event.released for lot in part.lots)
    )  # fmt: skip
    await viewed.record([*story.events[:1], stray], story.at_us[:2])
    async with viewed.runner() as runner:
        with pytest.raises(UnexplainedPosting, match="no earlier event names its fund"):
            await runner.step()
    assert await figures(viewed) == (0, {})


async def test_without_tables_it_says_what_to_do(viewed: ViewedCaisse) -> None:
    async with viewed.runner(generation=9) as runner:
        with pytest.raises(GenerationGone, match="set them up"):
            await runner.step()


async def test_a_second_set_up_changes_nothing(viewed: ViewedCaisse) -> None:
    story = RandomCaisse(9).live(30)
    await viewed.record_all(story)
    await viewed.project()
    async with viewed.caisse.connection() as admin:
        await install(admin, viewed.schema)
    async with viewed.asked() as questions:
        await check(questions, story)


async def until(there: Callable[[], bool]) -> None:
    while not there():
        await asyncio.sleep(0.001)


async def test_a_runner_that_is_woken_shows_an_event_without_waiting_for_its_poll(viewed: ViewedCaisse) -> None:
    stop, wake = asyncio.Event(), asyncio.Event()
    async with viewed.runner() as runner:
        following = asyncio.create_task(runner.run(stop, wake=wake, poll_s=3_600))
        for number in range(1, 4):
            event = MoneyReceived(fund=FundId("general"), cents=Cents(5), reference="", by=PersonId("tina"))
            events = [*FOUNDED, event] if number == 1 else [event]
            first = viewed.log.head.position + 1
            await viewed.record(events, [START_US + first + i for i in range(len(events))])
            wake.set()
            async with asyncio.timeout(30):
                await runner.reached(viewed.log.head.position)
            assert (await figures(viewed))[1]["bank"] == 5 * number
        stop.set()
        wake.set()
        await following
        assert await runner.lag_events() == 0


async def test_a_runner_polls_when_nobody_wakes_it_and_stops_at_once(viewed: ViewedCaisse) -> None:
    stop = asyncio.Event()
    await viewed.record(FOUNDED, [START_US])
    async with viewed.runner() as runner:
        following = asyncio.create_task(runner.run(stop, poll_s=0.001))
        async with asyncio.timeout(30):
            await runner.reached(1)
        stop.set()
        await following
    assert (await figures(viewed))[0] == 1


async def test_a_quiet_log_is_looked_at_less_and_less_often(
    viewed: ViewedCaisse, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    stop, wait_for = asyncio.Event(), asyncio.wait_for

    async def waited(waiting: Coroutine[None, None, bool], pause_s: float) -> bool:
        pauses.append(pause_s)
        return await wait_for(waiting, pause_s)

    monkeypatch.setattr(runner_module, "QUIET_SHARE", 1)
    monkeypatch.setattr(runner_module, "PAUSE_S_MAX", 0.2)
    await viewed.record(FOUNDED, [START_US])
    async with viewed.runner() as runner:
        monkeypatch.setattr(asyncio, "wait_for", waited)
        following = asyncio.create_task(runner.run(stop, poll_s=0.001))
        async with asyncio.timeout(30):
            await until(lambda: pauses[-3:] == [0.2] * 3)
            assert pauses[0] == 0.001, "an event was just read"
            assert sorted(pauses) == pauses
            await viewed.record([MoneyReceived(fund=FundId("general"), cents=Cents(5), reference="", by=PersonId("tina"))],
                                [START_US + 2])  # fmt: skip
            await runner.reached(2)
            await until(lambda: pauses[-1] < 0.2)  # it speaks again
        stop.set()
        await following


async def test_reads_are_of_one_moment_while_pages_are_written(viewed: ViewedCaisse) -> None:
    story = RandomCaisse(10).live(150)
    await viewed.record_all(story)
    done = asyncio.Event()

    async def write() -> None:
        async with viewed.runner(page_events=3) as runner:
            while await runner.step():
                pass
        done.set()

    writing = asyncio.create_task(write())
    seen = set()
    async with viewed.asked() as questions:
        while not done.is_set():
            async with questions.at_one_position():
                seen.add(await questions.position())
                assert sum(one.cents for one in await questions.accounts()) == 0
                owed = {f"owed:{one.producer}": -one.owed_cents for one in await questions.owed()}
                accounts = {one.account: one.cents for one in await questions.accounts()}
                assert owed == {name: cents for name, cents in accounts.items() if name.startswith("owed:")}
    await writing
    assert len(seen) > 1


NOT_FOR_A_PROJECTOR = (
    "INSERT INTO {schema}.events (position) VALUES (99)",
    "UPDATE {schema}.log_head SET head = 0",
    "DELETE FROM {schema}.replies",
    "DROP TABLE {schema}.sales_1",
    "TRUNCATE {schema}.sales_1",
    "CREATE TABLE {schema}.mine (a int)",
)
NOT_FOR_OTHERS = ("DELETE FROM {schema}.sales", "UPDATE {schema}.owed_totals_1 SET captured_cents = 0")


async def test_the_projector_writes_nothing_but_rows_of_views_and_nobody_else_does(viewed: ViewedCaisse) -> None:
    refused = {"clearing_projector": NOT_FOR_A_PROJECTOR, "clearing_reader": NOT_FOR_OTHERS, "clearing_writer": NOT_FOR_OTHERS}
    for role, statements in refused.items():
        async with viewed.caisse.connection(role) as connection:
            for statement in statements:
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await connection.execute(statement.replace("{schema}", viewed.schema))


async def test_a_runner_that_starts_in_the_middle_of_a_log_keeps_the_caisses_civil_time(viewed: ViewedCaisse) -> None:
    story = RandomCaisse(11).live(400)
    await viewed.record_all(story)
    async with viewed.runner(page_events=20) as first:
        await first.step()
    await viewed.project()
    async with viewed.asked() as questions:
        rows = await questions.find_sales()
    offsets = {(row.local_time.hour * 3_600 + row.local_time.minute * 60 + row.local_time.second
                - row.at_us // 1_000_000) % 86_400 // 3_600 for row in rows}  # fmt: skip
    assert offsets == {1, 2}  # summer time began in between


async def test_the_checks_find_nothing_wrong_in_a_long_life(viewed: ViewedCaisse) -> None:
    story = RandomCaisse(12).live(800)
    await viewed.record_all(story)
    await viewed.project()
    async with viewed.caisse.connection() as admin:
        assert await breaches(admin, viewed.schema, 1) == []




@pytest.mark.parametrize(
    ("arrays", "error"),
    [((["p0"], ["no number"], [0], [0], [0], [0]), asyncpg.DataError), ((["p0"],), asyncpg.InterfaceError)],
)
async def test_a_fault_of_the_program_is_not_taken_for_a_lost_connection_for_ever(
    viewed: ViewedCaisse, arrays: tuple[list[object], ...], error: type[Exception]
) -> None:
    def wrong(_page: Page, _origins: Origins) -> Writes:
        return [Write("owe", arrays)]

    await viewed.record(FOUNDED, [START_US])
    async with viewed.runner(views=[View(owed.FILE, wrong)]) as runner:
        with pytest.raises(error):
            await asyncio.wait_for(runner.run(asyncio.Event(), poll_s=0.001), 60)
    assert await figures(viewed) == (0, {})
