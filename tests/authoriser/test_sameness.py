"""Law: same message, same answer, byte for byte and for ever; other content under its number is refused and told once."""

from dataclasses import replace

import pytest

from clearing.authoriser import sameness
from clearing.authoriser.client import TapFacts
from clearing.events.basket import Line
from clearing.events.caisse import SecurityAlerted
from clearing.events.codes import Code
from clearing.events.sales import OperationRepeated, SaleDecided
from clearing.values import CategoryId, Cents, OperationId
from clearing.wire.requests import NewKey, Op, Request
from clearing.wire.signature import TerminalKey, prove_new_key
from tests.authoriser.asking import ask, at_once, but, codes, count, credit_cents, logged_of, read, request_of, restart
from tests.living_caisse import AMINA, BRUNO, STALL, Caisse

APPLES = {"fruit-veg": 500}


def lines(cents: int) -> dict[str, object]:
    return {"amount_cents": Cents(cents), "lines": (Line(category=CategoryId("fruit-veg"), amount_cents=Cents(cents)),)}


async def test_fifty_in_one_group_are_one_sale_and_one_reply(caisse: Caisse) -> None:
    sale = caisse.asked(Op.SALE, APPLES)
    replies = await at_once(caisse, [sale] * 50)
    assert len(set(replies)) == 1
    assert read(replies[0]).rc is Code.APPROVED
    assert len(await logged_of(caisse, SaleDecided)) == 1
    assert credit_cents(caisse) == 15_000 - 500
    assert count(caisse.writer._telemetry, "clearing_repeats_total") == 49


async def test_a_repeat_gets_the_stored_bytes_later_and_after_a_restart(caisse: Caisse) -> None:
    sale = caisse.asked(Op.SALE, APPLES)
    first = await caisse.writer.submit(sale)
    await caisse.sell({"staple": 100})
    assert await caisse.writer.submit(sale) == first
    await restart(caisse)
    assert await caisse.writer.submit(sale) == first
    assert len(await logged_of(caisse, SaleDecided)) == 2


async def test_the_store_answers_what_others_pushed_out_of_memory(
    caisse: Caisse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sameness, "RECENT_MAX", 10)
    sales = [caisse.asked(Op.SALE, {"fruit-veg": 1}) for _ in range(1_200)]
    replies = [raw for start in range(0, 1_200, 200) for raw in await at_once(caisse, sales[start : start + 200])]
    memory = caisse.writer._reception.sameness
    assert len(memory._recent) == 10
    assert await at_once(caisse, sales[:200]) == replies[:200]
    assert (await at_once(caisse, [sales[1_199], sales[600]])) == [replies[1_199], replies[600]]
    assert len(await logged_of(caisse, SaleDecided)) == 1_200


async def test_a_decline_is_repeated_even_when_it_would_be_approved_now(caisse: Caisse) -> None:
    unknown = caisse.asked(Op.SALE, APPLES, tap=TapFacts(genuine=True, card=None, key_version=1, counter=1))
    other = caisse.asked(Op.SALE, {"drinks": 900})
    declined = [await caisse.writer.submit(one) for one in (unknown, other)]
    assert codes(declined) == [Code.TAP_VIOLATION, Code.DECLINED]
    await caisse.command(AMINA, "record_decision", {
        "decision": "ag-2026-05", "title": "Drinks too", "body": "general-meeting", "method": "majority",
        "taken_on": "2026-05-01", "votes_for": 20, "votes_against": 1, "abstained": 0, "minutes_sha256": b"",
    })
    await caisse.command(BRUNO, "approve_decision", {"decision": "ag-2026-05"})
    adopted = await caisse.command(AMINA, "adopt_charte", {
        "version": 2, "decision": "ag-2026-05", "effective_us": caisse.clock.us + 1_000_000, "categories": ["drinks"],
        "payers": [{"id": "credit", "purse": "credit", "covers": [{"category": "drinks", "rate": 10_000}]}],
    })
    assert adopted.rc is Code.APPROVED, adopted.why
    caisse.clock.us += 2_000_000
    assert (await caisse.sell({"drinks": 900}))[1].rc is Code.APPROVED
    assert [await caisse.writer.submit(one) for one in (unknown, other)] == declined
    await restart(caisse)
    assert [await caisse.writer.submit(one) for one in (unknown, other)] == declined


async def test_other_content_under_the_same_number_is_94_and_one_alert(caisse: Caisse) -> None:
    sale = caisse.asked(Op.SALE, APPLES)
    first = await caisse.writer.submit(sale)
    forged = but(caisse, sale, **lines(700))
    another = but(caisse, sale, x=OperationId(b"another operation")[:16], **lines(800))
    answers = [await ask(caisse, one) for one in (forged, forged, another)]
    assert {answer.rc for answer in answers} == {Code.CONFLICT}
    assert {answer.sq for answer in answers} == {0}
    assert answers[0].rq == request_of(forged).digest
    assert codes(await at_once(caisse, [forged, another])) == [Code.CONFLICT] * 2
    await restart(caisse)
    assert (await ask(caisse, forged)).rc is Code.CONFLICT
    assert await caisse.writer.submit(sale) == first
    [alert] = await logged_of(caisse, SecurityAlerted)
    assert (alert.n, alert.kind) == (request_of(sale).n, "same-n-other-content")
    assert len(await logged_of(caisse, SaleDecided)) == 1
    assert await caisse.log.reply_of(alert.terminal, alert.epoch, alert.n) == (request_of(sale).digest, 17, first)


