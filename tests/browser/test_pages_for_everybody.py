"""Every page of the console is held against the rules of accessibility by a program, wide and on a phone, in both languages."""

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize

from clearing.console.rooms import PAGES
from tests.browser.offices import CODE, Office, browsing, log_in, office

pytestmark = pytest.mark.debian("chromium")
PHONE: ViewportSize = {"width": 390, "height": 800}
WIDE: ViewportSize = {"width": 1280, "height": 900}
FORMS_LOOKED_AT = ("receive_money", "set_allocation_rule", "admit_members", "adopt_charte", "propose_opening", "limit_card")


def addresses() -> list[str]:
    """Every page whose address names nothing of a caisse, and some forms."""
    return [path for path in PAGES if "{" not in path] + [f"do/{verb}" for verb in FORMS_LOOKED_AT]


def found_on(page: Page, at: Office, path: str) -> list[str]:
    answer = page.goto(f"{at.url}/c/{CODE}/{path}".rstrip("/"))
    assert answer is not None
    if answer.status == 403:
        return []  # another office's page
    assert answer.status == 200, (path, answer.status)
    assert page.locator("h1").count() == 1, path
    wide = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    found = [f"{path}: it is wider than the window"] if wide else []
    result = Axe().run(page)
    return found + [f"{path}: {one['id']}: {one['help']}" for one in result.response["violations"]]


def refused_by_its_own_policy(browser: Browser, context: BrowserContext, at: Office) -> list[str]:
    """The same pages with the policy in force: what a page would load or run against it is told in the browser's console."""
    faults: list[str] = []
    strict = browser.new_context(viewport=WIDE, storage_state=context.storage_state())
    page = strict.new_page()
    page.on("console", lambda said: faults.append(f"{page.url}: {said.text}") if "Content Security" in said.text else None)
    for path in addresses():
        page.goto(f"{at.url}/c/{CODE}/{path}".rstrip("/"))
    strict.close()
    return faults


def test_no_page_keeps_anybody_out(tmp_path: Path) -> None:
    with office(tmp_path, languages={"dominique": "en"}) as at, browsing() as browser:
        found: list[str] = []
        for person, size in (("camille", WIDE), ("dominique", PHONE), ("noor", PHONE)):
            context = browser.new_context(viewport=size, bypass_csp=True)
            page = context.new_page()
            page.goto(f"{at.url}/login")
            found += [f"login: {one['id']}" for one in Axe().run(page).response["violations"]]
            page.close()
            page = log_in(context, at, person)
            for path in addresses():
                found += found_on(page, at, path)
            found += refused_by_its_own_policy(browser, context, at)
            context.close()
        assert not found, "\n".join(found)
