"""Every rule that can be voted, and every field of it, has its words; a kind or a field added without them fails here."""

from dataclasses import replace
from enum import StrEnum
from typing import Any, Final

import pytest

from clearing.events.bonus import BonusCover, BonusRuleSet, ShortBonus
from clearing.events.caisse import DecisionSuspended
from clearing.events.catalogue import EVENTS, Event
from clearing.events.charte import Ceiling, Charte, Condition, Cover, FundWeight, Payer, Short, Span, Tariff
from clearing.events.closing import ClosureConfirmed
from clearing.events.contracts import Day, SeasonOpened
from clearing.events.cotisations import CotisationRuleSet
from clearing.events.crediting import EmergencyRuleSet
from clearing.events.debits import DebitRuleSet
from clearing.events.funds import UNBOUND, AllocationRuleSet, Earmark, FundOpened
from clearing.events.grants import AdvanceVoted, CreditsFrozen, CreditsResumed, EarmarkSet
from clearing.events.households import HouseholdRulesSet
from clearing.events.interchange import RecognitionSet
from clearing.events.joint import JointAgreed
from clearing.events.records import field_names
from clearing.events.settlement import PayoutRulesSet
from clearing.events.solidarity import SolidarityRuleSet, WhenShort
from clearing.rules.stalls.settlement import WEEKDAYS
from clearing.rules.telling.plain_words import rule_sentences, rules_in_words
from clearing.rules.telling.voted_words import ACTS, KINDS, Names, Voted, standing_in_words, words_of
from clearing.values import CategoryId, Cents, DecisionId, FundId, MicroTime, PayerId, PurseKind, Rate
from tests.events.making import example_of
from tests.given_when_then import given
from tests.sayings import AMINA, MARKET, VOTE

NAMES: Final = Names("Europe/Paris", {FundId("general"): "Common pot"})
SILENT: Final = {
    "by": "who typed it", "decision": "told beside the sentences", "rule": "its name, told beside them",
    "season": "its name, told beside it", "key": "no word for people",
    "proposed_by": "who typed it",
}  # fmt: skip
"""Fields that the sentences need not say, and why."""
SILENT_OF: Final = {
    (EmergencyRuleSet, "groups"): "a group of those who were in need is named to nobody",
    (ClosureConfirmed, "ends_us"): "the end of the last day, which is told",
    (FundOpened, "earmark"): "told where it is not empty, below",
}
BOUND: Final = Earmark(
    places=("glycines",), categories=(CategoryId("veg"),), from_us=MicroTime(1), until_us=MicroTime(9)
)
SET_TO: Final[dict[type, dict[str, Any]]] = {
    AllocationRuleSet: {"form": "fixed", "short": "fund"},
    HouseholdRulesSet: {"separation": "split", "leaving": "at-once"},
    BonusRuleSet: {"covers": (BonusCover(category=CategoryId("veg"), rate=Rate(5_000)),), "condition": Condition()},
    SeasonOpened: {"mode": "recorded", "skip": "moved", "days": (Day("2026-05-01", 1), Day("2026-05-08", 1))},
    CotisationRuleSet: {"free": True},
    FundOpened: {"earmark": UNBOUND},
    JointAgreed: {"role": "pays"},
}
"""What the example of a kind needs to be read as a rule."""
OTHER: Final[dict[tuple[type, str], tuple[Any, ...]]] = {
    (AllocationRuleSet, "form"): ("mean", "top-up"),
    (AllocationRuleSet, "short"): ("wait", "smaller"),
    (HouseholdRulesSet, "separation"): ("stay",),
    (HouseholdRulesSet, "leaving"): ("month-end",),
    (BonusRuleSet, "covers"): ((BonusCover(category=CategoryId("veg"), rate=Rate(100)),), (
        BonusCover(category=CategoryId("veg"), rate=Rate(5_000), product="4011"),)),
    (BonusRuleSet, "condition"): (Condition(who=("young",)), Condition(where=("hall",)), Condition(from_us=MicroTime(1)),
                                  Condition(until_us=MicroTime(1))),
    (BonusRuleSet, "month_cents"): (0, 1),
    (BonusRuleSet, "short"): tuple(ShortBonus),
    (SolidarityRuleSet, "when_short"): tuple(WhenShort),
    (DebitRuleSet, "counts_on"): ("execution",),
    (JointAgreed, "role"): ("hands-over",),
    (PayoutRulesSet, "payout_days"): (("mon",), WEEKDAYS),
    (SeasonOpened, "mode"): ("through-caisse",),
    (SeasonOpened, "skip"): ("lost", "none"),
    (SeasonOpened, "days"): ((Day("2026-05-01", 1),), (Day("2026-05-01", 2), Day("2026-05-08", 1))),
    (EarmarkSet, "earmark"): (UNBOUND, BOUND, *(BOUND._replace(**{name: empty}) for name, empty in UNBOUND._asdict().items()
                              if name != "alone"), BOUND._replace(alone=True)),
}  # fmt: skip


