"""Law: what a gateway parsed and what the writer makes of the same bytes again are equal, for every operation and form."""

from typing import Any

import pytest
from hypothesis import given, strategies as st

from clearing.events.basket import Line
from clearing.values import CENTS_MAX, CaisseCode, CategoryId, Cents, OperationId, ProducerId
from clearing.wire.fields import COUNTER_MAX, TIME_MS_MAX, TimeMs
from clearing.wire.frame import MalformedFrame
from clearing.wire.requests import (
    ROWS,
    CardCode,
    CardUrl,
    Op,
    Request,
    Voucher,
    encode_request,
    op_of,
    parse_request,
    request_again,
)
from tests.wire.samples import sample_request, signed

CENTS = st.integers(1, CENTS_MAX // 200)
LINES = st.builds(
    lambda category, cents, product, payee, qty: Line(
        category=CategoryId(category), amount_cents=Cents(cents), product=product,
        payee=None if payee is None else ProducerId(payee), qty_milli=qty,
    ),
    st.sampled_from(["fruit-veg", "staple", "animal", "pain-au-levain"]), CENTS,
    st.none() | st.sampled_from(["3017620422003", "carotte"]), st.none() | st.just("ferme-du-lac"),
    st.none() | st.integers(1, 1_000_000_000),
)
CARDS = st.one_of(
    st.builds(CardUrl, st.binary(min_size=16, max_size=16), st.binary(min_size=8, max_size=8)),
    st.builds(Voucher, st.binary(min_size=1, max_size=200)),
    st.builds(CardCode, st.sampled_from(["ABCD-1234", "q"])),
)
OPTIONAL: dict[str, tuple[str, st.SearchStrategy[Any]]] = {
    "w": ("all_or_nothing", st.just(True)),
    "i": ("caisse", st.just(CaisseCode("autre"))),
    "pr": ("price_choice", st.integers(1, 1_000)),
    "pin": ("pin", st.binary(min_size=1, max_size=256)),
    "lh": ("lh", st.binary(min_size=32, max_size=32)),
    "pc": ("pc", st.integers(1, 1_000_000)),
    "ps": ("ps", st.integers(1, CENTS_MAX).map(Cents)),
}


@st.composite
def requests(draw: st.DrawFn) -> Request:
    op = draw(st.sampled_from(list(Op)))
    required, optional = (set(keys.split()) for keys in ROWS[op])
    changes: dict[str, Any] = {
        "n": draw(st.integers(0, COUNTER_MAX)),
        "x": OperationId(draw(st.binary(min_size=16, max_size=16))),
        "ts_ms": TimeMs(draw(st.integers(0, TIME_MS_MAX))),
    }
    if "l" in required:
        lines = tuple(draw(st.lists(LINES, min_size=0 if op is Op.CAP else 1, max_size=6)))
        changes |= {"lines": lines, "amount_cents": Cents(sum(line.amount_cents for line in lines))}
    if "k" in required:
        changes["card"] = draw(CARDS)
    for key in sorted(optional & OPTIONAL.keys()):
        name, values = OPTIONAL[key]
        if draw(st.booleans()):
            changes[name] = draw(values)
    if "o" in required and draw(st.booleans()):
        let = tuple(Cents(draw(st.integers(0, line.amount_cents))) for line in changes["lines"])
        changes |= {"offline": draw(st.integers(1, 3)), "offline_lines": let, "offline_cents": Cents(sum(let))}
    return sample_request(op, **changes)


@given(requests())
def test_a_request_made_again_is_the_one_that_was_parsed(request: Request) -> None:
    frame = signed(encode_request(request))
    parsed = parse_request(frame, request.op)
    again = request_again(frame, request.op)
    assert again == parsed
    assert vars(again) == vars(parsed)
    assert {name: getattr(again, name) for name in NAMES} == {name: getattr(request, name) for name in NAMES}
    assert again.digest == frame.digest


NAMES = [name for name in Request.__dataclass_fields__ if name != "digest"]


@given(requests())
def test_a_payload_says_its_operation_where_no_path_does(request: Request) -> None:
    assert op_of(encode_request(request)) is request.op


@pytest.mark.parametrize("payload", [b"", b"\x81", b"\x81\xa1t\xa4sole", b"\x81\xa1m\xa4sale", b"sale"])
def test_a_payload_that_says_none_is_malformed(payload: bytes) -> None:
    with pytest.raises(MalformedFrame, match="a request opens with 't'"):
        op_of(payload)


@pytest.mark.parametrize("op", Op)
def test_an_operation_is_not_taken_for_another(op: Op) -> None:
    frame = signed(encode_request(sample_request(op)))
    for other in Op:
        if other is not op:
            with pytest.raises(MalformedFrame):
                parse_request(frame, other)
