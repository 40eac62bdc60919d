"""Law: a collection makes one pain.008.001.08 file, byte for byte the same whenever it is made again, or none and the reasons.

Nothing in it comes from a clock or from chance. One block per sequence type, in a fixed order, because the type stands at the
block. A mandate whose account or creditor id changed says so. No postal address is written.
Source: ISO 20022 pain.008.001.08 and the EPC's SDD core customer-to-bank guidelines.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from lxml import etree
from stdnum.eu import at_02

from clearing.settlement.bank_details import BankDetails, compact, details_problems
from clearing.settlement.calendar import EPOCH, is_business_day, next_business_day
from clearing.settlement.iso_tree import IsoTree, decimal
from clearing.settlement.pain001 import CREATED_US_MAX, NO_BIC, REMITTANCE_CHARS_MAX, UnpayableFile
from clearing.settlement.sepa_text import has_letter_or_digit, reference_problem, to_sepa
from clearing.values import CENTS_MAX, Cents, MicroTime

NAMESPACE: Final = "urn:iso:std:iso:20022:tech:xsd:pain.008.001.08"
SEQUENCES: Final = ("FRST", "RCUR", "FNAL", "OOFF")
SAME_MANDATE_NEW_ACCOUNT: Final = "SMNDA"
_MSG_CHARS_MAX: Final = 30  # the block's own id adds a dash and the sequence type


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectDebit:
    """One debit. new_account: the account is another one than in the last file; old_creditor: the creditor id of that file, ""
    when it is today's."""

    end_to_end_id: str
    mandate: str
    signed_on: date
    sequence: str
    debtor_name: str
    iban: str
    bic: str | None = None
    amount_cents: Cents
    remittance: str  # what the member reads on the statement
    new_account: bool = False
    old_creditor: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DebitFile:
    """One approved collection. created_at_us is the time of the approval's event, never of the rendering."""

    msg_id: str
    created_at_us: MicroTime
    collection_date: date
    creditor: BankDetails
    creditor_id: str
    debits: tuple[DirectDebit, ...]


# --- check -------------------------------------------------------------------------------------------------------


def check(debit_file: DebitFile) -> list[str]:
    """Everything that keeps this collection from the bank, in plain words that say what to do; empty when it can be sent."""
    return [*_head_problems(debit_file), *_duplicates(debit_file)] + [
        f"debit {debit.end_to_end_id!r}: {problem}"
        for debit in debit_file.debits
        for problem in _debit_problems(debit, debit_file)
    ]


def _head_problems(debit_file: DebitFile) -> Iterator[str]:
    if problem := reference_problem(debit_file.msg_id, what="the file's MsgId", chars_max=_MSG_CHARS_MAX):
        yield problem
    creditor = debit_file.creditor
    for problem in details_problems(name=creditor.name, iban=creditor.iban, bic=creditor.bic):
        yield f"the caisse's own account: {problem}"
    if not at_02.is_valid(debit_file.creditor_id) or debit_file.creditor_id != at_02.compact(debit_file.creditor_id):
        yield f"the creditor id {debit_file.creditor_id!r} is not valid; copy it from the bank's letter, like FR72ZZZ123456"
    if not debit_file.debits:
        yield "the collection asks nobody; drop it"
    yield from _date_problems(debit_file)


def _date_problems(debit_file: DebitFile) -> Iterator[str]:
    day = debit_file.collection_date
    if not 0 <= debit_file.created_at_us <= CREATED_US_MAX:
        yield f"the creation time {debit_file.created_at_us} is not in 1970 to 2199; give microseconds since 1970"
        return
    created = _created(debit_file).date()
    if not created < day < created + timedelta(days=366):
        yield f"the collection date {day} is not within the year after the approval; choose {next_business_day(created)}"
    elif not is_business_day(day):
        yield f"banks are closed on {day}; choose {next_business_day(day)}"


