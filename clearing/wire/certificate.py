"""Law: a terminal believes a server's online key only under the signature of the root key it was paired with.

Source: wire.md section 7 (server keys). A certificate is the online key (32 bytes) and the root's signature over the statement
that names it (64 bytes); several stand one after the other.
"""

from typing import Final

from clearing.wire.frame import SIGNATURE_BYTES, MalformedFrame
from clearing.wire.signature import PUBLIC_KEY_BYTES, TerminalKey, signature_holds

CERTIFICATE_BYTES: Final = PUBLIC_KEY_BYTES + SIGNATURE_BYTES
CERTIFICATES_MAX: Final = 32
_STATEMENT: Final = b"clearing server key 1 "


def certify(root: TerminalKey, online_key: bytes) -> bytes:
    """The certificate of one online key. Raises ValueError for a key that is not 32 bytes."""
    if len(online_key) != PUBLIC_KEY_BYTES:
        raise ValueError(f"a server key has {PUBLIC_KEY_BYTES} bytes, not {len(online_key)}")
    return online_key + root.sign_statement(_STATEMENT + online_key)


def certified_keys(root: bytes, certificates: bytes) -> frozenset[bytes]:
    """The online keys that this root certified, others left out. Raises MalformedFrame when the bytes don't divide."""
    count, spare = divmod(len(certificates), CERTIFICATE_BYTES)
    if spare or count > CERTIFICATES_MAX:
        raise MalformedFrame(f"server keys come in pieces of {CERTIFICATE_BYTES} bytes, at most {CERTIFICATES_MAX} of them")
    pieces = [certificates[at * CERTIFICATE_BYTES : (at + 1) * CERTIFICATE_BYTES] for at in range(count)]
    return frozenset(
        piece[:PUBLIC_KEY_BYTES]
        for piece in pieces
        if signature_holds(root, piece[PUBLIC_KEY_BYTES:], _STATEMENT + piece[:PUBLIC_KEY_BYTES])
    )
