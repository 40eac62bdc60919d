"""An assertion counts when every part of it is right, and for no other reason; no bytes raise anything but the two errors."""

from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given, strategies as st

from clearing.values import CaisseCode, TerminalId
from clearing.wire.frame import MalformedFrame, pack
from clearing.wire.passkey import (
    ALGORITHMS,
    ED25519,
    ES256,
    Assertion,
    BadAssertion,
    acceptable_passkey,
    approval_challenge,
    at_site,
    split_assertion,
    verify_assertion,
    with_assertion,
)
from tests.soft_passkey import SITE, SoftPasskey

CHALLENGE = bytes(range(32))
PARTS = [field.name for field in fields(Assertion)]
MOST = 1 << 20


def verified(passkey: SoftPasskey, assertion: Assertion, *, challenge: bytes = CHALLENGE, site: str = SITE) -> int:
    return verify_assertion(
        assertion, challenge=challenge, site=site, algorithm=passkey.algorithm, key=passkey.key
    )


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_what_a_passkey_signed_counts_and_tells_its_counter(algorithm: str) -> None:
    passkey = SoftPasskey(algorithm)
    assert [verified(passkey, passkey.answer(CHALLENGE)) for _ in range(3)] == [1, 2, 3]
    assert acceptable_passkey(algorithm, passkey.key)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@given(data=st.data())
def test_any_bit_of_what_is_signed_changed_is_refused(algorithm: str, data: st.DataObject) -> None:
    passkey = SoftPasskey(algorithm)
    good = passkey.answer(CHALLENGE)
    part = data.draw(st.sampled_from(["authenticator_data", "client_data", "signature"]))
    old = getattr(good, part)
    place, bit = data.draw(st.integers(0, 9_999)) % len(old), data.draw(st.integers(0, 7))
    new = old[:place] + bytes([old[place] ^ 1 << bit]) + old[place + 1 :]
    with pytest.raises(BadAssertion):
        verified(passkey, replace(good, **{part: new}))


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("flags", [0x00, 0x01, 0x04])
def test_nobody_present_or_nobody_verified_is_refused_though_it_is_signed(algorithm: str, flags: int) -> None:
    passkey = SoftPasskey(algorithm)
    with pytest.raises(BadAssertion, match="did not check who held it"):
        verified(passkey, passkey.answer(CHALLENGE, flags=flags))


@pytest.mark.parametrize(("said", "why"), [
    ({"type": "webauthn.create"}, "something else"), ({"crossOrigin": True}, "something else"),
    ({"challenge": "AAAA"}, "another command"), ({"challenge": None}, "another command"),
    ({"origin": "https://localhost.example"}, "another site"), ({"origin": None}, "another site"),
    ({"origin": "http://localhost:8421/x"}, "another site"),
])  # fmt: skip
def test_what_the_browser_says_has_to_be_of_this_command_and_site(said: dict[str, Any], why: str) -> None:
    passkey = SoftPasskey()
    with pytest.raises(BadAssertion, match=why):
        verified(passkey, passkey.answer(CHALLENGE, **said))


def test_an_assertion_for_another_site_or_challenge_or_key_is_refused() -> None:
    passkey = SoftPasskey()
    with pytest.raises(BadAssertion, match="another site"):
        verified(passkey, passkey.answer(CHALLENGE, site="elsewhere.example"))
    with pytest.raises(BadAssertion, match="another command"):
        verified(passkey, passkey.answer(CHALLENGE), challenge=bytes(32))
    with pytest.raises(BadAssertion, match="not signed by this passkey"):
        verified(SoftPasskey(seed=8), passkey.answer(CHALLENGE))
    with pytest.raises(BadAssertion, match="not signed by this passkey"):
        verify_assertion(passkey.answer(CHALLENGE), challenge=CHALLENGE, site=SITE, algorithm=ED25519, key=passkey.key)


