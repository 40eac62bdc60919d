"""Law: the page of a caisse's end says what to do step by step, and leads from each thing that is left to where it is moved."""

import pytest

from clearing.console.rooms import PAGES
from clearing.console.rooms.closing import MOVED_ON, TAKEN_ALONG
from clearing.rules.ends.closing_rooms import ROOMS
from tests.console.open_house import CODE, House

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_every_room_that_may_hold_money_has_its_page() -> None:
    assert set(MOVED_ON) == set(ROOMS)
    assert {path for path in MOVED_ON.values() if path} <= set(PAGES)
    assert set(TAKEN_ALONG) <= set(PAGES)


async def test_an_open_caisse_says_how_one_closes_merges_and_splits(house: House) -> None:
    seen = await house.see("tess", "closing")
    assert "no closing is proposed" in seen.text
    assert f'href="/c/{CODE}/do/propose_closure?heirs.0.fund=general' in seen.html
    assert f'href="/c/{CODE}/do/freeze_credits?then=closing"' in seen.html
    for way in ("Close, step by step", "Merge with another caisse", "Split in two"):
        assert way in seen.text
    looked = await house.see("audrey", "closing")
    assert (looked.status, "do/propose_closure" in looked.html) == (200, False)


async def test_nothing_is_paid_out_or_sealed_while_the_caisse_is_open(house: House) -> None:
    for act, person in (("own", "tess"), ("rests", "tess"), ("seal", "bruno")):
        seen = await house.send(person, "closing", {"act": act})
        assert (seen.status, "is not closing" in seen.text) == (422, True), seen.text
    assert (await house.send("audrey", "closing", {"act": "own"})).status == 403
    assert (await house.send("tess", "closing", {"act": "anything"})).status == 403
    closing = (await house.book()).closing
    assert (closing.confirmed, closing.own, closing.sealed) == (None, {}, False)
