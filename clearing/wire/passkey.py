"""Law: a passkey's assertion stands beside a command, signed over that command and no other; whatever its bytes, BadAssertion.

Source: W3C Web Authentication Level 3, sections 5.8.1, 6.1 and 7.2. What is kept for ever as evidence is msgpack
[3, envelope, [credential id, authenticatorData, clientDataJSON, signature]]; a command alone stays its bare envelope.

The challenge is SHA-256 of msgpack ["clearing approval 1", caisse, person, digest]: caisse its code, person the 8 bytes that
stand for her, digest BLAKE2b-256 of the payload that her own key signs, which holds verb, body, number and instant. So an
assertion fits one command of one person at one caisse, and no log-in.
"""

import json
import re
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

import msgpack
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from clearing.values import CaisseCode, TerminalId
from clearing.wire.frame import MalformedFrame, pack
from clearing.wire.signature import acceptable_public_key, signature_holds

ES256: Final = "ES256"
ED25519: Final = "Ed25519"
ALGORITHMS: Final = (ES256, ED25519)
KEY_BYTES: Final = {ES256: 33, ED25519: 32}  # a point of P-256 in its compressed form
CREDENTIAL_BYTES_MAX: Final = 1_023
AUTHENTICATOR_BYTES_MAX: Final = 1_024
CLIENT_DATA_BYTES_MAX: Final = 2_048
SIGNATURE_BYTES_MAX: Final = 72  # of ECDSA on P-256 in DER
ASSERTION_BYTES_MAX: Final = 8_192  # all four parts, with what stands around them
_HEAD: Final = b"\x93\x03"  # array of 3, version 3
_PARTS: Final = 4
_DOMAIN: Final = "clearing approval 1"
_FLAGS_AT: Final = 32
_COUNTER_AT: Final = 33
_AUTHENTICATOR_BYTES_MIN: Final = 37
_PRESENT, _VERIFIED = 0x01, 0x04
_PORT: Final = re.compile(r"(:[0-9]{1,5})?")


class BadAssertion(ValueError):
    """Not made by that passkey over that command at that site, or nobody was seen to make it; the text says which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assertion:
    """What an authenticator answered, each part as it came."""

    credential: bytes
    authenticator_data: bytes
    client_data: bytes
    signature: bytes


def passkey_name(credential: bytes) -> bytes:
    """What a log knows a passkey by: SHA-256 of its credential id, 32 bytes."""
    return sha256(credential).digest()


def approval_challenge(*, caisse: CaisseCode, person: TerminalId, digest: bytes) -> bytes:
    """The 32 bytes that a passkey signs for one command; see the law above. digest: Command.digest."""
    return sha256(pack([_DOMAIN, caisse, person, digest])).digest()


def with_assertion(envelope: bytes, assertion: Assertion) -> bytes:
    """A command's envelope and the assertion beside it, as they are sent and kept."""
    return pack([3, envelope, [
        assertion.credential, assertion.authenticator_data, assertion.client_data, assertion.signature,
    ]])  # fmt: skip


def split_assertion(raw: bytes, *, envelope_bytes_max: int) -> tuple[bytes, Assertion | None]:
    """(envelope, what stands beside it). Raises MalformedFrame; the envelope itself is not opened."""
    if not raw.startswith(_HEAD):
        return raw, None
    if len(raw) > envelope_bytes_max + ASSERTION_BYTES_MAX:
        raise MalformedFrame(f"the command has {len(raw)} bytes; at most {envelope_bytes_max} are taken here")
    try:
        _, envelope, parts = msgpack.unpackb(raw, max_array_len=_PARTS, max_map_len=0, max_ext_len=0)
        credential, authenticator_data, client_data, signature = parts
        canonical = pack([3, envelope, parts]) == raw
    except (ValueError, TypeError, OverflowError, RecursionError, msgpack.UnpackException):
        raise MalformedFrame("a passkey's assertion beside a command has four parts") from None
    sizes = (
        (credential, 1, CREDENTIAL_BYTES_MAX), (authenticator_data, _AUTHENTICATOR_BYTES_MIN, AUTHENTICATOR_BYTES_MAX),
        (client_data, 1, CLIENT_DATA_BYTES_MAX), (signature, 1, SIGNATURE_BYTES_MAX), (envelope, 1, envelope_bytes_max),
    )  # fmt: skip
    if not canonical or not all(type(part) is bytes and least <= len(part) <= most for part, least, most in sizes):
        raise MalformedFrame("a passkey's assertion beside a command has a part of another kind or size")
    return envelope, Assertion(
        credential=credential, authenticator_data=authenticator_data, client_data=client_data, signature=signature
    )


def acceptable_passkey(algorithm: str, key: bytes) -> bool:
    """May this public key be registered? A point of its curve, in the one form that is kept."""
    if len(key) != KEY_BYTES.get(algorithm):
        return False
    if algorithm == ED25519:
        return acceptable_public_key(key)
    return _point(key) is not None


def verify_assertion(assertion: Assertion, *, challenge: bytes, site: str, algorithm: str, key: bytes) -> int:
    """The authenticator's own count of signatures (0: it keeps none). site: the relying party's id, a host's name.

    Raises BadAssertion, also when nobody was present or the authenticator did not verify who it was.
    """
    _read_client_data(assertion.client_data, challenge, site)
    data = assertion.authenticator_data
    if len(data) < _AUTHENTICATOR_BYTES_MIN or data[:_FLAGS_AT] != sha256(site.encode()).digest():
        raise BadAssertion("the passkey was asked by another site")
    if not data[_FLAGS_AT] & _PRESENT or not data[_FLAGS_AT] & _VERIFIED:
        raise BadAssertion("the passkey did not check who held it: no PIN, finger or face was asked for")
    signed = data + sha256(assertion.client_data).digest()
    if not _holds(algorithm, key, assertion.signature, signed):
        raise BadAssertion("it is not signed by this passkey")
    return int.from_bytes(data[_COUNTER_AT:_AUTHENTICATOR_BYTES_MIN], "big")


def _read_client_data(raw: bytes, challenge: bytes, site: str) -> None:
    try:
        said = json.loads(raw.decode("utf-8"))
    except (ValueError, RecursionError):
        raise BadAssertion("what the browser said beside the passkey can't be read") from None
    if not isinstance(said, dict) or said.get("type") != "webauthn.get" or said.get("crossOrigin", False) is not False:
        raise BadAssertion("the browser made it for something else than this page's command")
    if said.get("challenge") != urlsafe_b64encode(challenge).rstrip(b"=").decode():
        raise BadAssertion("the passkey signed another command")
    if not at_site(said.get("origin"), site):
        raise BadAssertion("the passkey was asked by a page of another site")


def at_site(origin: object, site: str) -> bool:
    """Whether a page of this origin belongs to the site: its own host by TLS at any port; localhost also without."""
    if not isinstance(origin, str):
        return False
    for start in (f"https://{site}", *(("http://localhost",) if site == "localhost" else ())):
        if origin.startswith(start) and _PORT.fullmatch(origin[len(start) :]):
            return True
    return False


def _holds(algorithm: str, key: bytes, signature: bytes, message: bytes) -> bool:
    if algorithm == ED25519:
        return signature_holds(key, signature, message)
    point = _point(key) if algorithm == ES256 else None
    if point is None:
        return False
    try:
        point.verify(signature, message, ec.ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True


def _point(key: bytes) -> ec.EllipticCurvePublicKey | None:
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), key)
    except ValueError:
        return None
