"""Law: a month of the books is closed once, by two people who saw the same bytes, and never opened again.

What comes later is of a later day, so it lands in a later month. The plan of accounts is kept with the log: the books of a
closed month are made again from the log alone.
"""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from clearing.events.recorded import Recorded
from clearing.values import Cents, PersonId


class PlanRow(NamedTuple):
    """One line of a plan. section: accounts, natures, subsidies, dedicated, labels, journals; name: what it is about in that
    section; value: a number of the French plan of accounts, a label, or a fund's account (rules/treasury/account_plan.py)."""

    section: str
    name: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountPlanSet(Recorded):
    """Where each account of the ledger stands in the association's books, from the next month that is closed on. plan: numbered
    from 1. siren: 9 digits, or "" without one (then there is no FEC). year_starts: first civil month of the accounting year,
    1 to 12."""

    TYPE: ClassVar[int] = 320
    plan: int
    siren: str
    year_starts: int
    rows: tuple[PlanRow, ...]
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthProposed(Recorded):
    """Everything up to the end of period ("2026-05") that no closing holds yet. sha256: of the journal, as bytes, 32 bytes.
    debit_cents: the sum of its debits, which is that of its credits."""

    TYPE: ClassVar[int] = 321
    period: str
    plan: int
    entries: int
    debit_cents: Cents
    sha256: bytes
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthClosed(Recorded):
    """Another person made the same journal from the log, and agreed: these bytes for ever."""

    TYPE: ClassVar[int] = 322
    period: str
    plan: int
    entries: int
    debit_cents: Cents
    sha256: bytes
    proposed_by: PersonId
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthDropped(Recorded):
    """A proposal that nobody confirmed is given up."""

    TYPE: ClassVar[int] = 323
    period: str
    by: PersonId


Event = AccountPlanSet | MonthProposed | MonthClosed | MonthDropped
"""Every event of this room, for catalogue.py."""
