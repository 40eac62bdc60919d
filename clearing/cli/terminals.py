"""Law: a terminal belongs to a stall by its key; the pairing code is shown once, for ten minutes, and is stored nowhere."""

import argparse
import hashlib
import secrets
import time
from typing import Final

from clearing.cli.desk import Desk, hex_bytes, whole
from clearing.cli.entry import Entry, Group
from clearing.wire.enrolment import pairing_key
from clearing.wire.signature import PUBLIC_KEY_BYTES

PAIRING_MINUTES: Final = 10
_LETTERS: Final = "ACDEFGHJKLMNPQRTUVWXYZ34679"  # nothing that is read as something else
_TERMINAL_BYTES: Final = 8


async def slot(desk: Desk) -> None:
    name, code = f"{desk.code}-{secrets.token_hex(3)}", _draw_code()  # the door tells caisses apart by how a slot begins
    secret = pairing_key(code, name)
    expires_us = time.time_ns() // 1_000 + PAIRING_MINUTES * 60_000_000
    await desk.order("open_slot", {
        "slot": name, "producer": desk.arguments.producer, "secret_sha256": hashlib.sha256(secret).digest(),
        "expires_us": expires_us,
    }, secret=secret)
    desk.say(f"Slot {name}, code {code}   (for {PAIRING_MINUTES} minutes; five wrong codes close it)")
    desk.say(f"At the stall: clearing till {desk.arguments.producer} --pair {name}")
    desk.say("Then compare the digits on its screen with: clearing terminal list")


def _draw_code() -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(5)) + "-" + "".join(secrets.choice(_LETTERS) for _ in range(5))


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
