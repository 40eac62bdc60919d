"""Law: what tests of the writer ask of a living caisse beyond one sale: the same bytes again, a restart, what the log holds."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeVar

from clearing.authoriser.client import Between, Enrolment, Submission
from clearing.events.catalogue import Event
from clearing.events.codec import decode
from clearing.events.codes import Code
from clearing.rules.credit.allocation import Allocation
from clearing.telemetry import Telemetry
from clearing.values import MemberId, PurseKind
from clearing.wire.commands import Command
from clearing.wire.replies import Reply, parse_reply
from clearing.wire.requests import Request
from tests.living_caisse import Caisse, open_writer, payload_of

E = TypeVar("E")
MEMBER = MemberId("m-1")
CREDIT = PurseKind("credit")


def read(raw: bytes) -> Reply:
    """The reply in an envelope that the server's key signed."""
    return parse_reply(payload_of(raw))


async def ask(caisse: Caisse, submission: Submission) -> Reply:
    return read(await caisse.writer.submit(submission))


async def at_once(caisse: Caisse, submissions: Sequence[Submission]) -> list[bytes]:
    """All in one group: they are in the inbox before the writer looks into it."""
    return await asyncio.gather(*[caisse.writer.submit(one) for one in submissions])


def request_of(submission: Submission) -> Request | Command:
    assert not isinstance(submission.request, Between | Enrolment)
    return submission.request


def but(caisse: Caisse, submission: Submission, **changes: Any) -> Submission:
    """The same request with other fields, signed anew; the same tap."""
    assert isinstance(submission.request, Request)
    return caisse.submission(replace(submission.request, digest=b"", **changes), submission.tap)


async def restart(caisse: Caisse) -> None:
    """A clean stop, and a new writer that knows nothing but the log."""
    caisse.writer.stop()
    await caisse.running
    await caisse.log.release()
    await start(caisse)


async def start(caisse: Caisse, *, take_over: bool = False) -> None:
    caisse.log, caisse.writer = await open_writer(
        caisse.dsn, caisse.schema, caisse.clock, caisse.directory, take_over=take_over
    )
    caisse.running = asyncio.create_task(caisse.writer.run())


async def logged(caisse: Caisse, after: int = 0) -> list[Event]:
    """The events beyond a position, read from the database."""
    rows = await caisse.log.read(after, 10_000)
    return [decode(row.type, row.schema_version, row.public, row.private) for row in rows]


async def logged_of(caisse: Caisse, kind: type[E]) -> list[E]:
    return [event for event in await logged(caisse) if isinstance(event, kind)]


def credit_cents(caisse: Caisse) -> int:
    """What the one member can spend of the caisse's credit now."""
    book = caisse.writer.book
    allocation: Allocation = book.allocation
    return sum(lot.cents for lot in allocation.spendable(book.members.members[MEMBER], CREDIT, caisse.clock.us))


def count(telemetry: Telemetry, name: str, **labels: str) -> float:
    """The value of one metric."""
    return telemetry.registry.get_sample_value(name, {"caisse": "brume", **labels}) or 0.0


def codes(raws: Sequence[bytes]) -> list[Code]:
    return [read(raw).rc for raw in raws]
