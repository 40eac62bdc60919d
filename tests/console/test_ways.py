"""Law: who confirms what another person proposed finds the whole of it filled in, and sends exactly that."""

import re
from zoneinfo import ZoneInfo

import pytest

from clearing.authoriser.forms import FORMS, check
from clearing.console.inputs import Reading, as_typed
from clearing.console.rooms import PAGES
from clearing.console.ways import DOORS, PLACES, PROPOSED, WAYS, way_of
from clearing.events.producers import BankDetailsProposed
from clearing.values import ProducerId
from tests.given_when_then import given
from tests.sayings import AMINA, MARKET, producer

PARIS = ZoneInfo("Europe/Paris")
MILL = ProducerId("mill")


def test_accounts_that_wait_are_filled_in_with_what_was_entered() -> None:
    entered = BankDetailsProposed(producer=MILL, details=b"d" * 32, by=AMINA)
    book = given(*MARKET, *producer(MILL), entered).book
    form, body = FORMS["approve_bank_details"], PROPOSED["approve_bank_details"](book, {})
    assert body is not None
    sent = Reading(typed=as_typed(form, body, PARIS), zone=PARIS).body(form)
    check(form, sent, "approve_bank_details")
    assert sent == {"producers": [{"producer": MILL, "digest": b"d" * 32}]}


def test_nothing_is_filled_in_while_no_account_waits() -> None:
    assert PROPOSED["approve_bank_details"](given(*MARKET).book, {}) is None


@pytest.mark.parametrize("name", [*WAYS, *PLACES, *DOORS])
def test_what_waits_leads_to_a_page_that_there_is(name: str) -> None:
    """Of each page of the list the address with something in its places."""
    found = way_of(f"{name} 1 2")
    assert found is not None
    address = re.split("[?#]", found[1])[0]
    pages = [re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path))) for path in PAGES]
    assert any(one.fullmatch(address) for one in pages), address
