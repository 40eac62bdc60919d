"""Law: a replay over many connections reaches the writer in the recorded order, each request at its recorded instant.

HTTP requests of one moment overtake each other; a recorded year must not. OrderedArrivals stands between gateway and writer,
where requests are verified already, and lets each one in when all before it are in.
"""

import asyncio
from dataclasses import dataclass, field

from clearing.authoriser.client import Authoriser, Enrolment, Submission
from clearing.demo.clock import SimulatedClock
from clearing.values import OperationId


@dataclass
class OrderedArrivals:
    """An Authoriser in front of another. `expect` names the next operation and its instant, in the order to come."""

    writers: Authoriser
    clock: SimulatedClock
    _place: dict[OperationId, int] = field(default_factory=dict)
    _instants: dict[int, int] = field(default_factory=dict)
    _early: dict[int, tuple[Submission, "asyncio.Future[bytes]"]] = field(default_factory=dict)
    _expected: int = 0
    _next: int = 0

    def expect(self, x: OperationId, at_us: int) -> None:
        self._place[x], self._instants[self._expected] = self._expected, at_us
        self._expected += 1

    async def submit(self, submission: Submission) -> bytes:
        request = submission.request
        place = None if isinstance(request, Enrolment) else self._place.pop(request.x, None)
        if place is None:
            return await self.writers.submit(submission)
        answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._early[place] = (submission, answer)
        while self._next in self._early:
            waiting, its_answer = self._early.pop(self._next)
            task = asyncio.ensure_future(self._let_in(waiting, self._instants.pop(self._next)))
            task.add_done_callback(lambda done, to=its_answer: _pass_on(done, to))  # type: ignore[misc]
            self._next += 1
        return await answer

    async def _let_in(self, submission: Submission, at_us: int) -> bytes:
        """Tasks begin in the order they were made, and a submission is in the inbox before its first wait."""
        self.clock.move_to(at_us)
        return await self.writers.submit(submission)


def _pass_on(done: "asyncio.Task[bytes]", answer: "asyncio.Future[bytes]") -> None:
    if answer.done():
        return
    fault = done.exception()
    if fault is not None:
        answer.set_exception(fault)
    else:
        answer.set_result(done.result())
