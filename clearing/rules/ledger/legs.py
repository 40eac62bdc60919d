"""Law: what each event moves between accounts, as legs that sum to zero; rules/ledger/postings.py asks here and adds up.

Cents above zero are a debit, below zero a credit. Accounts: `bank`, and `bank:waiting` lines of it that nobody
matched yet; `cash`, `cheques` taken in by hand; `fund:<id>` what is
left in a fund; `purse:<kind>` all members' purses of a kind; `held` what authorisations and orders reserve, `held-abroad`
what is reserved for sales in other caisses; `owed:<producer>` captured and not yet in a batch that pays;
`payable:<producer>` given to the bank to pay; `payable:grantor:<grant>`, `payable:member:<id>`, `payable:heir:<fund>` what
leaves otherwise; `returned:<fund>` what members owe of cotisations that came back; `collected:<fund>` what debits brought
and nobody counts as received yet; `contract:<id>` a household's money
waiting in its contract; `interchange:<caisse>` what another caisse owes us and is in no netting, `netting` what is, until
it is paid. Off the balance: `receivable:<fund>` against `notified:<fund>`, what was announced and is still to come.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final

from clearing.events.bank import BankCharged, BankMatched, BankMatchUndone, StatementImported
from clearing.events.basket import Return, Share
from clearing.events.bonus import BonusCredited, BonusTakenBack
from clearing.events.closing import OwnMoneyPaid, OwnMoneyReleased, ProducerRepaid, RestPaid, RestReleased
from clearing.events.contests import ContestDecided
from clearing.events.contracts import (
    ContractEnded,
    ContractPaidOver,
    ContractRefunded,
    InstalmentReceived,
    InstalmentReturned,
)
from clearing.events.corrections import EntryCorrected
from clearing.events.cotisations import (
    CotisationReceived,
    CotisationReturned,
    CotisationWrittenOff,
    DepositConfirmed,
    GiftReceived,
)
from clearing.events.debits import DebitAnswered, DebitCounted
from clearing.events.funds import (
    AllocationGranted,
    CohortLapsed,
    LotLapsed,
    MoneyNotified,
    MoneyReceived,
    PurseCredited,
    SingleGranted,
)
from clearing.events.grants import (
    AnnouncementWithdrawn,
    RepaymentConfirmed,
    RepaymentPaid,
    RepaymentSentBack,
    SubsidyNotified,
    SubsidyReduced,
    TransferConfirmed,
)
from clearing.events.households import MoneyBackConfirmed, PurseEmptied
from clearing.events.interchange import (
    InterchangeCaptured,
    InterchangeExpired,
    InterchangeHeld,
    InterchangeNetted,
    InterchangePaid,
    InterchangeReleased,
    InterchangeReversed,
    InterchangeSold,
    InterchangeWrittenOff,
)
from clearing.events.joint import PartAnswered
from clearing.events.opening import OpeningAccepted
from clearing.events.orders import DeliveryNoted, DisputeResolved, ExceptionResolved, OrderCancelled, OrderPlaced
from clearing.events.sales import (
    AuthorisationDecided,
    CaptureDecided,
    HoldExpired,
    RefundDecided,
    ReversalDecided,
    SaleDecided,
)
from clearing.events.solidarity import CouponsSold, DrawDecided, DrawsShared, GiveDecided
from clearing.rules.between.abroad import payees
from clearing.rules.ledger.accounts import BANK, HELD, HELD_ABROAD, NETTING, WAITING, Legs, move
from clearing.rules.ledger.origins import Origins
from clearing.rules.ledger.settled_legs import SETTLED
from clearing.rules.treasury.takings import ACCOUNT_OF
from clearing.values import MemberId, ProducerId


def payee_account(step: str, payee: ProducerId) -> str:
    """Goods are owed to a producer; a surplus is owed to the pooled fund, which the share names as its payee
    "fund:<id>"."""
    return str(payee) if step == "surplus" else f"owed:{payee}"


def _paid(shares: Iterable[Share]) -> Legs:
    found: Legs = {}
    for share in shares:
        account = payee_account(share.step, share.payee)
        found[share.source] = found.get(share.source, 0) + share.cents
        found[account] = found.get(account, 0) - share.cents
    return found


def _held_abroad(event: InterchangeHeld, _origins: Origins) -> Legs:
    return {account if account != HELD else HELD_ABROAD: cents for account, cents in _held(event.shares).items()}


def _released_abroad(event: InterchangeReleased, origins: Origins) -> Legs:
    if not event.undone:
        return _back_from(lambda _: HELD_ABROAD, event.returned, origins)
    return _back_from(lambda _: f"interchange:{event.acquirer}", event.returned, origins)


def _sold_abroad(event: InterchangeSold, _origins: Origins) -> Legs:
    owed = {f"owed:{payee}": -cents for payee, cents in payees(event)}
    return {f"interchange:{event.issuer}": event.approved_cents, **owed}


def _reversed_abroad(event: InterchangeReversed, _origins: Origins) -> Legs:
    owed = {f"owed:{payee}": int(cents) for payee, cents in event.taken_back}
    return {f"interchange:{event.issuer}": -sum(owed.values()), **owed}


def _netted(event: InterchangeNetted, _origins: Origins) -> Legs:
    return {NETTING: event.net_cents} | {
        f"interchange:{line.other}": line.out_cents - line.in_cents for line in event.lines
    }


def _held(shares: Iterable[Share]) -> Legs:
    found: Legs = {}
    for share in shares:
        found[share.source] = found.get(share.source, 0) + share.cents
        found[HELD] = found.get(HELD, 0) - share.cents
    return found


def _money_came(event: MoneyReceived) -> Legs:
    cleared = event.clears_cents
    return {
        BANK: event.cents, f"fund:{event.fund}": -event.cents, f"receivable:{event.fund}": -cleared,
        f"notified:{event.fund}": cleared,
    }


def _captured(event: CaptureDecided | DeliveryNoted | DisputeResolved, origins: Origins) -> Legs:
    found = _given_back(event.released, origins, held=True)
    for share in event.shares:
        account = payee_account(share.step, share.payee)
        found[HELD] = found.get(HELD, 0) + share.cents
        found[account] = found.get(account, 0) - share.cents
    return found


def _given_back(returned: Iterable[Return], origins: Origins, *, held: bool) -> Legs:
    """Out of `held`, or out of what is owed to the payee, back to the sources; a lapsed part goes to the fund of its
    lot."""
    return _back_from(lambda back: HELD if held else payee_account(back.step, back.payee), returned, origins)


def _back_from(origin_of: Callable[[Return], str], returned: Iterable[Return], origins: Origins) -> Legs:
    found: Legs = {}
    for back in returned:
        origin = origin_of(back)
        found[origin] = found.get(origin, 0) + back.cents
        lapsed = 0
        for lot in back.lots:
            if lot.outcome == "lapsed":
                fund = f"fund:{origins.fund_of(lot.lot)}"
                found[fund] = found.get(fund, 0) - lot.cents
                lapsed += lot.cents
        found[back.source] = found.get(back.source, 0) - (back.cents - lapsed)
    return found


def _contested(event: ContestDecided, origins: Origins) -> Legs:
    """Back to the member's lots, out of what the producer is owed or out of the fund; or out of the fund to the producer."""
    fund = f"fund:{event.fund}"
    found = _back_from(
        lambda back: fund if event.fund and back.step != "surplus" else payee_account(back.step, back.payee), event.returned,
        origins,
    )
    if event.paid_cents:
        found |= move(fund, f"owed:{event.payee}", event.paid_cents)
    return found


