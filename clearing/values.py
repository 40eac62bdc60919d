"""Law: money is integer cents, a rate is an integer in ten-thousandths, and an id is never just a string.

Every division of cents in the product is one of the two functions at the end of this file; each says who keeps the cent.
Source: domain.md section 2, rule 1.
"""

import re
from collections.abc import Sequence
from typing import Final, NewType

Cents = NewType("Cents", int)
Rate = NewType("Rate", int)  # ten-thousandths: 7_000 is 70 %
MicroTime = NewType("MicroTime", int)  # microseconds since 1970-01-01 UTC
Position = NewType("Position", int)  # a place in one caisse's log, from 1, without gaps

CaisseCode = NewType("CaisseCode", str)
MemberId = NewType("MemberId", str)  # a pseudonym of who holds purses: a person or a household; names live in people.py
EaterId = NewType("EaterId", str)  # a pseudonym of one person who eats from a household's purses
ProducerId = NewType("ProducerId", str)
ConventionId = NewType("ConventionId", str)
FundId = NewType("FundId", str)
GrantId = NewType("GrantId", str)  # what a funder promised: a subsidy
DecisionId = NewType("DecisionId", str)
PersonId = NewType("PersonId", str)  # one who commands: treasurer, approver, clerk
PayerId = NewType("PayerId", str)
CategoryId = NewType("CategoryId", str)
PurseKind = NewType("PurseKind", str)  # "credit", "own", "council" ...: a member has one purse per kind
CardId = NewType("CardId", bytes)  # 16 bytes, wire.md section 1; never the UID
TerminalId = NewType("TerminalId", bytes)  # 8 bytes
OperationId = NewType("OperationId", bytes)  # 16 bytes, the `x` of a request
ContractId = NewType("ContractId", str)  # an AMAP contract of one household
SeasonId = NewType("SeasonId", str)  # what contracts of one producer and season share
BatchId = NewType("BatchId", int)  # settlement batch of a caisse, from 1

WHOLE: Final = Rate(10_000)
CENTS_MAX: Final = 99_999_999_999  # one billion euros less a cent: the largest amount a bank file can carry
ID_FORM: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")


class InvalidValue(ValueError):
    """A value that breaks its own form; the text says which one and what form it takes."""


def cents(number: object, *, what: str = "amount") -> Cents:
    """Checked maker: an int from 0 to CENTS_MAX. Raises InvalidValue (a bool or a float is not an amount)."""
    if type(number) is not int or not 0 <= number <= CENTS_MAX:
        raise InvalidValue(f"{what} must be whole cents from 0 to {CENTS_MAX}, not {number!r}")
    return Cents(number)


def rate(number: object, *, what: str = "rate", at_most: int = 10_000) -> Rate:
    """Checked maker: an int in ten-thousandths from 0 to at_most. Raises InvalidValue."""
    if type(number) is not int or not 0 <= number <= at_most:
        raise InvalidValue(f"{what} must be whole ten-thousandths from 0 to {at_most} (70 % is 7000), not {number!r}")
    return Rate(number)


def identifier(text: object, *, what: str = "id") -> str:
    """Checked maker for every textual id: 1 to 40 of a-z 0-9 . _ - starting with a letter or digit."""
    if not isinstance(text, str) or not ID_FORM.fullmatch(text):
        raise InvalidValue(f"{what} must be 1 to 40 of a-z, 0-9, '.', '_', '-' and start with a letter or digit, not {text!r}")
    return text


def half_up(share: int, amount_cents: int, of: int = WHOLE) -> Cents:
    """amount_cents * share / of, the half cent goes up (to the payer's part). Both factors are 0 or more."""
    return (2 * amount_cents * share + of) // (2 * of)  # type: ignore[return-value]  # naming it Cents took half of the time


def largest_remainder(total_cents: int, weights: Sequence[int]) -> tuple[Cents, ...]:
    """Split total_cents by weights: the parts sum to the total; spare cents go to the largest remainders, first listed first.

    Raises ValueError when no weight is positive and there is something to split.
    """
    whole = sum(weights)
    if whole <= 0:
        if total_cents:
            raise ValueError("cannot split an amount over weights that sum to nothing; give one payer a weight above 0")
        return tuple(Cents(0) for _ in weights)
    parts = [total_cents * weight // whole for weight in weights]
    order = sorted(range(len(weights)), key=lambda i: (-(total_cents * weights[i] % whole), i))
    for i in order[: total_cents - sum(parts)]:
        parts[i] += 1
    return tuple(Cents(part) for part in parts)


def money(cents: int) -> str:
    """-1250 -> "-12.50 EUR": an amount in a sentence for people; never cents."""
    whole, part = divmod(abs(cents), 100)
    return f"{'-' if cents < 0 else ''}{whole}.{part:02d} EUR"
