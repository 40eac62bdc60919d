"""Law: a request is the exact key set of its op, in the one global order, every value in range; else it never happened.

Source: wire.md section 3, the table of ops. What a terminal may ask is decided by the rules, not here.
"""

from dataclasses import dataclass
from enum import StrEnum
from itertools import chain, combinations
from operator import gt
from typing import Any, Final, NamedTuple, assert_never

from clearing.events.basket import Line
from clearing.values import CENTS_MAX, CaisseCode, CategoryId, Cents, OperationId, ProducerId, TerminalId
from clearing.wire import fields as read
from clearing.wire.fields import TimeMs
from clearing.wire.frame import SIGNATURE_BYTES, MalformedFrame, pack, unpack_map, unpack_plain
from clearing.wire.signature import PUBLIC_KEY_BYTES, VerifiedFrame, payload_digest
from clearing.wire.tap import C_BYTES, P_BYTES

CURRENCY: Final = "978"  # ISO 4217: euro
KEY_ORDER: Final = (
    "t", "m", "e", "n", "x", "ts", "a", "cu", "k", "l", "o", "pv", "h",
    "r", "w", "i", "pr", "oa", "ol", "nk", "nc", "pin", "lh", "pc", "ps",
)  # fmt: skip
ZERO_DIGEST: Final = bytes(32)
"""`h` of a terminal's first message."""
_NOTHING: Final = Cents(0)


class Op(StrEnum):
    """What a terminal asks; the value is `t`. Paths and ISO 8583 numbers: wire.md section 4."""

    SALE = "sale"
    AUTH = "auth"
    CAP = "cap"
    REV = "rev"
    REF = "ref"
    DRAW = "draw"
    GIVE = "give"
    DLV = "dlv"
    BAL = "bal"
    SYNC = "sync"
    TIME = "time"
    RECEIPT = "receipt"
    ROTATE = "rotate"


class AmountsDoNotMatch(MalformedFrame):
    """Lines that do not sum to the amount: 400 for a single request, 13 for an item of a batch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestLimits:
    """Bounds that the configuration names; the defaults are those of the wire document."""

    lines_max: int = 100


class CardUrl(NamedTuple):
    """A tap: p 16 bytes, c 8 bytes, as the card wrote them. Not yet checked against any key."""

    p: bytes
    c: bytes


@dataclass(frozen=True, slots=True)
class Voucher:
    """A server-signed single-use voucher, as scanned."""

    v: bytes


@dataclass(frozen=True, slots=True)
class CardCode:
    """The code of a static printed QR: online and with PIN only."""

    q: str


Card = CardUrl | Voucher | CardCode


@dataclass(frozen=True, slots=True)
class NewKey:
    """The key a rotation brings (32 bytes) and its proof of possession (64, signature.prove_new_key)."""

    key: bytes
    proof: bytes


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request of one terminal. Fields the op does not carry keep their defaults.

    Without slots: a request is made by filling its dictionary with what it carries (0.9 us), the defaults stay the class's;
    through the constructor, or slot by slot, all 23 fields are set each time (4 us, 2.3 us).

    offline: 0 online, 1 no network, 2 after a timeout, 3 after a 91. price_choice: percent. offline_cents and
    offline_lines: what the card was let pay without the server. previous: digest of this terminal's message before.
    pin: sealed to the server. lh, pc, ps: last log head seen, pending messages, their cents. digest: of the signed
    payload, empty before it is signed.
    """

    op: Op
    terminal: TerminalId
    epoch: int
    n: int
    x: OperationId
    ts_ms: TimeMs
    amount_cents: Cents = _NOTHING
    lines: tuple[Line, ...] = ()
    card: Card | None = None
    offline: int = 0
    pack: int = 0
    previous: bytes = ZERO_DIGEST
    original: OperationId | None = None
    all_or_nothing: bool = False
    caisse: CaisseCode | None = None
    price_choice: int | None = None
    offline_cents: Cents | None = None
    offline_lines: tuple[Cents, ...] | None = None
    new_key: NewKey | None = None
    nonce: bytes | None = None
    pin: bytes | None = None
    lh: bytes | None = None
    pc: int | None = None
    ps: Cents | None = None
    digest: bytes = b""


