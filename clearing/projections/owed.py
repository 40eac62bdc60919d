"""Law: the caisse owes a producer what payers took for its goods, less what went back, less what batches instructed.

A surplus is owed to a fund, not to a producer. One row per producer, day and page holds its sums and where they come from.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Final

from clearing.events.basket import Return, Share
from clearing.events.interchange import InterchangeReversed, InterchangeSold
from clearing.events.joint import HandoverEnded
from clearing.events.sales import CaptureDecided, RefundDecided, ReversalDecided
from clearing.events.settlement import (
    BatchClosed,
    PayoutAnswered,
    PayoutConfirmed,
    PayoutReturned,
    PayoutsWithdrawn,
)
from clearing.projections.operations import operation
from clearing.projections.page import Page, Recorded, Writes, copy, write
from clearing.projections.sold import Sold
from clearing.rules.between.abroad import payees
from clearing.rules.reductions.drawing import names_nobody
from clearing.rules.stalls.debts import debts
from clearing.rules.stalls.payouts import FAILED, PayoutState

FILE = "owed.sql"
PAGE: Final = ("producer", "last", "day", "captured_cents", "given_back_cents", "debt_cents", "captures", "positions")
_CAPTURED, _REFUNDED, _SETTLED, _RETURNED, _CONFIRMED = range(5)


class _Days:
    """By producer and day: captured cents, cents given back, captures, and what is owed beside sales (rules/stalls/debts.py),
    which no figure of a day's sales shows; and the positions of all that concerns the producer."""

    def __init__(self) -> None:
        self.totals: dict[str, list[int]] = {}
        self.sums: dict[tuple[str, date], list[int]] = defaultdict(lambda: [0, 0, 0, 0])
        self.positions: dict[tuple[str, date], list[int]] = defaultdict(list)

    def owe(self, producer: str, place: int, cents: int) -> None:
        self.totals.setdefault(producer, [0, 0, 0, 0, 0])[place] += cents

    def capture(self, producer: str, day: date, cents: int, captures: int) -> None:
        self.owe(producer, _CAPTURED, cents)
        sums = self.sums[producer, day]
        sums[0] += cents
        sums[3] += captures

    def give_back(self, producer: str, day: date, cents: int) -> None:
        self.owe(producer, _REFUNDED, cents)
        self.sums[producer, day][1] += cents

    def debt(self, producer: str, day: date, captured_cents: int, refunded_cents: int) -> None:
        self.owe(producer, _CAPTURED, captured_cents)
        self.owe(producer, _REFUNDED, refunded_cents)
        self.sums[producer, day][2] += captured_cents - refunded_cents

    def sell(self, sold: Sold) -> None:
        for producer, taken in sold.taken.items():
            key = producer, sold.day
            known = self.positions.get(key)
            self.positions[key] = taken.positions if known is None else sorted(known + taken.positions)
            if taken.captures:
                self.capture(producer, sold.day, taken.captured_cents, taken.captures)

    def rows(self, last: int) -> list[tuple[object, ...]]:
        none = (0, 0, 0, 0)
        return [
            (key[0], last, key[1], *self.sums.get(key, none), positions) for key, positions in sorted(self.positions.items())
        ]


def writes(page: Page) -> Writes:
    days = _Days()
    for recorded in page.recorded:
        for producer in _concerned(recorded, days):
            days.positions[producer, recorded.day].append(recorded.position)
    for sold in page.sold:
        days.sell(sold)
    totals = [(producer, *sums) for producer, sums in sorted(days.totals.items())]
    return [*write("owe", totals), *copy("producer_pages", PAGE, days.rows(page.last))]


def _concerned(recorded: Recorded, days: _Days) -> set[str]:
    """Adds what the event does; returns the producers whose operation it is, or for whose goods it moves money."""
    event, day = recorded.event, recorded.day
    done = operation(event)
    producers = set[str]() if done is None else {str(done.op.producer)}
    match event:
        case CaptureDecided():
            found = per_payee(event.shares)
            for payee, cents in found.items():
                days.capture(payee, day, cents, 1)
            return producers | found.keys()
        case RefundDecided() | ReversalDecided() if names_nobody(event):
            found = per_payee(event.returned)
            for payee, cents in found.items():
                days.debt(payee, day, 0, cents)
            kept = sum(part.cents for part in event.returned if part.step == "surplus")  # a give that was undone
            days.debt(str(event.op.producer), day, 0, -kept)
            return {str(event.op.producer)} | found.keys()
        case RefundDecided() | ReversalDecided(effect="undone"):
            found = per_payee(event.returned)
            for payee, cents in found.items():
                days.give_back(payee, day, cents)
            return producers | found.keys()
        case InterchangeSold():
            for payee, cents in payees(event):
                days.capture(payee, day, cents, 1)
            return producers | {str(payee) for payee, _ in payees(event)}
        case InterchangeReversed():
            for payee, cents in event.taken_back:
                days.give_back(payee, day, cents)
            return producers | {str(payee) for payee, _ in event.taken_back}
        case (
            BatchClosed() | PayoutReturned() | PayoutConfirmed() | PayoutAnswered() | PayoutsWithdrawn() | HandoverEnded()
        ):
            return _settled(event, days)
        case _:
            for debt in debts(event):
                days.debt(debt.producer, day, debt.captured_cents, debt.refunded_cents - debt.adjusted_cents)
                producers.add(str(debt.producer))
            return producers


def _settled(
    event: BatchClosed | PayoutReturned | PayoutConfirmed | PayoutAnswered | PayoutsWithdrawn | HandoverEnded, days: _Days
) -> set[str]:
    """What a batch takes over from what is owed, and what the bank, or another caisse, made of it."""
    match event:
        case BatchClosed():
            for line in event.lines:
                days.owe(line.producer, _SETTLED, line.paid_cents)
            return {str(line.producer) for line in event.lines}
        case PayoutsWithdrawn():
            for one in event.payouts:
                days.owe(one.producer, _RETURNED, one.cents)
            return {str(one.producer) for one in event.payouts}
        case PayoutAnswered():
            if event.became == PayoutState.EXECUTED:
                days.owe(event.producer, _CONFIRMED, event.cents)
            elif event.became in FAILED:
                days.owe(event.producer, _RETURNED, event.cents)
            return {str(event.producer)}
        case HandoverEnded():
            days.owe(event.producer, _RETURNED if event.reason else _CONFIRMED, event.cents)
            return {str(event.producer)}
        case PayoutReturned() | PayoutConfirmed():
            days.owe(event.producer, _RETURNED if isinstance(event, PayoutReturned) else _CONFIRMED, event.cents)
            return {str(event.producer)}


def per_payee(parts: Iterable[Share | Return]) -> dict[str, int]:
    """Cents of goods by who is owed them."""
    sums: dict[str, int] = {}
    for part in parts:
        if part.step != "surplus":
            sums[part.payee] = sums.get(part.payee, 0) + part.cents
    return sums
