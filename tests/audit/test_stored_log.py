"""The writer's own log on a real database: proved with what people are shown, and no change of a row stays unseen."""

import asyncio

import pytest

from clearing.audit import AuditReport, Level, Place, ProverLost, audit
from clearing.audit.shown import NothingShown, Shown, read_shown
from clearing.projections.runner import Runner
from clearing.wire.requests import Op
from tests.living_caisse import AMINA, BRUNO, DAY_US, SERVER_KEY, Caisse

SUPERUSER_LAYS_GUARDS_DOWN = "SET session_replication_role = replica"


async def lived(caisse: Caisse) -> None:
    """A sale, a hold, a capture, a refund, a reversal, a batch and a lapse, and the views that follow."""
    sale, _ = await caisse.sell({"fruit-veg": 735, "animal": 1249})
    held, _ = await caisse.sell({"animal": 999}, op=Op.AUTH)
    await caisse.sell({"animal": 333}, op=Op.CAP, original=held.x)
    await caisse.sell({"animal": 400}, op=Op.REF, original=sale.x)
    other, _ = await caisse.sell({"fruit-veg": 100})
    await caisse.sell({}, op=Op.REV, original=other.x)
    await caisse.sell({"fruit-veg": 50}, op=Op.AUTH)
    caisse.clock.us += 3 * DAY_US
    await caisse.command(AMINA, "close_batch", {"closed_on": "2026-05-03"})
    await caisse.command(BRUNO, "approve_batch", {"batch": 1, "execution_on": "2026-05-06"})
    caisse.clock.us += 70 * DAY_US
    await caisse.sell({"fruit-veg": 1})
    runner = await Runner.open(caisse.place.dsn("clearing_projector"), caisse.schema)
    await runner.run_to(caisse.writer.book.position)
    await runner.close()


async def shown_of(caisse: Caisse) -> Shown:
    async with caisse.place.connection("clearing_reader") as connection:
        return await read_shown(connection, caisse.schema)


async def audited(caisse: Caisse) -> AuditReport:
    reader = await caisse.reader()
    try:
        shown = await shown_of(caisse)
        return await audit(reader, report=lambda _line: None, server_keys=[SERVER_KEY.public], shown=shown)
    finally:
        await reader.close()


async def test_the_writers_log_holds_and_the_views_show_the_same_cents(caisse: Caisse) -> None:
    await lived(caisse)
    found = await audited(caisse)
    assert found.ok, (found.position, found.reason)
    assert found.head == caisse.writer.book.position
    assert found.checked["sums shown by projections, equal to the log at the same event"] >= 6
    assert found.checked["signed heads, with the Merkle root recomputed"] >= 1


async def test_heads_that_were_signed_while_the_next_group_was_decided_hold(caisse: Caisse) -> None:
    """The book is a group ahead of the log then; a head must not name what is not in its tree yet."""
    before = len(await signed_sizes(caisse))
    for _ in range(20):  # how many groups forty sales make depends on how busy the machine is
        at_once = []
        for _ in range(40):
            caisse.clock.us += 1_100_000  # a head is due with every group
            at_once.append(asyncio.create_task(caisse.sell({"fruit-veg": 1})))
            await asyncio.sleep(0)
        await asyncio.gather(*at_once)
        if len(await signed_sizes(caisse)) > before + 1:
            break
    assert len(await signed_sizes(caisse)) > before + 1
    assert (await audited(caisse)).ok


async def signed_sizes(caisse: Caisse) -> list[int]:
    reader = await caisse.reader()
    try:
        return [head.size for head in await reader.signed_heads(0)]
    finally:
        await reader.close()


async def test_views_that_lag_are_compared_where_they_stand(caisse: Caisse) -> None:
    await lived(caisse)
    await caisse.sell({"fruit-veg": 1})
    assert (await shown_of(caisse)).position < caisse.writer.book.position
    assert (await audited(caisse)).ok


