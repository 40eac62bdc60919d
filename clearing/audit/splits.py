"""Law: every sale's cents are explained to the last one: payers of the charte in force, from lots that could be spent, to the
payees of its lines; what is captured was held, what is given back was captured.

Checked against the book before the event. Nothing is decided again: a rule that has changed since judges no old sale.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from clearing.audit.drawn import drawn_refund, drawn_reversal
from clearing.audit.findings import BadEvent, Checked
from clearing.authoriser.drawing import anonymous
from clearing.events.accounts import PurchaseConfirmed
from clearing.events.basket import Line, Return, Share
from clearing.events.catalogue import Event
from clearing.events.charte import Charte
from clearing.events.codes import Code, till_code
from clearing.events.contracts import DeliveryDecided
from clearing.events.sales import (
    AuthorisationDecided,
    CaptureDecided,
    HoldExpired,
    RefundDecided,
    ReversalDecided,
    SaleDecided,
)
from clearing.rules.book import Book
from clearing.rules.selling.operations import State
from clearing.rules.selling.sale import goods
from clearing.values import CategoryId, ProducerId, half_up

Key = tuple[CategoryId, str | None, ProducerId]
Holder = tuple[str, str, str]
Paying = SaleDecided | AuthorisationDecided | CaptureDecided


def check_operation(event: Event, position: int, at_us: int, book: Book, checked: Checked) -> None:
    """Raises BadEvent. book: before the event."""
    match event:
        case SaleDecided() | AuthorisationDecided():
            _told(event, position)
            _in_time(event, position, at_us, book)
            _purchase(event, position, at_us, book)
        case CaptureDecided():
            _told(event, position)
            _in_time(event, position, at_us, book)
            _capture(event, position, at_us, book)
        case ReversalDecided():
            _told(event, position)
            _reversal(event, position, book)
        case RefundDecided():
            _told(event, position)
            _in_time(event, position, at_us, book)
            _refund(event, position, book)
        case DeliveryDecided():
            _delivery(event, position, at_us, book)
        case PurchaseConfirmed():
            _told(event, position)
            _confirmation(event, position, at_us, book)
        case HoldExpired():
            hold = _held(book, event.terminal, event.original, position)
            if hold.hold_expires_us > at_us:
                raise BadEvent(position, "the hold expired before its time")
            same_cents(hold.shares, event.released, position, "released")
        case _:
            return
    checked.add("operations, each cent from a payer of its charte to a payee")


def _told(event: Paying | ReversalDecided | RefundDecided | PurchaseConfirmed, position: int) -> None:
    if event.answer != till_code(Code(event.code)):
        raise BadEvent(position, f"the terminal was told {event.answer} for the code {event.code}")


def _delivery(event: DeliveryDecided, position: int, at_us: int, book: Book) -> None:
    """Nothing moves; but who is said to have fetched a basket tapped a card for it, at its producer, on its day."""
    if event.answer != till_code(Code(event.code)):
        raise BadEvent(position, f"the terminal was told {event.answer} for the code {event.code}")
    if event.code != Code.APPROVED:
        return
    name, tap = book.contracts.by_number.get(event.original), event.tap
    card = book.members.cards.get(tap.card) if tap is not None else None
    if name is None or event.contract != name or tap is None or card is None or card.member != event.member:
        raise BadEvent(position, "it names another contract than the terminal did, or no card of the member")
    if not tap.fresh or card.key_version != tap.key_version or not card.fresh(tap.counter, at_us, used_before=False):
        raise BadEvent(position, "the tap had been used before, or came after a later one")
    season = book.contracts.season_of(book.contracts.contracts[name])
    if season.producer != event.op.producer or event.on != book.caisse.calendar.day(at_us).isoformat():
        raise BadEvent(position, "it is another producer's contract, or of another day")


def _in_time(event: Paying | RefundDecided, position: int, at_us: int, book: Book) -> None:
    """Nothing moves for an operation that its terminal had reversed before it came."""
    moves = event.code in (Code.APPROVED, Code.PARTIAL)
    if moves and book.reversed_before(event.op.terminal, event.op.x, at_us):
        raise BadEvent(position, "its terminal had reversed it before it came")


def key_of(line: Line, producer: ProducerId) -> Key:
    """Lines of one key were added up before rounding."""
    return (line.category, line.product, line.payee or producer)


def check_split(event: Paying, position: int) -> None:
    """Shares, lines and amount agree, line by line."""
    if sum([line.amount_cents for line in event.lines]) != event.amount_cents:
        raise BadEvent(position, "its lines do not sum to its amount")
    approved = event.code in (Code.APPROVED, Code.PARTIAL)
    if not approved and (event.shares or event.approved_cents):
        raise BadEvent(position, f"it was declined with {event.code}, but somebody pays")
    keys = [key_of(line, event.op.producer) for line in event.lines]
    paid: dict[Key, int] = {}
    unsold = event.unsold_lines or (0,) * len(keys)
    for key, line, cents, less in zip(keys, event.lines, event.approved_lines, unsold, strict=True):
        if not 0 <= cents <= line.amount_cents - less or less < 0:
            raise BadEvent(position, "more is paid of a line than is sold of it")
        paid[key] = paid.get(key, 0) + cents
    for share in event.shares:
        place, payer, step, source, _, cents, payee, lots = share  # taken apart: a sale has half a dozen
        if cents < 1 or (source.startswith("purse:") and sum([use[1] for use in lots]) != cents):
            raise BadEvent(position, f"the lots of {payer} do not sum to its share")
        if lots and source.startswith("fund:"):
            raise BadEvent(position, f"the fund of {payer} has no lots, but some are named")
        if step != "surplus":
            key = keys[place]
            if payee != key[2]:
                raise BadEvent(position, f"{payer} pays {payee}, which is not the line's payee")
            paid[key] = paid.get(key, 0) - cents
    if any(paid.values()) or sum(event.approved_lines) != event.approved_cents:
        raise BadEvent(position, "its shares do not sum to what was approved of each line")
    if approved and event.lines and (event.code == Code.APPROVED) != (event.approved_cents == event.amount_cents):
        raise BadEvent(position, f"{event.approved_cents} of {event.amount_cents} cents are not {event.code}")


CHARTES_KEPT_MAX: Final = 100
_SOURCES: Final[dict[int, tuple[Charte, dict[str, set[str]]]]] = {}
"""Of the chartes met last, by identity: they are deep, and every sale asks."""


def _sources(charte: Charte) -> dict[str, set[str]]:
    """Per payer or tariff the sources that the vote gave it."""
    known = _SOURCES.get(id(charte))
    if known is not None and known[0] is charte:
        return known[1]
    found: dict[str, set[str]] = {}
    for one in charte.payers:
        found[one.id] = {f"purse:{one.purse}" if one.purse is not None else f"fund:{one.fund}"}
    for tariff in charte.tariffs:
        found[tariff.id] = {f"fund:{weight.fund}" for weight in tariff.funds}
    if len(_SOURCES) >= CHARTES_KEPT_MAX:
        _SOURCES.clear()
    _SOURCES[id(charte)] = charte, found
    return found


def check_payers(shares: Iterable[Share], charte: Charte, position: int) -> None:
    """Each share names a rule of the charte, and the source that the vote gave it."""
    sources = _sources(charte)
    for share in shares:
        allowed = sources.get(share.payer)
        if allowed is None or (share.source not in allowed and share.step != "surplus"):
            raise BadEvent(position, f"{share.payer} of {share.source} is no payer of charte {charte.version}")


def _purchase(event: SaleDecided | AuthorisationDecided, position: int, at_us: int, book: Book) -> None:
    check_split(event, position)
    charte = book.caisse.charte_at(at_us)
    if event.charte_version != (charte.version if charte is not None else 0):
        raise BadEvent(position, f"charte {event.charte_version} was not in force at its time")
    tap = event.tap
    card = book.members.cards.get(tap.card) if tap is not None else None
    if tap is not None and card is not None:
        if event.member != card.member:
            raise BadEvent(position, "the card belongs to another member")
        if tap.fresh and not (card.key_version == tap.key_version and card.fresh(tap.counter, at_us, used_before=False)):
            raise BadEvent(position, "the tap had been used before, or came after a later one")
    if not event.shares:
        return
    if charte is None or tap is None or card is None or not tap.fresh or card.blocked is not None:
        raise BadEvent(position, "somebody pays though charte, tap or card do not allow it")
    terminal, producer = book.producers.terminals[event.op.terminal], book.producers.producers[event.op.producer]
    if terminal.suspended or producer.convention_at(at_us) is None or not book.all_conventioned(event.lines, at_us):
        raise BadEvent(position, "somebody pays though terminal or convention are not in force")
    if book.accounts.open:
        _mandated(event, position, book)
    check_payers(event.shares, charte, position)
    for lot in {use[0] for share in event.shares for use in share.lots}:
        expires_us = book.allocation.lot_expires_us(lot)
        if expires_us is not None and expires_us <= at_us:
            raise BadEvent(position, f"lot {lot} had lapsed")
    if isinstance(event, AuthorisationDecided) and event.hold_expires_us <= at_us:
        raise BadEvent(position, "the hold is over before it begins")


def _held(book: Book, terminal: object, original: object, position: int) -> AuthorisationDecided:
    hold = book.operations.get((terminal, original))  # type: ignore[arg-type]
    if hold is None or hold.state is not State.HELD or not isinstance(hold.event, AuthorisationDecided):
        raise BadEvent(position, "there is no open hold for it")
    return hold.event


def _capture(event: CaptureDecided, position: int, at_us: int, book: Book) -> None:
    check_split(event, position)
    if event.code not in (Code.APPROVED, Code.PARTIAL):
        return
    found = book.operation_of(event.op.producer, event.op.terminal, event.original)
    if found is None or found.state is not State.HELD or not isinstance(found.event, AuthorisationDecided):
        raise BadEvent(position, "it captures no open hold")
    hold = found.event
    if hold.op.terminal + hold.op.x in book.accounts.waiting:
        raise BadEvent(position, "it captures a hold that a second mandatary had not confirmed")
    if hold.hold_expires_us <= at_us or (hold.charte_version, hold.member) != (event.charte_version, event.member):
        raise BadEvent(position, "its hold is over, or of another member or charte")
    same_cents(hold.shares, (*event.shares, *event.released), position, "captured and released")


def _confirmation(event: PurchaseConfirmed, position: int, at_us: int, book: Book) -> None:
    """A second mandatary's own card, on an open hold of the account that waits for it, for the very goods of the hold."""
    if event.code != Code.APPROVED:
        if event.approved_cents:
            raise BadEvent(position, f"it was declined with {event.code}, but something is approved")
        return
    found = book.operation_of(event.op.producer, event.op.terminal, event.original)
    if found is None or found.state is not State.HELD or not isinstance(found.event, AuthorisationDecided):
        raise BadEvent(position, "it confirms no open hold")
    hold, tap = found.event, event.tap
    first = book.accounts.waiting.get(hold.op.terminal + hold.op.x)
    card = book.members.cards.get(tap.card) if tap is not None else None
    if first is None or hold.member is None or hold.hold_expires_us <= at_us or tap is None or card is None:
        raise BadEvent(position, "its hold waits for nobody, or no card confirms it")
    usable = card.blocked is None and card.key_version == tap.key_version
    if not usable or not tap.fresh or not card.fresh(tap.counter, at_us, used_before=False):
        raise BadEvent(position, "the tap had been used before, or the card is blocked")
    if book.accounts.open[hold.member].mandatary_with(tap.card) in (None, first):
        raise BadEvent(position, "the second card is not another mandatary's of the account")
    same = (hold.amount_cents, hold.lines, hold.approved_cents, hold.approved_lines, hold.member)
    if (event.amount_cents, event.lines, event.approved_cents, event.approved_lines, event.member) != same:
        raise BadEvent(position, "it confirms other goods than were held")


