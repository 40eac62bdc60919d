"""Law: an event is filed under what it is about: all events of one sale, member, producer, fund or batch can be read by it.

A sale or a hold is "op/<terminal hex>/<x hex>", and so is what the same terminal does to it afterwards; another terminal of the
producer has a stream of its own, for the event says no more than which x it is about. A room adds its own events here; what is
in no place is filed under "caisse".
"""

from collections.abc import Callable, Iterator
from typing import Any, Final

from clearing.events import (
    accounts,
    adjustments,
    bank,
    bonus,
    books,
    caisse,
    closing,
    contests,
    contracts,
    corrections,
    cotisations,
    crediting,
    debits,
    factors,
    funds,
    grants,
    households,
    interchange,
    joining,
    joint,
    members,
    orders,
    producers,
    proofs,
    sales,
    settlement,
    solidarity,
    units,
)
from clearing.events.catalogue import Event

StreamOf = Callable[[Any], str]

def _corrected_in(event: corrections.EntryCorrected) -> str:
    """Where the wrong entry is filed."""
    if event.entry.kind == "instalment":
        return f"contract/{event.entry.contract}"
    return f"member/{event.wrong.who}" if event.entry.kind == "cotisation" else f"fund/{event.wrong.fund}"


_FILED: Final[tuple[tuple[StreamOf, tuple[type, ...]], ...]] = (
    (lambda event: f"op/{event.op.terminal.hex()}/{event.op.x.hex()}", (
        sales.SaleDecided, sales.AuthorisationDecided, sales.OperationRepeated, solidarity.DrawDecided,
        solidarity.GiveDecided, interchange.InterchangeSold, contracts.DeliveryDecided,
    )),
    (lambda event: f"op/{event.op.terminal.hex()}/{event.original.hex()}", (
        sales.CaptureDecided, sales.ReversalDecided, sales.RefundDecided, accounts.PurchaseConfirmed,
        interchange.InterchangeReversed,
    )),
    (lambda event: f"op/{event.terminal.hex()}/{event.original.hex()}", (
        sales.HoldExpired,
    )),
    (lambda event: f"op/{event.about.terminal.hex()}/{event.about.x.hex()}", (
        contests.ContestOpened, contests.ContestAnswered, contests.ContestDecided, contests.ContestAppealed,
        contests.ContestClosed,
    )),
    (lambda event: f"adjustment/{event.adjustment}", (
        adjustments.AdjustmentProposed, adjustments.AdjustmentMade, adjustments.AdjustmentDropped,
    )),
    (lambda event: f"between/{event.ref.hex()}", (
        interchange.InterchangeHeld, interchange.InterchangeCaptured, interchange.InterchangeReleased,
        interchange.InterchangeExpired, interchange.InterchangeMatched, interchange.WriteOffProposed, joint.PartAnswered,
        interchange.WriteOffDropped, interchange.InterchangeWrittenOff,
    )),
    (lambda event: f"member/{event.member}", (
        members.MemberAdmitted, members.MemberGroupsChanged, funds.PurseCredited, funds.LotLapsed,
        bonus.BonusCredited, bonus.BonusTakenBack, households.EaterJoined, households.EaterLeft,
        households.EaterClassSet, households.EaterClassChanged, households.HouseholdSeparated,
        households.MemberLeft, households.PurseEmptied, crediting.EmergencyGiven,
        households.MoneyBackProposed, households.MoneyBackConfirmed, closing.OwnMoneyReleased,
        closing.OwnMoneyPaid, cotisations.CotisationAgreed, cotisations.CotisationEnded,
        cotisations.CotisationReceived, cotisations.CotisationReturned, cotisations.CotisationWrittenOff,
        joining.JoinAsked, joining.JoinProposed, joining.JoinAllowed, joining.JoinDropped,
        debits.MandateSigned,
    )),
    (lambda event: f"card/{event.card.hex()}", (
        members.CardIssued, members.CardBlocked, members.CardUnblocked, households.CardLimitSet,
        households.SpareCardMade, households.CardBound,
    )),
    (lambda event: f"fund/{event.fund}", (
        funds.FundOpened, funds.MoneyNotified, funds.MoneyReceived, grants.AnnouncementWithdrawn,
        grants.EarmarkSet, grants.AdvanceVoted, closing.RestReleased, closing.RestPaid,
        solidarity.CouponsSold, solidarity.DrawsShared, cotisations.GiftReceived,
    )),
    (lambda event: f"subsidy/{event.grant}", (
        grants.SubsidyNotified, grants.SubsidyReduced, grants.RepaymentProposed, grants.RepaymentConfirmed,
        grants.RepaymentPaid, grants.RepaymentSentBack,
    )),
    (lambda event: f"transfer/{event.transfer}", (
        grants.TransferProposed, grants.TransferConfirmed,
    )),
    (lambda event: f"{event.kind}/{event.number}", (
        grants.ProposalDropped,
    )),
    (lambda event: f"producer/{event.producer}", (
        closing.ProducerRepaid, producers.ProducerAdmitted, producers.BankDetailsProposed,
        producers.BankDetailsApproved, settlement.PayoutHeld, settlement.ReleaseProposed, settlement.PayoutReleased,
        settlement.AccountReported, settlement.PayeeChecked,
    )),
    (lambda event: f"terminal/{event.terminal.hex()}", (
        producers.TerminalEnrolled, producers.TerminalSuspended, producers.TerminalResumed,
    )),
    (lambda event: f"batch/{event.batch}", (
        settlement.BatchClosed, settlement.BatchApproved, settlement.BatchExported,
        settlement.PayoutConfirmed, settlement.PayoutReturned, settlement.PayoutAnswered,
        settlement.PayoutQuestionClosed, settlement.PayoutsWithdrawn, settlement.BatchEndorsed, joint.PayoutsHandedOver,
        joint.HandoverEnded,
    )),
    (lambda event: f"collection/{event.collection}", (
        debits.CollectionProposed, debits.CollectionApproved, debits.CollectionDropped, debits.DebitLeftOut,
        debits.CollectionAnnounced, debits.CollectionExported, debits.DebitAnswered, debits.DebitCounted,
    )),
    (lambda event: f"mandate/{event.mandate}", (
        debits.MandateChanged, debits.MandateRevoked, debits.MandateSuspended, debits.MandateResumed,
    )),
    (lambda event: f"account/{event.account}", (
        accounts.AccountProposed, accounts.AccountOpened, accounts.MandataryProposed, accounts.MandataryNamed,
        accounts.RevocationProposed, accounts.MandataryRevoked,
    )),
    (lambda event: f"order/{event.order}", (
        orders.OrderPlaced, orders.OrderConfirmed, orders.DeliveryNoted, orders.OrderCancelled,
        orders.LineDisputed, orders.DisputeProposed, orders.DisputeResolved,
    )),
    (lambda event: f"exception/{event.exception}", (
        orders.ResolutionProposed, orders.ExceptionResolved,
    )),
    (lambda event: f"unit/{event.unit}", (
        units.UnitOpened, units.UnitIssued, units.UnitMoved, units.UnitTakenBack,
    )),
    (lambda _: "proofs", (
        proofs.ProofsTaken, proofs.GoingOnProposed, proofs.GoingOnConfirmed,
    )),
    (lambda event: f"person/{event.person}", (
        caisse.PersonProposed, caisse.PersonNamed, caisse.PersonRemoved, factors.PasskeyAdded, factors.PasskeyRemoved,
        factors.NewFactorProposed, factors.NewFactorAllowed, factors.NewFactorPaired, factors.NewFactorDropped,
    )),
    (lambda event: f"deposit/{event.deposit}", (
        cotisations.DepositCounted, cotisations.DepositConfirmed, cotisations.DepositDiscarded,
    )),
    (lambda event: f"tax-receipt/{event.year}/{event.number}", (
        cotisations.TaxReceiptIssued, cotisations.TaxReceiptCancelled,
    )),
    (lambda _: "bank", (
        bank.StatementImported, bank.BankMatched, bank.BankMatchUndone, bank.BankCharged, bank.BankChargesRuleSet,
        bank.BankBalanceStated, bank.ColumnMappingSaved,
    )),
    (lambda event: f"books/{event.period}", (
        books.MonthProposed, books.MonthClosed, books.MonthDropped,
    )),
    (_corrected_in, (
        corrections.EntryCorrected,
    )),
    (lambda event: f"season/{event.season}", (
        contracts.SeasonOpened, contracts.DeliveriesRecorded, contracts.CropLossDeclared,
    )),
    (lambda event: f"contract/{event.contract}", (
        contracts.ContractSigned, contracts.InstalmentReceived, contracts.InstalmentReturned,
        contracts.DeliverySkipped, contracts.DeliveriesSwapped, contracts.ContractEnded,
        contracts.FundPartWarned, contracts.FundPartTakenOver, contracts.ContractShrunk,
        contracts.ContractPaidOver, contracts.ContractRefunded,
    )),
)  # fmt: skip


def _by_type() -> Iterator[tuple[type, StreamOf]]:
    for stream, types in _FILED:
        for kind in types:
            yield kind, stream


STREAMS: Final[dict[type, StreamOf]] = dict(_by_type())


def stream_of(event: Event) -> str:
    """The stream that this event is filed under."""
    found = STREAMS.get(type(event))
    return "caisse" if found is None else found(event)
