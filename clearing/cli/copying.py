"""Law: a caisse's rules may be copied, its people never; a copy that would not found the same rules is not written."""

import argparse
from pathlib import Path

from clearing.authoriser.founding import PARTS, check_found
from clearing.cli.books import read_book
from clearing.cli.desk import Desk, Misused, now_ms
from clearing.cli.entry import Entry, Group
from clearing.installation.amounts import counted
from clearing.installation.founding_file import founding_of
from clearing.installation.founding_text import COPIED, differing, founding_text, rules_of
from clearing.rules.book import Book
from clearing.values import CaisseCode, identifier
from clearing.wire.signature import TerminalKey

_STAND_IN = ("THE NEW CAISSE", "FR76 3000 6000 0112 3456 7890 189")


async def copy(desk: Desk) -> None:
    given = desk.arguments
    desk.arguments.caisse = given.code
    new_code = CaisseCode(identifier(given.new_code or f"{given.code}-2", what="--new-code"))
    if given.file.exists():
        raise Misused(f"{given.file} is there already; name another file, so that nothing is overwritten")
    at_us = now_ms() * 1_000
    text, told = copied(await read_book(desk), given.file, new_code=new_code, at_us=at_us)
    given.file.write_text(text, encoding="utf-8")
    desk.say(f"{given.file} holds {told} of {given.code}; no person, key, member or account.")
    others = [name for name in PARTS if name not in COPIED]
    if others:
        desk.say(f"Not copied: {', '.join(others)}; write them into the file if {given.code} has any.")
    desk.say(f"Next: fill in the account and the persons, then clearing found {given.file} --check")


def copied(book: Book, path: Path, *, new_code: CaisseCode, at_us: int) -> tuple[str, str]:
    """The file's text, and what is in it. Raises Misused when a caisse founded from it would have other rules."""
    rules = rules_of(book, at_us=at_us)
    holder, iban = _STAND_IN
    trial = founding_text(book, at_us=at_us, new_code=new_code, holder=holder, iban=iban)
    keys = [TerminalKey.generate() for _ in book.caisse.persons]
    waiting = iter(keys)
    file = founding_of(path, trial, lambda _person: next(waiting).public)
    events, mistakes = check_found(file.code, file.body, founder_kid=keys[0].kid, at_us=at_us)
    differs = [mistake.why for mistake in mistakes] or differing(rules, events)
    if differs:
        raise Misused(f"The rules of {book.caisse.code} can't be written as a founding file: {'; '.join(differs)}. "
                      "Nothing was written; copy its last charte file by hand instead")  # fmt: skip
    words = (("decisions", "decision"), ("funds", "fund"), ("chartes", "charte"), ("allocation_rules", "credit rule"))
    told = ", ".join(counted(len(rules[name]), thing) for name, thing in words)
    return founding_text(book, at_us=at_us, new_code=new_code), told


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("code", help="of the caisse whose rules are copied")
    parser.add_argument("file", type=Path, help="the new founding file")
    parser.add_argument("--new-code", help="of the caisse that will be founded from it (default: CODE-2)")


ENTRIES = (
    Entry(words=("copy",), group=Group.START, does="write a caisse's rules as a founding file for another one", run=copy,
          arguments=_arguments),
)  # fmt: skip
