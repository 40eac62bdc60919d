"""Law: a lost connection is made again within a bounded time, and says nothing about what the last statement did.

Sessions set what correctness leans on (READ COMMITTED, no statement ever cut short) instead of trusting a role's defaults.
"""

import asyncio
from typing import Final, TypeAlias

import asyncpg

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

CONNECT_S: Final = 10.0
RECONNECT_S: Final = 120.0  # PostgreSQL's own recovery after a crash, or a failover
PAUSE_FIRST_S: Final = 0.02
PAUSE_LAST_S: Final = 1.0
SESSION: Final = {
    "default_transaction_isolation": "read committed",
    "statement_timeout": "0",
    "lock_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "jit": "off",
}
LOST: Final = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # the server's last word came while idle, and its hanging up has not been noticed yet
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
)


class DatabaseGone(RuntimeError):
    """PostgreSQL did not come back in time; the text says what to look at."""


class NoSuchCaisse(LookupError):
    """The database holds no schema of this caisse, or not for this role."""


async def connect(dsn: str, *, name: str) -> Connection:
    """One connection; `name` is what an operator sees in pg_stat_activity."""
    settings = SESSION | {"application_name": name}
    # statements live as long as their connection: planned once, not every five minutes
    return await asyncpg.connect(dsn, timeout=CONNECT_S, server_settings=settings, max_cached_statement_lifetime=0)


async def connect_again(dsn: str, *, name: str, limit_s: float = RECONNECT_S) -> Connection:
    """Try until PostgreSQL answers; raises DatabaseGone after limit_s."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + limit_s
    pause_s = PAUSE_FIRST_S
    while True:
        try:
            return await connect(dsn, name=name)
        except (*LOST, asyncpg.TooManyConnectionsError) as error:
            if loop.time() > deadline:
                raise DatabaseGone(
                    f"PostgreSQL has not answered for {limit_s:.0f} s ({error}): start it, then start this process again; "
                    "what was acknowledged is in the log, the rest is answered on resend"
                ) from error
        await asyncio.sleep(pause_s)
        pause_s = min(2 * pause_s, PAUSE_LAST_S)


def is_lost(connection: Connection, error: Exception) -> bool:
    """True when the connection is gone with this error; False for a misuse that the client itself refused."""
    return connection.is_closed() or not isinstance(error, asyncpg.InterfaceError)


async def discard(connection: Connection) -> None:
    """Close without a word to the server: there may be none."""
    connection.terminate()