def _mandated(event: SaleDecided | AuthorisationDecided, position: int, book: Book) -> None:
    """A collective account buys by a mandatary's card, above its limit never by one tap alone."""
    account = book.accounts.open.get(event.member) if event.member is not None else None
    if account is None or event.tap is None:
        return
    if account.mandatary_with(event.tap.card) is None:
        raise BadEvent(position, "the account pays, but the card is no mandatary's")
    if isinstance(event, SaleDecided) and event.amount_cents > account.two_person_cents:
        raise BadEvent(position, "the account pays above its limit by one tap")


def _reversal(event: ReversalDecided, position: int, book: Book) -> None:
    original = book.operations.get((event.op.terminal, event.original))
    if original is not None and anonymous(original) is not None:
        drawn_reversal(event, original, position, book)
    elif event.effect == "released":
        same_cents(_held(book, event.op.terminal, event.original, position).shares, event.returned, position, "released")
    elif event.effect == "undone":
        if original is None or original.state is not State.CAPTURED or original.position <= book.settlement.settled_up_to:
            raise BadEvent(position, "it undoes what is not captured, or in a closed batch")
        sold = original.event
        if not isinstance(sold, SaleDecided | CaptureDecided):
            raise BadEvent(position, "only a sale or a capture can be undone")
        left = _paid_back(sold.shares) - _card_part(sold, original.refunded)
        if _paid_back(event.returned) != left:
            raise BadEvent(position, f"{_paid_back(event.returned)} cents of goods go back, {left} were still captured")
    elif event.returned:
        raise BadEvent(position, "it gives cents back without an effect")


