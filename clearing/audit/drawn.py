"""Law: a draw cost its fund what the vote offered, of the lines it was for, within the day's ceilings; a day's close pays each
draw its part; a bonus is what its sale brings, no cent more.

Checked against the book before the event.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from clearing.audit.findings import BadEvent, Checked
from clearing.authoriser.drawing import anonymous, bonuses_after
from clearing.events.basket import Line, Return, Share
from clearing.events.bonus import BonusCredited, BonusTakenBack
from clearing.events.catalogue import Event
from clearing.events.codes import Code, till_code
from clearing.events.sales import CaptureDecided, RefundDecided, ReversalDecided, SaleDecided
from clearing.events.solidarity import DrawDecided, DrawsShared, GiveDecided, WhenShort
from clearing.rules.book import Book
from clearing.rules.reductions import solidarity
from clearing.rules.reductions.drawing import Anonymous, left_of
from clearing.rules.selling.funding import refund
from clearing.rules.selling.operations import Operation, State
from clearing.rules.voted.standing import draws_in_force
from clearing.values import WHOLE

FOLLOW_OPERATIONS: Final = (BonusCredited, BonusTakenBack)
"""Events without evidence of their own: an operation brings them."""
_BRING: Final = (SaleDecided, CaptureDecided, ReversalDecided, RefundDecided)
_APPROVED: Final = (Code.APPROVED, Code.PARTIAL)


class Followers:
    """The bonus events that operations bring, each just after its own."""

    def __init__(self) -> None:
        self._due: deque[Event] = deque()

    def check(self, event: Event, position: int, at_us: int, book: Book, checked: Checked) -> None:
        """Raises BadEvent. book: before the event."""
        if isinstance(event, FOLLOW_OPERATIONS):
            if not self._due or self._due.popleft() != event:
                raise BadEvent(position, "no operation before it brings this bonus")
            checked.add("bonuses, reckoned again from their sale")
            return
        self.finish(position)
        if book.bonuses.rules and isinstance(event, _BRING):
            self._due.extend(bonuses_after(book, event, at_us))

    def finish(self, position: int) -> None:
        if self._due:
            raise BadEvent(position, f"the operation before it also brings a {type(self._due[0]).__name__}, which is missing")


def check_drawn(event: Event, position: int, at_us: int, book: Book, checked: Checked) -> None:
    """Raises BadEvent."""
    match event:
        case DrawDecided() | GiveDecided():
            _told(event, position, at_us, book)
            _split(event, position, at_us, book)
            checked.add("draws and gives, each cent from a voted fund within its ceilings")
        case DrawsShared():
            _close(event, position, at_us, book)
            checked.add("days of draws that were shared, each by largest remainder")
        case _:
            return


def _told(event: Anonymous, position: int, at_us: int, book: Book) -> None:
    if event.answer != till_code(Code(event.code)):
        raise BadEvent(position, f"the terminal was told {event.answer} for the code {event.code}")
    if event.day != book.caisse.calendar.day(at_us).isoformat():
        raise BadEvent(position, f"it names the day {event.day}, which is not that of its instant")
    if event.code not in _APPROVED and (event.shares or event.approved_cents):
        raise BadEvent(position, f"it was declined with {event.code}, but cents move")


def _split(event: Anonymous, position: int, at_us: int, book: Book) -> None:
    if event.code not in _APPROVED:
        return
    if 0 < book.closing.ends_us <= at_us:
        raise BadEvent(position, "cents move after the caisse's last day")
    if book.reversed_before(event.op.terminal, event.op.x, at_us):
        raise BadEvent(position, "its terminal had reversed it before it came")
    rule = draws_in_force(book, at_us).rules.get(event.rule)
    producer, terminal = book.producers.producers[event.op.producer], book.producers.terminals[event.op.terminal]
    convention = producer.convention_at(at_us) if book.all_conventioned(event.lines, at_us) else None
    if rule is None or convention is None or terminal.suspended:
        raise BadEvent(position, "cents move though rule, terminal or convention are not in force")
    if isinstance(event, DrawDecided):
        if event.rate not in rule.rates or event.rate > event.asked * 100:
            raise BadEvent(position, f"the vote offers no reduction of {event.rate} for {event.asked} percent asked")
        if event.claimed != (rule.when_short is WhenShort.PRO_RATA):
            raise BadEvent(position, "it waits for the day's close where the vote says otherwise")
        expected = solidarity.split_up(event.lines, event.rate, rule, event.op.producer, convention.categories)
        ceilings = solidarity.draw_ceilings(rule, event.op)
    else:
        seller, coupons = event.op.producer, event.asked * 100 == WHOLE
        offered = replace(rule, categories=(solidarity.COUPON,)) if coupons else rule
        eligible = None if coupons else convention.categories
        rate = WHOLE if coupons else event.asked * 100 - WHOLE
        if not coupons and event.asked * 100 not in rule.prices:
            raise BadEvent(position, f"the vote offers no price of {event.asked} percent")
        expected = solidarity.split_up(event.lines, rate, offered, seller, eligible, given_by=seller)
        ceilings = solidarity.give_ceilings(rule, event.op)
    if (event.shares, event.approved_lines) != expected or event.approved_cents != sum(event.approved_lines):
        raise BadEvent(position, "its cents are not those of its rate and lines")
    if any(book.solidarity.used_on(event.day, name) + event.approved_cents > most for name, most in ceilings):
        raise BadEvent(position, "it goes beyond a ceiling of the day")


def _close(event: DrawsShared, position: int, at_us: int, book: Book) -> None:
    if not event.with_batch:
        due_us = solidarity.close_due_us(book.solidarity, book.caisse.calendar)
        if due_us is None or due_us > at_us:
            raise BadEvent(position, "draws were shared before their day was over")
    claims = [one for one in book.solidarity.claims if (one.fund, one.day) == (event.fund, event.day)]
    if [(one.terminal, one.x) for one in claims] != [(part.terminal, part.x) for part in event.draws]:
        raise BadEvent(position, "it leaves out a draw of its day, or names another")
    again = solidarity.decide_shared(solidarity.Solidarity(claims=claims), book.funds, with_batch=event.with_batch)
    if again != event:
        raise BadEvent(position, "its parts are not those of the fund's cents by largest remainder")


def drawn_reversal(event: ReversalDecided, original: Operation, position: int, book: Book) -> None:
    """A reversal of a draw or give. Raises BadEvent."""
    drawn = anonymous(original)
    if drawn is None:
        raise AssertionError("asked of a draw or give only")
    if event.effect != "undone":
        if event.returned:
            raise BadEvent(position, "it gives cents back without an effect")
        return
    if original.state is not State.CAPTURED or original.position <= book.settlement.settled_up_to:
        raise BadEvent(position, "it undoes what is undone already, or in a closed batch")
    left = left_of(drawn, original, book.solidarity)
    kept = isinstance(drawn, GiveDecided) and bool(event.exception)
    if not kept and _moved(event.returned) != _moved(left):
        raise BadEvent(position, "what it gives back is not what had moved")


def drawn_refund(event: RefundDecided, original: Operation, position: int, book: Book) -> None:
    """A refund of drawn goods. Raises BadEvent."""
    drawn = anonymous(original)
    if drawn is None or event.code != Code.APPROVED:
        if event.returned or event.card_cents:
            raise BadEvent(position, f"it was declined with {event.code}, but cents go back")
        return
    if original.state is not State.CAPTURED or isinstance(drawn, GiveDecided):
        raise BadEvent(position, "it takes back goods of no draw that stands")
    due = _back(drawn, original.refunded, event.lines, book)
    if due is None or _moved(event.returned) != _moved(due) or event.card_cents != sum(event.card_lines):
        raise BadEvent(position, "what it gives back is not the fund's part of its lines")


def _back(drawn: DrawDecided, already: tuple[Line, ...], lines: tuple[Line, ...], book: Book) -> tuple[Share, ...] | None:
    return refund(drawn.lines, book.solidarity.paid_for(drawn), already, lines, producer=drawn.op.producer)


def _moved(parts: Iterable[Share | Return]) -> dict[tuple[str, str], int]:
    sums: dict[tuple[str, str], int] = {}
    for part in parts:
        key = part.source, str(part.payee)
        sums[key] = sums.get(key, 0) + part.cents
    return sums
