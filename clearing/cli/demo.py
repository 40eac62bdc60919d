"""Law: the demo is one command that needs nothing and leaves nothing running."""

import argparse

from clearing.cli.desk import Desk
from clearing.cli.entry import Entry, Group


def demo(desk: Desk) -> int:
    from clearing.demo.run import play_day

    chosen = desk.home.folder if desk.arguments.home is not None else None
    return play_day(chosen, once=desk.arguments.once, settings=desk.settings, xdg_data_home=desk.xdg_data_home)


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--once", action="store_true", help="end after the summary; exit code 0 only if every invariant held")


ENTRIES = (
    Entry(words=("demo", "day"), group=Group.START, does="play a real market day, from signed taps to the bank file", run=demo,
          arguments=_arguments),
)  # fmt: skip
