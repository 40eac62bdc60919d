"""The pages of docs/schemes are what the schemes' own runs write."""

import ast
import json

import pytest

from tests.acceptance.schemes.page import FOLDER, ROWS, all_pages, contents, played, stories
from tests.house.sources import CLONE

TITLES: dict[str, str] = json.loads((ROWS / "rows.json").read_text(encoding="utf-8"))


def rows_named(source: str) -> set[str]:
    """The numbers that a test file's `row(...)` marks name."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    marks = [call for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr == "row"]
    return {str(arg.value) for call in marks for arg in call.args if isinstance(arg, ast.Constant)}


@pytest.mark.parametrize("name", sorted(stories()))
async def test_the_page_is_what_its_run_writes(name: str) -> None:
    page = await played(stories()[name])
    path = FOLDER / f"{page.name}.md"
    assert path.exists(), "write it with: python -m tests.acceptance.schemes.page"
    assert path.read_text(encoding="utf-8") == page.text(), "write it anew with: python -m tests.acceptance.schemes.page"


async def test_the_list_of_schemes_names_every_page() -> None:
    assert (FOLDER / "README.md").read_text(encoding="utf-8") == contents(await all_pages())


def test_every_row_of_the_field_is_named_by_a_test() -> None:
    found = set[str]().union(*(rows_named(path.read_text(encoding="utf-8")) for path in (CLONE / "tests").rglob("test_*.py")))
    assert found == set(TITLES)