def _duplicates(debit_file: DebitFile) -> Iterator[str]:
    for end_to_end_id, times in Counter(debit.end_to_end_id for debit in debit_file.debits).items():
        if times > 1:
            yield f"the EndToEndId {end_to_end_id!r} stands {times} times; a debit is made once, so remove the repeats"


def _debit_problems(debit: DirectDebit, debit_file: DebitFile) -> Iterator[str]:
    if problem := reference_problem(debit.end_to_end_id, what="the EndToEndId"):
        yield problem
    if problem := reference_problem(debit.mandate, what="the mandate's reference"):
        yield problem
    if debit.sequence not in SEQUENCES:
        yield f"the sequence type {debit.sequence!r} is none of {', '.join(SEQUENCES)}"
    if debit.signed_on > _created_or_today(debit_file):
        yield f"the mandate is signed on {debit.signed_on}, after the approval; correct the day"
    yield from details_problems(name=debit.debtor_name, iban=debit.iban, bic=debit.bic)
    if compact(debit.iban) and compact(debit.iban) == compact(debit_file.creditor.iban):
        yield "the member's account is the caisse's own; ask the member for theirs"
    if problem := _amount_problem(debit.amount_cents):
        yield problem
    if problem := _remittance_problem(debit.remittance):
        yield problem
    if debit.old_creditor and not at_02.is_valid(debit.old_creditor):
        yield f"the former creditor id {debit.old_creditor!r} is not valid; look at the mandate"


def _created_or_today(debit_file: DebitFile) -> date:
    in_range = 0 <= debit_file.created_at_us <= CREATED_US_MAX
    return _created(debit_file).date() + timedelta(days=1) if in_range else date.max


def _amount_problem(amount_cents: int) -> str | None:
    if type(amount_cents) is not int:
        return f"the amount {amount_cents!r} is not whole cents; give an integer"
    if amount_cents <= 0:
        return "the amount is not above 0.00 EUR; leave this member out"
    if amount_cents > CENTS_MAX:
        return "the amount is above 999999999.99 EUR, which no debit carries; collect it in parts"
    return None


def _remittance_problem(remittance: str) -> str | None:
    spelled = to_sepa(remittance)
    if not has_letter_or_digit(spelled):
        return "the text for the member's bank statement is empty; name the caisse and the month"
    if len(spelled) > REMITTANCE_CHARS_MAX:
        return f"the text for the bank statement has {len(spelled)} characters; shorten it to {REMITTANCE_CHARS_MAX}"
    return None


# --- render ------------------------------------------------------------------------------------------------------


def render(debit_file: DebitFile) -> bytes:
    """The file as the bank takes it: UTF-8 XML, one payment information block per sequence type that occurs.

    Raises UnpayableFile when `check` finds anything.
    """
    problems = check(debit_file)
    if problems:
        raise UnpayableFile("\n".join(problems))
    tree = IsoTree(NAMESPACE)
    initiation = tree.branch(tree.root, "CstmrDrctDbtInitn")
    header = tree.branch(initiation, "GrpHdr")
    tree.leaf(header, "MsgId", debit_file.msg_id)
    tree.leaf(header, "CreDtTm", _created(debit_file).strftime("%Y-%m-%dT%H:%M:%SZ"))
    _sums(tree, header, debit_file.debits)
    tree.leaf(tree.branch(header, "InitgPty"), "Nm", to_sepa(debit_file.creditor.name))
    for sequence in SEQUENCES:
        debits = [debit for debit in debit_file.debits if debit.sequence == sequence]
        if debits:
            _block(tree, initiation, debit_file, sequence, debits)
    return tree.written()


