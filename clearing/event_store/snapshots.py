"""Law: a snapshot is there when its row is, and its row comes after all its parts; the newest two are kept."""

from collections.abc import Iterable
from hashlib import sha256
from typing import Final

from clearing.event_store.reader import Reader
from clearing.event_store.rows import SnapshotRow

KEPT: Final = 2
PART_BYTES_MAX: Final = 16_000_000


class SnapshotTaker(Reader):
    """Reads the log and writes snapshots of it, beside a serving writer; needs the writer's role, takes no lease."""

    async def store(self, position: int, code_version: str, chain: bytes, parts: Iterable[bytes]) -> SnapshotRow:
        """Write a whole snapshot. A crash leaves parts that nobody reads; the next one drops them."""
        await self._rows("drop_snapshot", position, code_version)
        await self._rows("drop_snapshot_parts", position, code_version)
        digest, count = sha256(), 0
        for part in parts:
            assert len(part) <= PART_BYTES_MAX, "a part of a snapshot fits into one message"
            await self._rows("store_snapshot_part", position, code_version, count, part)
            digest.update(sha256(part).digest())
            count += 1
        row = SnapshotRow(position, code_version, chain, count, digest.digest())
        await self._rows("store_snapshot", *row)
        return row

    async def keep_newest(self, code_version: str, kept: int = KEPT) -> int:
        """Drop all but the newest of this version; returns how many are left."""
        newest = (await self.snapshots(code_version))[:kept]
        if newest:
            await self._rows("drop_snapshots_but", code_version, newest[-1].position)
            await self._rows("drop_snapshot_parts_but", code_version, newest[-1].position)
        return len(newest)
