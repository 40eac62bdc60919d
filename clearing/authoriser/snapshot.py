"""Law: a snapshot says everything that a start would read the log for, in parts of a few MB; whoever can't read it replays.

Disposable: a start without any is the same, only slower. code_version is a hash over the sources that fold, so that a changed
fold never meets what another one made. docs/decisions/0007-snapshots.md says why.
"""

import typing
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from importlib import resources
from typing import Any, Final, cast

import msgpack

from clearing.authoriser.plain_form import Form, form_of
from clearing.event_store.proofs import GENESIS
from clearing.event_store.tree import GrowingTree
from clearing.events.basket import Line
from clearing.events.caisse import PersonNamed
from clearing.events.charte import Span
from clearing.events.codec import StoredBodies, decode, encode
from clearing.events.producers import TerminalEnrolled
from clearing.events.records import field_names
from clearing.rules.book import SECTIONS, Book
from clearing.rules.people import members
from clearing.rules.selling.operations import OperationKey
from clearing.rules.treasury.funds import Fund
from clearing.rules.voted.offices import Person
from clearing.values import CardId, FundId, MemberId, OperationId, PayerId, PersonId, TerminalId

PART_BYTES: Final = 4_000_000  # a part holds at least so much, and one record more at most
SOURCES: Final = (
    "clearing.events", "clearing.rules", "clearing.rules.folds", "clearing.authoriser", "clearing.event_store", "clearing",
)  # fmt: skip
SOURCE_FILES: Final = {
    "clearing.authoriser": ("plain_form.py", "snapshot.py"), "clearing.event_store": ("proofs.py", "tree.py"),
    "clearing": ("values.py",),
}  # fmt: skip
_UNPACK_BYTES: Final = 1 << 30
_LITTLE: Final = "head"

Shared = dict[Any, Any]
"""The one copy of each text that few differ in: purse kinds, grants, funds."""
KeyEvent = TerminalEnrolled | PersonNamed
Highest = dict[tuple[TerminalId, int], int]


class UnreadableSnapshot(Exception):
    """Its parts do not make a whole: it is passed over, and the log is read instead."""


@dataclass(slots=True)
class Loaded:
    """What a writer knows at book.position. chain: the log's hash there. highest: n by (terminal, key epoch). key_events: every
    event that named a key, in order (of cards, the book knows all)."""

    book: Book = field(default_factory=lambda: Book(StoredBodies()))
    tree: GrowingTree = field(default_factory=GrowingTree)
    chain: bytes = GENESIS
    highest: Highest = field(default_factory=dict)
    key_events: list[KeyEvent] = field(default_factory=list)


@cache
def code_version() -> str:
    """64 hex digits over the sources that fold and say: any change of one of them makes older snapshots unknown."""
    digest = sha256(msgpack.version[0].to_bytes(2, "big"))
    for package in SOURCES:
        folder = resources.files(package)
        names = SOURCE_FILES.get(package) or sorted(one.name for one in folder.iterdir() if one.name.endswith(".py"))
        for name in names:
            digest.update(f"{package}/{name}\0".encode() + sha256(folder.joinpath(name).read_bytes()).digest())
    return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class _Table:
    """A container of the book that is said item by item. put: how an item comes in, if not by the container's own way."""

    of: Callable[[Loaded], Any]
    item: Form
    put: Callable[[Loaded, Any, Shared], None] | None = None


_DERIVED: Final = frozenset({
    "members.aliases", "members.heads", "producers.conventions", "caisse.by_number", "caisse.persons", "allocation.grants",
    "caisse.in_force",
})  # fmt: skip
"""Containers made again from others, so that what they share is shared again, or said by another name below."""


def _put_member(loaded: Loaded, item: tuple[MemberId, members.Member], shared: Shared) -> None:
    member, all_members = item[1], loaded.book.members
    all_members.members[member.member] = member
    all_members.join(member, member.groups, member.since)
    cohorts = loaded.book.allocation.cohorts
    for purse in member.purses:
        purse.kind = shared.setdefault(purse.kind, purse.kind)
        for lot in purse.lots:  # a million lots of one grant keep one text and one instant
            cohort = cohorts.get(lot.id)
            if cohort is not None:
                lot.id, lot.fund, lot.expires_us = shared.setdefault(lot.id, lot.id), cohort.fund, cohort.expires_us


