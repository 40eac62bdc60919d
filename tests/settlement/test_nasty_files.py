"""Law: whatever people type, a bank file is valid and executed, by judges nobody here wrote, or there is none.

A table of nasty names, texts, references, accounts and amounts, each tried in a transfer and in a direct debit.
"""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from clearing.settlement import pain001, pain008
from clearing.settlement.pain001 import UnpayableFile
from clearing.settlement.sepa_text import SPELLABLE
from clearing.values import CENTS_MAX
from tests.settlement import batches, collections
from tests.settlement.batches import CAISSE_IBAN, a_file, a_payout
from tests.settlement.collections import a_collection, a_debit
from tests.settlement.test_bank_takes_the_file import ask, bank

__all__ = ["bank"]

READABLE = [
    "Zoé", "Ève", "Île", "Çelik", "Œuvre", "Æther", "Ñandú", "Ülkü", "Ößen", "Åsa", "Łukasz",
    "Žižek", "Ștefan", "Ţepeș", "Ğül",
    "İpek", "ırmak", "Đorđe", "Ħal", "Þór", "Ægir", "Ørsted", "Ħ", "Ŵyn", "Ŷ", "Ÿves", "Ő", "Ű", "Ģirts", "Ķ", "Ļ", "Ņ",
    "Θεσσαλονίκη", "Ψυχή", "Ωμέγα", "Άννα", "Ευάγγελος", "Ξένια", "Χρήστος", "Пловдив", "Щърк",
    "Юлия", "Жанна", "Цветан", "Я",
    "Ёлка", "Йордан", "Ъгъл", "A & B", "A&B", "M. & Mme <Roy>", "Tom; Jerry", "[a]{b}", "a\\b",
    "a|b", "a_b", "a~b", "a`b", "¿x?",
    "l’été", "l'été", "‘a’", "“a”", "«a»", "a – b", "a — b", "a‑b", "a\u00a0b", "a\u202fb", "a\tb",
    "a\nb", "a\r\nb", "a\x00b",
    "a\x07b", "a\x1bb", "a\x7fb", "a\x85b", "a\u2028b", "a\ufeffb", "a\u200bb", "a\u200db",
    "a\u00adb", "\u202eabc", "abc\u202c",
    "x😀", "x👩‍👧", "x\U0001f96c", "x🇫🇷", "x①", "x²", "x½", "x№", "x€", "x£", "x$", "x%", "x#", "x@",
    "x!", "x*", "x=", "x^",
    'x"', "x<", "x>", "x'", "/A//B", "A//B", "/a", "a/", "//a//", "a///b", "-x", "+x", "=1+1",
    "@SUM(1)", "x\ud800", "x\udfff",
    "e\u0301", "a\u0301\u0302\u0303", "\u0301a", "x" * 70, "é" * 70, " x ", "x" + " " * 90, "1",
    "0", "007", "12e45", "null",
    "<!-- x -->", "]]>x", "&amp;x", "&#x0;x", "<!ENTITY x>", "<?xml?>x", "$(rm)", "'; DROP", "%00x",
    "x\u3000y", "ﬁn", "Ａ１a",
]  # fmt: skip
"""Names that a bank file can carry, after replacement."""
UNREADABLE = [
    "", " ", "\t", "\n\n", "\u00a0", "\u3000", ".", "...", "-", "/", "//", "&", "?", "😀", "🥬🥕",
    "עברית", "العربية", "中文", "日本語",
    "한국어", "ไทย", "हिन्दी", "\u202e\u202d", "\u200b", "\x00", "\x00\x07\x1b", "\ufeff", "\ud800",
    "€€".replace("€", "¤"), "★", "x" * 71,
    "é" * 71, "щ" * 24, "Ψ" * 36, "(a) " * 18 + "b",
]  # fmt: skip
"""Names that it can't: nothing readable is left, or more than 70 characters."""
REFERENCES = [
    "", " ", "/A//B", "/A", "A/", "A//B", "x" * 36, "é", "A&B", "A_B", "A\x00", "A\n", " A", "A ", "A  B", "😀", "\u202eA",
]  # fmt: skip
GOOD_REFERENCES = ["A", "x" * 35, "A/B", "a-b.c,d", "(7):8 9'+?", "0", "A:B"]
AMOUNTS: list[Any] = [
    0, -1, -CENTS_MAX, CENTS_MAX + 1, 10**11, 10**15, 10**30, 1.0, 0.01, True, "1", None, float("nan"), float("inf"),
]  # fmt: skip
GOOD_AMOUNTS = [1, 2, 99, 100, 101, 1_234_567, 99_999_999, CENTS_MAX - 1, CENTS_MAX]
ACCOUNTS = [
    ("", None), ("FR", None), ("FR1420041010050500013M02607", None), ("FR7630006000011234567890188",
    None), (CAISSE_IBAN, None),
    ("US64SVBKUS6S3300958879", None), ("ＦＲ1420041010050500013M02606", None),
    ("FR14 2004 1010 0505 0001 3M02 60", None),
    ("DE89370400440532013000", "ABC"), ("DE89370400440532013000", "COBADEFFXX"),
    ("DE89370400440532013000", "COBADEFFXXXX"),
    ("DE89370400440532013000", ""), ("DE89370400440532013000", "ÇOBADEFF"), ("\x00", None),
]  # fmt: skip
GOOD_ACCOUNTS = [
    ("fr14 2004 1010 0505 0001 3m02 606", None), ("DE89370400440532013000", "COBADEFF"),
    ("DE89370400440532013000", "cobadeffxxx"),
    ("BE68539007547034", None), ("NL91ABNA0417164300", None), ("IE29AIBK93115212345678", None),
    ("MT84MALT011000012345MTLCAST001S", None),
]  # fmt: skip


