"""Sheets a treasurer opens, and the file that Paheko imports."""

import csv
import io

from clearing.books.kept import Kept
from clearing.books.sheets import (
    BALANCE_COLUMNS,
    JOURNAL_COLUMNS,
    PAHEKO_COLUMNS,
    balance_sheet,
    journal_sheet,
    paheko_sheet,
    plain,
)
from clearing.events.funds import MoneyReceived
from clearing.values import Cents, FundId
from tests.books.keeping import kept
from tests.given_when_then import Story, given
from tests.lives.life import Life
from tests.sayings import AMINA, MARKET


def rows(content: bytes, encoding: str = "utf-8-sig") -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode(encoding)), delimiter=";"))


def cents(cell: str) -> int:
    return int(cell.replace(",", "")) if cell else 0


def lived() -> Kept:
    return kept(Life(5).live(150).story)


def all_of(books: Kept) -> tuple[bytes, bytes, bytes]:
    months, plan, names = list(books.months()), books.newest(), books.gathered.names
    return journal_sheet(months, plan, names), paheko_sheet(months, plan, names), balance_sheet(months, plan, names)


def test_the_journal_opens_by_double_click_and_balances() -> None:
    journal, _, _ = all_of(lived())
    assert journal.startswith(b"\xef\xbb\xbf")
    head, *lines = rows(journal)
    assert tuple(head) == JOURNAL_COLUMNS
    assert sum(cents(line[9]) for line in lines) == sum(cents(line[10]) for line in lines) > 0


def test_paheko_reads_grouped_entries_without_a_number_of_ours() -> None:
    _, paheko, _ = all_of(lived())
    assert not paheko.startswith(b"\xef\xbb\xbf")
    head, *lines = rows(paheko, "utf-8")
    assert tuple(head) == PAHEKO_COLUMNS
    left, entries = 0, 0
    for line in lines:
        if line[1]:
            assert left == 0
            entries += 1
            assert line[2][2] == line[2][5] == "/"
        else:
            assert line[:5] == [""] * 5
        assert line[0] == ""
        left += cents(line[7]) - cents(line[8])
    assert left == 0
    assert entries == sum(len(month.entries) for month in lived().months())


def test_the_balance_has_the_sums_of_the_journal() -> None:
    journal, _, balance = all_of(lived())
    head, *lines, total = rows(balance)
    assert tuple(head) == BALANCE_COLUMNS
    assert cents(total[4]) == cents(total[5]) == sum(cents(line[9]) for line in rows(journal)[1:])
    assert sum(cents(line[6]) - cents(line[7]) for line in lines) == 0


def test_what_people_typed_can_neither_split_a_cell_nor_run() -> None:
    assert plain("a\tb|c\r\nd\u2028e") == "a b c d e"
    story: Story = given(*MARKET)
    story.and_given(MoneyReceived(fund=FundId("general"), cents=Cents(5), reference='=HYPERLINK(1);x"y', by=AMINA))
    journal, paheko, _ = all_of(kept(story))
    found = [line for line in rows(journal) if line[7].endswith('x"y')]
    assert [line[7] for line in found] == ["'=HYPERLINK(1);x\"y"] * 2
    assert len(rows(paheko, "utf-8")[-2]) == len(PAHEKO_COLUMNS)
