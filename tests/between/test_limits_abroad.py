"""A card's own limits, a mandatary's mandate and who has left hold at other caisses' stalls as they do at home."""



from clearing.audit import audit
from clearing.events.codes import Code
from clearing.values import MemberId, PurseKind
from clearing.wire.replies import Reply
from clearing.wire.requests import Op, Request
from tests.audit.collective_life import FIRST, Life, collective_accounts
from tests.living_caisse import AMINA, BRUNO
from tests.three_caisses import AVAL, BRUME, SERVERS, Region


async def audited(region: Region) -> None:
    for code, desk in region.desks.items():
        found = await audit(desk.log, report=lambda _: None, server_keys=[SERVERS[code].public])
        assert found.ok, (code, found.position, found.reason)


def limited(**cents: int) -> Region:
    region = Region(codes=(BRUME, AVAL))
    none: dict[str, object] = {"sale_cents": None, "day_cents": None, "month_cents": None}
    region.desks[AVAL].order(BRUNO, "limit_card", {"alias": "0001", **none, **cents})
    return region


async def test_a_cards_limit_of_the_day_counts_at_home_and_abroad_together() -> None:
    region = limited(day_cents=1_000)
    assert region.sell(BRUME, AVAL, fruit_veg=700)[1].aa == 700
    assert region.desks[AVAL].ask(Op.SALE, {"fruit-veg": 200})[1].aa == 200
    assert region.sell(BRUME, AVAL, fruit_veg=700)[1].aa == 100
    await region.sweep()
    await audited(region)


async def test_what_comes_back_from_abroad_comes_back_to_the_cards_limit() -> None:
    region = limited(sale_cents=800, month_cents=1_000)
    request, reply = region.sell(BRUME, AVAL, fruit_veg=900)
    assert reply.aa == 800
    region.send(BRUME, region.desks[BRUME].request(Op.REV, {}, original=request.x))
    assert region.sell(BRUME, AVAL, fruit_veg=900)[1].aa == 200
    await region.sweep()
    assert region.sell(BRUME, AVAL, fruit_veg=900)[1].aa == 800
    await audited(region)


def collective() -> tuple[Region, Life]:
    region = Region(codes=(BRUME, AVAL))
    collective_accounts(region.desks[AVAL])
    return region, Life(region.desks[AVAL])


def buy(region: Region, life: Life, cents: int) -> tuple[Request, Reply]:
    request = region.sale(BRUME, AVAL, {"fruit-veg": cents})
    return request, region.send(BRUME, request, tap=life.tap(FIRST))


async def test_a_mandatary_buys_abroad_only_within_the_mandate() -> None:
    region, life = collective()
    assert buy(region, life, 20_001)[1].rc == Code.NOT_ALLOWED_NOW  # two cards, which no stall abroad can take
    bought = [buy(region, life, 20_000) for _ in range(4)]
    assert [reply.aa for _, reply in bought] == [20_000] * 4
    assert buy(region, life, 10_001)[1].aa == 0  # 900.00 a month
    region.send(BRUME, region.desks[BRUME].request(Op.REV, {}, original=bought[0][0].x))
    await region.sweep()
    assert buy(region, life, 20_000)[1].aa == 20_000
    revoked: dict[str, object] = {"account": "gout", "mandatary": "aline"}
    region.desks[AVAL].order(AMINA, "propose_revocation", revoked)
    region.desks[AVAL].order(BRUNO, "revoke_mandatary", revoked)
    assert buy(region, life, 100)[1].rc == Code.CARD_UNKNOWN
    await audited(region)


async def test_what_comes_back_from_abroad_to_who_has_left_does_not_stay() -> None:
    region = Region(codes=(BRUME, AVAL))
    request, _ = region.sell(BRUME, AVAL, fruit_veg=700)
    region.desks[AVAL].order(BRUNO, "leave_caisse", {"member": "m-1", "reason": "moved"})
    region.next_day()
    region.send(BRUME, region.desks[BRUME].request(Op.REV, {}, original=request.x))
    await region.sweep()
    region.next_day()
    book = region.desks[AVAL].book
    assert not book.allocation.open_purse(book.members.members[MemberId("m-1")], PurseKind("credit")).lots
    await audited(region)
