"""The audit proves a log of households to the last cent, and names what somebody changed in it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import pytest

from clearing.audit import AuditReport, audit
from clearing.authoriser.snapshot import Loaded, Restoring, parts_of
from clearing.events.catalogue import Event
from clearing.events.codec import StoredBodies
from clearing.events.crediting import CohortRolled, EmergencyGiven, LapseAnnounced
from clearing.events.funds import AllocationDeclined, AllocationGranted, CohortLapsed, LotLapsed, SingleGranted
from clearing.events.households import (
    CardLimitSet,
    EaterClassChanged,
    HouseholdSeparated,
    MoneyBackConfirmed,
    PurseEmptied,
)
from clearing.events.sales import SaleDecided
from clearing.rules.book import SECTIONS, Book
from clearing.values import Cents, FundId, MicroTime, PurseKind
from tests.audit.forging import event_at, forge
from tests.household_life import household_life
from tests.living_caisse import AMINA, BRUNO, SERVER_KEY
from tests.memory_log import Desk, furnished


async def audited(desk: Desk) -> AuditReport:
    return await audit(desk.log, report=lambda _line: None, server_keys=[SERVER_KEY.public])


def position_of(desk: Desk, kind: type[Event]) -> int:
    return next(at for at, event in enumerate(desk.log.events(), 1) if isinstance(event, kind))


async def test_a_log_of_households_holds_with_everything_in_it() -> None:
    desk = household_life()
    found = await audited(desk)
    assert found.ok, found.reason
    kinds = {type(event) for event in desk.log.events()}
    assert {
        CohortRolled, LapseAnnounced, EmergencyGiven, CardLimitSet, EaterClassChanged, HouseholdSeparated, PurseEmptied,
        MoneyBackConfirmed, CohortLapsed,
    } <= kinds  # fmt: skip
    sales = [event.approved_cents for event in desk.log.events() if isinstance(event, SaleDecided)]
    assert sales == [500, 200]  # a card of 7.00 a day
    assert found.balances["fund:next"] == sum(
        event.cents for event in desk.log.events() if isinstance(event, CohortLapsed) and event.fund == "next"
    )
    assert sum(found.balances.values()) == 1_000_000 + 1_001 - 334


async def test_a_snapshot_of_such_a_caisse_is_the_whole_book() -> None:
    desk = household_life()
    loaded = Loaded(book=Book(StoredBodies()))
    for row, event in zip(desk.log.rows, desk.log.events(), strict=True):
        loaded.book.apply(event, row.position, row.at_us)
        loaded.tree.append(row.leaf)
    reading = Restoring()
    for part in parts_of(loaded):
        reading.take(part)
    again = reading.finish().book
    for book in (again, loaded.book):  # sets of groups that nobody is in any more are not said
        book.members.heads = {groups: found for groups, found in book.members.heads.items() if found[1]}
    assert {name: getattr(again, name) for name in SECTIONS if name != "caisse"} == {
        name: getattr(loaded.book, name) for name in SECTIONS if name != "caisse"
    }
    assert again.funds == loaded.book.funds


def more(event: Event) -> Event:
    changed: Event = replace(cast(Any, event), cents=cast(Any, event).cents + 1)
    return changed


def first_amount(event: Event) -> Event:
    run = cast(AllocationGranted, event)
    return replace(run, amounts=(run.amounts[0]._replace(cents=Cents(1)), *run.amounts[1:]))


def other_part(event: Event) -> Event:
    parted = cast(HouseholdSeparated, event)
    return replace(parted, lots=(parted.lots[0]._replace(cents=Cents(1)), *parted.lots[1:]))


def nothing_left(event: Event) -> Event:
    return replace(cast(PurseEmptied, event), lots=())


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        (LapseAnnounced, more), (CohortRolled, more), (EmergencyGiven, more), (MoneyBackConfirmed, more),
        (HouseholdSeparated, other_part), (PurseEmptied, nothing_left),
        (EaterClassChanged, lambda event: replace(cast(EaterClassChanged, event), credit_class="king")),
    ],
)  # fmt: skip
async def test_what_somebody_changed_is_named(kind: type[Event], change: Callable[[Event], Event]) -> None:
    desk = household_life()
    at = position_of(desk, kind)
    forge(desk.log, at, change(event_at(desk.log, at)))
    found = await audited(desk)
    assert not found.ok
    assert found.position == at


@pytest.mark.parametrize("name", ["general", "next"])
async def test_credit_lapses_into_no_other_fund_than_the_vote_named(name: str) -> None:
    desk = household_life()
    found = [
        place for place, event in enumerate(desk.log.events(), 1)
        if isinstance(event, CohortLapsed | LotLapsed) and event.fund != name and event.cents
    ]  # fmt: skip
    forge(desk.log, found[0], replace(cast(Any, event_at(desk.log, found[0])), fund=FundId(name)))
    report = await audited(desk)
    assert (report.ok, report.position) == (False, found[0])


async def test_credit_that_was_to_be_carried_over_does_not_lapse_instead() -> None:
    desk = household_life()
    at = position_of(desk, CohortRolled)
    rolled = cast(CohortRolled, event_at(desk.log, at))
    del desk.log.rows[at:]
    left = book_before(desk, at).allocation.cohorts[rolled.lot].left
    forge(desk.log, at, CohortLapsed(lot=rolled.lot, purse=rolled.purse, fund=rolled.fund, cents=Cents(left)))
    desk.log.replies, desk.log.taps = [r for r in desk.log.replies if r.position <= at], [
        tap for tap in desk.log.taps if tap.position <= at]
    report = await audited(desk)
    assert (report.ok, report.position) == (False, at)
    assert "did not make lot" in str(report.reason)


def book_before(desk: Desk, at: int) -> Book:
    book = Book()
    for row, event in zip(desk.log.rows[: at - 1], desk.log.events()[: at - 1], strict=True):
        book.apply(event, row.position, row.at_us)
    return book


async def test_a_late_credit_comes_from_the_fund_and_into_the_purse_of_its_run() -> None:
    desk = furnished()
    desk.order(AMINA, "open_fund", {"fund": "region", "kind": "tier", "name": "Region", "advance_cents": 0})
    desk.order(AMINA, "receive_money", {"fund": "region", "cents": 50_000, "reference": "line"})
    desk.order(BRUNO, "admit_members", {"members": [{"member": "late", "groups": []}]})
    desk.order(BRUNO, "grant_single", {"rule": "monthly", "period": "2026-05", "member": "late"})
    at = position_of(desk, SingleGranted)
    one = cast(SingleGranted, event_at(desk.log, at))
    for forged in (
        replace(one, fund=FundId("region")), replace(one, purse=PurseKind("own")),
        replace(one, expires_us=MicroTime(one.expires_us + 1)),
    ):
        forge(desk.log, at, forged)
        report = await audited(desk)
        assert (report.ok, report.position) == (False, at)


async def test_a_run_that_its_fund_could_carry_is_not_declined_by_a_forged_need() -> None:
    desk = furnished()
    desk.pass_time(days=31)
    desk.order(AMINA, "grant", {"rule": "monthly", "period": "2026-06"})
    at = len(desk.log.rows)
    run = cast(AllocationGranted, event_at(desk.log, at))
    forge(desk.log, at, AllocationDeclined(
        rule=run.rule, period=run.period, fund=run.fund, need_cents=Cents(2), cover_cents=Cents(1), by=run.by
    ))  # fmt: skip
    report = await audited(desk)
    assert (report.ok, report.position) == (False, at)
    assert "not what the vote gives" in str(report.reason)


async def test_an_amount_of_a_household_run_is_what_the_vote_gives() -> None:
    desk = household_life()
    at = [place for place, event in enumerate(desk.log.events(), 1) if isinstance(event, AllocationGranted)][-1]
    forge(desk.log, at, first_amount(event_at(desk.log, at)))
    found = await audited(desk)
    assert (found.ok, found.position) == (False, at)
