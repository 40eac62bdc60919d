"""Law: a charte is checked before the vote is recorded; each problem says which rule it is about and what to write instead.

Source: domain.md section 2, rule 2; clearing/events/charte.py for the form.
"""

from collections import Counter
from collections.abc import Iterable, Iterator

from clearing.events.charte import Ceiling, Charte, Condition, Cover, Payer, Tariff
from clearing.values import WHOLE

TARIFF_RATE_MAX = 10 * WHOLE  # ten times the price: more is a slip of the pen
WEIGHT_MAX = 1_000_000


def check_charte(charte: Charte) -> list[str]:
    """Problems in plain words, in the charte's order; none means that it may be adopted."""
    known = frozenset(charte.categories)
    problems = [f"category {name!r} is listed twice: list it once" for name in _twice(charte.categories)]
    ids = [*(tariff.id for tariff in charte.tariffs), *(payer.id for payer in charte.payers)]
    problems += [f"{name!r} names two rules: give each tariff and payer its own id" for name in _twice(ids)]
    if charte.hold_days < 1:
        problems.append(f"hold_days is {charte.hold_days}: give an authorisation at least 1 day")
    if charte.refund_lot_days < 1:
        problems.append(f"refund_lot_days is {charte.refund_lot_days}: give a refunded lot at least 1 day")
    for tariff in charte.tariffs:
        problems += _tariff(tariff, known)
    for payer in charte.payers:
        problems += _payer(payer, known)
    problems += _ranks(charte.payers)
    if not charte.order_accepted:
        problems += _order(charte.payers)
    return problems


def _twice(names: Iterable[str]) -> list[str]:
    return [name for name, times in Counter(names).items() if times > 1]


def _covers(what: str, covers: tuple[Cover, ...], known: frozenset[str], rate_max: int) -> Iterator[str]:
    if not covers:
        yield f"{what} covers nothing: list at least one category"
    for cover in covers:
        named = f"{what}, category {cover.category!r}" + (f", product {cover.product!r}" if cover.product else "")
        if cover.category not in known:
            yield f"{named}: this category is not in the charte; add it to `categories` or correct its name"
        if (cover.rate is None) == (cover.unit_cents is None):
            yield f"{named}: give either a rate or an amount per unit, not both and not none"
        if cover.rate is not None and not 0 <= cover.rate <= rate_max:
            yield f"{named}: rate {cover.rate} must be ten-thousandths from 0 to {rate_max} (70 % is 7000)"
        if cover.unit_cents is not None and cover.unit_cents < 0:
            yield f"{named}: the amount per unit is below zero"
    for category, product in [key for key, times in Counter((c.category, c.product) for c in covers).items() if times > 1]:
        yield f"{what} covers {category!r}{f' {product!r}' if product else ''} twice: keep one of the two"


def _condition(what: str, condition: Condition) -> Iterator[str]:
    if condition.from_us is not None and condition.until_us is not None and condition.from_us >= condition.until_us:
        yield f"{what} ends before it begins: put `until` after `from`"


def _tariff(tariff: Tariff, known: frozenset[str]) -> Iterator[str]:
    what = f"tariff {tariff.id!r}"
    yield from _covers(what, tariff.covers, known, TARIFF_RATE_MAX)
    yield from _condition(what, tariff.condition)
    rates = [cover.rate for cover in tariff.covers]
    if not tariff.funds and any(rate is None or rate < WHOLE for rate in rates):
        yield f"{what} lowers a price: name the funds that carry the difference"
    if tariff.surplus_fund is None and any(rate is not None and rate > WHOLE for rate in rates):
        yield f"{what} raises a price: name the surplus fund that the difference is owed to"
    for fund in _twice(each.fund for each in tariff.funds):
        yield f"{what} names fund {fund!r} twice: give it one weight"
    for each in tariff.funds:
        if not 1 <= each.weight <= WEIGHT_MAX:
            yield f"{what}, fund {each.fund!r}: weight {each.weight} must be from 1 to {WEIGHT_MAX}"


def _payer(payer: Payer, known: frozenset[str]) -> Iterator[str]:
    what = f"payer {payer.id!r}"
    if (payer.purse is None) == (payer.fund is None):
        yield f"{what} must pay from either a purse or a fund, not both and not none"
    yield from _covers(what, payer.covers, known, WHOLE)
    yield from _condition(what, payer.condition)
    if not 1 <= payer.weight <= WEIGHT_MAX:
        yield f"{what}: weight {payer.weight} must be from 1 to {WEIGHT_MAX}"
    yield from _ceilings(what, payer.ceilings)


def _ceilings(what: str, ceilings: tuple[Ceiling, ...]) -> Iterator[str]:
    for ceiling in ceilings:
        if ceiling.cents < 0:
            yield f"{what}: its ceiling per {ceiling.span} is below zero"
    for span, per_purse in [key for key, n in Counter((c.span, c.per_purse) for c in ceilings).items() if n > 1]:
        yield f"{what} has two ceilings per {span} {'for each purse' if per_purse else 'in all'}: keep the lower one"


def _ranks(payers: tuple[Payer, ...]) -> Iterator[str]:
    first_of: dict[int, Payer] = {}
    before: int | None = None
    for payer in payers:
        if payer.rank is not None:
            first = first_of.setdefault(payer.rank, payer)
            if first is not payer and before != payer.rank:
                yield f"payer {payer.id!r} of rank {payer.rank} stands apart: list payers of one rank next to each other"
            if payer.covers != first.covers:
                yield f"payers {first.id!r} and {payer.id!r} share rank {payer.rank}: give them the same covers"
        before = payer.rank


def _order(payers: tuple[Payer, ...]) -> Iterator[str]:
    """Two payers that meet on a line: the earlier one must cover nothing that the later one does not."""
    for place, first in enumerate(payers):
        for later in payers[place + 1 :]:
            if first.rank is not None and first.rank == later.rank:
                continue
            if _meet(first, later) and not _within(first, later):
                advice = (
                    f"list {later.id!r} first" if _within(later, first) else "let one cover all that the other covers"
                )
                yield (
                    f"payer {first.id!r} stands before {later.id!r} but covers more than it: {advice}, "
                    "or have the vote accept this order on an example (order_accepted)"
                )


def _reach(payer: Payer) -> list[Cover]:
    return [cover for cover in payer.covers if cover.rate != 0 and cover.unit_cents != 0]


def _meet(one: Payer, other: Payer) -> bool:
    return any(
        a.category == b.category and (a.product is None or b.product is None or a.product == b.product)
        for a in _reach(one)
        for b in _reach(other)
    )


def _within(narrow: Payer, wide: Payer) -> bool:
    reach = {(cover.category, cover.product) for cover in _reach(wide)}
    return all((c.category, None) in reach or (c.category, c.product) in reach for c in _reach(narrow))
