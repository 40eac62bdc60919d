"""Law: while one group is being committed the next is decided, and nothing of it is told, kept or signed before its turn.

The commit is held back by another connection that holds the head of the log, as a slow disk would.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from clearing.authoriser.client import OutcomeUnknown, Submission
from clearing.event_store.log import Fenced
from clearing.event_store.receipts import read_receipt
from clearing.events.codes import Code
from clearing.events.sales import SaleDecided
from clearing.wire.reply_envelope import open_reply
from clearing.wire.requests import Op
from tests.authoriser.asking import at_once, but, codes, credit_cents, logged_of, request_of, restart, start
from tests.authoriser.test_planted_faults import POISON, fold_breaks
from tests.living_caisse import SERVER_KEY, Caisse

APPLES = {"fruit-veg": 500}
WAIT_S = 30
Answer = asyncio.Task[bytes]


@asynccontextmanager
async def held(caisse: Caisse, *, epochs: int = 0) -> AsyncIterator[None]:
    """No append ends before the block does. epochs: another writer has taken over so often by then."""
    async with caisse.place.connection() as other, other.transaction():
        await other.execute(f"UPDATE {caisse.schema}.log_head SET epoch = epoch + $1", epochs)
        yield


async def until(there: Callable[[], bool]) -> None:
    async with asyncio.timeout(WAIT_S):
        while not there():
            await asyncio.sleep(0)


def post(caisse: Caisse, *submissions: Submission) -> list[Answer]:
    return [asyncio.create_task(caisse.writer.submit(one)) for one in submissions]


async def in_flight(caisse: Caisse, *submissions: Submission) -> list[Answer]:
    """Their group is being committed when this returns."""
    asked = post(caisse, *submissions)
    await until(caisse.writer._flies)
    return asked


async def decided(caisse: Caisse, *submissions: Submission) -> list[Answer]:
    """They are in the group behind the one that is being committed."""
    asked = post(caisse, *submissions)
    await until(lambda: len(caisse.writer._open) == len(submissions))
    return asked


def sales_in_the_book(caisse: Caisse) -> int:
    return len(caisse.writer.book.operations)


async def test_what_is_in_flight_is_told_to_nobody_however_often_it_is_asked(caisse: Caisse) -> None:
    sale, other = caisse.asked(Op.SALE, APPLES), caisse.asked(Op.SALE, APPLES)
    async with held(caisse):
        first = await in_flight(caisse, sale)
        behind = await decided(caisse, sale, other, sale)
        assert sales_in_the_book(caisse) == 2
        assert not any(one.done() for one in first + behind)
        assert caisse.log.head == await caisse.log.stored_head()
    answers = await asyncio.gather(*first, *behind)
    assert answers[0] == answers[1] == answers[3]
    assert codes(answers) == [Code.APPROVED] * 4
    assert len(await logged_of(caisse, SaleDecided)) == 2


async def test_other_content_under_a_number_in_flight_is_94(caisse: Caisse) -> None:
    sale = caisse.asked(Op.SALE, APPLES)
    async with held(caisse):
        first = await in_flight(caisse, sale)
        behind = await decided(caisse, but(caisse, sale, ts_ms=request_of(sale).ts_ms + 1))
    assert codes(await asyncio.gather(*first, *behind)) == [Code.APPROVED, Code.CONFLICT]


async def test_a_tap_of_the_group_in_flight_is_used(caisse: Caisse) -> None:
    tap = caisse.tap()
    async with held(caisse):
        first = await in_flight(caisse, caisse.asked(Op.SALE, APPLES, tap=tap))
        behind = await decided(caisse, caisse.asked(Op.SALE, APPLES, tap=tap))
    assert codes(await asyncio.gather(*first, *behind)) == [Code.APPROVED, Code.TAP_VIOLATION]
    assert credit_cents(caisse) == 15_000 - 500


async def test_a_tap_below_the_window_asks_the_store_after_the_group_in_flight(caisse: Caisse) -> None:
    await caisse.writer.submit(caisse.asked(Op.SALE, APPLES, tap=caisse.tap(200)))
    low = caisse.tap(3)
    async with held(caisse):
        first = await in_flight(caisse, caisse.asked(Op.SALE, APPLES, tap=low))
        behind = post(caisse, caisse.asked(Op.SALE, APPLES, tap=low))
        await until(lambda: len(caisse.writer._open) == 1)
    assert codes(await asyncio.gather(*first, *behind)) == [Code.APPROVED, Code.TAP_VIOLATION]


async def test_a_fold_that_breaks_behind_a_group_in_flight_loses_nothing(
    caisse: Caisse, monkeypatch: pytest.MonkeyPatch
) -> None:
    sale, repeated = caisse.asked(Op.SALE, APPLES), caisse.asked(Op.SALE, APPLES)
    broken = fold_breaks(monkeypatch, times=1)
    async with held(caisse):
        first = await in_flight(caisse, sale, repeated)
        behind = post(caisse, caisse.asked(Op.SALE, APPLES), caisse.asked(Op.SALE, {"fruit-veg": POISON}), repeated)
        await until(lambda: bool(broken))
        assert not any(one.done() for one in first + behind)
    answers = await asyncio.gather(*first, *behind)
    assert codes(answers) == [Code.APPROVED] * 5
    assert answers[1] == answers[4]
    assert credit_cents(caisse) == 15_000 - 3 * 500 - POISON
    before = credit_cents(caisse)
    await restart(caisse)
    assert credit_cents(caisse) == before


async def test_who_waits_for_the_time_is_told_although_a_fold_broke(
    caisse: Caisse, monkeypatch: pytest.MonkeyPatch
) -> None:
    fold_breaks(monkeypatch, times=1)
    [answer] = post(caisse, caisse.asked(Op.SALE, {"fruit-veg": POISON}))
    async with asyncio.timeout(WAIT_S):
        await caisse.writer.look_at_the_time()
    assert codes([await answer]) == [Code.APPROVED]


async def test_a_receipt_of_what_is_in_flight_waits_for_its_commit(caisse: Caisse) -> None:
    sale = caisse.asked(Op.SALE, APPLES)
    async with held(caisse):
        first = await in_flight(caisse, sale)
        asked = caisse.asked(Op.RECEIPT, {}, original=request_of(sale).x)
        [receipt] = await decided(caisse, asked)
        assert not receipt.done()
    assert codes([await first[0]]) == [Code.APPROVED]
    assert read_receipt(await receipt, SERVER_KEY.public).rq == request_of(asked).digest


async def test_a_receipt_asked_together_with_its_sale_comes_after_its_commit(caisse: Caisse) -> None:
    sale = caisse.asked(Op.SALE, APPLES)
    receipt, other = caisse.asked(Op.RECEIPT, {}, original=request_of(sale).x), caisse.asked(Op.SALE, APPLES)
    sold, proved, also = await at_once(caisse, [sale, receipt, other])
    assert codes([sold, also]) == [Code.APPROVED] * 2
    assert read_receipt(proved, SERVER_KEY.public).rq == request_of(receipt).digest


async def test_a_signed_head_is_over_what_is_committed_and_not_over_what_is_decided(caisse: Caisse) -> None:
    """The audit at the end of each test recomputes every head's root."""
    heads = await heads_of(caisse)
    async with held(caisse):
        first = await in_flight(caisse, caisse.asked(Op.SALE, APPLES))
        caisse.clock.us += 5_000_000
        behind = await decided(caisse, *[caisse.asked(Op.SALE, APPLES) for _ in range(3)])
        committing = caisse.writer.book.position - 3
    await asyncio.gather(*first, *behind)
    assert set(await heads_of(caisse)) - set(heads) <= {committing, committing + 3}
    assert committing in await heads_of(caisse)