def test_a_site_is_its_own_host_by_tls_and_localhost_alone_without() -> None:
    good = [("https://caisse.example", "caisse.example"), ("https://caisse.example:8443", "caisse.example"),
            ("http://localhost:8421", "localhost"), ("http://localhost", "localhost")]  # fmt: skip
    bad = [("http://caisse.example", "caisse.example"), ("https://caisse.example.evil.example", "caisse.example"),
           ("https://caisse.example:84213", "caisse.exampl"),
           ("https://x.caisse.example", "caisse.example"), (7, "localhost")]  # fmt: skip
    assert all(at_site(*one) for one in good)
    assert not any(at_site(*one) for one in bad)


def test_a_challenge_is_of_one_caisse_one_person_and_one_command() -> None:
    caisse, person, digest = CaisseCode("brume"), TerminalId(b"p" * 8), b"d" * 32
    made = {
        approval_challenge(caisse=caisse, person=person, digest=digest),
        approval_challenge(caisse=CaisseCode("loos"), person=person, digest=digest),
        approval_challenge(caisse=caisse, person=TerminalId(b"q" * 8), digest=digest),
        approval_challenge(caisse=caisse, person=person, digest=b"e" * 32),
    }
    assert len(made) == 4
    assert all(len(one) == 32 for one in made)


@pytest.mark.parametrize(("algorithm", "key"), [
    (ES256, bytes(33)), (ES256, b"\x02" + b"\xff" * 32), (ES256, bytes(65)), (ED25519, bytes(32)), (ED25519, bytes(33)),
    ("RS256", bytes(33)), (ES256, b"\x05" + bytes(32)),
])  # fmt: skip
def test_a_key_that_is_no_point_of_its_curve_is_not_taken(algorithm: str, key: bytes) -> None:
    assert not acceptable_passkey(algorithm, key)


@given(st.binary(min_size=1, max_size=300), st.binary(min_size=37, max_size=100), st.binary(min_size=1, max_size=60))
def test_what_stands_beside_a_command_comes_back_as_it_was(envelope: bytes, data: bytes, rest: bytes) -> None:
    one = Assertion(credential=rest, authenticator_data=data, client_data=rest, signature=rest)
    assert split_assertion(with_assertion(envelope, one), envelope_bytes_max=MOST) == (envelope, one)


@given(st.binary(max_size=200))
def test_any_bytes_are_an_envelope_or_two_things_or_malformed(raw: bytes) -> None:
    assert split_assertion(b"\x94" + raw, envelope_bytes_max=MOST) == (b"\x94" + raw, None)
    with pytest.raises(MalformedFrame):
        split_assertion(b"\x93\x03" + raw, envelope_bytes_max=MOST)


@pytest.mark.parametrize("part", range(4))
def test_a_part_that_is_missing_long_or_no_bytes_is_malformed(part: int) -> None:
    good: list[object] = [b"c", bytes(37), b"j", b"s"]
    for bad in ("text", b"", bytes(5_000), 7, None):
        parts = [*good[:part], bad, *good[part + 1 :]]
        with pytest.raises(MalformedFrame):
            split_assertion(pack([3, b"e", parts]), envelope_bytes_max=MOST)
    with pytest.raises(MalformedFrame):
        split_assertion(pack([3, b"e", good[:part] + good[part + 1 :]]), envelope_bytes_max=MOST)


def test_a_longer_form_of_the_same_is_malformed() -> None:
    raw = with_assertion(b"e", Assertion(credential=b"c", authenticator_data=bytes(37), client_data=b"j", signature=b"s"))
    assert split_assertion(raw, envelope_bytes_max=MOST)[1] is not None
    with pytest.raises(MalformedFrame):
        split_assertion(raw.replace(b"\xc4\x01e", b"\xc5\x00\x01e"), envelope_bytes_max=MOST)
    with pytest.raises(MalformedFrame):
        split_assertion(raw + b"\x00", envelope_bytes_max=MOST)


@given(st.binary(max_size=200), st.binary(max_size=60))
def test_whatever_the_browser_says_nothing_but_a_bad_assertion_comes_out(client_data: bytes, signature: bytes) -> None:
    passkey = SoftPasskey()
    one = replace(passkey.answer(CHALLENGE), client_data=client_data, signature=signature)
    with pytest.raises(BadAssertion):
        verified(passkey, one)
