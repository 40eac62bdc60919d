"""Law: frames come out of a trunk whole, in order and each once, however the bytes are cut; with a secret, or not at all."""

import os
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest
from hypothesis import given, strategies as st

from clearing.authoriser.trunk import FRAME_BYTES_MAX, NONCE_BYTES, Framing, Kind, Outbox, TrunkBroken

SECRET = bytes(range(32))
Frame = tuple[int, list[Any]]
SAID: list[Frame] = [
    (Kind.ASK, [[[1, "brume", "sale", b"raw" * 100, bytes(32), None]]]),
    (Kind.CARDS, [2, "brume", [b"u" * 7]]),
    (Kind.READY, ["brume", True]),
    (Kind.ANSWERS, [[[1, 0, b"reply" * 100]]]),
]


def ends(secret: bytes | None = None) -> tuple[Framing, Framing]:
    """A gateway's end and a writer's, after their greeting."""
    gateway, writer = Framing(secret, server=False), Framing(secret, server=True)
    assert list(writer.feed(gateway.greeting)) == list(gateway.feed(writer.greeting)) == []
    return gateway, writer


def said(by: Framing, frames: list[Frame]) -> list[bytes]:
    return [by.frame(Kind(kind), *values) for kind, values in frames]


def heard(by: Framing, *pieces: bytes) -> list[Frame]:
    return [frame for piece in pieces for frame in by.feed(piece)]


@pytest.fixture(params=[None, SECRET], ids=["unix", "tcp"])
def pair(request: pytest.FixtureRequest) -> tuple[Framing, Framing]:
    return ends(request.param)


def test_frames_cut_at_every_byte_come_out_whole(pair: tuple[Framing, Framing]) -> None:
    gateway, writer = pair
    raw = b"".join(said(gateway, SAID))
    assert heard(writer, *[raw[at : at + 1] for at in range(len(raw))]) == SAID


@pytest.mark.parametrize("secret", [None, SECRET])
def test_frames_cut_in_two_at_any_byte_come_out_whole(secret: bytes | None) -> None:
    length = len(b"".join(said(ends(secret)[0], SAID[:2])))
    for cut in range(length + 1):
        gateway, writer = ends(secret)
        raw = b"".join(said(gateway, SAID[:2]))
        assert heard(writer, raw[:cut], raw[cut:]) == SAID[:2]


def test_several_frames_of_one_read_come_in_order_in_both_directions(pair: tuple[Framing, Framing]) -> None:
    gateway, writer = pair
    for _ in range(3):
        assert heard(writer, b"".join(said(gateway, SAID))) == SAID
        assert heard(gateway, b"".join(said(writer, SAID))) == SAID


def test_who_stops_in_the_middle_of_a_read_loses_no_frame_after_it() -> None:
    gateway, writer = ends()
    with closing(writer.feed(b"".join(said(gateway, SAID)))) as frames:  # type: ignore[type-var]
        assert next(frames) == SAID[0]
    assert heard(writer, b"") == SAID[1:]


def test_the_greeting_may_come_in_pieces_and_with_frames_behind_it() -> None:
    gateway, writer = Framing(SECRET, server=False), Framing(SECRET, server=True)
    assert (gateway.open, writer.open) == (False, False)
    assert heard(writer, *[gateway.greeting[at : at + 1] for at in range(len(gateway.greeting))]) == []
    raw = writer.greeting + b"".join(said(writer, SAID))
    assert heard(gateway, raw[:50], raw[50:]) == SAID


MEDDLING: dict[str, Callable[[list[bytes]], list[bytes]]] = {
    "replay": lambda frames: [frames[0], frames[0]],
    "reorder": lambda frames: [frames[1], frames[0]],
    "drop": lambda frames: frames[1:],
    "cut": lambda frames: [frames[0][:4] + frames[0][5:] + b"\x00"],
    "mac left out": lambda frames: [(len(frames[0]) - 36).to_bytes(4, "big") + frames[0][36:]],
}


