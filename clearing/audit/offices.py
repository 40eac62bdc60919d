"""Law: what binds the people who command: two for what leaves and for who commands, credit once, batches complete.

Checked against the book before the event; the fold itself refuses the rest.
"""

from collections.abc import Callable
from typing import Any, Final

from clearing.audit import at_the_bank, settled
from clearing.audit.findings import BadEvent, Checked
from clearing.events.bank import BankCharged, BankChargesRuleSet, BankMatched, StatementImported
from clearing.events.bonus import BonusRuleSet
from clearing.events.books import AccountPlanSet, MonthClosed
from clearing.events.caisse import (
    CharteAdopted,
    ClockConfirmed,
    CommandDeclined,
    DecisionApproved,
    DecisionRecorded,
    FrameHeld,
    PersonNamed,
    SecurityAlerted,
)
from clearing.events.catalogue import Event
from clearing.events.closing import CaisseSealed, ClosureConfirmed
from clearing.events.codes import Code
from clearing.events.contracts import FundPartWarned
from clearing.events.corrections import EntryCorrected
from clearing.events.cotisations import CotisationWrittenOff, DepositConfirmed, LegalBasisEntered
from clearing.events.crediting import CohortRolled, LapseAnnounced
from clearing.events.debits import CollectionApproved, CollectionExported, CollectionProposed
from clearing.events.factors import NewFactorAllowed
from clearing.events.funds import (
    AllocationDeclined,
    AllocationGranted,
    AllocationRuleSet,
    CohortLapsed,
    LotLapsed,
    MoneyReceived,
    PurseCredited,
    SingleGranted,
)
from clearing.events.grants import RepaymentConfirmed, TransferConfirmed
from clearing.events.households import EaterClassChanged, MoneyBackConfirmed, PurseEmptied
from clearing.events.interchange import InterchangeWrittenOff
from clearing.events.joining import JoinAllowed, JoinAsked
from clearing.events.opening import OpeningAccepted
from clearing.events.producers import BankDetailsApproved
from clearing.events.proofs import GoingOnConfirmed
from clearing.events.sales import OperationRepeated
from clearing.events.solidarity import SolidarityRuleSet
from clearing.rules.answers import Declined
from clearing.rules.between.write_offs import open_of
from clearing.rules.book import Book
from clearing.rules.credit.allocation import decide_grant_single
from clearing.rules.credit.credit_run import event_of, work_out
from clearing.rules.ends.closing import leftovers
from clearing.rules.ends.closing_rooms import may_return
from clearing.rules.people.joining import LOOK_US
from clearing.rules.treasury.bank_lines import same
from clearing.rules.treasury.corrections import Rooms, standing as standing_entry
from clearing.rules.treasury.subsidies import Repayment, Transfer
from clearing.rules.voted.factors import ADDRESS_US
from clearing.rules.voted.restrictions import restricted
from clearing.rules.voted.standing import STAND_ON
from clearing.values import money


def check_office(event: Event, position: int, at_us: int, book: Book, checked: Checked) -> None:
    """Raises BadEvent. book: before the event."""
    promise = _PROMISES.get(type(event))
    if book.closing.sealed:
        _after_the_seal(event, position)
    if promise is None:  # nearly every event of a log is a sale
        return
    declined = restricted(event, book, at_us)
    if declined is not None:
        raise BadEvent(position, declined.why)
    text, check = promise
    check(event, position, at_us, book)
    checked.add(text)


def _bank_details_approved(event: BankDetailsApproved, position: int, _at_us: int, book: Book) -> None:
    proposed = book.producers.producers[event.producer].proposed
    if proposed is None or proposed.by == event.by or proposed.details != event.details:
        raise BadEvent(position, "bank details need two people, and the approved ones must be those proposed")


def _decision_recorded(event: DecisionRecorded, position: int, _at_us: int, book: Book) -> None:
    if not event.needs_approval and any(vote.needs_approval for vote in book.caisse.decisions.values()):
        raise BadEvent(position, f"decision {event.decision} would stand without a second officer's approval")


def _decision_approved(event: DecisionApproved, position: int, _at_us: int, book: Book) -> None:
    if book.caisse.decisions[event.decision].by == event.by:
        raise BadEvent(position, f"{event.by} recorded decision {event.decision} and approved it too")


def _asked_above(_event: Event, _position: int, _at_us: int, _book: Book) -> None:
    """What binds it is asked of every event by `restricted`."""


