"""Law: a VerifiedFrame exists only because a signature held over exactly these bytes, of this type, under this key."""

from dataclasses import FrozenInstanceError

import pytest

from clearing.wire.frame import Envelope, FrameType, open_envelope
from clearing.wire.requests import Op, encode_request
from clearing.wire.signature import (
    BadSignature,
    SigningKey,
    TerminalKey,
    VerifiedFrame,
    acceptable_public_key,
    new_key_proven,
    prove_new_key,
    signature_holds,
    verify,
)
from tests.wire.samples import FRAME_BYTES_MAX, KEY, NEXT_KEY, TERMINAL, sample_request, signed

SALE = encode_request(sample_request(Op.SALE))
RAW = KEY.sign_envelope(FrameType.TERM_REQ, SALE)
OPENED = open_envelope(RAW, frame_bytes_max=FRAME_BYTES_MAX)


def refused(envelope: Envelope, frame_type: FrameType = FrameType.TERM_REQ, public_key: bytes = KEY.public) -> bool:
    try:
        verify(envelope, frame_type, public_key)
    except BadSignature:
        return True
    return False


def test_a_signed_frame_is_verified_with_the_bytes_it_came_in() -> None:
    frame = verify(OPENED, FrameType.TERM_REQ, KEY.public)
    assert (frame.raw, frame.kid, frame.payload, frame.frame_type) == (RAW, KEY.kid, SALE, FrameType.TERM_REQ)


def test_every_flipped_bit_of_payload_and_signature_is_refused() -> None:
    for at in range(len(SALE) * 8):
        assert refused(Envelope(OPENED.kid, flipped(SALE, at), OPENED.sig))
    for at in range(64 * 8):
        assert refused(Envelope(OPENED.kid, SALE, flipped(OPENED.sig, at)))


@pytest.mark.parametrize("other", [kind for kind in FrameType if kind is not FrameType.TERM_REQ])
def test_a_signature_over_one_type_does_not_serve_for_another(other: FrameType) -> None:
    assert refused(OPENED, other)


def test_a_frame_that_names_another_key_is_refused() -> None:
    assert refused(OPENED, public_key=NEXT_KEY.public)
    assert refused(Envelope(NEXT_KEY.kid, OPENED.payload, OPENED.sig))


@pytest.mark.parametrize("public_key", [b"", bytes(31), bytes(32), bytes(33), b"\x01" + bytes(31), b"\xff" * 32])
def test_a_key_that_is_none_refuses_every_signature(public_key: bytes) -> None:
    assert refused(Envelope(public_key[:8].ljust(8, b"\x00"), OPENED.payload, OPENED.sig), public_key=public_key)
    assert not acceptable_public_key(public_key)


def test_points_of_small_order_may_not_be_enrolled() -> None:
    # RFC 7748 and libsodium's list: the orders 1, 2, 4 and 8 of edwards25519
    small = [
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    ]
    assert not any(acceptable_public_key(bytes.fromhex(point)) for point in small)
    assert acceptable_public_key(KEY.public)


def test_signatures_of_another_length_do_not_hold() -> None:
    message = b"message"
    signature = KEY.sign_statement(message)
    assert signature_holds(KEY.public, signature, message)
    assert not signature_holds(KEY.public, signature[:63], signature[63:] + message)
    assert not signature_holds(KEY.public, signature + b"m", b"essage")
    assert not signature_holds(KEY.public, b"", message)


def test_nobody_else_makes_a_verified_frame() -> None:
    with pytest.raises(TypeError, match="verify the envelope first"):
        VerifiedFrame(
            raw=RAW, kid=KEY.kid, frame_type=FrameType.TERM_REQ, payload=SALE, digest=bytes(32), made_by=object()
        )
    with pytest.raises(FrozenInstanceError):
        signed(SALE).payload = b""  # type: ignore[misc]


def test_a_key_comes_back_from_its_seed_and_shows_nothing_of_it() -> None:
    key: SigningKey = TerminalKey.generate()
    assert isinstance(key, TerminalKey)
    again = TerminalKey.from_seed(key.seed)
    assert (again.public, again.kid) == (key.public, key.public[:8])
    assert again.sign_envelope(FrameType.SRV_RESP, b"x") == key.sign_envelope(FrameType.SRV_RESP, b"x")
    assert key.seed.hex() not in repr(key)
    with pytest.raises(ValueError, match="32 bytes"):
        TerminalKey.from_seed(bytes(31))


def test_a_frame_can_not_be_signed_as_a_bare_statement() -> None:
    with pytest.raises(ValueError, match="sign_envelope"):
        KEY.sign_statement(b"DSSEv1 3 abc 0 ")


def test_a_rotation_proves_the_new_key_for_one_terminal_and_epoch() -> None:
    proof = prove_new_key(NEXT_KEY, terminal=TERMINAL, epoch=3)
    assert new_key_proven(NEXT_KEY.public, proof, terminal=TERMINAL, epoch=3)
    assert not new_key_proven(NEXT_KEY.public, proof, terminal=TERMINAL, epoch=4)
    assert not new_key_proven(NEXT_KEY.public, proof, terminal=bytes(8), epoch=3)
    assert not new_key_proven(KEY.public, proof, terminal=TERMINAL, epoch=3)


def flipped(content: bytes, bit: int) -> bytes:
    changed = bytearray(content)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)
