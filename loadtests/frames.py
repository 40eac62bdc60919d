"""Law: every frame of a load test is signed ahead, by its terminal's own key, with a genuine tap and a number of its own.

What a frame is wrapped in (an HTTP request, a WebSocket message, a batch) is made ahead too, so that the generator only
copies bytes. Signing runs in processes of its own, one share of the terminals and cards each.
"""

import multiprocessing
import os
import time
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB

from clearing.vault import Vault
from clearing.wire.frame import CONTENT_TYPE, SIGNATURE_BYTES, FrameType, pack, seal_envelope
from clearing.wire.requests import CURRENCY, ZERO_DIGEST
from clearing.wire.signature import TerminalKey, payload_digest
from clearing.wire.tap import sun_mac
from loadtests.fleet import CATEGORIES, Fleet, fresh_operation, random_baskets

BATCH_ITEMS: Final = 100
PATHS: Final = {"http": "/v1/sale", "batch": "/v1/batch"}
_MASKED_BINARY: Final = b"\x82"
_ZERO_MASK: Final = bytes(4)  # a mask of zeros is a mask, and leaves the payload as it is


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What one signing process makes: `frames` wrapped frames, in the order they are sent, into `path` and its index."""

    path: Path
    terminals: tuple[tuple[bytes, bytes], ...]
    cards: tuple[tuple[bytes, bytes], ...]
    kmeta: bytes
    n: int
    counter: int
    frames: int
    transport: str
    lines: tuple[int, ...]
    seed: bytes


def http_request(path: str, body: bytes) -> bytes:
    """A complete keep-alive request."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {CONTENT_TYPE}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def ws_message(payload: bytes) -> bytes:
    """A complete client's binary message: one final, masked frame."""
    size = len(payload)
    if size < 126:
        length = bytes([0x80 | size])
    elif size < 1 << 16:
        length = b"\xfe" + size.to_bytes(2, "big")
    else:
        length = b"\xff" + size.to_bytes(8, "big")
    return _MASKED_BINARY + length + _ZERO_MASK + payload


class Signer:
    """One share's terminals and cards; `sale` gives the envelope of a terminal's next sale."""

    def __init__(self, share: Share) -> None:
        self._terminals = [(number, TerminalKey.from_seed(seed)) for number, seed in share.terminals]
        self._n = [share.n] * len(share.terminals)
        self._previous = [ZERO_DIGEST] * len(share.terminals)
        self._cards = share.cards
        self._counter = share.counter
        self._taps = 0
        self._lines = share.lines
        self._baskets = random_baskets(share.seed)
        # One context: ECB of one block is the card's CBC with an IV of zeros (clearing/wire/tap.py).
        self._picc = Cipher(AES(share.kmeta), ECB()).encryptor()  # noqa: S305

    def sale(self, place: int) -> bytes:
        """The signed envelope of the terminal at this place: three lines, the next card, never the same tap twice."""
        number, key = self._terminals[place]
        payload = pack(self._fields(place, number))
        self._previous[place] = payload_digest(payload)
        return key.sign_envelope(FrameType.TERM_REQ, payload)

    def batch(self, place: int) -> bytes:
        """The signed envelope of BATCH_ITEMS sales of one terminal."""
        items = [self.sale(place) for _ in range(BATCH_ITEMS)]
        number, key = self._terminals[place]
        self._n[place] += 1
        payload = pack({
            "t": "batch", "m": number, "e": 1, "n": self._n[place], "x": fresh_operation(), "ts": _now_ms(), "items": items,
            "h": self._previous[place],
        })
        self._previous[place] = payload_digest(payload)
        return key.sign_envelope(FrameType.TERM_BATCH, payload)

    def _fields(self, place: int, number: bytes) -> dict[str, object]:
        self._n[place] += 1
        p, c = self._tap()
        lines = self._basket()
        return {
            "t": "sale", "m": number, "e": 1, "n": self._n[place], "x": fresh_operation(), "ts": _now_ms(),
            "a": sum([int(line[1]) for line in lines]), "cu": CURRENCY, "k": {"p": p, "c": c}, "l": lines, "o": 0, "pv": 0,
            "h": self._previous[place],
        }

    def _basket(self) -> list[list[str | int]]:
        prices = self._baskets[self._taps % len(self._baskets)]
        lines = self._lines[self._taps % len(self._lines)]
        return [[CATEGORIES[i % len(CATEGORIES)], prices[i % len(CATEGORIES)] + i] for i in range(lines)]

    def _tap(self) -> tuple[bytes, bytes]:
        uid, k2 = self._cards[self._taps % len(self._cards)]
        counter = self._counter + self._taps // len(self._cards) + 1
        self._taps += 1
        block = b"\xc7" + uid + counter.to_bytes(3, "little") + os.urandom(5)
        return self._picc.update(block), sun_mac(k2, uid, counter)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


