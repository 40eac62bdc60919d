"""Law: evidence is a signed frame of its own, or an item of a signed batch that is stored once; both end in verified bytes.

Source: wire.md section 4. An item whose key is not the batch's was verified by itself, and its evidence is its own frame.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256

from clearing.audit.findings import BadEvent, BatchFrames
from clearing.wire.batch import BATCH_BYTES_MAX, ITEMS_MAX, Batch, batch_item, parse_batch, read_item_evidence
from clearing.wire.commands import COMMAND_BYTES_MAX
from clearing.wire.frame import Envelope, FrameType, MalformedFrame, open_envelope, unpack_map
from clearing.wire.passkey import Assertion, split_assertion
from clearing.wire.signature import BadSignature, VerifiedFrame, covered_by_batch, verify


@dataclass(frozen=True, slots=True)
class Signed:
    """What an event stands on, not verified yet. kid: the key it names. place: of which batch frame it is which item.

    assertion: of a passkey, beside a person's command.
    """

    kid: bytes
    envelope: Envelope
    place: tuple[bytes, int] | None
    assertion: Assertion | None = None


class Frames:
    """Opens evidence and verifies it; each batch is hashed, opened and verified once, however many of its items are events."""

    def __init__(self) -> None:
        self._stored: dict[bytes, bytes | None] = {}
        self._opened: dict[bytes, Envelope] = {}
        self._verified: dict[tuple[bytes, bytes], tuple[VerifiedFrame, Batch]] = {}
        self._items: dict[bytes, list[object]] = {}

    async def fetch(self, log: BatchFrames, evidence: Iterable[bytes]) -> None:
        """Have the batch frames ready that a range of events stands on; those of the range before it are forgotten."""
        stored: dict[bytes, bytes | None] = {}
        for one in evidence:
            digest = _digest_named(one)
            if digest is not None and digest not in stored:
                known = self._stored.get(digest)
                stored[digest] = known if known is not None else await log.batch_frame(digest)
        self._keep(stored)

    def stored(self) -> dict[bytes, bytes]:
        """What was fetched, by the digests that were asked for."""
        return {digest: frame for digest, frame in self._stored.items() if frame is not None}

    def given(self, stored: Mapping[bytes, bytes]) -> None:
        """Frames that a prover fetched."""
        self._keep(dict(stored))

    def whole(self) -> bool:
        """Whether every batch that was asked for is stored, under its own hash."""
        return all(frame is not None and sha256(frame).digest() == digest for digest, frame in self._stored.items())

    def _keep(self, stored: dict[bytes, bytes | None]) -> None:
        self._opened = {digest: found for digest, found in self._opened.items() if digest in stored}
        self._items = {digest: found for digest, found in self._items.items() if digest in stored}
        self._verified = {key: found for key, found in self._verified.items() if key[0] in stored}
        self._stored = stored

    def opened(self, evidence: bytes, position: int) -> Signed:
        """Raises BadEvent when its batch is not stored, MalformedFrame when it is no evidence."""
        place = read_item_evidence(evidence)
        if place is None:
            alone, assertion = split_assertion(evidence, envelope_bytes_max=COMMAND_BYTES_MAX)
            envelope = open_envelope(alone, frame_bytes_max=COMMAND_BYTES_MAX)
            return Signed(envelope.kid, envelope, None, assertion)
        opened = self._opened.get(place[0])
        if opened is None:
            opened = self._opened[place[0]] = self._batch(*place, position)
        return Signed(opened.kid, opened, place)

    def _batch(self, digest: bytes, index: int, position: int) -> Envelope:
        frame = self._stored.get(digest)
        if frame is None:
            raise BadEvent(
                position, f"the signed batch {digest.hex()} that it is item {index} of is not stored: look for a backup "
                "whose batch_frames has it"
            )  # fmt: skip
        if sha256(frame).digest() != digest:
            raise BadEvent(position, f"the stored batch {digest.hex()} was changed: it has another SHA-256")
        return open_envelope(frame, frame_bytes_max=BATCH_BYTES_MAX)

    def verified(
        self, signed: Signed, frame_type: FrameType, key: bytes, sender: tuple[bytes, int] | None = None
    ) -> VerifiedFrame:
        """The frame under this key. sender: terminal and epoch that a batch has to name.

        Raises BadSignature, MalformedFrame.
        """
        if signed.place is None:
            return verify(signed.envelope, frame_type, key)
        if frame_type is not FrameType.TERM_REQ:
            raise BadSignature("a batch holds requests of terminals and nothing else")
        digest, index = signed.place
        known = self._verified.get((digest, key))
        if known is None:
            frame = verify(signed.envelope, FrameType.TERM_BATCH, key)
            known = self._verified[digest, key] = frame, parse_batch(frame)
        frame, batch = known
        if index >= len(batch.items):
            raise MalformedFrame(f"its batch has {len(batch.items)} items, but it names the one at {index}")
        if sender is not None and (batch.terminal, batch.epoch) != sender:
            raise BadSignature("its batch names another terminal or epoch than the one whose key signed it")
        return covered_by_batch(batch_item(batch.items[index], frame.kid, frame_bytes_max=BATCH_BYTES_MAX), frame)

    def claimed(self, evidence: bytes, position: int) -> bytes:
        """The payload that evidence shows when signatures are not checked. Raises BadEvent, MalformedFrame."""
        signed = self.opened(evidence, position)
        if signed.place is None:
            return signed.envelope.payload
        digest, index = signed.place
        if digest not in self._items:
            items = unpack_map(signed.envelope.payload, items_max=ITEMS_MAX).get("items")
            self._items[digest] = items if isinstance(items, list) else []
        item = self._items[digest][index] if index < len(self._items[digest]) else None
        if type(item) is not bytes:
            raise MalformedFrame("its batch has no such item")
        return batch_item(item, signed.kid, frame_bytes_max=BATCH_BYTES_MAX).payload


def _digest_named(evidence: bytes) -> bytes | None:
    try:
        place = read_item_evidence(evidence)
    except MalformedFrame:  # the event itself is judged when its turn comes
        return None
    return None if place is None else place[0]
