"""Law: what is captured and what is released is what was held; each payee is owed exactly what was paid of its lines.

Against a naive reference: with enough money, a payee gets the rounded rate of what was delivered, added up line by line.
"""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given as forall, strategies as st

from clearing.events.basket import Line
from clearing.events.catalogue import Event
from clearing.events.charte import FundWeight, Short, Tariff
from clearing.events.funds import FundOpened
from clearing.events.orders import DeliveryNoted, ExceptionResolved, OrderPlaced
from clearing.events.sales import AuthorisationDecided, CaptureDecided, SaleDecided
from clearing.rules.answers import Declined
from clearing.rules.collective.orders import split_by_quantity
from clearing.values import CategoryId, Cents, FundId, PayerId, ProducerId
from tests.given_when_then import Story, given
from tests.rules.test_accounts import ACCOUNT
from tests.rules.test_orders import give
from tests.sayings import (
    AMINA,
    BRUNO,
    FOUNDED,
    Till,
    card,
    charte,
    covers,
    credit,
    member,
    opened,
    own_money,
    pays,
    producer,
    received,
    terminal,
)

PAYEES = tuple(ProducerId(name) for name in ("garden", "dairy", "mill", "hub"))
RATES = {"veg": 100, "cheese": 70, "flour": 33}
PRODUCTS = ("a", "b", "c")

ordered = st.lists(
    st.tuples(st.sampled_from(list(RATES)), st.sampled_from(PRODUCTS), st.sampled_from(PAYEES), st.integers(1, 5_000)),
    min_size=1, max_size=8, unique_by=lambda line: line[:3],
)  # fmt: skip
fates = st.sampled_from(("as ordered", "less", "nothing", "disputed", "cancelled"))
tolerances = st.sampled_from((0, 100, 1_000))


TIERS = tuple(
    Tariff(
        id=PayerId(f"tier-{short}"), covers=covers(cheese=40, flour=75), funds=(FundWeight(fund=FundId("tier")),), short=short
    )
    for short in Short
)


def world(cents: int, tolerance: int, tier_cents: int, tier: Tariff | None) -> Story:
    """gout has `cents` in each of two purses, and a tier fund that may be short."""
    rules = charte(
        pays("credit", **RATES), pays("own", veg=100, cheese=100), tariffs=() if tier is None else (tier,),
        capture_tolerance=tolerance,
    )  # fmt: skip
    kept = [event for event in ACCOUNT if event.TYPE != rules.TYPE and type(event).__name__ != "PurseCredited"]
    others: tuple[Event, ...] = tuple(event for name in PAYEES[1:] for event in producer(name))
    money: tuple[Event, ...] = (opened("tier"), received(tier_cents, "tier"))
    return given(*kept, *money, rules, *others, own_money(cents, "gout", "credit"), own_money(cents, "gout", "own"))


def rounded(rate: int, cents: int) -> int:
    """Half up, by fractions."""
    exact = Fraction(rate * cents, 100)
    return int(exact + Fraction(1, 2))


def asked(lines: list[tuple[str, str, ProducerId, int]]) -> dict[str, Any]:
    return {
        "order": "o-1", "account": "gout", "mandatary": "aline", "seller": "hub", "in_part": True,
        "lines": [{"category": c, "product": p, "payee": who, "cents": cents} for c, p, who, cents in lines],
    }  # fmt: skip