def _lapsed(event: CohortLapsed | LotLapsed, _origins: Origins) -> Legs:
    return move(f"purse:{event.purse}", f"fund:{event.fund}", event.cents)


def _emptied(event: PurseEmptied) -> Legs:
    """Credit is its fund's again, own money is owed to the person."""
    found: Legs = {}
    for lot in event.lots:
        to = f"fund:{lot.fund}" if lot.fund is not None else payable_member(event.member)
        found[f"purse:{lot.purse}"] = found.get(f"purse:{lot.purse}", 0) + lot.cents
        found[to] = found.get(to, 0) - lot.cents
    return found


def payable_member(member: MemberId) -> str:
    """Own money of one who left."""
    return f"payable:member:{member}"


def _cotisation(event: CotisationReceived) -> Legs:
    return {
        ACCOUNT_OF[event.means]: event.cents, f"returned:{event.fund}": -event.cleared_cents,
        f"fund:{event.fund}": event.cleared_cents - event.cents,
    }


def _debit_answered(event: DebitAnswered) -> Legs:
    """Money that came by a debit, and went back before anybody counted it as received."""
    sign = 1 if event.state == "executed" else -1
    found: Legs = {}
    for part in event.parts:
        found[BANK] = found.get(BANK, 0) + sign * part.cents
        found[f"collected:{part.fund}"] = found.get(f"collected:{part.fund}", 0) - sign * part.cents
    return found


