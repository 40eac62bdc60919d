"""Law: the tree of all leaves is kept as one hash per 1,024 of them, so that any event can be proved by reading one block."""

from collections.abc import Sequence
from typing import Final, Self

from clearing.event_store.proofs import HASH_BYTES, Frontier, InvalidProof, inclusion_proof

BLOCK: Final = 1_024


class GrowingTree:
    """The Merkle tree over the log's leaves. Memory: 32 bytes per BLOCK leaves."""

    def __init__(self) -> None:
        self._all = Frontier()
        self._blocks: list[bytes] = []
        self._open = Frontier()

    @property
    def size(self) -> int:
        return self._all.size

    def append(self, leaf: bytes) -> None:
        self._all.append(leaf)
        self._open.append(leaf)
        if self._open.size == BLOCK:
            self._blocks.append(self._open.root())
            self._open = Frontier()

    def root(self) -> bytes:
        return self._all.root()

    def to_plain(self) -> tuple[bytes, bytes, bytes]:
        """All that is kept: what a snapshot says of it."""
        return self._all.to_bytes(), b"".join(self._blocks), self._open.to_bytes()

    @classmethod
    def from_plain(cls, plain: Sequence[bytes]) -> Self:
        """The inverse of to_plain. Raises InvalidProof or ValueError for anything else."""
        every, blocks, last = plain
        tree = cls()
        tree._all, tree._open = Frontier.from_bytes(every), Frontier.from_bytes(last)
        tree._blocks = [blocks[at : at + HASH_BYTES] for at in range(0, len(blocks), HASH_BYTES)]
        if len(tree._blocks) != tree.size // BLOCK or tree._open.size != tree.size % BLOCK:
            raise InvalidProof("a tree has one hash for each whole block, and the leaves of the last one")
        return tree

    def block_of(self, index: int) -> tuple[int, int]:
        """(first leaf of the block that holds leaf `index`, how many leaves that block has now); from 0."""
        first = index // BLOCK * BLOCK
        return first, min(BLOCK, self.size - first)

    def inclusion(self, index: int, block: Sequence[bytes]) -> list[bytes]:
        """The path from leaf `index` to root(), given all leaves of its block. Equal to inclusion_proof over all leaves."""
        nodes = [*self._blocks, self._open.root()] if self._open.size else self._blocks
        return inclusion_proof(block, index % BLOCK) + inclusion_proof(nodes, index // BLOCK)
