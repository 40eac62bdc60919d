"""Law: looking at a running installation loads no room of it, and works as well in a script as in a terminal window."""

import argparse
import sys

from clearing.cli.desk import Desk
from clearing.cli.entry import Entry, Group


def top(desk: Desk) -> int:
    from clearing.cli.window import Watch, show_live, show_once

    watch = Watch(desk.home, desk.arguments.caisse)
    return show_once(watch) if desk.arguments.once or not sys.stdout.isatty() else show_live(watch)


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--once", action="store_true", help="show one second and end, for scripts")


ENTRIES = (
    Entry(words=("top",), group=Group.OPERATING, does="see live what is decided, how fast, and which process is busy",
          run=top, arguments=_arguments),
)  # fmt: skip
