"""Law: a batch makes one valid file, the same byte for byte, or none and the reasons in words."""

from datetime import date

import pytest
from hypothesis import given, strategies as st
from lxml import etree

from clearing.settlement.pain001 import NAMESPACE, BankParty, PaymentFile, UnpayableFile, check, notes, render
from clearing.values import CENTS_MAX, Cents, MicroTime
from tests.settlement.batches import CAISSE_IBAN, PRODUCER_IBAN, a_file, a_payout, assert_valid, texts

GERMAN_IBAN = "DE89370400440532013000"


def euros(cents: int) -> str:
    whole = str(cents).rjust(3, "0")
    return f"{whole[:-2]}.{whole[-2:]}"


def flat(xml: bytes) -> list[tuple[str, str]]:
    """Every leaf of the file as (path below the document, text), in its order."""
    root = etree.fromstring(xml)
    tree = root.getroottree()
    prefix = f"{{{NAMESPACE}}}"
    return [
        (tree.getelementpath(element).replace(prefix, "").removeprefix("CstmrCdtTrfInitn/"), element.text or "")
        for element in root.iter("*")
        if not len(element)
    ]


def test_every_field_of_a_full_file_reads_back_as_it_was_meant() -> None:
    debtor = BankParty(name="Caisse & Cie", iban="FR76 3000 6000 0112 3456 7890 189", bic="AGRIFRPP")
    second = a_payout(
        end_to_end_id="P-7-2",
        producer_name="Gärtnerei",
        iban=GERMAN_IBAN,
        bic="cobadeffxxx",
        amount_cents=Cents(CENTS_MAX),
    )
    xml = render(a_file(a_payout(), second, debtor=debtor))
    assert_valid(xml)
    assert flat(xml) == [
        ("GrpHdr/MsgId", "LOOS-7"),
        ("GrpHdr/CreDtTm", "2026-11-30T12:00:00Z"),
        ("GrpHdr/NbOfTxs", "2"),
        ("GrpHdr/CtrlSum", "1000000017.33"),
        ("GrpHdr/InitgPty/Nm", "Caisse + Cie"),
        ("PmtInf/PmtInfId", "LOOS-7"),
        ("PmtInf/PmtMtd", "TRF"),
        ("PmtInf/BtchBookg", "false"),
        ("PmtInf/NbOfTxs", "2"),
        ("PmtInf/CtrlSum", "1000000017.33"),
        ("PmtInf/PmtTpInf/SvcLvl/Cd", "SEPA"),
        ("PmtInf/ReqdExctnDt/Dt", "2026-12-01"),
        ("PmtInf/Dbtr/Nm", "Caisse + Cie"),
        ("PmtInf/DbtrAcct/Id/IBAN", CAISSE_IBAN),
        ("PmtInf/DbtrAgt/FinInstnId/BICFI", "AGRIFRPP"),
        ("PmtInf/ChrgBr", "SLEV"),
        ("PmtInf/CdtTrfTxInf[1]/PmtId/EndToEndId", "P-7-1"),
        ("PmtInf/CdtTrfTxInf[1]/Amt/InstdAmt", "17.34"),
        ("PmtInf/CdtTrfTxInf[1]/Cdtr/Nm", "Ferme des Trois Chenes"),
        ("PmtInf/CdtTrfTxInf[1]/CdtrAcct/Id/IBAN", PRODUCER_IBAN),
        ("PmtInf/CdtTrfTxInf[1]/RmtInf/Ustrd", "Caisse de Loos, lot 7"),
        ("PmtInf/CdtTrfTxInf[2]/PmtId/EndToEndId", "P-7-2"),
        ("PmtInf/CdtTrfTxInf[2]/Amt/InstdAmt", "999999999.99"),
        ("PmtInf/CdtTrfTxInf[2]/CdtrAgt/FinInstnId/BICFI", "COBADEFFXXX"),
        ("PmtInf/CdtTrfTxInf[2]/Cdtr/Nm", "Gartnerei"),
        ("PmtInf/CdtTrfTxInf[2]/CdtrAcct/Id/IBAN", GERMAN_IBAN),
        ("PmtInf/CdtTrfTxInf[2]/RmtInf/Ustrd", "Caisse de Loos, lot 7"),
    ]


