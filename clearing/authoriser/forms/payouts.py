"""Law: batches and their transfers, who is not paid for now, adjustments, contested purchases."""

from typing import Final

from clearing.authoriser.forms.fields import Amount, Bytes, Choice, Flag, Form, Id, Instant, Many, Number, Rows, Text
from clearing.authoriser.forms.words import (
    CENTS,
    DAY,
    DECISION,
    DIGEST,
    FUND_IF_ANY,
    PRODUCER,
    REASON,
    REFERENCE,
    TERMINAL,
)
from clearing.rules.collective.orders import LINES_MAX
from clearing.rules.stalls.contests import COSTS, OUTCOMES
from clearing.rules.stalls.holding import CHECKS, REPORTS
from clearing.rules.stalls.payouts import REASON_CHARS_MAX, Answer
from clearing.rules.stalls.settlement import WEEKDAYS
from clearing.rules.treasury.adjusting import KINDS

ANSWERS_MAX: Final = 5_000  # of one command; a bank's message of more is given in parts
_BATCH: Final = Number(lowest=1, of="batch")
_CENTS_IF_ANY: Final = Amount(optional=True)
_ADJUSTMENT: Final = Number(lowest=1, of="adjustment")
_CONTEST: Final = Number(lowest=1, of="contest")
_SAID: Final = Text(shortest=0, optional=True)

_BATCHES: Final[dict[str, Form]] = {
    "close_batch": {"closed_on": DAY},
    "withdraw_payouts": {"batch": _BATCH, "producers": Many(each=PRODUCER), "reason": REASON},
    "approve_batch": {"batch": _BATCH, "execution_on": DAY},
    "export_batch": {"batch": _BATCH, "message_id": Text(), "file_sha256": Bytes(size=32)},
    "confirm_payout": {"batch": _BATCH, "producer": PRODUCER, "reference": REFERENCE},
    "return_payout": {"batch": _BATCH, "producer": PRODUCER, "reason": REASON},
    "answer_payouts": {
        "batch": _BATCH,
        "rows": Rows(most=ANSWERS_MAX, of={
            "producer": PRODUCER, "state": Choice(words=tuple(Answer)),
            "code": Text(shortest=0, longest=REASON_CHARS_MAX, optional=True), "text": _SAID, "on": DAY, "reference": _SAID,
        }),
    },
    "close_payout_question": {"batch": _BATCH, "producer": PRODUCER, "found": Text()},
    "reissue_payout": {"payouts": Rows(of={"batch": _BATCH, "producer": PRODUCER})},
}  # fmt: skip
_HOLDING: Final[dict[str, Form]] = {
    "set_payout_rules": {
        "decision": DECISION, "minimum_cents": _CENTS_IF_ANY, "minimum_days": Number(highest=366, optional=True),
        "negative_cap_cents": _CENTS_IF_ANY, "payout_days": Many(each=Choice(words=WEEKDAYS)), "two_above_cents": _CENTS_IF_ANY,
    },
    "hold_payout": {"producer": PRODUCER, "reason": REASON},
    "propose_payout_release": {"producer": PRODUCER, "reason": REASON},
    "release_payout": {"producer": PRODUCER},
    "report_account": {"producer": PRODUCER, "what": Choice(words=REPORTS)},
    "record_payee_check": {
        "producer": PRODUCER, "details": DIGEST, "state": Choice(words=CHECKS),
        "name": Bytes(size=32, or_empty=True), "on": DAY,
    },
}  # fmt: skip
_ADJUSTING: Final[dict[str, Form]] = {
    "propose_adjustment": {
        "kind": Choice(words=KINDS), "who": Id(), "cents": CENTS, "reason": REASON, "fund": FUND_IF_ANY,
        "purse": Id(of="purse", optional=True), "expires_us": Instant(optional=True), "error": Text(optional=True),
    },
    "make_adjustment": {"adjustment": _ADJUSTMENT, "cents": CENTS},
    "drop_adjustment": {"adjustment": _ADJUSTMENT},
}  # fmt: skip
_CONTESTS: Final[dict[str, Form]] = {
    "open_contest": {"terminal": TERMINAL, "x": Bytes(size=16), "line": Number(highest=LINES_MAX), "reason": REASON},
    "answer_contest": {"contest": _CONTEST, "agrees": Flag(), "text": Text()},
    "decide_contest": {
        "contest": _CONTEST, "outcome": Choice(words=OUTCOMES), "cost": Choice(words=COSTS, optional=True), "fund": FUND_IF_ANY,
        "reason": REASON,
    },
    "appeal_contest": {"contest": _CONTEST, "body": Text(), "of": Choice(words=OUTCOMES), "reason": REASON},
    "close_contest": {"contest": _CONTEST, "reason": REASON},
}  # fmt: skip

FORMS: Final[dict[str, Form]] = {**_BATCHES, **_HOLDING, **_ADJUSTING, **_CONTESTS}
