"""Law: the caisse owes a producer what payers took for its goods, less what went back, less what batches instructed.

A surplus is owed to a fund, not to a producer; a capture or refund makes one entry per payee.
"""

from collections.abc import Iterable

from clearing.events.basket import Line, Return, Share
from clearing.events.sales import CaptureDecided, RefundDecided, ReversalDecided, SaleDecided
from clearing.events.settlement import BatchClosed, PayoutConfirmed, PayoutReturned
from clearing.projections.page import Page, Recorded, Writes, copy, write
from clearing.rules.sale import goods
from clearing.values import ProducerId

FILE = "owed.sql"
ENTRY = ("producer", "position", "sale_position", "kind", "day", "local_time", "gross_cents", "card_cents")
_CAPTURED, _REFUNDED, _SETTLED, _RETURNED, _CONFIRMED = range(5)


def writes(page: Page) -> Writes:
    """Entries of captures first, then refunds, then reversals, each of which needs the ones before."""
    totals, captures, refunds, reversals = dict[str, list[int]](), list[tuple[object, ...]](), [], []
    for recorded in page:
        match recorded.event:
            case SaleDecided() | CaptureDecided() as event:
                captures += _captured(recorded, event, totals)
            case RefundDecided() as event:
                refunds += _taken_back(recorded, event.returned, _gross(event.lines, event.op.producer), "refund", totals)
            case ReversalDecided(effect="undone") as event:
                reversals += _taken_back(recorded, event.returned, None, "reversal", totals)
            case BatchClosed() as event:
                for line in event.lines:
                    _add(totals, line.producer, _SETTLED, line.paid_cents)
            case PayoutReturned() as event:
                _add(totals, event.producer, _RETURNED, event.cents)
            case PayoutConfirmed() as event:
                _add(totals, event.producer, _CONFIRMED, event.cents)
            case _:
                pass
    rows = [(producer, *sums) for producer, sums in sorted(totals.items())]
    return [
        *write("owe", rows), *copy("owed_entries", ENTRY, captures),
        *write("take_back", refunds), *write("take_back", reversals),
    ]  # fmt: skip


def _add(totals: dict[str, list[int]], producer: str, place: int, cents: int) -> None:
    totals.setdefault(producer, [0, 0, 0, 0, 0])[place] += cents


def _captured(
    recorded: Recorded, event: SaleDecided | CaptureDecided, totals: dict[str, list[int]]
) -> list[tuple[object, ...]]:
    if not event.shares:
        return []
    gross = _gross(goods(event), event.op.producer)
    rows: list[tuple[object, ...]] = []
    for payee, cents in _per_payee(event.shares).items():
        _add(totals, payee, _CAPTURED, cents)
        at = (recorded.position, recorded.position, "capture", recorded.day, recorded.local_time)
        rows.append((payee, *at, gross.get(payee, 0), cents))
    return rows


def _taken_back(
    recorded: Recorded, returns: Iterable[Return], gross: dict[ProducerId, int] | None, kind: str,
    totals: dict[str, list[int]],
) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    for payee, cents in _per_payee(returns).items():
        _add(totals, payee, _REFUNDED, cents)
        price = None if gross is None else -gross.get(payee, 0)
        rows.append((payee, recorded.position, kind, recorded.day, recorded.local_time, price, -cents))
    return rows


def _per_payee(parts: Iterable[Share | Return]) -> dict[ProducerId, int]:
    sums: dict[ProducerId, int] = {}
    for part in parts:
        if part.step != "surplus":
            sums[part.payee] = sums.get(part.payee, 0) + part.cents
    return sums


def _gross(lines: Iterable[Line], producer: ProducerId) -> dict[ProducerId, int]:
    """Goods that were handed over, at full price per payee; a line that names none is the seller's own."""
    sums: dict[ProducerId, int] = {}
    for line in lines:
        payee = line.payee or producer
        sums[payee] = sums.get(payee, 0) + line.amount_cents
    return sums
