"""Law: each page is answered to its roles and refused to others; what it shows of persons and purchases is what it says."""

import re

import pytest

from clearing.console.apart import SALES
from clearing.console.pages import PAGES, Page, Shows
from clearing.console.rooms import PAGES as EVERY
from tests.console.open_house import CODE, OFFICES, House
from tests.console.test_sales import buyer, sold

pytestmark = pytest.mark.asyncio(loop_scope="session")
FILLED = {"verb": "admit_members", "batch": "1", "producer": "field", "decision": "ag-2026-04", "version": "1",
          "terminal": b"stall-01".hex(), "member": "w-seen", "card": "0" * 12, "exception": "1", "sale": "1"}  # fmt: skip


def filled(page: Page) -> str:
    return re.sub(r"\{(\w+)\}", lambda found: FILLED.get(found[1], "1"), page.path)


@pytest.mark.parametrize("officer", ["audrey", "cleo", "dora", "hana", "tess"])
async def test_a_page_is_answered_to_its_roles_and_to_no_other(house: House, officer: str) -> None:
    assert EVERY is PAGES
    for page in PAGES.values():
        seen = await house.see(officer, filled(page))
        allowed = bool(set(OFFICES[officer]) & set(page.roles))
        if not allowed:
            assert seen.status == 403, page.path
        elif page.shows is not Shows.JOINED and page.path != "do/{verb}":
            assert seen.status in (200, 404), (page.path, seen.status)


async def test_pages_show_persons_or_purchases_and_never_both(house: House) -> None:
    alias = await buyer(house, "w-seen")
    number = await sold(house, alias, 4_321)
    await sold(house, await buyer(house, "w-other"), 1_000)  # so that no sum of several is the amount of one
    for page in PAGES.values():
        for officer in ("dora", "noor", "bruno", "cleo"):
            seen = await house.see(officer, filled(page))
            if seen.status != 200 or page.shows is Shows.JOINED:
                continue
            names = "w-seen" in seen.html.replace(f"/c/{CODE}/{filled(page)}", "") and "w-seen" not in page.path
            buys = "€43.21" in seen.text or f"/sales/{number}" in seen.html
            assert not (names and buys), page.path
            assert not names or page.shows is Shows.PERSONS, (page.path, officer)
            assert not buys or page.shows is Shows.PURCHASES or page.path == "trail", (page.path, officer)
            if set(OFFICES[officer]) & set(SALES) and page.shows is Shows.PERSONS:
                assert alias not in seen.html, (page.path, officer)


async def test_every_page_has_one_heading_and_a_label_for_each_field(house: House) -> None:
    for page in PAGES.values():
        for officer in ("dora", "noor"):
            seen = await house.see(officer, filled(page))
            if seen.status != 200:
                continue
            assert seen.html.count("<h1") == 1, page.path
            tags = re.findall(r' id="([^"]+)"', seen.html)
            assert len(tags) == len(set(tags)), (page.path, sorted(one for one in tags if tags.count(one) > 1))
            fields = re.findall(r'<(?:input|select|textarea)(?![^>]*type="hidden")[^>]* id="([^"]+)"', seen.html)
            assert all(f'for="{one}"' in seen.html for one in fields), page.path
            assert "style=" not in seen.html, page.path
            assert "<script" not in seen.html, page.path


async def test_a_form_without_its_token_or_from_elsewhere_changes_nothing(house: House) -> None:
    await house.see("dora", "members")
    before = (await house.book()).position
    assert (await house.send("dora", "members/new", {"token": "00", "member": "w-forged"})).status == 403
    headers = {"Cookie": (await house.headers("dora"))["Cookie"], "Origin": "https://elsewhere.example"}
    async with house.browser.post(f"{house.url}/c/{CODE}/members/new", data={"member": "w-forged"}, headers=headers) as answer:
        assert answer.status == 403
    assert (await house.book()).position == before
