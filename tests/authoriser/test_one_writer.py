"""Law: one writer; a second is refused while the lease runs; once it takes over, the first says so and answers nothing."""

import asyncio
from typing import Any

import pytest

from clearing.authoriser.client import OutcomeUnknown, Overloaded
from clearing.authoriser.loading import load
from clearing.authoriser.loop import IDLE_S
from clearing.config import Settings
from clearing.event_store.log import Fenced, LeaseHeld
from clearing.events.codes import Code
from clearing.events.sales import SaleDecided
from clearing.wire.requests import Op
from tests.authoriser.asking import ask, at_once, codes, count, logged_of, restart, start
from tests.living_caisse import Caisse, open_writer

APPLES = {"fruit-veg": 500}
LEASE_US = 60_000_000
ANSWER_S = 30


async def test_a_second_writer_is_refused_with_the_holders_name_while_the_lease_runs(caisse: Caisse) -> None:
    caisse.clock.us += LEASE_US // 2
    await caisse.sell(APPLES)  # an append renews the lease
    caisse.clock.us += LEASE_US - 1_000_000
    with pytest.raises(LeaseHeld, match=r"written by test, whose lease runs until .*: stop that writer.*--take-over"):
        await open_writer(caisse.dsn, caisse.schema, caisse.clock, caisse.directory)
    assert (await caisse.sell(APPLES))[1].rc is Code.APPROVED


async def test_a_clean_stop_leaves_no_lease_behind(caisse: Caisse) -> None:
    await caisse.sell(APPLES)
    await restart(caisse)
    assert (await caisse.sell(APPLES))[1].rc is Code.APPROVED


async def test_the_writer_that_was_taken_over_answers_unknown_and_says_why(caisse: Caisse) -> None:
    old, old_log, old_running = caisse.writer, caisse.log, caisse.running
    await start(caisse, take_over=True)
    in_flight = [caisse.asked(Op.SALE, APPLES) for _ in range(3)]
    outcomes = await asyncio.gather(*[old.submit(one) for one in in_flight], return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [OutcomeUnknown] * 3
    with pytest.raises(Fenced, match=r"test took over this caisse \(epoch 2, this writer had 1\): this writer stops"):
        await old_running
    assert count(old._telemetry, "clearing_fenced_total") == 1
    with pytest.raises(OutcomeUnknown):
        await asyncio.wait_for(old.submit(in_flight[0]), ANSWER_S)
    await old_log.close()
    assert codes(await at_once(caisse, in_flight)) == [Code.APPROVED] * 3
    assert len(await logged_of(caisse, SaleDecided)) == 3


async def test_an_idle_writer_learns_by_itself_that_it_was_taken_over(caisse: Caisse) -> None:
    old, old_log, old_running = caisse.writer, caisse.log, caisse.running
    await start(caisse, take_over=True)
    caisse.directory.ready[old.code] = True
    done, _ = await asyncio.wait({old_running}, timeout=60 * IDLE_S)
    assert done
    assert isinstance(old_running.exception(), Fenced)
    assert count(old._telemetry, "clearing_fenced_total") == 1
    with pytest.raises(OutcomeUnknown):
        await asyncio.wait_for(old.submit(caisse.asked(Op.SALE, APPLES)), ANSWER_S)
    await old_log.close()


async def test_after_the_lease_another_writer_starts_without_being_told_to(caisse: Caisse) -> None:
    old_log, old_running = caisse.log, caisse.running
    old_running.cancel()
    await asyncio.gather(old_running, return_exceptions=True)
    caisse.clock.us += LEASE_US + 1_000_000
    await start(caisse)
    await old_log.close()
    assert caisse.log.head.epoch == 2
    assert (await caisse.sell(APPLES))[1].rc is Code.APPROVED


async def test_a_full_inbox_is_not_processed_and_the_same_bytes_pass_later(caisse: Caisse) -> None:
    caisse.writer._settings = Settings(inbox_max=4, group_max=2)
    sales = [caisse.asked(Op.SALE, APPLES) for _ in range(7)]
    outcomes = await asyncio.gather(*[caisse.writer.submit(one) for one in sales], return_exceptions=True)
    refused = [outcome for outcome in outcomes if isinstance(outcome, Overloaded)]
    assert [type(outcome) for outcome in outcomes] == [bytes] * 4 + [Overloaded] * 3
    assert refused[0].retry_after_s == 1
    assert "send the same message again in 1 s" in str(refused[0])
    assert codes(await at_once(caisse, sales[4:])) == [Code.APPROVED] * 3
    assert len(await logged_of(caisse, SaleDecided)) == 7


async def test_a_stopping_writer_decides_what_it_has_and_takes_nothing_more(caisse: Caisse) -> None:
    in_inbox = [asyncio.create_task(caisse.writer.submit(caisse.asked(Op.SALE, APPLES))) for _ in range(2)]
    await asyncio.sleep(0)
    caisse.writer.stop()
    with pytest.raises(Overloaded):
        await caisse.writer.submit(caisse.asked(Op.SALE, APPLES))
    assert codes(await asyncio.gather(*in_inbox)) == [Code.APPROVED] * 2
    assert not caisse.directory.ready[caisse.writer.code]


async def test_who_stops_waiting_does_not_undo_the_sale(caisse: Caisse) -> None:
    sale = caisse.asked(Op.SALE, APPLES)
    waiting = asyncio.create_task(caisse.writer.submit(sale))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert (await ask(caisse, sale)).rc is Code.APPROVED
    assert len(await logged_of(caisse, SaleDecided)) == 1


async def test_the_lease_is_kept_while_a_long_log_is_folded(caisse: Caisse, monkeypatch: pytest.MonkeyPatch) -> None:
    renew, renewed = caisse.log.renew_lease, asyncio.Event()

    async def renewing() -> None:
        await renew()
        renewed.set()

    async def long_load(*log: Any) -> Any:
        renewed.clear()
        await asyncio.wait_for(renewed.wait(), ANSWER_S)
        return await load(*log)

    caisse.writer.stop()  # so that nobody renews but who loads
    await caisse.running
    caisse.writer._settings = Settings(lease_s=2)
    with monkeypatch.context() as slow:
        slow.setattr(caisse.log, "renew_lease", renewing)
        slow.setattr("clearing.authoriser.loop.load", long_load)
        await caisse.writer._load()
    assert renewed.is_set()
    await caisse.log.release()
    await start(caisse)
