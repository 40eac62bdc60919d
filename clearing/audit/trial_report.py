"""Law: what a proposal would have changed is counted twice by the same sums, of what was and of what would have been; who could
be recognised in a group of fewer than five is counted with others.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from clearing.events.basket import Return, Share
from clearing.events.catalogue import Event
from clearing.events.codes import Code
from clearing.events.sales import CaptureDecided, RefundDecided, ReversalDecided, SaleDecided
from clearing.rules.book import Book
from clearing.values import FundId, MemberId

GROUP_MIN: Final = 5
CHANGED_MAX: Final = 1_000
_PAID: Final = (Code.APPROVED, Code.PARTIAL)
OTHERS: Final = "others together"


class Changed(NamedTuple):
    """A sale or capture that somebody else would have paid, or in other parts. Cents; now, proposed: what the card pays."""

    position: int
    at_us: int
    amount_cents: int
    now_cents: int
    proposed_cents: int
    code_now: str
    code_proposed: str


class Pair(NamedTuple):
    now: int = 0
    proposed: int = 0

    def difference(self) -> int:
        return self.proposed - self.now

    def plus(self, now: int, proposed: int) -> "Pair":
        return Pair(self.now + now, self.proposed + proposed)


_NOTHING: Final = Pair()


@dataclass(slots=True)
class GroupSums:
    """Members of one and the same set of groups who bought something."""

    members: set[MemberId] = field(default_factory=set)
    card: Pair = _NOTHING
    other_tender: Pair = _NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class FundRow:
    """spent: at the till, from the fund itself and from the credit it gave. free: at the end. lacked_cents: what the proposal
    would have taken that a credit run of those days needed."""

    fund: FundId
    spent: Pair
    free: Pair
    lacked_cents: int

    def runway_tenths(self, months: int) -> tuple[int | None, int | None]:
        """Months that the free money lasts at the mean monthly cost, in tenths, now and under the proposal; None: for ever."""
        return _tenths(self.free.now, self.spent.now, months), _tenths(self.free.proposed, self.spent.proposed, months)


def _tenths(free_cents: int, spent_cents: int, months: int) -> int | None:
    return 10 * max(0, free_cents) * months // spent_cents if spent_cents > 0 else None


class GroupRow(NamedTuple):
    name: str
    members: int
    card: Pair
    other_tender: Pair


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialReport:
    """operations: decided anew. baskets: sales and captures among them; changed_count: how many would have been paid otherwise,
    of which `changed` are the first. groups: sets of members of at least GROUP_MIN each."""

    months: int
    operations: int
    baskets: int
    changed_count: int
    changed: tuple[Changed, ...]
    payers: dict[str, Pair]
    other_tender: Pair
    funds: tuple[FundRow, ...]
    groups: tuple[GroupRow, ...]


@dataclass(slots=True)
class Sums:
    """What was and what would have been, operation by operation."""

    operations: int = 0
    baskets: int = 0
    changed_count: int = 0
    changed: list[Changed] = field(default_factory=list)
    payers: dict[str, Pair] = field(default_factory=dict)
    funds: dict[FundId, Pair] = field(default_factory=dict)
    groups: dict[frozenset[str], GroupSums] = field(default_factory=dict)
    other_tender: Pair = _NOTHING

    def add(self, real: Event, shadow: Event, position: int, at_us: int, books: tuple[Book, Book]) -> None:
        """books: the log's and the proposal's, both with their event in them."""
        self.operations += 1
        now, proposed = _moved(real), _moved(shadow)
        for name in {*now.payers, *proposed.payers}:
            self.payers[name] = self.payers.get(name, Pair()).plus(now.payers.get(name, 0), proposed.payers.get(name, 0))
        spent = [_of_funds(event, book) for event, book in zip((real, shadow), books, strict=True)]
        for fund in {*spent[0], *spent[1]}:
            self.funds[fund] = self.funds.get(fund, Pair()).plus(spent[0].get(fund, 0), spent[1].get(fund, 0))
        card, other = Pair(now.card, proposed.card), _other_tender(real, shadow)
        self.other_tender = self.other_tender.plus(*other)
        self._of_group(getattr(real, "member", None), card, other, books[0])
        if isinstance(real, SaleDecided | CaptureDecided) and isinstance(shadow, SaleDecided | CaptureDecided):
            self.baskets += 1
            if (real.code, _who(real.shares)) != (shadow.code, _who(shadow.shares)):
                self.changed_count += 1
                if len(self.changed) < CHANGED_MAX:
                    self.changed.append(Changed(
                        position, at_us, real.amount_cents, real.approved_cents, shadow.approved_cents, real.code, shadow.code
                    ))  # fmt: skip

    def _of_group(self, member: MemberId | None, card: Pair, other: Pair, book: Book) -> None:
        if member is None or not (any(card) or any(other)):
            return
        sums = self.groups.setdefault(book.members.members[member].groups, GroupSums())
        sums.members.add(member)
        sums.card, sums.other_tender = sums.card.plus(*card), sums.other_tender.plus(*other)

    def report(self, months: int, books: tuple[Book, Book], lacked: dict[FundId, int]) -> TrialReport:
        funds = []
        for fund, state in books[1].funds.items():
            real = books[0].funds.get(fund)
            funds.append(FundRow(
                fund=fund, spent=self.funds.get(fund, Pair()), lacked_cents=lacked.get(fund, 0),
                free=Pair(real.free_cents() if real is not None else 0, state.free_cents()),
            ))  # fmt: skip
        return TrialReport(
            months=months, operations=self.operations, baskets=self.baskets, changed_count=self.changed_count,
            changed=tuple(self.changed), payers=dict(sorted(self.payers.items())), other_tender=self.other_tender,
            funds=tuple(funds), groups=tuple(groups_shown(self.groups)),
        )


class _Moves(NamedTuple):
    payers: dict[str, int]
    card: int


def _moved(event: Event) -> _Moves:
    """Cents by payer: captured above zero, given back below."""
    payers: dict[str, int] = {}
    for part, sign in _parts(event):
        payers[part.payer] = payers.get(part.payer, 0) + sign * part.cents
    return _Moves(payers, sum(payers.values()))


def _parts(event: Event) -> Iterable[tuple[Share | Return, int]]:
    if isinstance(event, SaleDecided | CaptureDecided):
        return [(share, 1) for share in event.shares]
    if isinstance(event, RefundDecided) or (isinstance(event, ReversalDecided) and event.effect == "undone"):
        return [(part, -1) for part in event.returned]
    return []


def _of_funds(event: Event, book: Book) -> dict[FundId, int]:
    """The same by the fund whose money it was; a member's own money is nobody's fund's."""
    spent: dict[FundId, int] = {}
    for part, sign in _parts(event):
        kind, _, name = part.source.partition(":")
        if kind == "fund":
            spent[FundId(name)] = spent.get(FundId(name), 0) + sign * part.cents
        for lot in part.lots:
            fund = book.allocation.lot_fund(lot.lot)
            if fund is not None:
                spent[fund] = spent.get(fund, 0) + sign * lot.cents
    return spent


