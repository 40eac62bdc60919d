"""Mandates, told as stories: signed, changed, revoked, over after 36 months without use, in doubt when debits fail."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given as for_all, strategies as st

from clearing.rules.treasury.debit_answers import months_after
from clearing.rules.treasury.mandates import expires_on, usable
from clearing.rules.treasury.target_days import is_target_day, next_target_day, target_days_before
from clearing.settlement.calendar import is_business_day
from clearing.values import InvalidValue, MemberId
from tests.given_when_then import given
from tests.rules.debit_sayings import CREDITOR, OTHER_CREDITOR, answer, club, give, mandate, propose, said, send
from tests.rules.test_cotisations import CLUB, RULE
from tests.sayings import BRUNO


def why(story: Any) -> str:
    return getattr(story.last, "why", "")


@pytest.mark.parametrize("wrong", ["FR73ZZZ123456", "FR72ZZZ", "", "FR72/ZZZ123456", "ZZ00ZZZ1", "é"])
def test_a_creditor_identifier_with_wrong_check_digits_or_form_is_declined(wrong: str) -> None:
    give(given(*CLUB, RULE), "name_creditor", {"creditor": wrong or " ", "lead_days": 1}).then("12")


def test_a_creditor_identifier_is_taken_as_written_on_the_letter() -> None:
    story = give(given(*CLUB, RULE), "name_creditor", {"creditor": "fr72 zzz 123456", "lead_days": 2})
    story.then("00", creditor=CREDITOR, lead_days=2)
    give(story, "name_creditor", {"creditor": CREDITOR, "lead_days": 2}).then("12")


@pytest.mark.parametrize(
    ("changed", "told"), [({"kind": "forever"}, "recurrent, one-off"), ({"how": "phone"}, "paper, page")]
)
def test_a_mandate_of_another_kind_is_no_command_and_says_which_there_are(changed: dict[str, Any], told: str) -> None:
    story = give(given(*CLUB, RULE), "name_creditor", {"creditor": CREDITOR, "lead_days": 1})
    with pytest.raises(InvalidValue, match=told):
        mandate(story, **changed)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"mandate": "/A//B"}, "no slash at its ends"), ({"mandate": "x" * 36}, "1 to 35"), ({"mandate": "é"}, "1 to 35"),
        ({"mandate": "A B"}, "without blanks"), ({"signed_on": "2026-05-02"}, "to today"),
        ({"signed_on": "2009-10-31"}, "November"),
        ({"signed_on": "2023-05-01"}, "It ended on 2026-05-01"), ({"member": "m-9"}, "admit them first"),
        ({"signed_on": "2020-05-01", "used_on": "2020-06-01"}, "It ended on 2023-06-01"),
        ({"used_on": "2026-01-01"}, "between its signature and today"),
        ({"kind": "one-off", "used_on": "2026-04-03"}, "a one-off is used up"),
    ],
)  # fmt: skip
def test_what_can_be_no_mandate_is_declined_with_what_to_do(changed: dict[str, Any], told: str) -> None:
    story = give(given(*CLUB, RULE), "name_creditor", {"creditor": CREDITOR, "lead_days": 1})
    mandate(story, **changed)
    assert told in why(story)


def test_a_reference_is_used_once_whatever_its_capitals_and_a_member_has_one_recurrent_mandate() -> None:
    story = mandate(club(), "m-2", mandate="club-M-1").then("12")
    assert "used once" in why(story)
    mandate(story, mandate="CLUB-NEW").then("12")
    mandate(story, mandate="CLUB-ONCE", kind="one-off").then("00")
    give(story, "revoke_mandate", {"mandate": "CLUB-m-1", "on": "2026-05-01", "reason": "letter"}).then("00")
    mandate(story, mandate="CLUB-NEW").then("00")


def test_a_mandate_ends_36_months_after_its_last_debit_even_one_that_failed() -> None:
    story = send(propose(club()), at="2026-05-19 10:00:00").at("2026-05-21 09:00:00")
    answer(story, said("rejected", code="AM04"))
    debits = story.book.debits
    assert not isinstance(usable(debits, MemberId("m-1"), date(2029, 5, 19)), str)
    assert "ends on 2029-05-20" in str(usable(debits, MemberId("m-1"), date(2029, 5, 20)))


def test_a_mandate_taken_over_from_before_counts_from_its_last_debit() -> None:
    story = give(given(*CLUB, RULE), "name_creditor", {"creditor": CREDITOR, "lead_days": 1})
    mandate(story, signed_on="2019-01-01", used_on="2026-04-05").then("00")
    assert not isinstance(usable(story.book.debits, MemberId("m-1"), date(2029, 4, 4)), str)


@pytest.mark.parametrize(
    ("last", "ends"),
    [(date(2024, 2, 29), date(2027, 3, 1)), (date(2026, 5, 20), date(2029, 5, 20)), (date(2026, 12, 31), date(2029, 12, 31))],
)
def test_36_months_are_counted_by_the_calendar(last: date, ends: date) -> None:
    assert expires_on(last) == ends


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        (date(2026, 1, 31), 13, date(2027, 2, 28)), (date(2026, 11, 30), 13, date(2027, 12, 30)),
        (date(2027, 1, 29), 13, date(2028, 2, 29)), (date(2026, 12, 1), 1, date(2027, 1, 1)),
        (date(2026, 11, 15), 1, date(2026, 12, 15)),
    ],
)  # fmt: skip
def test_13_months_end_on_the_same_day_or_on_the_last_of_a_shorter_month(day: date, months: int, later: date) -> None:
    assert months_after(day, months) == later


def test_two_failures_in_a_row_suspend_a_mandate_until_somebody_asked_the_member() -> None:
    story = send(propose(club()), at="2026-05-19 10:00:00").at("2026-05-21 09:00:00")
    answer(story, said("rejected", code="AM04"))
    assert story.book.debits.find("CLUB-m-1").state == "active"  # type: ignore[union-attr]
    send(propose(story, on="2026-06-10", arrears=True), at="2026-06-09 09:00:00").at("2026-06-11 09:00:00")
    answer(story, said("executed", on="2026-06-10"))
    answer(story, said("returned", code="AM04", on="2026-06-11")).then("00")
    assert story.book.debits.find("CLUB-m-1").state == "suspended"  # type: ignore[union-attr]
    propose(story, "2026-06", "2026-07-01").then("12")
    assert "is suspended (2 debits failed one after the other" in why(story)
    give(story, "resume_mandate", {"mandate": "CLUB-m-1", "reason": "she was on holiday"}).then("00")
    send(propose(story, "2026-06", "2026-07-01", arrears=True), at="2026-06-30 09:00:00").at("2026-07-02 09:00:00")
    answer(story, said("rejected", code="AM04"))
    assert story.book.debits.find("CLUB-m-1").state == "active"  # type: ignore[union-attr]


def test_a_debit_that_stayed_ends_a_row_of_failures() -> None:
    story = club()
    for period, on, state in (
        ("2026-05", "2026-05-20", "rejected"), ("2026-06", "2026-06-10", "executed"), ("2026-07", "2026-07-10", "rejected"),
    ):  # fmt: skip
        send(propose(story, period, on), at=f"{on[:8]}{int(on[8:]) - 1:02d} 09:00:00").at(f"{on} 18:00:00")
        answer(story, said(state, code="MS03" if state == "rejected" else ""))
    assert story.book.debits.find("CLUB-m-1").state == "active"  # type: ignore[union-attr]


def test_a_closed_account_suspends_at_once_and_a_new_one_resumes() -> None:
    story = send(propose(club()), at="2026-05-19 10:00:00").at("2026-05-21 09:00:00")
    answer(story, said("rejected", code="AC04"))
    assert story.book.debits.find("CLUB-m-1").why == "AC04: the account is closed"  # type: ignore[union-attr]
    give(story, "change_mandate", {"mandate": "CLUB-m-1", "digest": b"z" * 32}, by=BRUNO).then("00")
    row = propose(story, on="2026-06-10", arrears=True).book.debits.collections[2].proposed.rows[0]
    assert (row.sequence, row.new_account, row.details) == ("FRST", False, b"z" * 32)


def test_a_new_account_after_a_debit_that_the_bank_made_is_told_to_the_bank() -> None:
    story = send(propose(club()), at="2026-05-19 10:00:00").at("2026-05-20 18:00:00")
    answer(story, said("executed"))
    give(story, "change_mandate", {"mandate": "CLUB-m-1", "digest": b"z" * 32}, by=BRUNO).then("00")
    row = propose(story, "2026-06", "2026-06-10").book.debits.collections[2].proposed.rows[0]
    assert (row.sequence, row.new_account, row.old_creditor) == ("RCUR", True, "")


def test_another_creditor_identifier_is_told_to_the_bank_and_another_business_code_is_the_same_creditor() -> None:
    story = send(propose(club()), at="2026-05-19 10:00:00").at("2026-05-20 18:00:00")
    answer(story, said("executed"))
    give(story, "name_creditor", {"creditor": "FR72ABC123456", "lead_days": 1}).then("00")
    row = propose(story, "2026-06", "2026-06-10").book.debits.collections[2].proposed.rows[0]
    assert row.old_creditor == ""
    give(story, "name_creditor", {"creditor": OTHER_CREDITOR, "lead_days": 1}).then("00")
    give(story, "approve_collection", {"collection": 2}, by=BRUNO).then("12")
    assert "drop this collection" in why(story)
    give(story, "drop_collection", {"collection": 2, "reason": "new identifier"})
    row = propose(story, "2026-06", "2026-06-10").book.debits.collections[3].proposed.rows[0]
    assert (row.sequence, row.old_creditor) == ("RCUR", CREDITOR)


@for_all(st.dates(date(2002, 1, 1), date(2099, 12, 31)))
def test_our_target_days_are_those_of_the_published_calendar(day: date) -> None:
    assert is_target_day(day) == is_business_day(day)


@for_all(st.dates(date(2002, 1, 1), date(2099, 11, 30)), st.integers(0, 10))
def test_days_before_are_counted_in_banking_days(day: date, number: int) -> None:
    before = target_days_before(day, number)
    between = [one for one in range(before.toordinal(), day.toordinal()) if is_target_day(date.fromordinal(one))]
    assert len(between) == number
    assert is_target_day(next_target_day(day))
