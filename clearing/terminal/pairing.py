"""Law: the pairing code never leaves the till; the caisse's root key is believed only when the caisse proved to know it too.

Source: wire.md section 7. Both screens then show the same eight digits, and a second person compares them.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from clearing.terminal.identity import TerminalIdentity
from clearing.terminal.transport import Answer, NoAnswer, TerminalClock, Transport
from clearing.wire.certificate import certified_keys
from clearing.wire.enrolment import (
    EnrolHello,
    EnrolProof,
    eight_digits,
    encode_hello,
    encode_proof,
    macs_equal,
    pairing_key,
    parse_enrolled,
    parse_server_nonce,
    server_mac,
    terminal_mac,
    transcript,
)
from clearing.wire.frame import FrameType, MalformedFrame
from clearing.wire.signature import TerminalKey

ENROL_PATH: Final = "/v1/enrol"
KEYS_PATH: Final = "/v1/keys"
ATTEMPTS_MAX: Final = 5
_PAUSE_MS: Final = 500


class PairingFailed(Exception):
    """This till is not paired; the text says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paired:
    """A new identity, to be given to a terminal with its queue. digits: to be compared with the treasurer's screen."""

    identity: TerminalIdentity
    digits: str


async def pair(
    transport: Transport,
    slot: str,
    code: str,
    *,
    clock: TerminalClock,
    random: Callable[[int], bytes] = os.urandom,
) -> Paired:
    """Enrol a new key in the slot that the treasurer opened. Raises PairingFailed."""
    key = TerminalKey.from_seed(random(32))
    nonce = random(16)
    pairing = await asyncio.to_thread(pairing_key, code, slot)
    hello = key.sign_envelope(FrameType.TERM_ENROL, encode_hello(EnrolHello(slot=slot, key=key.public, nonce=nonce)))
    try:
        server_nonce = parse_server_nonce(await _asked(transport, clock, hello))
        said = transcript(slot=slot, key=key.public, nonce=nonce, server_nonce=server_nonce)
        proof = EnrolProof(
            slot=slot, key=key.public, nonce=nonce, server_nonce=server_nonce, mac=terminal_mac(pairing, said)
        )
        enrolled = parse_enrolled(
            await _asked(transport, clock, key.sign_envelope(FrameType.TERM_ENROL, encode_proof(proof)))
        )
    except MalformedFrame as fault:
        raise PairingFailed("this is not the door of a caisse: check the address") from fault
    all_said = transcript(slot=slot, key=key.public, nonce=nonce, server_nonce=server_nonce, root=enrolled.root)
    if not macs_equal(enrolled.mac, server_mac(pairing, all_said)):
        raise PairingFailed(
            "who answered does not know the code: you are not talking to your caisse; tell the treasurer"
        )
    identity = TerminalIdentity(
        terminal=enrolled.terminal,
        epoch=enrolled.epoch,
        key=key,
        server_keys=await server_keys(transport, clock, enrolled.root),
    )
    return Paired(identity=identity, digits=eight_digits(all_said))


async def server_keys(transport: Transport, clock: TerminalClock, root: bytes) -> frozenset[bytes]:
    """The keys that may sign replies, as certified by this root. Raises PairingFailed when there are none."""
    answer = await _patiently(lambda: transport.get(KEYS_PATH), clock)
    try:
        keys = certified_keys(root, answer.body) if answer.status == 200 else frozenset[bytes]()
    except MalformedFrame:
        keys = frozenset()
    if not keys:
        raise PairingFailed(
            "the caisse's door shows no key that its root certified: tell the operator, then pair again"
        )
    return keys


async def _asked(transport: Transport, clock: TerminalClock, raw: bytes) -> bytes:
    answer = await _patiently(lambda: transport.post(ENROL_PATH, raw), clock)
    if answer.status != 200:
        raise PairingFailed(answer.body[:300].decode("utf-8", "replace"))
    return answer.body


async def _patiently(ask: Callable[[], Awaitable[Answer]], clock: TerminalClock) -> Answer:
    """The same bytes again while the door is busy or silent. Raises PairingFailed."""
    for _ in range(ATTEMPTS_MAX):
        try:
            answer = await ask()
        except NoAnswer:
            await clock.pause_ms(_PAUSE_MS)
            continue
        if answer.status not in (429, 503):
            return answer
        await clock.pause_ms(max(_PAUSE_MS, 1_000 * (answer.retry_after_s or 0)))
    raise PairingFailed("the caisse's door does not answer: check the network and the address, then pair again")