def nasty() -> Iterator[tuple[dict[str, Any], bool]]:
    """(the changed fact as a transfer and a debit call it, whether a file can be made)."""
    yield from (({"name": one}, True) for one in READABLE)
    yield from (({"name": one}, False) for one in UNREADABLE)
    yield from (({"end_to_end_id": one}, True) for one in GOOD_REFERENCES)
    yield from (({"end_to_end_id": one}, False) for one in REFERENCES)
    yield from (({"amount_cents": one}, True) for one in GOOD_AMOUNTS)
    yield from (({"amount_cents": one}, False) for one in AMOUNTS)
    yield from (({"iban": iban, "bic": bic}, True) for iban, bic in GOOD_ACCOUNTS)
    yield from (({"iban": iban, "bic": bic}, False) for iban, bic in ACCOUNTS)
    yield from (({"remittance": one}, bool(one.strip())) for one in ("x" * 140, "é & ü", "/A//B", "😀 a", " ", "\n"))


TABLE = list(nasty())


def as_transfer(changed: dict[str, Any]) -> dict[str, Any]:
    return {("producer_name" if name == "name" else name): value for name, value in changed.items()}


def as_debit(changed: dict[str, Any]) -> dict[str, Any]:
    return {("debtor_name" if name == "name" else name): value for name, value in changed.items()}


def transfer(changed: dict[str, Any]) -> bytes | str:
    try:
        return pain001.render(a_file(a_payout(**as_transfer(changed))))
    except UnpayableFile as refused:
        return str(refused)


def debit(changed: dict[str, Any]) -> bytes | str:
    try:
        return pain008.render(a_collection(a_debit(**as_debit(changed))))
    except UnpayableFile as refused:
        return str(refused)


