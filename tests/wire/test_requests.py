"""Law: a request is its op's exact keys in the one order with every value in range; the encoder writes nothing else."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import msgpack
import pytest
from hypothesis import given, strategies as st

from clearing.events.basket import Line
from clearing.values import CENTS_MAX, CaisseCode, CategoryId, Cents, OperationId, ProducerId
from clearing.wire.frame import MalformedFrame, pack
from clearing.wire.requests import (
    KEY_ORDER,
    ROWS,
    AmountsDoNotMatch,
    CardCode,
    CardUrl,
    NewKey,
    Op,
    Request,
    RequestLimits,
    Voucher,
    encode_request,
    parse_request,
)
from tests.wire.samples import LINES, sample_fields, sample_request, signed, signed_fields

OPTIONAL: Mapping[str, Any] = {
    "w": {"all_or_nothing": True}, "i": {"caisse": CaisseCode("nimes")}, "pr": {"price_choice": 70}, "pin": {"pin": b"sealed"},
    "lh": {"lh": bytes(32)}, "pc": {"pc": 3}, "ps": {"ps": Cents(900)},
}  # fmt: skip


def round_trip(request: Request) -> Request:
    return replace(parse_request(signed(encode_request(request)), request.op), digest=b"")


@pytest.mark.parametrize("op", Op)
def test_every_op_comes_back_as_it_was_written(op: Op) -> None:
    assert round_trip(sample_request(op)) == sample_request(op)


@pytest.mark.parametrize("op", Op)
def test_every_optional_key_comes_back_as_it_was_written(op: Op) -> None:
    changes: dict[str, Any] = {}
    for key in ROWS[op][1].split():
        changes |= OPTIONAL[key]
        request = sample_request(op, **changes)
        assert round_trip(request) == request
    everything = encode_request(sample_request(op, **changes))
    assert all(pack(key) in everything for key in ROWS[op][1].split())


@pytest.mark.parametrize("op", [Op.SALE, Op.AUTH])
@pytest.mark.parametrize("why", [1, 2, 3])
def test_offline_items_carry_what_the_card_was_let_pay(op: Op, why: int) -> None:
    let = (Cents(1000), Cents(0), Cents(10))
    request = sample_request(op, offline=why, offline_cents=Cents(1010), offline_lines=let)
    assert round_trip(request) == request


@pytest.mark.parametrize("op", Op)
def test_a_request_sent_to_the_path_of_another_op_is_malformed(op: Op) -> None:
    frame = signed(encode_request(sample_request(op)))
    for other in Op:
        if other is not op:
            with pytest.raises(MalformedFrame):
                parse_request(frame, other)


@pytest.mark.parametrize("op", Op)
def test_a_missing_required_key_is_malformed(op: Op) -> None:
    fields = decoded(encode_request(sample_request(op)))
    for key in fields:
        with pytest.raises(MalformedFrame):
            parse_request(signed(pack({k: v for k, v in fields.items() if k != key})), op)


@pytest.mark.parametrize("op", Op)
def test_a_key_of_another_op_is_malformed(op: Op) -> None:
    fields = decoded(encode_request(sample_request(op)))
    allowed = {*fields, *ROWS[op][1].split()}
    for key in [*KEY_ORDER, "zz"]:
        if key not in allowed:
            values: tuple[object, ...] = (0, 1, bytes(32), [])
            for value in values:
                with pytest.raises(MalformedFrame):
                    parse_request(signed(pack(ordered(fields | {key: value}))), op)


def test_keys_in_another_order_are_malformed() -> None:
    fields = sample_fields()
    assert parse_request(signed(pack(fields)), Op.SALE).n == 42
    keys = list(fields)
    for at in range(len(keys) - 1):
        swapped = [*keys[:at], keys[at + 1], keys[at], *keys[at + 2 :]]
        with pytest.raises(MalformedFrame):
            parse_request(signed(pack({key: fields[key] for key in swapped})), Op.SALE)


@pytest.mark.parametrize(
    ("key", "values"),
    [
        ("t", ["auth", "SALE", "", b"sale", 1, None, ["sale"]]),
        ("m", [b"", bytes(7), bytes(9), "a" * 8, 1]),
        ("e", [-1, 1 << 31, 1.0, True, "1", b"1"]),
        ("n", [-1, 1 << 53, (1 << 64) - 1, 1.0, True, "1"]),
        ("x", [bytes(15), bytes(17), "x" * 16, 0]),
        ("ts", [-1, 253_402_300_800_000, (1 << 64) - 1, 1.7e12, True]),
        ("a", [-1, 0, CENTS_MAX + 1, 1250.0, True, "1250"]),
        ("cu", ["840", 978, "", b"978"]),
        ("k", [{}, {"p": bytes(16)}, {"c": bytes(8)}, {"c": bytes(8), "p": bytes(16)}, {"p": bytes(15), "c": bytes(8)},
               {"p": bytes(16), "c": bytes(9)}, {"p": "p" * 16, "c": bytes(8)}, {"v": b""}, {"v": bytes(1025)}, {"q": ""},
               {"q": "a b"}, {"q": "é"}, {"q": "x" * 65}, {"q": b"x"}, {"v": b"v", "q": "q"}, {"z": 1}, [], 1, "k"]),
        ("l", [[], {}, 1, [1], ["VEG", 1250], [["VEG"]], [[]], [["VEG", 1250, None]], [["VEG", 1250, "p", None]],
               [["VEG", 1250, "p", None, 1, 1]], [["VEG", -1250]], [["VEG", 1250.0]], [["VEG", True]], [["", 1250]],
               [["a b", 1250]], [["é", 1250]], [["x" * 33, 1250]], [[b"VEG", 1250]], [["VEG", 1250, ""]], [["VEG", 1250, 1]],
               [["VEG", 1250, "x" * 65]], [["VEG", 1250, None, "Not An Id"]], [["VEG", 1250, None, 1]],
               [["VEG", 1250, None, None, 0]], [["VEG", 1250, None, None, -1]], [["VEG", 1250, None, None, 1_000_000_001]],
               [["VEG", 1250, None, None, 1.5]], [["VEG", 1250], ["VEG", 0]], [["VEG", 1249]], [["VEG", 1251]]]),
        ("o", [-1, 4, 1, 2, 3, True, 0.0, "0"]),
        ("pv", [-1, 1 << 31, True, "7"]),
        ("h", [bytes(31), bytes(33), "h" * 32, 0]),
        ("w", [0, 2, True]),
        ("i", ["", "Nimes", "n" * 41, 1]),
        ("pr", [0, 1_001, True, 70.0]),
        ("pin", [b"", bytes(257), "1234"]),
        ("lh", [b"", bytes(31)]),
        ("pc", [-1, True]),
        ("ps", [-1, CENTS_MAX + 1]),
    ],
)  # fmt: skip
def test_a_value_out_of_its_type_or_range_is_malformed(key: str, values: list[object]) -> None:
    for value in values:
        with pytest.raises(MalformedFrame):
            parse_request(signed(pack_loosely(ordered(sample_fields() | {key: value}))), Op.SALE)


@pytest.mark.parametrize(
    "changes",
    [
        {"o": 1},
        {"o": 0, "oa": 0, "ol": [0]},
        {"o": 1, "oa": 5},
        {"o": 1, "ol": [0]},
        {"o": 1, "oa": 5, "ol": [4]},
        {"o": 1, "oa": 5, "ol": [5, 0]},
        {"o": 1, "oa": 1251, "ol": [1251]},
        {"o": 1, "oa": 0, "ol": []},
        {"o": 1, "oa": 5, "ol": [5.0]},
        {"o": 1, "oa": 5, "ol": 5},
    ],
)
def test_offline_amounts_that_do_not_fit_are_malformed(changes: dict[str, object]) -> None:
    with pytest.raises(MalformedFrame):
        parse_request(signed(pack_loosely(ordered(sample_fields() | changes))), Op.SALE)
    assert (
        parse_request(signed(pack(ordered(sample_fields() | {"o": 1, "oa": 5, "ol": [5]}))), Op.SALE).offline_cents == 5
    )


def test_lines_that_do_not_sum_are_told_apart_from_other_faults() -> None:
    with pytest.raises(AmountsDoNotMatch):
        parse_request(signed_fields(a=1249), Op.SALE)
    with pytest.raises(MalformedFrame) as fault:
        parse_request(signed_fields(a=-1), Op.SALE)
    assert not isinstance(fault.value, AmountsDoNotMatch)


def test_more_lines_than_the_limit_are_malformed() -> None:
    hundred = signed_fields(a=100, l=[["VEG", 1]] * 100)
    assert len(parse_request(hundred, Op.SALE).lines) == 100
    with pytest.raises(MalformedFrame):
        parse_request(signed_fields(a=101, l=[["VEG", 1]] * 101), Op.SALE)
    with pytest.raises(MalformedFrame):
        parse_request(hundred, Op.SALE, RequestLimits(lines_max=99))
    with pytest.raises(MalformedFrame, match="at most 10 lines"):
        parse_request(signed_fields(a=11, l=[["VEG", 1]] * 11), Op.SALE, RequestLimits(lines_max=10))


def test_a_capture_of_nothing_releases_the_hold_and_a_sale_of_nothing_is_malformed() -> None:
    nothing = {"amount_cents": Cents(0), "lines": ()}
    assert round_trip(sample_request(Op.CAP, **nothing)).amount_cents == 0
    for op in (Op.SALE, Op.REF, Op.DRAW):
        with pytest.raises(MalformedFrame):
            encode_request(sample_request(op, **nothing))


def test_a_terminal_never_writes_what_the_door_would_refuse() -> None:
    for wrong in (
        {"amount_cents": Cents(1)},
        {"card": None},
        {"offline": 4},
        {"n": -1},
        {"offline": 1},
        {"previous": b""},
    ):
        with pytest.raises(MalformedFrame):
            encode_request(sample_request(Op.SALE, **wrong))
    with pytest.raises(MalformedFrame):
        encode_request(sample_request(Op.ROTATE, new_key=NewKey(bytes(32), b"")))


def test_the_digest_is_the_identity_of_the_payload() -> None:
    one, other = signed_fields(), signed_fields(n=43)
    assert parse_request(one, Op.SALE).digest == one.digest != other.digest
    assert len(one.digest) == 32


graphic = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=32)
idents = st.from_regex(r"[a-z0-9][a-z0-9._-]{0,39}", fullmatch=True)
some_lines = st.lists(
    st.builds(
        Line,
        category=graphic.map(CategoryId),
        amount_cents=st.integers(1, 10**8).map(Cents),
        product=st.none() | graphic,
        payee=st.none() | idents.map(ProducerId),
        qty_milli=st.none() | st.integers(1, 10**9),
    ),
    min_size=1,
    max_size=30,
).map(tuple)
cards = (
    st.builds(CardUrl, st.binary(min_size=16, max_size=16), st.binary(min_size=8, max_size=8))
    | st.builds(Voucher, st.binary(min_size=1, max_size=200))
    | st.builds(CardCode, graphic)
)


@given(
    some_lines,
    cards,
    st.binary(min_size=16, max_size=16).map(OperationId),
    st.integers(0, (1 << 53) - 1),
    st.booleans(),
)
def test_any_sale_comes_back_as_it_was_written(
    lines: tuple[Line, ...], card: CardUrl | Voucher | CardCode, x: OperationId, n: int, whole: bool
) -> None:
    total = Cents(sum(line.amount_cents for line in lines))
    request = sample_request(Op.SALE, lines=lines, amount_cents=total, card=card, x=x, n=n, all_or_nothing=whole)
    assert round_trip(request) == request


def test_the_sample_lines_are_three_forms_of_a_line() -> None:
    fields = decoded(encode_request(sample_request(Op.SALE)))
    assert [len(line) for line in fields["l"]] == [2, 4, 5]
    assert sum(line.amount_cents for line in LINES) == fields["a"]


def decoded(payload: bytes) -> dict[str, Any]:
    fields = msgpack.unpackb(payload)
    assert isinstance(fields, dict)
    return fields


def pack_loosely(fields: dict[str, object]) -> bytes:
    """As an attacker packs: also what our own encoder has no form for."""
    payload = msgpack.packb(fields)
    assert isinstance(payload, bytes)
    return payload


def ordered(fields: dict[str, object]) -> dict[str, object]:
    """The fields in the one global order, unknown keys last."""
    places = {key: place for place, key in enumerate(KEY_ORDER)}
    return dict(sorted(fields.items(), key=lambda item: places.get(item[0], 99)))
