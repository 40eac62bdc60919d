"""A transfer is what the bank said of it, by a written table; what fails is owed again and paid once, under another id."""

from itertools import permutations

import pytest

from clearing.audit.sums import book_balances
from clearing.events.settlement import BatchClosed, Link, PayoutAnswered
from clearing.rules.answers import Declined
from clearing.rules.stalls import answering, settlement
from clearing.rules.stalls.payouts import NOT_OURS, TABLE, Answer, PayoutState, Row, end_to_end_id
from clearing.values import BatchId, PersonId, ProducerId
from tests.given_when_then import Story, given
from tests.sayings import (
    AMINA,
    BRUNO,
    DAIRY,
    GARDEN,
    MARKET,
    Decide,
    Till,
    approve,
    close,
    credit,
    export,
    line,
    producer,
)

RICH = (*MARKET, *producer(DAIRY), credit(50_000))


def row(state: str, on: str = "2026-05-05", *, code: str = "", text: str = "", owner: ProducerId = GARDEN) -> Row:
    return Row(owner, Answer(state), code, text, on, "bank line")


def answers(story: Story, *rows: Row, batch: int = 1) -> tuple[PayoutAnswered, ...] | Declined:
    """Decide and record what a bank's message says."""
    decided = answering.decide_answers(story.book.settlement, batch=BatchId(batch), rows=rows, by=AMINA)
    if not isinstance(decided, Declined):
        story.and_given(*decided)
    return decided


def reissue(*payouts: tuple[int, ProducerId], by: PersonId = AMINA) -> Decide:
    return lambda book, at_us: settlement.decide_reissue(
        book.settlement, payouts=[(BatchId(batch), owner) for batch, owner in payouts], contested=book.contested(),
        producers=book.producers.producers, calendar=book.caisse.calendar, by=by, at_us=at_us,
    )


def withdraw(*owners: ProducerId, batch: int = 1) -> Decide:
    return lambda book, _at: answering.decide_withdraw(
        book.settlement, batch=BatchId(batch), producers=owners, reason="wrong stall", by=BRUNO
    )


def sent(*cents: int) -> tuple[Story, Till]:
    """Sales of the garden, in an exported batch."""
    till, story = Till(), given(*RICH)
    for amount in cents:
        story.when(till.sale(line("veg", amount)), till.tap()).then("00")
    story.when(close("2026-05-01")).when(approve("2026-05-04")).when(export())
    return story, till


def state_of(story: Story, batch: int = 1, owner: ProducerId = GARDEN) -> tuple[str, str]:
    payout = story.book.settlement.batches[BatchId(batch)].payouts[owner]
    return payout.state, payout.question


def two_roads(story: Story) -> None:
    posted = {name: -cents for name, cents in story.ledger.balances.items() if cents and name != "bank"}
    assert posted == book_balances(story.book)


def why(decided: object) -> str:
    assert isinstance(decided, Declined), decided
    return decided.why


def test_the_table_has_a_word_for_every_answer_in_every_state_that_a_bank_can_speak_of() -> None:
    sent_states = set(PayoutState) - {PayoutState.WAITING} - NOT_OURS
    assert set(TABLE) == sent_states
    assert all(set(answers) == set(Answer) for answers in TABLE.values())


def test_accepted_then_executed_pays_once_and_a_repeated_message_changes_nothing() -> None:
    story, _ = sent(1_000)
    answers(story, row("accepted", "2026-05-04"))
    assert (state_of(story)[0], story.account("bank")) == ("accepted", -1_000_000)
    answers(story, row("executed"))
    assert (state_of(story)[0], story.account("bank")) == ("executed", -1_000_000 + 1_000)
    assert "known already" in why(answers(story, row("executed"), row("accepted", "2026-05-04")))
    two_roads(story)


@pytest.mark.parametrize("state", ["rejected", "returned"])
def test_what_the_bank_did_not_pay_is_owed_again_and_the_next_batch_says_from_where(state: str) -> None:
    story, till = sent(1_000)
    answers(story, row(state, code="AC04"))
    story.when(till.sale(line("veg", 300)), till.tap()).when(close("2026-05-01"))
    assert isinstance(story.last, BatchClosed)
    (paid,) = story.last.lines
    assert (paid.carried_cents, paid.paid_cents, paid.links) == (1_000, 1_300, (Link("failed", BatchId(1), 1_000),))
    assert story.book.settlement.batches[BatchId(1)].payouts[GARDEN].paid_in == 2
    assert "Batch 2 pays" in why(story.when(reissue((1, GARDEN))).last)
    two_roads(story)


def test_an_unknown_word_of_the_bank_moves_nothing_and_is_a_question_until_a_person_asked() -> None:
    story, _ = sent(1_000)
    (event,) = answers(story, row("unknown", code="ZZ99", text="held for checks"))  # type: ignore[misc]
    assert (event.became, state_of(story)[0]) == ("question", "instructed")
    assert "ZZ99" in state_of(story)[1]
    assert story.account(f"payable:{GARDEN}") == 1_000
    assert "known already" in why(answers(story, row("unknown", code="ZZ99", text="held for checks")))
    story.when(lambda book, _: answering.decide_close_question(
        book.settlement, batch=BatchId(1), producer=GARDEN, found="it goes out tomorrow", by=AMINA
    )).then("00")
    assert state_of(story) == ("instructed", "")
    answers(story, row("executed"))
    assert state_of(story) == ("executed", "")


