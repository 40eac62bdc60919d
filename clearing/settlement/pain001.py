"""Law: a batch makes one pain.001.001.09 file, byte for byte the same whenever it is made again, or none and the reasons.

Nothing in it comes from a clock or from chance: identifiers and the creation time are the batch's own. Integer cents
become decimals only as text. No postal address is written: lines-only addresses are refused since November 2026.
Source: ISO 20022 pain.001.001.09 and the EPC's SCT customer-to-bank guidelines.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, TypeAlias

from lxml import etree

from clearing.settlement.bank_details import BankDetails, compact, details_problems
from clearing.settlement.calendar import EPOCH, is_business_day, next_business_day
from clearing.settlement.sepa_text import has_letter_or_digit, reference_problem, to_sepa
from clearing.values import CENTS_MAX, Cents, MicroTime

NAMESPACE: Final = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
REMITTANCE_CHARS_MAX: Final = 140
CREATED_US_MAX: Final = 7_258_118_399_999_999  # the last microsecond of 2199: what is later is a mistake of unit
EXECUTION_YEARS: Final = range(1970, 2200)
NO_BIC: Final = "NOTPROVIDED"  # the schema wants an agent for the payer; EPC's word when only the IBAN is known

BankParty: TypeAlias = BankDetails  # in a file, the one who pays


@dataclass(frozen=True, slots=True, kw_only=True)
class Payout:
    """One transfer. end_to_end_id is the payout's own id and comes back on every answer of the bank."""

    end_to_end_id: str
    producer_name: str
    iban: str
    bic: str | None = None
    amount_cents: Cents
    remittance: str  # what the producer reads on the statement


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentFile:
    """One approved batch. created_at_us is the time of the batch's event, never of the rendering."""

    msg_id: str
    created_at_us: MicroTime
    execution_date: date
    debtor: BankParty
    payouts: tuple[Payout, ...]


class UnpayableFile(ValueError):
    """The file was not made, because a bank would refuse it or pay wrongly; the text is `check`'s list. Nothing is lost."""


# --- check -------------------------------------------------------------------------------------------------------


def check(payment_file: PaymentFile) -> list[str]:
    """Everything that keeps this batch from the bank, in plain words that say what to do; empty when it can be sent."""
    return [*_head_problems(payment_file), *_duplicates(payment_file)] + [
        f"payout {payout.end_to_end_id!r}: {problem}"
        for payout in payment_file.payouts
        for problem in _payout_problems(payout, payment_file.debtor)
    ]


def notes(payment_file: PaymentFile) -> list[str]:
    """What the treasurer should know before sending a correct file; empty when there is nothing to say."""
    if len(payment_file.payouts) != 1:
        return []
    return [
        (
            "this file holds one payment only, so the bank will compare the payee's name with the account's holder; "
            "check that the name is the one the producer's bank knows, or wait and send it with others"
        )
    ]


def _head_problems(payment_file: PaymentFile) -> Iterator[str]:
    if problem := reference_problem(payment_file.msg_id, what="the file's MsgId"):
        yield problem
    debtor = payment_file.debtor
    for problem in details_problems(name=debtor.name, iban=debtor.iban, bic=debtor.bic):
        yield f"the caisse's own account: {problem}"
    if not payment_file.payouts:
        yield "the batch pays nobody; leave it out, or close it with at least one payout"
    yield from _date_problems(payment_file)


def _date_problems(payment_file: PaymentFile) -> Iterator[str]:
    day = payment_file.execution_date
    if not 0 <= payment_file.created_at_us <= CREATED_US_MAX:
        yield f"the creation time {payment_file.created_at_us} is not in 1970 to 2199; give microseconds since 1970"
        return
    created = _created(payment_file).date()
    # A day of grace: west of Greenwich the caisse's own day can still be the one before UTC's.
    if day.year not in EXECUTION_YEARS or day < created - timedelta(days=1):
        yield f"the execution date {day} is before the batch was made or far away; choose {next_business_day(created)}"
    elif not is_business_day(day):
        yield f"banks are closed on {day}; choose {next_business_day(day)}"


def _duplicates(payment_file: PaymentFile) -> Iterator[str]:
    counted = Counter(payout.end_to_end_id for payout in payment_file.payouts)
    for end_to_end_id, times in counted.items():
        if times > 1:
            yield f"the EndToEndId {end_to_end_id!r} stands {times} times; a payout is paid once, so remove the repeats"


def _payout_problems(payout: Payout, debtor: BankParty) -> Iterator[str]:
    if problem := reference_problem(payout.end_to_end_id, what="the EndToEndId"):
        yield problem
    yield from details_problems(name=payout.producer_name, iban=payout.iban, bic=payout.bic)
    if compact(payout.iban) and compact(payout.iban) == compact(debtor.iban):
        yield "the producer's account is the caisse's own; ask the producer for theirs"
    if problem := _amount_problem(payout.amount_cents):
        yield problem
    if problem := _remittance_problem(payout.remittance):
        yield problem


