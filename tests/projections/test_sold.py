"""Law: what is read of a sale without making its event is what the event says, whatever a sale may look like."""

from collections import Counter, defaultdict
from datetime import date
from typing import Any

import pytest
from hypothesis import given, strategies as st

from clearing.events.basket import Line, Share
from clearing.events.catalogue import EVENTS, Event
from clearing.events.codec import UnreadableEvent, encode, plain, stored_names
from clearing.events.records import field_names
from clearing.events.sales import SaleDecided
from clearing.projections.operations import operation
from clearing.projections.owed import per_payee
from clearing.projections.sold import Sold
from clearing.rules.ledger.postings import Origins, legs
from clearing.rules.selling.returns import purse_of
from tests.events.making import example_of, random_value

DAY = date(2026, 9, 5)
FEW = st.sampled_from(("farm", "mill", "fund:pool", "purse:credit", "purse:own", "fund:tier"))
"""So few names that accounts, payers and producers meet again and again, within a sale and between sales."""
cents = st.integers(0, 5)
lines = st.lists(random_value(Line), min_size=1, max_size=3).map(tuple)
shares = st.lists(st.builds(
    Share, line=st.just(0), payer=FEW, step=st.sampled_from(("tariff", "payer", "surplus")), source=FEW, rate=cents,
    cents=cents, payee=FEW, lots=random_value(Share).map(lambda share: share.lots),
), max_size=5).map(tuple)  # fmt: skip


@st.composite
def some_sales(draw: st.DrawFn) -> list[SaleDecided]:
    fields = field_names(SaleDecided)
    found = []
    for _ in range(draw(st.integers(1, 4))):
        sale = draw(random_value(SaleDecided))
        changed = {"lines": draw(lines), "shares": draw(shares), "op": sale.op._replace(producer=draw(FEW))}
        found.append(SaleDecided(**{name: getattr(sale, name) for name in fields} | changed))
    return found


def three() -> list[int]:
    return [0, 0, 0]


def read(sales: list[SaleDecided]) -> Sold:
    sold = Sold(DAY)
    forms = [encode(sale) for sale in sales]
    sold.take((at, form.schema_version, form.public, form.private) for at, form in enumerate(forms, 7))
    return sold


@given(some_sales())
def test_sums_of_sales_are_what_their_events_say(sales: list[SaleDecided]) -> None:
    sold = read(sales)
    paid, answers, accounts = Counter[Any](), defaultdict[str, list[int]](three), defaultdict[str, list[int]](three)
    for sale in sales:
        done = operation(sale)
        assert done is not None
        answer = answers[done.code]
        answer[:] = [answer[0] + 1, answer[1] + done.amount_cents, answer[2] + done.approved_cents]
        for share in sale.shares:
            paid[share.step, share.payer, share.source, sale.lines[share.line].category] += share.cents
        for account, moved in legs(sale, Origins()).items():
            sums = accounts[account]
            sums[:] = [sums[0] + max(moved, 0), sums[1] + max(-moved, 0), sums[2] + 1]
    assert (sold.paid, sold.answers) == (paid, answers)
    owed = {f"owed:{who}": [0, one.captured_cents, one.postings] for who, one in sold.taken.items() if one.postings}
    assert sold.accounts | owed == accounts


@given(some_sales())
def test_each_producer_took_what_the_shares_say_and_knows_the_operations(sales: list[SaleDecided]) -> None:
    sold = read(sales)
    taken, captures, positions = Counter[str](), Counter[str](), defaultdict(list)
    for at, sale in enumerate(sales, 7):
        found = per_payee(sale.shares)
        taken.update(found)
        captures.update(found.keys())
        for producer in {sale.op.producer, *found}:
            positions[producer].append(at)
    assert {who: one.positions for who, one in sold.taken.items()} == positions
    assert {who: one.captured_cents for who, one in sold.taken.items()} == {who: taken[who] for who in positions}
    assert {who: one.captures for who, one in sold.taken.items()} == {who: captures[who] for who in positions}


@given(some_sales())
def test_a_row_says_what_a_sale_is_found_by_and_what_left_its_members_purses(sales: list[SaleDecided]) -> None:
    for at, (sale, row) in enumerate(zip(sales, read(sales).rows, strict=True), 7):
        done = operation(sale)
        assert done is not None
        expected = (at, DAY, done.code, done.op.producer, done.op.terminal, done.op.x, done.card, done.member)
        assert row[:8] == expected
        used = Counter[Any]()
        for share in sale.shares:
            purse = purse_of(share.source)
            for use in share.lots if purse is not None and sale.member is not None else ():
                used[purse, use.lot] += use.cents
        if not any("\x1f" in text or "\x1e" in text for _, text in used):
            told = [] if row[8] is None else [use.split("\x1f") for use in str(row[8]).split("\x1e")]
            assert {(purse, lot): int(took) for purse, lot, took in told} == used


@given(st.one_of([random_value(event_type) for event_type in EVENTS]))
def test_plain_values_are_the_fields_as_they_are_stored(event: Event) -> None:
    form = encode(event)
    public, private = plain(type(event), form.schema_version, form.public, form.private)
    names = [name for part in stored_names(type(event)) for name in part]
    assert sorted(names) == sorted(field_names(type(event)))
    for name, value in zip(names, (*public, *private), strict=True):
        assert _bare(getattr(event, name)) == _bare(value)


def _bare(value: Any) -> Any:
    """Records as tuples of their fields."""
    if isinstance(value, tuple):
        return tuple(_bare(one) for one in value)
    if hasattr(value, "__dataclass_fields__"):
        return tuple(_bare(getattr(value, name)) for name in field_names(type(value)))
    return value


@pytest.mark.parametrize(("version", "public"), [(2, b""), (1, b"\x90"), (1, b"\x07"), (1, b"\x9f")])
def test_a_body_of_another_form_is_unreadable(version: int, public: bytes) -> None:
    form = encode(example_of(SaleDecided))
    with pytest.raises(UnreadableEvent, match="SaleDecided"):
        plain(SaleDecided, version, public or form.public, form.private)
