"""What a passkey approved is judged twice: by the writer before it decides, and by the audit from the log alone."""

from dataclasses import fields, replace

import pytest
from hypothesis import given, settings, strategies as st

from clearing.audit import AuditReport, Level, audit
from clearing.authoriser.snapshot import Loaded, Restoring, parts_of
from clearing.events.caisse import CommandDeclined
from clearing.events.codes import Code
from clearing.events.factors import PasskeyAdded
from clearing.events.settlement import BatchApproved
from clearing.wire.commands import Command, encode_command, parse_command, person_number
from clearing.wire.fields import TimeMs
from clearing.wire.frame import FrameType, open_envelope
from clearing.wire.passkey import ALGORITHMS, Assertion, approval_challenge, split_assertion, with_assertion
from clearing.wire.requests import Op
from clearing.wire.signature import verify
from tests.audit.forging import event_at, forge, rehash
from tests.living_caisse import AMINA, BRUNO, KEYS, SERVER_KEY
from tests.memory_log import Desk, MemoryLog, furnished
from tests.soft_passkey import SoftPasskey

MOST = 1 << 20
COUNTED = "passkeys' assertions over the very command they stand beside"
APPROVAL = {"batch": 1, "execution_on": "2026-05-06"}
PARTS = [field.name for field in fields(Assertion)]


async def audited(log: MemoryLog, *, level: Level = Level.WHOLE) -> AuditReport:
    return await audit(log, report=lambda _line: None, server_keys=[SERVER_KEY.public], level=level)


def batch_waits() -> Desk:
    """One batch, closed by amina, that bruno is to approve."""
    desk = furnished()
    desk.ask(Op.SALE, {"fruit-veg": 1_609})
    desk.pass_time(days=3)
    desk.order(AMINA, "close_batch", {"closed_on": "2026-05-04"})
    return desk


def approved_with(passkey: SoftPasskey) -> Desk:
    desk = batch_waits()
    desk.order(BRUNO, "add_passkey", passkey.body())
    reply = desk.command(BRUNO, "approve_batch", APPROVAL, passkey=passkey)
    assert reply.rc is Code.APPROVED, reply.why
    return desk


def stand_on(log: MemoryLog, position: int, evidence: bytes) -> None:
    log.rows[position - 1] = log.rows[position - 1]._replace(evidence=evidence)
    rehash(log)


def beside(log: MemoryLog, position: int) -> tuple[bytes, Assertion]:
    envelope, assertion = split_assertion(log.rows[position - 1].evidence, envelope_bytes_max=MOST)
    assert assertion is not None
    return envelope, assertion


def changed(good: Assertion, part: str, data: st.DataObject) -> Assertion:
    """With one bit of one part turned."""
    old = getattr(good, part)
    place, bit = data.draw(st.integers(0, len(old) - 1)), data.draw(st.integers(0, 7))
    return replace(good, **{part: old[:place] + bytes([old[place] ^ 1 << bit]) + old[place + 1 :]})


@pytest.mark.parametrize("algorithm", ALGORITHMS)
async def test_an_approval_carries_the_assertion_and_the_audit_counts_it(algorithm: str) -> None:
    desk = approved_with(SoftPasskey(algorithm))
    assert isinstance(desk.log.events()[-1], BatchApproved)
    found = await audited(desk.log)
    assert found.ok, found.reason
    assert found.checked[COUNTED] == 1


async def test_a_log_without_any_assertion_is_whole_and_counts_none() -> None:
    desk = batch_waits()
    desk.order(BRUNO, "approve_batch", APPROVAL)
    found = await audited(desk.log)
    assert found.ok, found.reason
    assert COUNTED not in found.checked


async def test_what_the_rules_decline_keeps_its_assertion_and_is_judged_too() -> None:
    desk, passkey = batch_waits(), SoftPasskey()
    desk.order(BRUNO, "add_passkey", passkey.body())
    assert desk.command(BRUNO, "approve_batch", APPROVAL | {"batch": 9}, passkey=passkey).rc is not Code.APPROVED
    assert isinstance(desk.log.events()[-1], CommandDeclined)
    found = await audited(desk.log)
    assert (found.ok, found.checked[COUNTED]) == (True, 1), found.reason


def test_the_writer_takes_nobody_elses_passkey_nor_one_that_ended_and_records_nothing() -> None:
    desk, hers, other = batch_waits(), SoftPasskey(), SoftPasskey(seed=8)
    desk.order(AMINA, "add_passkey", hers.body())
    desk.order(BRUNO, "add_passkey", other.body())
    desk.order(BRUNO, "remove_passkey", {"passkey": other.name})
    before = len(desk.log.rows)
    for passkey in (hers, other, SoftPasskey(seed=9)):
        reply = desk.command(BRUNO, "approve_batch", APPROVAL, passkey=passkey)
        assert reply.rc is Code.SCHEMA
        assert "no passkey of this person here" in reply.why
    assert len(desk.log.rows) == before


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_writer_refuses_an_assertion_over_another_command(algorithm: str) -> None:
    desk, passkey = batch_waits(), SoftPasskey(algorithm)
    desk.order(BRUNO, "add_passkey", passkey.body())
    before = len(desk.log.rows)
    stray = SoftPasskey(algorithm)
    stray.answer = lambda _over, **_said: passkey.answer(bytes(32))  # type: ignore[method-assign]
    reply = desk.command(BRUNO, "approve_batch", APPROVAL, passkey=stray)
    assert (reply.rc, len(desk.log.rows)) == (Code.SCHEMA, before)
    assert "the passkey signed another command" in reply.why


