"""Law: lists of products and prices come from a spreadsheet, are checked line by line before anything is sent, and may come
twice; how prices differ is shown to the committee and to nobody's till."""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from clearing.cli.books import events, voted
from clearing.cli.desk import Desk, Misused
from clearing.cli.entry import Entry, Group
from clearing.cli.lists import read_numbered
from clearing.events.basket import Line
from clearing.events.products import Product
from clearing.installation.amounts import counted, euros, read_euros
from clearing.rules.book import Book
from clearing.rules.calendar import period_start
from clearing.rules.telling.plain_words import percent
from clearing.rules.voted.prices import Difference, Found, differences_of, summed
from clearing.rules.voted.products import PRODUCTS_MAX, product_problem
from clearing.values import CategoryId, InvalidValue, identifier

_SHOWN_MAX: Final = 20


async def import_products(desk: Desk) -> None:
    listed = read_products(desk.arguments.file)
    async with desk.opened() as installation, installation.reading(desk.code) as log:
        known = await voted(log)
    changed = [one for one in listed if known.products.listed.get(one.code) != one]
    for first in range(0, len(changed), PRODUCTS_MAX):
        await desk.order("list_products", {"products": [
            {"product": one.code, "label": one.label, "category": one.category, "unit": one.unit}
            for one in changed[first : first + PRODUCTS_MAX]
        ]})  # fmt: skip
    desk.say(f"{counted(len(changed), 'product')} listed; {len(listed) - len(changed)} were so already.")
    charte = max(known.caisse.chartes, key=lambda one: one.version, default=None)
    for category in sorted({one.category for one in listed} - set(charte.categories if charte is not None else ())):
        desk.say(f"Look at it again: no charte names the category {category}, so its products are the member's own to pay.")


def read_products(path: Path) -> list[Product]:
    """Raises Misused with every line that can't be used and why."""
    listed: list[Product] = []
    problems: list[str] = []
    lines: dict[str, int] = {}
    for line, row in read_numbered(path, needs=("product", "label", "category", "unit")):
        product = Product(row["product"], row["label"], CategoryId(row["category"]), row["unit"])
        problem = product_problem(product) or _not_an_id(row["category"], "category") or _not_an_id(row["unit"], "unit")
        if problem is None and product.code in lines:
            problem = f"{product.code} stands in line {lines[product.code]} too"
        lines.setdefault(product.code, line)
        listed.append(product)
        problems += [] if problem is None else [f"line {line}: {problem}"]
    _refuse(path, problems)
    return listed


def _not_an_id(text: str, what: str) -> str | None:
    try:
        identifier(text, what=f"the {what}")
    except InvalidValue as fault:
        return str(fault)
    return None


def _refuse(path: Path, problems: list[str]) -> None:
    if problems:
        more = f"; and {len(problems) - _SHOWN_MAX} lines more" if len(problems) > _SHOWN_MAX else ""
        raise Misused(f"{path}: {'; '.join(problems[:_SHOWN_MAX])}{more}. Nothing was sent; correct it and import it again")


async def list_products(desk: Desk) -> None:
    async with desk.opened() as installation, installation.reading(desk.code) as log:
        listed = (await voted(log)).products.listed
    for one in sorted(listed.values(), key=lambda product: (product.category, product.label, product.code)):
        desk.say(f"{one.code:16} {one.category:20} {one.unit:8} {one.label}")
    desk.say(counted(len(listed), "product"))


async def import_prices(desk: Desk) -> None:
    convention, path = desk.arguments.convention, desk.arguments.file
    async with desk.opened() as installation, installation.reading(desk.code) as log:
        known = (await voted(log)).products
    problems: list[str] = []
    prices: dict[str, int] = {}
    for line, row in read_numbered(path, needs=("product", "unit_price")):
        code = row["product"]
        try:
            cents = read_euros(row["unit_price"], what="unit_price")
        except InvalidValue as fault:
            problems.append(f"line {line}: {fault}")
            continue
        if code not in known.listed:
            problems.append(f"line {line}: product {code} is not in the caisse's list; add it with clearing product import")
        if code in prices:
            problems.append(f"line {line}: product {code} comes twice")
        prices[code] = cents
    _refuse(path, problems)
    if known.prices.get(convention) == prices:
        desk.say(f"This is the price list of {convention} already; nothing was sent.")
        return
    done = await desk.order("list_prices", {
        "convention": convention, "prices": [{"product": code, "unit_cents": cents} for code, cents in prices.items()],
    })  # fmt: skip
    desk.say(f"Price list {done['version']} of {convention} has {counted(len(prices), 'product')}. Who sells at another price "
             "is not declined; to see where: clearing prices differences")  # fmt: skip


async def differences(desk: Desk) -> None:
    month = desk.arguments.month
    if month is not None:
        period_start(month)
    book, found = Book(), list[tuple[Difference, Line]]()
    async with desk.opened() as installation, installation.reading(desk.code) as log:
        async for row, event in events(log):
            if book.products.prices and (month is None or f"{book.caisse.calendar.day(row.at_us):%Y-%m}" == month):
                found += differences_of(event, book.products, book.producers.producers, row.at_us)
            book.apply(event, row.position, row.at_us)
    for line in told(book, summed(found)):
        desk.say(line)


def told(book: Book, found: list[Found]) -> Iterator[str]:
    for one, lines, cents in found:
        label = book.products.listed[one.product].label
        said = []
        if one.sold_unit_cents is not None:
            sign = "+" if one.difference_cents >= 0 and one.ten_thousandths > 0 else "-"
            said.append(f"sold at {euros(one.sold_unit_cents)} instead of {euros(one.listed_unit_cents)} EUR "
                        f"({sign}{euros(abs(one.difference_cents))}, {sign}{percent(abs(one.ten_thousandths))})")  # fmt: skip
        if one.category != one.listed_category:
            said.append(f"sold as {one.category} instead of {one.listed_category}")
        yield f"{one.convention:20} {one.product:14} {label:24} {'; '.join(said)}: {counted(lines, 'line')}, {euros(cents)} EUR"
    if found:
        yield f"{counted(len(found), 'difference')}. Nobody was declined by them: they are for the committee to talk about."
    elif book.products.prices:
        yield "Everything that has a listed price was sold at it, under its category."
    else:
        yield "No convention has a price list yet: clearing prices import CONVENTION FILE"


def _one_file(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="CSV with the columns product, label, category, unit")


def _prices_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("convention")
    parser.add_argument("file", type=Path, help="CSV with the columns product, unit_price (like 2.50)")


def _month(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--month", metavar="YYYY-MM", help="this month only (default: all that was sold)")


ENTRIES = (
    Entry(words=("product", "import"), group=Group.RULES, does="list the products of a CSV file", run=import_products,
          arguments=_one_file, signed=True),
    Entry(words=("product", "list"), group=Group.RULES, does="list the products, their categories and units",
          run=list_products),
    Entry(words=("prices", "import"), group=Group.RULES, does="list a convention's prices", run=import_prices,
          arguments=_prices_arguments, signed=True),
    Entry(words=("prices", "differences"), group=Group.RULES, does="what was sold at another price than listed",
          run=differences, arguments=_month),
)  # fmt: skip
