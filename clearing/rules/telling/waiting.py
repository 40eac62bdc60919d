"""Law: whatever waits for a person is told with its day and the command that ends it; nothing waits unseen.

Follows a log beside its book, because the book keeps that something waits and not since when.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

from clearing.events.accounts import AccountProposed, MandataryProposed, RevocationProposed
from clearing.events.books import MonthProposed
from clearing.events.caisse import DecisionRecorded, PersonProposed
from clearing.events.catalogue import Event
from clearing.events.closing import ClosureProposed
from clearing.events.contracts import ContractEnded
from clearing.events.corrections import CorrectionProposed
from clearing.events.cotisations import DepositCounted, LegalBasisProposed
from clearing.events.debits import CollectionProposed, MandateSuspended
from clearing.events.grants import RepaymentConfirmed, RepaymentProposed, TransferProposed
from clearing.events.households import MoneyBackProposed, PurseEmptied
from clearing.events.joining import JoinProposed
from clearing.events.opening import OpeningProposed
from clearing.events.orders import DisputeProposed, LineDisputed, OrderPlaced
from clearing.events.producers import BankDetailsProposed
from clearing.rules.amap.contracts import WARN_DAYS
from clearing.rules.book import Book
from clearing.rules.calendar import civil_date
from clearing.rules.collective.orders import DISPUTED, OPEN
from clearing.rules.telling import waiting_between, waiting_ends, waiting_proofs, waiting_settling
from clearing.rules.telling.plain_words import days
from clearing.rules.telling.waiting_at_bank import waits_at_bank
from clearing.rules.telling.waiting_debits import tasks
from clearing.rules.treasury.books import to_close
from clearing.rules.treasury.corrections import in_command
from clearing.rules.treasury.cotisations import standings
from clearing.rules.treasury.subsidies import Step
from clearing.rules.voted.decisions import standing
from clearing.values import PersonId, money

HOLD_DAYS: Final = 7  # of an order while no charte says otherwise


class Wait(NamedTuple):
    """day: ISO, since when it waits, or the day by which it has to be done when `by` is true; "" when nobody knows.
    commands: without the word clearing; one of them ends it. Words in capitals are for the person to fill in. barred: who
    did the first half of it, so that another person does the second."""

    day: str
    told: str
    commands: tuple[str, ...]
    by: bool = False
    barred: frozenset[PersonId] = frozenset()


def _wait(day: str, told: str, *commands: str, by: bool = False) -> Wait:
    return Wait(day, told, commands, by)


_SINCE: Final[dict[type[Event], tuple[str, ...]]] = {
    DecisionRecorded: ("decision",), PersonProposed: ("person",), AccountProposed: ("account",),
    MandataryProposed: ("account", "mandatary"), RevocationProposed: ("account", "mandatary"), ClosureProposed: (),
    DepositCounted: ("deposit",), LegalBasisProposed: (), TransferProposed: ("transfer",), RepaymentProposed: ("repayment",),
    RepaymentConfirmed: ("repayment",), MoneyBackProposed: ("member",), PurseEmptied: ("member",), OpeningProposed: (),
    OrderPlaced: ("order",), LineDisputed: ("order", "line"), DisputeProposed: ("order", "line"),
    BankDetailsProposed: ("producer",), ContractEnded: ("contract",), CorrectionProposed: ("entry",),
    JoinProposed: ("member",), MonthProposed: ("period",), CollectionProposed: ("collection",), MandateSuspended: ("mandate",),
    **waiting_between.SINCE, **waiting_proofs.SINCE, **waiting_settling.SINCE, **waiting_ends.SINCE,
}  # fmt: skip
"""What begins to wait with an event -> the fields that name it."""
BEGINS: Final = tuple(_SINCE)


class Waiting:
    """Since when what waits does so."""

    def __init__(self) -> None:
        self._since: dict[tuple[object, ...], int] = {}
        self._boxes: dict[str, int] = {}

    def recall(self, event: Event, at_us: int) -> None:
        """An event of BEGINS that was taken long ago; a box that filled before has no day then."""
        names = _SINCE.get(type(event))
        if names is not None:
            self._since[type(event), *(getattr(event, name) for name in names)] = at_us

    def take(self, book: Book, event: Event, at_us: int) -> None:
        """The next event of a log. book: as the event left it."""
        self.recall(event, at_us)
        for box, cents in book.takings.in_box.items():
            if not cents:
                self._boxes.pop(box, None)
            elif box not in self._boxes:
                self._boxes[box] = at_us

    def told(self, book: Book, at_us: int) -> list[Wait]:
        """Everything that waits at at_us, the oldest day first; what no day is known of stands last."""
        found = [one for room in _ROOMS for one in room(_Look(book, self, at_us))]
        return sorted(found, key=lambda one: (one.day or "9999", one.told))

    def day(self, book: Book, *key: object) -> str:
        since_us = self._since.get(key)
        return "" if since_us is None else book.caisse.calendar.day(since_us).isoformat()

    def box_day(self, book: Book, box: str) -> str:
        since_us = self._boxes.get(box)
        return "" if since_us is None else book.caisse.calendar.day(since_us).isoformat()


class _Look(NamedTuple):
    """What every room is asked with."""

    book: Book
    waiting: Waiting
    at_us: int

    def since(self, *key: object) -> str:
        return self.waiting.day(self.book, *key)

    def day(self, at_us: int) -> str:
        return self.book.caisse.calendar.day(at_us).isoformat()

    def this_day(self) -> str:
        return self.day(self.at_us)


def _votes(look: _Look) -> Iterator[Wait]:
    caisse = look.book.caisse
    for name, vote in caisse.decisions.items():
        if vote.needs_approval and name not in caisse.approvals:
            yield _wait(
                look.since(DecisionRecorded, name),
                f"decision {name} waits for another officer than {vote.by}",
                f"decision approve {name}",
            )
    for person, proposed in caisse.proposed.items():
        yield _wait(
            look.since(PersonProposed, person),
            f"{person}, proposed by {proposed.by}, waits for another officer",
            f"person confirm {person}",
        )
    closing, opening = look.book.closing.proposed, look.book.opening.proposed
    if closing is not None:
        yield _wait(
            look.since(ClosureProposed),
            f"the closing on {closing.last_day} waits for another officer than {closing.by}",
            "caisse close-confirm",
        )
    if opening is not None and not look.book.opening.accepted_at:
        balances = f"the opening balances of {opening.as_of}, {money(opening.totals.bank_cents)} at the bank"
        told = f"{balances}, wait for another person than {opening.by}"
        yield _wait(look.since(OpeningProposed), told, "opening accept FILE")


def _accounts(look: _Look) -> Iterator[Wait]:
    accounts = look.book.accounts
    for account in accounts.proposed:
        yield _wait(
            look.since(AccountProposed, account),
            f"the collective account {account} waits for another officer",
            f"collective open {account}",
        )
    for account, name in accounts.naming:
        yield _wait(
            look.since(MandataryProposed, account, name),
            f"{name}, to buy for {account}, waits for another officer",
            f"collective name {account} {name}",
        )
    for account, name in accounts.revoking:
        yield _wait(
            look.since(RevocationProposed, account, name),
            f"{name} of {account} is to be revoked by another officer",
            f"collective revoke {account} {name}",
        )
    entered = [name for name, one in look.book.producers.producers.items() if one.proposed is not None]
    if entered:
        since = min(look.since(BankDetailsProposed, name) for name in entered)
        whose = f"account of {entered[0]} waits" if len(entered) == 1 else f"accounts of {len(entered)} producers wait"
        yield _wait(since, f"the bank {whose} for another person", f"producer bank-approve {' '.join(entered)}")


def _credits(look: _Look) -> Iterator[Wait]:
    """The month's credit, of rules whose vote stands."""
    month, book = look.this_day()[:7], look.book
    if book.closing.frozen is not None or book.closing.confirmed is not None:
        return
    for name, rule in book.allocation.rules.items():
        begun = (rule.first_period or month) <= month <= (rule.last_period or month)
        given = f"{name}/{month}" in book.allocation.cohorts
        if begun and not given and standing(book.caisse, rule.decision, look.at_us) is None:
            yield _wait(f"{month}-01", f"the credit {name} of {month} is not given", f"grant {month} --rule {name}")


