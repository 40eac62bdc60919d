"""Law: a command is verified against the key that the log names for its sender, here, before the writer sees it.

The command line's door to a writer: a Unix socket of mode 0600. A founding is signed by the key of one of the persons it names.
"""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Final

from clearing.authoriser import founding
from clearing.authoriser.client import Authoriser, OutcomeUnknown, Overloaded, Submission
from clearing.authoriser.link import Kind, answer, read_message
from clearing.authoriser.socket_file import SocketFile
from clearing.config import Settings
from clearing.directory import Directory
from clearing.values import CaisseCode
from clearing.wire.commands import Command, parse_command
from clearing.wire.frame import Envelope, FrameType, MalformedFrame, canonical_map, open_envelope
from clearing.wire.passkey import ASSERTION_BYTES_MAX, split_assertion
from clearing.wire.signature import BadSignature, VerifiedFrame, kept_with, verify

FOUNDING_ITEMS_MAX: Final = 10_000
_DISCARD_BYTES: Final = 1 << 16


class _Refused(Exception):
    """Why a command was turned away at the door, in words for its sender."""


class CommandServer:
    """Serves one caisse's commands at `path` until closed."""

    def __init__(
        self, path: Path, *, code: CaisseCode, authoriser: Authoriser, directory: Directory, settings: Settings
    ) -> None:
        self._file, self._code, self._authoriser = SocketFile(path), code, authoriser
        self._directory, self._settings = directory, settings
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        with self._file.making() as path:
            self._server = await asyncio.start_unix_server(self._serve, path=path)

    async def close(self) -> None:
        self._file.remove()
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            most, beside = self._settings.command_bytes_max, ASSERTION_BYTES_MAX
            while (message := await read_message(reader, envelope_bytes_max=most, beside_bytes_max=beside)) is not None:
                writer.write(await self._answer(*message))
                await writer.drain()
        except ValueError as too_long:
            writer.write(answer(Kind.REFUSED, str(too_long).encode()))
            while await reader.read(_DISCARD_BYTES):  # closed with bytes unread, the sender would lose the answer
                pass
        except ConnectionError:
            pass  # the sender left; what it asked for is done or not, and its repeat will tell
        finally:
            writer.close()

    async def _answer(self, raw: bytes, secret: bytes | None) -> bytes:
        try:
            frame, command = self._open(raw)
            reply = await self._authoriser.submit(
                Submission(caisse=self._code, frame=frame, request=command, secret=secret)
            )
            return answer(Kind.REPLY, reply)
        except (_Refused, MalformedFrame) as refused:
            return answer(Kind.REFUSED, str(refused).encode())
        except Overloaded as full:
            return answer(Kind.NOT_PROCESSED, str(full).encode())
        except OutcomeUnknown:
            return answer(Kind.UNKNOWN, (
                b"The writer stopped while it worked on this. Look first whether it was done, with `clearing status`: a "
                b"command that is typed again is another one."
            ))

    def _open(self, raw: bytes) -> tuple[VerifiedFrame, Command]:
        alone, assertion = split_assertion(raw, envelope_bytes_max=self._settings.command_bytes_max)
        envelope = open_envelope(alone, frame_bytes_max=self._settings.command_bytes_max)
        try:
            frame = verify(envelope, FrameType.PERSON_CMD, self._public_key(envelope))
        except BadSignature:
            raise _Refused(
                "The signature does not fit this person's key; use the key file the person was named with."
            ) from None
        command = parse_command(frame)
        entry = self._directory.person(self._code, envelope.kid)
        if command.caisse != self._code:
            raise _Refused(f"This command is for the caisse {command.caisse}, this is the writer of {self._code}.")
        if entry is not None and (entry.number, entry.epoch) != (command.person, command.epoch):
            raise _Refused(
                "This key belongs to another person or an older naming; use the key file of the person who commands."
            )
        return kept_with(frame, raw), replace(command, assertion=assertion)

    def _public_key(self, envelope: Envelope) -> bytes:
        entry = self._directory.person(self._code, envelope.kid)
        if entry is not None:
            return entry.public_key
        key = self._founder(envelope)
        if key is None:
            raise _Refused("This key is no officer's of this caisse; two officers have to name the person first.")
        return key

    def _founder(self, envelope: Envelope) -> bytes | None:
        """The key that signs a founding stands in it; whether the caisse may still be founded, the writer decides."""
        fields = canonical_map(envelope.payload, items_max=FOUNDING_ITEMS_MAX)
        body = fields.get("b")
        if fields.get("v") != "found" or not isinstance(body, dict):
            return None
        return founding.founder_key(body, envelope.kid)
