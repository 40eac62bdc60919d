"""Law: the worked sales of domain.md section 2 come out to the cent; an accountant can read this table."""

from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from clearing.events.basket import Line, LotUse, Share
from clearing.events.charte import Ceiling, Charte, Cover, FundWeight, Payer, Short, Span, Tariff
from clearing.events.codes import Code
from clearing.rules.selling.facts import Facts, Held, Lot
from clearing.rules.selling.funding import Funding, fund_advice, fund_basket, fund_capture
from clearing.rules.selling.refunding import refund
from clearing.values import CategoryId, Cents, DecisionId, FundId, MicroTime, PayerId, ProducerId, PurseKind, Rate

GARDEN = ProducerId("garden")
ORDER = ("basket", "veg", "cheese", "flour")


def covers(**percent: int) -> tuple[Cover, ...]:
    return tuple(Cover(category=CategoryId(name), rate=Rate(100 * each)) for name, each in percent.items())


def per_unit(category: str, unit_cents: int) -> tuple[Cover, ...]:
    return (Cover(category=CategoryId(category), unit_cents=Cents(unit_cents)),)


def purse(name: str, *ceilings: Ceiling, **percent: int) -> Payer:
    return Payer(id=PayerId(name), purse=PurseKind(name), covers=covers(**percent), ceilings=ceilings)


def tariff(name: str, fund: str, cover: tuple[Cover, ...], short: Short = Short.DECLINE) -> Tariff:
    return Tariff(id=PayerId(name), covers=cover, funds=(FundWeight(fund=FundId(fund)),), short=short)


def charte(*payers: Payer, tariffs: tuple[Tariff, ...] = (), version: int = 1) -> Charte:
    return Charte(
        version=version, decision=DecisionId("assembly"), effective_us=MicroTime(0), payers=payers, tariffs=tariffs,
        categories=tuple(CategoryId(name) for name in ORDER),
    )  # fmt: skip


def line(category: str, amount_cents: int, qty: int | None = None) -> Line:
    milli = None if qty is None else qty * 1000
    return Line(category=CategoryId(category), amount_cents=Cents(amount_cents), qty_milli=milli)


def facts(
    *,
    purses: Mapping[str, int] | None = None,
    funds: Mapping[str, int] | None = None,
    used: Mapping[tuple[str, Span], int] | None = None,
    choice: int | None = None,
) -> Facts:
    return Facts(
        at_us=MicroTime(1), producer=GARDEN, price_choice=choice,
        purses={PurseKind(k): (Lot(id=f"{k}-lot", fund=None, expires_us=None, cents=c),) for k, c in (purses or {}).items()},
        funds={FundId(k): c for k, c in (funds or {}).items()},
        used=lambda payer, span, _per_purse: (used or {}).get((payer, span), 0),
    )  # fmt: skip


def by_payer(shares: tuple[Share, ...]) -> dict[str, list[int]]:
    """The cents of each payer, line by line in the order they were funded."""
    cents: dict[str, list[int]] = {}
    for share in shares:
        cents.setdefault(share.payer, []).append(share.cents)
    return cents


CADENET = charte(purse("credit", veg=100, cheese=70, flour=30))
CADENET_BASKET = (line("veg", 735), line("cheese", 1249), line("flour", 415), line("soap", 290))
TIERS = charte(purse("credit", veg=100, cheese=70), tariffs=(tariff("tier", "tier", covers(veg=70, cheese=70)),))
DRAWS = charte(tariffs=tuple(tariff(f"draw-{off}", "solidarity", covers(veg=100 - off)) for off in (10, 20, 30)))
COUNCIL = charte(
    purse("council", Ceiling(span=Span.DAY, cents=Cents(2500)), basket=100),
    purse("credit", basket=100, veg=100),
    purse("own", basket=100, veg=100),
)
COLLAB = charte(purse("own", basket=100), tariffs=(tariff("household-4", "sponsor", per_unit("basket", 400)),))
DIEULEFIT = charte(
    purse("own", veg=100),
    tariffs=(
        tariff("full", "pool", covers(veg=100)),
        tariff("low", "pool", covers(veg=65)),
        Tariff(id=PayerId("high"), covers=covers(veg=125), surplus_fund=FundId("pool")),
    ),
)
HALF_TIER = charte(purse("credit", veg=70), tariffs=(tariff("tier", "tier", covers(veg=50)),))
TWO_PURSES = charte(purse("first", veg=100), purse("second", veg=100))
ODD_CENTS = charte(purse("first", veg=30), purse("second", veg=40))


