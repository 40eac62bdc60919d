"""Law: one caisse believes another what its server signed, and nothing else; a word says no more than its step needs.

The four words of a sale across caisses, each a signed map: ask (acquirer), held (issuer), end (acquirer), ended (issuer); and
the two of a payout: part (who hands it over), parted (who is asked to pay). No time is in them, so that the same word has the
same bytes for ever. Source: architecture.md section 7.
"""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

from clearing.events.basket import Line
from clearing.rules.between.abroad import EndAsked, IssuerAnswer
from clearing.rules.between.joint import AskedPart, Refusal
from clearing.rules.calendar import civil_date
from clearing.values import (
    BatchId,
    CaisseCode,
    CategoryId,
    Cents,
    InvalidValue,
    MicroTime,
    OperationId,
    ProducerId,
    TerminalId,
)
from clearing.wire import fields as read
from clearing.wire.frame import Envelope, FrameType, MalformedFrame, canonical_map, pack
from clearing.wire.requests import CardUrl
from clearing.wire.signature import VerifiedFrame, verified_by_gateway

ITEMS_MAX: Final = 1_000
WORD_BYTES_MAX: Final = 1 << 16
EFFECTS: Final = ("captured", "released", "reversed")
OUTCOMES: Final = {
    "captured": ("captured", "refused"), "released": ("released", "undone", "refused"),
    "reversed": ("released", "undone", "refused"),
}  # fmt: skip
"""What may become of a hold at each effect; nothing else is an answer to it."""
NOT_NOW: Final = b"\x00"
"""A writer's answer to a word that it can't take now: it is to be said again. An empty answer: it never will be taken."""
NO_FRAME: Final = verified_by_gateway(b"", Envelope(b"", b"", b""), FrameType.SRV_BETWEEN, b"")
"""Stands where a message's frame does, in an inquiry of this installation's own processes, which is never recorded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """The acquirer vouches for terminal and convention. lines, eligible: in its names; eligible None: all categories."""

    acquirer: CaisseCode
    issuer: CaisseCode
    ref: OperationId
    amount_cents: int
    lines: tuple[Line, ...]
    eligible: tuple[CategoryId, ...] | None
    all_or_nothing: bool
    card: CardUrl


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """The issuer's answer, for ever the same."""

    acquirer: CaisseCode
    issuer: CaisseCode
    ref: OperationId
    answer: IssuerAnswer


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """What became of the acquirer's half."""

    acquirer: CaisseCode
    issuer: CaisseCode
    ref: OperationId
    asked: EndAsked


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """What became of the issuer's half at that word."""

    acquirer: CaisseCode
    issuer: CaisseCode
    ref: OperationId
    effect: str
    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A payout that `paying` is asked to make with its own."""

    handing: CaisseCode
    paying: CaisseCode
    ref: OperationId
    asked: AskedPart


@dataclass(frozen=True, slots=True, kw_only=True)
class Parted:
    """The answer to a part, for ever the same. reason: "" when it is taken."""

    handing: CaisseCode
    paying: CaisseCode
    ref: OperationId
    reason: str


Word = Ask | Held | End | Ended | Part | Parted


def between(word: Word) -> tuple[CaisseCode, CaisseCode]:
    """Who asks or tells, and who answers."""
    if isinstance(word, Part | Parted):
        return word.handing, word.paying
    return word.acquirer, word.issuer


def ref_of(acquirer: CaisseCode, issuer: CaisseCode, terminal: TerminalId, x: OperationId) -> OperationId:
    """16 bytes that name the operation to both; x is random, so nobody finds the terminal from it."""
    named = pack([acquirer, issuer, terminal, x])
    return OperationId(blake2b(named, digest_size=16, person=b"interchange").digest())


def encode_word(word: Word) -> bytes:
    """The payload that the sender's server signs."""
    asks, answers = between(word)
    opening: dict[str, object] = {"t": type(word).__name__.lower(), "a": asks, "i": answers, "r": bytes(word.ref)}
    match word:
        case Ask():
            lines = [[line.category, line.amount_cents, line.product, line.qty_milli] for line in word.lines]
            eligible = None if word.eligible is None else list(word.eligible)
            return pack(opening | {
                "am": word.amount_cents, "l": lines, "el": eligible, "w": word.all_or_nothing, "p": word.card.p,
                "c": word.card.c,
            })  # fmt: skip
        case Held():
            said = word.answer
            return pack(opening | {
                "rc": str(said.answer), "aa": said.approved_cents, "al": list(said.approved_lines),
                "ul": list(said.unsold_lines), "ex": said.expires_us,
            })  # fmt: skip
        case End():
            return pack(opening | {"ef": word.asked.effect, "am": word.asked.cents, "d": word.asked.day})
        case Ended():
            return pack(opening | {"ef": word.effect, "oc": word.outcome})
        case Part():
            part = word.asked
            return pack(opening | {
                "b": part.batch, "p": part.producer, "h": part.theirs, "am": part.cents, "ac": part.account, "d": part.day,
            })  # fmt: skip
        case Parted():
            return pack(opening | {"rs": word.reason})


