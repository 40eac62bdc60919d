"""Law: a writer's process gives gateways answers and what they need to check a frame; never a key that could forge one.

One per writer process, for all its caisses. A gateway learns terminals' keys and, for a card at a time, the card's own tap key.
"""

import asyncio
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final, cast

import structlog

from clearing.authoriser.client import (
    Answer,
    Authoriser,
    BatchItem,
    Between,
    Enrolment,
    EnrolmentRefused,
    Overloaded,
    Submission,
    TapFacts,
)
from clearing.authoriser.socket_file import SocketFile
from clearing.authoriser.trunk import ENROL_OP, AnswerKind, Framing, Kind, Outbox, TrunkBroken
from clearing.directory import CardIssuedAgain, Change, Directory, KeyEntry, ReadyChanged
from clearing.telemetry import LogEvent
from clearing.values import CaisseCode, CardId
from clearing.vault import Vault
from clearing.wire.certificate import certify
from clearing.wire.enrolment import EnrolProof, read_enrolment
from clearing.wire.frame import FrameType, open_envelope
from clearing.wire.interchange import NO_FRAME, WORD_BYTES_MAX
from clearing.wire.requests import Op, request_again
from clearing.wire.signature import VerifiedFrame, verified_by_gateway

KEYS_PER_FRAME: Final = 2_000
_UNKNOWN_VERSION: Final = 1
_OPS: Final = {op.value: op for op in Op}


class TrunkServer:
    """Serves gateways until closed. path: of a Unix socket; else a port of 127.0.0.1 and the shared secret."""

    def __init__(
        self, *, authoriser: Authoriser, directory: Directory, vaults: Mapping[CaisseCode, Vault], frame_bytes_max: int,
        path: Path | None = None, port: int = 0, secret: bytes | None = None,
    ) -> None:
        self.authoriser, self.directory, self.vaults = authoriser, directory, vaults
        self.frame_bytes_max, self.secret = frame_bytes_max, secret
        self._file, self._port = None if path is None else SocketFile(path), port
        self._server: asyncio.Server | None = None
        self.lines: set[_Line] = set()

    async def start(self) -> None:
        loop = asyncio.get_running_loop()
        if self._file is not None:
            with self._file.making() as path:
                self._server = await loop.create_unix_server(lambda: _Line(self), path=path)
        else:
            if self.secret is None:
                raise ValueError("a trunk over TCP needs a shared secret: set one, or use the Unix socket")
            self._server = await loop.create_server(lambda: _Line(self), host="127.0.0.1", port=self._port)
        self.directory.listen(self._tell)

    def close(self) -> None:
        self.directory.deaf(self._tell)
        if self._server is not None:
            self._server.close()
        for line in list(self.lines):
            line.close()
        if self._file is not None:
            self._file.remove()

    def tell_of(self, code: CaisseCode) -> None:
        """A caisse came: whoever is connected learns what it has to know of it, as who connects later does."""
        for line in self.lines:
            line.tell_of(code)

    def _tell(self, change: Change) -> None:
        for line in self.lines:
            line.tell(change)


