"""`clearing why` of an order or an exception: each line, each cent, who waits for whom, down to the vote."""

from collections import Counter

import pytest
from hypothesis import given, settings, strategies as st

from clearing.audit import SaleNotFound, answer
from clearing.audit.explaining_exceptions import explain_exception
from clearing.audit.explaining_orders import explain_order
from clearing.audit.scan import background_of
from clearing.authoriser.streams import stream_of
from clearing.event_store.rows import EventRow
from clearing.events.codec import encode
from clearing.events.orders import DeliveryNoted, DisputeResolved, ExceptionResolved, OrderPlaced
from clearing.events.sales import RefundDecided
from clearing.rules.selling.returns import new_lot_ids
from clearing.wire.requests import Op
from tests.audit.collective_life import collective_life
from tests.given_when_then import Story
from tests.lives.life import Life
from tests.living_caisse import AMINA, BRUNO
from tests.memory_log import MemoryLog, furnished

PLACE: dict[str, object] = {"account": "gout", "mandatary": "aline", "seller": "field", "order": "o-9", "in_part": True}


def stored(story: Story) -> MemoryLog:
    """The log of a story as the database would hold it, but for hashes."""
    log = MemoryLog()
    for at, (event, at_us) in enumerate(zip(story.history, story.instants, strict=True), 1):
        form = encode(event)
        log.rows.append(EventRow(
            at, stream_of(event), at, form.type, form.schema_version, at_us, form.public, form.private, bytes(16), b"", b"", b""
        ))  # fmt: skip
    return log


@pytest.mark.row(16)
async def test_an_order_tells_what_is_reserved_what_came_and_what_waits_in_dispute() -> None:
    desk = collective_life().desk
    lines = [{"category": "fruit-veg", "cents": 4_000, "product": "leek"}, {"category": "animal", "cents": 1_000}]
    desk.order(AMINA, "place_order", {**PLACE, "lines": lines})
    said = await answer(desk.log, "o-9")
    assert "50.00 EUR in all: 47.00 EUR were reserved, other tender 3.00 EUR" in said
    assert "By now 0.00 EUR are owed to producers, 0.00 EUR went back, 47.00 EUR stay reserved." in said
    assert "2. animal: 10.00 EUR, for field: reserved" in said
    assert "credit (purse:credit) pays 7.00 EUR: 70.00 % of 10.00 EUR" in said
    desk.order(BRUNO, "dispute_line", {"order": "o-9", "line": 1, "reason": "wilted"})
    desk.order(BRUNO, "note_delivery", {
        "order": "o-9", "side": "buyer", "document": "bl-9", "lines": [{"line": 0, "cents": 3_500}],
    })  # fmt: skip
    said = await answer(desk.log, "o-9")
    assert "delivery note bl-9 of the buyer: 35.00 EUR of goods, 35.00 EUR owed to field, 5.00 EUR released." in said
    assert "disputed by bruno: wilted. Its reserve waits, the other lines do not." in said
    assert "By now 35.00 EUR are owed to producers, 5.00 EUR went back, 7.00 EUR stay reserved." in said
    desk.order(BRUNO, "propose_dispute_end", {"order": "o-9", "line": 1, "cents": 500, "reason": "half was good"})
    assert "Another person agrees: clearing order agree o-9 2" in await answer(desk.log, "o-9")
    desk.order(AMINA, "resolve_dispute", {"order": "o-9", "line": 1, "cents": 500})
    said = await answer(desk.log, "o-9")
    assert "settled by bruno and amina: 5.00 EUR of goods, 3.50 EUR owed to field, 3.50 EUR released." in said
    assert "credit (purse:credit) pays 3.50 EUR: 70.00 % of 5.00 EUR" in said
    assert "Another person agrees" not in said
    assert "Decision ag-2026-04 of 2026-04-20: What the caisse pays." in said


async def test_an_order_is_found_by_its_number_or_by_any_of_its_events_and_says_that_it_waits() -> None:
    desk = collective_life().desk
    lines = [{"category": "fruit-veg", "cents": 30_000}]
    desk.order(AMINA, "place_order", {**PLACE, "order": "17", "lines": lines})
    said = await answer(desk.log, "order/17")
    assert "It waits for another mandatary: until then nothing of it can be delivered." in said
    assert await answer(desk.log, str(len(desk.log.rows))) == said
    assert await answer(desk.log, "17") == said  # no sale is event 17
    desk.order(AMINA, "place_order", {**PLACE, "order": "47", "lines": [{"category": "fruit-veg", "cents": 100}]})
    assert (await answer(desk.log, "47")).startswith("Authorisation")
    assert (await answer(desk.log, "order/47")).startswith("Order 47")
    with pytest.raises(SaleNotFound, match="There is no order o-77"):
        await answer(desk.log, "order/o-77")
    with pytest.raises(SaleNotFound, match="is no reference"):
        await answer(desk.log, "o-77")


