"""Law: who pays, from which lots, under which conditions; one behaviour a test, on baskets small enough to add up by hand."""

from dataclasses import replace

from clearing.events.basket import Line, LotUse
from clearing.events.charte import Ceiling, Charte, Condition, Cover, FundWeight, Payer, Short, Span, Tariff
from clearing.events.codes import Code
from clearing.rules.selling.facts import Facts, Held, Lot
from clearing.rules.selling.funding import Funding, fund_basket, fund_capture
from clearing.rules.selling.refunding import refund
from clearing.values import CategoryId, Cents, DecisionId, FundId, MicroTime, PayerId, ProducerId, PurseKind, Rate

VEG, BASKET, SOAP = CategoryId("veg"), CategoryId("basket"), CategoryId("soap")
STALL = ProducerId("stall")
NOON = MicroTime(1_000)


def rate(percent: int, category: CategoryId = VEG, product: str | None = None) -> tuple[Cover, ...]:
    return (Cover(category=category, product=product, rate=Rate(100 * percent)),)


def unit(unit_cents: int, category: CategoryId = BASKET) -> tuple[Cover, ...]:
    return (Cover(category=category, unit_cents=Cents(unit_cents)),)


def purse(name: str, covers: tuple[Cover, ...]) -> Payer:
    return Payer(id=PayerId(name), purse=PurseKind(name), covers=covers)


def fund(name: str, covers: tuple[Cover, ...]) -> Payer:
    return Payer(id=PayerId(name), fund=FundId(name), covers=covers)


def tariff(name: str, covers: tuple[Cover, ...], *funds: str) -> Tariff:
    return Tariff(id=PayerId(name), covers=covers, funds=tuple(FundWeight(fund=FundId(each)) for each in funds))


def charte(*payers: Payer, tariffs: tuple[Tariff, ...] = ()) -> Charte:
    return Charte(
        version=1, decision=DecisionId("vote"), effective_us=MicroTime(0), categories=(BASKET, VEG), payers=payers,
        tariffs=tariffs,
    )  # fmt: skip


def line(cents: int, category: CategoryId = VEG, qty: int | None = None, product: str | None = None) -> Line:
    return Line(category=category, amount_cents=Cents(cents), qty_milli=qty, product=product)


def lot(name: str, cents: int, expires: int | None = None) -> Lot:
    return Lot(id=name, fund=None, expires_us=None if expires is None else MicroTime(expires), cents=cents)


def facts(funds: dict[str, int] | None = None, **purses: int | tuple[Lot, ...]) -> Facts:
    lots = {name: (lot(name, held),) if isinstance(held, int) else held for name, held in purses.items()}
    return Facts(
        at_us=NOON, producer=STALL, purses={PurseKind(name): held for name, held in lots.items()},
        funds={FundId(name): cents for name, cents in (funds or {}).items()},
    )  # fmt: skip


def each_holds(cents: int, names: str) -> Facts:
    """A purse with so many cents per letter."""
    return facts()._replace(purses={PurseKind(name): (lot(name, cents),) for name in names})


def took(funding: Funding) -> dict[str, int]:
    cents: dict[str, int] = {}
    for share in funding.shares:
        cents[share.payer] = cents.get(share.payer, 0) + share.cents
    return cents


CREDIT = charte(purse("credit", rate(100)))


def test_lots_are_spent_soonest_expiry_first_and_equal_ones_as_listed() -> None:
    lots = (lot("never", 10), lot("late", 10, 3_000), lot("soon-b", 10, 2_000), lot("soon-a", 10, 2_000))
    [share] = fund_basket([line(35)], CREDIT, facts(credit=lots)).shares
    assert [(use.lot, use.cents) for use in share.lots] == [("soon-b", 10), ("soon-a", 10), ("late", 10), ("never", 5)]


def test_a_lot_has_lapsed_at_its_very_expiry() -> None:
    lots = (lot("gone", 50, NOON), lot("left", 20, NOON + 1))
    assert took(fund_basket([line(35)], CREDIT, facts(credit=lots))) == {"credit": 20}


def test_lines_are_funded_in_the_chartes_order_whatever_the_terminal_sent() -> None:
    both = charte(purse("credit", rate(100) + rate(100, BASKET)))
    funding = fund_basket([line(500, VEG), line(400, BASKET)], both, facts(credit=600))
    assert funding.approved_lines == (200, 400)


