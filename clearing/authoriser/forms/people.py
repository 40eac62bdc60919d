"""Law: officers, members, their households and cards, accounts of groups, and units beside the euro."""

from typing import Final

from clearing.authoriser.forms.fields import Amount, Bytes, Choice, Form, Id, Many, Month, Number, Rows, Text
from clearing.authoriser.forms.words import (
    ACCOUNT,
    CARD,
    CENTS,
    DIGEST,
    GROUPS,
    KEY,
    MANDATARY,
    MEMBER,
    PERSON,
    REASON,
    REFERENCE,
    UNIT,
)
from clearing.events.codes import Code
from clearing.rules.people.households import REASONS, WAYS
from clearing.rules.voted.offices import ROLES
from clearing.wire.passkey import ALGORITHMS, ED25519, ES256, KEY_BYTES

_CARD_KEYS: Final[Form] = {"card": Bytes(size=16), "key_version": Number(lowest=1), "alias": Text()}
_OFFICER: Final[Form] = {"person": PERSON, "key": KEY, "roles": Many(each=Choice(words=ROLES))}
_CLASS: Final[Form] = {
    "member": MEMBER, "eater": Id(of="eater"), "credit_class": Id(of="class"), "next_class": Id(of="class", optional=True),
    "next_period": Month(optional=True),
}  # fmt: skip
_MANDATE: Final[Form] = {
    "account": ACCOUNT, "mandatary": MANDATARY, "alias": CARD, "purchase_cents": CENTS, "month_cents": CENTS,
}  # fmt: skip
_LOOK: Final[Form] = {"member": MEMBER, "reason": REASON}
_PIECES: Final = Number(lowest=1, highest=100_000_000)
_HOLDER: Final = Text(of="holder")  # "member:ID" or "producer:ID"
_AT_HOLDER: Final[Form] = {"unit": UNIT, "pieces": _PIECES, "holder": _HOLDER, "reference": REFERENCE}

FORMS: Final[dict[str, Form]] = {
    "propose_person": _OFFICER,
    "confirm_person": _OFFICER,
    "remove_person": {"person": PERSON},
    "confirm_clock": {},
    "add_passkey": {
        "passkey": DIGEST, "algorithm": Choice(words=ALGORITHMS),
        "key": Bytes(size=KEY_BYTES[ES256], also=KEY_BYTES[ED25519]), "site": Text(), "label": Text(longest=40),
    },
    "remove_passkey": {"passkey": DIGEST},
    "propose_new_factor": {"person": PERSON, "reason": REASON},
    "allow_new_factor": {"person": PERSON, "address_sha256": DIGEST},
    "pair_new_factor": {},
    "drop_new_factor": {"person": PERSON},
    "admit_members": {"members": Rows(of={"member": Id(new=True), "groups": GROUPS})},
    "change_groups": {"member": MEMBER, "groups": GROUPS},
    "issue_cards": {"cards": Rows(of={**_CARD_KEYS, "member": MEMBER})},
    "block_card": {"alias": CARD, "code": Choice(words=(Code.LOST.value, Code.STOLEN.value, Code.BLOCKED.value))},
    "unblock_card": {"alias": CARD},
    "join_household": {"eaters": Rows(of=_CLASS)},
    "change_class": _CLASS,
    "leave_household": {"member": MEMBER, "eater": Id(of="eater")},
    "separate_household": {
        "member": MEMBER, "new_member": Id(new=True), "eaters": Many(each=Id(of="eater")), "cards": Many(each=CARD),
        "spare": Text(of="spare", optional=True),
    },
    "leave_caisse": {"member": MEMBER, "reason": Choice(words=REASONS)},
    "propose_pay_back": {"member": MEMBER, "how": Choice(words=WAYS), "reference": REFERENCE},
    "confirm_pay_back": {"member": MEMBER, "cents": CENTS},
    "limit_card": {
        "alias": CARD, "sale_cents": Amount(optional=True), "day_cents": Amount(optional=True),
        "month_cents": Amount(optional=True),
    },
    "make_spare_cards": {"cards": Rows(of=_CARD_KEYS)},
    "bind_card": {"alias": Text(of="spare"), "member": MEMBER},
    "give_emergency": {
        "rule": Id(of="emergency"), "cents": CENTS, "alias": Text(of="spare"), "member": Id(new=True),
        "decision": Id(of="decision", optional=True),
    },
    "propose_account": {"account": ACCOUNT, "two_person_cents": CENTS},
    "open_account": {"account": ACCOUNT, "two_person_cents": CENTS},
    "propose_mandatary": _MANDATE,
    "name_mandatary": _MANDATE,
    "propose_revocation": {"account": ACCOUNT, "mandatary": MANDATARY},
    "revoke_mandatary": {"account": ACCOUNT, "mandatary": MANDATARY},
    "record_join_asked": _LOOK,
    "propose_join": _LOOK,
    "allow_join": _LOOK,
    "drop_join": {"member": MEMBER},
    "open_unit": {"unit": Id(new=True), "name": Text()},
    "issue_unit": _AT_HOLDER,
    "take_back_unit": _AT_HOLDER,
    "move_units": {
        "unit": UNIT,
        "moves": Rows(of={"pieces": _PIECES, "giver": _HOLDER, "taker": _HOLDER, "reference": REFERENCE}),
    },
}  # fmt: skip
