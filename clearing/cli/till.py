"""Law: the till of clearing.terminal with what this home holds: its memory, the virtual cards, the address of the gateway."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from clearing.cli.desk import Desk, Misused, secret, whole
from clearing.cli.entry import Entry, Group
from clearing.cli.keyboard import Keyboard
from clearing.installation.cards import KeptCard, kept_cards
from clearing.terminal.queue import TerminalQueue
from clearing.values import identifier

if TYPE_CHECKING:  # an HTTP client takes longer to load than most commands take to run
    from clearing.terminal.terminal import ReferenceTerminal
    from clearing.terminal.till import Till
    from clearing.terminal.transport import HttpTransport
    from clearing.terminal.words import Words
    from clearing.wire.requests import Op

LANGUAGES = ("fr", "en")


async def till(desk: Desk) -> int:
    from clearing.terminal.terminal import ReferenceTerminal
    from clearing.terminal.transport import HttpTransport, SystemClock
    from clearing.terminal.words import LANGUAGES

    cards, url, words = _cards(desk), _url(desk), LANGUAGES[desk.arguments.language]
    queue = TerminalQueue.open(_memory(desk))
    try:
        async with HttpTransport(url) as transport:
            if desk.arguments.pair:
                await _pair(desk, queue, transport)
            terminal = ReferenceTerminal(None, queue, transport, SystemClock())
            waiting = await terminal.resume()
            if waiting:
                desk.say(words.still_to_send.format(number=waiting))
            return await _sell(desk, terminal, cards, words)
    finally:
        queue.close()


async def _sell(desk: Desk, terminal: "ReferenceTerminal", cards: dict[str, KeptCard], words: "Words") -> int:
    from rich.console import Console

    from clearing.terminal.till import Till
    from clearing.terminal.words import NotALine

    card, lines, share = desk.arguments.card, desk.arguments.lines, _share(desk)
    face = Till(terminal, cards, words, Console(highlight=False, soft_wrap=True), Keyboard().line, card=card)
    ended = await _order(desk, face, ";".join(lines or ()))
    if ended is not None:
        return ended
    if desk.arguments.deliver and card is not None:
        try:
            return await face.deliver_once(card, desk.arguments.deliver, ";".join(lines or ()))
        except NotALine as wrong:
            raise Misused(f"{str(wrong)!r} is no line; write what is handed over as category=euros, or leave it out") from None
    if not lines and not desk.arguments.deliver:
        return 0 if desk.arguments.pair and not sys.stdin.isatty() else await face.sell_until_closed()
    if share is not None:
        try:
            return await face.share_once(*share, ";".join(lines))
        except NotALine as wrong:
            raise _no_line(wrong) from None
    if card is None:
        raise Misused(f"Which card is tapped? Name it with --card: {', '.join(cards) or 'none is in this home yet'}")
    try:
        return await face.sell_once(card, ";".join(lines), price=desk.arguments.price)
    except NotALine as wrong:
        raise _no_line(wrong) from None


async def _order(desk: Desk, face: "Till", basket: str) -> int | None:
    """--orders, --hold, --hand-over, --cancel; None when none of them was given. Raises Misused."""
    from clearing.terminal.till import NoSuchOrder
    from clearing.terminal.words import NotALine

    given = desk.arguments
    try:
        if given.orders:
            return face.list_orders()
        if given.cancel is not None:
            return await face.end_once(str(given.cancel), None)
        if given.hand_over is not None:
            return await face.end_once(str(given.hand_over), basket)
        if given.hold:
            if given.card is None:
                raise Misused("On which card is it reserved? Name it: --hold --card ALIAS --lines CATEGORY=EUROS")
            return await face.hold_once(given.card, basket)
    except NotALine as wrong:
        if not basket:
            raise Misused("Name the goods with it, like: --lines fruit-veg=7.35") from None
        raise _no_line(wrong) from None
    except NoSuchOrder as unknown:
        raise Misused(f"{unknown} (clearing till {given.till} --orders)") from None
    return None


def _no_line(wrong: Exception) -> Misused:
    return Misused(f"{str(wrong)!r} is no line of a basket; write a category and an amount, like fruit-veg=7.35")


def _share(desk: Desk) -> "tuple[Op, int] | None":
    """What --draw or --give asks, and its percent. Raises Misused."""
    from clearing.wire.requests import Op

    given = desk.arguments
    if given.draw is None and given.give is None:
        return None
    if not given.lines or given.card or (given.draw is not None and given.give is not None):
        raise Misused("--draw or --give takes the basket with it and no card, like: --draw 20 --lines fruit-veg=7.35")
    return (Op.DRAW, given.draw) if given.draw is not None else (Op.GIVE, given.give)


def _cards(desk: Desk) -> dict[str, KeptCard]:
    """Those of the caisse in this home, then those of others here as CAISSE/ALIAS.

    None on a laptop that holds a till only, where a telephone reads the cards.
    """
    if not desk.home.caisses() and desk.arguments.url:
        return {}
    own = kept_cards(desk.home.cards / desk.code)
    for other in desk.home.caisses():
        if other != desk.code:
            guests = kept_cards(desk.home.cards / other)
            own |= {f"{other}/{alias}": KeptCard(card.path, other) for alias, card in guests.items()}
    return own


def _memory(desk: Desk) -> Path:
    """Where this till remembers who it is. Raises Misused for one that was never paired here."""
    path = desk.home.till(identifier(desk.arguments.till, what="the till's name"))
    if desk.arguments.pair:
        desk.home.make()
    elif not path.exists():
        known = ", ".join(sorted(one.stem for one in desk.home.tills.glob("*.sqlite"))) or "none yet"
        raise Misused(f"There is no till {path.stem} in this home (there are: {known}). Pair it: ask the treasurer for "
                      f"clearing terminal slot PRODUCER, then run: clearing till {path.stem} --pair SLOT")  # fmt: skip
    return path


def _url(desk: Desk) -> str:
    given = desk.arguments.url
    if given:
        if not given.startswith(("http://", "https://")):
            raise Misused(f"{given} is no address; it begins with https:// (or http:// on this machine)")
        return str(given)
    try:
        return desk.home.gateway_address.read_text(encoding="ascii")
    except OSError:
        raise Misused("No gateway runs in this home; start it with clearing serve, or give its address: --url URL") from None


async def _pair(desk: Desk, queue: TerminalQueue, transport: "HttpTransport") -> None:
    from clearing.terminal.pairing import pair
    from clearing.terminal.transport import SystemClock

    code = secret(desk.arguments.code_file, "Pairing code: ", what="pairing code", option="--code-file")
    paired = await pair(transport, desk.arguments.pair, code.strip(), clock=SystemClock())
    queue.adopt(paired.identity)
    desk.say(f"Paired as terminal {paired.identity.terminal.hex()}. The treasurer compares these digits with what "
             f"clearing terminal list shows: {paired.digits}")  # fmt: skip


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("till", help="this till's name; its memory is kept under it")
    parser.add_argument("--pair", metavar="SLOT", help="pair this till first; clearing terminal slot PRODUCER shows the slot")
    parser.add_argument("--code-file", type=Path, metavar="FILE", help="its first line is the pairing code (else it is asked)")
    parser.add_argument("--card", metavar="ALIAS", help="the virtual card that is tapped (else it is asked)")
    parser.add_argument("--lines", nargs="+", metavar="CATEGORY=EUROS", help="sell this one basket to --card and end")
    parser.add_argument("--price", type=whole(1, 999), metavar="PERCENT",
                        help="with --card and --lines: the price that who buys chose, where several are voted")  # fmt: skip
    parser.add_argument("--draw", type=whole(1, 100), metavar="PERCENT",
                        help="with --lines: ask a solidarity fund for this reduction, without a card")  # fmt: skip
    parser.add_argument("--give", type=whole(100, 500), metavar="PERCENT",
                        help="with --lines: the price paid in cash, like 125; 100: the lines are coupons")  # fmt: skip
    parser.add_argument("--deliver", metavar="CONTRACT", help="hand a contract's basket over to --card and end")
    order = parser.add_mutually_exclusive_group()
    order.add_argument("--hold", action="store_true", help="with --card and --lines: keep the basket as an order")
    order.add_argument("--hand-over", type=whole(1, 10**9), metavar="ORDER", help="with --lines as weighed: hand an order over")
    order.add_argument("--cancel", type=whole(1, 10**9), metavar="ORDER", help="give back what is reserved for an order")
    order.add_argument("--orders", action="store_true", help="the orders that wait to be handed over")
    parser.add_argument("--language", choices=LANGUAGES, default="fr", help="of the till's screen (default: fr)")
    parser.add_argument("--url", help="of the gateway (default: the one that runs in this home)")


ENTRIES = (
    Entry(words=("till",), group=Group.PRODUCERS, does="sell in this window, to virtual cards", run=till, arguments=_arguments),
)  # fmt: skip
