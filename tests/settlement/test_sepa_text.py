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


PUBLISHED = {  # EPC217-08, the letters of its table from their first code point on; "." where it has no letter
    0xC0: "A A A A A A A C E E E E I I I I . N O O O O O . O U U U U Y b s a a a a a a a c e e e e i i i i . n o o o o o "
          ". o u u u u y p y",
    0x100: "A a A a A a C c C c C c C c D d D d E e E e E e E e E e G g G g G g G g H h H h I i I i I i I i I i I i J j K k "
           ". L l L l L l L l L l N n N n N n . . . O o O o O o O o R r R r R r S s S s S s S s T t T t"
           " T t U u U u U u U u U u U u "
           "W w Y y Y Z z Z z Z z .",
    0x218: "S s T t",
    0x388: "E I I",
    0x38E: "Y O i A V G D E Z I TH I K L M N X O P R",
    0x3A3: "S T Y F CH PS O I Y a e i i y a v g d e z i th i k l m n x o p r s s t y f ch ps o i y o y o",
    0x410: "A B V G D E ZH Z I Y K L M N O P R S T U F H TS CH SH SHT A . Y . YU YA a b v g d e zh z i y k l m n o p r s t u "
           "f h ts ch sh sht a . y . yu ya",
}  # fmt: skip
"""But for h with a sign on it, which the table makes an i, and for long o, which it has no letter for."""


def test_the_published_table_of_latin_greek_and_cyrillic_letters_is_kept_whole() -> None:
    wrong, counted = [], 0
    for first, texts in PUBLISHED.items():
        for code, text in enumerate(texts.split(), start=first):
            counted += 1
            if to_sepa(chr(code)) != text:
                wrong.append((chr(code), text, to_sepa(chr(code))))
    assert (wrong, counted) == ([], 327)


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
