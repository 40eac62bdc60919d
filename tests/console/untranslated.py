"""Law: what lacks its words is printed as the entries to fill in: python -m tests.console.untranslated

Each entry stands under the file that it belongs into; what nothing says any more is listed below.
"""

from babel.messages.pofile import escape

from clearing.console.words import LANGUAGES, catalogue
from tests.console.refusals_in_source import forms
from tests.console.said_in_source import exact_keys, keys, sentences


def missing() -> dict[str, list[str]]:
    """Catalogue -> msgids that it lacks."""
    wanted = {language: [*sorted(keys())] for language in LANGUAGES}
    wanted["fr"] += sentences()
    wanted["refusals"] = [*forms()]
    return {name: [msgid for msgid in msgids if msgid not in catalogue(name)] for name, msgids in wanted.items()}


def left_over() -> dict[str, list[str]]:
    known = keys() | exact_keys()
    said = {"fr": known | set(sentences()), "en": known, "refusals": set(forms())}
    return {name: sorted(set(catalogue(name)) - msgids) for name, msgids in said.items()}


if __name__ == "__main__":
    for name, msgids in missing().items():
        print(f"# words/{name}.po: {len(msgids)} missing")
        print("".join(f'\nmsgid {escape(msgid)}\nmsgstr ""\n' for msgid in msgids))
    for name, msgids in left_over().items():
        print(*(f"# words/{name}.po: nothing says any more: {msgid}" for msgid in msgids), sep="\n")
