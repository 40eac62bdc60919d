"""Law: a contest is opened by what stands on a receipt, answered, decided by others and heard again; no page names her."""

import pytest

from tests.console.open_house import House
from tests.console.test_sales import buyer

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def contested(house: House, member: str, cents: int = 1_200) -> str:
    """A contest that the desk opened; the address of its page below the caisse's."""
    alias = await buyer(house, member)
    shown = await house.sell(alias, cents)
    await house.caught_up()
    seen = await house.send("dora", "contests", {"operation": shown.x.hex()[:10], "place": "1", "reason": "never came"})
    assert seen.status == 200, seen.text
    assert "The producer answers within 10 working days." in seen.text
    return seen.path.partition("/c/brume/")[2]


async def test_a_contest_is_opened_by_the_digits_of_a_receipt_and_names_nobody(house: House) -> None:
    where = await contested(house, "c-open")
    seen = await house.see("dora", where)
    assert "Waits for the producer's answer. €12.00 · The field" in seen.text
    assert "not paid meanwhile" in seen.text
    assert "never came (dora)" in seen.text
    assert "c-open" not in seen.html
    assert "sales/" not in seen.html  # the desk sees persons, so no sale is opened from here
    assert "sales/" in (await house.see("bruno", where)).html


async def test_what_is_no_receipt_opens_nothing_and_stays_in_its_field(house: House) -> None:
    for typed, why in (("vraiment", "digits and letters from a to f"), ("ffffffffff", "type more of it")):
        seen = await house.send("dora", "contests", {"operation": typed, "place": "1", "reason": "never came"})
        assert seen.status == 422
        assert why in seen.text
        assert f'value="{typed}"' in seen.html


async def test_steps_that_would_be_declined_are_not_offered(house: House) -> None:
    where = await contested(house, "c-steps")
    early = await house.see("bruno", where)
    assert "act=decide_contest" not in early.html  # the producer still has the word
    await house.send("dora", where, {"act": "answer_contest", "text": "handed over"})
    assert 'value="decide_contest"' in (await house.see("bruno", where)).html
    assert "another officer does" in (await house.see("dora", where)).text


async def test_only_a_guarantee_fund_is_offered_to_bear_it(house: House) -> None:
    where = await contested(house, "c-fund")
    await house.send("dora", where, {"act": "answer_contest", "agrees": "yes", "text": "the scale was wrong"})
    page = (await house.see("bruno", f"{where}?act=decide_contest")).html
    fields = page.partition('name="fund"')[2].partition("</select>")[0]
    kinds = {name: fund.kind for name, fund in (await house.book()).funds.items()}
    assert all((f'value="{name}"' in fields) == (kind == "guarantee") for name, kind in kinds.items()), fields


async def test_who_opened_it_does_not_decide_it_and_others_hear_the_appeal(house: House) -> None:
    where = await contested(house, "c-led")
    await house.send("dora", where, {"act": "answer_contest", "text": "handed over"})
    decided = {"act": "decide_contest", "outcome": "producer", "reason": "the slip is signed"}
    seen = await house.send("bruno", where, decided)
    assert "It is decided. €12.00 · The field · may be appealed until" in seen.text
    assert "closed from then on" in seen.text
    assert 'value="close_contest"' not in seen.html  # it would be declined until then
    assert where not in (await house.see("bruno", "todo")).html
    appeal = {"act": "appeal_contest", "of": "member", "body": "the residents", "reason": "not her hand"}
    assert "Before the second body" in (await house.send("dora", where, appeal)).text
    again = {**decided, "outcome": "member", "cost": "producer"}
    seen = await house.send("bruno", where, again)
    assert seen.status == 422
    assert "the appeal is heard by others" in seen.text
    seen = await house.send("tess", where, again)
    assert "Heard by the second body" in seen.text
    assert where in (await house.see("dora", "todo")).html
    assert "the purchase is given back" in seen.text
    assert "It is closed" in (await house.send("dora", where, {"act": "close_contest", "reason": "done"})).text
    assert "€100.00" in (await house.see("dora", "members/c-led")).text
