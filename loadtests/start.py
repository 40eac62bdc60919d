"""Law: a caisse of a million cards is ready in seconds, and its market of a million sales is at the bank within a minute.

The caisse is written as a log, through the real Log with real hashes, every sale decided by the real rules; then a snapshot is
made, and a fresh process starts from it. Processes are measured from outside (seconds from their start to "ready") and by the
kernel (VmRSS, VmHWM). Run: python -m loadtests.start --cards 1000000 --json FILE
"""

import argparse
import asyncio
import json
import logging
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import structlog
import uvloop

from clearing.authoriser.loop import Writer
from clearing.config import Settings
from clearing.directory import Directory
from clearing.event_store.log import Log
from clearing.events.codec import encode
from clearing.events.settlement import BatchApproved, BatchClosed
from clearing.installation.home import Home
from clearing.installation.opening import Installation
from clearing.installation.payment import make_files
from clearing.installation.snapshots import take_snapshot
from clearing.people import Record
from clearing.projections.runner import Runner
from clearing.rules.credit.allocation import decide_grant
from clearing.rules.stalls.approving import decide_approve
from clearing.rules.stalls.settlement import decide_close
from clearing.settlement.calendar import next_business_day
from clearing.sql import schema_of
from clearing.telemetry import Telemetry
from loadtests.large_caisse import CODE, Builder, approver, clock_after, iban_of, producer_of, treasurer
from loadtests.results_file import write_result

LEASE_S = 30.0
NAME = "start"


async def open_log(installation: Installation, now_us: Callable[[], int]) -> Log:
    dsn = installation.dsn("clearing_writer")
    return await Log.open(dsn, schema_of(CODE), writer=NAME, lease_s=LEASE_S, now_us=now_us, take_over=True)


def used() -> dict[str, float]:
    """VmRSS and VmHWM of this process, and the CPU seconds that it has used."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    told = {line.split(":")[0]: int(line.split()[1]) // 1_024 for line in lines if line.startswith(("VmRSS", "VmHWM"))}
    return {"cpu_s": round(time.process_time(), 2), "rss_mib": told["VmRSS"], "rss_peak_mib": told["VmHWM"]}


# --- in a process of its own ---------------------------------------------------------------------------------------


async def start(home: Path) -> None:
    """Start a writer, say that it is ready, then decide and fold the grant of the next month."""
    installation = Installation.open(Home(home), Settings())
    try:
        vault = await installation.prepare(CODE, at_us=0)
        clock = clock_after(0)
        log = await open_log(installation, clock.now_us)
        clock = clock_after(log.head.at_us)
        writer = Writer(
            code=CODE, log=log, key=vault.signing_key(), root=vault.root_public, clock=clock, directory=Directory(),
            telemetry=Telemetry(), settings=Settings(),
        )
        await writer.start()
        tell(ready=writer.book.position, **used())
        book, at_us = writer.book, log.head.at_us + 1
        day = book.caisse.calendar.day(at_us)
        period = date(day.year + day.month // 12, day.month % 12 + 1, 1)
        at_us = max(at_us, book.caisse.calendar.start_us(period))
        began_s = time.perf_counter()
        granted = decide_grant(
            book.allocation, book.members, book.funds, book.caisse.calendar, cotisations=book.cotisations, rule="monthly",
            period=period.isoformat()[:7], by=treasurer, at_us=at_us,
        )
        stored = encode(granted)  # type: ignore[arg-type]
        book.apply(granted, book.position + 1, at_us, stored)  # type: ignore[arg-type]
        tell(grant_s=round(time.perf_counter() - began_s, 4), granted=type(granted).__name__, **used())
        await log.release()
    finally:
        installation.close()


async def settle(home: Path) -> None:
    """Close everything that was sold, approve it, make the bank's file and the statements, and write them."""
    installation = Installation.open(Home(home), Settings())
    try:
        log = await open_log(installation, clock_after(0).now_us)
        builder = await Builder.resumed(installation, log)
        tell(ready=builder.book.position, **used())
        book, at_us = builder.book, builder.next_us()
        day = book.caisse.calendar.day(at_us)
        times, mark = dict[str, float](), time.perf_counter()

        def passed(what: str) -> None:
            nonlocal mark
            times[f"{what}_s"], mark = round(time.perf_counter() - mark, 2), time.perf_counter()

        closed = decide_close(
            book.settlement, producers=book.producers.producers, calendar=book.caisse.calendar, closed_on=day.isoformat(),
            position=book.position, by=treasurer, at_us=at_us,
        )
        assert isinstance(closed, BatchClosed), closed
        await builder.commit(closed)
        passed("close")
        paid_on = next_business_day(day + timedelta(days=1)).isoformat()
        approved = decide_approve(
            book.settlement, calendar=book.caisse.calendar, batch=closed.batch, execution_on=paid_on, by=approver,
            at_us=builder.next_us(),
        )
        assert isinstance(approved, BatchApproved), approved
        await builder.commit(approved)
        passed("approve")
        runner = await Runner.open(installation.dsn("clearing_projector"), schema_of(CODE), page_events=1_000)
        await runner.run_to(book.position)
        await runner.close()
        passed("views_of_the_batch")
        files = await make_files(installation, CODE, closed.batch)
        passed("make_files")
        where = files.write(installation.home.batch(CODE, closed.batch))
        passed("write_files")
        tell(
            **times, seconds=round(sum(times.values()), 2), payouts=files.payouts, total_cents=files.total_cents,
            bank_file_bytes=where.stat().st_size, files=len(files.files), **used(),
        )
        await log.release()
    finally:
        installation.close()


