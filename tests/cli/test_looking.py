"""What `clearing status` tells: every account of double entry once, in a treasurer's words and with her sign."""

from clearing.cli.looking import sums_told
from clearing.projections.answers import Account


def account(name: str, cents: int) -> Account:
    return Account(account=name, debit_cents=max(0, cents), credit_cents=max(0, -cents), cents=cents, postings=1)


def test_every_account_counts_once_and_what_is_there_is_what_is_owed_or_kept() -> None:
    told = sums_told([
        account("bank", 190_000), account("cash", 2_000), account("cheques", 5_000), account("returned:general", 3_000),
        account("fund:general", -60_000), account("purse:credit", -131_582), account("owed:garden", -6_000),
        account("owed:goats", -418), account("payable:garden", -1_000), account("payable:grantor:city", -1_000),
    ])  # fmt: skip
    assert told == {
        "at the bank, by what was recorded": 190_000, "owed to producers, in no batch yet": 6_418,
        "in batches, not recorded as paid yet": 1_000, "cash in the box": 2_000, "cheques in the box": 5_000,
        "cotisations that came back (general)": 3_000, "free in the fund general": 60_000,
        "members can spend (credit)": 131_582, "payable to funders, members and heirs": 1_000,
    }  # fmt: skip
    assert 190_000 + 2_000 + 5_000 + 3_000 == 6_418 + 60_000 + 131_582 + 2_000


def test_a_caisse_where_nothing_moved_has_three_zeros() -> None:
    assert list(sums_told([]).values()) == [0, 0, 0]
