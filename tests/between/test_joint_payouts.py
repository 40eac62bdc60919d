"""A producer of two caisses gets one transfer: what one hands over, the other takes once, and owes her with its own."""

import contextlib
import itertools
import re
from collections.abc import Callable

import pytest

from clearing.audit import audit
from clearing.audit.answers import answer
from clearing.authoriser.client import Between, Submission
from clearing.events.codes import Code
from clearing.events.joint import HandoverEnded, PartAnswered
from clearing.events.settlement import BatchClosed
from clearing.rules.between.interchange import Interchange
from clearing.rules.between.joint import AskedPart
from clearing.rules.between.netting import unmatched
from clearing.rules.stalls.payouts import PayoutState
from clearing.rules.telling.waiting import Waiting
from clearing.values import BatchId, CaisseCode
from clearing.wire.frame import FrameType, open_envelope
from clearing.wire.interchange import Part, encode_word
from clearing.wire.requests import Op
from clearing.wire.signature import verify
from tests.between.joined import ACCOUNT, FIELD, agree, approve, joined, named, proposal, state, told
from tests.living_caisse import AMINA, BRUNO
from tests.three_caisses import AVAL, BRUME, SERVERS, Lost, Region

pytestmark = pytest.mark.row(19)


def sell(region: Region, code: CaisseCode, cents: int) -> None:
    assert region.desks[code].ask(Op.SALE, {"fruit-veg": cents})[1].rc is Code.APPROVED


async def proved(region: Region) -> None:
    for code, desk in region.desks.items():
        found = await audit(desk.log, report=lambda _: None, server_keys=[SERVERS[code].public])
        assert found.ok, (code, found.reason)


async def test_one_sale_at_each_of_two_caisses_is_one_transfer() -> None:
    region = joined()
    sell(region, BRUME, 700)
    sell(region, AVAL, 500)
    assert approve(region, BRUME) == 1
    assert state(region, BRUME) is PayoutState.HANDED_OVER
    assert region.desks[BRUME].book.settlement.batches[1].to_pay_cents() == 0  # type: ignore[index]
    await region.sweep()
    assert state(region, BRUME) is PayoutState.TAKEN
    assert [reason for _, reason in told(region)] == [""]
    approve(region, AVAL)
    closed = next(event for event in region.desks[AVAL].log.events() if isinstance(event, BatchClosed))
    line = closed.lines[0]
    assert (line.producer, line.captured_cents, line.parts_cents(), line.paid_cents) == (FIELD, 500, 700, 1_200)
    assert [(part.caisse, part.batch, part.producer, part.cents) for part in line.parts] == [(BRUME, 1, FIELD, 700)]
    assert region.desks[AVAL].book.interchange.balances[BRUME] == 700
    assert region.desks[BRUME].book.interchange.balances[AVAL] == -700
    found = region.net(region.next_day())
    assert (found.nets[BRUME], found.nets[AVAL], found.total_cents()) == (-700, 700, 0)
    await proved(region)


async def test_a_word_that_is_said_again_is_answered_alike_and_nothing_is_owed_twice() -> None:
    for dies_at, after in itertools.product(range(1, 5), (False, True)):
        region = joined()
        sell(region, BRUME, 700)
        approve(region, BRUME)
        region.wires.die(dies_at, after=after)
        with contextlib.suppress(Lost):
            await region.carrier.sweep(BRUME)
        region.wires.live()
        await region.sweep()
        await region.sweep()
        assert [reason for _, reason in told(region)] == [""], (dies_at, after)
        assert owed(region, AVAL) == 700
        assert region.desks[BRUME].book.interchange.balances == {AVAL: -700}


async def test_what_is_not_taken_is_owed_again_and_paid_by_the_caisse_itself() -> None:
    region = joined(cap_cents=699)
    sell(region, BRUME, 700)
    approve(region, BRUME)
    await region.sweep()
    assert [reason for _, reason in told(region)] == ["cap"]
    assert state(region, BRUME) is PayoutState.NOT_TAKEN
    assert (owed(region, BRUME), owed(region, AVAL)) == (700, 0)
    waits = [wait.told for wait in Waiting().told(region.desks[BRUME].book, region.desks[BRUME].clock.us)]
    assert any("7.00 EUR of batch 1 to field were not taken by the other caisse: look why" in told
               for told in waits), waits  # fmt: skip
    region.desks[BRUME].order(AMINA, "reissue_payout", {"payouts": [{"batch": 1, "producer": FIELD}]})
    region.desks[BRUME].order(BRUNO, "approve_batch", {"batch": 2, "execution_on": region.today()})
    assert state(region, BRUME, 2) is PayoutState.WAITING, "it is not handed over a second time"
    sell(region, BRUME, 300)
    approve(region, BRUME)
    assert state(region, BRUME, 3) is PayoutState.HANDED_OVER, "what comes after it is"
    await proved(region)


