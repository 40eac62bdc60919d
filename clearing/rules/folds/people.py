"""Law: members, cards and groups as their events left them."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from clearing.events import members as member_events
from clearing.rules.people import members

if TYPE_CHECKING:
    from clearing.rules.book import Book


def _groups_changed(book: "Book", event: member_events.MemberGroupsChanged, position: int, _at_us: int) -> None:
    book.allocation.settle(book.members.members[event.member])
    members.evolve_groups(book.members, event, position)


FOLDS: Final[dict[type, Callable[..., None]]] = {
    member_events.MemberAdmitted: lambda book, event, p, _a: members.evolve_admitted(book.members, event, p),
    member_events.MemberGroupsChanged: _groups_changed,
    member_events.CardIssued: lambda book, event, _p, _a: members.evolve_card_issued(book.members, event),
    member_events.CardBlocked: lambda book, event, _p, _a: members.evolve_card_blocked(book.members, event),
    member_events.CardUnblocked: lambda book, event, _p, _a: members.evolve_card_unblocked(book.members, event),
}
