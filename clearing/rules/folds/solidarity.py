"""Law: a draw engages its fund and is owed to the payees; a give is in its fund and owed by the producer; a bonus is a lot."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from clearing.events import bonus as bonus_events, solidarity as events
from clearing.events.codes import Code
from clearing.rules.credit import bonuses
from clearing.rules.folds.sold import record
from clearing.rules.reductions import solidarity
from clearing.rules.selling.operations import State, StoredForm

if TYPE_CHECKING:
    from clearing.rules.book import Book

_APPROVED: Final = frozenset({Code.APPROVED, Code.PARTIAL})


def _draw(book: "Book", event: events.DrawDecided, position: int, at_us: int, stored: StoredForm | None) -> None:
    done = event.code in _APPROVED
    if done:
        solidarity.evolve_draw(book.solidarity, book.funds, book.settlement, event)
    record(book, event, stored, position, at_us, State.CAPTURED if done else State.DECLINED)


def _give(book: "Book", event: events.GiveDecided, position: int, at_us: int, stored: StoredForm | None) -> None:
    done = event.code in _APPROVED
    if done:
        solidarity.evolve_give(book.solidarity, book.funds, book.settlement, event)
    record(book, event, stored, position, at_us, State.CAPTURED if done else State.DECLINED)


def _shared(book: "Book", event: events.DrawsShared, _position: int, _at_us: int) -> None:
    solidarity.evolve_shared(book.solidarity, book.funds, book.settlement, event)


def _credited(book: "Book", event: bonus_events.BonusCredited, position: int, _at_us: int) -> None:
    member = book.members.members[event.member]
    bonuses.evolve_credited(book.bonuses, book.allocation, book.funds, member, event, position)


def _taken_back(book: "Book", event: bonus_events.BonusTakenBack, _position: int, _at_us: int) -> None:
    bonuses.evolve_taken_back(book.bonuses, book.allocation, book.funds, book.members.members[event.member], event)


DECIDED: Final[dict[type, Callable[..., None]]] = {events.DrawDecided: _draw, events.GiveDecided: _give}
"""Operations of terminals, kept as they are stored."""

FOLDS: Final[dict[type, Callable[..., None]]] = {
    events.SolidarityRuleSet: lambda book, event, _p, _a: solidarity.evolve_rule(book.solidarity, event),
    events.CouponsSold: lambda book, event, _p, _a: solidarity.evolve_coupons(book.funds, event),
    events.DrawsShared: _shared,
    bonus_events.BonusRuleSet: lambda book, event, _p, _a: bonuses.evolve_rule(book.bonuses, event),
    bonus_events.BonusCredited: _credited,
    bonus_events.BonusTakenBack: _taken_back,
}
