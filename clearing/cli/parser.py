"""Law: every command is in the help of the whole, under whose it is, in one line."""

import argparse
import difflib
import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final, NoReturn

from clearing.cli import (
    adjustments,
    bank,
    bank_lines,
    bookkeeping,
    closing,
    collections,
    collectives,
    console,
    contests,
    contract_payments,
    contracts,
    copying,
    corrections,
    cotisations,
    crediting,
    decisions,
    demo,
    exceptions,
    founding,
    funds,
    gifts,
    households,
    interchange,
    joining,
    joint,
    looking,
    mandates,
    members,
    money,
    opening,
    operating,
    orders,
    payouts,
    persons,
    producers,
    products,
    proofs,
    receipts,
    registers,
    reports,
    rules,
    settlement,
    solidarity,
    statistics,
    subsidies,
    terminals,
    till,
    top,
    tracing,
    trying,
    units,
)
from clearing.cli.entry import Entry, Group
from clearing.postgres import default_home

ENTRIES: Final[tuple[Entry, ...]] = (
    *demo.ENTRIES,
    *persons.ENTRIES,
    *rules.ENTRIES,
    *decisions.ENTRIES,
    *trying.ENTRIES,
    *products.ENTRIES,
    *members.ENTRIES,
    *producers.ENTRIES,
    *terminals.ENTRIES,
    *till.ENTRIES,
    *money.ENTRIES,
    *settlement.ENTRIES,
    *proofs.ENTRIES,
    *bank.ENTRIES,
    *bank_lines.ENTRIES,
    *payouts.ENTRIES,
    *looking.ENTRIES,
    *registers.ENTRIES,
    *operating.ENTRIES,
    *console.ENTRIES,
    *households.ENTRIES,
    *crediting.ENTRIES,
    *solidarity.ENTRIES,
    *founding.ENTRIES,
    *copying.ENTRIES,
    *opening.ENTRIES,
    *top.ENTRIES,
    *funds.ENTRIES,
    *subsidies.ENTRIES,
    *tracing.ENTRIES,
    *closing.ENTRIES,
    *cotisations.ENTRIES,
    *mandates.ENTRIES,
    *collections.ENTRIES,
    *corrections.ENTRIES,
    *joining.ENTRIES,
    *gifts.ENTRIES,
    *contracts.ENTRIES,
    *contract_payments.ENTRIES,
    *collectives.ENTRIES,
    *orders.ENTRIES,
    *exceptions.ENTRIES,
    *adjustments.ENTRIES,
    *contests.ENTRIES,
    *receipts.ENTRIES,
    *units.ENTRIES,
    *interchange.ENTRIES,
    *joint.ENTRIES,
    *statistics.ENTRIES,
    *bookkeeping.ENTRIES,
    *reports.ENTRIES,
)
_WORD: Final = re.compile(r"argument COMMAND: invalid choice: '([^']*)'")
_WORD_OFFERED: Final = re.compile(r"[a-z][a-z-]*")
_ABOUT: Final = (
    "Clearing for food-credit cards: decides at the till, line by line, who pays which cent, and can prove it.\n\n"
    "A first day                person add, found, serve, money receive, member import, card import, producer import,\n"
    "                           producer bank-approve (another person), terminal slot, till, grant\n"
    "A vote                     charte try, decision record; approve (another person); charte adopt, rules\n"
    "A treasurer's month        money receive, grant, lapses, status, close; approve (another person),\n"
    "                           export, paid\n"
    "A bad day                  card block, emergency, member separate, terminal suspend, producer suspend, returned, why\n"
    "A treasurer's question     funds, subsidy trace, sales, why, summary, member list, producer list, batches\n"
    "An operator's              serve, status, top, audit, rebuild, snapshot, clock confirm, terminal list"
)
_OPTIONS: Final = """options:
  --home DIR              the installation's folder (default: {home})
  --caisse CODE           which caisse, when there are several
  --by PERSON             who gives a command, when several have a key here
  --passphrase-file FILE  its first line opens the person's key (else it is asked)
  --socket PATH           the writer's socket, for who has a key and nothing of the caisse (docs/OPERATING.md)
"""


