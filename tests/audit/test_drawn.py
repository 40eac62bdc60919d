"""The audit proves draws, gives and bonuses from the log alone, and names who changed one though every hash fits."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import pytest

from clearing.audit import AuditReport, Level, audit
from clearing.events.bonus import BonusCredited, BonusTakenBack
from clearing.events.catalogue import Event
from clearing.events.sales import RefundDecided
from clearing.events.settlement import BatchClosed
from clearing.events.solidarity import CouponsSold, DrawDecided, DrawsShared, GiveDecided
from clearing.rules.calendar import CivilCalendar
from clearing.values import Cents, Rate
from clearing.wire.replies import parse_reply
from clearing.wire.requests import Op
from tests.audit.forging import event_at, forge, rehash
from tests.audit.solidarity_days import Days, drawn, with_solidarity
from tests.living_caisse import DAY_US, MAY_1, SERVER_KEY, payload_of

PARIS = CivilCalendar("Europe/Paris")


async def audited(days: Days, level: Level = Level.WHOLE) -> AuditReport:
    return await audit(days.log, report=lambda _line: None, server_keys=[SERVER_KEY.public], level=level)


@pytest.mark.parametrize("level", [Level.WHOLE, Level.WITHOUT_SIGNATURES])
async def test_days_of_draws_gives_and_bonuses_hold(level: Level) -> None:
    days = Days()
    found = await audited(days, level)
    assert found.ok, f"{found.position} {found.reason}"
    kinds = [type(event) for event in days.log.events()]
    assert (kinds.count(DrawDecided), kinds.count(GiveDecided), kinds.count(DrawsShared)) == (7, 1, 2)
    assert (kinds.count(BonusCredited), kinds.count(BonusTakenBack)) == (3, 2)
    assert found.checked["bonuses, reckoned again from their sale"] == 5
    assert kinds[-2:] == [DrawsShared, BatchClosed]
    (line,) = cast(BatchClosed, days.log.events()[-1]).lines
    assert (line.given_cents, days.closed.out["batch"]) == (250, 1)  # the person is told of the batch, not of the close before


def test_the_instant_of_a_draw_is_never_the_clocks_and_its_reply_names_the_day() -> None:
    desk = with_solidarity()
    desk.pass_time(us=9 * 3_600_000_000 + 123_456)
    last_us = desk.log.rows[-1].at_us
    request, reply = drawn(desk, Op.DRAW, 20, {"fruit-veg": 1_437})
    assert desk.log.rows[-1].at_us == last_us + 1
    assert reply.st * 1_000 == PARIS.start_us(PARIS.day(MAY_1))
    desk.pass_time(days=1)
    _, later = drawn(desk, Op.GIVE, 125, {"animal": 1_000})
    assert desk.log.rows[-1].at_us == later.st * 1_000 == MAY_1 + DAY_US
    desk.pass_time()
    desk.ask(Op.REV, {}, original=request.x)
    stored = parse_reply(payload_of(desk.log.replies[-1].reply))
    assert (desk.log.rows[-1].at_us, stored.st * 1_000) == (MAY_1 + DAY_US + 1, MAY_1 + DAY_US)


def test_a_draw_that_names_its_time_is_answered_30_and_leaves_no_trace() -> None:
    desk = with_solidarity()
    before = len(desk.log.rows)
    _, reply = desk.ask(Op.DRAW, {"fruit-veg": 500}, price_choice=20)
    assert (reply.rc, reply.sq, len(desk.log.rows)) == ("30", 0, before)


def test_an_alert_about_a_draw_tells_no_more_of_its_time_than_the_draw() -> None:
    desk = with_solidarity()
    desk.pass_time(us=9 * 3_600_000_000 + 123_456)
    request, _ = drawn(desk, Op.DRAW, 20, {"fruit-veg": 1_437})
    last_us = desk.log.rows[-1].at_us
    desk.pass_time()
    for other in (replace(request, price_choice=10), replace(request, n=900, price_choice=10)):
        _, reply = desk.send(other, None)
        assert reply.rc == "94"
    assert [row.at_us for row in desk.log.rows[-2:]] == [last_us + 1, last_us + 2]


Change = Callable[[Days], int]


def differing(kind: type[Event], **values: Any) -> Change:
    def change(days: Days) -> int:
        at = days.position(kind)
        forge(days.log, at, cast(Event, replace(cast(Any, event_at(days.log, at)), **values)))
        return at

    change.__name__ = f"{kind.__name__} with another {' and '.join(values)}"
    return change


FORGED = (
    (differing(DrawDecided, amount_cents=Cents(1)), "differ from what the terminal signed"),
    (differing(DrawDecided, day="2026-05-02"), "not that of its instant"),
    (differing(DrawDecided, rate=Rate(1_000)), "not those of its rate"),
    (differing(DrawDecided, shares=()), "not those of its rate"),
    (differing(DrawDecided, claimed=True), "otherwise"),
    (differing(GiveDecided, shares=()), "not those of its rate"),
    (differing(CouponsSold, cents=Cents(2_000)), "'cents' differs"),
    (differing(DrawsShared, cents=Cents(1)), "largest remainder"),
    (differing(DrawsShared, draws=()), "leaves out a draw"),
    (differing(DrawsShared, with_batch=True), "no evidence"),
    (differing(BonusCredited, cents=Cents(1)), "before it brings this bonus"),
    (differing(BonusTakenBack, later_cents=Cents(9)), "before it brings this bonus"),
    (differing(RefundDecided, returned=()), "not the fund's part"),
)


@pytest.mark.parametrize(("change", "reason"), FORGED, ids=[change.__name__ for change, _ in FORGED])
async def test_a_forged_draw_or_bonus_is_found_though_every_hash_fits(change: Change, reason: str) -> None:
    days = Days()
    position = change(days)
    found = await audited(days)
    assert (found.ok, found.position) == (False, position), found.reason
    assert reason in found.reason


async def test_a_bonus_that_was_taken_out_of_the_log_is_missed() -> None:
    days = Days()
    at = days.position(BonusTakenBack)
    days.log.replies = [one for one in days.log.replies if one.position < at]
    days.log.rows = days.log.rows[: at - 1]
    days.log.taps = [one for one in days.log.taps if one.position < at]
    days.log.heads = []
    rehash(days.log)
    found = await audited(days)
    assert (found.ok, "also brings a BonusTakenBack" in found.reason) == (False, True), found.reason
