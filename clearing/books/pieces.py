"""Law: what becomes one entry: a settlement batch and day, a kind of thing and day, or one event that has a paper of its own.

Never a person: what members pay, get and buy is a sum of the day, the detail stays in the log.
"""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from clearing.events import (
    adjustments,
    bank,
    bonus,
    closing,
    contests,
    contracts,
    corrections,
    cotisations,
    debits,
    funds,
    grants,
    households,
    interchange,
    joint,
    opening,
    orders,
    sales,
    settlement,
    solidarity,
)
from clearing.events.catalogue import Event
from clearing.rules.treasury import adjusting


class Piece(NamedTuple):
    """journal: as the plan names it (rules' account_plan.py). reference: of the paper; label: in French, for the books."""

    journal: str
    reference: str
    label: str


_BY_HAND: Final = ("cash", "cheque")


def _of_day(journal: str, letter: str, label: str) -> Callable[[Any, str], Piece]:
    return lambda _, day: Piece(journal, f"{letter}{day.replace('-', '')}", f"{label} du {french(day)}")


def _by_means(letter: str, label: str) -> Callable[[Any, str], Piece]:
    def piece(event: Any, day: str) -> Piece:
        journal = "hand" if event.means in _BY_HAND else "bank"
        return _of_day(journal, f"{letter}{'E' if journal == 'hand' else 'B'}", label)(event, day)

    return piece


def _subsidy(label: str) -> Callable[[Any, str], Piece]:
    return lambda event, _: Piece("subsidies", event.reference or event.grant, f"{label} {event.grant}")


def _paid(event: Any, _day: str) -> Piece:
    return Piece("bank", f"LOT-{event.batch}", f"Lot {event.batch} : virements aux points de vente")


def _received(event: funds.MoneyReceived, _day: str) -> Piece:
    of = f"Subvention reçue {event.grant}" if event.grant else f"Argent reçu pour le fonds {event.fund}"
    return Piece("bank", event.reference, of)


def _granted(event: funds.AllocationGranted, _day: str) -> Piece:
    return Piece("credit", f"{event.rule}/{event.period}", f"Crédit du mois {event.period}, règle {event.rule}")


def _adjusted(event: adjustments.AdjustmentMade, _day: str) -> Piece:
    journal = "bank" if event.what.kind == adjusting.OUTSIDE else "other"
    return Piece(journal, f"AJUST-{event.adjustment}", f"Ajustement {event.adjustment}")


def _credited(event: funds.PurseCredited, day: str) -> Piece:
    if event.fund is None:
        return _of_day("bank", "APB", "Argent propre versé par des adhérents")(event, day)
    return _of_day("credit", "CR", "Crédits donnés")(event, day)


_SALES: Final = _of_day("sales", "V", "Ventes")
_CREDITS: Final = _of_day("credit", "CR", "Crédits donnés")
_LAPSED: Final = _of_day("credit", "EC", "Crédits échus")
_OWN: Final = _of_day("bank", "RAB", "Argent propre rendu à des adhérents")
_CONTRACTS: Final = _of_day("other", "AMAP", "Contrats AMAP")
_CORRECTED: Final = _of_day("other", "COR", "Corrections")
_BACK: Final = _of_day("bank", "IMP", "Paiements revenus impayés")
_ABROAD: Final = _of_day("sales", "AC", "Ventes entre caisses")

