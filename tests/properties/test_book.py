"""Law: whatever a caisse lives through, the book, the naive model and double entry hold the same cents after every event."""

from dataclasses import replace
from typing import Any

from hypothesis import note, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from clearing.audit.sums import book_balances, lots_of_cohorts
from clearing.authoriser.client import TapFacts
from clearing.authoriser.snapshot import Loaded, Restoring, parts_of
from clearing.events.basket import Line
from clearing.events.catalogue import Event
from clearing.events.charte import Ceiling, Cover, FundWeight, Payer, Short, Span, Tariff
from clearing.events.codec import decode, encode
from clearing.events.members import MemberGroupsChanged
from clearing.events.sales import (
    AuthorisationDecided,
    CaptureDecided,
    OperationRepeated,
    RefundDecided,
    ReversalDecided,
    SaleDecided,
)
from clearing.events.settlement import BatchClosed
from clearing.rules.answers import Declined
from clearing.rules.book import Book
from clearing.values import CategoryId, Cents, FundId, MemberId, OperationId, PayerId
from clearing.wire.requests import Op, Request
from tests.given_when_then import Story, given, paris
from tests.model import Caisse, civil
from tests.sayings import (
    BRUNO,
    FOUNDED,
    GARDEN,
    Till,
    card,
    charte,
    close,
    covers,
    credit,
    grant,
    grant_single,
    member,
    monthly,
    opened,
    own_money,
    pays,
    producer,
    received,
    terminal,
)

EACH = 3_000
SECOND_US = 1_000_000
DAY_US = 86_400 * SECOND_US
FUNDS = ("general", "tier", "sponsor", "pool")
KINDS = ("credit", "council", "own")
STARTS = "2026-05-29 20:00:00"
SWITCH_US = paris("2026-06-02 00:00:00")

TIER = Tariff(
    id=PayerId("tier"), covers=covers(cheese=70), funds=(FundWeight(fund=FundId("tier")),), short=Short.NEXT,
    condition=replace(Tariff(id=PayerId("any"), covers=()).condition, who=("low",)),
)  # fmt: skip
HIGH = Tariff(id=PayerId("high"), covers=covers(veg=125), surplus_fund=FundId("pool"))
BASKETS = Tariff(
    id=PayerId("household-4"), covers=(Cover(category=CategoryId("basket"), unit_cents=Cents(400)),),
    funds=(FundWeight(fund=FundId("sponsor"), weight=2), FundWeight(fund=FundId("general"))),
)  # fmt: skip
THIRD = Payer(id=PayerId("sponsor"), fund=FundId("sponsor"), covers=covers(basket=60), short=Short.DECLINE)
CHARTES = (
    charte(
        pays("council", Ceiling(span=Span.DAY, cents=Cents(900)), basket=100),
        pays("credit", Ceiling(span=Span.MONTH, cents=Cents(6_000), per_purse=False), veg=100, cheese=70, basket=50),
        pays("own", veg=100, cheese=100, basket=100),
        tariffs=(TIER,),
    ),
    charte(
        THIRD, pays("credit", Ceiling(span=Span.SALE, cents=Cents(1_500)), veg=70, cheese=50),
        pays("own", veg=100, cheese=100, basket=100), tariffs=(HIGH, TIER), version=2, effective_us=SWITCH_US, hold_days=2,
        refund_lot_days=3,
    ),
    charte(
        replace(pays("credit", veg=50), id=PayerId("two-thirds"), rank=1, weight=2),
        replace(pays("own", veg=50), id=PayerId("one-third"), rank=1, weight=1),
        pays("own", veg=100, cheese=33, basket=100), tariffs=(BASKETS,), version=3, effective_us=SWITCH_US + 5 * DAY_US,
    ),
)  # fmt: skip

amounts = st.integers(1, 40) | st.integers(1, 2_500)
lines_asked = st.lists(
    st.builds(
        Line, category=st.sampled_from(("veg", "cheese", "basket", "soap")).map(CategoryId), amount_cents=amounts.map(Cents),
        product=st.sampled_from((None, None, "p")), payee=st.none(), qty_milli=st.sampled_from((None, 1_000, 2_000, 3_000)),
    ),
    min_size=1, max_size=4,
)  # fmt: skip
members_asked = st.integers(0, 99)
which = st.integers(0, 10_000)


