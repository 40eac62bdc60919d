"""A batch goes its whole way through the pages, scripts off: closed by one, approved by another, written, answered."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.acceptance.test_whole_life import admit, pair_and_sell
from tests.browser.offices import CODE, Office, browsing, log_in, office

pytestmark = pytest.mark.debian("chromium")


def text(page: Page) -> str:
    return page.inner_text("main")


def open_(page: Page, at: Office, path: str) -> Page:
    page.goto(f"{at.url}/c/{CODE}/{path}".rstrip("/"))
    return page


def money_and_credit(page: Page, at: Office) -> None:
    """From an empty caisse to credited members; a mistake is told beside its field and keeps what was typed."""
    open_(page, at, "do/receive_money?then=funds")
    page.select_option("[name=fund]", "general")
    page.fill("[name=cents]", "1 000,0x")
    page.fill("[name=reference]", "ligne 1")
    page.click("main form button")
    assert "12,50" in text(page)
    assert page.input_value("[name=cents]") == "1 000,0x"
    page.fill("[name=cents]", "1 000,00")
    page.click("main form button")
    assert page.url == f"{at.url}/c/{CODE}/funds"
    assert "1 000,00 €" in text(page).replace("\u202f", " ").replace("\u00a0", " ")
    open_(page, at, "credits")
    page.click("a.button")
    page.click("main form button")
    assert page.url == f"{at.url}/c/{CODE}/credits"


def closed_by_camille(page: Page, at: Office) -> None:
    open_(page, at, "batches")
    page.click("main form button")
    assert page.url == f"{at.url}/c/{CODE}/batches"
    open_(page, at, "batches/1")
    assert page.locator("[name=execution_on]").count() == 0  # her own batch: no button to approve it
    token = page.locator("[name=token]").first.input_value()
    answer = page.request.post(
        f"{at.url}/c/{CODE}/batches/1", form={"token": token, "execution_on": f"{datetime.now(UTC):%Y-%m-%d}"},
        headers={"Origin": at.url},
    )  # fmt: skip
    assert answer.status == 422
    assert open_(page, at, "batches/1").locator(".problem").count() == 0


def approved_by_dominique(page: Page, at: Office) -> None:
    page.click("ul.todo a >> nth=0")
    assert "16,09" in text(page)
    page.click("main form.fields:has([name=execution_on]) button")
    assert page.locator("[name=execution_on]").count() == 0
    page.click("form:has([name=export]) button")
    name = page.locator("main ul.card a", has_text=".xml").first.inner_text()
    with page.expect_download() as kept:
        page.click(f"text={name}")
    assert b"<CtrlSum>16.09</CtrlSum>" in Path(kept.value.path()).read_bytes()
    page.click("form:has([name=export]) button")
    assert page.locator(".problem").count() == 0


def bank_says(page: Page, at: Office, number: int, state: str, code: str = "") -> None:
    """Typed by hand, on the transfer's own page."""
    open_(page, at, f"batches/{number}")
    page.click(f"a[href*='transfers/{number}/']")
    page.select_option("[name=state]", state)
    page.fill("[name=code]", code)
    page.click("main form button")
    assert page.url == f"{at.url}/c/{CODE}/batches/{number}"


def sent_back(page: Page, at: Office) -> None:
    """Paid, come back, and paid anew by a batch that says which one it stands for."""
    bank_says(page, at, 1, "executed")
    assert "Exécuté" in text(page)
    bank_says(page, at, 1, "returned", "AC04")
    assert "AC04" in text(page)
    page.check("[name=producer]")
    page.click("form:has([name=reissue]) button")
    assert page.url == f"{at.url}/c/{CODE}/batches/2"
    assert page.locator("a[href$='batches/1']").count() == 1
    assert page.locator("[name=execution_on]").count() == 0


def paid_anew(second: Page, first: Page, at: Office) -> None:
    open_(second, at, "batches/2")
    second.click("main form.fields:has([name=execution_on]) button")
    second.click("form:has([name=export]) button")
    bank_says(first, at, 2, "executed")
    assert "Exécuté" in text(first)
    assert "batches/2" in open_(first, at, "batches/1").content()


def test_a_settlement_is_led_through_the_pages_by_two_people(tmp_path: Path) -> None:
    with office(tmp_path) as at, browsing() as browser:
        first = log_in(browser.new_context(java_script_enabled=False), at, "camille")
        admit(at.place, tmp_path)
        money_and_credit(first, at)
        pair_and_sell(at.place, tmp_path)
        closed_by_camille(first, at)
        second = log_in(_phone(browser), at, "dominique")
        approved_by_dominique(second, at)
        sent_back(first, at)
        paid_anew(second, first, at)


def _phone(browser: Browser) -> BrowserContext:
    return browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 800})
