"""Whatever the bank says, in whatever order, each captured cent is paid at most once, and is in one batch or waits for one."""

from collections import defaultdict

from hypothesis import settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from clearing.audit.sums import book_balances
from clearing.events.catalogue import Event
from clearing.events.settlement import BatchClosed, PayoutAnswered
from clearing.rules.answers import Declined
from clearing.rules.ledger.tracing import Trace
from clearing.rules.stalls import answering, holding, settlement
from clearing.rules.stalls.payouts import Answer, Row
from clearing.rules.stalls.settlement import BatchState
from clearing.values import BatchId, Cents, ProducerId
from clearing.wire.requests import Request
from tests.given_when_then import given
from tests.sayings import (
    AMINA,
    BRUNO,
    DAIRY,
    GARDEN,
    MARKET,
    Decide,
    Till,
    approve,
    close,
    credit,
    export,
    line,
    producer,
)

OWNERS = (GARDEN, DAIRY)
numbers, owners = st.integers(1, 6), st.sampled_from(OWNERS)
days = st.integers(4, 9).map(lambda day: f"2026-05-{day:02d}")


class Settling(RuleBasedStateMachine):
    """Two producers, a till, and a bank that says anything. by_bank: what it paid and did not send back, counted by hand."""

    @initialize()
    def found(self) -> None:
        self.till, self.sales = Till(), list[Request]()
        self.story = given(*MARKET, *producer(DAIRY), credit(900_000), at="2026-05-01 09:00:00")
        self.sold: dict[str, int] = defaultdict(int)
        self.back: dict[str, int] = defaultdict(int)
        self.by_bank: dict[tuple[int, str], int] = {}
        for owner in OWNERS:  # every life begins with a batch in the bank's hands and a sale behind it
            self.somebody_buys(owner, 1_000)
        self.a_batch_is_closed(sent=True)
        self.somebody_buys(GARDEN, 70)

    def _batch(self, number: int, *states: BatchState) -> BatchId:
        """One of those that are in these states, or else any number."""
        found = [one for one, batch in self.story.book.settlement.batches.items() if batch.state in states]
        return found[number % len(found)] if found else BatchId(number)

    def _say(self, asked: Decide) -> bool:
        return not isinstance(self.story.when(asked).last, Declined)

    @rule(owner=owners, cents=st.integers(1, 3_000))
    def somebody_buys(self, owner: ProducerId, cents: int) -> None:
        sale = self.till.sale(line("veg", cents, payee=owner))
        self.story.when(sale, self.till.tap()).then("00")
        self.sales.append(sale)
        self.sold[owner] += cents

    @rule(which=st.integers(0, 99), cents=st.integers(1, 3_000))
    def goods_come_back(self, which: int, cents: int) -> None:
        if self.sales:
            asked = self.sales[which % len(self.sales)].lines[0]
            self.story.when(self.till.refund(self.sales[which % len(self.sales)], asked._replace(amount_cents=Cents(cents))))
            if self.story.last.code == "00":  # type: ignore[union-attr]
                self.back[str(asked.payee)] += cents

    @rule(sent=st.sampled_from((True, True, False)))
    def a_batch_is_closed(self, sent: bool) -> None:
        if self._say(close("2026-05-01")) and sent:
            self.it_goes_to_the_bank(-1)

    @rule(batch=numbers)
    def it_goes_to_the_bank(self, batch: int) -> None:
        waiting = self._batch(batch, BatchState.CLOSED)
        if self._say(approve("2026-05-04", batch=waiting)):
            assert self._say(export(batch=waiting))

    @rule(batch=numbers, owner=owners)
    def a_transfer_is_withdrawn(self, batch: int, owner: ProducerId) -> None:
        waiting = self._batch(batch, BatchState.CLOSED)
        self._say(lambda book, _: answering.decide_withdraw(
            book.settlement, batch=waiting, producers=(owner,), reason="no", by=BRUNO
        ))  # fmt: skip

    @rule(owner=owners)
    def payments_are_held_and_released(self, owner: ProducerId) -> None:
        if not self._say(lambda book, _: holding.decide_hold(
            book.settlement, book.producers, producer=owner, reason="x", by=AMINA
        )):  # fmt: skip
            self._say(lambda book, _: holding.decide_propose_release(book.settlement, producer=owner, reason="y", by=AMINA))
            assert self._say(lambda book, _: holding.decide_release(book.settlement, producer=owner, by=BRUNO))

    @rule(place=st.integers(0, 99), said=st.lists(st.tuples(st.sampled_from(Answer), days), min_size=1, max_size=4))
    def the_bank_speaks_of_a_transfer(self, place: int, said: list[tuple[Answer, str]]) -> None:
        sent = [
            (number, owner) for number, batch in self.story.book.settlement.batches.items()
            if batch.state is BatchState.EXPORTED for owner, one in batch.payouts.items() if one.state != "withdrawn"
        ]  # fmt: skip
        if not sent:
            return
        number, owner = sent[place % len(sent)]
        rows = [Row(owner, state, "", "", day, "line") for state, day in said]
        first = answering.decide_answers(self.story.book.settlement, batch=number, rows=rows, by=AMINA)
        if not isinstance(first, Declined):
            self.story.and_given(*first)
            for event in first:
                self._bank(event)
        again = answering.decide_answers(self.story.book.settlement, batch=number, rows=rows[-1:], by=AMINA)
        assert isinstance(again, Declined), again

    def _bank(self, event: Event) -> None:
        if isinstance(event, PayoutAnswered) and event.became == "executed":
            self.by_bank[event.batch, event.producer] = event.cents
        elif isinstance(event, PayoutAnswered) and event.became == "returned":
            self.by_bank.pop((event.batch, event.producer), None)

    @rule(batch=numbers, owner=owners)
    def what_failed_is_paid_anew(self, batch: int, owner: ProducerId) -> None:
        sent = self._batch(batch, BatchState.EXPORTED)
        self._say(lambda book, at_us: settlement.decide_reissue(
            book.settlement, payouts=[(sent, owner)], producers=book.producers.producers,
            calendar=book.caisse.calendar, contested={}, by=AMINA, at_us=at_us,
        ))  # fmt: skip

    @invariant()
    def each_captured_cent_is_in_one_batch_or_waits(self) -> None:
        room = self.story.book.settlement
        for owner in OWNERS:
            waiting = room.owed[owner].captured_cents if owner in room.owed else 0
            batched = sum(
                one.captured_cents for batch in room.batches.values() for one in batch.closed.lines if one.producer == owner
            )
            assert waiting + batched == self.sold[owner]

    @invariant()
    def nobody_is_paid_more_than_was_sold_and_nothing_is_lost(self) -> None:
        room = self.story.book.settlement
        for owner in OWNERS:
            paid = sum(cents for (_, who), cents in self.by_bank.items() if who == owner)
            under_way = sum(
                one.payouts[owner].cents for one in room.batches.values()
                if owner in one.payouts and one.payouts[owner].state in ("waiting", "instructed", "accepted")
            )
            owed = room.owed[owner].net_cents() if owner in room.owed else 0
            assert paid + under_way + owed == self.sold[owner] - self.back[owner]
            assert paid <= self.sold[owner]

    @invariant()
    def each_failure_is_paid_by_one_batch_at_most_and_links_say_which(self) -> None:
        room = self.story.book.settlement
        linked: dict[tuple[int, str], list[int]] = defaultdict(list)
        for number, batch in room.batches.items():
            for one in batch.closed.lines:
                assert sum(link.cents for link in one.links) == one.carried_cents
                for link in one.links:
                    if link.what == "failed" and one.paid_cents:
                        linked[link.batch, one.producer].append(number)
        for number, batch in room.batches.items():
            for owner, payout in batch.payouts.items():
                assert linked.pop((number, owner), []) == ([payout.paid_in] if payout.paid_in else [])
        assert not linked

    @invariant()
    def two_roads_lead_to_every_account(self) -> None:
        posted = {name: -cents for name, cents in self.story.ledger.balances.items() if cents and name != "bank"}
        assert posted == book_balances(self.story.book)

    def teardown(self) -> None:
        trace = Trace()
        for position, (event, at_us) in enumerate(zip(self.story.history, self.story.instants, strict=True), start=1):
            trace.take(event, position, at_us)
        for fund in self.story.book.funds:
            trace.of_fund(fund).reconcile()
        ids = [event.batch for event in self.story.history if isinstance(event, BatchClosed)]
        assert ids == sorted(set(ids))
        assert all(one.state is not BatchState.EXPORTED or one.exported for one in self.story.book.settlement.batches.values())


TestSettling = Settling.TestCase
TestSettling.settings = settings(max_examples=80, stateful_step_count=50, deadline=None)