def _amount_problem(amount_cents: int) -> str | None:
    if type(amount_cents) is not int:
        return f"the amount {amount_cents!r} is not whole cents; give an integer"
    if amount_cents <= 0:
        return f"the amount is {amount_cents} cents; a transfer pays at least 1 cent, carry this producer over instead"
    if amount_cents > CENTS_MAX:
        return f"the amount is {amount_cents} cents; a transfer carries at most 999999999.99 EUR, split it"
    return None


def _remittance_problem(remittance: str) -> str | None:
    spelled = to_sepa(remittance)
    if not has_letter_or_digit(spelled):
        return "the text for the producer's bank statement is empty; name the caisse and the period"
    if len(spelled) > REMITTANCE_CHARS_MAX:
        return f"the text for the bank statement has {len(spelled)} characters; shorten it to {REMITTANCE_CHARS_MAX}"
    return None


# --- render ------------------------------------------------------------------------------------------------------


def render(payment_file: PaymentFile) -> bytes:
    """The file as the bank takes it: UTF-8 XML, one payment information block, one transfer per payout in their order.

    Raises UnpayableFile when `check` finds anything.
    """
    problems = check(payment_file)
    if problems:
        raise UnpayableFile("\n".join(problems))
    document = etree.Element(_tag("Document"), nsmap={None: NAMESPACE})
    initiation = _branch(document, "CstmrCdtTrfInitn")
    _group_header(initiation, payment_file)
    _payment_information(initiation, payment_file)
    return etree.tostring(document, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _group_header(initiation: etree._Element, payment_file: PaymentFile) -> None:
    header = _branch(initiation, "GrpHdr")
    _leaf(header, "MsgId", payment_file.msg_id)
    _leaf(header, "CreDtTm", _created(payment_file).strftime("%Y-%m-%dT%H:%M:%SZ"))
    _sums(header, payment_file)
    _leaf(_branch(header, "InitgPty"), "Nm", to_sepa(payment_file.debtor.name))


def _payment_information(initiation: etree._Element, payment_file: PaymentFile) -> None:
    block = _branch(initiation, "PmtInf")
    _leaf(block, "PmtInfId", payment_file.msg_id)
    _leaf(block, "PmtMtd", "TRF")
    _leaf(block, "BtchBookg", "false")  # one bank line per payout: each is matched by its EndToEndId
    _sums(block, payment_file)
    _leaf(_branch(block, "PmtTpInf", "SvcLvl"), "Cd", "SEPA")
    _leaf(_branch(block, "ReqdExctnDt"), "Dt", payment_file.execution_date.isoformat())
    debtor = payment_file.debtor
    _leaf(_branch(block, "Dbtr"), "Nm", to_sepa(debtor.name))
    _leaf(_branch(block, "DbtrAcct", "Id"), "IBAN", compact(debtor.iban))
    agent = _branch(block, "DbtrAgt", "FinInstnId")
    if debtor.bic:
        _leaf(agent, "BICFI", compact(debtor.bic))
    else:
        _leaf(_branch(agent, "Othr"), "Id", NO_BIC)
    _leaf(block, "ChrgBr", "SLEV")
    for payout in payment_file.payouts:
        _transfer(block, payout)


def _transfer(block: etree._Element, payout: Payout) -> None:
    transfer = _branch(block, "CdtTrfTxInf")
    _leaf(_branch(transfer, "PmtId"), "EndToEndId", payout.end_to_end_id)
    _leaf(_branch(transfer, "Amt"), "InstdAmt", _decimal(payout.amount_cents)).set("Ccy", "EUR")
    if payout.bic:
        _leaf(_branch(transfer, "CdtrAgt", "FinInstnId"), "BICFI", compact(payout.bic))
    _leaf(_branch(transfer, "Cdtr"), "Nm", to_sepa(payout.producer_name))
    _leaf(_branch(transfer, "CdtrAcct", "Id"), "IBAN", compact(payout.iban))
    _leaf(_branch(transfer, "RmtInf"), "Ustrd", to_sepa(payout.remittance))


def _sums(parent: etree._Element, payment_file: PaymentFile) -> None:
    _leaf(parent, "NbOfTxs", str(len(payment_file.payouts)))
    _leaf(parent, "CtrlSum", _decimal(sum(payout.amount_cents for payout in payment_file.payouts)))


def _created(payment_file: PaymentFile) -> datetime:
    return EPOCH + timedelta(microseconds=payment_file.created_at_us)


def _decimal(amount_cents: int) -> str:
    return f"{amount_cents // 100}.{amount_cents % 100:02d}"


def _tag(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"


def _branch(parent: etree._Element, *path: str) -> etree._Element:
    for name in path:
        parent = etree.SubElement(parent, _tag(name))
    return parent


def _leaf(parent: etree._Element, name: str, text: str) -> etree._Element:
    leaf = etree.SubElement(parent, _tag(name))
    leaf.text = text
    return leaf
