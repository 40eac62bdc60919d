"""Law: pages are walked as people walk them: a real browser, a real server, real log-ins with passwords and one-time codes."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pyotp
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.acceptance.processes import Town, town

CHROMIUM = "/usr/bin/chromium"
PASSWORD = "quatre mots bien choisis"
EXAMPLE = "examples/caisse.toml"
CODE = "val-exemple"
QUIET = ("--no-sandbox", "--disable-background-networking", "--disable-component-update", "--no-first-run")


@dataclass
class Office:
    """A founded caisse that is served, its officers let in. factors: the secret of each one's codes; used: her last step."""

    place: Town
    url: str
    factors: dict[str, str]
    used: dict[str, int] = field(default_factory=dict)

    def code_of(self, person: str) -> str:
        """A code that counts: the next half minute's when this one's was used already. Two log-ins of one person at most."""
        now = int(time.time()) // 30
        step = max(now, self.used.get(person, 0) + 1)
        assert step <= now + 1, f"{person} logs in too often for her codes"
        self.used[person] = step
        return pyotp.TOTP(self.factors[person]).at(step * 30)


def admitted(place: Town, person: str, language: str = "fr") -> str:
    """Let somebody in; the secret of her codes."""
    password = place.passphrase_file.parent / "password"
    password.write_text(PASSWORD + "\n", encoding="utf-8")
    words = ("console", "admit", person, "--language", language, "--password-file", str(password))
    said = place.ok(*words, "--passphrase-file", str(place.passphrase_file))
    found = re.search(r"secret=(\w+)", said)
    assert found is not None, said
    return found[1]


@contextmanager
def office(folder: Path, *, languages: dict[str, str] | None = None, apart: bool = True) -> Iterator[Office]:
    """apart: each command is a process of its own, as where a test gives some while it has a browser's loop."""
    with town(folder, apart=apart) as place:
        place.add_people()
        place.ok("found", EXAMPLE, by="camille")
        people = ("camille", "dominique", "noor")
        factors = {person: admitted(place, person, (languages or {}).get(person, "fr")) for person in people}
        with place.serving("--console-port", "0") as served:
            url = re.search(r"The console: (\S+)", served.until("The console: ") + served.lines.get(timeout=30))
            assert url is not None
            yield Office(place, url[1], factors)


@contextmanager
def browsing() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        try:
            yield browser
        finally:
            browser.close()


def log_in(context: BrowserContext, at: Office, person: str) -> Page:
    page = context.new_page()
    page.goto(f"{at.url}/login")
    page.fill("#person", person)
    page.fill("#password", PASSWORD)
    page.fill("#code", at.code_of(person))
    page.click("main button")
    page.wait_for_url(f"{at.url}/c/{CODE}")
    return page