def _other_tender(real: Event, shadow: Event) -> Pair:
    """Between member and seller, now and proposed, of goods that were handed over under one of the two at least."""
    if not any(getattr(event, "code", None) in _PAID for event in (real, shadow)):
        return Pair()
    return Pair(_beside(real), _beside(shadow))


def _beside(event: Event) -> int:
    if isinstance(event, SaleDecided | CaptureDecided):
        return event.amount_cents - event.approved_cents - sum(event.unsold_lines)
    return event.card_cents - event.amount_cents if isinstance(event, RefundDecided) and event.code in _PAID else 0


def _who(shares: Iterable[Share]) -> dict[tuple[int, str, str], int]:
    """Cents by line, payer and source, whatever lots they came from."""
    paid: dict[tuple[int, str, str], int] = {}
    for share in shares:
        key = (share.line, share.payer, share.source)
        paid[key] = paid.get(key, 0) + share.cents
    return paid


def groups_shown(groups: dict[frozenset[str], GroupSums]) -> list[GroupRow]:
    """Rows of at least GROUP_MIN members; smaller sets are one row of others, which takes larger ones in until it is as large
    too: else what is missing from the total would tell of the few."""
    order = sorted(groups.items(), key=lambda item: (-len(item[1].members), sorted(item[0])))
    shown = [item for item in order if len(item[1].members) >= GROUP_MIN]
    small = [item for item in order if len(item[1].members) < GROUP_MIN]
    heads = {member for _, sums in small for member in sums.members}
    while small and len(heads) < GROUP_MIN and shown:
        small.append(shown.pop())
        heads |= small[-1][1].members
    rows = [_row(", ".join(sorted(names)) or "in no group", [sums]) for names, sums in shown]
    if len(heads) >= GROUP_MIN:
        rows.append(_row(OTHERS, [sums for _, sums in small]))
    return rows


def _row(name: str, sums: list[GroupSums]) -> GroupRow:
    card = other = Pair()
    members: set[MemberId] = set()
    for one in sums:
        members |= one.members
        card, other = card.plus(*one.card), other.plus(*one.other_tender)
    return GroupRow(name, len(members), card, other)
