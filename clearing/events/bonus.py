"""Law: a bonus follows a sale in the same commit and goes back with its goods; it is never a debt of the member."""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, NamedTuple

from clearing.events.charte import Condition
from clearing.events.recorded import Recorded
from clearing.values import (
    CategoryId,
    Cents,
    DecisionId,
    FundId,
    MemberId,
    MicroTime,
    OperationId,
    PersonId,
    ProducerId,
    PurseKind,
    Rate,
    TerminalId,
)


class ShortBonus(StrEnum):
    """What becomes of a bonus that its fund can't carry whole."""

    LESS = "less"  # what the fund still carries
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class BonusCover:
    """A rate for one category, or for one product of it (which beats the category's)."""

    category: CategoryId
    rate: Rate
    product: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BonusRuleSet(Recorded):
    """Voted: after a sale `fund` adds rate x the full price of the goods sold to `purse`, at most month_cents per purse and
    civil month (0 ends the rule), to be spent for months_valid civil months, the month of the sale included."""

    TYPE: ClassVar[int] = 165
    rule: str
    fund: FundId
    purse: PurseKind
    covers: tuple[BonusCover, ...]
    month_cents: Cents
    months_valid: int
    condition: Condition
    short: ShortBonus
    decision: DecisionId
    by: PersonId


class BonusPart(NamedTuple):
    """What one kind of goods of the sale brings before any ceiling: bonus_cents on goods_cents at full price."""

    category: CategoryId
    product: str | None
    payee: ProducerId
    goods_cents: Cents
    bonus_cents: Cents


@dataclass(frozen=True, slots=True, kw_only=True)
class BonusCredited(Recorded):
    """The sale or capture (terminal, x) brought a bonus of cents + kept_cents: what `parts` add up to, as far as the month's
    ceiling and the fund allow. kept_cents: of it not credited, because an earlier bonus that was spent is to be taken back.
    period: the civil month its ceiling counts in. Its lot: "x<position>"."""

    TYPE: ClassVar[int] = 166
    PRIVATE: ClassVar[frozenset[str]] = frozenset({
        "member", "rule", "fund", "purse", "period", "parts", "cents", "kept_cents", "expires_us",
    })  # fmt: skip
    terminal: TerminalId
    x: OperationId
    member: MemberId
    rule: str
    fund: FundId
    purse: PurseKind
    period: str
    parts: tuple[BonusPart, ...]
    cents: Cents
    kept_cents: Cents
    expires_us: MicroTime


@dataclass(frozen=True, slots=True, kw_only=True)
class BonusTakenBack(Recorded):
    """Goods of the sale (terminal, x) went back: cents leave the bonus's lot; later_cents were spent and are kept from the
    member's next bonuses of the same rule."""

    TYPE: ClassVar[int] = 167
    PRIVATE: ClassVar[frozenset[str]] = frozenset({"member", "rule", "fund", "purse", "lot", "cents", "later_cents"})
    terminal: TerminalId
    x: OperationId
    member: MemberId
    rule: str
    fund: FundId
    purse: PurseKind
    lot: str
    cents: Cents
    later_cents: Cents


Event = BonusRuleSet | BonusCredited | BonusTakenBack
"""Every event of this room, for catalogue.py."""
