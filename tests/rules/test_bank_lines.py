"""Law: a line of the bank's statement is received once; its twin is received when a person says that it is another one."""

import pytest

from clearing.rules.answers import Declined
from clearing.rules.treasury import funds, subsidies
from clearing.values import Cents, FundId, GrantId
from tests.given_when_then import Story, given
from tests.sayings import AMINA, FOUNDED, Decide, opened

GENERAL = FundId("general")


def receive(
    cents: int = 5_000, reference: str = "VIR 77", *, on: str = "", another: bool = False, fund: str = "general"
) -> Decide:
    return lambda book, _: funds.decide_receive(
        book.funds, book.bank_lines, fund=FundId(fund), cents=Cents(cents), reference=reference, by=AMINA, on=on,
        another=another,
    )


def story() -> Story:
    return given(*FOUNDED, opened("tier"))


def test_the_same_line_given_twice_is_refused_with_where_it_is_and_what_to_do() -> None:
    found = story().when(receive()).then("00").when(receive())
    assert isinstance(found.last, Declined)
    assert found.last.why == (
        "50.00 EUR are recorded already under 'VIR 77', for fund general. If the bank sent another line just like it, give its "
        "day when that differs, or say that this is another one (--another)."
    )
    assert found.book.funds[GENERAL].received_cents == 5_000


def test_a_twin_of_a_line_is_received_when_a_person_says_it_is_another_one() -> None:
    found = story().when(receive(on="2026-05-02")).when(receive(on="2026-05-02", another=True)).then("00", another=True)
    assert found.book.funds[GENERAL].received_cents == 10_000
    found.when(receive(on="2026-05-02"))
    assert isinstance(found.last, Declined)


@pytest.mark.parametrize(
    "other",
    [receive(5_001), receive(reference="VIR 78"), receive(on="2026-06-02")],
    ids=["amount", "reference", "day"],
)
def test_another_amount_reference_or_day_is_another_line(other: Decide) -> None:
    assert story().when(receive(on="2026-05-02")).when(other).then("00").book.funds[GENERAL].received_cents >= 10_000


def test_a_line_without_a_day_may_be_any_of_its_kind() -> None:
    for first, second in (("", "2026-05-02"), ("2026-05-02", "")):
        found = story().when(receive(on=first)).when(receive(on=second))
        assert isinstance(found.last, Declined)


def test_a_line_is_not_received_once_more_for_another_fund_or_as_part_of_a_subsidy() -> None:
    found = story().when(receive()).when(receive(fund="tier"))
    assert isinstance(found.last, Declined)
    assert "for fund general" in found.last.why
    answer = subsidies.decide_receive(
        found.book.subsidies, found.book.bank_lines, grant=GrantId("none"), cents=Cents(5_000), reference="VIR 77", by=AMINA
    )
    assert isinstance(answer, Declined)
