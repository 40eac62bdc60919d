"""Law: one page tells of all processes: each family is named once, each sample says which process it is from.

The text form of Prometheus 0.0.4: `# HELP` and `# TYPE` of a family, then all its samples. Read and written line by line,
because a page of ten processes is asked for once a second by `clearing top` on a machine that has sales to decide.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

PROCESS: Final = "process"
_LABEL: Final = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"')
_PROCESS_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_PLAIN: Final = re.compile(r"\\(.)")


class BadExposition(ValueError):
    """A process's fault: what it gave is not text for Prometheus. The text names the line."""


class Sample(NamedTuple):
    """One line: the sample's own name (with _bucket, _sum, _count), its labels, its value."""

    name: str
    labels: dict[str, str]
    value: float


def merge_expositions(parts: Mapping[str, bytes]) -> bytes:
    """The expositions of several processes as one, each sample with the label process="its name".

    parts: process name ("gateway-1") -> its text. A family is described by the first process that has it. Raises
    BadExposition for a line that is no sample, and for a process name that is none.
    """
    heads: dict[str, list[str]] = {}
    samples: dict[str, list[str]] = {}
    for process, text in parts.items():
        if not _PROCESS_NAME.fullmatch(process):
            raise BadExposition(f"{process!r} is no name of a process; use small letters, digits and hyphens")
        family = ""
        for line in text.decode().splitlines():
            if line.startswith("# "):
                _, kind, family, *_ = line.split(" ", 3)
                head = heads.setdefault(family, [])
                if not any(known.startswith(f"# {kind} ") for known in head):
                    head.append(line)
                samples.setdefault(family, [])
            elif line:
                samples.setdefault(family, []).append(_of_process(line, process))
    return "".join(f"{line}\n" for family, lines in samples.items() for line in (*heads.get(family, ()), *lines)).encode()


def _of_process(line: str, process: str) -> str:
    """A sample's line with one label more. A label's value may hold spaces and braces, so the first of them counts."""
    brace, space = line.find("{"), line.find(" ")
    if space <= 0 or brace == 0:
        raise BadExposition(f"this is no sample: {line!r}")
    if 0 < brace < space:
        return f'{line[: brace + 1]}{PROCESS}="{process}",{line[brace + 1 :]}'
    return f'{line[:space]}{{{PROCESS}="{process}"}}{line[space:]}'


def read_exposition(text: bytes) -> Iterator[Sample]:
    """Every sample of a page, in its order. Raises BadExposition."""
    for line in text.decode().splitlines():
        if line and not line.startswith("#"):
            yield _sample(line)


def _sample(line: str) -> Sample:
    name, brace, rest = line.partition("{")
    try:
        if not name:
            raise ValueError
        if not brace:
            name, value = line.split(" ")[:2]
            return Sample(name, {}, float(value))
        inner, _, value = rest.rpartition("} ")
        labels = {label: _PLAIN.sub(_unescaped, said) for label, said in _LABEL.findall(inner)}
        return Sample(name, labels, float(value.split(" ")[0]))
    except ValueError as fault:
        raise BadExposition(f"this is no sample: {line!r}") from fault


def _unescaped(found: "re.Match[str]") -> str:
    return "\n" if found[1] == "n" else found[1]
