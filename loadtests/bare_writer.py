"""Law: what a sale costs the writer and its database alone: verified submissions straight into a real writer, no doors.

For questions of scale only. The writer, its log and its commands are the real ones; what a gateway does is done before.
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from clearing.authoriser.client import Submission, TapFacts
from clearing.authoriser.clock import SystemClock
from clearing.authoriser.loop import Writer
from clearing.config import Settings
from clearing.directory import Directory
from clearing.event_store.log import Log
from clearing.events.codes import Code
from clearing.installation.office import NotAllowed, Officer
from clearing.installation.opening import Installation
from clearing.postgres.server import processes
from clearing.sql import schema_of
from clearing.telemetry import Telemetry
from clearing.values import CaisseCode, PersonId
from clearing.vault import Vault
from clearing.wire.commands import COMMAND_BYTES_MAX, encode_command, parse_command, parse_command_reply
from clearing.wire.frame import FrameType, open_envelope
from clearing.wire.requests import CardUrl, Op, parse_request
from clearing.wire.signature import TerminalKey, verify
from clearing.wire.tap import read_picc
from loadtests.fleet import Fleet, NowMs, Office, found
from loadtests.frames import Share, Signer
from loadtests.measuring import cpu_s, group_sizes

AT_ONCE = 128
SETTINGS = Settings(command_bytes_max=4 << 20)


@dataclass(slots=True)
class Direct(Officer):
    """An officer whose commands go straight into a writer of this process."""

    writer: Writer | None = None

    async def order(self, verb: str, body: dict[str, object], *, secret: bytes | None = None) -> dict[str, object]:
        assert self.writer is not None, "given before the first command"
        raw = self.key.sign_envelope(FrameType.PERSON_CMD, encode_command(self._command(verb, body)))
        frame = verify(open_envelope(raw, frame_bytes_max=COMMAND_BYTES_MAX), FrameType.PERSON_CMD, self.key.public)
        submission = Submission(caisse=self.caisse, frame=frame, request=parse_command(frame), secret=secret)
        answer = await self.writer.submit(submission)
        reply = parse_command_reply(_payload(answer))
        if reply.rc is not Code.APPROVED:
            raise NotAllowed(reply.rc, reply.why)
        return reply.out


def _payload(answer: bytes) -> bytes:
    return open_envelope(answer, frame_bytes_max=COMMAND_BYTES_MAX).payload


@dataclass(slots=True)
class Bare:
    """One caisse with its writer running in this process."""

    installation: Installation
    code: CaisseCode
    vault: Vault
    writer: Writer
    start_s: float
    telemetry: Telemetry
    fleet: Fleet | None = None

    def groups(self) -> tuple[float, float]:
        """(requests, groups) committed so far."""
        return group_sizes(self.telemetry.exposition().decode(), self.code) or (0.0, 0.0)

    async def furnish(self, *, cards: int, terminals: int, payers: int) -> Fleet:
        office = Office(*(self._officer(name) for name in ("amina", "bruno")))
        async with self.installation.people_of(self.code) as people:
            self.fleet = await found(
                self.installation.home, office, self.vault, people, code=self.code, terminals=terminals, cards=cards,
                payers=payers,
            )
        return self.fleet

    def _officer(self, name: str) -> Direct:
        return Direct(
            person=PersonId(name), key=TerminalKey.generate(), epoch=1, caisse=self.code,
            socket=self.installation.home.socket(self.code), now_ms=NowMs(), writer=self.writer,
        )

    def sales(self, count: int, *, lines: int) -> list[Submission]:
        """Submissions as the door makes them, each with its own number and tap. The fleet keeps what was used."""
        fleet = self.fleet
        assert fleet is not None, "furnish first"
        cards = [(uid, self.vault.resolve(uid, 1)[1]) for uid in fleet.uids]
        signer = Signer(Share(
            path=Path(os.devnull), terminals=fleet.terminals, cards=tuple(cards), kmeta=self.vault.kmeta, n=fleet.n,
            counter=fleet.counter, frames=count, transport="http", lines=(lines,), seed=b"scale",
        ))
        keys = [TerminalKey.from_seed(seed).public for _, seed in fleet.terminals]
        made = [self._submission(signer.sale(i % len(keys)), keys[i % len(keys)]) for i in range(count)]
        self.fleet = Fleet(
            code=fleet.code, terminals=fleet.terminals, uids=fleet.uids, n=fleet.n + -(-count // len(keys)),
            counter=fleet.counter + -(-count // len(cards)),
        )
        return made

    def _submission(self, envelope: bytes, public: bytes) -> Submission:
        frame = verify(open_envelope(envelope, frame_bytes_max=1 << 16), FrameType.TERM_REQ, public)
        request = parse_request(frame, Op.SALE)
        assert isinstance(request.card, CardUrl), "every sale of a load test has a tap"
        uid, counter = read_picc(self.vault.kmeta, request.card.p)
        tap = TapFacts(genuine=True, card=self.vault.card_id(uid), key_version=1, counter=counter)
        return Submission(caisse=self.code, frame=frame, request=request, tap=tap)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """CPU in microseconds per sale: of the writer's process, and of every process of PostgreSQL.

    group_size: requests per commit, over all writers: that many sales share what a commit costs.
    """

    writer_us: float
    postgres_us: float
    group_size: float


def mean_group(before: Sequence[tuple[float, float]], after: Sequence[tuple[float, float]]) -> float:
    """Requests per group between two readings of all writers' (requests, groups); 0.0 when there was no group."""
    requests, groups = (sum(of[place] for of in after) - sum(of[place] for of in before) for place in (0, 1))
    return round(requests / groups, 1) if groups else 0.0


