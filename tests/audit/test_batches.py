"""An upload is signed once: its stored frame is there, whole, of the same terminal, and each item is the word of one event."""

from dataclasses import replace
from hashlib import sha256

import pytest

from clearing.audit import AuditReport, Level, audit
from clearing.event_store.rows import EventRow
from clearing.wire.batch import item_evidence, parse_batch, seal_batch
from clearing.wire.frame import FrameType, open_envelope
from clearing.wire.signature import TerminalKey, verify
from tests.audit.forging import rehash
from tests.living_caisse import SERVER_KEY, STALL_KEY
from tests.memory_log import Desk, MemoryLog, furnished


async def audited(log: MemoryLog, *, level: Level = Level.WHOLE) -> AuditReport:
    return await audit(log, report=lambda _line: None, server_keys=[SERVER_KEY.public], level=level)


def uploaded() -> tuple[Desk, bytes, bytes]:
    """A caisse whose last three events are items of one batch; the batch's digest and frame."""
    desk = furnished()
    desk.batch({"animal": 100}, {"fruit-veg": 200}, {"staple": 300})
    ((digest, frame),) = desk.log.batches.items()
    return desk, digest, frame


def stand_on(log: MemoryLog, position: int, evidence: bytes) -> None:
    """Other evidence under an event, and all hashes mended."""
    row: EventRow = log.rows[position - 1]
    log.rows[position - 1] = row._replace(evidence=evidence)
    rehash(log)


def sealed_anew(log: MemoryLog, digest: bytes, frame: bytes) -> None:
    """Another frame in the place of the batch, named by all its events, and all hashes mended."""
    other = sha256(frame).digest()
    log.batches = {other: frame}
    log.rows = [row._replace(evidence=row.evidence.replace(digest, other)) for row in log.rows]
    rehash(log)


async def test_an_upload_is_verified_once_and_each_item_is_checked() -> None:
    desk, _, _ = uploaded()
    found = await audited(desk.log)
    assert found.ok, found.reason
    assert found.checked["signatures of terminals, with what they signed"] == 3


@pytest.mark.parametrize("level", [Level.WHOLE, Level.WITHOUT_SIGNATURES])
async def test_a_missing_batch_names_its_first_event_and_what_to_do(level: Level) -> None:
    desk, digest, _ = uploaded()
    desk.log.batches.clear()
    found = await audited(desk.log, level=level)
    assert (found.ok, found.position) == (False, len(desk.log.rows) - 2)
    assert f"batch {digest.hex()} that it is item 0 of is not stored: look for a backup" in found.reason


@pytest.mark.parametrize("level", [Level.WHOLE, Level.WITHOUT_SIGNATURES])
async def test_a_changed_batch_has_another_digest(level: Level) -> None:
    desk, digest, frame = uploaded()
    desk.log.batches[digest] = frame[:-1] + bytes([frame[-1] ^ 1])
    found = await audited(desk.log, level=level)
    assert (found.ok, found.position) == (False, len(desk.log.rows) - 2)
    assert "another SHA-256" in found.reason


@pytest.mark.parametrize("index", [0, 1, 3, 199])
@pytest.mark.parametrize("level", [Level.WHOLE, Level.WITHOUT_SIGNATURES])
async def test_another_item_is_not_what_the_event_says(index: int, level: Level) -> None:
    desk, digest, _ = uploaded()
    at = len(desk.log.rows)
    stand_on(desk.log, at, item_evidence(digest, index))
    found = await audited(desk.log, level=level)
    assert (found.ok, found.position) == (False, at), found.reason


async def test_a_batch_that_another_key_signed_covers_nothing() -> None:
    desk, digest, frame = uploaded()
    stranger = TerminalKey.from_seed(b"z" * 32)
    payload = open_envelope(frame, frame_bytes_max=1 << 18).payload
    sealed_anew(desk.log, digest, stranger.sign_envelope(FrameType.TERM_BATCH, payload))
    found = await audited(desk.log)
    assert (found.ok, found.position) == (False, len(desk.log.rows) - 2)
    assert "not signed by the key" in found.reason


@pytest.mark.parametrize("change", [{"terminal": b"stall-02"}, {"epoch": 2}])
async def test_a_batch_names_the_terminal_and_epoch_of_its_items(change: dict[str, object]) -> None:
    desk, digest, frame = uploaded()
    batch = parse_batch(verify(open_envelope(frame, frame_bytes_max=1 << 18), FrameType.TERM_BATCH, STALL_KEY.public))
    sealed_anew(desk.log, digest, seal_batch(STALL_KEY, replace(batch, **change)))  # type: ignore[arg-type]
    found = await audited(desk.log)
    assert (found.ok, found.position) == (False, len(desk.log.rows) - 2)
    assert "another terminal or epoch" in found.reason


async def test_an_item_alone_has_no_signature_that_counts_in_a_batch_of_another_type() -> None:
    desk, digest, frame = uploaded()
    payload = open_envelope(frame, frame_bytes_max=1 << 18).payload
    sealed_anew(desk.log, digest, STALL_KEY.sign_envelope(FrameType.TERM_REQ, payload))
    found = await audited(desk.log)
    assert (found.ok, found.position) == (False, len(desk.log.rows) - 2)


async def test_one_message_is_the_evidence_of_one_event() -> None:
    """Somebody with the server's key too books a signed sale a second time, with a tap and a reply that fit."""
    desk = furnished()
    sale = desk.request_twice({"animal": 100})
    found = await audited(desk.log)
    assert (found.ok, found.position) == (False, len(desk.log.rows)), (found.reason, sale)
    assert "was the evidence of an event before it" in found.reason
