"""Law: a seed makes the same broken frames again; each differs from a good one in a way that no good frame has.

Half of them carry the old signature (or a bent envelope), half are signed again, after the mutation, by the key that signed
the good one: those are refused for their content alone.
"""

import random
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import msgpack

from clearing.wire.frame import FrameType, pack, seal_envelope
from clearing.wire.signature import TerminalKey

Pairs = list[tuple[bytes, bytes]]
"""A payload taken apart: packed key, packed value, in order."""

WHOLE_NUMBERS: Final = frozenset({"e", "n", "ts", "a", "o", "pv", "w", "pr", "oa", "pc", "ps"})
TOO_LARGE: Final = (2**64 - 1, 2**63, -1, -(2**63), 2**63 - 1)
OTHER_TYPES: Final = (
    msgpack.packb(1.5), msgpack.packb(float("nan")), msgpack.packb(float("inf")), msgpack.packb(None), msgpack.packb(True),
    msgpack.packb({"a": {"b": [1]}}), msgpack.packb([[[[[]]]]]), msgpack.packb(msgpack.ExtType(5, b"x")),
    msgpack.packb(msgpack.Timestamp(1, 1)), b"\xc1", b"\xdd\xff\xff\xff\xff", b"\xdf\xff\xff\xff\xff", b"\xc6\xff\xff\xff\xff",
    msgpack.packb("\x00" * 3), msgpack.packb(b"\xff" * 5), b"\x92" * 300, b"\xa2\xff\xfe", msgpack.packb({1: 1}),
)  # fmt: skip
BROKEN_LINES: Final[tuple[object, ...]] = (
    [], [[]], [["fruit-veg"]], [["fruit-veg", -1]], [["fruit-veg", 0]], [["fruit-veg", True]], [["fruit-veg", 7.35]],
    [["fruit-veg", "735"]], [["fruit-veg", 735, None]], [["fruit-veg", 735, None, None, None]], [["fruit veg", 735]],
    [["fruit-veg", 735, "x", "y", 1, 2]], [["fruit-veg", 2**63]], [["", 735]], [["é", 735]], [[b"fruit-veg", 735]],
    [["fruit-veg", 734]], [["fruit-veg", 735]] * 101, {"0": ["fruit-veg", 735]}, [["fruit-veg", 735, "", "y"]],
    [["fruit-veg", 735, None, "NOT AN ID"]], [["fruit-veg", 735, None, "y", 0]], [["x" * 33, 735]],
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class GoodFrame:
    """What mutations start from. path: where it belongs; key: who signs it."""

    path: str
    frame_type: FrameType
    key: TerminalKey
    payload: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenFrame:
    """raw: to be posted to path. how: the name of the mutation; resigned: its signature holds, if one is readable."""

    path: str
    raw: bytes
    how: str
    resigned: bool


def broken_frames(good: list[GoodFrame], *, count: int, seed: int) -> Iterator[BrokenFrame]:
    """count frames, every second one signed again."""
    dice = random.Random(seed)
    for number in range(count):
        frame = dice.choice(good)
        if number % 2:
            change = dice.choice(PAYLOAD_CHANGES)
            raw = frame.key.sign_envelope(frame.frame_type, change(frame.payload, dice))
        else:
            change = dice.choice(PAYLOAD_CHANGES + ENVELOPE_CHANGES)
            raw = _unsigned(frame, change, dice)
        yield BrokenFrame(path=frame.path, raw=raw, how=change.__name__.strip("_"), resigned=bool(number % 2))


def _unsigned(frame: GoodFrame, change: "Change", dice: random.Random) -> bytes:
    whole = frame.key.sign_envelope(frame.frame_type, frame.payload)
    if change in ENVELOPE_CHANGES:
        return change(whole, dice)
    return seal_envelope(frame.key.kid, change(frame.payload, dice), whole[-64:])


def _taken_apart(payload: bytes) -> Pairs:
    fields: dict[str, object] = msgpack.unpackb(payload)
    return [(pack(key), pack(value)) for key, value in fields.items()]


def _put_together(pairs: Pairs) -> bytes:
    head = bytes([0x80 | len(pairs)]) if len(pairs) < 16 else b"\xde" + struct.pack(">H", len(pairs))
    return head + b"".join(key + value for key, value in pairs)


def _key_bits_flipped(payload: bytes, dice: random.Random) -> bytes:
    pairs = _taken_apart(payload)
    at = dice.randrange(len(pairs))
    pairs[at] = (_flipped(pairs[at][0], dice), pairs[at][1])
    return _put_together(pairs)


def _head_bit_flipped(payload: bytes, dice: random.Random) -> bytes:
    """A bit of the map's own head, or of the head of a value that is not a number."""
    pairs = _taken_apart(payload)
    heads = [at for at, (key, _) in enumerate(pairs) if msgpack.unpackb(key) not in WHOLE_NUMBERS]
    at = dice.choice([None, *heads])
    if at is None:
        return _flipped(payload[:1], dice) + payload[1:]
    key, value = pairs[at]
    pairs[at] = (key, _flipped(value[:1], dice) + value[1:])
    return _put_together(pairs)


def _truncated_payload(payload: bytes, dice: random.Random) -> bytes:
    return payload[: dice.randrange(len(payload))]


def _lengthened_payload(payload: bytes, dice: random.Random) -> bytes:
    return payload + dice.randbytes(dice.choice((1, 2, 30)))


def _reordered_keys(payload: bytes, dice: random.Random) -> bytes:
    pairs = _taken_apart(payload)
    one, other = dice.sample(range(len(pairs)), 2)
    pairs[one], pairs[other] = pairs[other], pairs[one]
    return _put_together(pairs)


def _duplicate_key(payload: bytes, dice: random.Random) -> bytes:
    pairs = _taken_apart(payload)
    pairs.insert(dice.randrange(len(pairs) + 1), dice.choice(pairs))
    return _put_together(pairs)


def _key_left_out(payload: bytes, dice: random.Random) -> bytes:
    """A required key: optional ones stand behind `h` and are not in the good frames."""
    pairs = _taken_apart(payload)
    del pairs[dice.randrange(len(pairs))]
    return _put_together(pairs)


def _unknown_key(payload: bytes, dice: random.Random) -> bytes:
    pairs = _taken_apart(payload)
    pairs.insert(dice.randrange(len(pairs) + 1), (pack(dice.choice(("zz", "", "A", "é", "amount"))), pack(1)))
    return _put_together(pairs)


def _wrong_type(payload: bytes, dice: random.Random) -> bytes:
    pairs = _taken_apart(payload)
    at = dice.randrange(len(pairs))
    pairs[at] = (pairs[at][0], dice.choice(OTHER_TYPES))
    return _put_together(pairs)


def _key_of_another_type(payload: bytes, dice: random.Random) -> bytes:
    pairs = _taken_apart(payload)
    at = dice.randrange(len(pairs))
    pairs[at] = (dice.choice((b"\x01", b"\xc0", b"\xc4\x01t", b"\x90", b"\xcb" + bytes(8))), pairs[at][1])
    return _put_together(pairs)


def _huge_number(payload: bytes, dice: random.Random) -> bytes:
    pairs = _taken_apart(payload)
    numbers = [at for at, (key, _) in enumerate(pairs) if msgpack.unpackb(key) in WHOLE_NUMBERS]
    at = dice.choice(numbers or range(len(pairs)))
    pairs[at] = (pairs[at][0], pack(dice.choice(TOO_LARGE)))
    return _put_together(pairs)


def _long_form(payload: bytes, dice: random.Random) -> bytes:
    """The same map, but one key, number or head in a longer form than needed: readable, not canonical."""
    pairs = _taken_apart(payload)
    at = dice.randrange(len(pairs))
    key, value = pairs[at]
    if dice.random() < 0.2:
        return b"\xdf" + struct.pack(">I", len(pairs)) + b"".join(key + value for key, value in pairs)
    number = msgpack.unpackb(value)
    if type(number) is int and number < 1 << 31:
        pairs[at] = (key, b"\xd3" + struct.pack(">q", number))
    else:
        pairs[at] = (b"\xd9" + bytes([len(key) - 1]) + key[1:], value)
    return _put_together(pairs)


def _broken_lines(payload: bytes, dice: random.Random) -> bytes:
    pairs = _taken_apart(payload)
    lines = [at for at, (key, _) in enumerate(pairs) if key == pack("l")]
    if not lines:
        return _duplicate_key(payload, dice)
    pairs[lines[0]] = (pairs[lines[0]][0], pack(dice.choice(BROKEN_LINES)))
    return _put_together(pairs)


def _other_kind(payload: bytes, dice: random.Random) -> bytes:
    """Not a map at all."""
    return dice.choice(
        (b"", b"\xc0", b"\x01", pack([1, 2]), pack("sale"), b"\x80", dice.randbytes(40), b"\x91" * 3_000)
    )


def _too_many_bytes(payload: bytes, dice: random.Random) -> bytes:
    pairs = _taken_apart(payload)
    at = dice.randrange(len(pairs))
    pairs[at] = (pairs[at][0], pack(dice.randbytes(dice.choice((2_000, 5_000, 70_000)))))
    return _put_together(pairs)


def _envelope_bits_flipped(whole: bytes, dice: random.Random) -> bytes:
    return _flipped(whole, dice)


def _envelope_truncated(whole: bytes, dice: random.Random) -> bytes:
    return whole[: dice.randrange(len(whole))]


def _envelope_lengthened(whole: bytes, dice: random.Random) -> bytes:
    return whole + dice.randbytes(dice.choice((1, 64, 5_000)))


def _another_version(whole: bytes, dice: random.Random) -> bytes:
    return whole[:1] + bytes([dice.choice((0, 2, 3, 0xCC))]) + whole[2:]


def _another_key_id(whole: bytes, dice: random.Random) -> bytes:
    return whole[:4] + dice.randbytes(8) + whole[12:]


def _false_length(whole: bytes, dice: random.Random) -> bytes:
    return whole[:12] + dice.choice((b"\xc6\xff\xff\xff\xff", b"\xc5\xff\xff", b"\xc4\x00", b"\xc4\xff")) + whole[15:]


def _bytes_of_nothing(whole: bytes, dice: random.Random) -> bytes:
    return dice.randbytes(dice.choice((0, 1, 80, 400)))


def _flipped(content: bytes, dice: random.Random) -> bytes:
    bent = bytearray(content)
    for bit in dice.sample(range(8 * len(bent)), min(8 * len(bent), dice.choice((1, 1, 2, 5)))):
        bent[bit // 8] ^= 1 << (bit % 8)
    return bytes(bent)


Change = Callable[[bytes, random.Random], bytes]
PAYLOAD_CHANGES: Final[tuple[Change, ...]] = (
    _key_bits_flipped, _head_bit_flipped, _truncated_payload, _lengthened_payload, _reordered_keys, _duplicate_key,
    _key_left_out, _unknown_key, _wrong_type, _key_of_another_type, _huge_number, _long_form, _broken_lines, _other_kind,
    _too_many_bytes,
)  # fmt: skip
ENVELOPE_CHANGES: Final[tuple[Change, ...]] = (
    _envelope_bits_flipped, _envelope_truncated, _envelope_lengthened, _another_version, _another_key_id, _false_length,
    _bytes_of_nothing,
)  # fmt: skip
