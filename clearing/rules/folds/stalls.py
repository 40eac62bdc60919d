"""Law: producers, conventions, accounts and terminals as their events left them."""

from collections.abc import Callable
from typing import Final

from clearing.events import producers as producer_events
from clearing.rules.stalls import producers

FOLDS: Final[dict[type, Callable[..., None]]] = {
    producer_events.ProducerAdmitted: lambda book, event, _p, _a: producers.evolve_admitted(book.producers, event),
    producer_events.ConventionSigned: lambda book, event, _p, _a: producers.evolve_signed(book.producers, event),
    producer_events.ConventionSuspended: lambda book, event, _p, _a: producers.evolve_suspended(book.producers, event),
    producer_events.ConventionResumed: lambda book, event, _p, _a: producers.evolve_resumed(book.producers, event),
    producer_events.BankDetailsProposed: lambda book, event, _p, _a: producers.evolve_details_proposed(book.producers, event),
    producer_events.BankDetailsApproved: lambda book, event, _p, _a: producers.evolve_details_approved(book.producers, event),
    producer_events.TerminalSlotOpened: lambda book, event, _p, _a: producers.evolve_slot_opened(book.producers, event),
    producer_events.TerminalSlotClosed: lambda book, event, _p, _a: producers.evolve_slot_closed(book.producers, event),
    producer_events.TerminalEnrolled: lambda book, event, _p, _a: producers.evolve_enrolled(book.producers, event),
    producer_events.TerminalSuspended: lambda book, event, _p, _a: producers.evolve_terminal_suspended(book.producers, event),
    producer_events.TerminalResumed: lambda book, event, _p, _a: producers.evolve_terminal_resumed(book.producers, event),
}
