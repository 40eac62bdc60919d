"""Why was this cheese 70 % that day? The answer ends at a vote, and every cent of the sale is in it."""

import re

import pytest

from clearing.audit import Explanation, SaleNotFound, why
from clearing.audit.reasons import REASONS
from clearing.authoriser.streams import stream_of
from clearing.event_store.rows import EventRow
from clearing.events.codec import encode
from clearing.events.codes import Code
from clearing.values import TerminalId, money
from clearing.wire.requests import Op, Request
from tests.audit.market_day import market_day
from tests.given_when_then import Story, given
from tests.house.sources import CLONE, text
from tests.living_caisse import AMINA, BRUNO, charte_body, decision_body
from tests.memory_log import Desk, MemoryLog, furnished
from tests.sayings import MARKET, Till, credit, line, terminal


async def explained(desk: Desk, lines: dict[str, int], op: Op = Op.SALE) -> Explanation:
    request, _ = desk.ask(op, lines)
    return await why(desk.log, request.x.hex())


async def test_explains_each_cent_of_a_mixed_basket_down_to_the_vote() -> None:
    day = market_day()
    found = await why(day.log, day.sale.x.hex()[:8])
    assert [(line.what, line.amount_cents, line.paid_cents, line.other_cents) for line in found.lines] == [
        ("fruit-veg", 735, 735, 0), ("animal", 1249, 874, 375), ("staple", 415, 125, 290), ("soap", 290, 0, 290),
    ]  # fmt: skip
    assert sum(share.cents for line in found.lines for share in line.shares) == found.card_cents == 1734
    said = found.text()
    assert "26.89 EUR in all: the card pays 17.34 EUR, other tender 9.55 EUR" in said
    assert "credit (purse:credit) pays 8.74 EUR: 70.00 % of 12.49 EUR" in said
    assert "8.74 EUR of the credit monthly of 2026-05, paid by fund general, to be spent before 2026-07-01 00:00:00" in said
    assert "Decision ag-2026-04 of 2026-04-20: What the caisse pays." in said
    assert "Taken by general-meeting (majority): 31 for, 4 against, 2 abstained." in said


async def test_tells_what_became_of_the_sale_later() -> None:
    day = market_day()
    (refund, repeat) = (await why(day.log, str(day.position(type(day.log.events()[17]))))).later
    assert "goods of 4.00 EUR taken back, 2.80 EUR of it to the card" in refund
    assert "asked again, answered the same" in repeat
    held = await why(day.log, "19")
    assert held.kind == "Authorisation"
    assert "delivered, 0.78 EUR captured, 1.55 EUR released" in held.later[0]
    assert (await why(day.log, day.captured.x.hex())).kind == "Capture"


async def test_names_the_signed_upload_that_a_sale_came_in() -> None:
    desk = furnished()
    _, second = desk.batch({"animal": 100}, {"fruit-veg": 200})
    (digest,) = desk.log.batches
    found = await why(desk.log, second.x.hex())
    assert found.batch == (digest, 1)
    assert f"item 2 of the upload {digest.hex()}, which its terminal signed as a whole" in found.text()
    alone, _ = desk.ask(Op.SALE, {"animal": 100})
    assert (await why(desk.log, alone.x.hex())).batch is None


async def test_a_charte_effective_at_midnight_separates_two_sales_of_one_second() -> None:
    desk = furnished()
    midnight = desk.clock.us + 86_400_000_000
    desk.order(AMINA, "record_decision", decision_body("ag-2026-05"))
    desk.order(BRUNO, "approve_decision", {"decision": "ag-2026-05"})
    desk.order(AMINA, "adopt_charte", charte_body(2, "ag-2026-05", midnight, {"animal": 5_000}))
    desk.clock.us = midnight - 1_000_000
    before = await explained(desk, {"animal": 1_000})
    desk.clock.us = midnight
    after = await explained(desk, {"animal": 1_000})
    assert (before.at[:19], before.card_cents) == ("2026-05-01 23:59:59", 700)
    assert (after.at[:19], after.card_cents) == ("2026-05-02 00:00:00", 500)
    assert "Judged by charte 1, in force since the founding." in before.text()
    assert "Judged by charte 2, in force since 2026-05-02 00:00:00 CEST." in after.text()
    assert before.decision is not None
    assert after.decision is not None
    assert (before.decision.decision, after.decision.decision) == ("ag-2026-04", "ag-2026-05")