def test_every_amount_is_in_euros() -> None:
    xml = render(a_file(a_payout(), a_payout(end_to_end_id="P-7-2")))
    amounts = list(etree.fromstring(xml).iter(f"{{{NAMESPACE}}}InstdAmt"))
    assert [dict(amount.attrib) for amount in amounts] == [{"Ccy": "EUR"}] * 2


def test_an_iban_alone_names_no_bank_of_the_producer_and_says_so_for_the_caisse() -> None:
    xml = render(a_file())
    assert_valid(xml)
    assert texts(xml, "BICFI") == []
    assert [text for path, text in flat(xml) if path.endswith("DbtrAgt/FinInstnId/Othr/Id")] == ["NOTPROVIDED"]


def test_no_postal_address_is_ever_written() -> None:
    assert b"PstlAdr" not in render(a_file())


def test_a_rerun_is_identical_byte_for_byte() -> None:
    assert render(a_file()) == render(a_file())


def test_the_creation_time_is_the_event_s_own_in_utc() -> None:
    assert texts(render(a_file(created_at_us=MicroTime(1_796_039_999_999_999))), "CreDtTm") == ["2026-11-30T11:59:59Z"]


# --- refusals: (what is changed, what the text must say) -------------------------------------------------------------

REFUSALS = [
    (a_file(payouts=()), "the batch pays nobody"),
    (a_file(a_payout(amount_cents=Cents(0))), "a transfer pays at least 1 cent"),
    (a_file(a_payout(amount_cents=Cents(-280))), "carry this producer over"),
    (a_file(a_payout(amount_cents=Cents(CENTS_MAX + 1))), "at most 999999999.99 EUR, split it"),
    (a_file(a_payout(amount_cents=10**11 * 5)), "split it"),
    (a_file(a_payout(amount_cents=17.34)), "not whole cents"),
    (a_file(a_payout(amount_cents=True)), "not whole cents"),
    (a_file(a_payout(), a_payout()), "stands 2 times; a payout is paid once"),
    (a_file(a_payout(iban=CAISSE_IBAN)), "is the caisse's own"),
    (a_file(a_payout(iban="FR76 3000 6000 0112 3456 7890 189")), "is the caisse's own"),
    (a_file(a_payout(iban="FR1420041010050500013M02607")), "type it again from the RIB"),
    (a_file(a_payout(iban="")), "the IBAN is empty"),
    (a_file(a_payout(bic="ABC")), "leave it out"),
    (a_file(a_payout(remittance="")), "name the caisse and the period"),
    (a_file(a_payout(remittance="x" * 141)), "shorten it to 140"),
    (a_file(a_payout(producer_name="x" * 71)), "shorten it to 70"),
    (
        a_file(debtor=BankParty(name="", iban=CAISSE_IBAN)),
        "the caisse's own account: the account holder's name is empty",
    ),
    (a_file(debtor=BankParty(name="Caisse", iban="FR76")), "the caisse's own account: the IBAN ending"),
    (a_file(execution_date=date(2026, 12, 5)), "banks are closed on 2026-12-05; choose 2026-12-07"),
    (a_file(execution_date=date(2026, 12, 25)), "choose 2026-12-28"),
    (a_file(execution_date=date(2026, 11, 27)), "before the batch was made or far away; choose 2026-12-01"),
    (a_file(execution_date=date.max), "far away"),
    (a_file(execution_date=date.min), "far away"),
    (a_file(created_at_us=MicroTime(-1)), "give microseconds since 1970"),
    (a_file(created_at_us=MicroTime(10**18)), "give microseconds since 1970"),
]


