"""Law: the caisse of two years is a true one in small: every page of the console answers over it, and is measured."""

from pathlib import Path

from loadtests.console_pages import DAYS, whole

SALES, TIMES = 400, 2


async def test_every_page_of_a_small_caisse_of_two_years_is_measured(tmp_path: Path) -> None:
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o711)  # the database runs under an account of its own when this is root
    result = await whole(tmp_path, sales=SALES, times=TIMES)
    pages = result["pages"]
    assert isinstance(pages, dict)
    assert (result["sales"], result["days"]) == (SALES, DAYS)
    answered = {name for name, page in pages.items() if page["status"] == 200}
    assert {"home", "todo", "sales", "sales/{sale}", "batches/{batch}", "members/{member}", "trail", "votes"} <= answered
    assert not [name for name, page in pages.items() if page["status"] >= 500]