def changed(event: Any, **fields: Any) -> Event:
    """The same event with other fields; every event is a dataclass of its own."""
    done: Event = replace(event, **fields)
    return done


def ruled(kind: type[Event]) -> Event:
    return changed(example_of(kind), **SET_TO.get(kind, {}))


def others(kind: type, name: str, value: object) -> tuple[object, ...]:
    if (kind, name) in OTHER:
        return OTHER[kind, name]
    if isinstance(value, bool):
        return (not value,)
    if isinstance(value, StrEnum):
        return tuple(type(value))
    if isinstance(value, int):
        return (value + 10**13,)  # of an instant: some months
    return ("something else",) if isinstance(value, str) else (value[:1],) if isinstance(value, tuple) else (None,)


def said(event: Event) -> str:
    return "\n".join(words_of(event, NAMES))


def test_what_names_a_decision_is_a_rule_with_words_or_an_act() -> None:
    voted = {kind for kind in EVENTS if "decision" in field_names(kind)}
    assert voted - KINDS == ACTS, "a new kind of rule needs its words in rules/telling/voted_words.py, or is named an act there"


def test_each_field_of_each_rule_changes_what_is_said() -> None:
    silent = []
    for kind in sorted(KINDS, key=lambda one: one.__name__):
        event = ruled(kind)
        for name in field_names(kind):
            if name in SILENT or (kind, name) in SILENT_OF:
                continue
            values = [one for one in others(kind, name, getattr(event, name)) if one != getattr(event, name)]
            told = {said(event), *(said(changed(event, **{name: one})) for one in values)}
            if len(told) != len(values) + 1:
                silent.append(f"{kind.__name__}.{name}")
    assert silent == [], "fields that the words do not tell"


def test_the_earmark_of_a_new_fund_is_told_where_there_is_one() -> None:
    fund = changed(example_of(FundOpened), earmark=BOUND)
    assert "its money is spent only at glycines, for veg, from 1970" in said(fund)


def test_amounts_are_euros_and_funds_have_their_names() -> None:
    told = said(changed(ruled(AdvanceVoted), fund=FundId("general"), advance_cents=Cents(123_456)))
    assert told == "Of what is announced for the fund Common pot and has not come, 1234.56 EUR may be used early."
    cap = changed(example_of(RecognitionSet), debit_cap_cents=Cents(50_000))
    assert "at most 500.00 EUR more" in said(cap)


def test_a_freeze_is_told_until_credits_are_resumed() -> None:
    voted, caisse = Voted(), given(*MARKET).book.caisse
    voted.take(CreditsFrozen(decision=VOTE, by=AMINA))
    assert [one["kind"] for one in voted.told(caisse, NAMES, 1)] == ["freeze"]
    voted.take(CreditsResumed(decision=VOTE, by=AMINA))
    assert voted.told(caisse, NAMES, 1) == []


def test_a_rule_whose_vote_is_suspended_is_told_as_such() -> None:
    story = given(*MARKET)
    book, at_us = story.book, story.book.at_us + 1
    assert standing_in_words(book.caisse, VOTE, at_us) == "in force"
    ruling = DecisionSuspended(decision=VOTE, ruling=DecisionId("later"), from_us=MicroTime(at_us), by=AMINA)
    book.apply(ruling, book.position + 1, at_us)
    assert standing_in_words(book.caisse, VOTE, at_us) == "suspended"


