"""Law: the book is the fold of all events of one caisse, in order; it decides nothing and looks facts up for those who do.

Memory of the writer; audit folds the same book from the log alone. Positions rise by one, instants strictly.
"""

import heapq
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Final

from clearing.events.basket import Line
from clearing.events.catalogue import Event
from clearing.events.charte import Span
from clearing.rules.amap import contracting, contracts
from clearing.rules.answers import BrokenBook
from clearing.rules.between import abroad, interchange
from clearing.rules.collective import accounts, orders, units
from clearing.rules.credit import allocation, bonuses, lapsing
from clearing.rules.ends import closing, opening
from clearing.rules.folds import (
    accounts as account_folds,
    adjustments as adjustment_folds,
    bank as bank_folds,
    between,
    books as book_folds,
    closing as ending,
    contests as contest_folds,
    contracts as contract_folds,
    corrections as correction_folds,
    cotisations as cotisation_folds,
    debits as debit_folds,
    factors as factor_folds,
    grants,
    households as household_folds,
    joining as joining_folds,
    money,
    opening as opening_folds,
    orders as order_folds,
    payouts,
    people,
    products as listed,
    proofs as proof_folds,
    sold,
    solidarity as drawn,
    stalls,
    units as unit_folds,
    voted,
)
from clearing.rules.people import card_limits, emergency, households, joining, members
from clearing.rules.people.members import Member
from clearing.rules.reductions import solidarity
from clearing.rules.selling import afterwards, exceptions
from clearing.rules.selling.ceilings import Usage
from clearing.rules.selling.facts import Facts, Spendable
from clearing.rules.selling.operations import Bodies, Operation, OperationKey, Operations, StoredForm
from clearing.rules.stalls import contests, producers, settlement
from clearing.rules.stalls.producers import Convention, Producer
from clearing.rules.treasury import (
    adjusting,
    bank,
    bank_lines,
    books,
    corrections,
    cotisations,
    debits,
    funds,
    gifts,
    proofs,
    subsidies,
    takings,
)
from clearing.rules.voted import caisse, factors, products
from clearing.values import (
    CaisseCode,
    CategoryId,
    FundId,
    MemberId,
    MicroTime,
    OperationId,
    PayerId,
    ProducerId,
    PurseKind,
    TerminalId,
)

SECTIONS: Final = (
    "caisse",
    "members",
    "producers",
    "allocation",
    "settlement",
    "products",
    "households",
    "card_limits",
    "emergency",
    "subsidies",
    "closing",
    "solidarity",
    "bonuses",
    "bank_lines",
    "bank",
    "takings",
    "cotisations",
    "debits",
    "corrections",
    "gifts",
    "contracts",
    "accounts",
    "orders",
    "exceptions",
    "units",
    "opening",
    "interchange",
    "joining",
    "proofs",
    "contests",
    "adjustments",
    "books",
    "factors",
)
"""The rooms of the book that are records of containers and single values: snapshots say them field by field."""


