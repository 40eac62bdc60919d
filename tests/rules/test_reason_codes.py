"""What a bank's code says is in one table, and the treasurer's page has the same."""

import pytest

from clearing.rules.treasury.reason_codes import REASONS, UNAUTHORISED, told
from tests.house.sources import CLONE


def test_the_treasurer_s_page_says_of_each_code_what_the_program_says() -> None:
    page = (CLONE / "docs/DEBITS.md").read_text(encoding="utf-8")
    missing = [
        code for code, one in REASONS.items()
        if f"| {code} | {one.told} | {one.do} | {'at once' if one.final else 'at the second failure'} |" not in page
    ]
    assert missing == []


def test_a_code_has_four_signs_and_an_unknown_one_is_told_with_the_bank_s_own_words() -> None:
    assert all(len(code) == 4 and code.isalnum() and code.isupper() for code in REASONS)
    assert UNAUTHORISED in REASONS
    assert told("ZZ99", "hors service") == "ZZ99: hors service"
    assert told("", "") == "no code: the bank says no more"


@pytest.mark.parametrize("code", ["AC01", "AC04", "AM04", "MD01", "MD06", "MD07", "MS02", "MS03"])
def test_what_banks_say_most_often_is_known(code: str) -> None:
    assert told(code).startswith(f"{code}: ")
