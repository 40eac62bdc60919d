"""Law: the cheap checks come first, and nothing reaches a writer that is not verified, decoded, and the key's own to say.

The order is wire.md section 4's: envelope shape, bucket of the source address, key id in memory, signature, bucket of
the key, decode. Size and content type stand before it (server.py). The bucket of an address is emptied by what is turned
away for its key or signature, so that many honest terminals may share an address; the bucket of a key by every verified
message, so that nobody who saw a key id can silence its terminal. A batch is verified once, by its own signature; each of its
items is then read as a request of its own.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from hashlib import sha256
from typing import Final, NamedTuple

from clearing.authoriser.client import BatchItem, Submission
from clearing.config import Settings
from clearing.directory import Directory, KeyEntry
from clearing.telemetry import Telemetry
from clearing.terminal_gateway import refusals
from clearing.terminal_gateway.limits import TokenBuckets, source_of
from clearing.terminal_gateway.refusals import Reason, Refused
from clearing.terminal_gateway.taps import CardRoom, TapAwaited, TapCheck
from clearing.values import CaisseCode
from clearing.wire.batch import BATCH_BYTES_MAX, parse_batch
from clearing.wire.fields import DAY_MS
from clearing.wire.frame import Envelope, FrameType, MalformedFrame, open_envelope
from clearing.wire.requests import Op, Request, RequestLimits, op_of, parse_request
from clearing.wire.signature import BadSignature, VerifiedFrame, covered_by_batch, new_key_proven, verify


class CardAwaited(NamedTuple):
    """An admitted request whose card's key is not here yet; Door.completed makes it a submission."""

    submission: Submission
    tap: TapAwaited


Admitted = Submission | CardAwaited


