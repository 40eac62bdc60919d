"""How a caisse pays is voted: from which amount, on which days, by how many; who is held is not paid, and all of it is told."""

from typing import Any

import pytest

from clearing.events.caisse import PersonNamed
from clearing.events.producers import BankDetailsApproved, BankDetailsProposed
from clearing.events.settlement import BatchApproved, BatchClosed, BatchEndorsed, PayeeChecked, PayoutRulesSet
from clearing.rules.answers import Declined
from clearing.rules.stalls import answering, holding
from clearing.rules.stalls.approving import next_payout_day
from clearing.rules.telling.proposal import proposal
from clearing.rules.telling.waiting import Waiting
from clearing.rules.voted.standing import payout_rules_in_force
from clearing.values import BatchId, Cents, MicroTime, PersonId, ProducerId
from clearing.wire.commands import person_number
from tests.given_when_then import Story, given, paris
from tests.sayings import (
    AMINA,
    BRUNO,
    CHLOE,
    DAIRY,
    GARDEN,
    MARKET,
    VOTE,
    Decide,
    Till,
    approve,
    close,
    credit,
    export,
    line,
    producer,
    sent_back,
)

RICH = (*MARKET, *producer(DAIRY), credit(50_000))
NEW = b"new account".ljust(32, b".")


def rules(**said: Any) -> PayoutRulesSet:
    values: dict[str, Any] = {
        "decision": VOTE, "minimum_cents": 0, "minimum_days": 0, "negative_cap_cents": 0, "payout_days": (),
        "two_above_cents": 0, "by": AMINA,
    }  # fmt: skip
    return PayoutRulesSet(**values | said)


def person(name: PersonId, *roles: str) -> PersonNamed:
    return PersonNamed(person=name, number=person_number(name), epoch=1, key=name.encode() * 8, roles=roles, named_by=())


def hold(owner: ProducerId = GARDEN) -> Decide:
    return lambda book, _: holding.decide_hold(
        book.settlement, book.producers, producer=owner, reason="no papers", by=AMINA
    )


def release(by: PersonId = BRUNO) -> Decide:
    return lambda book, _: holding.decide_release(book.settlement, producer=GARDEN, by=by)


def report(what: str = "stolen") -> Decide:
    return lambda book, at_us: holding.decide_report(book.producers, producer=GARDEN, what=what, by=BRUNO, at_us=at_us)


def withdraw(*owners: ProducerId) -> Decide:
    return lambda book, _: answering.decide_withdraw(
        book.settlement, batch=BatchId(1), producers=owners, reason="held", by=BRUNO
    )


def sold(*cents: int, more: tuple[Any, ...] = ()) -> tuple[Story, Till]:
    till, story = Till(), given(*RICH, *more)
    for amount in cents:
        story.when(till.sale(line("veg", amount)), till.tap()).then("00")
    return story, till


def paid(story: Story) -> tuple[int, str]:
    assert isinstance(story.last, BatchClosed)
    one = story.last.lines[0]
    return one.paid_cents, one.why


def why(story: Story) -> str:
    assert isinstance(story.last, Declined), story.last
    return story.last.why


def test_less_than_the_minimum_waits_but_not_for_longer_than_voted() -> None:
    story, till = sold(300, more=(rules(minimum_cents=500, minimum_days=10),))
    assert paid(story.when(close("2026-05-01"))) == (0, "minimum")
    assert story.last.lines[0].since == "2026-05-01"  # type: ignore[union-attr]
    assert paid(story.at("2026-05-10 20:00:00").when(close("2026-05-10"))) == (0, "minimum")
    assert paid(story.at("2026-05-11 20:00:00").when(close("2026-05-11"))) == (300, "")
    story.when(till.sale(line("veg", 500)), till.tap())
    assert paid(story.when(close("2026-05-11"))) == (500, "")


