"""Law: a collective account buys by its mandataries' cards; two officers name and revoke them, two cards buy what is large.

The account is a member (its purses, its groups); a mandatary is a pseudonym of it, never a name.
"""

from dataclasses import dataclass
from typing import ClassVar

from clearing.events.basket import Line
from clearing.events.recorded import Recorded
from clearing.events.sales import OperationHead, Tap
from clearing.values import CardId, Cents, MemberId, OperationId, PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountProposed(Recorded):
    """One officer proposes that a member is a collective account, or that another limit holds for it."""

    TYPE: ClassVar[int] = 180
    account: MemberId
    two_person_cents: Cents
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountOpened(Recorded):
    """A purchase above two_person_cents takes two mandataries. opened_by: who proposed it and who confirmed it."""

    TYPE: ClassVar[int] = 181
    account: MemberId
    two_person_cents: Cents
    opened_by: tuple[PersonId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MandataryProposed(Recorded):
    """purchase_cents, month_cents: the most of one purchase, and of a civil month, by this mandatary's card."""

    TYPE: ClassVar[int] = 182
    account: MemberId
    mandatary: str
    card: CardId
    purchase_cents: Cents
    month_cents: Cents
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class MandataryNamed(Recorded):
    """named_by: who proposed and who confirmed. Named again: another card or other limits."""

    TYPE: ClassVar[int] = 183
    account: MemberId
    mandatary: str
    card: CardId
    purchase_cents: Cents
    month_cents: Cents
    named_by: tuple[PersonId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RevocationProposed(Recorded):
    TYPE: ClassVar[int] = 184
    account: MemberId
    mandatary: str
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class MandataryRevoked(Recorded):
    """From here on the mandatary's card pays nothing. revoked_by: two people."""

    TYPE: ClassVar[int] = 185
    account: MemberId
    mandatary: str
    revoked_by: tuple[PersonId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseConfirmed(Recorded):
    """The second mandatary's tap on a hold above the account's limit: from now on it may be captured. No cent moves.

    original: x of the hold. amount, lines: as the terminal showed them, the hold's own. approved: what the hold holds.
    """

    TYPE: ClassVar[int] = 186
    PRIVATE: ClassVar[frozenset[str]] = frozenset({"code", "tap", "member"})
    op: OperationHead
    answer: str
    original: OperationId
    amount_cents: Cents
    lines: tuple[Line, ...]
    approved_cents: Cents
    approved_lines: tuple[Cents, ...]
    code: str
    tap: Tap | None
    member: MemberId | None


Event = (
    AccountProposed
    | AccountOpened
    | MandataryProposed
    | MandataryNamed
    | RevocationProposed
    | MandataryRevoked
    | PurchaseConfirmed
)
"""Every event of this room, for catalogue.py."""
