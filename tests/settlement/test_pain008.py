"""Law: a collection makes one valid file, the same byte for byte, or none and the reasons in words."""

from datetime import date
from hashlib import sha256

import pytest

from clearing.settlement.bank_details import BankDetails
from clearing.settlement.pain001 import UnpayableFile
from clearing.settlement.pain008 import DebitFile, check, render
from clearing.values import CENTS_MAX, Cents, MicroTime
from tests.settlement.batches import CAISSE_IBAN
from tests.settlement.collections import a_collection, a_debit, assert_valid, texts


def test_blocks_stand_by_sequence_type_and_each_has_its_own_sums() -> None:
    xml = render(a_collection(
        a_debit(end_to_end_id="E1", sequence="RCUR", amount_cents=Cents(1)), a_debit(end_to_end_id="E2"),
        a_debit(end_to_end_id="E3", sequence="OOFF", amount_cents=Cents(CENTS_MAX)),
        a_debit(end_to_end_id="E4", sequence="FNAL"), a_debit(end_to_end_id="E5", sequence="RCUR"),
    ))  # fmt: skip
    assert_valid(xml)
    assert texts(xml, "SeqTp") == ["FRST", "RCUR", "FNAL", "OOFF"]
    assert texts(xml, "EndToEndId") == ["E2", "E1", "E5", "E4", "E3"]
    assert texts(xml, "CtrlSum") == ["1000000075.00", "25.00", "25.01", "25.00", "999999999.99"]
    assert texts(xml, "NbOfTxs") == ["5", "1", "2", "1", "1"]
    assert texts(xml, "PmtInfId") == ["LOOS-C7-FRST", "LOOS-C7-RCUR", "LOOS-C7-FNAL", "LOOS-C7-OOFF"]


def test_a_changed_account_and_a_changed_creditor_id_are_told_as_amendments() -> None:
    xml = render(a_collection(
        a_debit(end_to_end_id="E1", sequence="RCUR", new_account=True),
        a_debit(end_to_end_id="E2", sequence="RCUR", old_creditor="DE98ZZZ09999999999"), a_debit(end_to_end_id="E3"),
    ))  # fmt: skip
    assert_valid(xml)
    assert texts(xml, "AmdmntInd") == ["true", "true"]
    assert xml.count(b"<Id>SMNDA</Id>") == 1
    assert xml.count(b"DE98ZZZ09999999999") == 1


def test_a_rerun_is_identical_and_the_bytes_are_those_of_last_year() -> None:
    assert render(a_collection()) == render(a_collection())
    assert sha256(render(a_collection())).hexdigest() == GOLDEN


def test_no_postal_address_and_no_bic_that_nobody_gave_is_written() -> None:
    xml = render(a_collection(a_debit(bic=None)))
    assert b"PstlAdr" not in xml
    assert texts(xml, "BICFI") == []
    assert xml.count(b"<Id>NOTPROVIDED</Id>") == 2


REFUSALS = [
    (a_collection(debits=()), "asks nobody"),
    (a_collection(a_debit(amount_cents=Cents(0))), "leave this member out"),
    (a_collection(a_debit(amount_cents=Cents(CENTS_MAX + 1))), "collect it in parts"),
    (a_collection(a_debit(amount_cents=25.0)), "not whole cents"),
    (a_collection(a_debit(), a_debit()), "stands 2 times; a debit is made once"),
    (a_collection(a_debit(iban=CAISSE_IBAN)), "is the caisse's own"),
    (a_collection(a_debit(iban="FR1420041010050500013M02607")), "type it again from the RIB"),
    (a_collection(a_debit(mandate="/A//B")), "take the slash out"),
    (a_collection(a_debit(mandate="")), "is empty"),
    (a_collection(a_debit(sequence="LAST")), "none of FRST, RCUR, FNAL, OOFF"),
    (a_collection(a_debit(signed_on=date(2026, 12, 24))), "correct the day"),
    (a_collection(a_debit(old_creditor="DE00ZZZ1")), "look at the mandate"),
    (a_collection(a_debit(remittance=" ")), "name the caisse and the month"),
    (a_collection(a_debit(debtor_name="x" * 71)), "shorten it to 70"),
    (a_collection(creditor_id="FR00ZZZ123456"), "copy it from the bank's letter"),
    (a_collection(creditor_id="FR72 ZZZ 123456"), "copy it from the bank's letter"),
    (a_collection(collection_date=date(2026, 12, 25)), "banks are closed"),
    (a_collection(collection_date=date(2026, 11, 30)), "not within the year"),
    (a_collection(created_at_us=MicroTime(-1)), "1970 to 2199"),
    (a_collection(msg_id="x" * 31), "shorten it to 30"),
    (a_collection(creditor=BankDetails(name="", iban=CAISSE_IBAN)), "the caisse's own account"),
]


@pytest.mark.parametrize(("wrong", "remedy"), REFUSALS)
def test_what_a_bank_would_refuse_is_no_file_but_a_sentence(wrong: DebitFile, remedy: str) -> None:
    assert remedy in "\n".join(check(wrong))
    with pytest.raises(UnpayableFile) as refused:
        render(wrong)
    assert remedy in str(refused.value)


def test_errors_never_print_an_account_number() -> None:
    found = "\n".join(check(a_collection(a_debit(iban="FR1420041010050500013M02607"))))
    assert "20041010050500013M02607" not in found


GOLDEN = "cc9bbc9fbfbc117faa0f2b254670f0de044e73c4c4a5c4573ac28920089bc6d3"
