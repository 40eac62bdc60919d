"""Law: a pairing code is checked here and stored nowhere; five wrong ones close its slot, and so does a restart.

Source: wire.md section 7.
"""

import hashlib
from typing import Final

from clearing.authoriser.client import Enrolment
from clearing.values import TerminalId
from clearing.wire.enrolment import Enrolled, macs_equal, server_mac, terminal_mac, transcript

WRONG_MAX: Final = 5


class WrongCode(Exception):
    """closes: this was the fifth wrong one, so the slot is closed now."""

    def __init__(self, *, closes: bool) -> None:
        super().__init__("the pairing code is wrong")
        self.closes = closes


class Pairing:
    """Secrets of the slots that this writer opened since it started: scrypt(code, slot), 32 bytes each."""

    def __init__(self) -> None:
        self._secrets: dict[str, bytes] = {}
        self._wrong: dict[str, int] = {}
        self._answered: dict[str, tuple[Enrolment, Enrolled]] = {}

    def open(self, slot: str, secret: bytes) -> None:
        self._secrets[slot] = secret
        self._wrong[slot] = 0

    def close(self, slot: str) -> None:
        self._secrets.pop(slot, None)
        self._wrong.pop(slot, None)

    def succeeded(self, enrolment: Enrolment, answer: Enrolled) -> None:
        """Close the slot; the same second call, whose answer was lost, gets the same answer."""
        self.close(enrolment.slot)
        self._answered[enrolment.slot] = (enrolment, answer)

    def answered(self, enrolment: Enrolment) -> Enrolled | None:
        """The answer that this very call got before."""
        known = self._answered.get(enrolment.slot)
        return known[1] if known is not None and known[0] == enrolment else None

    def prove(self, enrolment: Enrolment, *, terminal: TerminalId, epoch: int, root: bytes) -> Enrolled | None:
        """The answer to a terminal that knows the code. None: no such open slot here. Raises WrongCode."""
        secret = self._secrets.get(enrolment.slot)
        if secret is None:
            return None
        said = transcript(slot=enrolment.slot, key=enrolment.key, nonce=enrolment.nonce, server_nonce=enrolment.server_nonce)
        if not macs_equal(enrolment.mac, terminal_mac(secret, said)):
            self._wrong[enrolment.slot] += 1
            raise WrongCode(closes=self._wrong[enrolment.slot] >= WRONG_MAX)
        answered = transcript(
            slot=enrolment.slot, key=enrolment.key, nonce=enrolment.nonce, server_nonce=enrolment.server_nonce, root=root
        )
        return Enrolled(terminal=terminal, epoch=epoch, root=root, mac=server_mac(secret, answered))


def secret_matches(secret: bytes | None, secret_sha256: bytes) -> bool:
    """Whether the secret that travels beside an open_slot command is the one the command commits to."""
    return secret is not None and len(secret) == 32 and hashlib.sha256(secret).digest() == secret_sha256
