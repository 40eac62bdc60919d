"""A card of one caisse at a producer of another: each decides alone, both agree, and neither learns more than it needs."""

import pytest

from clearing.audit import Level, SaleNotFound, audit, why
from clearing.authoriser.client import Overloaded
from clearing.events.basket import Line
from clearing.events.codec import encode
from clearing.events.codes import Code
from clearing.events.interchange import (
    InterchangeCaptured,
    InterchangeExpired,
    InterchangeHeld,
    InterchangeMatched,
    InterchangeReleased,
    InterchangeSold,
)
from clearing.events.sales import OperationHead
from clearing.rules.between.abroad import IssuerAnswer, SaleAbroad, decide_sold
from clearing.rules.between.netting import unmatched
from clearing.values import CaisseCode, CategoryId, Cents, MemberId, MicroTime, OperationId, ProducerId, PurseKind
from clearing.wire.requests import Op
from tests.living_caisse import AMINA, BRUNO, CARD, STALL
from tests.three_caisses import AVAL, BRUME, CRETE, SERVERS, Lost, Region, recognition


async def audited(region: Region) -> None:
    for code, desk in region.desks.items():
        for level in (Level.WHOLE, Level.WITHOUT_SIGNATURES):
            found = await audit(desk.log, report=lambda _: None, server_keys=[SERVERS[code].public], level=level)
            assert found.ok, (code, found.reason)


def owed(region: Region, code: CaisseCode) -> int:
    return sum(one.net_cents() for one in region.desks[code].book.settlement.owed.values())


def spent(region: Region, code: CaisseCode) -> int:
    """Cents of the month's credit of 150.00 that the first member no longer has."""
    book = region.desks[code].book
    member = book.members.members[MemberId("m-1")]
    return 15_000 - sum(lot.cents for lot in book.allocation.open_purse(member, PurseKind("credit")).lots)


async def test_a_card_pays_at_another_caisses_stall_by_its_own_charte() -> None:
    region = Region()
    _, reply = region.sell(BRUME, AVAL, fruit_veg=735, animal=1_249, soap=290)
    assert (reply.rc, reply.aa, reply.al) == (Code.PARTIAL, 735 + 874, (735, 874, 0))
    await region.sweep()
    assert owed(region, BRUME) == spent(region, AVAL) == 1_609
    assert region.desks[BRUME].book.interchange.balances == {AVAL: 1_609}
    assert region.desks[AVAL].book.interchange.balances == {BRUME: -1_609}
    assert not unmatched({code: desk.book.interchange for code, desk in region.desks.items()})
    await audited(region)


async def test_the_same_bytes_get_the_same_answer_and_pay_once() -> None:
    region = Region()
    request = region.sale(BRUME, AVAL, {"fruit-veg": 500})
    answers = {region.send(BRUME, request) for _ in range(5)}
    await region.sweep()
    assert len(answers) == 1
    assert len(region.held(AVAL)) == 1
    assert spent(region, AVAL) == owed(region, BRUME) == 500
    await audited(region)


async def test_the_same_operation_under_another_number_gets_the_first_outcome() -> None:
    region = Region()
    request, first = region.sell(BRUME, AVAL, fruit_veg=500)
    again = region.sale(BRUME, AVAL, {"fruit-veg": 500}, x=request.x)
    reply = region.send(BRUME, again)
    assert (reply.rc, reply.aa, reply.ac) == (first.rc, first.aa, first.ac)
    assert region.send(BRUME, region.sale(BRUME, CRETE, {"fruit-veg": 500}, x=request.x)).rc == Code.CONFLICT
    assert spent(region, AVAL) == 500
    assert spent(region, CRETE) == 0
    await audited(region)


async def test_what_the_till_learns_of_a_poor_card_is_what_it_learns_at_home() -> None:
    region = Region()
    region.sell(BRUME, AVAL, fruit_veg=14_900)
    assert region.sell(BRUME, AVAL, fruit_veg=500)[1].aa == 100
    assert region.sell(BRUME, AVAL, fruit_veg=500)[1].rc == Code.DECLINED
    region.desks[AVAL].order(BRUNO, "block_card", {"alias": "0001", "code": "43"})
    assert region.sell(BRUME, AVAL, fruit_veg=500)[1].rc == Code.CARD_UNKNOWN
    sold = [event for event in region.desks[BRUME].log.events() if isinstance(event, InterchangeSold)]
    assert [event.code for event in sold] == ["00", "10", "05", "14"], "the other caisse never says 51 or 43"
    await audited(region)


