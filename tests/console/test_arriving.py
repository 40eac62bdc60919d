"""An address that was given opens one page, once; whoever comes by it has an account only after her app's code."""

import secrets
from dataclasses import dataclass

import aiohttp
import pyotp
import pytest

from clearing.console import keys, newcomers
from clearing.console.sending import COOKIE
from clearing.installation.key_file import open_key_file
from clearing.values import PersonId
from tests.console.open_house import CODE, PASSWORD, House, Seen

pytestmark = pytest.mark.asyncio(loop_scope="session")


@dataclass
class Guest:
    """A browser of somebody who has no account yet."""

    house: House
    secret: str
    cookie: str = ""

    async def see(self) -> Seen:
        async with self.house.browser.get(self._at("")) as answer:
            return Seen(status=answer.status, path=answer.url.path, html=await answer.text())

    async def send(self, **typed: str) -> Seen:
        headers = {"Origin": self.house.url}
        async with self.house.browser.post(self._at(""), data=typed, headers=headers, allow_redirects=False) as answer:
            if COOKIE in answer.cookies:
                self.cookie = answer.cookies[COOKIE].value
            return Seen(status=answer.status, path=answer.headers.get("Location", ""), html=await answer.text())

    async def named(self, person: str, password: str = PASSWORD) -> Seen:
        return await self.send(act="name", person=person, password=password, again=password, language="en")

    async def factor(self) -> str:
        """The secret that her page shows as text."""
        html = (await self.see()).html
        return html.partition("<code>")[2].partition("</code>")[0].replace(" ", "")

    async def arrives(self, person: str) -> Seen:
        """All of it: name, password, code."""
        assert (await self.named(person)).status == 303
        return await self.send(act="code", code=pyotp.TOTP(await self.factor()).now())

    def headers(self) -> dict[str, str]:
        return {"Cookie": f"{COOKIE}={self.cookie}", "Origin": self.house.url}

    def _at(self, rest: str) -> str:
        return f"{self.house.url}/join/{self.secret}{rest}"


async def invited(house: House, *, roles: tuple[str, ...] = ("desk",), label: str = "somebody") -> Guest:
    by = PersonId("tess")
    return Guest(house, await house.console.invitations.to_office(CODE, roles, by=by, label=label, days=7))


def fresh_name() -> str:
    return f"p-{secrets.token_hex(4)}"


async def test_an_address_that_never_was_tells_nothing(house: House) -> None:
    for secret in ("00" * 32, "zz", "00" * 31, "é"):
        seen = await Guest(house, secret).see()
        assert (seen.status, "Cette adresse n’existe pas." in seen.text) == (404, True), secret


async def test_a_used_and_an_old_address_say_so(house: House) -> None:
    guest = await invited(house)
    assert (await guest.arrives(fresh_name())).status == 303
    assert (await guest.see()).status == 410
    assert (await guest.named(fresh_name())).status == 410
    old = await invited(house)
    async with house.installation.connected("clearing_console") as connection:
        await connection.execute(
            "UPDATE clearing_console.invitations SET until_us = 1 WHERE name = $1", keys.name_of(bytes.fromhex(old.secret))
        )
    seen = await old.see()
    assert (seen.status, "plus valable" in seen.text) == (410, True)
    assert (await old.named(fresh_name())).status == 410


async def test_an_account_is_made_by_the_apps_code_and_by_nothing_before(house: House) -> None:
    guest, person = await invited(house), fresh_name()
    assert (await guest.named(person)).status == 303
    assert not await newcomers.taken(house.installation.home, house.console.accounts, PersonId(person))
    wrong = await guest.send(act="code", code="000000")
    assert (wrong.status, guest.cookie) == (422, "")
    assert not await newcomers.taken(house.installation.home, house.console.accounts, PersonId(person))
    factor = await guest.factor()
    code = pyotp.TOTP(factor).now()
    assert (await guest.send(act="code", code=f"{code[:3]} {code[3:]}")).path == "/"
    async with house.browser.get(f"{house.url}/", headers=guest.headers()) as answer:
        assert (answer.status, person in await answer.text()) == (200, True), "she is logged in"
    identity, key = open_key_file(house.installation.home.person(PersonId(person)), PASSWORD)
    assert dict(await house.console.accounts.everybody())[PersonId(person)] == identity.public == key.public
    again = await house.console.accounts.log_in(person, PASSWORD, code, device="a test")
    assert not isinstance(again, bytes), "the code that made the account opens no log-in"


