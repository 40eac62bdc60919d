"""Law: the events of a command are those of its verb, one per item of its body, and repeat each value the person signed.

Verbs that are not in the tables, and the founding, are decided again on the book before them: their events must be those.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from clearing.audit.findings import BadEvent
from clearing.authoriser import bodies, commands
from clearing.authoriser.founding import decide_found
from clearing.events import caisse, funds, members, producers, settlement
from clearing.events.catalogue import Event
from clearing.events.charte import Charte
from clearing.events.records import field_names
from clearing.rules.answers import Declined
from clearing.rules.book import Book
from clearing.rules.people.members import card_called
from clearing.values import PersonId
from clearing.wire.commands import Command

Fields = Mapping[str, object]

_ONE: Final[dict[str, tuple[type, ...]]] = {
    "propose_person": (caisse.PersonProposed,), "confirm_person": (caisse.PersonNamed,),
    "remove_person": (caisse.PersonRemoved,), "record_decision": (caisse.DecisionRecorded,),
    "adopt_charte": (caisse.CharteAdopted,), "notify_money": (funds.MoneyNotified,),
    "receive_money": (funds.MoneyReceived,), "grant": (funds.AllocationGranted, funds.AllocationDeclined),
    "grant_single": (funds.SingleGranted,),
    "credit_purse": (funds.PurseCredited,), "change_groups": (members.MemberGroupsChanged,),
    "block_card": (members.CardBlocked,), "unblock_card": (members.CardUnblocked,),
    "suspend_convention": (producers.ConventionSuspended,), "resume_convention": (producers.ConventionResumed,),
    "open_slot": (producers.TerminalSlotOpened,), "suspend_terminal": (producers.TerminalSuspended,),
    "resume_terminal": (producers.TerminalResumed,), "close_batch": (settlement.BatchClosed,),
    "approve_batch": (settlement.BatchApproved, settlement.BatchEndorsed), "export_batch": (settlement.BatchExported,),
    "confirm_payout": (settlement.PayoutConfirmed,), "return_payout": (settlement.PayoutReturned,),
    "confirm_clock": (caisse.ClockConfirmed,),
}  # fmt: skip
_LISTS: Final[dict[str, tuple[str, type]]] = {
    "admit_members": ("members", members.MemberAdmitted), "issue_cards": ("cards", members.CardIssued),
    "admit_producers": ("producers", producers.ProducerAdmitted),
    "sign_conventions": ("conventions", producers.ConventionSigned),
    "propose_bank_details": ("details", producers.BankDetailsProposed),
    "approve_bank_details": ("producers", producers.BankDetailsApproved),
    "enrol_terminals": ("terminals", producers.TerminalEnrolled),
}  # fmt: skip
_OTHER_NAMES: Final = {"digest": "details"}
"""Fields that are called otherwise in a body than in the event."""


@dataclass(frozen=True, slots=True)
class Expected:
    """One event that a command asked for. by: who gave it. exact: what it has to be, when it was decided again."""

    types: tuple[type, ...]
    fields: Fields
    by: PersonId | None
    exact: Event | None = None

    def named(self) -> str:
        return " or ".join(kind.__name__ for kind in self.types)


def expected_events(command: Command, by: PersonId | None, position: int, book: Book, at_us: int) -> list[Expected]:
    """What the command's events have to be, in order. book: before it; at_us: of its first event. Raises BadEvent."""
    body = command.body
    if command.verb in _LISTS:
        name, kind = _LISTS[command.verb]
        listed = [Expected((kind,), item, by) for item in _items(body, name)]
        if listed:
            return listed
    elif command.verb in _ONE and not _of_several(command.verb, book):
        return [Expected(_ONE[command.verb], body, by)]
    elif command.verb in commands.VERBS and by is not None:
        return _again(commands.decide(command.verb, commands.Order(
            book=book, body=bodies.Body(dict(body), f"The command {command.verb}"), by=by, at_us=at_us,
            details_wait_us=0, clock_step_us=0,
        )), position)  # fmt: skip
    raise BadEvent(position, f"the command '{command.verb}' makes no events")


def _of_several(verb: str, book: Book) -> bool:
    """Whether draws of the day are shared with the batch, or payouts may be handed over with its approval."""
    return bool(
        (verb == "close_batch" and book.solidarity.claims) or (verb == "approve_batch" and book.interchange.joint)
    )


def founding_events(command: Command, founder_kid: bytes, position: int, at_us: int) -> list[Expected]:
    """The same for a founding, which stands on no book. Raises BadEvent."""
    return _again(decide_found(command.caisse, dict(command.body), founder_kid=founder_kid, at_us=at_us), position)


def _again(decided: tuple[Event, ...] | Declined, position: int) -> list[Expected]:
    if isinstance(decided, Declined):
        raise BadEvent(position, f"the rules do not allow its command: {decided.why}")
    return [Expected((type(event),), {}, None, event) for event in decided]


def _items(body: Fields, name: str) -> list[Fields]:
    items = body.get(name)
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def same_content(expected: Expected, event: Event, position: int, book: Book) -> None:
    """Raises BadEvent when the event is not the one that was asked for."""
    if not isinstance(event, expected.types):
        raise BadEvent(position, f"its command asked for {expected.named()}, not for {type(event).__name__}")
    if expected.exact is not None:
        differs = [name for name in field_names(type(event)) if getattr(event, name) != getattr(expected.exact, name)]
        if differs:
            raise BadEvent(position, f"'{differs[0]}' differs from what the rules make of its command")
        return
    giver = getattr(event, "named_by", ()) if isinstance(event, caisse.PersonNamed) else (getattr(event, "by", None),)
    if expected.by is not None and expected.by not in giver:
        raise BadEvent(position, f"it names another person than {expected.by}, who signed the command")
    if isinstance(event, caisse.CharteAdopted):
        differs = [] if _charte(expected.fields) == event.charte else ["charte"]
    else:
        differs = [name for name, value in expected.fields.items() if not _equal(event, name, value, book)]
    if differs:
        raise BadEvent(position, f"'{differs[0]}' differs from what the person signed")


def _charte(fields: Fields) -> Charte:
    return bodies.charte(bodies.Body(dict(fields), "The charte"))


def _equal(event: Event, name: str, asked: object, book: Book) -> bool:
    if isinstance(event, members.CardBlocked | members.CardUnblocked) and name == "alias":
        return isinstance(asked, str) and card_called(book.members, asked) == event.card
    recorded = getattr(event, _OTHER_NAMES.get(name, name), None)
    if isinstance(event, caisse.DecisionRecorded) and name == "tallies":
        recorded = tuple(tally._asdict() for tally in event.tallies)
    if isinstance(recorded, tuple):
        items = asked if isinstance(asked, list) else []
        return sorted(set(recorded)) == sorted(set(items)) if name == "groups" else list(recorded) == items
    return bool(recorded == asked)
