"""Law: requirements.lock names every package pyproject.toml asks for, in a version it accepts, by hash, from no address."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.house.sources import CLONE, python_files, tree

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


def imported(*folders: str) -> set[str]:
    """Names of the distributions that the Python files of these folders import."""
    roots: set[str] = set()
    for path in python_files(*folders):
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Import):
                roots |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                roots.add((node.module or "").partition(".")[0])
    outside = roots - set(sys.stdlib_module_names) - {"clearing", "loadtests", "tests"}
    owners = packages_distributions()
    return {canonicalize_name(name) for root in outside for name in owners.get(root, [root])}


def test_the_product_imports_only_what_it_asks_for() -> None:
    runtime = {canonicalize_name(Requirement(line).name) for line in PROJECT["dependencies"]}
    assert not imported("clearing/") - runtime, "add these to [project] dependencies, with the reason"


def test_tests_and_load_tests_import_only_what_is_asked_for() -> None:
    assert not imported("tests/", "loadtests/", "ops/") - {canonicalize_name(one.name) for one in asked()}
