"""Somebody with the database's keys changes a half and mends every hash: the audit names that event."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from clearing.audit import audit
from clearing.authoriser.snapshot import Loaded, Restoring, parts_of
from clearing.events.codec import decode, encode
from clearing.events.interchange import (
    InterchangeCaptured,
    InterchangeHeld,
    InterchangeMatched,
    InterchangeNetted,
    InterchangeReleased,
    InterchangeSold,
    PayeeCents,
)
from clearing.projections.details import About, entries
from clearing.values import CaisseCode, Cents, MemberId, ProducerId
from clearing.wire.requests import Op
from tests.audit.forging import forge
from tests.living_caisse import BRUNO
from tests.three_caisses import AVAL, BRUME, SERVERS, Lost, Region


async def played() -> Region:
    """Two sales, one of them reversed after it was captured, another one by a terminal that gave up, and a netting."""
    region = Region(codes=(BRUME, AVAL))
    region.desks[AVAL].order(BRUNO, "admit_members", {"members": [{"member": "m-9", "groups": []}]})
    region.sell(BRUME, AVAL, fruit_veg=735, animal=500)
    request, _ = region.sell(BRUME, AVAL, fruit_veg=300)
    region.sell(AVAL, BRUME, fruit_veg=200)
    await region.sweep()
    region.send(BRUME, region.desks[BRUME].request(Op.REV, {}, original=request.x))
    region.wires.die(2, after=True)
    with pytest.raises(Lost):
        region.send(BRUME, region.sale(BRUME, AVAL, {"fruit-veg": 100}))
    region.wires.live()
    await region.sweep()
    for _ in range(3):
        region.next_day()
    region.net(region.next_day())
    return region


async def verdict(region: Region, code: CaisseCode) -> tuple[int, str]:
    """The first bad event and what is wrong with it; (0, "") when the log holds."""
    found = await audit(region.desks[code].log, report=lambda _: None, server_keys=[SERVERS[code].public])
    return found.position, found.reason


def first(region: Region, code: CaisseCode, kind: type) -> tuple[int, Any]:
    events = enumerate(region.desks[code].log.events(), 1)
    return next((position, event) for position, event in events if isinstance(event, kind))


FORGERIES: list[tuple[CaisseCode, type, Callable[[Any], Any]]] = [
    (BRUME, InterchangeSold, lambda e: replace(e, approved_cents=Cents(736), approved_lines=(Cents(736), Cents(0)))),
    (BRUME, InterchangeSold, lambda e: replace(e, issued=b"")),
    (BRUME, InterchangeSold, lambda e: replace(e, issued=e.issued[:-1] + bytes([e.issued[-1] ^ 1]))),
    (BRUME, InterchangeSold, lambda e: replace(e, held=False)),
    (BRUME, InterchangeSold, lambda e: replace(e, answer="05")),
    (BRUME, InterchangeMatched, lambda e: replace(e, outcome="refused")),
    (AVAL, InterchangeHeld, lambda e: replace(e, member=MemberId("m-9"))),
    (AVAL, InterchangeHeld, lambda e: replace(e, approved_cents=Cents(700))),
    (AVAL, InterchangeHeld, lambda e: replace(e, asked_sha256=bytes(32))),
    (AVAL, InterchangeHeld, lambda e: replace(e, tap=e.tap._replace(counter=99))),
    (AVAL, InterchangeHeld, lambda e: replace(e, shares=tuple(one._replace(payer="nobody") for one in e.shares))),
    (AVAL, InterchangeCaptured, lambda e: replace(e, cents=Cents(1))),
    (AVAL, InterchangeCaptured, lambda e: replace(e, day="2026-04-30")),
    (AVAL, InterchangeReleased, lambda e: replace(e, returned=())),
    (AVAL, InterchangeNetted, lambda e: replace(e, net_cents=e.net_cents + 1)),
]


NAMES = [f"{kind.__name__}-{place}" for place, (_, kind, _) in enumerate(FORGERIES)]


@pytest.mark.parametrize(("code", "kind", "change"), FORGERIES, ids=NAMES)
async def test_a_forged_half_is_named(code: CaisseCode, kind: type, change: Callable[[Any], Any]) -> None:
    region = await played()
    assert await verdict(region, code) == (0, "")
    position, event = first(region, code, kind)
    forge(region.desks[code].log, position, change(event))
    found, reason = await verdict(region, code)
    assert found == position, reason


async def test_a_half_without_its_word_is_named() -> None:
    region = await played()
    log = region.desks[AVAL].log
    position, event = first(region, AVAL, InterchangeCaptured)
    log.rows[position - 1] = log.rows[position - 1]._replace(evidence=b"")
    forge(log, position, event)
    assert "no evidence" in (await verdict(region, AVAL))[1]


async def test_a_snapshot_says_everything_between_caisses() -> None:
    region = await played()
    for desk in region.desks.values():
        loaded, rows = Loaded(), desk.log.rows
        for place, row in enumerate(rows):
            if place in (len(rows) // 2, len(rows) - 3):
                restoring = Restoring()
                for part in parts_of(loaded):
                    restoring.take(part)
                loaded = restoring.finish()
            event = decode(row.type, row.schema_version, row.public, row.private)
            loaded.book.apply(event, row.position, row.at_us, encode(event))
            loaded.tree.append(bytes(32))
        assert loaded.book.due(row.at_us) == desk.book.due(row.at_us)  # forgets the holds that are over, too
        assert loaded.book.interchange == desk.book.interchange
        assert loaded.book.settlement == desk.book.settlement


async def test_a_statement_shows_what_cards_of_other_caisses_paid_and_took_back() -> None:
    region = await played()
    events = {position: (0, event) for position, event in enumerate(region.desks[BRUME].log.events(), 1)}
    sold = [position for position, (_, event) in events.items() if isinstance(event, InterchangeSold)]
    undone = next(
        position for position, (_, event) in events.items()
        if getattr(event, "taken_back", None) == (PayeeCents(ProducerId("field"), Cents(300)),)
    )
    about = About(events, {undone: sold[1]}, {sold[1]: [undone]})
    shown = [(one.kind, one.gross_cents, one.card_cents) for one in entries("field", [*sold[:2], undone], about)]
    assert shown == [("capture", 1_235, 735 + 350), ("capture", 300, 300), ("reversal", -300, -300)]
