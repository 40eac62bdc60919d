"""Law: a message is on disk before it is sent and its answer before it is shown; a number is given to one message, ever.

One SQLite file per terminal (mode 0600), each step one transaction, synced to disk. What it holds after a power cut at any
point is enough to go on without asking anybody.
"""

import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Final

from clearing.sql import named_blocks, sql_text
from clearing.terminal.identity import TerminalIdentity
from clearing.values import Cents, OperationId, TerminalId
from clearing.wire.frame import FrameType
from clearing.wire.requests import Op, Request, encode_request
from clearing.wire.signature import PUBLIC_KEY_BYTES, TerminalKey, payload_digest

_MODE: Final = 0o600
_SQL: Final = named_blocks(sql_text("clearing.terminal", "queue.sql"))


class TerminalLocked(Exception):
    """This terminal sells nothing more; the text says why and what to do."""


class NotPaired(Exception):
    """This queue belongs to no terminal yet: pair it with the caisse first (`clearing till --pair SLOT`)."""


class CountersMoved(Exception):
    """Two programs use this queue at once: close one of them. No number was given twice."""


class State(StrEnum):
    PENDING = "pending"
    ANSWERED = "answered"
    GIVEN_UP = "given_up"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message of this terminal. raw: the signed envelope, sent as it is however often; reply: the verified answer's."""

    terminal: TerminalId
    epoch: int
    n: int
    op: Op
    x: OperationId
    cents: Cents
    written_ms: int
    digest: bytes
    raw: bytes
    state: State = State.PENDING
    reply: bytes | None = None


