"""Row 3, democratic choice: a year of the log replays to the same cents, and every split of it ends at a vote."""

import random

import pytest

from clearing.audit import why
from clearing.audit.trial import Trial, tried
from clearing.events.sales import AuthorisationDecided, CaptureDecided, SaleDecided
from tests.living_caisse import AMINA, BRUNO, DAY_US, decision_body
from tests.memory_log import Desk
from tests.properties.test_trial import CALENDAR, JUNE, Season, caisse_under_the_rules, proposal

pytestmark = pytest.mark.row(3)


def a_year(seed: int) -> Desk:
    """June 2026 to May 2027 of one stall: a credit each month, and whatever happens between."""
    dice, desk = random.Random(seed), caisse_under_the_rules()
    happens, ends_us = Season(desk), CALENDAR.period_end_us("2027-05", 1)
    desk.clock.us = JUNE
    while desk.clock.us < ends_us:
        desk.command(AMINA, "grant", {"rule": "monthly", "period": f"{CALENDAR.day(desk.clock.us):%Y-%m}"})
        for _ in range(8):
            happens.step(dice)
        desk.pass_time(days=dice.randint(3, 8))
        desk.tick()
    return desk


async def test_a_year_replays_to_the_same_cents_under_its_rules() -> None:
    desk = a_year(7)
    trial = Trial(proposal(), from_us=JUNE, until_us=CALENDAR.period_end_us("2027-05", 1), months=12)
    report = await tried(desk.log, trial)
    assert (report.changed_count, report.baskets > 50) == (0, True)
    assert all(pair.now == pair.proposed for pair in report.payers.values())
    assert trial.shadow.funds == trial.real.funds


async def test_every_split_names_the_decision_that_it_ends_at() -> None:
    desk = caisse_under_the_rules()
    happens, dice = Season(desk), random.Random(3)
    for _ in range(30):
        happens.step(dice)
    desk.order(AMINA, "record_decision", decision_body("ag-2026-07") | {"taken_on": "2026-05-02"})
    desk.order(BRUNO, "approve_decision", {"decision": "ag-2026-07"})
    desk.order(AMINA, "annul_decision", {"decision": "ag-2026-05", "ruling": "ag-2026-07"})
    desk.pass_time(us=DAY_US)
    for _ in range(10):
        happens.step(dice)
    named = set()
    for position, event in enumerate(desk.log.events(), 1):
        if isinstance(event, SaleDecided | AuthorisationDecided | CaptureDecided) and event.shares:
            found = await why(desk.log, str(position))
            assert found.decision is not None
            named.add(found.decision.decision)
            assert all(share.payer for line in found.lines for share in line.shares)
    assert named == {"ag-2026-04", "ag-2026-05"}  # what was sold before the annulment stands