async def heads_of(caisse: Caisse) -> list[int]:
    async with caisse.place.connection() as admin:
        return [row["size"] for row in await admin.fetch(f"SELECT size FROM {caisse.schema}.heads ORDER BY size")]


async def test_a_take_over_while_a_group_is_in_flight_leaves_all_unknown(caisse: Caisse) -> None:
    sales = [caisse.asked(Op.SALE, APPLES) for _ in range(4)]
    async with held(caisse, epochs=1):
        asked = [*await in_flight(caisse, sales[0]), *await decided(caisse, *sales[1:])]
    outcomes = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(one) for one in outcomes] == [OutcomeUnknown] * 4
    with pytest.raises(Fenced):
        await caisse.running
    await caisse.log.close()
    await start(caisse, take_over=True)
    assert not await logged_of(caisse, SaleDecided)
    assert codes(await at_once(caisse, sales)) == [Code.APPROVED] * 4


async def test_a_writer_that_is_cancelled_tells_what_its_commit_made_durable(caisse: Caisse) -> None:
    async with held(caisse):
        first = await in_flight(caisse, caisse.asked(Op.SALE, APPLES))
        behind = await decided(caisse, caisse.asked(Op.SALE, APPLES))
        caisse.running.cancel()
    assert codes([await first[0]]) == [Code.APPROVED]
    with pytest.raises(OutcomeUnknown):
        await behind[0]
    await asyncio.gather(caisse.running, return_exceptions=True)
    await caisse.log.release()
    await start(caisse)
    assert len(await logged_of(caisse, SaleDecided)) == 1


async def test_a_stop_with_a_group_in_flight_answers_all_that_was_taken(caisse: Caisse) -> None:
    async with held(caisse):
        first = await in_flight(caisse, caisse.asked(Op.SALE, APPLES))
        behind = await decided(caisse, caisse.asked(Op.SALE, APPLES))
        caisse.writer.stop()
    assert codes(await asyncio.gather(*first, *behind)) == [Code.APPROVED] * 2
    await caisse.running


async def test_the_replies_of_a_group_stand_under_one_signature_and_a_lone_one_under_its_own(caisse: Caisse) -> None:
    group = await at_once(caisse, [caisse.asked(Op.SALE, {"fruit-veg": 1}) for _ in range(5)])
    opened = [open_reply(one, reply_bytes_max=4_096) for one in group]
    assert len({reply.sig for reply in opened}) == 1
    assert all(reply.path for reply in opened)
    alone = open_reply(await caisse.writer.submit(caisse.asked(Op.SALE, {"fruit-veg": 1})), reply_bytes_max=4_096)
    assert alone.path is None
