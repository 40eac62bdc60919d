"""Law: whoever proves to know the code of an open slot becomes that producer's terminal; five wrong codes, time or a restart
close the slot."""

import hashlib

import pytest

from clearing.authoriser.client import Enrolment, EnrolmentRefused, Submission
from clearing.authoriser.pairing import WRONG_MAX
from clearing.directory import Holder
from clearing.events.codes import Code
from clearing.events.producers import TerminalEnrolled, TerminalSlotClosed
from clearing.values import TerminalId
from clearing.wire.enrolment import (
    EnrolProof,
    encode_proof,
    pairing_key,
    parse_enrolled,
    server_mac,
    terminal_mac,
    transcript,
)
from clearing.wire.frame import FrameType, open_envelope
from clearing.wire.signature import TerminalKey, verify
from tests.authoriser.asking import at_once, logged_of, restart
from tests.living_caisse import AMINA, CODE, ROOT, Caisse

SLOT, CODE_WORD = "slot-1", "K7M2-P9QX"
SECRET, WRONG_SECRET = pairing_key(CODE_WORD, SLOT), bytes(32)
KEY = TerminalKey.from_seed(b"n" * 32)
NONCE, SERVER_NONCE = b"n" * 16, b"s" * 16
TEN_MINUTES_US = 600_000_000


async def open_slot(caisse: Caisse, slot: str = SLOT, *, secret: bytes = SECRET) -> None:
    body: dict[str, object] = {
        "slot": slot, "producer": "field", "secret_sha256": hashlib.sha256(secret).digest(),
        "expires_us": caisse.clock.us + TEN_MINUTES_US,
    }
    done = await caisse.command(AMINA, "open_slot", body, secret=secret)
    assert done.rc is Code.APPROVED, done.why


def proof(secret: bytes, *, slot: str = SLOT, key: TerminalKey = KEY) -> Submission:
    said = transcript(slot=slot, key=key.public, nonce=NONCE, server_nonce=SERVER_NONCE)
    mac = terminal_mac(secret, said)
    sent = EnrolProof(slot=slot, key=key.public, nonce=NONCE, server_nonce=SERVER_NONCE, mac=mac)
    raw = key.sign_envelope(FrameType.TERM_ENROL, encode_proof(sent))
    frame = verify(open_envelope(raw, frame_bytes_max=4096), FrameType.TERM_ENROL, key.public)
    enrolment = Enrolment(slot=slot, key=key.public, nonce=NONCE, server_nonce=SERVER_NONCE, mac=mac)
    return Submission(caisse=CODE, frame=frame, request=enrolment)


async def refused(caisse: Caisse, submission: Submission) -> bool:
    with pytest.raises(EnrolmentRefused):
        await caisse.writer.submit(submission)
    return True


async def test_the_right_code_enrols_the_terminal_and_proves_the_server(caisse: Caisse) -> None:
    await open_slot(caisse)
    answer = parse_enrolled(await caisse.writer.submit(proof(SECRET)))
    said = transcript(slot=SLOT, key=KEY.public, nonce=NONCE, server_nonce=SERVER_NONCE, root=ROOT)
    assert (answer.mac, answer.root) == (server_mac(SECRET, said), ROOT)
    assert (answer.terminal, answer.epoch) == (TerminalId(KEY.public[:8]), 1)
    entry = caisse.directory.terminal(KEY.kid)
    assert entry is not None
    assert (entry.holder, entry.number, entry.public_key) == (Holder.TERMINAL, answer.terminal, KEY.public)
    enrolled = (await logged_of(caisse, TerminalEnrolled))[-1]
    assert (enrolled.producer, enrolled.slot, enrolled.by) == ("field", SLOT, None)
    assert (await caisse.log.read(caisse.log.head.position - 1, 1))[0].evidence == proof(SECRET).frame.raw


async def test_a_lost_answer_is_given_again_but_to_nobody_else(caisse: Caisse) -> None:
    await open_slot(caisse)
    first = await caisse.writer.submit(proof(SECRET))
    assert await caisse.writer.submit(proof(SECRET)) == first
    assert await refused(caisse, proof(SECRET, key=TerminalKey.from_seed(b"o" * 32)))
    assert len(await logged_of(caisse, TerminalEnrolled)) == 2


async def test_the_secret_is_nowhere_in_the_log(caisse: Caisse) -> None:
    await open_slot(caisse)
    await caisse.writer.submit(proof(SECRET))
    rows = await caisse.log.read(0, 10_000)
    assert all(SECRET not in row.public + row.private + row.evidence for row in rows)
    assert not any(CODE_WORD.encode() in row.public + row.private + row.evidence for row in rows)


async def test_the_fifth_wrong_code_closes_the_slot(caisse: Caisse) -> None:
    await open_slot(caisse)
    for tries in range(1, WRONG_MAX + 1):
        assert await refused(caisse, proof(WRONG_SECRET))
        assert len(await logged_of(caisse, TerminalSlotClosed)) == (tries == WRONG_MAX)
    assert await refused(caisse, proof(SECRET))
    [closed] = await logged_of(caisse, TerminalSlotClosed)
    assert (closed.slot, closed.why) == (SLOT, "too many wrong codes")


async def test_four_wrong_codes_leave_the_slot_open(caisse: Caisse) -> None:
    await open_slot(caisse)
    for _ in range(WRONG_MAX - 1):
        assert await refused(caisse, proof(WRONG_SECRET))
    assert parse_enrolled(await caisse.writer.submit(proof(SECRET))).epoch == 1


async def test_a_slot_is_over_when_its_time_is(caisse: Caisse) -> None:
    await open_slot(caisse)
    caisse.clock.us += TEN_MINUTES_US
    assert await refused(caisse, proof(SECRET))


async def test_a_restart_closes_open_slots(caisse: Caisse) -> None:
    await open_slot(caisse)
    await restart(caisse)
    assert await refused(caisse, proof(SECRET))
    again = await caisse.command(AMINA, "open_slot", {
        "slot": SLOT, "producer": "field", "secret_sha256": hashlib.sha256(SECRET).digest(), "expires_us": caisse.clock.us,
    }, secret=SECRET)
    assert "was used before; open another one" in again.why


async def test_a_slot_that_was_never_opened_is_refused(caisse: Caisse) -> None:
    assert await refused(caisse, proof(SECRET, slot="slot-9"))


async def test_a_secret_that_the_command_does_not_name_opens_nothing(caisse: Caisse) -> None:
    body: dict[str, object] = {
        "slot": SLOT, "producer": "field", "secret_sha256": hashlib.sha256(SECRET).digest(),
        "expires_us": caisse.clock.us + TEN_MINUTES_US,
    }
    for secret in (None, WRONG_SECRET, SECRET[:31]):
        done = await caisse.command(AMINA, "open_slot", body, secret=secret)
        assert (done.rc, "is not the one it names" in done.why) == (Code.SCHEMA, True)
    assert SLOT not in caisse.writer.book.producers.slots


async def test_a_key_that_is_enrolled_already_is_refused(caisse: Caisse) -> None:
    await open_slot(caisse)
    await caisse.writer.submit(proof(SECRET))
    await open_slot(caisse, "slot-2")
    assert await refused(caisse, proof(SECRET, slot="slot-2"))


async def test_a_code_enrols_one_of_two_terminals_that_know_it(caisse: Caisse) -> None:
    await open_slot(caisse)
    other = proof(SECRET, key=TerminalKey.from_seed(b"o" * 32))
    with pytest.raises(EnrolmentRefused):
        await at_once(caisse, [proof(SECRET), other])
    assert len(await logged_of(caisse, TerminalEnrolled)) == 2
