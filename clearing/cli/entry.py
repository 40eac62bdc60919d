"""Law: a command is words, one line of help, its arguments and one function; the help of the whole is made of these."""

import argparse
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from enum import StrEnum

from clearing.cli.desk import Desk

Arguments = Callable[[argparse.ArgumentParser], None]
Run = Callable[[Desk], "int | Coroutine[None, None, int | None] | None"]


class Group(StrEnum):
    """Whose commands these are, in the order of the help."""

    START = "To try it, and to begin"
    PEOPLE = "Members and their cards"
    PRODUCERS = "Producers and their terminals"
    MONEY = "Money and the month's credit"
    SETTLEMENT = "Paying the producers"
    BANK = "The bank's statements"
    RULES = "What was voted, and who may command"
    LOOKING = "Looking and explaining"
    OPERATING = "Operating"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """words: as typed, "card issue" is two. signed: given by a person, so it takes --by and --passphrase-file."""

    words: tuple[str, ...]
    group: Group
    does: str
    run: Run
    arguments: Arguments = lambda _: None
    signed: bool = False
