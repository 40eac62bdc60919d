"""Law: a name says what a thing is; eight words that say nothing are banned from every name, and test names are sentences."""

import ast
import re
from pathlib import Path

from tests.house.sources import files, functions, python_files, tree

BANNED = {"manager", "service", "helper", "util", "common", "base", "handler", "processor"}
OURS = ("clearing/", "loadtests/", "tests/", "ops/")


def words(name: str) -> set[str]:
    """snake_case and CamelCase -> lower-case words, plural s taken off."""
    parts = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name)
    return {part.lower().removesuffix("s") if len(part) > 3 else part.lower() for part in parts}


def names_given(path: Path) -> set[str]:
    """Every name that a file gives to something: functions, classes, arguments, variables, attributes."""
    given: set[str] = set()
    for node in ast.walk(tree(path)):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                given.add(node.name)
            case ast.arg():
                given.add(node.arg)
            case ast.Name(ctx=ast.Store()):
                given.add(node.id)
            case ast.Attribute(ctx=ast.Store()):
                given.add(node.attr)
            case ast.alias(asname=str()):
                given.add(node.asname or "")
            case _:
                pass
    return given


def test_no_name_is_empty_of_meaning() -> None:
    vague = {str(path): sorted(n for n in names_given(path) if words(n) & BANNED) for path in python_files(*OURS)}
    vague = {path: names for path, names in vague.items() if names}
    assert not vague, f"say what these are instead of {sorted(BANNED)}: {vague}"


def test_no_file_name_is_empty_of_meaning() -> None:
    vague = [str(path) for path in files() if any(words(part) & BANNED for part in path.parts)]
    assert not vague, f"say what these hold instead of {sorted(BANNED)}: {vague}"


def test_words_are_found_in_either_spelling() -> None:
    assert words("HTTPServiceManager_utils2") == {"http", "service", "manager", "util", "2"}
    assert not words("database rebased contextmanager") & BANNED


def test_test_names_are_sentences() -> None:
    short = [
        f"{path}::{name}"
        for path in python_files("tests/")
        for name, _ in functions(path)
        if name.rsplit(".", 1)[-1].startswith("test_") and len(name.rsplit(".", 1)[-1].split("_")) < 4
    ]
    assert not short, f"write what the test shows as a sentence: {short}"
