"""Law: groups land whole, in order and without gaps, with their replies and taps, or not at all."""

import asyncio

import asyncpg
import pytest

from clearing.event_store.log import AlreadyStored, LogDamaged, NoPartition, NotDurable
from clearing.event_store.proofs import GENESIS, chain_hash, leaf_hash
from clearing.event_store.reader import Reader
from clearing.event_store.rows import Head
from clearing.postgres import Embedded
from tests.postgres.groups import NOON_US, append, events_after, open_log, replies_to, reply_at, taps_of
from tests.postgres_server import TestCaisse, fresh_caisse


async def test_a_new_log_ends_before_its_first_event(caisse: TestCaisse) -> None:
    log = await open_log(caisse.dsn(), caisse.schema)
    assert log.head == Head(epoch=1, position=0, chain=GENESIS, at_us=0)
    assert await log.read(0, 10) == []
    await log.release()


async def test_positions_are_gapless_over_groups_and_restarts(caisse: TestCaisse) -> None:
    written = []
    for writer in ("first", "second"):
        log = await open_log(caisse.dsn(), caisse.schema, writer=writer)
        for count in (1, 32, 5):
            written += await append(log, count)
        await log.release()
    reader = await Reader.open(caisse.dsn("clearing_reader"), caisse.schema)
    found = await reader.read(0, 100)
    assert found == written
    assert [event.position for event in found] == list(range(1, 77))
    assert await reader.stored_head() == Head(2, 76, written[-1].chain, written[-1].at_us)
    await reader.close()


async def test_what_is_stored_hashes_to_what_was_chained(caisse: TestCaisse) -> None:
    log = await open_log(caisse.dsn(), caisse.schema)
    await append(log, 20)
    replies = {row.position: row.reply for row in await log.replies_between(0, 20)}
    chain = GENESIS
    for e in await log.read(0, 20):
        leaf = leaf_hash(
            e.position, e.at_us, e.type, e.schema_version, e.public, e.private, e.salt, e.evidence, replies[e.position]
        )
        chain = chain_hash(chain, leaf)
        assert (e.leaf, e.chain) == (leaf, chain)
    assert await log.leaves(0, 20) == [e.leaf for e in await log.read(0, 20)]
    await log.release()


async def test_pages_are_bounded_on_both_ends(caisse: TestCaisse) -> None:
    log = await open_log(caisse.dsn(), caisse.schema)
    events = await append(log, 10)
    assert await log.read(3, 4) == events[3:7]
    assert await log.read(8, 4) == events[8:]
    assert await log.read(10, 4) == []
    assert await log.events_of("sale/1") == [e for e in events if e.stream == "sale/1"]
    assert await log.events_of("sale/1", after=4, limit=1) == [events[6]]
    assert [row.position for row in await log.replies_after(7)] == [8, 9, 10]
    assert [row.position for row in await log.taps_between(2, 5)] == [3, 4, 5]
    with pytest.raises(AssertionError, match="a page holds"):
        await log.read(0, 10_001)
    await log.release()


async def test_replies_and_taps_are_found_by_their_keys(caisse: TestCaisse) -> None:
    log = await open_log(caisse.dsn(), caisse.schema)
    await append(log, 3)
    assert await log.reply_of(b"terminal", 1, 2) == (b"digest", 2, reply_at(2))
    assert await log.reply_of(b"terminal", 2, 2) is None
    assert await log.tap_used(b"card", 1, 3) == 3
    assert await log.tap_used(b"card", 1, 4) is None
    await log.release()


async def test_a_second_reply_under_the_same_key_writes_nothing(caisse: TestCaisse) -> None:
    log = await open_log(caisse.dsn(), caisse.schema)
    first = await append(log, 2)
    events = events_after(log.head, 2)
    repeated = replies_to(first[:1])[0]._replace(position=events[0].position, reply=b"another answer")
    with pytest.raises(AlreadyStored, match="replies"):
        await log.append_group(events, [repeated])
    assert await log.reply_of(b"terminal", 1, 1) == (b"digest", 1, reply_at(1))
    assert await log.read(0, 10) == first
    await append(log, 1)
    assert log.head.position == 3
    await log.release()


async def test_the_same_key_twice_inside_one_group_writes_nothing(caisse: TestCaisse) -> None:
    log = await open_log(caisse.dsn(), caisse.schema)
    events = events_after(log.head, 2)
    twin = replies_to(events[:1]) * 2
    with pytest.raises(AlreadyStored, match="replies"):
        await log.append_group(events, twin)
    with pytest.raises(AlreadyStored, match="taps"):
        await log.append_group(events, replies_to(events), taps_of(events[:1]) * 2)
    assert await log.stored_head() == log.head == Head(1, 0, GENESIS, 0)
    await log.release()


