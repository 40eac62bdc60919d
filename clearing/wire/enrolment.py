"""Law: the pairing code never travels; each side proves that it knows it by a MAC over everything both have said.

Source: wire.md section 7. Two frames of type term-enrol, signed by the key they bring; answers are bare maps whose root
key the last MAC protects. Codes are typed by people: letters and digits, no case.
"""

import hmac
from dataclasses import dataclass
from hashlib import scrypt, sha256
from typing import Final

from clearing.values import TerminalId
from clearing.wire import fields as read
from clearing.wire.frame import Envelope, FrameType, MalformedFrame, pack, unpack_map
from clearing.wire.signature import PUBLIC_KEY_BYTES, BadSignature, acceptable_public_key, verify

_HELLO_KEYS: Final = ("t", "s", "k", "nc")
_PROOF_KEYS: Final = ("t", "s", "k", "nc", "sn", "mac")
_KEYS_MAX: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolHello:
    """First frame. slot: its public id; key: the terminal's new public key; nonce: 16 bytes of the terminal."""

    slot: str
    key: bytes
    nonce: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolProof:
    """Second frame: the same three, the server's nonce and the terminal's MAC."""

    slot: str
    key: bytes
    nonce: bytes
    server_nonce: bytes
    mac: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolled:
    """The server's last answer: who the terminal is now, and the root key that certifies all server keys."""

    terminal: TerminalId
    epoch: int
    root: bytes
    mac: bytes


def pairing_key(code: str, slot: str) -> bytes:
    """scrypt(code, salt = slot, n 2^15, r 8, p 1), 32 bytes. Costs about 0.1 s and 32 MiB: never on the event loop."""
    plain = code.replace(" ", "").replace("-", "").upper()
    return scrypt(plain.encode(), salt=slot.encode(), n=1 << 15, r=8, p=1, maxmem=64 << 20, dklen=32)


def transcript(*, slot: str, key: bytes, nonce: bytes, server_nonce: bytes, root: bytes = b"") -> bytes:
    """SHA-256 over what both sides have said; root is in the server's part only, for only its answer carries it."""
    return sha256(slot.encode() + key + nonce + server_nonce + root).digest()


def terminal_mac(pairing: bytes, said: bytes) -> bytes:
    return hmac.digest(pairing, b"terminal" + said, "sha256")


def server_mac(pairing: bytes, said: bytes) -> bytes:
    return hmac.digest(pairing, b"server" + said, "sha256")


def macs_equal(one: bytes, other: bytes) -> bool:
    return hmac.compare_digest(one, other)


def eight_digits(said: bytes) -> str:
    """What both screens show and a second person compares; said: the transcript with the root in it."""
    digits = f"{int.from_bytes(said[:8], 'big') % 100_000_000:08d}"
    return f"{digits[:4]} {digits[4:]}"


def encode_hello(hello: EnrolHello) -> bytes:
    return pack({"t": "enr1", "s": hello.slot, "k": hello.key, "nc": hello.nonce})


def encode_proof(proof: EnrolProof) -> bytes:
    return pack({
        "t": "enr2", "s": proof.slot, "k": proof.key, "nc": proof.nonce, "sn": proof.server_nonce, "mac": proof.mac,
    })  # fmt: skip


def read_enrolment(envelope: Envelope) -> EnrolHello | EnrolProof:
    """Verify a term-enrol frame under the key it brings itself, and read it.

    The one place where a payload is decoded before its signature held: it carries the key. Raises MalformedFrame, or
    BadSignature when it is signed by another key or brings one that no one may enrol.
    """
    fields = unpack_map(envelope.payload, items_max=_KEYS_MAX)
    key = read.binary(fields.get("k"), "k", PUBLIC_KEY_BYTES)
    if not acceptable_public_key(key):
        raise BadSignature("this public key may not be enrolled; make a new one")
    verify(envelope, FrameType.TERM_ENROL, key)
    match fields.get("t"):
        case "enr1":
            read.require_keys(fields, _HELLO_KEYS)
            return EnrolHello(slot=read.ident(fields["s"], "s"), key=key, nonce=read.binary(fields["nc"], "nc", 16))
        case "enr2":
            read.require_keys(fields, _PROOF_KEYS)
            return EnrolProof(
                slot=read.ident(fields["s"], "s"),
                key=key,
                nonce=read.binary(fields["nc"], "nc", 16),
                server_nonce=read.binary(fields["sn"], "sn", 16),
                mac=read.binary(fields["mac"], "mac", 32),
            )
        case _:
            raise MalformedFrame("'t' of an enrolment must be enr1 or enr2")


def encode_server_nonce(server_nonce: bytes) -> bytes:
    return pack({"sn": server_nonce})


def parse_server_nonce(answer: bytes) -> bytes:
    """Raises MalformedFrame."""
    fields = unpack_map(answer, items_max=_KEYS_MAX)
    read.require_keys(fields, ("sn",))
    return read.binary(fields["sn"], "sn", 16)


def encode_enrolled(answer: Enrolled) -> bytes:
    return pack({"m": answer.terminal, "e": answer.epoch, "root": answer.root, "mac": answer.mac})


def parse_enrolled(answer: bytes) -> Enrolled:
    """Raises MalformedFrame. The caller compares mac before believing root."""
    fields = unpack_map(answer, items_max=_KEYS_MAX)
    read.require_keys(fields, ("m", "e", "root", "mac"))
    return Enrolled(
        terminal=read.terminal(fields["m"]),
        epoch=read.epoch(fields["e"]),
        root=read.binary(fields["root"], "root", PUBLIC_KEY_BYTES),
        mac=read.binary(fields["mac"], "mac", 32),
    )
