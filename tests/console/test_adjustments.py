"""Law: what is adjusted is proposed by one and made by another for the same amount; the page says so to who may not."""

import pytest

from tests.console.open_house import House
from tests.console.test_sales import buyer

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def proposed(house: House, path: str, typed: dict[str, str]) -> str:
    """An adjustment that tess proposed; the address of its page below the caisse's."""
    seen = await house.send("tess", path, typed)
    assert seen.status == 200, seen.text
    assert "another person looks at the papers and makes it" in seen.text
    return f"adjustments/{max((await house.book()).adjustments.pending)}"


async def test_an_adjustment_is_made_by_another_person_than_who_proposed_it(house: House) -> None:
    await buyer(house, "a-credit", 5_000)
    where = await proposed(house, "adjustments?of=member", {
        "kind": "credit", "member": "a-credit", "purse": "credit", "cents": "5", "fund": "general", "reason": "typed 20 for 15",
    })
    own = await house.see("tess", where)
    assert "You proposed this, so another person agrees to it." in own.text
    assert "Make it" not in own.text
    refused = await house.send("tess", where, {"cents": "500"})
    assert refused.status == 422
    assert "another person looks at the papers" in refused.text
    seen = await house.see("bruno", where)
    assert "typed 20 for 15 (tess)" in seen.text
    assert "It is recorded." in (await house.send("bruno", where, {"cents": "500"})).text
    assert "€55.00" in (await house.see("dora", "members/a-credit")).text
    assert (await house.see("bruno", where)).status == 404


async def test_what_a_producer_gets_less_stands_on_its_page_before_the_batch(house: House) -> None:
    before = (await house.see("tess", "producers/field")).text
    where = await proposed(house, "adjustments", {
        "kind": "owe-less", "producer": "field", "cents": "1.50", "fund": "general", "reason": "weighed wrong",
    })
    await house.send("bruno", where, {"cents": "150"})
    seen = (await house.see("tess", "producers/field")).text
    assert seen != before
    assert "Adjusted by two people: " in seen


async def test_an_adjustment_that_nobody_needs_is_dropped(house: House) -> None:
    where = await proposed(house, "adjustments", {
        "kind": "owe", "producer": "field", "cents": "1", "fund": "general", "reason": "a mistake",
    })
    assert "It is recorded." in (await house.send("tess", where, {"drop": "yes"})).text
    assert (await house.see("tess", where)).status == 404