async def make_snapshot(home: Path) -> None:
    installation = Installation.open(Home(home), Settings())
    try:
        row = await take_snapshot(installation, CODE)
        tell(parts=0 if row is None else row.parts, **used())
    finally:
        installation.close()


def tell(**said: object) -> None:
    print(json.dumps(said), flush=True)


# --- the run -------------------------------------------------------------------------------------------------------


def in_a_child(job: str, home: Path) -> dict[str, object]:
    """Run one of the jobs above; what it told, with the seconds from its start to the first line and to its end."""
    began_s, told = time.perf_counter(), dict[str, object]()
    words = [sys.executable, "-m", "loadtests.start", "--job", job, "--home", str(home)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        for line in child.stdout:
            told.setdefault("seconds_to_first_word", round(time.perf_counter() - began_s, 2))
            told |= {f"{name}_at_ready" if "ready" in line and name != "ready" else name: value
                     for name, value in json.loads(line).items()}  # fmt: skip
    assert child.returncode == 0, f"{job} ended with {child.returncode}"
    return told | {"seconds_in_all": round(time.perf_counter() - began_s, 2)}


async def build(installation: Installation, cards: int, producers: int, sales: int) -> None:
    """Append a caisse up to so many sales; what is there already is continued."""
    log = await open_log(installation, clock_after(0).now_us)
    try:
        builder = await Builder.resumed(installation, log)
        if not builder.book.position:
            records = [
                Record(subject=f"producer:{producer_of(number)}", kind="bank",
                       fields={"name": f"STALL {number}", "iban": iban_of(number)})
                for number in range(producers)
            ]  # fmt: skip
            async with installation.people_of(CODE) as people:
                digests = await people.keep(records)
                own = {"name": "CAISSE", "iban": iban_of(99_999_999)}
                await people.keep([Record(subject="caisse", kind="bank", fields=own)])
            await builder.furnish(cards, digests)
        await builder.sell(sales, cards, producers)
    finally:
        await log.release()


async def views(installation: Installation) -> None:
    runner = await Runner.open(installation.dsn("clearing_projector"), schema_of(CODE), page_events=1_000)
    try:
        await runner.run_to(await runner.lag_events() + runner.position)
    finally:
        await runner.close()


async def whole(home: Path, *, cards: int, sales: int, producers: int) -> dict[str, object]:
    result: dict[str, object] = {"cards": cards, "producers": producers, "sales": sales, "touched_purses": cards // 2}
    installation = Installation.open(Home(home), Settings())
    mark = time.perf_counter()

    def step(name: str, told: object) -> None:
        nonlocal mark
        result[name] = told
        print(f"{time.perf_counter() - mark:7.1f} s  {name}: {told}", flush=True)
        mark = time.perf_counter()

    try:
        await installation.set_up()
        await installation.prepare(CODE, at_us=0)
        await build(installation, cards, producers, cards // 2)
        step("built", f"{cards} cards, {cards // 2} of them used once")
        step("snapshot", await asyncio.to_thread(in_a_child, "snapshot", home))
        step("start", await asyncio.to_thread(in_a_child, "start", home))
        if sales:
            await build(installation, cards, producers, sales)
            step("sold", f"{sales} sales")
            step("snapshot_with_sales", await asyncio.to_thread(in_a_child, "snapshot", home))
            step("start_with_sales", await asyncio.to_thread(in_a_child, "start", home))
            await views(installation)
            step("views", "stand where the log ends")
            step("settlement", await asyncio.to_thread(in_a_child, "settle", home))
        return result
    finally:
        installation.close()


JOBS = {"start": start, "settle": settle, "snapshot": make_snapshot}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m loadtests.start", description=__doc__)
    parser.add_argument("--cards", type=int, default=1_000_000, help="members with a card and a month's credit")
    parser.add_argument("--sales", type=int, default=1_000_000, help="sales that are settled; 0: no settlement")
    parser.add_argument("--producers", type=int, default=10_000)
    parser.add_argument("--json", type=Path, metavar="FILE", help="where the figures go (default: loadtests/results)")
    parser.add_argument("--job", choices=JOBS, help=argparse.SUPPRESS)
    parser.add_argument("--home", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    if arguments.job:
        uvloop.run(JOBS[arguments.job](arguments.home))
        return 0
    home = Path(tempfile.mkdtemp(prefix="clearing-start-"))
    home.chmod(0o711)  # PostgreSQL runs under an account of its own when this is root
    try:
        result = uvloop.run(whole(
            home, cards=arguments.cards, sales=max(arguments.sales, arguments.cards // 2) if arguments.sales else 0,
            producers=arguments.producers,
        ))  # fmt: skip
    finally:
        shutil.rmtree(home, ignore_errors=True)
    print(f"Figures: {write_result(arguments.json, NAME, result)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
