"""Law: a command is signed by the person who gives it, with a number that only rises; its answer is a sentence, never a trace.

The key never leaves this process. n is the person's clock in milliseconds, so a repeat by mistake is another command, and a
resend of the same bytes is the same one.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from clearing.authoriser.link import CommandUnanswered, send_command
from clearing.events.codes import Code
from clearing.values import CaisseCode, OperationId, PersonId
from clearing.wire.commands import (
    COMMAND_BYTES_MAX,
    Command,
    CommandReply,
    encode_command,
    parse_command_reply,
    person_number,
)
from clearing.wire.fields import TimeMs
from clearing.wire.frame import FrameType, open_envelope
from clearing.wire.passkey import split_assertion
from clearing.wire.signature import TerminalKey, payload_digest

REPLY_BYTES_MAX: Final = 4 << 20
_X_BYTES: Final = 16


class NotAllowed(Exception):
    """The rules declined the command: recorded, and nothing else was done. code: of the event; the text says what to do."""

    def __init__(self, code: Code, why: str) -> None:
        super().__init__(why or f"The command was declined with code {code}.")
        self.code = code


@dataclass(slots=True)
class Officer:
    """One person at one caisse's writer. now_ms: the person's clock; last_n: of the last command given from here."""

    person: PersonId
    key: TerminalKey
    epoch: int
    caisse: CaisseCode
    socket: Path
    now_ms: Callable[[], int]
    last_n: int = 0

    async def order(self, verb: str, body: dict[str, object], *, secret: bytes | None = None) -> dict[str, object]:
        """Give one command and return what came out of it. secret: travels beside it, never into the log.

        Raises NotAllowed, and WriterAbsent, CommandRefused, CommandUnanswered of the link.
        """
        return await self.send(self.signed(verb, body), secret=secret)

    def signed(self, verb: str, body: dict[str, object]) -> bytes:
        """A command's envelope: whoever keeps it can send it again, and it is done once. Raises MalformedFrame."""
        return self.key.sign_envelope(FrameType.PERSON_CMD, encode_command(self._command(verb, body)))

    async def send(self, envelope: bytes, *, secret: bytes | None = None) -> dict[str, object]:
        """The same for an envelope that was signed before, perhaps with a passkey's assertion beside it."""
        alone, _ = split_assertion(envelope, envelope_bytes_max=COMMAND_BYTES_MAX)
        try:
            raw = await send_command(self.socket, envelope, secret)
        except CommandUnanswered:
            raw = await send_command(self.socket, envelope, secret)  # the same bytes: done at most once
        reply = _read(raw)
        if reply.rq != payload_digest(open_envelope(alone, frame_bytes_max=COMMAND_BYTES_MAX).payload):
            raise CommandUnanswered("The answer is to another command. Look whether yours was done, with `clearing status`.")
        if reply.rc is not Code.APPROVED:
            raise NotAllowed(reply.rc, reply.why)
        return reply.out

    def _command(self, verb: str, body: dict[str, object]) -> Command:
        self.last_n = max(self.last_n + 1, self.now_ms())
        return Command(
            caisse=self.caisse, person=person_number(self.person), epoch=self.epoch, n=self.last_n,
            x=OperationId(os.urandom(_X_BYTES)), ts_ms=TimeMs(self.now_ms()), verb=verb, body=body,
        )


def _read(raw: bytes) -> CommandReply:
    """The socket is this user's own, so the signature is for later proof and not checked again here."""
    return parse_command_reply(open_envelope(raw, frame_bytes_max=REPLY_BYTES_MAX).payload)
