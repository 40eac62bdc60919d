"""Law: what people write is converted exactly, in integers; what can't be converted exactly is refused, never rounded."""

import re
from typing import Final

from clearing.values import CENTS_MAX, Cents, InvalidValue, Rate

_EUROS: Final = re.compile(r"([0-9]{1,15})[.,]([0-9]{2})")
_PERCENT: Final = re.compile(r"(\d{1,4})(?:[.,](\d{1,2}))?")


def read_euros(text: object, *, what: str = "amount") -> Cents:
    """ "150.00" or "150,00" -> 15000. Raises InvalidValue without exactly two decimals (a number, "150", "1.5")."""
    if not isinstance(text, str):
        raise InvalidValue(f'{what} is written in euros with two decimals in quotes, like "150.00", not {text!r}')
    found = _EUROS.fullmatch(text)
    if found is None:
        if text.startswith("-") and _EUROS.fullmatch(text[1:]):
            raise InvalidValue(f"{what} is never below zero, not {text}; for money that goes back there is another command")
        raise InvalidValue(f"{what} is written in euros with two decimals and no blank, like 1500.00, not {text}")
    cents = int(found[1]) * 100 + int(found[2])
    if cents > CENTS_MAX:
        raise InvalidValue(f"{what} is larger than any bank transfer can be, not {text}; look at its zeros")
    return Cents(cents)


def read_percent(value: object, *, what: str = "rate") -> Rate:
    """70, "70" or "62.5" -> ten-thousandths (7000, 6250). Raises InvalidValue for a float or more than two decimals."""
    if type(value) is int and value >= 0:
        return Rate(value * 100)
    found = _PERCENT.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise InvalidValue(f'{what} is written in percent, like 70 or "62.5" (in quotes when it has decimals), not {value!r}')
    return Rate(int(found[1]) * 100 + int((found[2] or "").ljust(2, "0")))


def euros(cents: int) -> str:
    """1234567 -> "12 345.67": for a screen; thin groups, two decimals, a minus sign in front."""
    whole, part = divmod(abs(cents), 100)
    return f"{'-' if cents < 0 else ''}{whole:,}".replace(",", " ") + f".{part:02d}"


def counted(number: int, thing: str) -> str:
    """1 -> "1 producer", 2 -> "2 producers"."""
    return f"{number} {thing}{'' if number == 1 else 's'}"
