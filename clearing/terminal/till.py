"""Law: the till is a face of the reference terminal and decides nothing; what a person mistypes costs a line, never a sale.

The basket first, then the card, as at a stall. Whatever the caisse decided is shown in one and the same box: two amounts.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table

from clearing.events.basket import Line
from clearing.events.codes import Code
from clearing.terminal.held import ENDED, Held
from clearing.terminal.terminal import Ending, ReferenceTerminal, Shown, TapSource
from clearing.terminal.words import (
    NotALine,
    Words,
    euros,
    noted,
    said,
    told_delivery,
    told_order,
    typed_basket,
    typed_order,
    typed_price,
    typed_share,
)
from clearing.values import CaisseCode, ContractId, InvalidValue, identifier
from clearing.wire.frame import MalformedFrame
from clearing.wire.requests import Op
from clearing.wire.tap import BadTap, read_card_url

Ask = Callable[[str], Awaitable[str]]
"""Shows a prompt and gives back what was typed; raises EOFError at the end."""
_UNDO: Final = frozenset({"a", "u"})
_QUIT: Final = frozenset({"q", "quit", "exit"})
_TAKE_BACK: Final = "-"
_HOLD: Final = "h"
_ORDERS: Final = "o"
_UNREAD: Final = (BadTap, InvalidValue, MalformedFrame)
"""What a card, or what is typed about it, can be wrong with: said, and nothing was sent."""
_DELIVER: Final = "c "
_CARDS_SHOWN: Final = 9
Basket = tuple[Line, ...]


class NoSuchOrder(LookupError):
    """No order of this number waits at the till."""


class NoSuchCard(LookupError):
    """No card of this name is at the till; the text names those that are."""


@dataclass(slots=True)
class AddressTap:
    """The address a telephone read from a card, pasted by a person: serves once."""

    address: str
    used: bool = False
    caisse: CaisseCode | None = None

    def tap(self) -> tuple[bytes, bytes]:
        """Raises BadTap when the text is no card's address, or was used before."""
        if self.used:
            raise BadTap("this address was used: tap the card again and paste the new one")
        self.caisse, p, c = read_card_url(self.address)
        self.used = True
        return p, c


