"""Law: who checks the accounts sees both roads to every sum, each batch and each act of two people, and no person who buys.

Folds one log beside its books and its ledger.
"""

from dataclasses import dataclass, field
from datetime import date
from typing import Final

from clearing.books.kept import Kept
from clearing.books.report import AMOUNT, NARROW, WIDE, Money, Report, Section, row, total
from clearing.books.two_roads import roads
from clearing.books.words import Words
from clearing.events import books, corrections, cotisations, grants, interchange, producers, settlement
from clearing.events.catalogue import Event
from clearing.rules.ledger.postings import Ledger
from clearing.rules.stalls.payouts import FAILED, PayoutState
from clearing.values import Position

_BY_TWO: Final[dict[type, type]] = {
    grants.TransferConfirmed: grants.TransferProposed, grants.RepaymentConfirmed: grants.RepaymentProposed,
    cotisations.DepositConfirmed: cotisations.DepositCounted, settlement.BatchApproved: settlement.BatchClosed,
    producers.BankDetailsApproved: producers.BankDetailsProposed,
}  # fmt: skip
"""What the second person does -> what the first one did, named alike."""
_NAMED_BY: Final[dict[type, str]] = {
    grants.TransferConfirmed: "transfer", grants.RepaymentConfirmed: "repayment", cotisations.DepositConfirmed: "deposit",
    settlement.BatchApproved: "batch", producers.BankDetailsApproved: "producer",
}  # fmt: skip
_BOTH: Final = (corrections.EntryCorrected, interchange.InterchangeWrittenOff, books.MonthClosed)
"""Events that name both people themselves."""


@dataclass(slots=True)
class _Batch:
    closed: settlement.BatchClosed
    on: date
    approved_by: str = ""
    exported: bytes = b""
    paid_cents: int = 0
    back_cents: int = 0


@dataclass(slots=True)
class Auditor:
    """Feed every event of one log in order. acts: (act, first person, second person, day)."""

    kept: Kept = field(default_factory=Kept)
    ledger: Ledger = field(default_factory=Ledger)
    batches: dict[int, _Batch] = field(default_factory=dict)
    acts: list[tuple[str, str, str, date]] = field(default_factory=list)
    _first: dict[tuple[type, object], str] = field(default_factory=dict)

    def take(self, event: Event, position: int, at_us: int) -> None:
        self.kept.take(event, position, at_us)
        self.ledger.post(event, Position(position))
        on = date.fromisoformat(self.kept.gathered.last)
        self._two(event, on)
        match event:
            case settlement.BatchClosed():
                self.batches[event.batch] = _Batch(event, on)
            case settlement.BatchApproved():
                self.batches[event.batch].approved_by = event.by
            case settlement.BatchExported():
                self.batches[event.batch].exported = event.file_sha256
            case settlement.PayoutConfirmed():
                self.batches[event.batch].paid_cents += event.cents
            case settlement.PayoutReturned():
                self.batches[event.batch].back_cents += event.cents
            case settlement.PayoutAnswered() if event.became == PayoutState.EXECUTED:
                self.batches[event.batch].paid_cents += event.cents
            case settlement.PayoutAnswered() if event.became in FAILED:
                self.batches[event.batch].back_cents += event.cents
            case _:
                pass

    def _two(self, event: Event, on: date) -> None:
        kind, by = type(event), str(getattr(event, "by", ""))
        for second, name in _NAMED_BY.items():
            if kind is _BY_TWO[second]:
                self._first[second, getattr(event, name)] = by
            elif kind is second:
                subject = getattr(event, name)
                first = self._first.get((second, subject), "")
                self.acts.append((f"{kind.__name__} {subject}", first, by, on))
        if isinstance(event, _BOTH):
            self.acts.append((kind.__name__, event.proposed_by, event.by, on))

    def report(self, first: date, last: date, words: Words) -> Report:
        """Balances of the whole log; batches and acts of the days from first to last. Raises NoPlan."""
        title = words.said("auditor", first=words.day(first), last=words.day(last))
        sections = (
            self._roads(words), self._balance(words), self._batches(first, last, words), self._closings(words),
            self._acts(first, last, words),
        )  # fmt: skip
        return Report(title, self.kept.caisse, last, (), (words.said("auditor-note"),), sections)

    def _roads(self, words: Words) -> Section:
        """What the ledger has against what the books have, by kind."""
        rows = tuple(
            (", ".join(words.said(kind) for kind in one.kinds), Money(one.ledger_cents), Money(one.books_cents),
             Money(one.gap_cents))
            for one in roads(self.kept, self.ledger.balances)
        )  # fmt: skip
        columns = (("account", WIDE), ("ledger", AMOUNT), ("books", AMOUNT), ("gap", NARROW))
        sums = row(words.said("total"), *(total(rows, place) for place in (1, 2, 3)))
        return Section(words.said("two-roads"), columns, rows, sums)

    def _balance(self, words: Words) -> Section:
        sums: dict[tuple[str, str], list[int]] = {}
        for month in self.kept.months():
            for line in (line for entry in month.entries for line in entry.lines):
                of = sums.setdefault(line.place, [0, 0])
                of[line.cents < 0] += abs(line.cents)
        plan = self.kept.newest()
        rows = tuple(
            (number, plan.label(number), third, Money(debit), Money(credit)) for (number, third), (debit, credit) in
            sorted(sums.items())
        )  # fmt: skip
        columns = (("account", 12), ("label", WIDE), ("producer", NARROW), ("debit", NARROW), ("credit", NARROW))
        return Section(words.said("balance"), columns, rows, (words.said("total"), "", "", total(rows, 3), total(rows, 4)))

    def _batches(self, first: date, last: date, words: Words) -> Section:
        rows = tuple(
            (str(number), one.on, one.closed.by, one.approved_by, Money(one.closed.total_cents), Money(one.paid_cents),
             Money(one.back_cents), one.exported.hex()[:16])
            for number, one in self.batches.items() if first <= one.on <= last
        )  # fmt: skip
        columns = (
            ("batch", 8), ("day", 14), ("closed-by", 14), ("approved-by", 14), ("amount", 16), ("paid", 16),
            ("returned-payouts", 16), ("digest", 20),
        )  # fmt: skip
        return Section(words.said("batches"), columns, rows)

    def _closings(self, words: Words) -> Section:
        rows = tuple(
            (one.said.period, one.on, one.said.proposed_by, one.said.by, one.said.entries, Money(one.said.debit_cents),
             one.said.sha256.hex()[:16])
            for one in self.kept.closings
        )  # fmt: skip
        columns = (
            ("month", 10), ("closed-on", 14), ("first-person", 14), ("second-person", 14), ("count", 10), ("debit", 18),
            ("digest", 22),
        )  # fmt: skip
        return Section(words.said("closings"), columns, rows)

    def _acts(self, first: date, last: date, words: Words) -> Section:
        rows = tuple(
            (_said(act, words), one, other, on) for act, one, other, on in self.acts if first <= on <= last
        )
        columns = (("act", WIDE), ("first-person", NARROW), ("second-person", NARROW), ("day", NARROW))
        return Section(words.said("by-two"), columns, rows)


def _said(act: str, words: Words) -> str:
    """ "BatchApproved 12" in the reader's language."""
    kind, _, subject = act.partition(" ")
    return f"{words.said(f'act-{kind}')} {subject}".strip()
