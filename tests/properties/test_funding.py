"""Law: whatever the charte, the lots and the basket, funding equals the naive model and not a cent is made, lost or moved."""

import operator
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction

from hypothesis import assume, given, strategies as st

from clearing.events.basket import Line, Share
from clearing.events.charte import Ceiling, Charte, Condition, Cover, FundWeight, Payer, Short, Span, Tariff
from clearing.rules.selling.facts import Facts, Held, Lot
from clearing.rules.selling.funding import Funding, fund_advice, fund_basket, fund_capture
from clearing.rules.selling.refunding import refund
from clearing.values import CategoryId, Cents, DecisionId, FundId, MicroTime, PayerId, ProducerId, PurseKind, Rate
from tests import model_funding as model

NOW = MicroTime(1_000)
HOME = ProducerId("home")
CATEGORIES = ("veg", "cheese", "basket")
FUNDS = ("general", "sponsor")
PURSES = ("credit", "council", "own")

rates = st.sampled_from((0, 1, 1_250, 3_000, 3_333, 3_334, 5_000, 6_667, 7_000, 10_000)) | st.integers(0, 10_000)
cents = st.integers(0, 60) | st.integers(0, 6_000)
quantities = st.none() | st.sampled_from((1_000, 2_000, 3_000, 5_000)) | st.integers(1, 6_000)
conditions = st.just(Condition()) | st.builds(
    Condition,
    who=st.sampled_from(((), ("low",), ("high",))),
    where=st.sampled_from(((), ("market",), ("shop",))),
    from_us=st.sampled_from((None, MicroTime(1_000), MicroTime(1_001))),
    until_us=st.sampled_from((None, MicroTime(1_000), MicroTime(1_001))),
)
shorts = st.sampled_from(Short)
ceilings = st.lists(st.builds(Ceiling, span=st.sampled_from(Span), cents=cents, per_purse=st.booleans()), max_size=2).map(tuple)
weights = st.integers(1, 7)


@st.composite
def covers(draw: st.DrawFn, rate: st.SearchStrategy[int] = rates) -> tuple[Cover, ...]:
    keys = draw(st.sets(st.tuples(st.sampled_from(CATEGORIES), st.sampled_from((None, "p"))), min_size=1, max_size=4))
    found: list[Cover] = []
    for category, product in sorted(keys, key=str):
        unit = draw(st.none() | cents) if draw(st.integers(0, 3)) == 0 else None
        found.append(Cover(
            category=CategoryId(category), product=product, unit_cents=None if unit is None else Cents(unit),
            rate=Rate(draw(rate)) if unit is None else None,
        ))  # fmt: skip
    return tuple(found)


@st.composite
def tariffs(draw: st.DrawFn, name: str) -> Tariff:
    funds = draw(st.sampled_from((("general",), ("sponsor",), ("general", "sponsor"), ("sponsor", "general"))))
    return Tariff(
        id=PayerId(name), covers=draw(covers(rates | st.sampled_from((12_500, 15_001)))), condition=draw(conditions),
        funds=tuple(FundWeight(fund=FundId(fund), weight=draw(weights)) for fund in funds), surplus_fund=FundId("general"),
        short=draw(shorts),
    )  # fmt: skip


@st.composite
def payers(draw: st.DrawFn, name: str, rank: int | None, cover: tuple[Cover, ...]) -> Payer:
    purse = draw(st.sampled_from((*PURSES, None)))
    return Payer(
        id=PayerId(name), covers=cover, purse=None if purse is None else PurseKind(purse),
        fund=FundId(draw(st.sampled_from(FUNDS))) if purse is None else None, condition=draw(conditions),
        ceilings=draw(ceilings) if draw(st.booleans()) else (), short=draw(shorts) if draw(st.booleans()) else Short.NEXT,
        rank=rank, weight=draw(weights),
    )  # fmt: skip


