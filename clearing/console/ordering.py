"""Law: whatever a page changes is one command, signed with the key of who is logged in; its answer is told to her."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Final, Protocol

from clearing.authoriser.link import CommandRefused, CommandUnanswered, WriterAbsent
from clearing.events.codes import Code
from clearing.installation.home import Home
from clearing.installation.office import NotAllowed, Officer
from clearing.values import CaisseCode, PersonId
from clearing.wire.signature import TerminalKey

STEP_UP: Final = frozenset({
    "approve_batch", "release_payout", "make_adjustment", "approve_bank_details", "confirm_person", "remove_person",
    "confirm_transfer", "confirm_repayment", "confirm_closure", "seal_caisse", "accept_opening", "approve_decision",
    "adopt_charte", "allow_join", "add_passkey", "allow_new_factor", "approve_collection",
    "agree_joint_payout",
})  # fmt: skip
"""Commands that ask for a second factor given within the last minutes."""


@dataclass(frozen=True, slots=True)
class Told:
    """What became of a command. done: it was approved and is in the log. away: the writer did not answer; nothing is known."""

    done: bool
    why: str = ""
    out: "dict[str, object] | None" = None
    code: Code | None = None
    away: bool = False


class Signer(Protocol):
    """Whose key signs: of a log-in, or of a token."""

    @property
    def person(self) -> PersonId: ...
    @property
    def key(self) -> TerminalKey: ...
    @property
    def epoch(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Orders:
    """Gives commands to the writers of an installation."""

    home: Home
    now_ms: Callable[[], int]

    def officer(self, who: Signer, code: CaisseCode) -> Officer:
        return Officer(
            person=who.person, key=who.key, epoch=who.epoch, caisse=code, socket=self.home.socket(code), now_ms=self.now_ms
        )

    async def give(
        self, who: Signer, code: CaisseCode, verb: str, body: dict[str, object], *, secret: bytes | None = None
    ) -> Told:
        officer = self.officer(who, code)
        return await self._sent(officer.order(verb, body, secret=secret))

    async def give_again(self, who: Signer, code: CaisseCode, envelope: bytes) -> Told:
        """One that was signed before: done once, however often it is sent."""
        return await self._sent(self.officer(who, code).send(envelope))

    async def _sent(self, sending: Coroutine[None, None, dict[str, object]]) -> Told:
        try:
            return Told(True, out=await sending)
        except NotAllowed as declined:
            return Told(False, str(declined), code=declined.code)
        except CommandRefused as fault:
            return Told(False, str(fault))
        except (CommandUnanswered, WriterAbsent) as fault:
            return Told(False, str(fault), away=True)