VEG: Final = Cover(category=CategoryId("veg"), rate=Rate(7_000))
TARIFF: Final = Tariff(
    id=PayerId("tier"), covers=(VEG,), funds=(FundWeight(fund=FundId("a")), FundWeight(fund=FundId("b")))
)
PAYER: Final = Payer(id=PayerId("one"), covers=(VEG,), purse=PurseKind("credit"))
RULES: Final = Charte(
    version=1,
    decision=VOTE,
    effective_us=MicroTime(0),
    categories=(CategoryId("veg"),),
    payers=(PAYER,),
    tariffs=(TARIFF,),
)
CONDITIONS: Final = (
    Condition(who=("young",)),
    Condition(where=("hall",)),
    Condition(from_us=MicroTime(1)),
    Condition(until_us=MicroTime(1)),
)
COVERS: Final = (
    (Cover(category=CategoryId("soap"), rate=Rate(7_000)),),
    (Cover(category=CategoryId("veg"), rate=Rate(12_500)),),
    (Cover(category=CategoryId("veg"), rate=Rate(7_000), product="4011"),),
    (Cover(category=CategoryId("veg"), unit_cents=Cents(400)),),
)
CHARTE_FIELDS: Final[dict[str, tuple[Any, ...]]] = {
    "categories": ((CategoryId("soap"),),), "hold_days": (8,), "refund_lot_days": (31,), "order_accepted": (True,),
    "capture_tolerance": (500,), "payers": ((),), "tariffs": ((),),
}  # fmt: skip
TARIFF_FIELDS: Final[dict[str, tuple[Any, ...]]] = {
    "id": (PayerId("other"),), "covers": COVERS, "condition": CONDITIONS,
    "surplus_fund": (FundId("pool"),), "short": (Short.NEXT,),
    "funds": ((), (FundWeight(fund=FundId("a"), weight=2), FundWeight(fund=FundId("b")))),
}  # fmt: skip
PAYER_FIELDS: Final[dict[str, tuple[Any, ...]]] = {
    "id": (PayerId("other"),), "covers": COVERS, "purse": (PurseKind("council"),), "fund": (FundId("a"),),
    "condition": CONDITIONS,
    "ceilings": tuple((Ceiling(span=span, cents=Cents(100), per_purse=each),) for span in Span for each in (True, False)),
    "short": (Short.DECLINE,), "rank": (1,), "weight": (),
}  # fmt: skip
SILENT_IN_CHARTE: Final = {"version", "decision", "effective_us"}  # told beside the sentences


def told(rules: Charte) -> str:
    return "\n".join(rule_sentences(rules_in_words(rules, {}, zone="Europe/Paris", at_us=1)))


@pytest.mark.parametrize("kind", [Charte, Tariff, Payer])
def test_every_field_of_a_charte_is_said(kind: type) -> None:
    fields = {Charte: CHARTE_FIELDS, Tariff: TARIFF_FIELDS, Payer: PAYER_FIELDS}[kind]
    assert set(field_names(kind)) - SILENT_IN_CHARTE == set(fields), "a new field needs words, and its line here"
    for name, values in fields.items():
        seen = {told(RULES)}
        for value in values:
            changed = {
                Charte: lambda v=value, n=name: replace(RULES, **{n: v}),
                Tariff: lambda v=value, n=name: replace(RULES, tariffs=(replace(TARIFF, **{n: v}),)),
                Payer: lambda v=value, n=name: replace(RULES, payers=(replace(PAYER, **{n: v}),)),
            }[kind]()
            seen.add(told(changed))
        assert len(seen) == len(values) + 1, f"{kind.__name__}.{name} is not said"


def test_payers_of_one_rank_say_their_weights() -> None:
    ranked = replace(RULES, payers=(replace(PAYER, rank=1),))
    assert told(ranked) != told(replace(RULES, payers=(replace(PAYER, rank=1, weight=2),)))
