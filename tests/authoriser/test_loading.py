"""Law: a start with a snapshot knows what one without knows; a snapshot that is not whole, or not of this log, is none."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest

from clearing.authoriser import loading
from clearing.authoriser.loading import load, snapshot
from clearing.authoriser.snapshot import Loaded, UnreadableSnapshot, code_version, parts_of, unsaid_fields
from clearing.event_store.rows import SnapshotRow
from clearing.event_store.snapshots import KEPT, SnapshotTaker
from clearing.events.codes import Code
from clearing.wire.requests import Op
from tests.authoriser.asking import restart
from tests.living_caisse import Caisse
from tests.promises.book_digest import digest_of

APPLES = {"fruit-veg": 250}


def nobody_alarmed(alarm: str, fault: object) -> None:
    raise AssertionError(f"{alarm}: {fault}")


@asynccontextmanager
async def taking(caisse: Caisse) -> AsyncIterator[SnapshotTaker]:
    taker = await SnapshotTaker.open(caisse.dsn, caisse.schema)
    try:
        yield taker
    finally:
        await taker.close()


async def taken(caisse: Caisse) -> SnapshotRow | None:
    async with taking(caisse) as taker:
        return await snapshot(taker, nobody_alarmed)


async def live(caisse: Caisse) -> None:
    """A sale, a hold that is captured, another one that stays, a reversal, a refund, a tombstone, a decline."""
    sold, _ = await caisse.sell(APPLES)
    held, _ = await caisse.sell(APPLES, Op.AUTH)
    await caisse.sell(APPLES, Op.AUTH)
    await caisse.sell({"fruit-veg": 100}, Op.CAP, original=held.x)
    await caisse.sell({"fruit-veg": 50}, Op.REF, original=sold.x)
    gone, _ = await caisse.sell(APPLES)
    await caisse.sell({}, Op.REV, original=gone.x)
    await caisse.sell({}, Op.REV, original=type(gone.x)(b"never came here."))
    await caisse.sell({"soap": 100})
    caisse.clock.us += 3_600_000_000


def same(one: Loaded, other: Loaded) -> None:
    assert digest_of(one.book) == digest_of(other.book)
    assert one.book.holds_due == other.book.holds_due
    assert one.book.members.heads == other.book.members.heads
    assert one.book.members.aliases == other.book.members.aliases
    assert (one.chain, one.highest, one.key_events) == (other.chain, other.highest, other.key_events)
    assert (one.tree.size, one.tree.root(), one.tree.to_plain()) == (other.tree.size, other.tree.root(), other.tree.to_plain())


async def log_alone(caisse: Caisse) -> Loaded:
    loaded = Loaded()
    await loading.follow(caisse.log, loaded, (await caisse.log.stored_head()).position)
    return loaded


def test_a_snapshot_says_every_field_of_the_book() -> None:
    assert unsaid_fields() == set()


async def test_a_snapshot_and_the_tail_are_the_whole_log(caisse: Caisse) -> None:
    await live(caisse)
    row = await taken(caisse)
    assert row is not None
    same(await load(caisse.log, nobody_alarmed), await log_alone(caisse))
    await live(caisse)
    loaded = await load(caisse.log, nobody_alarmed)
    assert loaded.book.position > row.position
    same(loaded, await log_alone(caisse))
    assert digest_of(loaded.book) == digest_of(caisse.writer.book)


async def test_a_start_reads_only_the_tail_behind_its_snapshot(caisse: Caisse, monkeypatch: pytest.MonkeyPatch) -> None:
    await live(caisse)
    row = await taken(caisse)
    assert row is not None
    await live(caisse)
    asked: list[int] = []
    read, highest_n = type(caisse.log).read, type(caisse.log).highest_n

    async def noted_read(log: object, after: int, limit: int) -> object:
        asked.append(after)
        return await read(log, after, limit)  # type: ignore[arg-type]

    async def noted_highest(log: object, after: int, up_to: int) -> object:
        asked.append(after)
        return await highest_n(log, after, up_to)  # type: ignore[arg-type]

    monkeypatch.setattr(type(caisse.log), "read", noted_read)
    monkeypatch.setattr(type(caisse.log), "highest_n", noted_highest)
    await load(caisse.log, nobody_alarmed)
    assert asked
    assert min(asked) == row.position


async def test_a_writer_started_from_a_snapshot_repeats_refunds_and_proves_what_came_before_it(caisse: Caisse) -> None:
    sale = caisse.asked(Op.SALE, APPLES)
    first = await caisse.writer.submit(sale)
    await taken(caisse)
    await restart(caisse)
    assert await caisse.writer.submit(sale) == first
    request = sale.request
    assert (await caisse.sell({"fruit-veg": 50}, Op.REF, original=request.x))[1].rc is Code.APPROVED  # type: ignore[union-attr]
    assert (await caisse.sell(APPLES))[1].rc is Code.APPROVED


async def test_throwing_all_snapshots_away_is_harmless(caisse: Caisse) -> None:
    await live(caisse)
    await taken(caisse)
    before = await load(caisse.log, nobody_alarmed)
    async with caisse.place.connection("clearing_writer") as connection:
        await connection.execute(f"DELETE FROM {caisse.schema}.snapshots")
        await connection.execute(f"DELETE FROM {caisse.schema}.snapshot_parts")
    same(await load(caisse.log, nobody_alarmed), before)


async def test_only_the_newest_are_kept_and_none_is_made_twice(caisse: Caisse) -> None:
    for _ in range(KEPT + 2):
        await live(caisse)
        assert await taken(caisse) is not None
        assert await taken(caisse) is None
    kept = await caisse.log.snapshots(code_version())
    assert len(kept) == KEPT
    async with caisse.place.connection() as admin:
        rows = await admin.fetch(f"SELECT DISTINCT position FROM {caisse.schema}.snapshot_parts ORDER BY position DESC")
    assert [row["position"] for row in rows] == [row.position for row in kept]


DAMAGE = {
    "a part whose bytes were changed": "UPDATE {0}.snapshot_parts SET state = state || '\\xc0'::bytea WHERE part = 1",
    "a part that is cut off": "UPDATE {0}.snapshot_parts SET state = substring(state for 9) WHERE part = 2",
    "a part that is no snapshot": "UPDATE {0}.snapshot_parts SET state = '\\xffff'::bytea WHERE part = 0",
    "a part that is missing": "DELETE FROM {0}.snapshot_parts WHERE part = 3",
    "a snapshot of another log": "UPDATE {0}.snapshots SET chain = sha256(chain)",
    "a snapshot of another position": "UPDATE {0}.snapshots SET position = position + 100000",
    "a snapshot that ends too early": "UPDATE {0}.snapshots SET parts = parts - 1",
}


@pytest.mark.parametrize("damage", DAMAGE)
async def test_what_is_no_snapshot_of_this_log_is_passed_over_with_an_alarm(caisse: Caisse, damage: str) -> None:
    await live(caisse)
    await taken(caisse)
    async with caisse.place.connection() as admin:
        await admin.execute(DAMAGE[damage].format(caisse.schema))
    alarms: list[str] = []
    loaded = await load(caisse.log, lambda alarm, fault: alarms.append(f"{alarm}: {fault}"))
    same(loaded, await log_alone(caisse))
    [said] = alarms
    assert said.startswith("snapshot: the snapshot at ")
    assert "the log is read instead" in said


async def test_an_older_snapshot_helps_when_the_newest_is_damaged(caisse: Caisse) -> None:
    await live(caisse)
    older = await taken(caisse)
    await live(caisse)
    newest = await taken(caisse)
    assert older is not None
    assert newest is not None
    async with caisse.place.connection() as admin:
        await admin.execute(f"DELETE FROM {caisse.schema}.snapshot_parts WHERE position = $1 AND part = 1", newest.position)
    alarms: list[object] = []
    same(await load(caisse.log, lambda _alarm, fault: alarms.append(fault)), await log_alone(caisse))
    assert len(alarms) == 1


async def test_a_crash_between_two_parts_leaves_nothing_that_is_read(caisse: Caisse) -> None:
    await live(caisse)
    loaded = await load(caisse.log, nobody_alarmed)

    def dying() -> Iterator[bytes]:
        yield from list(parts_of(loaded))[:2]
        raise KeyboardInterrupt

    async with taking(caisse) as taker:
        with pytest.raises(KeyboardInterrupt):
            await taker.store(loaded.book.position, code_version(), loaded.chain, dying())
    same(await load(caisse.log, nobody_alarmed), await log_alone(caisse))
    assert await taken(caisse) is not None
    same(await load(caisse.log, nobody_alarmed), await log_alone(caisse))


async def test_the_snapshot_of_another_version_of_the_fold_is_not_looked_at(
    caisse: Caisse, monkeypatch: pytest.MonkeyPatch
) -> None:
    await live(caisse)
    await taken(caisse)
    monkeypatch.setattr(loading, "code_version", lambda: "another fold")

    async def never(*_: object) -> Loaded:
        raise UnreadableSnapshot("it was looked at")

    monkeypatch.setattr(loading, "_restored", never)
    same(await load(caisse.log, nobody_alarmed), await log_alone(caisse))
