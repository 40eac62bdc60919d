"""Law: a mandate's account stays sealed; a collection takes two people, and what came back is owed to the caisse."""

import re
import secrets
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta

import pytest
import pytest_asyncio

from clearing.rules.treasury.debits import DebitState, MandateState
from clearing.rules.treasury.target_days import next_target_day
from clearing.values import MemberId
from tests.bank.samples import pain002
from tests.console.open_house import CODE, House
from tests.console.test_bank_pages import ANOTHER_IBAN, OWN_IBAN, cotisation_voted, own_account
from tests.settlement.collections import CREDITOR_ID

pytestmark = pytest.mark.asyncio(loop_scope="session")


def today() -> date:
    return datetime.now(UTC).date()


def day_of_debits() -> str:
    return next_target_day(today() + timedelta(days=25)).isoformat()


async def signed(house: House, member: str) -> str:
    """A member with a cotisation by debit and a mandate; the mandate's address."""
    await own_account(house)
    await cotisation_voted(house)
    if (await house.book()).debits.creditor is None:
        await house.order("tess", "name_creditor", {"creditor": CREDITOR_ID, "lead_days": 1})
    await house.order("dora", "admit_members", {"members": [{"member": member, "groups": []}]})
    await house.order("dora", "agree_cotisation", {
        "member": member, "rule": "month", "cents": 2_500, "means": "debit", "every_months": 1,
        "from_period": f"{today():%Y-%m}",
    })  # fmt: skip
    seen = await house.send("dora", "mandates/new", {
        "member": member, "holder": "Zoé Petit", "iban": ANOTHER_IBAN, "signed_on": today().isoformat(), "how": "paper",
        "kind": "recurrent",
    })  # fmt: skip
    assert seen.status == 200, seen.text
    return seen.path.removeprefix(f"/c/{CODE}/")


@pytest_asyncio.fixture(loop_scope="session")
async def proposed(house: House) -> AsyncIterator[tuple[int, list[str]]]:
    """A collection of two members, and who they are; dropped afterwards where it was not sent."""
    members = [f"c-{secrets.token_hex(3)}" for _ in range(2)]
    for member in members:
        await signed(house, member)
    seen = await house.send("tess", "collections", {
        "period": f"{today():%Y-%m}", "collect_on": day_of_debits(), "act": "propose"
    })  # fmt: skip
    assert "is proposed. Next, another person looks at its list" in seen.text, seen.text
    number = int(seen.path.rpartition("/")[2])
    yield number, members
    if (await house.book()).debits.collections[number].exported is None:
        await house.send("tess", f"collections/{number}", {"act": "drop", "why": "the end of a test"})


async def sent(house: House, number: int) -> None:
    for person, act in (("bruno", "approve"), ("dora", "announce"), ("tess", "export")):
        seen = await house.send(person, f"collections/{number}", {"act": act})
        assert seen.status == 200, seen.text


async def test_a_mandate_is_signed_and_its_account_shown_by_its_end_alone(house: House) -> None:
    where = await signed(house, "c-sealed")
    seen = await house.see("dora", where)
    assert ("Zoé Petit, …2606" in seen.text, "0500013M" in seen.html) == (True, False)
    assert "c-sealed" in (await house.see("tess", "mandates?q=c-seal")).text
    assert "No mandate is like this." in (await house.see("tess", "mandates?q=nobody-at-all")).text
    wrong = await house.send("dora", where, {"act": "account", "holder": "Zoé Petit", "iban": "FR76 1234"})
    assert wrong.status == 422


async def test_a_mandate_is_paused_resumed_and_revoked_with_a_reason(house: House) -> None:
    where = await signed(house, "c-paused")
    mandate = next(one for one in (await house.book()).debits.mandates.values() if one.signed.member == "c-paused")
    assert (await house.send("dora", where, {"act": "suspend"})).status == 422
    assert "suspended (she asked)" in (await house.send("dora", where, {"act": "suspend", "why": "she asked"})).text
    assert (await house.send("dora", where, {"act": "resume", "why": "sorted out"})).status == 200
    await house.send("dora", where, {"act": "revoke", "on": today().isoformat(), "reason": "pays in cash"})
    assert (await house.book()).debits.mandates[mandate.signed.mandate.upper()].state is MandateState.REVOKED
    assert (await house.send("bruno", where, {"act": "suspend", "why": "no office"})).status == 403


async def test_the_caisses_own_account_is_no_members(house: House) -> None:
    await signed(house, "c-own")
    seen = await house.send("dora", "mandates/new", {
        "member": "c-own", "holder": "Caisse", "iban": OWN_IBAN, "signed_on": today().isoformat(),
        "how": "paper", "kind": "recurrent",
    })  # fmt: skip
    assert (seen.status, "is the caisse's own" in seen.text) == (422, True)


async def test_who_would_be_asked_is_looked_at_before_anything_is_proposed(house: House) -> None:
    await signed(house, "c-looked")
    await cotisation_voted(house)
    await house.order("dora", "admit_members", {"members": [{"member": "c-unsigned", "groups": []}]})
    await house.order("dora", "agree_cotisation", {
        "member": "c-unsigned", "rule": "month", "cents": 900, "means": "debit", "from_period": f"{today():%Y-%m}",
        "every_months": 1,
    })  # fmt: skip
    before = (await house.book()).position
    seen = await house.send("tess", "collections", {
        "period": f"{today():%Y-%m}", "collect_on": day_of_debits(), "act": "look"
    })  # fmt: skip
    assert "c-looked" in seen.text
    assert "c-unsigned, €9.00: c-unsigned has signed no mandate" in seen.text
    assert (await house.book()).position == before
    assert (await house.send("tess", "collections", {"period": "", "act": "propose"})).status == 422


