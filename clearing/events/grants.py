"""Law: what a funder promised comes in parts, bound as promised; money changes its fund, or leaves it, by two people.

A funder's grant is called subsidy wherever a month's credit is granted too.
"""

from dataclasses import dataclass
from typing import ClassVar

from clearing.events.funds import Earmark
from clearing.events.recorded import Recorded
from clearing.values import Cents, DecisionId, FundId, GrantId, PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class SubsidyNotified(Recorded):
    """A funder's signed promise. earmark: what the funder binds it to, its period among it. funder: an organisation."""

    TYPE: ClassVar[int] = 240
    grant: GrantId
    funder: str
    fund: FundId
    cents: Cents
    purpose: str
    earmark: Earmark
    reference: str
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class SubsidyReduced(Recorded):
    """The funder gives so much less of what has not come yet; cancelled when nothing is left to come."""

    TYPE: ClassVar[int] = 241
    grant: GrantId
    fund: FundId
    cents: Cents
    reference: str
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class EarmarkSet(Recorded):
    """Voted: from now on the fund's money is bound like this."""

    TYPE: ClassVar[int] = 242
    fund: FundId
    earmark: Earmark
    decision: DecisionId
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class AdvanceVoted(Recorded):
    """Voted: so much of what is announced and has not come may be engaged early."""

    TYPE: ClassVar[int] = 243
    fund: FundId
    advance_cents: Cents
    decision: DecisionId
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferProposed(Recorded):
    """From `fund` to the fund `to`; it takes effect when another officer confirms. transfer: numbered from 1."""

    TYPE: ClassVar[int] = 244
    transfer: int
    fund: FundId
    to: FundId
    cents: Cents
    reason: str
    decision: DecisionId
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferConfirmed(Recorded):
    TYPE: ClassVar[int] = 245
    transfer: int
    fund: FundId
    to: FundId
    cents: Cents
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class RepaymentProposed(Recorded):
    """Money of a subsidy that its funder is to get back. repayment: numbered from 1."""

    TYPE: ClassVar[int] = 246
    repayment: int
    grant: GrantId
    fund: FundId
    cents: Cents
    reason: str
    decision: DecisionId
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class RepaymentConfirmed(Recorded):
    """Out of the fund; payable to the funder from now on."""

    TYPE: ClassVar[int] = 247
    repayment: int
    grant: GrantId
    fund: FundId
    cents: Cents
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class RepaymentPaid(Recorded):
    """The funder was paid. reference: the bank line."""

    TYPE: ClassVar[int] = 248
    repayment: int
    grant: GrantId
    cents: Cents
    reference: str
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class RepaymentSentBack(Recorded):
    """The bank sent the payment to the funder back: payable again."""

    TYPE: ClassVar[int] = 249
    repayment: int
    grant: GrantId
    cents: Cents
    reason: str
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalDropped(Recorded):
    """A transfer or a repayment that nobody confirmed is given up. kind: "transfer" or "repayment"."""

    TYPE: ClassVar[int] = 250
    kind: str
    number: int
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditsFrozen(Recorded):
    """Voted: no credit is given from now on; sales, captures and payouts go on."""

    TYPE: ClassVar[int] = 251
    decision: DecisionId
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditsResumed(Recorded):
    TYPE: ClassVar[int] = 252
    decision: DecisionId
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnouncementWithdrawn(Recorded):
    """Money that nobody in particular had announced (MoneyNotified) will not come."""

    TYPE: ClassVar[int] = 253
    fund: FundId
    cents: Cents
    reference: str
    by: PersonId


Event = (
    SubsidyNotified
    | SubsidyReduced
    | EarmarkSet
    | AdvanceVoted
    | TransferProposed
    | TransferConfirmed
    | RepaymentProposed
    | RepaymentConfirmed
    | RepaymentPaid
    | RepaymentSentBack
    | ProposalDropped
    | CreditsFrozen
    | CreditsResumed
    | AnnouncementWithdrawn
)
"""Every event of this room, for catalogue.py."""
