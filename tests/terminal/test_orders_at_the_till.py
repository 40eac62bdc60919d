"""Goods that are weighed later: kept on a card, handed over as weighed, or cancelled, at the same till, also days after."""

import io
import re
from pathlib import Path

import pytest
from rich.console import Console

from clearing.events.codes import Code
from clearing.terminal.queue import TerminalQueue
from clearing.terminal.terminal import Ending, ReferenceTerminal, Shown, TapSource
from clearing.terminal.till import Till
from clearing.terminal.words import ENGLISH, FRENCH, NotALine, Words, told_order, typed_line, typed_order
from clearing.values import Cents, OperationId
from tests.stall_world import World
from tests.terminal.links import IDENTITY, Fate, TillClock, UncertainLink

pytestmark = pytest.mark.row(6)


class Counter:
    """A till on one file that is switched on and off; alice's card has 20.00 EUR, bruno's nothing."""

    def __init__(self, link: UncertainLink, world: World, folder: Path) -> None:
        self.link, self.world, self.path = link, world, folder / "till.sqlite"
        self.cards: dict[str, TapSource] = {"alice": world.card(1, cents=2_000), "bruno": world.card(2, cents=0)}

    async def typed(self, *lines: str, words: Words = FRENCH) -> str:
        """What the screen says to these lines."""
        queue, screen, left = TerminalQueue.open(self.path), io.StringIO(), list(lines)

        async def ask(prompt: str) -> str:
            screen.write(prompt)
            if not left:
                raise EOFError
            return left.pop(0)

        try:
            terminal = ReferenceTerminal(IDENTITY, queue, self.link, TillClock())
            till = Till(terminal, self.cards, words, Console(file=screen, width=220, highlight=False), ask)
            await till.sell_until_closed()
        finally:
            queue.close()
        return screen.getvalue()

    def left(self) -> int:
        """What is on alice's card."""
        return max(self.world.writer.purses.values())


@pytest.fixture
def counter(link: UncertainLink, world: World, tmp_path: Path) -> Counter:
    return Counter(link, world, tmp_path)


async def test_a_basket_is_kept_and_handed_over_as_weighed_after_the_till_was_off(counter: Counter) -> None:
    kept = await counter.typed("fruit-veg 12,00", "h", "alice")
    assert FRENCH.order_kept.format(number=1, card="12,00") in kept
    assert counter.left() == 800
    later = await counter.typed("o", "fruit-veg 11,40", "p 1", "o")
    assert "1   du 2017-07-14 : 12,00 EUR, dont 12,00 EUR réservés sur la carte" in later
    assert "commande 1 remise" in later
    assert FRENCH.no_orders in later
    assert counter.left() == 860
    assert counter.link.paths() == ["/v1/authorise", "/v1/capture"]


async def test_a_cancelled_order_gives_everything_back_and_is_over(counter: Counter) -> None:
    text = await counter.typed("fruit-veg 12", "h", "alice", "x 1", "x 1", "fruit-veg 1", "p 1", "-", "a", words=ENGLISH)
    assert "order 1 cancelled: 12.00 EUR back on the card" in text
    assert text.count("there is no order '1' to hand over here") == 2
    assert ENGLISH.nothing_to_undo in text
    assert counter.left() == 2_000


async def test_orders_keep_their_numbers_when_others_end(counter: Counter) -> None:
    await counter.typed("fruit-veg 3", "h", "alice", "fruit-veg 4", "h", "alice")
    text = await counter.typed("x 1", "o", "fruit-veg 4", "p 2")
    assert "\n2   du " in text
    assert "commande 2 remise" in text
    assert counter.left() == 1_600


async def test_an_order_that_reserves_nothing_is_no_order(counter: Counter) -> None:
    text = await counter.typed("fruit-veg 3", "h", "bruno", "o")
    assert FRENCH.no_orders in text
    assert "réservés" not in text