def _debit_counted(event: DebitCounted) -> Legs:
    return {
        f"collected:{event.fund}": event.cents, f"returned:{event.fund}": -event.cleared_cents,
        f"fund:{event.fund}": event.cleared_cents - event.cents,
    }


def _corrected(event: EntryCorrected, origins: Origins) -> Legs:
    """What the wrong entry had moved, back; and what the right one moves."""
    wrong, right, found = event.wrong, event.right(), dict[str, int]()
    if wrong.fund:
        found = {
            wrong.account: -wrong.cents, f"returned:{wrong.fund}": wrong.cleared_cents,
            f"fund:{wrong.fund}": wrong.cents - wrong.cleared_cents,
        }
    elif wrong.account:
        found = move(f"contract:{event.entry.contract}", wrong.account, wrong.cents)
    for account, cents in (MOVES[type(right)](right, origins) if right is not None else {}).items():
        found[account] = found.get(account, 0) + cents
    return found


def _instalment(event: InstalmentReceived) -> Legs:
    if event.fund is not None:
        return move(f"fund:{event.fund}", f"owed:{event.producer}", event.cents)
    return move(event.into, f"contract:{event.contract}", event.cents) if event.into else {}


def _instalment_back(event: InstalmentReturned) -> Legs:
    if not event.through:
        return {}
    return {
        BANK: -event.cents, f"owed:{event.producer}": event.from_producer_cents,
        f"contract:{event.contract}": event.cents - event.from_producer_cents,
    }


def _contract_ended(event: ContractEnded) -> Legs:
    """What the producer got and did not deliver: the fund's part is the fund's again, the household's waits in the
    contract."""
    found = {
        f"owed:{event.producer}": event.back_fund_cents + event.from_producer_cents,
        f"contract:{event.contract}": -event.from_producer_cents,
    }
    if event.fund is not None:
        found[f"fund:{event.fund}"] = -event.back_fund_cents
    return found


def _opened(event: OpeningAccepted, _origins: Origins) -> Legs:
    """Out of the bank account, whose balance the list explains, into what it is for."""
    found: Legs = {BANK: event.totals.bank_cents}
    for fund in event.funds:
        found[f"fund:{fund.fund}"] = fund.engaged_cents - fund.received_cents
        found[f"receivable:{fund.fund}"], found[f"notified:{fund.fund}"] = fund.to_come_cents, -fund.to_come_cents
    for lot in event.lots:
        found[f"purse:{lot.purse}"] = found.get(f"purse:{lot.purse}", 0) - lot.cents
    for debt in event.debts:
        found[f"owed:{debt.producer}"] = -debt.cents
    return found | {f"contract:{contract.contract}": -contract.held_cents for contract in event.contracts}


