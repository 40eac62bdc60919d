"""Law: a funder reads what was promised, what came, where each euro of it is, and the transfers behind it; all of it adds up.

Made of the trace of one subsidy (rules/ledger/tracing.py), which names no member and no card.
"""

from collections.abc import Mapping
from datetime import date
from typing import Final

from clearing.books.report import AMOUNT, NARROW, WIDE, Cell, Money, Report, Section, row, total
from clearing.books.words import Words
from clearing.rules.ledger.traced import ABROAD, SPENT, State, Traced

_CHARGES: Final = ("60", "61", "62", "63", "64", "65", "66", "67", "68")
_PRODUCTS: Final = ("70", "73", "74", "75", "76", "77", "78")
"""Lines of the form Cerfa 15059*02, by classes of the plan of accounts."""


def statement(traced: Traced, caisse: str, dated: date, words: Words) -> Report:
    """Where the money of one subsidy is by now. Raises Unreconciled."""
    traced.reconcile()
    rows = tuple(
        (words.said(f"state-{state}"), Money(traced.cents(state))) for state in State if traced.cents(state)
    )
    where = Section(
        words.said("where-now"), (("place", WIDE), ("amount", AMOUNT)), rows, (words.said("total"), total(rows, 1))
    )
    sections = (where, _producers(traced, words), _months(traced, words))
    title = words.said("funder-statement", grant=traced.grant)
    return Report(title, caisse, dated, _above(traced, words), (), sections)


def financial_account(
    traced: Traced, batches: Mapping[int, date], caisse: str, dated: date, words: Words, *, account: str, spending: str,
    products_cents: int,
) -> Report:  # fmt: skip
    """The figures of the form. batches: on which day each was to be paid; account, spending: where the plan enters the
    subsidy and what it is spent for; products_cents: all that the caisse earned in the same year. Raises Unreconciled."""
    traced.reconcile()
    granted = traced.promised_cents - traced.reduced_cents
    spent, back = traced.spent_cents, traced.cents(State.RETURNED)
    left = granted - spent - back
    charges = _form(_CHARGES, {spending[:2]: spent, "68": left}, {spending[:2]: granted}, words, "cerfa-charges")
    products = _form(_PRODUCTS, {account[:2]: granted - back}, {account[:2]: granted}, words, "cerfa-products")
    share = words.said(
        "cerfa-share", amount=words.money(granted - back), percent=words.percent(granted - back, products_cents),
        products=words.money(products_cents),
    )  # fmt: skip
    gap = f"{words.said('cerfa-gap')} : {words.money(granted - spent)}"
    return Report(
        words.said("cerfa"), caisse, dated, _above(traced, words), (words.said("cerfa-note"),),
        (charges, products._replace(notes=(share, gap)), _payouts(traced, batches, words), _producers(traced, words)),
    )  # fmt: skip


def _above(traced: Traced, words: Words) -> tuple[tuple[str, str], ...]:
    amounts = [("promised", traced.promised_cents), ("reduced", traced.reduced_cents), ("received", traced.received_cents),
               ("to-come", traced.to_come_cents)]  # fmt: skip
    return (
        (words.said("grant"), traced.grant), (words.said("funder"), traced.funder), (words.said("purpose"), traced.purpose),
        *((words.said(name), words.money(cents)) for name, cents in amounts if cents or name != "reduced"),
    )  # fmt: skip


def _form(
    lines: tuple[str, ...], real: Mapping[str, int], planned: Mapping[str, int], words: Words, heading: str
) -> Section:
    rows: list[tuple[Cell, ...]] = []
    for line in lines:
        done, wanted = real.get(line, 0), planned.get(line, 0)
        rows.append((words.said(f"cerfa-{line}"), Money(wanted), Money(done), words.percent(done, wanted)))
    sums = total(rows, 1), total(rows, 2)
    return Section(
        words.said(heading), (("account", WIDE), ("planned", NARROW), ("realised", NARROW), ("percent", 10)), tuple(rows),
        (words.said("total"), *sums, words.percent(sums[1].cents, sums[0].cents)),
    )  # fmt: skip


def _payouts(traced: Traced, batches: Mapping[int, date], words: Words) -> Section:
    """One line per transfer that this money is a part of."""
    sums: dict[tuple[int, str], int] = {}
    for part in traced.all_rows:
        if part.state is State.PAID and part.cents:
            sums[part.batch, part.producer] = sums.get((part.batch, part.producer), 0) + part.cents
    rows = tuple(
        (str(batch or "-"), batches.get(batch, "-"), _named(traced, producer), Money(cents))
        for (batch, producer), cents in sorted(sums.items())
    )  # fmt: skip
    columns = (("batch", 10), ("pay-day", NARROW), ("producer", WIDE), ("amount", AMOUNT))
    return Section(words.said("cerfa-payouts"), columns, rows, (words.said("total"), "", "", total(rows, 3)))


def _producers(traced: Traced, words: Words) -> Section:
    rows = tuple(
        row(_named(traced, producer), *(Money(cents) for cents in of.values()), Money(sum(of.values())))
        for producer, of in traced.by_producer().items()
    )  # fmt: skip
    columns = (("producer", WIDE), ("paid", NARROW), ("in-batch", NARROW), ("owed", NARROW), ("total", NARROW))
    sums = row(words.said("total"), *(total(rows, place) for place in range(1, 5)))
    return Section(words.said("by-producer"), columns, rows, sums)


def _months(traced: Traced, words: Words) -> Section:
    """What was spent, by month of purchase; a reduction at the till has no day of its own."""
    sums: dict[str, int] = {}
    for part in traced.all_rows:
        if part.state in SPENT and part.cents:
            sums[part.day[:7] or "-"] = sums.get(part.day[:7] or "-", 0) + part.cents
    rows = tuple((words.month(month) if month != "-" else month, Money(cents)) for month, cents in sorted(sums.items()))
    return Section(
        words.said("by-month"), (("month", WIDE), ("amount", AMOUNT)), rows, (words.said("total"), total(rows, 1))
    )


def _named(traced: Traced, producer: str) -> str:
    return producer if producer.startswith(ABROAD) else traced.names.get(producer, producer)
