"""Law: every event's postings sum to zero: money only moves between accounts.

The second road to every sum: the book folds state, this derives double entry from the events, audit compares the two. Accounts
and the legs of each event: rules/ledger/accounts.py, rules/ledger/legs.py.
"""

from dataclasses import dataclass, field

from clearing.events.catalogue import Event
from clearing.rules.ledger.accounts import BANK, EURO, HELD, HELD_ABROAD, NETTING, WAITING, Legs
from clearing.rules.ledger.legs import MOVES, payable_member, payee_account
from clearing.rules.ledger.origins import Origins, UnexplainedPosting, origins_asked, origins_named
from clearing.values import Position

__all__ = [
    "BANK", "EURO", "HELD", "HELD_ABROAD", "NETTING", "WAITING", "Ledger", "Legs", "Origins", "Posting", "UnexplainedPosting",
    "legs", "origins_asked", "origins_named", "payable_member", "payee_account", "postings",
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """One leg of a balanced double entry. cents above zero: debit; below zero: credit."""

    account: str
    cents: int
    currency: str = EURO


def postings(event: Event, origins: Origins) -> tuple[Posting, ...]:
    """The balanced postings of one event, one per account, without empty ones. Raises UnexplainedPosting."""
    return tuple(Posting(account=account, cents=cents) for account, cents in legs(event, origins).items())


def legs(event: Event, origins: Origins) -> Legs:
    """The same as plain account -> cents: projections and audit call it for every event of a log."""
    found = {account: cents for account, cents in _legs(event, origins).items() if cents}
    if sum(found.values()) != 0:
        raise UnexplainedPosting(f"postings of {type(event).__name__} do not balance: {found}; run `clearing audit`")
    return found


def _legs(event: Event, origins: Origins) -> Legs:
    found = MOVES.get(type(event))
    return {} if found is None else found(event, origins)


@dataclass(slots=True)
class Ledger:
    """All accounts of one caisse, folded from its events in order: what audit compares with book and projections."""

    balances: dict[str, int] = field(default_factory=dict)
    origins: Origins = field(default_factory=Origins)

    def post(self, event: Event, at: Position) -> Legs:
        """Takes one event in; returns its legs. Raises UnexplainedPosting and leaves the balances as they were."""
        self.origins.note(event, at)
        moved = legs(event, self.origins)
        self.move(moved)
        return moved

    def move(self, moved: Legs) -> None:
        """Take balanced legs in."""
        balances = self.balances
        for account, cents in moved.items():
            balances[account] = balances.get(account, 0) + cents
