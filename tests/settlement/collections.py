"""Law: one collection that any bank would take, to be bent by the tests, and the schema nobody here wrote."""

import importlib.resources
from datetime import date
from functools import cache

from lxml import etree

from clearing.settlement.bank_details import BankDetails
from clearing.settlement.pain008 import NAMESPACE, DebitFile, DirectDebit
from clearing.values import Cents
from tests.settlement.batches import CAISSE_IBAN, MONDAY_NOON_US, PRODUCER_IBAN

CREDITOR_ID = "FR72ZZZ123456"


def a_debit(**changed: object) -> DirectDebit:
    facts: dict[str, object] = {
        "end_to_end_id": "LOOS-C7-1",
        "mandate": "LOOS-M1",
        "signed_on": date(2026, 5, 2),
        "sequence": "FRST",
        "debtor_name": "Zoé Lefèvre",
        "iban": PRODUCER_IBAN,
        "amount_cents": Cents(2_500),
        "remittance": "Cotisation 2026-12 Caisse de Loos",
    }
    return DirectDebit(**(facts | changed))  # type: ignore[arg-type]


def a_collection(*debits: DirectDebit, **changed: object) -> DebitFile:
    facts: dict[str, object] = {
        "msg_id": "LOOS-C7",
        "created_at_us": MONDAY_NOON_US,
        "collection_date": date(2026, 12, 15),
        "creditor": BankDetails(name="Caisse de l'alimentation de Loos", iban=CAISSE_IBAN),
        "creditor_id": CREDITOR_ID,
        "debits": debits or (a_debit(),),
    }
    return DebitFile(**(facts | changed))  # type: ignore[arg-type]


def texts(xml: bytes, name: str) -> list[str]:
    return [element.text or "" for element in etree.fromstring(xml).iter(f"{{{NAMESPACE}}}{name}")]


@cache
def _schema() -> etree.XMLSchema:
    text = importlib.resources.files("sepaxml").joinpath("schemas", "pain.008.001.08.xsd").read_bytes()
    return etree.XMLSchema(etree.fromstring(text))


def assert_valid(xml: bytes) -> None:
    """Fails with the schema's own words."""
    _schema().assertValid(etree.fromstring(xml))