class Till:
    """One till in a terminal window. cards: by the name under which a person asks for them; card: the one that always pays."""

    def __init__(
        self,
        terminal: ReferenceTerminal,
        cards: Mapping[str, TapSource],
        words: Words,
        console: Console,
        ask: Ask,
        *,
        card: str | None = None,
    ) -> None:
        self._terminal: Final = terminal
        self._cards: Final = cards
        self._words: Final = words
        self._console: Final = console
        self._ask: Final = ask
        self._card: Final = card
        self._last: Shown | None = None  # what undoing takes back; None once it is undone
        self._price: int | None = None  # percent that the next card pays, chosen by who buys

    async def sell_once(self, card: str, basket: str, *, price: int | None = None) -> int:
        """One basket ('fruit-veg 7.35; animal 12'): 0 when the caisse decided, else 1. price: percent that its customer chose.
        Raises NotALine, NoSuchCard, BadTap, InvalidValue, MalformedFrame, TerminalLocked."""
        shown = await self._terminal.sale(typed_basket(basket), self._source(card), price=price)
        self._say(said(shown, self._words))
        return 0 if shown.ending is Ending.DECIDED else 1

    async def deliver_once(self, card: str, contract: str, basket: str) -> int:
        """A contract's basket to its member's card: 0 when it may be handed over, else 1. basket: '' for a whole one. Raises as
        sell_once does."""
        lines = typed_basket(basket) if basket else ()
        name = ContractId(identifier(contract, what="a contract"))
        shown = await self._terminal.deliver(name, lines, self._source(card))
        self._say(told_delivery(contract, shown, self._words))
        return 0 if shown.code is Code.APPROVED else 1

    async def hold_once(self, card: str, basket: str) -> int:
        """A basket kept as an order, its part on the card reserved: 0 when it is, else 1. Raises as sell_once does."""
        shown = await self._terminal.authorise(typed_basket(basket), self._source(card))
        self._say(said(shown, self._words))
        self._say_kept(shown)
        return 0 if shown.ending is Ending.DECIDED and shown.card_cents else 1

    async def end_once(self, number: str, basket: str | None) -> int:
        """Hand an order over as weighed, or cancel it (None): 0 when that was decided, else 1. Raises NotALine, NoSuchOrder,
        MalformedFrame, TerminalLocked."""
        order = self._order(number)
        if basket is None:
            return await self._cancel(order)
        shown = await self._terminal.capture(order.x, typed_basket(basket))
        done = shown.code in (Code.APPROVED, Code.PARTIAL)
        if done:
            self._say(said(shown, self._words))
        self._say(told_order(order.number, shown, self._words))
        return 0 if done else 1

    def list_orders(self) -> int:
        """What waits to be handed over, oldest first."""
        orders = self._terminal.held()
        self._say(self._words.orders if orders else self._words.no_orders)
        for order in orders:
            goods = sum(line.amount_cents for line in order.lines)
            self._say(self._words.order_line.format(
                number=order.number, day=datetime.fromtimestamp(order.at_ms // 1_000, UTC).date(),
                goods=euros(goods, self._words), card=euros(order.card_cents, self._words),
            ))  # fmt: skip
        return 0

    async def sell_until_closed(self) -> int:
        """Baskets and cards as they are typed, until q or the end of input. Raises NoSuchCard, TerminalLocked."""
        self._greet()
        basket: Basket = ()
        try:
            while (typed := (await self._ask(self._prompt(basket))).strip()).lower() not in _QUIT:
                basket = await self._serve(typed, basket)
        except EOFError:
            self._console.print()
        return 0

    def _prompt(self, basket: Basket) -> str:
        if not basket:
            return self._words.first_line
        return self._words.next_line.format(total=euros(sum(line.amount_cents for line in basket), self._words))

    async def _serve(self, typed: str, basket: Basket) -> Basket:
        """What is in the basket afterwards."""
        if typed.lower() in _UNDO:
            await self._undo()
            return basket
        if typed.lower().startswith(_DELIVER):
            await self._deliver(typed[len(_DELIVER):].strip())
            return basket
        if typed == _TAKE_BACK:
            return basket[:-1]
        if not typed:
            return await self._take_card(basket)
        if typed.lower() == _ORDERS:
            self.list_orders()
            return basket
        if typed.lower() == _HOLD:
            return await self._take_card(basket, hold=True)
        if (order := typed_order(typed)) is not None:
            return await self._end(*order, basket)
        price = typed_price(typed)
        if price is not None:
            self._price = price
            self._say(self._words.price_chosen.format(percent=price))
            return basket
        share = typed_share(typed)
        if share is not None:
            return await self._take_share(*share, basket)
        try:
            return basket + typed_basket(typed)
        except NotALine:
            self._say(self._words.not_a_line)
            return basket

    async def _take_card(self, basket: Basket, *, hold: bool = False) -> Basket:
        """Sell to a card, or hold on it; the basket is kept for another try unless it was sold, or the answer stayed away."""
        if not basket:
            self._say(self._words.no_lines)
            return basket
        typed = self._card or (await self._ask(self._words.which_card)).strip()
        if not typed:
            return basket
        try:
            with self._console.status(self._words.asking):
                source = self._source(typed)
                shown = await (self._terminal.authorise(basket, source) if hold
                               else self._terminal.sale(basket, source, price=self._price))  # fmt: skip
        except (NoSuchCard, *_UNREAD) as fault:
            self._say(str(fault))
            return basket
        self._show(shown)
        if hold:
            self._say_kept(shown)
        if shown.ending is Ending.REFUSED:
            return basket
        self._price = None
        return ()

    async def share_once(self, op: Op, percent: int, basket: str) -> int:
        """One draw or give of a basket: 0 when the caisse decided, else 1. Raises NotALine, MalformedFrame, TerminalLocked."""
        shown = await self._shared(op, percent, typed_basket(basket))
        self._say(said(shown, self._words))
        return 0 if shown.ending is Ending.DECIDED else 1

    async def _shared(self, op: Op, percent: int, basket: Basket) -> Shown:
        return await (self._terminal.draw if op is Op.DRAW else self._terminal.give)(percent, basket)

    async def _take_share(self, op: Op, percent: int, basket: Basket) -> Basket:
        """A draw or a give of the basket, without any card; the basket is kept when the door refused it."""
        if not basket:
            self._say(self._words.no_lines)
            return basket
        try:
            shown = await self._shared(op, percent, basket)
        except MalformedFrame as fault:
            self._say(str(fault))
            return basket
        self._last = shown if shown.card_cents else None
        self._say(said(shown, self._words))
        return basket if shown.ending is Ending.REFUSED else ()

    async def _end(self, key: str, typed: str, basket: Basket) -> Basket:
        """Hand an order over as the basket says, cancel it, or take the second card for it; what is left in the basket."""
        try:
            order = self._order(typed)
        except NoSuchOrder as unknown:
            self._say(str(unknown))
            return basket
        if key == "x":
            await self._cancel(order)
            return basket
        if key == "d":
            await self._second_card(order)
            return basket
        if not basket:
            self._say(self._words.type_what_came.format(number=order.number))
            return basket
        try:
            with self._console.status(self._words.asking):
                shown = await self._terminal.capture(order.x, basket)
        except MalformedFrame as fault:
            self._say(str(fault))
            return basket
        if shown.code in (Code.APPROVED, Code.PARTIAL):
            self._show(shown)
            self._last = None  # handed over: what comes back is a refund, not an undoing
        self._say(told_order(order.number, shown, self._words))
        again = shown.ending is Ending.REFUSED or (shown.ending is Ending.DECIDED and shown.code not in ENDED)
        return basket if again else ()

    def _order(self, typed: str) -> Held:
        found = next((one for one in self._terminal.held() if str(one.number) == typed), None)
        if found is None:
            raise NoSuchOrder(self._words.no_such_order.format(typed=typed))
        return found

    async def _cancel(self, order: Held) -> int:
        with self._console.status(self._words.asking):
            shown = await self._terminal.reverse(order.x)
        done = shown.ending is Ending.DECIDED
        card = euros(order.card_cents, self._words)
        self._say(self._words.order_cancelled.format(number=order.number, card=card) if done else said(shown, self._words))
        if self._last is not None and self._last.x == order.x:
            self._last = None
        return 0 if done else 1

    async def _second_card(self, order: Held) -> None:
        card = self._card or (await self._ask(self._words.which_card)).strip()
        if not card:
            return
        try:
            with self._console.status(self._words.asking):
                shown = await self._terminal.confirm(order.x, order.lines, self._source(card))
        except (NoSuchCard, *_UNREAD) as fault:
            self._say(str(fault))
            return
        agreed = shown.ending is Ending.DECIDED and shown.code is Code.APPROVED
        self._say(self._words.order_confirmed.format(number=order.number) if agreed else said(shown, self._words))

    def _say_kept(self, shown: Shown) -> None:
        """The number that goes on the crate, when something is reserved."""
        kept = next((one for one in self._terminal.held() if one.x == shown.x), None)
        if kept is not None:
            self._say(self._words.order_kept.format(number=kept.number, card=euros(kept.card_cents, self._words)))

    async def _deliver(self, typed: str) -> None:
        """'veg-12' or 'veg-12 veg 2.57': a contract, and what is handed over where it is less than a whole basket."""
        contract, _, lines = typed.partition(" ")
        if not contract:
            self._say(self._words.which_contract)
            return
        card = self._card or (await self._ask(self._words.which_card)).strip()
        if not card:
            return
        try:
            with self._console.status(self._words.asking):
                await self.deliver_once(card, contract, lines)
        except NotALine:
            self._say(self._words.which_contract)
        except (NoSuchCard, *_UNREAD) as fault:
            self._say(str(fault))

    def _source(self, typed: str) -> TapSource:
        """A card by its number in the table, its name, or the address that a telephone read from it."""
        if typed.startswith("https://"):
            return AddressTap(typed)
        if typed in self._cards:
            return self._cards[typed]
        shown = list(islice(self._cards, _CARDS_SHOWN))
        if typed.isdecimal() and 1 <= int(typed) <= len(shown):
            return self._cards[shown[int(typed) - 1]]
        more = ", ..." if len(self._cards) > len(shown) else ""
        raise NoSuchCard(self._words.no_such_card.format(typed=typed, names=(", ".join(shown) or "-") + more))

    async def _undo(self) -> None:
        if self._last is None:
            self._say(self._words.nothing_to_undo)
            return
        drawn = self._last.op in (Op.DRAW, Op.GIVE)
        words = self._words.undone_drawn if drawn else self._words.undone
        undone = words.format(card=euros(self._last.card_cents, self._words))
        with self._console.status(self._words.asking):
            shown = await self._terminal.reverse(self._last.x, drawn=drawn)
        self._last = None
        self._say(undone if shown.ending is Ending.DECIDED else said(shown, self._words))

    def _greet(self) -> None:
        if self._card is not None:
            self._source(self._card)
        elif self._cards:
            self._list_cards()
        last = self._terminal.last_shown()
        if last is not None:
            over = last.op is Op.AUTH and all(one.x != last.x for one in self._terminal.held())
            self._last = last if last.card_cents and not over else None
            self._say(self._words.last.format(said=said(last, self._words)))
        self._say(self._words.help)

    def _list_cards(self) -> None:
        table = Table(title=self._words.cards, title_justify="left", show_header=False, box=None, padding=(0, 2))
        for number, name in enumerate(islice(self._cards, _CARDS_SHOWN), start=1):
            table.add_row(str(number), escape(name))
        if len(self._cards) > _CARDS_SHOWN:
            table.add_row("", self._words.more_cards.format(number=len(self._cards) - _CARDS_SHOWN))
        self._console.print(table)

    def _show(self, shown: Shown) -> None:
        """Always the same box when the caisse decided, so that nobody who looks on learns more than the two amounts."""
        self._last = shown if shown.card_cents else None
        if shown.ending is not Ending.DECIDED:
            self._say(said(shown, self._words))
            return
        amounts = Table.grid(padding=(0, 3))
        amounts.add_column()
        amounts.add_column(justify="right", style="bold", min_width=13)
        amounts.add_row(self._words.card_pays, f"{euros(shown.card_cents, self._words)} EUR")
        amounts.add_row(self._words.left_to_pay, f"{euros(shown.rest_cents, self._words)} EUR")
        self._console.print(Panel.fit(amounts, padding=(0, 2)))
        self._say(noted(shown, self._words))

    def _say(self, text: str) -> None:
        self._console.print(escape(text))
