"""Law: what came too late is resolved on pages by two people, and an order's open lines are seen with what to do about them."""

import pytest

from clearing.events.basket import Line
from clearing.installation.cards import KeptCard
from clearing.values import CategoryId, Cents
from tests.console.open_house import CODE, House
from tests.console.test_sales import buyer

pytestmark = pytest.mark.asyncio(loop_scope="session")
GOODS = [Line(category=CategoryId("fruit-veg"), amount_cents=Cents(1_200))]


async def late(house: House, member: str) -> int:
    """A capture after its hold was cancelled: the number of the exception."""
    card = KeptCard(house.installation.home.card(CODE, await buyer(house, member)))
    held = await house.stall.authorise(GOODS, card)
    await house.stall.reverse(held.x)
    known = set((await house.book()).exceptions.open)
    await house.stall.capture(held.x, GOODS)
    (number,) = set((await house.book()).exceptions.open) - known
    return number


async def test_an_exception_is_ended_by_two_people(house: House) -> None:
    number = await late(house, "x-two")
    listed = await house.see("dora", "exceptions")
    assert f'href="/c/{CODE}/exceptions/{number}"' in listed.html
    assert "x-two" not in listed.html
    proposed = await house.send("dora", f"exceptions/{number}", {"how": "refused", "reason": "Nobody came for the goods"})
    assert "Proposed by dora" in proposed.text
    assert "You proposed this" in proposed.text
    own = await house.send("dora", f"exceptions/{number}", {"act": "agree", "how": "refused", "consent": ""})
    assert own.status == 422
    other = await house.send("bruno", f"exceptions/{number}", {"act": "agree", "how": "accepted", "consent": ""})
    assert other.status == 422
    done = await house.send("bruno", f"exceptions/{number}", {"act": "agree", "how": "refused", "consent": ""})
    assert f"Exception {number} is resolved." in done.text
    assert number not in (await house.book()).exceptions.open


async def test_a_proposal_without_a_reason_stays_typed(house: House) -> None:
    number = await late(house, "x-typed")
    seen = await house.send("tess", f"exceptions/{number}", {"how": "accepted", "consent": "yes", "reason": ""})
    assert seen.status == 422
    assert "Fill this in." in seen.text
    assert 'value="accepted" selected' in seen.html
    assert "checked" in seen.html
    assert number not in (await house.book()).exceptions.proposed


async def test_an_exception_that_there_is_not_is_not_found(house: House) -> None:
    for path in ("exceptions/0", "exceptions/abc", "exceptions/99999999999"):
        assert (await house.see("dora", path)).status == 404


async def test_an_order_is_shown_with_the_command_for_each_open_line(house: House) -> None:
    await house.order("dora", "admit_members", {"members": [{"member": "school", "groups": []}]})
    await house.order("cleo", "propose_account", {"account": "school", "two_person_cents": 100_000})
    await house.order("dora", "open_account", {"account": "school", "two_person_cents": 100_000})
    for name in ("basil", "olga"):
        await house.send("dora", "spares", {"number": "1"})
        alias = max((await house.book()).members.spares)
        await house.order("dora", "bind_card", {"alias": alias, "member": "school"})
        mandate: dict[str, object] = {
            "account": "school", "mandatary": name, "alias": alias, "purchase_cents": 90_000, "month_cents": 90_000
        }
        await house.order("dora", "propose_mandatary", mandate)
        await house.order("cleo", "name_mandatary", mandate)
    await house.order("dora", "credit_purse", {
        "member": "school", "purse": "credit", "fund": "general", "cents": 50_000, "reference": "school year",
    })
    await house.order("basil", "place_order", {
        "order": "o-1", "account": "school", "mandatary": "basil", "seller": "field",
        "lines": [{"category": "fruit-veg", "cents": 4_000}],
    })
    seen = await house.see("basil", "orders")
    assert "o-1 school" in seen.text
    assert "fruit-veg €40.00 Open" in seen.text
    assert "olga" not in seen.text
    assert "basil" not in (await house.see("audrey", "orders")).text
    assert f'href="/c/{CODE}/do/dispute_line?order=o-1&amp;line=0&amp;then=orders"' in seen.html
    assert "verb note_delivery" not in (await house.see("audrey", "orders")).text
