"""Law: what a child process makes is waited for so long and no longer, is asked for once, and ends with its house."""

import asyncio
from pathlib import Path

from clearing.installation.books_made import books_made, folder_of, sheet_rows
from clearing.installation.home import Home, write_private
from clearing.installation.papermaking import PaperMaking
from clearing.values import CaisseCode

CODE = CaisseCode("brume")


async def test_what_the_command_declines_is_told_in_its_own_words(tmp_path: Path) -> None:
    made = await PaperMaking(Home(tmp_path / "home")).make(CODE, "books", "write", "2026-13", wait_s=60)
    assert made is not None
    assert (made.done, "2026-13" in made.said) == (False, True)


async def test_who_asks_for_the_same_waits_for_the_same_and_nobody_longer_than_said(tmp_path: Path) -> None:
    making = PaperMaking(Home(tmp_path / "home"))
    assert await making.make(CODE, "books", "write", "2026-13", wait_s=0) is None
    first, second = await asyncio.gather(
        making.make(CODE, "books", "write", "2026-13", wait_s=60), making.make(CODE, "books", "write", "2026-13", wait_s=60)
    )
    assert first is second is not None


async def test_a_house_that_closes_waits_for_no_paper(tmp_path: Path) -> None:
    making = PaperMaking(Home(tmp_path / "home"))
    assert await making.make(CODE, "books", "write", "2026-13", wait_s=0.2) is None
    async with asyncio.timeout(30):
        await making.close()


def test_what_can_not_be_read_is_as_if_it_had_not_been_made(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    assert books_made(home, CODE, "2026-05") is None
    for content in (b"", b"{}", b'{"period": 5}', b"\xff"):
        write_private(folder_of(home, CODE, "2026-05") / "made.json", content)
        assert books_made(home, CODE, "2026-05") is None, content


def test_a_sheet_is_read_without_what_keeps_a_text_a_text() -> None:
    assert sheet_rows("\ufeffA;'0042\r\n12,50;x\r\n".encode()) == [["A", "0042"], ["12,50", "x"]]
