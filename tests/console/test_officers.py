"""An officer invites, a second one confirms, and whoever leaves hands over what is open and is out at once."""

import re
import secrets

import pytest

from clearing.values import PersonId
from tests.console.open_house import CODE, House, Seen
from tests.console.test_arriving import Guest, fresh_name
from tests.console.test_who_may import ask

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def invited_by(house: House, person: str, *roles: str) -> Guest:
    """By the page; the address stands on its answer alone."""
    label = f"for {secrets.token_hex(3)}"
    await proved(house, person)
    page = await send(house, person, "officers", {"label": label, "roles": roles})
    found = re.search(r"/join/([0-9a-f]{64})", page.html)
    assert found is not None, page.text
    again = await house.see(person, "officers")
    assert found[1] not in again.html, "opened again it is gone"
    assert label in again.text
    return Guest(house, found[1])


async def proved(house: House, person: str) -> None:
    """As if the second factor had been given a moment ago, whatever an earlier test made of it."""
    await house.headers(person)
    async with house.installation.connected("clearing_console") as connection:
        await connection.execute("UPDATE clearing_console.logins SET proved_us = seen_us WHERE person = $1", person)


async def send(house: House, person: str, path: str, typed: dict[str, object]) -> Seen:
    """A form with fields of several values."""
    headers = await house.headers(person)
    token = (await house.see(person, "account")).html.partition('name="token" value="')[2][:32]
    fields = [("token", token)]
    for name, value in typed.items():
        fields += [(name, str(one)) for one in (value if isinstance(value, tuple) else (value,))]
    async with house.browser.post(f"{house.url}/c/{CODE}/{path}", data=fields, headers=headers) as answer:
        return Seen(status=answer.status, path=answer.url.path, html=await answer.text())


async def named(house: House, *roles: str) -> tuple[Guest, str]:
    """Invited by tess, arrived, proposed by tess, confirmed by bruno: an officer."""
    guest, person = await invited_by(house, "tess", *roles), fresh_name()
    await guest.arrives(person)
    page = await house.see("tess", "officers")
    assert "not proposed yet" in page.text
    short = page.html.partition(f"{person}</th>")[2].partition('name="propose" value="')[2][:16]
    assert f"{person} is proposed." in (await send(house, "tess", "officers", {"propose": short})).text
    book = await house.book()
    seen = book.caisse.proposed[PersonId(person)]
    await house.order("bruno", "confirm_person", {"person": person, "key": seen.key, "roles": list(seen.roles)})
    return guest, person


async def sees(guest: Guest, path: str) -> Seen:
    headers = guest.headers() | {"Accept-Language": "en"}
    async with guest.house.browser.get(f"{guest.house.url}/c/{CODE}/{path}", headers=headers) as answer:
        return Seen(status=answer.status, path=answer.url.path, html=await answer.text())


async def does(guest: Guest, path: str, typed: dict[str, str]) -> Seen:
    token = (await sees(guest, "account")).html.partition('name="token" value="')[2][:32]
    async with guest.house.browser.post(
        f"{guest.house.url}/c/{CODE}/{path}", data={"token": token, **typed}, headers=guest.headers()
    ) as answer:
        return Seen(status=answer.status, path=answer.url.path, html=await answer.text())


async def test_who_was_invited_has_an_office_when_two_officers_named_her_and_not_before(house: House) -> None:
    guest, person = await invited_by(house, "tess", "desk"), fresh_name()
    await guest.arrives(person)
    assert (await sees(guest, "members")).status == 403
    page = await house.see("tess", "officers")
    short = page.html.partition(f"{person}</th>")[2].partition('name="propose" value="')[2][:16]
    await send(house, "tess", "officers", {"propose": short})
    assert (await sees(guest, "members")).status == 403
    own = await house.see("tess", "officers")
    assert f"confirm_person?person={person}" not in own.html, "who proposed her does not confirm her"
    other = await house.see("bruno", "officers")
    assert f"confirm_person?person={person}" in other.html
    form = await house.see("bruno", f"do/confirm_person?person={person}")
    key = dict(await house.console.accounts.everybody())[PersonId(person)]
    assert key.hex() in form.html
    await proved(house, "bruno")
    done = await send(house, "bruno", "do/confirm_person", {"person": person, "key": key.hex(), "roles": "desk"})
    assert done.status == 200
    assert (await sees(guest, "members")).status == 200
    assert (await sees(guest, "officers")).status == 200


async def test_who_may_not_propose_an_officer_invites_nobody(house: House) -> None:
    for person in ("dora", "audrey", "otto"):
        typed: dict[str, object] = {"label": "a friend", "roles": ("treasurer",)}
        assert (await send(house, person, "officers", typed)).status == 403, person
        assert 'name="label"' not in (await house.see(person, "officers")).html


async def test_an_address_is_made_with_a_second_factor_an_office_and_a_note_for_whom(house: House) -> None:
    assert (await send(house, "cleo", "officers", {"label": "somebody", "roles": ()})).status == 422
    assert (await send(house, "cleo", "officers", {"label": "", "roles": ("desk",)})).status == 422
    await house.forget_proof("cleo")
    page = await send(house, "cleo", "officers", {"label": "somebody", "roles": ("desk",)})
    await proved(house, "cleo")
    assert (page.status, "/join/" in page.html) == (422, False)


