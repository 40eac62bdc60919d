"""Every form in which an event was ever stored is read for ever, with the values it was stored with."""

from typing import Any

import pytest

from clearing.events.catalogue import EVENTS
from clearing.events.codec import UnreadableEvent, decode, encode
from clearing.events.settlement import BatchClosed
from tests.events.making import plain
from tests.golden.write_golden import missing, stored

ENTRIES = stored()
_VERSIONS = {event_type.TYPE: getattr(event_type, "SCHEMA", 1) for event_type in EVENTS}


def test_every_type_has_its_current_version_stored() -> None:
    assert not missing(ENTRIES), "run: python -m tests.golden.write_golden, and commit what it added"


def of_then(said: Any, stored_fields: Any) -> Any:
    """What is said today, without fields that came later, in records within it too."""
    if isinstance(stored_fields, dict):
        return {name: of_then(said[name], value) for name, value in stored_fields.items()}
    if isinstance(stored_fields, list):
        return [of_then(one, value) for one, value in zip(said, stored_fields, strict=True)]
    return said


@pytest.mark.parametrize("name", ENTRIES)
def test_a_stored_event_is_decoded_to_what_was_said(name: str) -> None:
    entry = ENTRIES[name]
    event = decode(entry["type"], entry["schema_version"], bytes.fromhex(entry["public"]), bytes.fromhex(entry["private"]))
    said: dict[str, Any] = plain(event)
    assert of_then(said, entry["fields"]) == entry["fields"]
    assert _of_then(said, entry["fields"]) == entry["fields"]
    assert type(event).__name__ == name.split(maxsplit=1)[0]


def _of_then(said: Any, stored_then: Any) -> Any:
    """What is said now of the fields that there were when it was stored, in records of records too."""
    if isinstance(stored_then, dict):
        return {field: _of_then(said[field], value) for field, value in stored_then.items()}
    if isinstance(stored_then, list):
        return [_of_then(one, value) for one, value in zip(said, stored_then, strict=True)]
    return said


@pytest.mark.parametrize("name", ENTRIES)
def test_an_event_of_the_current_version_is_stored_in_the_same_bytes_again(name: str) -> None:
    entry = ENTRIES[name]
    if entry["schema_version"] == _VERSIONS[entry["type"]]:
        public, private = bytes.fromhex(entry["public"]), bytes.fromhex(entry["private"])
        assert encode(decode(entry["type"], entry["schema_version"], public, private))[2:] == (public, private)


def test_no_type_number_is_given_twice() -> None:
    assert len({event_type.TYPE for event_type in EVENTS}) == len(EVENTS)


@pytest.mark.parametrize(
    "change", [{"type": 9_999}, {"schema_version": 99}, {"public": "80"}, {"public": "91"}, {"private": "9101"}]
)
def test_what_this_program_does_not_know_is_said_and_never_guessed(change: dict[str, Any]) -> None:
    entry = ENTRIES["MoneyReceived 1"] | change
    with pytest.raises(UnreadableEvent, match=r"install|form"):
        decode(entry["type"], entry["schema_version"], bytes.fromhex(entry["public"]), bytes.fromhex(entry["private"]))


def test_lines_of_batches_closed_before_there_were_gives_have_nothing_given() -> None:
    entry = ENTRIES["BatchClosed 1"]
    event = decode(entry["type"], 1, bytes.fromhex(entry["public"]), b"")
    assert isinstance(event, BatchClosed)
    assert [line.given_cents for line in event.lines] == [0, 0]
    assert encode(event).schema_version == BatchClosed.SCHEMA == 4


def test_lines_of_batches_closed_before_links_say_why_nothing_was_paid() -> None:
    entry = ENTRIES["BatchClosed 2"]
    event = decode(entry["type"], 2, bytes.fromhex(entry["public"]), b"")
    assert isinstance(event, BatchClosed)
    assert [(line.links, line.adjusted_cents, line.attempt) for line in event.lines] == [((), 0, 1)] * len(event.lines)
    assert (event.linked, event.reissue) == (False, False)
    assert [line.why for line in event.lines] == ["" if line.paid_cents else "account" for line in event.lines]
