"""Law: an event comes out of the log as it went in, equal events are equal bytes, and nothing private is in the public part."""

import msgpack
import pytest
from hypothesis import given, strategies as st

from clearing.events.catalogue import EVENTS, Event
from clearing.events.codec import UnreadableEvent, decode, encode
from clearing.events.sales import RefundDecided, SaleDecided
from tests.events.making import example_of, random_value

events = st.one_of([random_value(event_type) for event_type in EVENTS])


@given(events)
def test_what_is_stored_comes_back_the_same(event: Event) -> None:
    form = encode(event)
    again = decode(*form)
    assert again == event
    assert type(again) is type(event)
    assert encode(again) == form


@given(events)
def test_both_parts_are_one_msgpack_array_each(event: Event) -> None:
    form = encode(event)
    assert isinstance(msgpack.unpackb(form.public), list)
    assert bool(form.private) == bool(getattr(type(event), "PRIVATE", ()))


@pytest.mark.parametrize("event_type", EVENTS, ids=[event_type.__name__ for event_type in EVENTS])
def test_each_type_makes_the_round_trip_with_every_field_filled(event_type: type[Event]) -> None:
    event = example_of(event_type)
    assert decode(*encode(event)) == event


@given(random_value(SaleDecided) | random_value(RefundDecided), st.text(st.characters(codec="ascii"), min_size=12, max_size=20))
def test_a_members_pseudonym_is_never_in_the_public_part(event: SaleDecided | RefundDecided, name: str) -> None:
    told = encode(event.__class__(**{field: getattr(event, field) for field in event.__slots__} | {"member": f"<{name}>"}))
    assert f"<{name}>".encode() in told.private
    assert f"<{name}>".encode() not in told.public


@given(st.sampled_from(EVENTS), st.binary(max_size=30), st.binary(max_size=30))
def test_stored_junk_is_unreadable_and_nothing_else(event_type: type[Event], public: bytes, private: bytes) -> None:
    try:
        event = decode(event_type.TYPE, 1, public, private)
    except UnreadableEvent:
        return
    assert isinstance(event, event_type)
