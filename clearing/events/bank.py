"""Law: what the bank says is a line, once; it waits until a person says what it is, and then it is that and nothing else.

No name, no account and no free text of a line is here: they lie sealed in people.py under `details`. `payer` and
`account` are keyed digests, equal for the same account and of no use to who has not the installation's key.
"""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from clearing.events.recorded import Recorded
from clearing.values import Cents, DecisionId, FundId, PersonId


class BankLine(NamedTuple):
    """number: of the line, from 1 without gaps. cents: below zero when money left. end_to_end: the id that we gave a
    payment, "" of other lines. code: the bank's ISO reason of a return, else "". kind: "", return, charge, interest.
    payer: 16 bytes or none. details: digest of the sealed record, or none."""

    number: int
    cents: int
    end_to_end: str
    code: str
    kind: str
    payer: bytes
    details: bytes


class BankEntry(NamedTuple):
    """One booking of the bank on the ISO day `on`; a collective one has several lines. key: 16 bytes, keyed digest of
    what tells it from others in files of the same source. ref: of the bank's own reference, or none."""

    key: bytes
    ref: bytes
    on: str
    cents: int
    lines: tuple[BankLine, ...]


class SeenAgain(NamedTuple):
    """An entry of another source is an entry known: key in this source, and the number of its first line."""

    key: bytes
    line: int


class ColumnMapping(NamedTuple):
    """How one bank's CSV is read: names of columns, "" for those it has not. Amounts in one signed column, or in two.
    decimal: "," or "."; days: the order of day, month and year, as "dmy"."""

    delimiter: str
    decimal: str
    days: str
    on: str
    amount: str
    debit: str
    credit: str
    text: str
    name: str
    iban: str
    reference: str
    balance: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementImported(Recorded):
    """source: camt.053, camt.054, csv, ofx, qif. Only what was not known is in `entries`; known: how many entries were.
    opening, closing: balances before from_on and at the end of to_on, None when the file says none."""

    TYPE: ClassVar[int] = 280
    PRIVATE: ClassVar[frozenset[str]] = frozenset({"entries"})
    source: str
    account: bytes
    from_on: str
    to_on: str
    opening_cents: int | None
    closing_cents: int | None
    entries: tuple[BankEntry, ...]
    again: tuple[SeenAgain, ...]
    known: int
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class BankMatched(Recorded):
    """These lines are these movements of the book, cent for cent. match: numbered from 1. kind: what the person called
    it. moves: positions of the events that moved the money at the bank; none where the lines cancel each other."""

    TYPE: ClassVar[int] = 281
    match: int
    kind: str
    lines: tuple[int, ...]
    moves: tuple[int, ...]
    cents: int
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class BankMatchUndone(Recorded):
    """It was wrong: its lines and movements wait again. Money that was recorded with it stays recorded."""

    TYPE: ClassVar[int] = 282
    match: int
    lines: tuple[int, ...]
    moves: tuple[int, ...]
    cents: int
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class BankCharged(Recorded):
    """The bank took charges; the fund bears them. cents above zero."""

    TYPE: ClassVar[int] = 283
    fund: FundId
    cents: Cents
    on: str
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class BankChargesRuleSet(Recorded):
    """Voted: the fund that bears what the bank takes for itself."""

    TYPE: ClassVar[int] = 284
    fund: FundId
    decision: DecisionId
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class BankBalanceStated(Recorded):
    """The balance at the end of the ISO day `on`, as a statement or the bank's page says it; below zero: overdrawn."""

    TYPE: ClassVar[int] = 285
    on: str
    cents: int
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnMappingSaved(Recorded):
    """Replaces the mapping of that name."""

    TYPE: ClassVar[int] = 286
    name: str
    mapping: ColumnMapping
    by: PersonId


Event = (
    StatementImported
    | BankMatched
    | BankMatchUndone
    | BankCharged
    | BankChargesRuleSet
    | BankBalanceStated
    | ColumnMappingSaved
)
"""Every event of this room, for catalogue.py."""
