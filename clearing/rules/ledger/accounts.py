"""Law: an account is named once; a plain move debits one and credits another by the same cents."""

from typing import Final

BANK: Final = "bank"
WAITING: Final = "bank:waiting"
HELD: Final = "held"
HELD_ABROAD: Final = "held-abroad"
NETTING: Final = "netting"
EURO: Final = "EUR"

Legs = dict[str, int]
"""Account -> cents, debit above zero, credit below."""


def move(debit: str, credit: str, cents: int) -> Legs:
    return {debit: cents, credit: -cents} if debit != credit else {}