class Living(RuleBasedStateMachine):
    """One caisse, three members, one terminal, a clock that moves by seconds or weeks."""

    @initialize()
    def found(self) -> None:
        self.till = Till()
        self.made: list[tuple[Request, TapFacts | None]] = []
        self.model = Caisse([adopted.charte for adopted in CHARTES], GARDEN, EACH, 1)
        rules: tuple[Event, ...] = (*(opened(fund) for fund in FUNDS[1:]), *CHARTES, monthly(EACH, months=1))
        self.story = given(*FOUNDED, *rules, *producer(), terminal(), at=STARTS)
        self.model.funds = {fund: {"received": 0, "engaged": 0} for fund in FUNDS}
        for name, groups in (("m-0", ()), ("m-1", ("low",)), ("m-2", ())):
            self._admit(name, *groups)
        for fund, cents in zip(FUNDS, (40_000, 900, 1_500, 0), strict=True):
            self._receive(fund, cents)
        self._now()
        for name in ("m-0", "m-1"):
            self.own_money_arrives(int(name[2:]), 1_500, "own")
            self.a_single_credit_is_given(int(name[2:]), 1_200, "council", 20)
        self.a_month_is_granted(0)

    # people and money

    def _admit(self, name: str, *groups: str) -> None:
        self.story.and_given(member(name, *groups), card(name))
        self.model.people[name] = {"groups": set(groups), "lots": []}

    def _receive(self, fund: str, cents: int) -> None:
        self.story.and_given(received(cents, fund))
        self.model.receive(fund, cents)

    def _pick(self, number: int) -> str:
        names = sorted(self.model.people)
        return names[number % len(names)]

    @rule()
    def somebody_joins(self) -> None:
        if len(self.model.people) < 6:
            self._now()
            self._admit(f"m-{len(self.model.people)}")

    @rule(fund=st.sampled_from(FUNDS), cents=amounts)
    def money_arrives(self, fund: str, cents: int) -> None:
        self._now()
        self._receive(fund, cents)

    @rule(number=members_asked, low=st.booleans())
    def groups_change(self, number: int, low: bool) -> None:
        self._now()
        name, groups = self._pick(number), ("low",) if low else ()
        self.story.and_given(MemberGroupsChanged(member=MemberId(name), groups=groups, by=BRUNO))
        self.model.people[name]["groups"] = set(groups)

    @rule(number=members_asked, cents=amounts, kind=st.sampled_from(KINDS))
    def own_money_arrives(self, number: int, cents: int, kind: str) -> None:
        self._now()
        name = self._pick(number)
        self.story.and_given(own_money(cents, name, kind))
        assert self.model.credit(name, kind, f"x{self.story.book.position}", None, None, cents)

    @rule(number=members_asked, cents=amounts, kind=st.sampled_from(KINDS), days=st.none() | st.integers(1, 12))
    def a_single_credit_is_given(self, number: int, cents: int, kind: str, days: int | None) -> None:
        self._now()
        name = self._pick(number)
        until = None if days is None else self.model.now + days * DAY_US
        if self.model.credit(name, kind, f"x{self.story.book.position + 1}", "general", until, cents):
            self.story.and_given(credit(cents, expires_us=until, owner=name, purse=kind))

    @rule(months=st.integers(-1, 1))
    def a_month_is_granted(self, months: int) -> None:
        self._now()
        today = civil(self.model.now)
        index = today.year * 12 + today.month - 1 + months
        month = f"{index // 12}-{index % 12 + 1:02d}"
        expected = self.model.grant(month, ())
        self.story.when(grant(month))
        granted = {"granted": "AllocationGranted", "short": "AllocationDeclined"}.get(expected, "Declined")
        assert type(self.story.last).__name__ == granted, (expected, self.story.last)

    @rule(number=members_asked)
    def a_gap_is_filled(self, number: int) -> None:
        self._now()
        name, month = self._pick(number), f"{civil(self.model.now):%Y-%m}"
        expected = self.model.grant_single(name, month)
        self.story.when(grant_single(name, month))
        assert isinstance(self.story.last, Declined) is not expected, self.story.last

    # the stall

    def _now(self) -> None:
        self.story.sweep()
        self.model.wait(self.story._next_us())

    def _send(self, request: Request, tap: TapFacts | None = None) -> Event:
        self.story.when(request, tap)
        self.made.append((request, tap))
        event = self.story.last
        assert event is not None
        assert not isinstance(event, Declined)
        note(f"{request.op} {request.x.hex()[-4:]}: {event}")
        return event

    @rule(number=members_asked, lines=lines_asked, hold=st.booleans())
    def somebody_buys(self, number: int, lines: list[Line], hold: bool) -> None:
        self._buy(self._pick(number), lines, hold)

    def _buy(self, name: str, lines: list[Line], hold: bool, **fields: Any) -> None:
        self._now()
        request = self.till.ask(Op.AUTH if hold else Op.SALE, *lines, **fields)
        expected = self.model.sell(request.x, name, lines, hold=hold)
        event = self._send(request, self.till.tap(name))
        assert isinstance(event, SaleDecided | AuthorisationDecided)
        assert (event.code, event.approved_cents) == expected

    def _one(self, number: int, *states: str) -> Request:
        """Mostly one that is in one of these states, if there is one."""
        made = [request for request, _ in self.made]
        apt = [request for request in made if self.model.sales[request.x]["state"] in states]
        found = apt if apt and number % 5 else made
        return found[number % len(found)]

    @rule(number=which, reserved=lines_asked, lines=st.none() | lines_asked, part=st.integers(0, 100), days=st.integers(0, 9))
    def goods_are_delivered(
        self, number: int, reserved: list[Line], lines: list[Line] | None, part: int, days: int
    ) -> None:
        if number % 3:
            self._buy(self._pick(number), reserved, True)
            self.time_passes(days * DAY_US)
        hold = self._one(number, "held") if self.made else self.till.auth(*reserved)
        shares = [one._replace(amount_cents=Cents(one.amount_cents * part // 100)) for one in hold.lines]
        asked = [one for one in shares if one.amount_cents] if lines is None else lines
        request = self.till.capture(hold, *asked)
        expected = self.model.capture(request.x, hold.x, asked)
        event = self._send(request)
        assert isinstance(event, CaptureDecided)
        assert (event.code, event.approved_cents) == expected

    @precondition(lambda self: self.made)
    @rule(number=which)
    def an_operation_is_reversed(self, number: int) -> None:
        self._now()
        of = self._one(number, "held", "captured")
        request = self.till.reverse(of)
        expected = self.model.reverse(request.x, of.x)
        event = self._send(request)
        assert isinstance(event, ReversalDecided)
        assert (event.code, event.effect) == expected

    @rule(number=members_asked, lines=lines_asked, days=st.sampled_from((0, 6, 8)))
    def a_reversal_comes_before_its_sale(self, number: int, lines: list[Line], days: int) -> None:
        self._now()
        if self.till.n % 3:
            return
        x = OperationId(b"early" + self.till.n.to_bytes(11, "big"))
        request = self.till.reverse(x)
        assert self.model.reverse(request.x, x) == ("00", "tombstone")
        self._send(request)
        self.time_passes(days * DAY_US)
        self._buy(self._pick(number), lines, False, x=x)

    @precondition(lambda self: self.made)
    @rule(number=which, lines=st.none() | lines_asked, part=st.integers(1, 100))
    def goods_are_taken_back(self, number: int, lines: list[Line] | None, part: int) -> None:
        self._now()
        of = self._one(number, "captured")
        shares = [one._replace(amount_cents=Cents(max(1, one.amount_cents * part // 100))) for one in of.lines]
        asked = shares[: 1 + number % 3] or [Line(category=CategoryId("veg"), amount_cents=Cents(1))]
        asked = asked if lines is None else lines
        request = self.till.refund(of, *asked)
        expected = self.model.refund(request.x, of.x, asked)
        event = self._send(request)
        assert isinstance(event, RefundDecided)
        assert (event.code, event.card_cents) == expected

    @precondition(lambda self: self.made)
    @rule(number=which)
    def a_message_is_repeated_under_another_number(self, number: int) -> None:
        self._now()
        request, tap = self.made[number % len(self.made)]
        before = self._books()
        self.till.n += 1
        self.story.when(replace(request, n=self.till.n), tap)
        assert isinstance(self.story.last, OperationRepeated)
        assert self._books() == before

    # time and the bank

    @rule(us=st.sampled_from((1, 61 * SECOND_US, 3_600 * SECOND_US, DAY_US, 4 * DAY_US, 9 * DAY_US)))
    def time_passes(self, us: int) -> None:
        self.story.at_us = self.story._next_us() + us
        self._now()

    @rule()
    def the_week_is_settled(self) -> None:
        self._now()
        expected = self.model.close()
        self.story.when(close(f"{civil(self.model.now):%Y-%m-%d}"))
        if expected is None:
            assert isinstance(self.story.last, Declined)
        else:
            assert isinstance(self.story.last, BatchClosed)
            assert self.story.last.total_cents == expected

    # after every event

    def _books(self) -> dict[str, int]:
        book = self.story.book
        return {
            "funds": sum(fund.received_cents - fund.engaged_cents for fund in book.funds.values()),
            "purses": sum(self.story.purse(name, kind) for name in self.model.people for kind in KINDS),
            "held": self.story.account("held"), "owed": self.story.account(f"owed:{GARDEN}"),
            "paid": self.story.account(f"payable:{GARDEN}"),
        }

    @invariant()
    def book_and_model_hold_the_same_cents(self) -> None:
        if not hasattr(self, "model"):
            return
        self._now()
        for name in self.model.people:
            for kind in KINDS:
                assert self.story.purse(name, kind) == self.model.purse(name, kind), (name, kind)
        for fund in FUNDS:
            assert self.story.book.funds[FundId(fund)].free_cents() == self.model.free(fund) >= 0, fund
        assert self._books() == self.model.books()

    @invariant()
    def no_cent_is_made_or_lost(self) -> None:
        if hasattr(self, "model"):
            assert sum(self._books().values()) == self.model.money_in == -self.story.account("bank")
            posted = {account: -cents for account, cents in self.story.ledger.balances.items() if cents and account != "bank"}
            assert book_balances(self.story.book) == posted
            left = {lot: cohort.left for lot, cohort in self.story.book.allocation.cohorts.items() if cohort.left}
            assert {lot: cents for lot, cents in lots_of_cohorts(self.story.book).items() if cents} == left
            assert min(self.story.book.usage.cents.values(), default=0) >= 0

    def teardown(self) -> None:
        if hasattr(self, "story"):
            assert state_of(replayed(self.story)) == state_of(self.story.book)
            assert state_of(started_from_a_snapshot(self.story)) == state_of(self.story.book)


def replayed(story: Story) -> Book:
    """A fresh book, folded from the stored form of every event; it decides nothing on the way."""
    book = Book()
    for position, (event, at_us) in enumerate(zip(story.history, story.instants, strict=True), start=1):
        book.apply(decode(*encode(event)), position, at_us)
    return book


def started_from_a_snapshot(story: Story) -> Book:
    """The same, of a snapshot made in the middle and the events after it."""
    loaded, middle = Loaded(), len(story.history) // 2
    for position, (event, at_us) in enumerate(zip(story.history, story.instants, strict=True), start=1):
        if position == middle:
            restoring = Restoring()
            for part in parts_of(loaded):
                restoring.take(part)
            loaded = restoring.finish()
        stored = encode(event)
        loaded.book.apply(decode(*stored), position, at_us, stored)
        loaded.tree.append(bytes(32))
    return loaded.book


def state_of(book: Book) -> dict[str, object]:
    """All that a book knows, with every purse opened: opening one is a way to look at it."""
    for one in book.members.members.values():
        for kind in book.allocation.grants:
            book.allocation.open_purse(one, kind)
    lapsed = {lot for lot, cohort in book.allocation.cohorts.items() if cohort.lapsed}
    purses = {
        (name, purse.kind): sorted((lot.id, lot.cents) for lot in purse.lots if lot.id not in lapsed)
        for name, one in book.members.members.items() for purse in one.purses
    }  # fmt: skip
    return {
        "at": (book.position, book.at_us), "funds": book.funds, "purses": {key: lots for key, lots in purses.items() if lots},
        "cards": book.members.cards, "cohorts": book.allocation.cohorts, "singles": book.allocation.singles,
        "operations": book.operations, "tombstones": book.tombstones, "used": book.usage.cents, "settlement": book.settlement,
        "next": book.due(book.at_us + 400 * DAY_US),
    }  # fmt: skip


TestLiving = Living.TestCase
TestLiving.settings = settings(settings.get_profile(settings._current_profile), stateful_step_count=40)  # type: ignore[arg-type]
