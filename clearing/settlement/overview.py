"""Law: the page that is approved, the file and the list typed by hand pay the same sum, checked to the cent.

The overview is for every eye in the committee and shows an account's last four characters. The transfer list is for the
one who types it into a bank that takes no file; it alone carries whole account numbers.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from clearing.settlement.bank_details import compact, last_4
from clearing.settlement.sheet import Row, date_cell, money_cell, render_sheet, text_cell
from clearing.values import BatchId, Cents

OVERVIEW_COLUMNS: Final = (
    "Producteur", "Ventes (EUR)", "Remboursements (EUR)", "Ajustements (EUR)", "Net (EUR)", "À virer (EUR)", "IBAN",
    "Référence",
)  # fmt: skip
TRANSFER_COLUMNS: Final = ("Fait", "Bénéficiaire", "IBAN", "Montant (EUR)", "Référence")
TICK_BOX: Final = "[  ]"


@dataclass(frozen=True, slots=True, kw_only=True)
class OverviewLine:
    """One producer of the batch. carried: nothing is paid now, the net goes on to the next batch. holder: of the account, as
    the bank knows it and compares it; the producer's own name when left out."""

    producer_name: str
    captures_cents: Cents
    refunds_cents: Cents
    adjustments_cents: int = 0
    iban: str
    reference: str  # the payout's EndToEndId
    carried: bool = False
    holder: str = ""

    @property
    def net_cents(self) -> int:
        """Captures - refunds + adjustments; may be negative."""
        return self.captures_cents - self.refunds_cents + self.adjustments_cents

    @property
    def paid_cents(self) -> int:
        """What is transferred now."""
        return 0 if self.carried else self.net_cents


@dataclass(frozen=True, slots=True, kw_only=True)
class OverviewHead:
    """What stands above the lines. total_cents is what the caisse's account will be debited."""

    caisse_name: str
    batch_id: BatchId
    execution_date: date
    total_cents: Cents


class OverviewMismatch(ValueError):
    """The lines do not add up to the batch, or one would pay nothing or less: not printed. The text says which."""


def render_overview(head: OverviewHead, lines: Sequence[OverviewLine]) -> bytes:
    """The whole batch on one sheet, lines in their order, sums below. Raises OverviewMismatch."""
    _agree(head, lines)
    return render_sheet(
        [
            *_head_lines("Lot de règlement", head),
            OVERVIEW_COLUMNS,
            *(
                (text_cell(line.producer_name), *_amounts([line]), last_4(line.iban), text_cell(line.reference))
                for line in lines
            ),
            ("Total", *_amounts(lines), "", ""),
        ]
    )


def render_transfer_list(head: OverviewHead, lines: Sequence[OverviewLine]) -> bytes:
    """The transfers to type, with a box to tick each, their count and their sum. Raises OverviewMismatch."""
    _agree(head, lines)
    paid = [line for line in lines if not line.carried]
    count = "1 virement" if len(paid) == 1 else f"{len(paid)} virements"
    return render_sheet(
        [
            *_head_lines("Virements à saisir", head),
            TRANSFER_COLUMNS,
            *(
                (
                    TICK_BOX,
                    text_cell(line.holder or line.producer_name),
                    in_fours(line.iban),
                    money_cell(line.paid_cents),
                    text_cell(line.reference),
                )
                for line in paid
            ),
            ("", f"Total : {count}", "", money_cell(head.total_cents), ""),
        ]
    )


def in_fours(iban: str) -> str:
    """An IBAN as it is printed and typed: FR76 3000 6000 0112 3456 7890 189."""
    whole = compact(iban)
    return " ".join(whole[start : start + 4] for start in range(0, len(whole), 4))


def _agree(head: OverviewHead, lines: Sequence[OverviewLine]) -> None:
    for line in lines:
        if not line.carried and line.net_cents <= 0:
            raise OverviewMismatch(
                f"payout {line.reference!r} is {money_cell(line.net_cents)} EUR; carry it over to the next batch"
            )
    paid_cents = sum(line.paid_cents for line in lines)
    if paid_cents != head.total_cents:
        raise OverviewMismatch(
            f"batch {head.batch_id} is {money_cell(head.total_cents)} EUR but its lines pay {money_cell(paid_cents)} EUR; "
            "do not pay it, run the audit of this batch"
        )


def _head_lines(title: str, head: OverviewHead) -> Iterator[Row]:
    yield (title, f"n° {head.batch_id}")
    yield ("Caisse", text_cell(head.caisse_name))
    yield ("Virement du", date_cell(head.execution_date))
    yield ()


def _amounts(lines: Sequence[OverviewLine]) -> Row:
    return (
        money_cell(sum(line.captures_cents for line in lines)),
        money_cell(sum(line.refunds_cents for line in lines)),
        money_cell(sum(line.adjustments_cents for line in lines)),
        money_cell(sum(line.net_cents for line in lines)),
        money_cell(sum(line.paid_cents for line in lines)),
    )
