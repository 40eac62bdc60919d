"""Each page and each command, asked as every role: what docs/ROLES.md marks is answered, all else and elsewhere refused."""

import json
import re

import pytest
from aiohttp import FormData

from clearing.authoriser.forms import FORMS
from clearing.console.ordering import STEP_UP
from clearing.console.public import OPEN_PAGES
from clearing.console.rooms import PAGES
from clearing.console.tokens import PREFIX
from clearing.rules.voted.offices import ALLOWED_ROLES, DEPUTIES, ROLES
from clearing.values import PersonId
from tests.console.open_house import CODE, OFFICES, House

pytestmark = pytest.mark.asyncio(loop_scope="session")
WHO = {roles[0]: person for person, roles in OFFICES.items() if len(roles) == 1}
"""role -> somebody who has it and no other."""


def filled(path: str) -> str:
    """An address of that page, of things that need not be there."""
    return re.sub(r"\{\w+\}", "1", path)


def office(role: str) -> str:
    """The office that a role fills: its own, or a deputy's."""
    return DEPUTIES.get(role, role)


async def test_every_role_has_somebody_who_asks() -> None:
    """One deputy stands for all three: the rules know them by one table."""
    assert {*WHO, *DEPUTIES} == set(ROLES)


@pytest.mark.parametrize("path", list(PAGES))
async def test_a_page_is_answered_to_its_roles_and_to_nobody_else(house: House, path: str) -> None:
    page = PAGES[path]
    for role, person in WHO.items():
        seen = await house.see(person, filled(path))
        if office(role) in page.roles:
            assert seen.status in (200, 403, 404), (role, seen.status)
            assert seen.status != 403 or path == "do/{verb}", role
        else:
            assert seen.status == 403, (role, seen.status)


@pytest.mark.parametrize("path", [path for path, page in PAGES.items() if page.post is not None])
async def test_a_form_is_taken_from_the_pages_roles_with_its_token_and_from_here(house: House, path: str) -> None:
    page = PAGES[path]
    for role, person in WHO.items():
        if office(role) not in page.roles:
            assert (await house.send(person, filled(path), {})).status == 403
    person = WHO[page.roles[0]]
    assert (await house.send(person, filled(path), {"token": "0" * 32})).status == 403
    headers = await house.headers(person) | {"Origin": "http://elsewhere.example"}
    async with house.browser.post(f"{house.url}/c/{CODE}/{filled(path)}", data=FormData({"x": "y"}), headers=headers) as answer:
        assert answer.status == 403


async def test_who_is_not_logged_in_is_led_to_the_log_in_from_every_page(house: House) -> None:
    for path in PAGES:
        address = f"{house.url}/c/{CODE}/{filled(path)}".rstrip("/")
        async with house.browser.get(address, allow_redirects=False) as answer:
            assert (answer.status, answer.headers["Location"]) == (303, "/login"), path


async def test_what_is_open_to_everybody_needs_no_log_in_and_is_on_its_own_list(house: House) -> None:
    assert not set(OPEN_PAGES) & {f"/c/{{caisse}}/{path}" for path in PAGES}
    for path in OPEN_PAGES:
        async with house.browser.get(f"{house.url}{path.format(caisse=CODE)}", allow_redirects=False) as answer:
            assert (answer.status, "Set-Cookie" in answer.headers) == (200, False), path
        async with house.browser.get(f"{house.url}{path.format(caisse='elsewhere')}", allow_redirects=False) as answer:
            assert answer.status == 404, path
        async with house.browser.post(f"{house.url}{path.format(caisse=CODE)}", headers={"Origin": house.url}) as answer:
            assert answer.status in (404, 405), path


async def test_another_caisse_is_closed_to_every_role_like_one_that_is_not_there(house: House) -> None:
    for path in PAGES:
        for person in WHO.values():
            address = f"{house.url}/c/elsewhere/{filled(path)}".rstrip("/")
            async with house.browser.get(address, headers=await house.headers(person)) as answer:
                assert answer.status == 403, (path, person)


@pytest.mark.parametrize("verb", list(FORMS))
async def test_a_commands_form_is_shown_to_who_may_give_it(house: House, verb: str) -> None:
    for role, person in WHO.items():
        assert (await house.see(person, f"do/{verb}")).status == (200 if office(role) in ALLOWED_ROLES[verb] else 403), role


@pytest.mark.parametrize("verb", list(FORMS))
async def test_a_token_orders_what_its_offices_order_and_nothing_with_a_second_factor(house: House, verb: str) -> None:
    for role, person in WHO.items():
        status, said = await ask(house, await house.token(person), f"commands/{verb}", {"no-such-field": 1})
        if verb in STEP_UP or office(role) not in ALLOWED_ROLES[verb]:
            assert status == 403, (role, said)
        else:
            assert (status, "no-such-field" in said or "needs the field" in said) == (422, True), (role, said)


async def test_a_token_is_no_more_than_its_person_and_than_it_was_made_for(house: House) -> None:
    narrow = await house.token("noor", roles=["desk"])
    assert (await ask(house, narrow, "commands/receive_money", {}))[0] == 403
    assert (await ask(house, narrow, "commands/admit_members", {"members": []}))[0] != 403
    assert (await ask(house, narrow, "funds"))[0] == 403
    assert (await ask(house, await house.token("tess"), "funds"))[0] == 200
    assert (await ask(house, PREFIX + "00" * 32, "funds"))[0] == 401
    assert (await ask(house, "x", "funds"))[0] == 401
    for token in await house.console.tokens.of(PersonId("noor")):
        assert await house.console.tokens.end(PersonId("noor"), token.name)
    assert (await ask(house, narrow, "commands/admit_members", {"members": []}))[0] == 401


async def test_the_same_key_again_is_the_same_command_and_another_body_is_refused(house: House) -> None:
    token = await house.token("tess")
    body = {"fund": "general", "cents": 77, "reference": "line of a program"}
    before = (await house.book()).funds
    cents = {name: fund.received_cents for name, fund in before.items()}
    first = await ask(house, token, "commands/receive_money", body, key="k-1")
    assert first[0] == 200
    assert await ask(house, token, "commands/receive_money", body, key="k-1") == first
    assert (await ask(house, token, "commands/receive_money", body | {"cents": 78}, key="k-1"))[0] == 422
    after = {name: fund.received_cents for name, fund in (await house.book()).funds.items()}
    assert sum(after.values()) - sum(cents.values()) == 77
    declined = await ask(house, token, "commands/receive_money", body, key="k-2")
    assert (declined[0], "recorded already" in declined[1]) == (409, True)


async def ask(house: House, token: str, path: str, body: object = None, *, key: str = "") -> tuple[int, str]:
    headers = {"Authorization": f"Bearer {token}"} | ({"Idempotency-Key": key} if key else {})
    address = f"{house.url}/api/v1/caisses/{CODE}/{path}"
    method, data = ("GET", None) if body is None else ("POST", json.dumps(body))
    async with house.browser.request(method, address, data=data, headers=headers) as answer:
        return answer.status, await answer.text()
