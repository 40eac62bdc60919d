"""Law: what was promised and has not come is seen with who promised it and when, and with what a person can do about it."""

import pytest

from tests.console.open_house import CODE, House
from tests.console.test_sales import buyer, sold
from tests.living_caisse import decision_body

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def promised(house: House, fund: str) -> None:
    await house.order("tess", "open_fund", {"fund": fund, "kind": "general", "name": f"Fund {fund}", "advance_cents": 0})
    await house.order("tess", "notify_subsidy", {
        "grant": f"{fund}-26", "funder": "DRAAF", "fund": fund, "cents": 300_000, "purpose": "food", "reference": "letter",
    })  # fmt: skip


async def test_a_fund_says_what_is_to_come_and_leads_to_what_came_or_never_will(house: House) -> None:
    await promised(house, "l-come")
    seen = await house.see("tess", "funds/l-come")
    assert "can't be credited before it came, unless an advance on it is voted" in seen.text
    for verb in ("receive_subsidy", "reduce_subsidy"):
        assert f'href="/c/{CODE}/do/{verb}?grant=l-come-26&amp;then=funds/l-come"' in seen.html
    assert f'href="/c/{CODE}/do/vote_advance?fund=l-come&amp;then=funds/l-come"' in seen.html
    every = await house.see("audrey", "funds")
    assert ("Subsidies that are to come" in every.text, "l-come-26" in every.text) == (True, True)
    assert "do/receive_subsidy?grant" not in every.html
    await house.order("tess", "receive_subsidy", {"grant": "l-come-26", "cents": 300_000, "reference": "line of l-come"})
    assert "l-come-26" not in (await house.see("tess", "funds")).text


async def test_a_month_that_no_fund_can_carry_leads_to_the_fund_and_to_no_form(house: House) -> None:
    await promised(house, "l-short")
    await house.order("cleo", "record_decision", decision_body("l-vote"))
    await house.order("bruno", "approve_decision", {"decision": "l-vote"})
    await house.order("dora", "admit_members", {"members": [{"member": "l-one", "groups": ["l-group"]}]})
    await house.order("tess", "set_allocation_rule", {
        "rule": "l-rule", "purse": "credit", "fund": "l-short", "cents_each": 1_000, "months_valid": 1, "who": ["l-group"],
        "decision": "l-vote",
    })  # fmt: skip
    shown = (await house.see("tess", "credits")).html.partition("<h3>l-rule</h3>")[2].partition("</section>")[0]
    assert "€10.00 are missing." in shown
    assert (f'href="/c/{CODE}/funds/l-short"' in shown, "do/grant" in shown) == (True, False)
    await house.order("tess", "vote_advance", {"fund": "l-short", "advance_cents": 5_000, "decision": "l-vote"})
    shown = (await house.see("tess", "credits")).html.partition("<h3>l-rule</h3>")[2].partition("</section>")[0]
    assert "do/grant?rule=l-rule" in shown
    seen = await house.see("tess", "funds/l-short")
    assert "the voted advance may be credited early" in seen.text


async def test_a_producer_whose_payments_are_held_is_named_where_a_batch_is_closed(house: House) -> None:
    await sold(house, await buyer(house, "l-held"), 700)
    await house.order("tess", "hold_payout", {"producer": "field", "reason": "a test of pages"})
    try:
        assert "Payments are held: the next batch leaves it out." in (await house.see("tess", "batches")).text
    finally:
        await house.order("tess", "propose_payout_release", {"producer": "field", "reason": "the end of it"})
        await house.order("bruno", "release_payout", {"producer": "field"})
