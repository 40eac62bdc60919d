"""Law: what the bank sends comes in through a page as often as one likes and is taken once; its lines are said to be what they
are, many in one form, and put back.
"""

import itertools
import re
from io import BytesIO
from zipfile import ZipFile

import pytest

from clearing.console.sending import FILE_TOO_LONG, UPLOAD_BYTES_MAX
from clearing.installation.payment import ACCOUNT_OF_THE_CAISSE, BANK
from clearing.people import Record
from tests.bank.samples import Booking, camt as camt_of, ofx, ofx_entry, table
from tests.console.open_house import CODE, House

pytestmark = pytest.mark.asyncio(loop_scope="session")
OWN_IBAN = "FR7630004000031234567890143"
"""The caisse's own here: other tests of the console give a producer the account of tests/bank/samples.py."""
ANOTHER_IBAN = "FR1420041010050500013M02606"
_marks = itertools.count(1)


def camt(*some: Booking, iban: str = OWN_IBAN, opening: int | None = None, closing: int | None = None) -> bytes:
    return camt_of(*some, iban=iban, opening=opening, closing=closing)


async def own_account(house: House) -> None:
    async with house.installation.people_of(CODE) as people:
        await people.keep([Record(
            subject=ACCOUNT_OF_THE_CAISSE, kind=BANK, fields={"name": "Caisse de la brume", "iban": OWN_IBAN}
        )])  # fmt: skip


async def cotisation_voted(house: House) -> None:
    book = await house.book()
    if not book.cotisations.rules:
        await house.order("tess", "set_cotisation_rule", {
            "rule": "month", "fund": "general", "minimum_cents": 100, "step_cents": 100, "levels": [], "free": True,
            "means": ["transfer", "debit"], "over_is_gift": False, "decision": next(iter(book.caisse.decisions)),
        })  # fmt: skip


def bookings(*cents: int, on: str = "2026-05-04", **said: str) -> list[Booking]:
    """Each with a reference of the bank's own that no other test has."""
    return [
        Booking(one, on=on, ref=f"R{next(_marks)}", name=said.get("name", "Durand"), text=said.get("text", "virement"))
        for one in cents
    ]


async def lines_known(house: House) -> int:
    return len((await house.book()).bank.lines)


async def waiting_now(house: House) -> set[int]:
    return set((await house.book()).bank.waiting)


async def taken(house: House, *some: Booking) -> list[int]:
    """The numbers of lines that this statement brought."""
    await own_account(house)
    before = await lines_known(house)
    seen = await house.bring("tess", "bank", camt(*some))
    assert seen.status == 200, seen.text
    new = {line.said.cents: number for number, line in (await house.book()).bank.lines.items() if number > before}
    return [new[one.cents] for one in some]


async def test_a_statement_is_told_line_by_line_and_the_same_file_again_says_nothing_new(house: House) -> None:
    await own_account(house)
    file = camt(*bookings(12_345, -250, name="Marie Durand", text="loyer du four"))
    seen = await house.bring("tess", "bank", file)
    assert (seen.status, seen.path.startswith(f"/c/{CODE}/bank/statements/")) == (200, True)
    assert "Taken in. New lines: 2. Here already: 0." in seen.text
    assert "€123.45" in seen.text
    assert "Marie Durand · loyer du four" in seen.text
    assert "Waits" in seen.text
    before = (await house.book()).position
    again = await house.bring("tess", "bank", file, name="the-same.xml")
    assert "This file says nothing new. Here already: 2." in again.text
    assert (await house.book()).position == before


async def test_names_are_read_by_the_treasurer_alone(house: House) -> None:
    (line,) = await taken(house, *bookings(777, name="Marie Sealed"))
    assert "Marie Sealed" in (await house.see("tess", f"bank/lines/{line}")).text
    for person in ("bruno", "audrey"):
        for path in (f"bank/lines/{line}", "bank/waiting", "bank"):
            seen = await house.see(person, path)
            assert (seen.status, "Marie Sealed" in seen.text) == (200, False), (person, path)


async def test_shuffled_or_split_in_two_the_lines_are_the_same(house: House) -> None:
    await own_account(house)
    some = bookings(101, 102, 103, 104)
    before = await lines_known(house)
    await house.bring("tess", "bank", camt(*some[:3]))
    await house.bring("tess", "bank", camt(*some[1:]))
    assert await lines_known(house) == before + 4
    seen = await house.bring("tess", "bank", camt(*some[::-1]))
    assert "nothing new" in seen.text
    assert await lines_known(house) == before + 4


SPOILED = {
    "empty": (b"  ", "The file is empty"),
    "broken off": (camt(*bookings(5))[:400], "breaks off"),
    "a zip": (b"PK\x03\x04", "a spreadsheet or a PDF"),
    "another caisse's": (camt(*bookings(6), iban=ANOTHER_IBAN), "nothing of it was taken"),
    "a bomb": (b'<!DOCTYPE x [<!ENTITY a "b">]><Document/>', "document type or entities"),
    "does not add up": (camt(*bookings(100), opening=0, closing=90), "does not add up"),
    "ours": (b'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"><CstmrCdtTrfInitn/></Document>',
             "a file for the bank"),
    "an answer to nobody": (b"", "Choose the file"),
    "a table": (table("04/05/2026;vir;;1,00;r;"), "CSV"),
}  # fmt: skip


