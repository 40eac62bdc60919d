"""Law: a terminal belongs to a stall by its key; the pairing code is shown once, for ten minutes, and is stored nowhere."""

import argparse
import time
from typing import Final

from clearing.cli.desk import Desk, hex_bytes, whole
from clearing.cli.entry import Entry, Group
from clearing.installation.pairing import PAIRING_MINUTES, draw_slot
from clearing.wire.signature import PUBLIC_KEY_BYTES

_TERMINAL_BYTES: Final = 8


async def slot(desk: Desk) -> None:
    drawn = draw_slot(desk.code, now_us=time.time_ns() // 1_000)
    await desk.order("open_slot", drawn.body(desk.arguments.producer), secret=drawn.secret)
    desk.say(f"Slot {drawn.name}, code {drawn.code}   (for {PAIRING_MINUTES} minutes; five wrong codes close it)")
    desk.say(f"At the stall: clearing till {desk.arguments.producer} --pair {drawn.name}")
    desk.say("Then compare the digits on its screen with: clearing terminal list")


async def enrol(desk: Desk) -> None:
    key = hex_bytes(desk.arguments.key, PUBLIC_KEY_BYTES, "a terminal's public key")
    terminal = _terminal_number(desk) if desk.arguments.terminal else key[:_TERMINAL_BYTES]
    item = {"terminal": terminal, "epoch": desk.arguments.epoch, "producer": desk.arguments.producer, "key": key}
    await desk.order("enrol_terminals", {"terminals": [item]})
    desk.say(f"Terminal {terminal.hex()} sells for {desk.arguments.producer} now.")


def _terminal_number(desk: Desk) -> bytes:
    return hex_bytes(desk.arguments.terminal, _TERMINAL_BYTES, "a terminal's number")


async def suspend(desk: Desk) -> None:
    terminal = _terminal_number(desk)
    await desk.order("suspend_terminal", {"terminal": terminal})
    desk.say("This terminal sells nothing any more.")


async def resume(desk: Desk) -> None:
    terminal = _terminal_number(desk)
    await desk.order("resume_terminal", {"terminal": terminal})
    desk.say("This terminal sells again.")


def _producer(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("producer")


def _enrol_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("producer")
    parser.add_argument("--key", required=True, help="the terminal's public key, 64 hexadecimal digits")
    parser.add_argument("--terminal", help="its number (default: the first 16 digits of the key)")
    parser.add_argument("--epoch", type=whole(1, 1_000_000), default=1, help="one more for each key after the first")


def _terminal(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("terminal", help="its number, as terminal list shows it")


ENTRIES = (
    Entry(words=("terminal", "slot"), group=Group.PRODUCERS, does="show a pairing code for a stall's terminal", run=slot,
          arguments=_producer, signed=True),
    Entry(words=("terminal", "enrol"), group=Group.PRODUCERS, does="enrol a terminal by its key", run=enrol,
          arguments=_enrol_arguments, signed=True),
    Entry(words=("terminal", "suspend"), group=Group.PRODUCERS, does="stop a terminal at once", run=suspend,
          arguments=_terminal, signed=True),
    Entry(words=("terminal", "resume"), group=Group.PRODUCERS, does="let it sell again", run=resume, arguments=_terminal,
          signed=True),
)  # fmt: skip