@pytest.mark.parametrize("how", MEDDLING)
def test_whoever_meddles_with_a_secret_trunk_breaks_it(how: str) -> None:
    gateway, writer = ends(SECRET)
    with pytest.raises(TrunkBroken):
        heard(writer, *MEDDLING[how](said(gateway, SAID)))


def test_every_flipped_bit_breaks_a_secret_trunk() -> None:
    length = len(said(ends(SECRET)[0], SAID[1:2])[0])
    for bit in range(32, length * 8):  # the first 32 are the length
        gateway, writer = ends(SECRET)
        bent = bytearray(said(gateway, SAID[1:2])[0])
        bent[bit // 8] ^= 1 << (bit % 8)
        with pytest.raises(TrunkBroken):
            heard(writer, bytes(bent))


def test_a_wrong_length_never_makes_a_frame_of_a_secret_trunk() -> None:
    for bit in range(32):
        gateway, writer = ends(SECRET)
        bent = bytearray(b"".join(said(gateway, SAID)))
        bent[bit // 8] ^= 1 << (bit % 8)
        try:
            assert heard(writer, bytes(bent)) == []  # it waits for more
        except TrunkBroken:
            continue


def test_what_one_end_said_can_not_be_said_back_to_it() -> None:
    gateway, writer = ends(SECRET)
    said(writer, SAID)
    with pytest.raises(TrunkBroken, match="both ends need the same secret"):
        heard(gateway, *said(gateway, SAID))


def test_frames_of_another_connection_are_not_taken() -> None:
    one, other = ends(SECRET), ends(SECRET)
    with pytest.raises(TrunkBroken):
        heard(other[1], *said(one[0], SAID))


def test_another_secret_breaks_the_trunk() -> None:
    gateway, writer = Framing(SECRET, server=False), Framing(bytes(32), server=True)
    heard(writer, gateway.greeting)
    heard(gateway, writer.greeting)
    with pytest.raises(TrunkBroken):
        heard(writer, *said(gateway, SAID))


@pytest.mark.parametrize("opening", [b"", b"\x00" * 31, os.urandom(33), b"GET / HTTP/1.1\r\n"])
def test_who_does_not_greet_is_not_listened_to(opening: bytes) -> None:
    writer = Framing(SECRET, server=True)
    with pytest.raises(TrunkBroken, match="did not greet"):
        heard(writer, len(opening).to_bytes(4, "big") + opening)


def test_a_frame_that_is_too_long_is_given_up_before_it_has_come() -> None:
    with pytest.raises(TrunkBroken, match=f"at most {FRAME_BYTES_MAX} are taken"):
        heard(ends()[1], (FRAME_BYTES_MAX + 1).to_bytes(4, "big"))
    with pytest.raises(TrunkBroken):
        heard(ends()[1], b"GET / HTTP/1.1\r\n\r\n")


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_but_a_broken_trunk(raw: bytes) -> None:
    for secret in (None, SECRET):
        for piece in (raw, len(raw).to_bytes(4, "big") + raw):
            try:
                for _ in Framing(secret, server=True).feed(piece):
                    assert secret is None
            except TrunkBroken:
                continue


def test_a_nonce_has_32_bytes_and_is_never_the_same() -> None:
    greetings = {Framing(SECRET, server=True).greeting for _ in range(20)}
    assert {len(one) for one in greetings} == {4 + NONCE_BYTES}
    assert len(greetings) == 20
    assert Framing(None, server=True).greeting == b""


def test_an_outbox_writes_once_per_turn_and_tells_what_it_did_not_write() -> None:
    written: list[list[Any]] = []
    turn: list[Callable[[], None]] = []
    box = Outbox(written.append, turn.append)
    for item in range(3):
        box.add(item)
    assert (len(turn), written) == (1, [])
    turn.pop()()
    assert written == [[0, 1, 2]]
    box.add(3)
    assert box.take_back() == [3]
    turn.pop()()
    assert written == [[0, 1, 2]]
    box.add(4)
    turn.pop()()
    assert written == [[0, 1, 2], [4]]
