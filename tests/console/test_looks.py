"""Law: a person and her purchases are joined on no page, but for a day to who signed for it; every look is told on her page."""

import pytest

from clearing.values import PersonId
from tests.console.open_house import CODE, House
from tests.console.test_sales import buyer, sold

pytestmark = pytest.mark.asyncio(loop_scope="session")
WHY = "Two sales stand there that she did not make."


async def test_on_her_own_word_the_officer_who_heard_it_sees_her_purchases_and_nobody_else(house: House) -> None:
    number = await sold(house, await buyer(house, "l-asks"), 1_111)
    assert (await house.see("dora", "looks/l-asks/purchases")).status == 403
    seen = await house.send("dora", "looks/l-asks", {"act": "asked", "reason": WHY})
    assert "You see her with her purchases for a day." in seen.text
    shown = await house.see("dora", "looks/l-asks/purchases")
    assert "€11.11" in shown.text
    one = await house.see("dora", f"looks/l-asks/purchases/{number}")
    assert "contests?operation=" in one.html  # without a receipt she contests it from here
    assert "credit (purse credit) pays €11.11" in one.text
    for officer in ("tess", "bruno", "noor"):
        assert (await house.see(officer, "looks/l-asks/purchases")).status == 403
    assert WHY in (await house.see("cleo", "members/l-asks")).text


async def test_two_officers_agree_on_one_reason_and_both_see_it(house: House) -> None:
    await sold(house, await buyer(house, "l-two"), 2_222)
    await house.send("tess", "looks/l-two", {"act": "propose", "reason": WHY})
    assert (await house.see("tess", "looks/l-two/purchases")).status == 403
    own = await house.send("tess", "looks/l-two", {"act": "allow", "reason": WHY})
    assert own.status == 422
    assert "takes two people" in own.text
    other = await house.send("bruno", "looks/l-two", {"act": "allow", "reason": "Another reason than that one."})
    assert other.status == 422
    assert "l-two" in (await house.see("bruno", "looks")).text
    done = await house.send("bruno", "looks/l-two", {"act": "allow", "reason": WHY})
    assert done.status == 200, done.text
    for officer in ("tess", "bruno"):
        assert "€22.22" in (await house.see(officer, "looks/l-two/purchases")).text
    assert (await house.see("dora", "looks/l-two/purchases")).status == 403
    assert "tess, bruno" in (await house.see("dora", "members/l-two")).text


async def test_her_page_opens_no_purchase_of_somebody_else(house: House) -> None:
    mine, other = await sold(house, await buyer(house, "l-own"), 333), await sold(house, await buyer(house, "l-other"), 444)
    await house.send("dora", "looks/l-own", {"act": "asked", "reason": WHY})
    assert (await house.see("dora", f"looks/l-own/purchases/{mine}")).status == 200
    assert (await house.see("dora", f"looks/l-own/purchases/{other}")).status == 404


async def test_agreeing_asks_for_a_fresh_second_factor(house: House) -> None:
    await buyer(house, "l-code")
    await house.send("tess", "looks/l-code", {"act": "propose", "reason": WHY})
    await house.forget_proof("bruno")
    seen = await house.send("bruno", "looks/l-code", {"act": "allow", "reason": WHY, "one-time-code": "12"})
    assert seen.status == 422
    del house.cookies["bruno"]
    assert "Nobody looks at her." in (await house.send("bruno", "looks/l-code", {"act": "drop"})).text


async def test_a_reason_that_is_none_stays_typed(house: House) -> None:
    await buyer(house, "l-short")
    seen = await house.send("dora", "looks/l-short", {"act": "asked", "reason": "because"})
    assert seen.status == 422
    assert 'value="because"' in seen.html


@pytest.mark.parametrize("officer", ["cleo", "audrey", "otto", "hana", "basil"])
async def test_other_offices_open_no_look(house: House, officer: str) -> None:
    assert PersonId(officer) in (await house.book()).caisse.persons
    for path in ("looks", "looks/l-any", "looks/l-any/purchases"):
        assert (await house.see(officer, path)).status == 403, (CODE, path)
