"""Law: an office is a set of roles; a command is given by whoever has one of its roles, and by nobody else.

Rooms as in clearing/authoriser/verbs; a verb that is not here does not exist.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from clearing.rules.answers import Declined, not_now
from clearing.values import PersonId, TerminalId

DEPUTIES: Final[Mapping[str, str]] = {
    "treasurer-deputy": "treasurer", "approver-deputy": "approver", "clerk-deputy": "clerk",
}  # fmt: skip
"""Role of a deputy -> the office that she fills when its holder is away: with the same rights, named by two people too."""
ROLES: Final = ("treasurer", "approver", "clerk", "desk", "helper", "operator", "auditor", "buyer", "prover", *DEPUTIES)
"""helper: gives emergency credit on a spare card, and nothing else. buyer: a mandatary who orders for a collective account.
prover: a technical person, whose key signs the daily proofs, and nothing else."""
_MONEY, _RULES, _DESK, _MACHINES = ("treasurer",), ("clerk", "treasurer"), ("desk", "treasurer"), ("operator", "treasurer")
_OFFICE, _BUYING = ("treasurer", "approver", "clerk", "desk"), ("buyer", "desk", "treasurer", "approver")
Roles = dict[str, tuple[str, ...]]

_OFFICERS: Final[Roles] = {
    "propose_person": ("treasurer", "approver", "clerk"),
    "confirm_person": ("treasurer", "approver", "clerk"),
    "remove_person": ("treasurer", "approver"),
    "confirm_clock": ("operator",),
}
_FACTORS: Final[Roles] = {
    "add_passkey": ROLES,
    "remove_passkey": ROLES,
    "propose_new_factor": ("treasurer", "approver", "clerk"),
    "allow_new_factor": ("treasurer", "approver", "clerk"),
    "pair_new_factor": ROLES,
    "drop_new_factor": ("treasurer", "approver", "clerk"),
}
_VOTED: Final[Roles] = {
    "record_decision": _RULES,
    "approve_decision": ("approver", "clerk", "treasurer"),
    "suspend_decision": _RULES,
    "resume_decision": _RULES,
    "annul_decision": _RULES,
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
_HOUSEHOLDS: Final[Roles] = {
    "join_household": _DESK,
    "change_class": _DESK,
    "leave_household": _DESK,
    "separate_household": _DESK,
    "leave_caisse": _DESK,
    "propose_pay_back": _DESK,
    "confirm_pay_back": _MONEY,
    "limit_card": _DESK,
    "make_spare_cards": _DESK,
    "bind_card": _DESK,
    "set_household_rules": _RULES,
    "set_emergency_rule": _RULES,
    "give_emergency": ("helper", "desk", "treasurer"),
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
    "answer_payouts": _MONEY,
    "close_payout_question": _MONEY,
    "reissue_payout": _MONEY,
    "withdraw_payouts": ("treasurer", "approver"),
    "set_payout_rules": _RULES,
    "hold_payout": ("treasurer", "approver"),
    "propose_payout_release": ("treasurer", "approver"),
    "release_payout": ("treasurer", "approver"),
    "report_account": ("treasurer", "approver"),
    "record_payee_check": _MONEY,
    "propose_adjustment": _MONEY,
    "make_adjustment": ("treasurer", "approver"),
    "drop_adjustment": ("treasurer", "approver"),
    "open_contest": _DESK,
    "answer_contest": _DESK,
    "decide_contest": ("approver", "clerk", "treasurer"),
    "appeal_contest": _DESK,
    "close_contest": ("desk", "treasurer", "approver"),
}
_LISTS: Final[Roles] = {
    "list_products": ("clerk", "treasurer", "desk"),
    "list_prices": ("clerk", "treasurer", "desk"),
}
_FUNDERS: Final[Roles] = {
    "notify_subsidy": _MONEY,
    "receive_subsidy": _MONEY,
    "reduce_subsidy": _MONEY,
    "withdraw_announcement": _MONEY,
    "bind_fund": _RULES,
    "vote_advance": _RULES,
    "propose_transfer": _MONEY,
    "confirm_transfer": ("treasurer", "approver"),
    "drop_transfer": ("treasurer", "approver"),
    "propose_repayment": _MONEY,
    "confirm_repayment": ("treasurer", "approver"),
    "drop_repayment": ("treasurer", "approver"),
    "repayment_paid": _MONEY,
    "repayment_sent_back": _MONEY,
    "freeze_credits": _RULES,
    "resume_credits": _RULES,
}
_ENDING: Final[Roles] = {
    "propose_closure": _MONEY,
    "confirm_closure": ("treasurer", "approver"),
    "release_own_money": _MONEY,
    "own_money_paid": _MONEY,
    "release_rests": _MONEY,
    "rest_paid": _MONEY,
    "producer_repaid": _MONEY,
    "seal_caisse": ("treasurer", "approver"),
}
_SOLIDARITY: Final[Roles] = {
    "set_solidarity_rule": _RULES,
    "sell_coupons": _DESK,
    "set_bonus_rule": _RULES,
}
_COTISATIONS: Final[Roles] = {
    "set_cotisation_rule": _RULES,
    "agree_cotisation": _DESK,
    "end_cotisation": _DESK,
    "receive_cotisation": _DESK,
    "return_cotisation": _MONEY,
    "write_off_cotisation": ("treasurer", "approver"),
    "propose_correction": _DESK,
    "confirm_correction": ("treasurer", "approver"),
    "drop_correction": ("desk", "treasurer", "approver"),
    "count_deposit": ("desk", "treasurer", "approver"),
    "confirm_deposit": ("desk", "treasurer", "approver"),
    "discard_deposit": ("desk", "treasurer", "approver"),
    "receive_gift": _DESK,
    "propose_legal_basis": _RULES,
    "enter_legal_basis": ("clerk", "treasurer", "approver"),
    "issue_tax_receipts": _MONEY,
    "cancel_tax_receipt": _MONEY,
}
_DEBITS: Final[Roles] = {
    "name_creditor": _MONEY,
    "set_debit_rule": _RULES,
    "sign_mandates": _DESK,
    "change_mandate": _DESK,
    "revoke_mandate": _DESK,
    "suspend_mandate": _DESK,
    "resume_mandate": _DESK,
    "propose_collection": _MONEY,
    "approve_collection": ("approver",),
    "drop_collection": ("treasurer", "approver"),
    "leave_out_debit": ("treasurer", "approver"),
    "announce_collection": _DESK,
    "export_collection": ("treasurer", "approver"),
    "answer_collection": _MONEY,
    "count_collection": _MONEY,
}
_CONTRACTS: Final[Roles] = {
    "open_season": _DESK,
    "sign_contract": _DESK,
    "pay_instalment": _DESK,
    "pay_fund_parts": _MONEY,
    "return_instalment": _DESK,
    "record_deliveries": _DESK,
    "skip_delivery": _DESK,
    "swap_deliveries": _DESK,
    "declare_crop_loss": _DESK,
    "end_contract": _DESK,
    "end_season": _DESK,
    "take_over_fund_part": _DESK,
    "shrink_contract": _DESK,
    "pay_over_contracts": _MONEY,
    "refund_contract": _MONEY,
}
_ACCOUNTS: Final[Roles] = {
    "propose_account": _RULES,
    "open_account": _OFFICE,
    "propose_mandatary": _OFFICE,
    "name_mandatary": _OFFICE,
    "propose_revocation": _OFFICE,
    "revoke_mandatary": _OFFICE,
}
_ORDERS: Final[Roles] = {
    "place_order": _BUYING,
    "place_joint_order": _BUYING,
    "confirm_order": _BUYING,
    "note_delivery": _BUYING,
    "dispute_line": _BUYING,
    "cancel_order": _BUYING,
    "propose_dispute_end": _BUYING,
    "resolve_dispute": _OFFICE,
    "propose_exception_end": _DESK,
    "resolve_exception": _OFFICE,
}
_UNITS: Final[Roles] = {
    "open_unit": _RULES,
    "issue_unit": _DESK,
    "move_units": _DESK,
    "take_back_unit": _DESK,
}
_JOINING: Final[Roles] = {
    "record_join_asked": _DESK,
    "propose_join": ("desk", "treasurer", "approver"),
    "allow_join": ("desk", "treasurer", "approver"),
    "drop_join": ("desk", "treasurer", "approver"),
}
_OPENING: Final[Roles] = {
    "propose_opening": _MONEY,
    "accept_opening": ("approver", "treasurer"),
    "discard_opening": ("approver", "treasurer"),
}
_PROOFS: Final[Roles] = {
    "take_proofs": ("prover", "operator", "treasurer", "approver"),
    "propose_going_on": ("treasurer", "approver"),
    "confirm_going_on": ("treasurer", "approver"),
}
_BETWEEN: Final[Roles] = {
    "recognise_caisse": _RULES,
    "net_interchange": _MONEY,
    "pay_netting": _MONEY,
    "propose_write_off": _MONEY,
    "confirm_write_off": ("treasurer", "approver"),
    "drop_write_off": ("treasurer", "approver"),
    "propose_joint_payout": _MONEY,
    "agree_joint_payout": ("treasurer", "approver"),
    "end_joint_payout": ("treasurer", "approver"),
}
_BANK: Final[Roles] = {
    "import_statement": _MONEY,
    "match_lines": _MONEY,
    "undo_match": _MONEY,
    "state_bank_balance": _MONEY,
    "set_charges_rule": _RULES,
    "save_column_mapping": _MONEY,
}

_BOOKS: Final[Roles] = {
    "set_account_plan": _MONEY,
    "propose_month_close": _MONEY,
    "confirm_month_close": ("treasurer", "approver"),
    "drop_month_close": ("treasurer", "approver"),
}

ALLOWED_ROLES: Final[Mapping[str, tuple[str, ...]]] = {
    **_OFFICERS,
    **_FACTORS,
    **_VOTED,
    **_MONEY_IN,
    **_PEOPLE,
    **_STALLS,
    **_PAYOUTS,
    **_LISTS,
    **_HOUSEHOLDS,
    **_FUNDERS,
    **_ENDING,
    **_SOLIDARITY,
    **_COTISATIONS,
    **_DEBITS,
    **_CONTRACTS,
    **_ACCOUNTS,
    **_ORDERS,
    **_UNITS,
    **_OPENING,
    **_BETWEEN,
    **_JOINING,
    **_PROOFS,
    **_BANK,
    **_BOOKS,
}
"""verb -> roles of which one is enough."""


@dataclass(slots=True)
class Person:
    person: PersonId
    number: TerminalId
    epoch: int
    key: bytes
    roles: tuple[str, ...]
    active: bool = True


def acting(person: Person) -> set[str]:
    """A person's roles, and those that she fills as a deputy."""
    return filled(person.roles)


def filled(roles: Iterable[str]) -> set[str]:
    """These roles, and those that deputies among them fill."""
    return {office for role in roles for office in (role, DEPUTIES.get(role, role))}


def holders_of(persons: Iterable[Person], role: str) -> list[PersonId]:
    """Who has the office itself."""
    return [one.person for one in persons if one.active and role in one.roles]


def deputies_of(persons: Iterable[Person], role: str) -> list[PersonId]:
    """Who fills it when its holders are away."""
    return [one.person for one in persons if one.active and any(DEPUTIES.get(name) == role for name in one.roles)]


def may(person: Person | None, verb: str) -> Declined | None:
    """Whether a person may give a command at all; None when yes."""
    if person is None or not person.active:
        return not_now("This person has no office in this caisse any more; ask another officer to give the command.")
    roles = ALLOWED_ROLES[verb]
    if not set(roles) & acting(person):
        return not_now(f"{person.person} has the roles {', '.join(person.roles)}; {verb} needs one of: {', '.join(roles)}.")
    return None
