"""Law: the pictures in the documents are of the pages as they are: taken by this command, of the year that a seed plays.

    python -m tests.browser.pictures                 plays a year in a home of its own, then takes every picture
    python -m tests.browser.pictures --home FOLDER   of a year that `clearing demo month` played there before

Each page wide and on a phone, in French and English, as docs/pictures/PAGE-LANGUAGE-SIZE.png, in few colours so that the folder
stays small. A development tool: it needs Chromium, and Pillow, which comes with the PDF writer.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Final, NamedTuple

import pyotp
from PIL import Image
from playwright.sync_api import Browser, Page, ViewportSize

from clearing.demo.caisse import CONSOLE_PASSWORD
from clearing.demo.month.caisse import CODE
from tests.browser.offices import browsing

CLONE: Final = Path(__file__).parents[2]
FOLDER: Final = CLONE / "docs" / "pictures"
FOLDER_BYTES_MAX: Final = 1_500_000
SIZES: Final[dict[str, ViewportSize]] = {"wide": {"width": 1_200, "height": 800}, "phone": {"width": 390, "height": 780}}
HEIGHT_MAX: Final = 1_300
COLOURS: Final = 16
LANGUAGES: Final = ("fr", "en")


class Shot(NamedTuple):
    """path: below the caisse; a link to follow from there first, by its selector, or ""."""

    name: str
    person: str
    path: str
    link: str = ""


SHOTS: Final = (
    Shot("todo", "dominique", "todo"),
    Shot("home", "camille", ""),
    Shot("batch", "dominique", "batches", "main a[href*='/batches/']"),
    Shot("funds", "camille", "funds"),
    Shot("cotisations", "camille", "cotisations"),
    Shot("sales", "camille", "sales"),
    Shot("sale", "camille", "sales?code=10", "main a[href*='/sales/']"),
    Shot("producer", "camille", "producers", "main a[href*='/producers/pv']"),
    Shot("member", "noor", "members", "main a[href*='/members/adh']"),
    Shot("rules", "camille", "votes/charte/1"),
)
"""The pages that are looked at most."""


@contextmanager
def served(home: Path) -> Iterator[str]:
    """The console's address, of the year in this home; it is played first when there is none."""
    words = [sys.executable, "-m", "clearing", "--home", str(home), "demo", "month", "--console-port", "0"]
    environment = os.environ | {"PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(words, cwd=CLONE, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            for line in process.stdout:
                print(line, end="", flush=True)
                found = re.match(r"The console: (\S+)", line)
                if found:
                    yield found[1]
                    break
            else:
                raise SystemExit("The caisse was not served; see above why.")
        finally:
            process.terminate()


def code_now(home: Path, person: str) -> str:
    """Her six digits of this half minute; each person logs in once."""
    return pyotp.TOTP((home / "persons" / f"{person}.code").read_text(encoding="ascii").strip()).now()


def logged_in(browser: Browser, url: str, person: str, code: str) -> Page:
    page = browser.new_context(java_script_enabled=False, locale="fr-FR").new_page()
    page.goto(f"{url}/login")
    page.fill("#person", person)
    page.fill("#password", CONSOLE_PASSWORD)
    page.fill("#code", code)
    page.click("main button")
    page.wait_for_url(f"{url}/c/{CODE}")
    return page


def speak(page: Page, url: str, language: str) -> None:
    page.goto(f"{url}/c/{CODE}/account")
    page.select_option("#language", language)
    page.click("form:has(#language) button")


def take(page: Page, url: str, shot: Shot, language: str, folder: Path) -> int:
    """Both sizes; the bytes they take together."""
    page.goto(f"{url}/c/{CODE}/{shot.path}".rstrip("/"))
    if shot.link:
        page.goto(url + str(page.locator(shot.link).first.get_attribute("href")))
    total = 0
    for size, viewport in SIZES.items():
        page.set_viewport_size(viewport)
        height = min(HEIGHT_MAX, int(page.evaluate("document.documentElement.scrollHeight")))
        clip = {"x": 0, "y": 0, "width": viewport["width"], "height": height}
        raw = page.screenshot(full_page=True, clip=clip)  # type: ignore[arg-type]  # a clip is four numbers
        path = folder / f"{shot.name}-{language}-{size}.png"
        small(raw, path)
        total += path.stat().st_size
    return total


def small(raw: bytes, path: Path) -> None:
    """A page has few colours: a palette makes it a quarter of its size."""
    with Image.open(BytesIO(raw)) as picture:
        picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)


def pictures(home: Path, folder: Path) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    total = 0
    with served(home) as url, browsing() as browser:
        for person in dict.fromkeys(shot.person for shot in SHOTS):
            page = logged_in(browser, url, person, code_now(home, person))
            for language in LANGUAGES[::-1]:  # French last: so it stays for who logs in afterwards
                speak(page, url, language)
                total += sum(take(page, url, shot, language, folder) for shot in SHOTS if shot.person == person)
    return total


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.browser.pictures", description=__doc__)
    parser.add_argument("--home", type=Path, help="where a year was played, or will be (default: a throwaway one)")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the pictures go")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="clearing-pictures-") as made:
        Path(made).chmod(0o711)  # PostgreSQL runs under an account of its own when this is root
        total = pictures(given.home or Path(made) / "home", given.folder)
    print(f"{total:,} bytes in {given.folder}")
    return 0 if total <= FOLDER_BYTES_MAX else 1


if __name__ == "__main__":
    sys.exit(main())
