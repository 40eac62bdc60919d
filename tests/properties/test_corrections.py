"""Whatever was entered wrong, once corrected the books hold what they would if it had been entered right at first."""

from dataclasses import replace
from random import Random
from typing import Any

from hypothesis import given, strategies as st

from clearing.rules.answers import Declined
from clearing.rules.treasury.cotisations import standings
from clearing.values import MemberId
from tests.given_when_then import Story, given as story_of
from tests.properties.test_contracts import agreed
from tests.rules.test_corrections import correct
from tests.rules.test_cotisations import CLUB, RULE, agree, basis, confirm, count, give_back, receive

MEANS = ["cash", "cheque", "transfer", "debit"]
MONTHS = ["2026-05", "2026-06", "2026-07"]


def before(dice: Random) -> Story:
    """Two households that agreed, paid, and had debits that came back; some of the cash is at the bank."""
    rule = RULE if dice.random() < 0.5 else replace(RULE, over_is_gift=True)
    story = story_of(*CLUB, rule) if rule is RULE else basis(story_of(*CLUB, rule))
    for owner in ("m-1", "m-2"):
        story.when(agree(500 * dice.randint(2, 9) * (every := dice.choice([1, 3])), every=every, owner=owner))
    for number in range(dice.randint(0, 8)):
        story.when(receive(
            dice.randint(1, 9_000), dice.choice(MONTHS), reference=f"p{number}", means=dice.choice(MEANS),
            owner=dice.choice(["m-1", "m-2"]),
        ))  # fmt: skip
        if dice.random() < 0.3:
            story.when(give_back(f"p{number}"))
    cash = story.book.takings.in_box.get("cash", 0)
    if cash and dice.random() < 0.5:
        story.when(count(dice.randint(1, cash)))
        story.when(confirm(getattr(story.last, "cents", 0)))
    return story


def said(story: Story) -> dict[str, Any]:
    book = story.book
    return {
        "months": {name: [one for one in standings(book.cotisations, MemberId(name), until="2026-12") if any(one[2:])]
                   for name in ("m-1", "m-2")},
        "unpaid": {key: one.cents for key, one in book.cotisations.unpaid.items()},
        "fund": book.funds[RULE.fund].free_cents(),
        "boxes": {name: cents for name, cents in book.takings.in_box.items() if cents},
        "gifts": {(year, who): cents for year, of_year in book.gifts.given.items() for who, cents in of_year.items() if cents},
        "paid in": {who: {month: cents for month, cents in months.items() if cents}
                    for who, months in book.allocation.paid_in.items() if any(months.values())},
        "accounts": {name: cents for name, cents in story.ledger.balances.items() if cents},
    }  # fmt: skip


@given(st.integers(0, 2**32))
def test_a_corrected_entry_leaves_no_trace_but_in_the_log(seed: int) -> None:
    dice, twin = Random(seed), Random(seed)
    story, right_at_first = before(dice), before(twin)
    wrong, right = ({
        "owner": dice.choice(["m-1", "m-2"]), "period": dice.choice(MONTHS), "cents": dice.randint(1, 9_000),
        "means": dice.choice(MEANS),
    } for _ in range(2))  # fmt: skip
    story.when(receive(**wrong, reference="wrong")).then("00")  # type: ignore[arg-type]
    never = dice.random() < 0.2
    body = {"who": right["owner"], "rule": "cotisation", "month": right["period"]} | {
        name: right[name] for name in ("cents", "means")
    }
    answer = correct(story, None if never else body, reference="wrong")
    if isinstance(answer, str):
        assert "already" in answer or "would be short" in answer or "are in the box" in answer
        return
    if not never:
        right_at_first.when(receive(**right, reference="wrong"))  # type: ignore[arg-type]
        assert not isinstance(right_at_first.last, Declined)
    assert said(story) == said(right_at_first)
    agreed(story)
