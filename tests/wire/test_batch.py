"""Law: a batch is one canonical frame of at most 200 items; what its signature covers is its own key's requests only."""

from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, strategies as st

from clearing.values import OperationId
from clearing.wire.batch import (
    BATCH_BYTES_MAX,
    ITEMS_MAX,
    Batch,
    batch_item,
    encode_batch_answer,
    item_evidence,
    parse_batch,
    read_batch_answer,
    read_item_evidence,
    seal_batch,
)
from clearing.wire.fields import TimeMs
from clearing.wire.frame import FrameType, MalformedFrame, canonical_map, cut_envelopes, open_envelope, pack
from clearing.wire.requests import Op, encode_request
from clearing.wire.signature import BadSignature, VerifiedFrame, covered_by_batch, verify
from tests.wire.samples import KEY, NEXT_KEY, TERMINAL, X, sample_request, signed

ITEM = KEY.sign_envelope(FrameType.TERM_REQ, encode_request(sample_request(Op.SALE)))


def sample_batch(**changes: Any) -> Batch:
    batch = Batch(
        terminal=TERMINAL, epoch=3, n=43, x=X, ts_ms=TimeMs(1_700_000_000_000), items=(ITEM, b"no envelope", ITEM),
        previous=bytes(range(32)),
    )
    return replace(batch, **changes)


def verified(raw: bytes) -> VerifiedFrame:
    return verify(open_envelope(raw, frame_bytes_max=BATCH_BYTES_MAX), FrameType.TERM_BATCH, KEY.public)


def fields_of(batch: Batch) -> dict[str, Any]:
    return canonical_map(open_envelope(seal_batch(KEY, batch), frame_bytes_max=BATCH_BYTES_MAX).payload, items_max=ITEMS_MAX)


def refused(fields: dict[str, Any]) -> None:
    with pytest.raises(MalformedFrame):
        parse_batch(signed(pack(fields), FrameType.TERM_BATCH))


def test_a_batch_comes_back_as_it_was_written() -> None:
    assert parse_batch(verified(seal_batch(KEY, sample_batch()))) == sample_batch()


def test_keys_stand_in_their_one_order_and_none_is_missing_or_strange() -> None:
    fields = fields_of(sample_batch())
    assert " ".join(fields) == "t m e n x ts items h"
    for key in fields:
        refused({name: value for name, value in fields.items() if name != key})
    refused(dict(reversed(fields.items())))
    refused({**fields, "z": 1})
    refused({**fields, "t": "sale"})


@pytest.mark.parametrize("count", [1, ITEMS_MAX])
def test_up_to_200_items_are_taken(count: int) -> None:
    batch = sample_batch(items=(ITEM,) * count)
    assert len(parse_batch(verified(seal_batch(KEY, batch))).items) == count


@pytest.mark.parametrize("items", [[], [b"i"] * (ITEMS_MAX + 1), ["text"], [b"i", None], [[b"i"]], b"i", {}])
def test_other_lists_of_items_are_refused(items: object) -> None:
    refused({**fields_of(sample_batch()), "items": items})


@pytest.mark.parametrize("wrong", [{"m": b"short"}, {"e": -1}, {"n": "1"}, {"x": b""}, {"ts": 1.5}, {"h": bytes(31)}])
def test_every_value_is_judged(wrong: dict[str, Any]) -> None:
    refused({**fields_of(sample_batch()), **wrong})


def test_a_batch_has_at_most_256_kib() -> None:
    batch = sample_batch(items=(bytes(2_000),) * 140)
    with pytest.raises(MalformedFrame, match=f"at most {BATCH_BYTES_MAX} are taken"):
        verified(seal_batch(KEY, batch))


def test_a_batch_is_no_request_and_a_request_no_batch() -> None:
    raw = seal_batch(KEY, sample_batch())
    with pytest.raises(BadSignature):
        verify(open_envelope(raw, frame_bytes_max=BATCH_BYTES_MAX), FrameType.TERM_REQ, KEY.public)
    with pytest.raises(BadSignature):
        verify(open_envelope(ITEM, frame_bytes_max=4_096), FrameType.TERM_BATCH, KEY.public)


def test_an_items_own_signature_is_not_looked_at_and_everything_else_is() -> None:
    batch = verified(seal_batch(KEY, sample_batch()))
    unsigned = ITEM[:-64] + bytes(64)
    frame = covered_by_batch(batch_item(unsigned, KEY.kid, frame_bytes_max=4_096), batch)
    single = verify(open_envelope(ITEM, frame_bytes_max=4_096), FrameType.TERM_REQ, KEY.public)
    assert (frame.kid, frame.frame_type, frame.payload, frame.digest) == (
        single.kid, single.frame_type, single.payload, single.digest
    )
    assert frame.raw == unsigned


