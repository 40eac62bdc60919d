"""Law: the events of a command are those of its verb, one per item of its body, and repeat each value the person signed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from clearing.audit.findings import BadEvent
from clearing.authoriser import bodies
from clearing.events import caisse, funds, members, producers, settlement
from clearing.events.catalogue import Event
from clearing.events.charte import Charte
from clearing.rules.book import Book
from clearing.rules.members import card_called
from clearing.values import PersonId
from clearing.wire.commands import Command

Fields = Mapping[str, object]

_ONE: Final[dict[str, tuple[type, ...]]] = {
    "propose_person": (caisse.PersonProposed,), "confirm_person": (caisse.PersonNamed,),
    "remove_person": (caisse.PersonRemoved,), "record_decision": (caisse.DecisionRecorded,),
    "adopt_charte": (caisse.CharteAdopted,), "open_fund": (funds.FundOpened,), "notify_money": (funds.MoneyNotified,),
    "receive_money": (funds.MoneyReceived,), "set_allocation_rule": (funds.AllocationRuleSet,),
    "grant": (funds.AllocationGranted, funds.AllocationDeclined), "grant_single": (funds.SingleGranted,),
    "credit_purse": (funds.PurseCredited,), "change_groups": (members.MemberGroupsChanged,),
    "block_card": (members.CardBlocked,), "unblock_card": (members.CardUnblocked,),
    "suspend_convention": (producers.ConventionSuspended,), "resume_convention": (producers.ConventionResumed,),
    "open_slot": (producers.TerminalSlotOpened,), "suspend_terminal": (producers.TerminalSuspended,),
    "resume_terminal": (producers.TerminalResumed,), "close_batch": (settlement.BatchClosed,),
    "approve_batch": (settlement.BatchApproved,), "export_batch": (settlement.BatchExported,),
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
_FOUNDING: Final[tuple[tuple[str, type], ...]] = (
    ("persons", caisse.PersonNamed), ("decisions", caisse.DecisionRecorded), ("funds", funds.FundOpened),
    ("chartes", caisse.CharteAdopted), ("allocation_rules", funds.AllocationRuleSet),
)  # fmt: skip
_FOUNDING_LISTS: Final = frozenset(name for name, _ in _FOUNDING)
_OTHER_NAMES: Final = {"digest": "details"}
"""Fields that are called otherwise in a body than in the event."""


@dataclass(frozen=True, slots=True)
class Expected:
    """One event that a command asked for. by: who gave it, None at the founding."""

    types: tuple[type, ...]
    fields: Fields
    by: PersonId | None

    def named(self) -> str:
        return " or ".join(kind.__name__ for kind in self.types)


def expected_events(command: Command, by: PersonId | None, position: int) -> list[Expected]:
    """What the command's events have to be, in order. Raises BadEvent for a verb that makes none."""
    body = command.body
    if command.verb == "found":
        caisse_itself = {name: value for name, value in body.items() if name not in _FOUNDING_LISTS}
        founding = [Expected((caisse.CaisseFounded,), caisse_itself, None)]
        return founding + [Expected((kind,), item, None) for name, kind in _FOUNDING for item in _items(body, name)]
    if command.verb in _LISTS:
        name, kind = _LISTS[command.verb]
        listed = [Expected((kind,), item, by) for item in _items(body, name)]
        if listed:
            return listed
    elif command.verb in _ONE:
        return [Expected(_ONE[command.verb], body, by)]
    raise BadEvent(position, f"the command '{command.verb}' makes no events")


def _items(body: Fields, name: str) -> list[Fields]:
    items = body.get(name)
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def same_content(expected: Expected, event: Event, position: int, book: Book) -> None:
    """Raises BadEvent when the event is not the one that was asked for."""
    if not isinstance(event, expected.types):
        raise BadEvent(position, f"its command asked for {expected.named()}, not for {type(event).__name__}")
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
    if isinstance(recorded, tuple):
        items = asked if isinstance(asked, list) else []
        return sorted(set(recorded)) == sorted(set(items)) if name == "groups" else list(recorded) == items
    return bool(recorded == asked)
