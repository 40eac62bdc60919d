"""Law: numbers published by others, written here as numbers: the card's maths, the keys' derivation, the signed form."""

from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from clearing.wire.frame import FrameType, open_envelope, pae, seal_envelope
from clearing.wire.requests import Op, encode_request, parse_request
from clearing.wire.signature import TerminalKey, verify
from clearing.wire.tap import (
    aes_cmac,
    card_id,
    card_keys,
    check_tap,
    meta_key,
    read_picc,
    session_keys,
    sun_mac,
    tap_key,
)

ZERO = "00000000000000000000000000000000"
BOLT_META, BOLT_FILE = "0c3b25d92b38ae443229dd59ad34b85d", "b45775776cb224c75bcde7ca3704e933"


@pytest.mark.parametrize(
    ("kmeta", "kfile", "p", "uid", "counter", "kmac", "c"),
    [  # NXP AN12196 tables 2 and 4; boltcard docs/TEST_VECTORS.md
        (ZERO, ZERO, "EF963FF7828658A599F3041510671E88", "04DE5F1EACC040", 61,
         "3FB5F6E3A807A03D5E3570ACE393776F", "94EED9EE65337086"),
        (BOLT_META, BOLT_FILE, "4E2E289D945A66BB13377A728884E867", "04996c6a926980", 3,
         "f25c4b5ce6ab3ff405f287afac4e4d1a", "E19CCB1FED8892CE"),
        (BOLT_META, BOLT_FILE, "00F48C4F8E386DED06BCDC78FA92E2FE", "04996c6a926980", 5,
         "4946276974187e9860658bbd8210c8be", "66B4826EA4C155B4"),
        (BOLT_META, BOLT_FILE, "0DBF3C59B59B0638D60B5842A997D4D1", "04996c6a926980", 7,
         "61bdb1510f4fd905665fa23ac0c72661", "CC61660C020B4D96"),
    ],
)  # fmt: skip
def test_a_tap_with_empty_input_gives_the_published_mac(
    kmeta: str, kfile: str, p: str, uid: str, counter: int, kmac: str, c: str
) -> None:
    assert read_picc(bytes.fromhex(kmeta), bytes.fromhex(p)) == (bytes.fromhex(uid), counter)
    assert session_keys(bytes.fromhex(kfile), bytes.fromhex(uid), counter)[1] == bytes.fromhex(kmac)
    assert check_tap(bytes.fromhex(kfile), bytes.fromhex(uid), counter, bytes.fromhex(c))


@pytest.mark.parametrize(
    ("p", "enc", "counter", "c"),
    [  # icedevml/sdm-backend tests
        ("FDE4AFA99B5C820A2C1BB0F1C792D0EB", "94592FDE69FA06E8E3B6CA686A22842B", 1, "C48B89C17A233B2C"),
        ("FD91EC264309878BE6345CBE53BADF40", "CEE9A53E3E463EF1F459635736738962", 8, "ECC1E7F6C6C73BF6"),
    ],
)
def test_a_tap_over_file_data_gives_the_published_mac(p: str, enc: str, counter: int, c: str) -> None:
    uid, key = bytes.fromhex("04958CAA5C5E80"), bytes(16)
    assert read_picc(key, bytes.fromhex(p)) == (uid, counter)
    assert sun_mac(key, uid, counter, enc.encode() + b"&cmac=") == bytes.fromhex(c)
    assert sun_mac(key, uid, counter, enc.encode() + b"&cmac=") != bytes.fromhex("3CC1E7F6C6C33B33")


def test_session_keys_are_those_of_the_data_sheet() -> None:
    encryption, mac = session_keys(
        bytes.fromhex("5ACE7E50AB65D5D51FD5BF5A16B8205B"), bytes.fromhex("04C767F2066180"), 1
    )
    assert encryption == bytes.fromhex("66DA61797E23DECA5D8ECA13BBADF7A9")
    assert mac == bytes.fromhex("3A3E8110E05311F7A3FCF0D969BF2B48")


def test_plain_mirroring_gives_the_same_mac_and_no_other() -> None:
    uid = bytes.fromhex("041E3C8A2D6B80")
    assert check_tap(bytes(16), uid, 6, bytes.fromhex("4B00064004B0B3D3"))
    assert not check_tap(bytes(16), uid, 6, bytes.fromhex("AB00064004B0B3AB"))


@pytest.mark.parametrize(
    ("counter", "c"),
    [
        (62, "3FF600FB7F6909DC"),
        (63, "9BFA7F5D6CE75113"),
        (256, "E48779655BECC340"),
        (65_535, "AE238E0F648C5320"),
        (65_536, "A7B7E5A56D9C758B"),
    ],
)
def test_the_counter_is_taken_lowest_byte_first(counter: int, c: str) -> None:
    assert sun_mac(bytes(16), bytes.fromhex("04DE5F1EACC040"), counter) == bytes.fromhex(c)


