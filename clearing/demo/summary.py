"""Law: the summary is for a treasurer: counts, euros, reasons in words, and what to do next; no code, no key, no person."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from shlex import quote
from typing import Final

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from clearing.demo.bank import Banked
from clearing.demo.caisse import CONSOLE_PASSWORD, Market
from clearing.demo.play import Played
from clearing.demo.proof import Check
from clearing.demo.settle import Settled
from clearing.events.codes import Code
from clearing.installation.amounts import euros
from clearing.projections.answers import Summary

PRODUCERS_SHOWN: Final = 10
WIDTH: Final = 100
PAYERS: Final = {
    "sponsor": "the sponsor, for fruit and vegetables", "credit": "the monthly credit", "own-money": "the members' own money",
}
REASONS: Final = {
    Code.NOTHING_ELIGIBLE: "nothing in the basket is covered by the charte",
    Code.INSUFFICIENT_CREDIT: "the purse is empty",
    Code.LOST: "the card had been reported lost",
    Code.STOLEN: "the card had been reported stolen",
    Code.BLOCKED: "the card is blocked",
    Code.NO_CONVENTION: "the producer has no convention in force",
}


def show(
    market: Market, played: Played, settled: Settled, banked: Banked | None, summary: Summary, checks: Sequence[Check]
) -> None:
    """The whole summary on the screen."""
    console = Console(width=WIDTH, highlight=False)
    console.rule(f"Market of {market.day.date:%A %d %B %Y}")
    console.print(_sales(played, summary))
    console.print(_paid(played, summary))
    console.print(_owed(summary))
    console.print(f"[bold]To the bank[/]: {euros(settled.files.total_cents)} EUR in {settled.files.payouts} transfers")
    console.print(f"  {settled.path}", soft_wrap=True)
    for note in settled.files.notes:
        console.print(f"  note: {note}")
    if banked is not None:
        said = f"{banked.payouts} transfers made, {banked.returned} sent back ({euros(banked.returned_cents)} EUR, owed again)"
        console.print(f"[bold]From the bank[/]: {said}; {euros(banked.balance_cents)} EUR left")
    console.print("\n[bold]Checked afterwards[/], each sum by two roads")
    for check in checks:
        verdict = "[green]holds[/] " if check.held else "[bold red]BROKEN[/]"
        console.print(f"  {verdict} {check.what}", soft_wrap=True)


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD, pad_edge=False)
    for place, column in enumerate(columns):
        table.add_column(column, justify="left" if place == 0 else "right", min_width=44 if place == 0 else 12)
    return table


def _sales(played: Played, summary: Summary) -> Table:
    table = _table("Sales", "", "number")
    table.add_row("the card paid the whole basket", str(summary.approved))
    table.add_row("the card paid a part, the member the rest at the stall", str(summary.partial))
    for code, number in sorted(summary.declined.items(), key=lambda one: -one[1]):
        table.add_row(f"declined: {REASONS.get(Code(code), f'code {code}')}", str(number))
    table.add_row("[bold]baskets[/]", f"[bold]{played.baskets}[/]")
    return table


def _paid(played: Played, summary: Summary) -> Table:
    table = _table("Who paid", "", "EUR")
    for paid in sorted(summary.paid, key=lambda one: list(PAYERS).index(one.payer) if one.payer in PAYERS else len(PAYERS)):
        table.add_row(PAYERS.get(paid.payer, paid.payer), euros(paid.cents))
    table.add_row("[bold]the card in all[/]", f"[bold]{euros(played.card_cents)}[/]")
    table.add_row("members at the stall, by other means", euros(played.goods_cents - played.card_cents))
    table.add_row("[bold]goods[/]", f"[bold]{euros(played.goods_cents)}[/]")
    return table


def _owed(summary: Summary) -> Table:
    largest = sorted(summary.taken, key=lambda taken: (-taken.captured_cents, taken.producer))
    table = _table("Owed to the producers", "", "sales", "EUR")
    for taken in largest[:PRODUCERS_SHOWN]:
        table.add_row(taken.producer, str(taken.captures), euros(taken.captured_cents))
    rest = largest[PRODUCERS_SHOWN:]
    if rest:
        sales, cents = sum(taken.captures for taken in rest), sum(taken.captured_cents for taken in rest)
        table.add_row(f"{len(rest)} others", str(sales), euros(cents))
    sales, cents = sum(taken.captures for taken in largest), sum(taken.captured_cents for taken in largest)
    table.add_row("[bold]in all[/]", f"[bold]{sales}[/]", f"[bold]{euros(cents)}[/]")
    return table


def where_to_look(market: Market, *, card: str, store: str, sale: int, program: str, console: str) -> Iterable[str]:
    """Addresses, commands to copy and files."""
    day = date.isoformat(market.day.date)
    at = f"{program} --home {quote(str(market.home.folder))}"
    yield "Where to look next"
    if console:
        persons = market.home.persons
        yield f"  the console, in a browser    {console}   as camille or dominique, password: {CONSOLE_PASSWORD}"
        yield f"  her six digits of now        {program} console code {quote(str(persons / 'camille.code'))}"
        yield f"  {market.running.url}/readyz   {market.running.url}/metrics"
        yield f"  sell to a card yourself      {at} till {store} --card {card}"
        signed = f"--by camille --passphrase-file {quote(str(market.home.persons / 'passphrase'))}"
        yield f"  then close a batch           {at} close --on {market.day.date + timedelta(days=1)} {signed}"
    yield f"  one producer's day           {at} sales --producer stall-{store} --day {day}"
    yield f"  why each cent of a sale      {at} why {sale}"
    yield f"  funds, and what waits        {at} status"
    yield f"  the batches                  {at} batches"
    yield f"  the bank's lines             {at} bank lines --all"
    yield f"  prove the whole log again    {at} audit"
    yield f"  all commands                 {program} --help"
    yield f"  bank file and statements     {market.home.batch(market.code, 1)}"
    yield f"  what the program logged      {market.home.log}"
    yield f"  people's keys                {market.home.persons} (passphrase file: {market.home.persons / 'passphrase'})"
