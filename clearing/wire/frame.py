"""Law: a frame is one canonical byte string or it is refused; whatever the bytes, nothing but MalformedFrame comes out.

Source: wire.md section 3. envelope = msgpack [1, kid bin8, payload bin, sig bin64]; what is signed is DSSE's PAE of it.
"""

from enum import StrEnum
from typing import Final, NamedTuple, cast

import msgpack

KID_BYTES: Final = 8
SIGNATURE_BYTES: Final = 64
CONTENT_TYPE: Final = "application/vnd.ssa.v1+msgpack"
NESTING_MAX: Final = 8
"""Maps and lists inside each other in a map read by canonical_map, the outermost included."""

FRAME_OPENING: Final = b"DSSEv1 "

_HEAD: Final = b"\x94\x01\xc4\x08"  # array of 4, version 1, bin8 of 8 bytes: the only canonical opening
_SIGNATURE_HEAD: Final = b"\xc4\x40"
_PAYLOAD_AT: Final = len(_HEAD) + KID_BYTES
_TAIL_BYTES: Final = len(_SIGNATURE_HEAD) + SIGNATURE_BYTES
_PACKER: Final = msgpack.Packer(
    use_bin_type=True, strict_types=True
)  # kept: making one costs twice what a sale's packing does
_UNPACK_FAULTS: Final = (ValueError, TypeError, OverflowError, RecursionError, MemoryError, msgpack.UnpackException)


class MalformedFrame(ValueError):
    """The sender's fault: these bytes are not a frame of this product. Refused with 400, never an event."""


class FrameType(StrEnum):
    """The signed type of a frame; a key may sign only the types of its own role."""

    TERM_REQ = "application/vnd.ssa.term-req.v1+msgpack"
    TERM_BATCH = "application/vnd.ssa.term-batch.v1+msgpack"
    TERM_ENROL = "application/vnd.ssa.term-enrol.v1+msgpack"
    PERSON_CMD = "application/vnd.ssa.person-cmd.v1+msgpack"
    SRV_RESP = "application/vnd.ssa.srv-resp.v1+msgpack"
    SRV_GROUP = "application/vnd.ssa.srv-group.v1+sha256"
    SRV_RECEIPT = "application/vnd.ssa.srv-receipt.v1+msgpack"
    SRV_PACK = "application/vnd.ssa.srv-pack.v1+msgpack"
    SRV_TIME = "application/vnd.ssa.srv-time.v1+msgpack"
    SRV_BETWEEN = "application/vnd.ssa.srv-between.v1+msgpack"


_OPENINGS: Final = {str(one): b"%b%d %b " % (FRAME_OPENING, len(one.encode()), one.encode()) for one in FrameType}


class Envelope(NamedTuple):
    """An opened envelope: nothing in it is verified yet. kid 8 bytes, sig 64 bytes, payload any bytes."""

    kid: bytes
    payload: bytes
    sig: bytes


def pae(frame_type: str, payload: bytes) -> bytes:
    """The bytes that are signed: "DSSEv1" SP len(type) SP type SP len(payload) SP payload (DSSE protocol, PAE)."""
    opening = _OPENINGS.get(frame_type)
    if opening is None:
        kind = frame_type.encode()
        opening = b"%b%d %b " % (FRAME_OPENING, len(kind), kind)
    return b"%b%d %b" % (opening, len(payload), payload)


def seal_envelope(kid: bytes, payload: bytes, sig: bytes) -> bytes:
    """The one canonical form of an envelope. Raises ValueError when kid or sig has another length."""
    if len(kid) != KID_BYTES or len(sig) != SIGNATURE_BYTES:
        raise ValueError(
            f"a kid has {KID_BYTES} bytes and a signature {SIGNATURE_BYTES}, not {len(kid)} and {len(sig)}"
        )
    return b"".join((_HEAD, kid, bin_head(len(payload)), payload, _SIGNATURE_HEAD, sig))