def test_cents_of_a_sum_are_spread_over_the_terminals_lines_and_never_above_one() -> None:
    funding = fund_basket([line(1), line(1), line(8)], charte(purse("credit", rate(50))), facts(credit=100))
    assert (funding.paid_cents, funding.approved_lines) == (5, (1, 0, 4))


def test_a_payer_pays_only_for_whom_where_and_when_it_was_voted() -> None:
    here = facts(credit=500)
    who, where = Condition(who=("low",)), Condition(where=("market",))
    for condition, met in (
        (who, here._replace(groups=frozenset({"low", "caf"}))),
        (where, here._replace(places=frozenset({"market"}))),
        (Condition(from_us=NOON), here),
        (Condition(until_us=MicroTime(NOON + 1)), here),
    ):
        rules = charte(replace(purse("credit", rate(100)), condition=condition))
        unmet = met._replace(groups=frozenset(), places=frozenset(), at_us=MicroTime(NOON + (-1 if condition.from_us else 1)))
        assert took(fund_basket([line(100)], rules, met)) == {"credit": 100}
        assert fund_basket([line(100)], rules, unmet).code() is Code.NOTHING_ELIGIBLE


def test_a_product_is_covered_before_its_category_and_others_by_the_category() -> None:
    rules = charte(purse("credit", rate(50) + rate(100, product="apple")))
    funding = fund_basket([line(100, product="apple"), line(100, product="pear")], rules, facts(credit=500))
    assert funding.approved_lines == (100, 50)


def test_what_neither_charte_nor_convention_names_is_other_tender() -> None:
    both = charte(purse("credit", rate(100) + rate(100, BASKET)))
    only_veg = facts(credit=900)._replace(eligible=frozenset({VEG}))
    funding = fund_basket([line(100, SOAP), line(100, BASKET), line(100)], both, only_veg)
    assert (funding.approved_lines, funding.other_tender_cents) == ((0, 0, 100), 200)


def test_codes_tell_nothing_eligible_from_a_ceiling_and_from_an_empty_purse() -> None:
    limited = charte(replace(purse("credit", rate(100)), ceilings=(Ceiling(span=Span.DAY, cents=Cents(50)),)))
    full = facts(credit=900)._replace(used=lambda _payer, _span, _per_purse: 50)
    assert fund_basket([line(1)], charte(purse("credit", rate(30))), facts(credit=900)).code() is Code.NOTHING_ELIGIBLE
    assert fund_basket([line(100)], CREDIT, facts(credit=0)).code() is Code.INSUFFICIENT_CREDIT
    stopped = fund_basket([line(100)], limited, full)
    assert (stopped.code(), stopped.limited, stopped.empty) == (Code.AMOUNT_LIMIT, Span.DAY, False)
    assert fund_basket([line(100)], limited, full._replace(purses={})).code() is Code.INSUFFICIENT_CREDIT


def test_a_ceiling_per_sale_counts_over_the_lines_of_one_sale_only() -> None:
    limited = replace(purse("credit", rate(100) + rate(100, BASKET)), ceilings=(Ceiling(span=Span.SALE, cents=Cents(150)),))
    funding = fund_basket([line(100), line(100, BASKET)], charte(limited), facts(credit=900))
    assert (funding.approved_lines, funding.limited) == ((50, 100), Span.SALE)


def test_the_last_payer_takes_the_cent_that_rounding_left_only_when_nobody_was_short() -> None:
    thirds = charte(fund("a", rate(33)), fund("b", rate(33)), purse("credit", rate(34)))
    assert took(fund_basket([line(101)], thirds, facts({"a": 99, "b": 99}, credit=99))) == {"a": 33, "b": 33, "credit": 35}
    assert took(fund_basket([line(101)], thirds, facts({"a": 99, "b": 32}, credit=99))) == {"a": 33, "b": 32, "credit": 34}


def test_payers_of_one_rank_share_one_rounded_amount_by_weight() -> None:
    departement = replace(fund("departement", unit(700)), rank=1, weight=2)
    network = replace(fund("network", unit(700)), rank=1, weight=1)
    rules = charte(departement, network, purse("own", rate(100, BASKET)))
    funding = fund_basket([line(900, BASKET, qty=1_000)], rules, facts({"departement": 9_000, "network": 9_000}, own=500))
    assert took(funding) == {"departement": 467, "network": 233, "own": 200}


