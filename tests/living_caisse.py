"""Law: a whole caisse on a real database: two people, a charte, a member with a card, a producer's terminal, and its writer.

What tests of the writer share; nothing in it is a stand-in. Time is a clock that moves when a test says so.
"""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from clearing.authoriser.client import Submission, TapFacts
from clearing.authoriser.loop import Writer
from clearing.config import Settings
from clearing.directory import Directory
from clearing.event_store.log import Log
from clearing.event_store.reader import Reader
from clearing.events.basket import Line
from clearing.events.codes import Code
from clearing.postgres import Embedded
from clearing.rules.calendar import CivilCalendar
from clearing.telemetry import Telemetry
from clearing.values import CaisseCode, CardId, CategoryId, Cents, OperationId, PersonId, TerminalId
from clearing.wire.commands import (
    Command,
    CommandReply,
    encode_command,
    parse_command,
    parse_command_reply,
    person_number,
)
from clearing.wire.fields import TimeMs
from clearing.wire.frame import FrameType, open_envelope
from clearing.wire.replies import Reply, parse_reply
from clearing.wire.reply_envelope import open_reply, verify_reply
from clearing.wire.requests import ZERO_DIGEST, CardUrl, Op, Request, encode_request, parse_request
from clearing.wire.signature import TerminalKey, VerifiedFrame, verify
from tests.postgres_server import TestCaisse, fresh_caisse

CODE = CaisseCode("brume")
SERVER_KEY = TerminalKey.from_seed(b"s" * 32)
ROOT = TerminalKey.from_seed(b"r" * 32).public
AMINA, BRUNO = PersonId("amina"), PersonId("bruno")
KEYS = {AMINA: TerminalKey.from_seed(b"a" * 32), BRUNO: TerminalKey.from_seed(b"b" * 32)}
STALL = TerminalId(b"stall-01")
STALL_KEY = TerminalKey.from_seed(b"k" * 32)
CARD = CardId(b"c" * 16)
MAY_1 = CivilCalendar("Europe/Paris").start_us(date(2026, 5, 1))
DAY_US = 86_400_000_000


@dataclass
class HandClock:
    """Both clocks in one, so that no step is ever seen."""

    us: int

    def now_us(self) -> int:
        return self.us

    def monotonic_us(self) -> int:
        return self.us


def charte_body(version: int, decision: str, effective_us: int, rates: dict[str, int]) -> dict[str, object]:
    """One purse, "credit", with a rate per category in ten-thousandths."""
    covers = [{"category": category, "rate": share} for category, share in rates.items()]
    return {
        "version": version, "decision": decision, "effective_us": effective_us, "categories": list(rates),
        "payers": [{"id": "credit", "covers": covers, "purse": "credit"}],
    }


def decision_body(decision: str) -> dict[str, object]:
    return {
        "decision": decision, "title": "What the caisse pays", "body": "general-meeting", "method": "majority",
        "taken_on": "2026-04-20", "votes_for": 31, "votes_against": 4, "abstained": 2, "minutes_sha256": b"",
    }


RATES = {"fruit-veg": 10_000, "animal": 7_000, "staple": 3_000}


def founding() -> dict[str, object]:
    return {
        "name": "Caisse de la Brume", "zone": "Europe/Paris", "account_name": "Caisse de la Brume",
        "persons": [
            {"person": AMINA, "key": KEYS[AMINA].public, "roles": ["treasurer", "clerk", "operator"]},
            {"person": BRUNO, "key": KEYS[BRUNO].public, "roles": ["approver", "desk"]},
        ],
        "decisions": [decision_body("ag-2026-04")],
        "funds": [{"fund": "general", "kind": "general", "name": "General fund", "advance_cents": 0}],
        "chartes": [charte_body(1, "ag-2026-04", 0, RATES)],
        "allocation_rules": [{
            "rule": "monthly", "purse": "credit", "fund": "general", "cents_each": 15_000, "months_valid": 2, "who": [],
            "decision": "ag-2026-04",
        }],
    }


