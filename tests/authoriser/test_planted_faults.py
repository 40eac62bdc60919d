"""Law: a fault in a decision costs one answer; a fault in the fold holds the one frame that makes it; the caisse goes on."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from clearing.authoriser.client import OutcomeUnknown
from clearing.authoriser.reception import TimeFailed
from clearing.event_store.log import Fenced
from clearing.events.caisse import FrameHeld
from clearing.events.codes import Code
from clearing.events.members import MemberAdmitted
from clearing.events.sales import SaleDecided
from clearing.rules import book as books
from clearing.rules.credit import lapsing
from clearing.rules.people import members
from clearing.rules.selling import sale as rules_of_sales
from clearing.rules.selling.operations import StoredForm
from clearing.wire.requests import Op
from tests.authoriser.asking import (
    ask,
    at_once,
    codes,
    count,
    credit_cents,
    logged,
    logged_of,
    read,
    request_of,
    restart,
    start,
)
from tests.living_caisse import BRUNO, DAY_US, Caisse

POISON = 666
APPLES = {"fruit-veg": 500}


class Planted(Exception):
    """A bug of ours, planted."""


def decide_breaks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Funding fails for a sale of 6.66 and for no other."""
    whole: Callable[..., SaleDecided] = rules_of_sales.decide_sale

    def decide_sale(asked: Any, **facts: Any) -> SaleDecided:
        if asked.amount_cents == POISON:
            raise Planted("decide")
        return whole(asked, **facts)

    monkeypatch.setattr(rules_of_sales, "decide_sale", decide_sale)


def fold_breaks(monkeypatch: pytest.MonkeyPatch, *, times: int) -> list[int]:
    """The fold of a sale of 6.66 fails so many times, after it took the money. Returns the positions at which it did."""
    whole: Callable[..., None] = books._DECIDED[SaleDecided]
    broken: list[int] = []

    def fold(book: books.Book, event: SaleDecided, position: int, at_us: int, stored: StoredForm) -> None:
        whole(book, event, position, at_us, stored)
        if event.amount_cents == POISON and len(broken) < times:
            broken.append(position)
            raise Planted("apply")

    monkeypatch.setitem(books._DECIDED, SaleDecided, fold)
    return broken


async def test_a_fault_in_a_decision_is_96_and_leaves_no_trace(caisse: Caisse, monkeypatch: pytest.MonkeyPatch) -> None:
    decide_breaks(monkeypatch)
    poisoned, head = caisse.asked(Op.SALE, {"fruit-veg": POISON}), caisse.log.head
    answer = await ask(caisse, poisoned)
    assert (answer.rc, answer.sq, answer.aa) == (Code.INTERNAL_ERROR, 0, None)
    assert await caisse.log.stored_head() == head
    assert (caisse.writer.book.position, credit_cents(caisse)) == (head.position, 15_000)
    assert count(caisse.writer._telemetry, "clearing_alarms_total", alarm="decide") == 1
    assert (await caisse.sell(APPLES))[1].rc is Code.APPROVED


