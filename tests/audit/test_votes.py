"""The audit follows votes: two officers, and nothing stands on a decision that was not in force."""

from dataclasses import replace
from typing import Any

import pytest

from clearing.audit import audit
from clearing.audit.trial_report import GroupSums, Pair, groups_shown
from clearing.authoriser.founding import decide_found
from clearing.authoriser.snapshot import Loaded, Restoring, parts_of
from clearing.events.caisse import DecisionRecorded
from clearing.events.catalogue import Event
from clearing.events.codes import Code
from clearing.events.products import ProductsListed
from clearing.installation.founding_tables import read_decision
from clearing.values import MemberId
from clearing.wire.requests import Op
from tests.audit.forging import forge
from tests.living_caisse import (
    AMINA,
    BRUNO,
    CODE,
    DAY_US,
    KEYS,
    MAY_1,
    SERVER_KEY,
    charte_body,
    decision_body,
    founding,
)
from tests.memory_log import Desk, furnished

COLLEGES = [
    {"college": "eaters", "votes_for": 20, "votes_against": 4, "abstained": 2},
    {"college": "producers", "votes_for": 11, "votes_against": 0, "abstained": 0},
]


def a_caisse_that_votes() -> Desk:
    desk = furnished()
    colleges = decision_body("ag-2026-05") | {
        "votes_for": 31, "votes_against": 4, "abstained": 2, "tallies": COLLEGES, "minutes_link": "https://example.org/pv",
        "effective_on": "2026-05-01", "ends_on": "2027-01-01",
    }
    desk.order(AMINA, "record_decision", colleges)
    assert "two people" in desk.command(AMINA, "approve_decision", {"decision": "ag-2026-05"}).why
    assert "not approved yet" in desk.command(AMINA, "adopt_charte", charte_body(2, "ag-2026-05", 2**52, {"animal": 5_000})).why
    desk.order(BRUNO, "approve_decision", {"decision": "ag-2026-05"})
    desk.order(AMINA, "adopt_charte", charte_body(2, "ag-2026-05", desk.clock.us + 9_000_000, {"animal": 5_000}))
    desk.pass_time(us=10_000_000)
    desk.order(AMINA, "record_decision", decision_body("ag-2026-06") | {"taken_on": "2026-05-01"})
    desk.order(BRUNO, "approve_decision", {"decision": "ag-2026-06"})
    return desk


def listing(desk: Desk) -> None:
    product = {"product": "4011", "label": "Bananas", "category": "fruit-veg", "unit": "kg"}
    desk.order(AMINA, "list_products", {"products": [product, product | {"product": "own-1", "label": "Leeks"}]})
    desk.order(BRUNO, "list_products", {"products": [product, product | {"product": "own-1", "label": "Poireaux"}]})
    desk.order(BRUNO, "list_prices", {"convention": "field-1", "prices": [{"product": "4011", "unit_cents": 250}]})


async def reason(desk: Desk) -> str:
    return (await audit(desk.log, report=lambda _line: None, server_keys=[SERVER_KEY.public])).reason


def position_of(desk: Desk, kind: type[Event], which: int = -1) -> int:
    return [at for at, event in enumerate(desk.log.events(), 1) if isinstance(event, kind)][which]


async def test_a_log_of_votes_that_follow_one_another_holds() -> None:
    desk = a_caisse_that_votes()
    _, half = desk.ask(Op.SALE, {"animal": 1_000})
    body: dict[str, object] = {"decision": "ag-2026-05", "ruling": "ag-2026-06"}
    desk.order(AMINA, "suspend_decision", body)
    _, before = desk.ask(Op.SALE, {"animal": 1_000})
    desk.order(AMINA, "resume_decision", body | {"from_us": desk.clock.us + 5_000_000})
    desk.pass_time(us=6_000_000)
    _, again = desk.ask(Op.SALE, {"animal": 1_000})
    desk.order(AMINA, "annul_decision", body)
    _, after = desk.ask(Op.SALE, {"animal": 1_000})
    listing(desk)
    assert [reply.aa for reply in (half, before, again, after)] == [500, 700, 500, 700]
    assert desk.command(AMINA, "resume_decision", body).rc is Code.NOT_ALLOWED_NOW
    assert await reason(desk) == ""


async def test_a_vote_that_says_it_needs_no_approval_is_found_out() -> None:
    desk = a_caisse_that_votes()
    at = position_of(desk, DecisionRecorded)
    vote = desk.log.events()[at - 1]
    assert isinstance(vote, DecisionRecorded)
    forge(desk.log, at, replace(vote, needs_approval=False))
    assert "without a second officer's approval" in await reason(desk)