async def test_the_frame_that_came_second_is_the_alerts_evidence(caisse: Caisse) -> None:
    sale = caisse.asked(Op.SALE, APPLES)
    await caisse.writer.submit(sale)
    forged = but(caisse, sale, **lines(700))
    await caisse.writer.submit(forged)
    assert (await caisse.log.read(17, 1))[0].evidence == forged.frame.raw


async def test_the_same_number_with_other_content_in_one_group_is_94(caisse: Caisse) -> None:
    sale = caisse.asked(Op.SALE, APPLES)
    first, second = await at_once(caisse, [sale, but(caisse, sale, **lines(700))])
    assert (read(first).rc, read(second).rc) == (Code.APPROVED, Code.CONFLICT)
    assert len(await logged_of(caisse, SecurityAlerted)) == 1


async def test_the_same_operation_under_another_number_gets_its_first_outcome(caisse: Caisse) -> None:
    sale = caisse.asked(Op.SALE, APPLES)
    first = await ask(caisse, sale)
    caisse.n += 1
    again = but(caisse, sale, n=caisse.n)
    second = await ask(caisse, again)
    assert (second.rc, second.aa, second.al, second.ac) == (first.rc, first.aa, first.al, first.ac)
    assert (second.n, second.rq) == (request_of(again).n, request_of(again).digest)
    [repeated] = await logged_of(caisse, OperationRepeated)
    assert repeated.first_position == first.sq
    assert credit_cents(caisse) == 15_000 - 500
    assert await ask(caisse, again) == second


async def test_the_same_operation_with_other_content_is_94_and_told_once_per_number(caisse: Caisse) -> None:
    sale = caisse.asked(Op.SALE, APPLES)
    await caisse.writer.submit(sale)
    dearer = but(caisse, sale, n=request_of(sale).n + 1, **lines(600))
    other_tap = but(caisse, replace(sale, tap=caisse.tap()), n=request_of(sale).n + 2)
    answers = [await ask(caisse, one) for one in (dearer, dearer, other_tap)]
    assert {answer.rc for answer in answers} == {Code.CONFLICT}
    alerts = await logged_of(caisse, SecurityAlerted)
    assert [(alert.n, alert.kind) for alert in alerts] == [
        (request_of(sale).n + 1, "same-x-other-content"), (request_of(sale).n + 2, "same-x-other-content"),
    ]
    assert credit_cents(caisse) == 15_000 - 500


async def test_a_lower_number_that_was_overtaken_is_decided_as_new(caisse: Caisse) -> None:
    overtaken, overtaking = caisse.asked(Op.SALE, APPLES), caisse.asked(Op.SALE, APPLES)
    await caisse.writer.submit(overtaking)
    assert (await ask(caisse, overtaken)).rc is Code.APPROVED
    late = caisse.asked(Op.SALE, APPLES)
    caisse.n += 1
    await caisse.writer.submit(caisse.asked(Op.SALE, APPLES))
    await restart(caisse)
    assert codes(await at_once(caisse, [late, late])) == [Code.APPROVED] * 2
    assert len(await logged_of(caisse, SaleDecided)) == 4


async def test_commands_are_the_same_or_refused_like_sales(caisse: Caisse) -> None:
    admit = caisse.commanded(BRUNO, "admit_members", {"members": [{"member": "m-2", "groups": []}]})
    first = await caisse.writer.submit(admit)
    assert await at_once(caisse, [admit, admit]) == [first, first]
    other = caisse.commanded(BRUNO, "admit_members", {"members": [{"member": "m-3", "groups": []}]}, n=request_of(admit).n)
    refused = await caisse.writer.submit(other)
    await restart(caisse)
    assert await caisse.writer.submit(admit) == first
    assert refused != first
    assert [alert.kind for alert in await logged_of(caisse, SecurityAlerted)] == ["same-n-other-content"]
    assert "m-3" not in caisse.writer.book.members.members


async def test_a_request_that_repeats_another_terminals_number_is_its_own(caisse: Caisse) -> None:
    """Numbers belong to (terminal, epoch): a person's command may carry the same one."""
    sale = caisse.asked(Op.SALE, APPLES, n=11)
    assert isinstance(sale.request, Request)
    assert caisse.numbers[AMINA] >= 6
    done = await caisse.command(AMINA, "admit_members", {"members": [{"member": "m-4", "groups": []}]}, n=11)
    assert done.rc is Code.APPROVED
    assert (await ask(caisse, sale)).rc is Code.APPROVED


async def test_an_authorisation_at_another_price_choice_is_another_operation(caisse: Caisse) -> None:
    hold = caisse.asked(Op.AUTH, APPLES, price_choice=100)
    assert (await ask(caisse, hold)).rc is Code.APPROVED
    assert (await ask(caisse, but(caisse, hold, n=900, price_choice=70))).rc is Code.CONFLICT


async def test_a_rotation_under_the_x_of_a_sale_is_94(caisse: Caisse) -> None:
    sale = caisse.asked(Op.SALE, APPLES)
    await caisse.writer.submit(sale)
    new = TerminalKey.from_seed(b"n" * 32)
    proved = NewKey(new.public, prove_new_key(new, terminal=STALL, epoch=1))
    rotation = Request(
        op=Op.ROTATE, terminal=STALL, epoch=1, n=901, x=request_of(sale).x, ts_ms=request_of(sale).ts_ms, new_key=proved
    )
    assert (await ask(caisse, caisse.submission(rotation, None))).rc is Code.CONFLICT
    assert caisse.writer.book.producers.terminals[STALL].epoch == 1
