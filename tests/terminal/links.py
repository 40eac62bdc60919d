"""Law: what can happen between a till and its caisse, played in the order a test writes it down; a till's clock by hand."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import Enum, auto
from pathlib import Path

from clearing.terminal.identity import TerminalIdentity
from clearing.terminal.queue import TerminalQueue
from clearing.terminal.terminal import ReferenceTerminal
from clearing.terminal.transport import Answer, NoAnswer, Transport
from tests.stall_world import KEY, SERVER_KEY, STALL

IDENTITY = TerminalIdentity(terminal=STALL, epoch=0, key=KEY, server_keys=frozenset({SERVER_KEY.public}))


class PowerCut(BaseException):
    """The till goes dark: nothing after this point runs."""


class Fate(Enum):
    """What becomes of one message."""

    PASSES = auto()
    REQUEST_LOST = auto()
    REPLY_LOST = auto()
    DARK_BEFORE = auto()  # power cut after persisting, before sending
    DARK_AFTER = auto()  # power cut after the caisse decided, before its answer arrived
    FORGED = auto()  # somebody answers in the caisse's place
    DOUBLED = auto()


@dataclass
class TillClock:
    """A pause moves the clock and takes no time."""

    now_ms: int = 1_500_000_000_000

    def wall_ms(self) -> int:
        return self.now_ms

    def rising_ms(self) -> int:
        return self.now_ms

    async def pause_ms(self, pause_ms: int) -> None:
        self.now_ms += pause_ms
        await asyncio.sleep(0)


@dataclass
class UncertainLink:
    """A real transport with a fate for each message; when the list is over, all pass. sent: (path, bytes), as given."""

    through: Transport
    fates: list[Fate] = field(default_factory=list)
    forge: Callable[[Answer], Answer] = lambda answer: answer
    sent: list[tuple[str, bytes]] = field(default_factory=list)

    async def get(self, path: str) -> Answer:
        return await self.through.get(path)

    async def post(self, path: str, raw: bytes) -> Answer:
        fate = self.fates.pop(0) if self.fates else Fate.PASSES
        self.sent.append((path, raw))
        match fate:
            case Fate.REQUEST_LOST:
                raise NoAnswer("lost on the way there")
            case Fate.DARK_BEFORE:
                raise PowerCut
            case Fate.DOUBLED:
                await self.through.post(path, raw)
            case _:
                pass
        answer = await self.through.post(path, raw)
        match fate:
            case Fate.REPLY_LOST:
                raise NoAnswer("lost on the way back")
            case Fate.DARK_AFTER:
                raise PowerCut
            case Fate.FORGED:
                return self.forge(answer)
            case _:
                return answer

    def paths(self) -> list[str]:
        return [path for path, _ in self.sent]


@dataclass
class Till:
    """A terminal on a queue file that can be opened again after a power cut."""

    path: Path
    link: UncertainLink
    clock: TillClock = field(default_factory=TillClock)
    queue: TerminalQueue = field(init=False)
    terminal: ReferenceTerminal = field(init=False)

    def __post_init__(self) -> None:
        self.switch_on()

    def switch_on(self) -> None:
        self.queue = TerminalQueue.open(self.path)
        self.terminal = ReferenceTerminal(IDENTITY, self.queue, self.link, self.clock)

    def switch_off(self) -> None:
        self.queue.close()

    def fates(self, fates: Iterable[Fate]) -> None:
        self.link.fates[:] = fates