def test_a_minimum_that_no_vote_carries_any_more_holds_nothing_back() -> None:
    story, _ = sold(300, more=(rules(minimum_cents=500, minimum_days=10),))
    story.book.caisse.decisions.clear()
    assert payout_rules_in_force(story.book, story.at_us) is None


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"minimum_cents": 5}, "1 to 92"), ({"minimum_cents": 5, "minimum_days": 93}, "1 to 92"),
        ({"minimum_days": 3}, "leave them out"), ({"payout_days": ("mon", "mon")}, "each once"),
        ({"payout_days": ("lundi",)}, "Payout days are some of"),
    ],
)  # fmt: skip
def test_rules_of_paying_make_sense_or_are_refused(said: dict[str, Any], told: str) -> None:
    assert told in holding.decide_rules(rules(**said)).why  # type: ignore[union-attr]
    right = rules(payout_days=("mon",), two_above_cents=1)
    assert holding.decide_rules(right) == right


def test_a_batch_is_paid_on_the_payout_days_of_its_caisse() -> None:
    story, _ = sold(300, more=(rules(payout_days=("tue", "fri")),))
    story.when(close("2026-05-01")).when(approve("2026-05-04"))
    assert "the next such day is 2026-05-05" in why(story)
    story.when(approve("2026-05-05")).then("00")
    day = next_payout_day(story.book.settlement.rules, story.book.caisse.calendar.day(paris("2026-05-06 08:00:00")))
    assert day.isoformat() == "2026-05-08"


def test_a_large_batch_needs_two_approvers_who_say_the_same_day() -> None:
    story, _ = sold(3_000, more=(rules(two_above_cents=2_999), person(CHLOE, "approver")))
    story.when(close("2026-05-01")).when(approve("2026-05-04"))
    assert isinstance(story.last, BatchEndorsed)
    assert "a second approver" in why(story.when(approve("2026-05-04")))
    assert "approve the same day" in why(story.when(approve("2026-05-05", by=CHLOE)))
    assert "not approved yet" in why(story.when(export()))
    assert isinstance(story.when(approve("2026-05-04", by=CHLOE)).last, BatchApproved)


def test_who_is_held_is_not_paid_until_two_people_release_it() -> None:
    story, _ = sold(300)
    story.when(hold()).then("00")
    assert "held already" in why(story.when(hold()))
    assert paid(story.when(close("2026-05-01"))) == (0, "held")
    assert "Nobody proposed" in why(story.when(release()))
    story.when(lambda book, _: holding.decide_propose_release(
        book.settlement, producer=GARDEN, reason="they came", by=BRUNO
    )).then("00")
    assert "another person" in why(story.when(release()))
    story.when(release(by=AMINA)).then("00", proposed_by=BRUNO)
    assert paid(story.when(close("2026-05-01"))) == (300, "")


@pytest.mark.parametrize("stop", [hold(), report()])
def test_what_stops_after_closing_stops_approval_and_export_until_the_transfer_is_taken_out(stop: Decide) -> None:
    story, till = sold(300)
    story.when(till.sale(line("veg", 200, payee=DAIRY)), till.tap()).when(close("2026-05-01")).when(stop)
    assert "clearing withdraw 1 garden" in why(story.when(approve("2026-05-04")))
    story.when(withdraw(GARDEN)).when(approve("2026-05-04")).then("00")
    story.when(export()).then("00")
    late, _ = sold(300)
    late.when(close("2026-05-01")).when(approve("2026-05-04")).when(stop)
    assert "clearing withdraw 1 garden" in why(late.when(export()))


def test_while_a_new_account_waits_the_old_one_is_paid_unless_it_was_reported() -> None:
    waits = (
        BankDetailsProposed(producer=GARDEN, details=NEW, by=AMINA),
        BankDetailsApproved(producer=GARDEN, details=NEW, usable_us=MicroTime(paris("2026-05-03 00:00:00")), by=BRUNO),
    )
    story, till = sold(300, more=waits)
    story.when(close("2026-05-01"))
    assert story.last.lines[0].details != NEW  # type: ignore[union-attr]
    assert paid(story) == (300, "")
    story.when(till.sale(line("veg", 200)), till.tap()).when(report("closed")).then("00", what="closed")
    assert paid(story.when(close("2026-05-01"))) == (0, "account")
    assert "none to report" in why(story.when(report()))
    story.at("2026-05-03 10:00:00").when(close("2026-05-03"))
    assert (paid(story), story.last.lines[0].details) == ((200, ""), NEW)  # type: ignore[union-attr]


