"""Law: who and what a caisse knows is read from its log and listed as it stands now: no key, no balance, no member's name.

The fold takes a few seconds for a year of sales: lists are for a desk, not for a till.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

from clearing.cli.books import events, read_book
from clearing.cli.desk import Desk, now_ms
from clearing.cli.entry import Entry, Group
from clearing.event_store.rows import EventRow
from clearing.events.producers import TerminalEnrolled
from clearing.installation.amounts import counted
from clearing.installation.pairing import digits_shown
from clearing.rules.book import Book
from clearing.rules.people.members import Card
from clearing.rules.stalls.producers import Producer
from clearing.values import TerminalId
from clearing.vault import Vault

_WHY_BLOCKED = {"41": "lost", "43": "stolen", "62": "blocked"}


async def _with_pairings(desk: Desk) -> tuple[Book, dict[TerminalId, EventRow]]:
    """The book, and for each terminal the row that enrolled it by a pairing code."""
    book, paired = Book(), dict[TerminalId, EventRow]()
    async with desk.opened() as installation, installation.reading(desk.code) as log:
        async for row, event in events(log):
            book.apply(event, row.position, row.at_us)
            if isinstance(event, TerminalEnrolled) and event.slot is not None:
                paired[event.terminal] = row
    return book, paired


async def producers(desk: Desk) -> None:
    book = await read_book(desk)
    zone = book.caisse.calendar.zone
    for one in book.producers.producers.values():
        desk.say(f"{one.producer:24} {one.name:34} {_conventions(one, zone):44} {_account(one, zone)}")
    if not book.producers.producers:
        desk.say("No producer yet; admit one with: clearing producer add PRODUCER --name NAME --from YYYY-MM-DD")


def _conventions(one: Producer, zone: ZoneInfo) -> str:
    told = []
    for convention in one.conventions:
        until = f" until {_day(convention.until_us, zone)}" if convention.until_us is not None else ""
        state = ", suspended" if convention.suspended else ""
        what = f" for {' '.join(sorted(convention.categories))}" if convention.categories is not None else ""
        told.append(f"{convention.convention} from {_day(convention.from_us, zone)}{until}{what}{state}")
    return "; ".join(told) or "no convention"


def _account(one: Producer, zone: ZoneInfo) -> str:
    if one.proposed is not None:
        return f"account entered by {one.proposed.by}, waits for: clearing producer bank-approve {one.producer}"
    if not one.details:
        return "no account: can't be paid"
    usable_us, _ = one.details[-1]
    return "account approved" if usable_us <= now_ms() * 1_000 else f"new account from {_day(usable_us, zone)}"


def _day(us: int, zone: ZoneInfo) -> str:
    return f"{datetime.fromtimestamp(us // 1_000_000, zone):%Y-%m-%d}"


async def members(desk: Desk) -> None:
    book = await read_book(desk)
    cards: dict[str, list[Card]] = {}
    for card in book.members.cards.values():
        cards.setdefault(card.member, []).append(card)
    for one in book.members.members.values():
        groups = "has left" if one.gone else " ".join(sorted(one.groups)) or "-"
        held = ", ".join(_card(card) for card in cards.get(one.member, [])) or "no card"
        desk.say(f"{one.member:24} {groups:24} {held}")
    desk.say(f"{counted(len(book.members.members), 'member')}, {counted(len(book.members.cards), 'card')}")


def _card(card: Card) -> str:
    return f"{card.alias} ({_WHY_BLOCKED.get(card.blocked, 'blocked')})" if card.blocked is not None else card.alias


async def terminals(desk: Desk) -> None:
    book, paired = await _with_pairings(desk)
    root = Vault.open(desk.home.vault(desk.code)).root_public
    for one in book.producers.terminals.values():
        row = paired.get(one.terminal)
        how = f"paired, its screen showed {digits_shown(row.evidence, root)}" if row is not None else "enrolled by its key"
        desk.say(f"{one.terminal.hex()}  {one.producer:24} {'suspended' if one.suspended else 'sells':9}  {how}")
    if not book.producers.terminals:
        desk.say("No terminal yet; open a pairing slot with: clearing terminal slot PRODUCER")


async def persons(desk: Desk) -> None:
    book = await read_book(desk)
    for one in book.caisse.persons.values():
        desk.say(f"{one.person:24} {', '.join(one.roles) if one.active else 'holds no office any more'}")
    for waiting in book.caisse.proposed.values():
        desk.say(f"{waiting.person:24} proposed as {', '.join(waiting.roles)}, waits for another officer: "
                 f"clearing person confirm {waiting.person}")  # fmt: skip


ENTRIES = (
    Entry(words=("member", "list"), group=Group.PEOPLE, does="list the members, their groups and their cards", run=members),
    Entry(words=("producer", "list"), group=Group.PRODUCERS, does="list them, their conventions, and accounts that wait",
          run=producers),
    Entry(words=("terminal", "list"), group=Group.PRODUCERS, does="list the tills and the digits of their pairing",
          run=terminals),
    Entry(words=("person", "list"), group=Group.RULES, does="list who may command, and who waits for it", run=persons),
)  # fmt: skip