def test_card_keys_follow_from_one_issuer_key() -> None:
    # boltcard docs/DETERMINISTIC.md
    issuer, uid = bytes.fromhex("00000000000000000000000000000001"), bytes.fromhex("04a39493cc8680")
    keys = card_keys(issuer, uid, 1)
    assert keys.card_key.hex() == "ebff5a4e6da5ee14cbfe720ae06fbed9"
    assert keys.k0.hex() == "a29119fcb48e737d1591d3489557e49b"
    assert keys.k1.hex() == meta_key(issuer).hex() == "55da174c9608993dc27bb3f30a4a7314"
    assert keys.k2.hex() == tap_key(issuer, uid, 1).hex() == "f4b404be700ab285e333e32348fa3d3b"
    assert keys.k3.hex() == "73610ba4afe45b55319691cb9489142f"
    assert keys.k4.hex() == "addd03e52964369be7f2967736b7bdb5"
    assert keys.card.hex() == card_id(issuer, uid).hex() == "e07ce1279d980ecb892a81924b67bf18"


def test_key_diversification_of_an10922_follows_from_the_same_cmac() -> None:
    key, message = (
        bytes.fromhex("00112233445566778899AABBCCDDEEFF"),
        bytes.fromhex("04782E21801D803042F54E585020416275"),
    )
    # AN10922 pads every input to two blocks, which for an input that ends inside the second is CMAC of 01 | input.
    assert aes_cmac(key, b"\x01" + message) == bytes.fromhex("A8DD63A3B89D54B37CA802473FDA9175")


def test_mutual_authentication_gives_the_published_session_keys() -> None:
    # NXP AN12196 section 6: AuthenticateEV2First
    key, rnd_a = bytes(16), bytes.fromhex("13C5DB8A5930439FC3DEF9A4C675360F")
    decryptor = Cipher(AES(key), CBC(bytes(16))).decryptor()
    rnd_b = decryptor.update(bytes.fromhex("A04C124213C186F22399D33AC2A30215")) + decryptor.finalize()
    assert rnd_b == bytes.fromhex("B9E2FC789B64BF237CCCAA20EC7E6E48")
    mixed = bytes(a ^ b for a, b in zip(rnd_a[2:8], rnd_b[:6], strict=True))
    context = rnd_a[:2] + mixed + rnd_b[6:] + rnd_a[8:]
    assert aes_cmac(key, bytes.fromhex("A55A00010080") + context) == bytes.fromhex("1309C877509E5A215007FF0ED19CA564")
    assert aes_cmac(key, bytes.fromhex("5AA500010080") + context) == bytes.fromhex("4C6626F5E72EA694202139295C7A7FC7")


def test_a_personalisation_command_carries_the_published_mac() -> None:
    # NXP AN12196 section 6: ChangeFileSettings; command, counter, transaction, file, ciphertext
    session = bytes.fromhex("4C6626F5E72EA694202139295C7A7FC7")
    command = bytes.fromhex("5F01009D00C4DF0261B6D97903566E84C3AE5274467E89EA")
    assert aes_cmac(session, command)[1::2] == bytes.fromhex("D799B7C1A0EF7A04")


SEED = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"
PAYLOAD = (
    "8da174a461757468a16dc40800000000000000a1a16501a16e2aa178c4100192f0c1d2e37a4b8c5d6e7f80910203a27473cf0000018bcfe56800"
    "a161cd04e2a26375a3393738a16b82a170c410ef963ff7828658a599f3041510671e88a163c40894eed9ee65337086a16c9192a3564547cd04e2"
    "a16f00a2707607a168c4200000000000000000000000000000000000000000000000000000000000000000"
)
SIGNATURE = (
    "b0ecd132309efa273a1dc58c38a39deca3750d76528b914fb0cd88327e1e09b2"
    "161402aaea47d1aa40e597e70d0307f5f0328423d2a0f1eb8f63709f23ce4d0e"
)


def test_a_frame_has_the_published_signature_and_form() -> None:
    key, payload = TerminalKey.from_seed(bytes.fromhex(SEED)), bytes.fromhex(PAYLOAD)
    assert FrameType.TERM_REQ.value == "application/vnd.ssa.term-req.v1+msgpack"
    assert key.sign(FrameType.TERM_REQ, payload).hex() == SIGNATURE
    raw = seal_envelope(key.kid, payload, bytes.fromhex(SIGNATURE))
    assert sha256(raw).hexdigest() == "e33bde9fea417d6cef6e28683980555df518d0544e893a367fb66ec748c278cd"
    frame = verify(open_envelope(raw, frame_bytes_max=4096), FrameType.TERM_REQ, key.public)
    assert frame.raw == raw
    assert frame.digest.hex() == "4b6038d9db526cd12e20ddb70d340c7e35f83ea6143e63166a6736d7cc2c14a5"


def test_the_published_payload_reads_and_writes_the_same() -> None:
    key, payload = TerminalKey.from_seed(bytes.fromhex(SEED)), bytes.fromhex(PAYLOAD)
    raw = key.sign_envelope(FrameType.TERM_REQ, payload)
    frame = verify(open_envelope(raw, frame_bytes_max=4096), FrameType.TERM_REQ, key.public)
    request = parse_request(frame, Op.AUTH)
    assert (request.n, request.amount_cents, request.pack, request.lines[0].category) == (42, 1250, 7, "VEG")
    assert encode_request(request) == payload


def test_the_signed_bytes_are_those_of_dsse() -> None:
    assert (
        pae("http://example.com/HelloWorld", b"hello world")
        == b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )
