"""Law: an account enters the product only when its own check digits agree, and no error shows it whole."""

import pytest

from clearing.settlement.bank_details import InvalidBankDetails, bank_details, last_4
from tests.settlement.batches import PRODUCER_IBAN


def test_accepts_an_account_as_people_type_it() -> None:
    made = bank_details(name="  Ferme   Élodie ", iban="fr14 2004 1010 0505 0001 3m02 606", bic="psstfrpp")
    assert (made.name, made.iban, made.bic) == ("Ferme Élodie", PRODUCER_IBAN, "PSSTFRPP")


def test_an_iban_alone_is_enough() -> None:
    assert bank_details(name="Ferme", iban=PRODUCER_IBAN).bic is None


@pytest.mark.parametrize(
    ("iban", "remedy"),
    [
        ("", "is empty; ask the account holder for a RIB"),
        ("   ", "is empty; ask the account holder for a RIB"),
        ("FR1420041010050500013M02607", "one wrong or swapped digit"),
        ("FR1420041010050500031M02606", "one wrong or swapped digit"),
        ("FR142004101005050001", "type it again from the RIB"),
        ("FR14200410100505000", "type it again from the RIB"),
        ("not an iban", "type it again from the RIB"),
        ("XX00", "type it again from the RIB"),
        ("ＦＲ1420041010050500013M02606", "type it again from the RIB"),
        ("FR14🌱", "type it again from the RIB"),
        ("BR1800360305000010009795493C1", "ask for an account inside it"),
    ],
)
def test_a_wrong_iban_is_refused_with_what_to_do(iban: str, remedy: str) -> None:
    with pytest.raises(InvalidBankDetails, match=remedy):
        bank_details(name="Ferme", iban=iban)


@pytest.mark.parametrize("bic", ["ABC", "", "AGRIXXPP", "AGRIFRPP8", "AGRI-RPP", "AGRIFRPP88é"])
def test_a_wrong_bic_may_be_left_out(bic: str) -> None:
    with pytest.raises(InvalidBankDetails, match="leave it out"):
        bank_details(name="Ferme", iban=PRODUCER_IBAN, bic=bic)


@pytest.mark.parametrize("name", ["", "  ", "...", "🌱", "山田", "x" * 71, "щ" * 24])
def test_a_name_that_no_bank_could_read_is_refused(name: str) -> None:
    with pytest.raises(InvalidBankDetails, match="the account holder's name"):
        bank_details(name=name, iban=PRODUCER_IBAN)


def test_every_error_is_told_at_once() -> None:
    with pytest.raises(InvalidBankDetails) as refused:
        bank_details(name="", iban="FR14", bic="ABC")
    assert len(str(refused.value).split("; ")) >= 6  # three faults, three remedies


def test_an_error_shows_four_characters_of_an_account_and_no_more() -> None:
    with pytest.raises(InvalidBankDetails) as refused:
        bank_details(name="Ferme", iban="FR1420041010050500013M02607")
    assert "…2607" in str(refused.value)
    assert "M02607" not in str(refused.value)
    assert last_4(PRODUCER_IBAN) == "…2606"
