"""Row 13, joint purchase: parts that sum to the cent, receipts that can't be told apart."""

import re

import pytest

from tests.acceptance.schemes.row_13 import GROCERIES, purchase

pytestmark = pytest.mark.row(13)


@pytest.mark.parametrize("cents", [10_000, 9_999, 75, 7_501])
def test_the_parts_of_a_joint_purchase_sum_to_the_cent(cents: int) -> None:
    lived = purchase(cents)
    assert sum(lived.parts.values()) == cents
    assert lived.caisse.account("payable:potato-farm") == cents
    assert all(abs(lived.parts[name] * 75 - cents * kilos) < 75 for name, kilos in GROCERIES.items())


def test_a_reduced_and_a_full_price_receipt_have_the_same_form() -> None:
    lived = purchase()
    assert lived.sources["sud"] == {"fund:social", "purse:credit"}
    assert lived.sources["nord"] == {"purse:credit"}
    without_amounts = {re.sub(r"[\d.]+ *", "#", text) for text in lived.receipts.values()}
    assert len(without_amounts) == 1
    assert not any(word in text for text in lived.receipts.values() for word in ("social", "fund", "purse", "%"))


async def test_the_log_of_the_joint_purchase_is_proved() -> None:
    assert (await purchase().caisse.proved())["payable:potato-farm"] == 10_000
