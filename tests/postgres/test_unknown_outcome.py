"""Law: a lost connection says nothing about a commit. The group is sent again, and lands exactly once."""

import pytest

from clearing.event_store.log import DatabaseBehind, Fenced, Log, OutcomeUnknown
from tests.postgres.groups import append, events_after, open_log, replies_to, taps_of
from tests.postgres.proxy import Cut, Proxy, proxy_to
from tests.postgres_server import TestCaisse

MARKER = b"THE-MARKED-GROUP"


async def marked(log: Log, count: int = 3) -> None:
    """A group that the proxy recognises by the body of its events."""
    events = events_after(log.head, count, body=MARKER)
    await log.append_group(events, replies_to(events), taps_of(events))


async def behind(proxy: Proxy, caisse: TestCaisse) -> Log:
    """A writer that reaches PostgreSQL through the proxy and has appended before."""
    log = await open_log(caisse.dsn(port=proxy.port), caisse.schema)
    await append(log, 2)
    return log


async def test_a_group_lands_once_wherever_the_connection_is_cut(caisse: TestCaisse) -> None:
    for cut in Cut:
        async with proxy_to(caisse.server.port, MARKER) as proxy:
            log = await open_log(caisse.dsn(port=proxy.port), caisse.schema)
            before = log.head.position
            await append(log, 2)
            proxy.arm(cut)
            await marked(log)
            assert proxy.cuts == 1
            assert log.head.position == before + 5
            assert await log.stored_head() == log.head
            await append(log, 1)
            found = await log.read(0, 100)
            assert [event.position for event in found] == list(range(1, before + 7))
            assert len(await log.replies_between(0, 100)) == len(await log.taps_between(0, 100)) == before + 6
            await log.release()


async def test_a_group_lands_once_over_many_cuts_in_a_row(caisse: TestCaisse) -> None:
    async with proxy_to(caisse.server.port, MARKER) as proxy:
        log = await behind(proxy, caisse)
        proxy.arm(Cut.BEFORE_REQUEST, Cut.AFTER_REQUEST, Cut.BEFORE_REPLY, Cut.BEFORE_REPLY, Cut.BEFORE_REQUEST)
        await marked(log)
        assert proxy.cuts == 5
        assert [event.public for event in await log.read(2, 10)] == [MARKER] * 3
        await log.release()


async def test_a_take_over_during_the_outage_fences(caisse: TestCaisse) -> None:
    async with proxy_to(caisse.server.port, MARKER) as proxy:
        log = await behind(proxy, caisse)
        other = await open_log(caisse.dsn(), caisse.schema, writer="second", take_over=True)
        proxy.arm(Cut.BEFORE_REQUEST)
        with pytest.raises(Fenced, match="second took over"):
            await marked(log)
        assert len(await other.read(0, 10)) == 2
        await log.close()
        await other.release()


async def test_a_database_that_comes_back_behind_memory_halts(caisse: TestCaisse) -> None:
    async with proxy_to(caisse.server.port, MARKER) as proxy:
        log = await behind(proxy, caisse)
        async with caisse.connection() as admin:
            await admin.execute("SET session_replication_role = replica")
            await admin.execute(f"DELETE FROM {caisse.schema}.events")
            await admin.execute(f"UPDATE {caisse.schema}.log_head SET head = 0, head_hash = $1", bytes(32))
        proxy.arm(Cut.BEFORE_REQUEST)
        with pytest.raises(DatabaseBehind, match="ends at position 0"):
            await marked(log)
        assert await log.read(0, 10) == []
        await log.close()


async def test_a_database_that_never_comes_back_halts_with_the_outcome_unknown(caisse: TestCaisse) -> None:
    async with proxy_to(caisse.server.port, MARKER) as proxy:
        log = await behind(proxy, caisse)
        log.reconnect_s = 0.05
        proxy.target_port = 1  # nobody listens there
        proxy.arm(Cut.BEFORE_REPLY)
        for _ in range(2):
            with pytest.raises(OutcomeUnknown, match="start it, then start this process again"):
                await marked(log)
        proxy.target_port = caisse.server.port
        await log.close()
    restarted = await open_log(caisse.dsn(), caisse.schema, writer="second", take_over=True)
    assert restarted.head.position == 5  # it had committed; the terminals learn it when they resend
    await restarted.release()


async def test_a_read_survives_a_lost_connection(caisse: TestCaisse) -> None:
    log = await open_log(caisse.dsn(), caisse.schema)
    events = await append(log, 3)
    async with caisse.connection() as admin:
        ended = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = $1"
        assert await admin.fetchval(ended, f"clearing writer {caisse.schema}") == 2
    assert await log.read(0, 10) == events
    await append(log, 2)
    await log.renew_lease()
    assert log.head.position == 5
    await log.release()


async def test_a_warning_of_the_server_makes_the_outcome_unknown(caisse: TestCaisse) -> None:
    log = await open_log(caisse.dsn(), caisse.schema)
    await append(log, 1)
    await log._appending.execute("DO $$ BEGIN RAISE WARNING 'canceling wait for synchronous replication'; END $$")
    with pytest.raises(OutcomeUnknown, match="canceling wait for synchronous replication"):
        await append(log, 1)
    await log.close()
