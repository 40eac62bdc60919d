"""Law: a funder's clerk reads where each euro is by now, without knowing a word of this program; tables sum to what came."""

import argparse
import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from clearing.cli.books import events
from clearing.cli.desk import Desk, Misused
from clearing.cli.entry import Entry, Group
from clearing.installation.amounts import counted, euros
from clearing.installation.opening import Installation
from clearing.rules.ledger.traced import ABROAD, SPENT, Row, State, Traced, together
from clearing.rules.ledger.tracing import Trace
from clearing.values import CaisseCode

_PLACES: Final = {
    State.PAID: "paid to producers", State.IN_BATCH: "in a settlement batch, not paid yet",
    State.OWED: "owed to producers", State.HELD: "kept for orders and sales under way",
    State.IN_PURSES: "in members' purses", State.IN_CONTRACTS: "waiting in basket contracts", State.FREE: "not given out yet",
    State.RETURNED: "given back to the funder", State.BEFORE: "spent before these books began",
    State.WRITTEN_OFF: "written off", State.LEFT: "left otherwise",
}  # fmt: skip
"""In the order in which a funder asks. Told in detail: those of _DETAILED."""
_DETAILED: Final = frozenset({State.IN_PURSES, State.FREE, State.WRITTEN_OFF, State.LEFT})
_ALWAYS: Final = frozenset({State.PAID, State.OWED, State.IN_PURSES, State.FREE})


async def trace(desk: Desk) -> None:
    """Where each euro of one subsidy is by now."""
    given = desk.arguments
    found: dict[CaisseCode, Traced] = {}
    async with desk.opened() as installation:
        for code in desk.home.caisses() if given.all_caisses else [desk.code]:
            read = await _read(installation, code)
            if given.grant in read.subsidies:
                found[code] = read.of(given.grant)
    if not found:
        raise Misused(f"There is no subsidy {given.grant}; those there are: clearing subsidy list")
    for line in consolidated_text(found):
        desk.say(line)
    _file(desk, together(found) if given.all_caisses else next(iter(found.values())))


async def trace_fund(desk: Desk) -> None:
    """Where all money is that ever came into one fund."""
    fund = desk.arguments.fund
    async with desk.opened() as installation:
        read = await _read(installation, desk.code)
    found = read.of_fund(fund)
    if not found.received_cents:
        raise Misused(f"No money ever came into a fund {fund}; the funds there are: clearing funds")
    for line in trace_text(found):
        desk.say(line)
    _file(desk, found)


def _file(desk: Desk, found: Traced) -> None:
    path: Path | None = desk.arguments.csv
    if path is not None:
        path.write_text(trace_csv(found), encoding="utf-8")
        desk.say(f"Line by line, without members and cards: {path}")


async def _read(installation: Installation, code: CaisseCode) -> Trace:
    found = Trace()
    async with installation.reading(code) as log:
        async for row, event in events(log):
            found.take(event, row.position, row.at_us)
    return found


def consolidated_text(found: Mapping[CaisseCode, Traced]) -> list[str]:
    """Each caisse's own, then all of them added up by the same sums; of one caisse just its own."""
    if len(found) == 1:
        return [line for one in found.values() for line in trace_text(one)]
    lines = []
    for code, one in found.items():
        lines += [f"Caisse {code}", *trace_text(one), ""]
    return [*lines, f"{counted(len(found), 'caisse')} together", *trace_text(together(found))]


def trace_text(traced: Traced) -> list[str]:
    """What came, where it is, which producer got what, and by which credit. Raises Unreconciled when it does not add up."""
    traced.reconcile()
    return [
        *_came(traced), "", *_places(traced), *_producers(traced), *_ways(traced), *_lapsed(traced),
    ]


def _line(what: str, cents: int, deep: int = 0) -> str:
    return f"{'  ' * deep + what:50} {euros(cents):>14} EUR"


def _came(traced: Traced) -> Iterator[str]:
    if traced.funder:
        yield f"Subsidy {traced.grant} of {traced.funder}: {traced.purpose}"
        yield _line("promised", traced.promised_cents, 1)
        if traced.reduced_cents:
            yield _line("taken off by the funder", -traced.reduced_cents, 1)
        yield _line("still to come", traced.to_come_cents, 1)
        yield _line("received", traced.received_cents, 1)
        return
    yield f"All money that ever came into fund {traced.grant}"
    for how, cents in traced.came.items():
        yield _line(how, cents, 1)
    yield _line("received", traced.received_cents, 1)


