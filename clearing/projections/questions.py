"""Law: people's figures come from the live views at one position, by a role that can read and nothing else.

Sums are kept; what is asked of a single operation, posting or line of a statement is read from its signed event. Amounts are
cents, days are civil days of the caisse. Every answer names nobody: members and cards are pseudonyms.
"""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date
from typing import Any, Final, Self

import asyncpg

from clearing.events.caisse import CaisseFounded
from clearing.events.catalogue import Event
from clearing.events.codec import decode
from clearing.events.proofs import GoingOnConfirmed, ProofsTaken
from clearing.projections.answers import (
    Account,
    Answered,
    BatchLineRow,
    BatchRow,
    LotRow,
    Owed,
    Paid,
    ProofsRow,
    PurseTotal,
    Sale,
    SaleRow,
    StatementRow,
    Summary,
    Taken,
)
from clearing.projections.details import About, Entry, Instant, Standing, entries, sale_row, share_rows
from clearing.projections.generations import GenerationGone
from clearing.projections.ledger import OWED
from clearing.projections.operations import operation
from clearing.projections.page import CivilTime
from clearing.projections.reading import LogHole
from clearing.projections.views import PACKAGE, Connection
from clearing.rules.ledger.postings import Legs, Origins, legs, origins_asked
from clearing.sql import Queries

ROWS_MAX: Final = 1_000
ALIKE_MAX: Final = 10
PROOFS_MAX: Final = 60
"""Days that a page of proofs looks back."""
_CHUNK: Final = 1_000  # events that are read at a time to find postings


