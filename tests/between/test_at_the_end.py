"""A caisse that closes sells with nobody's card after its last day, and is sealed only when no other caisse waits for it."""

import pytest

from clearing.audit import audit
from clearing.events.codes import Code
from clearing.rules.ends import closing
from clearing.wire.requests import Op
from tests.living_caisse import AMINA, BRUNO, charte_body, decision_body
from tests.three_caisses import AVAL, BRUME, SERVERS, Lost, Region


def ending() -> Region:
    """BRUME's last day is the first of May; both caisses go on as they do."""
    region = Region(codes=(BRUME, AVAL))
    said: dict[str, object] = {"last_day": "2026-05-01", "decision": "ag-2026-04"}
    heirs: dict[str, object] = {"heirs": [{"fund": "general", "body": "Caisse de Lille"}]}
    region.desks[BRUME].order(AMINA, "propose_closure", said | heirs)
    region.desks[BRUME].order(BRUNO, "confirm_closure", said | heirs)
    return region


def seal(region: Region) -> Code:
    return Code(region.desks[BRUME].command(BRUNO, "seal_caisse", {}).rc)


async def audited(region: Region) -> None:
    for code, desk in region.desks.items():
        found = await audit(desk.log, report=lambda _: None, server_keys=[SERVERS[code].public])
        assert found.ok, (code, found.position, found.reason)


async def test_no_card_of_another_caisse_pays_after_the_last_day() -> None:
    region = ending()
    assert region.sell(BRUME, AVAL, fruit_veg=500)[1].aa == 500
    region.next_day()
    _, reply = region.sell(BRUME, AVAL, fruit_veg=300)
    assert (reply.rc, reply.aa) == (Code.NOT_ALLOWED_NOW, 0)
    assert region.desks[BRUME].book.interchange.balances == {AVAL: 500}
    assert len(region.held(AVAL)) == 1
    await audited(region)


async def test_behind_the_seal_a_sale_abroad_is_not_reversed_again() -> None:
    region = ending()
    request, _ = region.sell(BRUME, AVAL, fruit_veg=500)
    region.send(BRUME, region.desks[BRUME].request(Op.REV, {}, original=request.x))
    await region.sweep()
    region.next_day()
    emptied(region)
    assert seal(region) is Code.APPROVED
    again = region.send(BRUME, region.desks[BRUME].request(Op.REV, {}, original=request.x))
    assert again.rc == Code.NOT_ALLOWED_NOW
    await audited(region)


def emptied(region: Region) -> None:
    """The rest of the fund goes to its heir."""
    region.desks[BRUME].order(AMINA, "release_rests", {})
    region.desks[BRUME].order(AMINA, "rest_paid", {"fund": "general", "reference": "line"})


@pytest.mark.parametrize(("at", "said"), [(2, "waits for aval"), (3, "waits for aval")])
async def test_what_another_caisse_did_not_hear_yet_stands_in_the_way_of_the_seal(at: int, said: str) -> None:
    region = ending()
    request, _ = region.sell(BRUME, AVAL, fruit_veg=500)
    if at == 3:
        await region.sweep()
    region.send(BRUME, region.desks[BRUME].request(Op.REV, {}, original=request.x))
    region.next_day()
    emptied(region)
    assert seal(region) is Code.NOT_ALLOWED_NOW
    assert said in " ".join(closing.leftovers(region.desks[BRUME].book))
    await region.sweep()
    assert seal(region) is Code.APPROVED
    await audited(region)


async def test_what_is_held_owed_or_netted_between_caisses_stands_in_the_way_of_the_seal() -> None:
    region = ending()
    book = region.desks[BRUME].book
    region.wires.die(2, after=True)
    with pytest.raises(Lost):  # held at BRUME, and AVAL's terminal never comes back
        region.send(AVAL, region.sale(AVAL, BRUME, {"fruit-veg": 400}))
    region.wires.live()
    region.sell(AVAL, BRUME, fruit_veg=300)
    await region.sweep()
    day = region.next_day()
    left = " ".join(closing.leftovers(book))
    assert "4.00 EUR are held for aval" in left
    assert "3.00 EUR are owed to aval" in left
    region.net(day)
    assert "clearing interchange paid" in " ".join(closing.leftovers(book))
    region.desks[BRUME].order(AMINA, "pay_netting", {"day": day, "reference": "line"})
    for _ in range(4):
        region.next_day()
    assert not [said for said in closing.leftovers(book) if "aval" in said or "netting" in said]
    await audited(region)


async def test_behind_the_seal_another_caisses_word_moves_nothing_and_stands_among_its_exceptions() -> None:
    region = ending()
    request, _ = region.sell(AVAL, BRUME, fruit_veg=300)
    await region.sweep()
    day = region.next_day()
    region.net(day)
    region.desks[BRUME].order(AMINA, "pay_netting", {"day": day, "reference": "line"})
    emptied(region)
    assert seal(region) is Code.APPROVED
    ended = len(region.desks[BRUME].log.rows)
    region.send(AVAL, region.desks[AVAL].request(Op.REV, {}, original=request.x))
    await region.sweep()
    assert len(region.desks[BRUME].log.rows) == ended
    assert len(region.desks[AVAL].book.interchange.refused) == 1
    await audited(region)


async def test_no_card_of_another_caisse_pays_once_the_vote_for_it_is_annulled() -> None:
    region = Region(codes=(BRUME, AVAL))
    assert region.sell(BRUME, AVAL, fruit_veg=500)[1].aa == 500
    desk = region.desks[AVAL]
    desk.order(AMINA, "record_decision", decision_body("ag-2026-05"))
    desk.order(BRUNO, "approve_decision", {"decision": "ag-2026-05"})
    desk.order(AMINA, "annul_decision", {"decision": "ag-2026-04", "ruling": "ag-2026-05"})
    desk.order(AMINA, "adopt_charte", charte_body(2, "ag-2026-05", desk.clock.us + 1_000_000, {"fruit-veg": 10_000}))
    region.next_day()
    assert region.sell(BRUME, AVAL, fruit_veg=500)[1].aa == 0  # its own caisse recognises ours no more
    _, reply = region.sell(AVAL, BRUME, fruit_veg=500)  # and its stalls take our cards no more
    assert (reply.rc, reply.aa) == (Code.CARD_UNKNOWN, 0)
    await audited(region)
