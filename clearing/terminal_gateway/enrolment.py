"""Law: pairing is a door of its own: its frames are signed by a key nobody knows yet, so it has its own bucket and reaches
no book; the second call alone goes to a writer, which alone knows the slot's secret.

Source: wire.md section 7. The two calls may come to two gateways: a nonce proves by itself that one of them gave it, to this
slot, key and nonce, and until when. Here a payload is decoded before its signature held, because it carries the key that signed
it (wire.enrolment); nothing is kept of a frame whose signature does not hold.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from hashlib import blake2b
from typing import Final, NamedTuple

from clearing.authoriser.client import Enrolment, Submission
from clearing.config import Settings
from clearing.directory import Directory
from clearing.terminal_gateway import refusals
from clearing.terminal_gateway.door import opened
from clearing.terminal_gateway.limits import TokenBuckets, source_of
from clearing.terminal_gateway.refusals import Reason
from clearing.terminal_gateway.taps import CardRoom
from clearing.values import CaisseCode
from clearing.wire.enrolment import EnrolHello, EnrolProof, encode_server_nonce, macs_equal, read_enrolment
from clearing.wire.frame import Envelope, FrameType, MalformedFrame
from clearing.wire.signature import BadSignature, verify

_OVER_BYTES: Final = 4  # the second in which a nonce is over, on the clock that all processes of a machine share
_MAC_BYTES: Final = 12
_SECOND_US: Final = 1_000_000


class _Greeting(NamedTuple):
    server_nonce: bytes
    over_at_us: int


class EnrolmentDoor:
    """Answers the first call of a pairing itself and passes the second on. cardrooms: for a key that all gateways share."""

    def __init__(
        self,
        *,
        settings: Settings,
        directory: Directory,
        clock_us: Callable[[], int],
        cardrooms: Mapping[CaisseCode, CardRoom],
    ) -> None:
        self._settings: Final = settings
        self._directory: Final = directory
        self._clock_us: Final = clock_us
        self._cardrooms: Final = cardrooms
        self._greeted: OrderedDict[tuple[str, bytes, bytes], _Greeting] = OrderedDict()
        self._addresses: Final = TokenBuckets(
            per_s=settings.enrol_requests_per_s,
            burst=settings.enrol_requests_burst,
            table_max=settings.bucket_table_max,
        )

    def __len__(self) -> int:
        return len(self._greeted)

    def admit(self, raw: bytes, address: str) -> bytes | Submission:
        """The answer to a first call, or the submission a second call makes. Raises Refused."""
        envelope = opened(raw, self._settings.frame_bytes_max)
        now_us, source = self._clock_us(), source_of(address)
        wait_s = self._addresses.wait_s(source, now_us)
        if wait_s:
            raise refusals.limited(Reason.ADDRESS_LIMIT, wait_s)
        self._addresses.spend(source, now_us)
        self._forget_old(now_us)
        match _read(envelope):
            case EnrolHello() as hello:
                return self._greet(hello, now_us)
            case EnrolProof() as proof:
                return self._submission(envelope, proof, now_us)

    def _greet(self, hello: EnrolHello, now_us: int) -> bytes:
        """The same hello gets the same nonce while it lives: its answer may have been lost."""
        place = (hello.slot, hello.key, hello.nonce)
        greeting = self._greeted.get(place)
        if greeting is None:
            if len(self._greeted) >= self._settings.pairing_nonces_max:
                self._greeted.popitem(last=False)
            over_at_us = now_us + self._settings.pairing_s * _SECOND_US
            greeting = self._greeted[place] = _Greeting(self._nonce(hello, over_at_us), over_at_us)
        return encode_server_nonce(greeting.server_nonce)

    def _nonce(self, said: EnrolHello | EnrolProof, over_at_us: int) -> bytes:
        """16 bytes that nobody can foresee: until which second, and a MAC of that and of what was said."""
        room = self._cardrooms.get(self._caisse_of(said.slot))
        if room is None:
            raise refusals.not_ready(self._settings.not_ready_retry_s)
        over = (over_at_us // _SECOND_US).to_bytes(_OVER_BYTES, "big")
        bound = b"pairing " + over + said.key + said.nonce + said.slot.encode()
        return over + blake2b(bound, key=room.kmeta, digest_size=_MAC_BYTES).digest()

    def _submission(self, envelope: Envelope, proof: EnrolProof, now_us: int) -> Submission:
        """The nonce holds until its time is over, so that a second call whose answer was lost may come again."""
        over_at_us = int.from_bytes(proof.server_nonce[:_OVER_BYTES], "big") * _SECOND_US
        if over_at_us <= now_us or not macs_equal(proof.server_nonce, self._nonce(proof, over_at_us)):
            raise refusals.pairing_refused()
        caisse = self._caisse_of(proof.slot)
        if not self._directory.ready.get(caisse, False):
            raise refusals.not_ready(self._settings.not_ready_retry_s)
        return Submission(
            caisse=caisse,
            frame=verify(envelope, FrameType.TERM_ENROL, proof.key),
            request=Enrolment(
                slot=proof.slot,
                key=proof.key,
                nonce=proof.nonce,
                server_nonce=proof.server_nonce,
                mac=proof.mac,
            ),
        )

    def _caisse_of(self, slot: str) -> CaisseCode:
        """The only caisse served here; among several the one whose code opens the slot's id ("brume-7k2f": brume)."""
        served = sorted(self._directory.ready, key=len, reverse=True)
        if not served:
            raise refusals.not_ready(self._settings.not_ready_retry_s)
        if len(served) == 1:
            return served[0]
        for caisse in served:
            if slot.startswith((f"{caisse}-", f"{caisse}.")):
                return caisse
        raise refusals.pairing_refused()

    def _forget_old(self, now_us: int) -> None:
        while self._greeted and next(iter(self._greeted.values())).over_at_us <= now_us:
            self._greeted.popitem(last=False)


def _read(envelope: Envelope) -> EnrolHello | EnrolProof:
    try:
        return read_enrolment(envelope)
    except MalformedFrame as fault:
        raise refusals.malformed(fault) from None
    except BadSignature:
        raise refusals.unauthorised(Reason.BAD_SIGNATURE) from None