@st.composite
def chartes(draw: st.DrawFn) -> Charte:
    found: list[Payer] = []
    for place in range(draw(st.integers(0, 4))):
        together = draw(st.sampled_from((1, 1, 1, 2, 3)))
        cover = draw(covers())
        rank = place if together > 1 or draw(st.booleans()) else None
        found += [draw(payers(f"payer{place}{member}", rank, cover)) for member in range(together)]
    return Charte(
        version=1, decision=DecisionId("vote"), effective_us=MicroTime(0), payers=tuple(found),
        categories=tuple(CategoryId(name) for name in draw(st.permutations(CATEGORIES))),
        tariffs=tuple(draw(tariffs(f"tariff{place}")) for place in range(draw(st.integers(0, 2)))),
    )  # fmt: skip


lines = st.builds(
    Line,
    category=st.sampled_from((*CATEGORIES, "soap")).map(CategoryId),
    amount_cents=cents.map(Cents),
    product=st.sampled_from((None, None, "p", "q")),
    payee=st.sampled_from((None, HOME, ProducerId("neighbour"))),
    qty_milli=quantities,
)
baskets = st.lists(lines, max_size=5).map(tuple)


@st.composite
def all_facts(draw: st.DrawFn) -> Facts:
    expiries = st.sampled_from((None, MicroTime(900), NOW, MicroTime(1_001), MicroTime(2_000)))
    purses = {
        PurseKind(kind): tuple(
            Lot(id=f"{kind}{place}", fund=None, expires_us=draw(expiries), cents=draw(cents))
            for place in range(draw(st.integers(0, 3)))
        )
        for kind in PURSES
    }
    used = {(span, per_purse): draw(cents) for span in Span for per_purse in (True, False)}
    return Facts(
        at_us=NOW, producer=HOME, groups=draw(st.sampled_from((frozenset(), frozenset({"low"})))), purses=purses,
        places=frozenset({"market"}), funds={FundId(fund): draw(cents) for fund in FUNDS},
        used=lambda _payer, span, per_purse: used[span, per_purse],
        eligible=draw(st.sampled_from((None, frozenset({CategoryId("veg"), CategoryId("basket")})))),
        price_choice=draw(st.sampled_from((None, None, 50, 70, 125))),
    )  # fmt: skip


@dataclass(frozen=True)
class Case:
    lines: tuple[Line, ...]
    charte: Charte
    facts: Facts

    def fund(self) -> Funding:
        return fund_basket(self.lines, self.charte, self.facts)


cases = st.builds(Case, lines=baskets, charte=chartes(), facts=all_facts())


def key_of(line: Line) -> model.Key:
    return (line.category, line.product, line.payee or HOME)


def as_model(shares: tuple[Share, ...], lines: tuple[Line, ...]) -> model.Paid:
    paid: model.Paid = {}
    for share in shares:
        key = (key_of(lines[share.line]), share.step, share.payer, share.source)
        cents, lots, *_ = paid.get(key, [0, []])
        paid[key] = [cents + share.cents, lots + [[use.lot, use.cents] for use in share.lots], share.payee, share.rate]
    return paid


@given(cases)
def test_funding_equals_the_naive_model(case: Case) -> None:
    funding, expected = case.fund(), model.fund(case.lines, case.charte, case.facts)
    assert as_model(funding.shares, case.lines) == expected.paid
    assert {(f.category, f.product, f.payee): f.unsold_cents for f in funding.lines if f.unsold_cents} == {
        key: unsold for key, unsold in expected.unsold.items() if unsold
    }
    assert {(f.category, f.product, f.payee): f.price_to_pay_cents for f in funding.lines} == expected.price
    assert (funding.other_tender_cents, funding.eligible) == (expected.other, expected.eligible)
    assert (funding.limited is not None) == expected.limited


