"""Months that a household owes from before are paid off, or not, as if they had been agreed and paid here from the start."""

from random import Random

from hypothesis import given, strategies as st

from clearing.authoriser.verbs.opening import known_of
from clearing.events.opening import OpeningArrear
from clearing.rules.ends import opening
from clearing.rules.ends.opening import Balances
from clearing.rules.treasury.cotisations import period_of, standings
from clearing.values import Cents, MemberId
from tests.given_when_then import Story, given as story_of
from tests.properties.test_contracts import agreed
from tests.rules.test_cotisations import CLUB, RULE, agree, receive
from tests.sayings import AMINA, BRUNO

M_1, MAY = MemberId("m-1"), 2026 * 12 + 4
NOTHING = Balances(as_of="2026-04-30", bank_cents=0, lots=(), funds=(), debts=(), digest=bytes(32))


def lived(dice: Random, every: int, cents: int) -> tuple[Story, list[int]]:
    """Agreed eleven months ago and paid now and then, here: the story, and what was paid of each time."""
    story, paid = story_of(*CLUB, RULE), list[int]()
    first = MAY - 12 // every * every if every > 1 else MAY - 11
    story.when(agree(cents * every, every=every, start=period_of(first))).then("00")
    for place, month in enumerate(range(first, MAY, every)):
        paid.append(dice.choice([0, 1, cents, cents * every - 1, cents * every]))
        if paid[-1]:
            story.when(receive(paid[-1], period_of(month), reference=f"before {place}", means="transfer")).then("00")
    return story, paid


def opened(every: int, cents: int, paid: list[int]) -> Story:
    """The same household in a caisse that begins today, with what it owes; it agrees to go on with its next month."""
    story = story_of(*CLUB, RULE)
    first = MAY - 12 // every * every if every > 1 else MAY - 11
    rows = tuple(
        OpeningArrear(M_1, RULE.rule, period_of(first + place * every), every, Cents(cents * every), Cents(one))
        for place, one in enumerate(paid) if one < cents * every
    )  # fmt: skip
    if rows:
        listed = Balances(**{name: getattr(NOTHING, name) for name in Balances.__slots__} | {"arrears": rows})
        story.when(lambda book, at_us: opening.decide_propose(
            book.opening, listed, known=known_of(book, at_us), by=AMINA, at_us=at_us
        )).then("00")  # fmt: skip
        story.when(lambda book, at_us: opening.decide_accept(
            book.opening, listed, known=known_of(book, at_us), by=BRUNO, at_us=at_us
        )).then("00")  # fmt: skip
    story.when(agree(cents * every, every=every, start=period_of(first + len(paid) * every))).then("00")
    return story


def owed(story: Story) -> dict[str, int]:
    said = standings(story.book.cotisations, M_1, until="2026-08")
    return {one.period: one.open_cents() for one in said if one.open_cents()}


def in_fund(story: Story) -> int:
    return story.book.funds[RULE.fund].free_cents()


@given(st.integers(0, 2**32), st.sampled_from([1, 3]), st.integers(2, 20))
def test_what_is_paid_of_old_months_leaves_the_same_open_and_brings_the_fund_the_same(
    seed: int, every: int, steps: int
) -> None:
    dice, cents = Random(seed), steps * 500
    before, paid = lived(dice, every, cents)
    after = opened(every, cents, paid)
    assert owed(after) == owed(before)
    at_first = in_fund(before) - in_fund(after)
    for number in range(dice.randint(0, 8)):
        month, amount = period_of(MAY - dice.randint(-2, 11)), dice.randint(1, cents * every)
        for story in (before, after):
            story.when(receive(amount, month, reference=f"line {number}", means="transfer"))
        assert type(after.last) is type(before.last)
        open_before, open_after = owed(before), owed(after)
        assert {name: open_after.get(name, 0) for name in open_before if open_before[name] > 0} == {
            name: one for name, one in open_before.items() if one > 0
        }
        assert in_fund(before) - in_fund(after) == at_first
        agreed(after)
