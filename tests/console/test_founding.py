"""A caisse is founded by pages, by who was given an address, with a second person, after a look that tells what is wrong."""

import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
from aiohttp import FormData

from clearing.console.keys import form_token
from clearing.installation.adopting import SUPERVISOR
from clearing.installation.cards import personalise
from clearing.installation.office import Officer
from clearing.installation.pairing import draw_slot
from clearing.installation.tubes import Tube
from clearing.values import CaisseCode, MemberId, PersonId
from clearing.vault import Vault
from tests.console.open_house import CODE, House, Seen
from tests.console.test_arriving import Guest, fresh_name
from tests.house.sources import CLONE

pytestmark = pytest.mark.asyncio(loop_scope="session")
FORM: Mapping[str, str] = {
    "name": "Caisse des prés", "zone": "Europe/Paris", "holder": "CAISSE DES PRES", "iban": "FR76 3000 6000 0112 3456 7890 189",
    "bic": "", "title": "Les règles", "body": "general-meeting", "taken_on": "2026-05-02", "votes_for": "31",
    "votes_against": "2", "abstained": "1", "fund": "Cotisations", "amount": "120,50", "months_valid": "2", "fruit-veg": "100",
    "animal": "62,5", "staple": "0",
}  # fmt: skip
MINE = ("treasurer", "clerk", "desk", "operator")


@dataclass
class Founder:
    """Somebody who came by a founding address."""

    house: House
    guest: Guest
    person: str

    async def see(self, path: str = "") -> Seen:
        async with self.house.browser.get(f"{self.house.url}/founding{path}", headers=self._headers()) as answer:
            return Seen(status=answer.status, path=answer.url.path, html=await answer.text())

    async def send(self, path: str, typed: Mapping[str, object], *, file: str = "") -> Seen:
        form = FormData({"token": form_token(bytes.fromhex(self.guest.cookie))})
        for name, value in typed.items():
            for one in value if isinstance(value, tuple) else (value,):
                form.add_field(name, str(one))
        if file:
            form.add_field("upload", file.encode(), filename="caisse.toml", content_type="text/plain")
        at = f"{self.house.url}/founding{path}"
        async with self.house.browser.post(at, data=form, headers=self._headers()) as answer:
            return Seen(status=answer.status, path=answer.url.path, html=await answer.text())

    async def invites(self, *roles: str) -> Guest:
        """A second person, on her way."""
        page = await self.send("", {"label": "my neighbour", "roles": roles})
        secret = page.html.partition("/join/")[2][:64]
        return Guest(self.house, secret)

    async def fills_in(self, code: str, **changed: str) -> Seen:
        return await self.send("/caisse", {**FORM, "code": code, "mine": MINE, **changed})

    def _headers(self) -> dict[str, str]:
        return self.guest.headers() | {"Accept-Language": "en"}


async def founder(house: House) -> Founder:
    guest, person = Guest(house, await house.console.invitations.to_found()), fresh_name()
    assert (await guest.arrives(person)).path == "/founding"
    return Founder(house, guest, person)


async def two(house: House) -> tuple[Founder, str]:
    """A founder, and the approver who came by her address."""
    first, second = await founder(house), fresh_name()
    assert (await (await first.invites("approver")).arrives(second)).path == "/"
    return first, second


@asynccontextmanager
async def taking_in(house: House) -> AsyncIterator[None]:
    """What serves hears of new caisses, as `clearing serve` does."""
    tube = Tube(house.installation.home.speaking_tube(SUPERVISOR), house.running.telemetry, list, house.running.take_in)
    await tube.open()
    try:
        yield
    finally:
        tube.close()


def new_code() -> str:
    return f"c{secrets.token_hex(4)}"


async def test_nobody_founds_without_an_address(house: House) -> None:
    for path in ("", "/caisse", "/file", "/look"):
        async with house.browser.get(f"{house.url}/founding{path}", allow_redirects=False) as answer:
            assert (answer.status, answer.headers["Location"]) == (303, "/login"), path
        async with house.browser.get(f"{house.url}/founding{path}", headers=await house.headers("tess")) as answer:
            assert (answer.status, "console open-founding" in await answer.text()) == (403, True), path


async def test_a_caisse_is_founded_by_the_form_and_works_at_once(house: House) -> None:
    code, (first, second) = new_code(), await two(house)
    look = await first.fills_in(code)
    assert look.path == "/founding/look"
    for told in ("Caisse des prés", second, "€120.50", "62.5", "FR76 3000 6000 0112 3456 7890 189", "31 for, 2 against"):
        assert told in look.text
    assert "staple" not in look.text.partition("The founding file")[0], "what the card pays nothing of is not covered"
    async with taking_in(house):
        page = await first.send("/look", {})
        assert (page.status, page.path) == (200, f"/c/{code}")
        assert "The caisse is founded." in page.text
        assert (await first.send("/look", {})).status == 403, "it is founded once"
        book = await house.console.followers.book(CaisseCode(code))
        assert {str(one.person) for one in book.caisse.persons.values()} == {first.person, second}
        assert book.caisse.persons[PersonId(second)].roles == ("approver",)
        await works(first, CaisseCode(code))


