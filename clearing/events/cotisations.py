"""Law: what a member pays in is agreed forward, received once under its reference, and never says what anybody earns.

Cotisations and gifts are two things; what is taken in by hand is counted by two people on its way to the bank. How much a
member pays is private: it never leaves the caisse.
"""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from clearing.events.recorded import Recorded
from clearing.values import Cents, DecisionId, FundId, MemberId, PersonId


class Level(NamedTuple):
    """A step of a self-declared grid: its label and its amount. No income stands behind it."""

    label: str
    cents: Cents


@dataclass(frozen=True, slots=True, kw_only=True)
class CotisationRuleSet(Recorded):
    """Voted: cents at least minimum_cents, in steps of step_cents, or one of `levels`; free: also beside the grid. means:
    debit, cash, cheque, transfer. over_is_gift: what goes beyond minimum_cents is a gift, where the legal basis allows it."""

    TYPE: ClassVar[int] = 120
    rule: str
    fund: FundId
    minimum_cents: Cents
    step_cents: Cents
    levels: tuple[Level, ...]
    free: bool
    means: tuple[str, ...]
    over_is_gift: bool
    decision: DecisionId
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class CotisationAgreed(Recorded):
    """From the month from_period ("2017-01") on the member pays `cents` every 1, 3 or 12 months; replaces what was agreed."""

    TYPE: ClassVar[int] = 121
    PRIVATE: ClassVar[frozenset[str]] = frozenset({"member", "cents"})
    member: MemberId
    rule: str
    cents: Cents
    every_months: int
    from_period: str
    means: str
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class CotisationEnded(Recorded):
    """until_period: the first month for which nothing is due any more."""

    TYPE: ClassVar[int] = 122
    PRIVATE: ClassVar[frozenset[str]] = frozenset({"member"})
    member: MemberId
    until_period: str
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class CotisationReceived(Recorded):
    """cleared_cents: the part that makes good a debit that had come back; gift_cents: the part beyond the minimum that is a
    gift. receipt: number of the paper given for cash, 0 for none. reference: bank line, cheque or page; used once."""

    TYPE: ClassVar[int] = 123
    PRIVATE: ClassVar[frozenset[str]] = frozenset({"member"})
    member: MemberId
    rule: str
    fund: FundId
    period: str
    cents: Cents
    cleared_cents: Cents
    gift_cents: Cents
    means: str
    reference: str
    receipt: int
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class CotisationReturned(Recorded):
    """The bank took back what it had paid in: the member owes it to the caisse. reference: of the payment that came back."""

    TYPE: ClassVar[int] = 124
    PRIVATE: ClassVar[frozenset[str]] = frozenset({"member"})
    member: MemberId
    fund: FundId
    period: str
    cents: Cents
    gift_cents: Cents
    reference: str
    reason: str
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class CotisationWrittenOff(Recorded):
    """Another person than who recorded the return gives up what came back: the fund bears it."""

    TYPE: ClassVar[int] = 125
    PRIVATE: ClassVar[frozenset[str]] = frozenset({"member"})
    member: MemberId
    fund: FundId
    period: str
    cents: Cents
    reason: str
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class DepositCounted(Recorded):
    """One person counted what goes to the bank. account: cash or cheques. deposit: numbered from 1."""

    TYPE: ClassVar[int] = 126
    deposit: int
    account: str
    cents: Cents
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class DepositConfirmed(Recorded):
    """Another person counted the same and it is at the bank. reference: the bank line or slip."""

    TYPE: ClassVar[int] = 127
    deposit: int
    account: str
    cents: Cents
    reference: str
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class DepositDiscarded(Recorded):
    """It was counted wrong, or not taken to the bank: it is in the box as before."""

    TYPE: ClassVar[int] = 128
    deposit: int
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class GiftReceived(Recorded):
    """donor: "donor:<pseudonym>" or "member:<id>", whose name lies sealed apart. receipt: as of a cotisation."""

    TYPE: ClassVar[int] = 129
    PRIVATE: ClassVar[frozenset[str]] = frozenset({"donor"})
    donor: str
    fund: FundId
    cents: Cents
    means: str
    reference: str
    receipt: int
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class LegalBasisProposed(Recorded):
    """The text that tax receipts name, as one officer enters it. over_contribution: cotisations beyond the minimum count."""

    TYPE: ClassVar[int] = 130
    text: str
    articles: str
    over_contribution: bool
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class LegalBasisEntered(Recorded):
    """Another officer agreed: tax receipts may be issued from now on."""

    TYPE: ClassVar[int] = 131
    text: str
    articles: str
    over_contribution: bool
    entered_by: tuple[PersonId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxReceiptIssued(Recorded):
    """number: without gaps from 1 within the year. cents: gifts of that year that no receipt in force covers yet. sha256: of
    the text, which lies apart because it has a name on it. issued_on: ISO date on it."""

    TYPE: ClassVar[int] = 132
    PRIVATE: ClassVar[frozenset[str]] = frozenset({"donor"})
    year: int
    number: int
    donor: str
    cents: Cents
    issued_on: str
    sha256: bytes
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxReceiptCancelled(Recorded):
    """Its number stays used; what it covered may be on a new one."""

    TYPE: ClassVar[int] = 133
    year: int
    number: int
    reason: str
    by: PersonId


Event = (
    CotisationRuleSet
    | CotisationAgreed
    | CotisationEnded
    | CotisationReceived
    | CotisationReturned
    | CotisationWrittenOff
    | DepositCounted
    | DepositConfirmed
    | DepositDiscarded
    | GiftReceived
    | LegalBasisProposed
    | LegalBasisEntered
    | TaxReceiptIssued
    | TaxReceiptCancelled
)
"""Every event of this room, for catalogue.py."""
