"""Law: money of funds and funders, of cotisations and gifts, and what is left at the end."""

from typing import Final

from clearing.authoriser.forms.fields import (
    Amount,
    Choice,
    Day,
    Flag,
    Form,
    Id,
    Instant,
    Number,
    Rows,
    Table,
    Text,
)
from clearing.authoriser.forms.words import (
    CENTS,
    CONTRACT,
    DAY,
    DECISION,
    DIGEST,
    EARMARK,
    FUND,
    FUND_IF_ANY,
    GRANT,
    MEMBER,
    MONTH,
    PORTIONS,
    PRODUCER,
    PURSE,
    REASON,
    REFERENCE,
    SEASON,
)
from clearing.rules.amap.brought import SKIPPED
from clearing.rules.amap.deliveries import OUTCOMES
from clearing.rules.treasury.corrections import KINDS as CORRECTED
from clearing.rules.treasury.funds import KINDS
from clearing.rules.treasury.takings import BOXES
from clearing.values import CENTS_MAX

_MEANS: Final = Id(of="means")
_YEAR: Final = Number(lowest=2000, highest=9999)
_TRANSFER, _REPAYMENT = Number(lowest=1, of="transfer"), Number(lowest=1, of="repayment")
_DEPOSIT: Final = Number(lowest=1, of="deposit")
_PAID: Final[Form] = {"fund": FUND, "cents": CENTS, "reference": REFERENCE}
_LINE: Final[Form] = {"on": Day(optional=True), "another": Flag(optional=True)}  # of a bank line
_RECEIVED: Final[Form] = {**_PAID, **_LINE}
_ENTRY: Final[Form] = {"kind": Choice(words=CORRECTED), "contract": Id(of="contract", optional=True), "reference": REFERENCE}
_RIGHT: Final = Table(optional=True, of={
    "who": Text(), "rule": Id(of="cotisation", optional=True), "month": Text(optional=True), "cents": CENTS, "means": _MEANS,
})  # fmt: skip
_BASIS: Final[Form] = {"text": Text(), "articles": Text(), "over_contribution": Flag()}
_CLOSURE: Final[Form] = {"last_day": DAY, "heirs": Rows(of={"fund": FUND, "body": Text()}), "decision": DECISION}
_OPENING: Final[Form] = {
    "as_of": DAY, "bank_cents": Amount(lowest=-CENTS_MAX),
    "purses": Rows(of={
        "member": MEMBER, "purse": PURSE, "fund": FUND_IF_ANY, "cents": CENTS, "expires_us": Instant(optional=True),
    }),
    "funds": Rows(of={"fund": FUND, "notified_cents": CENTS, "received_cents": CENTS, "engaged_cents": CENTS}),
    "debts": Rows(of={"producer": PRODUCER, "cents": CENTS}),
    "arrears": Rows(of={
        "member": MEMBER, "rule": Id(of="cotisation"), "period": MONTH, "months": Number(lowest=1), "due_cents": CENTS,
        "paid_cents": Amount(optional=True),
    }),
    "contracts": Rows(of={
        "contract": CONTRACT, "season": SEASON, "member": MEMBER, "portions": PORTIONS, "joins_on": Day(optional=True),
        "instalments": Rows(of={"due_on": DAY, "cents": CENTS, "fund_cents": Amount(optional=True)}), "fund": FUND_IF_ANY,
        "fund_until": Day(optional=True),
        "payments": Rows(of={
            "instalment": Number(lowest=1), "payer": Id(of="payer"), "cents": CENTS, "means": _MEANS, "reference": REFERENCE,
        }),
        "delivered_until": Day(optional=True),
        "baskets": Rows(of={"on": DAY, "outcome": Choice(words=(*OUTCOMES, SKIPPED)), "to_on": Day(optional=True)}),
        "held_cents": Amount(optional=True), "price_from": Day(optional=True), "before_cents": Amount(optional=True),
    }),
}  # fmt: skip