@given(cases)
def test_every_cent_of_the_basket_is_paid_or_other_tender_or_not_sold(case: Case) -> None:
    funding = case.fund()
    goods = [share for share in funding.shares if share.step != "surplus"]
    assert sum(share.cents for share in goods) == funding.paid_cents == sum(funding.approved_lines)
    assert funding.paid_cents + funding.other_tender_cents + sum(funding.unsold_lines) == funding.amount_cents
    assert funding.amount_cents == sum(line.amount_cents for line in case.lines)
    assert sum(share.cents for share in funding.shares) == funding.paid_cents + funding.surplus_cents
    for line, approved, unsold in zip(case.lines, funding.approved_lines, funding.unsold_lines, strict=True):
        assert approved >= 0
        assert unsold >= 0
        assert approved + unsold <= line.amount_cents
    for funded in funding.lines:
        mine = [share.cents for share in goods if share.line == funded.request_lines[0]]
        assert sum(mine) == funded.paid_cents == sum(funding.approved_lines[index] for index in funded.request_lines)
        assert funded.paid_cents + funded.unsold_cents <= funded.amount_cents
    for share in funding.shares:
        assert share.cents > 0
        assert sum(use.cents for use in share.lots) == (share.cents if share.source.startswith("purse:") else 0)


@given(cases)
def test_no_source_no_ceiling_and_no_rate_is_exceeded(case: Case) -> None:
    funding = case.fund()
    spent, by_payer, lots = Counter[str](), Counter[str](), Counter[str]()
    price = {funded.request_lines[0]: funded.price_to_pay_cents for funded in funding.lines}
    for share in funding.shares:
        spent[share.source] += share.cents
        lots.update({use.lot: use.cents for use in share.lots})
        if share.step == "payer":
            by_payer[share.payer] += share.cents
            rounding = sum(s.line == share.line for s in funding.shares)  # only the last of a line may take these
            if share.rate:
                assert share.cents <= model.half(Fraction(price[share.line] * share.rate, 10_000)) + rounding
    for fund, free in case.facts.funds.items():
        assert spent[f"fund:{fund}"] <= free
    for kind, listed in case.facts.purses.items():
        alive = {lot.id: lot.cents for lot in listed if lot.expires_us is None or lot.expires_us > NOW}
        assert spent[f"purse:{kind}"] <= sum(alive.values())
        assert all(lots[lot.id] <= alive.get(lot.id, 0) for lot in listed)
    for payer in case.charte.payers:
        for ceiling in payer.ceilings:
            used = 0 if ceiling.span is Span.SALE else case.facts.used(payer.id, ceiling.span, ceiling.per_purse)
            assert by_payer[payer.id] <= max(0, ceiling.cents - used)


@given(cases, st.randoms(use_true_random=False), st.data())
def test_the_terminals_order_and_cuts_of_lines_change_nothing(
    case: Case, dice: random.Random, data: st.DataObject
) -> None:
    pieces: list[Line] = []
    for line in case.lines:
        cut = data.draw(st.integers(0, line.amount_cents))
        milli = None if line.qty_milli is None else data.draw(st.integers(0, line.qty_milli))
        rest = None if milli is None or line.qty_milli is None else line.qty_milli - milli
        pieces += [
            line._replace(amount_cents=Cents(cut), qty_milli=milli),
            line._replace(amount_cents=Cents(line.amount_cents - cut), qty_milli=rest),
        ]
    dice.shuffle(pieces)
    funding, other = case.fund(), fund_basket(pieces, case.charte, case.facts)
    assert as_model(funding.shares, case.lines) == as_model(other.shares, tuple(pieces))
    assert funding.other_tender_cents == other.other_tender_cents
    assert sum(funding.unsold_lines) == sum(other.unsold_lines)


@given(cases, covers())
def test_one_more_last_payer_with_money_never_makes_the_member_pay_more(case: Case, cover: tuple[Cover, ...]) -> None:
    last = Payer(id=PayerId("last"), purse=PurseKind("gift"), covers=cover)
    gift = (Lot(id="gift", fund=None, expires_us=None, cents=10_000_000),)
    richer = case.facts._replace(purses={**case.facts.purses, PurseKind("gift"): gift})
    more = fund_basket(case.lines, replace(case.charte, payers=(*case.charte.payers, last)), richer)
    before = case.fund()
    assert more.other_tender_cents <= before.other_tender_cents
    assert more.unsold_lines == before.unsold_lines