def _money_received(event: MoneyReceived, position: int, _at_us: int, book: Book) -> None:
    announced = book.funds[event.fund].announced_cents
    if event.grant is None and event.clears_cents not in (0, min(event.cents, announced)):  # 0: of version 1
        raise BadEvent(position, f"it clears {money(event.clears_cents)} of the {money(announced)} that were announced")
    if not event.another and same(book.bank_lines, reference=event.reference, cents=event.cents, on=event.on) is not None:
        raise BadEvent(position, f"{money(event.cents)} under '{event.reference}' came before, and nobody said another")


def _closure_confirmed(event: ClosureConfirmed, position: int, _at_us: int, book: Book) -> None:
    said = book.closing.proposed
    if said is None or said.by == event.by or (said.last_day, said.heirs) != (event.last_day, event.heirs):
        raise BadEvent(position, "a closing needs two officers who agree on its day and on who gets the rest")


def _caisse_sealed(_event: CaisseSealed, position: int, at_us: int, book: Book) -> None:
    left = next(leftovers(book), None) or may_return(book, book.caisse.calendar.day(at_us))
    if left or not 0 < book.closing.ends_us <= at_us:
        raise BadEvent(position, f"the caisse was sealed too early: {left or 'its last day is not over'}")


def _by_time_alone(
    event: LapseAnnounced | CohortRolled | EaterClassChanged | PurseEmptied, position: int, at_us: int, book: Book
) -> None:
    if book.due(at_us) != event:
        raise BadEvent(position, f"time alone did not make this {type(event).__name__} happen now")


def _money_back_confirmed(event: MoneyBackConfirmed, position: int, _at_us: int, book: Book) -> None:
    seen = book.households.proposed.get(event.member)
    if seen is None or seen.by == event.by or seen.cents != event.cents:
        raise BadEvent(position, f"paying {event.member} back needs two people who say the same amount")


def _fund_part_warned(event: FundPartWarned, position: int, at_us: int, book: Book) -> None:
    if book.due(at_us) != event:
        raise BadEvent(position, f"the fund's part of {event.contract} was not about to end, or ends otherwise")


AFTER_THE_SEAL: Final = (CommandDeclined, OperationRepeated, SecurityAlerted, FrameHeld, ClockConfirmed)
"""What a log may still hold behind its seal, beside operations that were declined: it moves nothing."""


def _after_the_seal(event: Event, position: int) -> None:
    code = getattr(event, "code", Code.APPROVED)
    if not isinstance(event, AFTER_THE_SEAL) and code in (Code.APPROVED, Code.PARTIAL):
        raise BadEvent(position, f"{type(event).__name__} stands behind the seal of a closed caisse")


def _left_fund(event: TransferConfirmed | RepaymentConfirmed, position: int, _at_us: int, book: Book) -> None:
    known: Transfer | Repayment | None
    if isinstance(event, TransferConfirmed):
        known = book.subsidies.transfers.get(event.transfer)
    else:
        known = book.subsidies.repayments.get(event.repayment)
    if known is None or known.proposed.by == event.by or known.proposed.cents != event.cents:
        raise BadEvent(position, "money leaves a fund by one who proposes it and another one who confirms just that")


def _two_people(
    event: LegalBasisEntered | DepositConfirmed | CotisationWrittenOff, position: int, _at_us: int, book: Book
) -> None:
    match event:
        case LegalBasisEntered():
            proposed = book.gifts.proposed
            two = proposed is not None and event.entered_by[:1] == (proposed.by,) and len(set(event.entered_by)) == 2
        case DepositConfirmed():
            counted = book.takings.counted.get(event.deposit)
            two = counted is not None and counted.by != event.by and counted.cents == event.cents
        case _:
            unpaid = book.cotisations.unpaid.get((event.member, event.period, event.fund))
            two = unpaid is not None and event.by not in unpaid.by and unpaid.cents == event.cents
    if not two:
        raise BadEvent(position, f"{type(event).__name__} needs two people who agree on it")


def _named(event: PersonNamed, position: int, _at_us: int, book: Book) -> None:
    if not event.named_by:
        if position != len(book.caisse.persons) + 2:  # the founding's first event is the caisse itself, then come the persons
            raise BadEvent(position, f"{event.person} was named by nobody, which only the founding may do")
        return
    proposal = book.caisse.proposed.get(event.person)
    proposer, confirmer = event.named_by[0], event.named_by[-1]
    if confirmer in (proposer, event.person) or proposal is None or proposal.by != proposer:
        raise BadEvent(position, f"naming {event.person} needs one who proposes and another one who confirms")
    if (proposal.key, proposal.roles) != (event.key, event.roles):
        raise BadEvent(position, f"{event.person} was named with another key or other roles than proposed")


