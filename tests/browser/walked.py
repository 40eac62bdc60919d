"""Law: a volunteer finds her way by the menu, by what waits and by what a page links to; nobody types an address."""

from collections.abc import Mapping
from typing import Final

from playwright.sync_api import Locator, Page

from clearing.events.basket import Line
from clearing.installation.cards import KeptCard
from clearing.terminal.terminal import ReferenceTerminal, Shown
from clearing.values import CategoryId, Cents
from tests.browser.passing_time import PHONE, TimedOffice
from tests.browser.test_founding import Looked
from tests.console.open_house import CODE
from tests.console.test_sales import buyer
from tests.living_caisse import decision_body

SIGN: Final = "Signer et enregistrer"


def said(page: Page) -> str:
    """What stands on it, blanks as they are typed."""
    return page.inner_text("main").replace("\u202f", " ").replace("\u00a0", " ")


def goes(page: Page, group: str, title: str) -> Page:
    """By the menu."""
    page.locator("nav summary", has_text=group).click()
    page.locator(".menu details").get_by_role("link", name=title, exact=True).click()
    assert page.locator("h1").count() == 1
    return page


def finds(page: Page, text: str) -> Page:
    """In what waits: her own, or somebody else's that she may look at."""
    page.get_by_role("link", name="À faire", exact=True).click()
    page.locator("ul.todo a", has_text=text).first.click()
    return page


def waits(page: Page) -> str:
    page.get_by_role("link", name="À faire", exact=True).click()
    return said(page)


def follows(page: Page, name: str, within: "Locator | None" = None) -> Page:
    """A link of the page, called like this or longer."""
    (within or page.locator("main")).get_by_role("link", name=name).first.click()
    return page


def typed(page: Page, values: Mapping[str, str], button: str = SIGN) -> Page:
    """Into the form that has the button; it is taken as it is."""
    form = page.locator("main form", has=page.get_by_role("button", name=button))
    for name, value in values.items():
        field = form.locator(f'[name="{name}"]')
        if field.evaluate("one => one.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)
    form.get_by_role("button", name=button).click()
    wrong = page.locator("main [role=alert], main .wrong").all_inner_texts()
    assert not wrong, wrong
    return page


def voted(at: TimedOffice, name: str, title: str) -> str:
    """Recorded by the clerk, approved by another officer; its id."""
    vote = decision_body(name) | {"title": title, "taken_on": at.today().isoformat()}
    at.order("cleo", "record_decision", **vote)
    at.order("bruno", "approve_decision", decision=name)
    return name


def card_of(at: TimedOffice, member: str, cents: int = 10_000) -> str:
    """A member's with credit; its alias."""
    return at.do(buyer(at.house, member, cents))


def sells(at: TimedOffice, alias: str, cents: int, stall: ReferenceTerminal | None = None) -> Shown:
    """A till, over HTTP; the field's if no other one is named."""
    card = KeptCard(at.house.installation.home.card(CODE, alias))
    line = Line(category=CategoryId("fruit-veg"), amount_cents=Cents(cents))
    shown = at.do((stall or at.house.stall).sale([line], card))
    at.do(at.house.caught_up())
    return shown


def looker(at: TimedOffice) -> Looked:
    """Holds pages against the rules of accessibility, beside who walks."""
    if ("looker", 0) not in at.contexts:
        at.contexts["looker", 0] = at.browser.new_context(viewport=PHONE, bypass_csp=True)
    return Looked(at.contexts["looker", 0].new_page(), at.house.url)


def on_a_phone(at: TimedOffice, person: str, page: Page) -> Page:
    """The page that she has open, on her telephone."""
    small = at.page_of(person, PHONE)
    small.goto(page.url)
    return small
