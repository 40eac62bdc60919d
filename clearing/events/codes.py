"""Law: every answer is one of these codes; the order of the enum is the order of precedence (first that applies wins).

Source: wire.md section 5. The meanings shown to people are in docs/DECLINE_REASONS.md, kept in step by a house test.
"""

from enum import StrEnum
from typing import Final


class Code(StrEnum):
    """Answer codes of ISO 8583 as this product uses them; declared in order of precedence."""

    LEDGER_UNAVAILABLE = "91"
    INTERNAL_ERROR = "96"
    CONFLICT = "94"
    IMPLAUSIBLE_TIME = "98"
    TERMINAL_SUSPENDED = "58"
    NO_CONVENTION = "03"
    SCHEMA = "30"
    AMOUNTS_DO_NOT_ADD_UP = "13"
    ORIGINAL_NOT_FOUND = "25"
    LATE_AFTER_REVERSAL = "68"
    EXPIRED_OR_RESOLVED = "84"
    NOT_ALLOWED_NOW = "12"
    TAP_VIOLATION = "63"
    CARD_UNKNOWN = "14"
    STOLEN = "43"
    LOST = "41"
    BLOCKED = "62"
    NOT_ACTIVATED = "78"
    CREDIT_EXPIRED = "54"
    FRAUD_SUSPECTED = "59"
    PIN_REQUIRED = "1A"
    PIN_TRIES = "75"
    PIN_WRONG = "55"
    NOTHING_ELIGIBLE = "57"
    FREQUENCY_LIMIT = "65"
    AMOUNT_LIMIT = "61"
    INSUFFICIENT_CREDIT = "51"
    DECLINED = "05"
    PARTIAL = "10"
    APPROVED = "00"


PRECEDENCE: Final = {code: rank for rank, code in enumerate(Code)}
"""Lower rank wins when several reasons apply."""

_TO_DECLINED: Final = frozenset({Code.INSUFFICIENT_CREDIT, Code.CREDIT_EXPIRED, Code.NOTHING_ELIGIBLE, Code.FRAUD_SUSPECTED,
                                 Code.AMOUNT_LIMIT, Code.FREQUENCY_LIMIT})
_TO_UNKNOWN_CARD: Final = frozenset({Code.LOST, Code.STOLEN, Code.BLOCKED, Code.NOT_ACTIVATED})


def till_code(code: Code) -> Code:
    """The code a terminal may see: the stall never learns why a card pays nothing (wire.md section 5)."""
    if code in _TO_DECLINED:
        return Code.DECLINED
    if code in _TO_UNKNOWN_CARD:
        return Code.CARD_UNKNOWN
    return code