_ALWAYS: Final = "t m e n x ts "
_LOG: Final = "lh pc ps"
_OFFLINE_KEYS: Final = ("oa", "ol")
ROWS: Final[dict[Op, tuple[str, str]]] = {
    Op.SALE: ("a cu k l o pv h", f"w i pr pin {_LOG}"),
    Op.AUTH: ("a cu k l o pv h", f"w i pr pin {_LOG}"),
    Op.CAP: ("a cu l r h", _LOG),
    Op.REF: ("a cu l r h", _LOG),
    Op.REV: ("r h", _LOG),
    Op.DRAW: ("a cu l pr h", _LOG),
    Op.GIVE: ("a cu l pr h", _LOG),
    Op.DLV: ("a cu k l r h", f"i {_LOG}"),
    Op.BAL: ("k pin h", "i"),
    Op.SYNC: ("pv h", _LOG),
    Op.TIME: ("nc h", ""),
    Op.RECEIPT: ("r h", ""),
    Op.ROTATE: ("nk h", ""),
}
"""Per op: the keys required after t m e n x ts, and the optional ones. Their order on the wire is KEY_ORDER."""


def _forms(op: Op) -> dict[tuple[str, ...], bool]:
    """Every key sequence the op may have -> is it an offline one? At most 256, so that one lookup checks them all."""
    required, optional = set((_ALWAYS + ROWS[op][0]).split()), ROWS[op][1].split()
    chosen = list(chain.from_iterable(combinations(optional, size) for size in range(len(optional) + 1)))
    forms = {_in_order(required.union(some)): False for some in chosen}
    if "o" in required:
        forms |= {_in_order(required.union(some, _OFFLINE_KEYS)): True for some in chosen}
    return forms


def _in_order(keys: set[str]) -> tuple[str, ...]:
    return tuple(key for key in KEY_ORDER if key in keys)


_FORMS: Final = {op: _forms(op) for op in Op}


def parse_request(frame: VerifiedFrame, op: Op, limits: RequestLimits = RequestLimits()) -> Request:
    """The request in a verified frame that came in for `op`. Raises MalformedFrame (AmountsDoNotMatch for sums)."""
    return _parse(frame.payload, frame.digest, op, limits)


def request_again(frame: VerifiedFrame, op: Op) -> Request:
    """The same, of a frame that parse_request took before in another process: nothing is checked a second time. 6 us."""
    fields: dict[str, Any] = unpack_plain(frame.payload)
    lines = fields.get("l")
    if lines is not None:
        fields["l"] = tuple([Line(*line) for line in lines])
    evidence = fields.get("k")
    if evidence is not None:
        fields["k"] = _card(evidence)
    for key in _RARE.intersection(fields):
        fields[key] = _FIELDS[key][1](fields[key])
    return _request(op, frame.digest, fields)


def op_of(payload: bytes) -> Op:
    """What a verified payload asks, where no path says it (batch items, WebSocket). Raises MalformedFrame."""
    start = 3 if payload.startswith(b"\xde") else 1  # a map of more than 15 keys says how many in two more bytes
    for op, opening in _OPENINGS.items():
        if payload.startswith(opening, start):
            return op
    raise MalformedFrame(f"a request opens with 't', one of {' '.join(_OPENINGS)}")


def encode_request(request: Request, limits: RequestLimits = RequestLimits()) -> bytes:
    """The canonical payload a terminal signs. Raises MalformedFrame for a request that the door would refuse."""
    required, optional = set((_ALWAYS + ROWS[request.op][0]).split()), set(ROWS[request.op][1].split())
    if request.offline:
        required.update(_OFFLINE_KEYS)
    fields = {}
    for key in _in_order(required | optional):
        value = _written(request, key)
        if key in required or value not in (None, 0):
            fields[key] = value
    payload = pack(fields)
    _parse(payload, payload_digest(payload), request.op, limits)
    return payload


