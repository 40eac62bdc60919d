"""Law: what the house tests look at: the files of the clone that git knows or would add, and their syntax trees."""

import ast
import subprocess
from functools import cache
from pathlib import Path
from typing import Final

CLONE: Final = Path(__file__).resolve().parents[2]
PURE_ROOMS: Final = ("clearing/values.py", "clearing/events/", "clearing/rules/", "clearing/wire/")


@cache
def files(*suffixes: str) -> tuple[Path, ...]:
    """Files below the clone with one of these suffixes (all without one), sorted, relative to it; nothing ignored."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=CLONE, check=True, capture_output=True, text=True).stdout.splitlines()
    paths = [Path(line) for line in listed if (CLONE / line).is_file()]
    return tuple(sorted(path for path in paths if not suffixes or path.suffix in suffixes))


@cache
def text(path: Path) -> str:
    return (CLONE / path).read_text(encoding="utf-8")


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(text(path), filename=str(path))


def python_files(*folders: str) -> list[Path]:
    """Python files below the given folders (each ends in "/", or names one file)."""
    return [path for path in files(".py") if path.as_posix().startswith(folders)]


def functions(path: Path) -> list[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """(qualified name, node) of every function of a file, nested ones included."""
    found: list[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]] = []

    def walk(node: ast.AST, prefix: str) -> None:
        for child in ast.iter_child_nodes(node):
            name = prefix
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                name = f"{prefix}{child.name}"
                if not isinstance(child, ast.ClassDef):
                    found.append((name, child))
                name += "."
            walk(child, name)

    walk(tree(path), "")
    return found
