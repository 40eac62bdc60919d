"""Law: what a page shows in tables can be taken away, the same cells and no more, by who may open the page."""

import csv
import io
import re

import pytest

from clearing.console.exports import cell, sheet_of
from clearing.console.pages import PAGES, Shows
from tests.console.open_house import House
from tests.console.test_sales import buyer, sold
from tests.console.test_who_sees_what import filled

pytestmark = pytest.mark.asyncio(loop_scope="session")


def rows_of(content: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.removeprefix("\ufeff")), delimiter=";"))


async def taken(house: House, person: str, path: str) -> tuple[int, str, str]:
    """(status, kind of content, content) of a page as a sheet."""
    where = f"{house.url}/c/brume/{path}".rstrip("/")
    address = f"{where}{'&' if '?' in where else '?'}csv=yes"
    async with house.browser.get(address, headers=await house.headers(person)) as answer:
        return answer.status, answer.content_type, (await answer.read()).decode("utf-8-sig")


@pytest.mark.parametrize(("shown", "written"), [
    ("1\u00a0234,50\u00a0€", "1234,50"), ("-12,05\u00a0€", "-12,05"), ("€1,234.50", "1234,50"), ("-€0.01", "-0,01"),
    ("=SUM(A1)", "'=SUM(A1)"), ("0042", "'0042"), ("The field", "The field"), ("12 places", "12 places"),
])  # fmt: skip
async def test_an_amount_is_a_number_and_a_text_stays_text(shown: str, written: str) -> None:
    assert cell(shown) == written


async def test_tables_stand_below_each_other_each_with_its_heading() -> None:
    html = ('<h2>One</h2><table><thead><tr><th>A</th></tr></thead><tbody><tr><td class="sum">3</td></tr></tbody></table>'
            '<table><caption>Two &amp; more</caption><tr><th colspan="2">In all</th><td>€2.00</td></tr></table>')  # fmt: skip
    content = sheet_of(html)
    assert content is not None
    assert rows_of(content.decode()) == [["One"], ["A"], ["3"], [], ["Two & more"], ["In all", "", "2,00"]]
    assert sheet_of("<h1>No table</h1>") is None


async def test_every_page_with_a_table_offers_it_as_a_sheet_and_no_sheet_joins_a_person_and_her_purchases(house: House) -> None:
    alias = await buyer(house, "w-sheet")
    number = await sold(house, alias, 7_654)
    await sold(house, await buyer(house, "w-sheet-2"), 1_100)  # so that no sum of several is the amount of one
    offered = 0
    for page in PAGES.values():
        for officer in ("dora", "noor", "bruno", "cleo"):
            seen = await house.see(officer, filled(page))
            if seen.status != 200 or "<table" not in seen.html:
                continue
            status, kind, content = await taken(house, officer, filled(page))
            if page.shows is Shows.JOINED:
                assert status == 403, page.path
                continue
            assert (status, kind) == (200, "text/csv"), (page.path, officer, content[:200])
            assert "csv=yes" in seen.html, page.path
            offered += 1
            names, buys = "w-sheet" in content, "76,54" in content or re.search(rf"(?m)^{number};", content) is not None
            assert not (names and buys), page.path
            assert not names or page.shows is Shows.PERSONS, page.path
            assert not buys or page.shows is Shows.PURCHASES or page.path == "trail", page.path
    assert offered > 12


async def test_a_sheet_has_the_cells_of_its_page(house: House) -> None:
    _, _, content = await taken(house, "tess", "funds")
    fund = (await house.book()).funds["general"]  # type: ignore[index]
    row = next(row for row in rows_of(content) if row[:1] == [fund.name])
    euros = [f"{cents // 100},{cents % 100:02d}" for cents in (fund.notified_cents, fund.received_cents, fund.engaged_cents)]
    assert row[1:4] == euros


async def test_who_may_not_open_a_page_takes_no_sheet_of_it(house: House) -> None:
    assert (await taken(house, "hana", "funds"))[0] == 403
    assert (await taken(house, "dora", "sales"))[0] == 403
