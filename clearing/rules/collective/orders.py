"""Law: an order is funded as a sale is, without a card's limits; each line is settled once: delivered, resolved or cancelled.

What is owed of a line is funded again from what is held for it, so an order's payees together get what its payers gave. A
disputed line is held alone.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from clearing.events.basket import Line, Return, Share
from clearing.events.catalogue import Event
from clearing.events.charte import Charte
from clearing.events.codes import Code
from clearing.events.orders import (
    Delivered,
    DeliveryNoted,
    DisputeProposed,
    DisputeResolved,
    LineDisputed,
    OrderCancelled,
    OrderConfirmed,
    OrderPlaced,
)
from clearing.rules.answers import BrokenBook, Declined, not_found, not_now
from clearing.rules.collective.accounts import MANDATARIES_MIN, Account
from clearing.rules.credit.allocation import Allocation
from clearing.rules.selling.afterwards import beyond
from clearing.rules.selling.facts import Facts, Held
from clearing.rules.selling.funding import Funding, fund_basket, fund_capture
from clearing.rules.selling.returns import returned
from clearing.values import CategoryId, Cents, MemberId, PersonId, ProducerId, half_up, largest_remainder, money

LINES_MAX: Final = 200
PARTS_MAX: Final = 100
SIDES: Final = ("producer", "buyer")
OPEN, DISPUTED, DELIVERED, CANCELLED = "open", "disputed", "delivered", "cancelled"


@dataclass(slots=True)
class Order:
    """states: per line. owed_cents: goods accepted, per line. proposed: resolutions of disputes that wait, by line.
    counted_us: the instant whose civil day its ceilings count on. confirmed: nobody else has to agree to it."""

    placed: OrderPlaced
    counted_us: int
    confirmed: bool
    states: list[str]
    owed_cents: list[int]
    reasons: dict[int, str] = field(default_factory=dict)
    proposed: dict[int, DisputeProposed] = field(default_factory=dict)

    def held(self, lines: Iterable[int]) -> tuple[Share, ...]:
        """What is reserved for these lines."""
        wanted = frozenset(lines)
        return tuple(share for share in self.placed.shares if share.line in wanted)

    def unsettled(self) -> list[int]:
        return [place for place, state in enumerate(self.states) if state in (OPEN, DISPUTED)]


@dataclass(slots=True)
class Orders:
    orders: dict[str, Order] = field(default_factory=dict)


class Asked(NamedTuple):
    """An order as it is asked for, by whom, in whose name."""

    order: str
    joint: str
    account: MemberId
    mandatary: str
    seller: ProducerId
    lines: tuple[Line, ...]
    in_part: bool
    by: PersonId


def evolve_placed(orders: Orders, event: OrderPlaced, at_us: int) -> None:
    count = len(event.lines)
    orders.orders[event.order] = Order(
        placed=event, counted_us=at_us, confirmed=not event.two_people, states=[OPEN] * count, owed_cents=[0] * count
    )


def evolve_delivered(orders: Orders, event: DeliveryNoted) -> None:
    order = orders.orders[event.order]
    for one in event.lines:
        _settle(order, one.line, OPEN, DELIVERED)
        order.owed_cents[one.line] = one.amount_cents


def evolve_disputed(orders: Orders, event: LineDisputed) -> None:
    order = orders.orders[event.order]
    _settle(order, event.line, OPEN, DISPUTED)
    order.reasons[event.line] = event.reason


def evolve_resolved(orders: Orders, event: DisputeResolved) -> None:
    order = orders.orders[event.order]
    _settle(order, event.line, DISPUTED, DELIVERED)
    order.owed_cents[event.line] = event.amount_cents
    order.proposed.pop(event.line, None)


def evolve_cancelled(orders: Orders, event: OrderCancelled) -> None:
    order = orders.orders[event.order]
    for place, state in enumerate(order.states):
        if state == OPEN:
            order.states[place] = CANCELLED


def evolve(orders: Orders, event: Event, at_us: int) -> None:
    """What an event of their streams does to the orders alone, for who reads those without a book."""
    match event:
        case OrderPlaced():
            evolve_placed(orders, event, at_us)
        case OrderConfirmed():
            orders.orders[event.order].confirmed = True
        case DeliveryNoted():
            evolve_delivered(orders, event)
        case LineDisputed():
            evolve_disputed(orders, event)
        case DisputeProposed():
            orders.orders[event.order].proposed[event.line] = event
        case DisputeResolved():
            evolve_resolved(orders, event)
        case OrderCancelled():
            evolve_cancelled(orders, event)
        case _:
            return


def _settle(order: Order, line: int, before: str, after: str) -> None:
    if order.states[line] != before:
        raise BrokenBook(f"line {line + 1} of order {order.placed.order} is {order.states[line]}, not {before}")
    order.states[line] = after


def decide_place(
    orders: Orders, asked: Asked, *, account: Account | None, charte: Charte | None, facts: Facts | None, conventioned: bool
) -> OrderPlaced | Declined:
    """facts: of the account at the seller; None when one of them is unknown or the seller has no convention in force."""
    wrong = _unfit(orders, asked, account)
    if wrong is not None or account is None:
        return wrong or not_now("An order needs a collective account.")
    if charte is None:
        return not_now("No charte is in force yet; adopt one, then order.")
    if facts is None or not conventioned:
        return Declined(code=Code.NO_CONVENTION, why="The seller, or the payee of a line, has no convention in force today; "
                        "sign or resume it, or take that line out.")  # fmt: skip
    funding = fund_basket(asked.lines, charte, facts)
    short = _short(asked, funding)
    if short is not None:
        return short
    amount = Cents(sum(line.amount_cents for line in asked.lines))
    return OrderPlaced(
        order=asked.order, joint=asked.joint, seller=asked.seller, amount_cents=amount, lines=asked.lines,
        approved_cents=funding.paid_cents, approved_lines=funding.approved_lines,
        two_people=amount > account.two_person_cents, account=asked.account, mandatary=asked.mandatary,
        charte_version=charte.version, shares=funding.shares, applied=tuple(sorted(funding.applied)),
        eligible=None if facts.eligible is None else tuple(sorted(facts.eligible)), by=asked.by,
    )


def _unfit(orders: Orders, asked: Asked, account: Account | None) -> Declined | None:
    if asked.order in orders.orders:
        return not_now(f"Order {asked.order} exists already; give this one another number.")
    if account is None:
        return not_found(f"{asked.account} is no collective account; open it first, with two people.")
    active = account.active()
    if asked.mandatary not in active:
        return not_now(f"{asked.mandatary} is no mandatary of {asked.account}; its mandataries: {', '.join(active) or 'none'}.")
    if len(active) < MANDATARIES_MIN:
        return not_now(f"{asked.account} needs {MANDATARIES_MIN} mandataries before it buys; name another one.")
    if not 1 <= len(asked.lines) <= LINES_MAX:
        return not_now(f"An order has 1 to {LINES_MAX} lines; split it into several orders.")
    keys: dict[tuple[CategoryId, str | None, ProducerId], int] = {}
    for number, line in enumerate(asked.lines, start=1):
        key = (line.category, line.product, line.payee or asked.seller)
        if key in keys:
            return not_now(f"Lines {keys[key]} and {number} are the same good of the same producer; make one line of them, "
                           "or name the product.")  # fmt: skip
        keys[key] = number
        if line.amount_cents < 1:
            return not_now(f"Line {number} costs nothing; leave it out.")
    return None


def _short(asked: Asked, funding: Funding) -> Declined | None:
    """An order is wholly carried, or the buyer said that the rest is paid elsewhere."""
    if not funding.eligible:
        return Declined(code=Code.NOTHING_ELIGIBLE, why="The charte pays nothing of these goods; look at its categories.")
    lacking = funding.amount_cents - funding.paid_cents
    if (lacking and not asked.in_part) or not funding.paid_cents:
        return Declined(code=Code.INSUFFICIENT_CREDIT, why=f"{money(funding.paid_cents)} of {money(funding.amount_cents)} are "
                        f"carried, {money(lacking)} are missing: put money into the account, order less, or pay the rest "
                        "elsewhere and order in part.")  # fmt: skip
    return None


def decide_confirm(
    orders: Orders, *, order: str, mandatary: str, account: Account | None, by: PersonId
) -> OrderConfirmed | Declined:
    known = orders.orders.get(order)
    if known is None or account is None:
        return _no_order(order)
    if known.confirmed:
        return not_now(f"Order {order} needs no second mandatary, or has had one.")
    if mandatary not in account.active():
        return not_now(f"{mandatary} is no mandatary of {known.placed.account}.")
    if mandatary == known.placed.mandatary or by == known.placed.by:
        return not_now("An order above the limit takes two: another mandatary, and another person who enters it.")
    return OrderConfirmed(order=order, mandatary=mandatary, by=by)


def decide_dispute(orders: Orders, *, order: str, line: int, reason: str, by: PersonId) -> LineDisputed | Declined:
    known = _ready(orders, order)
    if isinstance(known, Declined):
        return known
    wrong = _not_in(known, line, OPEN)
    return wrong or LineDisputed(order=order, line=line, reason=reason, by=by)


class Note(NamedTuple):
    """What a delivery note says of one line: cents, or a quantity, or neither: as ordered."""

    line: int
    amount_cents: Cents | None
    qty_milli: int | None


def decide_deliver(
    orders: Orders, *, order: str, side: str, document: str, notes: Sequence[Note], charte: Charte | None,
    allocation: Allocation, by: PersonId, at_us: int,
) -> DeliveryNoted | Declined:
    """notes: empty for all that is open, as ordered. charte: the order's."""
    known = _ready(orders, order)
    if isinstance(known, Declined):
        return known
    if charte is None:
        raise BrokenBook(f"order {order} has no charte version in the log")
    if side not in SIDES:
        return not_now(f"A delivery note is written by the {' or the '.join(SIDES)}, not by {side}.")
    wanted = notes or [Note(place, None, None) for place, state in enumerate(known.states) if state == OPEN]
    if not wanted or len({note.line for note in wanted}) != len(wanted):
        return not_now(f"A delivery note of order {order} names open lines, each once; nothing is open, or one comes twice.")
    delivered: list[Delivered] = []
    for note in wanted:
        came = _not_in(known, note.line, OPEN) or _came(known, note, charte)
        if isinstance(came, Declined):
            return came
        delivered.append(came)
    shares, released = _settled(known, delivered, charte)
    return DeliveryNoted(
        order=order, side=side, document=document, lines=tuple(delivered), account=known.placed.account, shares=shares,
        released=returned(released, allocation, at_us=at_us, when_lapsed="lapsed"), by=by,
    )


