"""Law: a proposal is tried on what really happened: each operation is decided anew by its own request in a shadow of the book,
by the rules that would decide it; grants and credits stay as they were, and nothing is recorded.

Balances evolve under the proposal, so what it spends earlier is missing later. Positions and instants are the log's own.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from typing import Final, get_args

from clearing.audit.evidence import BY_TIME_ALONE
from clearing.audit.findings import BadEvent, StoredLog
from clearing.audit.frames import Frames
from clearing.audit.prover import LINES_MAX
from clearing.audit.trial_report import Sums, TrialReport
from clearing.authoriser.client import TapFacts
from clearing.authoriser.operations import decide
from clearing.event_store.rows import EventRow
from clearing.events import settlement
from clearing.events.catalogue import Event
from clearing.events.charte import Charte
from clearing.events.codec import UnreadableEvent, decode
from clearing.events.funds import FundOpened
from clearing.events.households import HouseholdSeparated, MoneyBackConfirmed, MoneyBackProposed
from clearing.events.joint import HandoverEnded, PartAnswered, PayoutsHandedOver
from clearing.events.sales import (
    AuthorisationDecided,
    CaptureDecided,
    RefundDecided,
    ReversalDecided,
    SaleDecided,
)
from clearing.rules.answers import BrokenBook, Declined
from clearing.rules.between import joint
from clearing.rules.book import Book
from clearing.rules.people.households import decide_separate
from clearing.rules.treasury.funds import Fund
from clearing.values import FundId
from clearing.wire.frame import FrameType, MalformedFrame
from clearing.wire.requests import Op, Request, parse_request
from clearing.wire.signature import BadSignature

TRIAL_VERSION: Final = 2**31 - 1
"""Under which the proposal is decided on in the shadow: no charte of a log has it."""
PAGE_EVENTS: Final = 2_000
_ANEW: Final[Mapping[type, Op]] = {
    SaleDecided: Op.SALE, AuthorisationDecided: Op.AUTH, CaptureDecided: Op.CAP, ReversalDecided: Op.REV, RefundDecided: Op.REF,
}  # fmt: skip
_LEFT_OUT: Final = frozenset({*BY_TIME_ALONE, *get_args(settlement.Event), MoneyBackProposed, MoneyBackConfirmed})
"""What time does, the shadow's own time does; and what is paid out to producers, and to who left, changes no sale."""
_BETWEEN: Final[Mapping[type, Callable[..., None]]] = {
    PayoutsHandedOver: joint.evolve_handed,
    HandoverEnded: lambda room, event, _: joint.evolve_handover_ended(room, event),
    PartAnswered: lambda room, event, _: joint.evolve_answered(room, event),
}
"""Of payouts too; but what the caisses owe each other by them is in their nettings."""
_LENT_CENTS: Final = 1 << 50
_BEFORE_ALL: Final = -(1 << 62)


class TrialImpossible(Exception):
    """The log can't be played again up to there; the text says which event stands in the way."""


