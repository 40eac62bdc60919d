"""Law: whatever the bytes, a frame is opened or MalformedFrame is raised; there is one form of everything."""

from collections.abc import Callable
from typing import Any

import msgpack
import pytest
from hypothesis import given, strategies as st

from clearing.wire.commands import parse_command, parse_command_reply
from clearing.wire.enrolment import parse_enrolled, parse_server_nonce, read_enrolment
from clearing.wire.frame import (
    Envelope,
    FrameType,
    MalformedFrame,
    canonical_map,
    open_envelope,
    pack,
    seal_envelope,
    unpack_map,
)
from clearing.wire.replies import encode_reply, parse_reply, parse_time
from clearing.wire.requests import Op, encode_request, parse_request
from clearing.wire.signature import BadSignature
from tests.wire.samples import FRAME_BYTES_MAX, KEY, sample_fields, sample_reply, sample_request, signed

SALE = encode_request(sample_request(Op.SALE))
RAW = KEY.sign_envelope(FrameType.TERM_REQ, SALE)
READERS: list[Callable[[bytes], object]] = [
    *[lambda payload, op=op: parse_request(signed(payload), op) for op in Op],
    lambda payload: parse_command(signed(payload, FrameType.PERSON_CMD)),
    lambda payload: read_enrolment(Envelope(KEY.kid, payload, bytes(64))),
    lambda payload: canonical_map(payload, items_max=100),
    parse_reply,
    parse_command_reply,
    parse_time,
    parse_server_nonce,
    parse_enrolled,
]
plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(1 << 63), (1 << 64) - 1) | st.text(max_size=8) | st.binary(max_size=40),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)


def opens(raw: bytes) -> bool:
    try:
        open_envelope(raw, frame_bytes_max=FRAME_BYTES_MAX)
    except MalformedFrame:
        return False
    return True


def readers_accepting(payload: bytes) -> int:
    """How many readers take the payload; any other fault than the two refusals goes through."""
    accepted = 0
    for reader in READERS:
        try:
            reader(payload)
            accepted += 1
        except (MalformedFrame, BadSignature):
            pass
    return accepted


@given(st.binary(max_size=300))
def test_any_bytes_are_opened_or_malformed(raw: bytes) -> None:
    if opens(raw):
        envelope = open_envelope(raw, frame_bytes_max=FRAME_BYTES_MAX)
        assert seal_envelope(envelope.kid, envelope.payload, envelope.sig) == raw
    assert readers_accepting(raw) in (0, 1)


@given(st.binary(min_size=8, max_size=8), st.binary(max_size=70_000), st.binary(min_size=64, max_size=64))
def test_an_envelope_comes_back_as_it_was_sealed(kid: bytes, payload: bytes, sig: bytes) -> None:
    raw = seal_envelope(kid, payload, sig)
    assert msgpack.unpackb(raw) == [1, kid, payload, sig]
    assert msgpack.packb([1, kid, payload, sig]) == raw
    assert open_envelope(raw, frame_bytes_max=len(raw)) == Envelope(kid, payload, sig)
    with pytest.raises(MalformedFrame):
        open_envelope(raw, frame_bytes_max=len(raw) - 1)


@pytest.mark.parametrize("size", [0, 1, 255, 256, 65_535, 65_536])
def test_an_envelope_with_a_longer_length_than_needed_is_malformed(size: int) -> None:
    head, kid, payload, tail = b"\x94\x01\xc4\x08", bytes(8), bytes(size), b"\xc4\x40" + bytes(64)
    for long_form in (b"\xc5" + size.to_bytes(3, "big")[1:], b"\xc6" + size.to_bytes(4, "big")):
        raw = head + kid + long_form + payload + tail
        if raw != seal_envelope(kid, payload, bytes(64)):
            assert not opens(raw)


@pytest.mark.parametrize("cut", range(len(RAW)))
def test_a_frame_cut_short_is_malformed(cut: int) -> None:
    assert not opens(RAW[:cut])
    assert not opens(RAW[cut + 1 :])


def test_a_frame_with_bytes_after_it_is_malformed() -> None:
    assert opens(RAW)
    assert not opens(RAW + b"\x00")
    assert not opens(RAW + RAW)


@pytest.mark.parametrize("wrong", [[2, bytes(8), b"", bytes(64)], [1, "a" * 8, b"", bytes(64)], [1, bytes(8), "", bytes(64)],
                                   [1, bytes(8), b"", "s" * 64], [1, bytes(7), b"", bytes(64)], [1, bytes(8), b"", bytes(63)],
                                   [1, bytes(8), b"", bytes(64), 0], {1: 2}, 1, None])  # fmt: skip
def test_an_envelope_of_another_shape_is_malformed(wrong: object) -> None:
    assert not opens(pack(wrong))


