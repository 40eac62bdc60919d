"""Law: what all pages lean on is opened once and closed once: the accounts, the books, the way to the writers."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import asyncpg
import jinja2

from clearing import people
from clearing.console import accounts as accounts_of
from clearing.console.accounts import Accounts
from clearing.console.follower import Followers
from clearing.console.invitations import Invitations
from clearing.console.ordering import Orders
from clearing.console.passkeys import Passkeys, Site
from clearing.console.phones import for_phones
from clearing.console.tokens import Tokens
from clearing.console.words import capital
from clearing.event_store.connection import LOST, DatabaseGone, NoSuchCaisse
from clearing.event_store.reader import Reader
from clearing.installation.adopting import ask_to_take_in
from clearing.installation.home import Home
from clearing.installation.opening import Installation
from clearing.installation.papermaking import PaperMaking
from clearing.installation.serving import console_url
from clearing.postgres import ADMIN
from clearing.sql import schema_of
from clearing.values import CaisseCode

__all__ = ["AWAY", "Console", "NoSuchCaisse", "accounts_kept", "console_of", "invitations_kept"]

POOL_MAX: Final = 3
AWAY: Final = (*LOST, asyncpg.PostgresError, DatabaseGone)
"""What is raised while the database is away or stumbles: nothing was changed, one tries again."""


def clock_us() -> int:
    """This machine's, microseconds UTC."""
    return time.time_ns() // 1_000


@dataclass(slots=True)
class Console:
    """What the handlers share."""

    installation: Installation
    accounts: Accounts
    tokens: Tokens
    invitations: Invitations
    followers: Followers
    orders: Orders
    now_us: Callable[[], int]
    making: PaperMaking
    templates: jinja2.Environment
    passkeys: Passkeys
    site: Site
    take_in: Callable[[Home, CaisseCode], Awaitable[None]] = ask_to_take_in
    """Has a caisse served that was founded here."""

    def rendered(self, template: str, **values: object) -> str:
        return self.templates.get_template(template).render(**values)


@asynccontextmanager
async def console_of(installation: Installation, now_us: Callable[[], int]) -> AsyncIterator[Console]:
    """Everything a console needs, its tables made. Raises PeopleClosed for a key file that others can read."""
    followers = Followers(lambda code: Reader.open(installation.dsn(), schema_of(code)))
    orders = Orders(installation.home, now_ms=lambda: now_us() // 1_000)
    async with _pool(installation) as pool:
        making = PaperMaking(installation.home)
        accounts, tokens = _accounts(installation, pool, clock_us), Tokens(pool, clock_us)
        invitations = Invitations(pool, _house_key(installation), clock_us)
        site = Site(installation.settings.console_address or console_url(0))
        try:
            yield Console(
                installation, accounts, tokens, invitations, followers, orders, now_us, making, _templates(),
                Passkeys(pool, clock_us), site,
            )
        finally:
            await making.close()
            await followers.close()


@asynccontextmanager
async def accounts_kept(installation: Installation, now_us: Callable[[], int] = clock_us) -> AsyncIterator[Accounts]:
    """Who may log in; their tables made when there are none yet. Raises PeopleClosed."""
    async with _pool(installation) as pool:
        yield _accounts(installation, pool, now_us)


def _accounts(installation: Installation, pool: "asyncpg.Pool[asyncpg.Record]", now_us: Callable[[], int]) -> Accounts:
    return Accounts(pool, _house_key(installation), now_us)


@asynccontextmanager
async def invitations_kept(installation: Installation) -> AsyncIterator[Invitations]:
    """For who keeps the home. Raises PeopleClosed."""
    async with _pool(installation) as pool:
        yield Invitations(pool, _house_key(installation), clock_us)


def _house_key(installation: Installation) -> bytes:
    return people.make_key(installation.home.keys / "console.key")


@asynccontextmanager
async def _pool(installation: Installation) -> "AsyncIterator[asyncpg.Pool[asyncpg.Record]]":
    async with installation.connected(ADMIN) as admin:
        await accounts_of.install(admin, installation.database.password_of(accounts_of.ROLE))
    pool = await asyncpg.create_pool(installation.dsn(accounts_of.ROLE), min_size=1, max_size=POOL_MAX)
    try:
        yield pool
    finally:
        await pool.close()


def _templates() -> jinja2.Environment:
    made = jinja2.Environment(
        loader=jinja2.PackageLoader("clearing.console"), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    made.filters.update(capital=capital, for_phones=for_phones)
    return made
