"""Law: one writer. The store itself refuses a stale one, whatever clocks and leases say."""

import asyncio

import pytest

from clearing.event_store.connection import NoSuchCaisse
from clearing.event_store.log import DatabaseBehind, Fenced, LeaseHeld
from clearing.event_store.reader import Reader
from tests.postgres.groups import LEASE_S, NOON_US, append, events_after, open_log
from tests.postgres_server import TestCaisse

AFTER_THE_LEASE_US = NOON_US + int(LEASE_S * 1_000_000) + 1


async def test_a_second_writer_is_refused_while_the_lease_runs(caisse: TestCaisse) -> None:
    log = await open_log(caisse.dsn(), caisse.schema, writer="till-7 pid 4711")
    with pytest.raises(LeaseHeld, match=r"till-7 pid 4711.*2023-11-14T22:13:50.*--take-over") as refused:
        await open_log(caisse.dsn(), caisse.schema, writer="second")
    assert refused.value.holder == "till-7 pid 4711"
    assert refused.value.until_us == NOON_US + int(LEASE_S * 1_000_000)
    await append(log, 1)
    await log.release()


async def test_after_the_lease_a_second_writer_raises_the_epoch(caisse: TestCaisse) -> None:
    first = await open_log(caisse.dsn(), caisse.schema)
    second = await open_log(caisse.dsn(), caisse.schema, writer="second", at=lambda: AFTER_THE_LEASE_US)
    assert (first.head.epoch, second.head.epoch) == (1, 2)
    with pytest.raises(Fenced, match="second took over"):
        await append(first, 3)
    await append(second, 1)
    await first.close()
    await second.release()


async def test_a_fenced_writer_writes_nothing_and_stays_fenced(caisse: TestCaisse) -> None:
    first = await open_log(caisse.dsn(), caisse.schema)
    written = await append(first, 2)
    second = await open_log(caisse.dsn(), caisse.schema, writer="second", take_over=True)
    for _ in range(2):
        with pytest.raises(Fenced, match="this writer stops"):
            await append(first, 3)
    with pytest.raises(Fenced):
        await first.renew_lease()
    assert await second.read(0, 10) == written
    assert await second.replies_between(0, 10) == await first.replies_between(0, 2)
    assert second.head.position == 2
    await first.release()  # a fenced writer's release must not touch the other's lease
    with pytest.raises(LeaseHeld, match="second"):
        await open_log(caisse.dsn(), caisse.schema)
    await second.release()


async def test_an_append_that_waits_behind_a_take_over_writes_nothing(caisse: TestCaisse) -> None:
    log = await open_log(caisse.dsn(), caisse.schema)
    async with caisse.connection() as admin, admin.transaction():
        await admin.execute(f"UPDATE {caisse.schema}.log_head SET epoch = epoch + 1, writer = 'second'")
        task = asyncio.ensure_future(append(log, 3))
        await asyncio.wait({task}, timeout=0.05)
        assert not task.done()
    with pytest.raises(Fenced, match="second took over"):
        await task
    assert await log.read(0, 10) == []
    await log.close()


async def test_of_two_writers_that_start_at_once_one_is_refused(caisse: TestCaisse) -> None:
    starts = [open_log(caisse.dsn(), caisse.schema, writer=name) for name in ("left", "right")]
    results = await asyncio.gather(*starts, return_exceptions=True)
    refused = [result for result in results if isinstance(result, LeaseHeld)]
    opened = [result for result in results if not isinstance(result, BaseException)]
    assert (len(refused), len(opened)) == (1, 1)
    assert refused[0].holder == opened[0].writer
    await opened[0].release()


async def test_a_clean_stop_frees_the_lease_at_once(caisse: TestCaisse) -> None:
    first = await open_log(caisse.dsn(), caisse.schema)
    await first.release()
    second = await open_log(caisse.dsn(), caisse.schema, writer="second")
    assert second.head.epoch == 2
    await second.release()


async def test_appends_and_renewals_keep_the_lease(caisse: TestCaisse) -> None:
    now = [NOON_US]
    log = await open_log(caisse.dsn(), caisse.schema, at=lambda: now[0])
    now[0] += 20_000_000
    await append(log, 1)
    now[0] += 20_000_000
    await log.renew_lease()
    with pytest.raises(LeaseHeld):
        await open_log(caisse.dsn(), caisse.schema, writer="second", at=lambda: NOON_US + 69_000_000)
    await log.release()


async def test_a_database_behind_memory_halts_the_writer(caisse: TestCaisse) -> None:
    log = await open_log(caisse.dsn(), caisse.schema)
    await append(log, 2)
    before = log.head
    await append(log, 3)
    async with caisse.connection() as admin:  # what a restored backup or a lagging standby looks like
        await admin.execute("SET session_replication_role = replica")
        await admin.execute(f"DELETE FROM {caisse.schema}.events WHERE position > 2")
        moved_back = f"UPDATE {caisse.schema}.log_head SET head = 2, head_hash = $1, at_us = $2"
        await admin.execute(moved_back, before.chain, before.at_us)
    for _ in range(2):
        with pytest.raises(DatabaseBehind, match=r"ends at position 2.*acknowledged position 5"):
            await append(log, 1)
    assert len(await log.read(0, 10)) == 2
    await log.close()


async def test_another_history_of_the_same_length_halts_the_writer(caisse: TestCaisse) -> None:
    log = await open_log(caisse.dsn(), caisse.schema)
    await append(log, 2)
    async with caisse.connection() as admin:
        await admin.execute(f"UPDATE {caisse.schema}.log_head SET head_hash = $1", b"x" * 32)
    with pytest.raises(DatabaseBehind, match="do not go on"):
        await log.append_group(events_after(log.head, 1))
    await log.close()


async def test_a_caisse_that_was_never_founded_is_named(caisse: TestCaisse) -> None:
    with pytest.raises(NoSuchCaisse, match=r"caisse_nowhere.*Found the caisse first"):
        await Reader.open(caisse.dsn("clearing_reader"), "caisse_nowhere")
    with pytest.raises(NoSuchCaisse, match="role"):
        await open_log(caisse.dsn("clearing_reader"), caisse.schema)
