"""Law: the market with three tiers, a solidarity fund and a bonus, by its written rules alone; nothing of the product is used.

The second road to the totals of loadtests.market_year --schemes. On top of the plain market's rates (market_reference): a
household pays 50, 75 or 100 % of the price of fresh goods, a tier fund the rest; the solidarity fund takes 10 % of fruit and
vegetables, 10.00 a month for each household; half of their price comes back as a bonus for fruit and vegetables, 25.00 a month.
"""

from collections.abc import Sequence
from typing import Final, TypedDict

from loadtests.baskets import Basket
from loadtests.market_reference import GRANT_CENTS, PERCENT, Purse, closing_of, spend, sundays

TIERS: Final = {"low": 50, "middle": 75, "full": 100}  # percent of the price that is left to pay
FRESH: Final = ("fruit-veg", "animal")
GREENS: Final = "fruit-veg"
SOLIDARITY_PERCENT: Final = 10
SOLIDARITY_MONTH_CENTS: Final = 1_000
BONUS_PERCENT: Final = 50
BONUS_MONTH_CENTS: Final = 2_500


class SchemeTotals(TypedDict):
    """What the run must show too. paid: cents by who paid them; batches: captured cents by closing day."""

    codes: dict[str, int]
    paid: dict[str, int]
    bonus_credited: int
    credit_lapsed: int
    bonus_lapsed: int
    credit_left: int
    bonus_left: int
    per_producer: dict[str, int]
    batches: dict[str, int]


def tier_of(household: str) -> str:
    return list(TIERS)[int(household) % len(TIERS)]


class House:
    """One household's purses by the month of their grant or bonus, and what its ceilings of each month have left."""

    def __init__(self, name: str, months: int) -> None:
        self.tier = TIERS[tier_of(name)]
        self.credit: Purse = dict.fromkeys(range(1, months + 1), GRANT_CENTS)
        self.bonus: Purse = dict.fromkeys(range(1, months + 1), 0)
        self.solidarity_room = dict.fromkeys(range(1, months + 1), SOLIDARITY_MONTH_CENTS)
        self.bonus_room = dict.fromkeys(range(1, months + 1), BONUS_MONTH_CENTS)


def simulate(baskets: Sequence[Basket], months: int) -> SchemeTotals:
    """Totals at 00:00 of the first of the month after `months` months. Raises AssertionError when a cent is missing."""
    houses = {basket.household: House(basket.household, months) for basket in baskets}
    codes: dict[str, int] = {}
    paid = dict.fromkeys(("tier", "solidarity", "bonus", "credit"), 0)
    per_producer = {basket.store: 0 for basket in baskets}
    batches = {sunday.isoformat(): 0 for sunday in sundays(months)}
    given = 0
    for basket in baskets:
        house, month = houses[basket.household], int(basket.wall[5:7])
        taken, wanted, limited = _fund(basket, house, month)
        cents = sum(taken.values())
        code = _code(basket.total_cents, cents, wanted=wanted, limited=limited)
        codes[code] = codes.get(code, 0) + 1
        for payer, part in taken.items():
            paid[payer] += part
        per_producer[basket.store] += cents
        if closing_of(basket) in batches:
            batches[closing_of(basket)] += cents
        if cents:
            bonus = min(_percent(BONUS_PERCENT, dict(basket.lines).get(GREENS, 0)), house.bonus_room[month])
            house.bonus_room[month] -= bonus
            house.bonus[month] += bonus
            given += bonus
    return _totals(houses, months, codes, paid, given, per_producer, batches)


def _fund(basket: Basket, house: House, month: int) -> tuple[dict[str, int], bool, bool]:
    """Cents by payer; whether somebody would pay a cent of it; whether a ceiling was in the way."""
    taken = dict.fromkeys(("tier", "solidarity", "bonus", "credit"), 0)
    prices, limited, wanted = dict[str, int](), False, False
    for category, cents in basket.lines:
        reduction = _percent(100 - house.tier, cents) if category in FRESH else 0
        taken["tier"] += reduction
        prices[category] = cents - reduction
        wanted = wanted or reduction > 0
    greens = prices.get(GREENS, 0)
    share = _percent(SOLIDARITY_PERCENT, greens)
    part = min(share, house.solidarity_room[month])
    limited = part < share
    house.solidarity_room[month] -= part
    taken["solidarity"] = part
    taken["bonus"] = spend(house.bonus, month, greens - part)
    rest = greens - part - taken["bonus"]
    for category, price in prices.items():
        asked = rest if category == GREENS else _percent(PERCENT[category], price)
        taken["credit"] += spend(house.credit, month, asked)
        wanted = wanted or asked > 0
    return taken, wanted or share > 0 or greens > 0, limited


def _code(total_cents: int, paid_cents: int, *, wanted: bool, limited: bool) -> str:
    if not wanted:
        return "57"
    if paid_cents:
        return "00" if paid_cents == total_cents else "10"
    return "61" if limited else "51"


def _percent(percent: int, cents: int) -> int:
    """Half a cent up."""
    return (cents * percent + 50) // 100


def _totals(
    houses: dict[str, House], months: int, codes: dict[str, int], paid: dict[str, int], given: int,
    per_producer: dict[str, int], batches: dict[str, int],
) -> SchemeTotals:
    """What lapsed is what is left of all months but the last."""
    credit_left, bonus_left = (sum(getattr(house, kind)[months] for house in houses.values()) for kind in ("credit", "bonus"))
    credit_lapsed, bonus_lapsed = (
        sum(cents for house in houses.values() for month, cents in getattr(house, kind).items() if month < months)
        for kind in ("credit", "bonus")
    )
    granted = GRANT_CENTS * months * len(houses)
    assert granted == paid["credit"] + credit_left + credit_lapsed, "a cent of the credit is missing or too many"
    assert given == paid["bonus"] + bonus_left + bonus_lapsed, "a cent of the bonus is missing or too many"
    assert sum(paid.values()) == sum(per_producer.values()), "payers and producers disagree"
    return SchemeTotals(
        codes=dict(sorted(codes.items())), paid=paid, bonus_credited=given, credit_lapsed=credit_lapsed,
        bonus_lapsed=bonus_lapsed, credit_left=credit_left, bonus_left=bonus_left,
        per_producer={name: cents for name, cents in sorted(per_producer.items()) if cents}, batches=batches,
    )  # fmt: skip