@given(plain)
def test_any_values_are_read_or_refused_by_every_reader(value: object) -> None:
    assert readers_accepting(pack(value)) <= len(READERS)
    assert readers_accepting(pack({"t": value})) <= 1


@given(st.sampled_from(list(sample_fields())), plain)
def test_any_value_under_any_key_of_a_sale_is_read_or_malformed(key: str, value: object) -> None:
    payload = pack(sample_fields() | {key: value})
    assert readers_accepting(payload) in (0, 1, 2)  # canonical_map takes all plain maps, parse_request only a sale


@given(st.data())
def test_mutated_payloads_signed_again_are_read_or_malformed(data: st.DataObject) -> None:
    payload = bytearray(
        data.draw(st.sampled_from([SALE, encode_reply(sample_reply()), pack(sample_fields(o=1, oa=0, ol=[0]))]))
    )
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(payload) - 1))
        match data.draw(st.integers(0, 3)):
            case 0:
                payload[at] ^= 1 << data.draw(st.integers(0, 7))
            case 1:
                payload[at] = data.draw(st.integers(0, 255))
            case 2:
                payload[at:at] = data.draw(st.binary(max_size=9))
            case _:
                del payload[at : at + data.draw(st.integers(1, 9))]
        if not payload:
            break
    assert readers_accepting(bytes(payload)) <= 3


@pytest.mark.parametrize(
    "hostile",
    [
        b"\xdd\xff\xff\xff\xff",  # a list of four thousand million
        b"\xdf\xff\xff\xff\xff",  # a map of as many
        b"\xc6\xff\xff\xff\xff",  # bytes of as many
        b"\xdb\xff\xff\xff\xff",  # text of as many
        b"\x91" * 4000,  # lists in lists
        b"\x81\xa1a" * 1300 + b"\xc0",  # maps in maps
        b"\xdc\x00\x64" * 1300,  # long lists in long lists
        b"\xc9\xff\xff\xff\xff\x01",  # an extension of four thousand million
        b"\xd6\xff\x00\x00\x00\x00",  # a timestamp
        b"\x81\xa1\xff\x00",  # a key that is not text
        b"\x81\x91\x00\x00",  # a list as a key
        b"\x81\xc0\x00",  # nil as a key
        b"\x81\xc4\x01a\x00",  # bytes as a key
        b"\xc1",  # the byte that never is
        b"",
    ],
)
def test_hostile_lengths_and_depths_are_malformed(hostile: bytes) -> None:
    assert readers_accepting(hostile) == 0
    assert readers_accepting(b"\x81\xa1b" + hostile) == 0


@pytest.mark.parametrize(
    "payload",
    [
        b"\x82\xa1a\x01\xa1a\x01",  # the same key twice
        b"\x81\xa1a\xcc\x01",  # a number longer than needed
        b"\x81\xa1a\xd0\x01",  # a positive number written as a signed one
        b"\x81\xa1a\xcf\x00\x00\x00\x00\x00\x00\x00\x01",
        b"\x81\xd9\x01a\x01",  # a text longer than needed
        b"\xde\x00\x01\xa1a\x01",  # a map longer than needed
        b"\x81\xa1a\xdc\x00\x01\x01",  # a list longer than needed
        b"\x81\xa1a\xc5\x00\x01z",  # bytes longer than needed
        b"\x81\xa1a\x01\x00",  # something after the map
        b"\x81\xa1a",  # a value missing
        b"\x91\x01",  # not a map
    ],
)
def test_a_map_in_another_form_than_the_shortest_is_malformed(payload: bytes) -> None:
    with pytest.raises(MalformedFrame):
        unpack_map(payload, items_max=100)


@pytest.mark.parametrize(
    "value", [1.0, 0.0, float("nan"), [1.5], {"b": 2.5}, msgpack.ExtType(4, b"x"), msgpack.Timestamp(1), {1: 2}]
)
def test_values_without_a_canonical_form_are_malformed(value: Any) -> None:
    with pytest.raises(MalformedFrame):
        canonical_map(msgpack.packb({"a": value}), items_max=100)


def test_nesting_is_counted_from_the_outermost_map() -> None:
    def nested(levels: int) -> object:
        return 0 if levels == 0 else [nested(levels - 1)]

    assert canonical_map(pack({"a": nested(7)}), items_max=100)
    with pytest.raises(MalformedFrame, match="nested too deep"):
        canonical_map(pack({"a": nested(8)}), items_max=100)


def test_longer_lists_than_the_limit_are_malformed() -> None:
    assert unpack_map(pack({"a": [0] * 10}), items_max=10) == {"a": [0] * 10}
    with pytest.raises(MalformedFrame):
        unpack_map(pack({"a": [0] * 11}), items_max=10)


def test_sealing_with_a_key_id_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="a kid has 8 bytes"):
        seal_envelope(bytes(9), b"", bytes(64))
