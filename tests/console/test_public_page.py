"""Law: everybody reads what a caisse voted, in her language, and nothing of anybody; the page is kept for a minute at most."""

import re

import pytest

from clearing.console.exports import sheet_of
from clearing.installation.kept_figures import kept
from tests.console.open_house import CODE, OFFICES, House
from tests.console.test_sales import buyer, sold

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def read(house: House, path: str = "", **headers: str) -> tuple[int, str, str]:
    """(status, text, its tag) without any cookie."""
    async with house.browser.get(f"{house.url}/p/{CODE}{path}", headers=headers) as answer:
        return answer.status, await answer.text(), answer.headers.get("ETag", "")


async def test_it_is_read_in_the_browsers_language_and_a_link_leads_to_the_other(house: House) -> None:
    _, french, _ = await read(house, **{"Accept-Language": "fr-FR,fr;q=0.9"})
    _, english, _ = await read(house, **{"Accept-Language": "en"})
    _, chosen, _ = await read(house, "?lang=en", **{"Accept-Language": "fr"})
    assert ('<html lang="fr">' in french, '<html lang="en">' in english, chosen == english) == (True, True, True)
    assert ('href="?lang=en"' in french, 'href="?lang=fr"' in english) == (True, True)
    assert ("Comment contester" in french, "How to contest" in english) == (True, True)
    assert not re.search(r"\b(allocation|aide|bénéficiaire)", french)


async def test_it_says_rules_with_their_vote_outlets_and_how_to_contest(house: House) -> None:
    _, page, _ = await read(house, "?lang=en")
    book = await house.book()
    charte = book.caisse.charte_at(house.console.now_us())
    assert charte is not None
    assert book.caisse.decisions[charte.decision].title in page
    assert "The field" in page
    assert "within 90 days" in page
    assert "style=" not in page
    assert page.count("<h1") == 1


async def test_nobody_is_on_it_no_member_card_officer_or_sale(house: House) -> None:
    alias = await buyer(house, "w-unseen")
    await sold(house, alias, 3_579)
    await house.caught_up()
    await house.send("tess", "proofs", {})
    _, page, _ = await read(house, "?lang=en")
    for secret in ("w-unseen", alias, "35.79", *OFFICES):
        assert not re.search(rf"\b{re.escape(secret)}\b", page), secret
    known = kept(house.installation.home, CODE)
    assert known is not None
    assert "w-unseen" not in str(known.public)


async def test_its_tables_are_a_sheet_for_a_program_too(house: House) -> None:
    _, page, _ = await read(house, "?lang=en")
    content = sheet_of(page)
    assert content is not None
    assert "The field" in content.decode()


async def test_the_same_page_again_is_not_sent_again(house: House) -> None:
    status, page, tag = await read(house, "?lang=en")
    assert (status, bool(page), bool(tag)) == (200, True, True)
    assert (await read(house, "?lang=en", **{"If-None-Match": tag}))[0] == 304
    async with house.browser.get(f"{house.url}/p/{CODE}") as answer:
        assert answer.headers["Cache-Control"] == "public, max-age=60"
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("code", ["nowhere", "UPPER", "..", "a" * 200, "%2e%2e"])
async def test_a_name_of_no_caisse_opens_nothing(house: House, code: str) -> None:
    async with house.browser.get(f"{house.url}/p/{code}", allow_redirects=False) as answer:
        assert answer.status in (303, 404)