def _block(
    tree: IsoTree, initiation: etree._Element, debit_file: DebitFile, sequence: str, debits: Sequence[DirectDebit]
) -> None:
    block = tree.branch(initiation, "PmtInf")
    tree.leaf(block, "PmtInfId", f"{debit_file.msg_id}-{sequence}")
    tree.leaf(block, "PmtMtd", "DD")
    tree.leaf(block, "BtchBookg", "false")  # one bank line per debit: each is matched by its EndToEndId
    _sums(tree, block, debits)
    kind = tree.branch(block, "PmtTpInf")
    tree.leaf(tree.branch(kind, "SvcLvl"), "Cd", "SEPA")
    tree.leaf(tree.branch(kind, "LclInstrm"), "Cd", "CORE")
    tree.leaf(kind, "SeqTp", sequence)
    tree.leaf(block, "ReqdColltnDt", debit_file.collection_date.isoformat())
    creditor = debit_file.creditor
    tree.leaf(tree.branch(block, "Cdtr"), "Nm", to_sepa(creditor.name))
    tree.leaf(tree.branch(block, "CdtrAcct", "Id"), "IBAN", compact(creditor.iban))
    _agent(tree, tree.branch(block, "CdtrAgt", "FinInstnId"), creditor.bic)
    tree.leaf(block, "ChrgBr", "SLEV")
    _scheme(tree, tree.branch(block, "CdtrSchmeId"), debit_file.creditor_id)
    for debit in debits:
        _debit(tree, block, debit)


def _debit(tree: IsoTree, block: etree._Element, debit: DirectDebit) -> None:
    made = tree.branch(block, "DrctDbtTxInf")
    tree.leaf(tree.branch(made, "PmtId"), "EndToEndId", debit.end_to_end_id)
    tree.leaf(made, "InstdAmt", decimal(debit.amount_cents)).set("Ccy", "EUR")
    mandate = tree.branch(made, "DrctDbtTx", "MndtRltdInf")
    tree.leaf(mandate, "MndtId", debit.mandate)
    tree.leaf(mandate, "DtOfSgntr", debit.signed_on.isoformat())
    if debit.new_account or debit.old_creditor:
        _amendment(tree, mandate, debit)
    _agent(tree, tree.branch(made, "DbtrAgt", "FinInstnId"), debit.bic)
    tree.leaf(tree.branch(made, "Dbtr"), "Nm", to_sepa(debit.debtor_name))
    tree.leaf(tree.branch(made, "DbtrAcct", "Id"), "IBAN", compact(debit.iban))
    tree.leaf(tree.branch(made, "RmtInf"), "Ustrd", to_sepa(debit.remittance))


def _amendment(tree: IsoTree, mandate: etree._Element, debit: DirectDebit) -> None:
    tree.leaf(mandate, "AmdmntInd", "true")
    details = tree.branch(mandate, "AmdmntInfDtls")
    if debit.old_creditor:
        _scheme(tree, tree.branch(details, "OrgnlCdtrSchmeId"), debit.old_creditor)
    if debit.new_account:
        tree.leaf(tree.branch(details, "OrgnlDbtrAcct", "Id", "Othr"), "Id", SAME_MANDATE_NEW_ACCOUNT)


def _scheme(tree: IsoTree, parent: etree._Element, creditor_id: str) -> None:
    other = tree.branch(parent, "Id", "PrvtId", "Othr")
    tree.leaf(other, "Id", creditor_id)
    tree.leaf(tree.branch(other, "SchmeNm"), "Prtry", "SEPA")


def _agent(tree: IsoTree, agent: etree._Element, bic: str | None) -> None:
    if bic:
        tree.leaf(agent, "BICFI", compact(bic))
    else:
        tree.leaf(tree.branch(agent, "Othr"), "Id", NO_BIC)


def _sums(tree: IsoTree, parent: etree._Element, debits: Sequence[DirectDebit]) -> None:
    tree.leaf(parent, "NbOfTxs", str(len(debits)))
    tree.leaf(parent, "CtrlSum", decimal(sum(debit.amount_cents for debit in debits)))


def _created(debit_file: DebitFile) -> datetime:
    return EPOCH + timedelta(microseconds=debit_file.created_at_us)
