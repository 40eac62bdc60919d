"""Law: a passkey lets its person in after her password, and signs the very command of a form."""

import json
import re
from base64 import urlsafe_b64decode
from html import unescape

import aiohttp
import pytest

from clearing.audit import audit
from clearing.console.sending import COOKIE
from clearing.events.caisse import DecisionApproved
from clearing.events.codec import decode
from clearing.values import DecisionId, PersonId
from clearing.wire.passkey import ALGORITHMS, split_assertion
from tests.console.open_house import CODE, PASSWORD, House, Seen
from tests.soft_passkey import SoftPasskey

pytestmark = pytest.mark.asyncio(loop_scope="session")
COUNTED = "passkeys' assertions over the very command they stand beside"
DECISION = {
    "title": "What the caisse pays", "body": "general-meeting", "method": "majority", "taken_on": "2026-04-20", "votes_for": 3,
    "votes_against": 0, "abstained": 0, "minutes_sha256": b"m" * 32,
}  # fmt: skip


def challenge_of(seen: Seen) -> bytes:
    """What the page asks the browser for."""
    found = re.search(r'data-options="([^"]+)"', seen.html)
    assert found is not None, seen.text
    text = json.loads(unescape(found[1]))["challenge"]
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


async def register(house: House, person: str, passkey: SoftPasskey, label: str) -> Seen:
    begun = await house.send(person, "account/passkeys", {"label": label})
    return await house.send(person, "account/passkeys", passkey.registration(challenge_of(begun), house.url))


async def vote(house: House, name: str) -> str:
    await house.order("cleo", "record_decision", {"decision": name, **DECISION})
    return f"votes/{name}"


async def signed(house: House, person: str, path: str, passkey: SoftPasskey, **wrong: object) -> Seen:
    """The form by passkey: the page that asks, and the answer that goes back."""
    await house.book()
    page = await house.send(person, path, {"with": "passkey"})
    return await house.send(person, path, passkey.fields(challenge_of(page), house.url, **wrong))


@pytest.mark.parametrize("algorithm", ALGORITHMS)
async def test_a_registered_passkey_signs_a_command_and_the_audit_counts_it(house: House, algorithm: str) -> None:
    passkey, path = SoftPasskey(algorithm, seed=21), await vote(house, f"pk-{algorithm.lower()}")
    assert "is registered" in (await register(house, "bruno", passkey, f"key {algorithm}")).text
    await house.forget_proof("bruno")
    assert (await house.see("bruno", path)).text.count("Sign with my passkey") == 1
    done = await signed(house, "bruno", path, passkey)
    assert "is approved: rules may stand on it" in done.text
    async with house.installation.reading(CODE) as log:
        rows = await log.events_of("caisse")
        row = rows[-1]
        keys = [house.running.vaults[CODE].signing_key().public]
        report = await audit(log, report=lambda _line: None, server_keys=keys)
    event = decode(row.type, row.schema_version, row.public, row.private)
    assert "bruno (by passkey)" in (await house.see("audrey", "trail?room=caisse")).text
    assert event == DecisionApproved(decision=DecisionId(path.removeprefix("votes/")), by=PersonId("bruno"))
    assert split_assertion(row.evidence, envelope_bytes_max=1 << 20)[1] is not None
    assert report.ok, report.reason
    assert report.checked[COUNTED] >= 1
    await house.send("bruno", "account/passkeys", {"end": passkey.name.hex()})


async def test_a_passkeys_answer_serves_once_and_only_for_what_the_form_said(house: House) -> None:
    passkey, path, other = SoftPasskey(seed=22), await vote(house, "pk-once"), await vote(house, "pk-other")
    await register(house, "bruno", passkey, "once")
    page = await house.send("bruno", path, {"with": "passkey"})
    fields = passkey.fields(challenge_of(page), house.url)
    moved = await house.send("bruno", other, fields)
    assert "says something else than what the passkey signed" in moved.text
    again = await house.send("bruno", path, fields)
    assert "was answered already" in again.text
    assert "is approved" in (await signed(house, "bruno", path, passkey)).text
    assert "pk-other" not in (await house.book()).caisse.approvals


@pytest.mark.parametrize(("wrong", "why"), [
    ({"flags": 0x01}, "did not check who held it"), ({"site": "elsewhere.example"}, "another site"),
    ({"origin": "http://localhost:1"}, "another address"), ({"type": "webauthn.create"}, "something else"),
    ({"challenge": "AAAA"}, "another command"),
])  # fmt: skip
async def test_a_wrong_answer_signs_nothing(house: House, wrong: dict[str, object], why: str) -> None:
    passkey, name = SoftPasskey(seed=23), f"pk-{why.replace(' ', '-')}-{len(str(wrong))}"
    path = await vote(house, name)
    await register(house, "bruno", passkey, name[:40])
    seen = await signed(house, "bruno", path, passkey, **wrong)
    assert seen.status == 422
    assert why in seen.text
    assert name not in (await house.book()).caisse.approvals
    await house.send("bruno", "account/passkeys", {"end": passkey.name.hex()})


async def test_a_copy_is_known_by_its_count(house: House) -> None:
    passkey, path = SoftPasskey(seed=24, count=5), await vote(house, "pk-copy")
    await register(house, "bruno", passkey, "copied")
    await signed(house, "bruno", path, passkey)
    copy = SoftPasskey(seed=24, count=2)
    seen = await signed(house, "bruno", await vote(house, "pk-copy-2"), copy)
    assert "went backwards, as that of a copy does" in seen.text


