"""Law: looking changes nothing, and shows cards and members by their pseudonyms only."""

import argparse
from collections.abc import Iterable
from datetime import date
from typing import Final

from clearing.cli.books import events, read_book
from clearing.cli.desk import Desk, Misused, day, whole
from clearing.cli.entry import Entry, Group
from clearing.cli.settlement import next_step
from clearing.cli.waiting import say_waits
from clearing.event_store.reader import Reader
from clearing.events.codes import Code
from clearing.events.members import CardIssued
from clearing.installation.amounts import counted, euros
from clearing.installation.opening import Installation
from clearing.projections.answers import Account, SaleRow
from clearing.projections.questions import Questions
from clearing.rules.treasury.proofs import PROOFS
from clearing.values import CaisseCode

_ACCOUNTS: Final = {
    "bank": "at the bank, by what was recorded", "owed": "owed to producers, in no batch yet",
    "payable": "in batches, not recorded as paid yet", "fund": "free in the fund {name}", "held": "held for sales and orders",
    "purse": "members can spend ({name})", "cash": "cash in the box", "cheques": "cheques in the box",
    "returned": "cotisations that came back ({name})", "contract": "waiting in contracts",
}
_LEAVING: Final = "payable to funders, members and heirs"
_THE_CAISSES: Final = ("bank", "cash", "cheques", "returned")
"""Accounts of what it has; of all others it owes or keeps for somebody."""


async def sales(desk: Desk) -> None:
    given, code = desk.arguments, desk.code
    async with desk.opened() as installation:
        card = await _card_called(installation, code, given.card) if given.card else None
        async with installation.asking(code) as views:
            found = await views.find_sales(
                producer=given.producer, card=card, day=given.day, code=given.code, limit=given.limit
            )
    if not found:
        await _known(desk)
    for row in reversed(found):
        desk.say(f"{row.position:>8}  {row.day} {row.local_time:%H:%M:%S}  {row.producer:24} {row.kind:13} {_said(row):30} "
                 f"{euros(row.amount_cents):>10}  card {euros(row.approved_cents):>10} EUR")  # fmt: skip
    paid = sum(row.captured_cents - row.given_back_cents for row in found)
    more = "One of them cent by cent: clearing why NUMBER" if found else "All sales: clearing sales"
    desk.say(f"{counted(len(found), 'operation')}, the card paid {euros(paid)} EUR. {more}")


async def _known(desk: Desk) -> None:
    """Nothing was found: is it because there is no such producer or code? Raises Misused."""
    given = desk.arguments
    if given.code is not None and given.code not in set(Code):
        raise Misused(f"No answer has the code {given.code}; docs/DECLINE_REASONS.md lists them")
    if given.producer is not None:
        book = await read_book(desk)
        if given.producer not in book.producers.producers:
            raise Misused(f"There is no producer {given.producer}; clearing producer list shows them")


def _said(row: SaleRow) -> str:
    """What became of it, and why if it was declined."""
    if row.state == "declined":
        return "declined, " + Code(row.code).name.lower().replace("_", " ")
    if row.state == "tombstone":
        return "of a sale that never came"
    return f"{row.state}, in part" if row.code == Code.PARTIAL else row.state


async def _card_called(installation: Installation, code: CaisseCode, alias: str) -> bytes:
    async with installation.reading(code) as log:
        card = await _last_issue(log, alias)
    if card is None:
        raise Misused(f"There is no card called {alias}; read the alias from the card again")
    return card


async def _last_issue(log: Reader, alias: str) -> bytes | None:
    found = None
    async for _, event in events(log):
        if isinstance(event, CardIssued) and event.alias == alias:
            found = bytes(event.card)
    return found


async def why(desk: Desk) -> None:
    from clearing.audit import answer

    async with desk.opened() as installation, installation.reading(desk.code) as log:
        desk.say(await answer(log, desk.arguments.reference))


async def audit(desk: Desk) -> int:
    from clearing.audit import Level
    from clearing.installation.proving import audited

    level = Level.WHOLE
    if desk.arguments.without_signatures:
        level = Level.WITHOUT_SIGNATURES
    elif desk.arguments.hashes:
        level = Level.HASHES
    lines: list[str] = []
    async with desk.opened() as installation:
        found = await audited(installation, desk.code, lines, level=level, workers=desk.arguments.workers)
    for line in lines:
        desk.say(line)
    return 0 if found.ok else 1


async def status(desk: Desk) -> None:
    codes = [desk.code] if desk.arguments.caisse or not desk.home.caisses() else desk.home.caisses()
    async with desk.opened() as installation:
        for code in codes:
            async with installation.asking(code) as views:
                founded = await _status_of(desk, code, views)
            _say_unrecorded_proofs(desk, code)
            if founded and not desk.arguments.money:
                await say_waits(desk, installation, code)


