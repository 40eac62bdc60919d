"""Law: proofs agree with the published vectors and with a recursion copied from the definition, and nothing else passes."""

import base64
from hashlib import sha256

import pytest
from hypothesis import given, strategies as st
from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

from clearing.event_store.proofs import (
    EMPTY_ROOT,
    GENESIS,
    Frontier,
    InvalidProof,
    chain_hash,
    consistency_proof,
    head_note,
    inclusion_proof,
    key_id,
    leaf_hash,
    read_note,
    root_of,
    sign_note,
    verify_consistency,
    verify_inclusion,
)

# RFC 6962's tree over the inputs that Certificate Transparency's own tests use.
CT_INPUTS = [b"", b"\x00", b"\x10", b" !", b"01", b"@ABC", b"PQRSTUVW", b"`abcdefghijklmno"]
CT_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
hashes = st.binary(min_size=32, max_size=32)
trees = st.integers(1, 70).map(lambda size: [sha256(bytes([number])).digest() for number in range(size)])


def naive_root(leaves: list[bytes]) -> bytes:
    if len(leaves) < 2:
        return leaves[0] if leaves else sha256(b"").digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return sha256(b"\x01" + naive_root(leaves[:split]) + naive_root(leaves[split:])).digest()


def test_the_tree_has_the_published_roots() -> None:
    leaves = [sha256(b"\x00" + text).digest() for text in CT_INPUTS]
    frontier = Frontier()
    for leaf, root in zip(leaves, CT_ROOTS, strict=True):
        frontier.append(leaf)
        assert frontier.root().hex() == root
    assert Frontier().root() == EMPTY_ROOT == sha256(b"").digest()


@given(trees)
def test_the_frontier_grows_as_the_definition_says(leaves: list[bytes]) -> None:
    frontier = Frontier()
    for count, leaf in enumerate(leaves, 1):
        frontier.append(leaf)
        assert frontier.root() == naive_root(leaves[:count])
        assert len(frontier.peaks) == count.bit_count()
        frontier = Frontier.from_bytes(frontier.to_bytes())
    assert frontier.root() == root_of(leaves)


@given(trees, st.data())
def test_an_inclusion_proof_holds_for_its_leaf_alone(leaves: list[bytes], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(leaves) - 1))
    proof, root, size = inclusion_proof(leaves, index), naive_root(leaves), len(leaves)
    assert verify_inclusion(leaves[index], index, size, proof, root)
    wrong = data.draw(st.integers(-1, size).filter(lambda other: other != index))
    assert not verify_inclusion(leaves[index], wrong, size, proof, root)
    assert not verify_inclusion(data.draw(hashes), index, size, proof, root)
    assert not verify_inclusion(leaves[index], index, size, [*proof, GENESIS], root)
    for cut in range(len(proof)):
        assert not verify_inclusion(leaves[index], index, size, proof[:cut] + proof[cut + 1 :], root)


@given(trees, st.data())
def test_a_consistency_proof_holds_for_its_two_trees_alone(leaves: list[bytes], data: st.DataObject) -> None:
    first, size = data.draw(st.integers(1, len(leaves))), len(leaves)
    proof, old, new = consistency_proof(leaves, first), naive_root(leaves[:first]), naive_root(leaves)
    assert verify_consistency(first, old, size, new, proof)
    other = data.draw(hashes)
    assert not verify_consistency(first, other, size, new, proof)
    assert not verify_consistency(first, old, size, other, proof)
    assert not verify_consistency(first, old, size, new, [*proof, GENESIS])
    for cut in range(len(proof)):
        assert not verify_consistency(first, old, size, new, proof[:cut] + proof[cut + 1 :])


def test_proofs_of_what_does_not_exist_are_refused() -> None:
    leaves = [GENESIS] * 3
    for index in (-1, 3):
        with pytest.raises(InvalidProof, match="no leaf"):
            inclusion_proof(leaves, index)
    for first in (0, 4):
        with pytest.raises(InvalidProof, match="cannot extend"):
            consistency_proof(leaves, first)
    assert not verify_consistency(0, EMPTY_ROOT, 3, naive_root(leaves), [])
    assert not verify_consistency(3, GENESIS, 2, GENESIS, [])


@pytest.mark.parametrize("stored", [b"", bytes(7), bytes(7) + b"\x01", bytes(8) + b"x" * 32, bytes(7) + b"\x01short"])
def test_a_damaged_frontier_is_refused(stored: bytes) -> None:
    with pytest.raises(InvalidProof, match="a frontier is"):
        Frontier.from_bytes(stored)


