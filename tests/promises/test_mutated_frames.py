"""Law: whatever bytes come, the door answers 400, 401 or 413, nothing behind it hears of them, and the next sale passes.

`bombard` takes any door: the one here has a writer that counts what reaches it; with the real writer the count is of
events and queries.
"""

import asyncio
import os
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from itertools import islice

import aiohttp
import pytest

from clearing.config import Settings
from clearing.telemetry import Telemetry
from clearing.terminal_gateway.server import ENROL_PATH, PATHS, create_app
from clearing.terminal_gateway.taps import VaultRoom
from clearing.wire.enrolment import EnrolHello, EnrolProof, encode_hello, encode_proof
from clearing.wire.frame import CONTENT_TYPE, FrameType
from clearing.wire.requests import NewKey, Op, Request, encode_request
from clearing.wire.signature import TerminalKey, prove_new_key
from tests.living_caisse import CODE, Caisse, living_caisse
from tests.postgres_server import running_server
from tests.promises.mutations import BrokenFrame, GoodFrame, broken_frames
from tests.stall_world import KEY, STALL, HandClock, IssuerRoom, World, but, opened, sale

COUNT = {"short": 5_000, "long": 100_000}[os.environ.get("CLEARING_PROMISES", "short")]
SEED = 20171231
AT_ONCE = 16
PATIENT = Settings(address_refusals_per_s=1_000_000, address_refusals_burst=1_000_000)
PAIRING_KEY = TerminalKey.from_seed(b"n" * 32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A door under fire. traces: how much of anything it has left behind itself (submissions; or events and queries).
    before_each: called before each frame, to move the clock of its limits on."""

    address: str
    good: list[GoodFrame]
    traces: Callable[[], Awaitable[int]]
    before_each: Callable[[], None]


async def bombard(target: Target, *, count: int, seed: int) -> Counter[tuple[int, str]]:
    """Post count broken frames; (status, mutation) -> how often. Raises AssertionError when a trace is left."""
    before = await target.traces()
    frames, answers = broken_frames(target.good, count=count, seed=seed), Counter[tuple[int, str]]()
    async with aiohttp.ClientSession(target.address) as session:
        await asyncio.gather(*[_post(session, target, frames, answers) for _ in range(AT_ONCE)])
    assert await target.traces() == before
    return answers


async def _post(
    session: aiohttp.ClientSession, target: Target, frames: Iterator[BrokenFrame], answers: Counter[tuple[int, str]]
) -> None:
    for frame in frames:
        target.before_each()
        async with session.post(frame.path, data=frame.raw, headers={"Content-Type": CONTENT_TYPE}) as answer:
            answers[answer.status, frame.how] += 1


def good_frames(world: World, *, epoch: int = 0) -> list[GoodFrame]:
    """One of every kind that the door reads. epoch: of the stall's key."""
    sold = but(sale(world.card()), epoch=epoch)
    plain = but(sold, card=None)
    new_key = NewKey(PAIRING_KEY.public, prove_new_key(PAIRING_KEY, terminal=STALL, epoch=epoch))
    requests = [
        sold,
        but(sold, op=Op.AUTH),
        but(sold, offline=1, offline_cents=sold.amount_cents, offline_lines=(sold.amount_cents,)),
        but(plain, op=Op.CAP, original=sold.x),
        but(plain, op=Op.REF, original=sold.x),
        but(plain, op=Op.REV, original=sold.x),
        but(plain, op=Op.ROTATE, new_key=new_key),
        but(plain, op=Op.RECEIPT, original=sold.x),
        but(plain, op=Op.TIME, nonce=bytes(16)),
    ]
    hello = EnrolHello(slot="brume-1", key=PAIRING_KEY.public, nonce=bytes(16))
    proof = EnrolProof(slot="brume-1", key=PAIRING_KEY.public, nonce=bytes(16), server_nonce=bytes(16), mac=bytes(32))
    return [
        *[_of_terminal(one) for one in requests],
        _of_pairing(encode_hello(hello)),
        _of_pairing(encode_proof(proof)),
    ]


def _of_terminal(request: Request) -> GoodFrame:
    path = next(path for path, op in PATHS.items() if op is request.op)
    return GoodFrame(path=path, frame_type=FrameType.TERM_REQ, key=KEY, payload=encode_request(request))


def _of_pairing(payload: bytes) -> GoodFrame:
    return GoodFrame(path=ENROL_PATH, frame_type=FrameType.TERM_ENROL, key=PAIRING_KEY, payload=payload)


def target_of(world: World, address: str) -> Target:
    async def traces() -> int:
        return len(world.writer.submissions)

    return Target(address=address, good=good_frames(world), traces=traces, before_each=world.clock.second_later)


def test_mutations_are_the_same_for_the_same_seed() -> None:
    good = good_frames(World())
    once, again = (list(broken_frames(good, count=300, seed=SEED)) for _ in range(2))
    assert once == again
    assert {frame.resigned for frame in once} == {True, False}
    assert len({frame.how for frame in broken_frames(good, count=2_000, seed=SEED)}) == 22


async def test_every_good_frame_is_let_in_before_it_is_mutated() -> None:
    world = World(settings=Settings(enrol_requests_burst=1_000))
    async with world.served() as address, aiohttp.ClientSession(address) as session:
        statuses: list[tuple[int, str]] = []
        for frame in good_frames(world):
            raw = frame.key.sign_envelope(frame.frame_type, frame.payload)
            async with session.post(frame.path, data=raw, headers={"Content-Type": CONTENT_TYPE}) as answer:
                statuses.append((answer.status, frame.path))
    expected = [(200, frame.path) for frame in good_frames(world)]
    expected[2] = (400, "/v1/sale")  # what was sold offline is told, not asked: well formed, but not on this path
    assert statuses[:-1] == expected[:-1]
    assert statuses[-1] == (401, ENROL_PATH)  # a proof for a nonce nobody was given


async def test_mutated_frames_leave_no_trace(record_property: Callable[[str, object], None]) -> None:
    world = World(settings=PATIENT)
    async with world.served() as address:
        answers = await bombard(target_of(world, address), count=COUNT, seed=SEED)
        assert await posted(address, _of_terminal(sale(world.card(2), n=999))) == 200
    record_property("statuses", require_refusals(answers))


async def test_mutated_frames_reach_neither_the_log_nor_the_database(
    record_property: Callable[[str, object], None],
) -> None:
    with running_server() as server:
        async with living_caisse(server) as caisse:
            queries = Counter[str]()
            caisse.log._connection.add_query_logger(lambda asked: queries.update([asked.query]))
            clock, telemetry = HandClock(), Telemetry()
            rooms = {CODE: VaultRoom(IssuerRoom(), caisse.directory, CODE)}
            app = create_app(PATIENT, caisse.directory, caisse.writer, rooms, telemetry, clock)
            good = good_frames(World(), epoch=1)
            async with opened(app, PATIENT) as address:
                target = Target(
                    address=address,
                    good=good,
                    traces=lambda: traces_of(caisse, queries),
                    before_each=clock.second_later,
                )
                answers = await bombard(target, count=COUNT, seed=SEED + 1)
                assert await posted(address, good[0]) == 200  # unbent, it is decided: a card nobody issued
            caisse.n = 1  # the number that the good frame used
            _, reply = await caisse.sell({"fruit-veg": 735})
            assert (reply.rc, reply.aa) == ("00", 735)
    record_property("statuses", require_refusals(answers))


async def posted(address: str, frame: GoodFrame) -> int:
    raw = frame.key.sign_envelope(frame.frame_type, frame.payload)
    async with (
        aiohttp.ClientSession(address) as session,
        session.post(frame.path, data=raw, headers={"Content-Type": CONTENT_TYPE}) as answer,
    ):
        return answer.status


async def traces_of(caisse: Caisse, queries: Counter[str]) -> int:
    """Events in the log, queries but for the lease that an idle writer renews, and anything that waits for the writer."""
    of_idleness = caisse.log._queries["renew_lease"]
    return caisse.writer.book.position + queries.total() - queries[of_idleness] + len(caisse.writer._inbox)


def require_refusals(answers: Counter[tuple[int, str]]) -> dict[int, int]:
    """How often each status came; all of them 400, 401 or 413, and one for each frame."""
    by_status = Counter[int]()
    for (status, _), times in answers.items():
        by_status[status] += times
    assert set(by_status) == {400, 401, 413}, [key for key in answers if key[0] not in (400, 401, 413)]
    assert by_status.total() == COUNT
    return dict(by_status)


@pytest.mark.parametrize("seed", range(3))
def test_every_seed_resigns_half_of_its_frames(seed: int) -> None:
    frames = list(islice(broken_frames(good_frames(World()), count=200, seed=seed), 200))
    assert sum(frame.resigned for frame in frames) == 100
