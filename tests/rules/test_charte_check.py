"""Law: a charte that could surprise an assembly is refused with a sentence that says what to write instead."""

from dataclasses import replace

import pytest

from clearing.events.charte import Ceiling, Charte, Condition, Cover, FundWeight, Payer, Span, Tariff
from clearing.rules.voted.charte_check import check_charte
from clearing.values import CategoryId, Cents, DecisionId, FundId, MicroTime, PayerId, PurseKind, Rate

VEG, CHEESE = CategoryId("veg"), CategoryId("cheese")


def cover(category: CategoryId = VEG, rate: int | None = 10_000, unit: int | None = None, product: str | None = None) -> Cover:
    return Cover(
        category=category, product=product, rate=None if rate is None else Rate(rate),
        unit_cents=None if unit is None else Cents(unit),
    )  # fmt: skip


def purse(name: str, *covers: Cover, rank: int | None = None) -> Payer:
    return Payer(id=PayerId(name), purse=PurseKind(name), covers=covers, rank=rank)


def tariff(*covers: Cover, funds: tuple[FundWeight, ...] = (FundWeight(fund=FundId("tier")),)) -> Tariff:
    return Tariff(id=PayerId("tier"), covers=covers, funds=funds)


def charte(*payers: Payer, tariffs: tuple[Tariff, ...] = ()) -> Charte:
    return Charte(
        version=1, decision=DecisionId("vote"), effective_us=MicroTime(0), categories=(VEG, CHEESE), payers=payers,
        tariffs=tariffs,
    )  # fmt: skip


NARROW, WIDE = purse("council", cover(VEG)), purse("credit", cover(VEG), cover(CHEESE))
SOUND = charte(NARROW, WIDE, tariffs=(tariff(cover(rate=7_000)),))


def test_a_sound_charte_has_no_problem() -> None:
    assert check_charte(SOUND) == []


def test_payers_who_never_meet_on_a_line_may_stand_in_any_order() -> None:
    assert check_charte(charte(purse("a", cover(CHEESE)), purse("b", cover(VEG)))) == []


def test_a_product_is_narrower_than_its_category() -> None:
    apples, all_veg = purse("apples", cover(product="apple")), purse("all", cover())
    assert check_charte(charte(apples, all_veg)) == []
    assert len(check_charte(charte(all_veg, apples))) == 1


def test_a_wider_payer_before_a_narrower_one_needs_the_votes_acceptance() -> None:
    wrong = charte(WIDE, NARROW)
    [problem] = check_charte(wrong)
    assert problem.startswith("payer 'credit' stands before 'council' but covers more than it: list 'council' first")
    assert check_charte(replace(wrong, order_accepted=True)) == []


LIMIT = Ceiling(span=Span.DAY, cents=Cents(100))
WRONG = {
    "category 'veg' is listed twice": replace(SOUND, categories=(VEG, CHEESE, VEG)),
    "'council' names two rules": charte(NARROW, replace(WIDE, id=NARROW.id)),
    "hold_days is 0": replace(SOUND, hold_days=0),
    "refund_lot_days is 0": replace(SOUND, refund_lot_days=0),
    "covers nothing": charte(purse("credit")),
    "this category is not in the charte": charte(purse("credit", cover(CategoryId("soap")))),
    "either a rate or an amount per unit": charte(purse("credit", cover(rate=None))),
    "not both and not none": charte(purse("credit", cover(rate=100, unit=100))),
    "rate 10001 must be": charte(purse("credit", cover(rate=10_001))),
    "amount per unit is below zero": charte(purse("credit", cover(rate=None, unit=-1))),
    "covers 'veg' twice": charte(purse("credit", cover(), cover(rate=5_000))),
    "must pay from either a purse or a fund": charte(replace(NARROW, fund=FundId("tier"))),
    "payer 'council': weight 0 must be": charte(replace(NARROW, weight=0)),
    "ends before it begins": charte(replace(NARROW, condition=Condition(from_us=MicroTime(2), until_us=MicroTime(2)))),
    "its ceiling per day is below zero": charte(replace(NARROW, ceilings=(replace(LIMIT, cents=Cents(-1)),))),
    "has two ceilings per day for each purse": charte(replace(NARROW, ceilings=(LIMIT, LIMIT))),
    "stands apart": charte(purse("a", cover(), rank=1), purse("b", cover()), purse("c", cover(), rank=1)),
    "give them the same covers": charte(purse("a", cover(), rank=1), purse("b", cover(rate=5_000), rank=1)),
    "name the funds that carry the difference": charte(tariffs=(tariff(cover(rate=7_000), funds=()),)),
    "name the surplus fund": charte(tariffs=(tariff(cover(rate=12_500)),)),
    "rate 100001 must be": charte(tariffs=(replace(tariff(cover(rate=100_001)), surplus_fund=FundId("pool")),)),
    "names fund 'tier' twice": charte(tariffs=(tariff(cover(), funds=(FundWeight(fund=FundId("tier")),) * 2),)),
    "fund 'tier': weight 0 must be": charte(tariffs=(tariff(cover(), funds=(FundWeight(fund=FundId("tier"), weight=0),)),)),
}


@pytest.mark.parametrize(("words", "wrong"), WRONG.items(), ids=WRONG.keys())
def test_each_slip_is_named_in_plain_words(words: str, wrong: Charte) -> None:
    assert [problem for problem in check_charte(wrong) if words in problem], check_charte(wrong)
