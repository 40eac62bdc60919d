"""Law: every character a bank file cannot spell is replaced, always by the same one, and never just dropped.

Source: EPC217-08 (character set a-z A-Z 0-9 / - ? : ( ) . , ' + and space, with its conversion table) and the EPC
implementation guidelines (an identifier neither starts nor ends with a slash nor contains two in a row).
"""

import re
from typing import Final
from unicodedata import ucd_3_2_0 as unicode_3_2  # frozen: a newer Python must not spell last year's file differently

UNKNOWN: Final = "."
SPELLABLE: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/-?:().,'+ ")

_SIGNS: Final = {
    "&": "+", ";": ",", "[": "(", "]": ")", "{": "(", "}": ")", "\\": "/", "|": "/", "_": "-", "~": "-", "`": "'",
    "¿": "?", "€": "E",
    # Not in the EPC's table, but what French keyboards and word processors put for signs that are.
    "\t": " ", "\n": " ", "\r": " ", "\u00a0": " ", "\u2009": " ", "\u202f": " ",
    "‐": "-", "‑": "-", "‒": "-", "–": "-", "—": "-", "‘": "'", "’": "'", "‚": ",", "´": "'",
}  # fmt: skip
_LATIN: Final = {  # letters that are no base letter plus an accent
    "Æ": "A", "æ": "a", "Œ": "O", "œ": "o", "Ø": "O", "ø": "o", "ß": "s", "Đ": "D", "đ": "d", "Ħ": "H", "ħ": "h",
    "ı": "i", "Ĳ": "I", "ĳ": "i", "Ŀ": "L", "ŀ": "l", "Ł": "L", "ł": "l", "Ŧ": "T", "ŧ": "t",
    "Þ": "b", "þ": "p",  # as published
}  # fmt: skip
_GREEK: Final = {
    "α": "a", "β": "v", "γ": "g", "δ": "d", "ε": "e", "ζ": "z", "η": "i", "θ": "th", "ι": "i", "κ": "k", "λ": "l",
    "μ": "m", "ν": "n", "ξ": "x", "ο": "o", "π": "p", "ρ": "r", "σ": "s", "ς": "s", "τ": "t", "υ": "y", "φ": "f",
    "χ": "ch", "ψ": "ps", "ω": "o",
}  # fmt: skip
_BULGARIAN: Final = {
    "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ж": "zh", "з": "z", "и": "i", "й": "y", "к": "k",
    "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t", "у": "u", "ф": "f", "х": "h",
    "ц": "ts", "ч": "ch", "ш": "sh", "щ": "sht", "ъ": "a", "ь": "y", "ю": "yu", "я": "ya",
}  # fmt: skip
_SMALL: Final = _GREEK | _BULGARIAN
_TABLE: Final = (
    _SIGNS | _LATIN | _SMALL | {small.upper(): latin.upper() for small, latin in _SMALL.items() if small != "ς"}
)

_STRAY_SLASH: Final = re.compile(r"^/|(?<=/)/|/$")


def to_sepa(text: str) -> str:
    """The text as a bank file can carry it: accents off, signs by the table, '.' for the rest, single spaces.

    May be longer than the text (щ is sht) and may be empty (of blanks). Stray slashes become dots, because some banks
    read them as the start of a code word. The same for ever for the same text.
    """
    composed = unicode_3_2.normalize("NFC", text)
    spelled = "".join(_spell(char, after=composed[i - 1] if i else "") for i, char in enumerate(composed))
    return _STRAY_SLASH.sub(UNKNOWN, re.sub(" +", " ", spelled).strip())


def _spell(char: str, *, after: str) -> str:
    if char in SPELLABLE:
        return char
    if char in _TABLE:
        return _TABLE[char]
    letter = unicode_3_2.normalize("NFD", char)[0]
    if letter != char and (letter in SPELLABLE or letter in _TABLE):
        return _spell(letter, after=after)
    # An accent that stands on a letter goes as accents go; one that stands on nothing is a character like any other.
    return "" if unicode_3_2.combining(char) and after and unicode_3_2.category(after).startswith("L") else UNKNOWN


def has_letter_or_digit(sepa_text: str) -> bool:
    """Whether a person could read anything in it: a name of dots alone names nobody."""
    return any(char.isalnum() for char in sepa_text)


def reference_problem(reference: str, *, what: str, chars_max: int = 35) -> str | None:
    """Why this identifier can't go to a bank, or None. It is never converted: the bank's answer must match it exactly."""
    if not reference:
        return f"{what} is empty; give it 1 to {chars_max} characters"
    if len(reference) > chars_max:
        return f"{what} {reference!r} has {len(reference)} characters; shorten it to {chars_max}"
    foreign = sorted(set(reference) - SPELLABLE)
    if foreign:
        return f"{what} {reference!r} contains {foreign[0]!r}; use only a-z A-Z 0-9 / - ? : ( ) . , ' + and space"
    if reference != " ".join(reference.split()):
        return f"{what} {reference!r} has a space too many; no space first or last, and never two in a row"
    if _STRAY_SLASH.search(reference):
        return f"{what} {reference!r} starts or ends with '/' or contains '//'; banks refuse that, take the slash out"
    return None
