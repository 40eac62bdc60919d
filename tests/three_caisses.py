"""Law: caisses that recognise each other, each with its own log and key, and the real carrier between them; words may get lost.

Writers take words at once, so a test says exactly between which two steps something dies: before a word was taken, or after it
was taken and before its answer left.
"""

from dataclasses import dataclass, field
from typing import Any

from clearing.authoriser.client import Authoriser, Deliver, OutcomeUnknown, Submission
from clearing.events.interchange import InterchangeHeld
from clearing.rules.between.netting import Netting, netting
from clearing.terminal_gateway.between import Carrier
from clearing.values import CaisseCode, OperationId
from clearing.wire.replies import Reply, parse_reply
from clearing.wire.requests import Op, Request, parse_request
from clearing.wire.signature import TerminalKey
from tests.living_caisse import AMINA, payload_of, sign
from tests.memory_log import Desk, furnished

BRUME, AVAL, CRETE = CaisseCode("brume"), CaisseCode("aval"), CaisseCode("crete")
SERVERS = {code: TerminalKey.from_seed(code.encode().ljust(32, b"!")) for code in (BRUME, AVAL, CRETE)}


class Lost(Exception):
    """The gateway died; its terminal will send the same bytes again."""


@dataclass
class Wires(Authoriser):
    """All writers. dies_at: the how manyth word is the last; after: it is taken, and its answer is lost."""

    desks: dict[CaisseCode, Desk]
    words: int = 0
    dies_at: int | None = None
    after: bool = False
    seen: list[tuple[CaisseCode, Submission]] = field(default_factory=list)

    def post(self, submission: Submission, deliver: Deliver) -> None:
        self.words += 1
        dies = self.words == self.dies_at
        if dies and not self.after:
            raise Lost
        self.seen.append((submission.caisse, submission))
        answer = self.desks[submission.caisse].submit(submission)
        if dies:
            raise Lost
        deliver(answer)

    def live(self) -> None:
        self.words, self.dies_at = 0, None

    def die(self, at: int, *, after: bool) -> None:
        self.words, self.dies_at, self.after = 0, at, after


class Region:
    """Three caisses; each recognises both others up to cap_cents a day."""

    def __init__(self, cap_cents: int = 1_000_000, codes: tuple[CaisseCode, ...] = (BRUME, AVAL, CRETE)) -> None:
        self.desks = {code: furnished(code, SERVERS[code]) for code in codes}
        self.wires = Wires(self.desks)
        self._taps: dict[tuple[CaisseCode, CaisseCode, bytes], Any] = {}
        self.carrier = Carrier(
            self.wires, key_of=lambda code: SERVERS[code].public if code in self.desks else None, codes=lambda: self.desks,
            retry_after_s=1,
        )  # fmt: skip
        for code, desk in self.desks.items():
            for other in codes:
                if other != code:
                    desk.order(AMINA, "recognise_caisse", recognition(other, cap_cents))

    def sale(self, at: CaisseCode, card_of: CaisseCode, lines: dict[str, int], **fields: Any) -> Request:
        """A sale at one caisse's stall with another's card, not sent yet."""
        return self.desks[at].request(Op.SALE, lines, caisse=card_of, **fields)

    def send(self, at: CaisseCode, request: Request, *, tap: Any = None) -> Reply:
        """Signed and carried until it is answered. Raises Lost."""
        frame = sign(request)
        asked = parse_request(frame, request.op)
        if tap is None and request.caisse is not None:
            tap = self._tap(at, request)
        answers: list[Any] = []
        self.carrier.post(Submission(caisse=at, frame=frame, request=asked, tap=tap), answers.append)
        assert len(answers) == 1
        if not isinstance(answers[0], bytes):
            raise answers[0]
        return parse_reply(payload_of(answers[0], SERVERS[at].public))

    def _tap(self, at: CaisseCode, request: Request) -> Any:
        """The tap belongs to the message: sent again, it is the same."""
        assert request.caisse is not None
        key = at, request.caisse, request.x
        if key not in self._taps:
            self._taps[key] = self.desks[request.caisse].tap()
        return self._taps[key]

    def sell(self, at: CaisseCode, card_of: CaisseCode, **lines: int) -> tuple[Request, Reply]:
        request = self.sale(at, card_of, {name.replace("_", "-"): cents for name, cents in lines.items()})
        return request, self.send(at, request)

    async def sweep(self) -> None:
        for code in self.desks:
            try:
                await self.carrier.sweep(code)
            except OutcomeUnknown:
                continue

    def next_day(self) -> str:
        """The day that is over then."""
        over = self.today()
        for desk in self.desks.values():
            desk.pass_time(days=1)
            desk.tick()
        return over

    def today(self) -> str:
        desk = next(iter(self.desks.values()))
        return desk.book.caisse.calendar.day(desk.clock.us).isoformat()

    def netting(self, day: str) -> Netting:
        return netting({code: desk.book.interchange for code, desk in self.desks.items()}, day)

    def net(self, day: str) -> Netting:
        """Every caisse that has something to net records it."""
        found = self.netting(day)
        assert not found.differs, found.differs
        for code, lines in found.lines.items():
            if lines and code not in found.netted:
                body: dict[str, object] = {"day": day, "lines": [line._asdict() for line in lines]}
                self.desks[code].order(AMINA, "net_interchange", body)
        return found

    def held(self, code: CaisseCode) -> list[InterchangeHeld]:
        return [event for event in self.desks[code].log.events() if isinstance(event, InterchangeHeld)]

    def x(self, code: CaisseCode) -> OperationId:
        return self.desks[code].new_x()


def recognition(other: CaisseCode, cap_cents: int = 1_000_000, **more: object) -> dict[str, object]:
    return {
        "other": other, "key": SERVERS[other].public, "decision": "ag-2026-04", "debit_cap_cents": cap_cents, "categories": [],
        "from_us": 0, **more,
    }