async def test_a_treasurer_gets_nothing_of_the_other_caisses_members() -> None:
    """Nothing that the acquirer stores names card, member, payer or lot; nothing of the issuer's names terminal or producer."""
    region = Region()
    region.desks[AVAL].order(BRUNO, "admit_members", {"members": [{"member": "member-of-aval", "groups": ["tier-low"]}]})
    region.desks[AVAL].order(BRUNO, "issue_cards", {"cards": [
        {"card": CARD, "key_version": 2, "member": "member-of-aval", "alias": "alias-of-aval"},
    ]})  # fmt: skip
    region.sell(CRETE, AVAL, fruit_veg=1)
    region.sell(BRUME, AVAL, fruit_veg=735)
    await region.sweep()
    stored = b"".join(row.public + row.private + row.evidence for row in region.desks[BRUME].log.rows if row.type >= 230)
    for secret in (b"member-of-aval", b"alias-of-aval", b"tier-low", b"credit", b"monthly", CARD):
        assert secret not in stored
    kept = b"".join(row.public + row.private + row.evidence for row in region.desks[AVAL].log.rows if row.type >= 230)
    for secret in (STALL, b"field", b"field-1"):
        assert secret not in kept
    assert b"partner.brume" in b"".join(encode(event).private for event in region.held(AVAL)) or not region.held(AVAL)[1].shares


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("step", [1, 2, 3])
async def test_a_gateway_that_dies_between_two_steps_leaves_both_halves_or_neither(step: int, after: bool) -> None:
    region = Region()
    request = region.sale(BRUME, AVAL, {"fruit-veg": 500})
    region.wires.die(step, after=after)
    with pytest.raises(Lost):
        region.send(BRUME, request)
    region.wires.live()
    await region.sweep()
    assert owed(region, BRUME) in (0, 500)
    for _ in range(4):  # nobody comes back: what is held goes back by itself
        region.next_day()
    await region.sweep()
    assert spent(region, AVAL) == owed(region, BRUME)
    expired = any(isinstance(event, InterchangeExpired) for event in region.desks[AVAL].log.events())
    assert expired == (owed(region, BRUME) == 0 and bool(region.held(AVAL)))
    await audited(region)


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("step", [1, 2, 3])
async def test_a_terminal_that_sends_again_gets_its_sale_whatever_died(step: int, after: bool) -> None:
    region = Region()
    request = region.sale(BRUME, AVAL, {"fruit-veg": 500})
    region.wires.die(step, after=after)
    with pytest.raises(Lost):
        region.send(BRUME, request)
    region.wires.live()
    reply = region.send(BRUME, request)
    await region.sweep()
    assert (reply.rc, reply.aa) == (Code.APPROVED, 500)
    assert owed(region, BRUME) == spent(region, AVAL) == 500
    await audited(region)


async def test_a_sweep_that_dies_anywhere_is_made_good_by_the_next() -> None:
    region = Region()
    region.sell(BRUME, AVAL, fruit_veg=500)
    for step in (1, 2, 3):
        for after in (False, True):
            region.wires.die(step, after=after)
            with pytest.raises(Lost):
                await region.carrier.sweep(BRUME)
            if not region.desks[BRUME].book.interchange.open_halves:
                region.wires.live()
                region.sell(BRUME, AVAL, fruit_veg=100)
    region.wires.live()
    await region.sweep()
    assert owed(region, BRUME) == spent(region, AVAL)
    assert not region.desks[BRUME].book.interchange.open_halves
    await audited(region)