CHANGES = {
    "a view's sum": ("UPDATE {schema}.ledger_totals_1 SET credit_cents = credit_cents + 1", "for account"),
    "a debt": ("UPDATE {schema}.owed_totals_1 SET captured_cents = captured_cents + 1", "debt to field"),
    "a batch": ("UPDATE {schema}.batch_lines_1 SET net_cents = 0", "batch line"),
    "an event": ("UPDATE {schema}.events SET private = private || '\\x00' WHERE position = 20", "leaf hash differs"),
    "a reply": ("UPDATE {schema}.replies SET n = 99 WHERE position = 20", "under another message"),
    "a missing reply": ("DELETE FROM {schema}.replies WHERE position = 20", "leaf hash differs"),
    "a missing tap": ("DELETE FROM {schema}.taps WHERE counter = 1", "used taps does not agree"),
    "a missing event": ("DELETE FROM {schema}.events WHERE position = 20", "missing from the log"),
    "a head": ("UPDATE {schema}.heads SET root = sha256(root)", "another root"),
    "the end": (
        """UPDATE {schema}.log_head SET (head, head_hash, at_us) =
        (SELECT position, chain, events.at_us FROM {schema}.events WHERE position = head - 1)""",
        "beyond the head",
    ),
}


@pytest.mark.parametrize("change", CHANGES)
async def test_a_change_behind_the_writers_back_is_seen(caisse: Caisse, change: str) -> None:
    await lived(caisse)
    statement, reason = CHANGES[change]
    async with caisse.place.connection() as admin:
        await admin.execute(SUPERUSER_LAYS_GUARDS_DOWN)
        done = await admin.execute(statement.replace("{schema}", caisse.schema))
    assert not done.endswith(" 0"), "the change found no row"
    found = await audited(caisse)
    assert not found.ok
    assert reason in found.reason, found.reason


async def proved_by(caisse: Caisse, workers: int, level: Level = Level.WHOLE) -> AuditReport:
    """As audited, by so many processes beside this one, on ranges of eight events."""
    reader, place = await caisse.reader(), Place(caisse.place.dsn("clearing_reader"), caisse.schema)
    try:
        return await audit(
            reader, report=lambda _line: None, server_keys=[SERVER_KEY.public], shown=await shown_of(caisse), place=place,
            workers=workers, range_events=8, level=level,
        )  # fmt: skip
    finally:
        await reader.close()


async def test_the_verdict_does_not_depend_on_how_many_processes_prove(caisse: Caisse) -> None:
    await lived(caisse)
    for level in Level:
        here = await proved_by(caisse, 0, level)
        assert here.ok, (here.position, here.reason)
        assert await proved_by(caisse, 1, level) == await proved_by(caisse, 3, level) == here
    async with caisse.place.connection() as admin:
        await admin.execute(SUPERUSER_LAYS_GUARDS_DOWN)
        await admin.execute(f"UPDATE {caisse.schema}.replies SET n = 99 WHERE position = 20")
    here = await proved_by(caisse, 0)
    assert (here.ok, here.position) == (False, 20)
    assert await proved_by(caisse, 3) == here


async def test_a_prover_that_is_lost_says_nothing_about_the_log(caisse: Caisse) -> None:
    """It can't connect: its process ends while it begins."""
    reader = await caisse.reader()
    place = Place(caisse.place.dsn("clearing_reader"), "caisse_nowhere")
    try:
        with pytest.raises(ProverLost, match="Run the audit again"):
            await audit(reader, report=lambda _line: None, server_keys=[SERVER_KEY.public], place=place, workers=1)
    finally:
        await reader.close()


async def test_a_caisse_without_views_says_so(caisse: Caisse) -> None:
    async with caisse.place.connection() as admin:
        await admin.execute(f"UPDATE {caisse.schema}.projections SET live = false")
    with pytest.raises(NothingShown, match="no live views"):
        await shown_of(caisse)
