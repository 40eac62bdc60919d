"""Law: what a sale costs is counted, not timed: calls, look-ups in the database, what stays in memory, what is stored.

A count is the same on any machine. The bounds stand a little above what was counted when they were written; who makes the
path dearer sees it here first. Microseconds: docs/PERFORMANCE.md and loadtests/.
"""

import asyncio
import gc
import sys
from collections import Counter
from collections.abc import Callable
from types import FrameType

from clearing.authoriser.client import Submission
from clearing.authoriser.group import Group
from clearing.authoriser.reception import Waiting
from clearing.authoriser.trunk import Framing, Kind
from clearing.config import Settings
from clearing.event_store.proofs import GENESIS
from clearing.events.basket import Line
from clearing.postgres import Embedded
from clearing.terminal_gateway.door import Door
from clearing.terminal_gateway.taps import VaultRoom
from clearing.values import CategoryId, Cents
from clearing.wire.fields import TimeMs
from clearing.wire.requests import ZERO_DIGEST, CardUrl, Op, Request, parse_request
from tests.living_caisse import CODE, MAY_1, STALL, Caisse, living_caisse, sign
from tests.memory_log import Desk, furnished
from tests.stall_world import BRUME, World, sale, signed

GROUP = 64
BASKET = (("fruit-veg", 5), ("animal", 7), ("staple", 4))  # the credit of 150.00 has to last


def calls(work: Callable[[], object]) -> Counter[str]:
    """How often Python functions ("call") and built-in ones ("c_call") are called in work."""
    counted: Counter[str] = Counter()

    def seen(_frame: FrameType, event: str, _argument: object) -> None:
        counted[event] += 1

    gc.disable()
    sys.setprofile(seen)
    try:
        work()
    finally:
        sys.setprofile(None)
        gc.enable()
    return counted


def submissions(desk: Desk, count: int) -> list[Submission]:
    """Sales of three lines, each with a fresh tap."""
    made = []
    for n in range(1, count + 1):
        request = Request(
            op=Op.SALE, terminal=STALL, epoch=1, n=1_000_000 + desk.log.rows[-1].position * GROUP + n, x=desk.new_x(),
            ts_ms=TimeMs(MAY_1 // 1_000), amount_cents=Cents(sum(cents for _, cents in BASKET)), previous=ZERO_DIGEST,
            lines=tuple(Line(CategoryId(name), Cents(cents)) for name, cents in BASKET), card=CardUrl(bytes(16), bytes(8)),
        )  # fmt: skip
        frame = sign(request)
        made.append(Submission(caisse=CODE, frame=frame, request=parse_request(frame, Op.SALE), tap=desk.tap()))
    return made


def decided(desk: Desk, taken: list[Submission]) -> Group:
    group = Group(desk.book)
    for one in taken:
        desk._reception.take(Waiting(one, desk.clock.us, lambda _: None), group, GENESIS)
    group.seal(desk._answers, GENESIS, bytes)
    assert group.codes == {"10": len(taken)}, "a sale that is declined costs less"
    return group


def test_a_sale_is_decided_hashed_and_answered_in_few_calls() -> None:
    desk = furnished()
    decided(desk, submissions(desk, GROUP))  # what is made once is made: indexes of the charte, labels
    taken, groups = submissions(desk, GROUP), []
    counted = calls(lambda: groups.append(decided(desk, taken)))
    assert len(groups[0].rows) == len(groups[0].replies) == len(groups[0].taps) == GROUP
    assert counted["call"] / GROUP < 125
    assert counted["c_call"] / GROUP < 140


def test_one_event_one_reply_and_one_tap_are_stored_for_a_sale() -> None:
    desk = furnished()
    group = decided(desk, submissions(desk, GROUP))
    assert len(group.rows) == len(group.replies) == len(group.taps) == GROUP
    stored = sum(len(column) for row in group.rows for column in row if isinstance(column, bytes | str))
    assert stored / GROUP < 740
    assert sum(len(row.reply) for row in group.replies) / GROUP < 480


def test_little_of_a_sale_stays_in_the_writers_memory() -> None:
    desk = furnished()
    decided(desk, submissions(desk, GROUP))
    before, count = sys.getallocatedblocks(), 10 * GROUP
    for _ in range(10):
        group = decided(desk, submissions(desk, GROUP))
        del group
    gc.collect()
    assert (sys.getallocatedblocks() - before) / count < 27


def test_the_door_admits_a_sale_in_few_calls() -> None:
    world = World(settings=Settings(key_requests_per_s=1_000_000, key_requests_burst=1_000_000))
    card = world.card()
    door = Door(
        settings=world.settings, directory=world.directory, cardrooms={BRUME: VaultRoom(world.room, world.directory, BRUME)},
        telemetry=world.telemetry, clock_us=world.clock,
    )  # fmt: skip
    frames = [signed(sale(card, n=n)) for n in range(1, GROUP + 1)]
    door.admit(frames[0], Op.SALE, "a")
    counted = calls(lambda: [door.admit(frame, Op.SALE, "a") for frame in frames])
    assert counted["call"] / GROUP < 78
    assert counted["c_call"] / GROUP < 140


def test_a_trunk_packs_and_unpacks_many_requests_in_one_call_each() -> None:
    asked = [(n, BRUME, "sale", bytes(270), bytes(32), (True, bytes(16), 1, n)) for n in range(GROUP)]
    gateway, writer = Framing(None, server=False), Framing(None, server=True)
    heard: list[object] = []
    counted = calls(lambda: heard.extend(writer.feed(gateway.frame(Kind.ASK, asked))))
    assert len(heard) == 1
    assert counted["call"] + counted["c_call"] < 30


def groups_of(caisse: Caisse) -> float:
    return caisse.writer._telemetry.registry.get_sample_value("clearing_group_requests_count", {"caisse": CODE}) or 0


async def test_a_group_is_one_statement_and_nothing_is_asked_for_a_sale(server: Embedded) -> None:
    async with living_caisse(server) as caisse:
        asked: Counter[str] = Counter()
        for connection in (caisse.log._appending, caisse.log._connection):
            connection.add_query_logger(lambda record: asked.update([record.query.strip().split(None, 2)[0]]))
        taken = [caisse.asked(Op.SALE, {"fruit-veg": 10}) for _ in range(GROUP)]
        before = groups_of(caisse)
        await asyncio.gather(*(caisse.writer.submit(one) for one in taken))
        groups = groups_of(caisse) - before
        assert asked["WITH"] <= groups <= 3  # the append
        assert sum(asked.values()) - asked["WITH"] <= 2  # a head is signed once a second, a lease renewed
