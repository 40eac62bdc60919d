"""Law: a payout between caisses is explained from the log alone: who asked whom for which cents, what was answered, and where
the other caisse tells its sales.
"""

from collections.abc import Iterator

from clearing.audit.findings import StoredLog
from clearing.audit.scan import decoded
from clearing.event_store.rows import EventRow
from clearing.events.caisse import CaisseFounded
from clearing.events.joint import HandoverEnded, PartAnswered
from clearing.rules.calendar import local_text
from clearing.values import money
from clearing.wire.frame import MalformedFrame, open_envelope
from clearing.wire.interchange import WORD_BYTES_MAX

Part = PartAnswered | HandoverEnded


async def explain_part(log: StoredLog, row: EventRow, event: Part) -> str:
    founded = decoded((await log.read(0, 1))[0])
    zone = founded.zone if isinstance(founded, CaisseFounded) else "UTC"
    return "\n".join(_told(event, row, local_text(zone, row.at_us)))


def _told(event: Part, row: EventRow, at: str) -> Iterator[str]:
    cents, other, batch = money(event.cents), event.other, event.batch
    if isinstance(event, PartAnswered):
        yield f"Part {row.position} of batch {batch} of {other}, {at}"
        yield f"{other} handed over {cents} that it owes {event.theirs}, here {event.producer}, approved there on {event.day}."
        yield f"Not taken: {event.reason}. {other} pays it itself." if event.reason else (
            f"Taken: owed to {event.producer} with what is sold here, and by {other} to this caisse.")  # fmt: skip
        yield f"Sale by sale, there: clearing batches {batch} {event.theirs} --caisse {other}"
    else:
        yield f"Answer {row.position} of {other} about batch {batch}, {at}"
        yield f"{cents} to {event.producer} were handed over to it on {event.day}."
        yield f"Not taken: {event.reason}. Owed to {event.producer} again." if event.reason else (
            f"Taken: {other} pays it, and this caisse owes it to {other}.")  # fmt: skip
        yield f"Sale by sale: clearing batches {batch} {event.producer}"
    yield f"Signed by the server of {other}, key {_kid(row.evidence)}; its name to both caisses is {event.ref.hex()}."


def _kid(evidence: bytes) -> str:
    try:
        return open_envelope(evidence, frame_bytes_max=WORD_BYTES_MAX).kid.hex()
    except MalformedFrame:
        return "unknown: the word is not there"
