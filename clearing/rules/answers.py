"""Law: a rule answers with events or with a Declined; it raises only when the program itself is wrong."""

from dataclasses import dataclass

from clearing.events.codes import Code


@dataclass(frozen=True, slots=True, kw_only=True)
class Declined:
    """The rules do not allow it. why: what is in the way and what to do, for the person who asked."""

    code: Code
    why: str


def not_now(why: str) -> Declined:
    return Declined(code=Code.NOT_ALLOWED_NOW, why=why)


def not_found(why: str) -> Declined:
    return Declined(code=Code.ORIGINAL_NOT_FOUND, why=why)


class BrokenBook(AssertionError):
    """An event contradicts what the book holds: the program is wrong, the writer stops rather than answer wrongly."""
