"""Law: the tree kept by blocks proves each leaf exactly as the tree over all leaves does."""

from hashlib import sha256

import pytest

from clearing.event_store.proofs import inclusion_proof, root_of, verify_inclusion
from clearing.event_store.tree import BLOCK, GrowingTree


@pytest.mark.parametrize("size", [1, 2, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, 3 * BLOCK + 7])
def test_a_path_read_from_one_block_equals_the_path_over_all_leaves(size: int) -> None:
    leaves = [sha256(number.to_bytes(4, "big")).digest() for number in range(size)]
    tree = GrowingTree()
    for leaf in leaves:
        tree.append(leaf)
    assert (tree.size, tree.root()) == (size, root_of(leaves))
    for index in {0, size // 3, size // 2, size - 1, min(size - 1, BLOCK - 1), min(size - 1, BLOCK)}:
        first, count = tree.block_of(index)
        path = tree.inclusion(index, leaves[first : first + count])
        assert path == inclusion_proof(leaves, index)
        assert verify_inclusion(leaves[index], index, size, path, tree.root())
