"""Law: an account is written into a file only after its IBAN's own check digits agreed, and errors never print an IBAN.

Source: ISO 13616 (IBAN) and ISO 9362 (BIC) as schwifty checks them offline; names of at most 70 characters (pain.001).
"""

from dataclasses import dataclass
from typing import Final

import schwifty
from schwifty.exceptions import SchwiftyException

from clearing.settlement.sepa_text import has_letter_or_digit, to_sepa
from clearing.values import InvalidValue

NAME_CHARS_MAX: Final = 70


class InvalidBankDetails(InvalidValue):
    """Bank details that no bank would take; the text lists everything to correct, one sentence each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BankDetails:
    """Who holds the account and where. Made by `bank_details`, it is checked: compact capitals, the name as typed.

    The name should be the one the bank knows (Verification of Payee compares it). bic is normally None.
    """

    name: str
    iban: str
    bic: str | None = None


def bank_details(*, name: str, iban: str, bic: str | None = None) -> BankDetails:
    """Checked maker: takes an IBAN with or without spaces, small or capital. Raises InvalidBankDetails with every error."""
    problems = details_problems(name=name, iban=iban, bic=bic)
    if problems:
        raise InvalidBankDetails("; ".join(problems))
    return BankDetails(name=" ".join(name.split()), iban=compact(iban), bic=compact(bic) if bic else None)


def details_problems(*, name: str, iban: str, bic: str | None) -> list[str]:
    """Everything wrong with these details, in plain words that say what to do; empty when they can be used."""
    found = (name_problem(name), iban_problem(iban), bic_problem(bic) if bic is not None else None)
    return [problem for problem in found if problem]


def compact(code: str) -> str:
    """An IBAN or BIC as a file carries it: no blanks, capitals."""
    return "".join(code.split()).upper()


def last_4(iban: str) -> str:
    """How an account is shown on pages and in errors: enough to recognise it, not enough to use it."""
    return f"…{''.join(char for char in compact(iban) if char.isalnum())[-4:]}"


def name_problem(name: str) -> str | None:
    """Why this name can't stand in a bank file, or None."""
    spelled = to_sepa(name)
    if not spelled:
        return "the account holder's name is empty; write it as the bank knows it"
    if not has_letter_or_digit(spelled):
        return f"the account holder's name {name!r} has no letter a bank file can carry; write it in Latin letters"
    if len(spelled) > NAME_CHARS_MAX:
        return f"the account holder's name has {len(spelled)} characters; shorten it to {NAME_CHARS_MAX}"
    return None


def iban_problem(iban: str) -> str | None:
    """Why this IBAN can't be paid by a SEPA transfer, or None."""
    if not compact(iban):
        return "the IBAN is empty; ask the account holder for a RIB and type it again"
    if not compact(iban).isascii():
        return "the IBAN holds something other than letters and digits; type it again from the RIB"
    try:
        account = schwifty.IBAN(iban)
    except (SchwiftyException, ValueError) as error:
        return f"the IBAN ending {last_4(iban)} is not valid ({_why(error)}); type it again from the RIB"
    if not account.in_sepa_zone:
        return f"the IBAN ending {last_4(iban)} is outside the SEPA zone; ask for an account inside it"
    return None


def bic_problem(bic: str) -> str | None:
    """Why this BIC can't be used, or None. Leaving it out is always right."""
    remedy = "correct it or leave it out, the IBAN is enough"
    if not compact(bic).isascii():
        return f"the BIC {bic!r} holds something other than letters and digits; {remedy}"
    try:
        schwifty.BIC(bic)
    except (SchwiftyException, ValueError):
        return f"the BIC {bic!r} is not 8 or 11 characters of the form AAAAFRPP or AAAAFRPPXXX; {remedy}"
    return None


def _why(error: Exception) -> str:
    # The library's own text may quote the number; its class says enough.
    match type(error).__name__:
        case "InvalidChecksumDigits":
            return "its check digits do not agree, most often one wrong or swapped digit"
        case "InvalidLength":
            return "it has too few or too many characters for its country"
        case _:
            return "it does not have the form of its country"