def _funds(look: _Look) -> Iterator[Wait]:
    for number, transfer in look.book.subsidies.transfers.items():
        if transfer.step is Step.PROPOSED:
            one = transfer.proposed
            yield _wait(
                look.since(TransferProposed, number),
                f"{money(one.cents)} from fund {one.fund} to {one.to} wait for another officer",
                f"fund transfer-confirm {number}",
            )
    for number, repayment in look.book.subsidies.repayments.items():
        back = f"{money(repayment.proposed.cents)} of {repayment.proposed.grant} to its funder"
        if repayment.step is Step.PROPOSED:
            told = f"{back} wait for another officer"
            yield _wait(look.since(RepaymentProposed, number), told, f"subsidy return-confirm {number}")
        elif repayment.step is Step.CONFIRMED:
            told = f"{back} are to be paid at the bank"
            yield _wait(look.since(RepaymentConfirmed, number), told, f"subsidy paid {number} --reference LINE")
    if look.book.gifts.proposed is not None:
        told = "the legal basis of tax receipts waits for another officer"
        yield _wait(look.since(LegalBasisProposed), told, "taxreceipt enter")
    month = look.book.books.proposed
    if month is not None:
        told = f"closing the books of {month.period} waits for another person than {month.by}"
        yield _wait(look.since(MonthProposed, month.period), told, f"books confirm {month.period}")
    if over := to_close(look.book.books, civil_date(look.this_day())):
        yield _wait(f"{look.this_day()[:7]}-01", f"the books of {over} can be closed", f"books propose {over}")