class Book:
    """Everything the writer knows of one caisse at `position`."""

    def __init__(self, bodies: Bodies | None = None) -> None:
        """bodies: how operations are kept; None: as the objects they are, which is for small books."""
        self.position = 0
        self.at_us = 0
        self.caisse = caisse.Caisse()
        self.funds: funds.Funds = {}
        self.members = members.Members()
        self.producers = producers.Producers()
        self.allocation = allocation.Allocation()
        self.settlement = settlement.Settlement()
        self.products = products.Products()
        self.households = households.Households()
        self.card_limits = card_limits.CardLimits()
        self.emergency = emergency.Emergency()
        self.subsidies = subsidies.Subsidies()
        self.closing = closing.Closing()
        self.solidarity = solidarity.Solidarity()
        self.bonuses = bonuses.Bonuses()
        self.bank_lines = bank_lines.BankLines()
        self.bank = bank.Bank()
        self.takings = takings.Takings()
        self.cotisations = cotisations.Cotisations()
        self.debits = debits.Debits()
        self.corrections = corrections.Corrections()
        self.gifts = gifts.Gifts()
        self.contracts = contracts.Contracts()
        self.accounts = accounts.Accounts()
        self.orders = orders.Orders()
        self.exceptions = exceptions.Exceptions()
        self.units = units.Units()
        self.opening = opening.Opening()
        self.interchange = interchange.Interchange()
        self.joining = joining.Joining()
        self.proofs = proofs.Proofs()
        self.contests = contests.Contests()
        self.adjustments = adjusting.Adjustments()
        self.books = books.Books()
        self.factors = factors.Factors()
        self.usage = Usage()
        self.operations = Operations(bodies)
        self.tombstones: dict[TerminalId, dict[OperationId, int]] = {}
        self.holds_due: list[tuple[int, OperationKey]] = []
        self.alerted: set[tuple[TerminalId, int, int]] = set()

    def apply(self, event: Event, position: int, at_us: int, stored: StoredForm | None = None) -> None:
        """Fold the next event in. stored: its stored form, when the caller has it at hand (codec.Encoded).

        Raises BrokenBook when it contradicts what is there: the program is wrong then.
        """
        if position != self.position + 1 or at_us <= self.at_us:
            raise BrokenBook(f"event {position} at {at_us} us does not follow event {self.position} at {self.at_us} us")
        decided = _DECIDED.get(type(event))
        if decided is not None:
            decided(self, event, position, at_us, stored)
        elif (fold := _FOLDS.get(type(event))) is not None:
            fold(self, event, position, at_us)
        self.position, self.at_us = position, at_us

    def due(self, at_us: int) -> Event | None:
        """The next thing that time alone makes happen at at_us: a day's draws are shared, a hold expires, a class changes, who
        left is settled with, credit lapses, a fund's part of a contract is about to end. None: nothing is due, as behind a
        seal."""
        if self.closing.sealed:
            return None
        hold = self._next_hold()
        lapse_us = lapsing.next_due_us(self.allocation, self.members)
        if self.members.class_changes or self.households.leaving_at or self.households.again or self.allocation.notices:
            sooner = self._next_of_people(at_us if lapse_us is None else min(at_us, lapse_us))
            if sooner is not None and (hold is None or sooner[0] < hold[0]):
                return sooner[1]
        if self.solidarity.claims and self._close_is_next(at_us, hold[0] if hold is not None else None, lapse_us):
            return solidarity.decide_shared(self.solidarity, self.funds, with_batch=False)
        abroad_us = self._next_abroad_us() if self.interchange.holds_due else None
        if abroad_us is not None and abroad_us <= min(at_us, at_us if hold is None else hold[0], lapse_us or at_us):
            ref = self.interchange.holds_due[0][1]
            return abroad.decide_expiry(ref, self.interchange.holds[ref], allocation=self.allocation, at_us=at_us)
        if hold is not None and hold[0] <= at_us and (lapse_us is None or hold[0] <= lapse_us):
            return afterwards.decide_hold_expiry(self.operations[hold[1]], allocation=self.allocation, at_us=at_us)
        if lapse_us is not None and lapse_us <= at_us:
            return lapsing.decide_lapse(self.allocation, self.members, self.caisse.calendar, at_us=at_us)
        if self.contracts.warnings:
            return contracting.decide_warn(self.contracts, at_us=at_us)
        return None

    def _next_of_people(self, up_to_us: int) -> tuple[int, Event] | None:
        """The first, up to that instant, of: credit that ends is announced, a class changes, purses of who left are emptied."""
        found: list[tuple[int, Event]] = []
        changed = households.next_change(self.members, self.caisse.calendar) if self.members.class_changes else None
        if changed is not None and changed[0] <= up_to_us:
            found.append(changed)
        if self.households.again or (self.households.leaving_at and self.households.leaving_at[0][0] <= up_to_us):
            emptied = households.next_emptied(self.households, self.members, self.allocation)
            if emptied is not None:
                found.append(emptied)
        noticed = lapsing.decide_notice(self.allocation, self.members, at_us=up_to_us)
        if noticed is not None:
            found.append((self.allocation.notices[0][0], noticed))
        return min(found, key=lambda one: one[0], default=None)

    def _close_is_next(self, at_us: int, *others_us: int | None) -> bool:
        """Whether a day of draws is over, and nothing else was due before it."""
        close_us = solidarity.close_due_us(self.solidarity, self.caisse.calendar)
        return close_us is not None and close_us <= min([at_us, *(due_us for due_us in others_us if due_us is not None)])

    def _next_hold(self) -> tuple[int, OperationKey] | None:
        while self.holds_due and not self.operations.is_held(self.holds_due[0][1]):
            heapq.heappop(self.holds_due)
        return self.holds_due[0] if self.holds_due else None

    def _next_abroad_us(self) -> int | None:
        due, holds = self.interchange.holds_due, self.interchange.holds
        while due and holds[due[0][1]].state is not interchange.HoldState.HELD:
            heapq.heappop(due)
        return due[0][0] if due else None

    def operation_of(self, producer: ProducerId, terminal: TerminalId, x: OperationId) -> Operation | None:
        """The operation that a producer's terminal calls x: its own, else that of another terminal of the producer."""
        own = self.operations.get((terminal, x))
        if own is not None:
            return own
        terminals = self.producers.terminals
        others = (one for one in self.producers.terminals_of.get(producer, ()) if terminals[one].producer == producer)
        return next((self.operations[other, x] for other in others if (other, x) in self.operations), None)

    def capture_of(self, producer: ProducerId, terminal: TerminalId, x: OperationId) -> Operation | None:
        """The same, but a hold leads to the capture that used it up."""
        found = self.operation_of(producer, terminal, x)
        return self.operations[found.captured_by] if found is not None and found.captured_by is not None else found

    def all_conventioned(self, lines: Iterable[Line], at_us: int) -> bool:
        """Whether every payee that a line names is a producer with a convention in force: nobody else can be owed money."""
        for line in lines:
            if line.payee is not None:
                producer = self.producers.producers.get(line.payee)
                if producer is None or producer.convention_at(at_us) is None:
                    return False
        return True

    def contested(self) -> dict[ProducerId, int]:
        """Cents of each producer that members contest and no batch held yet: they wait."""
        return self.contests.held()

    def reversed_before(self, terminal: TerminalId, x: OperationId, at_us: int) -> bool:
        """Whether the terminal reversed this operation before it came."""
        waiting = self.tombstones.get(terminal)
        since_us = waiting.get(x) if waiting else None
        return since_us is not None and since_us + afterwards.TOMBSTONE_US > at_us

    def open_tombstones(self, terminal: TerminalId, at_us: int) -> dict[OperationId, int]:
        """Reversals whose original has not come, by original; older ones than 7 days no longer count."""
        waiting = self.tombstones.get(terminal, {})
        return {x: since for x, since in waiting.items() if since + afterwards.TOMBSTONE_US > at_us}

    def facts(
        self, member: Member, convention: Convention, producer: Producer, *, price_choice: int | None, at_us: int
    ) -> Facts:
        """What funding has to know about one sale (rules/selling/facts.py)."""
        return Facts(
            at_us=MicroTime(at_us), producer=producer.producer, groups=member.groups,
            places=producer.structures.union((producer.producer, convention.convention)),
            purses=_PursesOf(self.allocation, member), funds=_FreeCentsOf(self.funds),  # type: ignore[arg-type]  # only get
            used=partial(self._used, member.member, at_us), eligible=convention.categories, price_choice=price_choice,
        )

    def facts_abroad(
        self, member: Member, acquirer: CaisseCode, eligible: frozenset[CategoryId] | None, at_us: int
    ) -> Facts:
        """The same for a sale that another caisse vouches for: of its places only the caisse is known."""
        place = abroad.place_of(acquirer)
        return Facts(
            at_us=MicroTime(at_us), producer=ProducerId(place), groups=member.groups, places=frozenset((place,)),
            purses=_PursesOf(self.allocation, member), funds=_FreeCentsOf(self.funds),  # type: ignore[arg-type]  # only get
            used=partial(self._used, member.member, at_us), eligible=eligible,
        )

    def _used(self, member: MemberId, at_us: int, payer: PayerId, span: Span, per_purse: bool) -> int:
        return self.usage.used(payer, span, self.caisse.calendar.day(at_us), member if per_purse else None)


