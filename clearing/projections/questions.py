"""Law: people's figures come from the live views at one position, by a role that can read and nothing else.

Amounts are cents, days are civil days of the caisse. Every answer names nobody: members and cards are pseudonyms.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import date, time
from typing import Any, Final, Self

from clearing.projections.answers import (
    Account,
    Answered,
    BatchLineRow,
    BatchRow,
    LotRow,
    Owed,
    Paid,
    PurseTotal,
    Sale,
    SaleRow,
    ShareRow,
    StatementRow,
    Summary,
    Taken,
)
from clearing.projections.views import PACKAGE, Connection
from clearing.sql import Queries

ROWS_MAX: Final = 1_000


class Questions:
    """Read queries on one caisse's live views. connection: of the reader's role."""

    def __init__(self, connection: Connection, schema: str) -> None:
        self._connection = connection
        self._queries = Queries.load(PACKAGE, "questions.sql", schema)

    @asynccontextmanager
    async def at_one_position(self) -> AsyncIterator[Self]:
        """Several questions of one moment: they all see the same position."""
        async with self._connection.transaction(isolation="repeatable_read", readonly=True):
            await self.position()  # from here to the end of the transaction no other generation is shown
            yield self

    async def position(self) -> int:
        """How far in the log these figures stand; 0 before the first page."""
        return int(await self._connection.fetchval(self._queries["position"]) or 0)

    async def summary(self, first: date, last: date) -> Summary:
        """Civil days first to last, both included."""
        async with self.at_one_position():
            categories = await self._rows("categories", first, last)
            return Summary(
                position=await self.position(), first=first, last=last,
                answers=tuple(Answered(**row) for row in await self._rows("answers", first, last)),
                paid=tuple(Paid(**row) for row in await self._rows("payers", first, last)),
                categories={row["category"]: row["cents"] for row in categories},
                taken=tuple(Taken(**row) for row in await self._rows("taken", first, last)),
                owed=await self.owed(),
            )  # fmt: skip

    async def owed(self) -> tuple[Owed, ...]:
        return tuple(Owed(**row) for row in await self._rows("owed"))

    async def find_sales(
        self, *, producer: str | None = None, card: bytes | None = None, day: date | None = None, code: str | None = None,
        limit: int = ROWS_MAX,
    ) -> tuple[SaleRow, ...]:  # fmt: skip
        """The newest operations first, at most limit; a filter that is None is left out."""
        async with self._connection.transaction():
            await self._connection.execute(self._queries["plan_for_these_values"])
            rows = await self._rows("find_sales", producer, card, day, code, min(limit, ROWS_MAX))
        return tuple(SaleRow(**row) for row in rows)

    async def sale(self, wanted: int | bytes) -> tuple[Sale, ...]:
        """By position, or by the first bytes of its operation id: none, one, or several that begin alike (at most 10)."""
        if isinstance(wanted, int):
            rows = await self._rows("sale_at", wanted)
        else:
            rows = await self._rows("sales_with_x", wanted, _after_prefix(wanted), 10)
        return tuple([await self._sale(SaleRow(**row)) for row in rows])

    async def _sale(self, row: SaleRow) -> Sale:
        shares = await self._rows("shares", row.position)
        later = await self._rows("later", row.position)
        return Sale(row=row, shares=tuple(ShareRow(**s) for s in shares), later=tuple(SaleRow(**r) for r in later))

    async def purses(self, member: str) -> tuple[LotRow, ...]:
        return tuple(LotRow(**row) for row in await self._rows("purses", member))

    async def purse_totals(self) -> tuple[PurseTotal, ...]:
        return tuple(PurseTotal(**row) for row in await self._rows("purse_totals"))

    async def accounts(self) -> tuple[Account, ...]:
        """Every account of the ledger; their cents sum to zero."""
        return tuple(Account(**row) for row in await self._rows("accounts"))

    async def postings_of(self, account: str, *, after: int = 0, limit: int = ROWS_MAX) -> tuple[tuple[int, int], ...]:
        """(position, cents) of an account, oldest first, after a position."""
        rows = await self._rows("postings_of_account", account, after, min(limit, ROWS_MAX))
        return tuple((row["position"], row["cents"]) for row in rows)

    async def postings_at(self, position: int) -> dict[str, int]:
        """Account -> cents of one event."""
        return {row["account"]: row["cents"] for row in await self._rows("postings_at", position)}

    async def batches(self) -> tuple[BatchRow, ...]:
        return tuple(BatchRow(**row) for row in await self._rows("batches"))

    async def batch_lines(self, batch: int) -> tuple[BatchLineRow, ...]:
        return tuple(BatchLineRow(**row) for row in await self._rows("batch_lines", batch))

    async def statement(self, batch: int, producer: str) -> tuple[StatementRow, ...]:
        """What the producer sold and gave back within the batch, in the order of the log."""
        return tuple(StatementRow(**row) for row in await self._rows("statement", batch, producer))

    async def oldest_capture_after(self, position: int) -> int | None:
        """at_us of the first capture after a position (of the last closing, say); None when there is none."""
        found = await self._connection.fetchval(self._queries["oldest_capture_after"], position)
        return None if found is None else int(found)

    async def captured_by_day(self, first: date, last: date) -> dict[date, int]:
        """Cents captured per civil day, first to last; a day without any is left out."""
        return {row["day"]: row["cents"] for row in await self._rows("captured_by_day", first, last)}

    async def terminals_of(self, day: date, before: time) -> tuple[bytes, ...]:
        """Who asked for something on a day before a local time."""
        return tuple(row["terminal"] for row in await self._rows("terminals_of", day, before))

    async def statements(self, batch: int, producers: Sequence[str]) -> dict[str, list[StatementRow]]:
        """The statements of several producers, each in the order of the log; nothing for who sold nothing."""
        found: dict[str, list[StatementRow]] = {}
        for row in await self._rows("statements", batch, list(producers)):
            found.setdefault(row.pop("producer"), []).append(StatementRow(**row))
        return found

    async def _rows(self, name: str, *arguments: Any) -> list[dict[str, Any]]:
        return [dict(row) for row in await self._connection.fetch(self._queries[name], *arguments)]


def _after_prefix(prefix: bytes) -> bytes | None:
    """The first bytes string after all that begin with prefix; None when there is no such."""
    stripped = prefix.rstrip(b"\xff")
    return stripped[:-1] + bytes([stripped[-1] + 1]) if stripped else None