async def works(first: Founder, code: CaisseCode) -> None:
    """A card is issued and a terminal's slot opened, over the writer that serves it."""
    house = first.house
    login = await house.console.accounts.seen(bytes.fromhex(first.guest.cookie))
    assert login is not None
    officer = Officer(
        person=login.person, key=login.key, epoch=1, caisse=code, socket=house.installation.home.socket(code),
        now_ms=house.console.orders.now_ms,
    )
    await officer.order("admit_members", {"members": [{"member": "ana", "groups": []}]})
    card = personalise(Vault.open(house.installation.home.vault(code)), code, member=MemberId("ana"), alias=None)
    await officer.order("issue_cards", {"cards": [card.item()]})
    await officer.order("admit_producers", {"producers": [{"producer": "mill", "name": "The mill", "structures": []}]})
    slot = draw_slot(code, now_us=house.console.now_us())
    assert await officer.order("open_slot", slot.body("mill"), secret=slot.secret)
    async with house.installation.people_of(code) as people:
        kept = await people.newest("caisse", "bank")
    assert kept is not None
    assert kept.fields["name"] == "CAISSE DES PRES"


async def test_a_founder_alone_is_told_that_it_takes_two(house: House) -> None:
    first, codes = await founder(house), await house.installation.codes()
    page = await first.fills_in(new_code())
    assert (page.status, "who are two people" in page.text) == (200, True)
    assert "Found this caisse" not in page.text
    assert "who are two people" in (await first.send("/look", {})).text, "not by hand either"
    assert await house.installation.codes() == codes


async def test_a_code_that_is_taken_is_told_and_the_other_caisse_stays(house: House) -> None:
    (first, _), before = await two(house), (await house.book()).position
    page = await first.fills_in(str(CODE))
    assert f"there is a caisse {CODE} here already" in page.text
    assert f"there is a caisse {CODE} here already" in (await first.send("/look", {})).text
    assert (await house.book()).position == before


async def test_a_form_with_mistakes_keeps_what_was_typed_and_says_what_is_wrong(house: House) -> None:
    first, _ = await two(house)
    page = await first.fills_in("No Code", amount="12,345", taken_on="soon")
    assert page.status == 422
    assert page.html.count('aria-invalid="true"') == 3
    assert 'value="12,345"' in page.html
    assert 'value="12,345"' in (await first.see("/caisse")).html, "also when she comes back"
    page = await first.fills_in(new_code(), iban="FR76 3000 6000 0112 3456 7890 188", zone="Paris")
    assert "Europe/Paris" in page.text
    assert "Found this caisse" not in page.text


async def test_a_file_is_founded_as_the_command_line_would(house: House) -> None:
    first, second = await two(house)
    code, text = new_code(), (CLONE / "examples/caisse.toml").read_text(encoding="utf-8").replace("val-exemple", new_code())
    text = text.replace('"camille"', f'"{first.person}"').replace('"dominique"', f'"{second}"')
    text = text.replace('"noor"', '"nobody-yet"')
    page = await first.send("/file", {"file": ""}, file=text)
    third = text.rindex("[[persons]]\n")
    assert f"Line {text.count(chr(10), 0, third) + 1}: nobody-yet has no account here; invite" in page.text
    whole = text[:third] + text[text.index("# --- What was voted") :]
    whole = whole.replace('code = "c', f'code = "{code}" # "c', 1)
    page = await first.send("/file", {"file": whole})
    assert "Mécénat fruits et légumes" in page.text
    async with taking_in(house):
        assert (await first.send("/look", {})).path == f"/c/{code}"
    book = await house.console.followers.book(CaisseCode(code))
    assert set(book.funds) == {"general", "fruits-legumes"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[caisse", "is not TOML"),
        ("[caisse]\ncode = 'x-1'\nname = 'X'\nzone = 'Paris'\n", "[caisse.account]"),
        ("", "Choose a file, or paste its text"),
    ],
)
async def test_a_file_that_is_none_is_told_in_a_sentence(house: House, text: str, told: str) -> None:
    page = await (await founder(house)).send("/file", {"file": text})
    assert told in page.text
    assert "Traceback" not in page.html


async def test_a_file_that_names_other_files_brings_none_of_the_servers(house: House) -> None:
    first, second = await two(house)
    text = (CLONE / "examples/caisse.toml").read_text(encoding="utf-8").replace("val-exemple", new_code())
    text = text.replace('"camille"', f'"{first.person}"').replace('"dominique"', f'"{second}"').replace('"noor"', '"otto"')
    await house.headers("otto")
    page = await first.send("/file", {"file": text + '\n[import]\nmembers = "/etc/passwd"\n'})
    assert "take [import] out" in page.text
    assert "root" not in page.text


async def test_a_founding_is_signed_with_a_fresh_second_factor(house: House) -> None:
    first, _ = await two(house)
    code = new_code()
    await first.fills_in(code)
    async with house.installation.connected("clearing_console") as connection:
        await connection.execute("UPDATE clearing_console.logins SET proved_us = 0 WHERE person = $1", first.person)
    assert 'name="one-time-code"' in (await first.see("/look")).html
    page = await first.send("/look", {"one-time-code": "000000"})
    assert (page.status, code in await house.installation.codes()) == (422, False)


async def test_an_invitation_of_a_founding_is_taken_back_and_its_guest_left_out(house: House) -> None:
    first, second = await two(house)
    assert second in (await first.see()).text
    short = (await first.see()).html.partition('name="withdraw" value="')[2][:16]
    await first.send("", {"withdraw": short})
    assert second not in (await first.see()).text
    guest = await first.invites("desk")
    short = (await first.see()).html.partition('name="withdraw" value="')[2][:16]
    await first.send("", {"withdraw": short})
    assert (await guest.see()).status == 404
    assert (await first.send("", {"label": "", "roles": ("desk",)})).status == 422


async def test_what_a_founder_typed_lies_sealed(house: House) -> None:
    first, _ = await two(house)
    await first.fills_in(new_code())
    async with house.installation.connected("clearing_console") as connection:
        typed = await connection.fetchval("SELECT typed FROM clearing_console.foundings WHERE founder = $1", first.person)
    assert typed
    assert b"3000 6000" not in typed
    assert b"PRES" not in typed