@pytest.mark.parametrize("what", list(SPOILED))
async def test_a_file_that_cant_be_taken_is_told_why_and_changes_nothing(house: House, what: str) -> None:
    await own_account(house)
    content, said = SPOILED[what]
    if what == "a zip":
        packed = BytesIO()
        with ZipFile(packed, "w") as archive:
            archive.writestr("releve.xml", camt(*bookings(7)))
        content = packed.getvalue()
    before = (await house.book()).position
    seen = await house.bring("tess", "bank", content)
    assert (seen.status, said in seen.text) == (422, True), seen.text
    assert (await house.book()).position == before


async def test_a_file_that_is_too_large_is_refused_before_it_is_read(house: House) -> None:
    before = (await house.book()).position
    seen = await house.bring("tess", "bank", b"x" * (UPLOAD_BYTES_MAX + 1))
    assert (seen.status, FILE_TOO_LONG in seen.text) == (413, True)
    assert (await house.book()).position == before


async def test_a_file_beside_a_form_that_takes_none_is_not_read(house: House) -> None:
    assert (await house.bring("tess", "todo", b"<x/>")).status == 404
    seen = await house.bring("tess", "do/open_fund", b"<x/>", {"fund": ""})
    assert seen.status == 422
    assert (await house.bring("tess", "do/open_fund", b"x" * (2 << 20))).status == 413


async def test_a_file_without_the_forms_token_is_not_taken(house: House) -> None:
    before = (await house.book()).position
    assert (await house.bring("tess", "bank", camt(*bookings(8)), {"token": "0" * 32})).status == 403
    assert (await house.bring("bruno", "bank", camt(*bookings(8)))).status == 403
    assert (await house.book()).position == before


async def test_several_lines_are_said_to_be_what_they_are_in_one_form(house: House) -> None:
    fee, gift, wrong, back = await taken(house, *bookings(-150, 5_000, 3_300, -3_300))
    seen = await house.see("tess", "bank/waiting")
    assert f'name="is.{fee}"' in seen.html
    assert "Money for the fund" in seen.text
    done = await house.send("tess", "bank/waiting", {
        f"is.{fee}": "kind=charge&fund=general", f"is.{gift}": "kind=fund&fund=general", f"is.{wrong}": "kind=nothing",
        f"is.{back}": "kind=nothing",
    })  # fmt: skip
    assert (done.status, "Lines said to be what they are: 4." in done.text) == (200, True), done.text
    bank = (await house.book()).bank
    assert not {fee, gift, wrong, back} & set(bank.waiting)
    assert bank.lines[wrong].match == bank.lines[back].match != bank.lines[gift].match


async def test_what_is_declined_is_told_and_what_was_chosen_stays_chosen(house: House) -> None:
    out, into = await taken(house, *bookings(-91_000_000, 4_400))
    seen = await house.send("tess", "bank/waiting", {
        f"is.{into}": "kind=fund&fund=general", f"is.{out}": "kind=charge&fund=general",
    })  # fmt: skip
    assert (seen.status, f"Line {out} of the bank" in seen.text, "received and not engaged" in seen.text) == (422, False, True)
    assert "Lines recorded before this one: 1." in seen.text  # money first, then the charges that it bears
    assert re.search(r'value="kind=charge&amp;fund=general" selected', seen.html)
    waits = await waiting_now(house)
    assert (out in waits, into in waits) == (True, False)
    together = {f"is.{line}": "kind=charge&fund=general" for line in (out, *await taken(house, *bookings(-92_000_000)))}
    seen = await house.send("tess", "bank/waiting", together)
    assert (seen.status, f"Line {out} of the bank: " in seen.text) == (422, True)
    assert (await house.send("tess", "bank/waiting", {f"is.{into}": "kind=<b>"})).status == 422


async def test_two_lines_for_one_fund_are_two_receipts(house: House) -> None:
    first, second = await taken(house, *bookings(2_001, 2_002))
    chosen = {f"is.{line}": "kind=fund&fund=general" for line in (first, second)}
    assert (await house.send("tess", "bank/waiting", chosen)).status == 200
    bank = (await house.book()).bank
    assert bank.lines[first].match != bank.lines[second].match


async def test_lines_are_found_by_amount_and_by_what_the_bank_wrote(house: House) -> None:
    first, second = await taken(house, *bookings(-61_234, text="Assurance Zephyr"), *bookings(61_234, text="autre"))
    seen = await house.see("tess", "bank/waiting?text=zephyr")
    assert f'name="is.{first}"' in seen.html
    assert f'name="is.{second}"' not in seen.html
    seen = await house.see("tess", "bank/waiting?amount=612,34")
    assert f'name="is.{first}"' in seen.html
    assert f'name="is.{second}"' in seen.html
    assert "Lines: 2; €612.34 came, €612.34 went, together €0.00" in seen.text
    assert "Write an amount like 12,50." in (await house.see("tess", "bank/waiting?amount=abc")).text


