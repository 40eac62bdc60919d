"""Law: an entry that was typed wrong is taken back by two people, forward only, and the right one stands in the same event.

It names the entry by its kind and reference (and contract), and the reason. Of: cotisations, gifts, households' instalments.
"""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from clearing.events.contracts import InstalmentReceived
from clearing.events.cotisations import CotisationReceived, GiftReceived
from clearing.events.recorded import Recorded
from clearing.values import Cents, FundId, PersonId


class EntryName(NamedTuple):
    """kind: cotisation, gift, instalment. contract: "" but of an instalment."""

    kind: str
    contract: str
    reference: str


class RightEntry(NamedTuple):
    """What it should have said. who: member, donor, or contract; rule: of a cotisation; month: its month, or the number of the
    instalment; "" where there is none."""

    who: str
    rule: str
    month: str
    cents: Cents
    means: str


class TakenBack(NamedTuple):
    """The entry as it stood. account: bank, cash, cheques, "" when no money of the caisse moved; fund "" of an instalment."""

    who: str
    fund: FundId
    month: str
    cents: Cents
    cleared_cents: Cents
    gift_cents: Cents
    account: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectionProposed(Recorded):
    """right None: nothing was paid at all."""

    TYPE: ClassVar[int] = 134
    PRIVATE: ClassVar[frozenset[str]] = frozenset({"right"})
    entry: EntryName
    right: RightEntry | None
    reason: str
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectionDropped(Recorded):
    """It was right after all, or the correction was wrong itself."""

    TYPE: ClassVar[int] = 135
    entry: EntryName
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryCorrected(Recorded):
    """Another person agreed: `wrong` never was, and the right entry, at most one of the three, is in its place."""

    TYPE: ClassVar[int] = 136
    PRIVATE: ClassVar[frozenset[str]] = frozenset({"wrong", "cotisation", "gift"})
    entry: EntryName
    wrong: TakenBack
    cotisation: CotisationReceived | None
    gift: GiftReceived | None
    instalment: InstalmentReceived | None
    reason: str
    proposed_by: PersonId
    by: PersonId

    def right(self) -> CotisationReceived | GiftReceived | InstalmentReceived | None:
        return self.cotisation or self.gift or self.instalment


Event = CorrectionProposed | CorrectionDropped | EntryCorrected
"""Every event of this room, for catalogue.py."""
