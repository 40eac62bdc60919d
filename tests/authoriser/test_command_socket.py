"""Law: the command line's door lets in what an officer of this caisse signed, and tells everybody else why not."""

import asyncio
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from clearing.authoriser.link import CommandRefused, CommandUnanswered, WriterAbsent, send_command
from clearing.authoriser.server import CommandServer
from clearing.config import Settings
from clearing.events.codes import Code
from clearing.events.members import MemberAdmitted
from clearing.postgres import Embedded
from clearing.values import CaisseCode, OperationId, PersonId
from clearing.wire.commands import Command, CommandReply, encode_command, parse_command_reply, person_number
from clearing.wire.fields import TimeMs
from clearing.wire.frame import FrameType
from clearing.wire.signature import TerminalKey
from tests.authoriser.asking import logged_of
from tests.living_caisse import AMINA, BRUNO, CODE, KEYS, STALL_KEY, Caisse, founding, living_caisse, payload_of

ADMIT: dict[str, object] = {"members": [{"member": "m-2", "groups": []}]}


def door(caisse: Caisse, path: Path) -> CommandServer:
    return CommandServer(
        path, code=CODE, authoriser=caisse.writer, directory=caisse.directory, settings=Settings(command_bytes_max=65_536)
    )


@pytest.fixture
async def socket(caisse: Caisse, tmp_path: Path) -> AsyncIterator[Path]:
    server = door(caisse, tmp_path / "brume.socket")
    await server.start()
    yield tmp_path / "brume.socket"
    await server.close()


def signed(
    person: PersonId = BRUNO, key: TerminalKey | None = None, *, verb: str = "admit_members", body: dict[str, object] = ADMIT,
    code: CaisseCode = CODE, epoch: int = 1, n: int = 1_000,
) -> bytes:
    command = Command(
        caisse=code, person=person_number(person), epoch=epoch, n=n, x=OperationId(n.to_bytes(16, "big")), ts_ms=TimeMs(0),
        verb=verb, body=body,
    )
    return (key or KEYS[person]).sign_envelope(FrameType.PERSON_CMD, encode_command(command))


def read(raw: bytes) -> CommandReply:
    return parse_command_reply(payload_of(raw))


async def test_a_signed_command_comes_back_with_the_writers_signature(caisse: Caisse, socket: Path) -> None:
    raw = await send_command(socket, signed())
    assert (read(raw).rc, read(raw).out["member"]) == (Code.APPROVED, "m-2")
    assert await send_command(socket, signed()) == raw
    assert len(await logged_of(caisse, MemberAdmitted)) == 2


async def test_a_decline_is_a_signed_answer_too(socket: Path) -> None:
    done = read(await send_command(socket, signed(BRUNO, verb="grant", body={"rule": "monthly", "period": "2026-06"})))
    assert (done.rc, "needs one of: treasurer" in done.why) == (Code.NOT_ALLOWED_NOW, True)


def test_the_socket_is_its_owners_alone(socket: Path) -> None:
    assert stat.S_IMODE(socket.stat().st_mode) == 0o600


async def test_what_is_not_signed_by_an_officer_of_this_caisse_is_refused_with_a_reason(
    caisse: Caisse, socket: Path
) -> None:
    flipped = bytearray(signed())
    flipped[-1] ^= 1
    stranger = TerminalKey.from_seed(b"x" * 32)
    other = CaisseCode("autre")
    refusals = [
        (bytes(flipped), "signature does not fit"),
        (signed(key=stranger), "no officer's of this caisse"),
        (signed(key=STALL_KEY), "no officer's of this caisse"),
        (signed(AMINA, KEYS[BRUNO]), "belongs to another person"),
        (signed(epoch=2), "older naming"),
        (signed(code=other), "is for the caisse autre, this is the writer of brume"),
        (signed(key=stranger, verb="found", body=founding()), "no officer's of this caisse"),
        (b"", "a frame opens with"),
        (b"not a frame", "a frame opens with"),
        (STALL_KEY.sign_envelope(FrameType.TERM_REQ, b"\x80"), "no officer's of this caisse"),
    ]
    head = caisse.log.head
    for raw, text in refusals:
        with pytest.raises(CommandRefused, match=text):
            await send_command(socket, raw)
    assert await caisse.log.stored_head() == head


async def test_a_command_that_is_too_long_is_refused_with_its_size(socket: Path) -> None:
    many: dict[str, object] = {"members": [{"member": f"m-{i}", "groups": []} for i in range(30_000)]}
    with pytest.raises(CommandRefused, match=r"bytes, at most 65536 are taken: give it in several parts"):
        await send_command(socket, signed(body=many))
    assert read(await send_command(socket, signed())).rc is Code.APPROVED


async def test_without_a_writer_the_person_is_told_to_start_it(tmp_path: Path, caisse: Caisse) -> None:
    with pytest.raises(WriterAbsent, match="start it with `clearing serve`"):
        await send_command(tmp_path / "nothing", signed())
    server = door(caisse, tmp_path / "left.socket")
    await server.start()
    await server.close()
    with pytest.raises(WriterAbsent, match="start it with `clearing serve`"):
        await send_command(tmp_path / "left.socket", signed())


async def test_a_socket_that_a_crash_left_behind_is_replaced(caisse: Caisse, socket: Path) -> None:
    second = door(caisse, socket)
    await second.start()
    assert read(await send_command(socket, signed())).rc is Code.APPROVED
    await second.close()


async def test_a_writer_that_was_fenced_leaves_the_outcome_unknown(caisse: Caisse, socket: Path) -> None:
    caisse.writer._failed = True
    with pytest.raises(CommandUnanswered, match="Look first whether it was done"):
        await send_command(socket, signed())
    caisse.writer._failed = False


async def test_a_writer_that_is_full_did_nothing(caisse: Caisse, socket: Path) -> None:
    caisse.writer._settings = Settings(inbox_max=1, group_max=1)

    many = [
        send_command(socket, signed(n=2_000 + i, body={"members": [{"member": f"m-{i + 2}", "groups": []}]})) for i in range(8)
    ]
    outcomes = await asyncio.gather(*many, return_exceptions=True)
    full = [outcome for outcome in outcomes if isinstance(outcome, CommandRefused)]
    assert full
    assert all("send the same message again in 1 s" in str(outcome) for outcome in full)
    done = [outcome for outcome in outcomes if isinstance(outcome, bytes)]
    assert len(full) + len(done) == 8
    assert len(await logged_of(caisse, MemberAdmitted)) == 1 + len(done)


async def test_a_founding_is_let_in_by_a_key_that_it_names_itself(server: Embedded, tmp_path: Path) -> None:
    async with living_caisse(server, founded=False) as empty:
        door_ = door(empty, tmp_path / "s")
        await door_.start()
        foundings = {key: signed(AMINA, key, verb="found", body=founding()) for key in (STALL_KEY, KEYS[AMINA])}
        with pytest.raises(CommandRefused, match="no officer's"):
            await send_command(tmp_path / "s", foundings[STALL_KEY])
        assert read(await send_command(tmp_path / "s", foundings[KEYS[AMINA]])).rc is Code.APPROVED
        again = signed(BRUNO, verb="found", body=founding(), n=1_001)
        assert "founded already" in read(await send_command(tmp_path / "s", again)).why
        await door_.close()
