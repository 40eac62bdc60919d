"""Law: a producer's account lies sealed apart and enters the log as a digest; one person enters it, another one approves it."""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from clearing.cli.books import read_book
from clearing.cli.desk import Desk, Misused, zone_of
from clearing.cli.entry import Entry, Group
from clearing.cli.imports import STAND_IN, Plan, Rehearsal, carry_out, listed, set_apart
from clearing.cli.lists import Row, collect_list
from clearing.installation.amounts import counted
from clearing.installation.founding_tables import read_wall_time
from clearing.installation.slips import Slips
from clearing.people import Record
from clearing.rules.stalls.producers import Producer
from clearing.values import ConventionId, InvalidValue, ProducerId, identifier

NEEDS: Final = ("producer", "name", "from")
COLUMNS: Final = ("name", "from", "until", "structures", "categories", "convention", "account_name", "iban", "bic")


async def add(desk: Desk) -> None:
    given = {name: getattr(desk.arguments, _dest(name)) or "" for name in COLUMNS}
    row = Row(given | {"producer": desk.arguments.producer})
    if desk.arguments.producer in (await read_book(desk)).producers.producers:
        raise Misused(f"Producer {desk.arguments.producer} is admitted already; look at: clearing producer list")
    plan = await _import(desk, [row], Path("what was typed"), update=False)
    desk.say(f"{desk.arguments.producer} is admitted, with a convention. {_next(plan, desk.arguments.producer)}")


def _dest(column: str) -> str:
    """`from` is a word of the language, so the argument has another name inside."""
    return "since" if column == "from" else column


async def import_list(desk: Desk) -> None:
    plan = await _import(desk, None, desk.arguments.file, update=desk.arguments.update)
    for line in plan.told():
        desk.say(line)
    desk.say(_next(plan, "PRODUCER"))


def _next(plan: Plan, which: str) -> str:
    entered = [record.subject.removeprefix("producer:") for record in plan.accounts]
    if entered:
        return f"Next, another person than you: clearing producer bank-approve {' '.join(entered)}"
    if not plan.new:
        return "All of them: clearing producer list"
    return f"Next: clearing producer bank {which} --name NAME --iban IBAN"


async def _import(desk: Desk, rows: list[Row] | None, path: Path, *, update: bool) -> Plan:
    """Everything is read and rehearsed before the first command."""
    from clearing.installation.payment import ACCOUNT_OF_THE_CAISSE, BANK

    slips = Slips()
    rows = rows if rows is not None else collect_list(path, slips, needs=NEEDS, may=COLUMNS[2:])
    book = await read_book(desk)
    async with desk.opened() as installation, installation.people_of(desk.code) as people:
        own = await people.newest(ACCOUNT_OF_THE_CAISSE, BANK)
        kept = await people.newest_of(BANK, [f"producer:{row['producer']}" for row in rows if row.get("iban")])
        rehearsal = Rehearsal(book, desk.person(), path, slips)
        plan = plan_producers(rows, rehearsal, kept, own_iban=own.fields["iban"] if own else "", update=update)
        slips.end()
        await carry_out(plan, desk.order, people.keep)
    return plan


def plan_producers(
    rows: list[Row], rehearsal: Rehearsal, kept: Mapping[str, Record], *, own_iban: str, update: bool = False
) -> Plan:
    """kept: the newest account of whom, by subject; own_iban: the caisse's. The slips hold the lines that can't be taken."""
    plan = Plan(rehearsal.path, "producer", update)
    if not all(rehearsal.allowed(verb) for verb in ("admit_producers", "sign_conventions", "propose_bank_details")):
        return plan
    for row in rows:
        with rehearsal.slips.at(rehearsal.path, row.line):
            _plan_producer(plan, rehearsal, row, kept.get(f"producer:{row['producer']}"), own_iban)
    return plan