async def test_what_lies_in_the_database_opens_no_address_and_no_key(house: House) -> None:
    guest, person = await invited(house), fresh_name()
    await guest.named(person)
    async with house.installation.connected("clearing_console") as connection:
        rows = await connection.fetch("SELECT name, draft FROM clearing_console.invitations WHERE draft IS NOT NULL")
    secret, drafts = bytes.fromhex(guest.secret), [bytes(row["draft"]) for row in rows]
    assert secret not in {bytes(row["name"]) for row in rows}
    opened = [found for draft in drafts if (found := newcomers.opened(draft, secret)) is not None]
    assert [one.person for one in opened] == [person]
    assert not any(opened[0].seed in draft or person.encode() in draft for draft in drafts)
    assert all(newcomers.opened(draft, keys.name_of(secret)) is None for draft in drafts)


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({"person": "Two Words", "password": PASSWORD, "again": PASSWORD}, "1 to 40"),
        ({"person": "tess", "password": PASSWORD, "again": PASSWORD}, "already"),
        ({"person": "someone", "password": "short", "again": "short"}, "12 to 200"),
        ({"person": "someone", "password": PASSWORD, "again": PASSWORD + "s"}, "differ"),
        ({"person": "quatre", "password": PASSWORD, "again": PASSWORD}, "does not contain"),
    ],
)
async def test_a_name_or_password_that_will_not_do_is_told_beside_its_field(
    house: House, typed: dict[str, str], told: str
) -> None:
    await house.headers("tess")  # she has an account from now on
    guest = await invited(house)
    headers = {"Origin": house.url, "Accept-Language": "en"}
    async with house.browser.post(f"{house.url}/join/{guest.secret}", data={"act": "name", **typed}, headers=headers) as answer:
        page = Seen(status=answer.status, path="", html=await answer.text())
    assert page.status == 422
    assert told in page.text
    assert 'aria-invalid="true"' in page.html
    assert f'value="{typed["person"]}"'.lower() in page.html.lower(), "what was typed stands there still"
    assert PASSWORD not in page.html


async def test_another_name_can_be_chosen_until_the_code(house: House) -> None:
    guest = await invited(house)
    await guest.named("first-name")
    assert "first-name" in (await guest.see()).text
    await guest.send(act="again")
    assert "first-name" not in (await guest.see()).text
    person = fresh_name()
    assert (await guest.arrives(person)).status == 303


async def test_who_has_an_account_comes_with_it(house: House) -> None:
    guest = await invited(house, roles=("approver",))
    headers = await house.headers("otto")
    token = {"token": keys.form_token(house.cookies["otto"])}
    at = f"{house.url}/join/{guest.secret}"
    async with house.browser.post(at, data={"act": "mine"}, headers=headers, allow_redirects=False) as answer:
        assert answer.status == 403, "without the token of her log-in it is no form of hers"
    async with house.browser.post(at, data={"act": "mine", **token}, headers=headers, allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (303, "/")
    came = {one.person: one for one in await house.console.invitations.to(CODE, PersonId("tess"))}
    assert came["otto"].public == house.keys["otto"].public
    async with house.browser.post(at, data={"act": "mine"}, headers={"Origin": house.url}) as answer:
        assert answer.status == 410


async def test_a_form_from_elsewhere_is_taken_by_no_address(house: House) -> None:
    guest = await invited(house)
    form = aiohttp.FormData({"act": "name", "person": fresh_name(), "password": PASSWORD, "again": PASSWORD})
    async with house.browser.post(
        f"{house.url}/join/{guest.secret}", data=form, headers={"Origin": "http://elsewhere.example"}
    ) as answer:
        assert answer.status == 403
    assert 'name="password"' in (await guest.see()).html, "nothing was kept of it"
