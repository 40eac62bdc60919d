"""Law: the rules that a caisse voted are told in French down to the last word; nothing of them is left in English."""

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo

import pytest

from clearing.console.words import Words, catalogue
from clearing.events.caisse import DecisionRecorded, Tally
from clearing.events.catalogue import Event
from clearing.events.charte import Charte, Cover
from clearing.events.funds import AllocationRuleSet
from clearing.events.grants import EarmarkSet
from clearing.events.records import field_names
from clearing.rules.telling.plain_words import decision_in_words, rule_sentences, rules_in_words
from clearing.rules.telling.voted_words import KINDS, words_of
from clearing.values import CategoryId, DecisionId, PersonId, Rate
from tests.rules.test_plain_words import RULES as WHOLE, told as told_of_the_whole
from tests.rules.test_voted_words import (
    BOUND,
    CHARTE_FIELDS,
    NAMES,
    OTHER,
    PAYER,
    PAYER_FIELDS,
    RULES,
    TARIFF,
    TARIFF_FIELDS,
    changed,
    others,
    ruled,
)

FRENCH: Final = Words("fr", ZoneInfo("Europe/Paris"))
ENGLISH: Final = re.compile(
    r"(?<![\w-])(the|of|and|or|is|are|at most|for|from|until|pays?|costs?|month|day|it|they|goes|fund|purse|price|its|their|"
    r"who|what|when|each|with|EUR|CEST)(?![\w-])"
)
"""Words that no French sentence has and every English one does."""
SAME: Final = {"Garden (convention garden-1)"}  # in both languages


@cache
def every_sentence() -> tuple[str, ...]:
    """Of each kind of rule with each of its fields set to each other value, and of chartes likewise."""
    found = dict.fromkeys(line for event in _rules() for line in words_of(event, NAMES) if line)
    found |= dict.fromkeys(line for charte in _chartes() for line in _told(charte))
    found |= dict.fromkeys(line for vote in _votes() for line in decision_in_words(vote)["sentences"])
    found |= dict.fromkeys(re.sub(r"^  ([0-9]+\. )?", "", line) for line in told_of_the_whole()[3:] if not line.endswith(":"))
    return tuple(found)


def _votes() -> Iterator[DecisionRecorded]:
    vote = DecisionRecorded(
        decision=DecisionId("ag-1"), title="Notre prix", body="citizens-committee", method="consent", taken_on="2026-05-02",
        votes_for=9, votes_against=0, abstained=1, minutes_sha256=b"m" * 32, by=PersonId("ana"), scope="group:young",
        effective_on="2026-06-01", ends_on="2026-09-01", minutes_link="https://example.org/pv",
        tallies=(Tally("eaters", 9, 0, 1),),
    )  # fmt: skip
    drawn = replace(vote, body="residents-group", method="draw", drawn=15, votes_for=0, abstained=0, tallies=())
    yield from (vote, drawn, replace(vote, ends_on=""), replace(vote, effective_on=""))


def _rules() -> Iterator[Event]:
    for kind in sorted(KINDS, key=lambda one: one.__name__):
        event = ruled(kind)
        yield event
        if isinstance(event, AllocationRuleSet):
            yield changed(event, form="mean", who=())
        for name in field_names(kind):
            yield from (changed(event, **{name: value}) for value in _values(kind, name, getattr(event, name)))


def _values(kind: type, name: str, value: object) -> Iterator[object]:
    if name == "earmark":
        yield from (BOUND, *OTHER[EarmarkSet, name])
        return
    yield from others(kind, name, value)
    if name.endswith("_period"):
        yield ""
    if type(value) is int:
        yield 0
    if isinstance(value, tuple) and name not in ("days", "means", "covers"):
        yield ()
    if name == "months_valid":
        yield 1


def _chartes() -> Iterator[Charte]:
    yield WHOLE
    yield RULES
    yield from (replace(RULES, **{name: value}) for name, values in CHARTE_FIELDS.items() for value in values)
    yield replace(RULES, categories=())
    yield from (replace(RULES, tariffs=(replace(TARIFF, covers=covered),)) for covered in _covered())
    yield from (replace(RULES, tariffs=(replace(TARIFF, **{n: v}),)) for n, vs in TARIFF_FIELDS.items() for v in vs)
    yield from (replace(RULES, payers=(replace(PAYER, **{n: v}),)) for n, vs in PAYER_FIELDS.items() for v in vs)
    yield from (replace(RULES, payers=(replace(PAYER, rank=1, weight=weight),)) for weight in (1, 2))


def _covered() -> Iterator[tuple[Cover, ...]]:
    """One good, and two of one price, at its price, below and above it."""
    for rate in (10_000, 7_000, 12_500):
        one, other = (Cover(category=CategoryId(name), rate=Rate(rate)) for name in ("veg", "bread"))
        yield from ((one,), (one, other))


def _told(charte: Charte) -> Iterator[str]:
    data = rules_in_words(charte, {}, zone="Europe/Paris", at_us=1)
    yield from (*data["framework"]["sentences"], *rule_sentences(data))


def test_there_are_sentences_of_every_kind_of_rule_to_look_at() -> None:
    assert len(every_sentence()) > 150
    assert len([line for line in every_sentence() if " pays " in line]) > 20


def test_every_voted_rule_is_told_in_french_down_to_the_last_word() -> None:
    left = {}
    for line in every_sentence():
        said = FRENCH.refusal(line)
        if line not in SAME and (said == line or ENGLISH.search(said)):
            left[line] = said
    assert not left, "\n".join(f"{line}\n   -> {said}" for line, said in left.items())


@pytest.mark.parametrize("name", ["told", "phrases"])
def test_no_sentence_about_votes_is_left_over(name: str) -> None:
    told = " ".join(every_sentence())
    unused = [form for form in catalogue(name) if not all(piece in told for piece in form.rstrip(".").split("{}"))]
    assert not unused, f"nothing says these: take them out of words/{name}.po"


def test_a_payer_is_told_as_a_french_sentence() -> None:
    said = FRENCH.refusal(
        "sponsor: the fund mill pays 8.00 EUR per unit of baskets, product 4011 (Bananas), for members of young or old, at "
        "les-glycines, from 2026-05-01 00:00:00 CEST, until 2026-09-01 00:00:00 CEST. At most 400.00 EUR a day for all "
        "members together. At most 196.00 EUR a year for each purse. Shares rank 1 with weight 2. A line that it can't carry "
        "whole is not sold."
    )
    assert said.replace("\u00a0", " ") == (
        "sponsor : le fonds mill paie 8,00 € par unité de baskets, produit 4011 (Bananas), pour les adhérent·es de young ou "
        "old, à les-glycines, à partir du 1er mai 2026, 00:00, jusqu’au 1er septembre 2026, 00:00. Au plus 400,00 € par jour "
        "pour l’ensemble des adhérent·es. Au plus 196,00 € par an pour chaque porte-monnaie. Partage le rang 1 avec le poids "
        "2. Une ligne qu’il ne peut pas porter en entier n’est pas vendue."
    )
