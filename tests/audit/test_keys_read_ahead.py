"""Law: what is read ahead of the proof may be anything; nothing of it ends an audit before it named the bad event."""

import pytest

from clearing.audit.keys import TerminalKeys
from clearing.event_store.rows import EventRow
from clearing.events.codec import encode
from clearing.events.producers import TerminalEnrolled
from clearing.values import ProducerId, TerminalId

TERMINAL = TerminalId(bytes.fromhex("781461277ecbee3c"))
ENROLLED = TerminalEnrolled(
    terminal=TERMINAL, epoch=1, producer=ProducerId("field"), key=b"k" * 32, slot=None, by=None
)


def row_of(public: bytes) -> EventRow:
    stored = encode(ENROLLED)
    return EventRow(
        position=7, stream=f"terminal/{TERMINAL.hex()}", version=1, type=stored.type, schema_version=stored.schema_version,
        at_us=7, public=public or stored.public, private=stored.private, salt=bytes(16), evidence=b"", leaf=bytes(32),
        chain=bytes(32),
    )  # fmt: skip


def test_an_enrolment_is_known_from_its_position_on() -> None:
    keys = TerminalKeys.of([row_of(b"")])
    assert keys.before(TERMINAL, 7) is None
    found = keys.before(TERMINAL, 8)
    assert found is not None
    assert (found.position, found.key) == (7, b"k" * 32)


@pytest.mark.parametrize("byte", range(40))
def test_whatever_bit_is_flipped_the_reading_goes_on(byte: int) -> None:
    whole = row_of(b"").public
    for bit in range(8):
        flipped = bytearray(whole)
        flipped[byte] ^= 1 << bit
        keys = TerminalKeys.of([row_of(bytes(flipped)), row_of(b"")])
        assert keys.before(TERMINAL, 8) is not None, "the next row is read all the same"
