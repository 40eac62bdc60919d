"""The whole way in a real browser with scripts off: founded, a card, tills, sales, a batch by two people, the bank's files in,
a transfer paid, another one back and paid anew. The bank is a program that nobody here wrote.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page

from clearing.installation.home import Home
from tests.acceptance.processes import Town
from tests.bank_process import Bank, a_bank
from tests.browser.offices import browsing
from tests.browser.test_founding import CODE, PHONE, Looked, Walk, empty_home, founded, sends, two_people

pytestmark = pytest.mark.debian("chromium")
OWN_IBAN = "FR7630006000011234567890189"
STALLS = {
    "ferme": ("La ferme", "EARL DU VAL", "DE89370400440532013000", "7.35"),
    "moulin": ("Le moulin", "MOULIN BIO", "FR1420041010050500013M02606", "11.20"),
}


def today() -> datetime:
    return datetime.now(ZoneInfo("Europe/Paris"))


@contextmanager
def everybody(folder: Path) -> Iterator[tuple[Walk, Town, Page, Page]]:
    """The caisse as its two founders left it."""
    with empty_home(folder) as (place, address), browsing() as browser:
        url = address.partition("/join")[0]
        walk = Walk(browser, url, Looked(browser.new_context(viewport=PHONE, bypass_csp=True).new_page(), url))
        camille, dominique = two_people(walk, address)
        founded(walk, camille)
        yield walk, place, camille, dominique


def test_a_caisse_is_founded_sells_and_pays_its_producers_through_the_pages(tmp_path: Path) -> None:
    with everybody(tmp_path) as (walk, place, camille, dominique), a_bank(
        OWN_IBAN, clock=f"{today():%Y-%m-%d}T07:00", cents=500_000
    ) as bank:
        furnished(walk, camille, dominique)
        sold(walk, place, camille)
        closed_and_refused(walk, camille)
        content = approved_and_exported(walk, dominique, 1)
        sent_back_later(bank, content)
        imported(walk, camille, bank, tmp_path / "inbox", days=8)
        one_paid_one_back(walk, camille)
        paid_anew(walk, camille, dominique, bank, tmp_path / "inbox")
        assert not walk.looked.found, "\n".join(walk.looked.found)
        assert "holds up to event" in place.ok("audit", "--caisse", CODE)


def furnished(walk: Walk, camille: Page, dominique: Page) -> None:
    """Money, a member with a card and credit, two producers whose accounts two people looked at."""
    on, month = f"{walk.url}/c/{CODE}", f"{today():%Y-%m}"
    sends(camille, f"{on}/do/receive_money?fund=general", {"cents": "500,00", "reference": "don"})
    sends(camille, f"{on}/members/new", {"member": "ana"})
    camille.goto(f"{on}/members/ana")
    camille.click("form[action$='/issue'] button")
    sends(camille, f"{on}/do/grant?rule=monthly", {"period": month})
    for producer, (name, holder, iban, _) in STALLS.items():
        sends(camille, f"{on}/producers/new", {"producer": producer, "name": name, "first_day": f"{month}-01"})
        sends(camille, f"{on}/producers/{producer}", {"holder": holder, "iban": iban})
        dominique.goto(f"{on}/producers/{producer}/account")
        dominique.click("main form.fields button, main form button")
        assert dominique.locator("[role=alert]").count() == 0, dominique.inner_text("main")


def sold(walk: Walk, place: Town, camille: Page) -> None:
    alias = next((Home(place.home).cards / CODE).glob("*.json")).stem
    kept = place.passphrase_file.with_name("code")
    for producer, (_, _, _, euros) in STALLS.items():
        camille.goto(f"{walk.url}/c/{CODE}/terminals?producer={producer}")
        camille.click("main form button")
        slot, code = (one.inner_text() for one in camille.locator("main dd strong").all()[:2])
        kept.write_text(f"{code}\n", encoding="utf-8")
        words = ("till", producer, "--pair", slot, "--code-file", str(kept), "--card", alias, "--lines", f"fruit-veg={euros}")
        assert euros.replace(".", ",") in place.ok(*words)


def closed_and_refused(walk: Walk, camille: Page) -> None:
    """Who closed it has no button to approve it, and is refused all the same."""
    camille.goto(f"{walk.url}/c/{CODE}/batches")
    camille.click("main form button")
    walk.sees(camille, f"/c/{CODE}/batches/1")
    assert camille.locator("[name=execution_on]").count() == 0
    token = camille.locator("[name=token]").first.input_value()
    answer = camille.request.post(
        f"{walk.url}/c/{CODE}/batches/1", form={"token": token, "execution_on": f"{today():%Y-%m-%d}"},
        headers={"Origin": walk.url},
    )  # fmt: skip
    assert answer.status == 422
    assert "autre personne" in answer.text()


def approved_and_exported(walk: Walk, dominique: Page, batch: int) -> bytes:
    """As the second person, logged in with a code of her app; the bank's file."""
    walk.sees(dominique, f"/c/{CODE}/batches/{batch}")
    dominique.click("main form.fields:has([name=execution_on]) button:not([name=with])")
    assert dominique.locator("[name=execution_on]").count() == 0, dominique.inner_text("main")
    dominique.click("form:has([name=export]) button")
    with dominique.expect_download() as kept:
        dominique.locator("main ul.card a", has_text=".xml").first.click()
    return Path(kept.value.path()).read_bytes()