def test_an_amount_per_unit_counts_whole_units_and_needs_a_quantity() -> None:
    rules = charte(fund("sponsor", unit(700)))
    assert took(fund_basket([line(2_500, BASKET, qty=2_700)], rules, facts({"sponsor": 9_000}))) == {"sponsor": 1_400}
    assert fund_basket([line(2_500, BASKET)], rules, facts({"sponsor": 9_000})).code() is Code.NOTHING_ELIGIBLE


def test_a_line_that_a_third_party_cannot_carry_is_not_sold_and_frees_what_others_gave_for_it() -> None:
    third = replace(fund("sponsor", rate(70, BASKET)), short=Short.DECLINE)
    rules = charte(purse("credit", rate(30, BASKET) + rate(100)), third)
    funding = fund_basket([line(1_000, BASKET), line(400)], rules, facts({"sponsor": 699}, credit=400))
    assert (took(funding), funding.unsold_lines) == ({"credit": 400}, (1_000, 0))
    assert (funding.approved_lines, funding.other_tender_cents) == ((0, 400), 0)


def test_a_short_tariff_fund_lets_the_other_units_go_on_at_the_full_price_when_so_voted() -> None:
    price = replace(tariff("household", unit(400), "sponsor"), short=Short.NEXT)
    rules = charte(purse("own", rate(100, BASKET)), tariffs=(price,))
    funding = fund_basket([line(2_400, BASKET, qty=2_000)], rules, facts({"sponsor": 950}, own=5_000))
    assert (took(funding), funding.lines[0].price_to_pay_cents) == ({"household": 800, "own": 1_600}, 1_600)


def test_whole_baskets_stay_whole_when_the_sponsor_has_money_for_one_of_two_lines() -> None:
    rules = charte(purse("own", rate(100, BASKET)), tariffs=(tariff("household", unit(400), "sponsor"),))
    two = [line(1_200, BASKET, qty=1_000), line(1_200, BASKET, qty=1_000)]
    funding = fund_basket(two, rules, facts({"sponsor": 950}, own=5_000))
    assert (funding.approved_lines, funding.unsold_lines) == ((1_200, 0), (0, 1_200))


def test_a_fixed_price_may_be_carried_by_several_funds_by_weight() -> None:
    price = replace(
        tariff("household", unit(200)),
        funds=(FundWeight(fund=FundId("departement"), weight=5), FundWeight(fund=FundId("network"), weight=2)),
    )
    funding = fund_basket([line(900, BASKET, qty=1_000)], charte(tariffs=(price,)), facts({"departement": 900, "network": 900}))
    assert [(share.source, share.cents) for share in funding.shares] == [("fund:departement", 500), ("fund:network", 200)]
    assert funding.other_tender_cents == 200


def test_a_unit_is_not_carried_when_one_fund_lacks_the_odd_cent_of_it() -> None:
    price = replace(tariff("household", unit(400), "a", "b"), short=Short.NEXT)
    funding = fund_basket([line(2_402, BASKET, qty=2_000)], charte(tariffs=(price,)), facts({"a": 400, "b": 900}))
    assert (took(funding), funding.other_tender_cents) == ({}, 2_402)


def test_two_payers_of_a_rank_on_one_purse_cannot_both_spend_its_last_cent() -> None:
    first = replace(purse("credit", rate(100)), rank=1, short=Short.DECLINE)
    rules = charte(first, replace(first, id=PayerId("second")))
    assert fund_basket([line(2)], rules, facts(credit=1)).unsold_lines == (2,)
    assert took(fund_basket([line(2)], rules, facts(credit=2))) == {"credit": 1, "second": 1}


def test_a_price_choice_that_nobody_offers_costs_no_fund_a_cent() -> None:
    rules = charte(purse("own", rate(100)), tariffs=(tariff("full", rate(100)), tariff("low", rate(65), "pool")))
    mine = facts({"pool": 900}, own=900)
    assert took(fund_basket([line(100)], rules, mine)) == {"own": 100}
    assert took(fund_basket([line(100)], rules, mine._replace(price_choice=65))) == {"low": 35, "own": 65}
    assert took(fund_basket([line(100)], rules, mine._replace(price_choice=40))) == {"own": 100}