class Questions:
    """Read queries on one caisse's live views. connection: of the reader's role."""

    def __init__(self, connection: Connection, schema: str) -> None:
        self._connection = connection
        self._schema = schema
        self._queries = Queries.load(PACKAGE, "questions.sql", schema)
        self._civil: CivilTime | None = None

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
        before: int | None = None, limit: int = ROWS_MAX,
    ) -> tuple[SaleRow, ...]:  # fmt: skip
        """The newest operations first, at most limit; a filter that is None is left out. before: a position, to go on from."""
        limit = min(limit, ROWS_MAX)
        async with self.at_one_position():
            await self._connection.execute(self._queries["plan_for_these_values"])
            if producer is not None and card is None:
                rows = await self._rows("find_sales_of_producer", producer, day, code, limit, before)
            else:
                rows = await self._rows("find_sales", producer, card, day, code, limit, before)
            return await self._sale_rows([row["position"] for row in rows])

    async def sale(self, wanted: int | bytes) -> tuple[Sale, ...]:
        """By position, or by the first bytes of its operation id: none, one, or several that begin alike (at most 10)."""
        async with self.at_one_position():
            positions = [wanted] if isinstance(wanted, int) else []
            if isinstance(wanted, bytes):
                rows = await self._rows("sales_with_x", wanted, _after_prefix(wanted), ALIKE_MAX)
                positions = [row["position"] for row in rows]
            return tuple([await self._sale(row) for row in await self._sale_rows(positions)])

    async def _sale(self, row: SaleRow) -> Sale:
        later = [found["position"] for found in await self._rows("later", [row.position])]
        shares = share_rows((await self._events([row.position]))[row.position])
        return Sale(row=row, shares=shares, later=await self._sale_rows(later))

    async def _sale_rows(self, positions: Sequence[int]) -> tuple[SaleRow, ...]:
        """The operations at these positions, in this order; positions of other events, or not shown yet, are left out.

        Raises LogHole when the log has lost one that was shown.
        """
        shown = {row["position"]: row for row in await self._rows("changed", list(positions))}
        original = {row["position"]: row["original_position"] for row in await self._rows("originals", list(positions))}
        end = await self.position()
        asked = [at for at in positions if 0 < at <= end]
        events = await self._events(asked)
        return tuple([
            sale_row(at, await self._instant(events[at]), done, original.get(at), Standing.of(shown.get(at)))
            for at in asked
            if (done := operation(events[at][1])) is not None
        ])  # fmt: skip

    async def purses(self, member: str) -> tuple[LotRow, ...]:
        return tuple(LotRow(**row) for row in await self._rows("purses", member))

    async def purse_totals(self) -> tuple[PurseTotal, ...]:
        return tuple(PurseTotal(**row) for row in await self._rows("purse_totals"))

    async def accounts(self) -> tuple[Account, ...]:
        """Every account of the ledger; their cents sum to zero."""
        return tuple(Account(**row) for row in await self._rows("accounts"))

    async def postings_of(self, account: str, *, after: int = 0, limit: int = ROWS_MAX) -> tuple[tuple[int, int], ...]:
        """(position, cents) of an account, oldest first, after a position: derived again from the events."""
        found: list[tuple[int, int]] = []
        limit = min(limit, ROWS_MAX)
        async with self.at_one_position():
            async for events in self._touching(account, after):
                moved = await self._legs(events)
                found += [(at, parts[account]) for at, parts in moved.items() if account in parts]
                if len(found) >= limit:
                    break
        return tuple(found[:limit])

    async def _touching(self, account: str, after: int) -> AsyncIterator[dict[int, Event]]:
        """The events that may post to the account, oldest first, some at a time."""
        if account.startswith(OWED):
            while rows := await self._rows("concerns", account.removeprefix(OWED), after, _CHUNK):
                after = rows[-1]["position"]
                yield {at: event for at, (_, event) in (await self._events([row["position"] for row in rows])).items()}
            return
        while rows := await self._rows("pages_of_account", account, after, 1):
            page, first = rows[0], after + 1
            after = page["last"]
            asked = range(max(page["first"], first), after + 1) if page["by_sales"] else page["positions"]
            for start in range(0, len(asked), _CHUNK):
                found = await self._events(asked[start : start + _CHUNK])
                yield {at: event for at, (_, event) in found.items() if at >= first}

    async def postings_at(self, position: int) -> dict[str, int]:
        """Account -> cents of one event; none when it is not shown yet."""
        if position > await self.position():
            return {}
        events = {at: event for at, (_, event) in (await self._events([position])).items()}
        return dict(sorted((await self._legs(events)).get(position, {}).items()))

    async def _legs(self, events: dict[int, Event]) -> dict[int, Legs]:
        """Postings as the rules derive them, each event knowing what was before it."""
        asked = {at: origins_asked(event) for at, event in events.items()}
        keys = sorted(frozenset[str]().union(*asked.values()))
        known = await self._rows("origins", keys) if keys else []
        return {
            at: legs(event, Origins({one["key"]: one["value"] for one in known if one["position"] <= at}))
            for at, event in events.items()
        }

    async def batches(self) -> tuple[BatchRow, ...]:
        return tuple(BatchRow(**row) for row in await self._rows("batches"))

    async def batch_lines(self, batch: int) -> tuple[BatchLineRow, ...]:
        return tuple(BatchLineRow(**row) for row in await self._rows("batch_lines", batch))

    async def statement(self, batch: int, producer: str) -> tuple[StatementRow, ...]:
        """What the producer sold and gave back within the batch, in the order of the log."""
        return tuple((await self.statements(batch, [producer])).get(producer, ()))

    async def proofs(self, *, first: date = date.min, last: date = date.max, limit: int = PROOFS_MAX) -> tuple[ProofsRow, ...]:
        """The five proofs of civil days first to last, newest record first; of the last `limit` things recorded about proofs,
        which is two months when nothing fails."""
        async with self.at_one_position():
            rows = await self._rows("proofs", await self.position(), min(limit, ROWS_MAX))
        found: list[ProofsRow] = []
        gone_on: dict[int, GoingOnConfirmed] = {}
        for position, (at_us, event) in sorted(_decoded(rows).items(), reverse=True):
            if isinstance(event, GoingOnConfirmed):
                gone_on[event.taken] = event
            elif isinstance(event, ProofsTaken) and first <= date.fromisoformat(event.day) <= last:
                found.append(_proofs_row(position, at_us, event, gone_on.get(position)))
        return tuple(found)

    async def oldest_capture_after(self, position: int) -> int | None:
        """at_us of the first capture after a position (of the last closing, say); None when there is none."""
        found = await self._connection.fetchval(self._queries["oldest_capture_after"], position)
        return None if found is None else int(found)

    async def captured_by_day(self, first: date, last: date) -> dict[date, int]:
        """Cents captured per civil day, first to last; a day without any is left out."""
        return {row["day"]: row["cents"] for row in await self._rows("captured_by_day", first, last)}

    async def terminals_of(self, day: date, before_us: int) -> tuple[bytes, ...]:
        """Who asked for something on a civil day, before an instant."""
        return tuple(row["terminal"] for row in await self._rows("terminals_of", day, before_us))

    async def statements(self, batch: int, producers: Sequence[str]) -> dict[str, list[StatementRow]]:
        """The statements of several producers, each in the order of the log; nothing for who sold nothing."""
        async with self.at_one_position():
            concerned: dict[str, list[int]] = {}
            for row in await self._rows("concerns_in_batch", batch, list(producers)):
                concerned.setdefault(row["producer"], []).append(row["position"])
            about = await self._about({at for positions in concerned.values() for at in positions})
            found = {who: list(entries(who, positions, about)) for who, positions in concerned.items()}
            return {
                who: [await self._statement_row(entry, about) for entry in some] for who, some in found.items() if some
            }

    async def _about(self, positions: Iterable[int]) -> About:
        """These operations, with the sales they are about and what else is about those."""
        asked = sorted(positions)
        original = {row["position"]: row["original_position"] for row in await self._rows("originals", asked)}
        sales = sorted({at for at in original.values() if at is not None})
        later: dict[int, list[int]] = {at: [] for at in sales}
        for row in await self._rows("later", sales):
            later[row["sale_position"]].append(row["position"])
        events = await self._events({*asked, *sales, *(at for some in later.values() for at in some)})
        return About(events=events, original=original, later=later)

    async def _statement_row(self, entry: Entry, about: About) -> StatementRow:
        instant = await self._instant(about.events[entry.position])
        return StatementRow(day=instant.day, local_time=instant.local_time, **entry._asdict())

    async def _events(self, positions: Iterable[int]) -> dict[int, tuple[int, Event]]:
        """Position -> (at_us, event). Raises LogHole when the log lacks one."""
        wanted = set(positions)
        found = _decoded(await self._rows("events_at", sorted(wanted)))
        for lost in sorted(wanted - found.keys()):
            raise LogHole(f"{self._schema} has no event {lost}, which was shown already; run `clearing audit`, restore the log")
        return found

    async def _instant(self, at: tuple[int, Event]) -> Instant:
        if self._civil is None:
            _, founded = (await self._events([1]))[1]
            if not isinstance(founded, CaisseFounded):
                raise LogHole(f"{self._schema} does not begin with the founding of its caisse; run `clearing audit`")
            self._civil = CivilTime(founded.zone)
        civil = self._civil.at(at[0])
        return Instant(at_us=at[0], day=civil.date(), local_time=civil.time())

    async def _rows(self, name: str, *arguments: Any) -> list[dict[str, Any]]:
        try:
            return [dict(row) for row in await self._connection.fetch(self._queries[name], *arguments)]
        except asyncpg.UndefinedTableError as error:
            raise GenerationGone(
                f"{self._schema} has no views of this program yet ({error}): `clearing serve` makes them when it starts"
            ) from error


def _proofs_row(position: int, at_us: int, event: ProofsTaken, on: GoingOnConfirmed | None) -> ProofsRow:
    row = ProofsRow(
        position=position, at_us=at_us, day=date.fromisoformat(event.day), up_to=event.up_to, ok=event.ok,
        results=event.results, by=event.by,
    )
    return row if on is None else replace(row, gone_on_by=(on.proposed_by, on.by), reason=on.reason)


def _decoded(rows: Iterable[dict[str, Any]]) -> dict[int, tuple[int, Event]]:
    return {
        row["position"]: (row["at_us"], decode(row["type"], row["schema_version"], row["public"], row["private"]))
        for row in rows
    }


def _after_prefix(prefix: bytes) -> bytes | None:
    """The first bytes string after all that begin with prefix; None when there is no such."""
    stripped = prefix.rstrip(b"\xff")
    return stripped[:-1] + bytes([stripped[-1] + 1]) if stripped else None
