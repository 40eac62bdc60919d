"""What provers say of ranges changes no verdict: the same first bad event, for the same reason, however the log is cut."""

import asyncio
import copy
from collections.abc import Callable

import pytest
from hypothesis import given, strategies as st

from clearing.audit import AuditReport, BadEvent, Level, audit
from clearing.audit.frames import Frames
from clearing.audit.keys import STREAMS, TerminalKeys
from clearing.audit.prover import Part, Prover, Range, Task, read_page
from clearing.audit.replay import Replay
from clearing.event_store.proofs import GENESIS
from clearing.events.caisse import CaisseFounded
from clearing.events.sales import AuthorisationDecided, CaptureDecided, RefundDecided, ReversalDecided, SaleDecided
from tests.audit.market_day import Day, market_day
from tests.audit.test_any_change import BODIES, NUMBERS, changed, day, flipped
from tests.audit.test_audit import FORGED, PLAIN
from tests.living_caisse import CODE, SERVER_KEY
from tests.memory_log import MemoryLog

RANGES = (1, 4, 16, 4_096)
Change = Callable[[Day], int]
CHANGES: list[Change] = [*PLAIN, *(change for change, _ in FORGED)]


async def ranged(log: MemoryLog, size: int, level: Level = Level.WHOLE) -> AuditReport:
    return await audit(
        log, report=lambda _line: None, server_keys=[SERVER_KEY.public], level=level, range_events=size
    )


async def judged(log: MemoryLog) -> tuple[int, str]:
    """The replay alone, with provers that prove nothing: every row is judged in order."""
    stored, frames = await log.stored_head(), Frames()
    task = Task(Level.WHOLE, CODE, TerminalKeys.of(await log.filed_under(STREAMS)), (SERVER_KEY.public,))
    replay = Replay(task)
    heads = tuple(head for head in log.heads if head.size <= stored.position)
    try:
        page = await read_page(log, Range(0, stored.position, heads), frames, task.level)
        rows = [(row, page.replies.get(row.position, []), page.taps.get(row.position, [])) for row in page.rows]
        part = Part(page.range, False, GENESIS, 0, b"", {}, rows, frames.stored(), {})
        for _ in replay.part(part):
            pass
        replay.finish(stored)
    except BadEvent as bad:
        return bad.position, bad.reason
    return 0, ""


def told(reason: str) -> str:
    """A reason as the report writes it."""
    return reason[:1].upper() + reason[1:] + "." if reason else ""


@pytest.mark.parametrize("size", RANGES)
async def test_an_honest_log_holds_however_it_is_cut_and_the_same_is_checked(size: int) -> None:
    log = market_day().log
    whole, cut = await ranged(log, 4_096), await ranged(log, size)
    assert cut.ok, (cut.position, cut.reason)
    assert cut == whole
    assert dict(sorted(cut.checked.items())) == dict(sorted(whole.checked.items()))


@pytest.mark.parametrize("level", [Level.WHOLE, Level.WITHOUT_SIGNATURES])
async def test_provers_prove_every_operation_of_an_honest_log(level: Level) -> None:
    """Else nothing would be faster, and nobody would notice."""
    log = market_day().log
    keys = TerminalKeys.of(await log.filed_under(STREAMS))
    prover = Prover(Task(level, CODE, keys, (SERVER_KEY.public,)))
    part = await prover.part(log, Range(0, len(log.rows), ()))
    assert part.hashed
    proved = {position for position, one in enumerate(part.events, 1) if len(one) == 6}
    decided = (SaleDecided, AuthorisationDecided, CaptureDecided, ReversalDecided, RefundDecided)
    assert proved == {position for position, event in enumerate(log.events(), 1) if isinstance(event, decided)}
    assert await judged(log) == (0, "")


@pytest.mark.parametrize("size", RANGES)
@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
async def test_a_changed_log_gets_the_verdict_of_the_replay_alone(change: Change, size: int) -> None:
    forged = market_day()
    change(forged)
    position, reason = await judged(forged.log)
    found = await ranged(forged.log, size)
    assert (found.position, found.reason) == (position, told(reason))
    assert not found.ok


@given(
    st.sampled_from((*BODIES, "reply", *NUMBERS)), st.integers(0, 999), st.integers(0, 9_999), st.sampled_from(RANGES)
)
def test_a_flipped_bit_gets_the_verdict_of_the_replay_alone(column: str, row: int, bit: int, size: int) -> None:
    log, _ = changed(column, row, bit)
    position, reason = asyncio.run(judged(log))
    found = asyncio.run(ranged(log, size))
    assert (found.position, found.reason) == (position, told(reason))


@given(st.integers(0, 99_999), st.sampled_from(RANGES))
def test_a_flipped_bit_of_a_batch_gets_the_verdict_of_the_replay_alone(bit: int, size: int) -> None:
    log = copy.copy(day().log)
    ((digest, frame),) = log.batches.items()
    log.batches = {digest: flipped(frame, bit)}
    position, reason = asyncio.run(judged(log))
    found = asyncio.run(ranged(log, size))
    assert (found.position, found.reason) == (position, told(reason))


@given(st.sampled_from(("public", "private", "evidence", "salt", "leaf", "chain", "reply", "at_us")), st.integers(0, 999),
       st.integers(0, 9_999), st.sampled_from(RANGES))  # fmt: skip
def test_the_level_of_hashes_sees_every_flipped_bit_of_what_is_hashed(column: str, row: int, bit: int, size: int) -> None:
    log, position = changed(column, row, bit)
    found = asyncio.run(ranged(log, size, Level.HASHES))
    assert (found.ok, found.position) == (False, position), found.reason


@pytest.mark.parametrize("size", RANGES)
async def test_the_level_of_hashes_holds_an_honest_log_to_its_signed_heads(size: int) -> None:
    log = market_day().log
    found = await ranged(log, size, Level.HASHES)
    assert found.ok, found.reason
    assert found.checked["signed heads, with the Merkle root recomputed"] == len(log.heads) > 0
    assert isinstance(log.events()[0], CaisseFounded)
    log.heads[0] = log.heads[0]._replace(signature=bytes(64))
    found = await ranged(log, size, Level.HASHES)
    assert (found.ok, found.position) == (False, log.heads[0].size)


@pytest.mark.parametrize("size", RANGES)
async def test_a_missing_batch_is_missing_at_the_level_of_hashes_too(size: int) -> None:
    log = market_day().log
    (digest,) = log.batches
    log.batches = {}
    found = await ranged(log, size, Level.HASHES)
    first = next(row.position for row in log.rows if digest in row.evidence)
    assert (found.ok, found.position) == (False, first)
