"""Law: what a person orders is a signed frame like a terminal's, with its own counter; the body is data, read by its verb.

Source: wire.md section 7. The same sameness rules hold: identity is (person, epoch, n) and the digest of the payload.
"""

from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from clearing.events.codes import Code
from clearing.values import CaisseCode, ContractId, OperationId, PersonId, TerminalId
from clearing.wire import fields as read
from clearing.wire.fields import TimeMs
from clearing.wire.frame import canonical_map, pack, require_plain
from clearing.wire.passkey import Assertion
from clearing.wire.replies import reply_code
from clearing.wire.signature import VerifiedFrame, payload_digest

COMMAND_BYTES_MAX: Final = 4 << 20
"""The wire's own bound for a command's frame; give it, or less, to open_envelope."""
BODY_NESTING_MAX: Final = 8
_ITEMS_MAX: Final = 100_000  # lists of one body: 2,000 members with a few facts each, with room
_COMMAND_KEYS: Final = (
    "t", "c", "m", "e", "n", "x", "ts", "v", "b",
)  # fmt: skip
_REPLY_KEYS: Final = (
    "t", "m", "e", "n", "x", "rq", "rc", "why", "out", "st", "sq", "lh",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One order of one person. person: person_number of the id. body: nil, bool, int, str, bytes, lists, maps with text keys.
    digest: of the signed payload, empty before it is signed. assertion: of a passkey, that came beside it, not judged yet."""

    caisse: CaisseCode
    person: TerminalId
    epoch: int
    n: int
    x: OperationId
    ts_ms: TimeMs
    verb: str
    body: dict[str, object]
    digest: bytes = b""
    assertion: Assertion | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandReply:
    """Named as the keys of the wire, like Reply. why: for the person, what happened and what to do next; out: results."""

    m: TerminalId
    e: int
    n: int
    x: OperationId
    rq: bytes
    rc: Code
    why: str
    out: dict[str, object]
    st: TimeMs
    sq: int = 0
    lh: bytes = bytes(32)


def person_number(person: PersonId) -> TerminalId:
    """Eight bytes that stand for a person where a terminal's id stands for a terminal: of SHA-256 of the id's text."""
    return TerminalId(sha256(person.encode()).digest()[:8])


def contract_number(contract: ContractId) -> OperationId:
    """Sixteen bytes that stand for a contract in `r` of a delivery: of SHA-256 of the id's text."""
    return OperationId(sha256(contract.encode()).digest()[:16])


def encode_command(command: Command) -> bytes:
    """The canonical payload a person signs. Raises MalformedFrame for a command that the door would refuse."""
    payload = pack({
        "t": "cmd", "c": command.caisse, "m": command.person, "e": command.epoch, "n": command.n, "x": command.x,
        "ts": command.ts_ms, "v": command.verb, "b": command.body,
    })  # fmt: skip
    _parse(payload, payload_digest(payload))
    return payload


def parse_command(frame: VerifiedFrame) -> Command:
    """The command in a verified person-cmd frame. Raises MalformedFrame."""
    return _parse(frame.payload, frame.digest)


def _parse(payload: bytes, digest: bytes) -> Command:
    fields = canonical_map(payload, items_max=_ITEMS_MAX, nesting_max=BODY_NESTING_MAX + 1)
    read.require_keys(fields, _COMMAND_KEYS)
    read.require_word(fields, "t", "cmd")
    return Command(
        caisse=read.caisse(fields["c"], "c"),
        person=read.terminal(fields["m"]),
        epoch=read.epoch(fields["e"]),
        n=read.counter(fields["n"]),
        x=read.operation(fields["x"]),
        ts_ms=read.time_ms(fields["ts"]),
        verb=read.ident(fields["v"], "v"),
        body=read.mapping(fields["b"], "b"),
        digest=digest,
    )


def encode_command_reply(reply: CommandReply) -> bytes:
    """The canonical payload of the answer, signed by the server. Raises MalformedFrame for results that are not plain data."""
    require_plain(reply.out, BODY_NESTING_MAX)
    return pack({
        "t": "done", "m": reply.m, "e": reply.e, "n": reply.n, "x": reply.x, "rq": reply.rq, "rc": reply.rc.value,
        "why": reply.why, "out": reply.out, "st": reply.st, "sq": reply.sq, "lh": reply.lh,
    })  # fmt: skip


def parse_command_reply(payload: bytes) -> CommandReply:
    """The answer in a verified srv-resp payload. Raises MalformedFrame. An unknown code is a decline (05)."""
    fields = canonical_map(payload, items_max=_ITEMS_MAX, nesting_max=BODY_NESTING_MAX + 1)
    read.require_keys(fields, _REPLY_KEYS)
    read.require_word(fields, "t", "done")
    return CommandReply(
        m=read.terminal(fields["m"]),
        e=read.epoch(fields["e"]),
        n=read.counter(fields["n"]),
        x=read.operation(fields["x"]),
        rq=read.digest(fields["rq"], "rq"),
        rc=reply_code(fields["rc"]),
        why=read.text(fields["why"], "why", 4_000),
        out=read.mapping(fields["out"], "out"),
        st=read.time_ms(fields["st"], "st"),
        sq=read.whole(fields["sq"], "sq", (1 << 63) - 1),
        lh=read.digest(fields["lh"], "lh"),
    )