async def test_an_address_that_was_taken_back_opens_nothing(house: House) -> None:
    guest = await invited_by(house, "noor", "auditor")
    page = await house.see("noor", "officers")
    for short in re.findall(r'name="withdraw" value="(\w{16})"', page.html):
        await send(house, "noor", "officers", {"withdraw": short})
    assert (await guest.see()).status == 404


async def test_a_handover_shows_what_is_open_and_prints(house: House) -> None:
    await house.order("tess", "admit_producers", {"producers": [{"producer": "hive", "name": "The hive", "structures": []}]})
    await house.order("tess", "propose_bank_details", {"details": [{"producer": "hive", "digest": bytes(32)}]})
    vote = f"vote-{secrets.token_hex(3)}"
    await house.order("cleo", "record_decision", {
        "decision": vote, "title": "A vote", "body": "board", "method": "majority", "taken_on": "2026-05-02", "votes_for": 3,
        "votes_against": 0, "abstained": 0, "minutes_sha256": b"",
    })  # fmt: skip
    await house.token("cleo")
    page = await house.see("cleo", "officers/cleo")
    for told in (f"Decision {vote}, recorded by her, is not approved", "Log-in: a test", "Token: a test"):
        assert told in page.text
    approver = await house.see("tess", "officers/bruno")
    waits = approver.text.partition("nobody else may do it")[2].partition("Who has the same office")[0]
    assert re.search(r"account of hive|accounts of \d+ producers", waits), "one approver alone approves accounts"
    style = (await house.browser.get(f"{house.url}/static/console.css"))
    assert "@media print" in await style.text()


async def test_a_handover_is_opened_by_its_person_and_by_who_may_end_offices(house: House) -> None:
    assert (await house.see("dora", "officers/dora")).status == 200
    assert (await house.see("dora", "officers/tess")).status == 403
    assert (await house.see("audrey", "officers/dora")).status == 403
    assert (await house.see("bruno", "officers/dora")).status == 200
    assert (await house.see("bruno", "officers/nobody")).status == 404
    for person, what in (("bruno", "leave"), ("bruno", "stay"), ("dora", "remove"), ("bruno", "x")):
        assert (await send(house, person, "officers/dora", {"act": what})).status == 400, (person, what)
    assert (await send(house, "cleo", "officers/dora", {"act": "remove"})).status == 403, "the secretary ends no office"


async def test_who_leaves_is_out_at_once_and_another_officer_ends_the_offices(house: House) -> None:
    guest, person = await named(house, "desk", "auditor")
    login = await house.console.accounts.seen(bytes.fromhex(guest.cookie))
    assert login is not None
    token = await house.console.tokens.make(login, label="a sheet", roles=["auditor"], days=9)
    assert (await ask(house, token, "funds"))[0] == 200
    page = await sees(guest, f"officers/{person}")
    assert "bruno" in page.text
    left = await does(guest, f"officers/{person}", {"act": "leave"})
    assert left.status == 200
    assert "bruno" in left.text, "she is told who confirms"
    async with house.browser.get(f"{house.url}/c/{CODE}", headers=guest.headers(), allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (303, "/login")
    assert (await ask(house, token, "funds"))[0] == 401
    assert (await house.book()).caisse.persons[PersonId(person)].active, "her offices end when another confirms it"
    waits = await house.see("bruno", "todo")
    assert f"{person} leaves" in waits.text
    assert f"/c/{CODE}/officers/{person}" in waits.html
    await proved(house, "bruno")
    done = await send(house, "bruno", f"officers/{person}", {"act": "remove"})
    assert f"{person} has no office here any more" in done.text
    assert not (await house.book()).caisse.persons[PersonId(person)].active
    assert not await house.console.accounts.known(PersonId(person))
    assert f"{person} leaves" not in (await house.see("bruno", "todo")).text


async def test_who_leaves_may_stay_as_long_as_nobody_confirmed_it(house: House) -> None:
    await house.headers("basil")
    await house.console.invitations.leave(CODE, PersonId("basil"))
    assert "I stay" not in (await house.see("tess", "officers/basil")).text
    assert "I stay" in (await house.see("basil", "officers/basil")).text
    await send(house, "basil", "officers/basil", {"act": "stay"})
    assert "basil leaves" not in (await house.see("tess", "todo")).text


async def test_leaving_and_ending_ask_for_a_fresh_second_factor(house: House) -> None:
    guest, person = await named(house, "helper")
    await house.forget_proof("tess")
    assert (await send(house, "tess", f"officers/{person}", {"act": "remove"})).status == 422
    await proved(house, "tess")
    async with house.installation.connected("clearing_console") as connection:
        await connection.execute("UPDATE clearing_console.logins SET proved_us = 0 WHERE person = $1", person)
    assert (await does(guest, f"officers/{person}", {"act": "leave"})).status == 422
    assert (await house.book()).caisse.persons[PersonId(person)].active


async def test_the_last_approver_is_told_to_name_a_successor_first(house: House) -> None:
    approvers = [one for one in (await house.book()).caisse.persons.values() if one.active and "approver" in one.roles]
    assert [one.person for one in approvers] == ["bruno"]
    page = await house.see("bruno", "officers/bruno")
    assert "name the successor first" in page.text
    assert 'value="leave"' not in page.html
    await proved(house, "bruno")
    done = await send(house, "bruno", "officers/bruno", {"act": "leave"})
    assert (done.status, "name the successor first" in done.text) == (422, True)
    assert (await house.see("bruno", "account")).status == 200, "she is still in"