FORMS: Final[dict[str, Form]] = {
    "open_fund": {
        "fund": Id(new=True), "kind": Choice(words=KINDS), "name": Text(), "advance_cents": CENTS, "earmark": EARMARK,
        "decision": Id(of="decision", optional=True),
    },
    "notify_money": _PAID,
    "receive_money": _RECEIVED,
    "grant": {"rule": Id(of="rule"), "period": MONTH},
    "grant_single": {"rule": Id(of="rule"), "period": MONTH, "member": MEMBER},
    "credit_purse": {
        "member": MEMBER, "purse": PURSE, "fund": FUND_IF_ANY, "cents": CENTS, "expires_us": Instant(optional=True),
        "reference": REFERENCE,
    },
    "notify_subsidy": {
        "grant": Id(new=True), "funder": Text(), "fund": FUND, "cents": CENTS, "purpose": Text(), "earmark": EARMARK,
        "reference": REFERENCE,
    },
    "receive_subsidy": {"grant": GRANT, "cents": CENTS, "reference": REFERENCE, **_LINE},
    "reduce_subsidy": {"grant": GRANT, "cents": Amount(optional=True), "reference": REFERENCE},
    "withdraw_announcement": _PAID,
    "bind_fund": {"fund": FUND, "earmark": EARMARK, "decision": DECISION},
    "vote_advance": {"fund": FUND, "advance_cents": CENTS, "decision": DECISION},
    "propose_transfer": {"fund": FUND, "to": FUND, "cents": CENTS, "reason": REASON, "decision": DECISION},
    "confirm_transfer": {"transfer": _TRANSFER},
    "drop_transfer": {"transfer": _TRANSFER},
    "propose_repayment": {"grant": GRANT, "cents": CENTS, "reason": REASON, "decision": DECISION},
    "confirm_repayment": {"repayment": _REPAYMENT},
    "drop_repayment": {"repayment": _REPAYMENT},
    "repayment_paid": {"repayment": _REPAYMENT, "reference": REFERENCE},
    "repayment_sent_back": {"repayment": _REPAYMENT, "reason": REASON},
    "freeze_credits": {"decision": DECISION},
    "resume_credits": {"decision": DECISION},
    "propose_closure": _CLOSURE,
    "confirm_closure": _CLOSURE,
    "release_own_money": {},
    "own_money_paid": {"member": MEMBER, "reference": REFERENCE},
    "release_rests": {},
    "rest_paid": {"fund": FUND, "reference": REFERENCE},
    "producer_repaid": {"producer": PRODUCER, "cents": CENTS, "reference": REFERENCE},
    "seal_caisse": {},
    "propose_opening": _OPENING,
    "accept_opening": _OPENING,
    "discard_opening": {"reason": REASON},
    "propose_correction": {**_ENTRY, "right": _RIGHT, "reason": REASON},
    "confirm_correction": {**_ENTRY, "right": _RIGHT},
    "drop_correction": _ENTRY,
    "sell_coupons": {"fund": FUND, "number": Number(lowest=1), "means": _MEANS, "reference": REFERENCE},
    "agree_cotisation": {
        "member": MEMBER, "rule": Id(of="cotisation"), "cents": CENTS, "every_months": Number(lowest=1, highest=12),
        "from_period": MONTH, "means": _MEANS,
    },
    "end_cotisation": {"member": MEMBER, "until_period": MONTH},
    "receive_cotisation": {
        "member": MEMBER, "rule": Id(of="cotisation"), "period": MONTH, "cents": CENTS, "means": _MEANS, "reference": REFERENCE,
    },
    "return_cotisation": {"reference": REFERENCE, "reason": REASON},
    "write_off_cotisation": {"member": MEMBER, "period": MONTH, "reason": REASON},
    "count_deposit": {"account": Choice(words=BOXES), "cents": CENTS},
    "confirm_deposit": {"deposit": _DEPOSIT, "cents": CENTS, "reference": REFERENCE},
    "discard_deposit": {"deposit": _DEPOSIT},
    "receive_gift": {"donor": Text(of="donor"), "fund": FUND, "cents": CENTS, "means": _MEANS, "reference": REFERENCE},
    "propose_legal_basis": _BASIS,
    "enter_legal_basis": _BASIS,
    "issue_tax_receipts": {
        "year": _YEAR, "issued_on": DAY,
        "receipts": Rows(of={"number": Number(lowest=1), "donor": Text(of="donor"), "cents": CENTS, "sha256": DIGEST}),
    },
    "cancel_tax_receipt": {"year": _YEAR, "number": Number(lowest=1), "reason": REASON},
}  # fmt: skip
