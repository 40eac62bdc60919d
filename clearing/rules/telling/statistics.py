"""Law: no published figure, and no difference of published ones, has fewer than K_MIN members or baskets behind it.

Per month that is over: all purchases of the caisse's own members, then by territory, category and kind of outlet, as a tree.
What must not be shown is left out with enough of its neighbours that nobody finds it by subtraction; one line takes the rest,
so that the lines sum to the month to the cent. A month that is over never changes again, so two reports can't be compared
either: refunds and reversals count in the month they were made in. Source: domain.md section 3, row 20.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from clearing.events.basket import Line
from clearing.events.caisse import CaisseFounded
from clearing.events.catalogue import Event
from clearing.events.codes import Code
from clearing.events.interchange import InterchangeCaptured, InterchangeHeld, InterchangeReleased
from clearing.events.producers import ProducerAdmitted
from clearing.events.sales import CaptureDecided, RefundDecided, ReversalDecided, SaleDecided
from clearing.rules.calendar import CivilCalendar
from clearing.rules.selling.sale import goods
from clearing.values import Cents, MemberId, ProducerId

K_MIN: Final = 5
TERRITORY: Final = "territory."
OUTLET: Final = "outlet."
"""How a structure of a producer says where it lies, and what kind of outlet it is."""
EVERYWHERE, OTHER, ABROAD, REST = "all", "other", "other-caisse", "suppressed"
_BANDS: Final = (1_000, 500, 200, 100, 50, 20, 10, 5)
_SOLD: Final = (Code.APPROVED, Code.PARTIAL)

Path = tuple[str, ...]
"""() is the month; then territory, category, kind of outlet."""


@dataclass(slots=True)
class Tally:
    """What was bought of some kinds, and by whom. purchases: baskets, counted once per territory, category and outlet, so that
    they add up. card: what the caisse's payers took; goods: at full price."""

    members: set[MemberId] = field(default_factory=set)
    baskets: set[bytes] = field(default_factory=set)
    purchases: int = 0
    goods_cents: int = 0
    card_cents: int = 0

    def enough(self) -> bool:
        return len(self.members) >= K_MIN and len(self.baskets) >= K_MIN

    def count(self, member: MemberId, basket: bytes, goods_cents: int, card_cents: int) -> None:
        """A line of a basket, in the one kind that this tally is of."""
        self.members.add(member)
        self.purchases += basket not in self.baskets
        self.baskets.add(basket)
        self.goods_cents += goods_cents
        self.card_cents += card_cents

    def add(self, other: "Tally") -> None:
        self.members |= other.members
        self.baskets |= other.baskets
        self.purchases += other.purchases
        self.goods_cents += other.goods_cents
        self.card_cents += other.card_cents


class Figure(NamedTuple):
    """One published line. baskets, members: exact for a whole month, else the lower end of a band, for they do not add up and
    their differences would tell. goods_cents: None where something below is hidden, for rates are public: goods and card's
    cents together would tell the categories. path: ends with "suppressed" where it is the rest of its parent."""

    month: str
    path: Path
    baskets: int
    members: int
    purchases: int
    goods_cents: int | None
    card_cents: int


class _Bought(NamedTuple):
    path: Path
    goods_cents: int
    card_cents: int


Months = dict[str, dict[Path, Tally]]


class Purchases:
    """Feed every event of one log in order; months: what was bought, by (territory, category, outlet)."""

    def __init__(self) -> None:
        self.months: Months = {}
        self.latest = ""
        self._calendar = CivilCalendar("Europe/Paris")
        self._places: dict[ProducerId, tuple[str, str]] = {}
        self._kept: dict[tuple[str, bytes], dict[bytes, tuple[bytes, list[_Bought]]]] = {}
        self._held: dict[bytes, InterchangeHeld] = {}

    def take(self, event: Event, at_us: int) -> None:
        match event:
            case CaisseFounded():
                self._calendar = CivilCalendar(event.zone)
            case ProducerAdmitted():
                self._places[event.producer] = _place(event.structures)
            case SaleDecided() | CaptureDecided():
                self._sold(event, at_us)
            case RefundDecided() if event.code == Code.APPROVED and event.member is not None:
                back = self._bought(event.lines, event.card_lines, event.op.producer)
                basket, kept = self._original(event)
                self._count(event.member, basket, back, at_us, -1)
                kept += [_Bought(one.path, -one.goods_cents, -one.card_cents) for one in back]
            case ReversalDecided(effect="undone") if event.member is not None:
                basket, kept = self._original(event)
                self._count(event.member, basket, kept, at_us, -1)
            case InterchangeHeld():
                self._held[event.ref] = event
            case InterchangeCaptured():
                self._abroad(self._held[event.ref], at_us, 1)
            case InterchangeReleased(undone=True):
                self._abroad(self._held[event.ref], at_us, -1)
            case _:
                pass
        self.latest = self._month(at_us)

    def _sold(self, event: SaleDecided | CaptureDecided, at_us: int) -> None:
        if event.code not in _SOLD or event.member is None:
            return
        bought = self._bought(goods(event), event.approved_lines, event.op.producer)
        basket = bytes(event.op.terminal) + bytes(event.op.x)
        for x in (event.op.x, event.original) if isinstance(event, CaptureDecided) else (event.op.x,):
            self._kept.setdefault((event.op.producer, x), {})[event.op.terminal] = basket, bought
        self._count(event.member, basket, bought, at_us, 1)

    def _original(self, event: RefundDecided | ReversalDecided) -> tuple[bytes, list[_Bought]]:
        """As the book finds it: the terminal's own operation of that name, else that of another terminal of the producer."""
        named = self._kept[event.op.producer, event.original]
        return named[event.op.terminal] if event.op.terminal in named else next(iter(named.values()))

    def _abroad(self, held: InterchangeHeld, at_us: int, sign: int) -> None:
        if held.member is None:
            return
        less = held.unsold_lines or (0,) * len(held.lines)
        bought = [
            _Bought((EVERYWHERE, line.category, ABROAD), line.amount_cents - unsold, paid)
            for line, paid, unsold in zip(held.lines, held.approved_lines, less, strict=True)
        ]
        self._count(held.member, bytes(held.ref), bought, at_us, sign)

    def _bought(self, lines: Sequence[Line], paid: Sequence[Cents], seller: ProducerId) -> list[_Bought]:
        found = []
        for line, card in zip(lines, paid, strict=True):
            territory, outlet = self._places.get(line.payee or seller, (EVERYWHERE, OTHER))
            found.append(_Bought((territory, line.category, outlet), line.amount_cents, card))
        return found

    def _count(self, member: MemberId, basket: bytes, bought: Iterable[_Bought], at_us: int, sign: int) -> None:
        month = self.months.setdefault(self._month(at_us), {})
        for one in bought:
            month.setdefault(one.path, Tally()).count(member, basket, sign * one.goods_cents, sign * one.card_cents)

    def _month(self, at_us: int) -> str:
        return self._calendar.day(at_us).isoformat()[:7]