async def test_a_group_that_does_not_follow_the_head_is_a_fault(caisse: TestCaisse) -> None:
    log = await open_log(caisse.dsn(), caisse.schema)
    events = events_after(log.head, 3)
    with pytest.raises(AssertionError, match="does not follow"):
        await log.append_group(events[1:])
    with pytest.raises(AssertionError, match="gap"):
        await log.append_group([events[0], events[2]])
    await log.append_group(events)
    backwards = [event._replace(at_us=events[0].at_us) for event in events_after(log.head, 1)]
    with pytest.raises(AssertionError, match="rises"):
        await log.append_group(backwards)
    await log.release()


async def test_a_cancelled_append_still_finishes(caisse: TestCaisse) -> None:
    log = await open_log(caisse.dsn(), caisse.schema)
    async with caisse.connection() as admin, admin.transaction():
        await admin.execute(f"SELECT 1 FROM {caisse.schema}.log_head FOR UPDATE")  # the append waits for this row
        task = asyncio.ensure_future(append(log, 4))
        for _ in range(3):
            await asyncio.sleep(0)
            task.cancel()
        await asyncio.wait({task}, timeout=0.05)
        assert not task.done()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert log.head.position == 4
    assert await log.stored_head() == log.head
    await append(log, 1)
    await log.release()


async def test_a_group_beyond_the_last_partition_writes_nothing_and_says_so(server: Embedded) -> None:
    caisse = await fresh_caisse(server, partition_positions=4)
    log = await open_log(caisse.dsn(), caisse.schema)
    await append(log, 12)
    with pytest.raises(NoPartition, match="make partitions"):
        await append(log, 1)
    assert (await log.stored_head()).position == log.head.position == 12
    await log.release()


async def test_repeatable_read_of_the_role_does_not_reach_the_append(caisse: TestCaisse) -> None:
    async with caisse.connection() as admin:
        await admin.execute("ALTER ROLE clearing_writer SET default_transaction_isolation = 'repeatable read'")
        try:
            log = await open_log(caisse.dsn(), caisse.schema)
        finally:
            await admin.execute("ALTER ROLE clearing_writer RESET default_transaction_isolation")
    assert await log._appending.fetchval("SHOW transaction_isolation") == "read committed"
    await log.release()


async def test_a_writer_refuses_a_database_that_may_lose_commits(caisse: TestCaisse) -> None:
    async with caisse.connection() as admin:
        await admin.execute("ALTER ROLE clearing_writer SET synchronous_commit = off")
        try:
            with pytest.raises(NotDurable, match="synchronous_commit = off"):
                await open_log(caisse.dsn(), caisse.schema)
        finally:
            await admin.execute("ALTER ROLE clearing_writer RESET synchronous_commit")


async def test_a_writer_refuses_a_head_that_the_last_event_denies(caisse: TestCaisse) -> None:
    log = await open_log(caisse.dsn(), caisse.schema)
    await append(log, 2)
    await log.release()
    async with caisse.connection() as admin:
        await admin.execute(f"UPDATE {caisse.schema}.log_head SET head_hash = $1", bytes(31) + b"x")
    with pytest.raises(LogDamaged, match="run the audit"):
        await open_log(caisse.dsn(), caisse.schema)


async def test_signed_heads_are_kept_and_never_replaced(caisse: TestCaisse) -> None:
    log = await open_log(caisse.dsn(), caisse.schema)
    assert await log.last_signed_head() is None
    await log.store_head(3, b"root", b"signature")
    await log.store_head(3, b"other", b"signature")
    await log.store_head(5, b"later", b"signature")
    assert [(head.size, head.root) for head in await log.signed_heads(0)] == [(3, b"root"), (5, b"later")]
    last = await log.last_signed_head()
    assert last is not None
    assert (last.size, last.at_us) == (5, NOON_US)
    await log.release()


async def test_the_append_is_one_statement_outside_any_transaction(caisse: TestCaisse) -> None:
    log = await open_log(caisse.dsn(), caisse.schema)
    seen: list[str] = []

    def note(query: asyncpg.connection.LoggedQuery) -> None:
        seen.append(query.query)

    await append(log, 3)  # the first one also asks for the types
    log._appending.add_query_logger(note)
    await append(log, 3)
    await append(log, 3)
    assert len(seen) == 2
    assert all(query.startswith("WITH moved AS") for query in seen)
    await log.release()
