"""Bad days of the treasurer's office, each walked as a volunteer finds the way out, scripts off: a subsidy that comes months
later, a debit that comes back weeks later, a vote that is contested. A key page of each is held against accessibility.
"""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page

from clearing.rules.treasury.target_days import next_target_day
from tests.bank.samples import Booking
from tests.browser.offices import browsing
from tests.browser.passing_time import TimedOffice, office_in_time
from tests.browser.walked import card_of, finds, follows, goes, looker, on_a_phone, said, sells, typed, voted, waits
from tests.console.test_bank_pages import ANOTHER_IBAN, camt, own_account
from tests.settlement.collections import CREDITOR_ID

pytestmark = pytest.mark.debian("chromium")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with browsing() as opened:
        yield opened


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[TimedOffice]:
    with office_in_time(tmp_path_factory.mktemp("office"), browser, days_ago=80) as opened:
        opened.do(own_account(opened.house))
        yield opened


def of_rule(page: Page, rule: str) -> Locator:
    """What the page of credits says of this month's credit by one rule."""
    goes(page, "Argent", "Crédits")
    return page.locator("section.card", has=page.get_by_role("heading", name=rule, exact=True))


def test_a_subsidy_that_comes_months_after_it_was_promised(tmp_path: Path, browser: Browser) -> None:
    with office_in_time(tmp_path, browser, days_ago=80) as at:
        at.do(own_account(at.house))
        region_without_money(at)
        tess, looked = at.page_of("tess"), looker(at)
        promised(tess)
        nobody_is_credited_on_a_promise(tess)
        some_of_it_voted_early(at, tess)
        looked.at(on_a_phone(at, "tess", tess))
        at.days_pass(62)
        late_and_said_to_be(at, tess)
        came_and_matched(at, tess)
        assert not looked.found, "\n".join(looked.found)


def region_without_money(at: TimedOffice) -> None:
    """A fund of its own with three members whose credit it pays."""
    vote = voted(at, "ag-region", "Crédit de la région")
    at.order("tess", "open_fund", fund="region", kind="general", name="Fonds de la région", advance_cents=0)
    members = [{"member": f"late-{one}", "groups": ["region"]} for one in range(3)]
    at.order("dora", "admit_members", members=members)
    at.order(
        "tess", "set_allocation_rule", rule="region", purse="credit", fund="region", cents_each=15_000, months_valid=9,
        who=["region"], decision=vote,
    )


def promised(tess: Page) -> None:
    follows(goes(tess, "Argent", "Fonds"), "Fonds de la région")
    follows(tess, "Enregistrer une subvention promise")
    grant = {"grant": "draaf-26", "funder": "DRAAF", "cents": "3 000,00", "purpose": "alimentation", "reference": "courrier"}
    typed(tess, grant)
    assert re.search(r"Promis\s+3 000,00 €\s+Reçu\s+0,00 €\s+Engagé\s+0,00 €\s+Libre\s+0,00 €", said(tess)), said(tess)
    assert "ne peut pas être crédité avant d’être arrivé" in said(tess)


def nobody_is_credited_on_a_promise(tess: Page) -> None:
    """The page says why, and leads to the fund rather than to a form that would be refused."""
    told = of_rule(tess, "region").inner_text().replace("\u00a0", " ")
    assert "Il manque 450,00 €. Comme voté, personne n’est crédité avant que l’argent soit là." in told, told
    assert "Verser le crédit du mois" not in told, told


def some_of_it_voted_early(at: TimedOffice, tess: Page) -> None:
    vote = voted(at, "ag-avance", "Une avance sur la subvention")
    follows(tess, "Le fonds : ce qui est à venir")
    follows(tess, "Enregistrer l’avance votée")
    typed(tess, {"advance_cents": "500,00", "decision": vote})
    of_rule(tess, "region").get_by_role("link", name="Verser le crédit du mois").click()
    typed(tess, {})
    follows(goes(tess, "Argent", "Fonds"), "Fonds de la région")
    assert re.search(r"Engagé\s+450,00 €\s+Libre\s+50,00 €\s+À venir\s+3 000,00 €", said(tess)), said(tess)


def late_and_said_to_be(at: TimedOffice, tess: Page) -> None:
    """Two months on: what waits names it; the first page says how long the money lasts with it and without it."""
    assert "Il manque 400,00 €" in of_rule(tess, "region").inner_text().replace("\u00a0", " ")
    finds(tess, "3 000,00 € de la subvention draaf-26, promise par DRAAF")
    assert tess.url.endswith("/funds#to-come")
    assert "Il en viendra moins" in said(tess)
    goes(tess, "Argent", "Les cinq preuves")
    for _ in range(6):  # a busy machine takes longer than a page waits
        tess.get_by_role("button", name="Les faire maintenant").click(timeout=120_000)
        if "Les preuves sont faites" in said(tess):
            break
    tess.get_by_role("link", name="Accueil", exact=True).click()
    told = said(tess)
    assert re.search(r"L’argent dure\s+[0-9]+,[0-9] mois", told), told
    days = re.search(r"mois, jusqu’au ([^.]+)\. .*Avec les 3 000,00 € promis et pas encore arrivés, jusqu’au ([^.]+)\.", told)
    assert days is not None, told
    assert days[1] != days[2]


