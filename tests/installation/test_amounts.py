"""Law: amounts and rates of people become integers exactly, or are refused with how to write them."""

import pytest
from hypothesis import given, strategies as st

from clearing.installation.amounts import euros, read_euros, read_percent
from clearing.values import CENTS_MAX, InvalidValue


@pytest.mark.parametrize(("text", "cents"), [("150.00", 15_000), ("0.05", 5), ("7,35", 735), ("999999999.99", CENTS_MAX)])
def test_euros_with_two_decimals_become_cents(text: str, cents: int) -> None:
    assert read_euros(text) == cents


@pytest.mark.parametrize("text", ["150", "1.5", "1.505", "-1.00", "1 000.00", "", 150, 1.5, None, "1000000000.00", "١.٠٠"[:1]])
def test_what_is_not_euros_with_two_decimals_is_refused(text: object) -> None:
    with pytest.raises(InvalidValue, match=r"two decimals|below zero|larger than any"):
        read_euros(text)


@pytest.mark.parametrize(("value", "rate"), [(70, 7_000), ("70", 7_000), ("62.5", 6_250), ("0,01", 1), (0, 0), ("125", 12_500)])
def test_percent_becomes_ten_thousandths(value: object, rate: int) -> None:
    assert read_percent(value) == rate


@pytest.mark.parametrize("value", [62.5, -1, "62.555", "a", True, None, "70 %"])
def test_a_rate_that_is_not_exact_is_refused(value: object) -> None:
    with pytest.raises(InvalidValue, match="in percent"):
        read_percent(value)


@given(st.integers(min_value=0, max_value=CENTS_MAX))
def test_what_is_shown_reads_back_as_the_same_cents(cents: int) -> None:
    assert read_euros(euros(cents).replace(" ", "")) == cents


def test_large_and_negative_amounts_are_shown_in_groups() -> None:
    assert (euros(123_456_789), euros(-280)) == ("1 234 567.89", "-2.80")