def _came(order: Order, note: Note, charte: Charte) -> Delivered | Declined:
    line, number = order.placed.lines[note.line], note.line + 1
    cents = line.amount_cents if note.amount_cents is None else note.amount_cents
    qty = note.qty_milli if note.qty_milli is not None else line.qty_milli if note.amount_cents is None else None
    if note.qty_milli is not None and note.amount_cents is None:
        if not line.qty_milli:
            return not_now(f"Line {number} was ordered without a quantity; say what it costs now.")
        cents = half_up(note.qty_milli, line.amount_cents, line.qty_milli)
    if beyond(cents, line.amount_cents, charte):
        return Declined(code=Code.AMOUNT_LIMIT, why=f"Line {number} comes to {money(cents)}, {money(line.amount_cents)} were "
                        "ordered: that is beyond the charte's tolerance; order the rest anew.")  # fmt: skip
    return Delivered(note.line, cents, qty)


def _settled(
    order: Order, delivered: Sequence[Delivered], charte: Charte
) -> tuple[tuple[Share, ...], tuple[Share, ...]]:
    """What is owed of each delivered line, and what of its reserve is left: each line is funded from its own."""
    placed = order.placed
    owed: list[Share] = []
    released: list[Share] = []
    for one in delivered:
        held = tuple(share._replace(line=0) for share in order.held([one.line]))
        came = placed.lines[one.line]._replace(amount_cents=one.amount_cents, qty_milli=one.qty_milli)
        funding = fund_capture((came,) if one.amount_cents else (), Held(
            charte=charte, producer=placed.seller, shares=held, applied=frozenset(placed.applied),
            eligible=None if placed.eligible is None else frozenset(placed.eligible),
        ))  # fmt: skip
        owed += [share._replace(line=one.line) for share in funding.shares]
        released += [share._replace(line=one.line) for share in funding.released]
    return tuple(owed), tuple(released)


