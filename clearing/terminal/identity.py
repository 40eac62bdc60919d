"""Law: a terminal is its key and its number; it believes replies of the server keys it was given, and of no other."""

from dataclasses import dataclass

from clearing.values import TerminalId
from clearing.wire.signature import TerminalKey


@dataclass(frozen=True, slots=True, kw_only=True)
class TerminalIdentity:
    """Who a terminal is after its enrolment. server_keys: public keys (32 bytes each) that may sign replies to it."""

    terminal: TerminalId
    epoch: int
    key: TerminalKey
    server_keys: frozenset[bytes]
