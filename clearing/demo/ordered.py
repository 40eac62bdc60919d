"""Law: a replay over many connections reaches the writer in the recorded order, each request at its recorded instant.

HTTP requests of one moment overtake each other; a recorded year must not. OrderedArrivals stands between gateway and writer,
where requests are verified already, and lets each one in when all before it are in.
"""

from dataclasses import dataclass, field

from clearing.authoriser.client import Authoriser, Between, Deliver, Enrolment, Submission
from clearing.demo.clock import SimulatedClock
from clearing.values import OperationId


@dataclass
class OrderedArrivals(Authoriser):
    """An Authoriser in front of another. `expect` names the next operation and its instant, in the order to come."""

    writers: Authoriser
    clock: SimulatedClock
    _place: dict[OperationId, int] = field(default_factory=dict)
    _instants: dict[int, int] = field(default_factory=dict)
    _early: dict[int, tuple[Submission, Deliver]] = field(default_factory=dict)
    _expected: int = 0
    _next: int = 0

    def expect(self, x: OperationId, at_us: int) -> None:
        self._place[x], self._instants[self._expected] = self._expected, at_us
        self._expected += 1

    def post(self, submission: Submission, deliver: Deliver) -> None:
        request = submission.request
        place = None if isinstance(request, Between | Enrolment) else self._place.pop(request.x, None)
        if place is None:
            self.writers.post(submission, deliver)
            return
        self._early[place] = (submission, deliver)
        while self._next in self._early:
            self.clock.move_to(self._instants.pop(self._next))
            self.writers.post(*self._early.pop(self._next))
            self._next += 1