async def test_a_cap_is_free_again_once_a_netting_brought_the_money() -> None:
    region = joined(cap_cents=1_000)
    for cents, reasons in ((700, [""]), (400, ["", "cap"])):
        sell(region, BRUME, cents)
        approve(region, BRUME)
        await region.sweep()
        assert [reason for _, reason in told(region)] == reasons
    day = region.next_day()
    region.net(day)
    sell(region, BRUME, 50)
    approve(region, BRUME)  # with what was not taken: paid by BRUME itself
    assert state(region, BRUME, 3) is PayoutState.WAITING
    region.desks[AVAL].order(AMINA, "pay_netting", {"day": day, "reference": "line 7"})
    sell(region, BRUME, 1_000)
    approve(region, BRUME)
    await region.sweep()
    assert state(region, BRUME, 4) is PayoutState.TAKEN
    await proved(region)


def goods_come_back(region: Region) -> None:
    """Paid, then refunded: the field owes AVAL."""
    request, _ = region.desks[AVAL].ask(Op.SALE, {"fruit-veg": 500})
    approve(region, AVAL)
    assert region.desks[AVAL].ask(Op.REF, {"fruit-veg": 500}, original=request.x)[1].rc is Code.APPROVED


REFUSALS: dict[str, Callable[[Region], object]] = {
    "no-agreement": lambda region: region.desks[AVAL].order(
        BRUNO, "end_joint_payout", {"other": BRUME, "role": "pays", "reason": "by letter"}
    ),
    "producer": lambda region: agree(
        region, AVAL, proposal(BRUME, "pays", producers=[named(theirs="another-farm")])
    ),
    "account": lambda region: agree(region, AVAL, proposal(BRUME, "pays", producers=[named(account=b"another account!")])),
    "held": lambda region: region.desks[AVAL].order(AMINA, "hold_payout", {"producer": FIELD, "reason": "a call"}),
    "owes": goods_come_back,
    "cap": lambda region: agree(region, AVAL, proposal(BRUME, "pays", cap_cents=1)),
}


@pytest.mark.parametrize("reason", REFUSALS)
async def test_each_reason_not_to_take_a_part_is_told_and_moves_nothing(reason: str) -> None:
    region = joined()
    sell(region, BRUME, 700)
    approve(region, BRUME)
    before = owed(region, AVAL)
    REFUSALS[reason](region)
    after = owed(region, AVAL)
    await region.sweep()
    assert [said for _, said in told(region)] == [reason]
    assert owed(region, AVAL) == after <= before
    assert region.desks[AVAL].book.interchange.balances.get(BRUME, 0) == 0
    await proved(region)


def test_an_agreement_needs_another_person_who_looked_at_this_very_proposal() -> None:
    region = Region()
    desk = region.desks[AVAL]
    desk.order(AMINA, "propose_joint_payout", proposal(BRUME, "pays"))
    first = len(desk.log.rows)
    said = {"other": BRUME, "role": "pays"}
    assert "another person" in desk.command(AMINA, "agree_joint_payout", {**said, "proposed": first}).why
    desk.order(AMINA, "propose_joint_payout", proposal(BRUME, "pays", cap_cents=500_000))
    assert "proposed anew" in desk.command(BRUNO, "agree_joint_payout", {**said, "proposed": first}).why
    assert not desk.book.interchange.joint
    desk.order(BRUNO, "end_joint_payout", {**said, "reason": "not like that"})
    assert not desk.book.interchange.joint_proposed
    assert "There is no such agreement" in desk.command(BRUNO, "end_joint_payout", {**said, "reason": "again"}).why


