"""Law: who parts or leaves sees first what becomes of it; her page says what is left to do until somebody did it."""

import pytest

from clearing.values import MemberId
from tests.console.open_house import CODE, House
from tests.console.test_members import admitted
from tests.console.test_sales import buyer

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def shared(house: House, member: str) -> str:
    """A purse of three persons with 90.00 and a card; its alias."""
    alias = await buyer(house, member, 9_000)
    await house.order("dora", "join_household", {"eaters": [
        {"member": member, "eater": name, "credit_class": "adult"} for name in ("anna", "ben", "cleo")
    ]})
    return alias


async def test_a_person_is_found_by_her_name_without_accents_and_by_no_sheet(house: House) -> None:
    await house.send("dora", "members/new", {"member": "m-named", "groups": "", "name": "Élodie Marchand"})
    for asked in ("elodie", "marchand elo", "m-named"):
        assert "m-named" in (await house.see("dora", f"members?q={asked}")).text, asked
    assert "Élodie Marchand" in (await house.see("dora", "members?q=elodie")).text
    assert "Élodie" not in (await house.see("dora", "members?q=elodie&csv=yes")).html
    assert "Élodie" not in (await house.see("dora", "members")).html
    assert "m-named" not in (await house.see("dora", "members?q=elodie+dupont")).text


async def test_a_household_parts_with_the_persons_and_cards_that_the_page_names(house: House) -> None:
    alias = await shared(house, "h-part")
    seen = await house.see("dora", "members/h-part/part")
    assert "parted by heads" in seen.text
    assert all(f'value="{name}"' in seen.html for name in ("anna", "ben", "cleo"))
    assert alias in seen.text
    unnamed = await house.see("tess", "members/h-part/part")
    assert "Card 1" in unnamed.text
    assert alias not in unnamed.html
    tag = unnamed.html.partition('name="cards" value="')[2][:12]
    seen = await house.send("tess", "members/h-part/part", {"eaters": "anna", "new_member": "h-anna", "cards": tag})
    assert (seen.status, seen.path) == (200, f"/c/{CODE}/members/h-anna")
    assert "It has no card yet: make one, or bind a spare one." in seen.text
    assert "€30.00" in seen.text
    left = (await house.see("dora", "members/h-part")).text
    assert "€60.00" in left
    assert "Blocked" in left
    assert "h-anna" not in left


async def test_nobody_goes_while_nobody_is_chosen_or_the_spare_card_is_none(house: House) -> None:
    await shared(house, "h-none")
    seen = await house.send("dora", "members/h-none/part", {"new_member": "h-no"})
    assert (seen.status, "Choose who goes." in seen.text) == (422, True)
    seen = await house.send("dora", "members/h-none/part", {"eaters": "ben", "new_member": "h-no", "spare": "NONE-HERE"})
    assert (seen.status, "There is no such spare card." in seen.text) == (422, True)
    assert MemberId("h-no") not in (await house.book()).members.members
    await admitted(house, "h-one")
    assert "First name the persons" in (await house.see("dora", "members/h-one/part")).text


async def test_a_purse_parts_onto_a_spare_card_in_one_step(house: House) -> None:
    await shared(house, "h-spare")
    await house.send("dora", "spares", {"number": "1"})
    spare = min((await house.book()).members.spares)
    seen = await house.send("dora", "members/h-spare/part", {"eaters": "cleo", "new_member": "h-cleo", "spare": spare.lower()})
    assert f"its card {spare} pays at once" in seen.text
    assert (await house.sell(spare, 1_000)).card_cents == 1_000


async def test_who_moves_away_sees_what_becomes_of_it_and_what_is_left_to_do(house: House) -> None:
    alias = await buyer(house, "h-moves", 4_000)
    await house.order("dora", "credit_purse", {"member": "h-moves", "purse": "own", "cents": 1_500, "reference": "own h-moves"})
    seen = await house.see("dora", "members/h-moves/leave")
    for told in ("blocked at once, as voted", "credit, €40.00 today", "Own money, €15.00 today", "admitted anew"):
        assert told in seen.text, told
    assert (await house.send("dora", "members/h-moves/leave", {"reason": ""})).status == 422
    seen = await house.send("dora", "members/h-moves/leave", {"reason": "moved"})
    assert seen.path == f"/c/{CODE}/members/h-moves"
    assert "€15.00 of own money are to be paid back." in seen.text
    assert (await house.sell(alias, 100)).card_cents == 0
    assert "This member has left already." in (await house.see("dora", "members/h-moves/leave")).text


async def test_one_of_several_persons_is_taken_out_and_the_purse_goes_on(house: House) -> None:
    await shared(house, "h-dies")
    seen = await house.see("dora", "members/h-dies/leave")
    assert "Several persons eat from this purse." in seen.text
    assert "do/leave_household?member=h-dies&amp;eater=ben" in seen.html
    form = await house.see("dora", "do/leave_household?member=h-dies&eater=ben&then=members/h-dies")
    assert 'value="ben"' in form.html
