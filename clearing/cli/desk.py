"""Law: a command knows its home, its caisse and who signs; what is missing is said in one sentence with what to do.

Passphrases are typed or read from a file, never given as an argument, where others could see them.
"""

import argparse
import getpass
import os
import re
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from clearing.config import Settings
from clearing.events.caisse import CaisseFounded
from clearing.events.codec import decode
from clearing.installation.home import Home
from clearing.installation.key_file import open_key_file
from clearing.installation.office import NotAllowed, Officer
from clearing.installation.opening import Installation
from clearing.values import CaisseCode, PersonId, identifier


class Misused(Exception):
    """The person's input can't be used; the text says what to type instead."""


class NobodyReads(Exception):
    """Whoever read what a command says has seen enough, as `head` does."""


_ITEM: Final = re.compile(r"Item ([0-9]+): ")


@dataclass(slots=True)
class Desk:
    """What one command was given."""

    arguments: argparse.Namespace
    settings: Settings
    home: Home
    xdg_data_home: str = ""

    @property
    def code(self) -> CaisseCode:
        """The caisse that was named, or the only one here. Raises UnknownCaisse; Misused when keys alone are here."""
        if self.elsewhere is not None:
            if self.arguments.caisse is None:
                raise Misused("--socket leads to a caisse that is not in this home; name it with --caisse CODE")
            return CaisseCode(identifier(self.arguments.caisse, what="--caisse"))
        return self.home.chosen(self.arguments.caisse)

    @property
    def elsewhere(self) -> Path | None:
        """The writer's socket that was named: this home holds keys and nothing of the caisse."""
        named: Path | None = getattr(self.arguments, "socket", None)
        return named

    def say(self, text: str) -> None:
        """Raises NobodyReads when whoever read it has gone."""
        try:
            print(text, flush=True)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or the interpreter complains at its end
            raise NobodyReads from None

    async def order(self, verb: str, body: dict[str, object], *, secret: bytes | None = None) -> dict[str, object]:
        """Give a command as the person of --by. Raises NotAllowed and what stops it before the rules."""
        try:
            return await self.officer(self.code).order(verb, body, secret=secret)
        except NotAllowed as declined:
            raise NotAllowed(declined.code, _named(str(declined), body)) from None

    def officer(self, code: CaisseCode) -> Officer:
        """The person who signs. Raises KeyFileRefused, Misused."""
        path = self.home.person(self.person())
        identity, key = open_key_file(path, self.passphrase(f"Passphrase of {path.stem}: "))
        return Officer(
            person=identity.person, key=key, epoch=identity.epoch, caisse=code,
            socket=self.elsewhere or self.home.socket(code), now_ms=now_ms,
        )

    def person(self) -> PersonId:
        """Who --by names, or the only one with a key here. Raises Misused."""
        known = sorted(path.stem for path in self.home.persons.glob("*.key") if path.stem != self._signer())
        given = self.arguments.by
        if given is not None:
            if known and given not in (*known, self._signer()):
                raise Misused(f"{given} has no key in this home; those who have: {', '.join(known)}")
            return PersonId(given)
        if len(known) == 1:
            return PersonId(known[0])
        if not known:
            raise Misused(f"No person has a key in {self.home.folder} yet; make one with: clearing person add NAME")
        raise Misused(f"Who gives this command? Name the person with --by: {', '.join(known)}")

    def _signer(self) -> str:
        """Who signs the nightly proofs: no person, and asked for by name only."""
        return self.settings.proofs_by

    def passphrase(self, prompt: str) -> str:
        """From --passphrase-file (its first line), or typed. Raises Misused."""
        return secret(self.arguments.passphrase_file, prompt, what="passphrase", option="--passphrase-file")

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Installation]:
        """The installation with its database running. Raises Misused when there is none yet, or it is elsewhere."""
        if self.elsewhere is not None:
            raise Misused("This command also reads the caisse, so it is given in the caisse's own home, without --socket")
        if not self.home.exists():
            raise Misused(f"There is no installation in {self.home.folder}; name another --home, or run: clearing found FILE")
        installation = Installation.open(self.home, self.settings)
        try:
            yield installation
        finally:
            installation.close()

    def opened_new(self) -> Installation:
        """The installation, made if need be; the caller closes it."""
        return Installation.open(self.home, self.settings)


def _named(why: str, body: dict[str, object]) -> str:
    """"Item 3: ..." of a list, by what the person typed there."""
    found = _ITEM.match(why)
    lists = [one for one in body.values() if isinstance(one, list)]
    if found is None or len(lists) != 1 or not 1 <= int(found[1]) <= len(lists[0]):
        return why
    item = lists[0][int(found[1]) - 1]
    name = item if isinstance(item, str) else next((one for one in item.values() if isinstance(one, str)), None)
    return why if name is None else f"{name}: {why[found.end():]}"


def secret(file: Path | None, prompt: str, *, what: str, option: str) -> str:
    """The first line of the file, or typed without an echo. Raises Misused."""
    if file is not None:
        try:
            return file.read_text(encoding="utf-8").splitlines()[0]
        except FileNotFoundError:
            raise Misused(f"{file} is not there; its first line has to be the {what} ({option} FILE)") from None
        except (OSError, UnicodeDecodeError, IndexError):
            raise Misused(f"{file} holds no {what}; write it into the file's first line") from None
    if not sys.stdin.isatty():
        raise Misused(f"There is no terminal to type a {what} into; name a file that holds it: {option} FILE")
    return getpass.getpass(prompt)


async def zone_of(installation: Installation, code: CaisseCode) -> ZoneInfo:
    """The caisse's civil time. Raises Misused before its founding."""
    async with installation.reading(code) as log:
        rows = await log.read(0, 1)
    founded = decode(rows[0].type, rows[0].schema_version, rows[0].public, rows[0].private) if rows else None
    if not isinstance(founded, CaisseFounded):
        raise Misused(f"{code} is not founded yet; run: clearing found FILE")
    return ZoneInfo(founded.zone)


def hex_bytes(text: str, size: int, what: str) -> bytes:
    """size: in bytes. Raises Misused."""
    try:
        value = bytes.fromhex(text)
    except ValueError:
        value = b""
    if len(value) != size:
        raise Misused(f"{what} is {2 * size} hexadecimal digits; copy it whole, without the words around it")
    return value


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def today() -> date:
    return datetime.now(UTC).astimezone().date()


def whole(least: int, most: int) -> Callable[[str], int]:
    """An argument from least to most. The reader raises ArgumentTypeError."""

    def read(text: str) -> int:
        if not text.isdecimal() or len(text) > len(str(most)) or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"a whole number from {least} to {most} is needed here, not {text!r}")
        return int(text)

    return read


def day(text: str) -> date:
    """An argument that is a date. Raises ArgumentTypeError."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"a day is written YYYY-MM-DD, like 2026-03-21, not {text!r}") from None
