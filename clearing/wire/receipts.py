"""Law: a receipt proves the public part of one event to anybody with the server's key, and shows nothing of the private part.

leaf = SHA-256(0x00 | header | SHA-256(public) | private, evidence and reply as hashes); path leads from it to the root.
Source: wire.md section 4 (receipt), architecture.md section 3 (leaf).
"""

from dataclasses import dataclass
from typing import Final

from clearing.values import OperationId, TerminalId
from clearing.wire import fields as read
from clearing.wire.frame import pack, unpack_map

PATH_MAX: Final = 64
PUBLIC_BYTES_MAX: Final = 64 * 1024
_KEYS: Final = ("t", "m", "n", "x", "rq", "sq", "at", "ty", "sv", "pub", "hp", "he", "hr", "sz", "path", "root")


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """m n x rq: of the request. sq, at, ty, sv: the event's header. pub: its public part, as stored.

    hp he hr: hashes of salt and private part, evidence and reply. sz, path, root: its place in the tree of sz events.
    """

    m: TerminalId
    n: int
    x: OperationId
    rq: bytes
    sq: int
    at: int
    ty: int
    sv: int
    pub: bytes
    hp: bytes
    he: bytes
    hr: bytes
    sz: int
    path: tuple[bytes, ...]
    root: bytes


def encode_receipt(receipt: Receipt) -> bytes:
    values: dict[str, object] = {key: getattr(receipt, key) for key in _KEYS[1:]}
    return pack({"t": "receipt", **values, "path": list(receipt.path)})


def parse_receipt(payload: bytes) -> Receipt:
    """Raises MalformedFrame."""
    fields = unpack_map(payload, items_max=PATH_MAX)
    read.require_keys(fields, _KEYS)
    read.require_word(fields, "t", "receipt")
    whole = (1 << 63) - 1
    return Receipt(
        m=read.terminal(fields["m"]), n=read.counter(fields["n"]), x=read.operation(fields["x"]),
        rq=read.digest(fields["rq"], "rq"), sq=read.whole(fields["sq"], "sq", whole, 1),
        at=read.whole(fields["at"], "at", whole), ty=read.whole(fields["ty"], "ty", 65_535),
        sv=read.whole(fields["sv"], "sv", 65_535),
        pub=read.bounded_binary(fields["pub"], "pub", PUBLIC_BYTES_MAX), hp=read.digest(fields["hp"], "hp"),
        he=read.digest(fields["he"], "he"), hr=read.digest(fields["hr"], "hr"), sz=read.whole(fields["sz"], "sz", whole, 1),
        path=tuple(read.digest(step, "path") for step in read.items(fields["path"], "path", PATH_MAX)),
        root=read.digest(fields["root"], "root"),
    )
