"""Law: what cards paid across caisses is in the views of both: purses there, what is owed here, every account, each sale."""

import pytest

from clearing.projections.generations import breaches
from clearing.rules.ledger.postings import Ledger
from clearing.values import CaisseCode, Position
from clearing.wire.requests import Op
from tests.projections.recording import ViewedCaisse
from tests.three_caisses import AVAL, BRUME, Region


async def lived() -> Region:
    region = Region(codes=(BRUME, AVAL))
    region.sell(BRUME, AVAL, fruit_veg=735, animal=500)
    request, _ = region.sell(BRUME, AVAL, fruit_veg=300)
    region.sell(AVAL, BRUME, fruit_veg=20_000)
    await region.sweep()
    region.send(BRUME, region.desks[BRUME].request(Op.REV, {}, original=request.x))
    await region.sweep()
    region.net(region.next_day())
    return region


@pytest.mark.parametrize("code", [BRUME, AVAL])
async def test_views_show_both_halves_as_the_book_has_them(viewed: ViewedCaisse, code: CaisseCode) -> None:
    desk = (await lived()).desks[code]
    await viewed.record(desk.log.events(), [row.at_us for row in desk.log.rows])
    await viewed.project(page_events=7)
    ledger = Ledger()
    for position, event in enumerate(desk.log.events(), 1):
        ledger.post(event, Position(position))
    async with viewed.asked() as questions:
        assert {one.account: one.cents for one in await questions.accounts()} == ledger.balances
        owed = {one.producer: one.owed_cents for one in await questions.owed() if one.owed_cents}
        assert owed == {name: one.net_cents() for name, one in desk.book.settlement.owed.items() if one.net_cents()}
        purses = {one.purse: one.cents for one in await questions.purse_totals()}
        assert purses == {"credit": -ledger.balances["purse:credit"]}
        kinds = [(row.kind, row.state) for row in await questions.find_sales(limit=10)]
    assert sorted(kinds) == sorted(SHOWN[code])
    async with viewed.caisse.connection() as admin:
        assert await breaches(admin, viewed.schema, 1) == []


SHOWN = {
    BRUME: [("abroad", "captured"), ("sale", "captured"), ("sale", "undone"), ("reversal", "done")],
    AVAL: [("abroad", "captured"), ("abroad", "undone"), ("sale", "captured")],
}
