"""Law: what is owed says before a batch is closed what will keep it from being paid, and a batch says whom it does not pay."""

import pytest

from clearing.console.rooms.batches import STATES, state_of
from clearing.rules.stalls.settlement import Batch
from tests.console.open_house import House
from tests.console.test_sales import buyer, sold

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_batch_sets_apart_whom_it_does_not_pay_and_says_why(house: House) -> None:
    await house.order("tess", "admit_producers", {"producers": [{"producer": "plain", "name": "The plain", "structures": []}]})
    done = await house.order("tess", "propose_adjustment", {
        "kind": "owe", "who": "plain", "cents": 900, "fund": "general", "reason": "sold before it had a till",
    })
    await house.order("bruno", "make_adjustment", {"adjustment": done["adjustment"], "cents": 900})
    assert "The plain €9.00 No account: it can't be paid." in (await house.see("tess", "batches")).text
    day = (await house.book()).caisse.calendar.day(house.console.now_us())
    await house.order("tess", "close_batch", {"closed_on": day.isoformat()})
    batches = (await house.book()).settlement.batches
    number = max(batches)
    apart = (await house.see("bruno", f"batches/{number}")).text.partition("Not paid by this batch")[2]
    assert "The plain €0.00 No account to pay to" in apart
    nobody = Batch(closed=batches[number].closed)
    assert STATES[state_of(nobody)] == "Nothing to pay in it"  # so it waits for no approval


async def test_payments_that_are_held_are_told_before_the_batch_is_closed(house: House) -> None:
    await house.order("bruno", "hold_payout", {"producer": "field", "reason": "a test"})
    await sold(house, await buyer(house, "b-held"), 300)
    assert "Payments are held" in (await house.see("tess", "batches")).text
    await house.order("tess", "propose_payout_release", {"producer": "field", "reason": "over"})
    await house.order("bruno", "release_payout", {"producer": "field"})
    assert "Payments are held" not in (await house.see("tess", "batches")).text