class Trial:
    """from_us, until_us: what is played again. The books begin with the log's first event.

    suppose: money that is added to funds at the start, as the proposal expects it.
    """

    def __init__(
        self, proposal: Charte, *, from_us: int, until_us: int, months: int, suppose: Mapping[FundId, int] | None = None
    ) -> None:
        self.real, self.shadow = Book(), Book()
        self._proposal = replace(proposal, version=TRIAL_VERSION)
        self._from_us, self._until_us, self._months = from_us, until_us, months
        self._suppose = dict(suppose or {})
        self._sums = Sums()
        self._lacked: dict[FundId, int] = {}
        self._begun = False

    def wants(self, event: Event, at_us: int) -> Op | None:
        """The op of a request that `take` needs for this event; None: it needs none."""
        return _ANEW.get(type(event)) if self._from_us <= at_us < self._until_us else None

    def over(self, at_us: int) -> bool:
        return at_us >= self._until_us

    def take(self, event: Event, position: int, at_us: int, request: Request | None) -> None:
        """The log's next event. Raises TrialImpossible."""
        try:
            if at_us < self._from_us:
                self.real.apply(event, position, at_us)
                self.shadow.apply(event, position, at_us)
                return
            if not self._begun:
                self._begin()
            self._play(event, position, at_us, request)
        except (BrokenBook, LookupError) as fault:
            raise TrialImpossible(
                f"Event {position}, {type(event).__name__}, can't be carried over to the proposal: {fault}. Try a later month."
            ) from fault

    def report(self) -> TrialReport:
        if not self._begun:
            self._begin()
        return self._sums.report(self._months, (self.real, self.shadow), self._lacked)

    def _begin(self) -> None:
        self._begun = True
        named = {weight.fund for tariff in self._proposal.tariffs for weight in tariff.funds}
        named |= {payer.fund for payer in self._proposal.payers if payer.fund is not None}
        named |= {tariff.surplus_fund for tariff in self._proposal.tariffs if tariff.surplus_fund is not None}
        for fund in sorted({*named, *self._suppose} - self.shadow.funds.keys()):
            self.shadow.funds[fund] = Fund(kind="sponsor", name=fund, advance_cents=0)
        for fund, cents in self._suppose.items():
            self.shadow.funds[fund].received_cents += cents
        self.shadow.caisse.chartes.append(self._proposal)
        self._pin()

    def _pin(self) -> None:
        """The proposal is in force, whatever the log adopted meanwhile."""
        self.shadow.caisse.in_force = [(_BEFORE_ALL, self._proposal)]

    def _play(self, event: Event, position: int, at_us: int, request: Request | None) -> None:
        self._sweep(position, at_us)
        self.real.apply(event, position, at_us)
        if type(event) in _ANEW:
            if request is None:
                raise BrokenBook("its request is missing")
            again = self._again(event, request, position, at_us)
            self._sums.add(event, again, position, at_us, (self.real, self.shadow))
        elif type(event) in _LEFT_OUT:
            if isinstance(event, settlement.BatchClosed):
                self.shadow.settlement.settled_up_to = event.up_to
        elif type(event) in _BETWEEN:
            _BETWEEN[type(event)](self.shadow.interchange, event, position)
        else:
            self._as_it_was(event, position, at_us)

    def _again(self, event: Event, request: Request, position: int, at_us: int) -> Event:
        tap = getattr(event, "tap", None)
        found = None if tap is None else TapFacts(
            genuine=True, card=tap.card, key_version=tap.key_version, counter=tap.counter
        )
        used = tap is not None and not tap.fresh
        again: Event = decide(self.shadow, request, found, tap_used_before=used, at_us=at_us).event
        self._in_step(position, at_us)
        self.shadow.apply(again, position, at_us)
        return again

    def _sweep(self, position: int, at_us: int) -> None:
        """What the shadow's own time makes due by now: its holds and lots hold other cents than the log's."""
        while (due := self.shadow.due(at_us)) is not None:
            self.shadow.apply(due, self.shadow.position + 1, self.shadow.at_us + 1)
        self._in_step(position, at_us)

    def _in_step(self, position: int, at_us: int) -> None:
        """Events have the log's positions, by which lots are called, and its instants."""
        self.shadow.position, self.shadow.at_us = position - 1, min(self.shadow.at_us, at_us - 1)

    def _parted(self, event: HouseholdSeparated) -> HouseholdSeparated:
        """A household parts with what its purse would hold by then."""
        shadow = self.shadow
        again = decide_separate(
            shadow.households, shadow.members, shadow.allocation, member=event.member, new_member=event.new_member,
            eaters=event.eaters, by=event.by,
        )  # fmt: skip
        if isinstance(again, Declined):
            raise BrokenBook(again.why)
        return again

    def _as_it_was(self, event: Event, position: int, at_us: int) -> None:
        """A fund that the proposal has spent already lends what the event takes; what it lacks then is told."""
        funds = self.shadow.funds
        if isinstance(event, FundOpened) and event.fund in funds:  # supposed before it was opened
            fund = funds[event.fund]
            fund.kind, fund.name, fund.advance_cents = event.kind, event.name, event.advance_cents
            return
        if isinstance(event, HouseholdSeparated):
            event = self._parted(event)
        before = dict(funds)
        for lent in before.values():
            lent.received_cents += _LENT_CENTS
        self.shadow.apply(event, position, at_us)
        for name, lent in before.items():
            lent.received_cents -= _LENT_CENTS
            short = -lent.free_cents()
            if short > 0:
                lent.received_cents += short
                self._lacked[name] = self._lacked.get(name, 0) + short
        self._pin()


async def tried(log: StoredLog, trial: Trial) -> TrialReport:
    """Play the log to the trial, each operation with its verified request. Raises TrialImpossible."""
    frames = Frames()
    async for rows in _pages(log):
        await frames.fetch(log, [row.evidence for row in rows if row.evidence])
        for row in rows:
            if trial.over(row.at_us):
                return trial.report()
            try:
                event = decode(row.type, row.schema_version, row.public, row.private)
                op = trial.wants(event, row.at_us)
                request = None if op is None else _request(frames, row, event, op, trial.real)
            except (UnreadableEvent, BadEvent, BadSignature, MalformedFrame, LookupError) as fault:
                raise TrialImpossible(f"Event {row.position} does not hold: {fault}. Run clearing audit.") from fault
            trial.take(event, row.position, row.at_us, request)
    return trial.report()


async def _pages(log: StoredLog) -> AsyncIterator[list[EventRow]]:
    after = 0
    while rows := await log.read(after, PAGE_EVENTS):
        yield rows
        after = rows[-1].position


def _request(frames: Frames, row: EventRow, event: Event, op: Op, book: Book) -> Request:
    terminal = book.producers.terminals[getattr(event, "op").terminal]  # noqa: B009 - every operation has its head
    signed = frames.opened(row.evidence, row.position)
    frame = frames.verified(signed, FrameType.TERM_REQ, terminal.key, (terminal.terminal, terminal.epoch))
    return parse_request(frame, op, LINES_MAX)