def test_executed_after_it_was_rejected_is_a_question_and_never_pays_twice() -> None:
    story, _ = sent(1_000)
    answers(story, row("rejected"))
    (event,) = answers(story, row("executed", "2026-05-06"))  # type: ignore[misc]
    assert (event.became, state_of(story)[0], story.account("bank")) == ("question", "rejected", -1_000_000)
    two_roads(story)


@pytest.mark.parametrize("order", list(permutations(("accepted", "executed", "returned"))))
def test_messages_in_any_order_end_alike(order: tuple[str, ...]) -> None:
    days = {"accepted": "2026-05-04", "executed": "2026-05-05", "returned": "2026-05-07"}
    story, _ = sent(1_000)
    for state in order:
        answers(story, row(state, days[state]))
    assert state_of(story) == ("returned", "")
    accounts = [story.account(name) for name in ("bank", f"owed:{GARDEN}", f"payable:{GARDEN}")]
    assert accounts == [-1_000_000, 1_000, 0]
    two_roads(story)


def test_one_message_may_say_two_things_of_a_transfer() -> None:
    story, _ = sent(1_000)
    events = answers(story, row("executed"), row("returned", "2026-05-07", code="AC04"))
    assert [event.became for event in events] == ["executed", "returned"]  # type: ignore[union-attr]
    two_roads(story)


def test_a_failed_transfer_is_paid_anew_in_a_batch_of_its_own_that_another_person_approves() -> None:
    story, till = sent(1_000)
    story.when(till.sale(line("veg", 300)), till.tap())
    answers(story, row("returned", code="AC04"))
    story.when(reissue((1, GARDEN))).then("00", batch=2, total_cents=1_000, reissue=True)
    assert isinstance(story.last, BatchClosed)
    assert (story.last.lines[0].attempt, story.last.lines[0].captured_cents) == (2, 0)
    assert story.account(f"owed:{GARDEN}") == 300
    two_roads(story)
    assert "can't approve" in why(story.when(approve("2026-05-05", by=AMINA, batch=2)).last)
    story.when(approve("2026-05-05", batch=2)).when(export(batch=2))
    assert "pays" in why(story.when(reissue((1, GARDEN))).last)
    answers(story, row("returned", "2026-05-08"), batch=2)
    story.when(reissue((2, GARDEN)))
    assert story.last.lines[0].attempt == 3
    story.when(close("2026-05-01"))
    assert story.last.lines[0].paid_cents == 300
    two_roads(story)


def test_the_id_of_a_reissue_never_equals_its_first_and_fits_a_reference() -> None:
    ids = {end_to_end_id("a" * 20, 7, 3), end_to_end_id("a" * 20, 7, 3, 2), end_to_end_id("a" * 20, 9, 1, 2)}
    assert len(ids) == 3
    assert all(len(one) <= 35 for one in (*ids, end_to_end_id("a" * 20, 999_999, 9_999, 12)))
    assert end_to_end_id("a" * 20, 7, 3, 12).endswith("-B000007-0003-12")


def test_nothing_is_paid_anew_that_refunds_have_eaten_since() -> None:
    till, story = Till(), given(*RICH)
    sale = till.sale(line("veg", 1_000))
    story.when(sale, till.tap()).when(close("2026-05-01")).when(approve("2026-05-04")).when(export())
    answers(story, row("returned"))
    story.when(till.refund(sale, line("veg", 100)))
    assert "less than the 10.00 EUR that failed" in why(story.when(reissue((1, GARDEN))).last)
    assert "is named twice" in why(story.when(reissue((1, GARDEN), (1, GARDEN))).last)
    story.when(close("2026-05-01"))
    assert story.last.lines[0].paid_cents == 900  # type: ignore[union-attr]


def test_what_is_withdrawn_before_the_export_leaves_the_batch_and_is_owed_again() -> None:
    till, story = Till(), given(*RICH)
    story.when(till.sale(line("veg", 300), line("veg", 200, payee=DAIRY)), till.tap()).when(close("2026-05-01"))
    story.when(withdraw(DAIRY)).then("00")
    assert story.book.settlement.batches[BatchId(1)].to_pay_cents() == 300
    assert "pays nothing to" in why(story.when(withdraw(DAIRY)).last)
    two_roads(story)
    story.when(approve("2026-05-04")).when(export())
    assert "was written" in why(story.when(withdraw(GARDEN)).last)
    assert "no transfer to" in why(answers(story, row("executed", owner=DAIRY)))
    story.when(close("2026-05-01"))
    assert [(one.producer, one.links) for one in story.last.lines] == [(DAIRY, (Link("failed", BatchId(1), 200),))]  # type: ignore[union-attr]


def test_a_batch_of_which_all_was_withdrawn_is_not_approved() -> None:
    story, till = Story(), Till()
    story = given(*RICH)
    story.when(till.sale(line("veg", 300)), till.tap()).when(close("2026-05-01")).when(withdraw())
    assert "nothing is left to pay" in why(story.when(approve("2026-05-04")).last)

