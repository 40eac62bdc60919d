"""Each day's positions of all caisses sum to zero, and each caisse makes or gets one transfer."""

import pytest

from clearing.audit import audit
from clearing.events.codes import Code
from clearing.events.interchange import InterchangeNetted
from clearing.rules.voted.offices import ALLOWED_ROLES
from clearing.wire.requests import Op
from tests.living_caisse import AMINA
from tests.three_caisses import AVAL, BRUME, CRETE, SERVERS, Region

pytestmark = pytest.mark.row(19)


async def market(region: Region) -> None:
    region.sell(BRUME, AVAL, fruit_veg=700)
    region.sell(AVAL, BRUME, fruit_veg=200)
    region.sell(CRETE, BRUME, fruit_veg=900)
    region.sell(AVAL, CRETE, animal=1_000)
    await region.sweep()


async def test_netting_sums_to_zero_and_shows_the_bilateral_gross() -> None:
    region = Region()
    await market(region)
    found = region.net(region.next_day())
    assert found.nets == {BRUME: 700 - 200 - 900, AVAL: 200 + 700 - 700, CRETE: 900 - 700}
    assert found.total_cents() == 0
    assert [tuple(line) for line in found.lines[BRUME]] == [(AVAL, 700, 200), (CRETE, 0, 900)]
    recorded = {code: desk.log.events()[-1] for code, desk in region.desks.items()}
    assert {code: event.net_cents for code, event in recorded.items() if isinstance(event, InterchangeNetted)} == found.nets


async def test_one_transfer_per_caisse_settles_the_day() -> None:
    region = Region()
    await market(region)
    day = region.next_day()
    region.net(day)
    for desk in region.desks.values():
        assert desk.command(AMINA, "pay_netting", {"day": day, "reference": "line 7"}).rc is Code.APPROVED
        assert desk.command(AMINA, "pay_netting", {"day": day, "reference": "line 7"}).rc is Code.NOT_ALLOWED_NOW
        assert desk.book.interchange.netting_cents == 0
        assert not any(desk.book.interchange.balances.values())
    for code, desk in region.desks.items():
        found = await audit(desk.log, report=lambda _: None, server_keys=[SERVERS[code].public])
        assert found.ok, found.reason


async def test_a_rerun_after_half_of_the_caisses_recorded_it_nets_the_others_only() -> None:
    region = Region()
    await market(region)
    day = region.next_day()
    first = region.netting(day)
    body: dict[str, object] = {"day": day, "lines": [line._asdict() for line in first.lines[AVAL]]}
    region.desks[AVAL].order(AMINA, "net_interchange", body)
    again = region.net(day)
    assert again.lines == first.lines
    assert again.netted == {AVAL}
    assert region.netting(day).netted == {AVAL, BRUME, CRETE}


async def test_a_day_that_is_not_over_or_waits_for_a_word_is_not_netted() -> None:
    region = Region()
    region.sell(BRUME, AVAL, fruit_veg=700)
    lines = [{"other": AVAL, "in_cents": 700, "out_cents": 0}]
    assert "not over" in region.desks[BRUME].command(AMINA, "net_interchange", {"day": region.today(), "lines": lines}).why
    day = region.next_day()
    assert "wait for the other" in region.desks[BRUME].command(AMINA, "net_interchange", {"day": day, "lines": lines}).why
    await region.sweep()
    wrong = [{"other": AVAL, "in_cents": 701, "out_cents": 0}]
    assert "changed meanwhile" in region.desks[BRUME].command(AMINA, "net_interchange", {"day": day, "lines": wrong}).why
    region.desks[BRUME].order(AMINA, "net_interchange", {"day": day, "lines": lines})
    assert "netted already" in region.desks[BRUME].command(AMINA, "net_interchange", {"day": day, "lines": lines}).why


async def test_a_reversal_on_the_next_day_counts_in_the_next_netting() -> None:
    region = Region()
    request, _ = region.sell(BRUME, AVAL, fruit_veg=700)
    await region.sweep()
    first = region.net(region.next_day())
    region.send(BRUME, region.desks[BRUME].request(Op.REV, {}, original=request.x))
    await region.sweep()
    second = region.net(region.next_day())
    assert (first.nets[BRUME], second.nets[BRUME]) == (700, -700)
    assert first.total_cents() == second.total_cents() == 0


def test_only_a_treasurer_nets_and_no_role_reads_across_caisses() -> None:
    assert ALLOWED_ROLES["net_interchange"] == ALLOWED_ROLES["pay_netting"] == ("treasurer",)
    assert ALLOWED_ROLES["recognise_caisse"] == ("clerk", "treasurer")
