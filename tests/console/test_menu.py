"""Law: every page of the menu is reached from every page by who may open it; the menu opens without a script."""

import re

import pytest

from clearing.console.app import GROUPS, MENU_MAX
from clearing.console.rooms import PAGES
from tests.console.open_house import CODE, OFFICES, House

pytestmark = pytest.mark.asyncio(loop_scope="session")


def linked(html: str) -> list[str]:
    """Addresses of the menu, below the caisse's."""
    (menu,) = re.findall(r'<ul class="menu">(.*?)</ul>\s*</nav>', html, re.DOTALL)
    return [found.removeprefix(f"/c/{CODE}").removeprefix("/") for found in re.findall(r'href="([^"]+)"', menu)]


@pytest.mark.parametrize("officer", list(OFFICES))
async def test_the_menu_leads_to_every_page_that_an_officer_may_open_and_to_no_other(house: House, officer: str) -> None:
    seen = await house.see(officer, "account")
    roles = {"treasurer"} if officer == "tilda" else set(OFFICES[officer])
    assert sorted(linked(seen.html)) == sorted(path for path, page in PAGES.items() if page.menu and roles & set(page.roles))


async def test_a_group_of_pages_says_that_one_is_on_a_page_of_it(house: House) -> None:
    seen = await house.see("tess", "funds/general")
    assert re.findall(r'<summary class="here">([^<]+)</summary>', seen.html) == ["The money"]
    assert f'<a href="/c/{CODE}/funds" class="here">' in seen.html
    assert f'<a href="/c/{CODE}/funds" aria-current="page">' in (await house.see("tess", "funds")).html


async def test_who_opens_one_page_of_a_group_has_no_group_to_open(house: House) -> None:
    seen = await house.see("hana", "account")
    assert "spares" in linked(seen.html)
    assert "<summary>Members</summary>" not in seen.html


async def test_every_page_of_the_menu_stands_in_a_group() -> None:
    assert all(GROUPS[0][0] <= page.menu < MENU_MAX for page in PAGES.values() if page.menu)
