"""Law: whatever is lost between two steps, both halves are there or neither, and every netting sums to zero.

The real receptions of three caisses and the real carrier; a dying gateway loses a word before or after a writer took it. A
second, naive count predicts what producers are owed: what terminals were told, less what was reversed.
"""

from asyncio import run
from random import Random

from hypothesis import given, settings, strategies as st

from clearing.audit import Level, audit
from clearing.audit.sums import book_balances
from clearing.rules.between.netting import unmatched
from clearing.rules.ledger.postings import Ledger
from clearing.values import CaisseCode, Position
from clearing.wire.requests import Op, Request
from tests.three_caisses import AVAL, BRUME, CRETE, SERVERS, Lost, Region

CODES = (BRUME, AVAL, CRETE)


class Naive:
    """What terminals were told: (caisse, card's caisse, x) -> cents."""

    def __init__(self) -> None:
        self.told: dict[tuple[CaisseCode, CaisseCode, bytes], int] = {}

    def owed(self, at: CaisseCode) -> int:
        return sum(cents for (caisse, _, _), cents in self.told.items() if caisse == at)

    def between(self, at: CaisseCode, issuer: CaisseCode) -> int:
        return sum(cents for (caisse, other, _), cents in self.told.items() if (caisse, other) == (at, issuer))


async def live(dice: Random, steps: int) -> None:
    region, naive = Region(cap_cents=30_000), Naive()
    pending: list[tuple[CaisseCode, Request]] = []
    netted = dict.fromkeys(CODES, 0)
    for _ in range(steps):
        dies = dice.random() < 0.4
        if dies:
            region.wires.die(dice.randrange(1, 5), after=dice.random() < 0.5)
        else:
            region.wires.live()
        try:
            await one(dice, region, naive, pending, netted)
        except Lost:
            continue
    region.wires.live()
    await settle(region, naive, pending, netted)


async def one(
    dice: Random, region: Region, naive: Naive, pending: list[tuple[CaisseCode, Request]], netted: dict[CaisseCode, int]
) -> None:
    act = dice.randrange(10)
    if act < 5:
        at, card = dice.sample(CODES, 2)
        lines = {"fruit-veg": dice.randrange(1, 3_000), "animal": dice.randrange(1, 3_000), "soap": dice.randrange(1, 500)}
        request = region.sale(at, card, lines)
        pending.append((at, request))
        send(region, naive, pending, at, request)
    elif act < 7 and pending:
        at, request = dice.choice(pending)
        send(region, naive, pending, at, request)
    elif act == 7 and naive.told:
        at, card, x = dice.choice(list(naive.told))
        reversal = region.desks[at].request(Op.REV, {}, original=x)
        pending.append((at, reversal))
        send(region, naive, pending, at, reversal)
    elif act == 8:
        await region.sweep()
    else:
        region.wires.live()
        day = region.next_day()
        await region.sweep()
        count(region.net(day).nets, netted)


def send(region: Region, naive: Naive, pending: list[tuple[CaisseCode, Request]], at: CaisseCode, request: Request) -> None:
    """The terminal has its answer, or keeps the message."""
    reply = region.send(at, request)
    pending.remove((at, request))
    if request.op is Op.REV:
        naive.told |= {key: 0 for key in naive.told if (key[0], key[2]) == (at, request.original)}
    else:
        assert request.caisse is not None
        naive.told[at, request.caisse, bytes(request.x)] = reply.aa or 0


def count(nets: dict[CaisseCode, int], netted: dict[CaisseCode, int]) -> None:
    assert sum(nets.values()) == 0
    for code, cents in nets.items():
        netted[code] += cents


async def settle(
    region: Region, naive: Naive, pending: list[tuple[CaisseCode, Request]], netted: dict[CaisseCode, int]
) -> None:
    """Every terminal gets its answers, every word is heard, every hold that nobody wants is over."""
    for at, request in list(pending):
        send(region, naive, pending, at, request)
    for _ in range(5):
        await region.sweep()
        day = region.next_day()
        await region.sweep()
        count(region.net(day).nets, netted)
    rooms = {code: desk.book.interchange for code, desk in region.desks.items()}
    assert unmatched(rooms) == []
    for code, desk in region.desks.items():
        assert sum(one.net_cents() for one in desk.book.settlement.owed.values()) == naive.owed(code)
        assert netted[code] == naive.owed(code) - sum(naive.between(other, code) for other in CODES)
        assert not any(rooms[code].balances.values())
        assert not rooms[code].holds_due
        assert rooms[code].netting_cents == netted[code]
        ledger = Ledger()
        for position, event in enumerate(desk.log.events(), 1):
            assert sum(ledger.post(event, Position(position)).values()) == 0
        assert book_balances(desk.book).get("netting", 0) == -ledger.balances.get("netting", 0)
        found = await audit(
            desk.log, report=lambda _: None, server_keys=[SERVERS[code].public], level=Level.WITHOUT_SIGNATURES
        )
        assert found.ok, found.reason


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32), st.integers(0, 40))
def test_both_halves_or_neither_whatever_dies_and_every_netting_sums_to_zero(seed: int, steps: int) -> None:
    assert run(live(Random(seed), steps)) is None
