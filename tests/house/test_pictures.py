"""Pictures in the documents are those that the command takes: each is shown, each shown one is there, and they stay small."""

import re
from pathlib import Path

import pytest

from tests.browser.pictures import FOLDER, FOLDER_BYTES_MAX, LANGUAGES, SHOTS, SIZES, small

CLONE = FOLDER.parents[1]
SHOWN_IN = (CLONE / "README.md", CLONE / "docs" / "CONSOLE.md")


def test_the_folder_holds_what_the_command_takes_and_nothing_else() -> None:
    taken = {f"{shot.name}-{language}-{size}.png" for shot in SHOTS for language in LANGUAGES for size in SIZES}
    assert {path.name for path in FOLDER.iterdir()} == taken


def test_the_pictures_stay_small() -> None:
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) <= FOLDER_BYTES_MAX


@pytest.mark.parametrize("document", SHOWN_IN, ids=lambda path: path.name)
def test_every_picture_that_a_document_shows_is_there(document: Path) -> None:
    shown = re.findall(r"\(([^)]*pictures/[^)]+\.png)\)", document.read_text(encoding="utf-8"))
    assert shown
    assert not [name for name in shown if not (document.parent / name).is_file()]


def test_every_page_that_is_taken_is_shown_by_the_guide() -> None:
    guide = SHOWN_IN[1].read_text(encoding="utf-8")
    assert not [shot.name for shot in SHOTS if f"pictures/{shot.name}-" not in guide]


def test_a_picture_in_few_colours_is_smaller(tmp_path: Path) -> None:
    raw = (FOLDER / "todo-fr-wide.png").read_bytes()
    small(raw, tmp_path / "again.png")
    assert 0 < (tmp_path / "again.png").stat().st_size <= len(raw) * 1.1
