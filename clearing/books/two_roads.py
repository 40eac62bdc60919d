"""Law: what the ledger has of a kind is what the books have of it; the gap is told, and it is nothing.

The ledger's balances come from its own legs, the books' from entries. Kinds that a plan puts into one account are told
together.
"""

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from clearing.books.kept import Kept
from clearing.books.moves import OF_FUNDS, Move

RESULT: Final = "result"
_KINDS: Final = {
    "bank": "bank", "cash": "cash", "cheques": "cheques", "receivable": "receivable", "owed": "owed-all", "payable": "owed-all",
    "purse": "purses", "own": "purses", "contract": "purses", "held": "purses", "held-abroad": "purses",
    "collected": "collected", "interchange": "other-caisses", "netting": "other-caisses", "returned": "members-owe",
    "fund": RESULT, "notified": RESULT,
}  # fmt: skip
_OF_OTHERS: Final = ("payable:member:", "payable:heir:", "payable:grantor:")


class Road(NamedTuple):
    """kinds: keys of the words, more than one where the plan makes no difference. Debits above zero."""

    kinds: tuple[str, ...]
    ledger_cents: int
    books_cents: int

    @property
    def gap_cents(self) -> int:
        return self.ledger_cents - self.books_cents


def kind_of(account: str) -> str:
    """What a treasurer calls an account of the ledger."""
    return "purses" if account.startswith(_OF_OTHERS) else _KINDS.get(account.partition(":")[0], "elsewhere")


def roads(kept: Kept, balances: Mapping[str, int]) -> list[Road]:
    """balances: of the ledger. Every cent of both is in one of the roads. Raises NoPlan."""
    reserved = _reserved_of_funds(kept)
    ledger: dict[str, int] = {"purses": -reserved, RESULT: reserved}
    for account, cents in balances.items():
        ledger[kind_of(account)] = ledger.get(kind_of(account), 0) + cents
    entered = _entered(kept)
    kinds = _kinds_of_numbers(kept, entered)
    found: dict[tuple[str, ...], int] = {}
    for number, cents in entered.items():
        found[kinds[number]] = found.get(kinds[number], 0) + cents
    together = {kind: names for names in found for kind in names}
    names = dict.fromkeys((*(together.get(kind, (kind,)) for kind in ledger), *found))
    return [Road(one, sum(ledger.get(kind, 0) for kind in one), found.get(one, 0)) for one in names]


def _reserved_of_funds(kept: Kept) -> int:
    """What is held of funds: no spending of the books yet, so it stands with them; a credit below zero."""
    return sum(
        cents for pieces in kept.gathered.days.values() for sums in pieces.values() for move, cents in sums.items()
        if move.account.startswith(("held:fund:", "held-abroad:fund:"))
    )  # fmt: skip


def _entered(kept: Kept) -> dict[str, int]:
    """By number of the books, without what is brought forward and put aside: that moves nothing of the ledger."""
    sums: dict[str, int] = {}
    for month in kept.months():
        for entry in month.entries:
            if not entry.of_the_books_alone:
                for line in entry.lines:
                    sums[line.place.number] = sums.get(line.place.number, 0) + line.cents
    return sums


def _kinds_of_numbers(kept: Kept, numbers: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Which kinds stand in each number: by the moves of the log and the plans of their months."""
    stands: dict[str, set[str]] = {number: set() for number in numbers}
    for day, pieces in kept.gathered.days.items():
        plan = kept.plan_of(day[:7])
        for move in {move for sums in pieces.values() for move in sums}:
            number, kind = plan.place(move).number, _kind_of_move(move)
            stands.setdefault(number, set()).add(kind)
    merged = [set(kinds) for kinds in stands.values() if kinds]
    for one in merged:
        for other in merged:
            if one is not other and one & other:
                one |= other
                other |= one
    largest = {kind: max((one for one in merged if kind in one), key=len) for one in merged for kind in one}
    return {number: tuple(sorted(largest[next(iter(kinds))])) if kinds else (RESULT,) for number, kinds in stands.items()}


def _kind_of_move(move: Move) -> str:
    account = move.account
    for reserve in ("held:", "held-abroad:"):
        account = account.removeprefix(reserve)
    return RESULT if account.startswith(OF_FUNDS) else kind_of(account)

