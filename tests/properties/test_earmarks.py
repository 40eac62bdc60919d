"""Law: a sponsor's euro is never spent outside its earmark: whatever charte passes the check, whatever is in the basket."""

from dataclasses import replace

import pytest
from hypothesis import given, strategies as st

from clearing.events.basket import Line, Share
from clearing.events.charte import Charte, Condition, Cover, Payer, Tariff
from clearing.events.funds import Earmark
from clearing.rules.selling.facts import Facts
from clearing.rules.selling.funding import fund_basket
from clearing.rules.voted.earmarks import Sources, allowed, outside, within
from clearing.values import CategoryId, FundId, MicroTime
from tests.properties.test_funding import CATEGORIES, all_facts, baskets, chartes

SPONSOR = FundId("sponsor")
PLACES = ("market", "shop", "territory.avesnois")
INSTANTS = st.sampled_from((None, MicroTime(500), MicroTime(1_000), MicroTime(1_001), MicroTime(2_000)))
earmarks = st.builds(
    Earmark,
    places=st.sets(st.sampled_from(PLACES)).map(sorted).map(tuple),
    categories=st.sets(st.sampled_from(CATEGORIES)).map(sorted).map(lambda names: tuple(map(CategoryId, names))),
    from_us=INSTANTS, until_us=INSTANTS,
)
FILLED = "purse:council"


def sources(earmark: Earmark) -> Sources:
    """The sponsor's fund, and a purse that it fills."""
    return {"fund:sponsor": [(SPONSOR, earmark)], FILLED: [(SPONSOR, earmark)]}


def bounded(one: Payer | Tariff, earmark: Earmark) -> Condition:
    inside = tuple(place for place in one.condition.where if place in earmark.places) or earmark.places
    starts = [at for at in (one.condition.from_us, earmark.from_us) if at is not None]
    ends = [at for at in (one.condition.until_us, earmark.until_us) if at is not None]
    return replace(
        one.condition, where=inside if earmark.places else one.condition.where, from_us=max(starts, default=None),
        until_us=min(ends, default=None),
    )


def mended(charte: Charte, earmark: Earmark) -> Charte:
    """As its authors would write it after having read the problems."""
    payers, tariffs = [], []
    for payer in charte.payers:
        covers = inside(payer, earmark)
        if payer.fund != SPONSOR and payer.purse != "council":
            payers.append(payer)
        elif covers:
            payers.append(replace(payer, covers=covers, condition=bounded(payer, earmark)))
    for tariff in charte.tariffs:
        covers = inside(tariff, earmark)
        if covers:
            tariffs.append(replace(tariff, covers=covers, condition=bounded(tariff, earmark)))
    return replace(charte, payers=tuple(payers), tariffs=tuple(tariffs))


def inside(one: Payer | Tariff, earmark: Earmark) -> tuple[Cover, ...]:
    return tuple(cover for cover in one.covers if not earmark.categories or cover.category in earmark.categories)


def from_the_sponsor(share: Share) -> bool:
    return share.step != "surplus" and share.source in ("fund:sponsor", FILLED)


@pytest.mark.row(10)
@given(chartes(), earmarks, baskets, all_facts(), st.sets(st.sampled_from(PLACES)), st.booleans())
def test_no_share_of_a_bound_fund_is_outside_its_earmark(
    charte: Charte, earmark: Earmark, basket: tuple[Line, ...], facts: Facts, places: set[str], mend: bool
) -> None:
    if mend:
        charte = mended(charte, earmark)
    problems = outside(charte, sources(earmark))
    facts = facts._replace(places=frozenset(places))
    if problems:
        assert not mend
        return
    for share in fund_basket(basket, charte, facts).shares:
        if from_the_sponsor(share):
            category = basket[share.line].category
            assert allowed(earmark, category=category, places=facts.places, at_us=facts.at_us), (share, earmark)


@given(chartes(), earmarks)
def test_what_its_authors_mend_as_told_passes_the_check(charte: Charte, earmark: Earmark) -> None:
    assert outside(mended(charte, earmark), sources(earmark)) == []


@given(chartes(), baskets, all_facts(), earmarks)
def test_a_rule_that_would_spend_outside_is_never_passed(
    charte: Charte, basket: tuple[Line, ...], facts: Facts, earmark: Earmark
) -> None:
    spent = [share for share in fund_basket(basket, charte, facts).shares if from_the_sponsor(share)]
    told = {"category": "", "places": facts.places, "at_us": facts.at_us}
    leaks = [one for one in spent if not allowed(earmark, **told | {"category": basket[one.line].category})]  # type: ignore[arg-type]
    assert not leaks or outside(charte, sources(earmark))


@given(earmarks, earmarks, st.sampled_from(CATEGORIES), st.sets(st.sampled_from(PLACES)), st.integers(0, 2_100))
def test_a_narrower_earmark_allows_nothing_that_the_wider_forbids(
    one: Earmark, other: Earmark, category: str, places: set[str], at_us: int
) -> None:
    if not within(one, other) and allowed(one, category=category, places=places, at_us=at_us):
        assert allowed(other, category=category, places=places, at_us=at_us)
    assert within(one, one) == []
    assert within(one, Earmark()) == []