PIECES: Final[dict[type, Callable[[Any, str], Piece]]] = {
    **dict.fromkeys((
        sales.SaleDecided, sales.AuthorisationDecided, sales.CaptureDecided, sales.ReversalDecided, sales.RefundDecided,
        sales.HoldExpired, orders.OrderPlaced, orders.DeliveryNoted, orders.DisputeResolved, orders.OrderCancelled,
        orders.ExceptionResolved, solidarity.DrawDecided, solidarity.DrawsShared, solidarity.GiveDecided,
    ), _SALES),
    **dict.fromkeys((
        interchange.InterchangeHeld, interchange.InterchangeCaptured, interchange.InterchangeReleased,
        interchange.InterchangeExpired, interchange.InterchangeSold, interchange.InterchangeReversed,
    ), _ABROAD),
    **dict.fromkeys((funds.SingleGranted, bonus.BonusCredited, bonus.BonusTakenBack), _CREDITS),
    **dict.fromkeys((funds.CohortLapsed, funds.LotLapsed, households.PurseEmptied, closing.OwnMoneyReleased), _LAPSED),
    **dict.fromkeys((households.MoneyBackConfirmed, closing.OwnMoneyPaid), _OWN),
    **dict.fromkeys((contracts.ContractEnded, contracts.ContractPaidOver), _CONTRACTS),
    **dict.fromkeys((cotisations.CotisationReturned, contracts.InstalmentReturned), _BACK),
    **dict.fromkeys((cotisations.CotisationWrittenOff, interchange.InterchangeWrittenOff),
                    _of_day("other", "PERTE", "Créances abandonnées")),
    corrections.EntryCorrected: _CORRECTED,
    contracts.ContractRefunded: _of_day("bank", "AMAPR", "Argent de contrats rendu"),
    contracts.InstalmentReceived: lambda event, day: (
        _CONTRACTS(event, day) if event.fund is not None else _by_means("AMAP", "Versements pour contrats")(event, day)
    ),
    cotisations.CotisationReceived: _by_means("COT", "Cotisations"),
    cotisations.GiftReceived: _by_means("DON", "Dons"),
    debits.DebitAnswered: _of_day("bank", "PRL", "Prélèvements de cotisations"),
    debits.DebitCounted: _of_day("other", "PRLC", "Cotisations prélevées, acquises"),
    **dict.fromkeys((bank.StatementImported, bank.BankMatched, bank.BankMatchUndone),
                    _of_day("bank", "RB", "Lignes de relevé à rapprocher")),
    bank.BankCharged: _of_day("bank", "FB", "Frais bancaires"),
    solidarity.CouponsSold: _of_day("bank", "CPB", "Coupons solidaires"),
    cotisations.DepositConfirmed: lambda event, _: Piece("bank", event.reference, f"Remise en banque {event.deposit}"),
    funds.AllocationGranted: _granted,
    funds.PurseCredited: _credited,
    funds.MoneyReceived: _received,
    funds.MoneyNotified: lambda event, _: Piece("subsidies", event.reference, f"Annoncé pour le fonds {event.fund}"),
    grants.AnnouncementWithdrawn: lambda event, _: Piece(
        "subsidies", event.reference, f"Annonce retirée, fonds {event.fund}"
    ),
    grants.SubsidyNotified: lambda event, _: Piece(
        "subsidies", event.reference or event.grant, f"Subvention notifiée {event.grant}, {event.funder}"
    ),
    grants.SubsidyReduced: _subsidy("Subvention réduite"),
    grants.TransferConfirmed: lambda event, _: Piece(
        "other", f"VIR-{event.transfer}", f"Du fonds {event.fund} au fonds {event.to}"
    ),
    grants.RepaymentConfirmed: lambda event, _: Piece(
        "subsidies", f"REST-{event.repayment}", f"À rendre au financeur de {event.grant}"
    ),
    grants.RepaymentPaid: lambda event, _: Piece("bank", event.reference, f"Rendu au financeur de {event.grant}"),
    grants.RepaymentSentBack: lambda event, _: Piece(
        "bank", f"REST-{event.repayment}", f"Virement revenu du financeur de {event.grant}"
    ),
    settlement.BatchClosed: lambda event, _: Piece("sales", f"LOT-{event.batch}", f"Lot {event.batch} arrêté"),
    settlement.PayoutConfirmed: _paid,
    settlement.PayoutReturned: _paid,
    settlement.PayoutAnswered: _paid,
    settlement.PayoutsWithdrawn: lambda event, _: Piece(
        "sales", f"LOT-{event.batch}", f"Lot {event.batch} : virements retirés"
    ),
    joint.PartAnswered: lambda event, _: Piece(
        "sales", f"LOT-{event.other}-{event.batch}", f"Repris de la caisse {event.other}, son lot {event.batch}"
    ),
    joint.HandoverEnded: lambda event, _: Piece(
        "sales", f"LOT-{event.batch}", f"Lot {event.batch} : {'non repris' if event.reason else 'repris'} par {event.other}"
    ),
    adjustments.AdjustmentMade: _adjusted,
    contests.ContestDecided: lambda event, _: Piece("sales", f"CONT-{event.contest}", f"Achat contesté {event.contest}"),
    closing.ProducerRepaid: lambda event, _: Piece("bank", event.reference, f"Remboursé par {event.producer}"),
    closing.RestReleased: lambda event, _: Piece("other", f"RESTE-{event.fund}", f"Reste du fonds {event.fund}"),
    closing.RestPaid: lambda event, _: Piece("bank", event.reference, f"Reste du fonds {event.fund} transmis"),
    interchange.InterchangeNetted: lambda event, _: Piece("other", f"COMP-{event.day}", "Compensation entre caisses"),
    interchange.InterchangePaid: lambda event, _: Piece("bank", event.reference, "Compensation entre caisses payée"),
    opening.OpeningAccepted: lambda _, day: Piece("opening", f"REPRISE-{day}", "Soldes repris"),
}  # fmt: skip


def piece_of(event: Event, day: str, *, of_bank: bool) -> Piece:
    """day: ISO, civil. of_bank: whether it moves the bank account: an event that no line is about is a sum of the day, in that
    journal or in the one of other operations (a test asks for a line of each event that moves money)."""
    found = PIECES.get(type(event))
    if found is not None:
        return found(event, day)
    return _of_day("bank" if of_bank else "other", "AUTRE", "Autres mouvements")(event, day)


def french(day: str) -> str:
    """2026-05-03 -> 03/05/2026."""
    year, month, of = day.split("-")
    return f"{of}/{month}/{year}"
