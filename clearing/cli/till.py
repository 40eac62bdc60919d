"""Law: the till in a terminal window shows two amounts: what the card pays, and what is left to pay; never why.

It is the reference terminal with a person at the keys: pair it once by slot and code, then sell to virtual cards.
"""

import argparse
import asyncio
import getpass
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from clearing.cli.desk import Desk, Misused
from clearing.cli.entry import Entry, Group
from clearing.events.basket import Line
from clearing.installation.amounts import euros, read_euros
from clearing.installation.cards import read_card, write_counter
from clearing.terminal.queue import TerminalQueue
from clearing.values import CategoryId, InvalidValue, identifier

if TYPE_CHECKING:  # an HTTP client takes longer to load than most commands take to run
    from clearing.terminal.terminal import ReferenceTerminal, Shown
    from clearing.terminal.transport import HttpTransport


async def till(desk: Desk) -> int:
    from clearing.terminal.terminal import ReferenceTerminal
    from clearing.terminal.transport import HttpTransport, SystemClock

    url, name = _url(desk), identifier(desk.arguments.till, what="the till")
    queue = TerminalQueue.open(desk.home.make().tills / f"{name}.sqlite")
    try:
        async with HttpTransport(url) as transport:
            if desk.arguments.pair:
                await _pair(desk, queue, transport)
            terminal = ReferenceTerminal(None, queue, transport, SystemClock())
            waiting = await terminal.resume()
            if waiting:
                desk.say(f"{waiting} messages of this till still wait for the caisse; they are sent with the next sale.")
            if desk.arguments.sell:
                return await _sell(desk, terminal, [_line(text) for text in desk.arguments.sell])
            return 0 if desk.arguments.pair and not sys.stdin.isatty() else await _at_the_stall(desk, terminal)
    finally:
        queue.close()


def _url(desk: Desk) -> str:
    if desk.arguments.url:
        return str(desk.arguments.url)
    try:
        return desk.home.gateway_address.read_text(encoding="ascii")
    except OSError:
        raise Misused("No gateway runs in this home; start it with clearing serve, or give its address: --url URL") from None


async def _pair(desk: Desk, queue: TerminalQueue, transport: "HttpTransport") -> None:
    from clearing.terminal.pairing import PairingFailed, pair
    from clearing.terminal.transport import SystemClock

    code = desk.arguments.code_file.read_text(encoding="utf-8").strip() if desk.arguments.code_file else None
    try:
        paired = await pair(transport, desk.arguments.pair, code or getpass.getpass("Pairing code: "), clock=SystemClock())
    except PairingFailed as failed:
        raise Misused(str(failed)) from None
    queue.adopt(paired.identity)
    desk.say(f"Paired. The treasurer's screen has to show the same: {paired.digits}")


async def _at_the_stall(desk: Desk, terminal: "ReferenceTerminal") -> int:
    desk.say("Type lines like: fruit-veg 7.35   An empty line asks for the card. Ctrl-D ends.")
    lines: list[Line] = []
    while True:
        try:
            typed = (await asyncio.to_thread(input, "> ")).strip()
        except EOFError:
            return 0
        try:
            if typed:
                lines.append(_line(typed))
                continue
            if lines:
                await _sell(desk, terminal, lines)
                lines = []
        except (InvalidValue, Misused) as wrong:
            desk.say(str(wrong))


def _line(typed: str) -> Line:
    """ "animal 12.49" or "animal=12.49". Raises Misused, InvalidValue."""
    category, _, amount = typed.replace("=", " ").partition(" ")
    if not amount:
        raise Misused("A line is a category and an amount, like: fruit-veg 7.35")
    return Line(category=CategoryId(identifier(category, what="the category")), amount_cents=read_euros(amount.strip()))


async def _sell(desk: Desk, terminal: "ReferenceTerminal", lines: list[Line]) -> int:
    from clearing.terminal.terminal import Ending

    path = _card_path(desk)
    card = read_card(path)
    inserted = card.insert()
    try:
        shown = await terminal.sale(lines, inserted)
    finally:
        write_counter(path, card, inserted)
    desk.say(_screen(shown))
    return 0 if shown.ending is Ending.DECIDED else 1


def _card_path(desk: Desk) -> Path:
    alias = desk.arguments.card or input("Card alias: ").strip()
    return desk.home.card(desk.code, Path(alias).name)


def _screen(shown: "Shown") -> str:
    from clearing.terminal.terminal import Ending

    match shown.ending:
        case Ending.DECIDED:
            return f"La carte règle {euros(shown.card_cents)} EUR, reste {euros(shown.rest_cents)} EUR"
        case Ending.REFUSED:
            return f"Rien n'a été vendu par carte. {shown.text}"
        case Ending.NO_ANSWER | Ending.QUEUED:
            return "Pas de réponse : rien n'est réglé par carte, l'annulation part dès que le réseau revient."


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("till", help="this till's name; its memory is kept under it")
    parser.add_argument("--pair", metavar="SLOT", help="pair this till first; clearing terminal slot PRODUCER shows the slot")
    parser.add_argument("--code-file", type=Path, help="file that holds the pairing code (else it is asked)")
    parser.add_argument("--card", metavar="ALIAS", help="the virtual card that is tapped (else it is asked)")
    parser.add_argument("--sell", nargs="+", metavar="CATEGORY=EUROS", help="sell one basket and end")
    parser.add_argument("--url", help="of the gateway (default: the one that runs in this home)")


ENTRIES = (
    Entry(words=("till",), group=Group.PRODUCERS, does="sell to a virtual card in this window", run=till, arguments=_arguments),
)  # fmt: skip
