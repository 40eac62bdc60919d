"""Law: the terms of a sale are the tariffs and payers of one charte whose conditions are met, in the charte's order.

Which payers may take of a line, and by which cover, is worked out once per charte, set of met conditions, category and product
and kept (measured: asking the charte anew for each line doubled the time of a sale).
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import groupby

from clearing.events.charte import Charte, Condition, Cover, Payer, Short, Span, Tariff
from clearing.rules.selling.facts import Facts, is_met
from clearing.rules.selling.lines import FundedLine
from clearing.values import WHOLE, CategoryId, PayerId, Rate

CHARTES_KEPT_MAX = 64
TERMS_KEPT_MAX = 256  # sets of met conditions of one charte: groups of members times places

Used = Callable[[PayerId, Span, bool], int]  # cents used in the civil span of the sale: of this purse (True), of all (False)


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

    def match(
        self, category: CategoryId, product: str | None, *, counted: bool, choice: int | None = None
    ) -> Cover | None:
        """The cover of a line. One per unit needs a counted line; a rate that is not the member's choice is not offered."""
        if product is not None:
            cover = self._by_product.get((category, product))
            if cover is not None and _offered(cover, counted, choice):
                return cover
        cover = self._by_category.get(category)
        return cover if cover is not None and _offered(cover, counted, choice) else None


def _offered(cover: Cover, counted: bool, choice: int | None) -> bool:
    if cover.rate is None:
        return counted
    return choice is None or cover.rate == choice * 100


class IndexedTariff:
    __slots__ = ("covers", "funds", "tariff", "weights")

    def __init__(self, tariff: Tariff) -> None:
        self.tariff = tariff
        self.covers = Covers(tariff.covers)
        self.funds = [f"fund:{each.fund}" for each in tariff.funds]
        self.weights = [each.weight for each in tariff.funds]


class IndexedPayer:
    __slots__ = ("ceilings", "covers", "declines", "holder", "id", "payer", "source", "weight")

    def __init__(self, payer: Payer) -> None:
        self.payer, self.id, self.weight, self.ceilings = payer, payer.id, payer.weight, payer.ceilings
        self.covers = Covers(payer.covers)
        self.source = f"fund:{payer.fund}" if payer.purse is None else f"purse:{payer.purse}"
        self.holder = ("payer", payer.id, self.source)
        self.declines = payer.short is Short.DECLINE


class Claim:
    """What the payers of one rank may take of a line: a rate of its price, or unit_cents per whole unit (rate is then 0).

    whole: all of its price, which needs no rounding."""

    __slots__ = ("members", "rate", "unit_cents", "whole")

    def __init__(self, members: tuple[IndexedPayer, ...], cover: Cover) -> None:
        self.members = members
        self.rate = cover.rate or Rate(0)
        self.unit_cents = cover.unit_cents
        self.whole = cover.unit_cents is None and self.rate == WHOLE


class Chain:
    """The claims on a line, one place per rank of the charte; the sum of their rates and the place of the last."""

    __slots__ = ("claims", "last", "rates")

    def __init__(self, claims: Sequence[Claim | None]) -> None:
        self.claims = claims
        self.rates = sum(claim.rate for claim in claims if claim is not None)
        self.last = max((place for place, claim in enumerate(claims) if claim is not None), default=-1)


class Terms:
    """Tariffs and payers whose conditions are met. plain: the chains of lines without product and quantity, by category."""

    __slots__ = ("_chains", "_products", "applied", "plain", "ranks", "tariffs")

    def __init__(self, charte: "IndexedCharte", applied: frozenset[PayerId]) -> None:
        self.applied = applied
        self.tariffs = [each for each in charte.tariffs if each.tariff.id in applied]
        self.ranks = [[each for each in rank if each.id in applied] for rank in charte.ranks]
        self._products = {cover.product for rank in self.ranks for each in rank for cover in each.payer.covers}
        self._chains: dict[tuple[CategoryId, str | None, bool], Chain] = {}
        self.plain: dict[CategoryId, Chain] = {}

    def chain(self, line: FundedLine) -> Chain:
        """Only products that a cover names are told apart, so what is kept stays as small as the charte."""
        key = (line.category, line.product if line.product in self._products else None, bool(line.qty_milli))
        found = self._chains.get(key)
        if found is None:
            found = self._chains[key] = Chain([_claim(rank, *key) for rank in self.ranks])
            if key[1] is None and not key[2]:
                self.plain[line.category] = found
        return found


def _claim(rank: Sequence[IndexedPayer], category: CategoryId, product: str | None, counted: bool) -> Claim | None:
    """check_charte sees to it that payers of one rank have the same covers; the first one's rate counts."""
    matches = [(each, each.covers.match(category, product, counted=counted)) for each in rank]
    covers = [cover for _, cover in matches if cover is not None]
    if covers and not covers[0].rate and not covers[0].unit_cents:
        return None  # who covers at nothing is no payer of the line, and not its last one
    return Claim(tuple(each for each, cover in matches if cover is not None), covers[0]) if covers else None


class IndexedCharte:
    """A charte made quick to ask: category order, payers with ceilings, tariffs, payers by rank (neighbours of one rank stand
    together)."""

    __slots__ = ("_always", "_sometimes", "_terms", "categories", "charte", "limited", "ranks", "tariffs")

    def __init__(self, charte: Charte) -> None:
        self.charte = charte
        self.categories = {category: place for place, category in enumerate(charte.categories)}
        self.limited = {payer.id: payer for payer in charte.payers if payer.ceilings}
        self.tariffs = tuple(IndexedTariff(tariff) for tariff in charte.tariffs)
        numbered = groupby(enumerate(charte.payers), key=lambda at: (at[1].rank, at[0] if at[1].rank is None else None))
        self.ranks = tuple(tuple(IndexedPayer(payer) for _, payer in group) for _, group in numbered)
        rules: list[Tariff | Payer] = [*charte.tariffs, *charte.payers]
        self._sometimes = [rule for rule in rules if rule.condition != _ALWAYS]
        self._always = frozenset(rule.id for rule in rules if rule.condition == _ALWAYS)
        self._terms: dict[frozenset[PayerId], Terms] = {}

    def met(self, facts: Facts) -> Terms:
        applied = self._always
        if self._sometimes:
            applied = applied.union(rule.id for rule in self._sometimes if is_met(rule.condition, facts))
        return self.of(applied)

    def of(self, applied: frozenset[PayerId]) -> Terms:
        """The terms of these tariffs and payers, kept."""
        found = self._terms.get(applied)
        if found is None:
            if len(self._terms) >= TERMS_KEPT_MAX:
                self._terms.clear()
            found = self._terms[applied] = Terms(self, applied)
        return found


_ALWAYS = Condition()
_KEPT: dict[int, IndexedCharte] = {}


def indexed(charte: Charte) -> IndexedCharte:
    """The index of this very charte object, made once: kept by identity, as hashing a charte costs more than a sale."""
    kept = _KEPT.get(id(charte))
    if kept is None or kept.charte is not charte:
        if len(_KEPT) >= CHARTES_KEPT_MAX:
            _KEPT.clear()
        kept = _KEPT[id(charte)] = IndexedCharte(charte)
    return kept
