"""Law: producers and their stalls; orders, contracts, exceptions; other caisses."""

from typing import Final

from clearing.authoriser.forms.fields import (
    Amount,
    Bytes,
    Choice,
    Day,
    Flag,
    Form,
    Id,
    Instant,
    Many,
    Number,
    Rows,
    Share,
    Text,
)
from clearing.authoriser.forms.words import (
    ACCOUNT,
    CATEGORY,
    CENTS,
    CONTRACT,
    CONVENTION,
    DAY,
    DECISION,
    DIGEST,
    FUND,
    FUND_IF_ANY,
    KEY,
    MANDATARY,
    MEMBER,
    ORDER,
    PLACES,
    PORTIONS,
    PRODUCER,
    PRODUCT,
    PRODUCT_IF_ANY,
    QTY,
    QTY_MILLI_MAX,
    REASON,
    REFERENCE,
    SEASON,
    TERMINAL,
)
from clearing.rules.amap.contracting import MODES, SKIPS, WEIGHT_MAX
from clearing.rules.amap.deliveries import OUTCOMES
from clearing.rules.between.joint import PRODUCERS_MAX, ROLES
from clearing.rules.collective.orders import LINES_MAX, SIDES
from clearing.rules.selling.exceptions import HOWS
from clearing.values import CENTS_MAX

_REF: Final = Bytes(size=16)
_ROLE: Final = Choice(words=ROLES)
_LINE: Final = Number(highest=LINES_MAX)
_INSTALMENT: Final = Number(lowest=1)
_PAYEE: Final = Id(of="producer", optional=True)
_DISPUTED: Final[Form] = {"order": ORDER, "line": _LINE, "cents": CENTS}
_EXCEPTION: Final[Form] = {
    "exception": Number(lowest=1, of="exception"), "how": Choice(words=HOWS), "consent": Flag(optional=True),
}  # fmt: skip

