"""Law: the books are the ledger in an accountant's words: no cent more, none less, in files that two judges accept."""

import subprocess
import sys
import sysconfig
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from clearing.books.fec import fec
from clearing.books.fec_rules import judge
from clearing.books.journal import Entry, periods
from clearing.books.kept import Kept
from clearing.books.moves import Moves
from clearing.books.pieces import PIECES
from clearing.rules.book import Book
from clearing.rules.ledger.legs import MOVES
from tests.books.keeping import held_of_funds_cents, kept, planned
from tests.given_when_then import Story
from tests.lives.life import Life

SEEDS = st.integers(0, 2**32)
ACTS = st.integers(0, 120)
STARTS = st.sampled_from((1, 6, 7))


def entries(books: Kept) -> Iterator[Entry]:
    return (entry for month in books.months() for entry in month.entries)


def sums(books: Kept) -> Counter[str]:
    """By account, without what is only brought forward and put aside."""
    found: Counter[str] = Counter()
    for entry in entries(books):
        if not entry.of_the_books_alone:
            for line in entry.lines:
                found[line.place.number] += line.cents
    return found


@given(SEEDS, ACTS, STARTS)
def test_every_account_of_the_books_is_what_the_ledger_has_in_it(seed: int, acts: int, year_starts: int) -> None:
    story = Life(seed).to_its_end(acts).story
    books, ledger = kept(story, planned(year_starts)), story.ledger.balances
    found = sums(books)

    def of(*kinds: str) -> int:
        return sum(cents for account, cents in ledger.items() if account.partition(":")[0] in kinds)

    assert (found["512"], found["531"], found["5112"]) == (of("bank"), of("cash"), of("cheques"))
    assert (found["441"], found["411"]) == (of("receivable"), of("returned"))
    assert found["451"] == of("interchange", "netting")
    liabilities = of("owed", "payable", "purse", "contract", "held", "held-abroad")
    reserved = held_of_funds_cents(story)
    assert found["401"] + found["4191"] + found["467"] == liabilities - reserved
    in_result = sum(cents for number, cents in found.items() if number[0] in "167")
    assert in_result == of("fund", "notified") + reserved


def own_cents(book: Book) -> int:
    return sum(
        lot.cents for member in book.members.members.values() for purse in member.purses for lot in purse.lots
        if lot.fund is None
    )


@given(SEEDS, ACTS)
def test_members_own_money_is_never_mixed_with_credit(seed: int, acts: int) -> None:
    story = Life(seed).to_its_end(acts).story
    found: Counter[str] = Counter()
    moves = Moves()
    for position, event in enumerate(story.history, 1):
        for one in moves.take(event, position):
            found[one.account] += one.cents
    assert own_cents(story.book) == -sum(cents for account, cents in found.items() if account.startswith("own:"))
    assert all(cents <= 0 for account, cents in found.items() if account.startswith(("own:", "held:", "held-abroad:")))


@given(SEEDS, ACTS, STARTS, st.sampled_from(({}, {"purse:*": "6571"})))
def test_our_own_judge_accepts_every_file_of_entries(
    seed: int, acts: int, year_starts: int, numbers: dict[str, str]
) -> None:
    books = kept(Life(seed).to_its_end(acts).story, planned(year_starts, numbers))
    for year in years_of(books):
        name, content = fec(books, year, draft=True)
        judged = judge(name, content)
        assert judged.problems == ()
        assert judged.debit_cents == sum(entry.debit_cents for month in books.year(year) for entry in month.entries)


@given(SEEDS, ACTS, STARTS)
def test_a_month_that_is_over_is_the_same_bytes_whatever_happens_later(seed: int, acts: int, year_starts: int) -> None:
    story = Life(seed).to_its_end(acts).story
    plan = planned(year_starts)
    whole = kept(story, plan)
    for period in periods(whole.gathered.first[:7], whole.gathered.last[:7]):
        days = [story.book.caisse.calendar.day(at_us).isoformat()[:7] for at_us in story.instants]
        until = sum(day <= period for day in days)
        then = Story(book=story.book, history=story.history[:until], instants=story.instants[:until])
        assert kept(then, plan).span(period).journal == whole.span(period).journal


def test_every_event_that_moves_money_has_its_piece_and_a_fund_its_nature() -> None:
    silent = sorted(kind.__name__ for kind in MOVES if kind not in PIECES)
    assert not silent, f"say in clearing/books/pieces.py what is entered with these: {silent}"
    seen: set[str] = set()
    for seed in range(20):
        story = Life(seed).to_its_end(200).story
        moves = Moves()
        for position, event in enumerate(story.history, 1):
            seen |= {type(event).__name__ for one in moves.take(event, position) if one.nature in ("income", "spending")}
    assert not seen, f"say in clearing/books/moves.py why a fund moves with these: {sorted(seen)}"


def years_of(books: Kept) -> list[int]:
    return [year for year in (2026, 2027) if any(month.entries for month in books.year(year))]


SECOND_JUDGE = Path(sysconfig.get_path("purelib")) / "accounting_fr" / "fec_check.py"
RUN = """
import importlib.util, pathlib, sys
spec = importlib.util.spec_from_file_location("fec_check", sys.argv[1])
module = importlib.util.module_from_spec(spec)
sys.modules["fec_check"] = module
spec.loader.exec_module(module)
for path in map(pathlib.Path, sys.argv[2:]):
    report = module.check_fec(path.read_bytes(), path.name)
    print(path.parent.name, report.stats["ecritures"], *report.errors, *report.warnings, sep="|")
"""


def test_a_judge_that_nobody_here_wrote_accepts_them_too(tmp_path: Path) -> None:
    paths, wanted = [], []
    for seed in range(12):
        books = kept(Life(seed).to_its_end(250).story, planned(7 if seed % 2 else 1))
        for year in years_of(books):
            name, content = fec(books, year, draft=True)
            path = tmp_path / f"{seed}-{year}" / name
            path.parent.mkdir()
            path.write_bytes(content)
            paths.append(path)
            wanted.append(f"{seed}-{year}|{judge(name, content).entries}")
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(SECOND_JUDGE), *map(str, paths)], check=True, capture_output=True, text=True
    )
    assert done.stdout.splitlines() == wanted
    assert len(wanted) > 12


@pytest.mark.parametrize(("old", "new", "why"), [
    ("\t512\t", "\t9\t", "in no class"),
    ("BQ000002", "BQ000009", "does not follow"),
    ("0,00", "0.00", "is no amount"),
    ("EcritureLib", "Libelle", "header"),
    ("\r\nBQ", "\r\n|BQ", "a bar"),
])  # fmt: skip
def test_our_judge_finds_what_is_planted(old: str, new: str, why: str) -> None:
    name, content = fec(kept(Life(3).live(60).story), 2026, draft=True)
    spoiled = content.decode().replace(old, new, 1).encode()
    assert spoiled != content
    assert any(why in problem for problem in judge(name, spoiled).problems)