def _put_card(loaded: Loaded, item: tuple[CardId, members.Card], _shared: Shared) -> None:
    name, card = item
    all_members = loaded.book.members
    holder = all_members.members[card.member]
    card.member = holder.member
    if holder.first_card == name:
        holder.first_card = name  # a million members keep no second one
    all_members.cards[name] = card
    all_members.aliases[card.alias] = name


def _section_tables() -> dict[str, _Table]:
    found: dict[str, _Table] = {}
    blank = Book()
    for section in SECTIONS:
        kind = type(getattr(blank, section))
        for name, hint in typing.get_type_hints(kind).items():
            path = f"{section}.{name}"
            if path not in _DERIVED and isinstance(getattr(getattr(blank, section), name), dict | list | set):
                found[path] = _Table(_container(section, name), _item_form(hint))
    return found


def _container(section: str, name: str) -> Callable[[Loaded], Any]:
    return lambda loaded: getattr(getattr(loaded.book, section), name)


def _item_form(hint: Any) -> Form:
    arguments = typing.get_args(hint)
    return form_of(tuple[arguments] if typing.get_origin(hint) is dict else arguments[0])  # type: ignore[valid-type]


def _tables() -> dict[str, _Table]:
    """In the order they are said: who is named by others comes first."""
    found = _section_tables()
    found["members.members"] = _Table(found["members.members"].of, found["members.members"].item, _put_member)
    found["members.cards"] = _Table(found["members.cards"].of, found["members.cards"].item, _put_card)
    people, cards = found.pop("members.members"), found.pop("members.cards")
    found |= {
        "funds": _Table(lambda one: one.book.funds, form_of(tuple[FundId, Fund])),
        "members.members": people, "members.cards": cards,
        "former": _Table(_former_aliases, form_of(tuple[str, bytes]), _put_former),
        "offices": _Table(lambda one: one.book.caisse.by_number, _item_form(_hint("caisse", "by_number"))),
        "persons": _Table(lambda one: one.book.caisse.persons, _item_form(_hint("caisse", "persons")), _put_person),
        "usage": _Table(
            lambda one: one.book.usage.cents, form_of(tuple[tuple[PayerId, Span, int, MemberId | None], int])
        ),
        "tombstones": _Table(lambda one: one.book.tombstones, form_of(tuple[TerminalId, dict[OperationId, int]])),
        "holds_due": _Table(lambda one: one.book.holds_due, form_of(tuple[int, OperationKey])),
        "alerted": _Table(lambda one: one.book.alerted, form_of(tuple[TerminalId, int, int])),
        "operations": _Table(lambda one: one.book.operations.kept, form_of(tuple[bytes, bytes])),
        "refunded": _Table(lambda one: one.book.operations.refunded, form_of(tuple[bytes, tuple[Line, ...]])),
        "captured_by": _Table(lambda one: one.book.operations.captured_by, form_of(tuple[bytes, bytes])),
        "highest": _Table(lambda one: one.highest, form_of(tuple[tuple[TerminalId, int], int])),
        "keys": _Table(lambda one: map(encode, one.key_events), form_of(tuple[int, int, bytes, bytes]), _put_key),
    }
    return found


def _hint(section: str, name: str) -> Any:
    return typing.get_type_hints(type(getattr(Book(), section)))[name]


def _former_aliases(loaded: Loaded) -> Iterable[tuple[str, bytes]]:
    """Aliases under which a card was known before it was issued anew: nobody may have them again."""
    cards = loaded.book.members.cards
    return [(alias, card) for alias, card in loaded.book.members.aliases.items() if cards[card].alias != alias]


def _put_former(loaded: Loaded, item: tuple[str, CardId], _shared: Shared) -> None:
    loaded.book.members.aliases[item[0]] = item[1]


def _put_person(loaded: Loaded, item: tuple[PersonId, Person], _shared: Shared) -> None:
    """An officer by name: the same person as under the number, if that is still who it was."""
    name, person = item
    signs = loaded.book.caisse.by_number.get(person.number)
    loaded.book.caisse.persons[name] = signs if signs is not None and signs == person else person


def _put_key(loaded: Loaded, item: tuple[int, int, bytes, bytes], _shared: Shared) -> None:
    loaded.key_events.append(cast(KeyEvent, decode(*item)))


_TABLES: Final = _tables()


def _little(loaded: Loaded) -> list[Any]:
    """What is no table: a few numbers and texts."""
    book = loaded.book
    single = {path: _said(one.form, getattr(getattr(book, one.section), one.name)) for path, one in _SINGLE.items()}
    counts = {name: _count(table.of(loaded)) for name, table in _TABLES.items()}
    return [book.position, book.at_us, loaded.chain, single, loaded.tree.to_plain(), counts]