class _PursesOf:
    """A member's purses, opened when funding asks for one: nothing is looked up or copied for payers that are not asked."""

    __slots__ = ("_allocation", "_member")

    def __init__(self, open_in: allocation.Allocation, member: Member) -> None:
        self._allocation, self._member = open_in, member

    def get(self, kind: PurseKind, _other: tuple[Spendable, ...], /) -> Sequence[Spendable]:
        return self._allocation.open_purse(self._member, kind).lots


class _FreeCentsOf:
    __slots__ = ("_funds",)

    def __init__(self, all_funds: funds.Funds) -> None:
        self._funds = all_funds

    def get(self, fund: FundId, _other: int, /) -> int:
        return self._funds[fund].free_cents()


_DECIDED: Final = {**sold.DECIDED, **drawn.DECIDED, **contract_folds.DECIDED, **between.DECIDED}
_FOLDS: Final[dict[type, Callable[..., None]]] = bank_folds.noting_moves({
    **sold.FOLDS,
    **money.FOLDS,
    **people.FOLDS,
    **stalls.FOLDS,
    **payouts.FOLDS,
    **contest_folds.FOLDS,
    **adjustment_folds.FOLDS,
    **voted.FOLDS,
    **listed.FOLDS,
    **household_folds.FOLDS,
    **grants.FOLDS,
    **ending.FOLDS,
    **drawn.FOLDS,
    **cotisation_folds.FOLDS,
    **debit_folds.FOLDS,
    **correction_folds.FOLDS,
    **contract_folds.FOLDS,
    **account_folds.FOLDS,
    **order_folds.FOLDS,
    **unit_folds.FOLDS,
    **opening_folds.FOLDS,
    **between.FOLDS,
    **joining_folds.FOLDS,
    **proof_folds.FOLDS,
    **bank_folds.FOLDS,
    **book_folds.FOLDS,
    **factor_folds.FOLDS,
})
"""What each event does to the book. Events that are not here are evidence only: declines of commands and allocations, held
frames, confirmed clocks, repeats."""