def came_and_matched(at: TimedOffice, tess: Page) -> None:
    """The bank's line is said to be the subsidy; then the month can be credited, and nothing waits for it any more."""
    line = Booking(300_000, on=at.today().isoformat(), ref="DRAAF1", name="DRAAF", text="SUBVENTION ALIMENTATION")
    goes(tess, "Argent", "Banque")
    content = camt(line, opening=1_000_000)
    tess.set_input_files("#file", {"name": "releve.xml", "mimeType": "text/xml", "buffer": content})
    tess.get_by_role("button", name="Importer").click()
    finds(tess, "1 ligne de la banque")
    choice = tess.locator("tbody tr", has_text="DRAAF").get_by_role("combobox")
    choice.select_option(label=next(one for one in choice.locator("option").all_inner_texts() if "draaf-26" in one))
    tess.get_by_role("button", name="Enregistrer ce qui est choisi").click()
    assert "draaf-26" not in waits(tess)
    follows(goes(tess, "Argent", "Fonds"), "Fonds de la région")
    assert re.search(r"Reçu\s+3 000,00 €\s+Engagé\s+450,00 €\s+Libre\s+2 550,00 €\s+À venir\s+0,00 €", said(tess)), said(tess)
    of_rule(tess, "region").get_by_role("link", name="Verser le crédit du mois").click()
    typed(tess, {})


def test_a_debit_that_comes_back_weeks_later(office: TimedOffice) -> None:
    at = office
    card_of(at, "iris", 4_000)
    debited_by_agreement(at, "iris")
    tess, bruno, looked = at.page_of("tess"), at.page_of("bruno"), looker(at)
    number = collected(at, tess, bruno)
    at.days_pass(21)
    answered(at, tess, number, "executed", "")
    at.days_pass(21)
    answered(at, tess, number, "returned", "AM04")
    finds(tess, "25,00 € de 1 prélèvement revenu sont dus")
    assert "iris" in said(tess)
    looked.at(on_a_phone(at, "tess", tess))
    at_the_desk(at)
    follows(tess, "Encaisser une cotisation")
    typed(tess, {"rule": "debit", "cents": "25,00", "means": "transfer", "reference": "virement d’iris"})
    assert "Rien de ce qui est revenu n’est encore dû" in said(tess)
    assert "prélèvement revenu" not in waits(tess)
    assert not looked.found, "\n".join(looked.found)


def debited_by_agreement(at: TimedOffice, member: str) -> None:
    """A cotisation by debit, and the mandate for it."""
    vote = voted(at, "ag-prelevement", "Cotisations prélevées")
    at.order("tess", "name_creditor", creditor=CREDITOR_ID, lead_days=1)
    at.order(
        "tess", "set_cotisation_rule", rule="debit", fund="general", minimum_cents=100, step_cents=100, levels=[], free=True,
        means=["transfer", "debit"], over_is_gift=False, decision=vote,
    )
    at.order(
        "dora", "agree_cotisation", member=member, rule="debit", cents=2_500, means="debit", every_months=1,
        from_period=f"{at.today():%Y-%m}",
    )
    signed = {"member": member, "holder": "Iris Petit", "iban": ANOTHER_IBAN, "signed_on": at.today().isoformat(),
              "how": "paper", "kind": "recurrent"}  # fmt: skip
    seen = at.do(at.house.send("dora", "mandates/new", signed))
    assert seen.status == 200, seen.text


def collected(at: TimedOffice, tess: Page, bruno: Page) -> str:
    """Proposed after a look, approved by another, told to the members, written for the bank; its number."""
    goes(tess, "Adhérent·es", "Collectes")
    day = next_target_day(at.today() + timedelta(days=18)).isoformat()
    asked = {"period": f"{at.today():%Y-%m}", "collect_on": day}
    typed(tess, asked, "Montrer à qui on demanderait")
    assert "iris" in said(tess)
    typed(tess, asked, "Proposer cette collecte")
    number = tess.url.rpartition("/")[2]
    finds(bruno, f"La collecte {number}")
    bruno.get_by_role("button", name="Approuver").click()
    finds(tess, f"la collecte {number}")
    tess.get_by_role("button", name="Écrire les avis").click()
    assert "25,00" in said(tess)
    finds(tess, f"la collecte {number}")
    tess.get_by_role("button", name="Écrire le fichier").click()
    assert tess.locator("main a", has_text=".xml").count() == 1
    return number


