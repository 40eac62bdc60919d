"""Law: every cent of a sale is explained from the log alone, down to the vote: who paid, at which rate, from which credit.

`why` reads; `Explanation.text` tells it to a member, a treasurer or an assembly. Amounts are written in euros, times in the
caisse's zone.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from clearing.audit.findings import StoredLog
from clearing.audit.reasons import REASONS
from clearing.audit.scan import Background, FoundSale, LotOrigin, SaleNotFound, find_sale
from clearing.events.basket import Line, Share
from clearing.events.caisse import DecisionRecorded
from clearing.events.charte import Charte
from clearing.events.codes import Code
from clearing.events.sales import AuthorisationDecided, CaptureDecided, SaleDecided
from clearing.rules.calendar import local_text
from clearing.rules.telling.plain_words import decision_in_words
from clearing.values import money

__all__ = ["ExplainedLine", "ExplainedShare", "Explanation", "SaleNotFound", "why"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedLot:
    """Cents of one lot. named: where it came from, for people; until: in the caisse's time, "" for one that never lapses."""

    cents: int
    lot: str
    named: str
    until: str
    vote: DecisionRecorded | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedShare:
    """One payer of one line. It was asked for `rate` (ten-thousandths; 0: a fixed amount) of whole_cents. lots: where a purse's
    cents lay."""

    payer: str
    step: str
    source: str
    rate: int
    whole_cents: int
    cents: int
    lots: tuple[ExplainedLot, ...]

    @property
    def of(self) -> str:
        """ "70.00 % of 12.49", "a fixed amount of 12.49"."""
        if not self.rate:
            return f"a fixed amount of {money(self.whole_cents)}"
        return f"{self.rate // 100}.{self.rate % 100:02d} % of {money(self.whole_cents)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedLine:
    """Lines of one category, product and payee, added up. unsold_cents: not sold, because whoever must carry it was short.
    other_cents: other tender."""

    what: str
    payee: str
    amount_cents: int
    price_cents: int
    paid_cents: int
    unsold_cents: int
    other_cents: int
    shares: tuple[ExplainedShare, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """One sale, authorisation or capture. charte and decision are None when none was in force."""

    position: int
    x: bytes
    kind: str
    producer: str
    at: str
    code: Code
    amount_cents: int
    card_cents: int
    lines: tuple[ExplainedLine, ...]
    charte: Charte | None
    effective: str
    decision: DecisionRecorded | None
    later: tuple[str, ...]
    batch: tuple[bytes, int] | None
    """SHA-256 of the signed batch that it came in, and which item it was from 0; None: it came with a signature of its own."""

    def text(self) -> str:
        """The explanation as people read it."""
        return "\n".join(self._told())

    def _told(self) -> Iterator[str]:
        yield f"{self.kind} {self.x.hex()} at {self.producer}, {self.at} (event {self.position})"
        if self.batch is not None:
            digest, index = self.batch
            yield f"It came as item {index + 1} of the upload {digest.hex()}, which its terminal signed as a whole"
        other = money(sum(line.other_cents for line in self.lines))
        yield f"{money(self.amount_cents)} in all: the card pays {money(self.card_cents)}, other tender {other}"
        reason = REASONS[self.code]
        yield f"Code {self.code}: {reason.told}. {reason.to_do}."
        for line in self.lines:
            yield ""
            yield from _line_told(line)
        if self.charte is not None:
            yield ""
            yield f"Judged by charte {self.charte.version}, in force since {self.effective}."
            yield from _ceilings_told(self.charte, self.code)
        if self.decision is not None:
            yield from _vote_told(self.decision)
        yield from ([""] if self.later else [])
        yield from self.later


async def why(log: StoredLog, reference: str) -> Explanation:
    """reference: an event's position, or the first 6 or more hex digits of an operation's x. Raises SaleNotFound."""
    return explanation(await find_sale(log, reference))


def explanation(found: FoundSale) -> Explanation:
    """What was found, line by line."""
    event = found.event
    charte = found.chartes.get(event.charte_version)
    return Explanation(
        position=found.position, x=event.op.x, kind=_KINDS[type(event)], producer=event.op.producer,
        at=local_text(found.zone, found.at_us), code=Code(event.code), amount_cents=event.amount_cents,
        card_cents=event.approved_cents, lines=tuple(_lines(found)), charte=charte,
        effective="the founding" if charte is None or not charte.effective_us else local_text(found.zone, charte.effective_us),
        decision=found.decisions.get(charte.decision) if charte is not None else None, later=found.later,
        batch=found.batch,
    )


_KINDS = {SaleDecided: "Sale", AuthorisationDecided: "Authorisation", CaptureDecided: "Capture"}


def _lines(found: FoundSale) -> Iterator[ExplainedLine]:
    event = found.event
    merged: dict[tuple[str, str | None, str], list[tuple[int, Line]]] = {}
    for index, line in enumerate(event.lines):
        merged.setdefault((line.category, line.product, line.payee or event.op.producer), []).append((index, line))
    for (category, product, payee), lines in merged.items():
        indexes = {index for index, _ in lines}
        amount = sum(line.amount_cents for _, line in lines)
        shares = [share for share in event.shares if share.line in indexes]
        unsold = sum(cents for index, cents in enumerate(event.unsold_lines) if index in indexes)
        price = amount - unsold - sum(share.cents for share in shares if share.step == "tariff")
        paid = sum(share.cents for share in shares if share.step != "surplus")
        yield ExplainedLine(
            what=category if product is None else f"{category}, {product}", payee=payee, amount_cents=amount,
            price_cents=price, paid_cents=paid, unsold_cents=unsold, other_cents=amount - unsold - paid,
            shares=tuple(explained(share, amount, price, found) for share in shares),
        )


def explained(share: Share, amount: int, price: int, found: FoundSale | Background) -> ExplainedShare:
    """What one payer paid of goods of `amount`, which cost `price` after tariffs."""
    whole = price if share.step == "payer" else amount
    lots = (_lot(use.cents, found.lots.get(use.lot), use.lot, found) for use in share.lots)
    return ExplainedShare(
        payer=share.payer, step=share.step, source=share.source, cents=share.cents, lots=tuple(lots), rate=share.rate,
        whole_cents=whole,
    )


def _lot(cents: int, origin: LotOrigin | None, lot: str, found: FoundSale | Background) -> ExplainedLot:
    if origin is None:
        return ExplainedLot(cents=cents, lot=lot, named="", until="", vote=None)
    return ExplainedLot(
        cents=cents, lot=lot, named=origin.named, vote=found.decisions.get(origin.decision) if origin.decision else None,
        until="" if origin.expires_us is None else local_text(found.zone, origin.expires_us),
    )


def _lot_told(one: ExplainedLot) -> str:
    if not one.named:
        return f"{money(one.cents)} of credit {one.lot}, made anew for a refund"
    until = f", to be spent before {one.until}" if one.until else ""
    voted = "" if one.vote is None else f", voted on {one.vote.taken_on}: {one.vote.title} ({one.vote.decision})"
    return f"{money(one.cents)} of {one.named}{until}{voted}"


def _line_told(line: ExplainedLine) -> Iterator[str]:
    reduced = "" if line.price_cents == line.amount_cents else f", price to pay {money(line.price_cents)}"
    yield f"  {line.what}: {money(line.amount_cents)}{reduced}, owed to {line.payee}: {money(line.paid_cents)}"
    yield from shares_told(line.shares)
    if line.unsold_cents:
        yield f"    {money(line.unsold_cents)} is not sold at that price: who has to carry it was short"
    if line.other_cents:
        yield f"    {money(line.other_cents)} is between the member and the seller (other tender)"


def shares_told(shares: Iterable[ExplainedShare]) -> Iterator[str]:
    for place, share in enumerate(shares, start=1):
        aim = {"tariff": "lowers the price by", "surplus": "gives on top"}.get(share.step, "pays")
        yield f"    {place}. {share.payer} ({share.source}) {aim} {money(share.cents)}: {share.of}"
        yield from (f"         {_lot_told(lot)}" for lot in share.lots)


def judged_told(charte: Charte, known: Background) -> Iterator[str]:
    """The charte and the vote under it."""
    since = "the founding" if not charte.effective_us else local_text(known.zone, charte.effective_us)
    yield f"Judged by charte {charte.version}, in force since {since}."
    vote = known.decisions.get(charte.decision)
    yield from _vote_told(vote) if vote is not None else ()


def _ceilings_told(charte: Charte, code: Code) -> Iterator[str]:
    if code is Code.AMOUNT_LIMIT:
        for payer in charte.payers:
            for ceiling in payer.ceilings:
                shared = "" if ceiling.per_purse else " for all members together"
                yield f"  Ceiling of {payer.id}: {money(ceiling.cents)} a {ceiling.span}{shared}."
    if code is Code.NOTHING_ELIGIBLE:
        yield f"  It covers {', '.join(charte.categories)}, and of these what its payers name."


def _vote_told(vote: DecisionRecorded) -> Iterator[str]:
    first, *more = decision_in_words(vote)["sentences"]
    yield first
    yield from (f"  {line}" for line in more)
