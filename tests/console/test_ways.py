"""Law: who confirms what another person proposed finds the whole of it filled in, and sends exactly that."""

from zoneinfo import ZoneInfo

from clearing.authoriser.forms import FORMS, check
from clearing.console.inputs import Reading, as_typed
from clearing.console.ways import PROPOSED
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