@pytest.mark.parametrize("heard", [False, True])
async def test_a_reversal_gives_everything_back_on_both_sides(heard: bool) -> None:
    region = Region()
    request, _ = region.sell(BRUME, AVAL, fruit_veg=500)
    if heard:
        await region.sweep()
    reversal = region.desks[BRUME].request(Op.REV, {}, original=request.x)
    assert region.send(BRUME, reversal).rc == Code.APPROVED
    await region.sweep()
    assert owed(region, BRUME) == spent(region, AVAL) == 0
    assert not any(region.desks[BRUME].book.interchange.balances.values())
    await audited(region)


async def test_a_sale_that_was_reversed_before_it_was_recorded_holds_nothing() -> None:
    region = Region()
    request = region.sale(BRUME, AVAL, {"fruit-veg": 500})
    region.wires.die(2, after=True)
    with pytest.raises(Lost):
        region.send(BRUME, request)
    region.wires.live()
    region.send(BRUME, region.desks[BRUME].request(Op.REV, {}, original=request.x))
    assert region.send(BRUME, request).rc == Code.LATE_AFTER_REVERSAL
    await region.sweep()
    assert owed(region, BRUME) == 0
    assert region.held(AVAL)[0].approved_cents == 500
    for _ in range(4):
        region.next_day()
    assert spent(region, AVAL) == 0
    await audited(region)


async def test_a_hold_that_is_nearly_over_is_not_sold_on_and_goes_back_at_once() -> None:
    region = Region()
    request = region.sale(BRUME, AVAL, {"fruit-veg": 500})
    region.wires.die(2, after=True)
    with pytest.raises(Lost):
        region.send(BRUME, request)
    region.wires.live()
    region.desks[BRUME].clock.us = region.held(AVAL)[0].hold_expires_us - 60_000_000
    assert region.send(BRUME, request).rc == Code.EXPIRED_OR_RESOLVED
    await region.sweep()
    assert spent(region, AVAL) == 0
    assert [type(event) for event in region.desks[AVAL].log.events()][-1] is InterchangeReleased
    await audited(region)


async def test_a_confirmation_that_comes_after_the_holds_end_is_an_exception_on_the_treasurers_list() -> None:
    region = Region()
    region.sell(BRUME, AVAL, fruit_veg=500)
    region.desks[AVAL].pass_time(days=5)
    region.desks[AVAL].tick()
    await region.sweep()
    listed = unmatched({code: desk.book.interchange for code, desk in region.desks.items()})
    assert [(one.caisse, one.other, one.what, one.cents) for one in listed] == [(BRUME, AVAL, "refused", 500)]
    assert owed(region, BRUME) == 500, "the producer handed the goods over and is paid"
    matched = [event for event in region.desks[BRUME].log.events() if isinstance(event, InterchangeMatched)]
    assert matched[0].outcome == "refused"
    assert region.netting(region.today()).nets[BRUME] == 0
    await audited(region)


async def test_the_daily_debit_cap_is_checked_when_holding() -> None:
    region = Region(cap_cents=1_000)
    assert region.sell(BRUME, AVAL, fruit_veg=700)[1].aa == 700
    assert region.sell(BRUME, AVAL, fruit_veg=400)[1].rc == Code.DECLINED
    assert region.held(AVAL)[1].code == Code.AMOUNT_LIMIT
    await region.sweep()
    region.sell(AVAL, BRUME, fruit_veg=200)
    await region.sweep()
    assert region.sell(BRUME, AVAL, fruit_veg=400)[1].aa == 400, "what the other caisse owes us makes room"
    region.next_day()
    assert region.sell(BRUME, AVAL, fruit_veg=1_000)[1].rc == Code.DECLINED, "what is held counts, whatever its day"
    await region.sweep()
    assert region.sell(BRUME, AVAL, fruit_veg=1_000)[1].aa == 1_000
    await audited(region)


async def test_who_is_not_recognised_is_an_unknown_card_and_nothing_is_asked() -> None:
    region = Region()
    region.desks[BRUME].order(AMINA, "recognise_caisse", recognition(AVAL, until_us=region.desks[BRUME].clock.us))
    assert region.sell(BRUME, AVAL, fruit_veg=500)[1].rc == Code.CARD_UNKNOWN
    assert not region.held(AVAL)
    region.desks[CRETE].order(AMINA, "recognise_caisse", recognition(AVAL, until_us=region.desks[CRETE].clock.us))
    assert region.sell(AVAL, CRETE, fruit_veg=500)[1].rc == Code.CARD_UNKNOWN
    assert region.held(CRETE)[0].code == Code.CARD_UNKNOWN
    await audited(region)