def _boxes(look: _Look) -> Iterator[Wait]:
    counted: dict[str, int] = {}
    for number, one in look.book.takings.counted.items():
        counted[one.account] = counted.get(one.account, 0) + one.cents
        yield _wait(
            look.since(DepositCounted, number),
            f"deposit {number}, {money(one.cents)} of {one.account}, is to be counted by another person than {one.by}",
            f"deposit confirm {number} EUROS --reference SLIP",
        )
    for box, cents in look.book.takings.in_box.items():
        left = cents - counted.get(box, 0)
        if left:
            yield _wait(
                look.waiting.box_day(look.book, box),
                f"{money(left)} of {box} are in the box",
                f"deposit count {box} EUROS",
            )


def _arrears(look: _Look) -> Iterator[Wait]:
    month = look.this_day()[:7]
    cotisations = look.book.cotisations
    members = {*cotisations.agreements, *(member for member, _, _ in cotisations.unpaid)}
    open_ = [one for member in members for one in standings(cotisations, member, until=month) if one.open_cents() > 0]
    if open_:
        whose = len({one.member for one in open_})
        yield _wait(
            f"{min(one.period for one in open_)}-01",
            f"{money(sum(one.open_cents() for one in open_))} of cotisations are "
            f"open, of {whose} {'member' if whose == 1 else 'members'}",
            "cotisations --arrears",
        )
    for member, cents in look.book.households.owed.items():
        said = look.book.households.proposed.get(member)
        if said is not None:
            yield _wait(
                look.since(MoneyBackProposed, member),
                f"{money(said.cents)} were paid back to {member}, as {said.by} says: another person says so too",
                f"member paid-back {member} EUROS",
            )
        elif cents:
            told = f"{money(cents)} of their own are to be paid back to {member}"
            yield _wait(look.since(PurseEmptied, member), told, f"member pay-back {member} --reference LINE")


def _contracts(look: _Look) -> Iterator[Wait]:
    today = look.this_day()
    late: list[tuple[str, int]] = []
    for name, contract in look.book.contracts.contracts.items():
        if contract.refundable_cents:
            yield _wait(
                look.since(ContractEnded, name),
                f"{money(contract.refundable_cents)} of the ended contract {name} are to go back to the household",
                f"contract refund {name} EUROS --reference LINE",
            )
        if contract.ended_on is not None:
            continue
        late += [
            (due.due_on, left)
            for due in contract.dues
            if due.due_on < today and (left := due.household_cents - due.household_paid)
        ]
        ends = contract.unfunded_cents() and (civil_date(contract.fund_until) - civil_date(today)).days <= WARN_DAYS
        if ends:
            yield _wait(
                contract.fund_until,
                f"contract {name}: the fund's part ends, {money(contract.unfunded_cents())} are then "
                "nobody's; ask the household",
                f"contract takeover {name} --agreed HOW",
                f"contract shrink {name}",
                by=True,
            )
    if late:
        yield _wait(
            min(late)[0],
            f"{money(sum(cents for _, cents in late))} of {len(late)} "
            f"{'instalment' if len(late) == 1 else 'instalments'} of contracts are due",
            "contract list",
        )


