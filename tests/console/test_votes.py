"""Law: rules are read in plain words down to their vote, which two officers count; trying a proposal records nothing."""

import re

import pytest

from tests.console.open_house import CODE, House, Seen
from tests.console.test_sales import buyer, sold
from tests.living_caisse import decision_body

pytestmark = pytest.mark.asyncio(loop_scope="session")
PROPOSAL = """
[charte]
effective = 2026-12-01T00:00:00
categories = ["fruit-veg"]

[[charte.payers]]
id = "credit"
purse = "credit"
covers = [{ category = "fruit-veg", rate = 50 }]
"""


async def test_the_rules_in_force_are_told_in_words_with_their_vote(house: House) -> None:
    seen = await house.see("dora", "votes")
    assert "Rules in force, version 1" in seen.text
    assert "credit: the purse credit pays 100 % of fruit-veg, 70 % of animal, 30 % of staple." in seen.text
    assert f'href="/c/{CODE}/votes/ag-2026-04"' in seen.html
    assert "The field (convention field-1)" in (await house.see("audrey", "votes/charte/1")).text


async def test_a_vote_is_approved_by_another_officer_with_a_second_factor(house: House) -> None:
    await house.order("cleo", "record_decision", decision_body("ag-second") | {"minutes_link": "https://example.org/pv"})
    own = await house.see("cleo", "votes/ag-second")
    assert "You recorded this vote" in own.text
    assert (await house.send("cleo", "votes/ag-second", {})).status == 422
    await house.forget_proof("bruno")
    refused = await house.send("bruno", "votes/ag-second", {"one-time-code": "1"})
    assert refused.status == 422
    assert "ag-second" not in (await house.book()).caisse.approvals
    del house.cookies["bruno"]
    done = await house.send("bruno", "votes/ag-second", {})
    assert "Decision ag-second is approved" in done.text
    assert 'href="https://example.org/pv"' in done.html
    assert "Approved by bruno." in done.text


async def test_a_link_that_no_browser_should_follow_is_text_only(house: House) -> None:
    await house.order("cleo", "record_decision", decision_body("ag-link") | {"minutes_link": "javascript:alert(1)"})
    seen = await house.see("audrey", "votes/ag-link")
    assert "javascript:alert(1)" in seen.text
    assert 'href="javascript' not in seen.html


async def test_a_decision_is_suspended_by_another_and_its_page_says_so(house: House) -> None:
    for name in ("ag-old", "ag-ruling"):
        await house.order("cleo", "record_decision", decision_body(name))
        await house.order("bruno", "approve_decision", {"decision": name})
    form = await house.see("cleo", "do/suspend_decision?decision=ag-old&then=votes/ag-old")
    assert form.status == 200
    await house.send("cleo", "do/suspend_decision?then=votes/ag-old", {"decision": "ag-old", "ruling": "ag-ruling"})
    seen = await house.see("audrey", "votes/ag-old")
    assert "What later decisions said of it" in seen.text
    assert f'href="/c/{CODE}/votes/ag-ruling"' in seen.html


async def test_a_proposal_is_played_on_this_month_and_nothing_is_recorded(house: House) -> None:
    await sold(house, await buyer(house, "v-trial"), 1_000)
    position = (await house.book()).position
    month = (await house.book()).caisse.calendar.day(house.console.now_us()).isoformat()[:7]
    seen = await house.send("cleo", "trial", {"month": month, "proposal": PROPOSAL})
    assert seen.status == 200, seen.text
    assert "baskets would have been paid otherwise" in seen.text
    assert "€10.00 €5.00" in seen.text.partition("Baskets that would have been paid otherwise")[2]
    assert (await house.book()).position == position


async def test_a_proposal_that_is_none_says_why_and_stays_typed(house: House) -> None:
    seen = await house.send("cleo", "trial", {"month": "2026-10", "proposal": PROPOSAL.replace("50", "500")})
    assert seen.status == 422
    assert "rate = 500" in seen.html
    missing = await house.send("cleo", "trial", {"month": "2026-10", "proposal": PROPOSAL + 'fund = "nowhere"'})
    assert missing.status == 422


async def test_who_only_helps_out_reads_no_votes_here(house: House) -> None:
    for officer in ("hana", "basil"):
        assert (await house.see(officer, "votes")).status == 403
        assert (await house.see(officer, "votes/ag-2026-04")).status == 403


def offered(seen: Seen, field: str) -> list[str]:
    """What a form lets one choose."""
    choice = seen.html.partition(f'name="{field}"')[2].partition("</select>")[0]
    return [value for value in re.findall(r'<option value="([^"]+)"', choice) if value.startswith("of-")]


async def test_a_form_offers_the_votes_that_it_may_be_about(house: House) -> None:
    for name in ("of-stands", "of-suspended", "of-annulled", "of-later"):
        await house.order("cleo", "record_decision", decision_body(name) | (
            {"effective_on": "2099-01-01"} if name == "of-later" else {}
        ))  # fmt: skip
        await house.order("bruno", "approve_decision", {"decision": name})
    await house.order("cleo", "record_decision", decision_body("of-waits"))
    await house.order("cleo", "suspend_decision", {"decision": "of-suspended", "ruling": "of-stands"})
    await house.order("cleo", "annul_decision", {"decision": "of-annulled", "ruling": "of-stands"})
    assert offered(await house.see("cleo", "do/adopt_charte"), "decision") == ["of-waits", "of-later", "of-stands"]
    assert offered(await house.see("cleo", "do/resume_decision"), "decision") == ["of-suspended"]
    assert offered(await house.see("cleo", "do/resume_decision"), "ruling") == ["of-waits", "of-later", "of-stands"]
    assert set(offered(await house.see("cleo", "do/annul_decision"), "decision")) == {
        "of-stands", "of-suspended", "of-later", "of-waits"
    }  # fmt: skip
    assert offered(await house.see("bruno", "do/approve_decision"), "decision") == ["of-waits"]


async def test_what_stands_on_a_vote_stops_when_it_is_suspended_and_no_credit_is_offered_by_it(house: House) -> None:
    for name in ("on-credit", "on-ruling"):
        await house.order("cleo", "record_decision", decision_body(name))
        await house.order("bruno", "approve_decision", {"decision": name})
    await house.order("tess", "set_allocation_rule", {
        "rule": "on-it", "purse": "credit", "fund": "general", "cents_each": 500, "months_valid": 1, "who": ["nobody-here"],
        "decision": "on-credit",
    })  # fmt: skip
    before = await house.see("cleo", "votes/on-credit")
    assert "on-it Each month members" in before.text
    assert ("Nothing new is done under this" in before.text, "do/suspend_decision" in before.html) == (False, True)
    assert "no card pays" in (await house.see("cleo", "votes/ag-2026-04")).text
    await house.order("cleo", "suspend_decision", {"decision": "on-credit", "ruling": "on-ruling"})
    seen = await house.see("cleo", "votes/on-credit")
    assert "Nothing new is done under this" in seen.text
    assert ("do/suspend_decision" in seen.html, "do/resume_decision" in seen.html) == (False, True)
    shown = (await house.see("tess", "credits")).html.partition("<h3>on-it</h3>")[2].partition("</section>")[0]
    assert ("is suspended since" in shown, "do/grant" in shown) == (True, False)
    await house.order("cleo", "annul_decision", {"decision": "on-credit", "ruling": "on-ruling"})
    assert "do/resume_decision" not in (await house.see("cleo", "votes/on-credit")).html
