"""Law: a trunk carries many requests in one frame and trusts only its two ends; whoever is not one of them can't speak on it.

What gateways and a writer's process say to each other, over a Unix socket of mode 0600, or TCP with a shared secret and a
MAC per frame. Frame: u32 length, then msgpack [kind, ...]; with a secret 32 bytes of MAC stand before the msgpack. Source:
wire.md section 7.
"""

import hmac
import os
import struct
from collections.abc import Callable, Iterator
from enum import IntEnum
from hashlib import blake2b
from typing import Any, Final

import msgpack

FRAME_BYTES_MAX: Final = 64 << 20
NONCE_BYTES: Final = 32
ENROL_OP: Final = "enrol"
"""Stands where a request's op does, for the second call of a pairing."""
_MAC_BYTES: Final = 32
_length = struct.Struct(">I")
_pack = msgpack.Packer(use_bin_type=True, autoreset=True).pack


class Kind(IntEnum):
    """The first value of a frame. A gateway says those below 10, a writer's process the others."""

    ASK = 1  # [[id, caisse, op, raw, digest, tap], ...]; tap: nil or [genuine, card, key version, counter]
    ASK_BATCH = 2  # caisse, batch frame, its SHA-256, [[id, op, index, raw, digest, tap], ...]
    CARDS = 3  # id, caisse, [uid, ...]
    WORD = 4  # id, caisse, raw, digest, tap; raw empty: an inquiry (wire/interchange.py)
    ASK_ABROAD = 5  # id, caisse, op, raw, digest, issuer's answer, its digest, nil or [batch digest, batch frame, index]
    CAISSE = 10  # caisse, kmeta, certificate of the server's key
    KEYS = 11  # caisse, [[kid, public key, holder, number, epoch, current], ...]
    READY = 12  # caisse, flag
    CARD = 13  # caisse, card, key version: a card was issued again
    ANSWERS = 20  # [[id, answer kind, body], ...]
    CARD_KEYS = 21  # id, [[card, key version, K2], ...]


class AnswerKind(IntEnum):
    """What became of a request: the three classes of answer, and the refusal of a pairing."""

    DECIDED = 0  # body: the reply envelope
    NOT_PROCESSED = 1  # body: seconds after which to try again
    UNKNOWN = 2
    ENROLMENT_REFUSED = 3


class TrunkBroken(Exception):
    """What came over the trunk is not what the other end says: the connection is given up, and made again."""


class Framing:
    """One end's frames over one connection. secret None: a Unix socket, whose mode is the lock.

    With a secret the first frame of each end is its nonce; every frame after it carries a MAC over its place and its content,
    under a key made of the secret and both nonces: nothing can be replayed, left out or put in.
    """

    def __init__(self, secret: bytes | None, *, server: bool) -> None:
        self._secret, self._server = secret, server
        self._buffer = bytearray()
        self._said = self._heard = 0
        self._nonce = os.urandom(NONCE_BYTES)
        self._key = b""

    @property
    def greeting(self) -> bytes:
        """What to send first."""
        return b"" if self._secret is None else _length.pack(NONCE_BYTES) + self._nonce

    @property
    def open(self) -> bool:
        """Whether frames may be sent: with a secret only after the other end's nonce came."""
        return self._secret is None or bool(self._key)

    def frame(self, kind: Kind, *values: object) -> bytes:
        """One frame, ready to send."""
        body = _pack([kind.value, *values])
        if self._secret is None:
            return _length.pack(len(body)) + body
        mac = self._mac(body, self._said, by_server=self._server)
        self._said += 1
        return _length.pack(len(body) + _MAC_BYTES) + mac + body

    def feed(self, data: bytes) -> Iterator[tuple[int, list[Any]]]:
        """The frames that are complete now, as (kind, values). Raises TrunkBroken."""
        buffer = self._buffer
        buffer += data
        start, there = 0, len(buffer)
        try:
            while there - start >= _length.size:
                (size,) = _length.unpack_from(buffer, start)
                if size > FRAME_BYTES_MAX:
                    raise TrunkBroken(f"a frame of {size} bytes; at most {FRAME_BYTES_MAX} are taken")
                if there - start - _length.size < size:
                    break
                start += _length.size
                body = bytes(memoryview(buffer)[start : start + size])
                start += size
                if self._secret is not None:
                    if not self._key:
                        self._greeted(body)
                        continue
                    body = self._checked(body)
                kind, *values = msgpack.unpackb(body, use_list=True, strict_map_key=False)
                yield kind, values
        except (ValueError, TypeError, msgpack.UnpackException) as fault:
            raise TrunkBroken(f"a frame that is none: {fault}") from fault
        finally:
            del buffer[:start]

    def _greeted(self, nonce: bytes) -> None:
        if len(nonce) != NONCE_BYTES or self._secret is None:
            raise TrunkBroken("the other end did not greet; is its secret set?")
        both = nonce + self._nonce if not self._server else self._nonce + nonce
        self._key = blake2b(both, key=self._secret, digest_size=32).digest()

    def _checked(self, frame: bytes) -> bytes:
        mac, body = frame[:_MAC_BYTES], frame[_MAC_BYTES:]
        if not hmac.compare_digest(mac, self._mac(body, self._heard, by_server=not self._server)):
            raise TrunkBroken("a frame's MAC does not hold: both ends need the same secret")
        self._heard += 1
        return body

    def _mac(self, body: bytes, place: int, *, by_server: bool) -> bytes:
        direction = b"writer  " if by_server else b"gateway "
        return blake2b(direction + place.to_bytes(8, "big") + body, key=self._key, digest_size=_MAC_BYTES).digest()


class Outbox:
    """Frames are written once per turn of the event loop, however many requests or answers came together in it."""

    def __init__(self, write: Callable[[list[Any]], None], soon: Callable[[Callable[[], None]], object]) -> None:
        self._write, self._soon = write, soon
        self._waiting: list[Any] = []

    def add(self, item: object) -> None:
        if not self._waiting:
            self._soon(self._flush)
        self._waiting.append(item)

    def take_back(self) -> list[Any]:
        """What was not written yet."""
        waiting, self._waiting = self._waiting, []
        return waiting

    def _flush(self) -> None:
        waiting, self._waiting = self._waiting, []
        if waiting:
            self._write(waiting)
