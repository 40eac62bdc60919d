"""The audit proves an honest log, and names the first event of one that somebody changed, even if all hashes were mended."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import pytest

from clearing.audit import AuditReport, Level, audit
from clearing.event_store.rows import Head, TapRow
from clearing.events.caisse import CommandDeclined
from clearing.events.catalogue import Event
from clearing.events.funds import AllocationGranted, CohortLapsed, MoneyReceived, SingleGranted
from clearing.events.members import MemberAdmitted
from clearing.events.producers import BankDetailsApproved, TerminalEnrolled
from clearing.events.sales import (
    CaptureDecided,
    HoldExpired,
    OperationRepeated,
    RefundDecided,
    ReversalDecided,
    SaleDecided,
)
from clearing.events.settlement import BatchApproved, BatchClosed, PayoutConfirmed
from clearing.values import Cents, PersonId, ProducerId
from tests.audit.forging import event_at, forge, rehash
from tests.audit.market_day import Day, market_day
from tests.living_caisse import SERVER_KEY
from tests.memory_log import MemoryLog


async def audited(log: MemoryLog, **more: Any) -> AuditReport:
    return await audit(log, report=lambda _line: None, server_keys=[SERVER_KEY.public], **more)


async def test_an_honest_log_holds_with_every_kind_of_operation_in_it() -> None:
    day, printed = market_day(), list[str]()
    found = await audit(day.log, report=printed.append, server_keys=[SERVER_KEY.public])
    assert found.ok, found.reason
    kinds = {type(event) for event in day.log.events()}
    assert {SaleDecided, CaptureDecided, RefundDecided, ReversalDecided, HoldExpired, OperationRepeated, CohortLapsed} <= kinds
    assert found.checked["events without a gap, each leaf and chain hash recomputed"] == len(day.log.rows)
    assert found.checked["signatures of terminals, with what they signed"] == 12
    assert printed[-1].startswith(f"The log holds up to event {len(day.log.rows)}")


async def test_an_empty_log_holds() -> None:
    assert (await audited(MemoryLog())).ok


async def test_the_books_are_told_and_the_bank_holds_the_sum_of_them() -> None:
    day = market_day()
    found = await audited(day.log)
    assert found.balances["fund:general"] + found.balances.get("owed:field", 0) == 1_000_000
    assert sum(found.balances.values()) == 1_000_000


async def test_signatures_may_be_left_out_and_then_no_server_key_is_needed() -> None:
    found = await audit(market_day().log, report=lambda _line: None, server_keys=[], level=Level.WITHOUT_SIGNATURES)
    assert found.ok, found.reason
    assert "signatures of terminals, with what they signed" not in found.checked


Change = Callable[[Day], int]
"""Changes a log as its database could be changed; returns the position that has to be named."""


def edited_body(day: Day) -> int:
    at = day.position(MoneyReceived)
    day.log.rows[at - 1] = day.log.rows[at - 1]._replace(public=day.log.rows[at - 1].public.replace(b"subsidy", b"subsidi"))
    return at


def removed_row(day: Day) -> int:
    del day.log.rows[19]
    return 20


def swapped_rows(day: Day) -> int:
    rows = day.log.rows
    rows[17], rows[18] = rows[18]._replace(position=18), rows[17]._replace(position=19)
    return 18


def cut_end(day: Day) -> int:
    del day.log.rows[-1]
    return len(day.log.rows)


def time_that_stands_still(day: Day) -> int:
    day.log.rows[18] = day.log.rows[18]._replace(at_us=day.log.rows[17].at_us)
    rehash(day.log)
    return 19


def another_reply(day: Day) -> int:
    day.log.replies[-1] = day.log.replies[-1]._replace(reply=day.log.replies[-2].reply)
    return day.log.replies[-1].position


def reply_taken_away(day: Day) -> int:
    return day.log.replies.pop(12).position


def reply_of_nobody(day: Day) -> int:
    at = day.position(HoldExpired)
    day.log.replies.append(day.log.replies[0]._replace(position=at, n=77))
    return at


def tap_taken_away(day: Day) -> int:
    return day.log.taps.pop().position


def tap_used_by_nobody(day: Day) -> int:
    day.log.taps.append(TapRow(b"c" * 16, 1, 99, 5))
    return 5


PLAIN = (
    edited_body, removed_row, swapped_rows, time_that_stands_still, another_reply, reply_taken_away, reply_of_nobody,
    tap_taken_away, tap_used_by_nobody,
)  # fmt: skip


@pytest.mark.parametrize("change", PLAIN, ids=lambda change: change.__name__)
async def test_a_changed_log_is_named_by_its_first_bad_event(change: Change) -> None:
    day = market_day()
    position = change(day)
    found = await audited(day.log)
    assert not found.ok
    assert found.position == position, found.reason


async def test_a_head_over_less_than_nothing_is_named() -> None:
    day = market_day()
    day.log.sign_head()
    head = day.log.heads[-1]
    day.log.heads[-1] = head._replace(size=head.size - 2**31)
    found = await audited(day.log)
    assert (found.ok, found.position) == (False, 0)
    assert found.reason.startswith("A head was signed over -")


async def test_a_log_whose_end_was_cut_is_noticed_by_its_signed_head() -> None:
    day = market_day()
    day.log.sign_head()
    cut_end(day)
    found = await audited(day.log)
    assert not found.ok
    assert "the log's end is missing" in found.reason


async def test_an_event_beyond_the_head_is_noticed() -> None:
    log = market_day().log
    behind = HeadBehind(log.rows, log.replies, log.taps, log.heads, log.batches)
    found = await audited(behind)
    assert (found.ok, found.position) == (False, len(log.rows))


class HeadBehind(MemoryLog):
    """A head that names the last event but one."""

    async def stored_head(self) -> Head:
        last = self.rows[-2]
        return Head(1, last.position, last.chain, last.at_us)


def differing(kind: type[Event], **values: Any) -> Change:
    """The first event of a kind with other values, and every hash mended."""

    def change(day: Day) -> int:
        at = day.position(kind)
        forge(day.log, at, cast(Event, replace(cast(Any, event_at(day.log, at)), **values)))
        return at

    change.__name__ = f"{kind.__name__} with another {' and '.join(values)}"
    return change


FORGED = (
    (differing(MoneyReceived, cents=Cents(2_000_000)), "'cents' differs"),
    (differing(MoneyReceived, by=PersonId("bruno")), "another person"),
    (differing(MemberAdmitted, groups=("rich",)), "'groups' differs"),
    (differing(TerminalEnrolled, producer=ProducerId("other")), "'producer' differs"),
    (differing(SaleDecided, amount_cents=Cents(2_690)), "differ from what the terminal signed"),
    (differing(SaleDecided, approved_cents=Cents(1_735)), "was told 10 and 1734 cents"),
    (differing(SaleDecided, shares=()), "shares do not sum"),
    (differing(CaptureDecided, released=()), "differs from what was held"),
    (differing(RefundDecided, returned=()), "cents back"),
    (differing(ReversalDecided, returned=()), "go back"),
    (differing(HoldExpired, released=()), "differs from what was held"),
    (differing(AllocationGranted, head_count=3, total_cents=Cents(45_000)), "heads"),
    (differing(SingleGranted, cents=Cents(15_001)), "another amount was granted"),
    (differing(CohortLapsed, cents=Cents(1)), "did not make lot"),
    (differing(BatchClosed, lines=(), total_cents=Cents(0)), "leaves out a producer"),
    (differing(BatchApproved, by=PersonId("amina")), "another person"),
    (differing(BankDetailsApproved, details=b"e" * 32), "differs from what the person signed"),
    (differing(PayoutConfirmed, cents=Cents(1)), "no such transfer"),
)


@pytest.mark.parametrize(("change", "reason"), FORGED, ids=[change.__name__ for change, _ in FORGED])
async def test_a_forged_event_is_found_though_every_hash_fits(change: Change, reason: str) -> None:
    day = market_day()
    position = change(day)
    found = await audited(day.log)
    assert not found.ok
    assert (found.position, reason in found.reason) == (position, True), found.reason


async def test_history_rewritten_where_no_frame_speaks_is_found_by_the_signed_head() -> None:
    day = market_day()
    day.log.sign_head()
    at = day.position(HoldExpired)
    day.log.rows[at - 1] = day.log.rows[at - 1]._replace(salt=bytes(16))
    rehash(day.log)
    found = await audited(day.log)
    assert (found.ok, found.position) == (False, day.log.heads[-1].size)
    assert "another root" in found.reason


async def test_a_head_that_no_server_key_signed_is_refused() -> None:
    day = market_day()
    day.log.heads[0] = day.log.heads[0]._replace(signature=bytes(64))
    found = await audited(day.log)
    assert (found.ok, found.position) == (False, day.log.heads[0].size)


async def test_replies_signed_by_a_stranger_are_refused() -> None:
    found = await audit(market_day().log, report=lambda _line: None, server_keys=[b"x" * 32])
    assert (found.ok, found.position) == (False, 1)
    assert "not by this caisse's server" in found.reason


async def test_a_command_that_was_declined_is_in_the_log_with_its_reason() -> None:
    day = market_day()
    assert day.desk.command(PersonId("amina"), "grant", {"rule": "monthly", "period": "2026-05"}).rc == "84"
    assert isinstance(day.log.events()[-1], CommandDeclined)
    assert (await audited(day.log)).ok
    position = differing(CommandDeclined, why="because")(day)
    found = await audited(day.log)
    assert (found.ok, found.position) == (False, position)


async def test_an_event_without_evidence_is_nobodys_word() -> None:
    day = market_day()
    at = day.position(MoneyReceived)
    day.log.rows[at - 1] = day.log.rows[at - 1]._replace(evidence=b"")
    day.log.replies = [row for row in day.log.replies if row.position != at]
    rehash(day.log)
    found = await audited(day.log)
    assert (found.ok, found.position) == (False, at)
    assert "no evidence" in found.reason
