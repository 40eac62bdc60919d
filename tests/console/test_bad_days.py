"""Law: whatever goes wrong has its place on one page, whose steps lead to pages that this person may open."""

import re

import pytest

from clearing.console.pages import PAGES
from clearing.console.rooms.bad_days import DAYS, READERS
from tests.console.open_house import CODE, OFFICES, House

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_every_step_leads_to_a_page_that_there_is() -> None:
    steps = [step for day in DAYS for step in day.steps]
    assert all(step.to in PAGES for step in steps if step.to)
    assert len({day.name for day in DAYS}) == len(DAYS)


@pytest.mark.parametrize("officer", ["dora", "tess", "audrey", "otto"])
async def test_the_page_stands_in_the_menu_and_its_links_open_to_whoever_sees_them(house: House, officer: str) -> None:
    assert set(OFFICES[officer]) & set(READERS)
    assert f'href="/c/{CODE}/bad-days"' in (await house.see(officer, "todo")).html
    page = await house.see(officer, "bad-days")
    assert all(day.title in page.text for day in DAYS)
    main = page.html.partition("<h1>")[2].partition("</main>")[0]
    for path in set(re.findall(rf'href="/c/{CODE}/([^"#]+)"', main)):
        assert (await house.see(officer, path)).status == 200, path


async def test_a_step_that_another_office_takes_is_told_without_its_link(house: House) -> None:
    page = await house.see("dora", "bad-days")
    assert "Its sale says the reason to the treasurer." in page.text
    assert f'href="/c/{CODE}/sales"' not in page.html