async def test_a_collection_is_approved_by_another_told_and_written(house: House, proposed: tuple[int, list[str]]) -> None:
    number, members = proposed
    where = f"collections/{number}"
    assert "You proposed this collection, so another person approves it." in (await house.see("tess", where)).text
    assert (await house.send("tess", where, {"act": "approve"})).status == 403
    await house.forget_proof("bruno")
    assert "Type the six digits" in (await house.send("bruno", where, {"act": "approve"})).text
    house.cookies.pop("bruno")
    assert (await house.send("bruno", where, {"act": "approve"})).status == 200
    assert (await house.see("dora", f"{where}/notices")).text.count("Zoé Petit") == 0
    told = await house.send("dora", where, {"act": "announce"})
    assert (told.path.endswith("/notices"), "25,00 EUR" in told.text, members[0] in told.text) == (True, True, True)
    done = await house.send("tess", where, {"act": "export"})
    assert "The bank's file is written: " in done.text
    name = re.search(rf"{where}/files/([\w.-]+\.xml)", done.html)
    assert name is not None
    headers = await house.headers("tess")
    async with house.browser.get(f"{house.url}/c/{CODE}/{where}/files/{name[1]}", headers=headers) as answer:
        first = await answer.read()
        assert answer.headers["Content-Disposition"] == f'attachment; filename="{name[1]}"'
        assert b"pain.008.001.08" in first
    assert (await house.send("tess", where, {"act": "export"})).status == 200
    async with house.browser.get(f"{house.url}/c/{CODE}/{where}/files/{name[1]}", headers=headers) as answer:
        assert await answer.read() == first
    assert (await house.see("tess", f"{where}/files/..%2F..%2Fkeys")).status == 404
    assert (await house.see("dora", f"{where}/files/{name[1]}")).status == 403


async def test_one_member_is_left_out_and_a_collection_is_dropped(house: House, proposed: tuple[int, list[str]]) -> None:
    number, members = proposed
    where = f"collections/{number}"
    assert (await house.send("tess", where, {"act": "leave", "member": members[0]})).status == 422
    seen = await house.send("tess", where, {"act": "leave", "member": members[0], "reason": "asked"})
    assert (seen.status, "Left out" in seen.text) == (200, True)
    assert "dropped: nothing was collected" in (await house.send("tess", where, {"act": "drop", "why": "a test"})).text


async def test_a_status_report_answers_a_collection_and_what_came_back_is_owed(
    house: House, proposed: tuple[int, list[str]]
) -> None:
    number, members = proposed
    await sent(house, number)
    collection = (await house.book()).debits.collections[number]
    assert collection.exported is not None
    first, second = (collection.debits[MemberId(member)].row.reference for member in members)
    report = pain002((first, "ACSC", ""), (second, "RJCT", "AC04"), answered=collection.exported.message_id)
    seen = await house.bring("tess", "bank", report)
    assert (seen.path, "2 said something new" in seen.text) == (f"/c/{CODE}/collections/{number}", True), seen.text
    states = {member: debit.state for member, debit in (await house.book()).debits.collections[number].debits.items()}
    assert (states[MemberId(members[0])], states[MemberId(members[1])]) == (DebitState.EXECUTED, DebitState.REJECTED)
    position = (await house.book()).position
    assert "says nothing new" in (await house.bring("tess", "bank", report)).text
    assert (await house.book()).position == position
    back = await house.send("tess", f"collections/{number}/answers", {
        f"state.{members[0]}": "returned", f"code.{members[0]}": "am04", "on": today().isoformat()
    })  # fmt: skip
    assert (back.status, "AM04" in back.text) == (200, True), back.text
    owed = await house.see("tess", "collections/returned")
    assert (members[0] in owed.text, "there was not enough money on the account" in owed.text) == (True, True)
    assert "do/write_off_cotisation" in owed.html
    assert "came back are owed" in (await house.see("tess", "todo")).text
    her = await house.see("dora", f"members/{members[0]}")
    assert "A debit came back on" in her.text
    assert "Her credit and her card stay as they are." in her.text


async def test_what_the_bank_never_said_is_not_recorded(house: House, proposed: tuple[int, list[str]]) -> None:
    number, _ = proposed
    assert "has not had the file" in (await house.see("tess", f"collections/{number}/answers")).text
    await sent(house, number)
    seen = await house.send("tess", f"collections/{number}/answers", {"on": today().isoformat()})
    assert (seen.status, "Choose what the bank said" in seen.text) == (422, True)
    strange = pain002(("NOBODY-1", "ACSC", ""), answered=f"{CODE}-D{number:06d}")
    assert (await house.bring("tess", "bank", strange)).status in (200, 422)


async def test_a_report_on_a_file_of_nobody_here_is_told(house: House) -> None:
    seen = await house.bring("tess", "bank", pain002(("X-1", "ACSC", ""), answered="another-B000009"))
    assert (seen.status, "is it another caisse's?" in seen.text) == (422, True)


async def test_what_waits_leads_to_the_pages(house: House, proposed: tuple[int, list[str]]) -> None:
    number, _ = proposed
    assert f'href="/c/{CODE}/collections/{number}"' in (await house.see("bruno", "todo")).html


async def test_what_is_not_there_is_not_found(house: House) -> None:
    for path in ("collections/99999", "collections/x", "mandates/nothing", "collections/0/answers"):
        assert (await house.see("tess", path)).status == 404
