"""Law: a pairing code is drawn here, shown once, good for ten minutes, and stored nowhere; the log has the digest of its key.

Source: wire.md section 7.
"""

import hashlib
import secrets
from dataclasses import dataclass, field
from typing import Final

from clearing.values import CaisseCode
from clearing.wire.enrolment import EnrolProof, eight_digits, pairing_key, read_enrolment, transcript
from clearing.wire.frame import open_envelope

PAIRING_MINUTES: Final = 10
_FRAME_BYTES_MAX: Final = 1 << 16
_LETTERS: Final = "ACDEFGHJKLMNPQRTUVWXYZ34679"  # nothing that is read as something else


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """name: what the till is told to ask for; code: typed there. secret: travels beside the command, never into the log."""

    name: str
    code: str = field(repr=False)
    secret: bytes = field(repr=False)
    expires_us: int

    def body(self, producer: str) -> dict[str, object]:
        """Of the command open_slot."""
        return {
            "slot": self.name, "producer": producer, "secret_sha256": hashlib.sha256(self.secret).digest(),
            "expires_us": self.expires_us,
        }  # fmt: skip


def draw_slot(caisse: CaisseCode, *, now_us: int) -> Slot:
    name, code = f"{caisse}-{secrets.token_hex(3)}", _draw_code()  # the door tells caisses apart by how a slot begins
    return Slot(
        name=name, code=code, secret=pairing_key(code, name), expires_us=now_us + PAIRING_MINUTES * 60_000_000
    )


def _draw_code() -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(5)) + "-" + "".join(secrets.choice(_LETTERS) for _ in range(5))


def digits_shown(evidence: bytes, root: bytes) -> str:
    """What a till showed when it was paired, made again from its signed proof. evidence: of its TerminalEnrolled."""
    proof = read_enrolment(open_envelope(evidence, frame_bytes_max=_FRAME_BYTES_MAX))
    assert isinstance(proof, EnrolProof), "the writer enrols nobody on a first call"
    return eight_digits(
        transcript(slot=proof.slot, key=proof.key, nonce=proof.nonce, server_nonce=proof.server_nonce, root=root)
    )
