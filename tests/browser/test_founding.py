"""A volunteer founds a caisse in a browser with scripts off, invites whom she needs, and sells the same hour; each page is held
against the rules of accessibility, on a phone.
"""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pyotp
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, Route, ViewportSize

from clearing.installation.home import Home
from tests.acceptance.processes import Town, town
from tests.browser.offices import PASSWORD, browsing

pytestmark = pytest.mark.debian("chromium")
PHONE: ViewportSize = {"width": 390, "height": 800}
CODE = "val"
VIEWS_S = 30


@dataclass
class Looked:
    """What is wrong with pages that were met, each looked at once more in a browser with scripts: axe is one."""

    page: Page
    url: str
    found: list[str] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)

    def at(self, shown: Page) -> None:
        html, name = shown.content(), re.sub(r"[0-9a-f]{64}", "...", shown.url.removeprefix(self.url))
        assert shown.locator("h1").count() == 1, name
        if shown.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            self.found.append(f"{name}: it is wider than a phone")

        def again(route: Route) -> None:
            route.fulfill(body=html, content_type="text/html; charset=utf-8")

        self.page.route(f"{self.url}/looked-at", again)
        self.page.goto(f"{self.url}/looked-at")
        self.page.unroute(f"{self.url}/looked-at")
        self.found += [f"{name}: {one['id']}: {one['help']}" for one in Axe().run(self.page).response["violations"]]
        self.seen.add(name.partition("?")[0])


@dataclass
class Walk:
    """Several people at one console."""

    browser: Browser
    url: str
    looked: Looked

    def person(self) -> Page:
        """A browser of her own, without scripts."""
        context: BrowserContext = self.browser.new_context(viewport=PHONE, java_script_enabled=False, locale="fr-FR")
        return context.new_page()

    def joins(self, address: str, person: str) -> Page:
        page = self.person()
        page.goto(address)
        self.looked.at(page)
        page.fill("#person", person)
        page.fill("#password", PASSWORD)
        page.fill("#again", PASSWORD)
        page.click("main form.fields button")
        self.looked.at(page)
        secret = page.inner_text("main code").replace(" ", "")
        page.fill("#code", "000000")
        page.click("main form.fields button")
        assert page.locator("[role=alert]").count() == 1
        self.looked.at(page)
        page.fill("#code", pyotp.TOTP(secret).now())
        page.click("main form.fields button")
        return page

    def sees(self, page: Page, path: str) -> Page:
        page.goto(f"{self.url}{path}")
        self.looked.at(page)
        return page

    def invites(self, page: Page, path: str, whom: str, *roles: str) -> str:
        self.sees(page, path)
        page.fill("#label", whom)
        for box in page.locator("input[name=roles]").all():
            box.set_checked(box.get_attribute("value") in roles)
        page.click("form.fields button:has-text('adresse')")
        self.looked.at(page)
        return page.inner_text(".told code")


@contextmanager
def empty_home(folder: Path) -> Iterator[tuple[Town, str]]:
    """Served before there is any caisse; and the address that `clearing serve` tells."""
    with town(folder, apart=True) as place, place.serving("--console-port", "0") as served:
        found = re.search(r"found a caisse in a browser: (\S+/join/\w+)", served.until("open-founding"))
        assert found is not None
        yield place, found[1]


def test_a_volunteer_founds_a_caisse_and_it_sells_at_once(tmp_path: Path) -> None:
    with empty_home(tmp_path) as (place, address), browsing() as browser:
        url = address.partition("/join")[0]
        walk = Walk(browser, url, Looked(browser.new_context(viewport=PHONE, bypass_csp=True).new_page(), url))
        camille, dominique = two_people(walk, address)
        founded(walk, camille)
        noor = third_person(walk, camille, dominique)
        sells(walk, place, camille)
        hands_over(walk, noor, dominique)
        camille.goto(address)
        assert "a déjà servi" in camille.inner_text("main")
        assert not walk.looked.found, "\n".join(walk.looked.found)
        assert {"/founding", "/founding/caisse", "/founding/look", "/join/...", f"/c/{CODE}/officers"} <= walk.looked.seen


def two_people(walk: Walk, address: str) -> tuple[Page, Page]:
    """The founder, and who decides with her."""
    camille = walk.joins(address, "camille")
    assert camille.url == f"{walk.url}/founding"
    dominique = walk.joins(walk.invites(camille, "/founding", "Dominique", "treasurer", "approver"), "dominique")
    walk.looked.at(dominique)
    assert "dominique" in walk.sees(camille, "/founding").inner_text("main")
    return camille, dominique


