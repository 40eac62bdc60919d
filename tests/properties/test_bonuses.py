"""Bonuses against a reference of fractions: never above the ceiling, back with the goods, no cent lost over many refunds."""

from fractions import Fraction

from hypothesis import given as for_all, settings, strategies as st

from clearing.events.bonus import BonusCredited, BonusTakenBack
from clearing.values import FundId
from tests.given_when_then import given
from tests.sayings import MARKET, Till, bonus, charte, credit, line, pays

CEILING = 2_500
sales = st.lists(
    st.tuples(st.integers(1, 4_000), st.integers(1, 4_000), st.lists(st.integers(1, 2_000), max_size=4), st.booleans()),
    min_size=1, max_size=6,
)  # fmt: skip


def half_up(share: Fraction) -> int:
    return int((share + Fraction(1, 2)) // 1)


@for_all(asked=sales, percent=st.sampled_from([10, 33, 50, 100]))
@settings(max_examples=120, deadline=None)
def test_a_bonus_is_what_its_goods_bring_and_goes_back_with_them(
    asked: list[tuple[int, int, list[int], bool]], percent: int
) -> None:
    """Nothing of the bonus is spent here, so all that goes back comes out of the purse; a naive sum says how much stays."""
    till = Till()
    story = given(*MARKET, credit(500_000), bonus(percent, "veg", month_cents=CEILING))
    stays = 0
    for veg, cheese, refunds, undone in asked:
        sale = till.sale(line("veg", veg), line("cheese", cheese))
        story.when(sale, till.tap())
        brought = min(half_up(Fraction(veg * percent, 100)), CEILING - stays)
        assert sum(one.cents for one in story.followed if isinstance(one, BonusCredited)) == brought
        full, back = half_up(Fraction(veg * percent, 100)), 0
        for cents in refunds:
            if back + cents <= veg:
                back += cents
                story.when(till.refund(sale, line("veg", cents))).then("00")
        lost = half_up(Fraction(full * back, veg))
        left = brought - (half_up(Fraction(brought * lost, full)) if full else 0)
        if undone:
            story.when(till.reverse(sale)).then("00")
            left = 0
        stays += left
        assert story.purse("m-1", "bonus") == stays == story.account("purse:bonus")
        assert sum(story.book.bonuses.used.values()) == stays <= CEILING


@for_all(asked=sales)
@settings(max_examples=120, deadline=None)
def test_a_spent_bonus_is_never_a_debt_and_the_rule_never_gives_more_than_the_goods_that_stayed(
    asked: list[tuple[int, int, list[int], bool]]
) -> None:
    """The bonus is spent first here: what is to go back and is gone is kept from later bonuses."""
    till = Till()
    both = charte(pays("bonus", veg=100, cheese=100), pays("credit", veg=100, cheese=100), version=2, effective_us=1)
    story = given(*MARKET, credit(500_000), both, bonus(50, "veg", month_cents=CEILING))
    credited = taken = 0
    for veg, cheese, _, undone in asked:
        sale = till.sale(line("veg", veg), line("cheese", cheese))
        story.when(sale, till.tap())
        credited += sum(one.cents for one in story.followed if isinstance(one, BonusCredited))
        if undone:
            story.when(till.reverse(sale)).then("00")
            taken += sum(one.cents for one in story.followed if isinstance(one, BonusTakenBack))
        owing = sum(story.book.bonuses.owing.values())
        assert credited - taken == sum(story.book.bonuses.used.values()) + owing
        assert story.purse("m-1", "bonus") == story.account("purse:bonus") >= 0
        assert story.book.funds[FundId("general")].free_cents() == story.account("fund:general")
        assert sum(story.ledger.balances.values()) == 0