@dataclass(frozen=True, kw_only=True)
class Sale:
    """One row: a basket under a charte, and each cent of it. other: other tender; unsold: cents not sold at that price."""

    charte: Charte
    lines: tuple[Line, ...]
    facts: Facts
    paid: dict[str, list[int]]
    other: int
    to_producer: int
    code: Code
    prices: list[int] | None = None
    unsold: int = 0
    surplus: int = 0


SALES = {
    "1 rates per class": Sale(
        charte=CADENET, lines=CADENET_BASKET, facts=facts(purses={"credit": 10_000}),
        paid={"credit": [735, 874, 125]}, other=955, to_producer=1734, code=Code.PARTIAL,
    ),
    "1 with little credit": Sale(
        charte=CADENET, lines=CADENET_BASKET, facts=facts(purses={"credit": 1_200}),
        paid={"credit": [735, 465]}, other=1489, to_producer=1200, code=Code.PARTIAL,
    ),
    "2 a tier, then rates": Sale(
        charte=TIERS, lines=(line("veg", 1000), line("cheese", 1999)),
        facts=facts(purses={"credit": 10_000}, funds={"tier": 10_000}),
        paid={"tier": [300, 600], "credit": [700, 979]}, prices=[700, 1399], other=420, to_producer=2579, code=Code.PARTIAL,
    ),
    "3 a draw of 20 %": Sale(
        charte=DRAWS, lines=(line("veg", 1437),), facts=facts(funds={"solidarity": 10_000}, choice=80),
        paid={"draw-20": [287]}, prices=[1150], other=1150, to_producer=287, code=Code.PARTIAL,
    ),
    "3 first come with 2.00 in the fund": Sale(
        charte=DRAWS, lines=(line("veg", 1437),), facts=facts(funds={"solidarity": 200}, choice=80),
        paid={}, other=0, unsold=1437, to_producer=0, code=Code.INSUFFICIENT_CREDIT,
    ),
    "3 the lower rate with 2.00 in the fund": Sale(
        charte=DRAWS, lines=(line("veg", 1437),), facts=facts(funds={"solidarity": 200}, choice=90),
        paid={"draw-10": [144]}, prices=[1293], other=1293, to_producer=144, code=Code.PARTIAL,
    ),
    "4 the council's purse, 25 a day": Sale(
        charte=COUNCIL, lines=(line("basket", 4000),), facts=facts(purses={"council": 19_600, "credit": 1000, "own": 2000}),
        paid={"council": [2500], "credit": [1000], "own": [500]}, other=0, to_producer=4000, code=Code.APPROVED,
    ),
    "4 a second basket the same day": Sale(
        charte=COUNCIL, lines=(line("basket", 1200),),
        facts=facts(purses={"council": 17_100, "credit": 0, "own": 1500}, used={("council", Span.DAY): 2500}),
        paid={"own": [1200]}, other=0, to_producer=1200, code=Code.APPROVED,
    ),
    "5 two baskets, household price 4.00": Sale(
        charte=COLLAB, lines=(line("basket", 2400, qty=2),), facts=facts(purses={"own": 5000}, funds={"sponsor": 10_000}),
        paid={"household-4": [1600], "own": [800]}, prices=[800], other=0, to_producer=2400, code=Code.APPROVED,
    ),
    "5 the sponsor has 9.50": Sale(
        charte=COLLAB, lines=(line("basket", 2400, qty=2),), facts=facts(purses={"own": 5000}, funds={"sponsor": 950}),
        paid={"household-4": [800], "own": [400]}, prices=[400], other=0, unsold=1200, to_producer=1200, code=Code.PARTIAL,
    ),
    "8 a price of 125 %": Sale(
        charte=DIEULEFIT, lines=(line("veg", 1000),), facts=facts(purses={"own": 1100}, choice=125),
        paid={"own": [1000], "high": [100]}, prices=[1000], other=0, surplus=100, to_producer=1000, code=Code.APPROVED,
    ),
    "9 a tier of 50 %, then 70 %": Sale(
        charte=HALF_TIER, lines=(line("veg", 1000),), facts=facts(purses={"credit": 9000}, funds={"tier": 9000}),
        paid={"tier": [500], "credit": [350]}, prices=[500], other=150, to_producer=850, code=Code.PARTIAL,
    ),
    "34.00 with 16 in one purse and 40 in another": Sale(
        charte=TWO_PURSES, lines=(line("veg", 3400),), facts=facts(purses={"first": 1600, "second": 4000}),
        paid={"first": [1600], "second": [1800]}, other=0, to_producer=3400, code=Code.APPROVED,
    ),
    "0.05 and 0.05 at 30 %": Sale(
        charte=CADENET, lines=(line("flour", 5), line("flour", 5)), facts=facts(purses={"credit": 10_000}),
        paid={"credit": [3]}, other=7, to_producer=3, code=Code.PARTIAL,
    ),
    "1.01 at 30 % then 40 %": Sale(
        charte=ODD_CENTS, lines=(line("veg", 101),), facts=facts(purses={"first": 1000, "second": 1000}),
        paid={"first": [30], "second": [40]}, other=31, to_producer=70, code=Code.PARTIAL,
    ),
}  # fmt: skip