def _places(traced: Traced) -> Iterator[str]:
    yield "Where it is now"
    for state, told in _PLACES.items():
        rows = [row for row in traced.all_rows if row.state is state]
        cents = sum(row.cents for row in rows)
        if cents or state in _ALWAYS:
            yield _line(told, cents, 1)
            if state in _DETAILED or (state is State.RETURNED and not traced.funder):
                yield from _details(rows)
    yield _line("together, as received", traced.received_cents, 1)


def _details(rows: Iterable[Row]) -> Iterator[str]:
    sums: dict[str, int] = {}
    for row in rows:
        sums[row.credit] = sums.get(row.credit, 0) + row.cents
    for what, cents in sorted(sums.items()):
        if cents:
            yield _line(told_way(what), cents, 2)


def told_way(credit: str) -> str:
    """ "monthly/2026-05" -> "credit monthly of 2026-05"; what else there is says itself."""
    code, colon, rest = credit.rpartition(": ")
    rule, slash, period = rest.partition("/")
    return f"{code}{colon}credit {rule} of {period.rstrip('+')}" + (
        ", carried over" if period.endswith("+") else ""
    ) if slash else credit


def _producers(traced: Traced) -> Iterator[str]:
    found = traced.by_producer()
    if found:
        yield ""
        yield f"{'Who sold for it (EUR)':36} {'paid':>14} {'in a batch':>14} {'owed':>14} {'together':>14}"
        for producer, of in found.items():
            yield f"  {_named(traced, producer):34} " + " ".join(f"{euros(c):>14}" for c in (*of.values(), sum(of.values())))
        sums = [traced.cents(state) for state in (State.PAID, State.IN_BATCH, State.OWED)]
        yield f"  {'together':34} " + " ".join(f"{euros(cents):>14}" for cents in (*sums, sum(sums)))


def _named(traced: Traced, producer: str) -> str:
    name = traced.names.get(producer, producer)
    if producer.startswith(ABROAD):
        name = f"producers of {producer}"
    return name if len(name) <= 34 else f"{name[:33]}…"


def _ways(traced: Traced) -> Iterator[str]:
    """By what it was spent: credit, rule at the till, draws, contracts."""
    sums: dict[str, dict[str, int]] = {}
    for row in traced.all_rows:
        if row.state in SPENT and row.cents:
            of = sums.setdefault(row.credit, {})
            of[row.producer] = of.get(row.producer, 0) + row.cents
    if sums:
        yield ""
        yield "By what it was spent"
    for credit, of in sorted(sums.items()):
        yield _line(told_way(credit), sum(of.values()), 1)
        for producer, cents in sorted(of.items()):
            yield _line(_named(traced, producer), cents, 2)


def _lapsed(traced: Traced) -> Iterator[str]:
    if traced.lapsed_cents:
        yield ""
        yield (f"Of it {euros(traced.lapsed_cents)} EUR came back from purses whose time was over; they were given out again, "
               "or are counted above where they are now.")  # fmt: skip


def trace_csv(traced: Traced) -> str:
    out = io.StringIO()
    sheet = csv.writer(out, delimiter=";", lineterminator="\n")
    name = "subsidy" if traced.funder else "fund"
    sheet.writerow((name, "received_at_event", "credit", "day", "sale", "category", "producer", "state", "batch", "euros"))
    for row in traced.rows():
        sheet.writerow((
            traced.grant, row.receipt, row.credit, row.day, row.sale or "", row.category, row.producer, row.state,
            row.batch or "", f"{row.cents // 100},{row.cents % 100:02d}",
        ))  # fmt: skip
    return out.getvalue()


def _csv_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--csv", type=Path, metavar="FILE", help="also write every line into this file")


def _subsidy_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("grant")
    _csv_argument(parser)
    parser.add_argument("--all-caisses", action="store_true",
                        help="of all caisses of this home that record it under this id, then added up")  # fmt: skip


def _fund_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("fund")
    _csv_argument(parser)


ENTRIES = (
    Entry(words=("subsidy", "trace"), group=Group.MONEY, does="follow each euro to the producer who was paid", run=trace,
          arguments=_subsidy_arguments),
    Entry(words=("fund", "trace"), group=Group.MONEY, does="follow all money that came into one fund", run=trace_fund,
          arguments=_fund_arguments),
)  # fmt: skip
