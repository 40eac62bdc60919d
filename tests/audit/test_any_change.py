"""Law: no flipped bit of any column stays unseen, and no forged log, however senseless, makes the audit itself stumble."""

import asyncio
import copy
from functools import cache
from hashlib import sha256
from typing import Any

from hypothesis import given, strategies as st

from clearing.audit import AuditReport, Level, audit
from clearing.event_store.rows import EventRow
from tests.audit.forging import rehash
from tests.audit.market_day import Day, market_day
from tests.living_caisse import SERVER_KEY
from tests.memory_log import MemoryLog

BODIES = ("public", "private", "evidence", "salt", "leaf", "chain")
NUMBERS = ("at_us", "type", "schema_version", "version")


@cache
def day() -> Day:
    return market_day()


def changed(column: str, row: int, bit: int) -> tuple[MemoryLog, int]:
    """A copy of the day's log with one bit of one column flipped; the position of that row."""
    log = copy.copy(day().log)
    log.rows, log.replies, log.batches = list(log.rows), list(log.replies), dict(log.batches)
    at = row % len(log.rows)
    if column == "reply":
        at = row % len(log.replies)
        log.replies[at] = log.replies[at]._replace(reply=flipped(log.replies[at].reply, bit))
        return log, log.replies[at].position
    log.rows[at] = flipped_row(log.rows[at], column, bit)
    return log, at + 1


def flipped_row(row: EventRow, column: str, bit: int) -> EventRow:
    value: Any = getattr(row, column)
    other: Any = flipped(value, bit) if isinstance(value, bytes) else 0
    if isinstance(value, int):  # the database's own limit: a small number has 16 bits, the highest is its sign
        turned = value ^ (1 << bit % (41 if column == "at_us" else 15))
        other = turned if bit % 7 else -turned
    return row._replace(**{column: other})


def flipped(value: bytes, bit: int) -> bytes:
    if not value:
        return b"\x01"
    place = bit % (8 * len(value))
    return bytes(byte ^ (1 << place % 8 if index == place // 8 else 0) for index, byte in enumerate(value))


def audited(log: MemoryLog, *, level: Level = Level.WHOLE) -> AuditReport:
    found = audit(log, report=lambda _line: None, server_keys=[SERVER_KEY.public], level=level)
    return asyncio.run(found)


@given(st.sampled_from((*BODIES, "reply", *NUMBERS)), st.integers(0, 999), st.integers(0, 9_999))
def test_one_flipped_bit_names_its_event(column: str, row: int, bit: int) -> None:
    log, position = changed(column, row, bit)
    found = audited(log)
    assert (found.ok, found.position) == (False, position), (column, found.reason)


@given(st.sampled_from((*BODIES, "reply", "at_us", "type")), st.integers(0, 999), st.integers(0, 9_999), st.sampled_from(Level))
def test_a_flipped_bit_under_mended_hashes_never_makes_the_audit_stumble(
    column: str, row: int, bit: int, level: Level
) -> None:
    log, position = changed(column, row, bit)
    if min(log.rows[position - 1].at_us, log.rows[position - 1].type) >= 0:
        rehash(log)
    found = audited(log, level=level)
    assert found.ok or found.reason
    if column in ("evidence", "reply") and level is Level.WHOLE:
        assert (found.ok, found.position) == (False, position), found.reason


@given(st.integers(0, 99_999), st.booleans())
def test_one_flipped_bit_of_a_stored_batch_names_the_first_event_that_stands_on_it(bit: int, renamed: bool) -> None:
    log = copy.copy(day().log)
    log.rows, ((digest, frame),) = list(log.rows), log.batches.items()
    first = next(row.position for row in log.rows if digest in row.evidence)
    forged = flipped(frame, bit)
    log.batches = {digest: forged}
    if renamed:  # a forger who makes the hashes of batch and log fit: what the terminal signed is still out of reach
        log.batches = {sha256(forged).digest(): forged}
        log.rows = [row._replace(evidence=row.evidence.replace(digest, sha256(forged).digest())) for row in log.rows]
        rehash(log)
    found = audited(log)
    assert (found.ok, found.position) == (False, first), found.reason
