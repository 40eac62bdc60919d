"""Law: a statement adds up to the transfer, sale by sale and market day by market day, or it is not printed.

For the producer: goods at full price, the card's part of it, what was refunded, what is owed. No card, no person, no
reason. Days are civil days of the caisse's zone. Where one caisse pays for others, each has a section of its own.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Final
from zoneinfo import ZoneInfo

from clearing.settlement.calendar import local_time
from clearing.settlement.sheet import Row, date_cell, money_cell, render_sheet, text_cell, time_cell
from clearing.values import BatchId, Cents, MicroTime

COLUMNS: Final = ("Date", "Heure", "Vente", "Marchandises (EUR)", "Part carte (EUR)", "Remboursé (EUR)", "Dû (EUR)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjustment:
    """A line that is no sale: a balance carried over, a correction with its reason. Negative: owed by the producer."""

    label: str
    amount_cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementHead:
    """What stands above the sales. payout_cents is the transfer and reference its EndToEndId."""

    caisse_name: str
    producer_name: str
    batch_id: BatchId
    reference: str
    execution_date: date
    zone: ZoneInfo
    payout_cents: Cents
    adjustments: tuple[Adjustment, ...] = ()
    closed_on: date | None = None
    sections: "tuple[Section, ...]" = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementRow:
    """One sale of the batch, or a refund of an earlier batch's sale (goods_cents and card_cents are 0 then).

    goods_cents is the full price, card_cents what the payers took of it, refunded_cents what went back to the card.
    """

    at_us: MicroTime
    sale_id: str
    goods_cents: Cents
    card_cents: Cents
    refunded_cents: Cents

    @property
    def owed_cents(self) -> int:
        """What this row adds to the transfer; negative for a refund alone."""
        return self.card_cents - self.refunded_cents


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """What another caisse handed over to be paid with this transfer: its batch, what it is made of, in all cents. Without rows
    and adjustments where that caisse's log is not at hand."""

    caisse_name: str
    batch_id: BatchId
    cents: Cents
    rows: tuple[StatementRow, ...] = ()
    adjustments: tuple[Adjustment, ...] = ()

    def ordered(self) -> list[StatementRow]:
        return sorted(self.rows, key=lambda row: (row.at_us, row.sale_id))

    def told(self) -> bool:
        """Whether it says what its sum is made of."""
        return bool(self.rows or self.adjustments)


class StatementMismatch(ValueError):
    """The rows do not add up to the payout: not printed, because one of the two is wrong. The text gives both sums."""


def render_statement(head: StatementHead, rows: Iterable[StatementRow]) -> bytes:
    """One producer's statement as a sheet, in time order whatever the order of the rows.

    Raises StatementMismatch when sales and adjustments are not the payout.
    """
    ordered = agreeing(head, rows)
    return render_sheet([
        *_head_lines(head), COLUMNS, *_days(ordered, head.zone), *_foot_lines(head, ordered),
        *(line for section in head.sections for line in _section_lines(section, head.zone)),
        ("", "", "Montant du virement", "", "", "", money_cell(head.payout_cents)),
    ])  # fmt: skip


def agreeing(head: StatementHead, rows: Iterable[StatementRow]) -> list[StatementRow]:
    """The caisse's own sales in time order. Raises StatementMismatch when a section or the whole does not add up."""
    ordered = sorted(rows, key=lambda row: (row.at_us, row.sale_id))
    for section in head.sections:
        found = _owed(section.rows, section.adjustments)
        if section.told() and found != section.cents:
            raise StatementMismatch(
                f"payout {head.reference!r} holds {money_cell(section.cents)} EUR of {section.caisse_name}, whose sales and "
                f"adjustments are {money_cell(found)} EUR; do not send it, run the audit of both caisses"
            )
    total_cents = _owed(ordered, head.adjustments) + sum(section.cents for section in head.sections)
    if total_cents != head.payout_cents:
        raise StatementMismatch(
            f"payout {head.reference!r} is {money_cell(head.payout_cents)} EUR but its sales and adjustments are "
            f"{money_cell(total_cents)} EUR; do not send it, run the audit of batch {head.batch_id}"
        )
    return ordered


def _owed(rows: Iterable[StatementRow], adjustments: Iterable[Adjustment]) -> int:
    return sum(row.owed_cents for row in rows) + sum(one.amount_cents for one in adjustments)


def _head_lines(head: StatementHead) -> Iterator[Row]:
    yield ("Relevé", text_cell(head.producer_name))
    yield ("Caisse", text_cell(head.caisse_name))
    yield ("Lot", f"n° {head.batch_id}")
    if head.closed_on is not None:
        yield ("Arrêté au", date_cell(head.closed_on))
    yield ("Virement du", date_cell(head.execution_date))
    yield ("Référence", text_cell(head.reference))
    yield ()


def _days(ordered: Sequence[StatementRow], zone: ZoneInfo) -> Iterator[Row]:
    timed = [(local_time(row.at_us, zone), row) for row in ordered]
    for day, sales in groupby(timed, key=lambda one: one[0].date()):
        of_the_day, said = list(sales), date_cell(day)
        for when, row in of_the_day:
            cents = (row.goods_cents, row.card_cents, row.refunded_cents, row.owed_cents)
            yield (said, time_cell(when), text_cell(row.sale_id), *map(money_cell, cents))
        yield (said, "", "Sous-total du jour", *_sums([row for _, row in of_the_day]))


def _foot_lines(head: StatementHead, ordered: Sequence[StatementRow]) -> Iterator[Row]:
    yield ("", "", "Total des ventes", *_sums(ordered))
    for adjustment in head.adjustments:
        yield ("", "", text_cell(adjustment.label), "", "", "", money_cell(adjustment.amount_cents))
    if head.sections:
        cents = _owed(ordered, head.adjustments)
        yield ("", "", text_cell(f"Total {head.caisse_name}"), "", "", "", money_cell(cents))


def _section_lines(section: Section, zone: ZoneInfo) -> Iterator[Row]:
    yield ()
    yield ("Pour la caisse", text_cell(section.caisse_name), f"lot n° {section.batch_id}")
    if section.told():
        ordered = section.ordered()
        yield from _days(ordered, zone)
        yield ("", "", "Total des ventes", *_sums(ordered))
    for adjustment in section.adjustments:
        yield ("", "", text_cell(adjustment.label), "", "", "", money_cell(adjustment.amount_cents))
    yield ("", "", text_cell(f"Total {section.caisse_name}"), "", "", "", money_cell(section.cents))


def _sums(rows: Sequence[StatementRow]) -> Row:
    return (
        money_cell(sum(row.goods_cents for row in rows)),
        money_cell(sum(row.card_cents for row in rows)),
        money_cell(sum(row.refunded_cents for row in rows)),
        money_cell(sum(row.owed_cents for row in rows)),
    )
