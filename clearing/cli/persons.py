"""Law: nobody is given an office by one person: one officer proposes, another confirms."""

import argparse
import getpass
import sys
from pathlib import Path

from clearing.cli.desk import Desk, Misused, hex_bytes, whole
from clearing.cli.entry import Entry, Group
from clearing.installation.key_file import identity, make_key_file
from clearing.rules.voted.offices import ROLES
from clearing.values import PersonId, identifier
from clearing.wire.signature import PUBLIC_KEY_BYTES


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("person", help="a short name: a-z 0-9 . _ -")
    parser.add_argument("--epoch", type=whole(1, 1_000), default=1, help="2 for a person's second key, and so on (default 1)")
    parser.add_argument("--passphrase-file", type=Path, help="file whose first line is the new passphrase (else it is asked)")


def add(desk: Desk) -> None:
    person = PersonId(identifier(desk.arguments.person, what="a person's name"))
    desk.home.make()
    path = desk.home.person(person)
    made = make_key_file(path, person, _new_passphrase(desk), epoch=desk.arguments.epoch)
    desk.say(f"The key of {person} is in {path}; keep a copy in a safe place.")
    desk.say(f"Public key: {made.public.hex()}")
    desk.say("Next: write the person into the founding file, or let an officer run: clearing person propose "
             f"{person} --role ROLE")  # fmt: skip


def _new_passphrase(desk: Desk) -> str:
    if desk.arguments.passphrase_file is not None or not sys.stdin.isatty():
        return desk.passphrase("")
    first = getpass.getpass("New passphrase (four words are good): ")
    if first != getpass.getpass("The same again: "):
        raise Misused("The two passphrases differ; nothing was made, try again")
    return first


def show(desk: Desk) -> None:
    known = identity(desk.home.person(PersonId(desk.arguments.person)))
    desk.say(f"{known.person}, key epoch {known.epoch}, public key {known.public.hex()}")


async def propose(desk: Desk) -> None:
    person = PersonId(desk.arguments.person)
    given = desk.arguments.key
    key = hex_bytes(given, PUBLIC_KEY_BYTES, "a public key") if given else identity(desk.home.person(person)).public
    await desk.order("propose_person", {"person": person, "key": key, "roles": desk.arguments.role})
    roles = ", ".join(desk.arguments.role)
    desk.say(f"{person} is proposed as {roles}. Next, another officer: clearing person confirm {person}")


def _propose_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("person")
    parser.add_argument("--role", action="append", required=True, choices=ROLES, help="may be given several times")
    parser.add_argument("--key", help="the public key, when the key file is on another machine")


async def confirm(desk: Desk) -> None:
    from clearing.cli.proposals import agreed, proposed_person

    seen = await proposed_person(desk, desk.arguments.person)
    desk.say(f"{seen.by} proposes {seen.person} as {', '.join(seen.roles)}, with the public key {seen.key.hex()}")
    agreed(f"Did {seen.person} read this key to you?")
    await desk.order("confirm_person", {"person": seen.person, "key": seen.key, "roles": list(seen.roles)})
    desk.say(f"{seen.person} is named.")


async def remove(desk: Desk) -> None:
    await desk.order("remove_person", {"person": desk.arguments.person})
    desk.say(f"{desk.arguments.person} holds no office any more.")


def _one_person(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("person")


ENTRIES = (
    Entry(words=("person", "add"), group=Group.START, does="make a key for one who will command", run=add,
          arguments=_add_arguments),
    Entry(words=("person", "show"), group=Group.RULES, does="print a person's public key", run=show, arguments=_one_person),
    Entry(words=("person", "propose"), group=Group.RULES, does="propose somebody for an office, or a new key", run=propose,
          arguments=_propose_arguments, signed=True),
    Entry(words=("person", "confirm"), group=Group.RULES, does="confirm, as another officer, who was proposed", run=confirm,
          arguments=_one_person, signed=True),
    Entry(words=("person", "remove"), group=Group.RULES, does="end somebody's offices at once", run=remove,
          arguments=_one_person, signed=True),
)  # fmt: skip