def test_a_check_of_the_payee_counts_for_just_that_account() -> None:
    account = GARDEN.encode().ljust(32, b".")
    checked = PayeeChecked(producer=GARDEN, details=account, state="RVNM", name=b"n" * 32, on="2026-05-01", by=AMINA)
    story, _ = sold(300)
    story.when(lambda book, _: holding.decide_check(book.producers, checked)).then("00")
    assert holding.check_of(story.book.settlement, GARDEN, account) == "RVNM"
    assert holding.check_of(story.book.settlement, GARDEN, NEW) == "none"
    assert isinstance(holding.decide_check(story.book.producers, PayeeChecked(
        producer=GARDEN, details=NEW, state="RCVC", name=b"", on="2026-05-01", by=AMINA
    )), Declined)  # fmt: skip


def test_a_batch_is_proposed_with_what_is_missing_and_what_changed() -> None:
    story, till = sold(300)
    story.when(till.sale(line("veg", 200, payee=DAIRY)), till.tap()).when(close("2026-05-01"))
    first = proposal(story.book, BatchId(1), at_bank_cents=450)
    assert (first.total_cents, first.shortfall_cents, first.alone, first.gone) == (500, 50, False, ())
    assert [(one.line.producer, one.before_cents, one.check) for one in first.lines] == [
        (DAIRY, None, "none"), (GARDEN, None, "none")]  # fmt: skip
    story.and_given(
        BankDetailsProposed(producer=GARDEN, details=NEW, by=AMINA),
        BankDetailsApproved(producer=GARDEN, details=NEW, usable_us=MicroTime(0), by=BRUNO),
    ).when(till.sale(line("veg", 100)), till.tap()).when(close("2026-05-01"))
    second = proposal(story.book, BatchId(2), at_bank_cents=450)
    (garden,) = second.lines
    assert (garden.before_cents, garden.changed_cents(), garden.new_account) == (300, -200, True)
    assert (second.last_total_cents, second.alone, second.gone, second.shortfall_cents) == (500, True, (DAIRY,), 0)


def test_a_batch_that_waits_names_its_approvers_and_after_two_days_the_deputies() -> None:
    story, _ = sold(300, more=(person(CHLOE, "approver-deputy"),))
    waiting = Waiting()
    story.when(close("2026-05-01"))
    assert story.last is not None
    waiting.take(story.book, story.last, story.book.at_us)  # type: ignore[arg-type]
    soon = [one.told for one in waiting.told(story.book, paris("2026-05-03 09:00:00"))]
    late = [one.told for one in waiting.told(story.book, paris("2026-05-04 09:00:00"))]
    assert "batch 1, 3.00 EUR, waits for bruno" in soon
    assert "batch 1, 3.00 EUR, waits for bruno, or as deputy chloe" in late
    story.when(approve("2026-05-04", by=CHLOE)).then("00").when(export()).when(sent_back())
    told = {one.told: one.commands for one in waiting.told(story.book, story.at_us)}
    assert told["3.00 EUR of batch 1 to garden were returned"] == ("payout reissue 1 garden", "close")


def test_a_producer_who_owes_more_than_voted_is_for_a_person() -> None:
    till, story = Till(), given(*RICH, rules(negative_cap_cents=100))
    sale = till.sale(line("veg", 1_000))
    story.when(sale, till.tap()).when(close("2026-05-01")).when(till.refund(sale, line("veg", 101)))
    told = [one.told for one in Waiting().told(story.book, story.at_us)]
    assert "garden owes 1.01 EUR, above the voted 1.00 EUR" in told
    assert Cents(101) == -story.book.settlement.owed_to(GARDEN).net_cents()