def _refund(event: RefundDecided, position: int, book: Book) -> None:
    original = book.capture_of(event.op.producer, event.op.terminal, event.original)
    if original is not None and anonymous(original) is not None:
        drawn_refund(event, original, position, book)
        return
    if event.code != Code.APPROVED:
        if event.returned or event.card_cents:
            raise BadEvent(position, f"it was declined with {event.code}, but cents go back")
        return
    sold = original.event if original is not None and original.state is State.CAPTURED else None
    if original is None or not isinstance(sold, SaleDecided | CaptureDecided):
        raise BadEvent(position, "it takes back goods of no captured sale of this producer")
    bought, back = _per_key(goods(sold), sold.op.producer), _per_key((*original.refunded, *event.lines), sold.op.producer)
    if any(cents > bought.get(key, 0) for key, cents in back.items()):
        raise BadEvent(position, "more goods come back than were sold")
    due = _card_part(sold, (*original.refunded, *event.lines)) - _card_part(sold, original.refunded)
    if not _paid_back(event.returned) == event.card_cents == sum(event.card_lines) == due:
        raise BadEvent(position, f"the card gets {event.card_cents} cents back, {due} are due")
    if sum(line.amount_cents for line in event.lines) != event.amount_cents:
        raise BadEvent(position, "its lines do not sum to its amount")