MOVES: Final[dict[type, Callable[[Any, Origins], Legs]]] = {
    SaleDecided: lambda event, _: _paid(event.shares),
    AuthorisationDecided: lambda event, _: _held(event.shares),
    CaptureDecided: _captured,
    HoldExpired: lambda event, origins: _given_back(event.released, origins, held=True),
    ReversalDecided: lambda event, origins: _given_back(event.returned, origins, held=event.effect == "released"),
    RefundDecided: lambda event, origins: _given_back(event.returned, origins, held=False),
    **SETTLED,
    ContestDecided: _contested,
    MoneyReceived: lambda event, _: _money_came(event),
    MoneyNotified: lambda event, _: move(f"receivable:{event.fund}", f"notified:{event.fund}", event.cents),
    AllocationGranted: lambda event, _: move(f"fund:{event.fund}", f"purse:{event.purse}", event.total_cents),
    SingleGranted: lambda event, _: move(f"fund:{event.fund}", f"purse:{event.purse}", event.cents),
    PurseCredited: lambda event, _: move(
        BANK if event.fund is None else f"fund:{event.fund}", f"purse:{event.purse}", event.cents
    ),
    OrderPlaced: lambda event, _: _held(event.shares),
    DeliveryNoted: _captured,
    DisputeResolved: _captured,
    OrderCancelled: lambda event, origins: _given_back(event.released, origins, held=True),
    ExceptionResolved: lambda event, _: _paid(event.shares),
    CohortLapsed: _lapsed,
    LotLapsed: _lapsed,
    PurseEmptied: lambda event, _: _emptied(event),
    MoneyBackConfirmed: lambda event, _: move(payable_member(event.member), BANK, event.cents),
    SubsidyNotified: lambda event, _: move(f"receivable:{event.fund}", f"notified:{event.fund}", event.cents),
    SubsidyReduced: lambda event, _: move(f"notified:{event.fund}", f"receivable:{event.fund}", event.cents),
    AnnouncementWithdrawn: lambda event, _: move(f"notified:{event.fund}", f"receivable:{event.fund}", event.cents),
    TransferConfirmed: lambda event, _: move(f"fund:{event.fund}", f"fund:{event.to}", event.cents),
    RepaymentConfirmed: lambda event, _: move(f"fund:{event.fund}", f"payable:grantor:{event.grant}", event.cents),
    RepaymentPaid: lambda event, _: move(f"payable:grantor:{event.grant}", BANK, event.cents),
    RepaymentSentBack: lambda event, _: move(BANK, f"payable:grantor:{event.grant}", event.cents),
    OwnMoneyReleased: lambda event, _: move(f"purse:{event.purse}", f"payable:member:{event.member}", event.cents),
    OwnMoneyPaid: lambda event, _: move(f"payable:member:{event.member}", BANK, event.cents),
    RestReleased: lambda event, _: move(f"fund:{event.fund}", f"payable:heir:{event.fund}", event.cents),
    RestPaid: lambda event, _: move(f"payable:heir:{event.fund}", BANK, event.cents),
    ProducerRepaid: lambda event, _: move(BANK, f"owed:{event.producer}", event.cents),
    DrawDecided: lambda event, _: {} if event.claimed else _paid(event.shares),
    GiveDecided: lambda event, _: _paid(event.shares),
    DrawsShared: lambda event, _: _paid(share for part in event.draws for share in part.shares),
    CouponsSold: lambda event, _: move(BANK, f"fund:{event.fund}", event.cents),
    BonusCredited: lambda event, _: move(f"fund:{event.fund}", f"purse:{event.purse}", event.cents),
    BonusTakenBack: lambda event, _: move(f"purse:{event.purse}", f"fund:{event.fund}", event.cents),
    CotisationReceived: lambda event, _: _cotisation(event),
    CotisationReturned: lambda event, _: move(f"returned:{event.fund}", BANK, event.cents),
    CotisationWrittenOff: lambda event, _: move(f"fund:{event.fund}", f"returned:{event.fund}", event.cents),
    DebitAnswered: lambda event, _: _debit_answered(event),
    DebitCounted: lambda event, _: _debit_counted(event),
    DepositConfirmed: lambda event, _: move(BANK, event.account, event.cents),
    EntryCorrected: _corrected,
    GiftReceived: lambda event, _: move(ACCOUNT_OF[event.means], f"fund:{event.fund}", event.cents),
    InstalmentReceived: lambda event, _: _instalment(event),
    InstalmentReturned: lambda event, _: _instalment_back(event),
    ContractEnded: lambda event, _: _contract_ended(event),
    ContractPaidOver: lambda event, _: move(f"contract:{event.contract}", f"owed:{event.producer}", event.cents),
    ContractRefunded: lambda event, _: move(f"contract:{event.contract}", BANK, event.cents),
    OpeningAccepted: _opened,
    InterchangeHeld: _held_abroad,
    InterchangeCaptured: lambda event, _: move(HELD_ABROAD, f"interchange:{event.acquirer}", event.cents),
    InterchangeReleased: _released_abroad,
    InterchangeExpired: lambda event, origins: _back_from(lambda _: HELD_ABROAD, event.returned, origins),
    InterchangeSold: _sold_abroad,
    InterchangeReversed: _reversed_abroad,
    InterchangeNetted: _netted,
    InterchangePaid: lambda event, _: move(BANK, NETTING, event.cents),
    PartAnswered: lambda event, _: (
        {} if event.reason else move(f"interchange:{event.other}", f"owed:{event.producer}", event.cents)
    ),
    InterchangeWrittenOff: lambda event, _: move(f"fund:{event.fund}", f"interchange:{event.other}", event.cents),
    StatementImported: lambda event, _: move(BANK, WAITING, sum(entry.cents for entry in event.entries)),
    BankMatched: lambda event, _: move(WAITING, BANK, event.cents),
    BankMatchUndone: lambda event, _: move(BANK, WAITING, event.cents),
    BankCharged: lambda event, _: move(f"fund:{event.fund}", BANK, event.cents),
}
"""What each event moves; an event that is not here moves no money."""
