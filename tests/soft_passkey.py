"""Law: an authenticator in memory, of either algorithm, that answers as WebAuthn says; a test makes any part wrong."""

import json
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from nacl.signing import SigningKey
from webauthn.helpers import encode_cbor

from clearing.wire.passkey import ED25519, ES256, Assertion, passkey_name

SITE = "localhost"
ORIGIN = "http://localhost:8421"


@dataclass
class SoftPasskey:
    """One credential. seed: of its key. count: of signatures; 0 for ever when counts is False."""

    algorithm: str = ES256
    seed: int = 7
    site: str = SITE
    count: int = 0
    counts: bool = True

    @property
    def credential(self) -> bytes:
        return sha256(f"{self.algorithm} {self.seed}".encode()).digest()[:16]

    @property
    def name(self) -> bytes:
        return passkey_name(self.credential)

    @property
    def key(self) -> bytes:
        """As the log keeps it."""
        if self.algorithm == ED25519:
            return bytes(self._edwards().verify_key)
        return self._weierstrass().public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint)

    def body(self, label: str = "my phone") -> dict[str, object]:
        """Of the command that registers it."""
        return {"passkey": self.name, "algorithm": self.algorithm, "key": self.key, "site": self.site, "label": label}

    def answer(
        self, over: bytes, /, *, flags: int = 0x05, site: str | None = None, **said: Any
    ) -> Assertion:
        """said: what the browser says otherwise than it should, by its name in clientDataJSON."""
        self.count += self.counts
        told = {
            "type": "webauthn.get", "challenge": urlsafe_b64encode(over).rstrip(b"=").decode(), "origin": ORIGIN,
            "crossOrigin": False,
        }  # fmt: skip
        client_data = json.dumps(told | said).encode()
        data = sha256((site or self.site).encode()).digest() + bytes([flags]) + self.count.to_bytes(4, "big")
        return Assertion(
            credential=self.credential, authenticator_data=data, client_data=client_data,
            signature=self.sign(data + sha256(client_data).digest()),
        )  # fmt: skip

    def sign(self, message: bytes) -> bytes:
        if self.algorithm == ED25519:
            return bytes(self._edwards().sign(message).signature)
        return self._weierstrass().sign(message, ec.ECDSA(SHA256()))

    def _edwards(self) -> SigningKey:
        return SigningKey(self.seed.to_bytes(32, "big"))

    def _weierstrass(self) -> ec.EllipticCurvePrivateKey:
        return ec.derive_private_key(self.seed, ec.SECP256R1())

    def registration(self, challenge: bytes, origin: str) -> dict[str, str]:
        """What a browser answers to navigator.credentials.create, as the console's script sends it: attestation "none"."""
        public = self._weierstrass().public_key().public_numbers()
        cose = {1: 1, 3: -8, -1: 6, -2: self.key} if self.algorithm == ED25519 else {
            1: 2, 3: -7, -1: 1, -2: public.x.to_bytes(32, "big"), -3: public.y.to_bytes(32, "big"),
        }  # fmt: skip
        data = sha256(self.site.encode()).digest() + b"\x45" + bytes(4) + bytes(16)
        data += len(self.credential).to_bytes(2, "big") + self.credential + encode_cbor(cose)
        said = {"type": "webauthn.create", "challenge": in_text(challenge), "origin": origin, "crossOrigin": False}
        return {
            "challenge": in_text(challenge), "credential": in_text(self.credential),
            "client": in_text(json.dumps(said).encode()),
            "attestation": in_text(encode_cbor({"fmt": "none", "attStmt": {}, "authData": data})),
        }  # fmt: skip

    def fields(self, challenge: bytes, origin: str, /, **wrong: Any) -> dict[str, str]:
        """An answer to a challenge, as the console's script sends it."""
        one = self.answer(challenge, **{"origin": origin, **wrong})
        return {
            "challenge": in_text(challenge), "credential": in_text(one.credential), "client": in_text(one.client_data),
            "authenticator": in_text(one.authenticator_data), "signature": in_text(one.signature),
        }  # fmt: skip


def in_text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()
