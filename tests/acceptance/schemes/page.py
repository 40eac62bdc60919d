"""Law: a page of docs/schemes says what a caisse does and the file that expresses it; every amount on it comes from the run.

    python -m tests.acceptance.schemes.page      plays every scheme and writes its page anew

A test compares each page with what this would write.
"""

import asyncio
import inspect
import sys
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, time
from importlib import import_module
from pathlib import Path
from typing import Final

from clearing.installation.amounts import euros
from clearing.installation.payment import BY_DAY, of_days
from clearing.projections.answers import StatementRow as AnsweredRow
from clearing.projections.details import About, Entry, entries
from clearing.settlement.statement import Adjustment, StatementHead, StatementRow, render_statement
from clearing.values import BatchId, Cents, MicroTime
from tests.acceptance.schemes.village import FILES, Done, Village
from tests.house.sources import CLONE

FOLDER: Final = CLONE / "docs" / "schemes"
ROWS: Final = Path(__file__).parent
VARIANTS_LAST: Final = 1_000


@dataclass
class Page:
    """One scheme's page. number: its row in docs/schemes/README.md, 0: variants; name: of its file, without .toml."""

    number: int
    name: str
    title: str
    does: str
    parts: list[str] = field(default_factory=list)

    def heading(self, text: str) -> "Page":
        self.parts.append(f"## {text}")
        return self

    def says(self, text: str) -> "Page":
        """A paragraph; lines are joined, so that it may be written indented."""
        self.parts.append(" ".join(text.split()))
        return self

    def quotes(self, text: str) -> "Page":
        """What a program printed, as it stands."""
        self.parts.append("```text\n" + "\n".join(line.rstrip() for line in text.strip().splitlines()) + "\n```")
        return self

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> "Page":
        """Whole numbers are cents and are written in euros."""
        lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
        lines += ["| " + " | ".join(euros(cell) if type(cell) is int else str(cell) for cell in row) + " |" for row in rows]
        self.parts.append("\n".join(lines))
        return self

    def sales(self, *sold: tuple[str, Done]) -> "Page":
        """A row per operation: what the till showed, and who really paid."""
        payers = list(dict.fromkeys(payer for _, done in sold for payer in done.paid_by()))
        return self.table(
            ["", "goods", "the till shows: the card pays", "left to pay", *payers],
            [
                (label, int(done.request.amount_cents), int(done.card_cents), int(done.left_cents),
                 *(done.paid_by().get(payer, 0) for payer in payers))
                for label, done in sold
            ],
        )  # fmt: skip

    def statement(self, village: Village, producer: str, batch: int) -> "Page":
        """The producer's statement of a batch, as `clearing export` writes it."""
        return self.quotes(statement_of(village, producer, batch).decode("utf-8-sig"))

    def text(self) -> str:
        source = FILES / f"{self.name}.toml"
        file = f"## The file that expresses it\n\n[{source.relative_to(CLONE)}](../../{source.relative_to(CLONE)})"
        code = f"```toml\n{source.read_text(encoding='utf-8').strip()}\n```"
        number = f"{self.number}. " if self.number else ""
        opening = [f"# {number}{self.title}", " ".join(self.does.split()), file, code]
        return "\n\n".join([*opening, *self.parts]) + "\n"


def statement_of(village: Village, producer: str, batch: int) -> bytes:
    """Rows as clearing/installation/payment.py makes them, of the sales whose goods are the producer's."""
    closed = village.book.settlement.batches[BatchId(batch)].closed
    line = next(one for one in closed.lines if one.producer == producer)
    before = [b.closed.up_to for number, b in village.book.settlement.batches.items() if number < batch]
    head = StatementHead(
        caisse_name=village.book.caisse.name, producer_name=village.book.producers.producers[line.producer].name,
        batch_id=BatchId(batch), reference=f"B{batch}", zone=village.book.caisse.calendar.zone, payout_cents=line.paid_cents,
        execution_date=_execution(village, batch),
        adjustments=(Adjustment(label="Report des lots précédents", amount_cents=line.carried_cents),)
        if line.carried_cents else (),
    )  # fmt: skip
    return render_statement(head, _rows(village, producer, max(before, default=0), closed.up_to))


def _execution(village: Village, batch: int) -> date:
    approved = village.book.settlement.batches[BatchId(batch)].approved
    assert approved is not None, "a statement is made of an approved batch"
    return date.fromisoformat(approved.execution_on)


def _rows(village: Village, producer: str, after: int, up_to: int) -> list[StatementRow]:
    rows, events = list[StatementRow](), {row.position: (row.at_us, event) for row, event in
                                          zip(village.log.rows, village.log.events(), strict=True)}  # fmt: skip
    about = About(events=events, original=dict.fromkeys(events), later=dict.fromkeys(events, ()))
    for entry in entries(producer, [at for at in events if after < at <= up_to], about):
        if entry.kind in BY_DAY:
            rows.append(_of_days(village, entry))
            continue
        sold = entry.card_cents > 0
        rows.append(StatementRow(
            at_us=MicroTime(events[entry.position][0]),
            sale_id="Solde repris" if entry.kind == "opening" else f"V{entry.position}",
            goods_cents=Cents(entry.gross_cents if sold else 0), card_cents=Cents(entry.card_cents if sold else 0),
            refunded_cents=Cents(0 if sold else -entry.card_cents),
        ))  # fmt: skip
    return rows


def _of_days(village: Village, entry: Entry) -> StatementRow:
    """Draws or gives of some days together, as the export writes them."""
    start_us = village.log.rows[entry.position - 1].at_us
    row = AnsweredRow(day=village.book.caisse.calendar.day(start_us), local_time=time(), **entry._asdict())
    return of_days(row, village.book.caisse.calendar.zone)


Play = Callable[[], Page | Awaitable[Page]]


def stories() -> dict[str, Play]:
    """Module name -> its `page`, for every row_*.py and variants_*.py beside this file."""
    names = sorted(path.stem for kind in ("row", "variants") for path in ROWS.glob(f"{kind}_*.py"))
    return {name: import_module(f"tests.acceptance.schemes.{name}").page for name in names}


async def played(play: Play) -> Page:
    made = play()
    return await made if inspect.isawaitable(made) else made


def contents(pages: Iterable[Page]) -> str:
    """docs/schemes/README.md: every scheme with its page and its file."""
    files = "../../examples/schemes"
    rows = [
        f"| {page.number or ''} | [{page.title}]({page.name}.md) | [{page.name}.toml]({files}/{page.name}.toml) |"
        for page in sorted(pages, key=lambda page: (page.number or VARIANTS_LAST, page.name))
    ]
    return "\n".join([
        "# Schemes of the field", "",
        "What the initiatives of the field do, each as a founding file and a page that its own run wrote. Find the one that is",
        "like yours, copy its file, change names and amounts, and found your caisse with it. `sh ops/test` plays them all and",
        "prints what was shown of each; `python -m tests.acceptance.schemes.page` writes the pages anew.", "",
        "| row | what the caisse does | its file |", "|---|---|---|", *rows, "",
    ])  # fmt: skip


async def all_pages() -> list[Page]:
    return [await played(play) for play in stories().values()]


async def write_all() -> None:
    FOLDER.mkdir(exist_ok=True)
    pages = await all_pages()
    texts = {f"{page.name}.md": page.text() for page in pages} | {"README.md": contents(pages)}
    for name, text in texts.items():
        (FOLDER / name).write_text(text, encoding="utf-8")
        print(f"wrote docs/schemes/{name}")


if __name__ == "__main__":
    sys.exit(asyncio.run(write_all()))
