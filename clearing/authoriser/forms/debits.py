"""Law: direct debits: the creditor's name, mandates, collections, and what the bank says of them."""

from typing import Final

from clearing.authoriser.forms.fields import Bytes, Choice, Day, Flag, Form, Id, Number, Rows, Text
from clearing.authoriser.forms.words import DAY, DECISION, DIGEST, MEMBER, MONTH, REASON
from clearing.rules.treasury.debit_answers import SAID
from clearing.rules.treasury.mandates import COUNTS_ON, HOW, KINDS

ANSWERS_MAX: Final = 20_000
_MANDATE: Final = Text(of="mandate")
_COLLECTION: Final = Number(lowest=1, of="collection")

FORMS: Final[dict[str, Form]] = {
    "name_creditor": {"creditor": Text(), "lead_days": Number(lowest=1, highest=99)},
    "set_debit_rule": {"notice_days": Number(highest=999), "counts_on": Choice(words=COUNTS_ON), "decision": DECISION},
    "sign_mandates": {"mandates": Rows(of={
        "mandate": Text(), "member": MEMBER, "kind": Choice(words=KINDS), "how": Choice(words=HOW), "signed_on": DAY,
        "used_on": Day(optional=True), "digest": DIGEST,
    })},
    "change_mandate": {"mandate": _MANDATE, "digest": DIGEST},
    "revoke_mandate": {"mandate": _MANDATE, "on": DAY, "reason": REASON},
    "suspend_mandate": {"mandate": _MANDATE, "reason": REASON},
    "resume_mandate": {"mandate": _MANDATE, "reason": REASON},
    "propose_collection": {"period": MONTH, "collect_on": DAY, "arrears": Flag()},
    "approve_collection": {"collection": _COLLECTION},
    "drop_collection": {"collection": _COLLECTION, "reason": REASON},
    "leave_out_debit": {"collection": _COLLECTION, "member": MEMBER, "reason": REASON},
    "announce_collection": {"collection": _COLLECTION, "sha256": Bytes(size=32)},
    "export_collection": {"collection": _COLLECTION, "message_id": Text(), "file_sha256": Bytes(size=32)},
    "answer_collection": {"collection": _COLLECTION, "rows": Rows(most=ANSWERS_MAX, of={
        "member": Id(of="member", optional=True), "debit": Text(optional=True), "state": Choice(words=SAID),
        "code": Text(shortest=0, optional=True), "text": Text(shortest=0, optional=True), "on": Text(shortest=0, optional=True),
        "reference": Text(shortest=0, optional=True), "sure": Flag(optional=True),
    })},
    "count_collection": {"collection": _COLLECTION},
}  # fmt: skip