async def test_a_changed_tally_or_list_is_found_out() -> None:
    desk = a_caisse_that_votes()
    at = position_of(desk, DecisionRecorded, 1)
    vote = desk.log.events()[at - 1]
    assert isinstance(vote, DecisionRecorded)
    forge(desk.log, at, replace(vote, tallies=(vote.tallies[0]._replace(votes_for=21), vote.tallies[1])))
    assert "'tallies' differs from what the person signed" in await reason(desk)
    desk = a_caisse_that_votes()
    listing(desk)
    at = position_of(desk, ProductsListed)
    listed = desk.log.events()[at - 1]
    assert isinstance(listed, ProductsListed)
    forge(desk.log, at, replace(listed, products=(listed.products[0]._replace(category="animal"),)))  # type: ignore[arg-type]
    assert "'products' differs from what the rules make of its command" in await reason(desk)


async def test_a_credit_stands_on_a_decision_that_is_in_force() -> None:
    desk = a_caisse_that_votes()
    desk.order(BRUNO, "admit_members", {"members": [{"member": "m-9", "groups": []}]})
    desk.order(AMINA, "annul_decision", {"decision": "ag-2026-04", "ruling": "ag-2026-06"})
    desk.pass_time(days=31)
    declined = desk.command(AMINA, "grant", {"rule": "monthly", "period": "2026-06"})
    assert "Decision ag-2026-04 is annulled since" in declined.why
    single = desk.command(BRUNO, "grant_single", {"rule": "monthly", "period": "2026-05", "member": "m-9"})
    assert "annulled since" in single.why
    assert await reason(desk) == ""


def test_a_snapshot_says_votes_lists_and_which_charte_is_in_force() -> None:
    desk = a_caisse_that_votes()
    desk.order(AMINA, "suspend_decision", {"decision": "ag-2026-05", "ruling": "ag-2026-06", "from_us": desk.clock.us + DAY_US})
    listing(desk)
    loaded = Loaded()
    for row, event in zip(desk.log.rows, desk.log.events(), strict=True):
        loaded.book.apply(event, row.position, row.at_us)
        loaded.tree.append(row.leaf)
    again = Restoring()
    for part in parts_of(loaded):
        again.take(part)
    restored = again.finish().book
    assert restored.caisse.in_force == loaded.book.caisse.in_force
    assert len(restored.caisse.in_force) == 3  # the founding's charte, the second one, and the first again
    assert (restored.caisse.rulings, restored.caisse.approvals) == (loaded.book.caisse.rulings, loaded.book.caisse.approvals)
    assert restored.products == loaded.book.products


def test_a_founding_brings_votes_by_college_and_products_with_it() -> None:
    products = [{"product": "4011", "label": "Bananas", "category": "fruit-veg", "unit": "kg"}]
    body = founding() | {"products": products}
    vote = read_decision({
        "decision": "ag-2026-04", "title": "All", "body": "general-meeting", "method": "majority", "taken_on": "2026-04-20",
        "tallies": COLLEGES,
    })  # fmt: skip
    body["decisions"] = [vote]
    events = decide_found(CODE, body, founder_kid=KEYS[AMINA].public[:8], at_us=MAY_1)
    assert isinstance(events, tuple)
    (recorded,) = [event for event in events if isinstance(event, DecisionRecorded)]
    assert (recorded.votes_for, recorded.votes_against, recorded.abstained, recorded.needs_approval) == (31, 4, 2, False)
    assert any(isinstance(event, ProductsListed) for event in events)


@pytest.mark.parametrize(
    ("sizes", "rows"),
    [
        ({"a": 7, "b": 6, "c": 2}, [("a", 7), ("others together", 8)]),
        ({"a": 7, "b": 3, "c": 2}, [("a", 7), ("others together", 5)]),
        ({"a": 5, "b": 5}, [("a", 5), ("b", 5)]),
        ({"a": 3}, []),
        ({"a": 5, "b": 1}, [("others together", 6)]),
    ],
)
def test_no_group_of_fewer_than_five_can_be_worked_out(sizes: dict[str, int], rows: list[tuple[str, int]]) -> None:
    groups: dict[frozenset[str], GroupSums] = {}
    for name, size in sizes.items():
        members = {MemberId(f"{name}-{number}") for number in range(size)}
        groups[frozenset((name,))] = GroupSums(members, Pair(size, 2 * size), Pair(1, 1))
    shown = groups_shown(groups)
    assert [(row.name, row.members) for row in shown] == rows
    assert all(row.card == Pair(row.members, 2 * row.members) for row in shown)
    totals: Any = sum(row.members for row in shown)
    assert totals in (sum(sizes.values()), 0)
