"""Law: a refusal says what to do next and costs nothing; who is not known learns only that, in the same words for every fault.

Two classes of answer besides DECIDED (200): NOT PROCESSED (nothing happened) and UNKNOWN (resend the same bytes).
"""

from enum import StrEnum
from typing import Final

from clearing.authoriser.client import Answer, EnrolmentRefused, Overloaded
from clearing.events.codes import Code
from clearing.wire.requests import AmountsDoNotMatch

OUTCOME_HEADER: Final = "Clearing-Outcome"
NOT_PROCESSED: Final = "not-processed"
UNKNOWN: Final = "unknown"


class Reason(StrEnum):
    """Why the door turned a message away: the label of clearing_refusals_total."""

    TOO_LARGE = "too_large"
    CONTENT_TYPE = "content_type"
    TOO_SLOW = "too_slow"
    BROKEN_BODY = "broken_body"
    MALFORMED = "malformed"
    ADDRESS_LIMIT = "address_limit"
    UNKNOWN_KEY = "unknown_key"
    BAD_SIGNATURE = "bad_signature"
    OTHER_TERMINAL = "other_terminal"
    KEY_LIMIT = "key_limit"
    NOT_READY = "not_ready"
    PAIRING = "pairing"
    OVERLOADED = "overloaded"
    OUTCOME_UNKNOWN = "outcome_unknown"
    DOOR_FAULT = "door_fault"


class Refused(Exception):
    """Turned away: the sender gets `status` and `text`. Nothing was processed, unless outcome is UNKNOWN.

    code: what an item of a batch is told beside (13, 30); "" where there is none.
    """

    def __init__(
        self, status: int, reason: Reason, text: str, *, retry_after_s: int | None = None, outcome: str = NOT_PROCESSED,
        code: str = "",
    ) -> None:  # fmt: skip
        super().__init__(text)
        self.status: Final = status
        self.reason: Final = reason
        self.text: Final = text
        self.retry_after_s: Final = retry_after_s
        self.outcome: Final = outcome
        self.code: Final = code


def unauthorised(reason: Reason) -> Refused:
    """The one text for every fault of key or signature: it tells nobody which key ids are enrolled."""
    return Refused(401, reason, "This key is not accepted here. Pair the terminal again with the caisse's treasurer.")


def malformed(fault: ValueError) -> Refused:
    return Refused(
        400, Reason.MALFORMED, f"Not a message this door reads: {fault}. Nothing was recorded; update the terminal.",
        code=(Code.AMOUNTS_DO_NOT_ADD_UP if isinstance(fault, AmountsDoNotMatch) else Code.SCHEMA).value,
    )  # fmt: skip


def too_large(bytes_max: int) -> Refused:
    return Refused(
        413, Reason.TOO_LARGE,
        f"At most {bytes_max} bytes are taken at once. Sell a basket in two parts; send a batch as two batches.",
    )  # fmt: skip


def wrong_content_type(wanted: str) -> Refused:
    return Refused(415, Reason.CONTENT_TYPE, f"Send Content-Type {wanted}, and no Content-Encoding.")


def too_slow(within_s: int) -> Refused:
    return Refused(
        408, Reason.TOO_SLOW, f"The message did not arrive within {within_s} s. Send the same message again."
    )


def broken_body() -> Refused:
    return Refused(400, Reason.BROKEN_BODY, "The message did not arrive whole. Send the same message again.")


def limited(reason: Reason, wait_s: int) -> Refused:
    return Refused(429, reason, f"Too many messages. Send the same message again in {wait_s} s.", retry_after_s=wait_s)


def not_ready(wait_s: int) -> Refused:
    return Refused(
        503, Reason.NOT_READY, f"NOT PROCESSED: the caisse is starting. Send the same message again in {wait_s} s.",
        retry_after_s=wait_s,
    )  # fmt: skip


def overloaded(wait_s: int) -> Refused:
    return Refused(
        503, Reason.OVERLOADED, f"NOT PROCESSED: the caisse is busy. Send the same message again in {wait_s} s.",
        retry_after_s=wait_s,
    )  # fmt: skip


def outcome_unknown() -> Refused:
    return Refused(
        503, Reason.OUTCOME_UNKNOWN, "UNKNOWN: resend the same bytes. The caisse stopped before it could answer.",
        retry_after_s=1, outcome=UNKNOWN,
    )  # fmt: skip


def unanswered(answer: Answer) -> Refused:
    """What a writer that did not decide means for the sender."""
    match answer:
        case Overloaded():
            return overloaded(answer.retry_after_s)
        case EnrolmentRefused():
            return pairing_refused()
        case _:
            return outcome_unknown()


def pairing_refused() -> Refused:
    """One text for no slot, a slot whose time is over, and a wrong code: a guesser learns nothing."""
    return Refused(
        401,
        Reason.PAIRING,
        "The pairing did not succeed. Check slot and code, or ask the treasurer to open a new slot.",
    )