def _say_unrecorded_proofs(desk: Desk, code: CaisseCode) -> None:
    """Of the last that were taken here and that nobody signed; recorded ones are among what waits."""
    from clearing.installation.kept_figures import kept

    known = kept(desk.home, code)
    if known is not None and not known.recorded:
        for proof, figure in known.failed.items():
            desk.say(f"Proof '{PROOFS[proof]}' of {known.day} does not hold ({figure}): clearing proofs --record")


async def _status_of(desk: Desk, code: CaisseCode, views: Questions) -> bool:
    """Whether there is anything to tell."""
    position = await views.position()
    if position == 0:
        desk.say(f"{code}: nothing is recorded yet; found it with: clearing found FILE")
        return False
    running = "it is served" if desk.home.socket(code).exists() else "it is not served: start it with clearing serve"
    desk.say(f"{code}: {position} events recorded; {running}")
    for told, cents in sums_told(await views.accounts()).items():
        desk.say(f"  {told:42} {euros(cents):>14} EUR")
    for batch in await views.batches():
        if batch.state == "closed" or (batch.state == "approved" and batch.total_cents):
            desk.say(f"Waiting: batch {batch.batch} of {euros(batch.total_cents)} EUR is {next_step(batch)}")
    return True


def sums_told(accounts: Iterable[Account]) -> dict[str, int]:
    """What a treasurer reads -> its cents; each account counts once, what the caisse has as what it owes above zero."""
    sums = {_ACCOUNTS[kind]: 0 for kind in ("bank", "owed", "payable")}
    for account in accounts:
        kind, _, name = account.account.partition(":")
        if kind in _ACCOUNTS:
            told = _LEAVING if kind == "payable" and ":" in name else _ACCOUNTS[kind].format(name=name)
            sums[told] = sums.get(told, 0) + (account.cents if kind in _THE_CAISSES else -account.cents)
    return sums


async def summary(desk: Desk) -> None:
    first: date = desk.arguments.first
    last: date = desk.arguments.last or first
    if last < first:
        raise Misused(f"The last day {last} is before the first one {first}; name the earlier day first")
    async with desk.opened() as installation, installation.asking(desk.code) as views:
        found = await views.summary(first, last)
    declined = sum(found.declined.values())
    desk.say(f"{first}{f' to {last}' if last != first else ''}: {counted(found.sales, 'sale')}, {found.approved} paid whole, "
             f"{found.partial} in part, {declined} declined")  # fmt: skip
    for paid in found.paid:
        desk.say(f"  {f'paid by {paid.payer}':30} {euros(paid.cents):>14} EUR")
    back = f", of it given back {euros(found.given_back_cents)} EUR" if found.given_back_cents else ""
    desk.say(f"  {'paid by the card in all':30} {euros(found.captured_cents):>14} EUR{back}")
    for taken in found.taken:
        desk.say(f"  {f'taken by {taken.producer}':30} {euros(taken.captured_cents):>14} EUR")


def _sales_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--producer")
    parser.add_argument("--card", metavar="ALIAS")
    parser.add_argument("--day", type=day, metavar="YYYY-MM-DD")
    parser.add_argument("--code", help="an answer's code, like 51 (docs/DECLINE_REASONS.md)")
    parser.add_argument("--limit", type=whole(1, 1_000), default=50, help="the newest so many (default 50)")


def _status_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--money", action="store_true", help="the sums alone, from the views; does not read the log")


def _why_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("reference", help="the number of a sale, an exception or an order, or the first 6 or more digits of a "
                        "sale's operation id")  # fmt: skip


def _audit_arguments(parser: argparse.ArgumentParser) -> None:
    less = parser.add_mutually_exclusive_group()
    less.add_argument(
        "--without-signatures", action="store_true",
        help="faster: hashes, rules and sums, but not who signed a request or what a reply says",
    )  # fmt: skip
    less.add_argument(
        "--hashes", action="store_true",
        help="fastest: that nothing was changed since the server signed the log's heads; no rule and no sum",
    )  # fmt: skip
    parser.add_argument("--workers", type=int, metavar="N", help="processes beside this one (default: one per core; 0: none)")


def _summary_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("first", type=day, metavar="FIRST-DAY")
    parser.add_argument("last", type=day, metavar="LAST-DAY", nargs="?")


ENTRIES = (
    Entry(words=("sales",), group=Group.LOOKING, does="find sales by producer, card or day", run=sales,
          arguments=_sales_arguments),
    Entry(words=("summary",), group=Group.LOOKING, does="what was sold on some days, and who paid", run=summary,
          arguments=_summary_arguments),
    Entry(words=("why",), group=Group.LOOKING, does="explain a sale, an order or an exception, cent by cent, down to the vote",
          run=why, arguments=_why_arguments),
    Entry(words=("status",), group=Group.LOOKING, does="funds, purses, what is owed, what waits", run=status,
          arguments=_status_arguments),
    Entry(words=("audit",), group=Group.OPERATING, does="prove the whole log; exit code 1 names the first bad event", run=audit,
          arguments=_audit_arguments),
)  # fmt: skip
