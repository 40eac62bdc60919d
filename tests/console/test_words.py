"""Law: whoever reads French reads all of it in French: no sentence is missing, none is left over, none shames anybody."""

import re
from string import Formatter
from typing import Final
from zoneinfo import ZoneInfo

import pytest
from babel import numbers
from hypothesis import given, strategies as st

from clearing.console.words import KEYED, LANGUAGES, Words, catalogue
from clearing.rules.answers import Declined
from clearing.rules.calendar import CivilCalendar
from clearing.rules.stalls.approving import decide_approve
from clearing.rules.stalls.settlement import Settlement
from clearing.values import BatchId, PersonId
from tests.console import untranslated
from tests.console.refusals_in_source import NEVER_TOLD, every_form
from tests.console.said_in_source import CONSOLE, sentences
from tests.console.untranslated import left_over, missing

FORMS: Final = ("refusals", "told", "phrases")  # catalogues of sentences with {} in them
EVERY: Final = (*LANGUAGES, *FORMS)
PARIS: Final = ZoneInfo("Europe/Paris")
FRENCH, ENGLISH = Words("fr", PARIS), Words("en", PARIS)
STIGMA: Final = re.compile(r"allocation|\baid(e|é)|bénéficiaire|assisté|pauvre|démuni|aumône|précaire", re.IGNORECASE)
SAMPLES: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "": (
        ("lune", "lune"), ("12.50 EUR", "12,50\u00a0€"), ("2026-05-31", "31 mai 2026"), ("'ana'", "«\u00a0ana\u00a0»"),
    ),
    "id": (("lune", "lune"), ("pain", "pain")),
    "text": (("There is no member ana.", "Il n’y a pas d’adhérent·e ana."),),
    "month": (("2026-05", "mai 2026"),),
    "role": (("clerk, desk", "secrétariat, accueil"),),
    "word": (("cash", "espèces"), ("'lost'", "perdu")),
    "state": (("suspended", "suspendue"),),
    "payout": (("returned", "revenu"),),
    "verb": (("approve_batch", "Approuver un lot"),),
    "field": (("cents", "Montant"),),
}
"""kind of a place -> (what stands in the English sentence, what is said in French)."""
IDS_ALONE: Final = "{} covers {} twice: keep one of the two"  # "{} covers {} {} twice" fits when there is a blank in one


def places(text: str) -> set[str]:
    """What a text is filled in with: {"0", "1"} or {"number"}."""
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def kinds(text: str) -> set[str]:
    return {kind for _, name, kind, _ in Formatter().parse(text) if name is not None and kind}


def said_by_key(language: str) -> dict[str, str]:
    return {key: said for key, said in catalogue(language).items() if key.startswith(tuple(f"{kind} " for kind in KEYED))}


def french(refusal: str) -> str:
    """With plain blanks, so that a test can be read."""
    return FRENCH.refusal(refusal).replace("\u00a0", " ").replace("\u202f", " ")


@pytest.mark.parametrize("name", [*LANGUAGES, "refusals"])
def test_whatever_is_said_has_its_words_and_no_words_are_left_over(name: str) -> None:
    assert not missing()[name], f"add these to words/{name}.po (python -m tests.console.untranslated prints the entries)"
    assert not left_over()[name], f"nothing says these any more: take them out of words/{name}.po"


def test_what_lacks_its_words_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {name: dict(catalogue(name)) for name in (*LANGUAGES, "refusals")}
    for name, msgid in (("fr", "Sign and record"), ("en", "verb grant"), ("refusals", "There is no fund {}; open it first.")):
        del known[name][msgid]
        known[name]["Nobody says this."] = "Personne ne le dit."
    monkeypatch.setattr(untranslated, "catalogue", known.__getitem__)
    assert missing() == {"fr": ["Sign and record"], "en": ["verb grant"], "refusals": ["There is no fund {}; open it first."]}
    assert set(map(tuple, left_over().values())) == {("Nobody says this.",)}


