"""Law: a producer's account takes two people and stays sealed; a till is paired by a code that a page shows once."""

import re
import secrets

import pytest

from clearing.terminal.pairing import pair
from clearing.terminal.transport import HttpTransport, SystemClock
from clearing.values import ProducerId, TerminalId
from clearing.wire.signature import TerminalKey
from tests.console.open_house import CODE, House

pytestmark = pytest.mark.asyncio(loop_scope="session")
IBAN = "FR76 3000 6000 0112 3456 7890 189"
FARM = {"producer": "farm", "name": "The farm", "structures": "territory.north", "first_day": "2026-01-01"}


async def admitted(house: House, producer: str) -> None:
    seen = await house.send("tess", "producers/new", FARM | {"producer": producer, "name": f"The {producer}"})
    assert seen.status == 200, seen.text


async def test_a_producer_is_admitted_with_a_convention_in_force(house: House) -> None:
    seen = await house.send("tess", "producers/new", FARM | {"categories": "fruit-veg"})
    assert (seen.status, seen.path) == (200, f"/c/{CODE}/producers/farm")
    assert "farm-1 1 January 2026 No end fruit-veg In force" in seen.text
    assert "No account: it can't be paid." in seen.text


async def test_a_convention_that_ends_before_it_begins_keeps_what_was_typed(house: House) -> None:
    seen = await house.send("tess", "producers/new", FARM | {"producer": "late", "until": "2025-12-31"})
    assert seen.status == 422
    assert "It ends before it begins." in seen.text
    assert 'value="The farm"' in seen.html
    assert ProducerId("late") not in (await house.book()).producers.producers


async def test_an_account_is_entered_by_one_and_approved_by_another_who_sees_it_whole(house: House) -> None:
    await admitted(house, "orchard")
    seen = await house.send("tess", "producers/orchard", {"holder": "The Orchard", "iban": IBAN.lower()})
    assert "The account …0189 is entered." in seen.text
    assert "Entered by tess, waits for an approver." in seen.text
    assert "3000 6000" not in seen.html
    assert (await house.see("tess", "producers/orchard/account")).status == 403
    shown = await house.see("bruno", "producers/orchard/account")
    assert IBAN in shown.text
    digest = re.search(r'name="digest" value="([0-9a-f]+)"', shown.html)
    assert digest is not None
    done = await house.send("bruno", "producers/orchard/account", {"digest": digest[1]})
    assert "The account is approved." in done.text
    assert (await house.book()).producers.producers[ProducerId("orchard")].details


async def test_another_account_than_the_one_shown_is_not_approved(house: House) -> None:
    await admitted(house, "mill")
    await house.send("tess", "producers/mill", {"holder": "The mill", "iban": IBAN})
    seen = await house.send("bruno", "producers/mill/account", {"digest": "00" * 32})
    assert seen.status == 422
    assert not (await house.book()).producers.producers[ProducerId("mill")].details


async def test_an_approval_asks_for_a_fresh_second_factor(house: House) -> None:
    await admitted(house, "dairy")
    await house.send("tess", "producers/dairy", {"holder": "The dairy", "iban": IBAN})
    await house.forget_proof("bruno")
    seen = await house.send("bruno", "producers/dairy/account", {"digest": "00" * 32, "one-time-code": "000000"})
    assert seen.status == 422
    assert "Type the six digits that your app shows now." in seen.text
    del house.cookies["bruno"]


async def test_a_wrong_iban_is_told_beside_its_field_and_is_not_kept(house: House) -> None:
    await admitted(house, "typo")
    seen = await house.send("tess", "producers/typo", {"holder": "Typo", "iban": IBAN.replace("189", "188")})
    assert seen.status == 422
    assert "the IBAN ending" in seen.text
    assert (await house.book()).producers.producers[ProducerId("typo")].proposed is None


async def test_a_till_is_paired_with_the_code_of_the_page_and_shows_the_same_digits(house: House) -> None:
    await admitted(house, "pairer")
    seen = await house.send("otto", "terminals", {"producer": "pairer"})
    assert seen.status == 200
    slot, code = re.findall(r"<dd><strong>([^<]+)</strong>", seen.html)
    assert code not in (await house.see("otto", "terminals")).html
    async with HttpTransport(house.running.url) as transport:
        paired = await pair(transport, slot, code, clock=SystemClock())
    number = paired.identity.terminal.hex()
    page = await house.see("otto", f"terminals/{number}")
    assert f"Digits its screen showed {paired.digits}" in page.text
    assert "Last asked Never" in page.text
    assert "Never" in (await house.see("otto", "terminals")).text


async def test_a_terminal_is_stopped_at_once_and_sells_again(house: House) -> None:
    name = TerminalId(secrets.token_bytes(8))
    await admitted(house, "stopper")
    await house.order("tess", "enrol_terminals", {"terminals": [
        {"terminal": name, "epoch": 1, "producer": "stopper", "key": TerminalKey.from_seed(secrets.token_bytes(32)).public}
    ]})
    seen = await house.send("otto", f"terminals/{name.hex()}", {"act": "suspend"})
    assert "The terminal sells nothing any more." in seen.text
    assert (await house.book()).producers.terminals[name].suspended
    assert "terminals?producer=stopper" in seen.html  # what replaces it
    assert '<option value="stopper" selected>' in (await house.see("otto", "terminals?producer=stopper")).html
    await house.send("otto", f"terminals/{name.hex()}", {"act": "resume"})
    assert not (await house.book()).producers.terminals[name].suspended
    refused = await house.send("audrey", f"terminals/{name.hex()}", {"act": "suspend"})
    assert refused.status == 422


async def test_who_helps_out_and_who_buys_open_no_page_about_producers(house: House) -> None:
    for officer in ("hana", "basil"):
        for path in ("producers", "producers/field", "terminals", "producers/field/statements/1"):
            assert (await house.see(officer, path)).status == 403, (officer, path)
