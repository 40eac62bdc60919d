"""What the views say of goods that were not handed over: a capture of nothing, and what was not sold at its price."""

from clearing.events.charte import FundWeight, Short, Tariff
from clearing.events.sales import AuthorisationDecided, CaptureDecided
from clearing.values import FundId, PayerId
from tests.given_when_then import Story, given
from tests.projections.recording import ViewedCaisse
from tests.sayings import FOUNDED, GARDEN, MARKET, Till, charte, close, covers, credit, line, opened, pays, received


async def shown(viewed: ViewedCaisse, story: Story) -> None:
    await viewed.record(story.history, story.instants)
    await viewed.project()


async def test_a_hold_of_which_nothing_was_delivered_is_held_no_more(viewed: ViewedCaisse) -> None:
    till = Till()
    hold = till.auth(line("veg", 500))
    story = given(*MARKET, credit(10_000)).when(hold, till.tap()).when(till.capture(hold)).then("00")
    await shown(viewed, story)
    kinds = {type(event): at for at, event in enumerate(story.history, 1)}
    async with viewed.asked() as questions:
        [held] = await questions.sale(kinds[AuthorisationDecided])
        [capture] = await questions.sale(kinds[CaptureDecided])
    assert (held.row.state, held.row.released_cents) == ("delivered", 500)
    assert (capture.row.state, capture.row.captured_cents) == ("captured", 0)


async def test_a_statement_holds_the_goods_that_were_sold_and_no_others(viewed: ViewedCaisse) -> None:
    tier = Tariff(id=PayerId("tier"), covers=covers(veg=70), funds=(FundWeight(fund=FundId("tier")),), short=Short.DECLINE)
    kept = [event for event in MARKET if event not in FOUNDED and type(event) is not type(charte())]
    rules = charte(pays("credit", veg=100, cheese=100), tariffs=(tier,))
    story = given(*FOUNDED, opened("tier"), rules, *kept, received(100, "tier"), credit(10_000))
    till = Till()
    story.when(till.sale(line("cheese", 200), line("veg", 1_000)), till.tap()).then("10", unsold_lines=(0, 1_000))
    story.at("2026-05-02 20:00:00").when(close("2026-05-02")).then("00")
    await shown(viewed, story)
    async with viewed.asked() as questions:
        [entry] = await questions.statement(1, GARDEN)
    assert (entry.gross_cents, entry.card_cents) == (200, 200)


async def test_goods_taken_back_under_the_name_of_their_hold_are_taken_off_its_capture(viewed: ViewedCaisse) -> None:
    till = Till()
    hold = till.auth(line("veg", 500))
    capture = till.capture(hold, line("veg", 300))
    story = given(*MARKET, credit(10_000)).when(hold, till.tap()).when(capture)
    story.when(till.refund(hold, line("veg", 100))).then("00").when(till.reverse(capture)).then("00")
    story.at("2026-05-02 20:00:00").when(close("2026-05-02")).then("00")
    await shown(viewed, story)
    at = next(at for at, event in enumerate(story.history, 1) if isinstance(event, CaptureDecided))
    async with viewed.asked() as questions:
        [held], [captured] = await questions.sale(at - 1), await questions.sale(at)
        entries = await questions.statement(1, GARDEN)
    assert (held.row.refunded_goods_cents, captured.row.refunded_goods_cents) == (0, 100)
    assert [(one.sale_position, one.gross_cents) for one in entries] == [(at, 300), (at, -100), (at, -200)]
