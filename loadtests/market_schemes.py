"""Law: the market year with three tiers, a solidarity fund and a bonus on top of its charte still conserves every cent.

What loadtests/market.py is founded with then, and the totals that are read from its log. Run: python -m loadtests.market_year
--schemes
"""

from collections import Counter
from typing import Any, Final

from clearing.events.bonus import BonusCredited
from clearing.events.codec import decode
from clearing.events.funds import CohortLapsed, LotLapsed
from clearing.events.sales import SaleDecided
from clearing.events.settlement import BatchClosed
from clearing.installation.proving import audited
from loadtests.market import CODE, RATES, Market
from loadtests.schemes_reference import (
    BONUS_MONTH_CENTS,
    BONUS_PERCENT,
    FRESH,
    GREENS,
    SOLIDARITY_MONTH_CENTS,
    SOLIDARITY_PERCENT,
    TIERS,
    tier_of,
)

PAGE: Final = 5_000
PLENTY_CENTS: Final = 99_000_000_00  # of the funds that are not to be short
FUNDS: Final = ("tier", "solidarity", "bonus")
Fields = dict[str, Any]


def founding(plain: Fields) -> Fields:
    """The plain market's founding with the schemes on top."""
    covers = [{"category": category, "rate": rate} for category, rate in RATES.items()]
    greens = [{"category": GREENS, "rate": 10_000}]
    payers = [
        {"id": "solidarity", "fund": "solidarity", "covers": [{"category": GREENS, "rate": SOLIDARITY_PERCENT * 100}],
         "ceilings": [{"span": "month", "cents": SOLIDARITY_MONTH_CENTS}]},
        {"id": "bonus", "purse": "bonus", "covers": greens},
        {"id": "credit", "purse": "credit", "covers": covers},
    ]  # fmt: skip
    tariffs = [
        {"id": f"tier-{name}", "condition": {"who": [name]}, "funds": [{"fund": "tier"}], "short": "next",
         "covers": [{"category": category, "rate": percent * 100} for category in FRESH]}
        for name, percent in TIERS.items() if percent < 100
    ]  # fmt: skip
    opened = [{"fund": name, "kind": kind, "name": name, "advance_cents": 0}
              for name, kind in zip(FUNDS, ("tier", "solidarity", "general"), strict=True)]  # fmt: skip
    bonus = {
        "rule": "greens", "fund": "bonus", "purse": "bonus", "covers": [{"category": GREENS, "rate": BONUS_PERCENT * 100}],
        "month_cents": BONUS_MONTH_CENTS, "months_valid": 2, "short": "none", "decision": "vote-1",
    }  # fmt: skip
    charte = {**plain["chartes"][0], "payers": payers, "tariffs": tariffs}
    return {**plain, "funds": [*plain["funds"], *opened], "chartes": [charte], "bonus_rules": [bonus]}


def groups_of(household: str) -> list[str]:
    return [tier_of(household)]


class Tally:
    """Sums over the events of the log."""

    def __init__(self) -> None:
        self.codes: Counter[str] = Counter()
        self.paid: Counter[str] = Counter(dict.fromkeys(("tier", "solidarity", "bonus", "credit"), 0))
        self.per_producer: Counter[str] = Counter()
        self.batches: dict[str, int] = {}
        self.given = 0
        self.lapsed: Counter[str] = Counter()

    def count(self, event: object) -> None:
        match event:
            case SaleDecided():
                self.codes[event.code] += 1
                self.per_producer[event.op.producer] += event.approved_cents
                for share in event.shares:
                    self.paid[share.source.partition(":")[2]] += share.cents
            case BonusCredited():
                self.given += event.cents
            case CohortLapsed() | LotLapsed():
                self.lapsed[event.purse] += event.cents
            case BatchClosed():
                self.batches[event.closed_on] = sum(line.captured_cents for line in event.lines)
            case _:
                pass


async def report_of(market: Market, seconds: float) -> dict[str, object]:
    """The keys of SchemeTotals and what the run took. Raises AssertionError when a cent is missing."""
    position = await market.served.caught_up(CODE)
    tally, installation = Tally(), market.served.installation
    async with installation.reading(CODE) as reader:
        at = 0
        while rows := await reader.read(at, PAGE):
            for row in rows:
                tally.count(decode(row.type, row.schema_version, row.public, row.private))
            at = rows[-1].position
        head = await reader.stored_head()
    async with installation.asking(CODE) as ask:
        left = {purse.purse: purse.cents for purse in await ask.purse_totals()}
        accounts = {account.account: account.cents for account in await ask.accounts()}
    assert sum(accounts.values()) == 0, "the ledger does not balance"
    said: list[str] = []
    found = await audited(installation, CODE, said)
    assert found.ok, said[-1]
    return {
        "codes": dict(sorted(tally.codes.items())), "paid": dict(tally.paid), "bonus_credited": tally.given,
        "credit_lapsed": tally.lapsed["credit"], "bonus_lapsed": tally.lapsed["bonus"],
        "credit_left": left.get("credit", 0), "bonus_left": left.get("bonus", 0),
        "per_producer": {name: cents for name, cents in sorted(tally.per_producer.items()) if cents},
        "batches": tally.batches, "events": head.position, "head_hash": head.chain.hex(), "seconds": round(seconds, 1),
        "events_per_s": round(position / seconds), "audit": "ok",
    }  # fmt: skip
