"""A treasurer's month at the bank in a real browser, with scripts switched off: what the bank sent, in one form."""

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.bank.samples import OWN_IBAN, Booking, camt
from tests.browser.offices import CODE, Office, browsing, log_in, office

pytestmark = pytest.mark.debian("chromium")
STATEMENT = (
    Booking(20_000, on="2026-05-04", ref="A1", name="DRAAF", text="SUBVENTION 2026"),
    Booking(-250, on="2026-05-05", ref="A2", text="FRAIS TENUE DE COMPTE"),
    Booking(6_000, on="2026-05-06", ref="A3", name="Marie Durand", text="don"),
    Booking(1_234, on="2026-05-07", ref="A4", name="Inconnu", text="sans motif"),
)


def chosen(page: Page, written: str, what: str) -> None:
    """What the line is, of which the bank wrote this."""
    page.locator("tbody tr", has_text=written).get_by_role("combobox").select_option(label=what)


def taken_in(page: Page, at: Office, content: bytes) -> None:
    page.goto(f"{at.url}/c/{CODE}/bank")
    page.set_input_files("#file", {"name": "releve.xml", "mimeType": "text/xml", "buffer": content})
    page.get_by_role("button", name="Importer").click()


def test_a_statement_comes_in_three_lines_are_matched_together_and_one_waits_with_its_task(tmp_path: Path) -> None:
    with office(tmp_path) as at, browsing() as browser:
        at.place.ok("account", "--name", "Caisse du Val", "--iban", OWN_IBAN)
        context = browser.new_context(java_script_enabled=False)
        page = log_in(context, at, "camille")
        taken_in(page, at, camt(*STATEMENT, opening=100_000, until="2026-05-08"))
        assert "Nouvelles lignes : 4" in page.inner_text("main")
        page.get_by_role("link", name="Dire ce que sont les lignes (4)").click()
        fund = page.locator("tbody tr", has_text="DRAAF").get_by_role("combobox").locator("option").nth(1).inner_text()
        for written in ("DRAAF", "Marie Durand"):
            chosen(page, written, fund)
        name = fund.removeprefix("Argent pour le fonds ")
        chosen(page, "FRAIS", f"Frais bancaires, sur le fonds {name}")
        page.get_by_role("button", name="Enregistrer ce qui est choisi").click()
        said = page.inner_text("main")
        assert "Lignes rapprochées : 3" in said
        assert "sans motif" in said
        assert "FRAIS" not in said
        page.goto(f"{at.url}/c/{CODE}/todo")
        page.get_by_role("link", name="1 ligne de la banque").click()
        assert page.url == f"{at.url}/c/{CODE}/bank/waiting"
        taken_in(page, at, camt(*STATEMENT[::-1], opening=100_000, until="2026-05-08"))
        assert "Ce fichier ne dit rien de nouveau" in page.inner_text("main")
        kept = context.storage_state()
        context.close()
        small = browser.new_context(viewport={"width": 390, "height": 800}, bypass_csp=True, storage_state=kept)
        assert not faults(small.new_page(), at)
        small.close()


def faults(page: Page, at: Office) -> list[str]:
    """What keeps somebody with a phone or a reader out of the pages that there are only now."""
    found = list[str]()
    for path in ("bank", "bank/waiting", "bank/statements/1", "bank/lines/1", "bank/lines/4"):
        page.goto(f"{at.url}/c/{CODE}/{path}")
        assert page.locator("h1").count() == 1, path
        if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            found.append(f"{path}: it is wider than the window")
        found += [f"{path}: {one['id']}: {one['help']}" for one in Axe().run(page).response["violations"]]
    return found
