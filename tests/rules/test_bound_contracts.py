"""A bound fund pays its part of a contract inside its earmark only: by producer or territory, by goods, by the day it pays."""

from dataclasses import replace
from typing import Any

import pytest

from clearing.events.catalogue import Event
from clearing.events.funds import Earmark
from clearing.events.grants import EarmarkSet
from clearing.events.producers import ConventionSigned, ProducerAdmitted
from clearing.events.products import Product, ProductsListed
from clearing.rules.answers import Declined
from clearing.rules.voted.restrictions import restricted
from clearing.values import CategoryId, Cents, ContractId, FundId, MicroTime
from tests.given_when_then import Story, given, paris
from tests.rules.contract_sayings import fund_parts, season, sign
from tests.sayings import AMINA, MARKET, VOTE, Decide, opened, received

DEPT = FundId("dept")
VEG = CategoryId("veg")


def bound(**earmark: Any) -> EarmarkSet:
    return EarmarkSet(fund=DEPT, earmark=Earmark(**earmark), decision=VOTE, by=AMINA)


def listed(category: str) -> ProductsListed:
    return ProductsListed(products=(Product("basket", "Basket", CategoryId(category), "piece"),), by=AMINA)


def signing(until: str = "2026-06-30") -> Decide:
    return sign(12_000, 10, fund="dept", percent=50, fund_until=until)


def caisse(*more: Event) -> Story:
    return given(*MARKET, opened("dept"), received(100_000, "dept"), season(), *more)


def why(story: Story) -> str:
    assert isinstance(story.last, Declined), story.last
    return story.last.why


LATE, EARLY = MicroTime(paris("2027-01-01 00:00:00")), MicroTime(paris("2026-06-01 00:00:00"))


@pytest.mark.parametrize(
    ("earmark", "said"),
    [
        ({"places": ("tower",)}, "garden is none of tower; let another fund pay"),
        ({"categories": (VEG,)}, "basket is not in the caisse's list, and the fund pays for veg: list it there"),
        ({"until_us": EARLY}, "it pays until 2026-06-01 00:00:00 CEST: let its part of the contract end before"),
        ({"from_us": LATE}, "on, the instalment of 2026-"),
    ],
    ids=["places", "categories", "end", "beginning"],
)
def test_a_contract_outside_the_earmark_of_its_fund_is_not_signed_and_a_running_one_keeps_the_fund_from_it(
    earmark: dict[str, Any], said: str
) -> None:
    unsigned = caisse(bound(**earmark)).when(signing())
    assert "Fund dept is bound and can't pay its part of contract c-1" in why(unsigned)
    assert said in why(unsigned)
    story = caisse().when(signing())
    assert not isinstance(story.last, Declined)
    declined = restricted(bound(**earmark), story.book, story.book.at_us + 1)
    assert declined is not None
    assert said in declined.why


@pytest.mark.parametrize("place", ["garden", "c-garden", "valley"])
def test_a_producer_its_convention_or_its_territory_is_inside(place: str) -> None:
    admitted = next(event for event in MARKET if isinstance(event, ProducerAdmitted))
    convention = next(event for event in MARKET if isinstance(event, ConventionSigned))
    names = {"garden": admitted.producer, "c-garden": convention.convention}
    before = tuple(
        replace(event, structures=("valley",)) if event is admitted else event for event in MARKET
    )  # fmt: skip
    story = given(*before, opened("dept"), received(100_000, "dept"), season(), bound(places=(names.get(place, place),)))
    story.when(signing()).then("00")


def test_goods_that_are_listed_inside_or_a_producer_who_sells_nothing_else_are_inside() -> None:
    caisse(listed("veg"), bound(categories=(VEG,))).when(signing()).then("00")
    assert "listed under cheese" in why(caisse(listed("cheese"), bound(categories=(VEG,))).when(signing()))
    convention = next(event for event in MARKET if isinstance(event, ConventionSigned))
    only = tuple(replace(event, categories=(VEG,)) if event is convention else event for event in MARKET)
    story = given(*only, opened("dept"), received(100_000, "dept"), season(), bound(categories=(VEG,)))
    story.when(signing()).then("00")


def test_only_what_the_fund_still_pays_counts_for_the_days() -> None:
    inside = bound(from_us=MicroTime(paris("2026-05-01 00:00:00")), until_us=MicroTime(paris("2026-07-01 00:00:00")))
    story = caisse(inside)
    story.when(signing("2026-06-30")).then("00")
    days = [due.due_on for due in story.book.contracts.contracts[ContractId("c-1")].dues]
    assert max(days) > "2026-06-30"
    assert isinstance(caisse(inside).when(signing("2026-12-31")).last, Declined)
    paid = caisse().when(signing())
    for part in fund_parts("2026-06-30")(paid.book, paid.book.at_us + 1):  # type: ignore[operator]
        paid.and_given(part)
    later = bound(from_us=LATE)
    assert restricted(later, paid.book, paid.book.at_us + 1) is None


def test_a_contract_that_no_bound_fund_pays_is_nobodys_matter() -> None:
    caisse(bound(places=("tower",))).when(sign(12_000, 10)).then("00", fund=None)
    assert caisse().when(signing()).last.instalments[0].fund_cents == Cents(600)  # type: ignore[union-attr]
