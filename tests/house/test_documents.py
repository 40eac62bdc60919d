"""Law: a document that repeats the code is compared with the code; what it may not leave out is looked up in it."""

import re

import pytest

from clearing.events.codes import Code, till_code
from clearing.telemetry import LogEvent
from tests.house.sources import CLONE, files, text
from tests.house.write_docs import CLOSING, OPENING, TABLES, with_table

WORDS_OF_THE_HOUSE = set(
    """
    caisse cotisation convention charte allocation unit fund purse lot member household producer treasurer operator card
    terminal reader frame evidence sale authorisation hold capture reversal refund advice decline refusal draw contract
    instalment delivery clearing netting payout posting book log position group
    """.split()  # noqa: SIM905  forty words are read best as words
)
TWO_WORDS_OF_THE_HOUSE = {"cover rate", "settlement batch", "other tender"}


def rows(document: str) -> list[list[str]]:
    """The cells of every table row of a markdown text, headings and rules left out."""
    lines = [line for line in document.splitlines() if line.startswith("|") and not line.startswith("|---")]
    cells = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]
    return [row for row in cells if row != cells[0]]


def document(name: str) -> str:
    return (CLONE / name).read_text(encoding="utf-8")


def test_decline_reasons_stand_in_the_order_of_the_code() -> None:
    told = [tuple(row[:3]) for row in rows(document("docs/DECLINE_REASONS.md"))]
    assert told == [(code.value, code.name, till_code(code).value) for code in Code]


def test_each_decline_reason_says_what_to_do() -> None:
    silent = [row[0] for row in rows(document("docs/DECLINE_REASONS.md")) if len(row) != 6 or not all(row)]
    assert not silent, f"say what the till shows, what the member is told and what to do: {silent}"


def test_codes_that_look_the_same_at_the_till_show_the_same_words() -> None:
    shown: dict[str, set[str]] = {}
    for row in rows(document("docs/DECLINE_REASONS.md")):
        shown.setdefault(row[2], set()).add(row[3])
    assert all(len(words) == 1 for words in shown.values()), shown


@pytest.mark.parametrize("name", sorted(TABLES))
def test_generated_tables_are_in_step_with_the_code(name: str) -> None:
    written = document(name)
    assert written == with_table(written, TABLES[name]()), "run: python -m tests.house.write_docs"


def test_a_document_without_marks_is_refused_with_what_to_do() -> None:
    with pytest.raises(ValueError, match="put these two lines"):
        with_table(f"{OPENING} but no end", "table")
    assert with_table(f"a\n{OPENING}\nold\n{CLOSING}\nz", "new") == f"a\n{OPENING}\nnew\n{CLOSING}\nz"


def test_each_log_line_says_when_it_comes_and_what_to_do() -> None:
    told = {row[0].strip("`"): row for row in rows(document("docs/METRICS.md")) if len(row) == 3}
    assert {line.value for line in LogEvent} == told.keys() - {"line"}
    assert all(all(row) for row in told.values())


def test_the_readme_names_both_commands_and_opens_with_what_this_decides() -> None:
    for readme in [text(path) for path in files(".md") if path.as_posix() == "README.md"]:
        assert "sh ops/run" in readme
        assert "sh ops/test" in readme
        assert "decide" in readme[:600]


def test_the_glossary_has_every_word_of_the_house() -> None:
    entries = {word.strip(" *") for row in rows(document("docs/GLOSSARY.md")) for word in row[0].split(",")}
    assert not (WORDS_OF_THE_HOUSE | TWO_WORDS_OF_THE_HOUSE) - entries


def test_the_glossary_names_no_thing_twice() -> None:
    entries = [row[0] for row in rows(document("docs/GLOSSARY.md"))]
    assert len(entries) == len(set(entries))


def test_decisions_are_numbered_without_gaps_and_dated() -> None:
    decisions = [path for path in files(".md") if path.as_posix().startswith("docs/decisions/")]
    numbers = [int(path.name[:4]) for path in decisions]
    assert numbers == list(range(1, len(decisions) + 1))
    undated = [str(path) for path in decisions if not re.search(r"\b20\d\d-\d\d-\d\d\b", text(path))]
    assert not undated, f"a decision says when it was taken: {undated}"


def test_links_between_documents_lead_somewhere() -> None:
    dead = [
        f"{path}: {target}"
        for path in files(".md")
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text(path))
        if not (CLONE / path.parent / target).exists()
    ]
    assert not dead, f"these links lead nowhere: {dead}"
