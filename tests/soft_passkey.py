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
