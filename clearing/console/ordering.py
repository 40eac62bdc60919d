"""Law: whatever a page changes is one command, signed with the key of who is logged in; its answer is told to her."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from clearing.authoriser.link import CommandRefused, CommandUnanswered, WriterAbsent
from clearing.console.accounts import Login
from clearing.installation.home import Home
from clearing.installation.office import NotAllowed, Officer
from clearing.values import CaisseCode

STEP_UP: Final = frozenset({
    "approve_batch", "approve_bank_details", "confirm_person", "remove_person", "confirm_transfer", "confirm_repayment",
    "confirm_closure", "seal_caisse", "accept_opening", "approve_decision", "adopt_charte", "allow_join",
})  # fmt: skip
"""Commands that ask for a second factor given within the last minutes."""


@dataclass(frozen=True, slots=True)
class Told:
    """What became of a command. done: it is in the log."""

    done: bool
    why: str = ""
    out: "dict[str, object] | None" = None


@dataclass(frozen=True, slots=True)
class Orders:
    """Gives commands to the writers of an installation."""

    home: Home
    now_ms: Callable[[], int]

    async def give(
        self, login: Login, code: CaisseCode, verb: str, body: dict[str, object], *, secret: bytes | None = None
    ) -> Told:
        officer = Officer(
            person=login.person, key=login.key, epoch=login.epoch, caisse=code,
            socket=self.home.socket(code), now_ms=self.now_ms,
        )
        try:
            return Told(True, out=await officer.order(verb, body, secret=secret))
        except (NotAllowed, CommandRefused, CommandUnanswered, WriterAbsent) as fault:
            return Told(False, str(fault))
