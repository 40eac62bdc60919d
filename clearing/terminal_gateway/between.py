"""Law: a gateway carries words between caisses and keeps none; whatever it drops is said again, and nothing happens twice.

A sale with another caisse's card goes to the terminal's caisse, its question to the card's, the answer back with the sale; the
terminal is answered when the sale is committed. What the card's caisse still has to hear is asked of every writer, again and
again, so that a gateway killed between any two steps leaves nothing open for longer than SWEEP_S.
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import Final

import structlog

from clearing.authoriser.client import Answer, Authoriser, Between, Deliver, OutcomeUnknown, Overloaded, Submission
from clearing.telemetry import LogEvent
from clearing.values import CaisseCode
from clearing.wire.frame import FrameType, MalformedFrame, cut_envelopes, open_envelope
from clearing.wire.interchange import NO_FRAME, NOT_NOW, WORD_BYTES_MAX, Ask, End, Part, between, is_word, parse_word
from clearing.wire.requests import Request
from clearing.wire.signature import BadSignature, VerifiedFrame, verify

SWEEP_S: Final = 5.0


class Carrier(Authoriser):
    """All writers, and what passes between them. key_of: a served caisse's public server key; None: not known here now."""

    def __init__(
        self, writers: Authoriser, *, key_of: Callable[[CaisseCode], bytes | None], codes: Callable[[], Iterable[CaisseCode]],
        retry_after_s: int,
    ) -> None:
        self._writers, self._key_of, self._codes, self._retry_after_s = writers, key_of, codes, retry_after_s
        self._sold = asyncio.Event()
        self._sweeping: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._sweeping = asyncio.get_running_loop().create_task(self._sweep_on(), name="words between caisses")

    async def close(self) -> None:
        if self._sweeping is not None:
            self._sweeping.cancel()
            await asyncio.wait({self._sweeping})

    def post(self, submission: Submission, deliver: Deliver) -> None:
        request = submission.request
        if isinstance(request, Request) and request.caisse is not None and request.caisse != submission.caisse:
            ours = replace(submission, tap=None)  # the acquirer never learns whose card it is
            self._writers.post(ours, partial(self._asked, submission, request.caisse, deliver))
        else:
            self._writers.post(submission, deliver)

    def _asked(self, submission: Submission, issuer: CaisseCode, deliver: Deliver, answer: Answer) -> None:
        """The acquirer's reply, which is the terminal's; or its question, which goes to the issuer."""
        if not isinstance(answer, bytes) or not _is_question(answer):
            deliver(answer)
            self._sold.set()
            return
        asked = self._frame(submission.caisse, answer)
        if asked is None or self._key_of(issuer) is None:
            deliver(Overloaded(self._retry_after_s))
            return
        word = Submission(caisse=issuer, frame=asked, request=Between(), tap=submission.tap)
        self._writers.post(word, partial(self._held, submission, issuer, deliver))

    def _held(self, submission: Submission, issuer: CaisseCode, deliver: Deliver, answer: Answer) -> None:
        """The issuer's answer, which goes with the sale; nothing: it turned the question away, and the sale is declined."""
        if not isinstance(answer, bytes):
            deliver(answer)
            return
        if answer == NOT_NOW:
            deliver(Overloaded(self._retry_after_s))
            return
        issued = self._frame(issuer, answer) if answer else NO_FRAME
        if issued is None:
            deliver(Overloaded(self._retry_after_s))
            return
        self._writers.post(replace(submission, tap=None, issued=issued), partial(self._recorded, deliver))

    def _recorded(self, deliver: Deliver, answer: Answer) -> None:
        deliver(answer)
        self._sold.set()

    def _frame(self, sender: CaisseCode, raw: bytes) -> VerifiedFrame | None:
        """None for what its sender's server did not sign."""
        key = self._key_of(sender)
        try:
            return None if key is None else verify(
                open_envelope(raw, frame_bytes_max=WORD_BYTES_MAX), FrameType.SRV_BETWEEN, key
            )
        except (MalformedFrame, BadSignature) as fault:
            structlog.get_logger().error(LogEvent.WORD_REFUSED, caisse=sender, why=str(fault))
            return None

    async def _sweep_on(self) -> None:
        while True:
            try:
                async with asyncio.timeout(SWEEP_S):
                    await self._sold.wait()
            except TimeoutError:
                pass
            self._sold.clear()
            for code in list(self._codes()):
                try:
                    await self.sweep(code)
                except (Overloaded, OutcomeUnknown):  # a writer is not there now: said again at the next turn
                    continue
                except MalformedFrame as fault:  # a writer of another version: the others' words go on
                    structlog.get_logger().error(LogEvent.WORD_REFUSED, caisse=code, why=str(fault))

    async def sweep(self, acquirer: CaisseCode) -> int:
        """Tell other caisses what they have not heard from this one, and it what they said; how many words were heard.

        A caisse that can't listen now is left for the next turn; the others are told. Raises Overloaded, OutcomeUnknown when
        the acquirer's own writer can't take a word now.
        """
        inquiry = Submission(caisse=acquirer, frame=NO_FRAME, request=Between(inquiry=True))
        heard, deaf = 0, set[CaisseCode]()
        said = await self._writers.submit(inquiry)
        for raw in cut_envelopes(said if said != NOT_NOW else b""):
            frame = self._frame(acquirer, raw)
            word = None if frame is None else parse_word(frame)
            if frame is None or not isinstance(word, End | Part):
                continue
            other = between(word)[1]
            if other in deaf:
                continue
            try:
                answer = await self._writers.submit(Submission(caisse=other, frame=frame, request=Between()))
            except (Overloaded, OutcomeUnknown):
                deaf.add(other)
                continue
            ended = self._frame(other, answer) if answer not in (b"", NOT_NOW) else None
            if ended is not None:
                await self._writers.submit(Submission(caisse=acquirer, frame=ended, request=Between()))
                heard += 1
        return heard


def _is_question(answer: bytes) -> bool:
    """A writer's answer is the terminal's reply, or the question to the issuer."""
    try:
        return is_word(open_envelope(answer, frame_bytes_max=len(answer)).payload, Ask)
    except MalformedFrame:  # a reply that is signed with its group has another envelope
        return False
