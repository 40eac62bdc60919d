"""Law: the cheap checks come first, and nothing reaches a writer that is not verified, decoded, and the key's own to say.

The order is wire.md section 4's: envelope shape, bucket of the source address, key id in memory, signature, bucket of
the key, decode. Size and content type stand before it (server.py). The bucket of an address is emptied by what is turned
away for its key or signature, so that many honest terminals may share an address; the bucket of a key by every verified
message, so that nobody who saw a key id can silence its terminal.
"""

from collections.abc import Callable, Mapping
from typing import Final

from clearing.authoriser.client import Submission
from clearing.config import Settings
from clearing.directory import Directory, Holder, KeyEntry
from clearing.telemetry import Telemetry
from clearing.terminal_gateway import refusals
from clearing.terminal_gateway.limits import TokenBuckets, source_of
from clearing.terminal_gateway.refusals import Reason
from clearing.terminal_gateway.taps import CardRoom, TapCheck
from clearing.values import CaisseCode
from clearing.wire.frame import Envelope, FrameType, MalformedFrame, open_envelope
from clearing.wire.requests import Op, Request, RequestLimits, parse_request
from clearing.wire.signature import BadSignature, VerifiedFrame, new_key_proven, verify


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
        self._taps: Final = TapCheck(
            cardrooms=cardrooms, directory=directory, telemetry=telemetry, cards_max=settings.card_key_cache_max
        )
        self._addresses: Final = TokenBuckets(
            per_s=settings.address_refusals_per_s,
            burst=settings.address_refusals_burst,
            table_max=settings.bucket_table_max,
        )
        self._keys: Final = TokenBuckets(
            per_s=settings.key_requests_per_s, burst=settings.key_requests_burst, table_max=settings.bucket_table_max
        )

    def admit(self, raw: bytes, op: Op, address: str) -> Submission:
        """The verified request in raw, which came in from address on the path of op. Raises Refused."""
        envelope = opened(raw, self._settings.frame_bytes_max)
        now_us = self._clock_us()
        source = source_of(address)
        wait_s = self._addresses.wait_s(source, now_us)
        if wait_s:
            raise refusals.limited(Reason.ADDRESS_LIMIT, wait_s)
        try:
            entry = self._entry(envelope)
            frame = verify(envelope, FrameType.TERM_REQ, entry.public_key)
        except BadSignature:
            self._addresses.spend(source, now_us)
            raise refusals.unauthorised(Reason.BAD_SIGNATURE) from None
        except _NotKnown:
            self._addresses.spend(source, now_us)
            raise refusals.unauthorised(Reason.UNKNOWN_KEY) from None
        self._spend_key(entry, now_us)
        request = self._request(entry, frame, op)
        return Submission(
            caisse=entry.caisse, frame=frame, request=request, tap=self._taps.facts(entry.caisse, request)
        )

    def _entry(self, envelope: Envelope) -> KeyEntry:
        """A person's key does not speak here, nor does a key while the log that might hold it is still being read."""
        entry, ready = self._directory.key(envelope.kid), self._directory.ready
        loaded = all(ready.values()) and bool(ready) if entry is None else ready.get(entry.caisse, False)
        if not loaded:
            raise refusals.not_ready(self._settings.not_ready_retry_s)
        if entry is None or entry.holder is not Holder.TERMINAL:
            raise _NotKnown
        return entry

    def _spend_key(self, entry: KeyEntry, now_us: int) -> None:
        wait_s = self._keys.wait_s(entry.kid, now_us)
        if wait_s:
            raise refusals.limited(Reason.KEY_LIMIT, wait_s)
        self._keys.spend(entry.kid, now_us)

    def _request(self, entry: KeyEntry, frame: VerifiedFrame, op: Op) -> Request:
        try:
            request = parse_request(frame, op, self._limits)
        except MalformedFrame as fault:
            raise refusals.malformed(fault) from None
        if request.terminal != entry.number or request.epoch != entry.epoch:
            raise refusals.unauthorised(Reason.OTHER_TERMINAL)
        if request.offline:
            raise refusals.malformed(ValueError("a sale made offline ('o' 1 to 3) tells what happened: keep it queued"))
        brought = request.new_key
        if brought is not None and not new_key_proven(
            brought.key, brought.proof, terminal=request.terminal, epoch=request.epoch
        ):
            raise refusals.malformed(ValueError("'nk' must be a new key with its own proof of this terminal and epoch"))
        return request


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
