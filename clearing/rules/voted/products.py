"""Law: a product code is checked when it is listed, not at the till; a price list is looked at, and never declines a farmer."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from clearing.events.charte import Charte
from clearing.events.codes import Code
from clearing.events.products import Price, PricesListed, Product, ProductsListed
from clearing.rules.answers import BrokenBook, Declined, not_found, not_now
from clearing.values import Cents, ConventionId, InvalidValue, PersonId, identifier

PRODUCTS_MAX: Final = 2_000  # in one command
GTIN_DIGITS: Final = (8, 13, 14)
PLU_DIGITS: Final = (4, 5)


@dataclass(slots=True)
class Products:
    """listed: by code. prices: cents per unit, by convention and code, as last imported; versions: of those lists."""

    listed: dict[str, Product] = field(default_factory=dict)
    prices: dict[ConventionId, dict[str, int]] = field(default_factory=dict)
    versions: dict[ConventionId, int] = field(default_factory=dict)


def evolve_listed(products: Products, event: ProductsListed) -> None:
    products.listed |= {product.code: product for product in event.products}


def evolve_priced(products: Products, event: PricesListed) -> None:
    if event.version != products.versions.get(event.convention, 0) + 1:
        raise BrokenBook(f"price list {event.version} of {event.convention} does not follow the one before")
    products.versions[event.convention] = event.version
    products.prices[event.convention] = {price.product: price.unit_cents for price in event.prices}


def code_problem(code: str) -> str | None:
    """Why this is no product code; None when it is one."""
    if not (code.isascii() and code.isdigit()):
        try:
            identifier(code, what="an own product code")
        except InvalidValue as fault:
            return str(fault)
        return None
    if len(code) in PLU_DIGITS:
        return None
    if len(code) == 12:
        return f"{code} has 12 digits, as in America; write a 0 before it and it is a GTIN-13"
    if len(code) not in GTIN_DIGITS:
        return f"{code} has {len(code)} digits; a GTIN has 8, 13 or 14, a PLU 4 or 5"
    if int(code[-1]) != check_digit(code[:-1]):
        return f"{code} is no GTIN: its last digit should be {check_digit(code[:-1])}; read the code again"
    return None


def check_digit(digits: str) -> int:
    """The last digit of a GTIN whose other digits these are: from the right, times 3 and 1 in turn, up to the next ten."""
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits)))
    return -total % 10


def product_problem(product: Product) -> str | None:
    return code_problem(product.code) or (None if product.label.strip() else "the label is empty")


def decide_list(
    products: Products, *, listed: Sequence[Product], by: PersonId
) -> ProductsListed | Declined:
    """What is listed already just so is left out: a list imported twice is one list."""
    if not 1 <= len(listed) <= PRODUCTS_MAX:
        return not_now(f"List 1 to {PRODUCTS_MAX} products at once.")
    seen: set[str] = set()
    for place, product in enumerate(listed, start=1):
        problem = product_problem(product)
        if problem is None and product.code in seen:
            problem = f"{product.code} comes twice"
        if problem is not None:
            return not_now(f"Product {place}: {problem}.")
        seen.add(product.code)
    new = tuple(product for product in listed if products.listed.get(product.code) != product)
    if not new:
        return Declined(code=Code.EXPIRED_OR_RESOLVED, why="All these products are listed already, just so.")
    return ProductsListed(products=new, by=by)


def decide_prices(
    products: Products, *, conventions: Collection[ConventionId], convention: ConventionId, prices: Sequence[Price],
    by: PersonId,
) -> PricesListed | Declined:
    """A whole list of one convention; every product of it is in the caisse's list, which gives its category and unit."""
    if convention not in conventions:
        return not_found(f"There is no convention {convention}; sign it first.")
    if not 1 <= len(prices) <= PRODUCTS_MAX:
        return not_now(f"A price list has 1 to {PRODUCTS_MAX} products.")
    seen: set[str] = set()
    for place, price in enumerate(prices, start=1):
        if price.product not in products.listed:
            return not_found(f"Price {place}: product {price.product} is not in the caisse's list; import it there first.")
        if price.product in seen:
            return not_now(f"Price {place}: product {price.product} comes twice.")
        seen.add(price.product)
    if products.prices.get(convention) == _by_code(prices):
        return Declined(code=Code.EXPIRED_OR_RESOLVED, why=f"This is the price list of {convention} already.")
    version = products.versions.get(convention, 0) + 1
    return PricesListed(convention=convention, version=version, prices=tuple(prices), by=by)


def _by_code(prices: Sequence[Price]) -> Mapping[str, Cents]:
    return {price.product: price.unit_cents for price in prices}


def unlisted(charte: Charte, products: Products) -> list[str]:
    """Covers that name a product the caisse does not list in that category. A category of which nothing is listed is free."""
    with_list = {product.category for product in products.listed.values()}
    problems = []
    for word, rules in (("tariff", charte.tariffs), ("payer", charte.payers)):
        for rule in rules:
            for cover in rule.covers:
                known = products.listed.get(cover.product) if cover.product is not None else None
                if cover.product is None or cover.category not in with_list or (known and known.category == cover.category):
                    continue
                found = f"it is listed under {known.category!r}" if known else "the caisse's list of it has no such product"
                problems.append(f"{word} {rule.id!r}, category {cover.category!r}, product {cover.product!r}: {found}")
    return problems