def test_a_surplus_never_blocks_goods() -> None:
    high = replace(tariff("high", rate(125)), surplus_fund=FundId("pool"))
    rules = charte(purse("own", rate(100)), tariffs=(high,))
    funding = fund_basket([line(1_000), line(500, product="pear")], rules, facts(own=1_500))
    assert (funding.paid_cents, funding.surplus_cents, funding.code()) == (1_500, 0, Code.APPROVED)
    [*_, surplus] = fund_basket([line(1_000)], rules, facts(own=5_000)).shares
    assert (surplus.step, surplus.payee, surplus.cents, surplus.source) == ("surplus", "fund:pool", 250, "purse:own")


def test_all_or_nothing_takes_nothing_when_a_cent_would_be_left() -> None:
    refused = fund_basket([line(100), line(50, SOAP)], CREDIT, facts(credit=900), all_or_nothing=True)
    assert (refused.shares, refused.other_tender_cents, refused.code()) == ((), 150, Code.DECLINED)
    short = fund_basket([line(100)], CREDIT, facts(credit=99), all_or_nothing=True)
    assert (short.refused, short.code()) == (True, Code.INSUFFICIENT_CREDIT)


def held(rules: Charte, hold: Funding) -> Held:
    return Held(charte=rules, producer=STALL, shares=hold.shares, applied=hold.applied)


def test_a_heavier_delivery_gets_what_is_held_and_not_a_cent_more() -> None:
    rules = charte(purse("credit", rate(100)), tariffs=(tariff("tier", rate(70), "tier"),))
    hold = fund_basket([line(1_000)], rules, facts({"tier": 9_000}, credit=9_000))
    capture = fund_capture([line(1_033)], held(rules, hold))
    assert (took(capture), capture.other_tender_cents, capture.released) == ({"tier": 300, "credit": 700}, 33, ())


def test_a_capture_releases_the_lots_it_did_not_need_for_the_lines_they_were_held_for() -> None:
    hold = fund_basket([line(60), line(40, product="pear")], CREDIT, facts(credit=(lot("soon", 70, 2_000), lot("late", 99))))
    capture = fund_capture([line(50)], held(CREDIT, hold))
    assert [use for share in capture.shares for use in share.lots] == [LotUse(lot="soon", cents=Cents(50))]
    assert [(share.line, [(use.lot, use.cents) for use in share.lots]) for share in capture.released] == [
        (0, [("soon", 10)]),
        (1, [("soon", 10), ("late", 30)]),
    ]


def test_a_refund_fills_the_lots_used_last_first_and_refuses_more_than_was_sold() -> None:
    sold = [line(100)]
    paid = fund_basket(sold, CREDIT, facts(credit=(lot("soon", 70, 2_000), lot("late", 99)))).shares
    [back] = refund(sold, paid, [], [line(50)], producer=STALL) or ()
    assert [(use.lot, use.cents) for use in back.lots] == [("late", 30), ("soon", 20)]
    assert refund(sold, paid, [line(51)], [line(50)], producer=STALL) is None
    assert refund(sold, paid, [], [line(1, SOAP)], producer=STALL) is None


def test_a_refund_names_the_seller_or_leaves_it_out_alike() -> None:
    sold = [line(100)]
    paid = fund_basket(sold, CREDIT, facts(credit=100)).shares
    named = [line(100)._replace(payee=STALL)]
    assert refund(sold, paid, [], named, producer=STALL) == paid


def test_the_last_of_a_whole_takes_what_rounding_left_even_when_its_own_rate_rounds_to_nothing() -> None:
    thirds = charte(purse("a", rate(33)), purse("b", rate(33)), purse("c", rate(34)))
    assert took(fund_basket([line(1)], thirds, facts(a=9, b=9, c=9))) == {"c": 1}
    tenths = charte(*(purse(name, rate(10)) for name in "abcdefghij"))
    funding = fund_basket([line(4)], tenths, each_holds(9, "abcdefghij"))
    assert (took(funding), funding.code()) == ({"j": 4}, Code.APPROVED)


def test_who_covers_at_nothing_is_not_the_last() -> None:
    none = charte(*(purse(name, rate(10)) for name in "abcdefghij"), purse("k", rate(0)))
    assert took(fund_basket([line(4)], none, each_holds(9, "abcdefghijk"))) == {"j": 4}


def test_an_empty_purse_does_not_take_what_rounding_left() -> None:
    thirds = charte(purse("a", rate(33)), purse("b", rate(33)), purse("c", rate(34)))
    funding = fund_basket([line(1)], thirds, facts(a=9, b=9, c=0))
    assert (took(funding), funding.code()) == ({}, Code.INSUFFICIENT_CREDIT)
