"""A half whose twin was refused or never came is given up by a vote and two people; a fund bears or gets it; both logs hold."""

from dataclasses import replace
from typing import Any

import pytest

from clearing.audit import audit
from clearing.audit.sums import book_balances
from clearing.events.catalogue import Event
from clearing.events.interchange import InterchangeReversed, InterchangeWrittenOff
from clearing.rules.between.netting import unmatched
from clearing.rules.ends.closing_rooms import of_other_caisses
from clearing.values import CaisseCode, FundId, OperationId
from clearing.wire.requests import Op, Request
from tests.audit.forging import forge
from tests.living_caisse import AMINA, BRUNO
from tests.three_caisses import AVAL, BRUME, SERVERS, Lost, Region

GENERAL = FundId("general")


async def audited(region: Region) -> None:
    for code, desk in region.desks.items():
        found = await audit(desk.log, report=lambda _: None, server_keys=[SERVERS[code].public])
        assert found.ok, (code, found.position, found.reason)
        assert found.balances == book_balances(desk.book)


async def refused() -> tuple[Region, Request]:
    """BRUME's producer sold to AVAL's card, and AVAL's hold was over when it heard of it."""
    region = Region(codes=(BRUME, AVAL))
    request, _ = region.sell(BRUME, AVAL, fruit_veg=500)
    for code in (AVAL, BRUME):
        region.desks[code].pass_time(days=5)
        region.desks[code].tick()
    await region.sweep()
    return region, request


def ref(region: Region) -> OperationId:
    return next(iter(region.desks[BRUME].book.interchange.halves))


def free(region: Region, code: CaisseCode) -> int:
    return region.desks[code].book.funds[GENERAL].free_cents()


def propose(region: Region, code: CaisseCode, **changed: Any) -> str:
    body = {"ref": ref(region), "fund": "general", "decision": "ag-2026-04", "reason": "a dead server"} | changed
    return region.desks[code].command(AMINA, "propose_write_off", body).why


def confirm(region: Region, code: CaisseCode, cents: int, by: Any = BRUNO) -> str:
    body: dict[str, object] = {"ref": ref(region), "fund": "general", "cents": cents}
    return region.desks[code].command(by, "confirm_write_off", body).why


def listed(region: Region) -> list[tuple[str, str]]:
    return [(one.caisse, one.what) for one in unmatched({code: desk.book.interchange for code, desk in region.desks.items()})]


async def test_a_refused_half_falls_on_the_fund_that_the_vote_names_and_nothing_waits_any_more() -> None:
    region, _ = await refused()
    room, before = region.desks[BRUME].book, free(region, BRUME)
    assert any("clearing interchange write-off" in line for line in of_other_caisses(room))
    assert listed(region) == [(BRUME, "refused")]
    assert "There is no fund nowhere" in propose(region, BRUME, fund="nowhere")
    assert "ag-2099" in propose(region, BRUME, decision="ag-2099")
    assert "Nobody proposed" in confirm(region, BRUME, 500)
    assert not propose(region, BRUME)
    assert "another person" in confirm(region, BRUME, 500, by=AMINA)
    assert "not what was proposed" in confirm(region, BRUME, 499)
    assert not confirm(region, BRUME, 500)
    assert free(region, BRUME) == before - 500
    assert not any(room.interchange.balances.values())
    assert not list(of_other_caisses(room))
    assert listed(region) == []
    assert "given up already" in propose(region, BRUME)
    await audited(region)


async def test_a_proposal_that_was_mistyped_is_dropped() -> None:
    region, _ = await refused()
    propose(region, BRUME)
    assert not region.desks[BRUME].command(BRUNO, "drop_write_off", {"ref": ref(region)}).why
    assert "Nobody proposed" in confirm(region, BRUME, 500)
    assert "Nobody proposed" in region.desks[BRUME].command(BRUNO, "drop_write_off", {"ref": ref(region)}).why
    await audited(region)


async def test_a_sale_that_was_given_up_is_not_taken_back_from_the_producer_by_the_till() -> None:
    region, request = await refused()
    propose(region, BRUME)
    confirm(region, BRUME, 500)
    region.send(BRUME, region.desks[BRUME].request(Op.REV, {}, original=request.x))
    event = next(one for one in region.desks[BRUME].log.events() if isinstance(one, InterchangeReversed))
    assert (event.effect, "given up" in event.exception) == ("nothing", True)
    await audited(region)


def wait(region: Region, code: CaisseCode, days: int) -> None:
    region.desks[code].pass_time(days=days)
    region.desks[code].tick()


