"""Law: a tap is genuine when its CMAC over (UID, counter) holds under that card's own key; one wrong bit and it is not.

Source: wire.md section 1; NXP AN12196 (SUN), boltcard's deterministic keys. Keys, p and c are raw bytes, the UID has 7.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from hmac import compare_digest
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB
from cryptography.hazmat.primitives.cmac import CMAC

from clearing.values import CaisseCode, CardId

KEY_BYTES: Final = 16
UID_BYTES: Final = 7
P_BYTES: Final = 16
C_BYTES: Final = 8
COUNTER_MAX: Final = (1 << 24) - 1
KEY_VERSION_MAX: Final = (1 << 32) - 1

_PICC_TAG: Final = 0xC7  # UID mirrored, counter mirrored, UID of 7 bytes
_SV_ENC: Final = bytes.fromhex("c33c00010080")
_SV_MAC: Final = bytes.fromhex("3cc300010080")
_CARD_URL: Final = re.compile(
    r"https://[^/#\s]{1,255}/t/([a-z0-9][a-z0-9._-]{0,39})#p=([0-9A-Fa-f]{32})&c=([0-9A-Fa-f]{16})"
)


class BadTap(ValueError):
    """Card evidence that no card of ours wrote. A decline (63), not a malformed frame."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CardKeys:
    """Everything that is written into one card at one personalisation. k1 is the caisse's meta key, k2 signs taps."""

    card: CardId
    uid: bytes
    version: int
    card_key: bytes
    k0: bytes
    k1: bytes
    k2: bytes
    k3: bytes
    k4: bytes

    def __repr__(self) -> str:
        return f"CardKeys(card={self.card.hex()}, version={self.version})"


def aes_cmac(key: bytes, message: bytes) -> bytes:
    """AES-CMAC (RFC 4493), 16 bytes. Raises ValueError when the key is no AES key."""
    mac = CMAC(AES(key))
    mac.update(message)
    return mac.finalize()


@lru_cache(maxsize=64)
def _meta_cipher(kmeta: bytes) -> CipherContext:
    # One context per caisse: making it costs more than the block it decrypts. ECB of one block is CBC with IV 0.
    return Cipher(AES(kmeta), ECB()).decryptor()  # noqa: S305


def read_picc(kmeta: bytes, p: bytes) -> tuple[bytes, int]:
    """(UID, counter) of a tap: AES-CBC(kmeta, IV 0) of tag C7 | UID | counter LSB first | random. Raises BadTap.

    What comes out is a claim: only check_tap makes it a fact.
    """
    if len(p) != P_BYTES:
        raise BadTap(f"p of a card has {P_BYTES} bytes, not {len(p)}")
    data = _meta_cipher(kmeta).update(p)
    if data[0] != _PICC_TAG:
        raise BadTap("p was not written by a card of this caisse")
    return data[1:8], int.from_bytes(data[8:11], "little")


def session_keys(kfile: bytes, uid: bytes, counter: int) -> tuple[bytes, bytes]:
    """(encryption key, MAC key) of one read of one card: CMAC(kfile, SV1) and CMAC(kfile, SV2)."""
    place = uid + counter.to_bytes(3, "little")
    return aes_cmac(kfile, _SV_ENC + place), aes_cmac(kfile, _SV_MAC + place)


def sun_mac(k2: bytes, uid: bytes, counter: int, mac_input: bytes = b"") -> bytes:
    """c: the odd bytes of CMAC(session MAC key, mac_input); the input of our cards is empty."""
    session = aes_cmac(k2, _SV_MAC + uid + counter.to_bytes(3, "little"))
    return aes_cmac(session, mac_input)[1::2]


def check_tap(k2: bytes, uid: bytes, counter: int, c: bytes) -> bool:
    """Was c written by the card that holds k2, at this counter? Compared in constant time."""
    return compare_digest(sun_mac(k2, uid, counter), c)


def card_id(issuer: bytes, uid: bytes) -> CardId:
    """The card's name in events and tables: the same over all versions, and no way back to the UID without the key."""
    return CardId(aes_cmac(issuer, bytes.fromhex("2d003f7b") + _uid(uid)))


def meta_key(issuer: bytes) -> bytes:
    """K1, shared by all cards of a caisse: who holds it can follow a card, not forge one."""
    return aes_cmac(issuer, bytes.fromhex("2d003f77"))


def tap_key(issuer: bytes, uid: bytes, version: int) -> bytes:
    """K2 alone: what a gateway caches per card."""
    return aes_cmac(_card_key(issuer, uid, version), bytes.fromhex("2d003f78"))


def card_keys(issuer: bytes, uid: bytes, version: int) -> CardKeys:
    """All keys of one card at one version. Raises ValueError for a UID that is not 7 bytes or a version out of range."""
    own = _card_key(issuer, uid, version)
    k0, k2, k3, k4 = (aes_cmac(own, bytes.fromhex("2d003f" + purpose)) for purpose in ("76", "78", "79", "7a"))
    return CardKeys(
        card=card_id(issuer, uid),
        uid=uid,
        version=version,
        card_key=own,
        k0=k0,
        k1=meta_key(issuer),
        k2=k2,
        k3=k3,
        k4=k4,
    )


def _card_key(issuer: bytes, uid: bytes, version: int) -> bytes:
    if not 0 <= version <= KEY_VERSION_MAX:
        raise ValueError(f"a card's key version is a whole number from 0 to {KEY_VERSION_MAX}, not {version}")
    return aes_cmac(issuer, bytes.fromhex("2d003f75") + _uid(uid) + version.to_bytes(4, "little"))


def _uid(uid: bytes) -> bytes:
    if len(uid) != UID_BYTES:
        raise ValueError(f"the UID of a card has {UID_BYTES} bytes, not {len(uid)}; is this an NTAG 424 DNA?")
    return uid


def card_url(host: str, caisse: CaisseCode, p: bytes, c: bytes) -> str:
    """The URL a card answers with; p and c sit in the fragment, which no server ever logs."""
    return f"https://{host}/t/{caisse}#p={p.hex().upper()}&c={c.hex().upper()}"


def read_card_url(url: str) -> tuple[CaisseCode, bytes, bytes]:
    """(caisse, p, c) of a card's URL. Raises BadTap when it is some other tag's content."""
    found = _CARD_URL.fullmatch(url)
    if found is None:
        raise BadTap("this is not a card of a food caisse: its content is not the address of a tap")
    return CaisseCode(found[1]), bytes.fromhex(found[2]), bytes.fromhex(found[3])
