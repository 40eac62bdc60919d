"""Law: every bit of a tap counts; the virtual card taps and answers readers as a real one; its URL carries the tap."""

import random

import pytest
from hypothesis import given, strategies as st

from clearing.terminal.virtual_card import VirtualCard
from clearing.values import CaisseCode
from clearing.wire.tap import (
    COUNTER_MAX,
    BadTap,
    card_id,
    card_keys,
    card_url,
    check_tap,
    read_card_url,
    read_picc,
)

ISSUER = bytes(range(16))
UID = bytes.fromhex("04de5f1eacc040")
CAISSE = CaisseCode("montpellier")


def card(counter: int = 0, version: int = 1, uid: bytes = UID) -> VirtualCard:
    keys = card_keys(ISSUER, uid, version)
    return VirtualCard(
        uid=uid,
        k1_meta=keys.k1,
        k2=keys.k2,
        version=version,
        counter=counter,
        random=random.Random(7).randbytes,
        host="till.example",
        caisse=CAISSE,
    )


def genuine(p: bytes, c: bytes, version: int = 1) -> bool:
    """As a gateway decides it: read the claim, find that card's key, check the MAC."""
    try:
        uid, counter = read_picc(card_keys(ISSUER, UID, version).k1, p)
    except BadTap:
        return False
    return check_tap(card_keys(ISSUER, uid, version).k2, uid, counter, c)


@given(st.integers(0, COUNTER_MAX - 1), st.binary(min_size=7, max_size=7), st.integers(0, (1 << 32) - 1))
def test_a_tap_tells_who_and_how_often(counter: int, uid: bytes, version: int) -> None:
    p, c = card(counter, version, uid).tap()
    assert read_picc(card_keys(ISSUER, uid, version).k1, p) == (uid, counter + 1)
    assert genuine(p, c, version)


def test_every_flipped_bit_of_a_tap_is_refused() -> None:
    p, c = card().tap()
    assert genuine(p, c)
    assert not any(genuine(flipped(p, bit), c) for bit in range(128))
    assert not any(genuine(p, flipped(c, bit)) for bit in range(64))


def test_the_mac_of_one_tap_serves_for_no_other() -> None:
    one = card()
    taps = [one.tap() for _ in range(5)]
    assert [genuine(p, c) for p, _ in taps for _, c in taps].count(True) == 5
    assert not genuine(*card(version=2).tap())
    assert genuine(*card(version=2).tap(), version=2)


@pytest.mark.parametrize("length", [0, 1, 15, 17, 32])
def test_evidence_of_another_length_is_a_bad_tap(length: int) -> None:
    with pytest.raises(BadTap):
        read_picc(bytes(16), bytes(length))
    assert not check_tap(bytes(16), UID, 1, bytes(length))


def test_two_taps_of_one_card_look_unrelated() -> None:
    one, again = card(), card()
    assert one.tap()[0] != one.tap()[0]
    again.tap()
    assert again.counter == 1
    assert card_id(ISSUER, UID) == card_keys(ISSUER, UID, 1).card == card_keys(ISSUER, UID, 2).card
    assert card_keys(ISSUER, UID, 1).k2 != card_keys(ISSUER, UID, 2).k2


def test_a_card_at_the_end_of_its_counter_gives_no_more_taps() -> None:
    worn = card(COUNTER_MAX - 1)
    assert genuine(*worn.tap())
    with pytest.raises(BadTap, match="personalise a new card"):
        worn.tap()


def test_keys_follow_only_from_a_uid_of_seven_bytes() -> None:
    for wrong in (b"", bytes(4), bytes(10)):
        with pytest.raises(ValueError, match="NTAG 424"):
            card_id(ISSUER, wrong)
    with pytest.raises(ValueError, match="key version"):
        card_keys(ISSUER, UID, 1 << 32)
    with pytest.raises(ValueError, match="UID of 7 bytes"):
        VirtualCard(uid=bytes(4), k1_meta=bytes(16), k2=bytes(16), version=1, random=random.Random(7).randbytes)


def test_keys_of_a_card_are_not_printed() -> None:
    keys = card_keys(ISSUER, UID, 1)
    assert keys.k2.hex() not in repr(keys)
    assert repr(keys.k2) not in repr(keys)


