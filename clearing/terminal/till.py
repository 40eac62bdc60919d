"""Law: the till is a face of the reference terminal and decides nothing; what a person mistypes costs a line, never a sale.

clearing till --door http://127.0.0.1:8080 --queue till.sqlite --cards cards.json --language en
clearing till ... --card alice --lines "fruit-veg 7.35; animal 12.49"      sells one basket and exits
clearing till ... --pair SLOT                                               pairs this till first, asks for the code
"""

import argparse
import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from clearing.events.basket import Line
from clearing.terminal.card_box import AddressTap, BoxRefused, CardBox
from clearing.terminal.pairing import PairingFailed, pair
from clearing.terminal.queue import CountersMoved, NotPaired, TerminalLocked, TerminalQueue
from clearing.terminal.terminal import Ending, ReferenceTerminal, TapSource
from clearing.terminal.transport import HttpTransport, SystemClock, TerminalClock, Transport
from clearing.terminal.words import LANGUAGES, NotALine, Words, said, typed_basket, typed_line
from clearing.values import OperationId
from clearing.wire.frame import MalformedFrame
from clearing.wire.tap import BadTap

Ask = Callable[[str], str]
_UNDO: Final = frozenset({"a", "u"})
_QUIT: Final = frozenset({"q", "quit", "exit"})


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `clearing till`."""
    parser.add_argument("--door", required=True, metavar="ADDRESS", help="where the caisse's door is: https://...")
    parser.add_argument(
        "--queue", required=True, type=Path, metavar="FILE", help="this till's own file; made when missing"
    )
    parser.add_argument("--cards", type=Path, metavar="FILE", help="a box of virtual cards")
    parser.add_argument("--language", choices=sorted(LANGUAGES), default="fr", help="language of the screen")
    parser.add_argument("--card", metavar="NAME", help="with --lines: the card of the box that pays")
    parser.add_argument("--lines", metavar="BASKET", help="sell one basket and exit: 'fruit-veg 7.35; animal 12.49'")
    parser.add_argument("--pair", metavar="SLOT", help="pair this till with the slot the treasurer opened")


def run(options: argparse.Namespace, *, console: Console | None = None, ask: Ask | None = None) -> int:
    """`clearing till`: 0, or 1 with a sentence that says what to do."""
    screen = console or Console(highlight=False)
    try:
        return asyncio.run(_open(options, screen, ask or screen.input))
    except (BoxRefused, NotPaired, TerminalLocked, CountersMoved, PairingFailed, BadTap, MalformedFrame) as fault:
        screen.print(escape(str(fault)))
    except NotALine:
        screen.print(escape(LANGUAGES[options.language].not_a_line))
    except (EOFError, KeyboardInterrupt):
        return 0
    return 1


async def _open(options: argparse.Namespace, console: Console, ask: Ask) -> int:
    words = LANGUAGES[options.language]
    queue = TerminalQueue.open(options.queue)
    clock = SystemClock()
    try:
        async with HttpTransport(options.door) as transport:
            if options.pair is not None:
                await _pair(options.pair, queue, transport, clock, console, words, ask)
            terminal = ReferenceTerminal(None, queue, transport, clock)
            await terminal.resume()
            till = Till(terminal, CardBox.open(options.cards or Path("cards.json")), words, console, ask)
            if options.lines is not None:
                return await till.sell_once(options.card or "", options.lines)
            return await till.sell_until_closed()
    finally:
        queue.close()


async def _pair(
    slot: str,
    queue: TerminalQueue,
    transport: Transport,
    clock: TerminalClock,
    console: Console,
    words: Words,
    ask: Ask,
) -> None:
    done = await pair(transport, slot, ask(words.pair_code), clock=clock)
    queue.adopt(done.identity)
    console.print(words.paired.format(digits=done.digits))


class Till:
    """One till in a terminal window. ask: shows a prompt and gives back what was typed."""

    def __init__(self, terminal: ReferenceTerminal, box: CardBox, words: Words, console: Console, ask: Ask) -> None:
        self._terminal: Final = terminal
        self._box: Final = box
        self._words: Final = words
        self._console: Final = console
        self._ask: Final = ask
        self._last: OperationId | None = None

    async def sell_once(self, card: str, basket: str) -> int:
        """One basket to one card of the box: 0 when the caisse decided, 1 otherwise."""
        return 0 if await self._sell(typed_basket(basket), self._box.source(card)) else 1

    async def sell_until_closed(self) -> int:
        self._show_cards()
        while (typed := self._ask(self._words.which_card).strip()).lower() not in _QUIT:
            if typed.lower() in _UNDO:
                await self._undo()
                continue
            try:
                source = self._source(typed)
                await self._sell(self._typed_lines(), source)
            except (BoxRefused, BadTap, MalformedFrame) as fault:
                self._say(str(fault))
        return 0

    def _source(self, typed: str) -> TapSource:
        """A card by its number in the table, its name, or the address that a telephone read from it."""
        if typed.startswith("https://"):
            return AddressTap(typed)
        names = self._box.names
        if typed.isdecimal() and 1 <= int(typed) <= len(names):
            return self._box.source(names[int(typed) - 1])
        return self._box.source(typed)

    def _typed_lines(self) -> tuple[Line, ...]:
        lines: list[Line] = []
        while typed := self._ask(self._words.line).strip():
            try:
                lines.append(typed_line(typed))
            except NotALine:
                self._say(self._words.not_a_line)
        return tuple(lines)

    async def _sell(self, lines: tuple[Line, ...], source: TapSource) -> bool:
        if not lines:
            self._say(self._words.no_lines)
            return False
        shown = await self._terminal.sale(lines, source)
        self._last = shown.x if shown.card_cents else self._last
        self._say(said(shown, self._words))
        return shown.ending is Ending.DECIDED

    async def _undo(self) -> None:
        if self._last is None:
            self._say(self._words.nothing_to_undo)
            return
        shown = await self._terminal.reverse(self._last)
        self._last = None
        self._say(self._words.undone if shown.ending is Ending.DECIDED else said(shown, self._words))

    def _show_cards(self) -> None:
        table = Table(title=self._words.cards, show_header=False)
        for number, name in enumerate(self._box.names, start=1):
            table.add_row(str(number), escape(name))
        self._console.print(table)
        last = self._terminal.last_shown()
        if last is not None:
            self._say(self._words.last.format(said=said(last, self._words)))
        self._say(self._words.help)

    def _say(self, text: str) -> None:
        self._console.print(escape(text))
