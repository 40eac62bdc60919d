"""Law: a year of baskets goes through the real gateway, writer and database in order, and no cent is missing at its end.

Every sale is a signed frame with a tap over HTTP; only the clock is simulated. The mapping of baskets to sales is that of
loadtests/baskets.py; loadtests/market_reference.py is the second road to the same totals, compared at the end.
Run: python -m loadtests.market_year --json FILE
"""

import argparse
import asyncio
import json
import logging
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import structlog
import uvloop

from loadtests import market_schemes, schemes_reference
from loadtests.baskets import Basket, load_year
from loadtests.market import Market, open_market
from loadtests.market_reference import simulate
from loadtests.market_report import report_of
from loadtests.results_file import write_result

IN_FLIGHT = 64


async def play(market: Market, baskets: Sequence[Basket], months: int) -> float:
    """Sell every basket and keep the year's appointments on the way; wall seconds from the first to the last sale."""
    appointments = market.appointments(months)
    open_sales: set[asyncio.Task[None]] = set()
    started_s = time.perf_counter()
    for number, basket in enumerate(baskets):
        while appointments and appointments[0].at_us <= basket.at_us:
            await _all_done(open_sales)
            await market.keep(appointments.pop(0))
        if len(open_sales) >= IN_FLIGHT:
            done, open_sales = await asyncio.wait(open_sales, return_when=asyncio.FIRST_COMPLETED)
            for sale in done:
                sale.result()
        open_sales.add(market.sell(basket))
        if number % 10_000 == 0:
            per_s = number / (time.perf_counter() - started_s)
            print(f"{basket.wall[:10]}  {number:>7} sales  {per_s:>6.0f} per second", flush=True)
    await _all_done(open_sales)
    for appointment in appointments:
        await market.keep(appointment)
    return time.perf_counter() - started_s


async def _all_done(open_sales: "set[asyncio.Task[None]]") -> None:
    if open_sales:
        done, _ = await asyncio.wait(open_sales)
        for sale in done:
            sale.result()
        open_sales.clear()


async def year(home: Path, *, months: int, schemes: bool = False) -> dict[str, object]:
    """The whole run; the keys of the result. Raises AssertionError naming the first total that is not the reference's."""
    baskets = [basket for basket in load_year() if int(basket.wall[5:7]) <= months]
    expected: Mapping[str, object]
    if schemes:
        funds = dict.fromkeys(market_schemes.FUNDS, market_schemes.PLENTY_CENTS)
        async with open_market(
            home, baskets, founding=market_schemes.founding, groups_of=market_schemes.groups_of, funds=funds
        ) as market:
            report = await market_schemes.report_of(market, await play(market, baskets, months))
        expected = schemes_reference.simulate(baskets, months)
    else:
        async with open_market(home, baskets) as market:
            report = await report_of(market, await play(market, baskets, months))
        expected = simulate(baskets, months)
    for name, value in expected.items():
        assert report[name] == value, f"{name} is {report[name]} here and {value} in the reference"
    return report


def run(months: int, *, schemes: bool = False) -> dict[str, object]:
    """Play it on a database of its own, which is thrown away afterwards."""
    home = Path(tempfile.mkdtemp(prefix="clearing-market-"))
    home.chmod(0o711)  # PostgreSQL runs under an account of its own when this is root
    try:
        return uvloop.run(year(home, months=months, schemes=schemes))
    finally:
        shutil.rmtree(home, ignore_errors=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m loadtests.market_year", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="where the totals go (default: loadtests/results)")
    parser.add_argument("--months", type=int, default=12, choices=range(1, 13), help="how much of 2017 is played")
    parser.add_argument("--schemes", action="store_true", help="with three tiers, a solidarity fund and a bonus on top")
    arguments = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    report = run(arguments.months, schemes=arguments.schemes)
    path = write_result(arguments.json, "market_year_schemes" if arguments.schemes else "market_year", report)
    shown = {name: value for name, value in report.items() if name not in ("per_producer", "batches")}
    print(json.dumps(shown, indent=1))
    print(f"Every total equals the reference; the audit says {report['audit']}. Totals: {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
