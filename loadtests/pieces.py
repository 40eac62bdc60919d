"""Law: each piece of a sale's path is timed alone, in CPU, over many sales; the tenth percentile of chunks is its cost.

No door and no commit: frames signed ahead go through the very functions that gateway and writer call. What several processes
cost each other on two cores is not in it; that is loadtests.authorise. Run: python -m loadtests.pieces --json FILE
"""

import argparse
import asyncio
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import uvloop

from clearing.authoriser.answering import Answers
from clearing.authoriser.client import Submission
from clearing.authoriser.group import Group
from clearing.authoriser.loading import nothing_collected
from clearing.authoriser.reception import Waiting
from clearing.authoriser.trunk import Framing, Kind
from clearing.config import Settings
from clearing.event_store.proofs import GENESIS
from clearing.events.codec import decode
from clearing.installation.home import Home
from clearing.installation.opening import Installation
from clearing.telemetry import Telemetry
from clearing.terminal_gateway.door import Door
from clearing.terminal_gateway.taps import VaultRoom
from clearing.values import CaisseCode
from clearing.wire.frame import FrameType, open_envelope
from clearing.wire.reply_envelope import seal_replies
from clearing.wire.requests import Op, parse_request, request_again
from clearing.wire.signature import TerminalKey, verify
from loadtests.bare_writer import Bare, bare_writer
from loadtests.results_file import write_result

CODE: Final = CaisseCode("pieces")
GROUP: Final = 64
SETTINGS: Final = Settings(key_requests_per_s=1_000_000, key_requests_burst=1_000_000)


def each_us(work: Callable[[Any], object], items: Sequence[Any], *, of: int = 1, chunk: int = 250) -> float:
    """CPU microseconds per sale, when work does `of` sales at once: the tenth percentile over chunks of calls."""
    size = max(1, chunk // of)
    spent: list[float] = []
    for start in range(0, len(items) - size + 1, size):
        began = time.process_time()
        for item in items[start : start + size]:
            work(item)
        spent.append((time.process_time() - began) / (size * of) * 1e6)
    return round(sorted(spent)[len(spent) // 10], 2)


def pieces_of(bare: Bare, taken: Sequence[Submission]) -> dict[str, float]:
    """What is timed, in the order of the path; microseconds a sale."""
    public = {kid[:8]: kid for kid in (entry.public_key for entry in bare.writer._directory.keys_of(CODE))}
    raws = [one.frame.raw for one in taken]
    opened = [open_envelope(raw, frame_bytes_max=4_096) for raw in raws]
    directory = bare.writer._directory
    door = Door(
        settings=SETTINGS, directory=directory, cardrooms={CODE: VaultRoom(bare.vault, directory, CODE)}, telemetry=Telemetry(),
        clock_us=lambda: time.monotonic_ns() // 1_000,
    )  # fmt: skip
    for raw in raws:
        door.admit(raw, Op.SALE, "127.0.0.1")  # every card's key is at hand afterwards
    frames, key = [one.frame for one in taken], TerminalKey.generate()
    asked = [
        [(n, CODE, "sale", one.frame.raw, one.frame.digest, one.tap) for n, one in enumerate(taken[at : at + GROUP])]
        for at in range(0, len(taken), GROUP)
    ]
    line, other = Framing(None, server=False), Framing(None, server=True)
    payloads = [[bytes([n]) * 170 for n in range(GROUP)] for _ in range(len(taken) // GROUP)]
    found = {
        "door: whole": each_us(lambda raw: door.admit(raw, Op.SALE, "127.0.0.1"), raws),
        "door: signature": each_us(lambda e: verify(e, FrameType.TERM_REQ, public[e.kid]), opened),
        "door: request": each_us(lambda frame: parse_request(frame, Op.SALE), frames),
        "door: tap": each_us(lambda one: door.taps.facts(CODE, one.request), taken),
        "trunk: to and fro": each_us(lambda group: list(other.feed(line.frame(Kind.ASK, group))), asked, of=GROUP),
        "writer: request again": each_us(lambda frame: request_again(frame, Op.SALE), frames),
        "writer: replies signed in groups": each_us(lambda group: seal_replies(key, group), payloads, of=GROUP),
    }
    groups: list[Group] = []
    batches = [taken[at : at + GROUP] for at in range(0, len(taken) - GROUP + 1, GROUP)]
    found["writer: decided, folded, sealed"] = each_us(lambda batch: groups.append(_decided(bare, batch)), batches, of=GROUP)
    rows = [row for group in groups for row in group.rows]
    found["reader: decoded"] = each_us(lambda row: decode(row.type, row.schema_version, row.public, row.private), rows)
    return found


def _decided(bare: Bare, batch: Sequence[Submission]) -> Group:
    writer = bare.writer
    group = Group(writer.book)
    for one in batch:
        writer._reception.take(Waiting(one, writer._clock.now_us(), lambda _: None), group, GENESIS)
    for key, stored in group.seal(Answers(writer._key), GENESIS, bytes):
        writer._reception.sameness.remember(key, stored)
    assert set(group.codes) <= {"00", "10"}, f"a sale was declined: {group.codes}"
    return group


async def measure(home: Path, sales: int) -> dict[str, object]:
    installation = Installation.open(Home(home), SETTINGS)
    try:
        await installation.set_up()
        async with bare_writer(installation, CODE) as bare:
            await bare.furnish(cards=2_000, terminals=100, payers=3)
            taken = bare.sales(sales, lines=3)
            await asyncio.sleep(0)
            with nothing_collected():
                pass  # what is there stays, as in a serving writer
            return {"sales": sales, "lines": 3, "payers": 3, "group": GROUP, "us_per_sale": pieces_of(bare, taken)}
    finally:
        installation.close()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m loadtests.pieces", description=__doc__)
    parser.add_argument("--sales", type=int, default=12_800, help="sales to time each piece with (default 12,800)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where the result goes (default: loadtests/results)")
    asked = parser.parse_args()
    home = Path(tempfile.mkdtemp(prefix="clearing-pieces-"))
    home.chmod(0o711)  # PostgreSQL runs under an account of its own when this is root
    try:
        result = uvloop.run(measure(home, asked.sales))
    finally:
        shutil.rmtree(home, ignore_errors=True)
    path = write_result(asked.json, "pieces", result)
    print(json.dumps(result["us_per_sale"], indent=1))
    print(f"microseconds of CPU a sale; kept in {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
