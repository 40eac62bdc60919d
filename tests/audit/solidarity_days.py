"""Law: a caisse in which draws, gives and bonuses happened: a fund of first come, one shared at the day's close, bonuses taken
back."""

from dataclasses import replace

from clearing.events.catalogue import Event
from clearing.wire.fields import DAY_MS, TimeMs
from clearing.wire.replies import Reply
from clearing.wire.requests import Op, Request
from tests.living_caisse import AMINA, BRUNO
from tests.memory_log import Desk, MemoryLog, furnished

PLENTY = {
    "terminal_day_cents": 1_000_000, "producer_day_cents": 1_000_000, "fund_day_cents": 1_000_000,
    "give_terminal_day_cents": 1_000_000, "give_producer_day_cents": 1_000_000, "give_debt_cents": 1_000_000,
}  # fmt: skip


def rule_body(rule: str, fund: str, *percent: int, policy: str = "first-come", **more: object) -> dict[str, object]:
    return {
        "rule": rule, "fund": fund, "rates": [{"rate": one * 100} for one in percent], "when_short": policy,
        "where": [], "categories": [], "prices": [{"rate": 12_500}], "coupon_cents": 100, "watch_rate": 5_000,
        "decision": "ag-2026-04", **PLENTY, **more,
    }  # fmt: skip


BONUS: dict[str, object] = {
    "rule": "green", "fund": "general", "purse": "bonus", "covers": [{"category": "fruit-veg", "rate": 5_000}],
    "month_cents": 2_500, "months_valid": 2, "short": "less", "decision": "ag-2026-04",
}  # fmt: skip


def with_solidarity() -> Desk:
    """A furnished caisse with two solidarity funds: "solidarity" (10 and 20 %), "shared" (30 %, shared at the day's close)."""
    desk = furnished()
    for fund in ("solidarity", "shared"):
        desk.order(AMINA, "open_fund", {"fund": fund, "kind": "solidarity", "name": fund, "advance_cents": 0})
    desk.order(AMINA, "set_solidarity_rule", rule_body("draws", "solidarity", 10, 20))
    desk.order(AMINA, "set_solidarity_rule", rule_body("later", "shared", 30, policy="pro-rata"))
    desk.order(AMINA, "receive_money", {"fund": "shared", "cents": 500, "reference": "a gift"})
    desk.order(BRUNO, "sell_coupons", {"fund": "solidarity", "number": 10, "means": "cash", "reference": "stand of 1 May"})
    return desk


def drawn(desk: Desk, op: Op, percent: int, lines: dict[str, int]) -> tuple[Request, Reply]:
    """A draw or a give; its time says the day only."""
    day = desk.clock.us // 1_000 // DAY_MS * DAY_MS
    return desk.ask(op, lines, price_choice=percent, ts_ms=TimeMs(day))


class Days:
    def __init__(self) -> None:
        self.desk = desk = with_solidarity()
        desk.order(AMINA, "set_bonus_rule", BONUS)
        desk.pass_time(us=9 * 3_600_000_000)
        first, _ = drawn(desk, Op.DRAW, 20, {"fruit-veg": 1_437})
        drawn(desk, Op.GIVE, 125, {"animal": 1_000})
        desk.pass_time()
        undone, _ = drawn(desk, Op.DRAW, 10, {"staple": 500})
        desk.ask(Op.REV, {}, original=undone.x)
        desk.ask(Op.REF, {"fruit-veg": 437}, original=first.x)
        desk.send(replace(first, n=800), None)  # the same draw under another number: a repeat
        drawn(desk, Op.DRAW, 20, {"staple": 90_000})  # more than the fund has
        for cents in (1_000, 2_000):
            drawn(desk, Op.DRAW, 30, {"fruit-veg": cents})
        sale, _ = desk.ask(Op.SALE, {"fruit-veg": 1_000, "soap": 100})
        desk.ask(Op.REF, {"fruit-veg": 400}, original=sale.x)
        held, _ = desk.ask(Op.AUTH, {"fruit-veg": 300})
        desk.ask(Op.CAP, {"fruit-veg": 300}, original=held.x)
        other, _ = desk.ask(Op.SALE, {"fruit-veg": 200})
        desk.ask(Op.REV, {}, original=other.x)
        desk.pass_time(days=1)
        for cents in (700, 900):
            drawn(desk, Op.DRAW, 30, {"fruit-veg": cents})
        self.closed = desk.order(AMINA, "close_batch", {"closed_on": "2026-05-02"})
        desk.log.sign_head()

    @property
    def log(self) -> MemoryLog:
        return self.desk.log

    def position(self, kind: type[Event]) -> int:
        """Of the first event of this kind."""
        return next(at for at, event in enumerate(self.log.events(), 1) if isinstance(event, kind))
