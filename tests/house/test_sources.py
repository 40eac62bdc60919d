"""Law: what style asks of the text of a source file: a law on top, SQL in .sql files, integers in money, finished work."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.sources import CLONE, PURE_ROOMS, files, functions, python_files, text, tree

SQL = re.compile(
    r"\b(SELECT\s.+\sFROM|INSERT\s+INTO|UPDATE\s+\S+\s+SET|DELETE\s+FROM|TRUNCATE\s|COPY\s+\S+\s+FROM"
    r"|(CREATE|ALTER|DROP)\s+(OR\s+REPLACE\s+)?(UNIQUE\s+)?(TABLE|SCHEMA|ROLE|INDEX|FUNCTION|TRIGGER|VIEW|USER|DATABASE)"
    r"|(GRANT|REVOKE)\s.+\sON)\b",
    re.DOTALL,
)
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK|NotImplementedError|placeholder)\b")
CLOCK_CALLS = {"now", "today", "utcnow", "fromtimestamp", "urandom", "getrandom"}


def texts(path: Path) -> Iterator[tuple[int, str]]:
    """(line, text) of every string of a file but its docstrings; an f-string is one text."""
    skip = {id(node.value) for node in ast.walk(tree(path)) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.JoinedStr):
            pieces = [piece for piece in node.values if isinstance(piece, ast.Constant)]
            skip |= {id(piece) for piece in pieces}
            yield node.lineno, " ".join(str(piece.value) for piece in pieces)
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in skip:
            yield node.lineno, node.value


def test_every_module_opens_with_its_law() -> None:
    silent = [str(path) for path in python_files("clearing/", "loadtests/", "ops/") if not ast.get_docstring(tree(path))]
    assert not silent, f"open with the module's law in one to five lines: {silent}"


def test_sql_stands_in_sql_files() -> None:
    found = [f"{path}:{line}" for path in python_files("clearing/") for line, said in texts(path) if SQL.search(said)]
    assert not found, f"move this SQL into a named query of a .sql file: {found}"


def test_sql_is_recognised_in_every_kind_of_text() -> None:
    assert SQL.search("SELECT head\n FROM log_head")
    assert SQL.search("INSERT INTO events")
    assert not SQL.search("Select a producer from the list; update it there")


def test_nothing_is_left_unfinished() -> None:
    ours = [path for path in files(".py", ".sql", ".js", ".sh", ".toml", ".md") if "house" not in path.parts]
    found = [
        f"{path}:{number} {match.group()}"
        for path in ours
        for number, line in enumerate(text(path).splitlines(), start=1)
        if (match := UNFINISHED.search(line))
    ]
    assert not found, f"finish these, or take them out: {found}"


def test_no_file_names_the_machine_it_was_written_on() -> None:
    homes = re.compile(r"(?<![\w.])/(?:home|root|Users|opt)/\w")
    suffixes = (".py", ".sql", ".js", ".sh", ".toml", ".md", ".txt", ".lock", "")
    ours = [path for path in files(*suffixes) if "house" not in path.parts]
    found = [str(path) for path in ours if homes.search(text(path)) or str(CLONE) + "/" in text(path)]
    assert not found, f"these name a path of one machine: {found}"


@pytest.mark.parametrize("room", PURE_ROOMS)
def test_pure_rooms_read_no_clock_and_open_no_file(room: str) -> None:
    calls = [
        f"{path}:{node.lineno}"
        for path in python_files(room)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call)
        and (
            (isinstance(node.func, ast.Attribute) and node.func.attr in CLOCK_CALLS)
            or (isinstance(node.func, ast.Name) and node.func.id in {"open", "print", "input"})
        )
    ]
    assert not calls, f"facts, the time included, come in as arguments: {calls}"


@pytest.mark.parametrize("room", PURE_ROOMS)
def test_money_is_never_a_fraction(room: str) -> None:
    found = [
        f"{path}:{node.lineno}"
        for path in python_files(room)
        for node in ast.walk(tree(path))
        if (isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div))
        or (isinstance(node, ast.Constant) and isinstance(node.value, float))
        or (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"float", "Decimal"})
    ]
    assert not found, f"integers only; every division is one of the two at the end of values.py: {found}"


def test_events_are_frozen_records_with_named_fields() -> None:
    loose = []
    for path in python_files("clearing/events/"):
        for node in ast.walk(tree(path)):
            if not isinstance(node, ast.ClassDef):
                continue
            for mark in node.decorator_list:
                said = ast.unparse(mark)
                if said.startswith("dataclass") and said != "dataclass(frozen=True, slots=True, kw_only=True)":
                    loose.append(f"{path}::{node.name}")
    assert not loose, f"an event is dataclass(frozen=True, slots=True, kw_only=True): {loose}"


def test_tests_use_no_mocks_no_sleep_and_skip_nothing() -> None:
    forbidden = re.compile(r"unittest\.mock|import mock\b|time\.sleep\(|asyncio\.sleep\([^0)]|mark\.(skip|xfail|skipif)\b")
    found = [
        f"{path}:{number}"
        for path in python_files("tests/")
        if "house" not in path.parts
        for number, line in enumerate(text(path).splitlines(), start=1)
        if forbidden.search(line)
    ]
    assert not found, f"use a fake that passes the real thing's tests, wait for a fact instead of a time: {found}"


def asserts(node: ast.FunctionDef | ast.AsyncFunctionDef, proven: set[str]) -> bool:
    """Whether a function asserts something itself, or calls one of the proven names."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Assert):
            return True
        if isinstance(inner, ast.Call):
            called = inner.func.attr if isinstance(inner.func, ast.Attribute) else getattr(inner.func, "id", "")
            if called in proven:
                return True
    return False


def test_every_test_can_fail() -> None:
    everything = [(path, name, node) for path in python_files("tests/") for name, node in functions(path)]
    tests = [(path, name, node) for path, name, node in everything if node.name.startswith("test_")]
    others = [node for _, _, node in everything if not node.name.startswith("test_")]
    proven = {"raises", "warns"}
    before = 0
    while len(proven) > before:  # a function that calls a proven one is proven
        before = len(proven)
        proven |= {node.name for node in others if asserts(node, proven)}
    empty = [f"{path}::{name}" for path, name, node in tests if not asserts(node, proven)]
    assert not empty, f"these assert nothing: {empty}"
