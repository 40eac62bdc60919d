"""Law: one signature over a batch covers its items when each is the same terminal's, under the same key and epoch.

Source: wire.md section 4. A batch is an envelope of type term-batch whose payload holds {t "batch", m, e, n, x, ts, items, h};
an item is an envelope [1, kid, payload, sig] of an ordinary request. What is kept of an item as evidence is where it stands.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from clearing.values import OperationId, TerminalId
from clearing.wire import fields as read
from clearing.wire.fields import TimeMs
from clearing.wire.frame import Envelope, FrameType, MalformedFrame, open_envelope, pack, unpack_map
from clearing.wire.signature import TerminalKey, VerifiedFrame

BATCH_BYTES_MAX: Final = 256 * 1024
ITEMS_MAX: Final = 200
_KEYS: Final = ("t", "m", "e", "n", "x", "ts", "items", "h")
_EVIDENCE_HEAD: Final = b"\x93\x02\xc4\x20"  # array of 3, version 2, bin8 of 32 bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """items: the inner envelopes as they stand in the frame, opened but not verified one by one."""

    terminal: TerminalId
    epoch: int
    n: int
    x: OperationId
    ts_ms: TimeMs
    items: tuple[bytes, ...]
    previous: bytes


def parse_batch(frame: VerifiedFrame) -> Batch:
    """The batch in a verified frame of type term-batch. Raises MalformedFrame."""
    fields = unpack_map(frame.payload, items_max=ITEMS_MAX)
    read.require_keys(fields, _KEYS)
    read.require_word(fields, "t", "batch")
    items = read.items(fields["items"], "items", ITEMS_MAX, 1)
    if not all(type(item) is bytes for item in items):
        raise MalformedFrame("'items' must be a list of envelopes, each a byte string")
    return Batch(
        terminal=read.terminal(fields["m"]), epoch=read.epoch(fields["e"]), n=read.counter(fields["n"]),
        x=read.operation(fields["x"]), ts_ms=read.time_ms(fields["ts"]), items=tuple(items),  # type: ignore[arg-type]
        previous=read.digest(fields["h"], "h"),
    )  # fmt: skip


def batch_item(raw: bytes, kid: bytes, *, frame_bytes_max: int) -> Envelope:
    """The opened envelope of one item. Raises MalformedFrame when it is none, or of another key than the batch's."""
    envelope = open_envelope(raw, frame_bytes_max=frame_bytes_max)
    if envelope.kid != kid:
        raise MalformedFrame("an item of a batch is signed by the key that signed the batch")
    return envelope


def seal_batch(key: TerminalKey, batch: Batch) -> bytes:
    """The signed frame of a batch, ready to send."""
    payload = pack({
        "t": "batch", "m": batch.terminal, "e": batch.epoch, "n": batch.n, "x": batch.x, "ts": batch.ts_ms,
        "items": list(batch.items), "h": batch.previous,
    })  # fmt: skip
    return key.sign_envelope(FrameType.TERM_BATCH, payload)


def item_evidence(digest: bytes, index: int) -> bytes:
    """Where an event's evidence stands: [2, SHA-256 of the batch's frame, index of the item]."""
    return pack([2, digest, index])


def read_item_evidence(evidence: bytes) -> tuple[bytes, int] | None:
    """(SHA-256 of a batch's frame, index); None for evidence that is a frame of its own. Raises MalformedFrame."""
    if not evidence.startswith(_EVIDENCE_HEAD):
        return None
    digest, number = evidence[len(_EVIDENCE_HEAD) :][:32], evidence[len(_EVIDENCE_HEAD) + 32 :]
    index = number[-1] if number else ITEMS_MAX
    if index >= ITEMS_MAX or item_evidence(digest, index) != evidence:
        raise MalformedFrame("evidence in a batch names a frame by 32 bytes and one of its items")
    return digest, index


def encode_batch_answer(items: Sequence[bytes | dict[str, object]]) -> bytes:
    """What a batch is answered with: per item the signed reply, or {"st", "rc", "why"} when it was not decided."""
    return pack({"t": "batch", "items": list(items)})


def read_batch_answer(raw: bytes) -> list[bytes | dict[str, object]]:
    """The same, as a terminal reads it. Raises MalformedFrame."""
    fields = unpack_map(raw, items_max=ITEMS_MAX)
    read.require_keys(fields, ("t", "items"))
    read.require_word(fields, "t", "batch")
    items = read.items(fields["items"], "items", ITEMS_MAX, 1)
    if not all(type(item) in (bytes, dict) for item in items):
        raise MalformedFrame("an item's answer is a signed reply, or a map that says why there is none")
    return items  # type: ignore[return-value]
