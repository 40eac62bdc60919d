"""Law: an order is placed in a mandatary's name; a buyer by profession gives orders in their own name only."""

from collections.abc import Mapping
from typing import Final

from clearing.authoriser.bodies import Body
from clearing.authoriser.verbs.order import Order, Result, Verb, one
from clearing.events.basket import Line
from clearing.events.catalogue import Event
from clearing.events.charte import Charte, Span
from clearing.events.orders import DisputeProposed, OrderPlaced, ResolutionProposed
from clearing.events.sales import AuthorisationDecided
from clearing.rules.answers import Declined, not_now
from clearing.rules.collective import orders
from clearing.rules.collective.orders import Asked, Note, split_by_quantity
from clearing.rules.selling import exceptions
from clearing.rules.selling.facts import Facts
from clearing.rules.selling.returns import fund_named
from clearing.rules.voted.offices import acting
from clearing.values import CategoryId, Cents, FundId, MemberId, PayerId, Position, ProducerId

_QTY_MAX: Final = 1_000_000_000
_OFFICES: Final = frozenset({"desk", "treasurer", "approver"})


def _line(b: Body) -> Line:
    payee = b.optional("payee", b.id)
    read = Line(
        category=CategoryId(b.id("category")), amount_cents=b.cents("cents"), product=b.optional("product", b.text),
        payee=None if payee is None else ProducerId(payee),
        qty_milli=b.optional("qty_milli", lambda name: b.number(name, lowest=1, highest=_QTY_MAX)),
    )
    b.end()
    return read


class _Drawn:
    """What earlier parts of one joint purchase take of funds and of ceilings that all share: later parts find it gone."""

    def __init__(self) -> None:
        self.funds: dict[FundId, int] = {}
        self.payers: dict[PayerId, int] = {}

    def add(self, placed: OrderPlaced) -> None:
        for share in placed.shares:
            if share.source.startswith("fund:"):
                fund = fund_named(share.source)
                self.funds[fund] = self.funds.get(fund, 0) + share.cents
            if share.step == "payer":
                self.payers[share.payer] = self.payers.get(share.payer, 0) + share.cents

    def less(self, facts: Facts) -> Facts:
        def used(payer: PayerId, span: Span, per_purse: bool) -> int:
            return facts.used(payer, span, per_purse) + (0 if per_purse or span is Span.SALE else self.payers.get(payer, 0))

        free = {fund: facts.funds.get(fund, 0) - cents for fund, cents in self.funds.items()}
        return facts._replace(used=used, funds=_Funds(free, facts.funds))  # type: ignore[arg-type]  # only get


class _Funds:
    def __init__(self, changed: dict[FundId, int], others: Mapping[FundId, int]) -> None:
        self._changed, self._others = changed, others

    def get(self, fund: FundId, other: int, /) -> int:
        return self._changed[fund] if fund in self._changed else self._others.get(fund, other)


def _decided(o: Order, asked: Asked, drawn: _Drawn) -> OrderPlaced | Declined:
    book = o.book
    refused = _not_in_their_name(o, asked.account, asked.mandatary)
    if refused is not None:
        return refused
    member, seller = book.members.members.get(asked.account), book.producers.producers.get(asked.seller)
    convention = seller.convention_at(o.at_us) if seller is not None else None
    facts = None
    if member is not None and seller is not None and convention is not None:
        facts = drawn.less(book.facts(member, convention, seller, price_choice=None, at_us=o.at_us))
    return orders.decide_place(
        book.orders, asked, account=book.accounts.open.get(asked.account), charte=book.caisse.charte_at(o.at_us), facts=facts,
        conventioned=book.all_conventioned(asked.lines, o.at_us),
    )


def _not_in_their_name(o: Order, account: MemberId, mandatary: str) -> Declined | None:
    """Who has no office but `buyer` acts for the accounts whose mandatary they are, and for nobody else."""
    person = o.book.caisse.persons.get(o.by)
    if person is None or _OFFICES & acting(person):
        return None
    known = o.book.accounts.open.get(account)
    if mandatary == o.by and known is not None and mandatary in known.active():
        return None
    return not_now(f"{o.by} may only act as the mandatary {o.by} of an account that names this mandatary.")


def _place_order(o: Order) -> Result:
    b = o.body
    return one(_decided(o, Asked(
        order=b.id("order"), joint="", account=MemberId(b.id("account")), mandatary=b.id("mandatary"),
        seller=ProducerId(b.id("seller")), lines=tuple(_line(one) for one in b.bodies("lines")),
        in_part=bool(b.optional("in_part", b.flag)), by=o.by,
    ), _Drawn()))