class Door:
    """Bytes in, a submission for one caisse's writer out, or Refused. clock_us: microseconds that never fall."""

    def __init__(
        self,
        *,
        settings: Settings,
        directory: Directory,
        cardrooms: Mapping[CaisseCode, CardRoom],
        telemetry: Telemetry,
        clock_us: Callable[[], int],
    ) -> None:
        self._settings: Final = settings
        self._directory: Final = directory
        self._clock_us: Final = clock_us
        self._limits: Final = RequestLimits(lines_max=settings.lines_max)
        self.taps: Final = TapCheck(cardrooms=cardrooms, telemetry=telemetry, cards_max=settings.card_key_cache_max)
        self._addresses: Final = TokenBuckets(
            per_s=settings.address_refusals_per_s,
            burst=settings.address_refusals_burst,
            table_max=settings.bucket_table_max,
        )
        self._keys: Final = TokenBuckets(
            per_s=settings.key_requests_per_s, burst=settings.key_requests_burst, table_max=settings.bucket_table_max
        )

    def admit(self, raw: bytes, op: Op | None, address: str) -> Admitted:
        """The verified request in raw, which came in from address on the path of op, or None where it says its op itself.

        Raises Refused.
        """
        envelope, now_us = opened(raw, self._settings.frame_bytes_max), self._clock_us()
        entry, frame = self._verified(envelope, FrameType.TERM_REQ, address, now_us)
        self._let_in(entry, now_us)
        self._keys.spend(entry.kid, now_us)
        return self._submission(entry, frame, op)

    def admit_batch(self, raw: bytes, address: str) -> list[Admitted | Refused]:
        """The items of a batch, in order: admitted, or refused one by one. Raises Refused when the batch itself is."""
        envelope, now_us = opened(raw, BATCH_BYTES_MAX), self._clock_us()
        entry, frame = self._verified(envelope, FrameType.TERM_BATCH, address, now_us)
        self._let_in(entry, now_us)
        tokens = -(-len(raw) // self._settings.frame_bytes_max)
        try:
            batch = parse_batch(frame)
            tokens = max(tokens, len(batch.items))  # each item counts, and all that is kept; the next batch waits for them
        except MalformedFrame as fault:
            raise refusals.malformed(fault) from None
        finally:
            self._keys.spend(entry.kid, now_us, tokens)
        if batch.terminal != entry.number or batch.epoch != entry.epoch:
            raise refusals.unauthorised(Reason.OTHER_TERMINAL)
        digest = sha256(raw).digest()
        return [
            self._item(entry, frame, BatchItem(digest, raw, place), item, address)
            for place, item in enumerate(batch.items)
        ]

    async def completed(self, awaited: CardAwaited) -> Submission:
        """The submission once the card's key is here. Raises Refused when the vault can't be asked now."""
        tap = await self.taps.fetched(awaited.tap)
        if tap is None:
            raise refusals.not_ready(self._settings.not_ready_retry_s)
        return replace(awaited.submission, tap=tap)

    def _item(
        self, entry: KeyEntry, batch_frame: VerifiedFrame, place: BatchItem, raw: bytes, address: str
    ) -> Admitted | Refused:
        try:
            envelope = opened(raw, self._settings.frame_bytes_max)
            if envelope.kid != entry.kid:  # of an ended epoch, or an exported queue: the batch's signature says nothing of it
                other, frame = self._verified(envelope, FrameType.TERM_REQ, address, self._clock_us())
                return self._submission(other, frame, None)
            return _not_drawn(self._submission(entry, covered_by_batch(envelope, batch_frame, raw), None, place))
        except Refused as refused:
            return refused

    def _verified(
        self, envelope: Envelope, frame_type: FrameType, address: str, now_us: int
    ) -> tuple[KeyEntry, VerifiedFrame]:
        source = source_of(address)
        wait_s = self._addresses.wait_s(source, now_us)
        if wait_s:
            raise refusals.limited(Reason.ADDRESS_LIMIT, wait_s)
        try:
            entry = self._entry(envelope)
            frame = verify(envelope, frame_type, entry.public_key)
        except BadSignature:
            self._addresses.spend(source, now_us)
            raise refusals.unauthorised(Reason.BAD_SIGNATURE) from None
        except _NotKnown:
            self._addresses.spend(source, now_us)
            raise refusals.unauthorised(Reason.UNKNOWN_KEY) from None
        return entry, frame

    def _submission(
        self, entry: KeyEntry, frame: VerifiedFrame, op: Op | None, item: BatchItem | None = None
    ) -> Admitted:
        request = self._request(entry, frame, op)
        tap = self.taps.facts(entry.caisse, request)
        if isinstance(tap, TapAwaited):
            return CardAwaited(Submission(caisse=entry.caisse, frame=frame, request=request, item=item), tap)
        return Submission(caisse=entry.caisse, frame=frame, request=request, tap=tap, item=item)

    def _entry(self, envelope: Envelope) -> KeyEntry:
        """A person's key does not speak here, nor does a key while the log that might hold it is still being read."""
        entry, ready = self._directory.terminal(envelope.kid), self._directory.ready
        loaded = all(ready.values()) and bool(ready) if entry is None else ready.get(entry.caisse, False)
        if not loaded:
            raise refusals.not_ready(self._settings.not_ready_retry_s)
        if entry is None:
            raise _NotKnown
        return entry

    def _let_in(self, entry: KeyEntry, now_us: int) -> None:
        """Raises Refused while the key's bucket is empty."""
        wait_s = self._keys.wait_s(entry.kid, now_us)
        if wait_s:
            raise refusals.limited(Reason.KEY_LIMIT, wait_s)

    def _request(self, entry: KeyEntry, frame: VerifiedFrame, op: Op | None) -> Request:
        try:
            request = parse_request(frame, op_of(frame.payload) if op is None else op, self._limits)
        except MalformedFrame as fault:
            raise refusals.malformed(fault) from None
        if request.terminal != entry.number or request.epoch != entry.epoch:
            raise refusals.unauthorised(Reason.OTHER_TERMINAL)
        if request.offline:
            raise refusals.malformed(ValueError("a sale made offline ('o' 1 to 3) tells what happened: keep it queued"))
        if request.op in (Op.DRAW, Op.GIVE) and request.ts_ms % DAY_MS:
            raise refusals.malformed(ValueError("a draw or give names its day only: 'ts' is that day's 00:00 UTC"))
        brought = request.new_key
        if brought is not None and not new_key_proven(
            brought.key, brought.proof, terminal=request.terminal, epoch=request.epoch
        ):
            raise refusals.malformed(ValueError("'nk' must be a new key with its own proof of this terminal and epoch"))
        return request


def _not_drawn(admitted: Admitted) -> Admitted:
    """A batch names its minute and is kept as evidence of each item: no draw or give comes in one. Raises Refused."""
    submission = admitted.submission if isinstance(admitted, CardAwaited) else admitted
    if isinstance(submission.request, Request) and submission.request.op in (Op.DRAW, Op.GIVE):
        raise refusals.malformed(ValueError("a draw or give is sent by itself, not in a batch"))
    return admitted


class _NotKnown(Exception):
    """No terminal's key has this id."""


def opened(raw: bytes, frame_bytes_max: int) -> Envelope:
    """The envelope in raw. Raises Refused: 413 or 400."""
    if len(raw) > frame_bytes_max:
        raise refusals.too_large(frame_bytes_max)
    try:
        return open_envelope(raw, frame_bytes_max=frame_bytes_max)
    except MalformedFrame as fault:
        raise refusals.malformed(fault) from None