@pytest.mark.row(6)
async def test_a_late_capture_is_told_open_proposed_and_resolved_with_the_sale_it_is_about() -> None:
    desk = furnished()
    hold, _ = desk.ask(Op.AUTH, {"animal": 1_000})
    desk.pass_time(days=9)
    desk.tick()
    capture, _ = desk.ask(Op.CAP, {"animal": 900}, original=hold.x)
    [place] = desk.book.exceptions.open
    said = await answer(desk.log, str(place))
    assert f"Goods of 9.00 EUR were captured after their hold {hold.x.hex()} had expired" in said
    assert f"clearing exception propose {place}" in said
    assert "Authorisation" in said
    assert f"captured too late, which is an exception: clearing why {place}." in said
    assert await answer(desk.log, capture.x.hex()) == said
    end: dict[str, object] = {"exception": place, "how": "accepted", "consent": True}
    desk.order(BRUNO, "propose_exception_end", {**end, "reason": "the goods had left"})
    said = await answer(desk.log, str(place))
    assert "bruno proposes: accepted, with the member's consent that her purse pays: the goods had left." in said
    assert f"It is open until another person agrees: clearing exception resolve {place}" in said
    desk.order(AMINA, "resolve_exception", end)
    said = await answer(desk.log, str(place))
    assert "accepted, with the member's consent that her purse pays by bruno and amina: the goods had left." in said
    assert "animal: 9.00 EUR, owed to field: 6.30 EUR" in said
    assert "6.30 EUR of the credit monthly of 2026-05" in said
    assert await answer(desk.log, str(len(desk.log.rows))) == said


async def test_a_reversal_after_its_batch_is_told_with_what_it_is_about() -> None:
    desk = furnished()
    sale, _ = desk.ask(Op.SALE, {"animal": 1_000})
    desk.order(AMINA, "close_batch", {"closed_on": "2026-05-01"})
    desk.ask(Op.REV, {}, original=sale.x)
    [place] = desk.book.exceptions.open
    said = await answer(desk.log, str(place))
    assert said.startswith(f"Exception {place}, reversal at field")
    assert "agree with the producer" in said
    assert "It is open; noted, by two people" in said
    assert f"Sale {sale.x.hex()}" in said


@settings(max_examples=25)
@given(st.integers(0, 2**32))
async def test_every_order_and_exception_of_a_life_explains_itself_to_the_cent(seed: int) -> None:
    life = Life(seed).live(150)
    log, book = stored(life.story), life.story.book
    owed: Counter[str] = Counter()
    for event in life.story.history:
        if isinstance(event, DeliveryNoted | DisputeResolved):
            owed[event.order] += sum(share.cents for share in event.shares if share.step != "surplus")
    held = 0
    for event in life.story.history:
        if isinstance(event, OrderPlaced):
            found = await explain_order(log, event.order)
            assert found is not None
            assert event.order in found.text()
            assert sum(line.owed_cents for line in found.lines) == owed[event.order]
            open_lines = [line.number - 1 for line in found.lines if line.state in ("reserved", "disputed")]
            assert open_lines == book.orders.orders[event.order].unsettled()
            held += sum(found.lines[place].reserved_cents for place in open_lines)
    assert held <= life.story.account("held")
    ended = [event.exception for event in life.story.history if isinstance(event, ExceptionResolved)]
    for place in (*book.exceptions.open, *ended):
        explained = await explain_exception(log, place)
        assert explained is not None
        assert (explained.resolved is None) == (place in book.exceptions.open)
        assert (explained.proposed is not None and explained.resolved is None) == (place in book.exceptions.proposed)
        assert str(place) in explained.text()


@settings(max_examples=25)
@given(st.integers(0, 2**32))
async def test_every_credit_that_pays_is_named_but_what_a_refund_made_anew(seed: int) -> None:
    life = Life(seed).live(150)
    known, used, anew = await background_of(stored(life.story)), set[str](), set[str]()
    for position, event in enumerate(life.story.history, 1):
        used |= {use.lot for share in getattr(event, "shares", ()) for use in share.lots}
        anew |= set(new_lot_ids(event.returned, position).values()) if isinstance(event, RefundDecided) else set()
    assert used - anew <= known.lots.keys()