async def test_a_caisse_with_another_key_is_turned_away_without_an_event() -> None:
    region = Region()
    region.desks[AVAL].order(AMINA, "recognise_caisse", recognition(BRUME) | {"key": SERVERS[CRETE].public})
    before = len(region.desks[AVAL].log.rows)
    assert region.sell(BRUME, AVAL, fruit_veg=500)[1].rc == Code.CARD_UNKNOWN
    assert len(region.desks[AVAL].log.rows) == before
    await audited(region)


async def test_categories_that_are_named_otherwise_are_mapped_by_the_issuer() -> None:
    region = Region()
    pairs = [{"theirs": "legumes", "ours": "fruit-veg"}]
    region.desks[AVAL].order(AMINA, "recognise_caisse", recognition(BRUME) | {"categories": pairs})
    assert region.sell(BRUME, AVAL, legumes=400, soap=100)[1].al == (400, 0)
    assert [line.category for line in region.held(AVAL)[0].lines] == ["fruit-veg", "soap"]
    await region.sweep()
    assert any(isinstance(event, InterchangeCaptured) for event in region.desks[AVAL].log.events())
    await audited(region)


async def test_a_convention_of_the_acquirer_that_is_suspended_stops_the_sale_before_it_leaves() -> None:
    region = Region()
    region.desks[BRUME].order(AMINA, "suspend_convention", {"convention": "field-1"})
    assert region.sell(BRUME, AVAL, fruit_veg=500)[1].rc == Code.NO_CONVENTION
    assert not any(isinstance(event, InterchangeHeld) for event in region.desks[AVAL].log.events())
    await audited(region)


async def test_each_cent_paid_abroad_is_explained_where_the_member_belongs() -> None:
    region = Region()
    region.sell(BRUME, AVAL, fruit_veg=735, animal=1_249)
    await region.sweep()
    held, sold = region.held(AVAL)[0], region.desks[BRUME].log
    told = (await why(region.desks[AVAL].log, held.ref.hex())).text()
    assert "animal: 12.49 EUR, owed to partner.brume: 8.74 EUR" in told
    assert "ag-2026-04" in told
    assert "16.09 EUR owed to brume" in told
    position = next(place for place, event in enumerate(sold.events(), 1) if isinstance(event, InterchangeSold))
    with pytest.raises(SaleNotFound, match=f"a card of aval.*{held.ref.hex()}"):
        await why(sold, str(position))


async def test_an_issuer_whose_clock_jumped_keeps_the_sale_open_instead_of_declining_it() -> None:
    region = Region()
    request = region.sale(BRUME, AVAL, {"fruit-veg": 500})
    watched = region.desks[AVAL]._reception.clock
    watched.step_us = 60_000_000
    with pytest.raises(Overloaded):
        region.send(BRUME, request)
    assert not region.held(AVAL)
    watched.confirm()
    assert region.send(BRUME, request).aa == 500
    await audited(region)


def test_what_an_issuer_signs_never_pays_more_of_a_line_than_was_asked() -> None:
    asked = SaleAbroad(
        OperationHead(STALL, 1, 1, OperationId(bytes(16)), ProducerId("field")), AVAL, OperationId(bytes(16)), Cents(500),
        (Line(CategoryId("a"), Cents(400)), Line(CategoryId("b"), Cents(100))),
    )  # fmt: skip
    for lines in ((400, 101), (500, 0), (400,), (400, 100, 0)):
        answer = IssuerAnswer("00", Cents(sum(lines)), tuple(Cents(one) for one in lines), (), MicroTime(10**18))
        sold = decide_sold(asked, stopped=None, answer=answer, issued=b"x", day="2026-05-01", at_us=0)
        assert (sold.code, sold.approved_cents, sold.held) == (Code.AMOUNTS_DO_NOT_ADD_UP, 0, True)
