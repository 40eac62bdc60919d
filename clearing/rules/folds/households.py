"""Law: households, cards' limits and emergency credit as their events left them."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from clearing.events import crediting as credit_events, households as said
from clearing.rules.credit import lapsing
from clearing.rules.people import card_limits, emergency, households
from clearing.rules.treasury import cotisations

if TYPE_CHECKING:
    from clearing.rules.book import Book


def _class(book: "Book", event: said.EaterJoined | said.EaterClassSet, _position: int, _at_us: int) -> None:
    households.evolve_class(book.members, book.caisse.calendar, event)


def _separated(book: "Book", event: said.HouseholdSeparated, _position: int, _at_us: int) -> None:
    households.evolve_separated(book.members, book.allocation, book.caisse.calendar, event)


def _left(book: "Book", event: said.MemberLeft, _position: int, at_us: int) -> None:
    households.evolve_left(book.households, book.members, book.allocation, event)
    cotisations.evolve_member_left(book.cotisations, event.member, f"{book.caisse.calendar.day(at_us):%Y-%m}")


def _emptied(book: "Book", event: said.PurseEmptied, _position: int, _at_us: int) -> None:
    households.evolve_emptied(book.households, book.members, book.allocation, book.funds, event)


def _given(book: "Book", event: credit_events.EmergencyGiven, _position: int, at_us: int) -> None:
    emergency.evolve_given(book.emergency, event, book.caisse.calendar.day(at_us))


FOLDS: Final[dict[type, Callable[..., None]]] = {
    said.EaterJoined: _class,
    said.EaterClassSet: _class,
    said.EaterLeft: lambda book, event, _p, _a: households.evolve_eater_left(book.members, event),
    said.EaterClassChanged: lambda book, event, _p, _a: households.evolve_class_changed(book.members, event),
    said.HouseholdSeparated: _separated,
    said.MemberLeft: _left,
    said.PurseEmptied: _emptied,
    said.MoneyBackProposed: lambda book, event, _p, _a: households.evolve_back_proposed(book.households, event),
    said.MoneyBackConfirmed: lambda book, event, _p, _a: households.evolve_back_confirmed(book.households, event),
    said.CardLimitSet: lambda book, event, _p, at_us: card_limits.evolve_limit(book.card_limits, event, at_us),
    said.SpareCardMade: lambda book, event, _p, _a: emergency.evolve_spare(book.members, event),
    said.CardBound: lambda book, event, _p, _a: emergency.evolve_bound(book.members, event),
    said.HouseholdRulesSet: lambda book, event, _p, _a: households.evolve_rules(book.households, event),
    credit_events.LapseAnnounced: lambda book, event, _p, _a: lapsing.evolve_announced(book.allocation, event),
    credit_events.CohortRolled: lambda book, event, _p, _a: lapsing.evolve_rolled(book.allocation, book.members, event),
    credit_events.EmergencyRuleSet: lambda book, event, _p, _a: emergency.evolve_rule(book.emergency, event),
    credit_events.EmergencyGiven: _given,
}