async def test_a_word_that_never_came_is_given_up_after_thirty_days_and_not_heard_afterwards() -> None:
    region = Region(codes=(BRUME, AVAL))
    region.sell(BRUME, AVAL, fruit_veg=500)
    assert "from 2026-05-31 on" in propose(region, BRUME)
    wait(region, BRUME, 30)
    assert not propose(region, BRUME)
    assert not confirm(region, BRUME, 500)
    await region.sweep()
    wait(region, AVAL, 30)
    assert not any(region.desks[BRUME].book.interchange.balances.values())
    assert listed(region) == []
    await audited(region)


async def captured_and_unheard() -> Region:
    """AVAL captured and its answer was lost; BRUME gave the sale up."""
    region = Region(codes=(BRUME, AVAL))
    region.sell(BRUME, AVAL, fruit_veg=500)
    for step in range(1, 9):
        region.wires.die(step, after=True)
        try:
            await region.carrier.sweep(BRUME)
        except Lost:
            if region.desks[AVAL].book.interchange.balances.get(BRUME):
                break
    region.wires.live()
    assert region.desks[AVAL].book.interchange.balances == {BRUME: -500}
    assert region.desks[BRUME].book.interchange.open_halves
    for code in (BRUME, AVAL):
        wait(region, code, 29)
    assert "may still net this sale" in propose(region, AVAL)
    for code in (BRUME, AVAL):
        wait(region, code, 1)
    propose(region, BRUME)
    confirm(region, BRUME, 500)
    return region


async def test_what_the_other_gave_up_and_we_captured_comes_to_a_fund_of_ours_and_both_can_net_again() -> None:
    region = await captured_and_unheard()
    assert listed(region) == [(AVAL, "given-up")]
    day = region.next_day()
    assert region.netting(day).differs
    before = free(region, AVAL)
    assert not propose(region, AVAL)
    assert not confirm(region, AVAL, -500)
    assert free(region, AVAL) == before + 500
    assert not any(region.desks[AVAL].book.interchange.balances.values())
    assert not region.netting(day).differs
    assert region.netting(day).total_cents() == 0
    assert listed(region) == []
    await audited(region)


async def test_a_reversal_that_the_other_never_heard_of_is_a_funds_gain_and_is_netted_like_the_sale() -> None:
    region = Region(codes=(BRUME, AVAL))
    request, _ = region.sell(BRUME, AVAL, fruit_veg=500)
    await region.sweep()
    region.send(BRUME, region.desks[BRUME].request(Op.REV, {}, original=request.x))
    for code in (BRUME, AVAL):
        wait(region, code, 31)
    before = free(region, BRUME)
    assert not propose(region, BRUME)
    assert not confirm(region, BRUME, -500)
    assert free(region, BRUME) == before + 500
    day = region.next_day()
    assert region.net(day).nets == {BRUME: 500, AVAL: -500}
    await audited(region)


async def test_halves_that_agree_or_are_nobodys_are_not_given_up() -> None:
    region = Region(codes=(BRUME, AVAL))
    region.sell(BRUME, AVAL, fruit_veg=500)
    assert "Nothing is owed to brume" in propose(region, AVAL)
    await region.sweep()
    assert "agree" in propose(region, BRUME)
    assert "no such sale" in propose(region, BRUME, ref=bytes(16))
    region.net(region.next_day())
    wait(region, AVAL, 31)
    assert "netted already" in propose(region, AVAL)


async def test_a_fund_that_can_not_bear_it_is_named_with_what_it_has() -> None:
    region, _ = await refused()
    order: dict[str, object] = {"fund": "small", "kind": "guarantee", "name": "Small", "advance_cents": 0}
    region.desks[BRUME].order(AMINA, "open_fund", order)
    assert "The fund small has 0.00 EUR free, 5.00 EUR would fall on it" in propose(region, BRUME, fund="small")


FORGERIES: list[Any] = [
    lambda event: replace(event, by=AMINA),
    lambda event: replace(event, cents=400),
    lambda event: replace(event, decision="ag-2099"),
]


@pytest.mark.parametrize("place", range(len(FORGERIES)))
async def test_a_forged_giving_up_is_named(place: int) -> None:
    region, _ = await refused()
    propose(region, BRUME)
    confirm(region, BRUME, 500)
    log = region.desks[BRUME].log
    at, event = next((at, one) for at, one in enumerate(log.events(), 1) if isinstance(one, InterchangeWrittenOff))
    changed: Event = FORGERIES[place](event)
    forge(log, at, changed)
    found = await audit(log, report=lambda _: None, server_keys=[SERVERS[BRUME].public])
    assert (found.ok, found.position) == (False, at), found.reason