async def cost_of(writers: Sequence[Bare], sales: Sequence[Sequence[Submission]]) -> Cost:
    """Decide and record these sales, AT_ONCE in flight over all writers, and say what one cost."""
    before = [bare.groups() for bare in writers]
    data = (writers[0].installation.home.postgres / "data").resolve()
    turns = [(bare, submission) for together in zip(*sales, strict=True)
             for bare, submission in zip(writers, together, strict=True)]  # fmt: skip
    postgres_s, own_s = _cpu_of(data), time.process_time()
    for first in range(0, len(turns), AT_ONCE):
        answers = await asyncio.gather(*(bare.writer.submit(one) for bare, one in turns[first : first + AT_ONCE]))
        assert all(b"\xa2rc\xa200" in answer for answer in answers), "every sale of this test is approved in full"
    own_us, postgres_us = ((until - since) * 1e6 / len(turns) for until, since in (
        (time.process_time(), own_s), (_cpu_of(data), postgres_s)
    ))
    group_size = mean_group(before, [bare.groups() for bare in writers])
    return Cost(writer_us=round(own_us, 1), postgres_us=round(postgres_us, 1), group_size=group_size)


def _cpu_of(data: Path) -> float:
    return sum(cpu_s(pid) or 0.0 for pid in processes(data))


@asynccontextmanager
async def bare_writer(installation: Installation, code: CaisseCode) -> AsyncIterator[Bare]:
    """A writer on a prepared caisse, for the time of the block; start_s: how long it folded the log."""
    vault = await installation.prepare(code, at_us=time.time_ns() // 1_000)
    clock, telemetry = SystemClock(), Telemetry()
    log = await Log.open(
        installation.dsn("clearing_writer"), schema_of(code), writer="load test", lease_s=60, now_us=clock.now_us,
        take_over=True,
    )
    writer = Writer(
        code=code, log=log, key=vault.signing_key(), root=vault.root_public, clock=clock, directory=Directory(),
        telemetry=telemetry, settings=SETTINGS,
    )
    started_s = time.process_time()
    await writer.start()
    start_s = time.process_time() - started_s
    task = asyncio.create_task(writer.run())
    try:
        yield Bare(installation, code, vault, writer, start_s, telemetry)
    finally:
        writer.stop()
        await asyncio.wait({task})
        await log.release()
