"""Law: a log that begins with what a caisse brought along is proved like any other, and a forged beginning is named."""

from dataclasses import replace

import pytest

from clearing.audit import audit, why
from clearing.audit.sums import book_balances
from clearing.events.catalogue import Event
from clearing.events.opening import OpeningAccepted, OpeningDebt, OpeningProposed
from clearing.values import Cents, PersonId, ProducerId
from clearing.wire.requests import Op
from tests.audit.forging import event_at, forge
from tests.living_caisse import AMINA, BRUNO, DAY_US, MAY_1, SERVER_KEY
from tests.memory_log import Desk, furnished

LIST: dict[str, object] = {
    "as_of": "2026-04-30", "bank_cents": 17_500,
    "purses": [
        {"member": "m-1", "purse": "credit", "fund": "general", "cents": 500, "expires_us": MAY_1 + 10 * DAY_US},
        {"member": "m-1", "purse": "credit", "fund": "general", "cents": 1_000, "expires_us": MAY_1 + 20 * DAY_US},
        {"member": "m-2", "purse": "own", "cents": 2_000},
    ],
    "funds": [{"fund": "general", "notified_cents": 0, "received_cents": 30_000, "engaged_cents": 20_000}],
    "debts": [{"producer": "field", "cents": 4_000}],
}


def opened() -> Desk:
    """Opened, sold to from the lots that were brought along, settled, and the rest lapsed."""
    desk = furnished()
    desk.order(AMINA, "propose_opening", LIST)
    desk.order(BRUNO, "accept_opening", LIST)
    desk.pass_time()
    sale, _ = desk.ask(Op.SALE, {"fruit-veg": 700})
    desk.ask(Op.REF, {"fruit-veg": 350}, original=sale.x)
    desk.pass_time(days=2)
    desk.order(AMINA, "close_batch", {"closed_on": "2026-05-03"})
    desk.order(BRUNO, "approve_batch", {"batch": 1, "execution_on": "2026-05-06"})
    desk.pass_time(days=30)
    desk.tick()
    desk.log.sign_head()
    return desk


async def test_a_log_with_opening_balances_holds_and_the_bank_is_their_sum() -> None:
    desk = opened()
    found = await audit(desk.log, report=lambda _line: None, server_keys=[SERVER_KEY.public])
    assert found.ok, found.reason
    assert found.checked["opening balances that two people read alike and that the bank explains"] == 1
    assert sum(found.balances.values()) == 1_000_000 + 17_500
    assert found.balances == book_balances(desk.book)
    assert found.balances["payable:field"] == 4_000 + 350
    assert found.balances["purse:own"] == 2_000


WITH_ROOMS: dict[str, object] = LIST | {
    "bank_cents": 18_500,
    "arrears": [{"member": "m-2", "rule": "monthly", "period": "2026-03", "months": 1, "due_cents": 2_000, "paid_cents": 500}],
    "contracts": [{
        "contract": "c-1", "season": "veg", "member": "m-1", "portions": [{"product": "basket", "qty_milli": 1_000}],
        "instalments": [{"due_on": f"2026-0{month}-01", "cents": 3_000} for month in (4, 5)],
        "payments": [{"instalment": 1, "payer": "household", "cents": 3_000, "means": "transfer", "reference": "line 7"}],
        "held_cents": 1_000, "delivered_until": "2026-04-23",
    }],
}  # fmt: skip


def opened_with_rooms() -> Desk:
    """The same with a cotisation that is owed and a contract in its season, which goes on, and is paid over."""
    desk = furnished()
    desk.order(AMINA, "set_cotisation_rule", {
        "rule": "monthly", "fund": "general", "minimum_cents": 500, "step_cents": 100, "levels": [], "free": True,
        "means": ["transfer"], "over_is_gift": False, "decision": "ag-2026-04",
    })  # fmt: skip
    days = ["2026-04-16", "2026-04-23", "2026-05-07", "2026-05-14"]
    desk.order(AMINA, "open_season", {
        "season": "veg", "title": "Vegetables", "producer": "field", "days": [{"on": day, "weight": 1} for day in days],
        "mode": "through-caisse", "skip": "lost", "skip_days": 3, "decision": "ag-2026-04",
    })  # fmt: skip
    desk.order(AMINA, "propose_opening", WITH_ROOMS)
    desk.order(BRUNO, "discard_opening", {"reason": "read with another bank statement"})
    desk.order(AMINA, "propose_opening", WITH_ROOMS)
    desk.order(BRUNO, "accept_opening", WITH_ROOMS)
    desk.order(AMINA, "receive_cotisation", {
        "member": "m-2", "rule": "monthly", "period": "2026-03", "cents": 1_500, "means": "transfer", "reference": "line 9",
    })  # fmt: skip
    desk.order(AMINA, "pay_instalment", {"contract": "c-1", "instalment": 2, "means": "transfer", "reference": "line 10"})
    desk.order(AMINA, "pay_over_contracts", {"season": "veg", "up_to_on": "2026-05-01"})
    desk.order(AMINA, "end_season", {"season": "veg", "last_on": "2026-04-23", "reason": "hail"})
    desk.log.sign_head()
    return desk


