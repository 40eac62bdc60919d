"""Law: each value of a frame is read by its exact type and range, or the frame is malformed. A bool is not a number.

Source: wire.md section 3. Every function raises MalformedFrame naming the key.
"""

import re
from typing import Final, NewType, cast

from clearing.values import CENTS_MAX, ID_FORM, CaisseCode, Cents, OperationId, TerminalId
from clearing.wire.frame import MalformedFrame

TIME_MS_MAX: Final = 253_402_300_799_999  # the end of the year 9999: the last moment every calendar in use can name
DAY_MS: Final = 86_400_000
"""What `ts` of a draw or give is a multiple of: 00:00 UTC of its civil day, and nothing finer."""
COUNTER_MAX: Final = (1 << 53) - 1  # a web till counts in doubles
EPOCH_MAX: Final = (1 << 31) - 1
_GRAPHIC: Final = re.compile(r"[!-~]+")

TimeMs = NewType("TimeMs", int)  # milliseconds since 1970-01-01 UTC, as the sender's clock says


def whole(value: object, key: str, most: int, least: int = 0) -> int:
    if type(value) is not int or not least <= value <= most:
        raise MalformedFrame(f"'{key}' must be a whole number from {least} to {most}")
    return value


def amount(value: object, key: str, least: int = 0) -> Cents:
    if type(value) is not int or not least <= value <= CENTS_MAX:
        raise MalformedFrame(f"'{key}' must be whole cents from {least} to {CENTS_MAX}")
    return Cents(value)


def binary(value: object, key: str, size: int) -> bytes:
    if type(value) is not bytes or len(value) != size:
        raise MalformedFrame(f"'{key}' must be {size} bytes")
    return value


def bounded_binary(value: object, key: str, most: int) -> bytes:
    if type(value) is not bytes or not 1 <= len(value) <= most:
        raise MalformedFrame(f"'{key}' must be 1 to {most} bytes")
    return value


def graphic(value: object, key: str, most: int) -> str:
    """Printable ASCII without spaces."""
    if type(value) is not str or len(value) > most or not _GRAPHIC.fullmatch(value):
        raise MalformedFrame(f"'{key}' must be 1 to {most} printable ASCII characters without spaces")
    return value


def text(value: object, key: str, most: int) -> str:
    """Any text, also none."""
    if type(value) is not str or len(value) > most:
        raise MalformedFrame(f"'{key}' must be text of at most {most} characters")
    return value


def ident(value: object, key: str) -> str:
    """The form of every textual id (values.identifier)."""
    if type(value) is not str or not ID_FORM.fullmatch(value):
        raise MalformedFrame(f"'{key}' must be an id: 1 to 40 of a-z, 0-9, '.', '_', '-'")
    return value


def items(value: object, key: str, most: int, least: int = 0) -> list[object]:
    if type(value) is not list or not least <= len(value) <= most:
        raise MalformedFrame(f"'{key}' must be a list of {least} to {most}")
    return value


def terminal(value: object) -> TerminalId:
    return TerminalId(binary(value, "m", 8))


def operation(value: object, key: str = "x") -> OperationId:
    return OperationId(binary(value, key, 16))


def epoch(value: object) -> int:
    return whole(value, "e", EPOCH_MAX)


def counter(value: object) -> int:
    return whole(value, "n", COUNTER_MAX)


def time_ms(value: object, key: str = "ts") -> TimeMs:
    return TimeMs(whole(value, key, TIME_MS_MAX))


def digest(value: object, key: str) -> bytes:
    return binary(value, key, 32)


def caisse(value: object, key: str) -> CaisseCode:
    return CaisseCode(ident(value, key))


def mapping(value: object, key: str) -> dict[str, object]:
    if type(value) is not dict:
        raise MalformedFrame(f"'{key}' must be a map")
    return cast(dict[str, object], value)


def require_keys(fields: dict[str, object], required: tuple[str, ...]) -> None:
    """Exactly these keys in exactly this order."""
    if tuple(fields) != required:
        raise MalformedFrame(f"this frame carries exactly the keys {' '.join(required)}, in this order")


def require_word(fields: dict[str, object], key: str, word: str) -> None:
    if fields[key] != word:
        raise MalformedFrame(f"'{key}' must be {word}")
