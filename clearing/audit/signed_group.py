"""Law: the one signature of a group of replies is verified once; every reply has its own path to what was signed.

Paths of a group meet: from a node that another reply's path led to the root under the same signature, the rest is the same.
So of the six steps of a group of 64, two are walked on average.
"""

from hashlib import sha256
from typing import Final

from clearing.wire.reply_envelope import open_reply, verify_reply

_NODES_MAX: Final = 4_096


class SignedGroups:
    """Replies of the caisse's server. keys: public keys that may sign them."""

    def __init__(self, keys: tuple[bytes, ...]) -> None:
        self._keys = {key[:8]: key for key in keys}
        self._known: dict[bytes, tuple[bytes, tuple[bytes, ...], bytes]] = {}

    def payload(self, reply: bytes, reply_bytes_max: int) -> bytes | None:
        """What a stored reply says; None when no server key of the caisse signed it. Raises MalformedFrame, BadSignature."""
        signed = open_reply(reply, reply_bytes_max=reply_bytes_max)
        key = self._keys.get(signed.kid)
        if key is None:
            return None
        if signed.path is None:
            return verify_reply(signed, key)
        node, path, walked = sha256(b"\x00" + signed.payload).digest(), signed.path, list[bytes]()
        for place, step in enumerate(path):
            if self._known.get(node) == (signed.sig, path[place:], key):
                break
            walked.append(node)
            node = sha256(b"\x01" + node + step if node < step else b"\x01" + step + node).digest()
        else:
            verify_reply(signed, key)
        if len(self._known) > _NODES_MAX:
            self._known.clear()
        for place, below in enumerate(walked):
            self._known[below] = (signed.sig, path[place:], key)
        return signed.payload
