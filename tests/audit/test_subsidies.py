"""Money of funders on a real log: the audit proves it, names a forged earmark or second person, and the trace is printed."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from clearing.audit import audit
from clearing.cli.tracing import trace_csv, trace_text
from clearing.events.catalogue import Event
from clearing.events.funds import UNBOUND, FundOpened, MoneyReceived
from clearing.events.grants import RepaymentConfirmed, TransferConfirmed
from clearing.rules.ledger.traced import Unreconciled
from clearing.rules.ledger.tracing import Trace
from clearing.values import Cents, PersonId
from clearing.wire.requests import Op
from tests.audit.forging import event_at, forge
from tests.living_caisse import AMINA, BRUNO, SERVER_KEY
from tests.memory_log import Desk, furnished

DECISION: dict[str, object] = {"decision": "ag-2026-04"}
BOUND = {"categories": ["fruit-veg", "animal", "staple"]}


def a_spring() -> Desk:
    """A bound fund pays a credit of 50.00 for each of two members: 30.00 was received before, the rest on an advance."""
    desk = furnished()
    desk.order(AMINA, "open_fund", {
        "fund": "region", "kind": "sponsor", "name": "Region", "advance_cents": 8_000, "earmark": BOUND, **DECISION,
    })
    desk.order(AMINA, "open_fund", {"fund": "tier", "kind": "tier", "name": "Tier", "advance_cents": 0})
    desk.order(AMINA, "notify_subsidy", {
        "grant": "draaf-2026", "funder": "DRAAF", "fund": "region", "cents": 20_000, "purpose": "Access to food",
        "earmark": BOUND, "reference": "letter",
    })
    desk.order(AMINA, "receive_subsidy", {"grant": "draaf-2026", "cents": 3_000, "reference": "line 1"})
    desk.order(AMINA, "set_allocation_rule", {
        "rule": "spring", "purse": "credit", "fund": "region", "cents_each": 5_000, "months_valid": 1, "who": [], **DECISION,
    })
    desk.order(AMINA, "grant", {"rule": "spring", "period": "2026-05"})
    desk.ask(Op.SALE, {"fruit-veg": 2_000, "animal": 1_000})
    desk.order(AMINA, "receive_subsidy", {"grant": "draaf-2026", "cents": 9_000, "reference": "line 2"})
    desk.pass_time(days=1)
    desk.order(AMINA, "close_batch", {"closed_on": "2026-05-01"})
    desk.order(BRUNO, "approve_batch", {"batch": 1, "execution_on": "2026-05-04"})
    desk.order(AMINA, "export_batch", {"batch": 1, "message_id": "m-1", "file_sha256": b"f" * 32})
    desk.order(AMINA, "confirm_payout", {"batch": 1, "producer": "field", "reference": "line 3"})
    desk.ask(Op.SALE, {"fruit-veg": 500})
    desk.order(AMINA, "notify_money", {"fund": "general", "cents": 700, "reference": "town"})
    desk.order(AMINA, "receive_money", {"fund": "general", "cents": 900, "reference": "line 4"})
    desk.order(AMINA, "propose_repayment", {"grant": "draaf-2026", "cents": 1_500, "reason": "unspent", **DECISION})
    desk.order(BRUNO, "confirm_repayment", {"repayment": 1})
    desk.order(AMINA, "propose_transfer", {"fund": "general", "to": "tier", "cents": 400, "reason": "tiers", **DECISION})
    desk.order(BRUNO, "confirm_transfer", {"transfer": 1})
    desk.order(AMINA, "vote_advance", {"fund": "general", "advance_cents": 100, **DECISION})
    desk.order(AMINA, "freeze_credits", DECISION)
    return desk


def traced(desk: Desk) -> Trace:
    trace = Trace()
    for row, event in zip(desk.log.rows, desk.log.events(), strict=True):
        trace.take(event, row.position, row.at_us)
    return trace


async def test_a_log_with_money_of_funders_holds() -> None:
    desk = a_spring()
    found = await audit(desk.log, report=lambda _line: None, server_keys=[SERVER_KEY.public])
    assert found.ok, found.reason
    assert found.checked["money that left a fund by two people"] == 2
    assert found.balances["receivable:region"] == -8_000
    assert found.balances["payable:grantor:draaf-2026"] == 1_500


Change = Callable[[Any], Event]
CHANGES: dict[str, tuple[type, Change]] = {
    "an earmark is taken off": (FundOpened, lambda event: replace(event, earmark=UNBOUND)),
    "one person does both": (TransferConfirmed, lambda event: replace(event, by=AMINA)),
    "more leaves than was agreed": (RepaymentConfirmed, lambda event: replace(event, cents=Cents(1_600))),
    "a stranger confirms": (RepaymentConfirmed, lambda event: replace(event, by=PersonId("zoe"))),
    "it clears what it did not": (MoneyReceived, lambda event: replace(event, clears_cents=Cents(600))),
}


@pytest.mark.parametrize("name", CHANGES)
async def test_a_forged_event_about_money_of_funders_is_named(name: str) -> None:
    kind, change = CHANGES[name]
    desk = a_spring()
    positions = [row.position for row, event in zip(desk.log.rows, desk.log.events(), strict=True) if isinstance(event, kind)]
    at = positions[-1] if kind is MoneyReceived else next(
        position for position in positions if event_at(desk.log, position) != change(event_at(desk.log, position))
    )
    forge(desk.log, at, change(event_at(desk.log, at)))
    found = await audit(desk.log, report=lambda _line: None, server_keys=[SERVER_KEY.public])
    assert not found.ok
    assert found.position == at


@pytest.mark.row(14)
def test_each_euro_is_followed_from_the_funder_to_the_producer() -> None:
    found = traced(a_spring()).of("draaf-2026")
    said = trace_text(found)
    assert said[0].startswith("Subsidy draaf-2026 of DRAAF: ")
    assert {line[:50].strip(): line[50:].split()[0] for line in said[1:] if line.endswith(" EUR")} == {
        "promised": "200.00", "still to come": "80.00", "received": "120.00", "paid to producers": "27.00",
        "owed to producers": "5.00", "in members' purses": "68.00", "credit spring of 2026-05": "32.00",
        "not given out yet": "5.00", "fund region": "5.00", "given back to the funder": "15.00",
        "together, as received": "120.00", "The field": "32.00",
    }
    [field] = [line for line in said if line.startswith("  The field ")]
    assert field.split()[2:] == ["27.00", "0.00", "5.00", "32.00"]


def test_the_trace_as_a_table_has_no_person_and_sums_to_what_came() -> None:
    found = traced(a_spring()).of("draaf-2026")
    rows = [line.split(";") for line in trace_csv(found).splitlines()]
    assert rows[0] == trace_csv(found).splitlines()[0].split(";")
    assert rows[0][2:5] == ["credit", "day", "sale"]
    assert sum(int(row[-1].replace(",", "")) for row in rows[1:]) == 12_000
    text = trace_csv(found)
    assert "m-1" not in text.replace("m-1/", "")
    assert "0001" not in text
    assert {row[3] for row in rows[1:]} <= {"", "2026-05-01", "2026-05-02"}


def test_a_trace_that_does_not_add_up_is_not_shown() -> None:
    found = traced(a_spring()).of("draaf-2026")
    with pytest.raises(Unreconciled, match="clearing audit"):
        trace_text(replace(found, received_cents=12_001))
