"""Law: nearly every event of a busy log is a sale; what views need of one is taken from its stored values, in one pass.

No event is made: that cost half of the projector's time. Tests hold every sum here equal to what the events say.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date
from operator import itemgetter
from typing import Any, Final

from clearing.events.basket import Line, LotUse, Share
from clearing.events.codec import plain, stored_names
from clearing.events.records import field_names
from clearing.events.sales import OperationHead, SaleDecided, Tap
from clearing.rules.selling.returns import purse_of

SALE: Final = SaleDecided.TYPE
SaleBody = tuple[int, int, bytes, bytes]
USES: Final = "\x1e"  # between uses; \x1f stands between purse, lot and cents


def _reads(stored: tuple[str, ...], *names: str) -> Callable[[Any], Any]:
    """Takes these fields out of a stored tuple: by their names, so that a field more can't shift them."""
    return itemgetter(*(stored.index(name) for name in names))


_PUBLIC, _PRIVATE = stored_names(SaleDecided)
_public: Final = _reads(_PUBLIC, "op", "amount_cents", "lines", "approved_cents")
_private: Final = _reads(_PRIVATE, "code", "tap", "member", "shares")
_op: Final = _reads(field_names(OperationHead), "terminal", "x", "producer")
_card: Final = _reads(field_names(Tap), "card")
_category: Final = _reads(field_names(Line), "category")

# Shares and lots are taken apart whole, four and more of them a sale: 0.1 us each cheaper than by itemgetter.
if field_names(Share) != ("line", "payer", "step", "source", "rate", "cents", "payee", "lots"):
    raise ImportError("a share has other fields now: take it apart in Sold._pay as it is stored")
if field_names(LotUse) != ("lot", "cents"):
    raise ImportError("a lot's use has other fields now: take it apart in Sold._pay as it is stored")


class Taken:
    """What one producer took by card: cents, in so many sales; positions: every operation that concerns it, in order."""

    __slots__ = ("captured_cents", "captures", "positions", "postings")

    def __init__(self) -> None:
        self.captured_cents = self.captures = self.postings = 0
        self.positions: list[int] = []


class Sold:
    """The sales of one civil day within one page.

    rows: for `sales` (see sales.py). answers: code -> [operations, asked cents, approved cents]. paid: (step, payer, source,
    category) -> cents. taken: by producer. accounts: [debit, credit, postings] of every account but what is owed for goods,
    which is `taken`.
    """

    def __init__(self, day: date) -> None:
        self.day = day
        self.rows: list[tuple[object, ...]] = []
        self.answers: dict[str, list[int]] = defaultdict(_three)
        self.paid: dict[tuple[str, str, str, str], int] = defaultdict(int)
        self.taken: dict[str, Taken] = defaultdict(Taken)
        self.accounts: dict[str, list[int]] = defaultdict(_three)
        self._purses = _Purses()

    def take(self, rows: Iterable[SaleBody]) -> None:
        """rows: (position, schema_version, public, private) of sales of this day. Raises UnreadableEvent."""
        day, sold, answers, takers = self.day, self.rows, self.answers, self.taken
        for position, version, body, secret in rows:
            public, private = plain(SaleDecided, version, body, secret)
            op, amount_cents, lines, approved_cents = _public(public)
            code, tap, member, shares = _private(private)
            terminal, x, producer = _op(op)
            answer = answers[code]
            answer[0] += 1
            answer[1] += amount_cents
            answer[2] += approved_cents
            taken = takers[producer]
            taken.positions.append(position)
            uses = self._pay(position, producer, taken, lines, shares) if shares else None
            card = None if tap is None else _card(tap)
            sold.append((
                position, day, code, producer, terminal, x, card, member, uses if member is not None and uses else None
            ))  # fmt: skip

    def _pay(self, position: int, producer: str, seller: Taken, lines: Any, shares: Any) -> str:
        """Adds one sale's shares; returns how they left the purses. Accounts are netted within the sale, as in the ledger.

        One loop for everything: with a function for each sum it took 1.4 times as long.
        """
        legs: dict[str, int] = {}
        others: dict[str, int] = {}
        uses: dict[tuple[str, str], int] = {}
        own_cents, own = 0, False
        paid, purses = self.paid, self._purses
        for line, payer, step, source, _, cents, payee, lots in shares:
            paid[step, payer, source, _category(lines[line])] += cents
            legs[source] = legs.get(source, 0) + cents
            if step == "surplus":
                legs[payee] = legs.get(payee, 0) - cents
            elif payee == producer:
                own_cents += cents
                own = True
            else:
                others[payee] = others.get(payee, 0) + cents
            if lots and (purse := purses[source]):
                for lot, used in lots:
                    uses[purse, lot] = uses.get((purse, lot), 0) + used
        for account, cents in legs.items():
            if cents:
                sums = self.accounts[account]
                sums[2] += 1
                if cents > 0:
                    sums[0] += cents
                else:
                    sums[1] -= cents
        if own:
            seller.captured_cents += own_cents
            seller.captures += 1
            seller.postings += own_cents != 0
        for payee, cents in others.items():
            taken = self.taken[payee]
            taken.captured_cents += cents
            taken.captures += 1
            taken.postings += cents != 0
            taken.positions.append(position)
        return USES.join([f"{purse}\x1f{lot}\x1f{used}" for (purse, lot), used in uses.items()])


class _Purses(dict[str, str]):
    """Source -> the purse's kind, '' for a source that is no purse."""

    def __missing__(self, source: str) -> str:
        self[source] = purse = purse_of(source) or ""
        return purse


def _three() -> list[int]:
    return [0, 0, 0]
