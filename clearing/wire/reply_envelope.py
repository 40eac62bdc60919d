"""Law: a reply is believed under the server's signature over it, or over the root of the group of replies it was signed with.

One signature per group costs 3 us a reply where one each costs 20. A reply that was alone in its group is an ordinary envelope,
[1, kid, payload, sig]; else it is [2, kid, payload, path, root_sig]: `path` leads from the payload to the root that is signed.

    leaf = SHA-256(0x00 | payload)        node = SHA-256(0x01 | smaller | larger)        (an odd one out goes up unchanged)

Ordering the two halves of a node makes a path a plain list of hashes. Source: wire.md section 3.
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import Final, NamedTuple

from clearing.wire.frame import (
    KID_BYTES,
    SIGNATURE_BYTES,
    Envelope,
    FrameType,
    MalformedFrame,
    bin_head,
    bin_head_bytes,
    open_envelope,
    pae,
)
from clearing.wire.signature import BadSignature, SigningKey, signature_holds, verify

PATH_MAX: Final = 15
"""Steps of a path: a group of 32,768 replies; the most that a head of one byte counts."""
_HEAD: Final = b"\x95\x02\xc4\x08"  # array of 5, version 2, bin8 of 8 bytes
_STEP_HEAD: Final = b"\xc4\x20"
_STEP_BYTES: Final = len(_STEP_HEAD) + 32
_SIGNATURE_HEAD: Final = b"\xc4\x40"
_PAYLOAD_AT: Final = len(_HEAD) + KID_BYTES
_TAIL_BYTES: Final = len(_SIGNATURE_HEAD) + SIGNATURE_BYTES


class SignedReply(NamedTuple):
    """An opened reply: nothing in it is verified yet. path: None for a reply with a signature of its own."""

    kid: bytes
    payload: bytes
    path: tuple[bytes, ...] | None
    sig: bytes


def seal_replies(key: SigningKey, payloads: Sequence[bytes]) -> list[bytes]:
    """The complete signed envelopes of a group's replies, in order; one signature for all."""
    if len(payloads) == 1:
        return [key.sign_envelope(FrameType.SRV_RESP, payloads[0])]
    root, paths = _tree([sha256(b"\x00" + payload).digest() for payload in payloads])
    opening, ending = _HEAD + key.kid, _SIGNATURE_HEAD + key.sign(FrameType.SRV_GROUP, root)
    assert len(paths[0]) <= PATH_MAX, "a group has too many replies for one signature"
    return [
        b"".join((opening, bin_head(len(payload)), payload, b"%c" % (0x90 | len(path)), *path, ending))
        for payload, path in zip(payloads, paths, strict=True)
    ]


def _tree(level: list[bytes]) -> tuple[bytes, list[list[bytes]]]:
    """The root over these leaves, and per leaf its path as packed steps."""
    paths: list[list[bytes]] = [[] for _ in level]
    below = [[place] for place in range(len(level))]  # the leaves under each node of this level
    while len(level) > 1:
        above, under = [], []
        for at in range(0, len(level) - 1, 2):
            left, right = level[at], level[at + 1]
            for leaf in below[at]:
                paths[leaf].append(_STEP_HEAD + right)
            for leaf in below[at + 1]:
                paths[leaf].append(_STEP_HEAD + left)
            above.append(_node(left, right))
            under.append(below[at] + below[at + 1])
        if len(level) % 2:
            above.append(level[-1])
            under.append(below[-1])
        level, below = above, under
    return level[0], paths


def _node(one: bytes, other: bytes) -> bytes:
    return sha256(b"\x01" + one + other if one < other else b"\x01" + other + one).digest()


def open_reply(raw: bytes, *, reply_bytes_max: int) -> SignedReply:
    """Take a reply apart without trusting a length in it. Raises MalformedFrame for any bytes that are not canonical."""
    if not raw.startswith(_HEAD):
        envelope = open_envelope(raw, frame_bytes_max=reply_bytes_max)
        return SignedReply(envelope.kid, envelope.payload, None, envelope.sig)
    if len(raw) > reply_bytes_max:
        raise MalformedFrame(f"the reply has {len(raw)} bytes; at most {reply_bytes_max} are taken here")
    start = _PAYLOAD_AT + bin_head_bytes(raw, _PAYLOAD_AT)
    path_at = start + int.from_bytes(raw[_PAYLOAD_AT + 1 : start], "big")
    steps = raw[path_at : path_at + 1]
    count = steps[0] & 0x0F if steps and steps[0] & 0xF0 == 0x90 else 0
    end = path_at + 1 + count * _STEP_BYTES
    if not count or raw[_PAYLOAD_AT:start] != bin_head(path_at - start) or len(raw) != end + _TAIL_BYTES:
        raise MalformedFrame("the reply's payload, path and 64-byte signature do not fill it exactly")
    pieces = [raw[at : at + _STEP_BYTES] for at in range(path_at + 1, end, _STEP_BYTES)]
    if raw[end : end + 2] != _SIGNATURE_HEAD or any(piece[:2] != _STEP_HEAD for piece in pieces):
        raise MalformedFrame("a reply's path is a list of hashes of 32 bytes, and a signature of 64 bytes ends it")
    return SignedReply(raw[len(_HEAD) : _PAYLOAD_AT], raw[start:path_at], tuple(p[2:] for p in pieces), raw[end + 2 :])


def verify_reply(reply: SignedReply, public_key: bytes) -> bytes:
    """The payload of a reply that this server key signed. Raises BadSignature."""
    if reply.path is None:
        return verify(Envelope(reply.kid, reply.payload, reply.sig), FrameType.SRV_RESP, public_key).payload
    if reply.kid != public_key[:KID_BYTES] or not signature_holds(
        public_key, reply.sig, pae(FrameType.SRV_GROUP, group_root(reply.payload, reply.path))
    ):
        raise BadSignature("the reply's group is not signed by the key it names")
    return reply.payload


def group_root(payload: bytes, path: Sequence[bytes]) -> bytes:
    """The root that a path leads to from this payload."""
    found = sha256(b"\x00" + payload).digest()
    for step in path:
        found = _node(found, step)
    return found
