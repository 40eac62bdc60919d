"""Law: what the log says can be proved from hashes alone, to somebody who trusts neither this program nor its database.

    leaf  = SHA-256(0x00 | header | SHA-256(public) | SHA-256(salt | private) | SHA-256(evidence) | SHA-256(reply))
    chain = SHA-256(0x02 | previous chain | leaf)          node = SHA-256(0x01 | left | right)

header = position u64, at_us u64, type u16, schema version u16, big endian. Source: architecture.md section 3, RFC 9162
section 2.1 (trees and proofs), C2SP tlog-checkpoint and signed-note (signed heads).
"""

import base64
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final, Self

GENESIS: Final = bytes(32)  # the chain before the first event
EMPTY_ROOT: Final = sha256(b"").digest()
HASH_BYTES: Final = 32
NOTE_BYTES_MAX: Final = 4_096
ED25519: Final = b"\x01"  # the algorithm's mark in a note's key id
_header = struct.Struct(">QQHH").pack


class InvalidProof(ValueError):
    """A proof or a note that does not hold; the text says which part."""


def leaf_hash(
    position: int,
    at_us: int,
    type: int,  # noqa: A002 - the event's own word
    schema_version: int,
    public: bytes,
    private: bytes,
    salt: bytes,
    evidence: bytes,
    reply: bytes,
) -> bytes:
    """32 bytes that fix one event, its evidence and the reply that was given."""
    return leaf_of_hashes(
        position,
        at_us,
        type,
        schema_version,
        sha256(public).digest(),
        sha256(salt + private).digest(),
        sha256(evidence).digest(),
        sha256(reply).digest(),
    )


def leaf_of_hashes(
    position: int,
    at_us: int,
    type: int,  # noqa: A002 - the event's own word
    schema_version: int,
    public: bytes,
    salted_private: bytes,
    evidence: bytes,
    reply: bytes,
) -> bytes:
    """The same leaf from the hashes of its four parts, 32 bytes each: what a receipt can show of it."""
    header = _header(position, at_us, type, schema_version)
    return sha256(b"\x00" + header + public + salted_private + evidence + reply).digest()