async def test_a_passkey_is_registered_with_a_fresh_second_factor_and_ended_for_good(house: House) -> None:
    await house.forget_proof("cleo")
    begun = await house.send("cleo", "account/passkeys", {"label": "my phone"})
    assert begun.status == 422
    del house.cookies["cleo"]
    passkey = SoftPasskey(seed=25)
    assert (await house.send("cleo", "account/passkeys", {"label": ""})).status == 422
    assert "is registered" in (await register(house, "cleo", passkey, "my phone")).text
    assert "registered here already" in (await register(house, "dora", passkey, "stolen")).text
    assert "It is ended." in (await house.send("cleo", "account/passkeys", {"end": passkey.name.hex()})).text
    assert passkey.name not in (await house.book()).factors.passkeys
    assert await house.console.passkeys.of(PersonId("cleo")) == []


async def log_in(house: House, fields: dict[str, str]) -> tuple[Seen, str]:
    """The log-in's answer, and the cookie that it sets."""
    headers = {"Origin": house.url, "Accept-Language": "en"}
    async with (
        aiohttp.ClientSession() as browser,
        browser.post(f"{house.url}/login", data=fields, headers=headers, allow_redirects=False) as answer,
    ):
        cookie = answer.cookies.get(COOKIE)
        return Seen(status=answer.status, path="/login", html=await answer.text()), cookie.value if cookie else ""


async def test_password_and_passkey_let_her_in_and_neither_does_alone(house: House) -> None:
    passkey = SoftPasskey(seed=26)
    await register(house, "otto", passkey, "mine")
    person = {"person": "otto", "password": PASSWORD, "with": "passkey"}
    page, _ = await log_in(house, person)
    half = re.search(r'name="half" value="(\w+)"', page.html)
    assert half is not None
    wrong, none = await log_in(house, {"half": half[1], **passkey.fields(bytes(32), house.url)})
    assert (wrong.status, none) == (403, "")
    page, _ = await log_in(house, person)
    half = re.search(r'name="half" value="(\w+)"', page.html)
    assert half is not None
    answer = {"half": half[1], **passkey.fields(challenge_of(page), house.url)}
    done, cookie = await log_in(house, answer)
    assert (done.status, len(cookie)) == (303, 64)
    assert await house.console.accounts.seen(bytes.fromhex(cookie)) is not None
    assert (await log_in(house, answer))[1] == ""
    refused, _ = await log_in(house, person | {"password": "quatre mots mal choisis"})
    nobody, _ = await log_in(house, person | {"person": "nobody"})
    unregistered, _ = await log_in(house, person | {"person": "audrey"})
    assert {refused.status, nobody.status, unregistered.status} == {403}
    assert refused.text.replace("otto", "") == nobody.text.replace("nobody", "")


async def test_a_token_is_made_with_a_passkey_as_with_a_code(house: House) -> None:
    passkey = SoftPasskey(seed=27)
    await register(house, "tess", passkey, "for tokens")
    await house.forget_proof("tess")
    asked = {"make": "yes", "label": "a program", "roles": "treasurer", "days": "3"}
    page = await house.send("tess", "account", asked | {"with": "passkey"})
    seen = await house.send("tess", "account", asked | passkey.fields(challenge_of(page), house.url))
    assert "Copy the new token now" in seen.text


async def test_a_question_is_answered_within_five_minutes_or_not_at_all(house: House) -> None:
    passkey, path = SoftPasskey(seed=28), await vote(house, "pk-late")
    await register(house, "bruno", passkey, "late")
    page = await house.send("bruno", path, {"with": "passkey"})
    async with house.installation.connected("clearing_console") as connection:
        await connection.execute("UPDATE clearing_console.challenges SET made_us = made_us - 300000000")
    seen = await house.send("bruno", path, passkey.fields(challenge_of(page), house.url))
    assert "more than five minutes old" in seen.text
    await house.send("bruno", "account/passkeys", {"end": passkey.name.hex()})


async def test_the_page_that_asks_says_what_is_signed_and_scripts_off_it_leads_back_to_the_code(house: House) -> None:
    passkey, path = SoftPasskey(seed=29), await vote(house, "pk-said")
    await register(house, "bruno", passkey, "said")
    page = await house.send("bruno", path, {"with": "passkey"})
    assert "pk-said" in page.text
    assert f'href="/c/{CODE}/{path}"' in page.html
    unanswered = await house.send("bruno", path, {"challenge": "AAAA"})
    assert "use the code of your app instead" in unanswered.text
    without = await house.send("dora", "do/add_passkey", {"with": "passkey"})
    assert without.status == 422
    await house.send("bruno", "account/passkeys", {"end": passkey.name.hex()})


async def test_who_is_admitted_anew_by_the_homes_keeper_has_no_old_passkey(house: House) -> None:
    passkey = SoftPasskey(seed=30)
    await register(house, "hana", passkey, "old")
    del house.cookies["hana"]
    await house.headers("hana")
    assert await house.console.passkeys.of(PersonId("hana")) == []
    assert "Lets nobody in any more" in (await house.see("hana", "account/passkeys")).text