@pytest.mark.parametrize(("payment_file", "remedy"), REFUSALS)
def test_a_file_that_a_bank_would_refuse_is_not_made_and_says_what_to_do(
    payment_file: PaymentFile, remedy: str
) -> None:
    problems = check(payment_file)
    assert any(remedy in problem for problem in problems), problems
    with pytest.raises(UnpayableFile, match=r"\w"):
        render(payment_file)


def test_every_problem_names_its_payout_and_all_are_told_at_once() -> None:
    problems = check(
        a_file(a_payout(amount_cents=Cents(0), iban="FR14"), a_payout(end_to_end_id="P-7-2", remittance=""))
    )
    assert [problem.split(":")[0] for problem in problems] == ["payout 'P-7-1'", "payout 'P-7-1'", "payout 'P-7-2'"]


def test_a_correct_file_has_no_problem_and_no_note() -> None:
    two = a_file(a_payout(), a_payout(end_to_end_id="P-7-2"))
    assert check(two) == []
    assert notes(two) == []


def test_a_batch_of_one_is_noted_because_its_name_will_be_verified() -> None:
    assert check(a_file()) == []
    assert "compare the payee's name" in notes(a_file())[0]


# --- nasty input: text -> (may stand as a reference, may stand as a name) ---------------------------------------------

NASTY = {
    "": (False, False),
    " ": (False, False),
    "\t\r\n": (False, False),
    "Ferme": (True, True),
    "0": (True, True),
    "É": (False, True),
    "Élodie Noël-Çelik": (False, True),
    "Sœur Æther ß": (False, True),
    "Łukasz Żółć": (False, True),
    "Θεσσαλονίκη": (False, True),
    "Щастие": (False, True),
    "e\u0301": (False, True),
    "\u0301": (False, False),
    "a\u0301\u0302\u0303": (False, True),
    "A & B": (False, True),
    "&amp;": (False, True),
    "&": (False, False),
    "<Nm>x</Nm>": (False, True),
    "]]>": (False, False),
    "<!-- x -->": (False, True),
    '"quoted"': (False, True),
    "l'ami": (True, True),
    "/A//B": (False, True),
    "/A": (False, True),
    "A/": (False, True),
    "A/B": (True, True),
    "A//B": (False, True),
    "A\\\\B": (False, True),
    "/": (False, False),
    "//": (False, False),
    "...": (True, False),
    "🌱": (False, False),
    "🌱 Ferme 🥕": (False, True),
    "👩‍🌾": (False, False),
    "\u202eemreF": (False, True),
    "\u200fאבג": (False, False),
    "مزرعة": (False, False),
    "山田農園": (False, False),
    "नमस्ते": (False, False),
    "\x00": (False, False),
    "A\x00B": (False, True),
    "A\x0bB\x1f": (False, True),
    "\x7f\x85": (False, False),
    "A\u2028B": (False, True),
    "A\ufeffB": (False, True),
    "A\ufffeB\uffff": (False, True),
    "\ud800": (False, False),
    "A\udfffB": (False, True),
    "A\u00a0B": (False, True),
    " A": (False, True),
    "A ": (False, True),
    "A  B": (False, True),
    "A\nB": (False, True),
    "=1+1": (False, True),
    "'; DROP": (False, True),
    "%s {0} $x": (False, True),
    "Ａｂｃ": (False, False),
    "x" * 35: (True, True),
    "x" * 36: (False, True),
    "x" * 70: (False, True),
    "x" * 71: (False, False),
    "é" * 70: (False, True),
    "щ" * 24: (False, False),
    "x" * 10_000: (False, False),
    "NOTPROVIDED.": (True, True),
}


def assert_judged(payment_file: PaymentFile, *, accepted: bool) -> None:
    """Accepted: a valid file, twice the same. Not: a text, and no file."""
    problems = check(payment_file)
    assert (problems == []) is accepted, problems
    if accepted:
        xml = render(payment_file)
        assert_valid(xml)
        assert xml == render(payment_file)
    else:
        with pytest.raises(UnpayableFile) as refused:
            render(payment_file)
        assert str(refused.value) == "\n".join(problems)


