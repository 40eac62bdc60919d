"""Law: a pain.002 says of each payment what the bank will do with it; a word that is not in the table is "unknown", never
paid.

Source: ISO 20022 pain.002.001.10 and .03, external code list of payment transaction statuses.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from lxml import etree

from clearing.bank.documents import Message, every, first_said, said
from clearing.bank.statement import Unreadable
from clearing.bank.texts import plain, reference

STATES: Final = {
    "ACTC": "accepted", "ACCP": "accepted", "ACSP": "accepted", "ACWC": "accepted", "ACFC": "accepted", "ACWP": "accepted",
    "RCVD": "accepted", "PDNG": "accepted", "ACSC": "executed", "ACCC": "executed", "RJCT": "rejected",
}  # fmt: skip
"""The bank's word -> what it means for a payout. PART is said of a file, of which each payment then has its own word."""
_PARTLY: Final = "PART"
_OF_THE_FILE: Final = ("OrgnlGrpInfAndSts",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What the bank says of one payment; end_to_end "": of all of the file. code: ISO reason, or "". on: ISO day that it
    names, else that of the report."""

    end_to_end: str
    state: str
    code: str
    text: str
    on: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusReport:
    """message_id: of our own file that it answers. reference: of the bank's answer."""

    message_id: str
    reference: str
    statuses: tuple[Status, ...]


def read_pain002(message: Message) -> StatusReport:
    """Raises Unreadable."""
    root = message.root
    answered = said(root, *_OF_THE_FILE, "OrgnlMsgId")
    if not answered:
        raise Unreadable("The status report does not say which file it answers; ask the bank for it again.")
    made_on = said(root, "GrpHdr", "CreDtTm")[:10]
    statuses = [one if one.on else replace(one, on=plain(made_on, 10)) for one in _statuses(root)]
    if not statuses:
        raise Unreadable("The status report says nothing of the file or of its payments; ask the bank for it again.")
    seen = [one.end_to_end for one in statuses]
    twice = next((one for one in seen if seen.count(one) > 1), None) if len(set(seen)) != len(seen) else None
    if twice is not None:
        of = plain(twice, 40) or "the whole file"
        raise Unreadable(f"The status report speaks twice of {of}; ask the bank which is right.")
    return StatusReport(
        message_id=plain(answered, 35), reference=reference(said(root, "GrpHdr", "MsgId")), statuses=tuple(statuses)
    )


def _statuses(root: etree._Element) -> Iterator[Status]:
    """The narrowest word counts: of a payment, else of its block, else of the file."""
    blocks = list(every(root, "OrgnlPmtInfAndSts"))
    told = [
        status for block in blocks for payment in every(block, "TxInfAndSts")
        if (status := _of_payment(payment, said(block, "PmtInfSts"))) is not None
    ]  # fmt: skip
    whole = said(root, *_OF_THE_FILE, "GrpSts")
    of_block = {said(block, "PmtInfSts") for block in blocks} - {""}
    if not told and not whole and len(of_block) == 1:
        whole = of_block.pop()
    yield from told
    if whole and whole != _PARTLY and not told:
        head = root.find("{*}OrgnlGrpInfAndSts")
        block = blocks[0] if blocks else None
        code, text = _reason(head)
        if not code and block is not None:
            code, text = _reason(block)
        yield Status(end_to_end="", state=STATES.get(whole, "unknown"), code=code, text=text, on="")


def _of_payment(payment: etree._Element, of_block: str) -> Status | None:
    end_to_end = reference(said(payment, "OrgnlEndToEndId"))
    word = said(payment, "TxSts") or of_block
    if not end_to_end:
        raise Unreadable("The status report speaks of a payment without naming it; ask the bank for it again.")
    if not word or word == _PARTLY:
        return None
    code, text = _reason(payment)
    day = first_said(payment, ("AccptncDtTm",))[:10] or first_said(
        payment, ("OrgnlTxRef", "ReqdExctnDt", "Dt"), ("OrgnlTxRef", "ReqdExctnDt")
    )
    return Status(
        end_to_end=end_to_end, state=STATES.get(word, "unknown"), code=code, on=plain(day, 10),
        text=text or ("" if word in STATES else f"the bank says {plain(word, 20)}"),
    )


def _reason(element: etree._Element | None) -> tuple[str, str]:
    """(ISO code, text) of the first reason; a bank's own code is text."""
    if element is None:
        return "", ""
    for reason in every(element, "StsRsnInf"):
        code, own = said(reason, "Rsn", "Cd"), said(reason, "Rsn", "Prtry")
        texts = " ".join(one.text or "" for one in every(reason, "AddtlInf"))
        if code or own or texts:
            known = code if len(code) <= 4 and code.isalnum() and code.isascii() else ""
            return known, plain(f"{own} {texts}".strip(), 140)
    return "", ""