def _place(structures: Iterable[str]) -> tuple[str, str]:
    """(territory, kind of outlet) of a producer; the first of several in alphabetical order."""
    named = sorted(structures)
    territory = next((one.removeprefix(TERRITORY) for one in named if one.startswith(TERRITORY)), EVERYWHERE)
    return territory, next((one.removeprefix(OUTLET) for one in named if one.startswith(OUTLET)), OTHER)


def published(months: Mapping[str, Mapping[Path, Tally]], *, before: str) -> list[Figure]:
    """All that may be told of the months before this one ("2026-05"); a month with too few people is left out whole."""
    figures: list[Figure] = []
    for month in sorted(months):
        whole = _sum(months[month].values())
        if month < before and whole.enough():
            figures += _shown(month, (), whole, months[month])
    return figures


def _shown(month: str, path: Path, node: Tally, cells: Mapping[Path, Tally]) -> list[Figure]:
    """The node, which may be told, and what may be told of its parts."""
    parts: dict[str, dict[Path, Tally]] = {}
    for cell, tally in cells.items():
        if len(cell) > len(path):
            parts.setdefault(cell[len(path)], {})[cell] = tally
    sums = {name: _sum(part.values()) for name, part in parts.items()}
    hidden, rest = hide(sums)
    if rest is not None and len(hidden) == len(sums):
        return [_figure(month, path, node, whole=False)]  # the rest is the node itself
    below: list[Figure] = []
    for name in sorted(set(sums) - hidden):
        below += _shown(month, (*path, name), sums[name], parts[name])
    if rest is not None:
        below.append(_figure(month, (*path, REST), rest, whole=False))
    return [_figure(month, path, node, whole=all(one.goods_cents is not None for one in below)), *below]


def hide(parts: Mapping[str, Tally]) -> tuple[set[str], Tally | None]:
    """Which parts of a sum must not be shown, and their sum (None: all are shown). Smallest first; what is hidden together has
    enough people, unless it is all there is."""
    hidden = {name for name, tally in parts.items() if not tally.enough()}
    if not hidden:
        return hidden, None
    smallest_first = sorted(set(parts) - hidden, key=lambda name: (len(parts[name].members), parts[name].card_cents, name))
    rest = _sum(parts[name] for name in hidden)
    for name in smallest_first:
        if rest.enough():
            break
        hidden.add(name)
        rest.add(parts[name])
    return hidden, rest


def _sum(tallies: Iterable[Tally]) -> Tally:
    whole = Tally()
    for tally in tallies:
        whole.add(tally)
    return whole


def _figure(month: str, path: Path, tally: Tally, *, whole: bool) -> Figure:
    counts = [len(tally.baskets), len(tally.members)]
    baskets, members = counts if not path else [next(band for band in _BANDS if count >= band) for count in counts]
    goods_cents = tally.goods_cents if whole else None
    return Figure(month, path, baskets, members, tally.purchases, goods_cents, tally.card_cents)


def together(reports: Iterable[Sequence[Figure]]) -> list[Figure]:
    """Several caisses' published figures, added up: nothing that a caisse does not publish itself can be found from it."""
    sums: dict[tuple[str, Path], Figure] = {}
    for report in reports:
        for one in report:
            known = sums.get((one.month, one.path))
            sums[one.month, one.path] = one if known is None else _added(known, one)
    return [sums[key] for key in sorted(sums, key=lambda key: (key[0], _order(key[1])))]


def _added(one: Figure, other: Figure) -> Figure:
    known = one.goods_cents is not None and other.goods_cents is not None
    goods_cents = (one.goods_cents or 0) + (other.goods_cents or 0) if known else None
    return Figure(
        one.month, one.path, one.baskets + other.baskets, one.members + other.members, one.purchases + other.purchases,
        goods_cents, one.card_cents + other.card_cents,
    )  # fmt: skip


def _order(path: Path) -> tuple[tuple[bool, str], ...]:
    """The rest stands last among its neighbours."""
    return tuple((name == REST, name) for name in path)
