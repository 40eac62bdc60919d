"""A log with mandates and collections is proved from itself; whoever changes one of their events is found."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import pytest

from clearing.audit import AuditReport, Level, audit
from clearing.authoriser.snapshot import Loaded, Restoring, parts_of
from clearing.event_store.tree import GrowingTree
from clearing.events.catalogue import Event
from clearing.events.cotisations import CotisationReceived, CotisationReturned
from clearing.events.debits import (
    CollectionApproved,
    CollectionExported,
    CollectionProposed,
    DebitAnswered,
    DebitCounted,
    DebitLeftOut,
    MandateSigned,
    MandateSuspended,
)
from clearing.rules.ledger.tracing import Trace
from clearing.values import Cents, MemberId
from tests.audit.forging import event_at, forge
from tests.living_caisse import AMINA, BRUNO, SERVER_KEY
from tests.memory_log import Desk, MemoryLog, furnished


def months() -> Desk:
    """Two collections: one counts when it is made and comes back in part, the next when its window is over."""
    desk = furnished()
    desk.order(AMINA, "set_cotisation_rule", {
        "rule": "cotisation", "fund": "general", "minimum_cents": 1_000, "step_cents": 500, "levels": [], "free": True,
        "means": ["debit"], "over_is_gift": False, "decision": "ag-2026-04",
    })  # fmt: skip
    desk.order(AMINA, "name_creditor", {"creditor": "FR72ZZZ123456", "lead_days": 1})
    desk.order(AMINA, "set_debit_rule", {"notice_days": 5, "counts_on": "execution", "decision": "ag-2026-04"})
    for member in ("m-1", "m-2"):
        desk.order(BRUNO, "agree_cotisation", {
            "member": member, "rule": "cotisation", "cents": 2_500, "every_months": 1, "from_period": "2026-05",
            "means": "debit",
        })  # fmt: skip
    desk.order(BRUNO, "sign_mandates", {"mandates": [
        {"mandate": f"M-{member}", "member": member, "kind": "recurrent", "how": "paper", "signed_on": "2026-04-20",
         "digest": member.encode() * 8 + bytes(8)} for member in ("m-1", "m-2")
    ]})  # fmt: skip
    collect(desk, 1, "2026-05", "2026-05-20")
    answer(desk, 1, "m-1", "executed")
    answer(desk, 1, "m-2", "executed")
    answer(desk, 1, "m-2", "returned", "AC04")
    desk.order(AMINA, "resume_mandate", {"mandate": "M-m-2", "reason": "the bank was wrong"})
    desk.order(AMINA, "set_debit_rule", {"notice_days": 5, "counts_on": "window", "decision": "ag-2026-04"})
    collect(desk, 2, "2026-06", "2026-06-24", leave_out="m-2")
    answer(desk, 2, "m-1", "executed")
    desk.pass_time(days=60)
    desk.order(AMINA, "count_collection", {"collection": 2})
    answer(desk, 2, "m-1", "returned", "MD01")
    desk.log.sign_head()
    return desk


def collect(desk: Desk, number: int, period: str, on: str, leave_out: str = "") -> None:
    desk.order(AMINA, "propose_collection", {"period": period, "collect_on": on, "arrears": False})
    desk.order(BRUNO, "approve_collection", {"collection": number})
    if leave_out:
        desk.order(BRUNO, "leave_out_debit", {"collection": number, "member": leave_out, "reason": "asked for it"})
    desk.order(BRUNO, "announce_collection", {"collection": number, "sha256": b"n" * 32})
    desk.order(AMINA, "export_collection", {"collection": number, "message_id": f"C{number}", "file_sha256": b"f" * 32})
    desk.pass_time(days=24)


def answer(desk: Desk, number: int, member: str, state: str, code: str = "") -> None:
    row = {"member": member, "state": state, "code": code, "text": "", "on": "", "reference": ""}
    desk.order(AMINA, "answer_collection", {"collection": number, "rows": [row]})


async def audited(log: MemoryLog, level: Level = Level.WHOLE) -> AuditReport:
    return await audit(log, report=lambda _line: None, server_keys=[SERVER_KEY.public], level=level)


async def test_a_log_with_everything_of_debits_holds() -> None:
    desk = months()
    found = await audited(desk.log)
    assert found.ok, found.reason
    kinds = {type(event) for event in desk.log.events()}
    assert {CotisationReceived, CotisationReturned, DebitCounted, DebitLeftOut, MandateSuspended} <= kinds
    assert found.checked["collections approved by another person than proposed them"] == 2
    assert found.checked["collections of what is due, asked once"] == 2


@pytest.mark.parametrize("level", [Level.WITHOUT_SIGNATURES, Level.HASHES])
async def test_the_same_log_of_debits_holds_where_less_is_asked(level: Level) -> None:
    found = await audited(months().log, level)
    assert found.ok, found.reason


FORGERIES: list[tuple[type[Event], Callable[[Any], Any]]] = [
    (CollectionApproved, lambda event: replace(event, by=AMINA)),
    (CollectionProposed, lambda event: replace(event, rows=event.rows[:1], total_cents=Cents(2_500))),
    (CollectionProposed, lambda event: replace(event, rows=(
        event.rows[0]._replace(details=b"x" * 32), *event.rows[1:]
    ))),
    (CollectionExported, lambda event: replace(event, file_sha256=b"g" * 32)),
    (DebitAnswered, lambda event: replace(event, state="rejected")),
    (DebitAnswered, lambda event: replace(event, member=MemberId("m-2"))),
    (DebitCounted, lambda event: replace(event, cents=Cents(2_499))),
    (DebitLeftOut, lambda event: replace(event, member=MemberId("m-1"))),
    (MandateSigned, lambda event: replace(event, details=b"x" * 32)),
    (MandateSuspended, lambda event: replace(event, mandate="M-m-1")),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "change"), FORGERIES, ids=lambda one: getattr(one, "__name__", ""))
async def test_a_forged_debit_is_named_though_all_hashes_fit(kind: type[Event], change: Callable[[Any], Any]) -> None:
    log = months().log
    at = next(at for at, event in enumerate(log.events(), 1) if isinstance(event, kind))
    forge(log, at, cast(Event, change(event_at(log, at))))
    found = await audited(log)
    assert (found.ok, found.position) == (False, at)


async def test_two_people_are_found_missing_without_signatures_too() -> None:
    log = months().log
    at = next(at for at, event in enumerate(log.events(), 1) if isinstance(event, CollectionApproved))
    forge(log, at, replace(cast(CollectionApproved, event_at(log, at)), by=AMINA))
    found = await audited(log, Level.WITHOUT_SIGNATURES)
    assert (found.ok, found.position) == (False, at)


def test_a_snapshot_says_mandates_and_collections_whole() -> None:
    desk = months()
    loaded = Loaded()
    loaded.book = desk.book
    loaded.tree = GrowingTree()
    for row in desk.log.rows:
        loaded.tree.append(row.leaf)
    restoring = Restoring()
    for part in parts_of(loaded):
        restoring.take(part)
    assert restoring.finish().book.debits == desk.book.debits


def test_money_that_counts_after_the_window_is_cotisations_of_the_fund_in_the_trace() -> None:
    desk, trace = months(), Trace()
    for place, event in enumerate(desk.log.events(), 1):
        trace.take(event, place, place)
    cotisations = [one.cents for one in trace.receipts.values() if one.how == "cotisations"]
    assert cotisations == [2_500, 2_500, 2_500]