def decide_propose_resolution(orders: Orders, proposal: DisputeProposed, charte: Charte | None) -> DisputeProposed | Declined:
    known = _ready(orders, proposal.order)
    if isinstance(known, Declined):
        return known
    wrong = _not_in(known, proposal.line, DISPUTED)
    if wrong is not None or charte is None:
        return wrong or _no_order(proposal.order)
    if beyond(proposal.amount_cents, known.placed.lines[proposal.line].amount_cents, charte):
        return not_now("More than was ordered can't be accepted; order the rest anew.")
    return proposal


def decide_resolve(
    orders: Orders, *, agreed: DisputeProposed, charte: Charte | None, allocation: Allocation, at_us: int
) -> DisputeResolved | Declined:
    """agreed: what the second person saw, by that person."""
    known = _ready(orders, agreed.order)
    if isinstance(known, Declined):
        return known
    proposal = known.proposed.get(agreed.line)
    if proposal is None or charte is None:
        return not_found(f"Nobody proposed what becomes of line {agreed.line + 1}; propose it, then another person confirms.")
    if agreed.amount_cents != proposal.amount_cents:
        return not_now("Another amount is proposed by now; look again, then confirm.")
    if agreed.by == proposal.by:
        return not_now("A dispute is resolved by two people: somebody else than the one who proposed.")
    shares, released = _settled(known, [Delivered(agreed.line, proposal.amount_cents, None)], charte)
    return DisputeResolved(
        order=agreed.order, line=agreed.line, amount_cents=proposal.amount_cents, reason=proposal.reason,
        account=known.placed.account, shares=shares,
        released=returned(released, allocation, at_us=at_us, when_lapsed="lapsed"), resolved_by=(proposal.by, agreed.by),
    )


