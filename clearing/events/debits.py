"""Law: a cotisation is collected only under a mandate the member signed, by a run that two people saw, and may come back.

Accounts and names lie sealed apart; an event carries the digest of what was signed. Who pays how much is private.
"""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from clearing.events.recorded import Recorded
from clearing.values import Cents, DecisionId, FundId, MemberId, PersonId


class Part(NamedTuple):
    """What one debit asks for one due month of a cotisation rule."""

    period: str
    rule: str
    fund: FundId
    cents: Cents


class DebitRow(NamedTuple):
    """One debit. reference: its EndToEndId. sequence: FRST, RCUR, FNAL or OOFF. new_account: the account is another one than
    the bank saw last; old_creditor: the creditor id that the bank saw last, "" when it is today's."""

    member: MemberId
    mandate: str
    signed_on: str
    details: bytes
    sequence: str
    reference: str
    cents: Cents
    parts: tuple[Part, ...]
    new_account: bool
    old_creditor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditorNamed(Recorded):
    """creditor: the SEPA creditor identifier (ICS) that the bank gave the caisse. lead_days: how many banking days before the
    collection its bank wants the file."""

    TYPE: ClassVar[int] = 300
    creditor: str
    lead_days: int
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class DebitRuleSet(Recorded):
    """Voted. notice_days: how long before it a member is told of a debit. counts_on: "execution", the money counts as received
    when the bank made the debit; "window", when the eight weeks are over in which it may come back."""

    TYPE: ClassVar[int] = 301
    notice_days: int
    counts_on: str
    decision: DecisionId
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class MandateSigned(Recorded):
    """mandate: the reference (RUM). kind: recurrent or one-off. how: paper or page. used_on: last debit under it before it
    came here, "" for none. details: digest of name, IBAN and BIC."""

    TYPE: ClassVar[int] = 302
    PRIVATE: ClassVar[frozenset[str]] = frozenset({"member"})
    mandate: str
    member: MemberId
    kind: str
    how: str
    signed_on: str
    used_on: str
    creditor: str
    details: bytes
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class MandateChanged(Recorded):
    """The member has another account: the same mandate goes on. details: digest of the new one."""

    TYPE: ClassVar[int] = 303
    mandate: str
    details: bytes
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class MandateRevoked(Recorded):
    """on: ISO date from which nothing may be collected under it."""

    TYPE: ClassVar[int] = 304
    mandate: str
    on: str
    reason: str
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class MandateSuspended(Recorded):
    """Nothing is collected under it before somebody asked the member. collection: whose failed debit did it, 0: a person."""

    TYPE: ClassVar[int] = 305
    mandate: str
    collection: int
    reason: str
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class MandateResumed(Recorded):
    TYPE: ClassVar[int] = 306
    mandate: str
    reason: str
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionProposed(Recorded):
    """A frozen list of debits. collection: numbered from 1. collect_on: the banking day of the debits. arrears: earlier open
    months, and what came back, are asked for too. creditor: the id the debits are made under."""

    TYPE: ClassVar[int] = 307
    PRIVATE: ClassVar[frozenset[str]] = frozenset({"rows"})
    collection: int
    period: str
    collect_on: str
    arrears: bool
    creditor: str
    rows: tuple[DebitRow, ...]
    total_cents: Cents
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionApproved(Recorded):
    TYPE: ClassVar[int] = 308
    collection: int
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionDropped(Recorded):
    """Before it went to the bank: nothing of it is collected."""

    TYPE: ClassVar[int] = 309
    collection: int
    reason: str
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class DebitLeftOut(Recorded):
    """One member's debit is taken out of a collection before it goes to the bank."""

    TYPE: ClassVar[int] = 310
    PRIVATE: ClassVar[frozenset[str]] = frozenset({"member"})
    collection: int
    member: MemberId
    cents: Cents
    reason: str
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionAnnounced(Recorded):
    """The members were told. sha256: of the notices, which lie apart because they have names on them."""

    TYPE: ClassVar[int] = 311
    collection: int
    sha256: bytes
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionExported(Recorded):
    TYPE: ClassVar[int] = 312
    collection: int
    message_id: str
    file_sha256: bytes
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class DebitAnswered(Recorded):
    """What the bank said of one debit. state: as it is now: instructed, accepted, executed, rejected or returned.
    question: what a person has to look at, "" for nothing. reason: ISO code. on: the bank's ISO date. parts: whose money
    comes to the bank (executed) to wait there, or goes back (returned) before anybody counted it as received.
    """

    TYPE: ClassVar[int] = 313
    PRIVATE: ClassVar[frozenset[str]] = frozenset({"member", "parts", "question", "text"})
    collection: int
    member: MemberId
    reference: str
    state: str
    question: str
    reason: str
    text: str
    on: str
    bank_reference: str
    cents: Cents
    parts: tuple[Part, ...]
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class DebitCounted(Recorded):
    """Money of a debit that waited at the bank counts as received now, for one month. Fields as of CotisationReceived."""

    TYPE: ClassVar[int] = 314
    PRIVATE: ClassVar[frozenset[str]] = frozenset({"member"})
    collection: int
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


Event = (
    CreditorNamed
    | DebitRuleSet
    | MandateSigned
    | MandateChanged
    | MandateRevoked
    | MandateSuspended
    | MandateResumed
    | CollectionProposed
    | CollectionApproved
    | CollectionDropped
    | DebitLeftOut
    | CollectionAnnounced
    | CollectionExported
    | DebitAnswered
    | DebitCounted
)
"""Every event of this room, for catalogue.py."""
