"""Law: what is owed says before a batch is closed what will keep it from being paid, and a batch says whom it does not pay."""

import pytest

from tests.console.open_house import House
from tests.console.test_sales import buyer, sold

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_batch_sets_apart_whom_it_does_not_pay_and_says_why(house: House) -> None:
    await house.order("bruno", "hold_payout", {"producer": "field", "reason": "a test"})
    await sold(house, await buyer(house, "b-owed"), 900)
    listed = (await house.see("tess", "batches")).text
    assert "What stands in the way" in listed
    assert "Payments are held" in listed.partition("Batches so far")[0]
    day = house.console.now_us()
    book = await house.book()
    await house.order("tess", "close_batch", {"closed_on": book.caisse.calendar.day(day).isoformat()})
    number, batch = max((await house.book()).settlement.batches.items())
    seen = (await house.see("bruno", f"batches/{number}")).text
    assert "Not paid by this batch" in seen
    assert "The field €0.00 Payments are held" in seen
    pays = bool(batch.payouts)  # to producers of other tests; when nobody is paid, there is no table of transfers
    assert ("Nothing to pay in it. Closed on" in seen, "Line by line" in seen) == (not pays, pays)
    own = (await house.see("tess", f"batches/{number}")).text
    assert ("another person approves it" in own) == pays
    await released(house)


async def test_payments_that_are_held_are_told_before_the_batch_is_closed(house: House) -> None:
    await house.order("bruno", "hold_payout", {"producer": "field", "reason": "a test"})
    await sold(house, await buyer(house, "b-held"), 300)
    assert "Payments are held" in (await house.see("tess", "batches")).text
    await released(house)
    assert "Payments are held" not in (await house.see("tess", "batches")).text


async def released(house: House) -> None:
    await house.order("tess", "propose_payout_release", {"producer": "field", "reason": "over"})
    await house.order("bruno", "release_payout", {"producer": "field"})
