"""Law: the desk finds a person, gives, blocks and replaces her cards, and never meets a purchase."""

import time

import pytest

from clearing.installation.cards import read_card
from clearing.values import MemberId
from tests.console.open_house import CODE, House

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def admitted(house: House, member: str) -> str:
    """A member with a card; its alias."""
    seen = await house.send("dora", "members/new", {"member": member, "groups": "", "name": ""})
    assert seen.status == 200, seen.text
    seen = await house.send("dora", f"members/{member}/issue", {})
    assert seen.status == 200, seen.text
    return next(one.alias for one in (await house.book()).members.cards_of(MemberId(member)))


async def card_page(house: House, member: str) -> str:
    """The page of the member's only card."""
    seen = await house.see("dora", f"members/{member}")
    _, _, rest = seen.html.partition(f'href="/c/{CODE}/members/{member}/cards/')
    return f"members/{member}/cards/{rest[:12]}"


async def test_a_member_is_admitted_with_her_name_sealed_apart(house: House) -> None:
    seen = await house.send("dora", "members/new", {"member": "m-new", "groups": "wave-1", "name": "Ana Lima"})
    assert (seen.status, seen.path) == (200, f"/c/{CODE}/members/m-new")
    assert "m-new, Ana Lima" in seen.text
    assert "Groups: wave-1" in seen.text
    async with house.installation.reading(CODE) as log:
        assert not any(b"Lima" in row.public + row.private for row in await log.read(0, 1_000))


async def test_what_was_typed_stays_when_a_pseudonym_is_none(house: House) -> None:
    seen = await house.send("dora", "members/new", {"member": "Ana Lima", "groups": "wave-1", "name": ""})
    assert seen.status == 422
    assert 'value="Ana Lima"' in seen.html
    assert "wave-1" in seen.html


async def test_a_card_that_is_made_on_a_page_pays_and_its_keys_stay_in_its_file(house: House) -> None:
    alias = await admitted(house, "m-pays")
    await house.order("dora", "credit_purse", {
        "member": "m-pays", "purse": "credit", "fund": "general", "cents": 5_000, "reference": "once",
    })
    shown = await house.sell(alias, 1_250)
    assert shown.card_cents == 1_250
    seen = await house.see("dora", "members/m-pays")
    kept = read_card(house.installation.home.card(CODE, alias))
    assert kept.k1.hex() not in seen.html
    assert kept.k2.hex() not in seen.html
    assert "€37.50" in seen.text
    assert "12.50" not in seen.text


async def test_a_lost_card_is_replaced_by_a_spare_one_in_one_step(house: House) -> None:
    old = await admitted(house, "m-lost")
    await house.send("dora", await card_page(house, "m-lost"), {"act": "limit", "sale_cents": "20"})
    made = await house.send("dora", "spares", {"number": "1"})
    assert "1 spare cards are made" in made.text
    spare = min((await house.book()).members.spares)
    began = time.monotonic()
    seen = await house.send("dora", await card_page(house, "m-lost"), {"act": "replace", "what": "41", "spare": spare.lower()})
    assert time.monotonic() - began < 10
    assert f"The card {spare} pays at once" in seen.text
    cards = {one.alias: one for one in (await house.book()).members.cards_of(MemberId("m-lost"))}
    assert cards[old].blocked == "41"
    assert cards[spare].blocked is None
    assert "€20.00 a sale" in seen.text.partition(spare)[2]


async def test_a_spare_card_that_there_is_not_blocks_nothing(house: House) -> None:
    old = await admitted(house, "m-typo")
    seen = await house.send("dora", await card_page(house, "m-typo"), {"act": "replace", "what": "43", "spare": "NONE-HERE"})
    assert seen.status == 422
    assert 'value="NONE-HERE"' in seen.html
    assert "There is no such spare card." in seen.text
    assert next(one.blocked for one in (await house.book()).members.cards_of(MemberId("m-typo")) if one.alias == old) is None


async def test_a_card_is_blocked_and_found_again(house: House) -> None:
    await admitted(house, "m-found")
    path = await card_page(house, "m-found")
    assert "Stolen" in (await house.send("dora", path, {"act": "block", "code": "43"})).text
    assert "It pays nothing: stolen." in (await house.see("dora", path)).text
    assert "The card pays again." in (await house.send("dora", path, {"act": "unblock"})).text


async def test_who_also_looks_at_sales_sees_no_alias_beside_a_person(house: House) -> None:
    alias = await admitted(house, "m-apart")
    assert alias in (await house.see("dora", "members/m-apart")).html
    assert (await house.see("dora", f"members?q={alias}")).path.endswith("/members/m-apart")
    for officer in ("tess", "noor"):
        seen = await house.see(officer, "members/m-apart")
        assert seen.status == 200
        assert "Card 1" in seen.text
        assert alias not in seen.html
        assert alias not in (await house.see(officer, await card_page(house, "m-apart"))).html
        assert "Nobody is called like that" in (await house.see(officer, f"members?q={alias}")).text


@pytest.mark.parametrize("officer", ["bruno", "audrey", "otto", "hana", "basil"])
async def test_persons_are_not_shown_to_an_office_that_does_not_need_them(house: House, officer: str) -> None:
    await house.see("dora", "members")
    for path in ("members", "members/new", "members/m-any", "members/m-any/cards/00"):
        assert (await house.see(officer, path)).status == 403, path


async def test_the_clerk_sees_a_person_and_changes_nothing(house: House) -> None:
    await admitted(house, "m-clerk")
    assert (await house.see("cleo", "members/m-clerk")).status == 200
    assert (await house.send("cleo", "members/m-clerk/issue", {})).status == 403
    seen = await house.send("cleo", await card_page(house, "m-clerk"), {"act": "block", "code": "41"})
    assert seen.status == 422
    assert "block_card needs one of: desk, treasurer" in seen.text


async def test_emergency_credit_is_on_a_spare_card_at_once_and_its_giver_opens_no_other_page(house: House) -> None:
    await house.order("cleo", "set_emergency_rule", {
        "rule": "emergency", "purse": "credit", "fund": "general", "each_max_cents": 5_000, "day_max_cents": 20_000,
        "days_valid": 30, "groups": [], "decision": "ag-2026-04",
    })
    await house.send("dora", "spares", {"number": "1"})
    spare = max((await house.book()).members.spares)
    seen = await house.send("hana", "spares/emergency", {"rule": "emergency", "cents": "30", "alias": spare})
    assert f"€30.00 are on the card {spare}" in seen.text
    assert (await house.sell(spare, 3_000)).card_cents == 3_000
    assert (await house.send("hana", "spares", {"number": "1"})).status == 403
    assert (await house.see("hana", "sales")).status == 403


async def test_household_and_cotisation_are_told_with_their_next_change(house: House) -> None:
    await admitted(house, "m-home")
    await house.order("dora", "join_household", {"eaters": [
        {"member": "m-home", "eater": "e-kid", "credit_class": "child", "next_class": "adult", "next_period": "2031-09"},
    ]})
    seen = await house.see("dora", "members/m-home")
    assert "e-kid child adult from September 2031 on" in seen.text
    assert "Nothing is agreed for this month." in seen.text
    form = await house.see("dora", "do/separate_household?member=m-home&then=members/m-home")
    assert 'value="m-home"' in form.html