@dataclass(kw_only=True)
class Caisse:
    """A running writer with its store; `sell` and `command` do what the doors do: sign, verify, parse, submit."""

    place: TestCaisse
    dsn: str
    schema: str
    clock: HandClock
    writer: Writer
    log: Log
    directory: Directory
    running: "asyncio.Task[None]"
    counter: int = 0
    n: int = 0
    numbers: dict[PersonId, int] = field(default_factory=dict)
    dice: random.Random = field(default_factory=lambda: random.Random(1))

    async def command(self, person: PersonId, verb: str, body: dict[str, object], **more: Any) -> CommandReply:
        return parse_command_reply(payload_of(await self.writer.submit(self.commanded(person, verb, body, **more))))

    def commanded(
        self, person: PersonId, verb: str, body: dict[str, object], *, n: int | None = None, secret: bytes | None = None
    ) -> Submission:
        self.numbers[person] = self.numbers.get(person, 0) + 1
        command = Command(
            caisse=CODE, person=person_number(person), epoch=1, n=self.numbers[person] if n is None else n,
            x=OperationId(self.dice.randbytes(16)), ts_ms=TimeMs(self.clock.us // 1_000), verb=verb, body=body,
        )
        raw = KEYS[person].sign_envelope(FrameType.PERSON_CMD, encode_command(command))
        frame = verify(open_envelope(raw, frame_bytes_max=1 << 20), FrameType.PERSON_CMD, KEYS[person].public)
        return Submission(caisse=CODE, frame=frame, request=parse_command(frame), secret=secret)

    def asked(self, op: Op, lines: dict[str, int], *, tap: TapFacts | None = None, **fields: Any) -> Submission:
        """A signed request of the stall's terminal, with a fresh tap for ops that need one."""
        self.n += 1
        amount = {"amount_cents": Cents(sum(lines.values()))} if op not in (Op.REV, Op.RECEIPT) else {}
        values: dict[str, Any] = {
            "op": op, "terminal": STALL, "epoch": 1, "n": self.n, "x": OperationId(self.dice.randbytes(16)),
            "ts_ms": TimeMs(self.clock.us // 1_000), "previous": ZERO_DIGEST, **amount,
            "lines": tuple(Line(category=CategoryId(name), amount_cents=Cents(cents)) for name, cents in lines.items()),
        }
        if op in (Op.SALE, Op.AUTH):
            values["card"] = CardUrl(bytes(16), bytes(8))
            tap = tap or self.tap()
        return self.submission(Request(**{**values, **fields}), tap)

    def submission(self, request: Request, tap: TapFacts | None) -> Submission:
        frame = sign(request)
        return Submission(caisse=CODE, frame=frame, request=parse_request(frame, request.op), tap=tap)

    def tap(self, counter: int | None = None) -> TapFacts:
        self.counter += 1
        return TapFacts(genuine=True, card=CARD, key_version=1, counter=self.counter if counter is None else counter)

    async def sell(self, lines: dict[str, int], op: Op = Op.SALE, **fields: Any) -> tuple[Request, Reply]:
        submission = self.asked(op, lines, **fields)
        assert isinstance(submission.request, Request)
        return submission.request, parse_reply(payload_of(await self.writer.submit(submission)))

    async def reader(self) -> Reader:
        return await Reader.open(self.dsn, self.schema)


def sign(request: Request) -> VerifiedFrame:
    raw = STALL_KEY.sign_envelope(FrameType.TERM_REQ, encode_request(request))
    return verify(open_envelope(raw, frame_bytes_max=4096), FrameType.TERM_REQ, STALL_KEY.public)


def payload_of(raw: bytes, server_key: bytes = SERVER_KEY.public) -> bytes:
    """The payload of a reply whose signature holds."""
    return verify_reply(open_reply(raw, reply_bytes_max=1 << 20), server_key)


async def open_writer(
    dsn: str, schema: str, clock: HandClock, directory: Directory, *, take_over: bool = False, lease_s: float = 60
) -> tuple[Log, Writer]:
    log = await Log.open(dsn, schema, writer="test", lease_s=lease_s, now_us=clock.now_us, take_over=take_over)
    writer = Writer(
        code=CODE, log=log, key=SERVER_KEY, root=ROOT, clock=clock, directory=directory, telemetry=Telemetry(),
        settings=Settings(),
    )
    await writer.start()
    return log, writer


@asynccontextmanager
async def living_caisse(server: Embedded, *, founded: bool = True, at_us: int = MAY_1) -> AsyncIterator[Caisse]:
    """A caisse founded on 1 May 2026 with a month's credit of 150.00 granted to its one member, ready to sell."""
    place, clock, directory = await fresh_caisse(server), HandClock(at_us), Directory()
    dsn, schema = place.dsn("clearing_writer"), place.schema
    log, writer = await open_writer(dsn, schema, clock, directory)
    caisse = Caisse(
        place=place, dsn=dsn, schema=schema, clock=clock, writer=writer, log=log, directory=directory,
        running=asyncio.create_task(writer.run()),
    )
    try:
        if founded:
            await furnish(caisse)
        yield caisse
        caisse.writer.stop()
        await caisse.running
    finally:
        caisse.running.cancel()
        await asyncio.gather(caisse.running, return_exceptions=True)
        await caisse.log.release()


Step = tuple[PersonId, str, dict[str, object]]


def furnishing(*more_members: dict[str, object], structures: tuple[str, ...] = ()) -> list[Step]:
    """The commands that found a caisse and give it everything that one sale needs, in order."""
    return [
        (AMINA, "found", founding()),
        (AMINA, "receive_money", {"fund": "general", "cents": 1_000_000, "reference": "subsidy"}),
        (BRUNO, "admit_members", {"members": [{"member": "m-1", "groups": []}, *more_members]}),
        (BRUNO, "issue_cards", {"cards": [{"card": CARD, "key_version": 1, "member": "m-1", "alias": "0001"}]}),
        (AMINA, "admit_producers", {
            "producers": [{"producer": "field", "name": "The field", "structures": list(structures)}]
        }),
        (AMINA, "sign_conventions", {"conventions": [{"convention": "field-1", "producer": "field", "from_us": 0}]}),
        (AMINA, "propose_bank_details", {"details": [{"producer": "field", "digest": b"d" * 32}]}),
        (BRUNO, "approve_bank_details", {"producers": [{"producer": "field", "digest": b"d" * 32}]}),
        (AMINA, "enrol_terminals", {
            "terminals": [{"terminal": STALL, "epoch": 1, "producer": "field", "key": STALL_KEY.public}]
        }),
        (AMINA, "grant", {"rule": "monthly", "period": "2026-05"}),
    ]


async def furnish(caisse: Caisse) -> None:
    for person, verb, body in furnishing():
        done = await caisse.command(person, verb, body)
        assert done.rc is Code.APPROVED, f"{verb}: {done.rc} {done.why}"
