"""Law: a sum is proved by roads that have nothing in common: the events added up, the book folded by the rules, what is shown.

Each account is in exactly one of the five proofs, so that what is wrong is named once. Pure, but for reading the views.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import asyncpg

from clearing.audit.shown import PACKAGE, NothingShown, purses_of
from clearing.audit.sums import book_balances, lots_of_cohorts
from clearing.events.basket import Return, Share
from clearing.events.catalogue import Event
from clearing.events.interchange import InterchangeReversed, InterchangeSold
from clearing.events.joint import PayoutsHandedOver
from clearing.events.proofs import ProofFigure, ProofResult
from clearing.events.sales import CaptureDecided, ReversalDecided, SaleDecided
from clearing.events.settlement import BatchClosed, PayoutAnswered, PayoutConfirmed, PayoutReturned, PayoutsWithdrawn
from clearing.rules.answers import BrokenBook
from clearing.rules.book import Book
from clearing.rules.ledger.postings import BANK, Ledger, UnexplainedPosting
from clearing.rules.stalls.debts import debts
from clearing.rules.stalls.payouts import FAILED, NOT_OURS, UNDER_WAY, PayoutState
from clearing.rules.stalls.settlement import BatchState
from clearing.rules.treasury.proofs import BATCHES, DEPOSITS, ISSUED, MONEY, PURSES, by_log, result
from clearing.sql import Queries
from clearing.values import Position

Sums = Mapping[str, int]
_NONSENSE: Final = (BrokenBook, UnexplainedPosting, LookupError, ValueError, TypeError, AttributeError, OverflowError)
"""What the fold of a forged event raises."""
_OWN_PROOF: Final = frozenset({"purse", "owed"})
_FUNDS_TOLD: Final = 30


class FileSeen(NamedTuple):
    """The bank file of a batch as it lies in the home: its SHA-256, and what its transfers add up to."""

    sha256: bytes
    cents: int


class BankBalance(NamedTuple):
    """What the bank says is on the account, and what by the log has been there at that moment. Where a log records balances,
    DayRoads takes its newest one in `_count`; that is the only place."""

    cents: int
    by_log_cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownDay:
    """What the live views show at `position`. accounts: (debit, credit); purses: "<member> <kind>"; payouts: (batch, state)."""

    position: int
    accounts: Mapping[str, tuple[int, int]]
    owed: Sums
    purses: Sums
    payouts: Mapping[tuple[int, str], int]

    def balances(self) -> dict[str, int]:
        """Cents per account, a debit above zero."""
        return {account: debit - credit for account, (debit, credit) in self.accounts.items()}


async def read_shown_day(connection: "asyncpg.Connection[asyncpg.Record]", schema: str) -> ShownDay:
    """connection: of a role that may read. Raises NothingShown."""
    queries = Queries.load(PACKAGE, "proofs.sql", schema)
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        try:
            position = await connection.fetchval(queries["position"])
        except asyncpg.UndefinedTableError:
            position = None
        if position is None:
            raise NothingShown(f"{schema} has no live views; `clearing serve` makes them")
        return ShownDay(
            position=position,
            accounts={row["account"]: (row["debit_cents"], row["credit_cents"])
                      for row in await connection.fetch(queries["accounts"])},
            owed={row["producer"]: row["owed_cents"] for row in await connection.fetch(queries["owed"])},
            purses={f"{row['member']} {row['purse']}": row["cents"] for row in await connection.fetch(queries["purses"])},
            payouts={(row["batch"], row["payout"]): row["cents"] for row in await connection.fetch(queries["batch_lines"])},
        )  # fmt: skip


class Broken(NamedTuple):
    """An event that the book could not take in: from here on it is no road any more. cents: what it wanted to take."""

    position: int
    proof: str
    cents: int


@dataclass(slots=True)
class DayRoads:
    """Two of the roads, folded from the log's events in order: sums of the events, and the book.

    told, sold: by terminal, what it showed as paid by card, and what is owed for it. captured: by producer. batches: by number.
    balance: the bank's own word, None where nobody recorded one.
    """

    book: Book = field(default_factory=Book)
    ledger: Ledger = field(default_factory=Ledger)
    broken: Broken | None = None
    balance: BankBalance | None = None
    told: Counter[str] = field(default_factory=Counter)
    sold: Counter[str] = field(default_factory=Counter)
    captured: Counter[str] = field(default_factory=Counter)
    batches: dict[int, int] = field(default_factory=dict)
    paid: Counter[int] = field(default_factory=Counter)
    came: int = 0
    went: int = 0
    _confirmed: set[tuple[int, str]] = field(default_factory=set)

    def take(self, event: Event, position: int, at_us: int) -> None:
        """The next event. One that the book can't take in is remembered, and the other road goes on."""
        try:
            moved = self.ledger.post(event, Position(position))
        except _NONSENSE:
            self.broken = self.broken or Broken(position, MONEY, 1)
            return
        self.came += max(0, moved.get(BANK, 0))
        self.went += max(0, -moved.get(BANK, 0))
        self._count(event)
        if self.broken is None:
            try:
                self.book.apply(event, position, at_us)
            except _NONSENSE:
                self.broken = _breaking(position, moved)

    def _count(self, event: Event) -> None:
        match event:
            case SaleDecided() | CaptureDecided():
                terminal = event.op.terminal.hex()
                self.told[terminal] += event.approved_cents
                self.sold[terminal] += self._captured(event.shares, 1)
            case InterchangeSold():
                terminal = event.op.terminal.hex()
                self.told[terminal] += event.approved_cents
                for debt in debts(event):
                    self.sold[terminal] += debt.captured_cents
                    self.captured[debt.producer] += debt.captured_cents
            case ReversalDecided(effect="undone"):
                self._captured(event.returned, -1)
            case BatchClosed():
                self.batches[event.batch] = sum(line.paid_cents for line in event.lines)
            case PayoutConfirmed():
                self.paid[event.batch] += event.cents
                self._confirmed.add((event.batch, event.producer))
            case PayoutReturned() if (event.batch, event.producer) in self._confirmed:
                self.paid[event.batch] -= event.cents
            case PayoutAnswered():
                self._answered(event)
            case PayoutsWithdrawn():
                self.batches[event.batch] -= sum(one.cents for one in event.payouts)
            case PayoutsHandedOver():
                self.batches[event.batch] -= sum(one.cents for one in event.parts)
            case _:
                for debt in debts(event):
                    self.captured[debt.producer] += debt.captured_cents
                if isinstance(event, InterchangeReversed):
                    return

    def _answered(self, event: PayoutAnswered) -> None:
        if event.became == PayoutState.EXECUTED:
            self.paid[event.batch] += event.cents
            self._confirmed.add((event.batch, event.producer))
        elif event.became in FAILED and (event.batch, event.producer) in self._confirmed:
            self.paid[event.batch] -= event.cents

    def _captured(self, parts: Iterable[Share | Return], sign: int) -> int:
        sums = 0
        for part in parts:
            if part.step != "surplus":
                self.captured[part.payee] += sign * part.cents
                sums += part.cents
        return sums

    def results(self, shown: ShownDay, files: Mapping[int, FileSeen]) -> tuple[ProofResult, ...]:
        """The five proofs at the position where this and `shown` stand. files: by batch, of those that lie here."""
        book = None if self.broken is not None else {name: -cents for name, cents in book_balances(self.book).items()}
        roads = _Roads(self.ledger.balances, book, shown.balances())
        proofs = (
            self._issued(roads), self._purses(shown), self._deposits(roads, shown), self._batches(roads, shown, files),
            self._money(roads, shown),
        )  # fmt: skip
        if self.broken is None:
            return proofs
        broken = self.broken
        figure = ProofFigure(f"event:{broken.position}", broken.cents, 0, None)
        return tuple(
            one._replace(figures=(*one.figures, figure)) if one.proof == broken.proof else one for one in proofs
        )

    def _issued(self, roads: "_Roads") -> ProofResult:
        """Issued less used, by double entry; the purses opened one by one, as a till finds them. Where the book is no road any
        more, the views' ledger takes its place."""
        if self.broken is not None:
            return result(ISSUED, [ProofFigure("purse", by_log(roads.log, "purse"), None, by_log(roads.shown, "purse"))])
        found: Counter[str] = Counter()
        for name, cents in purses_of(self.book).items():
            found[f"purse:{name.rpartition(' ')[2]}"] += cents
        kinds = {*found, *(name for name in roads.log if name.startswith("purse:"))}
        each = [ProofFigure(name, by_log(roads.log, name), found[name], None) for name in sorted(kinds)]
        cohorts = [
            ProofFigure(f"cohort:{lot}", None, self.book.allocation.cohorts[lot].left, cents)
            for lot, cents in lots_of_cohorts(self.book).items()
        ]
        return result(ISSUED, [ProofFigure("purse", by_log(roads.log, "purse"), found.total(), None)], [*each, *cohorts])

    def _purses(self, shown: ShownDay) -> ProofResult:
        """Each purse by its own activity in the book, and as people are shown it; without a book, all of them together."""
        if self.broken is not None:
            total = sum(shown.purses.values())
            return result(PURSES, [ProofFigure("purses", by_log(self.ledger.balances, "purse"), None, total)])
        held = purses_of(self.book)
        each = (
            ProofFigure(f"member:{name}", None, held.get(name, 0), shown.purses.get(name, 0))
            for name in sorted({*held, *shown.purses})
        )
        return result(PURSES, [ProofFigure("purses", None, sum(held.values()), sum(shown.purses.values()))], each)

    def _deposits(self, roads: "_Roads", shown: ShownDay) -> ProofResult:
        owed = {f"owed:{name}": cents for name, cents in shown.owed.items()}
        names = {*owed, *(name for name in roads.log if name.startswith("owed:"))}
        each = [
            ProofFigure(name, by_log(roads.log, name), roads.in_book(name), owed.get(name, 0)) for name in sorted(names)
        ]
        tills = [
            ProofFigure(f"till:{name}", self.sold[name], self.told[name], None) for name in sorted({*self.told, *self.sold})
        ]
        total = ProofFigure("owed", by_log(roads.log, "owed"), roads.in_book("owed"), sum(owed.values()))
        shown_by_tills = ProofFigure("tills", self.sold.total(), self.told.total(), None)
        return result(DEPOSITS, [total, shown_by_tills, *self._all_captured()], [*each, *tills, *self._each_captured()])

    def _all_captured(self) -> Iterator[ProofFigure]:
        if self.broken is None:
            yield ProofFigure("captured", self.captured.total(), self._in_batches().total(), None)

    def _each_captured(self) -> Iterator[ProofFigure]:
        if self.broken is None:
            found = self._in_batches()
            for name in sorted({*found, *self.captured}):
                yield ProofFigure(f"captured:{name}", self.captured[name], found[name], None)

    def _in_batches(self) -> Counter[str]:
        """What each producer captured, by the lines of batches and what waits for the next one."""
        found: Counter[str] = Counter()
        for producer, owed in self.book.settlement.owed.items():
            found[producer] += owed.captured_cents
        for batch in self.book.settlement.batches.values():
            for line in batch.closed.lines:
                found[line.producer] += line.captured_cents
        return found

    def _batches(self, roads: "_Roads", shown: ShownDay, files: Mapping[int, FileSeen]) -> ProofResult:
        shown_paid: Counter[int] = Counter()
        shown_lines: Counter[int] = Counter()
        open_cents = 0
        for (batch, state), cents in shown.payouts.items():
            shown_lines[batch] += cents if state not in NOT_OURS else 0
            shown_paid[batch] += cents if state == PayoutState.EXECUTED else 0
            open_cents += cents if state in UNDER_WAY else 0
        total = ProofFigure("payable", by_log(roads.log, "payable"), roads.in_book("payable"), open_cents)
        paid = self._paid_in_book()
        made = ProofFigure("paid", self.paid.total(), None if paid is None else paid.total(), shown_paid.total())
        said = self.balance
        bank = [] if said is None else [ProofFigure("balance", said.by_log_cents, None, said.cents)]
        names = sorted(name for name in roads.log if name.startswith("payable:") and roads.book is not None)
        each = [ProofFigure(name, by_log(roads.log, name), roads.in_book(name), None) for name in names if _to_producer(name)]
        for batch in sorted({*self.batches, *shown_lines}):
            each.append(ProofFigure(f"batch:{batch}", self.batches.get(batch, 0), None, shown_lines[batch]))
            in_book = None if paid is None else paid[batch]
            each.append(ProofFigure(f"payout:{batch}", self.paid[batch], in_book, shown_paid[batch]))
        return result(BATCHES, [total, made, *bank], [*each, *self._files(files)])

    def _paid_in_book(self) -> Counter[int] | None:
        if self.broken is not None:
            return None
        found: Counter[int] = Counter()
        for number, batch in self.book.settlement.batches.items():
            if batch.state is BatchState.EXPORTED:
                found[number] += sum(one.cents for one in batch.payouts.values() if one.state is PayoutState.EXECUTED)
        return found

    def _files(self, files: Mapping[int, FileSeen]) -> Iterator[ProofFigure]:
        """What each kept file tells the bank to pay; a file that is not the exported one pays nothing that was approved."""
        for number, batch in self.book.settlement.batches.items():
            seen = files.get(number)
            if seen is None or batch.exported is None:
                continue
            same = seen.sha256 == batch.exported.file_sha256
            name = f"file:{number}" if same else f"other-file:{number}"
            yield ProofFigure(name, self.batches[number], None, seen.cents if same else 0)

    def _money(self, roads: "_Roads", shown: ShownDay) -> ProofResult:
        debit, credit = shown.accounts.get(BANK, (0, 0))
        totals = [
            ProofFigure("bank", by_log(roads.log, "bank"), None, debit - credit),
            ProofFigure("in", self.came, None, debit), ProofFigure("out", self.went, None, credit), roads.figure("fund"),
        ]  # fmt: skip
        funds = sorted({name for name in (*roads.log, *roads.shown) if name.startswith("fund:")})
        told = funds[:_FUNDS_TOLD]
        rest = sorted({*roads.log, *roads.shown, *(roads.book or ())} - {BANK, *told})
        return result(MONEY, [*totals, *map(roads.figure, told)], map(roads.figure, rest))