def _card_part(sold: SaleDecided | CaptureDecided, back: Sequence[Line]) -> int:
    """Cents of goods that have gone back to the payers once `back` was taken back in all: half up per line."""
    bought, returned = _per_key(goods(sold), sold.op.producer), _per_key(back, sold.op.producer)
    paid: dict[Key, int] = {}
    for share in sold.shares:
        if share.step != "surplus":
            key = key_of(sold.lines[share.line], sold.op.producer)
            paid[key] = paid.get(key, 0) + share.cents
    return sum(half_up(cents, paid.get(key, 0), bought[key]) for key, cents in returned.items() if cents)


def _per_key(lines: Iterable[Line], producer: ProducerId) -> dict[Key, int]:
    sums: dict[Key, int] = {}
    for line in lines:
        key = key_of(line, producer)
        sums[key] = sums.get(key, 0) + line.amount_cents
    return sums


def _paid_back(parts: Iterable[Share | Return]) -> int:
    return sum(part.cents for part in parts if part.step != "surplus")


def same_cents(held: Iterable[Share], parts: Iterable[Share | Return], position: int, what: str) -> None:
    left: dict[Holder, int] = {}
    for share in held:
        holder = (share.step, share.payer, share.source)
        left[holder] = left.get(holder, 0) + share.cents
    for part in parts:
        holder = (part.step, part.payer, part.source)
        left[holder] = left.get(holder, 0) - part.cents
    if any(left.values()):
        raise BadEvent(position, f"what is {what} differs from what was held")
