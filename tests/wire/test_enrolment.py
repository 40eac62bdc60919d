"""Law: the code never travels, and a pairing succeeds only when both sides know it and speak of the same keys."""

import pytest

from clearing.values import TerminalId
from clearing.wire.enrolment import (
    EnrolHello,
    Enrolled,
    EnrolProof,
    eight_digits,
    encode_enrolled,
    encode_hello,
    encode_proof,
    encode_server_nonce,
    macs_equal,
    pairing_key,
    parse_enrolled,
    parse_server_nonce,
    read_enrolment,
    server_mac,
    terminal_mac,
    transcript,
)
from clearing.wire.frame import Envelope, FrameType, MalformedFrame, open_envelope, pack
from clearing.wire.signature import BadSignature
from tests.wire.samples import FRAME_BYTES_MAX, KEY, NEXT_KEY

HELLO = EnrolHello(slot="slot-7", key=KEY.public, nonce=bytes(range(16)))
SERVER_NONCE = bytes(range(16, 32))
ROOT = NEXT_KEY.public


def sent(payload: bytes, frame_type: FrameType = FrameType.TERM_ENROL) -> Envelope:
    return open_envelope(KEY.sign_envelope(frame_type, payload), frame_bytes_max=FRAME_BYTES_MAX)


def said(root: bytes = b"", **changes: bytes) -> bytes:
    parts = {"key": HELLO.key, "nonce": HELLO.nonce, "server_nonce": SERVER_NONCE} | changes
    return transcript(slot=HELLO.slot, root=root, **parts)


def test_a_pairing_runs_from_hello_to_the_root_key() -> None:
    assert read_enrolment(sent(encode_hello(HELLO))) == HELLO
    assert parse_server_nonce(encode_server_nonce(SERVER_NONCE)) == SERVER_NONCE
    terminals, servers = pairing_key("ABCD-2345", "slot-7"), pairing_key("abcd 2345", "slot-7")
    proof = EnrolProof(
        slot=HELLO.slot,
        key=HELLO.key,
        nonce=HELLO.nonce,
        server_nonce=SERVER_NONCE,
        mac=terminal_mac(terminals, said()),
    )
    received = read_enrolment(sent(encode_proof(proof)))
    assert received == proof
    assert macs_equal(proof.mac, terminal_mac(servers, said()))
    answer = Enrolled(terminal=TerminalId(bytes(8)), epoch=1, root=ROOT, mac=server_mac(servers, said(ROOT)))
    known = parse_enrolled(encode_enrolled(answer))
    assert known == answer
    assert macs_equal(known.mac, server_mac(terminals, said(known.root)))


def test_another_code_or_slot_gives_another_mac() -> None:
    right = terminal_mac(pairing_key("ABCD2345", "slot-7"), said())
    assert not macs_equal(right, terminal_mac(pairing_key("ABCD2346", "slot-7"), said()))
    assert not macs_equal(right, terminal_mac(pairing_key("ABCD2345", "slot-8"), said()))
    assert not macs_equal(right, server_mac(pairing_key("ABCD2345", "slot-7"), said()))


def test_every_part_of_what_was_said_changes_the_mac() -> None:
    changed = [said(ROOT), said(key=ROOT), said(nonce=bytes(16)), said(server_nonce=bytes(16)), said()]
    assert len({terminal_mac(bytes(32), each) for each in changed}) == 5


def test_both_screens_show_eight_digits_of_what_was_said() -> None:
    digits = eight_digits(said(ROOT))
    assert len(digits) == 9
    assert digits.replace(" ", "").isdigit()
    assert digits != eight_digits(said(KEY.public))
    assert eight_digits(bytes(32)) == "0000 0000"


def test_a_hello_signed_by_another_key_is_refused() -> None:
    with pytest.raises(BadSignature):
        read_enrolment(sent(encode_hello(EnrolHello(slot="slot-7", key=NEXT_KEY.public, nonce=bytes(16)))))
    with pytest.raises(BadSignature):
        read_enrolment(sent(encode_hello(HELLO), FrameType.TERM_REQ))


def test_a_key_that_fits_every_message_is_not_enrolled() -> None:
    with pytest.raises(BadSignature, match="make a new one"):
        read_enrolment(sent(encode_hello(EnrolHello(slot="slot-7", key=b"\x01" + bytes(31), nonce=bytes(16)))))


@pytest.mark.parametrize(
    "payload",
    [
        pack({"t": "enr3", "s": "slot-7", "k": KEY.public, "nc": bytes(16)}),
        pack({"t": "enr1", "s": "Slot 7", "k": KEY.public, "nc": bytes(16)}),
        pack({"t": "enr1", "s": "slot-7", "k": KEY.public, "nc": bytes(15)}),
        pack({"t": "enr1", "s": "slot-7", "nc": bytes(16), "k": KEY.public}),
        pack({"t": "enr2", "s": "slot-7", "k": KEY.public, "nc": bytes(16)}),
        pack({"t": "enr1", "s": "slot-7", "k": KEY.public[:31], "nc": bytes(16)}),
        pack({"k": KEY.public}),
        pack({}),
        b"",
    ],
)
def test_an_enrolment_of_another_form_is_malformed(payload: bytes) -> None:
    with pytest.raises(MalformedFrame):
        read_enrolment(sent(payload))


def test_answers_of_another_form_are_malformed() -> None:
    for answer in (b"", pack({"sn": bytes(15)}), pack({"sn": "x" * 16}), pack({"sn": bytes(16), "z": 1})):
        with pytest.raises(MalformedFrame):
            parse_server_nonce(answer)
    with pytest.raises(MalformedFrame):
        parse_enrolled(pack({"m": bytes(8), "e": 1, "root": bytes(31), "mac": bytes(32)}))