def _orders(look: _Look) -> Iterator[Wait]:
    charte = look.book.caisse.charte_at(look.at_us)
    hold_days = HOLD_DAYS if charte is None else charte.hold_days
    for name, order in look.book.orders.orders.items():
        since = look.since(OrderPlaced, name)
        for line in order.unsettled():
            if order.states[line] == DISPUTED:
                proposal = order.proposed.get(line)
                if proposal is None:
                    yield _wait(
                        look.since(LineDisputed, name, line),
                        f"line {line + 1} of order {name} is disputed",
                        f"order settle {name} {line + 1} EUROS --reason TEXT",
                    )
                else:
                    yield _wait(
                        look.since(DisputeProposed, name, line),
                        f"{money(proposal.amount_cents)} for line {line + 1} of order "
                        f"{name} wait for another person than {proposal.by}",
                        f"order agree {name} {line + 1}",
                    )
        still = [line for line in order.unsettled() if order.states[line] == OPEN]
        if still and not order.confirmed:
            yield _wait(since, f"order {name} waits for another mandatary", f"order confirm {name} --mandatary NAME")
        elif still and since and (civil_date(look.this_day()) - civil_date(since)).days > hold_days:
            held = sum(share.cents for share in order.held(still))
            yield _wait(
                since,
                f"order {name} holds {money(held)} for longer than {days(hold_days)}",
                f"order cancel {name}",
                f"order deliver {name} --document NUMBER",
            )


def _exceptions(look: _Look) -> Iterator[Wait]:
    exceptions = look.book.exceptions
    fresh = [item.at_us for number, item in exceptions.open.items() if number not in exceptions.proposed]
    if fresh:
        told = "1 exception is open" if len(fresh) == 1 else f"{len(fresh)} exceptions are open"
        yield _wait(look.day(min(fresh)), told, "exceptions")
    for number, said in exceptions.proposed.items():
        if number in exceptions.open:
            yield _wait(
                look.day(exceptions.open[number].at_us),
                f"exception {number}, {said.how} as {said.by} proposes, waits for another person",
                f"exception resolve {number}",
            )


def _corrections(look: _Look) -> Iterator[Wait]:
    for entry, proposed in look.book.corrections.proposed.items():
        yield _wait(
            look.since(CorrectionProposed, entry),
            f"the {entry.kind} {entry.reference}, entered wrong as {proposed.by} says, waits for another person",
            f"correct confirm {in_command(entry)}",
        )


def _joining(look: _Look) -> Iterator[Wait]:
    for member, proposed in look.book.joining.proposed.items():
        told = f"a look at {member} with her purchases, as {proposed.by} proposes, waits for another officer"
        yield _wait(look.since(JoinProposed, member), told, f"member join-allow {member}")


def _bank(look: _Look) -> Iterator[Wait]:
    return (_wait(*one) for one in waits_at_bank(look.book))


def _settling(look: _Look) -> Iterator[Wait]:
    return (Wait(*one) for one in waiting_settling.settling(look.book, look.since, look.this_day()))


_ROOMS: Final[tuple[Callable[[Any], Iterator[Wait]], ...]] = (
    _votes,
    _credits,
    _accounts,
    _funds,
    _boxes,
    _arrears,
    _contracts,
    _orders,
    _exceptions,
    _corrections,
    _joining,
    lambda look: (Wait(*one) for one in waiting_ends.late_money(look.book, look.since, look.this_day())),
    lambda look: (Wait(*one) for one in waiting_ends.closing(look.book, look.since, look.this_day())),
    lambda look: (Wait(*one) for one in waiting_between.waits(look.book.interchange, look.since, look.this_day())),
    lambda look: (Wait(*one) for one in tasks(look.book, look.since, look.book.caisse.calendar.day(look.at_us))),
    _bank,
    _settling,
    lambda look: (Wait(*one) for one in waiting_proofs.waits(look.book.proofs, look.since)),
)
