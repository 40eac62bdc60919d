"""Law: people always see one whole generation of tables; the next one is shown in one transaction or not at all.

Set-up makes the first; a rebuild makes the next beside it. Tables belong to clearing_owner; the projector may only write them.
"""

from collections.abc import Sequence
from typing import Final

from clearing.projections.views import PACKAGE, VIEWS, Connection, View, statements
from clearing.sql import Queries

BECOME_OWNER: Final = "SET LOCAL ROLE clearing_owner"
YIELD_TO_READERS: Final = "SET LOCAL lock_timeout = '250ms'"  # below deadlock_timeout: readers never pay for a flip
CHECKPOINTS: Final = "checkpoints.sql"


async def install(admin: Connection, schema: str, *, views: Sequence[View] = VIEWS) -> None:
    """Make the first generation of a caisse and show it; harmless when there is one. admin: may become clearing_owner."""
    checkpoints = Queries.load(PACKAGE, CHECKPOINTS, schema)
    if await admin.fetchrow(checkpoints["live"]) is None:
        generation = await make(admin, schema, views=views)
        async with admin.transaction():
            await publish(admin, schema, generation, views=views)


async def make(admin: Connection, schema: str, *, views: Sequence[View] = VIEWS) -> int:
    """New, empty tables at position 0 that nobody sees yet; returns their generation."""
    checkpoints = Queries.load(PACKAGE, CHECKPOINTS, schema)
    async with admin.transaction():
        await admin.execute(BECOME_OWNER)
        known = await admin.fetch(checkpoints["generations"])
        generation = 1 + max((int(row["version"]) for row in known), default=0)
        for view in views:
            await admin.execute(statements(view.file, schema, generation)["create"])
        await admin.execute(checkpoints["begin"], generation, False)
    return generation


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
    for view in views:
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
