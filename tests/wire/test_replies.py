"""Law: replies and commands come back as they were written; what a reader does not know is a decline, never an approval."""

from typing import Any

import pytest
from hypothesis import given, strategies as st

from clearing.events.codes import Code
from clearing.values import Cents, PersonId
from clearing.wire.commands import (
    COMMAND_BYTES_MAX,
    CommandReply,
    encode_command,
    encode_command_reply,
    parse_command,
    parse_command_reply,
    person_number,
)
from clearing.wire.fields import TimeMs
from clearing.wire.frame import FrameType, MalformedFrame, canonical_map, open_envelope, pack
from clearing.wire.replies import TimeReply, encode_reply, encode_time, parse_reply, parse_time
from clearing.wire.signature import verify
from tests.wire.samples import KEY, TERMINAL, X, sample_command, sample_reply, signed

FULL = {
    "aa": Cents(900),
    "al": (Cents(900), Cents(0)),
    "ac": "A1B2C3",
    "li": "fund",
    "cmd": ("sync", "rotate"),
    "lh": bytes(32),
}


@pytest.mark.parametrize("code", Code)
def test_every_reply_comes_back_as_it_was_written(code: Code) -> None:
    for reply in (sample_reply(rc=code), sample_reply(rc=code, **FULL), sample_reply(rc=code, al=(), aa=Cents(0))):
        assert parse_reply(encode_reply(reply)) == reply


def test_the_keys_of_a_reply_stand_in_the_documented_order() -> None:
    fields = canonical_map(encode_reply(sample_reply(**FULL)), items_max=100)
    assert " ".join(fields) == "t m e n x rq rc aa al ac li st sq lh cmd"


def test_an_unknown_code_is_a_decline() -> None:
    payload = encode_reply(sample_reply()).replace(pack("rc") + pack("00"), pack("rc") + pack("0Z"))
    assert parse_reply(payload).rc is Code.DECLINED


@pytest.mark.parametrize(
    "changes",
    [
        {"sq": -1}, {"rq": b""}, {"aa": 1.0}, {"aa": -1}, {"li": "bank"}, {"cmd": None}, {"t": "x"}, {"st": True}, {"zz": 1},
        {"al": [True]}, {"cmd": []}, {"rc": "000"}, {"rc": 0},
    ],
)  # fmt: skip
def test_a_reply_with_another_key_or_value_is_malformed(changes: dict[str, object]) -> None:
    fields: dict[str, object] = {
        "t": "resp", "m": TERMINAL, "e": 3, "n": 1, "x": X, "rq": bytes(32), "rc": "00", "aa": 1, "al": [1],
        "ac": "x", "li": "fund", "st": 5, "sq": 1, "lh": bytes(32), "cmd": ["sync"],
    }  # fmt: skip
    assert parse_reply(pack(fields)).sq == 1
    with pytest.raises(MalformedFrame):
        parse_reply(pack(fields | changes))


def test_a_reply_without_a_required_key_is_malformed() -> None:
    for key in ("t", "m", "e", "n", "x", "rq", "rc", "st", "sq", "lh"):
        cut = encode_reply(sample_reply())
        fields = {k: v for k, v in reply_fields().items() if k != key}
        assert pack(reply_fields()) == cut
        with pytest.raises(MalformedFrame):
            parse_reply(pack(fields))


def reply_fields() -> dict[str, Any]:
    reply = sample_reply()
    return {"t": "resp", "m": reply.m, "e": reply.e, "n": reply.n, "x": reply.x, "rq": reply.rq, "rc": "00",
            "st": reply.st, "sq": reply.sq, "lh": reply.lh}  # fmt: skip


def test_the_time_reply_is_bound_to_its_nonce() -> None:
    reply = TimeReply(nonce=bytes(range(16)), st_ms=TimeMs(1_700_000_000_000))
    assert parse_time(encode_time(reply)) == reply
    with pytest.raises(MalformedFrame):
        parse_time(pack({"st": 1, "nonce": bytes(16)}))


bodies = st.dictionaries(
    st.text(max_size=9),
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-(1 << 63), (1 << 64) - 1)
        | st.text(max_size=9)
        | st.binary(max_size=9),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
        max_leaves=8,
    ).filter(lambda value: "[[[[[[[" not in repr(value) and repr(value).count("{") < 7),
    max_size=6,
)


@given(bodies)
def test_any_command_comes_back_as_it_was_written(body: dict[str, object]) -> None:
    command = sample_command(body=body)
    frame = signed(encode_command(command), FrameType.PERSON_CMD)
    assert parse_command(frame) == sample_command(body=body, digest=frame.digest)


@pytest.mark.parametrize("wrong", [{"body": {"a": 1.5}}, {"body": {1: 2}}, {"verb": "Not A Verb"}, {"caisse": ""}, {"n": -1},
                                   {"body": {"a": [[[[[[[[1]]]]]]]]}}])  # fmt: skip
def test_a_command_that_has_no_form_is_malformed(wrong: dict[str, Any]) -> None:
    with pytest.raises(MalformedFrame):
        encode_command(sample_command(**wrong))


def test_a_body_may_be_eight_levels_deep() -> None:
    deep = {"a": [[[[[[[1]]]]]]]}
    assert parse_command(signed(encode_command(sample_command(body=deep)), FrameType.PERSON_CMD)).body == deep


def test_a_command_for_a_whole_caisse_fits_its_own_limit() -> None:
    cards = [{"card": bytes(16), "member": f"m{number:05d}"} for number in range(20_000)]
    raw = KEY.sign_envelope(FrameType.PERSON_CMD, encode_command(sample_command(body={"cards": cards})))
    frame = verify(open_envelope(raw, frame_bytes_max=COMMAND_BYTES_MAX), FrameType.PERSON_CMD, KEY.public)
    assert parse_command(frame).body == {"cards": cards}


def test_a_command_reply_comes_back_with_what_to_do_next() -> None:
    reply = CommandReply(
        m=person_number(PersonId("odile")),
        e=1,
        n=5,
        x=X,
        rq=bytes(32),
        rc=Code.NOT_ALLOWED_NOW,
        why="Batch 4 is closed by you; ask another person to approve it.",
        out={"batch": 4, "lines": [["ferme-du-lac", 1250]]},
        st=TimeMs(1_700_000_000_000),
        sq=9,
    )
    assert parse_command_reply(encode_command_reply(reply)) == reply
    with pytest.raises(MalformedFrame):
        parse_reply(encode_command_reply(reply))


def test_a_person_has_a_number_that_follows_from_the_id_alone() -> None:
    assert person_number(PersonId("odile")) == person_number(PersonId("odile")) != person_number(PersonId("marc"))
    assert len(person_number(PersonId("odile"))) == 8
