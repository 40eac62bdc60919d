"""Law: every sale is a real one: a virtual card's tap, a signed frame over HTTP, a verified answer kept on disk, in order."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from clearing.demo.caisse import CAMILLE, Market, alias_of
from clearing.demo.day import Basket
from clearing.installation.amounts import euros
from clearing.settlement.calendar import local_time
from clearing.terminal.queue import TerminalQueue
from clearing.terminal.terminal import Ending, ReferenceTerminal
from clearing.terminal.transport import HttpTransport
from clearing.terminal.virtual_card import VirtualCard

LOST_BEFORE: Final = 400  # the basket whose household reports its card lost a moment earlier
LINES_EVERY: Final = 100


@dataclass(slots=True)
class Played:
    """What the tills showed, added up. unanswered: baskets that did not end with a decision of the caisse."""

    baskets: int = 0
    goods_cents: int = 0
    card_cents: int = 0
    unanswered: list[str] = field(default_factory=list)


class Report(Protocol):
    """How far the day is."""

    def __call__(self, played: Played, wall: str) -> None: ...


async def play(market: Market) -> Played:
    """All baskets of the day, one after the other, each at its own stall and time."""
    played, baskets = Played(), market.day.baskets
    inserted = {household: card.insert() for household, card in market.cards.items()}
    tills = {store: TerminalQueue.open(market.home.tills / f"{store}.sqlite") for store in market.day.stores}
    try:
        async with HttpTransport(market.running.url, answer_timeout_s=10) as transport:
            terminals = {
                store: ReferenceTerminal(market.terminals[store], queue, transport, market.clock)
                for store, queue in tills.items()
            }
            with _report(len(baskets)) as report:
                for place, basket in enumerate(baskets):
                    market.clock.move_to(basket.at_us)
                    if place == LOST_BEFORE:
                        await market.order(CAMILLE, "block_card", {"alias": alias_of(basket.household), "code": "41"})
                    await _sell(terminals[basket.store], basket, inserted[basket.household], played)
                    report(played, _wall(basket, market))
    finally:
        for queue in tills.values():
            queue.close()
    for household, card in inserted.items():
        market.cards[household] = replace(market.cards[household], counter=card.counter)
    return played


async def _sell(terminal: ReferenceTerminal, basket: Basket, card: VirtualCard, played: Played) -> None:
    shown = await terminal.sale(basket.lines, card)
    played.baskets += 1
    played.goods_cents += basket.total_cents
    played.card_cents += shown.card_cents
    if shown.ending is not Ending.DECIDED:
        played.unanswered.append(f"basket {played.baskets} at stall {basket.store}: {shown.ending} {shown.text}".strip())


def _wall(basket: Basket, market: Market) -> str:
    return f"{local_time(basket.at_us, ZoneInfo(market.day.zone)):%H:%M}"


@contextmanager
def _report(total: int) -> Iterator[Report]:
    """A bar in a terminal window, a line now and then in a file."""
    if not sys.stdout.isatty():
        yield lambda played, wall: _line(played, wall, total)
        return
    columns = (
        TextColumn("  {task.fields[wall]}"), BarColumn(), MofNCompleteColumn(), TextColumn("card pays {task.fields[card]} EUR"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(), transient=True) as progress:
        task = progress.add_task("the day", total=total, wall="", card="0.00")
        yield lambda played, wall: progress.update(task, completed=played.baskets, wall=wall, card=euros(played.card_cents))


def _line(played: Played, wall: str, total: int) -> None:
    if played.baskets % LINES_EVERY == 0 or played.baskets == total:
        print(f"  {wall}  {played.baskets} of {total} baskets, the card paid {euros(played.card_cents)} EUR so far", flush=True)
