"""The plan of accounts as a file: what is offered holds, and what is wrong in one is told with its line."""

from dataclasses import replace

import pytest
from stdnum.fr import siren

from clearing.books.moves import Move
from clearing.books.plan import Place, Plan
from clearing.installation.plan_file import PlanRefused, default_plan, read_plan
from clearing.rules.ledger.legs import MOVES
from clearing.rules.treasury.account_plan import siren_holds, wrong_plan
from tests.books.keeping import PLAN, planned


def spoiled(old: str, new: str) -> str:
    text = default_plan()
    assert old in text
    return text.replace(old, new, 1)


def line_of(text: str, words: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), 1) if words in line)


def test_the_plan_that_is_offered_can_be_recorded_as_it_is() -> None:
    read = read_plan(default_plan())
    assert wrong_plan(read.siren, read.year_starts, read.rows) is None
    assert (read.siren, read.year_starts) == ("", 1)


@pytest.mark.parametrize(("old", "new", "why"), [
    ('bank = "512"', 'bank = "x12"', "needs an account number"),
    ('bank = "512"', "bank = 512", "needs a text in quotes"),
    ("[dedicated]", "[dedicate]", "there is no section 'dedicate'"),
    ('coupon = "7541"', 'coupons = "7541"', "there is no nature 'coupons'"),
    ('siren = ""', 'siren = "123456789"', "is no SIREN"),
    ("year_starts = 1 ", 'year_starts = "1"', "starts in a month from 1 to 12"),
    ('bank = "BQ Banque"', 'bank = "Banque"', "written as a code and its name"),
])  # fmt: skip
def test_a_mistake_is_told_with_its_line(old: str, new: str, why: str) -> None:
    text = spoiled(old, new)
    with pytest.raises(PlanRefused, match=why) as refused:
        read_plan(text, name="plan.toml")
    assert str(refused.value).startswith(f"plan.toml, line {line_of(text, new)}: ")


def test_what_is_no_toml_is_told_so() -> None:
    with pytest.raises(PlanRefused, match=r"plan\.toml is no TOML"):
        read_plan("siren = ", name="plan.toml")


def test_every_kind_of_account_of_the_ledger_stands_somewhere() -> None:
    plan = Plan(PLAN)
    accounts = (
        "bank", "cash", "cheques", "held:purse:credit", "held-abroad:own:own", "owed:garden", "payable:garden",
        "payable:grantor:draaf", "payable:member:m-1", "payable:heir:general", "returned:general", "contract:c-1",
        "interchange:aval", "netting", "receivable:general", "purse:credit", "own:credit",
        "bank:waiting", "collected:general",
    )  # fmt: skip
    numbers = [plan.place(Move(account, "", 1)).number for account in accounts]
    assert numbers == ["512", "531", "5112", "4191", "467", "401", "401", "467", "467", "467", "411", "467", "451", "451",
                       "441", "4191", "467", "4718", "5115"]  # fmt: skip
    assert not plan.nowhere
    assert MOVES


def test_what_the_plan_does_not_know_waits_in_471_and_is_named() -> None:
    plan = Plan(planned())
    assert plan.place(Move("gold:bars", "", 1)) == Place("471")
    assert plan.nowhere == {"gold:bars"}
    assert plan.label("471") == "Compte d'attente"


def test_no_member_and_no_contract_is_a_third_party_of_the_books() -> None:
    plan = Plan(PLAN)
    assert plan.place(Move("owed:garden", "", 1)).auxiliary == "garden"
    assert plan.place(Move("interchange:aval", "", 1)).auxiliary == "aval"
    for account in ("payable:member:m-1", "contract:c-1", "own:credit", "payable:heir:general"):
        assert plan.place(Move(account, "", 1)).auxiliary == ""


def test_a_subsidy_of_a_foundation_stands_where_the_plan_says() -> None:
    text = default_plan().replace("\n[subsidies]", '\n[subsidies]\nfoundation = "7551"\nregion = "7411"')
    plan = Plan(replace(PLAN, rows=read_plan(text).rows))
    assert plan.place(Move("fund:general", "subsidy", -1, "foundation")).number == "7551"
    assert plan.place(Move("fund:general", "given-back", 1, "foundation")).number == "7551"
    assert plan.place(Move("fund:general", "subsidy", -1, "draaf")).number == "741"
    assert plan.place(Move("fund:region", "announced", -1)).number == "7411"


@pytest.mark.parametrize("digits", ["732829320", "404833048", "552100554", "123456782", "111111111"])
def test_a_siren_holds_when_another_library_says_so(digits: str) -> None:
    assert siren_holds(digits) is bool(siren.is_valid(digits))
