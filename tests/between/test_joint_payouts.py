"""A producer of two caisses gets one transfer: what one hands over, the other takes once, and owes her with its own."""

import pytest

from clearing.audit import audit
from clearing.events.codes import Code
from clearing.events.settlement import BatchClosed, BatchPart
from clearing.rules.stalls.payouts import PayoutState
from clearing.values import CaisseCode
from clearing.wire.requests import Op
from tests.between.joined import FIELD, approve, joined, state, told
from tests.three_caisses import AVAL, BRUME, SERVERS, Region

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
    assert isinstance(line.parts[0], BatchPart)
    assert region.desks[AVAL].book.interchange.balances[BRUME] == 700
    assert region.desks[BRUME].book.interchange.balances[AVAL] == -700
    found = region.net(region.next_day())
    assert (found.nets[BRUME], found.nets[AVAL], found.total_cents()) == (-700, 700, 0)
    await proved(region)