def test_the_url_of_a_card_carries_the_tap_in_its_fragment() -> None:
    url = card().url("till.example", CAISSE)
    assert url.startswith("https://till.example/t/montpellier#p=")
    caisse, p, c = read_card_url(url)
    assert caisse == CAISSE
    assert genuine(p, c)
    assert card_url("till.example", caisse, p, c) == url


@pytest.mark.parametrize(
    "content",
    [
        "",
        "https://till.example/t/montpellier",
        "http://till.example/t/montpellier#p=" + "0" * 32 + "&c=" + "0" * 16,
        "https://till.example/t/Montpellier#p=" + "0" * 32 + "&c=" + "0" * 16,
        "https://till.example/t/montpellier#p=" + "0" * 31 + "&c=" + "0" * 16,
        "https://till.example/t/montpellier#p=" + "0" * 32 + "&c=" + "0" * 17,
        "https://till.example/t/montpellier?p=" + "0" * 32 + "&c=" + "0" * 16,
        "https://till.example/t/montpellier#p=" + "0" * 32 + "&c=" + "0" * 16 + "\n",
    ],
)
def test_the_content_of_another_tag_is_a_bad_tap(content: str) -> None:
    with pytest.raises(BadTap, match="not a card of a food caisse"):
        read_card_url(content)


SELECT_APPLICATION = bytes.fromhex("00a4040c07d2760000850101")
SELECT_NDEF = bytes.fromhex("00a4000c02e104")


def read_file(card: VirtualCard, part: int) -> bytes:
    """As a reader does it: select, read the length, read the rest in parts."""
    assert card.apdu(SELECT_APPLICATION + b"\x00") == b"\x90\x00"
    assert card.apdu(SELECT_NDEF) == b"\x90\x00"
    length = int.from_bytes(card.apdu(bytes.fromhex("00b0000002"))[:2], "big")
    message = b""
    while len(message) < length:
        at = 2 + len(message)
        answer = card.apdu(bytes((0, 0xB0, at >> 8, at & 0xFF, min(part, length - len(message)))))
        assert answer[-2:] == b"\x90\x00"
        message += answer[:-2]
    return message


@pytest.mark.parametrize("part", [1, 16, 59, 255])
def test_a_reader_fetches_the_url_in_parts_and_the_card_counts_once(part: int) -> None:
    one = card(counter=41)
    record = read_file(one, part)
    assert record[:2] == b"\xd1\x01"
    assert record[3:5] == b"U\x04"
    assert record[2] == len(record) - 4
    _, p, c = read_card_url("https://" + record[5:].decode())
    assert genuine(p, c)
    assert one.counter == 42
    assert read_file(one, part) != record
    assert one.counter == 43


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("", "6700"),
        ("00a404", "6700"),
        ("00b0000002", "6985"),
        ("00a4000c02e104", "6a82"),
        ("00a4040007a0000000031010", "6a82"),
        ("00a40400", "6a82"),
        ("00d6000001ff", "6d00"),
        ("9071000002000000", "6e00"),
    ],
)
def test_a_command_out_of_place_gets_the_error_of_the_standard(command: str, answer: str) -> None:
    assert card().apdu(bytes.fromhex(command)).hex() == answer


def test_the_capability_file_names_the_ndef_file_and_counts_nothing() -> None:
    one = card()
    assert one.apdu(SELECT_APPLICATION) == b"\x90\x00"
    assert one.apdu(bytes.fromhex("00a4000c02e103")) == b"\x90\x00"
    capabilities = one.apdu(bytes.fromhex("00b0000000"))
    assert capabilities[9:11] == b"\xe1\x04"
    assert one.apdu(bytes.fromhex("00b00fff00")).hex() == "6b00"
    assert one.apdu(bytes.fromhex("00b00000")).hex() == "6700"
    assert one.counter == 0


@given(st.binary(max_size=20))
def test_a_card_answers_any_command_with_a_status(command: bytes) -> None:
    assert len(card().apdu(command)) >= 2


def flipped(content: bytes, bit: int) -> bytes:
    changed = bytearray(content)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)