@pytest.mark.row(16)
@forall(
    ordered, st.lists(fates, min_size=8, max_size=8), st.integers(0, 12_000), tolerances, st.integers(0, 100),
    st.integers(0, 4_000), st.sampled_from((None, *TIERS)),
)  # fmt: skip
def test_captured_and_released_of_an_order_is_what_it_held(
    lines: list[tuple[str, str, ProducerId, int]], fate: list[str], cents: int, tolerance: int, part: int, tier_cents: int,
    tier: Tariff | None,
) -> None:
    story = world(cents, tolerance, tier_cents, tier)
    placed = give(story, "place_order", asked(lines))
    if isinstance(placed, Declined):
        assert story.account("held") == 0
        return
    assert isinstance(placed, OrderPlaced)
    held = sum(share.cents for share in placed.shares)
    assert placed.approved_cents == story.account("held") == held
    if placed.two_people:
        give(story, "confirm_order", {"order": "o-1", "mandatary": "boris"}, BRUNO)
    notes = []
    for place, (_, _, _, whole) in enumerate(lines):
        match fate[place]:
            case "disputed":
                give(story, "dispute_line", {"order": "o-1", "line": place, "reason": "r"})
            case "as ordered":
                notes.append({"line": place})
            case "less":
                notes.append({"line": place, "cents": whole * part // 100})
            case "nothing":
                notes.append({"line": place, "cents": 0})
            case _:
                assert fate[place] == "cancelled"
    if notes:
        assert isinstance(
            give(story, "note_delivery", {"order": "o-1", "side": "buyer", "document": "d", "lines": notes}), DeliveryNoted
        )
    for place, (_, _, _, whole) in enumerate(lines):
        if fate[place] == "disputed":
            end = {"order": "o-1", "line": place, "cents": whole * part // 100}
            give(story, "propose_dispute_end", {**end, "reason": "r"})
            give(story, "resolve_dispute", end, BRUNO)
    give(story, "cancel_order", {"order": "o-1"})
    owed = sum(story.account(f"owed:{who}") for who in PAYEES)
    assert story.account("held") == 0
    left = story.purse("gout") + story.purse("gout", "own") + story.account("fund:tier")
    assert owed + left == 2 * cents + tier_cents
    assert owed <= held


@forall(ordered, st.lists(st.integers(0, 100), min_size=8, max_size=8))
def test_each_payee_of_an_order_is_owed_what_a_naive_reference_says(
    lines: list[tuple[str, str, ProducerId, int]], parts: list[int]
) -> None:
    rules = charte(pays("credit", **RATES))
    kept = [event for event in ACCOUNT if event.TYPE != rules.TYPE]
    story = given(*kept, rules, *(event for name in PAYEES[1:] for event in producer(name)))
    placed = give(story, "place_order", asked(lines))
    if isinstance(placed, Declined):
        assert not any(rounded(RATES[category], cents) for category, _, _, cents in lines)
        return
    assert isinstance(placed, OrderPlaced)
    if placed.two_people:
        give(story, "confirm_order", {"order": "o-1", "mandatary": "boris"}, BRUNO)
    came = [cents * part // 100 for (_, _, _, cents), part in zip(lines, parts, strict=False)]
    give(story, "note_delivery", {
        "order": "o-1", "side": "buyer", "document": "d",
        "lines": [{"line": place, "cents": cents} for place, cents in enumerate(came)],
    })  # fmt: skip
    expected = dict.fromkeys(PAYEES, 0)
    for (category, _, who, _), cents in zip(lines, came, strict=True):
        expected[who] += rounded(RATES[category], cents)
    assert {who: story.account(f"owed:{who}") for who in PAYEES} == expected
    assert story.purse("gout") == 300_000 - sum(expected.values())


baskets = st.lists(
    st.builds(
        Line, category=st.sampled_from(list(RATES)).map(CategoryId), amount_cents=st.integers(1, 3_000).map(Cents),
        product=st.sampled_from((None, "a")), payee=st.sampled_from((None, *PAYEES)), qty_milli=st.none(),
    ),
    min_size=1, max_size=6,
)  # fmt: skip


def stall(cents: int, tolerance: int = 0) -> Story:
    rules = charte(pays("credit", **RATES), pays("own", veg=100, cheese=100), capture_tolerance=tolerance)
    return given(
        *FOUNDED, received(100_000), rules, member(), card(), *(event for name in PAYEES for event in producer(name)),
        terminal(), credit(cents), own_money(cents // 2),
    )  # fmt: skip


@pytest.mark.row(16)
@forall(baskets, st.integers(1, 9_000))
def test_each_payee_of_a_sale_is_owed_exactly_what_was_paid_of_its_lines(lines: list[Line], cents: int) -> None:
    till = Till()
    story = stall(cents).when(till.sale(*lines), till.tap())
    sale = story.last
    assert isinstance(sale, SaleDecided)
    expected = dict.fromkeys(PAYEES, 0)
    for line, paid in zip(sale.lines, sale.approved_lines, strict=True):
        expected[line.payee or PAYEES[0]] += paid
    assert {who: story.account(f"owed:{who}") for who in PAYEES} == expected


@pytest.mark.row(6)
@forall(baskets, st.integers(1, 9_000), tolerances, st.integers(0, 130))
def test_captured_and_released_is_held_within_and_beyond_the_tolerance(
    lines: list[Line], cents: int, tolerance: int, percent: int
) -> None:
    till = Till()
    hold = till.auth(*lines)
    story = stall(cents, tolerance).when(hold, till.tap())
    held = story.last
    assert isinstance(held, AuthorisationDecided)
    delivered = [line._replace(amount_cents=Cents(line.amount_cents * percent // 100)) for line in lines]
    story.when(till.capture(hold, *(line for line in delivered if line.amount_cents)))
    capture = story.last
    assert isinstance(capture, CaptureDecided)
    asked_cents = sum(line.amount_cents for line in delivered)
    limit = Fraction(held.amount_cents * (10_000 + tolerance), 10_000)
    if held.code in ("00", "10") and asked_cents > limit:
        assert capture.code == "61"
        assert story.account("held") == held.approved_cents
    elif capture.code in ("00", "10"):
        captured, released = capture.approved_cents, sum(part.cents for part in capture.released)
        assert captured + released == held.approved_cents
        assert story.account("held") == 0
    else:  # nothing was held, or so little came that no payer's rate gives a cent of it
        assert story.account("held") == held.approved_cents
    story.when(till.reverse(hold))
    assert story.account("held") == 0


@pytest.mark.row(6)
@forall(baskets, st.integers(1, 9_000), st.integers(1, 5), st.booleans())
def test_a_late_capture_is_never_lost_and_never_owed_twice(
    lines: list[Line], cents: int, times: int, consent: bool
) -> None:
    till = Till()
    hold = till.auth(*lines)
    guarantee = FundOpened(fund=FundId("safety"), kind="guarantee", name="Guarantee", advance_cents=Cents(0), by=AMINA)
    story = stall(cents).and_given(guarantee, received(20_000, "safety")).when(hold, till.tap())
    held = story.last
    assert isinstance(held, AuthorisationDecided)
    story.at("2026-06-20 09:00:00").sweep()
    for _ in range(times):
        story.when(till.capture(hold, *lines)).then("84")
    assert len(story.book.exceptions.open) == times
    accepted = 0
    for place in sorted(story.book.exceptions.open):
        body: dict[str, Any] = {"exception": place, "how": "accepted", "consent": consent}
        give(story, "propose_exception_end", {**body, "reason": "r"}, BRUNO)
        if isinstance(give(story, "resolve_exception", body), ExceptionResolved):
            accepted += 1
            continue
        body = {"exception": place, "how": "refused", "consent": False}
        give(story, "propose_exception_end", {**body, "reason": "r"}, BRUNO)
        assert isinstance(give(story, "resolve_exception", body), ExceptionResolved)
    assert not story.book.exceptions.open
    assert accepted == (1 if held.approved_cents else 0)
    assert sum(story.account(f"owed:{who}") for who in PAYEES) == held.approved_cents
    paid_by_others = 20_000 - story.account("fund:safety")
    assert paid_by_others == (0 if consent else held.approved_cents)


@pytest.mark.row(13)
@forall(st.integers(0, 10**9), st.lists(st.integers(0, 10**6), min_size=1, max_size=50).filter(any))
def test_a_joint_purchase_is_split_to_the_cent_and_nobody_is_a_cent_off(total: int, quantities: list[int]) -> None:
    parts = split_by_quantity(total, quantities)
    assert sum(parts) == total
    for part, quantity in zip(parts, quantities, strict=True):
        assert abs(part - Fraction(total * quantity, sum(quantities))) < 1
