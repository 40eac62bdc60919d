"""Law: the five proofs as their taker signed them, and two people who go on in spite of one."""

from typing import Final

from clearing.authoriser.forms.fields import Amount, Form, Id, Number, Rows, Text
from clearing.authoriser.forms.words import DAY, REASON
from clearing.values import CENTS_MAX

_POSITION: Final = Number(lowest=1, highest=2**62)
_SIDE: Final = Amount(lowest=-CENTS_MAX, optional=True)

FORMS: Final[dict[str, Form]] = {
    "take_proofs": {
        "day": DAY, "up_to": _POSITION,
        "results": Rows(of={
            "proof": Id(), "compared": Number(),
            "figures": Rows(of={"name": Text(), "log": _SIDE, "book": _SIDE, "shown": _SIDE}),
        }),
    },
    "propose_going_on": {"reason": REASON},
    "confirm_going_on": {"taken": _POSITION},
}  # fmt: skip
