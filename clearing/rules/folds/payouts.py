"""Law: batches and payouts as their events left them."""

from collections.abc import Callable
from typing import Final

from clearing.events import settlement as said
from clearing.rules.stalls import answering, holding, settlement

FOLDS: Final[dict[type, Callable[..., None]]] = {
    said.BatchClosed: lambda book, event, _p, _a: settlement.evolve_closed(book.settlement, event),
    said.BatchEndorsed: lambda book, event, _p, _a: settlement.evolve_endorsed(book.settlement, event),
    said.BatchApproved: lambda book, event, _p, _a: settlement.evolve_approved(book.settlement, event),
    said.BatchExported: lambda book, event, _p, _a: settlement.evolve_exported(book.settlement, event),
    said.PayoutConfirmed: lambda book, event, _p, _a: answering.evolve_confirmed(book.settlement, event),
    said.PayoutReturned: lambda book, event, _p, _a: answering.evolve_returned(book.settlement, event),
    said.PayoutAnswered: lambda book, event, _p, _a: answering.evolve_answered(book.settlement, event),
    said.PayoutQuestionClosed: lambda book, event, _p, _a: answering.evolve_question_closed(book.settlement, event),
    said.PayoutsWithdrawn: lambda book, event, _p, _a: answering.evolve_withdrawn(book.settlement, event),
    said.PayoutRulesSet: lambda book, event, _p, _a: holding.evolve_rules(book.settlement, event),
    said.PayoutHeld: lambda book, event, _p, _a: holding.evolve_held(book.settlement, event),
    said.ReleaseProposed: lambda book, event, _p, _a: holding.evolve_release_proposed(book.settlement, event),
    said.PayoutReleased: lambda book, event, _p, _a: holding.evolve_released(book.settlement, event),
    said.AccountReported: lambda book, event, _p, _a: holding.evolve_reported(book.producers, event),
    said.PayeeChecked: lambda book, event, _p, _a: holding.evolve_checked(book.settlement, event),
}
