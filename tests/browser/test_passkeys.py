"""A batch is approved with a passkey, in a browser with an authenticator of its own: registered, at log-in, in the log."""

import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.acceptance.test_whole_life import admit, pair_and_sell
from tests.browser.offices import CODE, PASSWORD, Office, browsing, log_in, office
from tests.browser.test_a_settlement_day import closed_by_camille, money_and_credit, open_, text

pytestmark = pytest.mark.debian("chromium")
AUTHENTICATOR = {
    "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True, "isUserVerified": True,
    "automaticPresenceSimulation": True,
}  # fmt: skip


def with_authenticator(browser: Browser, at: Office, person: str) -> Page:
    """Logged in by code, in a browser that holds passkeys from now on."""
    page = log_in(browser.new_context(), at, person)
    devices = page.context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    devices.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    return page


def clean(page: Page) -> None:
    found = Axe().run(page)
    assert found.violations_count == 0, (page.url, found.generate_report())


def registered(page: Page, at: Office) -> None:
    clean(open_(page, at, "account/passkeys"))
    page.fill("#label", "mon téléphone")
    page.click("main form.fields button")
    clean(page)
    page.click("form[data-passkey] button")
    page.wait_for_selector(".told")
    assert "mon téléphone" in text(page)
    clean(page)


def logged_in(page: Page, at: Office, person: str) -> None:
    page.click("header form button")
    page.wait_for_url(f"{at.url}/login")
    clean(page)
    page.fill("#person", person)
    page.fill("#password", PASSWORD)
    page.click("[data-needs-passkeys] button")
    clean(page)
    page.click("form[data-passkey] button")
    page.wait_for_url(f"{at.url}/c/{CODE}")


def approved(page: Page, at: Office) -> None:
    open_(page, at, "batches/1")
    clean(page)
    page.click("[data-needs-passkeys] button")
    page.wait_for_selector("form[data-passkey]")
    clean(page)
    page.click("form[data-passkey] button")
    page.wait_for_selector(".told")
    assert page.locator("[name=execution_on]").count() == 0
    assert page.url == f"{at.url}/c/{CODE}/batches/1"


def test_a_passkey_is_registered_lets_in_and_approves_a_batch_that_the_audit_proves(tmp_path: Path) -> None:
    with office(tmp_path) as at, browsing() as browser:
        first = log_in(browser.new_context(), at, "camille")
        admit(at.place, tmp_path)
        money_and_credit(first, at)
        pair_and_sell(at.place, tmp_path)
        closed_by_camille(first, at)
        second = with_authenticator(browser, at, "dominique")
        registered(second, at)
        logged_in(second, at, "dominique")
        approved(second, at)
        said = at.place.ok("audit")
        assert re.search(r"\b1 +passkeys' assertions over the very command they stand beside", said), said