def chain_hash(previous: bytes, leaf: bytes) -> bytes:
    """The chain after one more leaf; the first follows GENESIS."""
    return sha256(b"\x02" + previous + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """An inner node of the Merkle tree."""
    return sha256(b"\x01" + left + right).digest()


@dataclass(slots=True)
class Frontier:
    """The right edge of a growing Merkle tree: one hash per complete subtree, largest first. Appending costs O(log n)."""

    size: int = 0
    peaks: list[bytes] = field(default_factory=list)

    def append(self, leaf: bytes) -> None:
        """Add one leaf hash of 32 bytes."""
        size = self.size
        while size & 1:
            leaf = node_hash(self.peaks.pop(), leaf)
            size >>= 1
        self.peaks.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        """The root over all leaves so far."""
        if not self.peaks:
            return EMPTY_ROOT
        root = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            root = node_hash(peak, root)
        return root

    def to_bytes(self) -> bytes:
        """Size u64 big endian, then the peaks."""
        return self.size.to_bytes(8, "big") + b"".join(self.peaks)

    @classmethod
    def from_bytes(cls, stored: bytes) -> Self:
        """The inverse of to_bytes. Raises InvalidProof when size and peaks do not fit."""
        size = int.from_bytes(stored[:8], "big")
        peaks = [stored[i : i + HASH_BYTES] for i in range(8, len(stored), HASH_BYTES)]
        if len(stored) < 8 or len(peaks) != size.bit_count() or any(len(peak) != HASH_BYTES for peak in peaks):
            raise InvalidProof("a frontier is a size and one hash of 32 bytes for each of its set bits")
        return cls(size, peaks)


def root_of(leaves: Sequence[bytes]) -> bytes:
    """The Merkle root over leaf hashes."""
    frontier = Frontier()
    for leaf in leaves:
        frontier.append(leaf)
    return frontier.root()


def _split(size: int) -> int:
    """The largest power of two below size (size is 2 or more)."""
    return 1 << (size - 1).bit_length() - 1


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """The hashes that lead from the leaf at `index` (from 0) to the root, lowest first."""
    if not 0 <= index < len(leaves):
        raise InvalidProof(f"there is no leaf {index} among {len(leaves)}")
    path: list[bytes] = []
    low, high = 0, len(leaves)
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            path.append(root_of(leaves[middle:high]))
            high = middle
        else:
            path.append(root_of(leaves[low:middle]))
            low = middle
    return path[::-1]


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """True when `leaf` is number `index` of the tree of `size` leaves with this root. RFC 9162 section 2.1.3.2."""
    if not 0 <= index < size:
        return False
    place, last, found = index, size - 1, leaf
    for step in proof:
        if last == 0:
            return False
        if place & 1 or place == last:
            found = node_hash(step, found)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            found = node_hash(found, step)
        place, last = place >> 1, last >> 1
    return last == 0 and found == root


def consistency_proof(leaves: Sequence[bytes], first: int) -> list[bytes]:
    """The hashes that show that the tree over all leaves extends the tree over the first `first` of them."""
    if not 0 < first <= len(leaves):
        raise InvalidProof(f"a tree of {len(leaves)} leaves cannot extend one of {first}")
    path: list[bytes] = []
    low, high, whole = 0, len(leaves), True
    while first < high:
        middle = low + _split(high - low)
        if first <= middle:
            path.append(root_of(leaves[middle:high]))
            high = middle
        else:
            path.append(root_of(leaves[low:middle]))
            low, whole = middle, False
    if not whole:
        path.append(root_of(leaves[low:high]))
    return path[::-1]


def verify_consistency(first: int, first_root: bytes, size: int, root: bytes, proof: Sequence[bytes]) -> bool:
    """True when the tree (size, root) extends the tree (first, first_root). RFC 9162 section 2.1.4.2."""
    if not 0 < first <= size:
        return False
    if first == size:
        return not proof and first_root == root
    path = list(proof) if first & (first - 1) else [first_root, *proof]
    if not path:
        return False
    place, last = first - 1, size - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    old = new = path[0]
    for step in path[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            old, new = node_hash(step, old), node_hash(step, new)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            new = node_hash(new, step)
        place, last = place >> 1, last >> 1
    return last == 0 and old == first_root and new == root


def head_note(origin: str, size: int, root: bytes) -> str:
    """The text of a log head to be signed: origin, size, root, a line each (C2SP tlog-checkpoint)."""
    if not origin or "\n" in origin or size < 0 or len(root) != HASH_BYTES:
        raise InvalidProof("a head names its origin in one line, a size from 0 and a root of 32 bytes")
    return f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n"


def key_id(name: str, public_key: bytes) -> bytes:
    """The 4 bytes that name an Ed25519 key in a note."""
    return sha256(name.encode() + b"\n" + ED25519 + public_key).digest()[:4]


def sign_note(text: str, name: str, public_key: bytes, sign: Callable[[bytes], bytes]) -> str:
    """The signed note: the text, a blank line, one line of signature. `sign`: text's bytes -> 64 bytes."""
    if not text.endswith("\n") or not name or any(mark in name for mark in " +\n"):
        raise InvalidProof("a note ends its last line, and its key's name holds no space and no plus")
    mark = base64.b64encode(key_id(name, public_key) + sign(text.encode())).decode()
    return f"{text}\n— {name} {mark}\n"


def read_note(
    note: str, name: str, public_key: bytes, verify: Callable[[bytes, bytes], bool]
) -> tuple[str, int, bytes]:
    """Check the signature of `name`; (origin, size, root). `verify`: (text, signature) -> holds. Raises InvalidProof."""
    text, blank, lines = note.rpartition("\n\n")
    if len(note) > NOTE_BYTES_MAX or not blank:
        raise InvalidProof("a signed head is a text, a blank line and lines of signatures")
    text += "\n"
    for line in lines.splitlines():
        dash, _, rest = line.partition(" ")
        signer, _, mark = rest.partition(" ")
        if (dash, signer) == ("—", name) and _signature_holds(text, mark, key_id(name, public_key), verify):
            return _read_head(text)
    raise InvalidProof(f"no signature of {name} on this head holds: do not trust it, and keep it as evidence")


def _signature_holds(text: str, mark: str, key: bytes, verify: Callable[[bytes, bytes], bool]) -> bool:
    try:
        signed = base64.b64decode(mark, validate=True)
    except ValueError:  # not base64, or not even ASCII
        return False
    return signed[:4] == key and verify(text.encode(), signed[4:])


def _read_head(text: str) -> tuple[str, int, bytes]:
    lines = text.split("\n")
    if len(lines) < 4 or not lines[0] or not lines[1].isascii() or not lines[1].isdigit():
        raise InvalidProof("a head names its origin, its size and its root, a line each")
    try:
        root = base64.b64decode(lines[2], validate=True)
    except ValueError:  # not base64, or not even ASCII
        root = b""
    if len(root) != HASH_BYTES or str(int(lines[1])) != lines[1]:
        raise InvalidProof("a head's size is written without leading zeros and its root is 32 bytes in base64")
    return lines[0], int(lines[1]), root