def decide_cancel(
    orders: Orders, *, order: str, allocation: Allocation, by: PersonId, at_us: int
) -> OrderCancelled | Declined:
    known = orders.orders.get(order)
    if known is None:
        return _no_order(order)
    still = [place for place, state in enumerate(known.states) if state == OPEN]
    if not still:
        return not_now(f"Nothing of order {order} is open any more; a disputed line is resolved instead.")
    released: tuple[Return, ...] = returned(known.held(still), allocation, at_us=at_us, when_lapsed="lapsed")
    return OrderCancelled(order=order, account=known.placed.account, released=released, by=by)


def split_by_quantity(total_cents: int, quantities: Sequence[int]) -> tuple[Cents, ...]:
    """One purchase over several buyers by quantity: largest remainder, first listed first; the parts sum to the total.

    Raises ValueError when there is no quantity.
    """
    return largest_remainder(total_cents, quantities)


def _ready(orders: Orders, order: str) -> Order | Declined:
    known = orders.orders.get(order)
    if known is None:
        return _no_order(order)
    if not known.confirmed:
        return not_now(f"Order {order} is above the account's limit; another mandatary confirms it first.")
    return known


def _not_in(order: Order, line: int, state: str) -> Declined | None:
    if not 0 <= line < len(order.states):
        return not_found(f"Order {order.placed.order} has {len(order.states)} lines, there is no line {line + 1}.")
    if order.states[line] != state:
        return not_now(f"Line {line + 1} of order {order.placed.order} is {order.states[line]}, not {state}.")
    return None


def _no_order(order: str) -> Declined:
    return not_found(f"There is no order {order}; `clearing order list` shows them.")
