"""Law: a part of `clearing serve` says its fault to its parent, which tells the person: once, and in one sentence.

python -m clearing.cli.part ROLE INDEX ... : started by installation/supervising.py, never typed by a person.
"""

import argparse
import os
import sys
from pathlib import Path
from typing import Final

import uvloop

from clearing.config import Settings
from clearing.installation.home import Home
from clearing.installation.parts import CONSOLE, GATEWAY, VIEWS, WRITER, Opening, Task, say, serve_part
from clearing.telemetry import configure
from clearing.values import CaisseCode

ENDED_BY_FAULT: Final = 3


def main() -> int:
    parser = argparse.ArgumentParser(description="A process of clearing serve; started by it, not by hand.")
    parser.add_argument("role", choices=(GATEWAY, WRITER, VIEWS, CONSOLE))
    parser.add_argument("index", type=int)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--caisse", action="append", default=[])
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--take-over", action="store_true")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    configure(json=asked.json, file=sys.stderr)
    task = Task(
        role=asked.role, index=asked.index, caisses=tuple(CaisseCode(code) for code in asked.caisse), port=asked.port,
        take_over=asked.take_over,
    )  # fmt: skip
    try:
        return uvloop.run(serve_part(task, Home(asked.home), Settings.from_environment(os.environ), opening(task.role)))
    except Exception as fault:
        from clearing.cli.mistakes import told

        known = told(fault)
        if known is None:
            raise
        say(fault=known[0], code=known[1])
        return ENDED_BY_FAULT


def opening(role: str) -> Opening:
    """Each part loads its own: a door that is started again is open in half the time."""
    match role:
        case "gateway":
            from clearing.installation.gate import gateway

            return gateway
        case "writer":
            from clearing.installation.behind import writer

            return writer
        case "views":
            from clearing.installation.behind import views

            return views
        case _:
            from clearing.console.serving import entrance

            return entrance


if __name__ == "__main__":
    sys.exit(main())
