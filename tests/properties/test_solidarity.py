"""Draws against a reference so plain that it can be believed: exact fractions, a list of draws, and a fund that is a number."""

from dataclasses import dataclass, field
from fractions import Fraction

from hypothesis import given as for_all, settings, strategies as st

from clearing.events.codes import Code
from clearing.events.sales import RefundDecided, ReversalDecided
from clearing.events.solidarity import DrawDecided, DrawsShared, GiveDecided
from clearing.values import Cents, FundId, OperationId, Rate
from clearing.wire.requests import Op
from tests.given_when_then import Story, given
from tests.sayings import GARDEN, MARKET, Till, line, opened, received, solidarity

RATES = (10, 20, 30)
FUND = FundId("solidarity")
steps = st.lists(
    st.tuples(
        st.sampled_from(["draw", "draw", "draw", "give", "undo", "refund"]), st.integers(1, 6_000), st.sampled_from(RATES)
    ),
    min_size=1, max_size=14,
)  # fmt: skip


def rounded(share: Fraction) -> int:
    """The half cent goes up."""
    return int((share + Fraction(1, 2)) // 1)


@dataclass
class Naive:
    """What a fund must come to. drawn: x -> (goods, paid); back: goods of it taken back."""

    policy: str
    fund: int
    owed: int = 0
    drawn: dict[OperationId, tuple[int, int]] = field(default_factory=dict)
    claims: dict[OperationId, tuple[int, int]] = field(default_factory=dict)
    given: dict[OperationId, int] = field(default_factory=dict)
    back: dict[OperationId, int] = field(default_factory=dict)

    def draw(self, x: OperationId, cents: int, percent: int) -> int:
        for rate in [percent, *(one for one in reversed(RATES) if one < percent and self.policy == "lower")]:
            paid = rounded(Fraction(cents * rate, 100))
            if self.policy == "pro-rata" and paid:
                self.claims[x] = cents, paid
                return paid
            if 0 < paid <= self.fund:
                self.fund, self.owed, self.drawn[x] = self.fund - paid, self.owed + paid, (cents, paid)
                return paid
        return 0

    def give(self, x: OperationId, cents: int) -> int:
        more = rounded(Fraction(cents, 4))
        if more:
            self.fund, self.owed, self.given[x] = self.fund + more, self.owed - more, more
        return more

    def undo(self, x: OperationId) -> None:
        self.claims.pop(x, None)
        if x in self.given:
            back = min(self.given.pop(x), max(0, self.fund))
            self.fund, self.owed = self.fund - back, self.owed + back
        if x in self.drawn:
            goods, paid = self.drawn.pop(x)
            left = paid - rounded(Fraction(paid * self.back.get(x, 0), goods))
            self.fund, self.owed = self.fund + left, self.owed - left

    def refund(self, x: OperationId, cents: int) -> int:
        if x not in self.drawn or self.back.get(x, 0) + cents > self.drawn[x][0]:
            return 0
        goods, paid = self.drawn[x]
        before = rounded(Fraction(paid * self.back.get(x, 0), goods))
        self.back[x] = self.back.get(x, 0) + cents
        back = rounded(Fraction(paid * self.back[x], goods)) - before
        self.fund, self.owed = self.fund + back, self.owed - back
        return back

    def close(self) -> None:
        """The fund's cents by largest remainder, first drawn first."""
        wanted = sum(paid for _, paid in self.claims.values())
        total = min(wanted, self.fund)
        exact = {x: Fraction(total * paid, wanted) for x, (_, paid) in self.claims.items()}
        parts = {x: int(share) for x, share in exact.items()}
        for x in sorted(exact, key=lambda one: parts[one] - exact[one])[: total - sum(parts.values())]:
            parts[x] += 1
        for x, (goods, _) in self.claims.items():
            self.drawn[x] = goods, parts[x]
        self.fund, self.owed, self.claims = self.fund - total, self.owed + total, {}


@for_all(policy=st.sampled_from(["first-come", "lower", "pro-rata"]), fund=st.integers(0, 3_000), asked=steps)
@settings(max_examples=150, deadline=None)
def test_three_policies_pay_what_a_naive_fund_pays(policy: str, fund: int, asked: list[tuple[str, int, int]]) -> None:
    money = (received(fund, "solidarity"),) if fund else ()
    story = given(*MARKET, opened("solidarity"), *money, solidarity(*RATES, policy=policy, prices=(Rate(12_500),)))
    naive, till, made = Naive(policy, fund), Till(), list[tuple[OperationId, int]]()
    for number, (kind, cents, percent) in enumerate(asked):
        _one(story, naive, till, made, (kind, cents, percent, number))
        _agree(story, naive)
    story.at("2026-05-02 00:00:00").sweep()
    if naive.claims:
        assert [type(one) for one in story.swept] == [DrawsShared]
        naive.close()
    _agree(story, naive)
    for x, cents in made:  # what can still come back of each, whole, leaves no cent behind
        story.when(till.reverse(x))
        naive.undo(x)
        _agree(story, naive)
        assert cents


def _one(
    story: Story, naive: Naive, till: Till, made: list[tuple[OperationId, int]], step: tuple[str, int, int, int]
) -> None:
    kind, cents, percent, number = step
    if kind == "draw":
        request = till.draw(percent, line("veg", cents))
        event = story.when(request).last
        assert isinstance(event, DrawDecided)
        assert event.approved_cents == naive.draw(request.x, cents, percent)
    elif kind == "give":
        request = till.give(125, line("veg", cents))
        event = story.when(request).last
        assert isinstance(event, GiveDecided)
        assert event.approved_cents == naive.give(request.x, cents)
    elif made:
        x, goods = made[number % len(made)]
        if kind == "undo":
            assert isinstance(story.when(till.reverse(x)).last, ReversalDecided)
            naive.undo(x)
        else:
            event = story.when(till.ask(Op.REF, line("veg", min(cents, goods)), original=x)).last
            assert isinstance(event, RefundDecided)
            assert event.card_cents == naive.refund(x, min(cents, goods))
        return
    else:
        return
    if event.code in (Code.APPROVED, Code.PARTIAL):
        made.append((request.x, cents))


def _agree(story: Story, naive: Naive) -> None:
    """By the book, by the reference, and by double entry."""
    fund, owed = story.book.funds[FUND], story.book.settlement.owed_to(GARDEN)
    assert fund.free_cents() == naive.fund == story.account("fund:solidarity")
    assert owed.net_cents() == naive.owed == story.account("owed:garden")
    assert fund.free_cents() >= 0
    assert sum(story.ledger.balances.values()) == 0


@for_all(amounts=st.lists(st.integers(1, 500), min_size=2, max_size=6), rate=st.sampled_from(RATES))
def test_cutting_a_line_in_pieces_changes_no_draw(amounts: list[int], rate: int) -> None:
    market = (*MARKET, opened("solidarity"), received(100_000, "solidarity"), solidarity(*RATES))
    whole = given(*market).when(Till().draw(rate, line("veg", sum(amounts)))).last
    cut = given(*market).when(Till().draw(rate, *(line("veg", cents) for cents in amounts))).last
    assert isinstance(whole, DrawDecided)
    assert isinstance(cut, DrawDecided)
    assert whole.approved_cents == cut.approved_cents == sum(cut.approved_lines)
    assert all(part <= Cents(cents) for part, cents in zip(cut.approved_lines, amounts, strict=True))
