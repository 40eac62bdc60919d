"""Law: all views of one generation stand at one position; its tables carry the generation's number, views without a number
show the live one. Who adds a view adds a module, a .sql and a line here.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple, TypeAlias

import asyncpg

from clearing.projections import balances, batches, days, ledger, owed, sales
from clearing.projections.page import Page, Writes
from clearing.sql import Queries

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
Origins = Mapping[str, str]
PACKAGE: Final = "clearing.projections"


class View(NamedTuple):
    """file: its .sql. writes: what a page adds to its tables, given the ledger's origins (ledger.asks)."""

    file: str
    writes: Callable[[Page, Origins], Writes]


VIEWS: Final[Sequence[View]] = (
    View(sales.FILE, lambda page, _: sales.writes(page)),
    View(days.FILE, lambda page, _: days.writes(page)),
    View(owed.FILE, lambda page, _: owed.writes(page)),
    View(ledger.FILE, ledger.writes),
    View(balances.FILE, lambda page, _: balances.writes(page)),  # after sales, whose rows it folds
    View(batches.FILE, lambda page, _: batches.writes(page)),
)


def statements(file: str, schema: str, generation: int) -> Queries:
    """The named statements of a .sql for one caisse and generation."""
    texts = Queries.load(PACKAGE, file, schema).texts
    return Queries({name: text.replace("{g}", str(generation)) for name, text in texts.items()})
