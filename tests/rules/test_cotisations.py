"""What members pay in, told as stories: agreed forward, received once, back from the bank, in a box, and on a tax receipt."""

from dataclasses import replace
from typing import Any

import pytest

from clearing.audit.sums import book_balances, in_books
from clearing.events.cotisations import CotisationAgreed, CotisationRuleSet, Level
from clearing.rules.answers import Declined
from clearing.rules.treasury import cotisations, gifts, takings
from clearing.rules.treasury.gifts import Wanted
from clearing.values import Cents, FundId, MemberId
from tests.given_when_then import Story, given
from tests.household_sayings import leave
from tests.sayings import AMINA, BRUNO, CHLOE, FOUNDED, VOTE, Decide, member

GENERAL = FundId("general")
RULE = CotisationRuleSet(
    rule="cotisation", fund=GENERAL, minimum_cents=Cents(1_000), step_cents=Cents(500), levels=(), free=True,
    means=("debit", "cash", "cheque", "transfer"), over_is_gift=False, decision=VOTE, by=AMINA,
)
GRID = replace(RULE, free=False, levels=(Level("A", Cents(1_000)), Level("B", Cents(3_000)), Level("C", Cents(8_000))))
CLUB = (*FOUNDED, member(), member("m-2"))


def agree(cents: int, *, every: int = 1, start: str = "2026-05", means: str = "debit", owner: str = "m-1") -> Decide:
    agreed = CotisationAgreed(
        member=MemberId(owner), rule="cotisation", cents=Cents(cents), every_months=every, from_period=start, means=means,
        by=BRUNO,
    )
    return lambda book, at_us: cotisations.decide_agree(
        book.cotisations, book.members, agreed, this_period=f"{book.caisse.calendar.day(at_us):%Y-%m}"
    )


def receive(
    cents: int, period: str = "2026-05", *, reference: str = "line 1", means: str = "debit", owner: str = "m-1"
) -> Decide:
    return lambda book, at_us: cotisations.decide_receive(
        book.cotisations, book.members, book.takings, member=MemberId(owner), rule="cotisation", period=period,
        cents=Cents(cents), means=means, reference=reference, gifts_count=book.gifts.over_contribution_counts(), by=AMINA,
        this_period=f"{book.caisse.calendar.day(at_us):%Y-%m}",
    )


def give_back(reference: str = "line 1", by: Any = AMINA) -> Decide:
    return lambda book, _: cotisations.decide_return(book.cotisations, reference=reference, reason="AM04", by=by)


def write_off(by: Any = BRUNO) -> Decide:
    return lambda book, _: cotisations.decide_write_off(
        book.cotisations, book.funds, member=MemberId("m-1"), period="2026-05", reason="hard times", by=by
    )


def count(cents: int, account: str = "cash", by: Any = AMINA) -> Decide:
    return lambda book, _: takings.decide_count(book.takings, account=account, cents=Cents(cents), by=by)


def confirm(cents: int, by: Any = BRUNO, deposit: int = 1) -> Decide:
    return lambda book, _: takings.decide_confirm(
        book.takings, deposit=deposit, cents=Cents(cents), reference="slip 7", by=by
    )


def gift(cents: int, donor: str = "donor:d-1", *, reference: str = "g 1", means: str = "cheque") -> Decide:
    return lambda book, _: gifts.decide_gift(
        book.gifts, book.funds, book.takings, donor=donor, fund=GENERAL, cents=Cents(cents), means=means, reference=reference,
        by=AMINA,
    )


BASIS: dict[str, Any] = {"text": "association of general interest", "articles": "200 and 238 bis", "over_contribution": True}


def basis(story: Story) -> Story:
    story.when(lambda book, _: gifts.decide_propose_basis(book.gifts, **BASIS, by=AMINA)).then("00")
    return story.when(lambda book, _: gifts.decide_enter_basis(book.gifts, **BASIS, by=BRUNO)).then("00")


def issue(story: Story, *wanted: Wanted, year: int = 2026) -> Story:
    book = story.book
    result = gifts.decide_issue(
        book.gifts, year=year, wanted=wanted, issued_on="2026-05-01", by=AMINA, today=book.caisse.calendar.day(story._next_us())
    )
    if isinstance(result, Declined):
        story.last = result
        return story
    story.and_given(*result)
    story.last = result[-1]
    return story


def agreed(story: Story) -> None:
    """Book and double entry hold the same cents."""
    posted = {name: -cents for name, cents in story.ledger.balances.items() if cents and in_books(name)}
    assert book_balances(story.book) == posted


