"""The pages of docs/schemes are what the schemes' own runs write."""

import pytest

from tests.acceptance.schemes.page import FOLDER, all_pages, contents, played, stories


@pytest.mark.parametrize("name", sorted(stories()))
async def test_the_page_is_what_its_run_writes(name: str) -> None:
    page = await played(stories()[name])
    path = FOLDER / f"{page.name}.md"
    assert path.exists(), "write it with: python -m tests.acceptance.schemes.page"
    assert path.read_text(encoding="utf-8") == page.text(), "write it anew with: python -m tests.acceptance.schemes.page"


async def test_the_list_of_schemes_names_every_page() -> None:
    assert (FOLDER / "README.md").read_text(encoding="utf-8") == contents(await all_pages())
