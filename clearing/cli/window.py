"""Law: one look tells whether the stalls are served; it reads what anybody may read over HTTP, and changes nothing.

Eighty columns, no colour needed. Two readings make a frame, the older one at most WINDOW_S back.
"""

import http.client
import json
import os
import select
import sys
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final
from urllib.parse import urlsplit

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from clearing.cli.desk import Misused
from clearing.cli.pulse import CaissePulse, Pulse, Reading, pulse
from clearing.events.codes import Code
from clearing.exposition import read_exposition
from clearing.installation.home import Home
from clearing.rules.treasury.proofs import PROOFS

EVERY_S: Final = 1.0
WINDOW_S: Final = 5.0
ANSWER_S: Final = 2.0
WIDTH: Final = 80
_LEAVE: Final = (b"q", b"Q", b"\x03", b"\x04")
_ALARMS_SHOWN: Final = 5


class Unanswered(Exception):
    """The gateway that this home names does not answer."""


class Watch:
    """The readings of the last seconds."""

    def __init__(self, home: Home, caisse: str | None) -> None:
        self._home, self._caisse = home, caisse
        self._readings: deque[Reading] = deque()
        self._ready: tuple[bool, list[str]] = (False, [])
        self._url = ""

    def read(self) -> None:
        """Raises Misused when nothing is served from this home, Unanswered when it does not answer."""
        try:
            self._url = self._home.gateway_address.read_text(encoding="ascii")
        except OSError:
            self._readings.clear()
            raise Misused(
                f"Nothing is served from {self._home.folder}; start it in another window: clearing serve "
                "(or name another --home)"
            ) from None
        try:
            page = _get(self._url, "/metrics")[1]
            said = json.loads(_get(self._url, "/readyz")[1])
        except (OSError, http.client.HTTPException, ValueError) as fault:
            self._readings.clear()
            raise Unanswered(
                f"{self._url} does not answer ({fault}). If it is stuck or was killed, start it again: clearing serve"
            ) from fault
        self._ready = (said["ready"], said["reasons"])
        self._readings.append(Reading(read_exposition(page), time.monotonic()))
        while self._readings[-1].at_s - self._readings[0].at_s > WINDOW_S + EVERY_S / 2:
            self._readings.popleft()

    def frame(self) -> RenderableType:
        """What the readings show; of one alone, that it is the first."""
        shown = pulse(self._readings[0], self._readings[-1], self._caisse)
        return drawn(shown, url=self._url, ready=self._ready[0], reasons=self._ready[1], at=time.strftime("%H:%M:%S"))


def drawn(shown: Pulse, *, url: str, ready: bool, reasons: list[str], at: str) -> RenderableType:
    """One frame. reasons: why it is not ready, a sentence each."""
    state = "ready" if ready else "NOT READY"
    parts: list[RenderableType] = [
        Text(f"clearing at {url}: {state}, {at}, the last {shown.seconds:.0f} s", no_wrap=True), *map(Text, reasons), Text(),
        _caisses(shown), *(_codes(one) for one in shown.caisses if one.declined), Text(), _processes(shown), Text(),
        Text(f"door: {shown.door_per_s:.1f} requests/s, p50 {_ms(shown.door.p50_ms)} ms, p99 {_ms(shown.door.p99_ms)} ms"
             + (f", {shown.streams} streams" if shown.streams else "")),
    ]  # fmt: skip
    if shown.refused:
        parts.append(Text("turned away: " + ", ".join(f"{reason} {times}" for reason, times in shown.refused.items())))
    if shown.restarts:
        parts.append(Text("started again: " + ", ".join(f"{role} {times}" for role, times in shown.restarts.items())))
    parts += [
        Text(f"PROOF {caisse}: {PROOFS.get(proof, proof)} does not hold: clearing proofs") for caisse, proof in shown.unproved
    ]
    parts += _alarms(shown)
    return Group(*parts)


