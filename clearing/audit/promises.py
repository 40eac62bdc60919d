"""Law: what the audit promises is named once, whoever checks it: a prover of a range, or the replay in order."""

from typing import Final

HASHED: Final = "events without a gap, each leaf and chain hash recomputed"
TERMINALS: Final = "signatures of terminals, with what they signed"
REPLIES: Final = "signed replies, with what they say"
REPLIES_IN_PLACE: Final = "replies in their place"
TAPS: Final = "used taps"
HEADS: Final = "signed heads, with the Merkle root recomputed"

NOT_OPENED: Final = -1
"""Instead of the head that a reply names: without signatures nobody opens it."""
