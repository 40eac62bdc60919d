"""Law: people always see one whole generation of tables; the next one is shown in one transaction or not at all.

Set-up makes the first; a rebuild makes the next beside it. Tables belong to clearing_owner; the projector may only write them.
"""

from collections.abc import Sequence
from typing import Final

import asyncpg

from clearing.projections.views import PACKAGE, VIEWS, Connection, View, statements
from clearing.sql import Queries

BECOME_OWNER: Final = "SET LOCAL ROLE clearing_owner"
YIELD_TO_READERS: Final = "SET LOCAL lock_timeout = '250ms'"  # below deadlock_timeout: readers never pay for a flip
ROOM_TO_SORT: Final = "SET LOCAL maintenance_work_mem = '128MB'"
CHECKPOINTS: Final = "checkpoints.sql"
SHOW_TRIES: Final = 100  # each waits 250 ms for readers to finish


class GenerationGone(Exception):
    """The tables to write or to read are not there: never set up, of an older program, replaced or dropped. Set them up, which
    `clearing serve` does when it starts, or rebuild them."""


async def install(admin: Connection, schema: str, *, views: Sequence[View] = VIEWS) -> None:
    """Make the first generation of a caisse and show it; harmless when there is one. admin: may become clearing_owner.

    Tables of another shape, which an older program left, are replaced by empty ones, which the runner fills from the log.
    Raises LockNotAvailableError when somebody reads those for longer than SHOW_TRIES.
    """
    checkpoints = Queries.load(PACKAGE, CHECKPOINTS, schema)
    if await admin.fetchrow(checkpoints["live"]) is not None:
        return
    generation = await make(admin, schema, views=views)
    for tries_left in reversed(range(SHOW_TRIES)):
        try:
            async with admin.transaction():
                await publish(admin, schema, generation, views=views)
                for other in await admin.fetch(checkpoints["of_other_shapes"]):
                    await drop(admin, schema, int(other["version"]), views=views)
        except asyncpg.LockNotAvailableError:
            if not tries_left:
                raise
        else:
            return


async def make(admin: Connection, schema: str, *, views: Sequence[View] = VIEWS, indexed: bool = True) -> int:
    """New, empty tables at position 0 that nobody sees yet; returns their generation. indexed: False: `index` comes later."""
    checkpoints = Queries.load(PACKAGE, CHECKPOINTS, schema)
    async with admin.transaction():
        await admin.execute(BECOME_OWNER)
        generation = 1 + int(await admin.fetchval(checkpoints["highest_generation"]))
        for view in views:
            await admin.execute(statements(view.file, schema, generation)["create"])
        await admin.execute(checkpoints["begin"], generation, False)
    if indexed:
        await index(admin, schema, generation, views=views)
    return generation


async def index(admin: Connection, schema: str, generation: int, *, views: Sequence[View] = VIEWS) -> None:
    """What only questions need: made after the rows when there are many, which costs a fifth of keeping it up to date."""
    async with admin.transaction():
        await admin.execute(BECOME_OWNER)
        await admin.execute(ROOM_TO_SORT)
        for view in views:
            found = statements(view.file, schema, generation)
            if "index" in found.texts:
                await admin.execute(found["index"])


async def publish(admin: Connection, schema: str, generation: int, *, views: Sequence[View] = VIEWS) -> None:
    """Inside a transaction: from its commit on people see this generation, and runners follow it.

    Raises LockNotAvailableError while somebody reads: then it is tried again, since two who wait for each other would be worse.
    """
    await admin.execute(YIELD_TO_READERS)
    await admin.execute(BECOME_OWNER)
    for file in (CHECKPOINTS, *(view.file for view in views)):
        await admin.execute(statements(file, schema, generation)["publish"])
    await admin.execute(Queries.load(PACKAGE, CHECKPOINTS, schema)["go_live"], generation)


async def drop(admin: Connection, schema: str, generation: int, *, views: Sequence[View] = VIEWS) -> None:
    """Inside a transaction: remove a generation that is not shown; its runners find it gone. Raises LockNotAvailableError."""
    await admin.execute(YIELD_TO_READERS)
    await admin.execute(BECOME_OWNER)
    await admin.execute(Queries.load(PACKAGE, CHECKPOINTS, schema)["forget"], generation)
    for view in reversed(views):  # a view that reads another one's tables stands behind it
        await admin.execute(statements(view.file, schema, generation)["drop"])


async def totals(
    connection: Connection, schema: str, generation: int, *, views: Sequence[View] = VIEWS
) -> dict[str, int]:
    """Every figure that two generations are compared by, at the position where they stand."""
    found: dict[str, int] = {}
    for view in views:
        rows = await connection.fetch(statements(view.file, schema, generation)["totals"])
        found.update((row["figure"], int(row["amount"])) for row in rows)
    return found


async def breaches(connection: Connection, schema: str, generation: int) -> list[str]:
    """Where two roads to one sum differ within a generation; empty when all is well."""
    rows = await connection.fetch(statements("checks.sql", schema, generation)["breaches"])
    return [f"{row['figure']}: {row['expected']} expected, {row['found']} found" for row in rows]