def _plan_producer(plan: Plan, rehearsal: Rehearsal, row: Row, account: Record | None, own_iban: str) -> None:
    item = _convention_of(row, rehearsal.book.caisse.calendar.zone)
    producer = ProducerId(identifier(row["producer"], what="'producer'"))
    known, record = rehearsal.book.producers.producers.get(producer), None
    if row.get("iban"):
        record = _bank_record(producer, row)
        if record.fields["iban"] == own_iban:
            raise InvalidValue(f"the account of {producer} is the caisse's own; ask the producer for a RIB")
    if known is None:
        plan.new += 1
        structures = row.get("structures", "").split()
        admitted: dict[str, object] = {"producer": producer, "name": row["name"], "structures": structures}
        listed(plan, rehearsal, row.line, "admit_producers", "producers", admitted)
        listed(plan, rehearsal, row.line, "sign_conventions", "conventions", item)
        _enter(plan, rehearsal, row.line, record)
        return
    _compare(plan, rehearsal, row, known, item)
    if record is not None and (account is None or account.fields != record.fields):
        said = f"{producer} has another account in the list, ending in {record.fields['iban'][-4:]} (--update enters it)"
        if account is None or plan.differ(row.line, said):
            _enter(plan, rehearsal, row.line, record)


def _compare(plan: Plan, rehearsal: Rehearsal, row: Row, known: Producer, item: dict[str, object]) -> None:
    """A producer is known by its short name, a convention by its id: neither is changed by a list, a new one is signed."""
    signed = rehearsal.book.producers.conventions.get(ConventionId(str(item["convention"])))
    structures = frozenset(row.get("structures", "").split())
    if (known.name, known.structures) != (row["name"], structures if "structures" in row else known.structures):
        plan.differs.append(f"  line {row.line}: {known.producer} is called {known.name!r} here, of the structures: "
                            f"{set_apart(known.structures)}; a list can't change that")  # fmt: skip
    if signed is None:
        plan.changed += 1
        listed(plan, rehearsal, row.line, "sign_conventions", "conventions", item)
        return
    categories = item.get("categories")
    wanted = (known.producer, item["from_us"], item.get("until_us"), None if categories is None else frozenset(categories))  # type: ignore[call-overload]
    if (signed.producer, signed.from_us, signed.until_us, signed.categories) != wanted:
        plan.differs.append(f"  line {row.line}: the convention {signed.convention} of {signed.producer} is signed with other "
                            "dates or categories; sign another one: clearing producer convention")  # fmt: skip
    else:
        plan.known += 1


def _enter(plan: Plan, rehearsal: Rehearsal, line: int, record: Record | None) -> None:
    """Bank details to be proposed; another person approves them later."""
    if record is not None:
        producer = record.subject.removeprefix("producer:")
        if rehearsal.item(line, "propose_bank_details", {"details": [{"producer": producer, "digest": STAND_IN}]}):
            plan.accounts.append(record)


def _convention_of(row: Row, zone: ZoneInfo) -> dict[str, object]:
    """Raises InvalidValue for what no convention can be."""
    producer = identifier(row["producer"], what="a producer's short name")
    convention: dict[str, object] = {
        "convention": identifier(row.get("convention") or f"{producer}-1", what=f"the convention of {producer}"),
        "producer": producer, "from_us": (from_us := read_wall_time(row["from"], zone, what=f"'from' of {producer}")),
    }
    if row.get("until"):
        convention["until_us"] = until_us = read_wall_time(row["until"], zone, what=f"'until' of {producer}")
        if until_us <= from_us:
            raise InvalidValue(f"the convention of {producer} ends before it begins: 'until' is the first day after it")
    if row.get("categories"):
        convention["categories"] = [identifier(one, what=f"a category of {producer}") for one in row["categories"].split()]
    return convention


async def convention(desk: Desk) -> None:
    given = desk.arguments
    async with desk.opened() as installation:
        zone = await zone_of(installation, desk.code)
    row = Row({"producer": given.producer, "convention": given.convention, "from": given.since, "until": given.until or "",
               "categories": given.categories or ""})  # fmt: skip
    await desk.order("sign_conventions", {"conventions": [_convention_of(row, zone)]})
    desk.say(f"{given.convention} of {given.producer} is signed. All of them: clearing producer list")


def _bank_record(producer: str, row: Row) -> Record:
    """Raises InvalidBankDetails."""
    from clearing.installation.bank_entry import bank_record

    name = row.get("account_name") or row.get("name") or ""
    return bank_record(producer, name=name, iban=row["iban"], bic=row.get("bic") or "")


