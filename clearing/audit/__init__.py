"""Law: a log is proved from itself alone: no projection, table or memory is trusted, and the first bad event is named.

Source: architecture.md sections 1 to 3 and 6, domain.md section 2.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Final

from clearing.audit.answers import answer
from clearing.audit.explaining import Explanation, SaleNotFound, why
from clearing.audit.findings import AuditReport, BadEvent, Level, StoredLog
from clearing.audit.keys import STREAMS, TerminalKeys
from clearing.audit.prover import Range, Task
from clearing.audit.replay import Replay
from clearing.audit.shown import Shown
from clearing.audit.workers import Place, ProverLost, proved_parts
from clearing.event_store.rows import Head, SignedHead
from clearing.events.caisse import CaisseFounded
from clearing.events.codec import UnreadableEvent, decode

__all__ = [
    "AuditReport", "BadEvent", "Explanation", "Level", "Place", "ProverLost", "SaleNotFound", "Shown", "StoredLog", "answer",
    "audit", "why",
]  # fmt: skip

RANGE_EVENTS: Final = 4_096
PROGRESS_EVENTS: Final = 25 * RANGE_EVENTS


async def audit(
    log: StoredLog, *, report: Callable[[str], None], server_keys: Sequence[bytes], level: Level = Level.WHOLE,
    shown: Shown | None = None, place: Place | None = None, workers: int = 0, range_events: int = RANGE_EVENTS,
) -> AuditReport:  # fmt: skip
    """Prove the whole log up to where it ends now; print what was checked and the verdict, a line each.

    server_keys: public keys of the caisse's server, current and former. level: how much is proved. shown: what the projections
    show at one position, to be compared when the replay is there. place: where the log is, for `workers` processes that prove
    its ranges beside this one; without workers this process does it. range_events: a power of two.
    """
    assert range_events & (range_events - 1) == 0, "ranges are whole subtrees of the log's tree"
    stored = await log.stored_head()
    task = Task(level, await _code(log), TerminalKeys.of(await log.filed_under(STREAMS)), tuple(server_keys))
    replay, reason, position, balances = Replay(task), "", 0, dict[str, int]()
    if level is Level.HASHES:
        shown = None
    try:
        if shown is not None and shown.position == 0:
            shown.compare(replay)
        async for part in proved_parts(log, _ranges(log, stored, range_events), task, place, workers):
            for reached in replay.part(part):
                if shown is not None and shown.position == reached:
                    shown.compare(replay)
            if replay.position % PROGRESS_EVENTS == 0:
                report(f"{replay.position:>12,}  of {stored.position:,} events replayed ...")
        balances = replay.finish(stored)
        await _nothing_beside(log, stored)
        if shown is not None and shown.position > stored.position:
            raise BadEvent(0, f"the projections stand at event {shown.position}, but the log ends at {stored.position}")
    except BadEvent as bad:
        reason, position = bad.reason, bad.position
    found = AuditReport(
        ok=not reason, head=replay.position, head_hash=replay.chain, checked=dict(replay.checked.counts), balances=balances,
        position=position, reason=reason[:1].upper() + reason[1:] + "." if reason else "",
    )
    for line in found.text():
        report(line)
    return found


async def _code(log: StoredLog) -> str:
    """The caisse's code as its first event says it; nothing when there is none."""
    rows = await log.read(0, 1)
    try:
        event = decode(rows[0].type, rows[0].schema_version, rows[0].public, rows[0].private) if rows else None
    except UnreadableEvent:
        return ""
    return event.code if isinstance(event, CaisseFounded) else ""


async def _ranges(log: StoredLog, stored: Head, size: int) -> AsyncIterator[Range]:
    heads, seen = list[SignedHead](), 0
    for after in range(0, stored.position, size):
        up_to = min(after + size, stored.position)
        while seen < up_to:  # signed heads come in pages too
            more = await log.signed_heads(seen)
            heads += more
            seen = more[-1].size if more else stored.position
        yield Range(after, up_to, tuple(head for head in heads if head.size <= up_to))
        heads = [head for head in heads if head.size > up_to]


async def _nothing_beside(log: StoredLog, stored: Head) -> None:
    """No reply, tap or event that the log does not imply: before the first event, or after the head."""
    if await log.replies_between(-(2**62), 0) or await log.taps_between(-(2**62), 0):
        raise BadEvent(0, "replies or taps are stored for events before the first")
    for head in await log.signed_heads(-(2**62)):
        if head.size < 1:
            raise BadEvent(0, f"a head was signed over {head.size} events")
    beyond, heads = await log.read(stored.position, 1), await log.signed_heads(stored.position)
    replies, taps = await log.replies_between(stored.position, 2**62), await log.taps_between(stored.position, 2**62)
    ends = (await log.stored_head()).position  # read last: a living writer may have gone on meanwhile
    if beyond and ends <= stored.position:
        raise BadEvent(beyond[0].position, "it is stored beyond the head of the log")
    if any(row.position > ends for row in replies) or any(row.position > ends for row in taps):
        raise BadEvent(ends + 1, "replies or taps are stored for it, but it is missing from the log")
    if any(head.size > ends for head in heads):
        raise BadEvent(ends + 1, "a head was signed over a longer log than what is stored: the log's end is missing")