@dataclass(frozen=True, slots=True)
class _Value:
    """A field of a section that is no container."""

    section: str
    name: str
    form: Form


def _single_values() -> dict[str, _Value]:
    blank = Book()
    return {
        f"{section}.{name}": _Value(section, name, form_of(hint))
        for section in SECTIONS
        for name, hint in typing.get_type_hints(type(getattr(blank, section))).items()
        if not isinstance(getattr(getattr(blank, section), name), dict | list | set)
    }


_SINGLE: Final = _single_values()


def _said(form: Form, value: Any) -> Any:
    return value if form.say is None else form.say(value)


def _count(container: Any) -> int:
    return len(container) if hasattr(container, "__len__") else sum(1 for _ in container)


def parts_of(loaded: Loaded) -> Iterator[bytes]:
    """Everything that is loaded, as parts of about PART_BYTES. """
    pack = msgpack.Packer(use_bin_type=True, autoreset=True).pack
    yield pack(_LITTLE) + pack(_little(loaded))
    for name, table in _TABLES.items():
        say, container = table.item.say, table.of(loaded)
        said, size = [pack(name)], 0
        for item in container.items() if isinstance(container, dict) else container:
            packed = pack(item if say is None else say(item))
            said.append(packed)
            size += len(packed)
            if size >= PART_BYTES:
                yield b"".join(said)
                said, size = [pack(name)], 0
        if len(said) > 1:
            yield b"".join(said)


class Restoring:
    """A snapshot being read, part by part, in the order they were made."""

    def __init__(self) -> None:
        self._loaded = Loaded()
        self._little: tuple[Any, ...] | None = None
        self._shared: Shared = {}

    def take(self, part: bytes) -> None:
        """Raises UnreadableSnapshot."""
        unpacker = msgpack.Unpacker(use_list=False, strict_map_key=False, max_buffer_size=_UNPACK_BYTES)
        unpacker.feed(part)
        try:
            name = next(unpacker)
            if name == _LITTLE:
                self._little = next(unpacker)
            else:
                self._fill(_TABLES[name], unpacker)
        except (ValueError, TypeError, LookupError, AttributeError, StopIteration, msgpack.exceptions.UnpackException) as fault:
            raise UnreadableSnapshot(f"a part of it can't be read: {fault!r}") from fault

    def _fill(self, table: _Table, items: Iterable[Any]) -> None:
        make, put, loaded = table.item.make, table.put, self._loaded
        made = items if make is None else map(make, items)
        if put is not None:
            for item in made:
                put(loaded, item, self._shared)
            return
        container = table.of(loaded)
        if isinstance(container, list):
            container.extend(made)
        else:
            container.update(made)

    def finish(self) -> Loaded:
        """The whole. Raises UnreadableSnapshot when something is missing."""
        if self._little is None:
            raise UnreadableSnapshot("its first part is missing")
        loaded = self._loaded
        book = loaded.book
        book.position, book.at_us, loaded.chain, single, tree, counts = self._little
        for path, said in single.items():
            one = _SINGLE[path]
            setattr(getattr(book, one.section), one.name, said if one.form.make is None else one.form.make(said))
        book.caisse.prepare()
        loaded.tree = GrowingTree.from_plain(tree)
        for producer in book.producers.producers.values():
            for convention in producer.conventions:
                book.producers.conventions[convention.convention] = convention
        for cohort in book.allocation.cohorts.values():  # in the order of their grants
            book.allocation.grants.setdefault(cohort.purse, []).append(cohort)
        found = {name: _count(table.of(loaded)) for name, table in _TABLES.items()}
        if found != counts or loaded.tree.size != book.position:
            raise UnreadableSnapshot("it holds less than it says")
        return loaded


def unsaid_fields() -> set[str]:
    """Fields of the book that no snapshot says: a test holds it empty."""
    blank = Book()
    said = {"position", "at_us", "operations", "usage", *SECTIONS, *(name.partition(".")[0] for name in _TABLES)}
    missing = {name for name in vars(blank) if name not in said}
    for section in SECTIONS:
        for name in field_names(type(getattr(blank, section))):
            path = f"{section}.{name}"
            if path not in _TABLES and path not in _DERIVED and path not in _SINGLE:
                missing.add(path)
    return missing