def parse_word(frame: VerifiedFrame) -> Word:
    """Raises MalformedFrame."""
    if frame.frame_type is not FrameType.SRV_BETWEEN:
        raise MalformedFrame("this is no word of a caisse to another")
    fields = canonical_map(frame.payload, items_max=ITEMS_MAX)
    made = _WORDS.get(str(fields.get("t")))
    if made is None:
        raise MalformedFrame("'t' must be ask, held, end, ended, part or parted")
    names, parse = made
    read.require_keys(fields, ("t", "a", "i", "r", *names))
    return parse(
        fields, read.caisse(fields["a"], "a"), read.caisse(fields["i"], "i"), read.operation(fields["r"], "r")
    )


def is_word(payload: bytes, kind: type[Ask] | type[Held] | type[Ended]) -> bool:
    """Whether a payload that our own writer signed is this word; tells it from a terminal's reply."""
    return payload[1:].startswith(pack({"t": kind.__name__.lower()})[1:])


def _ask(fields: dict[str, object], acquirer: CaisseCode, issuer: CaisseCode, ref: OperationId) -> Ask:
    if type(fields["w"]) is not bool:
        raise MalformedFrame("'w' must be true or false")
    eligible = fields["el"]
    return Ask(
        acquirer=acquirer, issuer=issuer, ref=ref, amount_cents=read.amount(fields["am"], "am"),
        lines=tuple(_line(item) for item in read.items(fields["l"], "l", ITEMS_MAX)),
        eligible=None if eligible is None else tuple(
            CategoryId(read.ident(one, "el")) for one in read.items(eligible, "el", ITEMS_MAX)
        ),
        all_or_nothing=bool(fields["w"]),
        card=CardUrl(read.binary(fields["p"], "p", 16), read.binary(fields["c"], "c", 8)),
    )


def _line(item: object) -> Line:
    category, cents, product, qty = read.items(item, "l", 4, 4)
    return Line(
        category=CategoryId(read.ident(category, "l")), amount_cents=read.amount(cents, "l"),
        product=None if product is None else read.text(product, "l", 200), payee=None,
        qty_milli=None if qty is None else read.whole(qty, "l", 1 << 53),
    )


def _held(fields: dict[str, object], acquirer: CaisseCode, issuer: CaisseCode, ref: OperationId) -> Held:
    def amounts(name: str) -> tuple[Cents, ...]:
        return tuple(read.amount(one, name) for one in read.items(fields[name], name, ITEMS_MAX))

    return Held(acquirer=acquirer, issuer=issuer, ref=ref, answer=IssuerAnswer(
        read.text(fields["rc"], "rc", 2), read.amount(fields["aa"], "aa"), amounts("al"), amounts("ul"),
        MicroTime(read.whole(fields["ex"], "ex", 1 << 62)),
    ))


def _end(fields: dict[str, object], acquirer: CaisseCode, issuer: CaisseCode, ref: OperationId) -> End:
    effect = _one_of(fields["ef"], "ef", EFFECTS)
    asked = EndAsked(acquirer, ref, effect, read.amount(fields["am"], "am"), _day(fields["d"]))
    return End(acquirer=acquirer, issuer=issuer, ref=ref, asked=asked)


def _day(value: object) -> str:
    """An ISO day, written in the one way in which days are compared and netted."""
    day = read.text(value, "d", 10)
    try:
        return civil_date(day, what="'d'").isoformat()
    except InvalidValue as fault:
        raise MalformedFrame(str(fault)) from None


def _ended(fields: dict[str, object], acquirer: CaisseCode, issuer: CaisseCode, ref: OperationId) -> Ended:
    effect = _one_of(fields["ef"], "ef", EFFECTS)
    outcome = _one_of(fields["oc"], "oc", OUTCOMES[effect])
    return Ended(acquirer=acquirer, issuer=issuer, ref=ref, effect=effect, outcome=outcome)


def _part(fields: dict[str, object], handing: CaisseCode, paying: CaisseCode, ref: OperationId) -> Part:
    cents = read.amount(fields["am"], "am")
    if not cents:
        raise MalformedFrame("'am' must be above zero: nothing is handed over that is not paid")
    asked = AskedPart(
        handing, ref, BatchId(read.whole(fields["b"], "b", 1 << 53)), ProducerId(read.ident(fields["p"], "p")),
        ProducerId(read.ident(fields["h"], "h")), cents, read.binary(fields["ac"], "ac", 16), _day(fields["d"]),
    )
    return Part(handing=handing, paying=paying, ref=ref, asked=asked)


def _parted(fields: dict[str, object], handing: CaisseCode, paying: CaisseCode, ref: OperationId) -> Parted:
    return Parted(handing=handing, paying=paying, ref=ref, reason=_one_of(fields["rs"], "rs", ("", *Refusal)))


def _one_of(value: object, key: str, words: tuple[str, ...]) -> str:
    if not isinstance(value, str) or value not in words:
        raise MalformedFrame(f"'{key}' must be one of {', '.join(words)}")
    return value


_WORDS: Final[dict[str, tuple[tuple[str, ...], Callable[[dict[str, object], CaisseCode, CaisseCode, OperationId], Word]]]] = {
    "ask": (("am", "l", "el", "w", "p", "c"), _ask),
    "held": (("rc", "aa", "al", "ul", "ex"), _held),
    "end": (("ef", "am", "d"), _end),
    "ended": (("ef", "oc"), _ended),
    "part": (("b", "p", "h", "am", "ac", "d"), _part),
    "parted": (("rs",), _parted),
}