@given(st.integers(0, 2**63), st.integers(0, 2**63), st.integers(0, 65_535), st.integers(0, 65_535), st.data())
def test_a_leaf_is_what_the_formula_says(
    position: int, at_us: int, kind: int, version: int, data: st.DataObject
) -> None:
    public, private, salt, evidence, reply = (data.draw(st.binary(max_size=40)) for _ in range(5))
    plain = b"\x00" + position.to_bytes(8, "big") + at_us.to_bytes(8, "big") + kind.to_bytes(2, "big")
    plain += version.to_bytes(2, "big")
    for part in (public, salt + private, evidence, reply):
        plain += sha256(part).digest()
    leaf = leaf_hash(position, at_us, kind, version, public, private, salt, evidence, reply)
    assert leaf == sha256(plain).digest()
    assert chain_hash(GENESIS, leaf) == sha256(b"\x02" + bytes(32) + leaf).digest()


def test_every_field_changes_the_leaf() -> None:
    plain = [b"public", b"private", b"salt", b"evidence", b"reply"]
    leaves = {
        leaf_hash(1, 2, 3, 4, *plain),
        leaf_hash(9, 2, 3, 4, *plain),
        leaf_hash(1, 9, 3, 4, *plain),
        leaf_hash(1, 2, 9, 4, *plain),
        leaf_hash(1, 2, 3, 9, *plain),
    }
    for index in range(5):
        parts = list(plain)
        parts[index] += b"x"
        leaves.add(leaf_hash(1, 2, 3, 4, *parts))
    assert len(leaves) == 10


KEY = SigningKey(bytes(range(32)))
PUBLIC = KEY.verify_key.encode()


def sign(text: bytes) -> bytes:
    return KEY.sign(text).signature


def verify(text: bytes, signature: bytes) -> bool:
    try:
        VerifyKey(PUBLIC).verify(text, signature)
    except (BadSignatureError, ValueError):
        return False
    return True


def test_a_signed_head_reads_back() -> None:
    note = sign_note(head_note("caisse.example/log", 42, GENESIS), "caisse.example/log", PUBLIC, sign)
    assert note.startswith(
        "caisse.example/log\n42\n" + base64.b64encode(GENESIS).decode() + "\n\n— caisse.example/log "
    )
    assert read_note(note, "caisse.example/log", PUBLIC, verify) == ("caisse.example/log", 42, GENESIS)


def test_the_keys_name_is_hashed_as_published() -> None:
    # The example of golang.org/x/mod/sumdb/note: PeterNeumann+c74f20a3+ARpc2Q...
    public = base64.b64decode("ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")[1:]
    assert key_id("PeterNeumann", public).hex() == "c74f20a3"
    text = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
    mark = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
    signature = base64.b64decode(mark)[4:]
    VerifyKey(public).verify(text.encode(), signature)
    assert sign_note(text, "PeterNeumann", public, lambda _: signature) == f"{text}\n— PeterNeumann {mark}\n"


@given(st.data())
def test_a_changed_note_is_never_believed(data: st.DataObject) -> None:
    note = sign_note(head_note("log", 7, sha256(b"root").digest()), "log", PUBLIC, sign)
    place = data.draw(st.integers(0, len(note) - 1))
    changed = note[:place] + data.draw(st.characters(codec="utf-8")) + note[place + 1 :]
    try:
        believed = read_note(changed, "log", PUBLIC, verify)
    except InvalidProof:
        return
    assert believed == read_note(note, "log", PUBLIC, verify)


@pytest.mark.parametrize(
    "text", ["log\n07\nAAAA\n", "log\nx\nAAAA\n", "log\n7\n!\n", "log\n7\nAAAA\n", "\n7\nAAAA\n", "log\n"]
)
def test_a_signed_text_that_is_no_head_is_refused(text: str) -> None:
    with pytest.raises(InvalidProof, match="a head"):
        read_note(sign_note(text, "log", PUBLIC, sign), "log", PUBLIC, verify)


def test_heads_and_notes_that_cannot_be_written_are_refused() -> None:
    for origin, size, root in (("", 1, GENESIS), ("a\nb", 1, GENESIS), ("log", -1, GENESIS), ("log", 1, b"short")):
        with pytest.raises(InvalidProof, match="a head names"):
            head_note(origin, size, root)
    for text, name in (("no end", "log"), ("text\n", "two words"), ("text\n", "")):
        with pytest.raises(InvalidProof, match="a note ends"):
            sign_note(text, name, PUBLIC, sign)
    with pytest.raises(InvalidProof, match="a signed head is"):
        read_note("x" * 5_000, "log", PUBLIC, verify)
