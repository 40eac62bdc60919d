"""Law: what the bank said, and what each of its lines is said to be."""

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
    Month,
    Number,
    Rows,
    Table,
    Text,
)
from clearing.authoriser.forms.words import DAY, DECISION, FUND
from clearing.events.bank import ColumnMapping
from clearing.rules.treasury.bank import KINDS as LINE_KINDS
from clearing.values import CENTS_MAX

MATCHES_MAX: Final = 1_000
ENTRIES_MAX: Final = 20_000
MATCH_KINDS: Final = (
    "booked", "nothing", "payout", "payout_returned", "subsidy", "fund", "cotisation", "cotisation_returned", "gift", "top_up",
    "deposit", "charge", "repayment",
)  # fmt: skip
_EITHER_WAY: Final = Amount(lowest=-CENTS_MAX)
_KEY: Final = Bytes(size=16)
_KEY_IF_ANY: Final = Bytes(size=16, or_empty=True)
_PLACE: Final = Number(lowest=1, highest=2**62)
_EMPTY: Final = Text(shortest=0)
_COLUMNS: Final = ColumnMapping._fields[3:]

FORMS: Final[dict[str, Form]] = {
    "import_statement": {
        "source": Text(), "account": _KEY, "from_on": DAY, "to_on": DAY,
        "opening_cents": Amount(lowest=-CENTS_MAX, optional=True), "closing_cents": Amount(lowest=-CENTS_MAX, optional=True),
        "entries": Rows(most=ENTRIES_MAX, of={
            "key": _KEY, "ref": _KEY_IF_ANY, "on": DAY, "cents": _EITHER_WAY,
            "lines": Rows(most=ENTRIES_MAX, of={
                "cents": _EITHER_WAY, "end_to_end": _EMPTY, "code": _EMPTY, "kind": Choice(words=LINE_KINDS),
                "payer": _KEY_IF_ANY, "details": Bytes(size=32, or_empty=True),
            }),
        }),
        "moved": Flag(optional=True),
    },
    "match_lines": {"matches": Rows(most=MATCHES_MAX, of={
        "kind": Choice(words=MATCH_KINDS), "lines": Many(each=_PLACE), "moves": Many(each=_PLACE),
        "another": Flag(optional=True),
        "batch": Number(lowest=1, of="batch", optional=True), "producer": Id(of="producer", optional=True),
        "reason": Text(optional=True), "grant": Id(of="grant", optional=True), "fund": Id(of="fund", optional=True),
        "member": Id(of="member", optional=True), "rule": Id(of="cotisation", optional=True), "period": Month(optional=True),
        "means": Id(of="means", optional=True), "reference": Text(optional=True), "donor": Text(of="donor", optional=True),
        "purse": Id(of="purse", optional=True), "expires_us": Instant(optional=True),
        "deposit": Number(lowest=1, of="deposit", optional=True), "repayment": Number(lowest=1, of="repayment", optional=True),
    })},
    "undo_match": {"match": Number(lowest=1)},
    "state_bank_balance": {"on": Day(), "cents": _EITHER_WAY},
    "set_charges_rule": {"fund": FUND, "decision": DECISION},
    "save_column_mapping": {"name": Id(new=True), "mapping": Table(optional=False, of={
        "delimiter": Text(), "decimal": Text(), "days": Text(),
        **dict.fromkeys(_COLUMNS, Text(optional=True)),
    })},
}  # fmt: skip
