"""Law: a log is proved from itself alone: no projection, table or memory is trusted, and the first bad event is named.

Source: architecture.md sections 1 to 3 and 6, domain.md section 2.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Final

from clearing.audit.explaining import Explanation, SaleNotFound, why
from clearing.audit.findings import AuditReport, BadEvent, Level, StoredLog
from clearing.audit.replay import Replay
from clearing.audit.shown import Shown
from clearing.event_store.rows import Head, SignedHead

__all__ = ["AuditReport", "BadEvent", "Explanation", "Level", "SaleNotFound", "Shown", "StoredLog", "audit", "why"]

PAGE_EVENTS: Final = 1_000
PROGRESS_EVENTS: Final = 100_000


async def audit(
    log: StoredLog, *, report: Callable[[str], None], server_keys: Sequence[bytes], signatures: bool = True,
    shown: Shown | None = None,
) -> AuditReport:  # fmt: skip
    """Replay the whole log up to where it ends now; print what was checked and the verdict, a line each.

    server_keys: public keys of the caisse's server, current and former. signatures False: everything but Ed25519 and what
    the signed frames and replies say; about three times as fast. shown: what the projections show at one
    position, to be compared when the replay is there.
    """
    replay, stored = Replay(server_keys, signatures=signatures), await log.stored_head()
    reason, position, balances = "", 0, dict[str, int]()
    try:
        await _replay(log, replay, stored, shown, report)
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


async def _replay(log: StoredLog, replay: Replay, stored: Head, shown: Shown | None, report: Callable[[str], None]) -> None:
    heads = await _due_heads(log, 0, stored)
    if shown is not None and shown.position == 0:
        shown.compare(replay)
    while replay.position < stored.position:
        after = replay.position
        up_to = min(after + PAGE_EVENTS, stored.position)
        rows = await log.read(after, up_to - after)
        replies, taps = defaultdict(list), defaultdict(list)
        for reply in await log.replies_between(after, up_to):
            replies[reply.position].append(reply)
        for tap in await log.taps_between(after, up_to):
            taps[tap.position].append(tap)
        if len(rows) != up_to - after:
            missing = next(at for at, row in enumerate([*rows, None], after + 1) if row is None or row.position != at)
            raise BadEvent(missing, "it is missing from the log")
        await replay.frames.fetch(log, [row.evidence for row in rows])
        for row in rows:
            replay.take(row, replies[row.position], taps[row.position])
            if heads and heads[-1].size == replay.position:
                replay.head(heads.pop())
                heads = heads or await _due_heads(log, replay.position, stored)
            if shown is not None and shown.position == replay.position:
                shown.compare(replay)
        if replay.position % PROGRESS_EVENTS == 0:
            report(f"{replay.position:>12,}  of {stored.position:,} events replayed ...")


async def _due_heads(log: StoredLog, after: int, stored: Head) -> list[SignedHead]:
    """The signed heads to come, the next one last."""
    return [head for head in await log.signed_heads(after) if head.size <= stored.position][::-1]


async def _nothing_beside(log: StoredLog, stored: Head) -> None:
    """No reply, tap or event that the log does not imply: before the first event, or after the head."""
    if await log.replies_between(-(2**62), 0) or await log.taps_between(-(2**62), 0):
        raise BadEvent(0, "replies or taps are stored for events before the first")
    beyond, heads = await log.read(stored.position, 1), await log.signed_heads(stored.position)
    replies, taps = await log.replies_between(stored.position, 2**62), await log.taps_between(stored.position, 2**62)
    ends = (await log.stored_head()).position  # read last: a living writer may have gone on meanwhile
    if beyond and ends <= stored.position:
        raise BadEvent(beyond[0].position, "it is stored beyond the head of the log")
    if any(row.position > ends for row in replies) or any(row.position > ends for row in taps):
        raise BadEvent(ends + 1, "replies or taps are stored for it, but it is missing from the log")
    if any(head.size > ends for head in heads):
        raise BadEvent(ends + 1, "a head was signed over a longer log than what is stored: the log's end is missing")
