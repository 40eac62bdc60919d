"""Law: the tree of all leaves is kept as one hash per 1,024 of them, so that any event can be proved by reading one block."""

from collections.abc import Sequence
from typing import Final, Self

from clearing.event_store.proofs import HASH_BYTES, Frontier, InvalidProof, inclusion_proof, node_hash, root_of

BLOCK: Final = 1_024


class GrowingTree:
    """The Merkle tree over the log's leaves. Memory: 32 bytes per BLOCK leaves, and those of the block that is not full yet.

    A leaf is only kept until its block is full: hashing it in at once, into two trees, cost 3 us an event instead of 1.
    """

    def __init__(self) -> None:
        self._blocks: list[bytes] = []
        self._above = Frontier()  # over the whole blocks
        self._leaves: list[bytes] = []

    @property
    def size(self) -> int:
        return len(self._blocks) * BLOCK + len(self._leaves)

    def append(self, leaf: bytes) -> None:
        self._leaves.append(leaf)
        if len(self._leaves) == BLOCK:
            self._close_block(root_of(self._leaves))
            self._leaves = []

    def _close_block(self, root: bytes) -> None:
        self._blocks.append(root)
        self._above.append(root)

    def root(self) -> bytes:
        """The root over all leaves so far; at most BLOCK hashes of work."""
        if not self._leaves:
            return self._above.root()
        root = root_of(self._leaves)
        for peak in reversed(self._above.peaks):
            root = node_hash(peak, root)
        return root

    def to_plain(self) -> tuple[bytes, bytes]:
        """All that is kept: what a snapshot says of it."""
        return b"".join(self._blocks), b"".join(self._leaves)

    @classmethod
    def from_plain(cls, plain: Sequence[bytes]) -> Self:
        """The inverse of to_plain. Raises InvalidProof or ValueError for anything else."""
        blocks, leaves = plain
        if len(blocks) % HASH_BYTES or len(leaves) % HASH_BYTES or len(leaves) >= BLOCK * HASH_BYTES:
            raise InvalidProof("a tree has one hash for each whole block, and the leaves of the last one")
        tree = cls()
        for at in range(0, len(blocks), HASH_BYTES):
            tree._close_block(blocks[at : at + HASH_BYTES])
        tree._leaves = [leaves[at : at + HASH_BYTES] for at in range(0, len(leaves), HASH_BYTES)]
        return tree

    def block_of(self, index: int) -> tuple[int, int]:
        """(first leaf of the block that holds leaf `index`, how many leaves that block has now); from 0."""
        first = index // BLOCK * BLOCK
        return first, min(BLOCK, self.size - first)

    def inclusion(self, index: int, block: Sequence[bytes]) -> list[bytes]:
        """The path from leaf `index` to root(), given all leaves of its block. Equal to inclusion_proof over all leaves."""
        nodes = [*self._blocks, root_of(self._leaves)] if self._leaves else self._blocks
        return inclusion_proof(block, index % BLOCK) + inclusion_proof(nodes, index // BLOCK)
