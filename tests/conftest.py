"""Law: tests run in random order, twice the same; how hard properties search is one variable, CLEARING_PROMISES=short|long.

Without it each run searches anew; the short form, which says whether a change may land, searches the same examples each time.

A test marked debian("postgresql-15") needs that Debian package: where it lacks, the test is reported as not run, by name. One
marked row(5) shows what row 5 of docs/schemes needs: ops/test prints the rows with their tests.
"""

import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import HealthCheck, settings

from clearing.postgres import default_home

# Shared machines are slow at times: neither deadline nor too_slow may decide about a cent.
settings.register_profile(
    "new", max_examples=60, deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("short", settings.get_profile("new"), derandomize=True)
settings.register_profile("long", settings.get_profile("new"), max_examples=2_000)
settings.load_profile(os.environ.get("CLEARING_PROMISES", "new"))


def pytest_runtest_setup(item: pytest.Item) -> None:
    for mark in item.iter_markers("row"):
        item.user_properties += [("row", str(number)) for number in mark.args]
    for mark in item.iter_markers("debian"):
        for package in mark.args:
            if not _installed(package):
                pytest.skip(f"needs the Debian package {package}: run 'sh ops/test --install', or once as root")


def _installed(package: str) -> bool:
    if shutil.which("dpkg-query") is None:
        return False
    query = ["dpkg-query", "-W", "-f=${Status}", package]
    return subprocess.run(query, check=False, capture_output=True).stdout == b"install ok installed"


@pytest.fixture
def free_home() -> Iterator[Path]:
    """A folder that the database's own account may enter, as it has to when this is root: pytest closes its own to others, at
    each start of another pytest too."""
    folder = default_home(f"test-{secrets.token_hex(6)}")
    folder.mkdir(parents=True)
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(autouse=True)
def logs_are_told_whole_again() -> Iterator[None]:
    """A program that a test ran may have left only warnings to be logged."""
    yield
    structlog.reset_defaults()
