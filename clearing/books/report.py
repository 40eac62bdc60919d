"""Law: a report is said once, as sections of rows, and read twice: as a sheet to calculate with, as a paper to hand out."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Final, NamedTuple

from clearing.books.layout import Column, Fonts
from clearing.books.words import Words
from clearing.settlement.sheet import Row, date_cell, money_cell, render_sheet, text_cell

WIDE, NARROW, AMOUNT = 34, 18, 22


class Money(NamedTuple):
    cents: int


Cell = str | int | Money | date


class Section(NamedTuple):
    """columns: (key of the words, share of the width). notes: sentences below the rows."""

    heading: str
    columns: tuple[tuple[str, int], ...]
    rows: tuple[tuple[Cell, ...], ...]
    sums: tuple[Cell, ...] = ()
    notes: tuple[str, ...] = ()


class Report(NamedTuple):
    """dated: what the paper's bytes are dated with. pairs: what stands above it."""

    title: str
    caisse: str
    dated: date
    pairs: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    sections: tuple[Section, ...]


_RIGHT: Final = (Money, int)
_PERCENT: Final = "percent"


def as_sheet(report: Report, words: Words) -> bytes:
    """All sections below each other."""

    def rows() -> Iterator[Row]:
        yield (text_cell(report.title),)
        yield (text_cell(report.caisse),)
        yield from ((text_cell(name), text_cell(value)) for name, value in report.pairs)
        for section in report.sections:
            yield ()
            yield (text_cell(section.heading),)
            yield tuple(words.said(key) for key, _ in section.columns)
            for row in (*section.rows, *((section.sums,) if section.sums else ())):
                yield tuple(_in_sheet(cell) for cell in row)
            yield from ((text_cell(note),) for note in section.notes)

    return render_sheet(rows())


def as_paper(report: Report, fonts: Fonts, words: Words) -> bytes:
    from clearing.books.paper import Paper

    paper = Paper(fonts, words, title=report.title, caisse=report.caisse, dated=report.dated)
    paper.pairs(report.pairs)
    for note in report.notes:
        paper.text(note, small=True)
    for section in report.sections:
        paper.heading(section.heading)
        if section.rows:
            paper.table(
                _columns(section, words), [[_on_paper(cell, words) for cell in row] for row in section.rows],
                sums=[_on_paper(cell, words) for cell in section.sums],
            )  # fmt: skip
        else:
            paper.text(words.said("nothing"))
        for note in section.notes:
            paper.text(note, small=True)
    return paper.pdf()


def _columns(section: Section, words: Words) -> list[Column]:
    first = section.rows[0]
    return [
        Column(words.said(key), share, right=isinstance(cell, _RIGHT) or key == _PERCENT)
        for (key, share), cell in zip(section.columns, first, strict=True)
    ]


def _in_sheet(cell: Cell) -> str:
    match cell:
        case Money():
            return money_cell(cell.cents)
        case date():
            return date_cell(cell)
        case int():
            return str(cell)
        case _:
            return text_cell(cell)


def _on_paper(cell: Cell, words: Words) -> str:
    match cell:
        case Money():
            return words.money(cell.cents)
        case date():
            return words.day(cell)
        case _:
            return str(cell)


def row(*cells: Cell) -> tuple[Cell, ...]:
    """A row whose cells come from several places."""
    return cells


def total(rows: Iterable[Sequence[Cell]], place: int) -> Money:
    """The sum of one column of amounts."""
    return Money(sum(cell.cents for row in rows if isinstance(cell := row[place], Money)))
