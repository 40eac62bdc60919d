"""Law: one batch that any bank would take, to be bent by the tests, and a schema nobody here wrote to judge the file."""

import importlib.resources
from datetime import date
from functools import cache

from lxml import etree

from clearing.settlement.pain001 import NAMESPACE, BankParty, PaymentFile, Payout
from clearing.values import Cents, MicroTime

CAISSE_IBAN = "FR7630006000011234567890189"
PRODUCER_IBAN = "FR1420041010050500013M02606"
MONDAY_NOON_US = MicroTime(1_796_040_000_000_000)  # 2026-11-30 12:00 UTC


def a_payout(**changed: object) -> Payout:
    facts: dict[str, object] = {
        "end_to_end_id": "P-7-1",
        "producer_name": "Ferme des Trois Chênes",
        "iban": PRODUCER_IBAN,
        "bic": None,
        "amount_cents": Cents(1734),
        "remittance": "Caisse de Loos, lot 7",
    }
    return Payout(**(facts | changed))  # type: ignore[arg-type]


def a_file(*payouts: Payout, **changed: object) -> PaymentFile:
    facts: dict[str, object] = {
        "msg_id": "LOOS-7",
        "created_at_us": MONDAY_NOON_US,
        "execution_date": date(2026, 12, 1),
        "debtor": BankParty(name="Caisse de l'alimentation de Loos", iban=CAISSE_IBAN),
        "payouts": payouts or (a_payout(),),
    }
    return PaymentFile(**(facts | changed))  # type: ignore[arg-type]


def texts(xml: bytes, name: str) -> list[str]:
    """The text of every element of that name, in the order of the file."""
    return [element.text or "" for element in etree.fromstring(xml).iter(f"{{{NAMESPACE}}}{name}")]


@cache
def _schema() -> etree.XMLSchema:
    text = importlib.resources.files("sepaxml").joinpath("schemas", "pain.001.001.09.xsd").read_bytes()
    return etree.XMLSchema(etree.fromstring(text))


def assert_valid(xml: bytes) -> None:
    """Fails with the schema's own words when a file breaks the XSD that a third party ships."""
    _schema().assertValid(etree.fromstring(xml))