def sent_back_later(bank: Bank, content: bytes) -> None:
    """The bank makes both transfers, and sends the second one back three days after."""
    ids = re.findall(rb"<EndToEndId>([^<]+)</EndToEndId>", content)
    assert len(ids) == len(STALLS)
    bank.becomes("CAISSE", behaviour="return-later", parameters={"days": 3, "reason": "AC04", "end_to_end_id": ids[1].decode()})
    assert bank.send(content)["accepted"] == len(STALLS)


def imported(walk: Walk, camille: Page, bank: Bank, inbox: Path, *, days: int) -> None:
    """Every message of the bank so far, and each line said to be what it names itself."""
    bank.pass_days(days)
    for path in (one for one in bank.collect(inbox) if "pacs" not in one.name):
        camille.goto(f"{walk.url}/c/{CODE}/bank")
        camille.set_input_files("#file", {"name": path.name, "mimeType": "text/xml", "buffer": path.read_bytes()})
        camille.get_by_role("button", name="Importer").click()
        assert camille.locator("[role=alert]").count() == 0, camille.inner_text("main")
        for _ in range(3):  # what came back is said after what was paid
            walk.sees(camille, f"/c/{CODE}/bank/waiting")
            button = camille.get_by_role("button", name="Enregistrer ce qui est choisi")
            if button.count() == 0:
                break
            button.click()


def one_paid_one_back(walk: Walk, camille: Page) -> None:
    said = walk.sees(camille, f"/c/{CODE}/batches/1").inner_text("main tbody")
    assert re.search(r"La ferme\s[^\n]*\s+Exécuté", said), said
    assert re.search(r"Le moulin\s[^\n]*\s+Revenu, AC04", said), said


def paid_anew(walk: Walk, camille: Page, dominique: Page, bank: Bank, inbox: Path) -> None:
    """A batch of its own that says which one it stands for, under another reference, approved by the other person."""
    camille.check("[name=producer]")
    camille.click("form:has([name=reissue]) button")
    assert camille.url == f"{walk.url}/c/{CODE}/batches/2"
    assert camille.locator("[name=execution_on]").count() == 0
    assert camille.locator("a[href$='batches/1']").count() == 1
    content = approved_and_exported(walk, dominique, 2)
    assert b"-0001-2</EndToEndId>" in content
    bank.becomes("CAISSE", behaviour="accept", parameters={})
    assert bank.send(content)["accepted"] == 1
    imported(walk, camille, bank, inbox, days=4)
    assert "Exécuté" in walk.sees(camille, f"/c/{CODE}/batches/2").inner_text("main tbody")
    assert camille.goto(f"{walk.url}/c/{CODE}/bank/waiting") is not None
    assert camille.get_by_role("button", name="Enregistrer ce qui est choisi").count() == 0