def _parse(payload: bytes, digest: bytes, op: Op, limits: RequestLimits) -> Request:
    # Measured for a sale of three lines in CPython 3.11: 20 us with a reader called for every field, 11 with the plain ones
    # judged here; 5 of them are msgpack's two passes.
    fields: dict[str, Any] = unpack_map(payload, items_max=max(limits.lines_max, len(KEY_ORDER)))
    offline = _FORMS[op].get(tuple(fields))
    if offline is None or fields["t"] != op:
        raise MalformedFrame(f"a '{op}' carries other keys, or the same in another order; see the table of ops")
    for key, value in fields.items():
        size, most = _SIZES.get(key), _LIMITS.get(key)
        if size is not None and type(value) is bytes and len(value) == size:
            continue
        if most is not None and type(value) is int and 0 <= value <= most:
            continue
        if key in _FIELDS:
            fields[key] = _FIELDS[key][1](value)
    if fields.get("cu", CURRENCY) != CURRENCY:
        raise MalformedFrame(f"'cu' must be {CURRENCY}: amounts are euros")
    request = _request(op, digest, fields)
    if "l" in fields:
        _require_sums(request, limits)
    if offline is not (request.offline != 0):
        raise MalformedFrame("'oa' and 'ol' belong to offline items ('o' 1 to 3) and to nothing else")
    return request


def _request(op: Op, digest: bytes, fields: dict[str, Any]) -> Request:
    """A Request of values that were judged."""
    one: Request = object.__new__(Request)
    own = vars(one)
    own["op"], own["digest"] = op, digest
    for key, value in fields.items():
        own[_NAMES[key]] = value
    return one


def _require_sums(request: Request, limits: RequestLimits) -> None:
    if len(request.lines) > limits.lines_max:
        raise MalformedFrame(f"'l' must have at most {limits.lines_max} lines")
    if sum([line.amount_cents for line in request.lines]) != request.amount_cents:
        raise AmountsDoNotMatch("the lines do not sum to the amount")
    if not request.lines and request.op not in (Op.CAP, Op.DLV):  # nothing of a hold; a basket as it is
        raise MalformedFrame("'l' must have at least one line")
    if request.offline_lines is not None:
        _require_offline_sums(request, request.offline_lines)


def _require_offline_sums(request: Request, let: tuple[Cents, ...]) -> None:
    if len(let) != len(request.lines) or any(map(gt, let, [line.amount_cents for line in request.lines])):
        raise AmountsDoNotMatch("'ol' must name for each line what the card was let pay of it, never more than the line")
    if sum(let) != request.offline_cents:
        raise AmountsDoNotMatch("'ol' does not sum to 'oa'")


_SEEN: Final[set[str]] = set()
"""Categories that were found well-formed: a caisse has a dozen, and a pattern costs more than a look-up."""
_SEEN_MAX: Final = 1_000


def _lines(value: object) -> tuple[Line, ...]:
    return tuple(map(_line, read.items(value, "l", 1 << 16)))


def _line(value: object) -> Line:
    if type(value) is not list or not 2 <= len(value) <= 5 or value[-1] is None:
        raise MalformedFrame("a line is [category, cents, product|nil, payee|nil, qty_milli|nil] without nils at its end")
    category, cents = value[0], value[1]
    if not (type(category) is str and category in _SEEN):
        category = read.graphic(category, "l", 32)
        if len(_SEEN) < _SEEN_MAX:
            _SEEN.add(category)
    if not (type(cents) is int and 1 <= cents <= CENTS_MAX):
        cents = read.amount(cents, "l", 1)
    if len(value) == 2:
        return Line(CategoryId(category), cents)
    product, payee, qty_milli = (*value[2:], None, None)[:3]
    return Line(
        category=CategoryId(category),
        amount_cents=cents,
        product=None if product is None else read.graphic(product, "l", 64),
        payee=None if payee is None else ProducerId(read.ident(payee, "l")),
        qty_milli=None if qty_milli is None else read.whole(qty_milli, "l", 1_000_000_000, 1),
    )


def _card(value: object) -> Card:
    evidence = read.mapping(value, "k")
    if len(evidence) == 2:  # nearly always a tap
        p, c = evidence.get("p"), evidence.get("c")
        if type(p) is bytes and type(c) is bytes and len(p) == P_BYTES and len(c) == C_BYTES and next(iter(evidence)) == "p":
            return CardUrl(p, c)
    match tuple(evidence):
        case ("p", "c"):
            return CardUrl(read.binary(evidence["p"], "p", P_BYTES), read.binary(evidence["c"], "c", C_BYTES))
        case ("v",):
            return Voucher(read.bounded_binary(evidence["v"], "v", 1024))
        case ("q",):
            return CardCode(read.graphic(evidence["q"], "q", 64))
        case _:
            raise MalformedFrame("'k' must be a tap {p, c}, a voucher {v} or a code {q}")


