"""What papers say: the same keys in both languages, no word of stigma, amounts as an outside library writes them."""

import ast
import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from babel.dates import format_date
from babel.numbers import format_currency

from clearing.books import words
from clearing.books.english import ENGLISH
from clearing.books.french import FRENCH
from clearing.books.words import LANGUAGES, Words
from tests.house.sources import CLONE

STIGMA = re.compile(r"\b(allocation|aide|b[ée]n[ée]ficiaire|assist[ée]|pauvre|d[ée]muni|indigent|n[ée]cessiteu)", re.IGNORECASE)
FRENCH_TEXTS = ("clearing/books/french.py", "clearing/books/pieces.py", "clearing/books/plan.py",
                "clearing/books/sheets.py", "clearing/installation/account_plan.toml")  # fmt: skip


def test_both_catalogues_have_the_same_keys_and_fill_in_the_same_values() -> None:
    assert FRENCH.keys() == ENGLISH.keys()
    holes = re.compile(r"{(\w+)")
    for key, text in FRENCH.items():
        assert set(holes.findall(text)) == set(holes.findall(ENGLISH[key])), key


def texts_of(path: Path) -> str:
    """What a file says to people: of a program its texts, of data all of it."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        return text
    constants = (node.value for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Constant))
    return "\n".join(one for one in constants if isinstance(one, str))


@pytest.mark.parametrize("name", FRENCH_TEXTS)
def test_no_french_text_of_the_books_has_a_word_of_stigma(name: str) -> None:
    found = STIGMA.search(texts_of(CLONE / name))
    assert found is None, f"{name} has a word of stigma: say crédit, prise en charge, adhérent·e"


def test_the_search_for_stigma_finds_what_is_planted() -> None:
    assert STIGMA.search("Allocation du mois")
    assert STIGMA.search("Nom du bénéficiaire")
    assert STIGMA.search("les aides financières")


@pytest.mark.parametrize("cents", [0, 1, -1, 99, 100, 123_456, -123_456, 99_999_999_999])
def test_amounts_are_written_as_babel_writes_them(cents: int) -> None:
    euros = Decimal(cents).scaleb(-2)
    assert Words("fr").money(cents) == format_currency(euros, "EUR", locale="fr_FR")
    assert Words("en").money(cents) == format_currency(euros, "EUR", locale="en_GB")


@pytest.mark.parametrize("on", [date(2026, 1, 31), date(2026, 12, 1)])
def test_days_are_written_as_people_of_the_language_write_them(on: date) -> None:
    assert Words("fr").day(on) == format_date(on, "dd/MM/yyyy", locale="fr_FR")
    assert Words("en").day(on.isoformat()) == format_date(on, "d MMMM yyyy", locale="en_GB")


def test_a_share_is_rounded_down_and_of_nothing_there_is_none() -> None:
    assert Words("fr").percent(2, 3) == "66\u00a0%"
    assert Words("en").percent(2, 3) == "66%"
    assert Words("fr").percent(1, 0) == "-"


def test_every_key_that_the_program_asks_for_is_there() -> None:
    folder = Path(words.__file__).parent
    asked = {key for path in folder.glob("*.py") for key in re.findall(r'said\(\s*"([a-z0-9-]+)"', path.read_text("utf-8"))}
    assert asked
    assert asked <= FRENCH.keys()
    assert LANGUAGES == ("fr", "en")
