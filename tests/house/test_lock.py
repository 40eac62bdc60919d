"""Law: requirements.lock names every package pyproject.toml asks for, in a version it accepts, by hash, from no address."""

import re
import tomllib

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.house.sources import CLONE

LOCK = (CLONE / "requirements.lock").read_text(encoding="utf-8")
PROJECT = tomllib.loads((CLONE / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def asked() -> list[Requirement]:
    extras = [line for lines in PROJECT["optional-dependencies"].values() for line in lines]
    return [Requirement(line) for line in [*PROJECT["dependencies"], *extras]]


def locked() -> dict[str, list[str]]:
    """canonical name -> versions (one per Python version where they differ)."""
    versions: dict[str, list[str]] = {}
    for name, version in re.findall(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", LOCK, flags=re.MULTILINE):
        versions.setdefault(canonicalize_name(name), []).append(version)
    return versions


def test_each_direct_dependency_is_locked_in_a_version_it_accepts() -> None:
    versions = locked()
    loose = [
        str(one)
        for one in asked()
        if not (found := versions.get(canonicalize_name(one.name))) or not all(one.specifier.contains(v) for v in found)
    ]
    assert not loose, f"run 'sh ops/setup lock': {loose}"


def test_each_locked_package_has_hashes() -> None:
    entries = re.split(r"\n(?=[A-Za-z0-9])", LOCK)
    bare = [entry.splitlines()[0] for entry in entries if "==" in entry and "--hash=sha256:" not in entry]
    assert not bare


def test_the_lock_names_no_address_and_no_folder() -> None:
    assert not re.search(r"://|--index|--extra-index|--find-links|\bfile:", LOCK)


def test_each_dependency_says_why_it_is_there() -> None:
    lines = (CLONE / "pyproject.toml").read_text(encoding="utf-8").splitlines()
    start = lines.index("dependencies = [")
    runtime = lines[start + 1 : lines.index("]", start)]
    silent = [line.strip() for line in runtime if "#" not in line]
    assert runtime
    assert not silent, f"say why: {silent}"
