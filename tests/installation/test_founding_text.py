"""Law: a caisse founded from another one's rules has the same rules; nobody and nothing of the other one comes along."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from clearing.authoriser.founding import check_found, decide_found
from clearing.cli.copying import copied
from clearing.cli.desk import Misused
from clearing.events.caisse import CharteAdopted
from clearing.events.catalogue import Event
from clearing.events.charte import Ceiling, Charte, Condition, Cover, FundWeight, Payer, Short, Span, Tariff
from clearing.installation.founding_file import founding_of, read_founding_file
from clearing.rules.book import Book
from clearing.rules.voted.charte_check import check_charte
from clearing.values import CaisseCode, CategoryId, DecisionId, FundId, InvalidValue, MicroTime, PayerId
from clearing.wire.signature import TerminalKey
from tests.given_when_then import paris
from tests.house.sources import CLONE

NOW = paris("2026-11-26 02:00:00")
FILE = Path("copy.toml")
NEW = CaisseCode("other")


def key_of(person: str) -> TerminalKey:
    return TerminalKey.from_seed(person.encode().ljust(32))


def book_of(events: tuple[Event, ...]) -> Book:
    book = Book()
    for place, event in enumerate(events):
        book.apply(event, place + 1, NOW - 1_000 + place)
    return book


def founded(name: str, by: str) -> Book:
    file = read_founding_file(CLONE / "examples" / f"{name}.toml", lambda person: key_of(person).public)
    events = decide_found(file.code, file.body, founder_kid=key_of(by).kid, at_us=NOW)
    assert isinstance(events, tuple)
    return book_of(events)


def second(text: str) -> Book:
    """A caisse that officers founded from the copy, with an account of their own."""
    filled = text.replace('name = ""', 'name = "OTHER"').replace('iban = ""', 'iban = "FR76 3000 6000 0112 3456 7890 189"')
    file = founding_of(FILE, filled, lambda person: key_of(person).public)
    events, mistakes = check_found(file.code, file.body, founder_kid=key_of("officer-1").kid, at_us=NOW)
    assert not mistakes
    return book_of(events)


@pytest.mark.parametrize(("name", "by"), [
    ("caisse", "camille"), ("cadenet", "anne"), ("dieulefit", "claire"), ("lyon", "fatou"),
    ("schemes/10-sponsors", "alix"), ("schemes/14-territory", "alix"), ("schemes/03-democratic-choice", "alix"),
])  # fmt: skip
def test_a_second_caisse_founded_from_the_copy_has_equal_chartes_and_rules(name: str, by: str) -> None:
    first = founded(name, by)
    text, told = copied(first, FILE, new_code=NEW, at_us=NOW)
    other = second(text)
    assert other.caisse.code == NEW
    assert other.caisse.chartes == first.caisse.chartes
    assert other.funds == first.funds
    assert {one: replace(rule, by=by) for one, rule in other.allocation.rules.items()} == first.allocation.rules  # type: ignore[arg-type]
    assert [one.title for one in other.caisse.decisions.values()] == [one.title for one in first.caisse.decisions.values()]
    assert "1 charte" in told


def test_nobody_and_no_account_of_the_first_caisse_is_in_the_copy() -> None:
    first = founded("lyon", "fatou")
    text, _ = copied(first, FILE, new_code=NEW, at_us=NOW)
    for person in first.caisse.persons.values():
        assert person.person not in text
        assert person.key.hex() not in text
    assert first.caisse.account_name not in text
    assert "FR76" not in text


def test_what_has_to_be_filled_in_is_asked_for_with_its_line() -> None:
    text, _ = copied(founded("cadenet", "anne"), FILE, new_code=NEW, at_us=NOW)
    with pytest.raises(InvalidValue, match=r"copy\.toml, line \d+: \[caisse\.account\] needs 'name'"):
        founding_of(FILE, text, lambda person: key_of(person).public)


def test_of_chartes_only_the_one_in_force_and_those_to_come_are_copied() -> None:
    first = founded("cadenet", "anne")
    charte = first.caisse.chartes[0]
    for version, days in ((2, -5), (3, 40)):
        effective_us = NOW + timedelta(days=days) // timedelta(microseconds=1)
        later = replace(charte, version=version, effective_us=MicroTime(effective_us))
        first.apply(CharteAdopted(charte=later, by="anne"), first.position + 1, NOW + version)  # type: ignore[arg-type]
    text, told = copied(first, FILE, new_code=NEW, at_us=NOW)
    assert "2 chartes" in told
    assert [one.effective_us for one in second(text).caisse.chartes] == [one.effective_us for one in first.caisse.chartes[1:]]


def test_a_rule_that_the_file_has_no_words_for_is_not_written_otherwise() -> None:
    first = founded("cadenet", "anne")
    twice = paris("2026-10-25 02:30:00") + 3_600_000_000  # the second half past two of the night summer time ends
    later = replace(first.caisse.chartes[0], version=2, effective_us=MicroTime(twice))
    first.apply(CharteAdopted(charte=later, by="anne"), first.position + 1, NOW)  # type: ignore[arg-type]
    with pytest.raises(Misused, match="can't be written as a founding file: chartes"):
        copied(first, FILE, new_code=NEW, at_us=NOW)


NAMES = st.sampled_from(["veg", "cheese", "bread"])
RATES = st.integers(0, 10_000)
COVER = st.builds(Cover, category=NAMES, product=st.none() | st.sampled_from(["4011", 'a "b"']), rate=RATES) | st.builds(
    Cover, category=NAMES, unit_cents=st.integers(0, 10_000)
)
COVERS = st.lists(COVER, min_size=1, max_size=3, unique_by=lambda one: (one.category, one.product)).map(tuple)
TEXTS = st.lists(st.sampled_from(["g-1", "g.2"]), max_size=2, unique=True).map(tuple)
CONDITION = st.builds(
    Condition, who=TEXTS, where=TEXTS, from_us=st.none() | st.just(paris("2026-01-01 00:00:00")),
    until_us=st.none() | st.just(paris("2027-03-01 08:30:00")),
)
CEILING = st.builds(Ceiling, span=st.sampled_from(Span), cents=st.integers(0, 10**6), per_purse=st.booleans())
PAYER = st.builds(
    Payer, id=st.just("p"), covers=COVERS, purse=st.just("credit"), condition=CONDITION, short=st.sampled_from(Short),
    ceilings=st.lists(CEILING, max_size=1).map(tuple), rank=st.none() | st.integers(0, 3), weight=st.integers(1, 9),
)
TARIFF = st.builds(
    Tariff, id=st.just("t"), covers=COVERS, condition=CONDITION, surplus_fund=st.none() | st.just("general"),
    funds=st.just((FundWeight(fund=FundId("general"), weight=2),)), short=st.sampled_from(Short),
)


@given(st.lists(PAYER, max_size=3), st.lists(TARIFF, max_size=2), st.integers(1, 30), st.booleans())
def test_whatever_was_voted_comes_back_from_the_file_to_the_cent(
    payers: list[Payer], tariffs: list[Tariff], days: int, accepted: bool
) -> None:
    charte = Charte(
        version=1, decision=DecisionId("vote-classes"), effective_us=MicroTime(NOW - 1), hold_days=days,
        order_accepted=accepted,
        categories=tuple(CategoryId(name) for name in ("veg", "cheese", "bread")),
        payers=tuple(replace(one, id=PayerId(f"p-{place}")) for place, one in enumerate(payers)),
        tariffs=tuple(replace(one, id=PayerId(f"t-{place}")) for place, one in enumerate(tariffs)),
    )
    first = founded("cadenet", "anne")
    first.caisse.chartes[:] = [charte]
    first.caisse.prepare()
    if check_charte(charte):
        return
    text, _ = copied(first, FILE, new_code=NEW, at_us=NOW)
    assert second(text).caisse.chartes == [charte]
