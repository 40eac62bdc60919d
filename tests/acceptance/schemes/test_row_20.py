"""Row 20: five people or nothing, and the ledger's own cents."""

import pytest

from clearing.rules.telling.statistics import K_MIN
from tests.acceptance.schemes.row_20 import MEMBERS, month

pytestmark = pytest.mark.row(20)


async def test_the_months_total_is_the_ledgers_to_the_cent() -> None:
    lived = month()
    balances = await lived.caisse.proved()
    assert lived.figures[0].card_cents == sum(cents for account, cents in balances.items() if account.startswith("owed:"))
    assert lived.figures[0].members == len(MEMBERS)


def test_lines_sum_to_their_parents_and_none_has_fewer_than_five_people() -> None:
    figures = {one.path: one for one in month().figures}
    for path, one in figures.items():
        below = [other for there, other in figures.items() if len(there) == len(path) + 1 and there[:-1] == path]
        assert not below or sum(other.card_cents for other in below) == one.card_cents
        assert one.members >= K_MIN


def test_one_persons_cheese_is_neither_shown_nor_found_by_subtraction() -> None:
    figures = {one.path: one for one in month().figures}
    assert ("south",) in figures
    assert not any(path[:1] == ("south",) and len(path) > 1 for path in figures)
    assert ("north", "cheese", "shop") in figures
