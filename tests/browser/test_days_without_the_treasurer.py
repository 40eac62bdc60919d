"""Bad days of who pays and who sells, each walked as a volunteer finds the way out, scripts off: the treasurer is on holiday,
or gone, and a producer is suspended in the middle of a market.
"""

import re
import secrets
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from clearing.events.codes import Code
from clearing.wire.signature import TerminalKey
from tests.browser.offices import browsing
from tests.browser.passing_time import TimedOffice, office_in_time
from tests.browser.walked import card_of, finds, follows, goes, looker, on_a_phone, said, sells, typed, waits
from tests.console.open_house import CODE, PASSWORD

pytestmark = pytest.mark.debian("chromium")


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TimedOffice]:
    with browsing() as browser, office_in_time(tmp_path_factory.mktemp("office"), browser, days_ago=60) as opened:
        yield opened


def named(at: TimedOffice, person: str, *roles: str) -> str:
    """An officer more, by two who are there."""
    keys = at.house.keys
    assert isinstance(keys, dict)
    keys[person] = TerminalKey.from_seed(secrets.token_bytes(32))
    body = {"person": person, "key": keys[person].public, "roles": list(roles)}
    at.order("tess", "propose_person", **body)
    at.order("bruno", "confirm_person", **body)
    return person


def test_a_treasurer_on_holiday_has_deputies_who_close_and_approve(office: TimedOffice) -> None:
    """tess is away, and so is bruno, who would approve: tilda closes as deputy, amel approves as deputy after two days."""
    at = office
    potager = at.stall_of("potager", "Le potager")
    assert sells(at, card_of(at, "lou", 5_000), 1_800, potager).card_cents == 1_800
    amel = named(at, "amel", "approver-deputy")
    tilda, looked = at.page_of("tilda"), looker(at)
    goes(tilda, "Points de vente", "Lots")
    assert re.search(r"Le potager\s+18,00 €", said(tilda)), said(tilda)
    tilda.get_by_role("button", name="Clôturer").click()
    assert "attend bruno" in waits(tilda)
    at.days_pass(3)
    told = waits(tilda)
    number = re.findall(r"Le lot ([0-9]+)", told)[-1]
    assert "ou en suppléance amel" in told, told
    the_producer(tilda, "Le potager")
    assert "Attend d’être approuvé depuis le" in said(tilda)
    deputy = at.page_of(amel)
    assert f"Le lot {number} attend d’être approuvé depuis le" in said(deputy)
    looked.at(on_a_phone(at, amel, deputy))
    finds(deputy, f"Le lot {number}")
    deputy.get_by_role("button", name="Approuver ce lot").click()
    the_producer(tilda, "Le potager")
    assert "Approuvé, payé le" in said(tilda)
    finds(deputy, f"Le lot {number}")
    deputy.get_by_role("button", name="Écrire le fichier").click()
    assert f"Le lot {number}" not in waits(deputy)
    assert not looked.found, "\n".join(looked.found)


def test_a_treasurer_who_is_gone_leaves_no_key_and_what_waits_is_taken_over(office: TimedOffice) -> None:
    """She signed a transfer, and vanished: two others end her offices and go on with it."""
    at = office
    lena = named(at, "lena", "treasurer")
    at.order("tess", "open_fund", fund="reserve", kind="general", name="Réserve", advance_cents=0)
    at.order(lena, "propose_transfer", fund="general", to="reserve", cents=7_700, reason="réserve", decision="ag-2026-04")
    her, bruno, looked = at.page_of(lena), at.page_of("bruno"), looker(at)
    goes(her, "Argent", "Fonds")
    follows(goes(bruno, "La caisse", "Fonctions"), lena)
    assert "Le transfert 1 entre fonds, sur sa proposition, n’est pas confirmé" in said(bruno)
    looked.at(on_a_phone(at, "bruno", bruno))
    bruno.get_by_role("button", name="Mettre fin à ses fonctions").click()
    assert lena not in said(goes(bruno, "La caisse", "Fonctions"))
    her.reload()
    assert her.url.endswith("/login")
    her.fill("#person", lena)
    her.fill("#password", PASSWORD)
    her.fill("#code", at.factors[lena].at(int(time.time()) + 30))
    her.click("main button")
    assert her.locator(f"a[href^='/c/{CODE}']").count() == 0
    finds(bruno, "77,00 €")
    typed(bruno, {})
    tess = follows(goes(at.page_of("tess"), "Argent", "Fonds"), "Réserve")
    assert "77,00 €" in said(tess)
    assert not looked.found, "\n".join(looked.found)


def test_a_producer_is_suspended_in_the_middle_of_a_market(office: TimedOffice) -> None:
    """The till refuses at once and says why; what was sold before is owed, held by one, let go by two."""
    at = office
    alias, verger = card_of(at, "max", 9_000), at.stall_of("verger", "Le verger")
    assert sells(at, alias, 1_100, verger).card_cents == 1_100
    tess, bruno, looked = at.page_of("tess"), at.page_of("bruno"), looker(at)
    the_producer(tess, "Le verger")
    follows(tess, "Suspendre")
    typed(tess, {})
    refused = sells(at, alias, 900, verger)
    assert (refused.card_cents, refused.code) == (0, Code.NO_CONVENTION)
    assert "refuse aussitôt chaque carte" in said(tess)
    assert "11,00 €" in said(tess)
    looked.at(on_a_phone(at, "tess", tess))
    held_and_let_go(tess, bruno)
    the_producer(tess, "Le verger")
    follows(tess, "Laisser les cartes y payer à nouveau")
    typed(tess, {})
    assert sells(at, alias, 900, verger).card_cents == 900
    assert not looked.found, "\n".join(looked.found)


def the_producer(page: Page, name: str) -> Page:
    return follows(goes(page, "Points de vente", "Producteurs"), name)


def held_and_let_go(tess: Page, bruno: Page) -> None:
    follows(tess, "Suspendre les paiements")
    typed(tess, {"reason": "la fraîcheur est vérifiée"}, "Suspendre les paiements")
    goes(tess, "Points de vente", "Lots")
    assert re.search(r"Le verger\s+11,00 €\s+Paiements suspendus", said(tess)), said(tess)
    follows(the_producer(tess, "Le verger"), "Suspendre les paiements")
    typed(tess, {"reason": "tout va bien"}, "Proposer la reprise des paiements")
    finds(bruno, "verger")
    bruno.get_by_role("button", name="Laisser reprendre les paiements").click()
    assert "Les paiements continuent" in said(bruno)
