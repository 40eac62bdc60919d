"""Law: the import contracts of pyproject.toml hold, and each of them is alive: a planted breach of it is found and named.

A breach is one line planted in a copy of the package. A room that is named in a contract before it is built stands in the
copy as an empty one.
"""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.house.sources import CLONE

CONTRACTS = tomllib.loads((CLONE / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
NAMES = [contract["name"] for contract in CONTRACTS]
ROOMS_OF_ONE_FILE = {"__main__", "audit", "config", "demo", "directory", "people", "sql", "telemetry", "values", "vault"}


class Breach(NamedTuple):
    """One line, in which file of the package, and the contract that must find it."""

    contract: str
    file: str
    line: str


BREACHES = [
    Breach("1 layers", "values.py", "import clearing.events.codes"),
    Breach("1 layers", "a_room_in_no_layer.py", "import clearing.values"),
    Breach("1 layers", "terminal/planted.py", "import clearing.terminal_gateway"),
    Breach("1 layers", "authoriser/planted.py", "import clearing.projections"),
    Breach("2 values, events, rules and wire are pure", "rules/planted.py", "import time"),
    Breach("2 values, events, rules and wire are pure", "events/planted.py", "from random import randrange"),
    Breach("2 values, events, rules and wire are pure", "wire/planted.py", "import asyncio"),
    Breach("2 values, events, rules and wire are pure", "values.py", "import structlog"),
    Breach("3 rules know neither codec nor msgpack", "rules/planted.py", "import clearing.events.codec"),
    Breach("3 rules know neither codec nor msgpack", "rules/planted.py", "import msgpack"),
    Breach("4 the open door holds no database", "terminal_gateway/planted.py", "import asyncpg"),
    Breach("4 the open door holds no database", "terminal/planted.py", "import clearing.event_store"),
    Breach("4 the open door holds no database", "terminal_gateway/planted.py", "import clearing.settlement.planted"),
    Breach("5 few open the event store", "settlement/planted.py", "import clearing.event_store"),
    Breach("5 few open the event store", "projections/planted.py", "from clearing import event_store"),
    Breach("6 nacl has four users", "settlement/planted.py", "import nacl.signing"),
    Breach("6 nacl has four users", "wire/planted.py", "from nacl import signing"),
    Breach("6 msgpack has three users", "settlement/planted.py", "import msgpack"),
    Breach("6 msgpack has three users", "events/planted.py", "from msgpack import packb"),
]


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A copy of the package and its contracts, with every room that a contract names."""
    shutil.copytree(CLONE / "clearing", tmp_path / "clearing", ignore=shutil.ignore_patterns("__pycache__", "*.json"))
    shutil.copy(CLONE / "pyproject.toml", tmp_path)
    for name in sorted(modules_in_contracts()):
        build_room(tmp_path / "clearing", name)
    return tmp_path


def modules_in_contracts() -> set[str]:
    """Dotted names below the package that a contract speaks of."""
    named: set[str] = set()
    for contract in CONTRACTS:
        for layer in contract.get("layers", []):
            named |= {room.strip(" ()") for room in layer.split("|")}
        for key in ("source_modules", "forbidden_modules", "protected_modules", "allowed_importers"):
            named |= {m.removeprefix("clearing.") for m in contract.get(key, []) if m.startswith("clearing.")}
    return named


def build_room(package: Path, dotted: str) -> None:
    *folders, last = dotted.split(".")
    folder = package.joinpath(*folders)
    if (folder / f"{last}.py").exists() or (folder / last / "__init__.py").exists():
        return
    alone = bool(folders) or last in ROOMS_OF_ONE_FILE
    file = folder / f"{last}.py" if alone else folder / last / "__init__.py"
    file.parent.mkdir(parents=True, exist_ok=True)
    (file.parent / "__init__.py").touch()
    file.touch()


def verdicts(house: Path) -> tuple[set[str], str]:
    """(names of the contracts that are kept, the linter's whole text)."""
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache", "--no-logo"]
    environment = os.environ | {"PYTHONPATH": str(house), "COLUMNS": "200", "NO_COLOR": "1"}
    done = subprocess.run(command, cwd=house, check=False, capture_output=True, text=True, env=environment)
    said = done.stdout + done.stderr
    return {name for name in NAMES if f"{name} KEPT" in said}, said


def test_the_contracts_hold(house: Path) -> None:
    kept, said = verdicts(house)
    assert kept == set(NAMES), said


@pytest.mark.parametrize("breach", BREACHES, ids=lambda b: f"{b.contract[0]}-{b.file}-{b.line.split()[1]}")
def test_a_planted_breach_is_found_by_its_contract(house: Path, breach: Breach) -> None:
    file = house / "clearing" / breach.file
    file.parent.mkdir(exist_ok=True)
    with file.open("a", encoding="utf-8") as opened:
        opened.write(f"\n{breach.line}\n")
    if breach.line == "import clearing.settlement.planted":
        (house / "clearing/settlement/planted.py").write_text("import asyncpg\n", encoding="utf-8")
    kept, said = verdicts(house)
    assert f"{breach.contract} BROKEN" in said, said
    assert breach.contract not in kept


def test_every_contract_has_a_breach_planted() -> None:
    assert {breach.contract for breach in BREACHES} == set(NAMES)


def test_a_room_leaves_its_brackets_when_it_is_built() -> None:
    layers = next(contract["layers"] for contract in CONTRACTS if contract["type"] == "layers")
    awaited = {room.strip(" ()") for layer in layers for room in layer.split("|") if room.strip().startswith("(")}
    built = {path.stem for path in (CLONE / "clearing").iterdir() if path.suffix == ".py" or path.is_dir()}
    assert awaited.isdisjoint(built), f"take these out of brackets in pyproject.toml: {sorted(awaited & built)}"
