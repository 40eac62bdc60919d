"""Law: the proof of a caisse's log, and the account of one sale, are made from what is stored, whoever asks and from where."""

import os
import time
from typing import Final

import asyncpg

from clearing.audit import AuditReport, Level, Place, audit
from clearing.audit.shown import NothingShown, Shown, read_shown
from clearing.installation.opening import Installation
from clearing.installation.watching import keep_proof
from clearing.postgres import ADMIN
from clearing.sql import schema_of
from clearing.values import CaisseCode
from clearing.vault import Vault

SMALL_EVENTS: Final = 20_000
"""A log that is proved before processes have started."""


async def audited(
    installation: Installation, code: CaisseCode, report: "list[str]", *, level: Level = Level.WHOLE,
    workers: int | None = None,
) -> AuditReport:  # fmt: skip
    """Prove the log and compare it with what the views show. Every line that the audit says goes to `report`.

    workers: processes that prove ranges beside this one, one per core when it is not said. How far a whole audit held is kept
    in the home, for the operators' figures.
    """
    keys = [Vault.open(installation.home.vault(code)).signing_key().public]
    place = Place(installation.dsn(), schema_of(code))
    async with installation.reading(code) as log, installation.connected(ADMIN) as connection:
        if workers is None:
            workers = len(os.sched_getaffinity(0)) if (await log.stored_head()).position > SMALL_EVENTS else 0
        found = await audit(
            log, report=report.append, server_keys=keys, level=level, place=place, workers=workers,
            shown=await _shown(connection, code),
        )  # fmt: skip
    if found.ok and level is Level.WHOLE:
        keep_proof(installation.home, code, found.head, time.time_ns() // 1_000)
    return found


async def _shown(connection: "asyncpg.Connection[asyncpg.Record]", code: CaisseCode) -> Shown | None:
    """None before the views were made: then there is nothing to compare."""
    try:
        return await read_shown(connection, schema_of(code))
    except NothingShown:
        return None