def founded(walk: Walk, camille: Page) -> None:
    walk.sees(camille, "/founding/file")
    walk.sees(camille, "/founding/caisse")
    typed = {"name": "Caisse du Val", "code": CODE, "holder": "CAISSE DU VAL", "taken_on": "2026-05-02", "votes_for": "31",
             "iban": "FR76 3000 6000 0112 3456 7890 188"}  # fmt: skip
    for name, text in typed.items():
        camille.fill(f"#f-{name}", text)
    camille.click("main form button")
    assert "IBAN" in camille.inner_text("section.problem")
    walk.looked.at(camille)
    camille.click("main a.button")
    camille.fill("#f-iban", "FR76 3000 6000 0112 3456 7890 189")
    camille.click("main form button")
    walk.looked.at(camille)
    camille.click("main form button")
    camille.wait_for_url(f"{walk.url}/c/{CODE}")
    walk.looked.at(camille)


def third_person(walk: Walk, camille: Page, dominique: Page) -> Page:
    """Invited by an officer, proposed by her, confirmed by the other."""
    noor = walk.joins(walk.invites(camille, f"/c/{CODE}/officers", "Noor", "desk"), "noor")
    walk.sees(camille, f"/c/{CODE}/officers")
    camille.click("button[name=propose]")
    walk.looked.at(camille)
    walk.sees(dominique, f"/c/{CODE}/officers")
    dominique.click("main li a")
    walk.looked.at(dominique)
    dominique.click("main form.fields button")
    assert "noor" in dominique.inner_text("main table")
    noor.goto(walk.url)
    assert noor.url == f"{walk.url}/c/{CODE}"
    return noor


def sells(walk: Walk, place: Town, camille: Page) -> None:
    """Money, a member, her card, a producer and her till by pages; then the till sells."""
    on, month = f"{walk.url}/c/{CODE}", datetime.now(ZoneInfo("Europe/Paris")).strftime("%Y-%m")
    sends(camille, f"{on}/do/receive_money?fund=general", {"cents": "500,00", "reference": "don"})
    sends(camille, f"{on}/members/new", {"member": "ana"})
    camille.goto(f"{on}/members/ana")
    camille.click("form[action$='/issue'] button")
    sends(camille, f"{on}/do/grant?rule=monthly", {"period": month})
    sends(camille, f"{on}/producers/new", {"producer": "moulin", "name": "Le moulin", "first_day": f"{month}-01"})
    camille.goto(f"{on}/terminals?producer=moulin")
    camille.click("main form button")
    slot, code = (one.inner_text() for one in camille.locator("main dd strong").all()[:2])
    kept = place.passphrase_file.with_name("code")
    kept.write_text(f"{code}\n", encoding="utf-8")
    alias = next((Home(place.home).cards / CODE).glob("*.json")).stem
    words = ("till", "stall", "--pair", slot, "--code-file", str(kept), "--card", alias, "--lines", "fruit-veg=7.35")
    assert "7,35" in place.ok(*words)
    shown, end = walk.sees(camille, f"/c/{CODE}/sales"), time.monotonic() + VIEWS_S
    while "7,35" not in shown.inner_text("main"):  # the views follow the log
        assert time.monotonic() < end, shown.inner_text("main")
        shown.reload()


def sends(page: Page, address: str, typed: dict[str, str]) -> None:
    page.goto(address)
    for name, text in typed.items():
        page.fill(f"#f-{name}", text)
    page.click("main form.fields button:not([name=more])")
    assert page.locator("[role=alert], .wrong").count() == 0, page.inner_text("main")


def hands_over(walk: Walk, noor: Page, dominique: Page) -> None:
    walk.sees(noor, f"/c/{CODE}/officers/noor")
    noor.emulate_media(media="print")
    assert noor.locator("p.paper").is_visible()
    assert not noor.locator("header.top").is_visible()
    noor.emulate_media(media="screen")
    noor.click("button[value=leave]")
    walk.looked.at(noor)
    assert "dominique" in noor.inner_text("main ul")
    noor.goto(f"{walk.url}/c/{CODE}")
    assert noor.url == f"{walk.url}/login"
    walk.sees(dominique, f"/c/{CODE}/todo").click("main a:has-text('noor')")
    dominique.click("button[value=remove]")
    assert "noor" not in dominique.inner_text("main table")
