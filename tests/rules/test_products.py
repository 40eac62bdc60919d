"""A product code is checked when it is listed; a price list is compared and binds no till; rates by product and by place."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given as drawn, strategies as st

from clearing.events.basket import Line
from clearing.events.caisse import DecisionRecorded
from clearing.events.charte import Condition, Cover, FundWeight, Tariff
from clearing.events.products import Price, PricesListed, Product, ProductsListed
from clearing.rules.answers import Declined
from clearing.rules.book import Book
from clearing.rules.voted import caisse, prices, products
from clearing.rules.voted.restrictions import restricted
from clearing.values import CategoryId, Cents, ConventionId, DecisionId, FundId, MicroTime, PayerId, Rate
from tests.given_when_then import Story, given
from tests.sayings import (
    AMINA,
    DAIRY,
    FOUNDED,
    GARDEN,
    MARKET,
    STALL,
    Till,
    charte,
    covers as rates,
    credit,
    line,
    pays,
    producer,
    terminal,
)

LEEK = Product("3000000000038", "Leeks", CategoryId("veg"), "kg")
TOMME = Product("tomme", "Tomme", CategoryId("cheese"), "piece")
LISTED = ProductsListed(products=(LEEK, TOMME), by=AMINA)
PRICES = PricesListed(
    convention=ConventionId("garden-1"), version=1, by=AMINA,
    prices=(Price("3000000000038", Cents(250)), Price("tomme", Cents(900))),
)  # fmt: skip


def why(result: object) -> str:
    assert isinstance(result, Declined), result
    return result.why


@pytest.mark.parametrize("code", ["96385074", "4006381333931", "00012345600012", "4011", "94011", "tomme-750", "lait.cru"])
def test_a_gtin_a_plu_or_an_own_code_is_taken(code: str) -> None:
    assert products.code_problem(code) is None


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("96385075", "its last digit should be 4"),
        ("4006381333932", "its last digit should be 1"),
        ("036000291452", "write a 0 before it"),
        ("401", "has 3 digits; a GTIN has 8, 13 or 14, a PLU 4 or 5"),
        ("Tomme 750", "start with a letter or digit"),
        ("", "1 to 40"),
        ("\u0664\u0660\u0661\u0661", "1 to 40"),
    ],
)
def test_a_slip_in_a_code_is_told_with_what_to_write(code: str, said: str) -> None:
    assert said in str(products.code_problem(code))


@drawn(st.text("0123456789", min_size=7, max_size=13).filter(lambda text: len(text) in (7, 12, 13)), st.integers(0, 12))
def test_a_changed_digit_never_passes_for_a_gtin(digits: str, place: int) -> None:
    code = digits + str(products.check_digit(digits))
    assert products.code_problem(code) is None
    at = place % len(code)
    other = code[:at] + str((int(code[at]) + 1) % 10) + code[at + 1 :]
    assert "no GTIN" in str(products.code_problem(other))


def test_a_list_imported_twice_is_one_list() -> None:
    book = given(*FOUNDED, LISTED).book
    assert "listed already" in why(products.decide_list(book.products, listed=[LEEK, TOMME], by=AMINA))
    renamed = LEEK._replace(label="Poireaux")
    again = products.decide_list(book.products, listed=[renamed, TOMME], by=AMINA)
    assert isinstance(again, ProductsListed)
    assert again.products == (renamed,)


@pytest.mark.parametrize(
    ("listed", "said"),
    [([], "1 to 2000"), ([LEEK, LEEK], "Product 2: 3000000000038 comes twice"), ([LEEK._replace(label=" ")], "label is empty")],
)
def test_a_list_that_can_not_be_is_declined_by_its_place(listed: list[Product], said: str) -> None:
    assert said in why(products.decide_list(Book().products, listed=listed, by=AMINA))


@pytest.mark.parametrize(
    ("convention", "listed", "said"),
    [
        ("garden-2", [Price("tomme", Cents(1))], "no convention garden-2"),
        ("garden-1", [], "1 to 2000"),
        ("garden-1", [Price("brie", Cents(1))], "Price 1: product brie is not in the caisse's list"),
        ("garden-1", [Price("tomme", Cents(1))] * 2, "Price 2: product tomme comes twice"),
        ("garden-1", list(PRICES.prices), "is the price list of garden-1 already"),
    ],
)
def test_a_price_list_that_can_not_be_is_declined(convention: str, listed: list[Price], said: str) -> None:
    book = given(*MARKET, LISTED, PRICES).book
    assert said in why(products.decide_prices(
        book.products, conventions=book.producers.conventions, convention=ConventionId(convention), prices=listed, by=AMINA
    ))  # fmt: skip


def test_a_new_price_list_is_the_next_version() -> None:
    book = given(*MARKET, LISTED, PRICES).book
    listed = products.decide_prices(
        book.products, conventions=book.producers.conventions, convention=PRICES.convention, by=AMINA,
        prices=[Price("tomme", Cents(950))],
    )  # fmt: skip
    assert isinstance(listed, PricesListed)
    assert listed.version == 2


BASKET = (
    line("veg", 300, product="3000000000038", qty=1), line("veg", 900, product="tomme", qty=1), line("cheese", 1_800),
)  # fmt: skip


def test_a_sale_is_decided_the_same_with_and_without_a_price_list() -> None:
    answers = []
    for lists in ((), (LISTED, PRICES)):
        till = Till()
        story = given(*MARKET, *lists, credit(10_000)).when(till.sale(*BASKET), till.tap())
        answers.append(story.then_pays("10", 300, 900, 1_260).last)
    assert replace(answers[0], shares=()) == replace(answers[1], shares=())  # type: ignore[type-var]
    assert [share.cents for share in answers[0].shares] == [share.cents for share in answers[1].shares]  # type: ignore[union-attr]


def test_the_committee_sees_other_prices_and_other_categories() -> None:
    till = Till()
    story = given(*MARKET, LISTED, PRICES, credit(10_000)).when(till.sale(*BASKET), till.tap())
    found = prices.summed(prices.differences_of(
        story.last, story.book.products, story.book.producers.producers, story.at_us
    ))  # fmt: skip
    assert [(one.difference.product, one.difference.difference_cents, one.difference.ten_thousandths, one.amount_cents)
            for one in found] == [("3000000000038", 50, 2_000, 300), ("tomme", 0, 0, 900)]  # fmt: skip
    assert (found[1].difference.category, found[1].difference.listed_category) == ("veg", "cheese")
    declined = till.sale(line("soap", 300, product="tomme", qty=1))
    story.when(declined, till.tap())
    assert not list(prices.differences_of(story.last, story.book.products, story.book.producers.producers, story.at_us))


def compared(amount: int, milli: int | None, unit: int) -> prices.Difference | None:
    lists = products.Products(listed={"tomme": TOMME}, prices={ConventionId("c"): {"tomme": unit}})
    sold = Line(TOMME.category, Cents(amount), "tomme", None, milli)
    return prices.difference(sold, ConventionId("c"), GARDEN, lists)


@pytest.mark.parametrize(
    ("amount", "milli", "unit", "said"),
    [
        (333, 1_234, 270, None),  # 333.18: what a scale prints
        (334, 1_234, 270, None),  # and another scale, rounded up
        (335, 1_234, 270, (271, 1, 55)),
        (200, 1_000, 250, (200, -50, -2_000)),
        (500, None, 250, None),
        (10, 1_000, 0, (10, 10, 0)),
    ],
)
def test_prices_are_compared_in_whole_cents(
    amount: int, milli: int | None, unit: int, said: tuple[int, int, int] | None
) -> None:
    found = compared(amount, milli, unit)
    assert (found and (found.sold_unit_cents, found.difference_cents, found.ten_thousandths)) == said


@drawn(unit=st.integers(1, 100_000), milli=st.integers(1, 100_000), up=st.booleans())
def test_whatever_a_scale_makes_of_the_listed_price_is_no_difference(unit: int, milli: int, up: bool) -> None:
    whole, rest = divmod(unit * milli, 1_000)
    assert compared(whole + (1 if up and rest else 0), milli, unit) is None


def adopted(cover: Cover, listed: ProductsListed | None) -> object:
    events = (*FOUNDED,) if listed is None else (*FOUNDED, listed)
    book = given(*events).book
    rules = replace(pays("credit", veg=50), covers=(cover, *rates(veg=50)))
    return caisse.decide_adopt(
        book.caisse, charte=charte(rules, effective_us=book.at_us + 10).charte, funds=frozenset(), founding=False, by=AMINA,
        at_us=book.at_us + 1, products=book.products,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("product", "listed", "said"),
    [
        ("leek", LISTED, "the caisse's list of it has no such product"),
        ("tomme", LISTED, "it is listed under 'cheese'"),
        ("3000000000038", LISTED, None),
        ("leek", None, None),
        ("leek", ProductsListed(products=(TOMME,), by=AMINA), None),
    ],
)
def test_a_cover_names_a_listed_product_where_the_caisse_has_a_list(
    product: str, listed: ProductsListed | None, said: str | None
) -> None:
    result = adopted(Cover(category=CategoryId("veg"), product=product, rate=Rate(9_000)), listed)
    assert not isinstance(result, Declined) if said is None else said in why(result)


def two_stalls(*more: Any) -> Story:
    """Garden and dairy sell veg; rates of charte differ by place."""
    organic = replace(pays("credit", veg=100), id=PayerId("organic"), condition=Condition(where=("garden",)))
    dairy = replace(pays("credit", veg=60), id=PayerId("dairy-rate"), condition=Condition(where=("dairy-1",)))
    events = (*(event for event in MARKET if not hasattr(event, "charte")), charte(organic, dairy, pays("credit", veg=20)))
    return given(*events, *producer(DAIRY), terminal(type(STALL)(b"stall-02"), DAIRY), credit(10_000), *more)


def test_rates_differ_by_producer_and_by_convention() -> None:
    first, second = Till(), Till(type(STALL)(b"stall-02"))
    story = two_stalls().when(first.sale(line("veg", 1_000)), first.tap()).then_pays("00", 1_000)
    second.counters = first.counters
    story.when(second.sale(line("veg", 1_000)), second.tap()).then_pays("10", 800)  # 60 % by its convention, then 20 %


SCOPED = DecisionId("glycines")


def scoped(scope: str, rules: Any, *, listed: tuple[Any, ...] = ()) -> object:
    vote = DecisionRecorded(
        decision=SCOPED, title="Our own price", body="citizens-committee", method="consent", taken_on="2026-05-02", votes_for=9,
        votes_against=0, abstained=0, minutes_sha256=b"", by=AMINA, scope=scope,
    )  # fmt: skip
    book = given(*FOUNDED, *listed, vote).book
    adopted = caisse.decide_adopt(
        book.caisse, charte=replace(rules, decision=SCOPED), funds=frozenset(book.funds), founding=False, by=AMINA,
        at_us=book.at_us + 1,
    )  # fmt: skip
    return adopted if isinstance(adopted, Declined) else restricted(adopted, book, book.at_us + 1) or adopted


EVERYBODY = charte(pays("credit", veg=50, cheese=50), pays("own", veg=100, cheese=100))
HERE, YOUNG = Condition(where=("les-glycines",)), Condition(who=("young",))


def proposed(condition: Condition, **changes: Any) -> Any:
    own = replace(pays("gift", veg=30), fund=FundId("general"), purse=None, condition=condition)
    cheap = Tariff(id=PayerId("cheap"), covers=rates(veg=80), condition=condition)
    tariff = replace(cheap, funds=(FundWeight(fund=FundId("general"), weight=1),))
    values = {"payers": (own, *EVERYBODY.charte.payers), "tariffs": (tariff,) if changes.pop("tariff", False) else ()}
    return replace(EVERYBODY.charte, version=2, effective_us=MicroTime(2**52), **{**values, **changes})


def test_a_structure_or_a_group_votes_its_own_payers() -> None:
    assert not isinstance(scoped("structure:les-glycines", proposed(HERE), listed=(EVERYBODY,)), Declined)
    assert not isinstance(scoped("group:young", proposed(YOUNG), listed=(EVERYBODY,)), Declined)
    assert not isinstance(scoped("caisse", proposed(Condition()), listed=(EVERYBODY,)), Declined)


@pytest.mark.parametrize(
    ("scope", "rules", "said"),
    [
        ("structure:les-glycines", proposed(Condition()), "payer 'gift' reaches beyond structure les-glycines"),
        ("structure:les-glycines", proposed(YOUNG), "payer 'gift' reaches beyond"),
        ("structure:les-glycines", proposed(Condition(where=("les-glycines", "market"))), "payer 'gift' reaches beyond"),
        ("group:young", proposed(HERE, tariff=True), "tariff 'cheap' reaches beyond group young"),
        ("group:young", proposed(YOUNG, payers=EVERYBODY.charte.payers[:1]), "payer 'own', which is everybody's, is missing"),
        ("group:young", proposed(YOUNG, payers=EVERYBODY.charte.payers[::-1]), "payers of everybody stand in another order"),
        ("group:young", proposed(YOUNG, hold_days=3), "hold_days is changed for everybody"),
        ("structure:les-glycines", proposed(HERE, capture_tolerance=500), "capture_tolerance is changed for everybody"),
    ],
)
def test_what_goes_beyond_the_scope_is_named(scope: str, rules: Any, said: str) -> None:
    assert said in why(scoped(scope, rules, listed=(EVERYBODY,)))


def test_a_structure_can_not_vote_before_the_caisse_has_a_charte() -> None:
    rules = replace(proposed(HERE), version=1)
    assert "the whole caisse votes first" in why(scoped("structure:les-glycines", rules))