def build(entries: Sequence[Entry] = ENTRIES) -> argparse.ArgumentParser:
    parser = _Grouped(prog="clearing", description=_ABOUT, formatter_class=argparse.RawDescriptionHelpFormatter)
    _places(parser, default=None)
    first = parser.add_subparsers(metavar="COMMAND", required=True, parser_class=_OneSentence)
    families: dict[str, argparse._SubParsersAction[_OneSentence]] = {}
    for entry in entries:
        where = first
        if len(entry.words) == 2:
            family = entry.words[0]
            if family not in families:
                both = first.add_parser(family, description=f"clearing {family} ...")
                families[family] = both.add_subparsers(metavar="COMMAND", required=True, parser_class=_OneSentence)
            where = families[family]
        _add(where, entry)
    return parser


def read_words(words: Sequence[str] | None) -> argparse.Namespace:
    """What was typed. A word too many is told with the command that does not take it."""
    parser = build(_asked_for(sys.argv[1:] if words is None else words))
    found, rest = parser.parse_known_args(words)
    if rest:
        command = " ".join(("clearing", *found.entry.words))
        parser.exit(2, f"{command}: it does not take {' '.join(rest)} (see: {command} --help)\n")
    return found


def _asked_for(words: Sequence[str]) -> Sequence[Entry]:
    """The commands that begin with the word typed, else all: a tenth of a second for each command that somebody gives."""
    rest = iter(words)
    for word in rest:
        if word in ("--home", "--caisse"):
            next(rest, None)
        elif not word.startswith("-"):
            return [entry for entry in ENTRIES if entry.words[0] == word] or ENTRIES
    return ENTRIES


def _add(where: "argparse._SubParsersAction[_OneSentence]", entry: Entry) -> None:
    command = where.add_parser(entry.words[-1], help=entry.does, description=entry.does[0].upper() + entry.does[1:] + ".")
    entry.arguments(command)
    _places(command, default=argparse.SUPPRESS)
    if entry.signed:
        command.add_argument("--by", metavar="PERSON", help="who gives the command (default: the only one with a key here)")
        command.add_argument("--passphrase-file", type=Path, metavar="FILE", help="its first line opens the key")
        command.add_argument("--socket", type=Path, metavar="PATH", help="the writer's socket, when only a key is in this home")
    command.set_defaults(entry=entry)


def _places(parser: argparse.ArgumentParser, *, default: object) -> None:
    """May stand before or after the command's words."""
    parser.add_argument("--home", type=Path, default=default, metavar="DIR", help="the installation's folder")
    parser.add_argument("--caisse", default=default, metavar="CODE", help="which caisse, when there are several")


class _OneSentence(argparse.ArgumentParser):
    """What is wrong with the words is said in one sentence, with the command that tells more, and exit code 2."""

    def error(self, message: str) -> NoReturn:
        wrong = _WORD.match(message)
        if wrong:
            near = difflib.get_close_matches(wrong[1], _WORD_OFFERED.findall(message.partition("(choose from")[2]), n=3)
            message = f"there is no command {wrong[1]!r}" + (f"; did you mean: {', '.join(near)}?" if near else "")
        elif "arguments are required: COMMAND" in message:
            message = "which command?"
        self.exit(2, f"{self.prog}: {message} (see: {self.prog} --help)\n")


class _Grouped(_OneSentence):
    """Lists the commands by whose they are instead of alphabetically."""

    def format_help(self) -> str:
        listed = "\n".join(_group(group) for group in Group)
        options = _OPTIONS.format(home=default_home("home"))
        more = "Each command has its own help: clearing grant --help\n"
        return f"usage: clearing COMMAND ... [--home DIR]\n\n{_ABOUT}\n\n{listed}\n{options}\n{more}"


def _group(group: Group) -> str:
    return f"{group.value}\n" + "".join(_told(ENTRIES, group))


def _told(entries: Iterable[Entry], group: Group) -> Iterable[str]:
    return (f"  {' '.join(entry.words):23} {entry.does}\n" for entry in entries if entry.group is group)
