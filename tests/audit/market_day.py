"""Law: one caisse in which everything happened once: sale, hold, capture, refund, reversal, expiry, repeat, alert,
an upload of several sales answered together, and a settled batch."""

from dataclasses import dataclass, replace

from clearing.events.catalogue import Event
from clearing.wire.fields import TimeMs
from clearing.wire.requests import Op, Request
from tests.living_caisse import AMINA, BRUNO
from tests.memory_log import Desk, MemoryLog, furnished


@dataclass
class Day:
    desk: Desk
    sale: Request
    captured: Request

    @property
    def log(self) -> MemoryLog:
        return self.desk.log

    def position(self, kind: type[Event]) -> int:
        """Of the first event of this kind."""
        return next(at for at, event in enumerate(self.log.events(), 1) if isinstance(event, kind))


BASKET = {"fruit-veg": 735, "animal": 1249, "staple": 415, "soap": 290}


def market_day() -> Day:
    desk = furnished()
    desk.pass_time()
    sale_tap = desk.tap()
    sale, _ = desk.ask(Op.SALE, BASKET, tap=sale_tap)
    tap = desk.tap()
    held, _ = desk.ask(Op.AUTH, {"animal": 333}, tap=tap)
    desk.pass_time(days=1)
    captured, _ = desk.ask(Op.CAP, {"animal": 111}, original=held.x)
    desk.ask(Op.REF, {"animal": 400}, original=sale.x)
    desk.ask(Op.SALE, BASKET, tap=tap)
    other, _ = desk.ask(Op.SALE, {"animal": 500})
    desk.ask(Op.REV, {}, original=other.x)
    desk.ask(Op.AUTH, {"animal": 100})
    desk.send(replace(sale, n=900), sale_tap)  # the same operation under another number: a repeat
    desk.send(replace(other, ts_ms=TimeMs(other.ts_ms + 1)), None)  # other content under the same number: an alert
    desk.batch({"fruit-veg": 120}, {"soap": 90}, {"animal": 260, "staple": 140})
    desk.pass_time(days=5)
    _settle(desk)
    desk.log.sign_head()
    desk.pass_time(days=70)
    desk.tick()
    return Day(desk, sale, captured)


def _settle(desk: Desk) -> None:
    desk.order(AMINA, "close_batch", {"closed_on": "2026-05-06"})
    desk.order(BRUNO, "approve_batch", {"batch": 1, "execution_on": "2026-05-09"})
    desk.order(AMINA, "export_batch", {"batch": 1, "message_id": "m-1", "file_sha256": b"f" * 32})
    desk.order(AMINA, "confirm_payout", {"batch": 1, "producer": "field", "reference": "bank line 1"})
    desk.order(AMINA, "return_payout", {"batch": 1, "producer": "field", "reason": "account closed"})
    desk.order(BRUNO, "admit_members", {"members": [{"member": "m-3", "groups": []}]})
    desk.order(BRUNO, "grant_single", {"rule": "monthly", "period": "2026-05", "member": "m-3"})