WRONG: dict[str, tuple[dict[str, object], str]] = {
    "ourselves": ({"other": AVAL}, "names? another one|agrees with another one"),
    "a stranger": ({"other": "nobody"}, "not recognised here"),
    "no cap": ({"cap_cents": 0}, "the most that this caisse advances"),
    "nobody": ({"producers": []}, "at least one producer"),
    "twice": ({"producers": [named(), named(theirs="other")]}, "of this caisse is named twice"),
    "one for two": ({"producers": [named(), named(ours="other")]}, "named as one of the other caisse"),
    "unknown": ({"producers": [named(ours="nobody")]}, "There is no producer nobody"),
    "another account": ({"producers": [named(details=b"e" * 32)]}, "is not paid to that account here"),
    "a vote that is not there": ({"decision": "ag-2099"}, "record the vote first"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_can_not_be_agreed_is_said(what: str) -> None:
    changed, why = WRONG[what]
    desk = joined().desks[AVAL]
    assert re.search(why, desk.command(AMINA, "propose_joint_payout", {**proposal(BRUME, "pays"), **changed}).why)


async def test_an_account_that_changed_since_the_agreement_is_paid_by_the_caisse_itself() -> None:
    region = joined()
    desk = region.desks[BRUME]
    desk.order(AMINA, "propose_bank_details", {"details": [{"producer": FIELD, "digest": b"e" * 32}]})
    desk.order(BRUNO, "approve_bank_details", {"producers": [{"producer": FIELD, "digest": b"e" * 32}]})
    region.next_day(), region.next_day(), region.next_day()
    sell(region, BRUME, 700)
    approve(region, BRUME)
    assert state(region, BRUME) is PayoutState.WAITING
    assert not desk.book.interchange.parts


async def test_a_day_is_not_netted_while_a_part_waits_and_a_card_cap_knows_nothing_of_parts() -> None:
    region = joined()
    sell(region, BRUME, 700)
    approve(region, BRUME)
    day = region.next_day()
    assert region.netting(day).waits == {BRUME: 1}
    lines = [{"other": AVAL, "in_cents": 0, "out_cents": 700}]
    assert "still wait" in region.desks[BRUME].command(AMINA, "net_interchange", {"day": day, "lines": lines}).why
    assert {one.what for one in unmatched(rooms(region))} == {"part"}
    await region.sweep()
    assert unmatched(rooms(region)) == []
    assert region.desks[BRUME].book.interchange.debit_cents(AVAL, day) == 0
    assert region.net(day).nets[AVAL] == 700


async def test_the_same_part_with_another_content_is_turned_away() -> None:
    region = joined()
    sell(region, BRUME, 700)
    approve(region, BRUME)
    await region.sweep()
    ref = next(iter(region.desks[BRUME].book.interchange.parts))
    asked = AskedPart(BRUME, ref, BatchId(1), FIELD, FIELD, 701, ACCOUNT, region.today())
    raw = SERVERS[BRUME].sign_envelope(
        FrameType.SRV_BETWEEN, encode_word(Part(handing=BRUME, paying=AVAL, ref=ref, asked=asked))
    )
    frame = verify(open_envelope(raw, frame_bytes_max=4_096), FrameType.SRV_BETWEEN, SERVERS[BRUME].public)
    assert region.desks[AVAL].submit(Submission(caisse=AVAL, frame=frame, request=Between())) == b""
    assert owed(region, AVAL) == 700


def rooms(region: Region) -> dict[CaisseCode, Interchange]:
    return {code: desk.book.interchange for code, desk in region.desks.items()}


def owed(region: Region, code: CaisseCode) -> int:
    known = region.desks[code].book.settlement.owed.get(FIELD)
    return 0 if known is None else known.net_cents()


async def test_both_halves_of_a_part_explain_themselves() -> None:
    region = joined(cap_cents=1_000)
    for cents in (700, 400):
        sell(region, BRUME, cents)
        approve(region, BRUME)
        await region.sweep()
    there = [f"{row.position}" for row in region.desks[AVAL].log.rows if row.type == PartAnswered.TYPE]
    here = [f"{row.position}" for row in region.desks[BRUME].log.rows if row.type == HandoverEnded.TYPE]
    taken, refused = [await answer(region.desks[AVAL].log, number) for number in there]
    assert "brume handed over 7.00 EUR that it owes field, here field, approved there on 2026-05-01." in taken
    assert "clearing batches 1 field --caisse brume" in taken
    assert f"key {SERVERS[BRUME].public[:8].hex()}" in taken
    assert "Not taken: cap. brume pays it itself." in refused
    paid, again = [await answer(region.desks[BRUME].log, number) for number in here]
    assert "Taken: aval pays it, and this caisse owes it to aval." in paid
    assert "Not taken: cap. Owed to field again." in again