class _Line(asyncio.Protocol):
    """The connection of one gateway."""

    def __init__(self, server: TrunkServer) -> None:
        self._server = server
        self._framing = Framing(server.secret, server=True)
        self._transport: asyncio.Transport | None = None
        self._answers = Outbox(lambda answers: self._send(Kind.ANSWERS, answers), asyncio.get_running_loop().call_soon)
        self._told = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._server.lines.add(self)
        if self._framing.greeting:
            self._transport.write(self._framing.greeting)
        else:
            self._tell_all()

    def connection_lost(self, _fault: Exception | None) -> None:
        self._server.lines.discard(self)
        self._transport = None  # its requests are decided all the same; whoever asked resends

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def data_received(self, data: bytes) -> None:
        try:
            for kind, values in self._framing.feed(data):
                self._hear(kind, values)
            if self._framing.open and not self._told:
                self._tell_all()
        except (TrunkBroken, ValueError, TypeError, KeyError, IndexError) as fault:
            structlog.get_logger().error(LogEvent.TRUNK_BROKEN, fault=repr(fault))
            self.close()

    def _hear(self, kind: int, values: list[Any]) -> None:
        match kind:
            case Kind.ASK:
                for number, caisse, op, raw, digest, tap in values[0]:
                    self._ask(number, caisse, op, raw, digest, tap, None)
            case Kind.ASK_BATCH:
                caisse, frame, frame_digest, items = values
                for number, op, index, raw, digest, tap in items:
                    self._ask(number, caisse, op, raw, digest, tap, BatchItem(frame_digest, frame, index))
            case Kind.WORD:
                self._word(*values)
            case Kind.ASK_ABROAD:
                self._ask_abroad(*values)
            case Kind.CARDS:
                number, caisse, uids = values
                self._send(Kind.CARD_KEYS, number, [self._card_key(caisse, uid) for uid in uids])
            case _:
                raise TrunkBroken(f"a gateway does not say {kind}")

    def _ask(
        self, number: int, caisse: str, op: str, raw: bytes, digest: bytes, tap: list[Any] | None, item: BatchItem | None
    ) -> None:
        envelope = open_envelope(raw, frame_bytes_max=self._server.frame_bytes_max)
        found = None if tap is None else TapFacts(genuine=tap[0], card=tap[1], key_version=tap[2], counter=tap[3])
        code = CaisseCode(caisse)
        if op == ENROL_OP:
            frame = verified_by_gateway(raw, envelope, FrameType.TERM_ENROL, digest)
            submission = Submission(caisse=code, frame=frame, request=_enrolment(frame))
        else:
            frame = verified_by_gateway(raw, envelope, FrameType.TERM_REQ, digest)
            submission = Submission(
                caisse=code, frame=frame, request=request_again(frame, _OPS[op]), tap=found, item=item
            )
        self._server.authoriser.post(submission, partial(self._answered, number))

    def _word(self, number: int, caisse: str, raw: bytes, digest: bytes, tap: list[Any] | None) -> None:
        found = None if tap is None else TapFacts(genuine=tap[0], card=tap[1], key_version=tap[2], counter=tap[3])
        self._server.authoriser.post(
            Submission(caisse=CaisseCode(caisse), frame=_said(raw, digest), request=Between(inquiry=not raw), tap=found),
            partial(self._answered, number),
        )

    def _ask_abroad(
        self, number: int, caisse: str, op: str, raw: bytes, digest: bytes, issued: bytes, issued_digest: bytes,
        item: list[Any] | None,
    ) -> None:
        envelope = open_envelope(raw, frame_bytes_max=self._server.frame_bytes_max)
        frame = verified_by_gateway(raw, envelope, FrameType.TERM_REQ, digest)
        self._server.authoriser.post(
            Submission(
                caisse=CaisseCode(caisse), frame=frame, request=request_again(frame, _OPS[op]),
                item=None if item is None else BatchItem(*item), issued=_said(issued, issued_digest),
            ),
            partial(self._answered, number),
        )

    def _answered(self, number: int, answer: Answer) -> None:
        if isinstance(answer, bytes):
            self._answers.add((number, 0, answer))
        elif isinstance(answer, Overloaded):
            self._answers.add((number, AnswerKind.NOT_PROCESSED.value, answer.retry_after_s))
        elif isinstance(answer, EnrolmentRefused):
            self._answers.add((number, AnswerKind.ENROLMENT_REFUSED.value, None))
        else:
            self._answers.add((number, AnswerKind.UNKNOWN.value, None))

    def _card_key(self, caisse: str, uid: bytes) -> tuple[CardId, int, bytes]:
        """(card, current key version, K2); a card that was never issued has version 1, and the writer answers 14 for it."""
        code = CaisseCode(caisse)
        vault = self._server.vaults[code]
        card = vault.card_id(uid)
        version = self._server.directory.card_version(code, card) or _UNKNOWN_VERSION
        return card, version, vault.resolve(uid, version)[1]

    def _tell_all(self) -> None:
        """What a gateway has to know before it may let anything in."""
        self._told = True
        for code in self._server.vaults:
            self.tell_of(code)

    def tell_of(self, code: CaisseCode) -> None:
        if not self._told:
            return
        vault = self._server.vaults[code]
        self._send(Kind.CAISSE, code, vault.kmeta, certify(vault.root_key(), vault.signing_key().public))
        entries = [_entry(entry) for entry in self._server.directory.keys_of(code)]
        for start in range(0, len(entries), KEYS_PER_FRAME):
            self._send(Kind.KEYS, code, entries[start : start + KEYS_PER_FRAME])
        self._send(Kind.READY, code, self._server.directory.ready.get(code, False))

    def tell(self, change: Change) -> None:
        if not self._told:
            return
        match change:
            case KeyEntry():
                self._send(Kind.KEYS, change.caisse, [_entry(change)])
            case CardIssuedAgain():
                self._send(Kind.CARD, change.caisse, change.card, change.key_version)
            case ReadyChanged():
                self._send(Kind.READY, change.caisse, change.ready)

    def _send(self, kind: Kind, *values: object) -> None:
        if self._transport is not None:
            self._transport.write(self._framing.frame(kind, *values))


def _entry(entry: KeyEntry) -> tuple[bytes, bytes, str, bytes, int, bool]:
    return (entry.kid, entry.public_key, entry.holder.value, entry.number, entry.epoch, entry.current)


def _said(raw: bytes, digest: bytes) -> VerifiedFrame:
    """A caisse's word, verified by the gateway that carries it; NO_FRAME when it is none."""
    if not raw:
        return NO_FRAME
    envelope = open_envelope(raw, frame_bytes_max=WORD_BYTES_MAX)
    return verified_by_gateway(raw, envelope, FrameType.SRV_BETWEEN, digest)


def _enrolment(frame: VerifiedFrame) -> Enrolment:
    proof = read_enrolment(open_envelope(frame.raw, frame_bytes_max=len(frame.raw)))
    if not isinstance(proof, EnrolProof):
        raise TrunkBroken("a gateway answers the first call of a pairing itself")
    return Enrolment(slot=proof.slot, key=proof.key, nonce=proof.nonce, server_nonce=proof.server_nonce, mac=proof.mac)