def open_cents(story: Story, until: str, owner: str = "m-1") -> dict[str, int]:
    found = cotisations.standings(story.book.cotisations, MemberId(owner), until=until)
    return {one.period: one.open_cents() for one in found if one.open_cents()}


def test_a_rule_that_cannot_be_carried_out_is_declined() -> None:
    book = given(*CLUB).book
    for wrong in ({"fund": FundId("none")}, {"means": ("barter",)}, {"free": False}):
        answer = cotisations.decide_set_rule(replace(RULE, **wrong), funds=book.funds)
        assert isinstance(answer, Declined), wrong


@pytest.mark.parametrize(
    ("rule", "cents", "every", "code"),
    [
        (RULE, 1_000, 1, "00"), (RULE, 1_500, 1, "00"), (RULE, 500, 1, "12"), (RULE, 1_700, 1, "12"),
        (RULE, 4_500, 3, "00"), (RULE, 4_000, 3, "12"), (GRID, 3_000, 1, "00"), (GRID, 2_000, 1, "12"),
        (GRID, 96_000, 12, "00"), (replace(GRID, free=True), 2_000, 1, "00"),
    ],
)  # fmt: skip
def test_an_amount_is_of_the_grid_or_in_steps_above_the_minimum(
    rule: CotisationRuleSet, cents: int, every: int, code: str
) -> None:
    given(*CLUB, rule).when(agree(cents, every=every)).then(code)


def test_what_was_agreed_changes_forward_only() -> None:
    story = given(*CLUB, RULE).when(agree(2_000, start="2026-02")).then("00")
    story.when(agree(3_000, start="2026-04")).then("12").when(agree(3_000, start="2026-06")).then("00")
    assert open_cents(story, "2026-07") == {
        "2026-02": 2_000, "2026-03": 2_000, "2026-04": 2_000, "2026-05": 2_000, "2026-06": 3_000, "2026-07": 3_000,
    }
    story.at("2026-08-02 10:00:00").when(lambda book, _: cotisations.decide_end(
        book.cotisations, member=MemberId("m-1"), until_period="2026-09", by=BRUNO, this_period="2026-08"
    )).then("00")
    assert max(open_cents(story, "2027-12")) == "2026-08"


def test_a_quarter_is_due_in_its_first_month_and_paid_for_any_of_its_months() -> None:
    story = given(*CLUB, RULE).when(agree(4_500, every=3, start="2026-05"))
    story.when(receive(4_500, "2026-06")).then("00", period="2026-05")
    assert open_cents(story, "2026-12") == {"2026-08": 4_500, "2026-11": 4_500}


def test_a_bank_line_is_received_once() -> None:
    story = given(*CLUB, RULE).when(agree(2_000)).when(receive(2_000)).then("00")
    story.when(receive(2_000)).then("12")
    assert "in the book" in getattr(story.last, "why", "")
    story.when(receive(2_000, "2026-06")).then("12")
    assert "give this one another" in getattr(story.last, "why", "")
    assert (story.account("fund:general"), -story.account("bank")) == (2_000, 2_000)


def test_a_debit_that_comes_back_is_owed_by_the_member_and_the_fund_keeps_its_money() -> None:
    story = given(*CLUB, RULE).when(agree(2_000)).when(receive(2_000)).at("2026-06-20 10:00:00").when(give_back()).then("00")
    assert open_cents(story, "2026-05") == {"2026-05": 2_000}
    assert (story.account("fund:general"), story.account("returned:general"), story.account("bank")) == (2_000, -2_000, 0)
    story.when(give_back()).then("12")
    agreed(story)
    story.when(receive(2_500, reference="line 2")).then("00", cleared_cents=2_000)
    assert (story.account("fund:general"), story.account("returned:general")) == (2_500, 0)
    agreed(story)


def test_nothing_is_due_of_who_left_or_died_after_that_month() -> None:
    story = given(*CLUB, RULE).when(agree(2_000)).when(leave("m-1", "died")).then("00")
    due = cotisations.standings(story.book.cotisations, MemberId("m-1"), until="2026-12")
    assert [(one.period, one.due_cents) for one in due] == [("2026-05", 2_000)]


def test_nobody_writes_off_a_return_of_her_own_because_somebody_else_recorded_the_next_one() -> None:
    story = given(*CLUB, RULE).when(receive(2_000)).when(receive(1_000, reference="line 2"))
    story.when(give_back()).when(give_back("line 2", by=CHLOE))
    story.when(write_off(AMINA)).then("12")
    story.when(write_off(CHLOE)).then("12")
    story.when(write_off(BRUNO)).then("00", cents=3_000)