class TerminalQueue:
    """Counters, key and messages of one terminal. Calls block for a disk sync: a till has no second customer."""

    def __init__(self, path: str) -> None:
        self._db: Final = sqlite3.connect(path, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        self._db.executescript(_SQL["open"])

    @classmethod
    def open(cls, path: Path) -> "TerminalQueue":
        """The queue in this file; made (readable by its owner only) when there is none."""
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, _MODE))
        return cls(str(path))

    @classmethod
    def in_memory(cls) -> "TerminalQueue":
        """For load tests: nothing survives the process."""
        return cls(":memory:")

    def close(self) -> None:
        self._db.close()

    def identity(self) -> TerminalIdentity | None:
        """Who this terminal is now; None before its pairing."""
        row = self._row()
        if row is None:
            return None
        keys: bytes = row["server_keys"]
        return TerminalIdentity(
            terminal=TerminalId(row["terminal"]),
            epoch=row["epoch"],
            key=TerminalKey.from_seed(row["seed"]),
            server_keys=frozenset(keys[at : at + PUBLIC_KEY_BYTES] for at in range(0, len(keys), PUBLIC_KEY_BYTES)),
        )

    def adopt(self, identity: TerminalIdentity) -> None:
        """Become this terminal; messages of an earlier identity stay and are still sent.

        Numbers start anew, or go on where this file left them for the same terminal and epoch.
        """
        place = {"terminal": identity.terminal, "epoch": identity.epoch}
        with self._transaction():
            self._run("adopt", seed=identity.key.seed, server_keys=b"".join(sorted(identity.server_keys)), **place)
            self._run("go_on_counting", **place)

    def last_head(self) -> bytes | None:
        """The log head that the newest reply named."""
        row = self._row()
        return None if row is None else row["last_head"]

    def append(self, draft: Request, *, next_key: TerminalKey | None = None) -> Message:
        """Give the draft the next number, sign it and keep it, in one transaction; only then may it be sent.

        terminal, epoch, n and previous of the draft are filled in here. Raises NotPaired, TerminalLocked, MalformedFrame.
        """
        with self._transaction():
            return self._append(draft, next_key)

    def give_up(self, message: Message, reversal: Request) -> Message:
        """Nobody answered: from here on the message is to be undone, also after a power cut. The reversal to send."""
        with self._transaction():
            self._settle(message, State.GIVEN_UP, None)
            return self._append(reversal, None)

    def answered(self, message: Message, reply: bytes, *, head: bytes, rotated: bool = False) -> None:
        """Keep a verified reply. head: the log head it names. rotated: the reply put this terminal's next key in force."""
        with self._transaction():
            self._settle(message, State.ANSWERED, reply)
            self._run("keep_head", last_head=head)
            if rotated:
                self._run("rotate", epoch=message.epoch)

    def refused(self, message: Message) -> None:
        """The door turned the message away: it never happened, and its number stays unused."""
        with self._transaction():
            self._settle(message, State.REFUSED, None)

    def lock(self, why: str) -> None:
        """Stop selling. why: a sentence for the person at the till."""
        self._run("lock", why=why)

    def pending(self) -> list[Message]:
        """Messages without an answer, in the order they were written."""
        return [_message(row) for row in self._db.execute(_SQL["pending"])]

    def last_purchase(self) -> Message | None:
        """The newest sale, authorisation, draw or give: what a till shows again after a power cut."""
        row = self._db.execute(_SQL["last_of_ops"]).fetchone()
        return None if row is None else _message(row)

    def holds(self) -> list[tuple[int, Message]]:
        """Every authorisation that was answered, with its place in this file, which never changes."""
        return [(row["written"], _message(row)) for row in self._db.execute(_SQL["holds"])]

    def ends(self) -> list[Message]:
        """Every capture and reversal that was answered, or will be sent until it is."""
        return [_message(row) for row in self._db.execute(_SQL["ends"])]

    def _append(self, draft: Request, next_key: TerminalKey | None) -> Message:
        identity, row = self.identity(), self._row()
        if identity is None or row is None:
            raise NotPaired("this till belongs to no caisse yet: pair it first")
        if row["locked"] is not None and draft.op is not Op.REV:  # what was not seen to end is undone all the same
            raise TerminalLocked(row["locked"])
        request = replace(
            draft, terminal=identity.terminal, epoch=identity.epoch, n=row["n"] + 1, previous=row["previous"]
        )
        payload = encode_request(request)
        message = Message(
            terminal=request.terminal,
            epoch=request.epoch,
            n=request.n,
            op=request.op,
            x=request.x,
            cents=request.amount_cents,
            written_ms=request.ts_ms,
            digest=payload_digest(payload),
            raw=identity.key.sign_envelope(FrameType.TERM_REQ, payload),
        )
        self._write(message)
        if next_key is not None:
            self._run("keep_next_seed", next_seed=next_key.seed)
        return message

    def _write(self, message: Message) -> None:
        if self._run("count_on", epoch=message.epoch, n=message.n, digest=message.digest) != 1:
            raise CountersMoved("two programs use this till's queue at once: close one of them, then sell again")
        self._run(
            "append",
            terminal=message.terminal,
            epoch=message.epoch,
            n=message.n,
            op=message.op.value,
            x=message.x,
            cents=message.cents,
            written_ms=message.written_ms,
            digest=message.digest,
            raw=message.raw,
        )

    def _settle(self, message: Message, state: State, reply: bytes | None) -> None:
        place = {"terminal": message.terminal, "epoch": message.epoch, "n": message.n}
        self._run("settle", state=state.value, reply=reply, **place)

    def _row(self) -> sqlite3.Row | None:
        row: sqlite3.Row | None = self._db.execute(_SQL["terminal"]).fetchone()
        return row

    def _run(self, name: str, **values: object) -> int:
        parameters: Mapping[str, object] = values
        return self._db.execute(_SQL[name], parameters).rowcount

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute(_SQL["begin"])
        try:
            yield
        except BaseException:
            self._db.execute(_SQL["rollback"])
            raise
        self._db.execute(_SQL["commit"])


def _message(row: sqlite3.Row) -> Message:
    return Message(
        terminal=TerminalId(row["terminal"]),
        epoch=row["epoch"],
        n=row["n"],
        op=Op(row["op"]),
        x=OperationId(row["x"]),
        cents=Cents(row["cents"]),
        written_ms=row["written_ms"],
        digest=row["digest"],
        raw=row["raw"],
        state=State(row["state"]),
        reply=row["reply"],
    )
