"""Somebody with the database's keys changes a payout between caisses and mends every hash: the audit names that event."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from clearing.authoriser.snapshot import Loaded, Restoring, parts_of
from clearing.events.codec import decode, encode
from clearing.events.joint import HandoverEnded, JointAgreed, PartAnswered, PayoutsHandedOver
from clearing.events.settlement import BatchClosed
from clearing.rules.ledger.traced import State
from clearing.rules.ledger.tracing import Trace
from clearing.values import BatchId, CaisseCode, Cents, PersonId, ProducerId
from clearing.wire.requests import Op
from tests.audit.forging import forge
from tests.between.joined import FIELD, approve, joined
from tests.between.test_forged_halves import first, verdict
from tests.living_caisse import AMINA
from tests.three_caisses import AVAL, BRUME, CRETE, Region


async def played() -> Region:
    """A part that is taken and netted, one that is not, and one that waits for its word."""
    region = joined(cap_cents=1_000)
    region.desks[AVAL].ask(Op.SALE, {"fruit-veg": 500})
    for cents in (700, 400):
        region.desks[BRUME].ask(Op.SALE, {"fruit-veg": cents})
        approve(region, BRUME)
        await region.sweep()
    approve(region, AVAL)
    day = region.next_day()
    region.net(day)
    for code in (AVAL, BRUME):
        region.desks[code].order(AMINA, "pay_netting", {"day": day, "reference": "line 7"})
    region.desks[BRUME].order(AMINA, "reissue_payout", {"payouts": [{"batch": 2, "producer": FIELD}]})
    region.desks[BRUME].ask(Op.SALE, {"fruit-veg": 50})
    approve(region, BRUME)
    return region


FORGERIES: list[tuple[CaisseCode, type, Callable[[Any], Any]]] = [
    (AVAL, JointAgreed, lambda e: replace(e, by=e.proposed_by)),
    (AVAL, JointAgreed, lambda e: replace(e, cap_cents=Cents(1_000_000))),
    (BRUME, PayoutsHandedOver, lambda e: replace(e, to=CRETE)),
    (BRUME, PayoutsHandedOver, lambda e: replace(e, day="2026-04-30")),
    (BRUME, PayoutsHandedOver, lambda e: replace(e, parts=(e.parts[0]._replace(cents=Cents(699)),))),
    (BRUME, PayoutsHandedOver, lambda e: replace(e, parts=(e.parts[0]._replace(account=bytes(16)),))),
    (BRUME, PayoutsHandedOver, lambda e: replace(e, by=PersonId("nobody"))),
    (AVAL, PartAnswered, lambda e: replace(e, cents=Cents(701))),
    (AVAL, PartAnswered, lambda e: replace(e, producer=ProducerId("another"))),
    (AVAL, PartAnswered, lambda e: replace(e, batch=BatchId(9))),
    (AVAL, PartAnswered, lambda e: replace(e, reason="cap")),
    (BRUME, HandoverEnded, lambda e: replace(e, reason="cap")),
    (BRUME, HandoverEnded, lambda e: replace(e, cents=Cents(699))),
    (AVAL, BatchClosed, lambda e: replace(e, lines=(e.lines[0]._replace(parts=()),))),
]
NAMES = [f"{kind.__name__}-{place}" for place, (_, kind, _) in enumerate(FORGERIES)]


@pytest.mark.parametrize(("code", "kind", "change"), FORGERIES, ids=NAMES)
async def test_a_forged_part_is_named(code: CaisseCode, kind: type, change: Callable[[Any], Any]) -> None:
    region = await played()
    assert await verdict(region, code) == (0, "")
    position, event = first(region, code, kind)
    forge(region.desks[code].log, position, change(event))
    found, reason = await verdict(region, code)
    assert found == position, reason


async def test_an_answer_without_its_word_is_named() -> None:
    region = await played()
    log = region.desks[AVAL].log
    position, event = first(region, AVAL, PartAnswered)
    log.rows[position - 1] = log.rows[position - 1]._replace(evidence=b"")
    forge(log, position, event)
    assert "no evidence" in (await verdict(region, AVAL))[1]


async def test_a_snapshot_says_everything_of_parts() -> None:
    region = await played()
    for desk in region.desks.values():
        loaded, rows = Loaded(), desk.log.rows
        for place, row in enumerate(rows):
            if place % 5 == 0 or place == len(rows) - 1:
                restoring = Restoring()
                for part in parts_of(loaded):
                    restoring.take(part)
                loaded = restoring.finish()
            event = decode(row.type, row.schema_version, row.public, row.private)
            loaded.book.apply(event, row.position, row.at_us, encode(event))
            loaded.tree.append(bytes(32))
        assert loaded.book.interchange == desk.book.interchange
        assert loaded.book.settlement == desk.book.settlement


async def test_a_funders_euro_is_followed_into_what_another_caisse_pays() -> None:
    region = await played()
    here, there = traced(region, BRUME), traced(region, AVAL)
    spent = {one.batch: one.state for one in here.of_fund("general").rows() if one.producer == FIELD}
    assert spent[1] is State.PAID, "its netting is paid"
    assert {state for batch, state in spent.items() if batch != 1} == {State.IN_BATCH}
    here.of_fund("general").reconcile()
    there.of_fund("general").reconcile()
    assert sum(row.cents for row in here.rows() if row.producer == FIELD and row.state is State.PAID) == 700
    for_others = [row for row in there.rows() if row.credit == f"for {BRUME}"]
    assert [(row.producer, row.state, row.cents) for row in for_others] == [(FIELD, State.IN_BATCH, 700)]


def traced(region: Region, code: CaisseCode) -> Trace:
    trace = Trace()
    for row in region.desks[code].log.rows:
        trace.take(decode(row.type, row.schema_version, row.public, row.private), row.position, row.at_us)
    return trace