def test_each_nasty_input_makes_a_valid_file_or_a_sentence_in_both_kinds() -> None:
    found: Counter[tuple[str, bool]] = Counter()
    for changed, possible in TABLE:
        for kind, made in (("transfer", transfer(changed)), ("debit", debit(changed))):
            assert isinstance(made, bytes) == possible, f"{kind} {changed!r}: {made!r}"
            found[kind, possible] += 1
            if isinstance(made, bytes):
                (batches if kind == "transfer" else collections).assert_valid(made)
                room = batches if kind == "transfer" else collections
                for name in ("Nm", "Ustrd", "EndToEndId"):
                    for text in room.texts(made, name):
                        assert set(text) <= SPELLABLE
                        assert not text.startswith("/")
                        assert not text.endswith("/")
                        assert "//" not in text
            else:
                assert made.strip(), changed
                assert not set(made) & {"\x00", "\x1b"}, f"{made!r} would be printed to a terminal"
    assert found["transfer", True] == found["debit", True] == len(READABLE) + 27
    assert found["transfer", False] == found["debit", False] == len(UNREADABLE) + 47
    assert found.total() > 2 * 200


def numbered(changed: dict[str, Any], place: int) -> dict[str, Any]:
    """With an id of its own, so that all of them stand in one file."""
    return {"end_to_end_id": f"N-{place}"} | changed


def test_a_bank_makes_every_nasty_transfer(bank: str) -> None:
    good = [numbered(changed, place) for place, (changed, possible) in enumerate(TABLE) if possible]
    small = [one | {"amount_cents": min(one.get("amount_cents", 5), 7)} for one in good]
    ask(bank, "/_mock/accounts", json.dumps({"id": "P", "iban": "FR7610096000701234567890162", "name": "P"}).encode())
    answer = ask(bank, "/payments", pain001.render(a_file(*(a_payout(**as_transfer(one)) for one in small))))
    assert (answer["status"], answer["accepted"], answer["rejected"], answer["findings"]) == ("ACCP", len(good), 0, [])
    ask(bank, "/_mock/advance?days=3", b"")
    assert len(ask(bank, "/_mock/payments")) == len(good)


def test_a_bank_makes_every_nasty_debit_and_knows_the_file_when_it_comes_again(bank: str) -> None:
    good = [numbered(changed, place) for place, (changed, possible) in enumerate(TABLE) if possible]
    file = a_collection(*(a_debit(**as_debit(one), mandate=f"M-{place}") for place, one in enumerate(good)))
    answer = ask(bank, "/payments", pain008.render(file))
    assert (answer["status"], answer["accepted"], answer["rejected"], answer["findings"]) == ("ACCP", len(good), 0, [])
    before = ask(bank, "/_mock/accounts/CAISSE")["balance"]
    ask(bank, "/_mock/advance?days=20", b"")
    cents = sum(one.get("amount_cents", 2_500) for one in good)
    assert ask(bank, "/_mock/accounts/CAISSE")["balance"] == before + cents
    made = ask(bank, "/_mock/collections")
    assert len(made) == len(good)
    again = ask(bank, "/payments", pain008.render(file))
    assert (again["status"], again["reason"]) == ("RJCT", "DUPL")
    ask(bank, "/_mock/collections/N-1/refuse", json.dumps({"reason": "MD06"}).encode())
    ask(bank, "/_mock/advance?days=3", b"")
    assert ask(bank, "/_mock/accounts/CAISSE")["balance"] == before + cents - 2_500


@pytest.mark.parametrize("sequence", pain008.SEQUENCES)
def test_a_bank_finds_no_fault_in_any_sequence_type_or_amendment(bank: str, sequence: str) -> None:
    file = a_collection(
        a_debit(sequence=sequence), a_debit(end_to_end_id="N-2", sequence="RCUR", new_account=True),
        a_debit(end_to_end_id="N-3", sequence="RCUR", old_creditor="DE98ZZZ09999999999"),
    )  # fmt: skip
    findings = ask(bank, "/_mock/validate", pain008.render(file))["findings"]
    assert [one for one in findings if one["level"] == "error"] == []
    assert {one["text"].partition(" ")[0] for one in findings} == {"AmdmntInfDtls"}, "the schema is this element's judge"
    collections.assert_valid(pain008.render(file))
