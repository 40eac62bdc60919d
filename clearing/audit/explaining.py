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
class ExplainedShare:
    """One payer of one line. of: what it was asked for ("70 % of 12.49", "a fixed amount"). lots: where a purse's cents lay."""

    payer: str
    step: str
    source: str
    of: str
    cents: int
    lots: tuple[str, ...]


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
    found = await find_sale(log, reference)
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
    lots = (f"{money(use.cents)} {_lot(found.lots.get(use.lot), use.lot, found)}" for use in share.lots)
    rated = f"{share.rate // 100}.{share.rate % 100:02d} % of {money(whole)}"
    return ExplainedShare(
        payer=share.payer, step=share.step, source=share.source, cents=share.cents, lots=tuple(lots),
        of=rated if share.rate else f"a fixed amount of {money(whole)}",
    )


def _lot(origin: LotOrigin | None, lot: str, found: FoundSale | Background) -> str:
    if origin is None:
        return f"of credit {lot}, made anew for a refund"
    until = "" if origin.expires_us is None else f", to be spent before {local_text(found.zone, origin.expires_us)}"
    vote = found.decisions.get(origin.decision) if origin.decision is not None else None
    voted = "" if vote is None else f", voted on {vote.taken_on}: {vote.title} ({vote.decision})"
    return f"of {origin.named}{until}{voted}"


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
        yield from (f"         {lot}" for lot in share.lots)


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