def test_the_sentences_of_python_templates_and_titles_are_found() -> None:
    found = sentences()
    assert found["All commands"] == "commands.py", "the title of a page"
    assert found["There is no such page."] == "app.py", "the reason of an error"
    assert found["Sign and record"] == "command.html"
    assert not any(text.startswith("Law:") for text in found), "a docstring is nobody's to read"


def test_a_command_is_called_differently_from_every_other() -> None:
    for language in LANGUAGES:
        called = [said for key, said in said_by_key(language).items() if key.startswith("verb ")]
        assert len(called) == len(set(called)), language


def test_the_list_of_what_is_never_told_holds_nothing_that_is_gone() -> None:
    assert set(NEVER_TOLD) <= set(every_form())


@pytest.mark.parametrize("name", EVERY)
def test_a_translation_has_the_places_of_its_sentence(name: str) -> None:
    for text, said in catalogue(name).items():
        if name in FORMS:
            assert places(said) == {str(place) for place in range(text.count("{}"))}, text
            assert kinds(said) <= {"text", "month", *KEYED}, text
        else:
            assert places(said) == places(text), text


@pytest.mark.parametrize("name", EVERY)
def test_no_word_shames_who_is_meant(name: str) -> None:
    shaming = {text: said for text, said in catalogue(name).items() if STIGMA.search(said)}
    assert not shaming, "crédit du mois, foyer, adhérent·e: as in docs/GLOSSARY.md"


def test_no_template_has_a_word_that_shames_or_a_sentence_of_its_own() -> None:
    for path in sorted((CONSOLE / "templates").glob("*.html")):
        text = path.read_text(encoding="utf-8")
        bare = re.sub(r"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}|<[^>]*>", " ", text, flags=re.DOTALL)
        assert not STIGMA.search(bare), path.name
        assert not re.search(r"[A-Za-z]{3,} [A-Za-z]{2,}", bare), f"{path.name}: say it by words.say"


@pytest.mark.parametrize("name", ["fr", *FORMS])
def test_french_is_written_as_the_french_write_it(name: str) -> None:
    for said in catalogue(name).values():
        bare = re.sub(r"\{[^}]*\}", "x", said)
        assert not re.search(r"[\w)] [:;?!»%]", bare), f"a no-break space stands before a double sign: {said}"
        assert "« " not in bare, f"a no-break space stands after an opening quotation mark: {said}"
        assert not re.search(r"[a-zA-Z]'[a-zà-ÿ]", bare), f"the apostrophe is ’: {said}"


def test_every_refusal_is_recognised_when_it_is_filled_in_and_the_most_exact_form_speaks() -> None:
    for form, wanted in catalogue("refusals").items():
        kind_of = {int(name): kind or "" for _, name, kind, _ in Formatter().parse(wanted) if name}
        samples = [SAMPLES["id"] if form == IDS_ALONE else SAMPLES[kind] for _, kind in sorted(kind_of.items())]
        told = [several[place % len(several)] for place, several in enumerate(samples)]
        pieces = form.split("{}")
        sentence = "".join(piece + said for piece, (said, _) in zip(pieces, [*told, ("", "")], strict=True))
        expected = re.sub(r"\{([0-9]+)[^}]*\}", r"{\1}", wanted).format(*(said for _, said in told))
        assert FRENCH.refusal(sentence) == expected, form


def test_the_form_with_most_fixed_letters_speaks() -> None:
    assert french("There is no member ana.") == "Il n’y a pas d’adhérent·e ana."
    assert french("There is no member ana; admit them first.").endswith("enregistrez d’abord son adhésion.")


def test_amounts_days_and_months_in_a_refusal_are_written_as_in_french() -> None:
    assert french("Of 1250.00 EUR -0.50 EUR are still to come, no more can be taken off; what was received goes back by: "
                          "clearing subsidy return").startswith("Sur 1 250,00 €, -0,50 € sont encore à venir")  # fmt: skip
    assert french("2026-05-31 has not come yet; close a day when it is over.").startswith("Le 31 mai 2026 n’est pas")
    told = french("2026-05 has not begun; the credit of a month is granted from its first day on.")
    assert told.startswith("Le mois de mai 2026 n’a pas commencé")


