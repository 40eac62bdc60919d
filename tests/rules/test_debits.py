"""Cotisations by direct debit, told as stories: signed, proposed, approved, told, sent, made, sent back, counted."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from clearing.rules.ends.closing_rooms import may_return, of_debits
from clearing.rules.telling.household_statement import household_statement
from clearing.rules.telling.waiting_debits import tasks
from clearing.rules.treasury import cotisations
from clearing.values import InvalidValue, MemberId
from tests.given_when_then import Story, given
from tests.household_sayings import leave
from tests.rules.debit_sayings import CREDITOR, answer, club, give, mandate, number, propose, said, send, states
from tests.rules.test_cotisations import CLUB, RULE, agree, agreed, open_cents
from tests.sayings import BRUNO, grant, monthly, received


def test_a_month_is_collected_by_two_people_after_members_were_told() -> None:
    story = propose(club("m-1", "m-2"), on="2026-05-20").then("00", total_cents=4_000)
    give(story, "approve_collection", number(story)).then("12")
    send(story, at="2026-05-19 10:00:00").at("2026-05-20 18:00:00")
    answer(story, said("accepted"), said("executed", "m-2")).then("00")
    answer(story, said("executed", on="2026-05-20")).then("00")
    assert states(story) == ["executed", "executed"]
    assert (story.account("fund:general"), -story.account("bank")) == (4_000, 4_000)
    assert open_cents(story, "2026-05") == {}
    agreed(story)
    give(story, "answer_collection", number(story) | {"rows": [said("executed")]}, by=BRUNO).then("12")
    assert "says all of that already" in getattr(story.last, "why", "")


def why(story: Story) -> str:
    return getattr(story.last, "why", "")


def made(*owners: str) -> Story:
    """Executed on 20 May."""
    story = send(propose(club(*owners)), at="2026-05-19 10:00:00").at("2026-05-20 18:00:00")
    return answer(story, *(said("executed", owner, on="2026-05-20") for owner in owners or ("m-1",))).then("00")


def voted(story: Story, **changed: Any) -> Story:
    rule = {"notice_days": 14, "counts_on": "execution", "decision": "ag-2026-04"} | changed
    return give(story, "set_debit_rule", rule).then("00")


@pytest.mark.parametrize(
    ("period", "on", "told"),
    [
        ("2026-05", "2026-05-14", "Members are told 14 days before"), ("2026-05", "2026-05-16", "Banks are closed"),
        ("2026-05", "2026-05-25", ""), ("2026-05", "2026-12-25", "choose 2026-12-28"),
        ("2026-05", "2026-09-01", "90 days ahead"),
        ("2026-08", "2026-05-20", "at most one month ahead"),
    ],
)  # fmt: skip
def test_a_day_of_debits_is_a_banking_day_that_leaves_time_to_tell(period: str, on: str, told: str) -> None:
    story = propose(club(), period, on)
    assert (told in why(story)) if told else (getattr(story.last, "total_cents", 0) == 2_000)


def test_a_vote_may_shorten_the_notice_and_the_bank_may_want_the_file_earlier() -> None:
    story = voted(club(), notice_days=2)
    propose(story, on="2026-05-06").then("00")
    give(story, "drop_collection", number(story) | {"reason": "x"})
    give(story, "name_creditor", {"creditor": CREDITOR, "lead_days": 5})
    propose(story, on="2026-05-08").then("12")
    assert "choose 2026-05-11 or later" in why(story)
    propose(story, on="2026-05-11").then("00")


def test_nothing_is_asked_while_it_is_under_way_and_what_came_back_only_when_somebody_says_so() -> None:
    story = propose(club()).then("00")
    propose(story, on="2026-05-21").then("12")
    give(story, "drop_collection", number(story) | {"reason": "x"}).then("00")
    send(propose(story).then("00"), at="2026-05-19 10:00:00").at("2026-05-20 18:00:00")
    answer(story, said("executed"))
    propose(story, on="2026-06-10", arrears=True).then("12")
    answer(story, said("returned", code="MD06"))
    propose(story, on="2026-06-10").then("12")
    propose(story, on="2026-06-10", arrears=True).then("00", total_cents=2_000)


def test_arrears_are_one_debit_a_member_and_a_payment_for_each_month() -> None:
    story = club().at("2026-07-01 09:00:00")
    row = propose(story, "2026-07", "2026-07-20", arrears=True).book.debits.collections[1].proposed.rows[0]
    assert [(part.period, part.cents) for part in row.parts] == [("2026-05", 2_000), ("2026-06", 2_000), ("2026-07", 2_000)]
    send(story, at="2026-07-17 09:00:00").at("2026-07-20 18:00:00")
    answer(story, said("executed")).then("00", cents=6_000)
    assert open_cents(story, "2026-07") == {}
    answer(story, said("returned", code="AM04"))
    assert open_cents(story, "2026-07") == {"2026-05": 2_000, "2026-06": 2_000, "2026-07": 2_000}
    assert story.account("returned:general") == -6_000
    agreed(story)


def test_a_returned_debit_is_a_receivable_of_the_caisse_and_a_second_return_is_the_same_one() -> None:
    story = made().at("2026-06-03 09:00:00")
    answer(story, said("returned", code="MD06", on="2026-06-02")).then("00", state="returned", question="")
    assert (story.account("fund:general"), story.account("returned:general"), story.account("bank")) == (2_000, -2_000, 0)
    agreed(story)
    answer(story, said("returned", code="MD06", on="2026-06-03")).then("12")
    answer(story, said("executed", on="2026-05-20")).then("12")
    assert "says all of that already" in why(story)
    send(propose(story, on="2026-06-25", arrears=True), at="2026-06-24 09:00:00").at("2026-06-25 18:00:00")
    answer(story, said("executed")).then("00")
    assert (story.account("fund:general"), story.account("returned:general"), -story.account("bank")) == (2_000, 0, 2_000)
    agreed(story)


@pytest.mark.parametrize(
    ("code", "on", "question"),
    [
        ("MD06", "2026-07-15", ""), ("MD06", "2026-07-16", "later than eight weeks"), ("MD01", "2027-06-20", ""),
        ("MD01", "2027-06-21", "later than 13 months"), ("XX99", "2026-06-01", "not known here"),
        ("", "2026-06-01", "no code"),
    ],
)  # fmt: skip
def test_a_return_that_is_late_or_unexplained_moves_the_money_and_asks_a_person(code: str, on: str, question: str) -> None:
    story = made().at(f"{on} 18:00:00")
    answer(story, said("returned", code=code, on=on)).then("00", state="returned")
    assert question in getattr(story.last, "question", "?")
    assert bool(question) == bool(getattr(story.last, "question", ""))
    assert -story.account("bank") == 0
    agreed(story)


def test_what_contradicts_itself_or_is_unknown_moves_nothing_until_a_person_is_sure() -> None:
    story = send(propose(club()), at="2026-05-19 10:00:00").at("2026-05-21 18:00:00")
    answer(story, said("unknown", code="NOAS")).then("00", state="instructed")
    answer(story, said("rejected", code="AM04")).then("00", question="")
    answer(story, said("executed")).then("00", state="rejected", question="the bank says executed, and said rejected before")
    answer(story, said("executed")).then("12")
    assert story.account("bank") == 0
    answer(story, said("executed", sure=True)).then("00", state="executed", question="")
    assert -story.account("bank") == 2_000
    answer(story, said("rejected", code="AM04")).then("00", state="executed")
    answer(story, said("rejected", code="AM04", sure=True)).then("00", state="returned")
    assert (story.account("bank"), story.account("returned:general")) == (0, -2_000)
    agreed(story)


def test_an_unknown_state_of_the_bank_is_a_bad_answer_and_nobody_else_s_member_is_answered_for() -> None:
    story = made()
    with pytest.raises(InvalidValue, match="must be one of accepted, executed"):
        answer(story, said("paid"))
    answer(story, said("executed", "m-2")).then("25")
    answer(story, said("executed"), collection=7).then("25")
    answer(story, said("returned", on="2026-06-30")).then("12")


def test_money_that_counts_after_the_window_waits_apart_and_goes_back_without_a_debt() -> None:
    story = voted(club("m-1", "m-2"), counts_on="window")
    send(propose(story), at="2026-05-19 10:00:00").at("2026-05-20 18:00:00")
    answer(story, said("executed", on="2026-05-20"), said("executed", "m-2", on="2026-05-20"))
    assert (story.account("collected:general"), story.account("fund:general"), -story.account("bank")) == (4_000, 0, 4_000)
    assert open_cents(story, "2026-05") == {"2026-05": 2_000}
    propose(story.at("2026-06-02 09:00:00"), on="2026-06-25", arrears=True).then("12")
    answer(story, said("returned", "m-2", code="MD06", on="2026-06-01"))
    assert (story.account("collected:general"), story.account("returned:general")) == (2_000, 0)
    agreed(story)
    story.at("2026-07-15 09:00:00")
    give(story, "count_collection", number(story)).then("12")
    story.at("2026-07-16 09:00:00")
    give(story, "count_collection", number(story)).then("00", cents=2_000)
    assert (story.account("collected:general"), story.account("fund:general"), open_cents(story, "2026-05")) == (0, 2_000, {})
    give(story, "count_collection", number(story)).then("12")
    answer(story, said("returned", code="MD01", on="2026-07-16"))
    assert (story.account("fund:general"), story.account("returned:general")) == (2_000, -2_000)
    agreed(story)


def test_what_the_rules_of_today_would_not_take_waits_apart_instead_of_getting_lost() -> None:
    story = send(propose(club()), at="2026-05-19 10:00:00").at("2026-05-20 18:00:00")
    story.and_given(replace(RULE, means=("cash",)))
    answer(story, said("executed")).then("00")
    assert story.account("collected:general") == 2_000
    agreed(story)
    give(story, "count_collection", number(story)).then("12")
    story.and_given(RULE)
    give(story, "count_collection", number(story)).then("00")
    assert story.account("fund:general") == 2_000
    agreed(story)


def test_credit_after_the_cotisation_is_given_when_the_debit_counts() -> None:
    story = club("m-1", "m-2").and_given(replace(monthly(), after_cotisation=True), received(20_000))
    story.when(grant()).then("00")
    send(propose(story), at="2026-05-19 10:00:00").at("2026-05-20 18:00:00")
    assert story.purse("m-1") == 0
    answer(story, said("executed"), said("executed", "m-2"))
    assert (story.purse("m-1"), story.purse("m-2")) == (15_000, 0)  # the fund goes as far as it goes, never below zero
    answer(story, said("returned", code="AM04"))
    assert story.purse("m-1") == 15_000
    agreed(story)


def test_a_mandate_in_doubt_keeps_the_file_from_the_bank_until_its_debit_is_taken_out() -> None:
    story = propose(club("m-1", "m-2"))
    give(story, "revoke_mandate", {"mandate": "CLUB-m-2", "on": "2026-05-10", "reason": "letter"})
    give(story, "approve_collection", number(story), by=BRUNO).then("12")
    assert "clearing collection leave-out 1 m-2" in why(story)
    left = number(story) | {"member": "m-2", "reason": "revoked"}
    give(story, "leave_out_debit", left).then("00", cents=2_000)
    give(story, "leave_out_debit", left).then("25")
    give(story, "leave_out_debit", number(story) | {"member": "m-1", "reason": "x"}).then("12")
    send(story, at="2026-05-19 10:00:00")
    assert states(story) == ["instructed", "left out"]
    answer(story, said("executed", "m-2")).then("25")
    give(story, "drop_collection", number(story) | {"reason": "x"}).then("12")


def test_members_are_told_in_time_and_the_bank_has_the_file_in_time_or_the_collection_is_dropped() -> None:
    story = propose(club(), on="2026-05-20")
    give(story, "approve_collection", number(story), by=BRUNO)
    give(story, "announce_collection", number(story) | {"sha256": b"n" * 32}).then("00")
    give(story, "announce_collection", number(story) | {"sha256": b"n" * 32}).then("12")
    story.at("2026-05-20 08:00:00")
    give(story, "export_collection", number(story) | {"message_id": "M", "file_sha256": b"f" * 32}).then("12")
    assert "on 2026-05-19 at the latest" in why(story)
    late = propose(club(), on="2026-05-20")
    give(late, "approve_collection", number(late), by=BRUNO)
    late.at("2026-05-07 08:00:00")
    give(late, "announce_collection", number(late) | {"sha256": b"n" * 32}).then("12")
    assert "2026-05-06 at the latest" in why(late)


def test_another_file_of_the_same_collection_is_refused_and_the_same_one_recorded_once() -> None:
    story = send(propose(club()))
    again = number(story) | {"message_id": "M", "file_sha256": b"f" * 32}
    give(story, "export_collection", again).then("12")
    assert "this is the same file" in why(story)
    give(story, "export_collection", again | {"file_sha256": b"g" * 32}).then("12")
    assert "do not send it" in why(story)


def test_sequence_types_follow_what_the_bank_has_seen() -> None:
    story = club()
    seen: list[str] = []
    for period, on, state in (
        ("2026-05", "2026-05-20", "rejected"), ("2026-06", "2026-06-10", "returned"), ("2026-07", "2026-07-10", "executed"),
        ("2026-08", "2026-08-12", "executed"), ("2026-09", "2026-09-10", "executed"),
    ):  # fmt: skip
        story.at(f"{on[:8]}01 09:00:00") if on > "2026-05-31" else None
        voted(story, notice_days=3)
        if period == "2026-09":
            story.when(lambda book, _: cotisations.decide_end(
                book.cotisations, member=MemberId("m-1"), until_period="2026-10", by=BRUNO, this_period="2026-09"
            )).then("00")
        seen.append(propose(story, period, on).book.debits.collections[len(seen) + 1].proposed.rows[0].sequence)
        send(story, at=f"{on[:8]}{int(on[8:]) - 1:02d} 09:00:00").at(f"{on} 18:00:00")
        answer(story, said(state, code="MS03" if state != "executed" else ""))
        give(story, "resume_mandate", {"mandate": "CLUB-m-1", "reason": "asked"})
    assert seen == ["FRST", "FRST", "RCUR", "RCUR", "FNAL"]


def test_a_one_off_mandate_is_used_up_by_its_debit() -> None:
    story = give(given(*CLUB, RULE), "name_creditor", {"creditor": CREDITOR, "lead_days": 1})
    story.when(agree(2_000))
    mandate(story, kind="one-off").then("00")
    row = propose(story).book.debits.collections[1].proposed.rows[0]
    assert row.sequence == "OOFF"
    send(story, at="2026-05-19 10:00:00").at("2026-05-20 18:00:00")
    answer(story, said("executed"))
    propose(story, "2026-06", "2026-06-10").then("12")
    assert "is used up" in why(story)


def test_a_payment_of_a_collection_is_entered_and_corrected_by_nobody_by_hand() -> None:
    story = made()
    reference = next(iter(story.book.debits.references))
    give(story, "return_cotisation", {"reference": reference, "reason": "AM04"}).then("12")
    entry = {"kind": "cotisation", "reference": reference, "reason": "x"}
    give(story, "propose_correction", entry).then("12")
    by_hand = {"member": "m-1", "rule": "cotisation", "period": "2026-07", "cents": 100, "means": "debit"}
    send(propose(story, "2026-06", "2026-06-10"), at="2026-06-09 09:00:00")
    asked = next(name for name, (number, _) in story.book.debits.references.items() if number == 2)
    give(story, "receive_cotisation", by_hand | {"reference": asked}).then("12")
    assert "is a debit of collection 2" in why(story)


def test_who_left_or_died_is_not_debited_for_what_is_open() -> None:
    story = club("m-1", "m-2").when(leave("m-1", "died")).then("00")
    event: Any = propose(story).then("00", total_cents=2_000).last
    assert [row.member for row in event.rows] == ["m-2"]


def test_an_answer_by_its_reference_is_that_member_s_and_a_mixed_up_one_nobody_s() -> None:
    story = send(propose(club("m-1", "m-2")), at="2026-05-19 10:00:00").at("2026-05-20 18:00:00")
    one, other = (row.reference for row in story.book.debits.collections[1].proposed.rows)
    answer(story, {"debit": other, "state": "executed"}).then("00", member="m-2")
    answer(story, {"debit": other, "member": "m-1", "state": "executed"}).then("25")
    answer(story, {"debit": "nothing", "state": "executed"}).then("25")
    answer(story, {"debit": one, "member": "m-1", "state": "executed"}).then("00", member="m-1")


def test_a_household_reads_what_was_due_debited_and_sent_back() -> None:
    story = made().at("2026-06-02 18:00:00")
    answer(story, said("returned", code="MD06", on="2026-06-02"))
    send(propose(story, on="2026-06-25", arrears=True), at="2026-06-10 09:00:00")
    told = [(one.what.split(",")[0], one.cents, one.open_cents) for one in household_statement(
        story.book, MemberId("m-1"), until="2026-05"
    )]
    assert told == [
        ("due", 0, 2_000), ("debited on 2026-05-20", 2_000, 0), ("came back on 2026-06-02", -2_000, 0),
        ("to be debited on 2026-06-25", 0, 0),
    ]


def waits(story: Story) -> str:
    return " ".join(one.told for one in tasks(story.book, lambda *_: "", story.book.caisse.calendar.day(story._next_us())))


def test_whatever_a_collection_waits_for_is_told_and_keeps_the_log_from_its_seal() -> None:
    story = propose(club("m-1", "m-2"))
    mandate(story.when(agree(2_000, owner="m-2")), "m-2", mandate="X", kind="one-off")
    assert "waits for another person than amina" in waits(story)
    assert "collection 1 is not at the bank" in " ".join(of_debits(story.book))
    give(story, "approve_collection", number(story), by=BRUNO)
    assert "the members are to be told" in waits(story)
    give(story, "announce_collection", number(story) | {"sha256": b"n" * 32})
    assert "is to go to the bank" in waits(story)
    story.at("2026-05-19 10:00:00")
    give(story, "export_collection", number(story) | {"message_id": "M", "file_sha256": b"f" * 32}).then("00")
    story.at("2026-05-26 10:00:00")
    assert "the bank has not said what became of 2 debits" in waits(story)
    assert "has not said" in " ".join(of_debits(story.book))
    answer(story, said("executed", on="2026-05-20"), said("unknown", "m-2", code="NOAS"))
    assert "the debit of m-2 in collection 1: the bank says NOAS" in waits(story)
    answer(story, said("rejected", "m-2", code="AC04", sure=True))
    assert "the mandate CLUB-m-2 of m-2 is suspended" in waits(story)
    assert list(of_debits(story.book)) == []
    assert may_return(story.book, date(2026, 7, 15)) == "debits may come back until 2026-07-15"
    assert may_return(story.book, date(2026, 7, 16)) == ""
