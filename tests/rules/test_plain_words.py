"""Who was at the vote recognises her rules in them, and a program finds the same in numbers."""

import json
from dataclasses import replace

from clearing.events.caisse import DecisionRecorded, Tally
from clearing.events.charte import Ceiling, Condition, Cover, FundWeight, Payer, Short, Span, Tariff
from clearing.events.products import Product
from clearing.rules.telling.plain_words import decision_in_words, percent, rules_in_words, sentences
from clearing.values import CategoryId, Cents, FundId, MicroTime, PayerId, PurseKind, Rate
from tests.given_when_then import given, paris
from tests.sayings import AMINA, CADENET, MARKET, VOTE, charte, covers, pays, producer

VEG, BASKETS = CategoryId("veg"), CategoryId("baskets")
SPONSOR = Payer(
    id=PayerId("sponsor"), fund=FundId("mill"), covers=(Cover(category=BASKETS, product="4011", unit_cents=Cents(800)),),
    condition=Condition(who=("young", "old"), where=("les-glycines",), from_us=MicroTime(paris("2026-05-01 00:00:00")),
                        until_us=MicroTime(paris("2026-09-01 00:00:00"))),
    ceilings=(Ceiling(span=Span.DAY, cents=Cents(40_000), per_purse=False), Ceiling(span=Span.YEAR, cents=Cents(19_600))),
    short=Short.DECLINE, rank=1, weight=2,
)  # fmt: skip
TIER = Tariff(id=PayerId("tier-b"), covers=covers(veg=70), funds=(FundWeight(fund=FundId("tier")),))
FREE = Tariff(
    id=PayerId("free-choice"), covers=(*covers(cheese=125), Cover(category=BASKETS, unit_cents=Cents(400))),
    funds=(FundWeight(fund=FundId("a"), weight=2), FundWeight(fund=FundId("b"))), surplus_fund=FundId("pool"), short=Short.NEXT,
)  # fmt: skip
RULES = charte(SPONSOR, pays("credit", veg=100, cheese=70), tariffs=(TIER, FREE)).charte


def told(*, effective_us: int = 0) -> list[str]:
    book = given(*MARKET, *producer(type(AMINA)("mill"), categories=("veg",))).book  # type: ignore[arg-type]
    data = rules_in_words(
        replace(RULES, effective_us=MicroTime(effective_us)), book.caisse.decisions, zone="Europe/Paris", at_us=book.at_us,
        products={"4011": Product("4011", "Bananas", BASKETS, "kg")}, producers=book.producers.producers.values(),
    )  # fmt: skip
    json.dumps(data)
    return list(sentences(data))


def test_the_rules_are_told_step_by_step_with_their_vote() -> None:
    said = "\n".join(told())
    for part in (
        "Charte 1, in force since the founding.",
        "Decision ag-2026-04 of 2026-04-20: What the card pays.",
        "Taken by general-meeting (majority): 31 for, 4 against, 2 abstained.",
        "These goods: veg, cheese, baskets. Anything else is the member's own to pay.",
        "Garden (convention garden-1)",
        "Mill (convention mill-1), for veg only",
        ("1. tier-b: veg costs 70 % of its price. The difference is carried by the fund tier. If the fund is short, the "
         "line is not sold at that price."),
        ("2. free-choice: cheese is paid 25 % more; one unit of baskets costs 4.00 EUR. The difference is carried by the funds "
         "a (2 parts), b (1 part). What is paid above the price goes to the fund pool."),
        ("1. sponsor: the fund mill pays 8.00 EUR per unit of baskets, product 4011 (Bananas), for members of young or old, at "
         "les-glycines, from 2026-05-01 00:00:00 CEST, until 2026-09-01 00:00:00 CEST. At most 400.00 EUR a day for all "
         "members together. At most 196.00 EUR a year for each purse. Shares rank 1 with weight 2. A line that it can't carry "
         "whole is not sold."),
        "2. credit: the purse credit pays 100 % of veg, 70 % of cheese.",
        "An order is held for 7 days; what comes back to credit that has lapsed can be spent for 30 days more.",
    ):  # fmt: skip
        assert part in said
    assert told(effective_us=paris("2026-05-01 00:00:00"))[0] == "Charte 1, in force since 2026-05-01 00:00:00 CEST."


def test_the_data_has_each_rate_ceiling_and_date_as_numbers() -> None:
    book = given(*MARKET).book
    data = rules_in_words(RULES, book.caisse.decisions, zone="Europe/Paris", at_us=book.at_us)
    payer = data["payers"][0]
    assert (payer["fund"], payer["covers"][0]["unit_cents"], payer["who"]) == ("mill", 800, ["young", "old"])
    assert payer["ceilings"] == [
        {"span": "day", "cents": 40_000, "per": "caisse"}, {"span": "year", "cents": 19_600, "per": "purse"},
    ]  # fmt: skip
    assert (data["payers"][1]["covers"][1]["rate"], data["decision"]["decision"]) == (7_000, VOTE)
    assert rules_in_words(CADENET.charte, {}, zone="Europe/Paris", at_us=0)["decision"] is None


def test_a_vote_is_told_by_college_with_its_scope_and_its_days() -> None:
    vote = DecisionRecorded(
        decision=VOTE, title="Our price", body="citizens-committee", method="consent", taken_on="2026-05-02", votes_for=9,
        votes_against=0, abstained=1, minutes_sha256=b"m" * 32, by=AMINA, scope="group:young", effective_on="2026-06-01",
        ends_on="2026-09-01", minutes_link="https://example.org/pv", tallies=(Tally("eaters", 9, 0, 1),),
    )  # fmt: skip
    said = decision_in_words(vote)["sentences"]
    assert said[1:5] == [
        "Taken by citizens-committee (consent): 9 for, 0 against, 1 abstained.", "  eaters: 9 for, 0 against, 1 abstained.",
        "It is about group young only.", "It holds from 2026-06-01 until the day before 2026-09-01.",
    ]  # fmt: skip
    drawn = replace(vote, method="draw", drawn=15, votes_for=0, abstained=0, tallies=())
    assert "by 15 persons drawn by lot" in decision_in_words(drawn)["sentences"][1]


def test_a_percent_is_written_as_it_was_voted() -> None:
    assert [percent(rate) for rate in (10_000, 6_250, 505, 0)] == ["100 %", "62.5 %", "5.05 %", "0 %"]


def test_a_purse_and_a_rate_are_told_in_one_sentence() -> None:
    own = Payer(id=PayerId("own"), purse=PurseKind("own"), covers=(Cover(category=VEG, rate=Rate(10_000)),))
    data = rules_in_words(charte(own).charte, {}, zone="Europe/Paris", at_us=0)
    assert data["payers"][0]["sentence"] == "own: the purse own pays 100 % of veg."
