"""Views follow a closing: no credit outlives the last day, own money leaves its purse, a producer's repayment counts."""

import pytest

from clearing.events.closing import ProducerRepaid
from clearing.rules.ends import closing
from clearing.values import Cents
from tests.given_when_then import Story, paris
from tests.projections.recording import ViewedCaisse
from tests.rules.test_closing import closing_caisse, first
from tests.sayings import AMINA, GARDEN, Till, approve, close, credit, export, line, own_money

LATE = paris("2026-09-01 00:00:00")


def closing_story() -> Story:
    till, story = Till(), closing_caisse(credit(200, expires_us=LATE), own_money(400))
    sold = till.sale(line("veg", 1_000))
    story.when(sold, till.tap())
    return story.when(close("2026-05-01")).when(approve("2026-05-02")).when(export()).when(till.refund(sold, line("veg", 300)))


@pytest.mark.parametrize("page_events", [1, 7, 1_000])
async def test_no_lot_in_the_views_outlives_the_last_day(viewed: ViewedCaisse, page_events: int) -> None:
    story = closing_story()
    await viewed.record(story.history, story.instants)
    await viewed.project(page_events=page_events)
    async with viewed.asked() as questions:
        lots = await questions.purses("m-1")
    purses = {purse.kind: purse for purse in story.book.members.members["m-1"].purses}  # type: ignore[index]
    assert {(lot.purse, lot.lot, lot.cents, lot.expires_us) for lot in lots} == {
        (kind, lot.id, lot.cents, lot.expires_us) for kind, purse in purses.items() for lot in purse.lots
    }
    assert {lot.expires_us for lot in lots} == {None, story.book.closing.ends_us}


async def test_what_leaves_in_a_closing_is_in_the_sums_of_the_views(viewed: ViewedCaisse) -> None:
    story = closing_story().at("2026-05-21 08:00:00").sweep()
    story.when(lambda book, at_us: first(closing.decide_release_own(book, by=AMINA, at_us=at_us)))
    story.and_given(ProducerRepaid(producer=GARDEN, cents=Cents(300), reference="line", by=AMINA))
    await viewed.record(story.history, story.instants)
    await viewed.project()
    async with viewed.asked() as questions:
        assert await questions.purses("m-1") == ()
        accounts = {one.account: -one.cents for one in await questions.accounts() if one.cents}
        owed = {one.producer: one.owed_cents for one in await questions.owed()}
    assert accounts["payable:member:m-1"] == 400
    assert owed["garden"] == 0 == story.book.settlement.owed[GARDEN].net_cents()
    assert "purse:credit" not in accounts
