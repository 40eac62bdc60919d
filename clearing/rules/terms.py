"""Law: the terms of a sale are the tariffs and payers of one charte whose conditions are met, in the charte's order.

A charte is indexed once and kept by identity: hashing one costs more than funding a basket.
"""

from collections.abc import Callable, Iterable
from itertools import groupby

from clearing.events.charte import Charte, Cover, Payer, Span, Tariff
from clearing.rules.items import Item
from clearing.values import CategoryId, PayerId

Used = Callable[[PayerId, Span, bool], int]  # cents used in the civil span of the sale; True: from this purse, False: in all

CHARTES_KEPT_MAX = 64
NO_CEILING = 1 << 62  # cents; more than any amount


class Covers:
    """The covers of one tariff or payer, found by product first, then by category."""

    __slots__ = ("_by_category", "_by_product")

    def __init__(self, covers: Iterable[Cover]) -> None:
        self._by_category: dict[CategoryId, Cover] = {}
        self._by_product: dict[tuple[CategoryId, str], Cover] = {}
        for cover in covers:
            if cover.product is None:
                self._by_category.setdefault(cover.category, cover)
            else:
                self._by_product.setdefault((cover.category, cover.product), cover)

    def match(self, item: Item, choice: int | None = None) -> Cover | None:
        """The cover of a line. One per unit needs a quantity; a rate that is not the member's choice is not offered."""
        if item.product is not None and self._by_product:
            cover = self._by_product.get((item.category, item.product))
            if cover is not None and _offered(cover, item, choice):
                return cover
        cover = self._by_category.get(item.category)
        return cover if cover is not None and _offered(cover, item, choice) else None


def _offered(cover: Cover, item: Item, choice: int | None) -> bool:
    if cover.rate is None:
        return bool(item.qty)
    return choice is None or cover.rate == choice * 100


class IndexedTariff:
    __slots__ = ("covers", "funds", "tariff", "weights")

    def __init__(self, tariff: Tariff) -> None:
        self.tariff = tariff
        self.covers = Covers(tariff.covers)
        self.funds = [f"fund:{each.fund}" for each in tariff.funds]
        self.weights = [each.weight for each in tariff.funds]


class IndexedPayer:
    __slots__ = ("covers", "payer", "source")

    def __init__(self, payer: Payer) -> None:
        self.payer = payer
        self.covers = Covers(payer.covers)
        self.source = f"fund:{payer.fund}" if payer.purse is None else f"purse:{payer.purse}"


class Asked:
    """A payer at one sale: room_cents is what its ceilings leave, room_span the ceiling that leaves least."""

    __slots__ = ("covers", "payer", "room_cents", "room_span", "source")

    def __init__(self, indexed: IndexedPayer, used: Used | None) -> None:
        self.payer, self.covers, self.source = indexed.payer, indexed.covers, indexed.source
        self.room_cents = NO_CEILING
        self.room_span: Span | None = None
        if used is None:
            return
        for ceiling in self.payer.ceilings:
            gone = 0 if ceiling.span is Span.SALE else used(self.payer.id, ceiling.span, ceiling.per_purse)
            room = max(0, ceiling.cents - gone)
            if room < self.room_cents:
                self.room_cents, self.room_span = room, ceiling.span


class Index:
    """A charte made quick to ask: category order, tariffs, payers by rank (neighbours of one rank stand together)."""

    __slots__ = ("categories", "charte", "ranks", "tariffs")

    def __init__(self, charte: Charte) -> None:
        self.charte = charte
        self.categories = {category: place for place, category in enumerate(charte.categories)}
        self.tariffs = tuple(IndexedTariff(tariff) for tariff in charte.tariffs)
        numbered = groupby(enumerate(charte.payers), key=lambda at: (at[1].rank, at[0] if at[1].rank is None else None))
        self.ranks = tuple(tuple(IndexedPayer(payer) for _, payer in group) for _, group in numbered)


_KEPT: dict[int, Index] = {}


def index_of(charte: Charte) -> Index:
    """The index of this very charte object, made once."""
    kept = _KEPT.get(id(charte))
    if kept is None or kept.charte is not charte:
        if len(_KEPT) >= CHARTES_KEPT_MAX:
            _KEPT.clear()
        kept = _KEPT[id(charte)] = Index(charte)
    return kept
