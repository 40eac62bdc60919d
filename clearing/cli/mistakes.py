"""Law: what a person can put right is said in one sentence; what the program can't go on from, too; anything else is a bug.

Loaded only when something went wrong: knowing every fault means loading every room.
"""

import errno
import re
from typing import Final

import asyncpg

from clearing.audit import ProverLost, SaleNotFound
from clearing.authoriser.link import CommandRefused, CommandUnanswered, WriterAbsent
from clearing.books.fec import NoFec
from clearing.books.kept import NoPlan
from clearing.books.moves import Unfaithful
from clearing.cli.desk import Misused
from clearing.config import SettingRefused
from clearing.event_store.log import LeaseHeld, LogHalted, NotDurable
from clearing.event_store.migrate import CaisseTaken
from clearing.installation.adopting import NotTakenIn
from clearing.installation.fonts import FontMissing
from clearing.installation.home import HomeUnusable, UnknownCaisse
from clearing.installation.key_file import KeyFileRefused
from clearing.installation.office import NotAllowed
from clearing.installation.payment import NotReady
from clearing.installation.plan_file import PlanRefused
from clearing.installation.serving import NothingToServe
from clearing.installation.supervising import PartEnded
from clearing.people import NotKept, PeopleClosed
from clearing.postgres import PostgresUnavailable
from clearing.settlement.overview import OverviewMismatch
from clearing.settlement.pain001 import UnpayableFile
from clearing.settlement.statement import StatementMismatch
from clearing.terminal.pairing import PairingFailed
from clearing.terminal.queue import CountersMoved, NotPaired, TerminalLocked
from clearing.terminal.till import NoSuchCard
from clearing.values import InvalidValue
from clearing.vault import VaultClosed
from clearing.wire.frame import MalformedFrame
from clearing.wire.tap import BadTap

MISTAKE_CODE: Final = 2
WRONG_CODE: Final = 1
_MISTAKES: Final = (
    BadTap, CaisseTaken, CommandRefused, CommandUnanswered, CountersMoved, FontMissing, HomeUnusable, InvalidValue,
    KeyFileRefused, LeaseHeld, MalformedFrame, Misused, NoFec, NoPlan, NoSuchCard, NotAllowed, NotDurable, NotKept,
    NotPaired, NotReady, NotTakenIn, NothingToServe, PairingFailed, PeopleClosed, PlanRefused, PostgresUnavailable, ProverLost,
    SaleNotFound, SettingRefused, TerminalLocked, UnknownCaisse, UnpayableFile, VaultClosed, WriterAbsent,
)  # fmt: skip
_COMMAND: Final = re.compile(r"^The command [a-z_]+(?:, [a-z_]+ [0-9]+)*: ")
_MISSING: Final = re.compile(r"^(?:[^ ]+: )?There is no ([a-z ]+?) [^ ]+; ")
_LISTS: Final = {
    "fund": "clearing funds", "producer": "clearing producer list", "member": "clearing member list",
    "decision": "clearing decision list", "season": "clearing contract list", "allocation rule": "clearing rules",
    "cotisation rule": "clearing rules", "convention": "clearing producer list", "card called": "clearing member list",
}  # fmt: skip
_WRONG: Final = (LogHalted, OverviewMismatch, StatementMismatch, Unfaithful)
_NOT_SET_UP: Final = (
    asyncpg.InvalidCatalogNameError, asyncpg.UndefinedTableError, asyncpg.InvalidAuthorizationSpecificationError,
)  # fmt: skip
_MACHINE: Final = {
    errno.EADDRINUSE: "This port is taken by another program; choose another one with --port (0 takes a free one)",
    errno.EACCES: "{where} can't be used by this account ({why}); let the account that owns the home run this",
    errno.EPERM: "{where} can't be used by this account ({why}); let the account that owns the home run this",
    errno.EROFS: "{where} can't be written ({why}); nothing was lost, make it writable and try again",
    errno.ENOSPC: "{where} is full; nothing that was acknowledged is lost, make room and try again",
}


def plain(text: str) -> str:
    """Without the words of the wire, and with the list to look at when something is not there."""
    said = _COMMAND.sub("", text)
    found = _MISSING.match(said)
    known = None if found is None or "clearing " in said else _LISTS.get(found[1])
    return said if known is None else f"{said} What there is: {known}"


def told(fault: Exception) -> tuple[str, int] | None:
    """The sentence for the person and the exit code; None for a bug, which has to be seen whole."""
    if isinstance(fault, PartEnded):
        return str(fault), fault.code
    if isinstance(fault, _MISTAKES):
        return plain(str(fault)), MISTAKE_CODE
    if isinstance(fault, _WRONG):
        return str(fault), WRONG_CODE
    if isinstance(fault, _NOT_SET_UP):
        return "This caisse is not set up yet; run: clearing found FILE, or clearing serve once after an update", MISTAKE_CODE
    if isinstance(fault, OSError) and fault.errno in _MACHINE:
        return _MACHINE[fault.errno].format(where=fault.filename or "the disk", why=fault.strerror), MISTAKE_CODE
    return None
