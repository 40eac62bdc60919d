"""A caisse that closes is walked to its seal through the pages, scripts off: all are told before, and get what is theirs."""

from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page

from clearing.events.codes import Code
from tests.browser.offices import browsing
from tests.browser.passing_time import TimedOffice, office_in_time
from tests.browser.walked import card_of, finds, follows, goes, looker, on_a_phone, said, sells, typed, voted, waits

pytestmark = pytest.mark.debian("chromium")


def test_a_caisse_that_closes_tells_everybody_pays_everybody_and_is_sealed(tmp_path: Path) -> None:
    with browsing() as browser, office_in_time(tmp_path, browser, days_ago=40) as at:
        alias, verger = card_of(at, "ana", 5_000), at.stall_of("verger", "Le verger")
        at.order("dora", "credit_purse", member="ana", purse="own", cents=3_000, reference="ana, en plus")
        assert sells(at, alias, 2_000, verger).card_cents == 2_000
        tess, bruno, looked = at.page_of("tess"), at.page_of("bruno"), looker(at)
        proposed_and_confirmed(at, tess, bruno)
        looked.at(on_a_phone(at, "bruno", bruno))
        told_meanwhile(at, tess)
        assert sells(at, alias, 500, verger).card_cents == 500
        at.days_pass(11)
        refused = sells(at, alias, 100, verger)
        assert (refused.card_cents, refused.code) == (0, Code.NOT_ALLOWED_NOW), refused
        last_batch(at, tess, bruno)
        looked.at(on_a_phone(at, "tess", goes(tess, "La caisse", "Fermer, fusionner, scinder")))
        all_paid_out(tess)
        sealed(at, tess, bruno)
        assert not looked.found, "\n".join(looked.found)


def proposed_and_confirmed(at: TimedOffice, tess: Page, bruno: Page) -> None:
    """From the menu; the form has a line for each fund. The other one finds it in what waits."""
    vote = voted(at, "ag-fin", "La caisse ferme")
    goes(tess, "La caisse", "Fermer, fusionner, scinder")
    assert "aucune fermeture n’est proposée" in said(tess)
    follows(tess, "Proposer la fermeture")
    last_day = (at.today() + timedelta(days=10)).isoformat()
    typed(tess, {"last_day": last_day, "heirs.0.body": "Caisse de Lille", "decision": vote})
    assert "Vous l’avez proposé" in said(tess)
    finds(bruno, "La fermeture au")
    assert "Caisse de Lille" in said(bruno)
    follows(bruno, "Confirmer la fermeture")
    typed(bruno, {})
    assert "Plus personne ne reçoit de crédit" in said(bruno)


def told_meanwhile(at: TimedOffice, tess: Page) -> None:
    """What each is told; no credit waits any more, and the first page says why."""
    finds(tess, "La caisse ferme")
    assert "Votre carte paie jusqu’à la fin du" in said(tess)
    assert "Ce que vous avez vendu jusque-là est payé en entier" in said(tess)
    assert "n’est pas versé" not in waits(tess)
    tess.get_by_role("link", name="Accueil", exact=True).click()
    assert "La caisse ferme : les cartes paient jusqu’à la fin du" in said(tess)
    assert "Plus personne ne reçoit de crédit" in said(goes(tess, "Argent", "Crédits"))
    assert tess.get_by_role("link", name="Verser le crédit du mois").count() == 0
    follows(goes(tess, "La caisse", "Règles et votes"), "Ce que tout le monde peut lire")
    assert "La caisse ferme" in said(tess)
    tess.goto(at.house.url)  # that page is for people without a log-in


def last_batch(at: TimedOffice, tess: Page, bruno: Page) -> None:
    """The producer is paid in full, as ever by two."""
    finds(tess, "Ce qui reste des fonds")
    follows(tess, "25,00 € sont dus à verger")
    tess.get_by_role("button", name="Clôturer").click()
    finds(bruno, "Le lot 1")
    bruno.get_by_role("button", name="Approuver ce lot").click()
    bruno.get_by_role("button", name="Écrire le fichier").click()
    follows(goes(tess, "Points de vente", "Lots"), "1")
    follows(tess, "Virement")
    typed(tess, {"state": "executed"}, "Noter ce que dit la banque")


def all_paid_out(tess: Page) -> None:
    """Own money to its member, what is left of the fund to who was voted: each noted when the bank paid it."""
    finds(tess, "De l’argent propre reste")
    tess.get_by_role("button", name="Libérer l’argent propre").click()
    assert "30,00 €" in said(tess)
    follows(tess, "C’est payé")
    typed(tess, {"reference": "virement 41"})
    assert "Rien n’est à rembourser" in said(tess)
    tess.get_by_role("button", name="Libérer les restes").click()
    finds(tess, "du fonds general sont à verser")
    typed(tess, {"reference": "virement 42"})


def sealed(at: TimedOffice, tess: Page, bruno: Page) -> None:
    """By somebody with a second factor, once nothing is left; then the pages are for reading."""
    finds(bruno, "peut être scellé")
    bruno.get_by_role("button", name="Sceller").click()
    assert "fermée et scellée" in said(bruno)
    tess.get_by_role("link", name="Accueil", exact=True).click()
    assert "fermée et scellée" in said(tess)
    assert at.book().closing.sealed
