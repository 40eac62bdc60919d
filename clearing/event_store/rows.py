"""Law: a row is what the database holds, byte for byte; nothing here decodes a body.

Named tuples, not dataclasses: a group is turned into columns and a page into rows thousands of times a second, and a tuple
does either about five times faster than a frozen dataclass.
"""

from typing import NamedTuple


class EventRow(NamedTuple):
    """One event: bodies are opaque bytes, `leaf` and `chain` as in proofs.py."""

    position: int
    stream: str
    version: int
    type: int
    schema_version: int
    at_us: int
    public: bytes
    private: bytes
    salt: bytes
    evidence: bytes
    leaf: bytes
    chain: bytes


class ReplyRow(NamedTuple):
    """The signed reply to one request, kept for ever under (terminal, key_epoch, n); `digest` is the request's payload's."""

    terminal: bytes
    key_epoch: int
    n: int
    digest: bytes
    position: int
    reply: bytes


class TapRow(NamedTuple):
    """A tap that is used up, and the event that used it."""

    card: bytes
    key_version: int
    counter: int
    position: int


class Head(NamedTuple):
    """Where the log ends: position 0 and a chain of zeros before the first event."""

    epoch: int
    position: int
    chain: bytes
    at_us: int


class SignedHead(NamedTuple):
    """The Merkle root over the first `size` leaves, signed and given away to witnesses."""

    size: int
    root: bytes
    signature: bytes
    at_us: int


class SnapshotRow(NamedTuple):
    """A whole snapshot: its parts are stored. sha256: over the hashes of its parts, in order; chain: the log's at position."""

    position: int
    code_version: str
    chain: bytes
    parts: int
    sha256: bytes
