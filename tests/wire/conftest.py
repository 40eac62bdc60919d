"""Law: what these tests could not run on this machine is said by name at the end, and is no failure of the clone."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

_NOT_RUN = pytest.StashKey[list[str]]()
_BESIDE_THE_CLONE = Path(__file__).resolve().parents[3] / "shared" / "vectors" / "wycheproof"


@pytest.fixture
def wycheproof() -> Path:
    """The folder with Wycheproof's files: CLEARING_WYCHEPROOF, or ../shared/vectors/wycheproof beside the clone."""
    return Path(os.environ.get("CLEARING_WYCHEPROOF", _BESIDE_THE_CLONE))


@pytest.fixture
def not_run(request: pytest.FixtureRequest, record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Say by name what could not run here."""

    def say(what: str) -> None:
        record_property("not_run", what)
        request.config.stash.setdefault(_NOT_RUN, []).append(what)

    return say


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for what in config.stash.get(_NOT_RUN, []):
        terminalreporter.write_line(f"NOT RUN HERE: {what}", yellow=True)