@pytest.mark.parametrize("sale", SALES.values(), ids=SALES.keys())
def test_each_worked_sale_comes_out_to_the_cent(sale: Sale) -> None:
    funding = fund_basket(sale.lines, sale.charte, sale.facts)

    assert by_payer(funding.shares) == sale.paid
    assert (funding.other_tender_cents, sum(funding.unsold_lines)) == (sale.other, sale.unsold)
    assert (funding.paid_cents, funding.surplus_cents) == (sale.to_producer, sale.surplus)
    assert sum(funding.approved_lines) == sale.to_producer
    assert funding.code() is sale.code
    if sale.prices is not None:
        assert [each.price_to_pay_cents for each in funding.lines] == sale.prices


def test_worked_sale_6_books_what_the_till_let_pay_and_leaves_the_rest_to_the_guarantee() -> None:
    rules = charte(purse("credit", veg=100, cheese=70))
    sold = (line("veg", 1800), line("cheese", 1000))
    funding = fund_advice(sold, rules, facts(purses={"credit": 1100}), let_pay=(1800, 200))
    assert by_payer(funding.shares) == {"credit": [1100]}
    assert 2000 - funding.paid_cents == 900

    rich = fund_advice(sold, rules, facts(purses={"credit": 9000}), let_pay=(1800, 200))
    assert by_payer(rich.shares) == {"credit": [1800, 200]}


def test_worked_sale_7_refunds_add_up_to_what_was_paid() -> None:
    sale = _sale_1()
    first = _refunded(sale, back=400, already=0)
    second = _refunded(sale, back=849, already=400)
    assert (first, second, first + second) == (280, 594, 874)


def test_worked_sale_10_captures_by_the_terms_of_the_hold_from_the_held_lot() -> None:
    may = charte(purse("credit", veg=70))
    hold = fund_basket((line("veg", 333),), may, facts(purses={"credit": 5000}))
    assert hold.paid_cents == 233

    held = Held(charte=may, producer=GARDEN, shares=hold.shares, applied=hold.applied)
    capture = fund_capture((line("veg", 111),), held)

    lot = "credit-lot"
    assert [(s.cents, s.rate, s.lots) for s in capture.shares] == [(78, 7000, (LotUse(lot=lot, cents=Cents(78)),))]
    assert [(s.cents, s.lots) for s in capture.released] == [(155, (LotUse(lot=lot, cents=Cents(155)),))]


def _sale_1() -> Funding:
    return fund_basket(CADENET_BASKET, CADENET, facts(purses={"credit": 10_000}))


def _refunded(sale: Funding, *, back: int, already: int) -> int:
    earlier = (line("cheese", already),) if already else ()
    shares = refund(CADENET_BASKET, sale.shares, earlier, (line("cheese", back),), producer=GARDEN)
    assert shares is not None
    return sum(share.cents for share in shares)