def _caisses(shown: Pulse) -> Table:
    table = _table("caisse", "sales/s", "p50 ms", "p99 ms", "whole", "part", "declined", "group", "queue s", "behind")
    for one in shown.caisses:
        table.add_row(
            one.caisse, f"{one.per_s:.1f}", _ms(one.speed.p50_ms), _ms(one.speed.p99_ms), str(one.full), str(one.part),
            str(sum(one.declined.values())), "-" if one.group is None else f"{one.group:.1f}", f"{one.waits_s:.2f}",
            str(one.behind),
        )
    if not shown.caisses:
        table.add_row("none yet")
    return table


def _codes(one: CaissePulse) -> Text:
    said = ", ".join(f"{_name(code)} {times}" for code, times in one.declined.items())
    return Text(f"  {one.caisse} declined: {said}")


def _name(code: str) -> str:
    with suppress(ValueError):
        return f"{code} {Code(code).name.lower().replace('_', ' ')}"
    return code


def _processes(shown: Pulse) -> Table:
    table = _table("process", "cpu %", "memory MB", "loop late ms")
    for one in shown.processes:
        table.add_row(one.name, f"{one.cpu:.0f}", f"{one.memory_bytes / 1e6:.0f}", _ms(one.late_ms))
    return table


def _alarms(shown: Pulse) -> list[Text]:
    if not shown.alarms:
        return [Text("alarms: none since the start")]
    said = [f"ALARM {caisse}: {what} {times} since the start" for (caisse, what), times in shown.alarms.items()]
    more = [f"and {len(said) - _ALARMS_SHOWN} more"] if len(said) > _ALARMS_SHOWN else []
    return [*map(Text, [*said[:_ALARMS_SHOWN], *more]), Text("what to do: docs/runbooks/AlarmRaised.md, and the log")]


def _table(first: str, *others: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 0, 0, 1), header_style="bold", width=WIDTH - 1)
    table.add_column(first, overflow="ellipsis", no_wrap=True, ratio=1)
    for name in others:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _ms(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}" if value < 100 else f"{value:.0f}"


def _get(url: str, path: str) -> tuple[int, bytes]:
    """Status and body."""
    place = urlsplit(url)
    asked = http.client.HTTPConnection(place.hostname or "", place.port, timeout=ANSWER_S)
    try:
        asked.request("GET", path)
        answer = asked.getresponse()
        return answer.status, answer.read()
    finally:
        asked.close()


def show_once(watch: Watch) -> int:
    """Two readings, a second apart, and one frame. Exit code 1 when what serves does not answer."""
    try:
        watch.read()
        time.sleep(EVERY_S)
        watch.read()
    except Unanswered as silent:
        print(silent, file=sys.stderr)
        return 1
    Console(width=WIDTH, highlight=False, no_color=True).print(watch.frame())
    return 0


def show_live(watch: Watch) -> int:
    from rich.live import Live

    watch.read()  # nothing served: said at once, before the window is taken
    console = Console(highlight=False)
    with _keys(), Live(console=console, screen=True, auto_refresh=False, vertical_overflow="crop") as live:
        while not _left():
            try:
                watch.read()
                frame = watch.frame()
            except (Misused, Unanswered) as silent:
                frame = Text(f"{silent}\n\nWaiting for it.")
            live.update(Group(frame, Text("\nq leaves")), refresh=True)
    return 0


@contextmanager
def _keys() -> Iterator[None]:
    """Each key at once and unseen, as long as the block lasts. Ctrl-C comes as a key."""
    if not sys.stdin.isatty():
        yield
        return
    import termios
    import tty

    kept = termios.tcgetattr(sys.stdin)
    try:
        tty.setraw(sys.stdin, termios.TCSANOW)
        _write_newlines_whole(sys.stdin.fileno())
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSANOW, kept)


def _write_newlines_whole(terminal: int) -> None:
    """Raw mode would leave the cursor's column at each line's end."""
    import termios

    modes = termios.tcgetattr(terminal)
    modes[1] |= termios.OPOST
    termios.tcsetattr(terminal, termios.TCSANOW, modes)


def _left() -> bool:
    """Waits for the next second or a key; True when the key leaves."""
    if not sys.stdin.isatty():
        time.sleep(EVERY_S)
        return False
    if select.select([sys.stdin], [], [], EVERY_S)[0]:
        typed = os.read(sys.stdin.fileno(), 64)
        return not typed or any(key in typed for key in _LEAVE)
    return False