async def test_many_lines_are_one_thing_and_it_is_put_back(house: House) -> None:
    first, second = await taken(house, *bookings(1_111, 2_222))
    await house.order("tess", "receive_money", {"fund": "general", "cents": 3_333, "reference": f"by hand {first}"})
    moves = {move.name: at for at, move in (await house.book()).bank.moves.items()}
    page = f"bank/lines/{first}"
    seen = await house.send("tess", page, {
        "kind": "booked", "booked-moves": str(moves[f"by hand {first}"]), "with": str(second)
    })  # fmt: skip
    assert seen.status == 200, seen.text
    bank = (await house.book()).bank
    assert bank.lines[first].match == bank.lines[second].match > 0
    shown = await house.see("tess", page)
    assert f"by hand {first}" in shown.text
    assert f"line {second}" in shown.text
    assert "It was told first by:" in shown.text
    back = await house.send("tess", page, {"undo": "yes"})
    assert "It is put back: its lines wait again." in back.text
    assert {first, second} <= await waiting_now(house)


async def test_a_cotisation_is_named_with_its_member_rule_and_month(house: House) -> None:
    await cotisation_voted(house)
    await house.order("dora", "admit_members", {"members": [{"member": "b-payer", "groups": []}]})
    await house.order("dora", "agree_cotisation", {"member": "b-payer", "rule": "month", "cents": 2_500, "means": "transfer",
                                                   "from_period": "2026-05", "every_months": 1})  # fmt: skip
    (line,) = await taken(house, *bookings(2_500))
    page = f"bank/lines/{line}"
    assert (await house.send("tess", page, {"kind": ""})).status == 422
    lacking = await house.send("tess", page, {"kind": "cotisation", "cotisation-member": "b-payer"})
    assert (lacking.status, "Fill this in." in lacking.text) == (422, True)
    seen = await house.send("tess", page, {
        "kind": "cotisation", "cotisation-member": "b-payer", "cotisation-rule": "month", "cotisation-period": "2026-05"
    })  # fmt: skip
    assert (seen.status, "Recorded: Cotisation of b-payer, May 2026." in seen.text) == (200, True), seen.text
    assert f"/c/{CODE}/cotisations" in (await house.see("tess", page)).html


CSV = table("04/05/2026;Vir Martin;;1,50;r-1;101,50", "05/05/2026;Frais;2,00;;r-2;99,50")


async def test_how_a_csv_is_read_is_looked_at_before_it_is_kept_and_used(house: House) -> None:
    await own_account(house)
    seen = await house.bring("tess", "bank/mapping", CSV, name="releve.csv")
    assert "Vir Martin" in seen.text
    sample = re.search(r'name="sample" value="([^"]+)"', seen.html)
    assert sample is not None
    assert re.search(r'id="f-balance".*?value="Solde" selected', seen.html, re.DOTALL)
    typed = {"sample": sample[1], "name-of-it": "agricole", "delimiter": ";", "decimal": ",", "days": "dmy", "on": "Date",
             "debit": "Debit", "credit": "Credit", "text": "Libelle", "reference": "Reference", "balance": "Solde"}  # fmt: skip
    wrong = await house.send("tess", "bank/mapping", typed | {"credit": "", "act": "look"})
    assert (wrong.status, "two, one for debits" in wrong.text) == (422, True)
    look = await house.send("tess", "bank/mapping", typed | {"act": "look"})
    assert "4 May 2026 €1.50 Vir Martin €101.50" in look.text
    assert "agricole" not in (await house.book()).bank.mappings
    kept = await house.send("tess", "bank/mapping", typed | {"act": "save"})
    assert (kept.path, "It is saved." in kept.text) == (f"/c/{CODE}/bank", True), kept.text
    before = await lines_known(house)
    assert (await house.bring("tess", "bank", CSV, {"mapping": "agricole"}, name="releve.csv")).status == 200
    assert await lines_known(house) == before + 2


async def test_other_files_than_a_csv_have_no_columns_to_name(house: House) -> None:
    for content in (camt(*bookings(9)), b"PK\x03\x04rest", b"\xff\xfe\0\0\0"):
        assert (await house.bring("tess", "bank/mapping", content)).status == 422
    assert (await house.send("tess", "bank/mapping", {"act": "save"})).status == 422


async def test_an_ofx_is_read_as_it_is(house: House) -> None:
    await own_account(house)
    before = await lines_known(house)
    seen = await house.bring("tess", "bank", ofx(ofx_entry("12.50", fitid="ofx-pages"), account=OWN_IBAN[4:]), name="r.ofx")
    assert (seen.status, await lines_known(house)) == (200, before + 1), seen.text


async def test_what_is_not_there_is_not_found(house: House) -> None:
    for path in ("bank/lines/99999999", "bank/lines/x", "bank/statements/0", "bank/statements/99999"):
        assert (await house.see("tess", path)).status == 404
