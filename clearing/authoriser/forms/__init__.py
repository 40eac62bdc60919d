"""Law: each verb has one form, and a body that has not this form never reaches the rules."""

from collections.abc import Mapping
from typing import Final

from clearing.authoriser.forms import bank, books, debits, money, payouts, people, proofs, stalls, voted
from clearing.authoriser.forms.fields import Form, Schema, check, described

__all__ = ["FORMS", "Form", "Schema", "check", "described"]

FORMS: Final[Mapping[str, Form]] = {
    **voted.FORMS, **money.FORMS, **people.FORMS, **stalls.FORMS, **payouts.FORMS,
    **debits.FORMS, **proofs.FORMS, **bank.FORMS, **books.FORMS,
}  # fmt: skip
"""verb -> form of its body."""