def answered(at: TimedOffice, tess: Page, number: str, state: str, code: str) -> None:
    """Typed by hand, as the bank's page says it."""
    follows(goes(tess, "Adhérent·es", "Collectes"), number)
    follows(tess, "Saisir ce que la banque a dit")
    typed(tess, {"state.iris": state, "code.iris": code, "on": at.today().isoformat()}, "Enregistrer ce qui est choisi")


def at_the_desk(at: TimedOffice) -> None:
    """What is owed stands on her page, beside a purse that nobody took anything from."""
    noor = at.page_of("noor")
    follows(goes(noor, "Adhérent·es", "Adhérent·es"), "iris")
    told = said(noor)
    assert "Un prélèvement est revenu" in told
    assert "25,00 € sont dus" in told
    assert re.search(r"credit\s+40,00 €", told), told
    assert "-" not in re.findall(r"-?[0-9][0-9 ]*,[0-9]{2} €", told)


def test_a_vote_that_is_contested_is_suspended_resumed_and_annulled(office: TimedOffice) -> None:
    at = office
    alias = card_of(at, "zoe", 3_000)
    at.order("dora", "change_groups", member="zoe", groups=["contested"])
    vote = voted(at, "ag-contestee", "Crédit du quartier")
    at.order(
        "tess", "set_allocation_rule", rule="quartier", purse="credit", fund="general", cents_each=5_000, months_valid=2,
        who=["contested"], decision=vote,
    )
    appeal, answer = voted(at, "ag-recours", "Recours"), voted(at, "ag-reponse", "Réponse au recours")
    cleo, tess, looked = at.page_of("cleo"), at.page_of("tess"), looker(at)
    follows(goes(cleo, "La caisse", "Règles et votes"), vote)
    assert "Si elle est contestée" in said(cleo)
    follows(cleo, "Suspendre une décision")
    typed(cleo, {"ruling": appeal})
    assert "aucun crédit n’est versé par elle" in said(cleo)
    looked.at(on_a_phone(at, "cleo", cleo))
    assert "quartier" not in waits(tess)
    assert "suspendue" in of_rule(tess, "quartier").inner_text()
    assert sells(at, alias, 1_000).card_cents == 1_000
    follows(cleo, "Rétablir une décision suspendue")
    typed(cleo, {"ruling": answer})
    assert "aucun crédit n’est versé par elle" not in said(cleo)
    finds(tess, "Le crédit quartier")
    typed(tess, {})
    assert sells(at, alias, 5_000).card_cents == 5_000
    last = voted(at, "ag-annulation", "Annulation")
    follows(cleo, "Annuler une décision")
    typed(cleo, {"ruling": last})
    assert cleo.get_by_role("link", name="Rétablir").count() == 0
    follows(goes(cleo, "La caisse", "Règles et votes"), "ag-2026-04")
    assert "plus aucune carte ne paie" in said(cleo)
    assert not looked.found, "\n".join(looked.found)


def test_who_merges_or_splits_finds_what_to_do_step_by_step(office: TimedOffice) -> None:
    """Nothing of it is one command: the page says the steps and leads to each; a split begins with a fund for each part."""
    at = office
    tess, looked = at.page_of("tess"), looker(at)
    goes(tess, "La caisse", "Fermer, fusionner, scinder")
    looked.at(on_a_phone(at, "tess", tess))
    assert "celle qui reçoit ce qui reste de chaque fonds" in said(tess)
    follows(tess, "Reconnaître une autre caisse")
    assert tess.locator("main form").count() == 1
    vote = voted(at, "ag-scission", "Deux caisses")
    for part in ("nord", "sud"):
        follows(goes(tess, "Argent", "Fonds"), "Ouvrir un fonds")
        typed(tess, {"fund": part, "kind": "general", "name": f"Part {part}", "advance_cents": "0"})
    follows(tess, "Proposer un virement entre fonds")
    typed(tess, {"fund": "general", "to": "nord", "cents": "4 000,00", "reason": "la part du nord", "decision": vote})
    bruno = finds(at.page_of("bruno"), "4 000,00 €")
    typed(bruno, {})
    assert "4 000,00 €" in said(follows(goes(tess, "Argent", "Fonds"), "Part nord"))
    goes(tess, "La caisse", "Fermer, fusionner, scinder")
    follows(tess, "Proposer la fermeture")
    assert tess.locator("[name$='.body']").count() == 3
    assert not looked.found, "\n".join(looked.found)