Credit = AllocationGranted | AllocationDeclined | SingleGranted | CohortLapsed | LotLapsed


def _credit(event: Credit, position: int, at_us: int, book: Book) -> None:
    """Decided again on the book before it: fund, purse and end of a credit bind as much as its cents."""
    match event:
        case AllocationGranted() | AllocationDeclined():
            run = work_out(
                book.allocation, book.members, book.funds, book.caisse.calendar, cotisations=book.cotisations,
                rule=event.rule, period=event.period, at_us=at_us,
            )  # fmt: skip
            if isinstance(run, Declined) or event_of(run, by=event.by) != event:
                said = "a need that its fund could not carry is"
                if isinstance(event, AllocationGranted):
                    said = f"{event.head_count} heads and {event.total_cents} cents are"
                raise BadEvent(position, f"{said} not what the vote gives")
        case SingleGranted():
            again = decide_grant_single(
                book.allocation, book.members, book.funds, cotisations=book.cotisations, rule=event.rule, period=event.period,
                member=event.member, by=event.by, at_us=at_us,
            )  # fmt: skip
            if again != event:
                raise BadEvent(position, f"{event.member} had this credit before, or another amount was granted, or elsewhere")
        case CohortLapsed() | LotLapsed():
            if book.due(at_us) != event:
                raise BadEvent(position, f"time alone did not make lot {event.lot} lapse now, so much and to this fund")


def _opened(event: OpeningAccepted, position: int, _at_us: int, book: Book) -> None:
    proposed = book.opening.proposed
    if proposed is None or proposed.by == event.by or (proposed.digest, proposed.totals) != (event.digest, event.totals):
        raise BadEvent(position, "opening balances need two people, and the accepted ones must be those proposed")
    purses, owed = sum(lot.cents for lot in event.lots), sum(debt.cents for debt in event.debts)
    free = sum(fund.received_cents - fund.engaged_cents for fund in event.funds)
    held, due = sum(one.held_cents for one in event.contracts), sum(one.open_cents for one in event.arrears)
    if event.totals != (free, purses, owed, free + purses + owed + held, held, due):
        raise BadEvent(position, "its rows do not add up to the totals that two people compared")
    if book.operations.kept:
        raise BadEvent(position, "opening balances came after the first sale")


def _entry_corrected(event: EntryCorrected, position: int, _at_us: int, book: Book) -> None:
    proposed = book.corrections.proposed.get(event.entry)
    said = None if proposed is None else (proposed.by, proposed.reason, proposed.right is None)
    if event.by == event.proposed_by or said != (event.proposed_by, event.reason, event.right() is None):
        raise BadEvent(position, "a correction needs two people who agree on it")
    rooms = Rooms(
        book.cotisations, book.gifts, book.contracts, book.members, book.funds, book.takings, ""
    )
    if standing_entry(event.entry, rooms) != event.wrong:
        raise BadEvent(position, "what it takes back is not what was entered")


def _joined(event: JoinAsked | JoinAllowed, position: int, at_us: int, book: Book) -> None:
    if event.until_us != at_us + LOOK_US:
        raise BadEvent(position, "a look at a person with her purchases lasts a day")
    if isinstance(event, JoinAllowed):
        proposed = book.joining.proposed.get(event.member)
        two = len(set(event.allowed_by)) == 2
        if not two or proposed is None or (event.allowed_by[0], event.reason) != (proposed.by, proposed.reason):
            raise BadEvent(position, "a look at a person with her purchases needs her word, or two officers and one reason")


def _factor_allowed(event: NewFactorAllowed, position: int, at_us: int, book: Book) -> None:
    proposed = book.factors.proposed.get(event.person)
    proposer, agreed = event.allowed_by[0], event.allowed_by[-1]
    if proposed is None or proposed.by != proposer or agreed in (proposer, event.person):
        raise BadEvent(position, "a new second factor needs one who proposes it and another who agrees, not its person")
    if event.until_us != at_us + ADDRESS_US:
        raise BadEvent(position, "an address for a new second factor is open for another time than it says")


def _written_off(event: InterchangeWrittenOff, position: int, at_us: int, book: Book) -> None:
    proposed = book.interchange.write_offs.get(event.ref)
    said = None if proposed is None else (proposed.by, proposed.fund, proposed.cents, proposed.decision)
    if event.by == event.proposed_by or said != (event.proposed_by, event.fund, event.cents, event.decision):
        raise BadEvent(position, "giving up a sale with another caisse needs two people who agree on it")
    if open_of(book.interchange, event.ref, book.caisse.calendar.day(at_us)) != (event.other, event.cents):
        raise BadEvent(position, "what it gives up was not open, or was another sum")


