"""Law: the link carries a signed command as it is, and beside it what must not reach the log; its socket is its owner's.

Both ends of the command line's Unix socket. Message: u32 length, envelope, u8 length, secret. Answer: u8 kind, u32 length,
body.
"""

import asyncio
import struct
from enum import IntEnum
from pathlib import Path
from typing import Final

ANSWER_BYTES_MAX: Final = 4 << 20
ANSWER_TIMEOUT_S: Final = 120


class Kind(IntEnum):
    """What an answer is: a signed reply, or a sentence about why there is none."""

    REPLY = 0
    REFUSED = 1
    NOT_PROCESSED = 2
    UNKNOWN = 3


class WriterAbsent(Exception):
    """No writer answers at this socket."""


class CommandRefused(Exception):
    """The command never reached the rules; the text says why and what to do."""


class CommandUnanswered(Exception):
    """The writer stopped before it answered: the same bytes are done at most once, a command given anew is another one."""


async def send_command(socket: Path, envelope: bytes, secret: bytes | None = None) -> bytes:
    """The signed reply to one person command. Raises WriterAbsent, CommandRefused, CommandUnanswered."""
    try:
        reader, writer = await asyncio.open_unix_connection(str(socket))
    except (FileNotFoundError, ConnectionRefusedError):
        raise WriterAbsent(
            "The writer of this caisse is not running: start it with `clearing serve` in another window, then try again."
        ) from None
    except PermissionError:
        raise WriterAbsent(
            "You may not talk to this writer: run the command as the user who started `clearing serve`."
        ) from None
    try:
        writer.write(struct.pack(">I", len(envelope)) + envelope + bytes([len(secret or b"")]) + (secret or b""))
        await writer.drain()
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            kind, size = struct.unpack(">BI", await reader.readexactly(5))
            body = await reader.readexactly(min(size, ANSWER_BYTES_MAX))
    except (asyncio.IncompleteReadError, ConnectionError, TimeoutError):
        raise CommandUnanswered(
            "The writer stopped before it answered. Look first whether it was done, with `clearing status`: a command that "
            "is typed again is another one."
        ) from None
    finally:
        writer.close()
    if kind == Kind.REPLY:
        return body
    text = body.decode()
    raise CommandUnanswered(text) if kind == Kind.UNKNOWN else CommandRefused(text)


async def read_message(
    reader: asyncio.StreamReader, *, envelope_bytes_max: int, beside_bytes_max: int
) -> tuple[bytes, bytes | None] | None:
    """(envelope, secret) of the next message; None at the end. Raises ValueError for one that is too long.

    beside_bytes_max: what a passkey's assertion may add to the envelope.
    """
    try:
        (size,) = struct.unpack(">I", await reader.readexactly(4))
        if size > envelope_bytes_max + beside_bytes_max:
            raise ValueError(
                f"the command has {size} bytes, at most {envelope_bytes_max} are taken: give it in several parts"
            )
        envelope = await reader.readexactly(size)
        (secret_size,) = await reader.readexactly(1)
        secret = await reader.readexactly(secret_size)
    except asyncio.IncompleteReadError:
        return None
    return envelope, secret or None


def answer(kind: Kind, body: bytes) -> bytes:
    return struct.pack(">BI", kind, len(body)) + body
