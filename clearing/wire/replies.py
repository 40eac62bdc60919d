"""Law: the stored reply is the complete signed envelope; what is in it is said once and never signed anew.

Source: wire.md section 3. The fields of Reply are named as the keys of the wire, which have no others.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from clearing.events.codes import Code
from clearing.values import Cents, OperationId, TerminalId
from clearing.wire import fields as read
from clearing.wire.fields import TimeMs
from clearing.wire.frame import MalformedFrame, pack, unpack_map

_REQUIRED: Final = ("t", "m", "e", "n", "x", "rq", "rc", "st", "sq", "lh")
_OPTIONAL: Final = ("aa", "al", "ac", "li", "cmd")
_ORDER: Final = (
    "t", "m", "e", "n", "x", "rq", "rc", "aa", "al", "ac", "li", "st", "sq", "lh", "cmd",
)  # fmt: skip
_ITEMS_MAX: Final = 256
LIABLE: Final = ("fund", "producer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """m e n x: echoed. rq: digest of the request. rc: code, as the till may see it. aa: approved cents, al: per line.
    ac: approval code. li: who carries an offline item. st: server's ms. sq: position in the log, 0 when not stored.
    lh: the log head before its group. cmd: what the terminal is to do next."""

    m: TerminalId
    e: int
    n: int
    x: OperationId
    rq: bytes
    rc: Code
    st: TimeMs
    sq: int = 0
    lh: bytes = bytes(32)
    aa: Cents | None = None
    al: tuple[Cents, ...] | None = None
    ac: str | None = None
    li: str | None = None
    cmd: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeReply:
    """The server's clock, bound to the nonce that asked for it (frame type srv-time)."""

    nonce: bytes
    st_ms: TimeMs


def encode_reply(reply: Reply) -> bytes:
    """The canonical payload of a reply; what does not apply is left out."""
    fields: dict[str, object] = {
        "t": "resp", "m": reply.m, "e": reply.e, "n": reply.n, "x": reply.x, "rq": reply.rq, "rc": reply.rc.value,
    }  # fmt: skip
    if reply.aa is not None:
        fields["aa"] = reply.aa
    if reply.al is not None:
        fields["al"] = list(reply.al)
    if reply.ac is not None:
        fields["ac"] = reply.ac
    if reply.li is not None:
        fields["li"] = reply.li
    fields["st"], fields["sq"], fields["lh"] = reply.st, reply.sq, reply.lh
    if reply.cmd:
        fields["cmd"] = list(reply.cmd)
    return pack(fields)


def encode_decided(
    *, m: bytes, e: int, n: int, x: bytes, rq: bytes, rc: str, st: int, sq: int, lh: bytes, aa: int | None,
    al: Sequence[int] | None, ac: str | None,
) -> bytes:
    """encode_reply of a decided operation, without a Reply in between: the writer does it for every sale (2 us against 5)."""
    if aa is None:
        return pack({"t": "resp", "m": m, "e": e, "n": n, "x": x, "rq": rq, "rc": str(rc), "st": st, "sq": sq, "lh": lh})
    fields = {"t": "resp", "m": m, "e": e, "n": n, "x": x, "rq": rq, "rc": str(rc), "aa": aa, "al": list(al or ())}
    if ac is not None:
        fields["ac"] = ac
    fields["st"], fields["sq"], fields["lh"] = st, sq, lh
    return pack(fields)


def parse_reply(payload: bytes) -> Reply:
    """The reply in a verified srv-resp payload. Raises MalformedFrame. An unknown code is a decline (05)."""
    fields = unpack_map(payload, items_max=_ITEMS_MAX)
    keys = tuple(fields)
    given = set(keys)
    if not given.issuperset(_REQUIRED) or keys != tuple(key for key in _ORDER if key in given) or fields["t"] != "resp":
        raise MalformedFrame("this is not a reply, or its keys stand in another order")
    return Reply(**{key: reader(fields[key]) for key, reader in _READERS.items() if key in fields})


def reply_code(value: object) -> Code:
    """A code this version does not know is a decline: the till gives nothing on a word it can't read."""
    known = read.graphic(value, "rc", 2)
    try:
        return Code(known)
    except ValueError:
        return Code.DECLINED


def _liable(value: object) -> str:
    if value not in LIABLE:
        raise MalformedFrame("'li' must be fund or producer")
    return read.ident(value, "li")


_READERS: Final[dict[str, Any]] = {
    "m": read.terminal,
    "e": read.epoch,
    "n": read.counter,
    "x": read.operation,
    "rq": lambda value: read.digest(value, "rq"),
    "rc": reply_code,
    "aa": lambda value: read.amount(value, "aa"),
    "al": lambda value: tuple(read.amount(item, "al") for item in read.items(value, "al", _ITEMS_MAX)),
    "ac": lambda value: read.graphic(value, "ac", 16),
    "li": _liable,
    "st": lambda value: read.time_ms(value, "st"),
    "sq": lambda value: read.whole(value, "sq", (1 << 63) - 1),
    "lh": lambda value: read.digest(value, "lh"),
    "cmd": lambda value: tuple(read.text(item, "cmd", 200) for item in read.items(value, "cmd", 8, 1)),
}


def encode_time(reply: TimeReply) -> bytes:
    return pack({"nonce": reply.nonce, "st": reply.st_ms})


def parse_time(payload: bytes) -> TimeReply:
    """Raises MalformedFrame."""
    fields = unpack_map(payload, items_max=2)
    read.require_keys(fields, ("nonce", "st"))
    return TimeReply(nonce=read.binary(fields["nonce"], "nonce", 16), st_ms=read.time_ms(fields["st"], "st"))
