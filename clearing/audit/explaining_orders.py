"""Law: an order is explained line by line from the log alone: what is reserved, what came, what is disputed and waits, and who
pays which cent of it by which rule, down to the vote.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from clearing.audit.explaining import ExplainedShare, explained, judged_told, shares_told
from clearing.audit.findings import StoredLog
from clearing.audit.scan import Background, background_of, decoded
from clearing.events.basket import Return, Share
from clearing.events.catalogue import Event
from clearing.events.orders import (
    DeliveryNoted,
    DisputeProposed,
    DisputeResolved,
    LineDisputed,
    OrderCancelled,
    OrderConfirmed,
    OrderPlaced,
)
from clearing.rules.calendar import local_text
from clearing.rules.selling.returns import total
from clearing.values import money


@dataclass(slots=True)
class OrderLine:
    """One line as it stands. state: reserved, delivered, disputed, settled, cancelled. came_cents: of the goods; owed_cents:
    what payers pay of them; shares: of what is reserved or, once it came, owed. told: what happened to it, a sentence each."""

    number: int
    what: str
    payee: str
    ordered_cents: int
    reserved_cents: int
    shares: tuple[ExplainedShare, ...]
    state: str = "reserved"
    came_cents: int = 0
    owed_cents: int = 0
    released_cents: int = 0
    told: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedOrder:
    """waits: for another mandatary's confirmation. told: what happened to the order as a whole."""

    placed: OrderPlaced
    position: int
    at: str
    lines: tuple[OrderLine, ...]
    waits: bool
    told: tuple[str, ...]
    known: Background

    def text(self) -> str:
        return "\n".join(self._told())

    def _told(self) -> Iterator[str]:
        placed = self.placed
        yield (f"Order {placed.order} at {placed.seller}, {self.at} (event {self.position}), in the name of {placed.mandatary}"
               f"{f', part of the joint purchase {placed.joint}' if placed.joint else ''}")  # fmt: skip
        other = placed.amount_cents - placed.approved_cents
        yield f"{money(placed.amount_cents)} in all: {money(placed.approved_cents)} were reserved, other tender {money(other)}"
        if self.waits:
            yield "It waits for another mandatary: until then nothing of it can be delivered."
        yield from self.told
        held = sum(line.reserved_cents for line in self.lines if line.state in ("reserved", "disputed"))
        owed, released = (sum(getattr(line, what) for line in self.lines) for what in ("owed_cents", "released_cents"))
        yield f"By now {money(owed)} are owed to producers, {money(released)} went back, {money(held)} stay reserved."
        for line in self.lines:
            yield ""
            yield from _line_told(line)
        charte = self.known.chartes.get(placed.charte_version)
        if charte is not None:
            yield ""
            yield from judged_told(charte, self.known)


def _line_told(line: OrderLine) -> Iterator[str]:
    yield f"  {line.number}. {line.what}: {money(line.ordered_cents)}, for {line.payee}: {line.state}"
    yield from shares_told(line.shares)
    yield from (f"    {said}" for said in line.told)


async def explain_order(log: StoredLog, order: str) -> ExplainedOrder | None:
    """None when there is no such order."""
    rows = [row for row in await log.filed_under("order/") if row.stream == f"order/{order}"]
    events = [(decoded(row), row.position, row.at_us) for row in rows]
    placed = next(((event, position, at) for event, position, at in events if isinstance(event, OrderPlaced)), None)
    if placed is None:
        return None
    known = await background_of(log)
    event, position, at_us = placed
    lines = [_reserved(event, place, known) for place in range(len(event.lines))]
    whole: list[str] = []
    confirmed = not event.two_people
    for later, number, instant in events:
        confirmed |= isinstance(later, OrderConfirmed)
        whole += _happened(event, lines, later, f"{local_text(known.zone, instant)} (event {number})", known)
    return ExplainedOrder(
        placed=event, position=position, at=local_text(known.zone, at_us), lines=tuple(lines), waits=not confirmed,
        told=tuple(whole), known=known,
    )


def _reserved(placed: OrderPlaced, place: int, known: Background) -> OrderLine:
    line = placed.lines[place]
    shares = [share for share in placed.shares if share.line == place]
    return OrderLine(
        number=place + 1, what=line.category if line.product is None else f"{line.category}, {line.product}",
        payee=line.payee or placed.seller, ordered_cents=line.amount_cents,
        reserved_cents=sum(share.cents for share in shares), shares=_explained(shares, line.amount_cents, known),
    )


def _explained(shares: Iterable[Share], amount: int, known: Background) -> tuple[ExplainedShare, ...]:
    shares = list(shares)
    price = amount - sum(share.cents for share in shares if share.step == "tariff")
    return tuple(explained(share, amount, price, known) for share in shares)


def _happened(placed: OrderPlaced, lines: list[OrderLine], event: Event, at: str, known: Background) -> list[str]:
    """Takes a later event in; what it says of the order as a whole."""
    match event:
        case OrderConfirmed():
            return [f"{at}: confirmed by the mandatary {event.mandatary}, entered by {event.by}."]
        case DeliveryNoted():
            for came in event.lines:
                line, paper = lines[came.line], f"delivery note {event.document} of the {event.side}"
                line.state = "delivered"
                _owed(line, came.amount_cents, event.shares, event.released, f"{at}: {paper}: ", known)
        case LineDisputed():
            line = lines[event.line]
            line.state = "disputed"
            line.told.append(f"{at}: disputed by {event.by}: {event.reason}. Its reserve waits, the other lines do not.")
        case DisputeProposed():
            said = f"{at}: {event.by} proposes that {money(event.amount_cents)} of it are accepted: {event.reason}."
            lines[event.line].told.append(f"{said} Another person agrees: clearing order agree {placed.order} {event.line + 1}")
        case DisputeResolved():
            line, who = lines[event.line], " and ".join(event.resolved_by)
            line.state = "settled"
            line.told = [said.partition(" Another person agrees")[0] for said in line.told]
            _owed(line, event.amount_cents, event.shares, event.released, f"{at}: settled by {who}: ", known)
        case OrderCancelled():
            for line in lines:
                if line.state == "reserved":
                    line.state, line.released_cents, line.shares = "cancelled", line.reserved_cents, ()
            return [f"{at}: cancelled by {event.by}, {money(total(event.released))} released."]
        case _:
            pass
    return []


def _owed(
    line: OrderLine, came: int, shares: Iterable[Share], released: Iterable[Return], said: str, known: Background
) -> None:
    owed = [share for share in shares if share.line == line.number - 1]
    back = [part for part in released if part.line == line.number - 1]
    line.came_cents, line.owed_cents = came, total(owed)
    line.released_cents = sum(part.cents for part in back)
    line.shares = _explained(owed, came, known)
    line.told.append(
        f"{said}{money(came)} of goods, {money(line.owed_cents)} owed to {line.payee}, {money(line.released_cents)} released."
    )
