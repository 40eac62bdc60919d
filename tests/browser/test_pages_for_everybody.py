"""Every page of the console is held against the rules of accessibility by a program, wide and on a phone, in both languages."""

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize

from clearing.console.public import OPEN_PAGES
from clearing.console.rooms import PAGES
from tests.browser.offices import CODE, Office, browsing, log_in, office

pytestmark = pytest.mark.debian("chromium")
PHONE: ViewportSize = {"width": 390, "height": 800}
WIDE: ViewportSize = {"width": 1280, "height": 900}
PUBLIC = [path.format(caisse=CODE) + query for path in OPEN_PAGES for query in ("?lang=fr", "?lang=en")]
FORMS_LOOKED_AT = ("receive_money", "set_allocation_rule", "admit_members", "adopt_charte", "propose_opening", "limit_card")


def addresses() -> list[str]:
    """Every page whose address names nothing of a caisse, and some forms."""
    return [path for path in PAGES if "{" not in path] + [f"do/{verb}" for verb in FORMS_LOOKED_AT]


def found_on(page: Page, at: Office, path: str) -> list[str]:
    """path: below the caisse's, or from the server's root when it begins with a slash."""
    answer = page.goto(f"{at.url}{path}" if path.startswith("/") else f"{at.url}/c/{CODE}/{path}".rstrip("/"))
    assert answer is not None
    if answer.status == 403:
        return []  # another office's page
    assert answer.status == 200, (path, answer.status)
    assert page.locator("h1").count() == 1, path
    wide = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    found = [f"{path}: it is wider than the window"] if wide else []
    result = Axe().run(page)
    return found + [f"{path}: {one['id']}: {one['help']}" for one in result.response["violations"]]


def made_by(page: Page, at: Office) -> list[str]:
    """What has to be made first: proofs, the plan, a month's books, a report; each by its own form. Their addresses."""
    page.set_default_timeout(120_000)
    below = f"{at.url}/c/{CODE}"
    page.goto(f"{below}/proofs")
    page.click("main form button:not([name])")
    page.goto(f"{below}/books/plan")
    page.click("main form.fields button")
    page.goto(f"{below}/books")
    month = page.locator("main tbody th a").first.get_attribute("href")
    assert month is not None
    page.goto(f"{at.url}{month}")
    page.click("main form button[name=make]")
    page.goto(f"{below}/reports")
    page.locator("main form button").first.click()
    page.wait_for_url(f"{below}/reports/meeting-*")
    return [month, page.url.removeprefix(at.url), "proofs", "books", "books/plan", "reports", ""]


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
            found += [one for path in PUBLIC for one in found_on(page, at, path)]
            if person == "camille":
                found += [one for path in made_by(page, at) for one in found_on(page, at, path)]
            found += refused_by_its_own_policy(browser, context, at)
            context.close()
        assert not found, "\n".join(found)
