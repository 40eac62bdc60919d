"""Law: every command is in the help of the whole, under whose it is, in one line."""

import argparse
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from clearing.cli import (
    demo,
    looking,
    members,
    money,
    operating,
    persons,
    producers,
    registers,
    rules,
    settlement,
    terminals,
    till,
)
from clearing.cli.entry import Entry, Group

ENTRIES: Final[tuple[Entry, ...]] = (
    *demo.ENTRIES, *persons.ENTRIES, *rules.ENTRIES, *members.ENTRIES, *producers.ENTRIES, *terminals.ENTRIES, *till.ENTRIES,
    *money.ENTRIES, *settlement.ENTRIES, *looking.ENTRIES, *registers.ENTRIES, *operating.ENTRIES,
)  # fmt: skip
_ABOUT: Final = (
    "Clearing for food-credit cards: decides at the till, line by line, who pays which cent, and can prove it.\n"
    "A treasurer's month: money receive, grant, close, approve (another person), export. An operator's: serve, audit."
)


def build() -> argparse.ArgumentParser:
    parser = _Grouped(prog="clearing", description=_ABOUT, formatter_class=argparse.RawDescriptionHelpFormatter)
    _places(parser, default=None)
    first = parser.add_subparsers(metavar="COMMAND", required=True, parser_class=argparse.ArgumentParser)
    families: dict[str, argparse._SubParsersAction[argparse.ArgumentParser]] = {}
    for entry in ENTRIES:
        where = first
        if len(entry.words) == 2:
            family = entry.words[0]
            if family not in families:
                both = first.add_parser(family, description=f"clearing {family} ...")
                families[family] = both.add_subparsers(metavar="COMMAND", required=True)
            where = families[family]
        _add(where, entry)
    return parser


def _add(where: "argparse._SubParsersAction[argparse.ArgumentParser]", entry: Entry) -> None:
    command = where.add_parser(entry.words[-1], help=entry.does, description=entry.does[0].upper() + entry.does[1:] + ".")
    entry.arguments(command)
    _places(command, default=argparse.SUPPRESS)
    if entry.signed:
        command.add_argument("--by", metavar="PERSON", help="who gives the command (default: the only one with a key here)")
        command.add_argument("--passphrase-file", type=Path, metavar="FILE", help="its first line opens the key")
    command.set_defaults(entry=entry)


def _places(parser: argparse.ArgumentParser, *, default: object) -> None:
    """May stand before or after the command's words."""
    parser.add_argument("--home", type=Path, default=default, metavar="DIR", help="the installation's folder")
    parser.add_argument("--caisse", default=default, metavar="CODE", help="which caisse, when there are several")


class _Grouped(argparse.ArgumentParser):
    """Lists the commands by whose they are instead of alphabetically."""

    def format_help(self) -> str:
        options = "options:\n  --home DIR     the installation's folder\n  --caisse CODE  which caisse, if there are several\n"
        listed = "\n".join(_group(group) for group in Group)
        more = "Each command has its own help: clearing grant --help\n"
        return f"usage: clearing [--home DIR] [--caisse CODE] COMMAND ...\n\n{_ABOUT}\n\n{listed}\n{options}\n{more}"


def _group(group: Group) -> str:
    return f"{group.value}\n" + "".join(_told(ENTRIES, group))


def _told(entries: Iterable[Entry], group: Group) -> Iterable[str]:
    return (f"  {' '.join(entry.words):23} {entry.does}\n" for entry in entries if entry.group is group)