def _went_on(event: GoingOnConfirmed, position: int, _at_us: int, book: Book) -> None:
    said = book.proofs.going_on
    if said is None or said.by == event.by or (said.taken, said.reason, said.by) != (
        event.taken, event.reason, event.proposed_by
    ):
        raise BadEvent(position, "going on in spite of a proof needs two people who say so of the same proofs")




Check = Callable[[Any, int, int, Book], None]

_PROMISES: Final[dict[type, tuple[str, Check]]] = {
    **dict.fromkeys(STAND_ON, ("rules and steps that stand on a vote in force", _asked_above)),
    **settled.PROMISES,
    PersonNamed: ("officers named by two people, or at the founding", _named),
    BankDetailsApproved: ("bank details accepted by two people", _bank_details_approved),
    DecisionRecorded: ("votes that wait for a second officer, but those of the founding", _decision_recorded),
    DecisionApproved: ("votes approved by another person than recorded them", _decision_approved),
    CharteAdopted: ("chartes that stand on a recorded vote", _asked_above),
    AllocationRuleSet: ("credit rules that stand on a recorded vote and stay inside earmarks", _asked_above),
    AllocationGranted: ("grants, each once, with head count and total recounted", _credit),
    AllocationDeclined: ("grants that their fund could not carry, given to nobody", _credit),
    SingleGranted: ("single grants that fill a gap once", _credit),
    CohortLapsed: ("lapses, each at its time", _credit),
    LotLapsed: ("lapses, each at its time", _credit),
    LapseAnnounced: ("lapses announced, each at its time", _by_time_alone),
    CohortRolled: ("credit carried over once, as far as voted", _by_time_alone),
    EaterClassChanged: ("credit classes changed in their month", _by_time_alone),
    PurseEmptied: ("purses of those who left, emptied to funds and persons", _by_time_alone),
    MoneyBackConfirmed: ("own money paid back, said by two people", _money_back_confirmed),
    OpeningAccepted: ("opening balances that two people read alike and that the bank explains", _opened),
    FundPartWarned: ("fund parts of contracts whose end was told at its time", _fund_part_warned),
    InterchangeWrittenOff: ("halves of sales across caisses given up by a vote and two people", _written_off),
    EntryCorrected: ("wrong entries taken back by two people, each as it stood", _entry_corrected),
    JoinAsked: ("looks at a person with her purchases that she asked for, a day each", _joined),
    JoinAllowed: ("looks at a person with her purchases by two officers, a day each", _joined),
    NewFactorAllowed: ("second factors to be paired anew, by two other officers", _factor_allowed),
    GoingOnConfirmed: ("payouts that went on in spite of a proof, by two people", _went_on),
    LegalBasisEntered: ("legal bases of tax receipts entered by two people", _two_people),
    DepositConfirmed: ("deposits counted by two people", _two_people),
    CotisationWrittenOff: ("cotisations that came back, written off by another person", _two_people),
    CollectionProposed: ("collections of what is due, asked once", at_the_bank.collected),
    CollectionApproved: ("collections approved by another person than proposed them", at_the_bank.collected),
    CollectionExported: ("collections sent after members were told", at_the_bank.collected),
    MoneyReceived: ("receipts of one bank line each, that clear what was announced, or nothing", _money_received),
    BonusRuleSet: ("bonus rules that stay inside earmarks", _asked_above),
    SolidarityRuleSet: ("rules of reductions that stay inside earmarks", _asked_above),
    PurseCredited: ("credits that no freeze, closing or earmark forbids", _asked_above),
    TransferConfirmed: ("money that left a fund by two people", _left_fund),
    RepaymentConfirmed: ("money that left a fund by two people", _left_fund),
    ClosureConfirmed: ("closings by two officers", _closure_confirmed),
    StatementImported: ("bookings of the bank, each taken in once", at_the_bank.bank_lines),
    BankMatched: ("lines of the bank, each said once to be what it is, cent for cent", at_the_bank.bank_lines),
    BankCharged: ("charges of the bank, borne by money that is there", at_the_bank.charged),
    BankChargesRuleSet: ("rules and steps that stand on a vote in force", _asked_above),
    AccountPlanSet: ("plans of accounts that can be read for ever", at_the_bank.plan_set),
    MonthClosed: ("months of the books closed by two people, once and in order", at_the_bank.month_closed),
    CaisseSealed: ("seals on empty accounts", _caisse_sealed),
}
"""What is promised of an event, and what checks it (event, position, at_us, book before it; raises BadEvent)."""
