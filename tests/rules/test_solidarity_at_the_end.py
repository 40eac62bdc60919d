"""Draws and gives of a caisse that closes: as cards, they end with its last day; behind the seal nothing is undone either."""

import pytest

from clearing.events.closing import CaisseSealed, Heir, RestPaid
from clearing.rules.ends import closing
from clearing.values import FundId
from tests.given_when_then import Story, given
from tests.rules.test_closing import HEIRS, confirm, propose
from tests.sayings import AMINA, GARDEN, MARKET, Till, line, opened, received, solidarity

VEG = line("veg", 1_000)


def ending(policy: str = "first-come") -> Story:
    rule = solidarity(20, policy=policy, prices=(12_500,))
    story = given(*MARKET, opened("solidarity"), received(10_000, "solidarity"), rule)
    heirs = (*HEIRS, Heir(FundId("solidarity"), "Caisse de Lille"))
    return story.when(propose(heirs=heirs)).when(confirm(heirs=heirs))


@pytest.mark.parametrize("policy", ["first-come", "pro-rata"])
def test_no_draw_and_no_give_moves_a_cent_after_the_last_day(policy: str) -> None:
    till, story = Till(), ending(policy)
    story.at("2026-05-20 23:59:00").when(till.draw(20, VEG)).then("00", approved_cents=200)
    story.when(till.give(125, VEG)).then("00", approved_cents=250)
    story.at("2026-05-21 00:00:00").when(till.draw(20, VEG)).then("12", approved_cents=0, shares=())
    story.when(till.give(125, VEG)).then("12", approved_cents=0, shares=())
    owed = story.book.settlement.owed_to(GARDEN)
    assert (owed.captured_cents, owed.given_cents, story.book.solidarity.claims) == (200, 250, [])


def test_behind_the_seal_neither_draw_nor_give_is_undone_or_taken_back() -> None:
    till, story = Till(), ending()
    draw, give = till.draw(20, line("veg", 1_250)), till.give(125, VEG)
    story.when(draw).when(give).at("2026-05-21 08:00:00")  # 2.50 from the fund and 2.50 to it: nothing is owed
    for release in closing.decide_release_rests(story.book, by=AMINA, at_us=story.at_us):  # type: ignore[union-attr]
        story.and_given(release)
    for fund in ("general", "solidarity"):
        paid = closing.decide_rest_paid(story.book.closing, fund=FundId(fund), reference="l", by=AMINA)
        assert isinstance(paid, RestPaid)
        story.and_given(paid)
    story.when(lambda book, at_us: closing.decide_seal(book, by=AMINA, at_us=at_us))
    assert isinstance(story.last, CaisseSealed), story.last
    before = dict(story.ledger.balances)
    story.when(till.reverse(draw)).then("12", effect="nothing", returned=())
    story.when(till.reverse(give)).then("12", effect="nothing", returned=())
    story.when(till.refund(draw, line("veg", 500))).then("12", returned=())
    assert story.ledger.balances == before
    assert not any(before.values())
