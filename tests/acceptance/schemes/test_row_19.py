"""Row 19: netting sums to zero, a card pays at the other's producer, and a treasurer gets nothing of the other's members."""

import pytest

from clearing.rules.between.netting import unmatched
from tests.acceptance.schemes.row_19 import COAST, LOOS, saturday

pytestmark = pytest.mark.row(19)


async def test_each_card_pays_by_the_rates_of_its_own_caisse() -> None:
    sold = (await saturday()).sold
    assert [done.card_cents for done in sold.values()] == [600 + 425, 1_200 + 595, 1_400]


async def test_the_netting_of_the_day_sums_to_zero_and_is_settled_by_one_transfer_each() -> None:
    lived = await saturday()
    assert lived.netted.nets == {COAST: 1_025 - 3_195, LOOS: 3_195 - 1_025}
    assert lived.netted.total_cents() == 0
    for caisse in (lived.coast, lived.loos):
        assert caisse.account("netting") == 0
        assert not any(caisse.book.interchange.balances.values())


async def test_both_logs_are_proved_and_every_half_has_its_twin() -> None:
    lived = await saturday()
    coast, loos = await lived.coast.proved(), await lived.loos.proved()
    assert (coast["owed:stall"], loos["owed:stall"]) == (1_025, 3_195)
    assert unmatched({COAST: lived.coast.book.interchange, LOOS: lived.loos.book.interchange}) == []


async def test_nothing_that_a_caisse_stores_of_the_others_cards_names_a_member_or_a_purse() -> None:
    lived = await saturday()
    for caisse in (lived.coast, lived.loos):
        sold = [row for row in caisse.log.rows if row.type in (235, 237)]  # what it sold to, and heard of, the other's cards
        assert len(sold) >= 2
        assert not any(word in row.public + row.private for row in sold for word in (b"m-1", b"m-2", b"credit", b"monthly"))
