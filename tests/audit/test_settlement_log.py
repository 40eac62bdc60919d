"""The audit follows a batch through answers, a reissue, a hold, a contest and its appeal, and names what was changed."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import pytest

from clearing.audit import AuditReport, audit
from clearing.events.catalogue import Event
from clearing.events.contests import ContestDecided
from clearing.events.settlement import BatchClosed, PayoutAnswered, PayoutReleased, PayoutsWithdrawn
from clearing.values import Cents
from clearing.wire.requests import Op
from tests.audit.forging import event_at, forge
from tests.living_caisse import AMINA, BRUNO, SERVER_KEY, STALL
from tests.memory_log import Desk, MemoryLog, furnished

FIELD = {"batch": 1, "producer": "field"}


async def audited(log: MemoryLog) -> AuditReport:
    return await audit(log, report=lambda _line: None, server_keys=[SERVER_KEY.public])


def answer(desk: Desk, batch: int, state: str, on: str, code: str = "") -> None:
    row = {"producer": "field", "state": state, "code": code, "text": "", "on": on, "reference": "line"}
    desk.order(AMINA, "answer_payouts", {"batch": batch, "rows": [row]})


def settled(desk: Desk, batch: int) -> None:
    desk.order(BRUNO, "approve_batch", {"batch": batch, "execution_on": "2026-05-09"})
    desk.order(AMINA, "export_batch", {"batch": batch, "message_id": f"m-{batch}", "file_sha256": b"f" * 32})


def lived() -> MemoryLog:
    """Two sales; a batch that came back and is paid anew; a contest that ends at the guarantee fund; a hold; a withdrawal."""
    desk = furnished()
    desk.pass_time()
    desk.ask(Op.SALE, {"fruit-veg": 1_000})
    desk.order(AMINA, "close_batch", {"closed_on": "2026-05-01"})
    settled(desk, 1)
    answer(desk, 1, "accepted", "2026-05-02")
    answer(desk, 1, "returned", "2026-05-03", "AC04")
    desk.order(AMINA, "reissue_payout", {"payouts": [FIELD]})
    settled(desk, 2)
    answer(desk, 2, "executed", "2026-05-03")
    answer(desk, 2, "unknown", "2026-05-03", "ZZ99")
    desk.order(AMINA, "close_payout_question", FIELD | {"batch": 2, "found": "all is well"})
    _contest(desk)
    desk.order(AMINA, "hold_payout", {"producer": "field", "reason": "papers are missing"})
    desk.order(AMINA, "close_batch", {"closed_on": "2026-05-01"})
    desk.order(AMINA, "propose_payout_release", {"producer": "field", "reason": "they came"})
    desk.order(BRUNO, "release_payout", {"producer": "field"})
    desk.order(AMINA, "close_batch", {"closed_on": "2026-05-01"})
    desk.order(BRUNO, "withdraw_payouts", {"batch": 4, "producers": ["field"], "reason": "once more"})
    desk.order(AMINA, "record_payee_check", {
        "producer": "field", "details": b"d" * 32, "state": "RVMC", "name": b"n" * 32, "on": "2026-05-02",
    })  # fmt: skip
    desk.order(BRUNO, "report_account", {"producer": "field", "what": "stolen"})
    desk.order(AMINA, "close_batch", {"closed_on": "2026-05-01"})
    desk.log.sign_head()
    return desk.log


def _contest(desk: Desk) -> None:
    sale, _ = desk.ask(Op.SALE, {"fruit-veg": 500, "animal": 400})
    desk.order(BRUNO, "open_contest", {"terminal": STALL, "x": sale.x, "line": 1, "reason": "never got it"})
    desk.order(BRUNO, "answer_contest", {"contest": 1, "agrees": True, "text": "my mistake"})
    desk.order(AMINA, "decide_contest", {"contest": 1, "outcome": "member", "cost": "producer", "reason": "both agree"})
    desk.order(BRUNO, "appeal_contest", {"contest": 1, "body": "committee", "of": "producer", "reason": "it was delivered"})
    reply = desk.command(AMINA, "decide_contest", {"contest": 1, "outcome": "producer", "reason": "it was"})
    assert "heard by others" in reply.why


def changed(kind: type[Event], **values: Any) -> Callable[[MemoryLog], int]:
    def change(log: MemoryLog) -> int:
        at = next(at for at, event in enumerate(log.events(), 1) if isinstance(event, kind))
        forge(log, at, cast(Event, replace(cast(Any, event_at(log, at)), **values)))
        return at

    return change


async def test_a_log_with_every_step_of_a_settlement_is_proved() -> None:
    log = lived()
    found = await audited(log)
    assert found.ok, found.reason
    closed = [event for event in log.events() if isinstance(event, BatchClosed)]
    assert [(one.reissue, one.lines[0].why, one.lines[0].paid_cents) for one in closed] == [
        (False, "", 1_000), (True, "", 1_000), (False, "held", 0), (False, "", 500), (False, "account", 0),
    ]  # fmt: skip
    assert found.checked["answers of the bank, by the written table"] == 4
    assert found.checked["batches that hold all that was owed, or pay anew what failed"] == 5


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (changed(PayoutAnswered, became="executed"), "differs"),
        (changed(PayoutAnswered, cents=Cents(1)), "differs"),
        (changed(PayoutsWithdrawn, reason="because"), "differs"),
        (changed(PayoutReleased, proposed_by=BRUNO), "differs"),
        (changed(ContestDecided, card_cents=Cents(1)), "differs"),
    ],
)
async def test_a_changed_step_is_found_though_every_hash_fits(change: Callable[[MemoryLog], int], reason: str) -> None:
    log = lived()
    position = change(log)
    found = await audited(log)
    assert (found.ok, found.position, reason in found.reason) == (False, position, True), found.reason
