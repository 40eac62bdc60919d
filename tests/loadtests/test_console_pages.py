"""Law: the caisse of two years is a true one in small: every page of the console answers over it, and is measured."""

import secrets
import shutil

from clearing.postgres import default_home
from loadtests.console_pages import DAYS, whole

SALES, TIMES = 400, 2


async def test_every_page_of_a_small_caisse_of_two_years_is_measured() -> None:
    home = default_home(f"test-{secrets.token_hex(6)}")
    try:
        result = await whole(home, sales=SALES, times=TIMES)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    pages = result["pages"]
    assert isinstance(pages, dict)
    assert (result["sales"], result["days"]) == (SALES, DAYS)
    answered = {name for name, page in pages.items() if page["status"] == 200}
    assert {"home", "todo", "sales", "sales/{sale}", "batches/{batch}", "members/{member}", "trail", "votes"} <= answered
    assert not [name for name, page in pages.items() if page["status"] >= 500]
