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
