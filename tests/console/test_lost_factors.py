"""Law: a lost second factor is paired anew by its person alone, with her password, when two other officers let her."""

import re
from html import unescape

import pyotp
import pytest
import pytest_asyncio

from clearing.console.sending import COOKIE
from clearing.events.factors import NewFactorAllowed, NewFactorPaired
from clearing.values import PersonId
from tests.console.open_house import CODE, PASSWORD, House, Seen
from tests.console.test_passkeys import challenge_of, register
from tests.soft_passkey import SoftPasskey

pytestmark = pytest.mark.asyncio(loop_scope="session")
WHY = "Her phone fell into the canal."
AUDREY = PersonId("audrey")


@pytest_asyncio.fixture(loop_scope="session")
async def asked(house: House) -> House:
    """tess proposes that audrey may pair anew."""
    if AUDREY in (await house.book()).factors.proposed:
        await house.order("tess", "drop_new_factor", {"person": "audrey"})
    await house.headers("audrey")
    await house.send("tess", "factors", {"person": "audrey", "reason": WHY})
    return house


async def address(house: House) -> str:
    """Of who pairs, as the third officer is shown it."""
    seen = await house.send("bruno", "factors/audrey", {})
    found = re.search(r"/new-factor/(\w+)", seen.html)
    assert found is not None, seen.text
    return found[0]


async def open_(house: House, path: str, typed: dict[str, str] | None = None) -> Seen:
    """As a person who is not logged in."""
    headers = {"Origin": house.url, "Accept-Language": "en"}
    method = "GET" if typed is None else "POST"
    async with house.browser.request(method, house.url + path, data=typed, headers=headers) as answer:
        return Seen(status=answer.status, path=answer.url.path, html=await answer.text())


async def paired(house: House, path: str) -> tuple[Seen, str]:
    """The whole way of the person: password, picture, first code. And the secret of the new app."""
    shown = await open_(house, path, {"password": PASSWORD})
    half = re.search(r'name="half" value="(\w+)"', shown.html)
    secret = re.search(r"<code>([A-Z2-7 ]+)</code>", unescape(shown.html))
    assert half is not None, shown.text
    assert secret is not None, shown.text
    factor = secret[1].replace(" ", "")
    wrong = await open_(house, path, {"half": half[1], "code": "12"})
    assert "no code of the new app" in wrong.text
    return await open_(house, path, {"half": half[1], "code": pyotp.TOTP(factor).now()}), factor


async def test_two_officers_and_her_password_pair_a_new_app_and_the_old_factors_are_gone(asked: House) -> None:
    passkey, old = SoftPasskey(seed=31), asked.cookies["audrey"]
    await register(asked, "audrey", passkey, "drowned")
    path = await address(asked)
    assert await asked.console.accounts.seen(old) is None
    assert await asked.console.passkeys.of(AUDREY) == []
    assert passkey.name not in (await asked.book()).factors.passkeys
    done, factor = await paired(asked, path)
    assert (done.path, "Your new app is paired" in done.text) == ("/login", True)
    spent = await asked.console.accounts.log_in("audrey", PASSWORD, pyotp.TOTP(factor).now(), device="the same code")
    assert not isinstance(spent, bytes)
    async with asked.installation.connected("clearing_console") as connection:
        await connection.execute("UPDATE clearing_console.accounts SET factor_step = 0 WHERE person = 'audrey'")
    cookie = await asked.console.accounts.log_in("audrey", PASSWORD, pyotp.TOTP(factor).now(), device="new")
    assert isinstance(cookie, bytes)
    asked.cookies["audrey"] = cookie
    assert (await open_(asked, path)).status == 404
    async with asked.installation.reading(CODE) as log:
        kinds = [row.type for row in await log.events_of("person/audrey")][-2:]
    assert kinds == [NewFactorAllowed.TYPE, NewFactorPaired.TYPE]


async def test_the_address_is_kept_nowhere_but_as_its_hash_and_asks_for_her_password(asked: House) -> None:
    path = await address(asked)
    secret = path.removeprefix("/new-factor/")
    allowed = (await asked.book()).factors.allowed[AUDREY]
    assert secret not in (allowed.address_sha256.hex(), "")
    before = await open_(asked, path)
    assert "Two officers opened this address for audrey" in before.text
    assert "<code>" not in before.html
    wrong = await open_(asked, path, {"password": "quatre mots mal choisis"})
    assert (wrong.status, "<code>" in wrong.html) == (403, False)
    assert "That is not your password" in wrong.text
    assert (await open_(asked, "/new-factor/" + "0" * 32)).status == 404
    assert (await open_(asked, "/new-factor/x")).status == 404
    await paired(asked, path)
    del asked.cookies["audrey"]


@pytest.mark.parametrize("officer", ["tess", "audrey"])
async def test_neither_the_proposer_nor_the_person_lets_her(asked: House, officer: str) -> None:
    seen = await asked.send(officer, "factors/audrey", {})
    assert seen.status == (422 if officer == "tess" else 403)
    assert AUDREY in (await asked.book()).factors.proposed
    assert await asked.console.accounts.seen(asked.cookies["audrey"]) is not None


async def test_agreeing_asks_for_a_fresh_factor_and_takes_a_passkey(asked: House) -> None:
    passkey = SoftPasskey(seed=32)
    await register(asked, "cleo", passkey, "of the clerk")
    await asked.forget_proof("cleo")
    assert (await asked.send("cleo", "factors/audrey", {})).status == 422
    page = await asked.send("cleo", "factors/audrey", {"with": "passkey"})
    secret = re.search(r'name="secret" value="(\w+)"', page.html)
    assert secret is not None
    fields = passkey.fields(challenge_of(page), asked.url) | {"secret": secret[1]}
    assert f"/new-factor/{secret[1]}" in (await asked.send("cleo", "factors/audrey", fields)).html
    await paired(asked, f"/new-factor/{secret[1]}")
    del asked.cookies["audrey"]


async def test_a_proposal_can_be_dropped_and_nothing_changed(asked: House) -> None:
    assert WHY in (await asked.see("cleo", "factors")).text
    assert "a third officer lets her pair a new one" in (await asked.see("cleo", "todo")).text
    assert "dropped" in (await asked.send("cleo", "factors/audrey", {"act": "drop"})).text
    assert await asked.console.accounts.seen(asked.cookies["audrey"]) is not None
    assert (await asked.see("cleo", "factors/audrey")).status == 404


async def test_who_is_shut_out_is_told_how_to_get_in_again(house: House) -> None:
    seen = await open_(house, "/login", {"person": "paula", "password": "not hers at all", "code": "000000"})
    assert "ask two other officers to let you pair a new one" in seen.text
    assert COOKIE not in seen.html
