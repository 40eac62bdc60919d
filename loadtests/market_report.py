"""Law: the year's totals are read from the log, event by event; what the views say of the same position must be equal."""

from collections import Counter
from typing import Final

from clearing.events.codec import decode
from clearing.events.funds import AllocationGranted, CohortLapsed
from clearing.events.sales import SaleDecided
from clearing.events.settlement import BatchClosed
from clearing.installation.proving import audited
from loadtests.baskets import CATEGORIES
from loadtests.market import CODE, Market

PAGE: Final = 5_000
CODES: Final = ("00", "10", "51", "57")


class Tally:
    """Sums over the events of the year."""

    def __init__(self) -> None:
        self.codes: Counter[str] = Counter(dict.fromkeys(CODES, 0))
        self.per_category: Counter[str] = Counter(dict.fromkeys(CATEGORIES, 0))
        self.per_producer: Counter[str] = Counter()
        self.batches: dict[str, int] = {}
        self.granted = self.lapsed = self.approved = 0

    def count(self, event: object) -> None:
        match event:
            case SaleDecided():
                self.codes[event.code] += 1
                self.per_producer[event.op.producer] += event.approved_cents
                self.approved += event.approved_cents
                for line, cents in zip(event.lines, event.approved_lines, strict=True):
                    self.per_category[line.category] += cents
            case AllocationGranted():
                self.granted += event.total_cents
            case CohortLapsed():
                self.lapsed += event.cents
            case BatchClosed():
                self.batches[event.closed_on] = sum(line.captured_cents for line in event.lines)
            case _:
                pass


async def report_of(market: Market, seconds: float) -> dict[str, object]:
    """The result's keys. Raises AssertionError when a cent is missing, or log and views differ."""
    position = await market.served.caught_up(CODE)
    tally = Tally()
    installation = market.served.installation
    async with installation.reading(CODE) as reader:
        at = 0
        while rows := await reader.read(at, PAGE):
            for row in rows:
                tally.count(decode(row.type, row.schema_version, row.public, row.private))
            at = rows[-1].position
        head = await reader.stored_head()
    async with installation.asking(CODE) as ask:
        left = sum(purse.cents for purse in await ask.purse_totals())
        owed = {row.producer: row.captured_cents for row in await ask.owed()}
        assert sum(account.cents for account in await ask.accounts()) == 0, "the ledger does not balance"
    said: list[str] = []
    found = await audited(installation, CODE, said)
    assert found.ok, said[-1]
    assert tally.granted == tally.approved + left + tally.lapsed, "a cent is missing"
    assert {name: cents for name, cents in tally.per_producer.items() if cents} == {n: c for n, c in owed.items() if c}
    return {
        "households": len(market.cards), "producers": len(market.stalls), "baskets": sum(tally.codes.values()),
        "codes": dict(tally.codes), "cents_approved": tally.approved, "cents_per_category": dict(tally.per_category),
        "granted": tally.granted, "lapsed": tally.lapsed, "left": left, "per_producer": dict(tally.per_producer),
        "batches": tally.batches, "events": head.position, "head_hash": head.chain.hex(), "seconds": round(seconds, 1),
        "events_per_s": round(position / seconds), "audit": "ok", "audited": found.checked,
    }
