"""Law: two books are the same when every cent, operation, card and alert in them is; how they came to be does not count.

What a book derives when it is first asked (lots of purses, the heaps of what is due) is brought to one form before.
"""

from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from enum import Enum
from hashlib import sha256

from clearing.rules.book import Book
from clearing.values import PurseKind


def digest_of(book: Book) -> dict[str, str]:
    """Part of the book -> SHA-256 in hex, over everything that could decide a later request differently."""
    kinds = sorted({PurseKind("credit"), PurseKind("own"), *book.allocation.grants})
    lapsed = {lot for lot, cohort in book.allocation.cohorts.items() if cohort.lapsed}  # no purse can spend those any more
    parts = {
        "at": (book.position, book.at_us),
        "purses": {
            (member.member, kind): sorted(
                (lot.id, lot.fund, lot.expires_us, lot.cents) for lot in book.allocation.open_purse(member, kind).lots
                if lot.id not in lapsed
            )
            for member in book.members.members.values()
            for kind in kinds
        },
        "funds": book.funds,
        "cards": book.members.cards,
        "cohorts": book.allocation.cohorts,
        "singles": book.allocation.singles,
        "producers": book.producers,
        "settlement": book.settlement,
        "takings": book.takings,
        "cotisations": book.cotisations,
        "gifts": book.gifts,
        "contracts": book.contracts,
        "operations": book.operations,
        "tombstones": {terminal: open_ for terminal, open_ in book.tombstones.items() if open_},
        "alerted": book.alerted,
        "usage": vars(book.usage),
        "persons": book.caisse.persons,
        "chartes": [charte.version for charte in book.caisse.chartes],
    }
    return {name: sha256(repr(_plain(part)).encode()).hexdigest() for name, part in parts.items()}


def differing(one: object, other: Mapping[str, str]) -> list[str]:
    """The parts in which two books differ."""
    assert isinstance(one, Mapping)
    return [name for name in other if one[name] != other[name]]


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return _plain(asdict(value))
    if isinstance(value, Mapping):
        return sorted((repr(key), repr(_plain(item))) for key, item in value.items())
    if isinstance(value, set | frozenset):
        return sorted(repr(item) for item in value)
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value.value if isinstance(value, Enum) else value  # a decoded event has plain text where a new one has a Code