async def test_arrears_and_contracts_that_were_brought_along_are_proved_with_the_rest() -> None:
    desk = opened_with_rooms()
    found = await audit(desk.log, report=lambda _line: None, server_keys=[SERVER_KEY.public])
    assert found.ok, found.reason
    assert found.balances == book_balances(desk.book)
    assert found.balances["contract:c-1"] == 3_000
    assert found.balances["fund:general"] - book_balances(furnished().book)["fund:general"] == 10_000 + 1_500


def less_held(event: OpeningAccepted) -> Event:
    return replace(event, contracts=(event.contracts[0]._replace(held_cents=Cents(900)),))


def no_arrears(event: OpeningAccepted) -> Event:
    return replace(event, arrears=())


@pytest.mark.parametrize("change", [less_held, no_arrears], ids=lambda change: change.__name__)
async def test_forged_rows_of_contracts_and_arrears_are_named(change: object) -> None:
    desk = opened_with_rooms()
    position = at(desk, OpeningAccepted)
    event = event_at(desk.log, position)
    assert isinstance(event, OpeningAccepted)
    forge(desk.log, position, change(event))  # type: ignore[operator]
    found = await audit(desk.log, report=lambda _line: None, server_keys=[SERVER_KEY.public])
    assert (found.ok, found.position) == (False, position), found.reason


async def test_a_sale_from_a_lot_that_was_brought_along_is_explained() -> None:
    desk = opened()
    said = (await why(desk.log, str(at(desk, OpeningAccepted) + 1))).text()
    assert "5.00 EUR of credit from fund general, brought along when the caisse began here" in said


def at(desk: Desk, kind: type[Event]) -> int:
    return next(place for place, event in enumerate(desk.log.events(), 1) if isinstance(event, kind))


def another_debt(event: OpeningAccepted) -> Event:
    return replace(event, debts=(OpeningDebt(ProducerId("field"), Cents(4_001)),))


def another_person(event: OpeningAccepted) -> Event:
    return replace(event, by=PersonId(AMINA))


def other_totals(event: OpeningAccepted) -> Event:
    return replace(event, totals=event.totals._replace(bank_cents=17_501))


@pytest.mark.parametrize("change", [another_debt, another_person, other_totals], ids=lambda change: change.__name__)
async def test_a_forged_beginning_is_named(change: object) -> None:
    desk = opened()
    position = at(desk, OpeningAccepted)
    event = event_at(desk.log, position)
    assert isinstance(event, OpeningAccepted)
    forge(desk.log, position, change(event))  # type: ignore[operator]
    found = await audit(desk.log, report=lambda _line: None, server_keys=[SERVER_KEY.public])
    assert (found.ok, found.position) == (False, position), found.reason


async def test_a_forged_proposal_is_named_too() -> None:
    desk = opened()
    position = at(desk, OpeningProposed)
    event = event_at(desk.log, position)
    assert isinstance(event, OpeningProposed)
    forge(desk.log, position, replace(event, by=PersonId(BRUNO)))
    found = await audit(desk.log, report=lambda _line: None, server_keys=[SERVER_KEY.public])
    assert (found.ok, found.position) == (False, position), found.reason


def test_after_the_first_sale_the_caisse_declines_a_beginning() -> None:
    desk = furnished()
    desk.order(AMINA, "propose_opening", LIST)
    desk.pass_time()
    desk.ask(Op.SALE, {"fruit-veg": 700})
    declined = desk.command(BRUNO, "accept_opening", LIST)
    assert "before the first sale" in declined.why