@given(cases, covers(), st.integers(0, 12), cents | st.just(10_000_000))
def test_a_payer_with_a_source_of_its_own_wherever_it_stands_never_makes_the_member_pay_more(
    case: Case, cover: tuple[Cover, ...], place: int, gift_cents: int
) -> None:
    """But for the cents that rounding left: a payer that is cut short leaves them to nobody (domain.md section 2, rule 1)."""
    payers = list(case.charte.payers)
    place = min(place, len(payers))
    assume(not 0 < place < len(payers) or payers[place - 1].rank is None or payers[place - 1].rank != payers[place].rank)
    before = case.fund()
    payers.insert(place, Payer(id=PayerId("gift"), purse=PurseKind("gift"), covers=cover))
    gift = (Lot(id="gift", fund=None, expires_us=None, cents=gift_cents),)
    richer = case.facts._replace(purses={**case.facts.purses, PurseKind("gift"): gift})
    after = fund_basket(case.lines, replace(case.charte, payers=tuple(payers)), richer)
    assume(after.unsold_lines == before.unsold_lines)  # what is sold now that was not sold has to be paid
    spent = sum(share.cents for share in after.shares if share.payer == "gift")
    rounding = len(case.charte.payers) * len(case.lines) if spent == gift_cents else 0
    assert after.other_tender_cents <= before.other_tender_cents + rounding
    own = [sum(share.cents for share in one.shares if share.source == "purse:own" and share.step == "payer")
           for one in (before, after)]  # fmt: skip
    assert own[1] + after.other_tender_cents <= own[0] + before.other_tender_cents + rounding


@given(cases)
def test_all_or_nothing_pays_all_or_nothing(case: Case) -> None:
    free, strict = case.fund(), fund_basket(case.lines, case.charte, case.facts, all_or_nothing=True)
    if free.paid_cents == free.amount_cents:
        assert strict._replace(lines=()) == free._replace(lines=())
    else:
        assert strict.refused
        assert (strict.shares, strict.paid_cents, strict.other_tender_cents) == ((), 0, free.amount_cents)
        assert strict.code() not in ("00", "10")


@given(cases, st.data())
def test_an_offline_sale_is_paid_by_the_same_payers_up_to_what_the_till_let_pay(case: Case, data: st.DataObject) -> None:
    let_pay = [data.draw(st.integers(0, line.amount_cents)) for line in case.lines]
    advice = fund_advice(case.lines, case.charte, case.facts, let_pay=let_pay)
    assert advice.paid_cents <= sum(let_pay)
    assert not any(advice.unsold_lines)
    assert all(share.step == "payer" for share in advice.shares)
    whole = fund_advice(case.lines, case.charte, case.facts, let_pay=[line.amount_cents for line in case.lines])
    plain = replace(case.charte, tariffs=(), payers=tuple(replace(p, short=Short.NEXT) for p in case.charte.payers))
    assert whole.shares == fund_basket(case.lines, plain, case.facts).shares


def hold_of(case: Case) -> tuple[Funding, Held]:
    funding = case.fund()
    return funding, Held(
        charte=case.charte, producer=HOME, shares=funding.shares, applied=funding.applied, eligible=case.facts.eligible,
        price_choice=case.facts.price_choice, own_purse=case.facts.own_purse,
    )  # fmt: skip


def by_lot(shares: tuple[Share, ...]) -> Counter[tuple[str, str, str, str]]:
    total = Counter[tuple[str, str, str, str]]()
    for share in shares:
        for use in share.lots:
            total[share.step, share.payer, share.source, use.lot] += use.cents
        total[share.step, share.payer, share.source, ""] += share.cents
    return total


@given(cases, baskets, st.data())
def test_captured_and_released_are_what_was_held(case: Case, more: tuple[Line, ...], data: st.DataObject) -> None:
    hold, held = hold_of(case)
    weighed = tuple(line._replace(amount_cents=Cents(data.draw(st.integers(0, line.amount_cents + 9)))) for line in case.lines)
    delivered = weighed + (more if data.draw(st.booleans()) else ())
    capture = fund_capture(delivered, held)
    assert as_model(capture.shares, delivered) == model.capture(delivered, held).paid
    assert by_lot(capture.shares) + by_lot(capture.released) == by_lot(hold.shares)
    assert not any(capture.unsold_lines)
    assert all(share.cents == sum(use.cents for use in share.lots) for share in capture.released if share.lots)


