"""Law: before a debit the member is told its day, its amount, its mandate and what to do; the same text when made again.

French, because members read it. Source: the SDD core rulebook on pre-notification (amount and due date, 14 calendar days before
unless agreed otherwise), and on the refund rights a mandate names.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final

from clearing.settlement.bank_details import last_4
from clearing.settlement.sheet import money_cell
from clearing.values import Cents

_MONTHS: Final = (
    "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """months: "2026-05" and cents, in their order."""

    caisse_name: str
    creditor_id: str
    name: str
    iban: str
    mandate: str
    signed_on: date
    collect_on: date
    months: tuple[tuple[str, Cents], ...]


def render_notice(notice: Notice) -> bytes:
    """A letter or the text of a message, UTF-8, one blank line between paragraphs."""
    total = sum(cents for _, cents in notice.months)
    months = [f"  - {month_called(month)} : {money_cell(cents)} EUR" for month, cents in notice.months]
    lines = [
        f"{notice.caisse_name} - prélèvement du {day_called(notice.collect_on)}", "",
        f"Bonjour {notice.name},", "",
        (f"Le {day_called(notice.collect_on)}, votre compte {last_4(notice.iban)} sera débité de {money_cell(total)} EUR pour "
         "votre cotisation :"),
        *months, "",
        f"Mandat {notice.mandate} signé le {day_called(notice.signed_on)}, identifiant du créancier {notice.creditor_id}.", "",
        ("Si ce montant ou cette date ne vous convient pas, dites-le-nous avant ce jour : nous trouverons ensemble une autre "
         "solution. Après le prélèvement, votre banque vous rembourse sur simple demande pendant huit semaines (treize mois si "
         "vous n'aviez signé aucun mandat)."), "",
    ]  # fmt: skip
    return "\n".join(lines).encode()


def day_called(day: date) -> str:
    """1er mai 2026."""
    number = "1er" if day.day == 1 else str(day.day)
    return f"{number} {_MONTHS[day.month - 1]} {day.year}"


def month_called(period: str) -> str:
    """ "2026-05" -> "mai 2026"."""
    year, _, month = period.partition("-")
    return f"{_MONTHS[int(month) - 1]} {year}"
