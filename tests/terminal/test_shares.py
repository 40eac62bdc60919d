"""A till draws from a fund and gives to it without any card, and no frame of it says when."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from clearing.terminal.queue import TerminalQueue
from clearing.terminal.terminal import Ending, ReferenceTerminal
from clearing.terminal.till import Till
from clearing.terminal.words import ENGLISH, FRENCH, Words, said, typed_share
from clearing.wire.fields import DAY_MS
from clearing.wire.frame import FrameType, open_envelope
from clearing.wire.requests import Op, Request, op_of, parse_request
from clearing.wire.signature import verify
from tests.sayings import line
from tests.small_writer import FUND
from tests.stall_world import KEY, World
from tests.terminal.links import IDENTITY, Fate, TillClock, UncertainLink

APPLES = [line("fruit-veg", 1_000)]


def read(raw: bytes) -> Request:
    frame = verify(open_envelope(raw, frame_bytes_max=4_096), FrameType.TERM_REQ, KEY.public)
    return parse_request(frame, op_of(frame.payload))


def terminal_on(queue: TerminalQueue, link: UncertainLink) -> ReferenceTerminal:
    return ReferenceTerminal(IDENTITY, queue, link, TillClock(1_500_000_123_456))


async def typed(link: UncertainLink, folder: Path, *lines: str, words: Words = FRENCH) -> str:
    """What the till's screen says to these lines."""
    queue, screen, left = TerminalQueue.open(folder / "till.sqlite"), io.StringIO(), list(lines)

    async def ask(_prompt: str) -> str:
        if not left:
            raise EOFError
        return left.pop(0)

    try:
        till = Till(terminal_on(queue, link), {}, words, Console(file=screen, width=200, highlight=False), ask)
        await till.sell_until_closed()
    finally:
        queue.close()
    return screen.getvalue()


async def test_a_reduction_and_its_undoing_are_told_in_one_sentence_each(
    link: UncertainLink, world: World, tmp_path: Path
) -> None:
    text = await typed(link, tmp_path, "remise 20", "fruit-veg 10", "remise 20 %", "a", "a")
    assert FRENCH.no_lines in text
    assert "réduction 2,00 EUR, reste à régler 8,00 EUR" in text
    assert "annulé : 2,00 EUR" in text
    assert FRENCH.nothing_to_undo in text
    assert world.writer.purses[FUND] == 0


async def test_a_higher_price_and_coupons_say_what_to_take(link: UncertainLink, tmp_path: Path) -> None:
    text = await typed(link, tmp_path, "fruit-veg 10", "give 125", "coupon 3", "give 100", words=ENGLISH)
    assert "take 12.50 EUR, 2.50 EUR of it for the fund" in text
    assert "take 3.00 EUR, 3.00 EUR of it for the fund" in text


async def test_no_frame_of_a_draw_names_its_time_or_a_log_head(link: UncertainLink, tmp_path: Path) -> None:
    with_queue = TerminalQueue.open(tmp_path / "till.sqlite")
    terminal = terminal_on(with_queue, link)
    for shown in (await terminal.draw(20, APPLES), await terminal.give(125, APPLES)):
        assert shown.ending is Ending.DECIDED
        await terminal.refund(shown.x, APPLES, drawn=True)
        await terminal.reverse(shown.x, drawn=True)
    with_queue.close()
    requests = [read(raw) for _, raw in link.sent]
    assert [request.op for request in requests] == [Op.DRAW, Op.GIVE, Op.REF, Op.REV, Op.REF, Op.REV]
    assert {request.ts_ms for request in requests} == {1_500_000_123_456 // DAY_MS * DAY_MS}
    assert {(request.lh, request.card) for request in requests} == {(None, None)}


async def test_a_draw_that_nobody_answers_is_undone_by_the_day_too(link: UncertainLink, tmp_path: Path) -> None:
    queue = TerminalQueue.open(tmp_path / "till.sqlite")
    link.fates = [Fate.REQUEST_LOST] * 40
    shown = await terminal_on(queue, link).draw(20, APPLES)
    assert (shown.ending, shown.card_cents) == (Ending.NO_ANSWER, 0)
    assert "1" in said(shown, ENGLISH)
    (waiting,) = queue.pending()
    queue.close()
    assert (waiting.op, read(waiting.raw).ts_ms % DAY_MS) == (Op.REV, 0)


@pytest.mark.parametrize(
    ("typed_", "asked"),
    [
        ("draw 20", (Op.DRAW, 20)), ("Remise 30%", (Op.DRAW, 30)), ("give=125", (Op.GIVE, 125)), ("don 100", (Op.GIVE, 100)),
        ("draw", None), ("draw 0", None), ("draw 20.5", None), ("drawn 20", None), ("fruit-veg 20", None),
    ],
)  # fmt: skip
def test_a_share_is_read_as_it_is_typed_and_nothing_else_is(typed_: str, asked: tuple[Op, int] | None) -> None:
    assert typed_share(typed_) == asked