def test_a_batch_covers_no_other_key_and_only_a_batch_covers() -> None:
    strange = open_envelope(NEXT_KEY.sign_envelope(FrameType.TERM_REQ, b"payload"), frame_bytes_max=4_096)
    with pytest.raises(BadSignature):
        covered_by_batch(strange, verified(seal_batch(KEY, sample_batch())))
    with pytest.raises(MalformedFrame, match="signed by the key that signed the batch"):
        batch_item(NEXT_KEY.sign_envelope(FrameType.TERM_REQ, b"payload"), KEY.kid, frame_bytes_max=4_096)
    mine = open_envelope(ITEM, frame_bytes_max=4_096)
    for other in FrameType:
        if other is not FrameType.TERM_BATCH:
            with pytest.raises(BadSignature):
                covered_by_batch(mine, signed(b"payload", other))


@given(st.binary(min_size=32, max_size=32), st.integers(0, ITEMS_MAX - 1))
def test_where_an_items_evidence_stands_comes_back(digest: bytes, index: int) -> None:
    assert read_item_evidence(item_evidence(digest, index)) == (digest, index)


def test_a_frame_of_its_own_is_no_place_in_a_batch() -> None:
    assert read_item_evidence(ITEM) is None
    assert read_item_evidence(b"") is None


@pytest.mark.parametrize("bent", [
    item_evidence(bytes(32), ITEMS_MAX), item_evidence(bytes(32), 3) + b"\x00", item_evidence(bytes(32), 3)[:-1],
    b"\x93\x02\xc4\x20" + bytes(32) + b"\xcc\x03", b"\x93\x02\xc4\x20",
])  # fmt: skip
def test_evidence_has_one_form(bent: bytes) -> None:
    with pytest.raises(MalformedFrame):
        read_item_evidence(bent)


@given(st.binary(max_size=80))
def test_no_evidence_raises_anything_but_malformed(raw: bytes) -> None:
    for candidate in (raw, b"\x93\x02\xc4\x20" + raw):
        try:
            read_item_evidence(candidate)
        except MalformedFrame:
            continue


def test_an_answer_comes_back_item_by_item() -> None:
    items: list[bytes | dict[str, object]] = [b"reply", {"st": 400, "rc": "30", "why": "Not a message"}, b"another"]
    assert read_batch_answer(encode_batch_answer(items)) == items
    for strange in ({"t": "batch", "items": [1]}, {"t": "batch", "items": []}, {"t": "x", "items": [b""]}, {"items": [b""]}):
        with pytest.raises(MalformedFrame):
            read_batch_answer(pack(strange))


@given(st.lists(st.binary(max_size=400), max_size=12))
def test_envelopes_back_to_back_are_told_apart(payloads: list[bytes]) -> None:
    frames = [KEY.sign_envelope(FrameType.TERM_REQ, payload) for payload in payloads]
    assert cut_envelopes(b"".join(frames)) == frames


@pytest.mark.parametrize("payload_bytes", [0, 255, 256, 65_535, 65_536])
def test_lengths_of_every_form_are_told_apart(payload_bytes: int) -> None:
    frame = KEY.sign_envelope(FrameType.TERM_REQ, bytes(payload_bytes))
    assert cut_envelopes(frame * 3) == [frame] * 3


def test_what_ends_too_early_or_is_no_envelope_is_malformed() -> None:
    frame = KEY.sign_envelope(FrameType.TERM_REQ, b"payload")
    for cut in range(1, len(frame)):
        with pytest.raises(MalformedFrame):
            cut_envelopes(frame + frame[:cut])
    with pytest.raises(MalformedFrame):
        cut_envelopes(frame + b"junk" * 40)


@given(st.binary(max_size=300))
def test_cutting_raises_nothing_but_malformed_and_loses_no_byte(raw: bytes) -> None:
    with suppress(MalformedFrame):
        assert b"".join(cut_envelopes(raw)) == raw


def test_a_batch_of_another_operation_id_is_another_batch() -> None:
    one, other = (seal_batch(KEY, sample_batch(x=OperationId(bytes([number] * 16)))) for number in (1, 2))
    assert verified(one).digest != verified(other).digest