async def test_the_same_bytes_are_decided_once_the_fault_is_gone(caisse: Caisse, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as planted:
        decide_breaks(planted)
        poisoned = caisse.asked(Op.SALE, {"fruit-veg": POISON})
        around = [caisse.asked(Op.SALE, APPLES), poisoned, caisse.asked(Op.SALE, APPLES)]
        assert codes(await at_once(caisse, around)) == [Code.APPROVED, Code.INTERNAL_ERROR, Code.APPROVED]
    assert (await ask(caisse, poisoned)).rc is Code.APPROVED
    assert credit_cents(caisse) == 15_000 - POISON - 2 * 500
    assert len(await logged_of(caisse, SaleDecided)) == 3


async def test_a_fault_in_the_second_event_of_a_command_records_none(
    caisse: Caisse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What can't be stored is found before the first of its events is in the book."""
    whole = members.decide_admit

    def decide_admit(*args: Any, **facts: Any) -> MemberAdmitted:
        event = whole(*args, **facts)
        assert isinstance(event, MemberAdmitted)
        return MemberAdmitted(member=event.member, groups=(object(),) if event.member == "m-3" else (), by=event.by)  # type: ignore[arg-type]

    monkeypatch.setattr(members, "decide_admit", decide_admit)
    head = caisse.log.head
    body: dict[str, object] = {"members": [{"member": "m-2", "groups": []}, {"member": "m-3", "groups": []}]}
    assert (await caisse.command(BRUNO, "admit_members", body)).rc is Code.INTERNAL_ERROR
    assert await caisse.log.stored_head() == head
    assert list(caisse.writer.book.members.members) == ["m-1"]
    assert (await caisse.sell(APPLES))[1].rc is Code.APPROVED


async def test_a_fold_that_fails_once_is_rebuilt_and_everybody_answered(
    caisse: Caisse, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = fold_breaks(monkeypatch, times=1)
    group = [caisse.asked(Op.SALE, APPLES), caisse.asked(Op.SALE, {"fruit-veg": POISON}), caisse.asked(Op.SALE, APPLES)]
    assert codes(await at_once(caisse, group)) == [Code.APPROVED] * 3
    assert len(broken) == 1
    assert credit_cents(caisse) == 15_000 - POISON - 2 * 500
    assert count(caisse.writer._telemetry, "clearing_alarms_total", alarm="apply") == 1
    await restart(caisse)
    assert credit_cents(caisse) == 15_000 - POISON - 2 * 500


async def test_a_frame_that_breaks_the_fold_twice_is_held_and_its_group_answered(
    caisse: Caisse, monkeypatch: pytest.MonkeyPatch
) -> None:
    sold_before = caisse.asked(Op.SALE, APPLES)
    reply_before = await caisse.writer.submit(sold_before)
    fold_breaks(monkeypatch, times=2)
    poisoned, apples = caisse.asked(Op.SALE, {"fruit-veg": POISON}), caisse.asked(Op.SALE, APPLES)
    raws = await at_once(caisse, [sold_before, apples, poisoned, sold_before, apples, caisse.asked(Op.SALE, APPLES)])
    assert codes(raws) == [Code.APPROVED, Code.APPROVED, Code.INTERNAL_ERROR, Code.APPROVED, Code.APPROVED, Code.APPROVED]
    assert raws[0] == raws[3] == reply_before
    assert raws[1] == raws[4]
    assert credit_cents(caisse) == 15_000 - 3 * 500
    [held] = await logged_of(caisse, FrameHeld)
    row = (await caisse.log.read(read(raws[2]).sq - 1, 1))[0]
    assert (held.n, row.evidence) == (request_of(poisoned).n, poisoned.frame.raw)
    assert "apply" in held.why


async def test_a_held_frame_keeps_its_answer_when_the_fault_is_gone(caisse: Caisse, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as planted:
        fold_breaks(planted, times=2)
        poisoned = caisse.asked(Op.SALE, {"fruit-veg": POISON})
        held = await caisse.writer.submit(poisoned)
    await restart(caisse)
    assert await caisse.writer.submit(poisoned) == held
    assert count(caisse.writer._telemetry, "clearing_alarms_total", alarm="apply") == 0
    assert (await caisse.sell({"fruit-veg": POISON}))[1].rc is Code.APPROVED


async def test_a_command_that_breaks_the_fold_twice_is_held_too(caisse: Caisse, monkeypatch: pytest.MonkeyPatch) -> None:
    whole: Callable[..., None] = books._FOLDS[MemberAdmitted]

    def fold(book: books.Book, event: MemberAdmitted, position: int, at_us: int) -> None:
        if event.member == "m-666":
            raise Planted("apply")
        whole(book, event, position, at_us)

    monkeypatch.setitem(books._FOLDS, MemberAdmitted, fold)
    done = await caisse.command(BRUNO, "admit_members", {"members": [{"member": "m-666", "groups": []}]})
    assert done.rc is Code.INTERNAL_ERROR
    assert "kept for a person" in done.why
    assert len(await logged_of(caisse, FrameHeld)) == 1
    assert (await caisse.command(BRUNO, "admit_members", {"members": [{"member": "m-2", "groups": []}]})).rc is Code.APPROVED


async def test_a_fault_in_what_time_makes_due_stops_the_writer_and_holds_nobody(
    caisse: Caisse, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = lapsing.evolve_cohort_lapsed

    def breaks(*_args: object) -> None:
        raise Planted("lapse")

    monkeypatch.setattr(lapsing, "evolve_cohort_lapsed", breaks)
    caisse.clock.us += 70 * DAY_US
    sale = caisse.asked(Op.SALE, APPLES)
    with pytest.raises(OutcomeUnknown):
        await caisse.writer.submit(sale)
    with pytest.raises(TimeFailed, match="due at"):
        await caisse.running
    monkeypatch.setattr(lapsing, "evolve_cohort_lapsed", whole)
    await caisse.log.release()
    await start(caisse)
    assert (await ask(caisse, sale)).rc is Code.DECLINED
    assert not await logged_of(caisse, FrameHeld)


async def test_a_fault_that_cuts_an_append_short_leaves_all_unanswered_and_nothing_written(
    caisse: Caisse, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def append_group(*_rows: object) -> None:
        raise Planted("append")

    monkeypatch.setattr(caisse.log, "append_group", append_group)
    before = await logged(caisse)
    sales = [caisse.asked(Op.SALE, APPLES) for _ in range(3)]
    outcomes = await asyncio.gather(*[caisse.writer.submit(one) for one in sales], return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [OutcomeUnknown] * 3
    with pytest.raises(Planted):
        await caisse.running
    with pytest.raises(OutcomeUnknown):
        await caisse.writer.submit(sales[0])
    assert not caisse.directory.ready["brume"]  # type: ignore[index]
    monkeypatch.undo()
    await caisse.log.release()
    await start(caisse)
    assert await logged(caisse) == before
    assert codes(await at_once(caisse, sales)) == [Code.APPROVED] * 3


async def test_who_was_answered_alone_is_not_told_again_when_the_next_one_ends_the_writer(
    caisse: Caisse, monkeypatch: pytest.MonkeyPatch
) -> None:
    fold_breaks(monkeypatch, times=1)
    told: list[list[object]] = [[], [], []]
    asked = [caisse.asked(Op.SALE, APPLES), caisse.asked(Op.SALE, {"fruit-veg": POISON}), caisse.asked(Op.SALE, APPLES)]
    append, appended = caisse.log.append_group, 0

    async def append_once(*group: Any) -> Any:
        nonlocal appended
        appended += 1
        if appended > 1:
            raise Fenced("planted")
        return await append(*group)

    monkeypatch.setattr(caisse.log, "append_group", append_once)
    for one, answers in zip(asked, told, strict=True):
        caisse.writer.post(one, answers.append)
    await asyncio.wait({caisse.running}, timeout=30)
    with pytest.raises(Fenced):
        await caisse.running
    assert [len(answers) for answers in told] == [1, 1, 1]
    assert isinstance(told[0][0], bytes)
    assert [type(answers[0]) for answers in told[1:]] == [OutcomeUnknown] * 2
    await caisse.log.close()
    await start(caisse, take_over=True)