@pytest.mark.parametrize(("text", "allowed"), NASTY.items())
def test_a_nasty_end_to_end_id_gives_a_valid_file_or_a_reason(text: str, allowed: tuple[bool, bool]) -> None:
    assert_judged(a_file(a_payout(end_to_end_id=text)), accepted=allowed[0])


@pytest.mark.parametrize(("text", "allowed"), NASTY.items())
def test_a_nasty_message_id_gives_a_valid_file_or_a_reason(text: str, allowed: tuple[bool, bool]) -> None:
    assert_judged(a_file(msg_id=text), accepted=allowed[0])


@pytest.mark.parametrize(("text", "allowed"), NASTY.items())
def test_a_nasty_producer_s_name_gives_a_valid_file_or_a_reason(text: str, allowed: tuple[bool, bool]) -> None:
    assert_judged(a_file(a_payout(producer_name=text)), accepted=allowed[1])


@pytest.mark.parametrize(("text", "allowed"), NASTY.items())
def test_a_nasty_caisse_s_name_gives_a_valid_file_or_a_reason(text: str, allowed: tuple[bool, bool]) -> None:
    assert_judged(a_file(debtor=BankParty(name=text, iban=CAISSE_IBAN)), accepted=allowed[1])


@pytest.mark.parametrize("text", NASTY)
def test_a_nasty_remittance_gives_a_valid_file_or_a_reason(text: str) -> None:
    readable = NASTY[text][1] or text in {"x" * 71, "щ" * 24}  # a remittance may be twice as long as a name
    assert_judged(a_file(a_payout(remittance=text)), accepted=readable)


@pytest.mark.parametrize("cents", [1, 9, 10, 99, 100, 101, 12_345, 10**9, 10**10, CENTS_MAX - 1, CENTS_MAX])
def test_an_amount_within_the_banks_limits_is_written_to_the_cent(cents: int) -> None:
    xml = render(a_file(a_payout(amount_cents=Cents(cents))))
    assert_valid(xml)
    assert texts(xml, "InstdAmt") == [euros(cents)]


# --- properties -----------------------------------------------------------------------------------------------------

amounts = st.lists(st.integers(1, CENTS_MAX), min_size=1, max_size=40)


@given(amounts)
def test_the_amounts_of_a_file_add_up_to_its_control_sums(cents: list[int]) -> None:
    payouts = [a_payout(end_to_end_id=f"P-{n}", amount_cents=Cents(amount)) for n, amount in enumerate(cents)]
    xml = render(a_file(*payouts))
    assert_valid(xml)
    assert texts(xml, "InstdAmt") == [euros(amount) for amount in cents]
    assert sum(int(text.replace(".", "")) for text in texts(xml, "InstdAmt")) == sum(cents)
    assert texts(xml, "CtrlSum") == [euros(sum(cents))] * 2
    assert texts(xml, "NbOfTxs") == [str(len(cents))] * 2


@given(reference=st.text(max_size=40), name=st.text(max_size=80), remittance=st.text(max_size=150), cents=st.integers())
def test_any_texts_and_any_amount_give_a_valid_file_or_reasons(
    reference: str, name: str, remittance: str, cents: int
) -> None:
    payout = a_payout(end_to_end_id=reference, producer_name=name, remittance=remittance, amount_cents=cents)
    payment_file = a_file(payout)
    assert_judged(payment_file, accepted=not check(payment_file))


@given(
    iban=st.text(max_size=40), bic=st.none() | st.text(max_size=12), msg_id=st.text(max_size=40), created=st.integers()
)
def test_any_account_and_any_head_give_a_valid_file_or_reasons(
    iban: str, bic: str | None, msg_id: str, created: int
) -> None:
    payment_file = a_file(a_payout(iban=iban, bic=bic), msg_id=msg_id, created_at_us=created)
    assert_judged(payment_file, accepted=not check(payment_file))