def _new_key(value: object) -> NewKey:
    both = read.binary(value, "nk", PUBLIC_KEY_BYTES + SIGNATURE_BYTES)
    return NewKey(both[:PUBLIC_KEY_BYTES], both[PUBLIC_KEY_BYTES:])


def _offline_lines(value: object) -> tuple[Cents, ...]:
    return tuple(read.amount(item, "ol") for item in read.items(value, "ol", 1 << 16))


_FIELDS: Final[dict[str, tuple[str, Any]]] = {
    "m": ("terminal", read.terminal),
    "e": ("epoch", read.epoch),
    "n": ("n", read.counter),
    "x": ("x", read.operation),
    "ts": ("ts_ms", read.time_ms),
    "a": ("amount_cents", lambda value: read.amount(value, "a")),
    "k": ("card", _card),
    "l": ("lines", _lines),
    "o": ("offline", lambda value: read.whole(value, "o", 3)),
    "pv": ("pack", lambda value: read.whole(value, "pv", (1 << 31) - 1)),
    "h": ("previous", lambda value: read.digest(value, "h")),
    "r": ("original", lambda value: read.operation(value, "r")),
    "w": ("all_or_nothing", lambda value: bool(read.whole(value, "w", 1, 1))),
    "i": ("caisse", lambda value: read.caisse(value, "i")),
    "pr": ("price_choice", lambda value: read.whole(value, "pr", 1_000, 1)),
    "oa": ("offline_cents", lambda value: read.amount(value, "oa")),
    "ol": ("offline_lines", _offline_lines),
    "nk": ("new_key", _new_key),
    "nc": ("nonce", lambda value: read.binary(value, "nc", 16)),
    "pin": ("pin", lambda value: read.bounded_binary(value, "pin", 256)),
    "lh": ("lh", lambda value: read.digest(value, "lh")),
    "pc": ("pc", lambda value: read.whole(value, "pc", 1_000_000)),
    "ps": ("ps", lambda value: read.amount(value, "ps")),
}
"""Key on the wire -> (field of Request, its reader). `t` and `cu` have one value each and no field."""

_SIZES: Final = {"m": 8, "x": 16, "h": 32, "r": 16, "nc": 16, "lh": 32}
"""Keys whose value is so many bytes and stays as it is."""
_LIMITS: Final = {
    "e": read.EPOCH_MAX, "n": read.COUNTER_MAX, "ts": read.TIME_MS_MAX, "a": CENTS_MAX, "o": 3, "pv": (1 << 31) - 1,
    "oa": CENTS_MAX, "pc": 1_000_000, "ps": CENTS_MAX,
}  # fmt: skip
"""Keys whose value is a whole number from 0 to this and stays as it is. What is not so goes to its reader, which says why."""
_RARE: Final = frozenset({"w", "ol", "nk"})
_OPENINGS: Final = {op: pack("t") + pack(op.value) for op in Op}
_NAMES: Final = {key: name for key, (name, _) in _FIELDS.items()} | {"t": "_t", "cu": "_cu"}
"""Key on the wire -> attribute of Request; the two that have one value each are kept out of the way."""


def _written(request: Request, key: str) -> object:
    match key:
        case "t":
            return request.op.value
        case "cu":
            return CURRENCY
        case "k":
            return _written_card(request.card)
        case "l":
            return [_written_line(line) for line in request.lines]
        case "w":
            return 1 if request.all_or_nothing else None
        case "ol":
            return list(request.offline_lines or ())
        case "nk":
            return None if request.new_key is None else request.new_key.key + request.new_key.proof
        case _:
            return getattr(request, _FIELDS[key][0])


def _written_line(line: Line) -> list[object]:
    fields = [line.category, line.amount_cents, line.product, line.payee, line.qty_milli]
    while fields[-1] is None:
        fields.pop()
    return fields


def _written_card(card: Card | None) -> dict[str, object] | None:
    match card:
        case CardUrl():
            return {"p": card.p, "c": card.c}
        case Voucher():
            return {"v": card.v}
        case CardCode():
            return {"q": card.q}
        case None:
            return None
        case _:
            assert_never(card)
