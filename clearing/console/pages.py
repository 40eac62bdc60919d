"""Law: a page says who may see it and what it shows; who may not is told so, and no page joins a person and her purchases.

Rooms put their pages on a list with `page`; the server's routes, the menu, docs/ROLES.md and the tests are made from it.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, TypeAlias

from aiohttp import web

from clearing.console.accounts import Login
from clearing.console.house import Console
from clearing.console.words import Words
from clearing.rules.book import Book
from clearing.rules.voted.offices import ALLOWED_ROLES, acting
from clearing.values import CaisseCode

CODE_ASKED: Final = "Type the six digits that your app shows now."
AS_SHEET: Final = "csv"
"""In the query of an address: the tables of the page as a sheet."""
LOOKERS: Final = ("treasurer", "approver", "clerk", "auditor", "operator")


class Shows(StrEnum):
    """What of people a page may show; both only where a recorded look allows it."""

    PERSONS = "persons"  # pseudonyms, names, balances, cards; no purchase
    PURCHASES = "purchases"  # sales by card alias; no person
    NEITHER = "neither"
    JOINED = "joined"  # a person with her purchases, for a day, to the officers who signed for it


@dataclass(frozen=True, slots=True)
class Download:
    """A file for the browser to keep."""

    name: str
    body: bytes
    content_type: str


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came with a form. name: as the browser calls it, for people only."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """A template and what fills it, or a place to go to, or a file."""

    template: str = ""
    values: Mapping[str, object] = field(default_factory=dict)
    go_to: str = ""
    status: int = 200
    file: Download | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One request by a person who is logged in. book: of the caisse whose page it is. typed, files: of a posted form."""

    console: Console
    request: web.Request
    login: Login
    words: Words
    code: CaisseCode
    book: Book
    at_us: int
    typed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    files: Mapping[str, Upload] = field(default_factory=dict)

    @property
    def roles(self) -> tuple[str, ...]:
        """Hers, and those that she fills as a deputy."""
        person = self.book.caisse.persons.get(self.login.person)
        return tuple(sorted(acting(person))) if person is not None and person.active else ()

    @property
    def has_passkey(self) -> bool:
        """Whether she may sign with one here."""
        return bool(self.book.factors.of(self.login.person))

    @property
    def as_sheet(self) -> bool:
        """Whether she takes the tables away: more rows than a page has are worth it."""
        return AS_SHEET in self.request.query

    def opens(self, path: str) -> bool:
        """Whether one of her roles opens the page that is on the list with this path."""
        return path in PAGES and bool(set(self.roles) & set(PAGES[path].roles))

    def may(self, verb: str) -> bool:
        """Whether one of her roles may give this command."""
        return bool(set(self.roles) & set(ALLOWED_ROLES[verb]))

    def sees(self, path: str) -> bool:
        """Whether one of her roles opens this page."""
        return bool(set(self.roles) & set(PAGES[path].roles))

    def asked(self, name: str) -> str:
        """A part of the path."""
        return self.request.match_info[name]

    def given(self, name: str) -> str:
        """What was typed into a field, or ""."""
        return (self.typed.get(name) or ("",))[0].strip()

    def path(self, rest: str) -> str:
        """A page of this caisse."""
        return f"/c/{self.code}/{rest}".rstrip("/")


async def proved(visit: Visit) -> bool:
    """Whether a second factor was given lately, or is given with this form."""
    if visit.login.fresh:
        return True
    return await visit.console.accounts.prove(visit.login, visit.given("one-time-code").replace(" ", ""))


View: TypeAlias = Callable[[Visit], Awaitable[Answer]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """path: below /c/{caisse}/, aiohttp's form. menu: its place there, 0 for none; title: its English name. takes_file: its
    forms may bring one."""

    path: str
    title: str
    roles: tuple[str, ...]
    shows: Shows
    view: View
    menu: int = 0
    post: View | None = None
    takes_file: bool = False


PAGES: Final[dict[str, Page]] = {}
"""path -> page, in the order of their making."""


def page(
    path: str, title: str, *, roles: tuple[str, ...], shows: Shows = Shows.NEITHER, menu: int = 0, post: View | None = None,
    takes_file: bool = False,
) -> Callable[[View], View]:
    """Make a function a page."""

    def made(view: View) -> View:
        assert path not in PAGES, f"two pages at {path}"
        PAGES[path] = Page(
            path=path, title=title, roles=roles, shows=shows, view=view, menu=menu, post=post, takes_file=takes_file
        )
        return view

    return made