def open_envelope(raw: bytes, *, frame_bytes_max: int) -> Envelope:
    """Take an envelope apart without trusting a length in it. Raises MalformedFrame for any bytes that are not canonical.

    Cut by hand instead of unpacked: a canonical envelope has one opening, one ending and a length that must fit, so
    there is nothing for a codec to get wrong.
    """
    if len(raw) > frame_bytes_max:
        raise MalformedFrame(f"the frame has {len(raw)} bytes; at most {frame_bytes_max} are taken here")
    if not raw.startswith(_HEAD):
        raise MalformedFrame("a frame opens with an array of 4, version 1 and a key id of 8 bytes")
    end = len(raw) - _TAIL_BYTES
    start = _PAYLOAD_AT + bin_head_bytes(raw, _PAYLOAD_AT)
    if end < start or raw[end : end + 2] != _SIGNATURE_HEAD or raw[_PAYLOAD_AT:start] != bin_head(end - start):
        raise MalformedFrame("the frame's payload and 64-byte signature do not fill it exactly")
    return Envelope(raw[len(_HEAD) : _PAYLOAD_AT], raw[start:end], raw[end + 2 :])


def cut_envelopes(raw: bytes) -> list[bytes]:
    """Envelopes that stand back to back, as open_envelope takes them. Raises MalformedFrame when they can't be told apart."""
    found: list[bytes] = []
    start, end = 0, len(raw)
    while start < end:
        head = start + _PAYLOAD_AT
        width = bin_head_bytes(raw, head)
        size = int.from_bytes(raw[head + 1 : head + width], "big")
        stop = head + width + size + _TAIL_BYTES
        if stop > end:
            raise MalformedFrame("the last frame of the message does not end in it")
        found.append(raw if start == 0 and stop == end else raw[start:stop])
        start = stop
    return found


def bin_head_bytes(raw: bytes, at: int) -> int:
    """How many bytes say the length of the byte string that begins at `at`. Raises MalformedFrame when none does."""
    match raw[at : at + 1]:
        case b"\xc4":
            return 2
        case b"\xc5":
            return 3
        case b"\xc6":
            return 5
        case _:
            raise MalformedFrame("the frame's payload must be a byte string")


def bin_head(size: int) -> bytes:
    """What stands before a byte string of this size, in its shortest form."""
    if size < 1 << 8:
        return b"\xc4%c" % size
    if size < 1 << 16:
        return b"\xc5" + size.to_bytes(2, "big")
    return b"\xc6" + size.to_bytes(4, "big")


def pack(fields: object) -> bytes:
    """The canonical msgpack of plain values: maps keep the order they were written in."""
    return _PACKER.pack(fields)


def unpack_map(payload: bytes, *, items_max: int) -> dict[str, object]:
    """Decode a map and require that it packs to the same bytes: no duplicate keys, no long forms, nothing after it.

    Values are NOT checked: the caller reads each by its exact type, which is what refuses floats and extensions.
    items_max bounds every list and map in it. Raises MalformedFrame, whatever the bytes.
    """
    try:
        fields = msgpack.unpackb(
            payload, raw=False, use_list=True, strict_map_key=True,
            max_array_len=items_max, max_map_len=items_max, max_ext_len=0,
        )  # fmt: skip
        canonical = type(fields) is dict and pack(fields) == payload
    except _UNPACK_FAULTS as fault:
        raise MalformedFrame(f"the payload is not msgpack as this product writes it ({type(fault).__name__})") from None
    if not canonical:
        raise MalformedFrame(
            "the payload is not a map in canonical form: shortest lengths, each key once, nothing after it"
        )
    return cast(dict[str, object], fields)


def unpack_plain(payload: bytes) -> dict[str, object]:
    """The map in a payload that unpack_map took before, in this process or in the one that sent it on."""
    return cast(dict[str, object], msgpack.unpackb(payload))


def canonical_map(payload: bytes, *, items_max: int, nesting_max: int = NESTING_MAX) -> dict[str, object]:
    """unpack_map for maps whose content is open: str keys; nil, bool, int, str, bytes, lists and maps as values.

    Raises MalformedFrame, also for floats, extensions, bytes as keys and more than nesting_max levels.
    """
    fields = unpack_map(payload, items_max=items_max)
    require_plain(fields, nesting_max)
    return fields


def require_plain(value: object, nesting_left: int) -> None:
    """Refuse what has no canonical form here. Raises MalformedFrame."""
    kind = type(value)
    if kind is dict or kind is list:
        if nesting_left == 0:
            raise MalformedFrame("lists and maps are nested too deep")
        if kind is dict and any(type(key) is not str for key in cast(dict[object, object], value)):
            raise MalformedFrame("the keys of a map must be text")
        inside = cast(dict[str, object], value).values() if kind is dict else cast(list[object], value)
        for item in inside:
            require_plain(item, nesting_left - 1)
    elif not (value is None or kind is int or kind is str or kind is bytes or kind is bool):
        raise MalformedFrame(f"a {kind.__name__} has no place in a frame; write whole numbers, text or bytes")