@pytest.mark.parametrize("part", PARTS)
@settings(max_examples=6, deadline=None)
@given(data=st.data())
def test_the_writer_refuses_any_change_on_the_way_and_records_nothing(part: str, data: st.DataObject) -> None:
    desk, passkey = batch_waits(), SoftPasskey("Ed25519")
    desk.order(BRUNO, "add_passkey", passkey.body())
    before, number = len(desk.log.rows), person_number(BRUNO)
    payload = encode_command(Command(
        caisse=desk.code, person=number, epoch=1, n=1_000, x=desk.new_x(), ts_ms=TimeMs(0), verb="approve_batch",
        body=dict(APPROVAL),
    ))  # fmt: skip
    raw = KEYS[BRUNO].sign_envelope(FrameType.PERSON_CMD, payload)
    frame = verify(open_envelope(raw, frame_bytes_max=MOST), FrameType.PERSON_CMD, KEYS[BRUNO].public)
    command = parse_command(frame)
    good = passkey.answer(approval_challenge(caisse=desk.code, person=number, digest=command.digest))
    reply = desk.approved(frame, command, changed(good, part, data))
    assert (reply.rc, len(desk.log.rows)) == (Code.SCHEMA, before), reply.why
    assert desk.approved(frame, command, good).rc is Code.APPROVED


@pytest.mark.parametrize("part", PARTS)
@settings(max_examples=6, deadline=None)
@given(data=st.data())
async def test_any_change_of_a_stored_assertion_is_found(part: str, data: st.DataObject) -> None:
    """By somebody who holds the database and makes every hash fit again."""
    desk = approved_with(SoftPasskey("Ed25519"))
    at = len(desk.log.rows)
    envelope, good = beside(desk.log, at)
    stand_on(desk.log, at, with_assertion(envelope, changed(good, part, data)))
    found = await audited(desk.log)
    assert (found.ok, found.position) == (False, at), found.reason
    assert "passkey" in found.reason


async def test_an_assertion_moved_to_another_command_of_the_same_person_is_found() -> None:
    desk, passkey = batch_waits(), SoftPasskey()
    desk.order(BRUNO, "add_passkey", passkey.body())
    desk.command(BRUNO, "block_card", {"alias": "0001", "code": Code.LOST.value}, passkey=passkey)
    one = len(desk.log.rows)
    desk.command(BRUNO, "approve_batch", APPROVAL, passkey=passkey)
    two = len(desk.log.rows)
    (first, _), (_, moved) = beside(desk.log, one), beside(desk.log, two)
    stand_on(desk.log, one, with_assertion(first, moved))
    found = await audited(desk.log)
    assert (found.ok, found.position) == (False, one)
    assert "the passkey signed another command" in found.reason


async def test_a_passkey_swapped_in_the_log_for_the_forgers_own_is_found_where_it_was_added() -> None:
    desk = approved_with(SoftPasskey())
    at = next(place for place, event in enumerate(desk.log.events(), 1) if isinstance(event, PasskeyAdded))
    event = event_at(desk.log, at)
    assert isinstance(event, PasskeyAdded)
    forge(desk.log, at, replace(event, key=SoftPasskey(seed=8).key))
    found = await audited(desk.log)
    assert (found.ok, found.position) == (False, at), found.reason


async def test_an_assertion_before_its_passkey_was_registered_is_found() -> None:
    desk, passkey = batch_waits(), SoftPasskey()
    desk.order(BRUNO, "approve_batch", APPROVAL)
    at = len(desk.log.rows)
    desk.order(BRUNO, "add_passkey", passkey.body())
    stand_on(desk.log, at, with_assertion(desk.log.rows[at - 1].evidence, passkey.answer(bytes(32))))
    found = await audited(desk.log)
    assert (found.ok, found.position) == (False, at), found.reason
    assert "no passkey of this person here" in found.reason


def test_a_start_from_a_snapshot_knows_the_same_passkeys_and_proposals() -> None:
    desk = approved_with(SoftPasskey())
    desk.order(AMINA, "propose_new_factor", {"person": BRUNO, "reason": "His phone fell into the canal."})
    loaded, again = Loaded(), Restoring()
    for row, event in zip(desk.log.rows, desk.log.events(), strict=True):
        loaded.book.apply(event, row.position, row.at_us)
        loaded.tree.append(row.leaf)
    for part in parts_of(loaded):
        again.take(part)
    book = again.finish().book
    assert (book.factors, book.position) == (desk.book.factors, desk.book.position)
    assert book.factors.of(BRUNO)
