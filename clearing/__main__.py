"""Law: the environment is read once, here; a person's mistake is answered with one sentence and exit code 2, never a trace."""

import asyncio
import inspect
import os
import sys
from collections.abc import Sequence
from typing import Final

import asyncpg

from clearing.audit import SaleNotFound
from clearing.authoriser.link import CommandRefused, CommandUnanswered, WriterAbsent
from clearing.cli.desk import Desk, Misused
from clearing.cli.parser import build
from clearing.config import SettingRefused, Settings
from clearing.event_store.log import LeaseHeld, LogHalted, NotDurable
from clearing.event_store.migrate import CaisseTaken
from clearing.installation.home import Home, HomeUnusable, UnknownCaisse
from clearing.installation.key_file import KeyFileRefused
from clearing.installation.office import NotAllowed
from clearing.installation.payment import NotReady
from clearing.installation.serving import NothingToServe
from clearing.people import NotKept, PeopleClosed
from clearing.postgres import PostgresUnavailable, default_home
from clearing.settlement.overview import OverviewMismatch
from clearing.settlement.pain001 import UnpayableFile
from clearing.settlement.statement import StatementMismatch
from clearing.terminal.queue import NotPaired, TerminalLocked
from clearing.values import InvalidValue
from clearing.vault import VaultClosed
from clearing.wire.frame import MalformedFrame
from clearing.wire.tap import BadTap

MISTAKES: Final = (
    BadTap, CaisseTaken, CommandRefused, CommandUnanswered, HomeUnusable, InvalidValue, KeyFileRefused, LeaseHeld,
    MalformedFrame, Misused, NotAllowed, NotDurable, NotKept, NotPaired, NotReady, NothingToServe, PeopleClosed,
    PostgresUnavailable, SaleNotFound, SettingRefused, TerminalLocked, UnknownCaisse, UnpayableFile, VaultClosed, WriterAbsent,
)  # fmt: skip
"""What a person can put right: said in one sentence."""
WRONG: Final = (LogHalted, OverviewMismatch, StatementMismatch)
"""What the program can't go on from: said in one sentence, exit code 1."""


def main(words: Sequence[str] | None = None) -> int:
    """The exit code: 0 done, 1 something does not hold, 2 a mistake that a person can put right."""
    try:
        arguments = build().parse_args(words)
        for name in ("by", "passphrase_file"):
            if not hasattr(arguments, name):
                setattr(arguments, name, None)
        settings, xdg = Settings.from_environment(os.environ), os.environ.get("XDG_DATA_HOME", "")
        home = Home(arguments.home if arguments.home is not None else default_home("home", xdg_data_home=xdg))
        done = arguments.entry.run(Desk(arguments, settings, home, xdg))
        return (asyncio.run(done) if inspect.iscoroutine(done) else done) or 0
    except MISTAKES as mistake:
        return _said(mistake, 2)
    except WRONG as wrong:
        return _said(wrong, 1)
    except (asyncpg.InvalidCatalogNameError, asyncpg.UndefinedTableError):
        return _said("This caisse is not set up yet; run: clearing found FILE, or clearing serve once after an update", 2)
    except KeyboardInterrupt:
        return _said("Interrupted; what was acknowledged is recorded", 130)


def _said(what: object, code: int) -> int:
    print(f"clearing: {what}", file=sys.stderr, flush=True)
    return code


if __name__ == "__main__":
    sys.exit(main())