async def test_a_declined_sale_tells_the_precise_code_and_what_to_do() -> None:
    desk = furnished()
    nothing = await explained(desk, {"soap": 100})
    assert (nothing.code, nothing.card_cents) == (Code.NOTHING_ELIGIBLE, 0)
    assert "No line of this basket is covered by the voted rules" in nothing.text()
    assert "It covers fruit-veg, animal, staple" in nothing.text()
    desk.order(BRUNO, "block_card", {"alias": "0001", "code": "41"})
    assert "Desk: unblock it if it was found" in (await explained(desk, {"animal": 100})).text()


@pytest.mark.parametrize("reference", ["", "12", "zzzzzz", "abc", "abcdef", "-1", "0" * 33, "999999"])
async def test_a_reference_that_is_no_sales_says_what_to_give_instead(reference: str) -> None:
    with pytest.raises(SaleNotFound, match="reference"):
        await why(market_day().log, reference)


async def test_two_operations_that_begin_alike_are_told_apart_by_their_events() -> None:
    desk = furnished()
    for last in (1, 2):
        desk.ask(Op.SALE, {"animal": 100}, x=bytes.fromhex("c0ffee") * 5 + bytes([last]))
    with pytest.raises(SaleNotFound, match=r"2 operations begin with c0ffee: give one of the events 18, 19"):
        await why(desk.log, "c0ffee")
    assert (await why(desk.log, "18")).position == 18
    assert (await why(desk.log, (bytes.fromhex("c0ffee") * 5 + bytes([2])).hex())).position == 19


def test_every_code_has_the_words_of_the_documented_table() -> None:
    rows = re.findall(r"^\| ([0-9A-Z]{2}) \|(.*)\|$", text(CLONE / "docs/DECLINE_REASONS.md"), re.MULTILINE)
    told = {code: [cell.strip() for cell in cells.split("|")] for code, cells in rows}
    assert {code: (cells[3], cells[4]) for code, cells in told.items()} == dict(REASONS)
    assert set(REASONS) == set(Code)


def test_cents_are_written_in_money() -> None:
    assert [money(cents) for cents in (0, 5, 10, 123_456)] == ["0.00 EUR", "0.05 EUR", "0.10 EUR", "1234.56 EUR"]


async def later_of(story: Story, request: Request) -> list[str]:
    """What `why` tells of later events, each without its time."""
    log = MemoryLog()
    for at, (event, at_us) in enumerate(zip(story.history, story.instants, strict=True), 1):
        form = encode(event)
        log.rows.append(EventRow(
            at, stream_of(event), at, form.type, form.schema_version, at_us, form.public, form.private, bytes(16), b"", b"", b""
        ))  # fmt: skip
    return [said.partition("): ")[2] for said in (await why(log, request.x.hex())).later]


async def test_tells_what_other_terminals_of_the_stall_took_back() -> None:
    till, other = Till(), Till(TerminalId(b"stall-02"))
    sale = till.sale(line("veg", 500))
    story = given(*MARKET, credit(10_000), terminal(other.number)).when(sale, till.tap())
    story.when(other.refund(sale, line("veg", 200))).then("00")
    assert await later_of(story, sale) == ["goods of 2.00 EUR taken back, 2.00 EUR of it to the card."]


async def test_tells_of_a_capture_what_was_asked_under_its_own_name_and_under_its_holds() -> None:
    till = Till()
    hold = till.auth(line("veg", 500))
    capture = till.capture(hold, line("veg", 300))
    story = given(*MARKET, credit(10_000)).when(hold, till.tap()).when(capture)
    story.when(till.refund(hold, line("veg", 100))).when(till.refund(capture, line("veg", 50))).when(till.reverse(capture))
    then = [
        "goods of 1.00 EUR taken back, 1.00 EUR of it to the card.",
        "goods of 0.50 EUR taken back, 0.50 EUR of it to the card.",
        "reversed, 1.50 EUR given back.",
    ]
    assert await later_of(story, capture) == then
    assert await later_of(story, hold) == ["delivered, 3.00 EUR captured, 2.00 EUR released.", *then]