@dataclass(frozen=True, slots=True)
class _Roads:
    """Cents per account by each road, a debit above zero. book None: it broke."""

    log: Sums
    book: Sums | None
    shown: Sums

    def in_book(self, name: str) -> int | None:
        return None if self.book is None else by_log(self.book, name)

    def figure(self, name: str) -> ProofFigure:
        """An account as the views' ledger shows it; the book's own count where no other proof has it."""
        own = name.partition(":")[0] in _OWN_PROOF or _to_producer(name)
        return ProofFigure(name, by_log(self.log, name), None if own else self.in_book(name), by_log(self.shown, name))


def _to_producer(account: str) -> bool:
    kind, _, rest = account.partition(":")
    return kind == "payable" and rest.partition(":")[0] not in ("grantor", "member", "heir")


def _breaking(position: int, moved: Mapping[str, int]) -> Broken:
    """Which proof an event breaks is told by what it moves first of: purses, producers, transfers, funds."""
    for prefix, proof in (("purse:", PURSES), ("payable:", BATCHES), ("owed:", DEPOSITS), ("fund:", MONEY)):
        taken = sum(abs(cents) for account, cents in moved.items() if account.startswith(prefix))
        if taken:
            return Broken(position, proof, taken)
    return Broken(position, MONEY, 1)
