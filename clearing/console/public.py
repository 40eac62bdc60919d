"""Law: what a caisse tells everybody is one page without a log-in, made at most once a minute, with nobody's data in it.

Rules, votes and outlets are the book's, now; funds and months are as the night reckoned them for the month's beginning
(rules/telling/public_page.py says why), so that nobody reads one purchase off two visits.
"""

import asyncio
import hashlib
from dataclasses import dataclass, field
from typing import Any, Final

from aiohttp import web

from clearing.console.house import Console, NoSuchCaisse
from clearing.console.words import LANGUAGES, Words
from clearing.events.codec import decode
from clearing.installation.kept_figures import kept
from clearing.rules.book import Book
from clearing.rules.telling.public_page import CONTEST_DAYS, public_data
from clearing.rules.telling.voted_words import Voted
from clearing.values import CaisseCode, InvalidValue, identifier

OPEN_PAGES: Final = {"/p/{caisse}": "What a caisse tells everybody: rules in force, votes, outlets, funds, how to contest"}
"""Pages that need no log-in and show neither persons nor purchases, with what they are."""
KEPT_S: Final = 60
NEW_CODES_S: Final = 5  # between two looks for caisses that are not known yet
_LANGUAGE: Final = "lang"
_NO_FUNDS: Final[dict[str, Any]] = {"funds": {"as_of": "", "list": []}, "months": []}


@dataclass(slots=True)
class PublicPages:
    """kept: (code, language) -> (until when, page)."""

    console: Console
    _kept: dict[tuple[str, str], tuple[int, str]] = field(default_factory=dict)
    _codes: tuple[int, frozenset[CaisseCode]] = (0, frozenset())
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def answer(self, request: web.Request) -> web.Response:
        language = language_of(request)
        text = await self._page(request.match_info["caisse"], language)
        tag = f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'
        headers = {"Cache-Control": f"public, max-age={KEPT_S}", "Vary": "Accept-Language", "ETag": tag}
        if request.headers.get("If-None-Match") == tag:
            return web.Response(status=304, headers=headers)
        return web.Response(text=text, content_type="text/html", headers=headers)

    async def _page(self, asked: str, language: str) -> str:
        """Raises HTTPNotFound; who asks while it is made waits for it."""
        code = await self._known(asked)
        async with self._turn:
            now_us = self.console.now_us()
            until_us, text = self._kept.get((code, language), (0, ""))
            if now_us >= until_us:
                text = await self._made(code, language, now_us)
                self._kept[code, language] = now_us + KEPT_S * 1_000_000, text
        return text

    async def _known(self, asked: str) -> CaisseCode:
        """An address of no caisse opens no log: nobody makes us look for what is not there."""
        try:
            code = CaisseCode(identifier(asked, what="a caisse"))
        except InvalidValue:
            code = CaisseCode("")
        until_us, codes = self._codes
        if code not in codes and self.console.now_us() >= until_us:
            codes = frozenset(await self.console.installation.codes())
            self._codes = self.console.now_us() + NEW_CODES_S * 1_000_000, codes
        if code not in codes:
            raise web.HTTPNotFound(reason="There is no such caisse here.")
        return code

    async def _made(self, code: CaisseCode, language: str, now_us: int) -> str:
        try:
            book = await self.console.followers.book(code)
        except NoSuchCaisse:
            raise web.HTTPNotFound(reason="There is no such caisse here.") from None
        if not book.position:
            raise web.HTTPNotFound(reason="There is no such caisse here.")
        known = kept(self.console.installation.home, code)
        told = _NO_FUNDS if known is None or known.public is None else known.public
        data = public_data(book, await self._voted(code, book), funds=told["funds"], months=told["months"], at_us=now_us)
        words = Words(language, book.caisse.calendar.zone)
        return self.console.rendered(
            "public.html", words=words, login=None, visit=None, data=data, contest_days=CONTEST_DAYS, **_said(data, words),
            others=[(one, words.say(f"language {one}")) for one in LANGUAGES if one != language],
        )  # fmt: skip

    async def _voted(self, code: CaisseCode, book: Book) -> Voted:
        """The newest word of each rule: the caisse's own stream and its funds', which are short."""
        voted = Voted()
        async with self.console.installation.reading(code) as log:
            for stream in ("caisse", *(f"fund/{name}" for name in book.funds)):
                for row in await log.events_of(stream):
                    voted.take(decode(row.type, row.schema_version, row.public, row.private))
        return voted


def language_of(request: web.Request) -> str:
    """What a link names, else the browser's."""
    asked = request.query.get(_LANGUAGE, "") or request.headers.get("Accept-Language", "fr")[:2].lower()
    return asked if asked in LANGUAGES else "fr"


def _said(data: dict[str, Any], words: Words) -> dict[str, object]:
    """Its sentences in the reader's language."""
    def told(sentences: list[str]) -> list[str]:
        return [words.refusal(line) for line in sentences]

    titles = {one["decision"]: one["title"] for one in data["decisions"]}
    return {
        "rules": told(data["rules"]["sentences"]) if data["rules"] is not None else [],
        "vote": titles.get(data["rules"]["decision"], "") if data["rules"] is not None else "",
        "coming": [(one["since"], told(one["sentences"])) for one in data["coming"]],
        "voted": [
            {"kind": words.say(f"rule {one['kind']}"), "sentences": told(one["sentences"]),
             "standing": words.say(f"state {one['standing']}"), "vote": titles.get(one["decision"], "")}
            for one in data["voted"] if one["decision"] or one["kind"] != "fund"
        ],
        "decisions": [
            {"title": one["title"], "sentences": told(one["sentences"]), "standing": words.say(f"state {one['standing']}")}
            for one in reversed(data["decisions"])
        ],
    }  # fmt: skip
