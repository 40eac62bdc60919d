"""Law: an event is filed under what it is about; a room says for its own events which that is (group.py, stream_of)."""

from collections.abc import Callable
from typing import Any, Final

from clearing.events import contracts, cotisations

StreamOf = Callable[[Any], str]


def _of_member(event: Any) -> str:
    return f"member/{event.member}"


def _of_season(event: Any) -> str:
    return f"season/{event.season}"


def _of_contract(event: Any) -> str:
    return f"contract/{event.contract}"


def _of_tax_receipt(event: Any) -> str:
    return f"tax-receipt/{event.year}/{event.number}"


STREAMS: Final[dict[type, StreamOf]] = {
    cotisations.CotisationAgreed: _of_member,
    cotisations.CotisationEnded: _of_member,
    cotisations.CotisationReceived: _of_member,
    cotisations.CotisationReturned: _of_member,
    cotisations.CotisationWrittenOff: _of_member,
    cotisations.DepositCounted: lambda event: f"deposit/{event.deposit}",
    cotisations.DepositConfirmed: lambda event: f"deposit/{event.deposit}",
    cotisations.DepositDiscarded: lambda event: f"deposit/{event.deposit}",
    cotisations.GiftReceived: lambda event: f"fund/{event.fund}",
    cotisations.TaxReceiptIssued: _of_tax_receipt,
    cotisations.TaxReceiptCancelled: _of_tax_receipt,
    contracts.SeasonOpened: _of_season,
    contracts.DeliveriesRecorded: _of_season,
    contracts.CropLossDeclared: _of_season,
    contracts.DeliveryDecided: lambda event: f"op/{event.op.terminal.hex()}/{event.op.x.hex()}",
    contracts.ContractSigned: _of_contract,
    contracts.InstalmentReceived: _of_contract,
    contracts.InstalmentReturned: _of_contract,
    contracts.DeliverySkipped: _of_contract,
    contracts.DeliveriesSwapped: _of_contract,
    contracts.ContractEnded: _of_contract,
    contracts.FundPartWarned: _of_contract,
    contracts.FundPartTakenOver: _of_contract,
    contracts.ContractShrunk: _of_contract,
    contracts.ContractPaidOver: _of_contract,
    contracts.ContractRefunded: _of_contract,
}
"""Event -> its stream; one that is in neither place is filed under "caisse"."""
