"""Law: the plan of accounts of the books, and months that two people close."""

from typing import Final

from clearing.authoriser.forms.fields import Form, Number, Rows, Text
from clearing.authoriser.forms.words import CENTS, DIGEST, MONTH

FORMS: Final[dict[str, Form]] = {
    "set_account_plan": {
        "siren": Text(shortest=0), "year_starts": Number(lowest=1, highest=12),
        "rows": Rows(of={"section": Text(), "name": Text(), "value": Text()}),
    },
    "propose_month_close": {
        "period": MONTH, "plan": Number(lowest=1), "entries": Number(), "debit_cents": CENTS, "sha256": DIGEST,
    },
    "confirm_month_close": {"period": MONTH, "sha256": DIGEST},
    "drop_month_close": {"period": MONTH},
}  # fmt: skip
