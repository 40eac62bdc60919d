"""Law: the till is a face of the reference terminal and decides nothing; what a person mistypes costs a line, never a sale."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from clearing.events.basket import Line
from clearing.terminal.terminal import Ending, ReferenceTerminal, TapSource
from clearing.terminal.words import NotALine, Words, said, typed_basket, typed_line
from clearing.values import OperationId
from clearing.wire.frame import MalformedFrame
from clearing.wire.tap import BadTap, read_card_url

Ask = Callable[[str], Awaitable[str]]
"""Shows a prompt and gives back what was typed; raises EOFError at the end."""
_UNDO: Final = frozenset({"a", "u"})
_QUIT: Final = frozenset({"q", "quit", "exit"})


class NoSuchCard(LookupError):
    """No card of this name is at the till; the text names those that are."""


@dataclass(slots=True)
class AddressTap:
    """The address a telephone read from a card, pasted by a person: serves once."""

    address: str
    used: bool = False

    def tap(self) -> tuple[bytes, bytes]:
        """Raises BadTap when the text is no card's address, or was used before."""
        if self.used:
            raise BadTap("this address was used: tap the card again and paste the new one")
        _, p, c = read_card_url(self.address)
        self.used = True
        return p, c


class Till:
    """One till in a terminal window. cards: by the name under which a person asks for them."""

    def __init__(
        self, terminal: ReferenceTerminal, cards: Mapping[str, TapSource], words: Words, console: Console, ask: Ask
    ) -> None:
        self._terminal: Final = terminal
        self._cards: Final = cards
        self._words: Final = words
        self._console: Final = console
        self._ask: Final = ask
        self._last: OperationId | None = None

    async def sell_once(self, card: str, basket: str) -> int:
        """One basket ('fruit-veg 7.35; animal 12'): 0 when the caisse decided, else 1. Raises NotALine, NoSuchCard, BadTap,
        MalformedFrame, TerminalLocked."""
        return 0 if await self._sell(typed_basket(basket), self._source(card)) else 1

    async def sell_until_closed(self) -> int:
        """Cards and baskets as they are typed, until q or the end of input. Raises TerminalLocked."""
        self._show_cards()
        try:
            while (typed := (await self._ask(self._words.which_card)).strip()).lower() not in _QUIT:
                await self._serve(typed)
        except EOFError:
            return 0
        return 0

    async def _serve(self, typed: str) -> None:
        if typed.lower() in _UNDO:
            await self._undo()
            return
        try:
            source = self._source(typed)
            await self._sell(await self._typed_lines(), source)
        except (NoSuchCard, BadTap, MalformedFrame) as fault:
            self._say(str(fault))

    def _source(self, typed: str) -> TapSource:
        """A card by its number in the table, its name, or the address that a telephone read from it."""
        if typed.startswith("https://"):
            return AddressTap(typed)
        names = list(self._cards)
        if typed.isdecimal() and 1 <= int(typed) <= len(names):
            return self._cards[names[int(typed) - 1]]
        if typed not in self._cards:
            raise NoSuchCard(self._words.no_such_card.format(typed=typed, names=", ".join(names) or "-"))
        return self._cards[typed]

    async def _typed_lines(self) -> tuple[Line, ...]:
        lines: list[Line] = []
        while typed := (await self._ask(self._words.line)).strip():
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
        for number, name in enumerate(self._cards, start=1):
            table.add_row(str(number), escape(name))
        self._console.print(table)
        last = self._terminal.last_shown()
        if last is not None:
            self._say(self._words.last.format(said=said(last, self._words)))
        self._say(self._words.help)

    def _say(self, text: str) -> None:
        self._console.print(escape(text))