def test_another_person_writes_off_what_came_back_if_the_fund_can_bear_it() -> None:
    story = given(*CLUB, RULE).when(receive(2_000)).when(give_back()).when(write_off(AMINA)).then("12")
    story.when(write_off()).then("00", cents=2_000)
    assert (story.account("fund:general"), open_cents(story, "2026-12")) == (0, {})
    agreed(story)
    story.when(write_off()).then("25")


def test_cash_never_comes_back_from_a_bank_and_its_receipts_have_no_gap() -> None:
    story = given(*CLUB, RULE).when(receive(2_000, reference="c1", means="cash")).then("00", receipt=1)
    story.when(receive(1_000, reference="d1")).then("00", receipt=0)
    story.when(gift(500, means="cash", reference="c2")).then("00", receipt=2)
    story.when(receive(1_000, reference="c3", means="cash", owner="m-2")).then("00", receipt=3)
    story.when(give_back("c1")).then("12").when(give_back("never")).then("25")
    assert story.account("cash") == -3_500


def test_what_is_in_the_box_goes_to_the_bank_when_two_people_counted_the_same() -> None:
    story = given(*CLUB, RULE).when(receive(2_000, means="cash")).when(count(2_001)).then("12").when(count(1_500)).then("00")
    story.when(count(501)).then("12")  # the rest is 5.00
    story.when(confirm(1_500, AMINA)).then("12").when(confirm(1_400)).then("12").when(confirm(1_500)).then("00")
    assert (story.account("cash"), story.account("bank")) == (-500, -1_500)
    agreed(story)
    story.when(count(500, by=CHLOE)).when(lambda book, _: takings.decide_discard(book.takings, deposit=2, by=AMINA)).then("00")
    story.when(confirm(500, deposit=2)).then("25").when(count(500)).then("00", deposit=3)


def test_a_gift_is_no_cotisation_and_is_received_once() -> None:
    story = given(*CLUB, RULE).when(agree(2_000)).when(gift(5_000)).then("00").when(gift(5_000)).then("12")
    assert open_cents(story, "2026-05") == {"2026-05": 2_000}
    assert story.book.gifts.given == {2026: {"donor:d-1": 5_000}}
    agreed(story)


def test_tax_receipts_are_off_until_two_people_entered_the_legal_basis() -> None:
    story = given(*CLUB, RULE).when(gift(5_000))
    wanted = Wanted(1, "donor:d-1", Cents(5_000), b"t" * 32)
    issue(story, wanted).then("12")
    story.when(lambda book, _: gifts.decide_propose_basis(book.gifts, **BASIS, by=AMINA))
    story.when(lambda book, _: gifts.decide_enter_basis(book.gifts, **BASIS, by=AMINA)).then("12")
    story.when(lambda book, _: gifts.decide_enter_basis(book.gifts, **{**BASIS, "articles": "1"}, by=BRUNO)).then("12")
    issue(story, wanted).then("12")
    story.when(lambda book, _: gifts.decide_enter_basis(book.gifts, **BASIS, by=BRUNO)).then("00")
    issue(story, wanted).then("00", number=1)


def test_tax_receipts_are_numbered_without_gaps_and_cover_each_cent_once() -> None:
    story = basis(given(*CLUB, RULE)).when(gift(5_000)).when(gift(700, "donor:d-2", reference="g 2"))
    one, two = Wanted(1, "donor:d-1", Cents(5_000), b"1" * 32), Wanted(2, "donor:d-2", Cents(700), b"2" * 32)
    issue(story, two).then("12")
    issue(story, one, one._replace(number=2)).then("12")
    issue(story, one, two).then("00", number=2)
    issue(story, one._replace(number=3)).then("12")
    story.when(lambda book, _: gifts.decide_cancel(book.gifts, year=2026, number=1, reason="name", by=AMINA)).then("00")
    story.when(lambda book, _: gifts.decide_cancel(book.gifts, year=2026, number=1, reason="name", by=AMINA)).then("12")
    issue(story, one._replace(number=1)).then("12")
    issue(story, one._replace(number=3)).then("00", number=3)


def test_what_goes_beyond_the_minimum_is_a_gift_where_vote_and_legal_basis_say_so() -> None:
    over = replace(RULE, over_is_gift=True)
    given(*CLUB, over).when(receive(6_600)).then("00", gift_cents=0)
    story = basis(given(*CLUB, over)).when(receive(600)).then("00", gift_cents=0)
    story.when(receive(6_000, reference="line 2")).then("00", gift_cents=5_600)
    assert story.book.gifts.uncovered_cents(2026, "member:m-1") == 5_600
    story.when(give_back("line 2")).then("00", gift_cents=5_600)
    assert story.book.gifts.uncovered_cents(2026, "member:m-1") == 0