@given(cases)
def test_delivering_exactly_what_was_held_releases_nothing(case: Case) -> None:
    hold, held = hold_of(case)
    assume(not any(hold.unsold_lines))
    capture = fund_capture(case.lines, held)
    assert capture.shares == hold.shares
    assert capture.released == ()


@st.composite
def returns(draw: st.DrawFn) -> tuple[Case, tuple[Line, ...], list[Line]]:
    """A case, what of it was sold, and goods taken back bit by bit."""
    case = draw(cases)
    unsold = case.fund().unsold_lines
    sold = tuple(x._replace(amount_cents=Cents(x.amount_cents - u)) for x, u in zip(case.lines, unsold, strict=True))
    back: list[Line] = []
    for line in sold:
        left = int(line.amount_cents)
        while left and len(back) < 12:
            back.append(line._replace(amount_cents=Cents(draw(st.integers(1, left)))))
            left -= back[-1].amount_cents
            if draw(st.booleans()):
                break
    return case, sold, back


def refund_all(funding: Funding, sold: tuple[Line, ...], back: list[Line]) -> Counter[tuple[int, str, str, str, str]]:
    total = Counter[tuple[int, str, str, str, str]]()
    for done, line in enumerate(back):
        shares = refund(sold, funding.shares, back[:done], (line,), producer=HOME)
        assert shares is not None
        assert sum(share.cents for share in shares if share.step != "surplus") <= line.amount_cents
        total += by_line(shares)
    return total


def by_line(shares: tuple[Share, ...]) -> Counter[tuple[int, str, str, str, str]]:
    total = Counter[tuple[int, str, str, str, str]]()
    for share in shares:
        assert share.cents > 0
        for use in share.lots:
            total[share.line, share.step, share.payer, share.source, use.lot] += use.cents
        total[share.line, share.step, share.payer, share.source, ""] += share.cents
    return total


@given(returns(), st.randoms(use_true_random=False))
def test_refunds_depend_on_what_came_back_in_all_and_never_exceed_what_was_paid(
    story: tuple[Case, tuple[Line, ...], list[Line]], dice: random.Random
) -> None:
    case, sold, back = story
    funding = case.fund()
    total = refund_all(funding, sold, back)
    assert total <= by_line(funding.shares)

    shuffled = list(back)
    dice.shuffle(shuffled)
    assert refund_all(funding, sold, shuffled) == total
    at_once = refund(sold, funding.shares, (), back, producer=HOME)
    assert at_once is not None
    assert by_line(at_once) == total


@given(returns())
def test_refunds_equal_the_naive_model(story: tuple[Case, tuple[Line, ...], list[Line]]) -> None:
    case, sold, back = story
    funding = case.fund()
    total = refund_all(funding, sold, back)
    for index in {share.line for share in funding.shares}:
        gross = sum(line.amount_cents for line in sold if key_of(line) == key_of(sold[index]))
        taken = sum(line.amount_cents for line in back if key_of(line) == key_of(sold[index]))
        same_step: tuple[Callable[[object, object], bool], ...] = (operator.ne, operator.eq)
        for matches in same_step:
            mine = [share for share in funding.shares if share.line == index and matches(share.step, "surplus")]
            expected = model.returned([share.cents for share in mine], gross, taken)
            assert [total[s.line, s.step, s.payer, s.source, ""] for s in mine] == expected


@given(cases)
def test_taking_everything_back_returns_every_share_and_lot_whole(case: Case) -> None:
    funding = case.fund()
    sold = tuple(
        x._replace(amount_cents=Cents(x.amount_cents - u)) for x, u in zip(case.lines, funding.unsold_lines, strict=True)
    )
    shares = refund(sold, funding.shares, (), sold, producer=HOME)
    assert shares is not None
    assert by_line(shares) == by_line(funding.shares)
    if any(line.amount_cents for line in sold):
        assert refund(sold, funding.shares, sold, sold, producer=HOME) is None