def test_what_rules_call_by_a_word_is_said_by_its_name() -> None:
    told = "ana has the roles clerk, desk; approve_batch needs one of: approver."
    assert french(told) == "ana a les rôles : secrétariat, accueil. Pour « Approuver un lot », il faut l’un de : approbation."
    assert "« ana »" in french("A fund is one of general, tier, not 'ana'.")
    assert french("Separation is split or stay, leaving is at-once or month-end.").count(" ou ") == 2


def test_several_sentences_in_one_are_each_said_in_french() -> None:
    told = french(
        "The charte can't be carried out: category bread is listed twice: list it once; "
        "fund 'tier' does not exist; open it first."
    )
    assert told == (
        "La charte n’est pas applicable : la catégorie bread est citée deux fois : citez-la une fois ; "
        "le fonds « tier » n’existe pas ; ouvrez-le d’abord."
    )
    assert french("Item 3: There is no member ana.") == "Ligne 3 : Il n’y a pas d’adhérent·e ana."
    told = french("Item 2: ana has the roles clerk, desk; approve_batch needs one of: approver.")
    assert told == "Ligne 2 : ana a les rôles : secrétariat, accueil. Pour « Approuver un lot », il faut l’un de : approbation."
    assert french("This must be true or false.") == "Ce champ doit être oui ou non."


def test_a_rule_that_declines_is_understood_in_french() -> None:
    told = decide_approve(
        Settlement(), batch=BatchId(7), execution_on="2026-06-02", calendar=CivilCalendar("Europe/Paris"), by=PersonId("ana"),
        at_us=0,
    )  # fmt: skip
    assert isinstance(told, Declined)
    assert french(told.why) == "Il n’y a pas de lot 7 ; regardez la liste des lots."


def test_what_nobody_translated_stays_english_with_amounts_as_its_reader_writes_them() -> None:
    assert french("Nobody wrote 12.50 EUR into a catalogue.") == "Nobody wrote 12,50 € into a catalogue."
    assert ENGLISH.refusal("Nobody wrote 1234.50 EUR into a catalogue.") == "Nobody wrote €1,234.50 into a catalogue."
    assert french("") == ""


def test_the_first_key_that_is_known_names_a_thing() -> None:
    assert FRENCH.term("word left.moved", "word moved") == "déménagement"
    assert FRENCH.term("word moved.moved", "word moved") == "reporté à un autre jour"
    assert FRENCH.term("word kept.as it is", "word as it is") == "as it is"


def test_catalogues_are_read_once_and_refusals_compiled_once() -> None:
    from clearing.console import words

    french("This is no sentence of ours.")
    read, compiled = catalogue.cache_info().misses, words._sentences.cache_info().misses
    for place in range(1_000):
        assert FRENCH.say("Batch {number}", number=place) == f"Lot {place}"
        french(f"There is no batch {place}; `clearing batches` lists them.")
    assert (catalogue.cache_info().misses, words._sentences.cache_info().misses) == (read, compiled)


def test_a_month_that_begins_with_a_vowel_takes_an_apostrophe() -> None:
    words = Words("fr", ZoneInfo("Europe/Paris"))
    assert "comptes d’octobre 2026" in words.refusal("closing the books of 2026-10 waits for another person than camille")
    assert "comptes de mars 2026" in words.refusal("closing the books of 2026-03 waits for another person than camille")


@given(st.integers(-(10**13), 10**13))
def test_an_amount_has_its_whole_euros_as_its_language_writes_numbers(amount: int) -> None:
    whole, part = divmod(abs(amount), 100)
    sign = "-" if amount < 0 else ""
    assert FRENCH.euros(amount) == f"{sign}{numbers.format_decimal(whole, locale='fr')},{part:02d}\u00a0€"
    assert ENGLISH.euros(amount) == f"{sign}€{numbers.format_decimal(whole, locale='en')}.{part:02d}"