_PRODUCERS: Final[dict[str, Form]] = {
    "admit_producers": {"producers": Rows(of={"producer": Id(new=True), "name": Text(), "structures": PLACES})},
    "sign_conventions": {
        "conventions": Rows(of={
            "convention": Id(new=True), "producer": PRODUCER, "from_us": Instant(), "until_us": Instant(optional=True),
            "categories": Many(each=CATEGORY),
        }),
    },
    "suspend_convention": {"convention": CONVENTION},
    "resume_convention": {"convention": CONVENTION},
    "propose_bank_details": {"details": Rows(of={"producer": PRODUCER, "digest": DIGEST})},
    "approve_bank_details": {"producers": Rows(of={"producer": PRODUCER, "digest": DIGEST})},
    "open_slot": {"slot": Id(new=True), "producer": PRODUCER, "secret_sha256": DIGEST, "expires_us": Instant()},
    "enrol_terminals": {
        "terminals": Rows(of={"terminal": TERMINAL, "epoch": Number(lowest=1), "producer": PRODUCER, "key": KEY}),
    },
    "suspend_terminal": {"terminal": TERMINAL},
    "resume_terminal": {"terminal": TERMINAL},
    "list_products": {
        "products": Rows(of={"product": PRODUCT, "label": Text(), "category": CATEGORY, "unit": Id(of="measure")}),
    },
    "list_prices": {"convention": CONVENTION, "prices": Rows(of={"product": PRODUCT, "unit_cents": CENTS})},
}  # fmt: skip
_ORDERS: Final[dict[str, Form]] = {
    "place_order": {
        "order": Id(new=True), "account": ACCOUNT, "mandatary": MANDATARY, "seller": PRODUCER,
        "lines": Rows(of={
            "category": CATEGORY, "cents": CENTS, "product": PRODUCT_IF_ANY, "payee": _PAYEE,
            "qty_milli": Number(lowest=1, highest=QTY_MILLI_MAX, optional=True),
        }),
        "in_part": Flag(optional=True),
    },
    "place_joint_order": {
        "joint": Id(new=True), "seller": PRODUCER, "category": CATEGORY, "product": PRODUCT_IF_ANY, "cents": CENTS,
        "payee": _PAYEE, "parts": Rows(of={"account": ACCOUNT, "mandatary": MANDATARY, "qty_milli": QTY}),
    },
    "confirm_order": {"order": ORDER, "mandatary": MANDATARY},
    "note_delivery": {
        "order": ORDER, "side": Choice(words=SIDES), "document": Text(),
        "lines": Rows(of={
            "line": _LINE, "cents": Amount(optional=True), "qty_milli": Number(highest=QTY_MILLI_MAX, optional=True),
        }),
    },
    "dispute_line": {"order": ORDER, "line": _LINE, "reason": REASON},
    "propose_dispute_end": {**_DISPUTED, "reason": REASON},
    "resolve_dispute": _DISPUTED,
    "cancel_order": {"order": ORDER},
    "propose_exception_end": {**_EXCEPTION, "reason": REASON},
    "resolve_exception": _EXCEPTION,
}  # fmt: skip
_CONTRACTS: Final[dict[str, Form]] = {
    "open_season": {
        "season": Id(new=True), "title": Text(), "producer": PRODUCER,
        "days": Rows(of={"on": DAY, "weight": Number(lowest=1, highest=WEIGHT_MAX)}), "mode": Choice(words=MODES),
        "skip": Choice(words=SKIPS), "skip_days": Number(highest=365), "decision": Id(of="decision", optional=True),
    },
    "sign_contract": {
        "contract": Id(new=True), "season": SEASON, "member": MEMBER,
        "portions": PORTIONS, "joins_on": Day(optional=True), "full_cents": CENTS,
        "instalments": Rows(of={"due_on": DAY}), "fund": FUND_IF_ANY, "fund_until": Day(optional=True),
        "fund_rate": Share(optional=True),
    },
    "pay_instalment": {
        "contract": CONTRACT, "instalment": _INSTALMENT, "cents": Amount(optional=True), "means": Id(of="means"),
        "reference": REFERENCE,
    },
    "pay_fund_parts": {"season": SEASON, "up_to_on": DAY, "reference": REFERENCE},
    "return_instalment": {"contract": CONTRACT, "instalment": _INSTALMENT, "reference": REFERENCE, "reason": REASON},
    "record_deliveries": {
        "season": SEASON, "on": DAY, "taken": Rows(of={"contract": CONTRACT, "outcome": Choice(words=OUTCOMES)}),
    },
    "skip_delivery": {"contract": CONTRACT, "on": DAY, "to_on": Day(optional=True)},
    "swap_deliveries": {"contract": CONTRACT, "on": DAY, "other": CONTRACT, "other_on": DAY},
    "declare_crop_loss": {"season": SEASON, "on": DAY, "kept_rate": Share(), "reason": REASON},
    "end_contract": {
        "contract": CONTRACT, "leaving": Choice(words=("member", "producer")), "last_on": Day(optional=True), "reason": REASON,
    },
    "end_season": {"season": SEASON, "last_on": Day(optional=True), "reason": REASON},
    "take_over_fund_part": {"contract": CONTRACT, "agreed": Text()},
    "shrink_contract": {"contract": CONTRACT, "from_on": DAY},
    "pay_over_contracts": {"season": SEASON, "up_to_on": DAY},
    "refund_contract": {"contract": CONTRACT, "cents": CENTS, "reference": REFERENCE},
}  # fmt: skip
_BETWEEN: Final[dict[str, Form]] = {
    "recognise_caisse": {
        "other": Id(of="caisse"), "key": KEY, "decision": DECISION, "debit_cap_cents": CENTS,
        "categories": Rows(of={"theirs": Id(), "ours": CATEGORY}), "from_us": Instant(), "until_us": Instant(optional=True),
    },
    "net_interchange": {
        "day": DAY,
        "lines": Rows(of={
            "other": Id(of="caisse"), "in_cents": Amount(lowest=-CENTS_MAX), "out_cents": Amount(lowest=-CENTS_MAX),
        }),
    },
    "pay_netting": {"day": DAY, "reference": REFERENCE},
    "propose_write_off": {"ref": _REF, "fund": FUND, "decision": DECISION, "reason": REASON},
    "confirm_write_off": {"ref": _REF, "fund": FUND, "cents": Amount(lowest=-CENTS_MAX)},
    "drop_write_off": {"ref": _REF},
    "propose_joint_payout": {
        "other": Id(of="caisse"), "role": _ROLE, "decision": DECISION, "cap_cents": Amount(optional=True), "from_on": DAY,
        "producers": Rows(most=PRODUCERS_MAX, of={
            "ours": PRODUCER, "theirs": Id(), "details": DIGEST, "account": Bytes(size=16), "consent": Text(),
        }),
    },
    "agree_joint_payout": {"other": Id(of="caisse"), "role": _ROLE, "proposed": Number(lowest=1)},
    "end_joint_payout": {"other": Id(of="caisse"), "role": _ROLE, "reason": REASON},
}  # fmt: skip

FORMS: Final[dict[str, Form]] = {**_PRODUCERS, **_ORDERS, **_CONTRACTS, **_BETWEEN}
