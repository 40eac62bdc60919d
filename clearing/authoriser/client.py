"""Law: a submission is verified before it gets here; its answer leaves only after the commit, as stored, byte for byte.

The door to a writer, for gateways and the command line: what may be submitted, and the three ways it can fail to be answered.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from clearing.values import CaisseCode, CardId
from clearing.wire.commands import Command
from clearing.wire.requests import Request
from clearing.wire.signature import VerifiedFrame


class TapFacts(NamedTuple):
    """What the gateway found in the card evidence. genuine False: decryption or CMAC failed, card is None then.

    A card the directory doesn't know is checked with key version 1; the writer answers 14 for it.
    """

    genuine: bool
    card: CardId | None = None
    key_version: int = 0
    counter: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """The second call of a pairing (wire.md section 7); the writer checks the mac, for it alone knows the slot's secret."""

    slot: str
    key: bytes
    nonce: bytes
    server_nonce: bytes
    mac: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Between:
    """Another caisse's signed word (wire/interchange.py), which is the submission's frame.

    inquiry: no word, but what is still to be told to others is asked for; answered by those words, signed, back to back.
    """

    inquiry: bool = False


class BatchItem(NamedTuple):
    """An item whose signature nobody checked: that of the batch's own frame covers it. digest: SHA-256 of that frame."""

    digest: bytes
    frame: bytes
    place: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """One request for one caisse's writer. secret: travels beside a command, never into the log (pairing secrets).

    item: of which batch frame this is which item; None for a frame that was verified by itself. issued: the answer of a card's
    caisse, beside a sale with a card of another one.
    """

    caisse: CaisseCode
    frame: VerifiedFrame
    request: Request | Command | Enrolment | Between
    tap: TapFacts | None = None
    secret: bytes | None = None
    item: BatchItem | None = None
    issued: VerifiedFrame | None = None


class Overloaded(Exception):
    """NOT PROCESSED: the writer's inbox is full, or it is not there; send the same bytes again after retry_after_s."""

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(f"The caisse's writer can't take more right now; send the same message again in {retry_after_s} s.")
        self.retry_after_s = retry_after_s


class OutcomeUnknown(Exception):
    """UNKNOWN: the writer stopped while this request was in flight; send the same bytes again to learn what became of it."""


class EnrolmentRefused(Exception):
    """The pairing did not succeed: no such open slot, its time is over, or a wrong code. Nothing was enrolled."""


Answer: TypeAlias = bytes | Overloaded | OutcomeUnknown | EnrolmentRefused
Deliver: TypeAlias = Callable[[Answer], None]
"""Called once, when the answer may leave: after the commit, or with the reason why there is none. Must not raise."""


class Authoriser(ABC):
    """A writer as its clients see it: the one in this process, or the one behind a trunk."""

    @abstractmethod
    def post(self, submission: Submission, deliver: Deliver) -> None:
        """Take a request in; what becomes of it is delivered later, or at once when it is not taken.

        No future, no task: measured, they cost more than a decision. bytes: the complete signed reply envelope; for an
        Enrolment the answer map of wire/enrolment.py, proved by its mac.
        """

    async def submit(self, submission: Submission) -> bytes:
        """The answer. Raises Overloaded, OutcomeUnknown, EnrolmentRefused."""
        answered: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

        def deliver(answer: Answer) -> None:
            if answered.done():
                return  # whoever asked has left; the answer is stored
            if isinstance(answer, bytes):
                answered.set_result(answer)
            else:
                answered.set_exception(answer)

        self.post(submission, deliver)
        return await answered