def _place_joint_order(o: Order) -> Result:
    """One purchase of one good over several accounts, by quantity; all of them, or none."""
    b = o.body
    joint, seller, category = b.id("joint"), ProducerId(b.id("seller")), CategoryId(b.id("category"))
    product, total = b.optional("product", b.text), b.cents("cents")
    payee = b.optional("payee", b.id)
    parts: list[tuple[MemberId, str, int]] = []
    for part in b.bodies("parts"):
        parts.append((
            MemberId(part.id("account")), part.id("mandatary"), part.number("qty_milli", lowest=1, highest=_QTY_MAX)
        ))
        part.end()
    if not 2 <= len(parts) <= orders.PARTS_MAX or len({account for account, _, _ in parts}) != len(parts):
        return not_now(f"A joint purchase is for 2 to {orders.PARTS_MAX} accounts, each once.")
    events: list[Event] = []
    drawn = _Drawn()
    split = zip(parts, split_by_quantity(total, [qty for _, _, qty in parts]), strict=True)
    for number, ((account, mandatary, qty), cents) in enumerate(split, start=1):
        line = Line(category, cents, product, None if payee is None else ProducerId(payee), qty)
        event = _decided(o, Asked(f"{joint}.{number}", joint, account, mandatary, seller, (line,), False, o.by), drawn)
        if isinstance(event, Declined):
            return Declined(code=event.code, why=f"Part {number}, {account}: {event.why}")
        events.append(event)
        drawn.add(event)
    return tuple(events)


def _account_of(o: Order, order: str) -> MemberId:
    known = o.book.orders.orders.get(order)
    return MemberId("") if known is None else known.placed.account


def _confirm_order(o: Order) -> Result:
    order, mandatary = o.body.id("order"), o.body.id("mandatary")
    account = _account_of(o, order)
    refused = _not_in_their_name(o, account, mandatary)
    return refused or one(orders.decide_confirm(
        o.book.orders, order=order, mandatary=mandatary, account=o.book.accounts.open.get(account), by=o.by
    ))


def _own(o: Order, order: str) -> Declined | None:
    """A buyer by profession sees to the orders of their own accounts."""
    return _not_in_their_name(o, _account_of(o, order), str(o.by))


def _charte(o: Order, order: str) -> Charte | None:
    known = o.book.orders.orders.get(order)
    return None if known is None else o.book.caisse.charte(known.placed.charte_version)


def _note_delivery(o: Order) -> Result:
    b = o.body
    order, side, document = b.id("order"), b.id("side"), b.text("document")
    notes = []
    for item in b.bodies("lines"):
        qty = item.optional("qty_milli", lambda name, item=item: item.number(name, highest=_QTY_MAX))  # type: ignore[misc]
        notes.append(Note(item.number("line", highest=orders.LINES_MAX), item.optional("cents", item.cents), qty))
        item.end()
    return _own(o, order) or one(orders.decide_deliver(
        o.book.orders, order=order, side=side, document=document, notes=notes, charte=_charte(o, order),
        allocation=o.book.allocation, by=o.by, at_us=o.at_us,
    ))


def _dispute_line(o: Order) -> Result:
    order, line, reason = o.body.id("order"), o.body.number("line", highest=orders.LINES_MAX), o.body.text("reason")
    return _own(o, order) or one(orders.decide_dispute(o.book.orders, order=order, line=line, reason=reason, by=o.by))


def _proposal(o: Order, reason: str) -> DisputeProposed:
    b = o.body
    return DisputeProposed(
        order=b.id("order"), line=b.number("line", highest=orders.LINES_MAX), amount_cents=Cents(b.cents("cents")),
        reason=reason, by=o.by,
    )


def _propose_dispute_end(o: Order) -> Result:
    proposal = _proposal(o, o.body.text("reason"))
    return _own(o, proposal.order) or one(
        orders.decide_propose_resolution(o.book.orders, proposal, _charte(o, proposal.order))
    )


def _resolve_dispute(o: Order) -> Result:
    agreed = _proposal(o, "")
    return one(orders.decide_resolve(
        o.book.orders, agreed=agreed, charte=_charte(o, agreed.order), allocation=o.book.allocation, at_us=o.at_us
    ))


def _cancel_order(o: Order) -> Result:
    order = o.body.id("order")
    return _own(o, order) or one(orders.decide_cancel(
        o.book.orders, order=order, allocation=o.book.allocation, by=o.by, at_us=o.at_us
    ))


def _ending(o: Order, reason: str) -> ResolutionProposed:
    b = o.body
    return ResolutionProposed(
        exception=Position(b.number("exception", lowest=1)), how=b.id("how"), consent=bool(b.optional("consent", b.flag)),
        reason=reason, by=o.by,
    )


def _propose_exception_end(o: Order) -> Result:
    return one(exceptions.decide_propose(o.book.exceptions, _ending(o, o.body.text("reason"))))


def _resolve_exception(o: Order) -> Result:
    book, agreed = o.book, _ending(o, "")
    item = book.exceptions.open.get(agreed.exception)
    hold = book.operation_of(item.producer, item.terminal, item.original) if item is not None else None
    held = hold.event if hold is not None and isinstance(hold.event, AuthorisationDecided) else None
    version = held.charte_version if held is not None else 0
    return one(exceptions.decide_resolve(
        book.exceptions, agreed=agreed, hold=hold, charte=book.caisse.charte(version) if version else None,
        member=book.members.members.get(held.member) if held is not None and held.member is not None else None,
        allocation=book.allocation, funds=book.funds, at_us=o.at_us,
    ))


VERBS: Final[dict[str, Verb]] = {
    "place_order": _place_order,
    "place_joint_order": _place_joint_order,
    "confirm_order": _confirm_order,
    "note_delivery": _note_delivery,
    "dispute_line": _dispute_line,
    "propose_dispute_end": _propose_dispute_end,
    "resolve_dispute": _resolve_dispute,
    "cancel_order": _cancel_order,
    "propose_exception_end": _propose_exception_end,
    "resolve_exception": _resolve_exception,
}
