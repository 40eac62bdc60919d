"""Law: what a bank file cannot spell is replaced, always by the same, and never dropped."""

from unicodedata import ucd_3_2_0 as unicode_3_2

import pytest
from hypothesis import given, strategies as st

from clearing.settlement.sepa_text import SPELLABLE, reference_problem, to_sepa


@pytest.mark.parametrize(
    ("typed", "spelled"),
    [
        ("Ferme de l'Été", "Ferme de l'Ete"),
        ("Les Sœurs Brontë", "Les Sours Bronte"),
        ("Çà & Là", "Ca + La"),
        ("a\u030a e\u0301", "a e"),
        ("l’été — fini", "l'ete - fini"),
        ("10 €", "10 E"),
        ("a;b[c]{d}", "a,b(c)(d)"),
        ("a\\b|c", "a/b/c"),
        ("a_b~c`d", "a-b-c'd"),
        ("<script>", ".script."),
        ('"x" #1 50% *', ".x. .1 50. ."),
        ("🌱 Jardin", ". Jardin"),
        ("\u202eאב", "..."),
        ("Θεσσαλονίκη", "THessaloniki"),
        ("Пловдив Щърк", "Plovdiv SHTark"),
        ("\x00\x07\x1b", "..."),
        ("\ud800", "."),
        ("  trop   de\tblancs\n", "trop de blancs"),
        ("/A//B/", ".A/.B."),
        ("\u0301", "."),
        ("", ""),
        ("Łódź Ţara Ștefan ð", "Lodz Tara Stefan ."),
    ],
)
def test_each_sign_has_one_spelling_in_a_bank_file(typed: str, spelled: str) -> None:
    assert to_sepa(typed) == spelled


@given(st.text())
def test_any_text_comes_out_spellable_and_says_the_same_twice(typed: str) -> None:
    spelled = to_sepa(typed)
    assert set(spelled) <= SPELLABLE
    assert to_sepa(spelled) == spelled
    assert not spelled.startswith("/")
    assert not spelled.endswith("/")
    assert "//" not in spelled


@given(st.text(alphabet=st.characters(blacklist_categories=("Zs", "Cc", "Mn", "Mc", "Me")), min_size=1))
def test_no_sign_vanishes_from_a_text_without_blanks(typed: str) -> None:
    assert len(to_sepa(typed)) >= len(unicode_3_2.normalize("NFC", typed))


@given(st.text(alphabet=sorted(SPELLABLE - {"/"}), min_size=1))
def test_a_text_already_spellable_only_loses_needless_blanks(typed: str) -> None:
    assert to_sepa(typed) == " ".join(typed.split())


@pytest.mark.parametrize("reference", ["LOOS-7", "a", "A/B", "x" * 35, "(7):2026,11.30 +'?"])
def test_accepts_a_reference_that_every_bank_returns_unchanged(reference: str) -> None:
    assert reference_problem(reference, what="the reference") is None


@pytest.mark.parametrize(
    ("reference", "remedy"),
    [
        ("", "give it 1 to 35 characters"),
        ("x" * 36, "shorten it to 35"),
        ("/A", "take the slash out"),
        ("A/", "take the slash out"),
        ("/A//B", "take the slash out"),
        ("A//B", "take the slash out"),
        ("/", "take the slash out"),
        ("é", "use only a-z"),
        ("A&B", "use only a-z"),
        ("A<B", "use only a-z"),
        ("A_B", "use only a-z"),
        ("A\x00B", "use only a-z"),
        ("A\nB", "use only a-z"),
        ("🌱", "use only a-z"),
        ("\u202eA", "use only a-z"),
        (" A", "a space too many"),
        ("A ", "a space too many"),
        ("A  B", "a space too many"),
    ],
)
def test_a_reference_is_refused_rather_than_rewritten(reference: str, remedy: str) -> None:
    assert remedy in (reference_problem(reference, what="the reference") or "")
