"""Law: nearly every event of a busy log is a sale; what views need of one is taken from its stored values, in one pass.

No event is made: that cost half of the projector's time. The places of the fields come from the codec, by their names, and
tests hold every sum here equal to what the events say.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final

from clearing.events.basket import Line, LotUse, Share
from clearing.events.codec import plain, private_places, public_places, record_places
from clearing.events.sales import OperationHead, SaleDecided, Tap

SALE: Final = SaleDecided.TYPE
USE: Final = "\x1f"  # between purse, lot and cents; stands in none of them
USES: Final = "\x1e"  # between uses
PURSE: Final = "purse:"
_OP, _AMOUNT, _LINES, _APPROVED = public_places(SaleDecided, "op", "amount_cents", "lines", "approved_cents")
_CODE, _TAP, _MEMBER, _SHARES = private_places(SaleDecided, "code", "tap", "member", "shares")
_TERMINAL, _X, _PRODUCER = record_places(OperationHead, "terminal", "x", "producer")
_LINE, _PAYER, _STEP, _SOURCE, _CENTS, _PAYEE, _LOTS = record_places(
    Share, "line", "payer", "step", "source", "cents", "payee", "lots"
)
(_CARD,), (_CATEGORY,), (_LOT, _USED) = (
    record_places(Tap, "card"), record_places(Line, "category"), record_places(LotUse, "lot", "cents")
)  # fmt: skip


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

    def take(self, rows: Iterable[Mapping[Any, Any]]) -> None:
        """rows: (position, type, schema_version, at_us, public, private) of sales of this day. Raises UnreadableEvent.

        One long loop on purpose: 7 us a sale of 4 shares with its decoding; calls to small functions add half as much.
        """
        day, sold, answers, takers = self.day, self.rows, self.answers, self.taken
        for position, _, version, _, body, secret in rows:
            public, private = plain(SaleDecided, version, body, secret)
            op, code, tap, member, shares = public[_OP], private[_CODE], private[_TAP], private[_MEMBER], private[_SHARES]
            producer, amount_cents, approved_cents = op[_PRODUCER], public[_AMOUNT], public[_APPROVED]
            answer = answers[code]
            answer[0] += 1
            answer[1] += amount_cents
            answer[2] += approved_cents
            takers[producer].positions.append(position)
            uses = self._pay(position, producer, public[_LINES], shares) if shares else None
            sold.append((
                position, day, code, producer, op[_TERMINAL], op[_X], None if tap is None else tap[_CARD], member,
                uses if member is not None and uses else None,
            ))  # fmt: skip

    def _pay(self, position: int, producer: str, lines: Any, shares: Any) -> str:
        """Adds one sale's shares; returns how they left the purses. Accounts are netted within the sale, as in the ledger."""
        legs: dict[str, int] = {}
        goods: dict[str, int] = {}
        uses: list[str] = []
        paid = self.paid
        for share in shares:
            step, source, cents, payee = share[_STEP], share[_SOURCE], share[_CENTS], share[_PAYEE]
            paid[step, share[_PAYER], source, lines[share[_LINE]][_CATEGORY]] += cents
            legs[source] = legs.get(source, 0) + cents
            if step == "surplus":
                legs[payee] = legs.get(payee, 0) - cents
            else:
                goods[payee] = goods.get(payee, 0) + cents
            lots = share[_LOTS]
            if lots and source.startswith(PURSE):
                for use in lots:
                    uses.append(f"{source[6:]}\x1f{use[_LOT]}\x1f{use[_USED]}")  # noqa: PERF401 - one of several per share
        for account, cents in legs.items():
            if cents:
                sums = self.accounts[account]
                sums[cents < 0] += abs(cents)
                sums[2] += 1
        for payee, cents in goods.items():
            taken = self.taken[payee]
            taken.captured_cents += cents
            taken.captures += 1
            taken.postings += cents != 0
            if payee != producer:
                taken.positions.append(position)
        return USES.join(uses)


def _three() -> list[int]:
    return [0, 0, 0]
