"""Law: who may log in to the console is let in by who keeps this home, with a key of the person's own and a second factor.

What pages need is imported where it is used: every other command starts without it.
"""

import argparse
import getpass
import sys
from pathlib import Path

from clearing.cli.desk import Desk, Misused, secret
from clearing.cli.entry import Entry, Group
from clearing.installation.key_file import open_key_file
from clearing.values import PersonId, identifier

ISSUER = "clearing"
LANGUAGES = ("fr", "en")


async def admit(desk: Desk) -> None:
    """The person's key file is opened with its passphrase, and sealed again behind the console's password."""
    import pyotp
    import segno

    from clearing.console.house import accounts_kept
    from clearing.console.keys import PasswordRefused

    given = desk.arguments
    person = PersonId(identifier(given.person, what="a person's name"))
    path = desk.home.person(person)
    identity, key = open_key_file(path, desk.passphrase(f"Passphrase of {person}'s key: "))
    password, factor = _new_password(given.password_file), pyotp.random_base32()
    async with desk.opened() as installation, accounts_kept(installation) as accounts:
        try:
            await accounts.keep(person, key, identity.epoch, password, factor=factor, language=given.language)
        except PasswordRefused as fault:
            raise Misused(str(fault)) from None
    address = pyotp.TOTP(factor).provisioning_uri(name=person, issuer_name=ISSUER)
    desk.say(f"{person} may log in. Read this into an app for one-time codes (two-factor), once; it is not shown again:")
    if sys.stdout.isatty():
        segno.make(address).terminal(compact=True)
    desk.say(f"  {address}")
    desk.say(f"or type it there: {' '.join(factor[place : place + 4] for place in range(0, len(factor), 4))}")
    desk.say("What she sees there is what her offices open: clearing person list")


def _new_password(file: Path | None) -> str:
    from clearing.console.keys import PASSWORD_CHARS_MIN

    asked = f"New password for the console, {PASSWORD_CHARS_MIN} characters or more (four words are good): "
    first = secret(file, asked, what="password", option="--password-file")
    if file is None and sys.stdin.isatty() and first != getpass.getpass("The same again: "):
        raise Misused("The two passwords differ; nothing was changed, try again")
    return first


def code(desk: Desk) -> None:
    """What an app on a phone would show: for who has none, and for the demo."""
    import pyotp

    desk.say(pyotp.TOTP(secret(desk.arguments.file, "", what="secret", option="FILE")).now())


def _code_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="file whose first line is the secret that `console admit` told")


async def open_founding(desk: Desk) -> None:
    """The address is told once, here; what is kept of it opens nothing."""
    from clearing.cli.operating import founding_address

    if not desk.home.console_address.exists():
        raise Misused("No console runs here; start it with: clearing serve")
    url = desk.arguments.url or desk.home.console_address.read_text(encoding="ascii")
    async with desk.opened() as installation:
        address = await founding_address(installation, url.rstrip("/"))
    desk.say("Who opens this address may found one caisse; it is used once, good for a day, and not shown again:")
    if sys.stdout.isatty():
        import segno

        segno.make(address).terminal(compact=True)
    desk.say(f"  {address}")


def _founding_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--url", help="of the console as the founder's browser reaches it (default: as it listens here)")


async def listing(desk: Desk) -> None:
    from clearing.console.house import accounts_kept

    async with desk.opened() as installation, accounts_kept(installation) as accounts:
        known = await accounts.everybody()
        for person, public in known:
            desk.say(f"{person:24} key {public.hex()[:16]}…")
        if not known:
            desk.say("Nobody may log in yet; let the first one in with: clearing console admit PERSON")


async def dismiss(desk: Desk) -> None:
    from clearing.console.house import accounts_kept

    person = PersonId(identifier(desk.arguments.person, what="a person's name"))
    async with desk.opened() as installation, accounts_kept(installation) as accounts:
        if not await accounts.drop(person):
            raise Misused(f"{person} has no account here; those who have: clearing console list")
    desk.say(f"{person} can't log in any more, and is out of every page at once. Offices end by: clearing person remove "
             f"{person}")  # fmt: skip


def _person(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("person")


def _admit_arguments(parser: argparse.ArgumentParser) -> None:
    _person(parser)
    parser.add_argument("--language", choices=LANGUAGES, default="fr", help="of her pages (default fr)")
    parser.add_argument("--passphrase-file", type=Path, help="file whose first line opens the person's key (else it is asked)")
    parser.add_argument("--password-file", type=Path, help="file whose first line is the console's password (else it is asked)")


ENTRIES = (
    Entry(words=("console", "admit"), group=Group.OPERATING, does="let an officer log in to the pages, or anew",
          run=admit, arguments=_admit_arguments),
    Entry(words=("console", "code"), group=Group.OPERATING, does="the six digits of now, for who has no app", run=code,
          arguments=_code_arguments),
    Entry(words=("console", "open-founding"), group=Group.START, does="an address to found a caisse at in a browser",
          run=open_founding, arguments=_founding_arguments),
    Entry(words=("console", "list"), group=Group.OPERATING, does="who may log in", run=listing),
    Entry(words=("console", "dismiss"), group=Group.OPERATING, does="end somebody's log-in at once", run=dismiss,
          arguments=_person),
)  # fmt: skip