WRAPPED: Final[dict[str, Callable[[Signer, int], bytes]]] = {
    "http": lambda signer, place: http_request(PATHS["http"], signer.sale(place)),
    "ws": lambda signer, place: ws_message(signer.sale(place)),
    "batch": lambda signer, place: http_request(PATHS["batch"], signer.batch(place)),
}
"""By transport: what the generator writes to a connection for one more request of the terminal at a place."""


def sign_share(share: Share) -> None:
    """Write the share's frames one after the other, and beside them where each ends (unsigned 64-bit numbers)."""
    signer, wrap, ends, at = Signer(share), WRAPPED[share.transport], array("Q"), 0
    with share.path.open("wb") as file:
        for number in range(share.frames):
            at += file.write(wrap(signer, number % len(share.terminals)))
            ends.append(at)
    with index_of(share.path).open("wb") as file:
        ends.tofile(file)


def write_junk(path: Path, fleet: Fleet, requests: int) -> None:
    """Requests that no server of ours may answer with a query: bytes that are no frame, an unknown key, a broken signature."""
    known, stranger = TerminalKey.from_seed(fleet.terminals[0][1]), TerminalKey.generate()
    ends, at = array("Q"), 0
    with path.open("wb") as file:
        for number in range(requests):
            payload = pack({"t": "sale", "n": number, "x": fresh_operation()})
            if number % 3 == 0:
                body = os.urandom(300)
            elif number % 3 == 1:
                body = stranger.sign_envelope(FrameType.TERM_REQ, payload)
            else:
                body = seal_envelope(known.kid, payload, os.urandom(SIGNATURE_BYTES))
            at += file.write(http_request(PATHS["http"], body))
            ends.append(at)
    with index_of(path).open("wb") as file:
        ends.tofile(file)


def index_of(path: Path) -> Path:
    return path.with_suffix(".ends")


def read_frames(path: Path) -> list[bytes]:
    """The frames of a share's file, in order."""
    content, ends = path.read_bytes(), array("Q")
    ends.frombytes(index_of(path).read_bytes())
    return [content[start:end] for start, end in zip([0, *ends], ends, strict=False)]


def shares_of(
    fleet: Fleet, vault: Vault, folder: Path, *, frames: int, shares: int, transport: str, lines: Sequence[int]
) -> list[Share]:
    """Split terminals and cards over `shares` processes; together they make at least `frames` frames."""
    each = -(-frames // shares)
    cards = [(uid, vault.resolve(uid, 1)[1]) for uid in fleet.uids]
    return [
        Share(
            path=folder / f"frames-{place}", terminals=fleet.terminals[place::shares], cards=tuple(cards[place::shares]),
            kmeta=vault.kmeta, n=fleet.n + 1, counter=fleet.counter, frames=each, transport=transport, lines=tuple(lines),
            seed=b"baskets",
        )
        for place in range(shares)
    ]


def numbers_used(share: Share) -> int:
    """The most message numbers that a terminal of this share uses, with the one a WebSocket's greeting takes."""
    per_frame = BATCH_ITEMS + 1 if share.transport == "batch" else 1
    return 1 + per_frame * -(-share.frames // len(share.terminals))


def taps_used(share: Share) -> int:
    """The most taps that a card of this share makes."""
    sales = share.frames * (BATCH_ITEMS if share.transport == "batch" else 1)
    return -(-sales // len(share.cards))


def sign_ahead(shares: Sequence[Share]) -> None:
    """Sign all shares, each in a process of its own. Raises what a process raised."""
    if len(shares) == 1:
        sign_share(shares[0])
        return
    with multiprocessing.get_context("spawn").Pool(len(shares)) as pool:
        for _ in pool.imap_unordered(sign_share, shares):
            pass


def interleaved(lists: Sequence[list[bytes]]) -> Iterator[bytes]:
    """One of each, in turn; ends with the shortest."""
    for together in zip(*lists, strict=False):
        yield from together