async def test_nothing_is_captured_before_what_came_was_typed(counter: Counter) -> None:
    text = await counter.typed("fruit-veg 3", "h", "alice", "p 1", "p", "p deux", "h")
    assert FRENCH.type_what_came.format(number=1) in text
    assert FRENCH.not_a_line in text
    assert "pas de commande « deux »" in text
    assert FRENCH.no_lines in text
    assert counter.link.paths() == ["/v1/authorise"]


async def test_the_second_card_of_a_collective_account_agrees_to_the_orders_own_goods(counter: Counter) -> None:
    text = await counter.typed("fruit-veg 3", "h", "alice", "d 1", "bruno", "d 1", "zoe", "o")
    assert FRENCH.order_confirmed.format(number=1) in text
    assert "pas de carte « zoe »" in text
    assert counter.link.paths() == ["/v1/authorise", "/v1/deliver"]
    assert "\n1   du " in text, "it still waits to be handed over"


async def test_a_handing_over_without_an_answer_is_sent_again_and_never_twice(counter: Counter) -> None:
    await counter.typed("fruit-veg 12", "h", "alice")
    counter.link.fates[:] = [Fate.REPLY_LOST] * 60
    text = await counter.typed("fruit-veg 10", "p 1", "o")
    assert FRENCH.waits in text
    assert FRENCH.no_orders in text
    counter.link.fates.clear()
    queue = TerminalQueue.open(counter.path)
    assert await ReferenceTerminal(IDENTITY, queue, counter.link, TillClock()).resume() == 0
    queue.close()
    assert counter.left() == 1_000


async def test_what_was_handed_over_is_not_undone_as_if_it_were_a_sale(counter: Counter) -> None:
    text = await counter.typed("fruit-veg 12", "h", "alice", "fruit-veg 12", "p 1", "a")
    assert FRENCH.nothing_to_undo in text
    assert FRENCH.nothing_to_undo in await counter.typed("a")


@pytest.mark.parametrize(("code", "words"), [
    (Code.APPROVED, "remise"), (Code.PARTIAL, "remise"), (Code.DECLINED, "elle reste réservée"),
    (Code.NOT_ALLOWED_NOW, "d 7"), (Code.EXPIRED_OR_RESOLVED, "appeler la caisse"),
    (Code.ORIGINAL_NOT_FOUND, "appeler la caisse"), (Code.TERMINAL_SUSPENDED, "ce terminal est suspendu"),
])  # fmt: skip
def test_each_answer_to_a_handing_over_says_what_to_do(code: Code, words: str) -> None:
    shown = Shown(ending=Ending.DECIDED, x=OperationId(bytes(16)), card_cents=Cents(0), rest_cents=Cents(0), code=code)
    french, english = told_order(7, shown, FRENCH), told_order(7, shown, ENGLISH)
    assert words in french
    assert "{" not in french + english
    assert english.startswith("order 7")


@pytest.mark.parametrize(("typed", "qty", "payee"), [
    ("basket 24 x2", 2_000, None), ("basket 24,00 x0.5", 500, None), ("veg 12 @farm", None, "farm"),
    ("veg=12 x3 @mill-2", 3_000, "mill-2"),
])  # fmt: skip
def test_units_and_another_payee_are_typed_after_the_amount(typed: str, qty: int | None, payee: str | None) -> None:
    line = typed_line(typed)
    assert (line.qty_milli, line.payee) == (qty, payee)


@pytest.mark.parametrize("typed", ["basket 24 x0", "basket 24 2", "basket x2 24", "veg 12 @", "veg 1 @a b", "veg 12 x1.2345"])
def test_units_that_are_none_are_not_guessed_at(typed: str) -> None:
    with pytest.raises(NotALine):
        typed_line(typed)


def test_the_keys_of_orders_are_told_in_the_help_of_each_language() -> None:
    for words in (FRENCH, ENGLISH):
        for key in ("h", "o", "p N", "x N", "d N"):
            assert re.search(rf"(^|\s){key} = ", words.help, re.MULTILINE), key
    assert typed_order("P  12") == ("p", "12")
    assert typed_order("pears 12") is None
