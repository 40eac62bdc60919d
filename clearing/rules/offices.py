"""Law: an office is a set of roles; a command is given by whoever has one of its roles, and by nobody else.

Rooms as in clearing/authoriser/verbs; a verb that is not here does not exist.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from clearing.rules.answers import Declined, not_now
from clearing.values import PersonId, TerminalId

ROLES: Final = ("treasurer", "approver", "clerk", "desk", "operator", "auditor")
_MONEY, _RULES, _DESK, _MACHINES = ("treasurer",), ("clerk", "treasurer"), ("desk", "treasurer"), ("operator", "treasurer")
Roles = dict[str, tuple[str, ...]]

_OFFICERS: Final[Roles] = {
    "propose_person": ("treasurer", "approver", "clerk"),
    "confirm_person": ("treasurer", "approver", "clerk"),
    "remove_person": ("treasurer", "approver"),
    "confirm_clock": ("operator",),
}
_VOTED: Final[Roles] = {
    "record_decision": _RULES,
    "adopt_charte": _RULES,
    "set_allocation_rule": _RULES,
}
_MONEY_IN: Final[Roles] = {
    "open_fund": _MONEY,
    "notify_money": _MONEY,
    "receive_money": _MONEY,
    "grant": _MONEY,
    "grant_single": _DESK,
    "credit_purse": _DESK,
}
_PEOPLE: Final[Roles] = {
    "admit_members": _DESK,
    "change_groups": _DESK,
    "issue_cards": _DESK,
    "block_card": _DESK,
    "unblock_card": _DESK,
}
_STALLS: Final[Roles] = {
    "admit_producers": _MONEY,
    "sign_conventions": _MONEY,
    "suspend_convention": _MONEY,
    "resume_convention": _MONEY,
    "propose_bank_details": _MONEY,
    "approve_bank_details": ("approver",),
    "open_slot": _MACHINES,
    "enrol_terminals": _MACHINES,
    "suspend_terminal": _MACHINES,
    "resume_terminal": _MACHINES,
}
_PAYOUTS: Final[Roles] = {
    "close_batch": _MONEY,
    "approve_batch": ("approver",),
    "export_batch": ("treasurer", "approver"),
    "confirm_payout": _MONEY,
    "return_payout": _MONEY,
}
_BETWEEN: Final[Roles] = {
    "recognise_caisse": _RULES,
    "net_interchange": _MONEY,
    "pay_netting": _MONEY,
}
ALLOWED_ROLES: Final[Mapping[str, tuple[str, ...]]] = {
    **_OFFICERS, **_VOTED, **_MONEY_IN, **_PEOPLE, **_STALLS, **_PAYOUTS,
    **_BETWEEN,
}  # fmt: skip
"""verb -> roles of which one is enough."""


@dataclass(slots=True)
class Person:
    person: PersonId
    number: TerminalId
    epoch: int
    key: bytes
    roles: tuple[str, ...]
    active: bool = True


def may(person: Person | None, verb: str) -> Declined | None:
    """Whether a person may give a command at all; None when yes."""
    if person is None or not person.active:
        return not_now("This person has no office in this caisse any more; ask another officer to give the command.")
    roles = ALLOWED_ROLES[verb]
    if not set(roles) & set(person.roles):
        return not_now(f"{person.person} has the roles {', '.join(person.roles)}; {verb} needs one of: {', '.join(roles)}.")
    return None
