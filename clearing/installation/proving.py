"""Law: the proof of a caisse's log, and the account of one sale, are made from what is stored, whoever asks and from where."""

import time

import asyncpg

from clearing.audit import AuditReport, Level, audit
from clearing.audit.shown import NothingShown, Shown, read_shown
from clearing.installation.opening import Installation
from clearing.installation.watching import keep_proof
from clearing.postgres import ADMIN
from clearing.sql import schema_of
from clearing.values import CaisseCode
from clearing.vault import Vault


async def audited(
    installation: Installation, code: CaisseCode, report: "list[str]", *, level: Level = Level.WHOLE,
    workers: int | None = None,
) -> AuditReport:  # fmt: skip
    """Replay the log and compare it with what the views show. Every line that the audit says goes to `report`.

    How far a whole audit held is kept in the home, for the operators' figures.
    """
    keys = [Vault.open(installation.home.vault(code)).signing_key().public]
    async with installation.reading(code) as log, installation.connected(ADMIN) as connection:
        shown = await _shown(connection, code)
        found = await audit(log, report=report.append, server_keys=keys, signatures=level is Level.WHOLE, shown=shown)
    if found.ok and level is Level.WHOLE:
        keep_proof(installation.home, code, found.head, time.time_ns() // 1_000)
    return found


async def _shown(connection: "asyncpg.Connection[asyncpg.Record]", code: CaisseCode) -> Shown | None:
    """None before the views were made: then there is nothing to compare."""
    try:
        return await read_shown(connection, schema_of(code))
    except NothingShown:
        return None