async def bank(desk: Desk) -> None:
    from clearing.installation.bank_entry import sealed_accounts
    from clearing.settlement.bank_details import last_4

    given = desk.arguments
    record = _bank_record(given.producer, Row({"name": given.name, "iban": given.iban, "bic": given.bic or ""}))
    async with desk.opened() as installation:
        details = await sealed_accounts(installation, desk.code, [record])
    await desk.order("propose_bank_details", {"details": details})
    desk.say(f"The account {last_4(given.iban)} of {given.producer} is entered. Next, another person than you, with the RIB in "
             f"hand: clearing producer bank-approve {given.producer}")  # fmt: skip


async def bank_approve(desk: Desk) -> None:
    from clearing.cli.proposals import agreed, proposed_accounts

    producers = list(desk.arguments.producer)
    entered, shown = await proposed_accounts(desk, producers)
    for line in shown:
        desk.say(line)
    agreed("Is that what the producers' own papers say?")
    seen: list[object] = [{"producer": one.producer, "digest": one.details} for one in entered]
    await desk.order("approve_bank_details", {"producers": seen})
    desk.say(f"{counted(len(producers), 'account')} approved. A first one is paid to at once, a changed one after two days.")


async def suspend(desk: Desk) -> None:
    await desk.order("suspend_convention", {"convention": desk.arguments.convention})
    desk.say("No card pays there from now on; what is owed stays owed.")


async def resume(desk: Desk) -> None:
    await desk.order("resume_convention", {"convention": desk.arguments.convention})
    desk.say("Cards pay there again.")


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("producer", help="a short name: a-z 0-9 . _ -")
    parser.add_argument("--name", required=True, help="the stall's public name")
    _term_arguments(parser)
    parser.add_argument("--convention", help="its id (default: PRODUCER-1)")
    parser.add_argument("--structures", help="names under which the charte may address it, separated by blanks")
    parser.add_argument("--account-name", help="as the bank knows it (default: the name)")
    parser.add_argument("--iban", help="its account, to be approved by another person")
    parser.add_argument("--bic")


def _term_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--from", dest="since", required=True, metavar="YYYY-MM-DD", help="first day of the convention")
    parser.add_argument("--until", metavar="YYYY-MM-DD", help="first day after it (never ends when left out)")
    parser.add_argument("--categories", help="what the convention covers, separated by blanks (default: the whole charte)")


def _convention_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("producer")
    parser.add_argument("convention", help="its id, like ferme-2: another one than those before")
    _term_arguments(parser)


def _import_arguments(parser: argparse.ArgumentParser) -> None:
    columns = ", ".join(("producer", *COLUMNS))
    parser.add_argument("file", type=Path, help=f"CSV with the columns {columns}; only the first three are needed")
    parser.add_argument("--update", action="store_true", help="also enter the accounts that differ")


def _bank_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("producer")
    parser.add_argument("--name", required=True, help="the account holder as the bank knows it")
    parser.add_argument("--iban", required=True)
    parser.add_argument("--bic")


def _approve_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("producer", nargs="+")


def _convention(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("convention")


ENTRIES = (
    Entry(words=("producer", "add"), group=Group.PRODUCERS, does="admit a producer and sign its convention", run=add,
          arguments=_add_arguments, signed=True),
    Entry(words=("producer", "import"), group=Group.PRODUCERS, does="admit the producers of a CSV file", run=import_list,
          arguments=_import_arguments, signed=True),
    Entry(words=("producer", "convention"), group=Group.PRODUCERS, does="sign another convention with a producer",
          run=convention, arguments=_convention_arguments, signed=True),
    Entry(words=("producer", "bank"), group=Group.PRODUCERS, does="enter a producer's account", run=bank,
          arguments=_bank_arguments, signed=True),
    Entry(words=("producer", "bank-approve"), group=Group.PRODUCERS, does="approve, as another person, an account",
          run=bank_approve, arguments=_approve_arguments, signed=True),
    Entry(words=("producer", "suspend"), group=Group.PRODUCERS, does="suspend a convention", run=suspend, arguments=_convention,
          signed=True),
    Entry(words=("producer", "resume"), group=Group.PRODUCERS, does="resume a convention", run=resume, arguments=_convention,
          signed=True),
)  # fmt: skip
