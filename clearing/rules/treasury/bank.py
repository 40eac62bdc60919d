"""Law: a booking of the bank is taken in once, whichever files tell of it and however often; a balance that was told is
kept.

Entries of one source are told apart by their keys. An entry of another source is one that is known when day and amount
are the same, the bank's references do not differ, and that source has not told of it yet: so both sources end with as
many lines as the one that tells of more.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final, NamedTuple

from clearing.events.bank import (
    BankBalanceStated,
    BankChargesRuleSet,
    BankEntry,
    BankLine,
    BankMatched,
    BankMatchUndone,
    ColumnMapping,
    ColumnMappingSaved,
    SeenAgain,
    StatementImported,
)
from clearing.rules.answers import BrokenBook, Declined, not_found, not_now
from clearing.rules.calendar import civil_date
from clearing.rules.treasury.funds import Funds
from clearing.values import DecisionId, FundId, PersonId, money

SOURCES: Final = ("camt.053", "camt.054", "csv", "ofx", "qif")
KINDS: Final = ("", "return", "charge", "interest")
ENTRIES_MAX: Final = 1_000  # of one command: its body has room for them
AHEAD_DAYS_MAX: Final = 31  # banks date some bookings ahead; what is further off is a wrong year, or month for day
MAPPINGS_MAX: Final = 50
DELIMITERS: Final = (";", ",", "\t", "|")
DAY_ORDERS: Final = ("dmy", "ymd", "mdy")


@dataclass(slots=True)
class Line:
    """match: that says what it is, 0 while it waits."""

    on: str
    said: BankLine
    match: int = 0


@dataclass(slots=True)
class Entry:
    """A booking as it was first told. sources: that told of it."""

    on: str
    cents: int
    ref: bytes
    first_line: int
    sources: tuple[str, ...]


class Move(NamedTuple):
    """What an event moved at the bank: cents above zero came. kind: the event's type; name: whom or what about; on: civil
    day."""

    cents: int
    kind: str
    name: str
    on: str


class Taken(NamedTuple):
    """A statement that was taken in. first: the number of its first new line; new: how many new lines; known: of its
    entries, those that were here before."""

    source: str
    from_on: str
    to_on: str
    opening_cents: int | None
    closing_cents: int | None
    first: int
    new: int
    known: int
    by: PersonId


@dataclass(slots=True)
class Bank:
    """account: the caisse's own, b"" before the first statement. entries: by the number of their first line; keys: of
    entries, by source and key. waiting: cents of lines that nobody matched, by line. moves: of the book that no line was
    matched with, by position. matched: the same that were. stated: balances at the end of days. taken: statements in the
    order in which they came."""

    account: bytes = b""
    entries: dict[int, Entry] = field(default_factory=dict)
    keys: dict[tuple[str, bytes], int] = field(default_factory=dict)
    lines: dict[int, Line] = field(default_factory=dict)
    waiting: dict[int, int] = field(default_factory=dict)
    moves: dict[int, Move] = field(default_factory=dict)
    matched: dict[int, Move] = field(default_factory=dict)
    matches: dict[int, BankMatched] = field(default_factory=dict)
    undone: set[int] = field(default_factory=set)
    stated: dict[str, int] = field(default_factory=dict)
    charges: BankChargesRuleSet | None = None
    mappings: dict[str, ColumnMapping] = field(default_factory=dict)
    taken: list[Taken] = field(default_factory=list)

    def last_known(self) -> tuple[str, int] | None:
        """(day, cents) of the newest balance that the bank told; None when it never did."""
        if not self.stated:
            return None
        on = max(self.stated)
        return on, self.stated[on]

    def waiting_cents(self) -> int:
        return sum(self.waiting.values())

    def under_way(self) -> dict[int, Move]:
        """Movements of the book since the first balance that is known, which no line was matched with. What was recorded
        before is in that balance."""
        since = min(self.stated, default="")
        return {at: move for at, move in self.moves.items() if move.on > since}


class Gap(NamedTuple):
    """Between two balances the lines that are known do not make the difference: missing_cents are not explained."""

    after: str
    until: str
    missing_cents: int


def gaps(bank: Bank) -> Iterator[Gap]:
    """Where a statement is missing, or a line of one."""
    lines = sorted((line.on, line.said.cents) for line in bank.lines.values())
    place, before = 0, ""
    for until in sorted(bank.stated):
        known = 0
        while place < len(lines) and lines[place][0] <= until:
            known += lines[place][1]
            place += 1
        if before and bank.stated[until] - bank.stated[before] != known:
            yield Gap(before, until, bank.stated[until] - bank.stated[before] - known)
        before = until


def day_before(on: str) -> str:
    return (civil_date(on) - timedelta(days=1)).isoformat()


def evolve_imported(bank: Bank, event: StatementImported) -> None:
    if bank.account != event.account:  # balances of another account say nothing of this one
        bank.account = event.account
        bank.stated.clear()
    before = len(bank.lines)
    for entry in event.entries:
        first = len(bank.lines) + 1
        if any(line.number != first + place for place, line in enumerate(entry.lines)) or not entry.lines:
            raise BrokenBook(f"the lines of a statement do not follow line {first - 1}")
        if (event.source, entry.key) in bank.keys or sum(line.cents for line in entry.lines) != entry.cents:
            raise BrokenBook(f"line {first} of the bank was taken in before, or its parts do not add up")
        bank.keys[event.source, entry.key] = first
        bank.entries[first] = Entry(entry.on, entry.cents, entry.ref, first, (event.source,))
        for line in entry.lines:
            bank.lines[line.number] = Line(entry.on, line)
            bank.waiting[line.number] = line.cents
    for again in event.again:
        known = bank.entries[again.line]
        bank.keys[event.source, again.key] = again.line
        known.sources = (*known.sources, event.source)
    if event.opening_cents is not None:
        bank.stated.setdefault(day_before(event.from_on), event.opening_cents)
    bank.taken.append(Taken(
        event.source, event.from_on, event.to_on, event.opening_cents, event.closing_cents, before + 1,
        len(bank.lines) - before, event.known, event.by,
    ))  # fmt: skip


def evolve_balance(bank: Bank, event: BankBalanceStated) -> None:
    bank.stated[event.on] = event.cents


def evolve_charges_rule(bank: Bank, event: BankChargesRuleSet) -> None:
    bank.charges = event


def evolve_mapping(bank: Bank, event: ColumnMappingSaved) -> None:
    bank.mappings[event.name] = event.mapping


def evolve_matched(bank: Bank, event: BankMatched) -> None:
    if event.match != len(bank.matches) + 1:
        raise BrokenBook(f"match {event.match} does not follow match {len(bank.matches)}")
    cents = 0
    for number in event.lines:
        cents += bank.waiting.pop(number, 0)
        bank.lines[number].match = event.match
    moved = 0
    for position in event.moves:
        move = bank.moves.pop(position)
        bank.matched[position] = move
        moved += move.cents
    if (cents, moved) != (event.cents, event.cents):
        raise BrokenBook(f"match {event.match} is of {money(cents)} at the bank and {money(moved)} in the book")
    bank.matches[event.match] = event


def evolve_undone(bank: Bank, event: BankMatchUndone) -> None:
    if event.match in bank.undone:
        raise BrokenBook(f"match {event.match} was undone before")
    for number in event.lines:
        line = bank.lines[number]
        line.match = 0
        bank.waiting[number] = line.said.cents
    for position in event.moves:
        bank.moves[position] = bank.matched.pop(position)
    bank.undone.add(event.match)


class Told(NamedTuple):
    """An entry as a file tells it; its lines have no numbers yet."""

    key: bytes
    ref: bytes
    on: str
    cents: int
    lines: tuple[BankLine, ...]


def decide_import(
    bank: Bank, *, source: str, account: bytes, from_on: str, to_on: str, opening_cents: int | None,
    closing_cents: int | None, told: Iterable[Told], by: PersonId, today: date, moved: bool = False,
) -> tuple[StatementImported | BankBalanceStated, ...] | Declined:
    """What is new of a statement; all known: an event that says so, and nothing else changes. moved: the caisse has
    changed its account."""
    entries = tuple(told)
    if bank.account and bank.account != account and not moved:
        return not_now("This statement is of another account than the ones before: nothing of it was taken. If the caisse "
                       "changed its account, say so (--new-account); else choose the statement of its own.")  # fmt: skip
    refused = _refused(source, from_on, to_on, entries, today)
    if refused is not None:
        return refused
    new, again, known = _sorted_out(bank, source, entries)
    imported = StatementImported(
        source=source, account=account, from_on=from_on, to_on=to_on, opening_cents=opening_cents,
        closing_cents=closing_cents, entries=tuple(new), again=tuple(again), known=known, by=by,
    )
    if closing_cents is None or bank.stated.get(to_on) == closing_cents:
        return (imported,)
    return imported, BankBalanceStated(on=to_on, cents=closing_cents, by=by)


def _refused(source: str, from_on: str, to_on: str, entries: tuple[Told, ...], today: date) -> Declined | None:
    if source not in SOURCES:
        return not_now(f"A statement comes as one of {', '.join(SOURCES)}, not as {source}.")
    if civil_date(from_on) > civil_date(to_on) or civil_date(to_on) > today + timedelta(days=AHEAD_DAYS_MAX):
        return not_now(f"A statement goes from a day to a later one that has come; this says {from_on} to {to_on}.")
    if len(entries) > ENTRIES_MAX:
        return not_now(f"A command takes {ENTRIES_MAX} bookings at most: give the statement in parts.")
    seen: set[bytes] = set()
    for place, entry in enumerate(entries, start=1):
        if not from_on <= entry.on <= to_on:
            return not_now(f"Booking {place} is of {entry.on}, outside of {from_on} to {to_on}.")
        if not entry.lines or sum(line.cents for line in entry.lines) != entry.cents:
            return not_now(f"The parts of booking {place} do not add up to its {money(entry.cents)}.")
        if entry.key in seen:
            return not_now(f"Booking {place} comes twice in the list; remove one of the two.")
        seen.add(entry.key)
    return None


def _sorted_out(
    bank: Bank, source: str, entries: tuple[Told, ...]
) -> tuple[list[BankEntry], list[SeenAgain], int]:
    """(new ones with their numbers, known from another source, how many are known)."""
    new, again, known, following = list[BankEntry](), list[SeenAgain](), 0, len(bank.lines) + 1
    others = _told_by_others(bank, source)
    for entry in entries:
        if (source, entry.key) in bank.keys:
            known += 1
            continue
        same = _same(others.get((entry.on, entry.cents), []), entry)
        if same is not None:
            others[entry.on, entry.cents].remove(same)
            again.append(SeenAgain(entry.key, same.first_line))
            known += 1
            continue
        numbered = tuple(line._replace(number=following + place) for place, line in enumerate(entry.lines))
        following += len(numbered)
        new.append(BankEntry(entry.key, entry.ref, entry.on, entry.cents, numbered))
    return new, again, known


def _told_by_others(bank: Bank, source: str) -> dict[tuple[str, int], list[Entry]]:
    found: dict[tuple[str, int], list[Entry]] = {}
    for entry in bank.entries.values():
        if source not in entry.sources:
            found.setdefault((entry.on, entry.cents), []).append(entry)
    return found


def _same(candidates: list[Entry], entry: Told) -> Entry | None:
    """The one with the same reference of the bank, else the first whose reference says nothing else."""
    alike = [one for one in candidates if not one.ref or not entry.ref or one.ref == entry.ref]
    return next((one for one in alike if one.ref == entry.ref), alike[0] if alike else None)


def decide_balance(bank: Bank, *, on: str, cents: int, by: PersonId, today: date) -> BankBalanceStated | Declined:
    if civil_date(on, what="'on'") > today:
        return not_now(f"{on} has not come yet: give the balance of a day that is over, or of today.")
    if bank.stated.get(on) == cents:
        return not_now(f"The balance of {on} is recorded already: {money(cents)}.")
    return BankBalanceStated(on=on, cents=cents, by=by)


def decide_charges_rule(
    bank: Bank, funds: Funds, *, fund: FundId, decision: DecisionId, by: PersonId
) -> BankChargesRuleSet | Declined:
    if fund not in funds:
        return not_found(f"There is no fund {fund}; open it first.")
    if bank.charges is not None and (bank.charges.fund, bank.charges.decision) == (fund, decision):
        return not_now(f"Charges of the bank are borne by {fund} already.")
    return BankChargesRuleSet(fund=fund, decision=decision, by=by)


def decide_mapping(bank: Bank, *, name: str, mapping: ColumnMapping, by: PersonId) -> ColumnMappingSaved | Declined:
    if bank.mappings.get(name) == mapping:
        return not_now(f"The mapping {name} is saved like this already.")
    if name not in bank.mappings and len(bank.mappings) >= MAPPINGS_MAX:
        return not_now(f"{MAPPINGS_MAX} mappings are saved; save this one under the name of one that is not used any more.")
    wrong = mapping_problem(mapping)
    return not_now(wrong) if wrong else ColumnMappingSaved(name=name, mapping=mapping, by=by)


def mapping_problem(mapping: ColumnMapping) -> str:
    """Why a file can't be read by it; "" when it can."""
    if mapping.delimiter not in DELIMITERS or mapping.decimal not in (",", ".") or mapping.delimiter == mapping.decimal:
        return ("Columns are parted by ; , | or a tabulator, and decimals by a comma or a point, which are not the same "
                "sign.")  # fmt: skip
    if mapping.days not in DAY_ORDERS:
        return f"Days are written in the order {', '.join(DAY_ORDERS)} (d: day, m: month, y: year), not {mapping.days}."
    if not mapping.on:
        return "Name the column of the day on which the bank booked."
    if bool(mapping.amount) == bool(mapping.debit or mapping.credit) or bool(mapping.debit) != bool(mapping.credit):
        return "Amounts stand in one signed column, or in two, one for debits and one for credits: name one, or those two."
    named = [name for name in mapping[3:] if name]
    if len(set(named)) != len(named):
        return "Each column is named once."
    return ""
