"""Law: one signature vouches for each reply of its group and for nothing else; a flipped bit anywhere is no reply."""

import pytest
from hypothesis import given, settings, strategies as st

from clearing.wire.frame import FrameType, MalformedFrame, bin_head, open_envelope
from clearing.wire.reply_envelope import PATH_MAX, SignedReply, group_root, open_reply, seal_replies, verify_reply
from clearing.wire.signature import BadSignature, TerminalKey
from tests.wire.samples import KEY, NEXT_KEY

REPLY_BYTES_MAX = 8_192


def payloads_of(count: int) -> list[bytes]:
    return [b"reply %d" % number for number in range(count)]


def believed(raw: bytes, key: TerminalKey = KEY) -> bytes:
    return verify_reply(open_reply(raw, reply_bytes_max=REPLY_BYTES_MAX), key.public)


def steps_at_most(count: int) -> int:
    return (count - 1).bit_length()


@pytest.mark.parametrize("count", [*range(1, 35), 63, 64, 65, 127, 128, 129, 255, 256, 257, 300])
def test_each_reply_of_a_group_is_believed_under_one_signature(count: int) -> None:
    payloads = payloads_of(count)
    sealed = seal_replies(KEY, payloads)
    assert [believed(one) for one in sealed] == payloads
    opened = [open_reply(one, reply_bytes_max=REPLY_BYTES_MAX) for one in sealed]
    assert len({one.sig for one in opened}) == 1
    assert len({group_root(one.payload, one.path or ()) for one in opened}) == 1
    assert all(len(one.path or ()) <= steps_at_most(count) <= PATH_MAX for one in opened)


@given(st.lists(st.binary(max_size=600), min_size=1, max_size=40))
@settings(deadline=None)
def test_whatever_the_payloads_are_they_come_back(payloads: list[bytes]) -> None:
    assert [believed(one) for one in seal_replies(KEY, payloads)] == payloads


def test_a_reply_alone_in_its_group_is_an_ordinary_envelope() -> None:
    (alone,) = seal_replies(KEY, [b"reply"])
    assert alone == KEY.sign_envelope(FrameType.SRV_RESP, b"reply")
    assert open_reply(alone, reply_bytes_max=REPLY_BYTES_MAX).path is None
    assert open_envelope(alone, frame_bytes_max=REPLY_BYTES_MAX).payload == b"reply"


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_every_flipped_bit_is_refused(count: int) -> None:
    raw = seal_replies(KEY, payloads_of(count))[-1]
    for bit in range(len(raw) * 8):
        bent = bytearray(raw)
        bent[bit // 8] ^= 1 << (bit % 8)
        with pytest.raises((MalformedFrame, BadSignature)):
            believed(bytes(bent))


def test_another_key_and_the_path_of_another_group_are_refused() -> None:
    one, other = (seal_replies(KEY, [b"%d %s" % (number, name) for number in range(4)]) for name in (b"a", b"b"))
    with pytest.raises(BadSignature):
        believed(one[0], NEXT_KEY)
    mine, strange = (open_reply(raw, reply_bytes_max=REPLY_BYTES_MAX) for raw in (one[0], other[0]))
    for mixed in (mine._replace(path=strange.path), mine._replace(sig=strange.sig), mine._replace(payload=strange.payload)):
        with pytest.raises(BadSignature):
            verify_reply(mixed, KEY.public)


def test_the_path_of_another_reply_of_the_group_is_refused() -> None:
    first, second, third = (open_reply(raw, reply_bytes_max=REPLY_BYTES_MAX) for raw in seal_replies(KEY, payloads_of(3)))
    for path in (second.path, third.path, (), (first.path or ()) * 2, tuple(reversed(first.path or ()))):
        with pytest.raises(BadSignature):
            verify_reply(first._replace(path=path), KEY.public)


def test_an_inner_node_is_no_reply() -> None:
    """Leaves and nodes are hashed apart: two hashes next to each other can't be passed off as a payload."""
    raws = seal_replies(KEY, payloads_of(4))
    reply = open_reply(raws[0], reply_bytes_max=REPLY_BYTES_MAX)
    inner = b"".join(sorted((reply.path or (b"",))[:1]))
    with pytest.raises(BadSignature):
        verify_reply(SignedReply(reply.kid, inner, (reply.path or ())[1:], reply.sig), KEY.public)


def test_a_signature_over_a_group_is_none_over_a_reply() -> None:
    """The two have different types: what signs a root of 32 bytes never signs a payload of 32 bytes."""
    reply = open_reply(seal_replies(KEY, payloads_of(2))[0], reply_bytes_max=REPLY_BYTES_MAX)
    root = group_root(reply.payload, reply.path or ())
    with pytest.raises(BadSignature):
        verify_reply(SignedReply(reply.kid, root, None, reply.sig), KEY.public)


@given(st.binary(max_size=400))
def test_no_bytes_raise_anything_but_malformed(raw: bytes) -> None:
    for candidate in (raw, b"\x95\x02\xc4\x08" + raw):
        try:
            opened = open_reply(candidate, reply_bytes_max=REPLY_BYTES_MAX)
        except MalformedFrame:
            continue
        with pytest.raises(BadSignature):
            verify_reply(opened, KEY.public)


def test_only_the_shortest_form_is_taken() -> None:
    raw = seal_replies(KEY, payloads_of(2))[0]
    head = raw[:12]
    payload = open_reply(raw, reply_bytes_max=REPLY_BYTES_MAX).payload
    rest = raw[12 + 2 + len(payload) :]
    assert head + bin_head(len(payload)) + payload + rest == raw
    long_form = head + b"\xc5" + len(payload).to_bytes(2, "big") + payload + rest
    for bent in (long_form, raw + b"\x00", raw[:-1], head, raw[: 12 + 2 + len(payload)]):
        with pytest.raises(MalformedFrame):
            open_reply(bent, reply_bytes_max=REPLY_BYTES_MAX)
    with pytest.raises(MalformedFrame, match="at most 20"):
        open_reply(raw, reply_bytes_max=20)


def test_an_empty_path_has_no_envelope_of_its_own() -> None:
    (alone,) = seal_replies(KEY, [b"reply"])
    reply = open_reply(alone, reply_bytes_max=REPLY_BYTES_MAX)
    bare = b"\x95\x02\xc4\x08" + reply.kid + bin_head(5) + b"reply" + b"\x90" + b"\xc4\x40" + reply.sig
    with pytest.raises(MalformedFrame):
        open_reply(bare, reply_bytes_max=REPLY_BYTES_MAX)
