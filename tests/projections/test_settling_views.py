"""Views follow a batch through withdrawal, two approvers, the bank's answers, a reissue, an adjustment and a contest."""

import pytest

from clearing.events.settlement import PayoutQuestionClosed
from clearing.rules.stalls import answering
from clearing.values import BatchId
from tests.given_when_then import Story, given
from tests.projections.recording import ViewedCaisse
from tests.rules.test_adjusting import make, proposal, propose
from tests.rules.test_contests import RICH, SAFETY, answered, decided, opened
from tests.rules.test_paying_rules import person, rules
from tests.rules.test_payout_answers import answers, reissue, row
from tests.sayings import AMINA, BRUNO, CHLOE, DAIRY, GARDEN, Till, approve, close, export, line, producer


def settling_story() -> Story:
    till = Till()
    story = given(*RICH, *producer(DAIRY), rules(two_above_cents=999), person(CHLOE, "approver"))
    sale = till.sale(line("veg", 1_000), line("veg", 200, payee=DAIRY))
    story.when(sale, till.tap()).when(close("2026-05-01"))
    story.when(lambda book, _: answering.decide_withdraw(
        book.settlement, batch=BatchId(1), producers=(DAIRY,), reason="wrong stall", by=BRUNO
    )).then("00")  # fmt: skip
    story.when(approve("2026-05-04")).when(approve("2026-05-04", by=CHLOE)).when(export())
    answers(story, row("accepted", "2026-05-04"))
    answers(story, row("unknown", code="ZZ99"))
    story.and_given(PayoutQuestionClosed(batch=BatchId(1), producer=GARDEN, found="it went out", by=AMINA))
    answers(story, row("executed"))
    answers(story, row("returned", "2026-05-07", code="AC04"))
    story.when(reissue((1, GARDEN))).then("00")
    propose(story, proposal("owe", GARDEN, 300, fund="general"))
    make(story, 300)
    story.when(opened(sale, 0)).then("00").when(answered()).when(decided("member", "fund", SAFETY)).then("00")
    return story.when(close("2026-05-01"))


@pytest.mark.parametrize("page_events", [1, 1_000])
async def test_lines_purses_and_debts_are_those_of_the_book(viewed: ViewedCaisse, page_events: int) -> None:
    story = settling_story()
    await viewed.record(story.history, story.instants)
    await viewed.project(page_events=page_events)
    async with viewed.asked() as questions:
        first, second, third = await questions.batches()
        lines = {(n, one.producer): one for n in (1, 2, 3) for one in await questions.batch_lines(n)}
        owed = {one.producer: one.owed_cents for one in await questions.owed()}
        lots = sum(lot.cents for lot in await questions.purses("m-1") if lot.purse == "credit")
        accounts = {one.account: -one.cents for one in await questions.accounts() if one.cents}
        entries = await questions.statement(3, GARDEN)
    assert (first.total_cents, first.endorsed_by, first.approved_by) == (1_000, BRUNO, CHLOE)
    assert (second.total_cents, third.total_cents) == (1_000, 500)
    failed, gone = lines[1, GARDEN], lines[1, DAIRY]
    assert (failed.payout, failed.code, failed.paid_in, failed.question) == ("returned", "AC04", 2, "")
    assert (gone.payout, gone.reference, gone.paid_in) == ("withdrawn", "wrong stall", 3)
    assert (lines[2, GARDEN].attempt, lines[3, GARDEN].adjusted_cents) == (2, 300)
    assert owed == {who: one.net_cents() for who, one in story.book.settlement.owed.items()}
    assert lots == story.purse("m-1")
    assert accounts == {name: -cents for name, cents in story.ledger.balances.items() if cents}
    assert [(one.kind, one.card_cents) for one in entries] == [("adjustment", 300)]
