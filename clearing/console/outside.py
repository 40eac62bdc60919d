"""Law: some pages belong to no caisse: an address that was given, a caisse that is being founded; each says whom it lets in.

Who holds an address needs no log-in for its page. Whoever is logged in posts with her token here too. Rooms of these pages put
them on a list, as those of a caisse do (pages.py).
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from aiohttp import web

from clearing.console.accounts import Login
from clearing.console.house import Console
from clearing.console.words import Words
from clearing.rules.voted.offices import ROLES

UPLOAD: Final = "upload"
"""The field of a file that a browser sends; its text, as if it had been typed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request for such a page. origin: the console's address as this browser reached it."""

    console: Console
    request: web.Request
    login: Login | None
    words: Words
    origin: str
    typed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def asked(self, name: str) -> str:
        """A part of the path."""
        return self.request.match_info[name]

    def given(self, name: str) -> str:
        """What was typed into a field, or ""."""
        return (self.typed.get(name) or ("",))[0].strip()

    def caller(self) -> Login:
        """Who is logged in. Raises HTTPSeeOther to the log-in for who is not."""
        if self.login is None:
            raise web.HTTPSeeOther("/login")
        return self.login


@dataclass(frozen=True, slots=True)
class Told:
    """A template and what fills it, or a place to go to. cookie: of a log-in that was opened."""

    template: str = ""
    values: Mapping[str, object] = field(default_factory=dict)
    go_to: str = ""
    status: int = 200
    cookie: bytes = b""


DOES: Final = {
    "treasurer": "Money in and out, cards, producers; closes batches.", "approver": "Approves what the treasurer prepared.",
    "clerk": "Records votes and rules.", "desk": "Members and their cards; sees no purchase.",
    "helper": "Gives emergency credit on spare cards, and nothing else.", "operator": "Looks after machines and tills.",
    "auditor": "Reads everything but persons, and changes nothing.", "buyer": "Orders for a collective account.",
    "prover": "A technical key that signs the nightly proofs, no person.",
    "treasurer-deputy": "Does what the treasurer does, when nobody else can.",
    "approver-deputy": "Approves when no approver can.", "clerk-deputy": "Records votes when the clerk can't.",
}  # fmt: skip


def offices(words: Words) -> list[tuple[str, str, str]]:
    """(role, its name, what it does) of every office that somebody can be invited to."""
    return [(role, words.say(f"role {role}"), words.say(DOES[role])) for role in ROLES]


Called: TypeAlias = Callable[[Call], Awaitable[Told]]


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsidePage:
    """path: aiohttp's form. with_login: answered to nobody without one."""

    path: str
    with_login: bool
    view: Called
    post: Called | None = None


OUTSIDE: Final[dict[str, OutsidePage]] = {}
"""path -> page, in the order of their making."""


def outside(path: str, *, with_login: bool, post: Called | None = None) -> Callable[[Called], Called]:
    """Make a function such a page."""

    def made(view: Called) -> Called:
        assert path not in OUTSIDE, f"two pages at {path}"
        OUTSIDE[path] = OutsidePage(path=path, with_login=with_login, view=view, post=post)
        return view

    return made
