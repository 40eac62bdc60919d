"""Law: the market year's caisse is founded, furnished and led by signed commands of two people, like any other.

Households are members with one card each, stores are producers with one terminal each (see loadtests/baskets.py).
"""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import aiohttp

from clearing.authoriser.client import Authoriser
from clearing.config import Settings
from clearing.demo.clock import SimulatedClock
from clearing.demo.ordered import OrderedArrivals
from clearing.events.basket import Line
from clearing.installation.cards import personalise
from clearing.installation.home import Home
from clearing.installation.office import Officer
from clearing.installation.opening import Installation
from clearing.installation.serving import Serving, serving
from clearing.rules.calendar import CivilCalendar
from clearing.settlement.calendar import next_business_day
from clearing.terminal.virtual_card import VirtualCard
from clearing.values import CaisseCode, CategoryId, Cents, MemberId, OperationId, PersonId, TerminalId
from clearing.vault import Vault
from clearing.wire.fields import TimeMs
from clearing.wire.frame import CONTENT_TYPE, FrameType
from clearing.wire.replies import parse_reply
from clearing.wire.reply_envelope import open_reply
from clearing.wire.requests import ZERO_DIGEST, CardUrl, Op, Request, encode_request
from clearing.wire.signature import TerminalKey, payload_digest
from loadtests.baskets import CATEGORIES, Basket

Fields = dict[str, Any]
CODE: Final = CaisseCode("market")
CALENDAR: Final = CivilCalendar("Europe/Paris")
YEAR: Final = 2017
GRANT_CENTS: Final = 15_000
RATES: Final = {"fruit-veg": 10_000, "animal": 7_000, "staple": 3_000}
BULK: Final = 500  # items in one command
SETTINGS: Final = Settings(key_requests_per_s=1_000_000, key_requests_burst=1_000_000)
"""A year in a minute: the limit per terminal is the only one that can't hold; every other stays as it is."""


@dataclass(slots=True)
class Stall:
    """One store's terminal: its key, how often it has spoken, and the digest of what it said last."""

    terminal: TerminalId
    key: TerminalKey
    n: int = 0
    previous: bytes = ZERO_DIGEST


@dataclass(frozen=True, slots=True)
class Appointment:
    """What the caisse does at an instant besides selling: grant a month, close a Sunday, or look at the end."""

    at_us: int
    verb: str
    day: date


@dataclass(kw_only=True)
class Market:
    """A running market: officers, stalls and cards. sell() sends one basket as one sale."""

    served: Serving
    clock: SimulatedClock
    arrivals: OrderedArrivals
    treasurer: Officer
    approver: Officer
    http: aiohttp.ClientSession
    cards: dict[str, VirtualCard]
    stalls: dict[str, Stall]
    closed: dict[str, int] = field(default_factory=dict)

    def appointments(self, months: int) -> list[Appointment]:
        """The year's, in order: credit on the first of each month at 00:00, closing each Sunday at 23:59:59, the end."""
        firsts = [date(YEAR, month, 1) for month in range(1, months + 1)]
        end = date(YEAR, months + 1, 1) if months < 12 else date(YEAR + 1, 1, 1)
        days = (date(YEAR, 1, 1) + timedelta(days=n) for n in range((end - date(YEAR, 1, 1)).days))
        listed = [Appointment(CALENDAR.start_us(day), "grant", day) for day in firsts]
        listed += [
            Appointment(CALENDAR.end_of_day_us(day) - 1_000_000, "close", day) for day in days if day.isoweekday() == 7
        ]
        return [*sorted(listed, key=lambda one: one.at_us), Appointment(CALENDAR.start_us(end), "look", end)]

    async def keep(self, appointment: Appointment) -> None:
        self.clock.move_to(appointment.at_us)
        day = appointment.day
        if appointment.verb == "grant":
            await self.treasurer.order("grant", {"rule": "monthly", "period": day.isoformat()[:7]})
        elif appointment.verb == "close":
            closed = await self.treasurer.order("close_batch", {"closed_on": day.isoformat()})
            paid_on = next_business_day(day).isoformat()
            await self.approver.order("approve_batch", {"batch": closed["batch"], "execution_on": paid_on})
        else:
            await self._lapse_what_is_due()

    async def _lapse_what_is_due(self) -> None:
        """The writer looks at the time by itself while nobody asks; wait until nothing is due any more."""
        book = self.served.writers[CODE].book
        while book.due(self.clock.now_us()) is not None:
            await asyncio.sleep(0.01)

    def sell(self, basket: Basket) -> "asyncio.Task[None]":
        """Sign the sale now, in the order of the calls, and send it in the background."""
        stall = self.stalls[basket.store]
        p, c = self.cards[basket.household].tap()
        stall.n += 1
        x = OperationId(os.urandom(16))
        payload = encode_request(Request(
            op=Op.SALE, terminal=stall.terminal, epoch=1, n=stall.n, x=x, ts_ms=TimeMs(basket.at_us // 1_000),
            amount_cents=Cents(basket.total_cents), card=CardUrl(p, c), previous=stall.previous,
            lines=tuple(Line(category=CategoryId(name), amount_cents=Cents(cents)) for name, cents in basket.lines),
        ))
        stall.previous = payload_digest(payload)
        self.arrivals.expect(x, basket.at_us)
        return asyncio.create_task(self._send(stall.key.sign_envelope(FrameType.TERM_REQ, payload), stall.previous))

    async def _send(self, frame: bytes, digest: bytes) -> None:
        async with self.http.post("/v1/sale", data=frame, headers={"Content-Type": CONTENT_TYPE}) as response:
            answer = await response.read()
            assert response.status == 200, f"{response.status}: {answer!r}"
        reply = parse_reply(open_reply(answer, reply_bytes_max=4_096).payload)
        assert reply.rq == digest, "an answer to another sale"


@asynccontextmanager
async def open_market(
    home: Path, baskets: Sequence[Basket], *, founding: Callable[[Fields], Fields] = lambda plain: plain,
    groups_of: Callable[[str], list[str]] = lambda _: [], funds: Mapping[str, int] = MappingProxyType({}),
) -> AsyncIterator[Market]:
    """Found the caisse on the last day of 2016, with every household and store that buys or sells in `baskets`.

    founding: what becomes of the plain founding's body; groups_of: a household's groups; funds: cents received for others.
    """
    clock = SimulatedClock(CALENDAR.start_us(date(YEAR - 1, 12, 31)))
    installation = Installation.open(Home(home), SETTINGS)
    arranged: list[OrderedArrivals] = []

    def through(writers: Authoriser) -> Authoriser:
        arranged.append(OrderedArrivals(writers, clock))
        return arranged[0]

    try:
        await installation.set_up()
        async with serving(installation, clock=clock, codes=[CODE], port=0, through=through) as served:
            treasurer, approver = (_officer(name, served) for name in ("amina", "bruno"))
            async with aiohttp.ClientSession(served.url, connector=aiohttp.TCPConnector(limit=0)) as http:
                market = Market(
                    served=served, clock=clock, arrivals=arranged[0], treasurer=treasurer, approver=approver, http=http,
                    cards={}, stalls={},
                )
                await treasurer.order("found", founding(_founding(treasurer, approver)))
                for fund, cents in funds.items():
                    await treasurer.order("receive_money", {"fund": fund, "cents": cents, "reference": f"money for {fund}"})
                await _furnish(market, baskets, served.vaults[CODE], groups_of)
                yield market
    finally:
        installation.close()


def _officer(name: str, served: Serving) -> Officer:
    return Officer(
        person=PersonId(name), key=TerminalKey.generate(), epoch=1, caisse=CODE,
        socket=served.installation.home.socket(CODE), now_ms=lambda: served.clock.now_us() // 1_000,
    )


async def _furnish(
    market: Market, baskets: Sequence[Basket], vault: Vault, groups_of: Callable[[str], list[str]]
) -> None:
    households = sorted({basket.household for basket in baskets}, key=int)
    stores = sorted({basket.store for basket in baskets}, key=int)
    clerk, second = market.treasurer, market.approver
    total = len(households) * GRANT_CENTS * 12
    await clerk.order("receive_money", {"fund": "general", "cents": total, "reference": "the year's credit"})
    await _in_bulk(clerk, "admit_members", "members", [
        {"member": name, "groups": groups_of(name)} for name in households
    ])  # fmt: skip
    cards = {name: personalise(vault, CODE, member=MemberId(name), alias=f"card-{name}") for name in households}
    market.cards = {name: card.insert() for name, card in cards.items()}
    await _in_bulk(clerk, "issue_cards", "cards", [card.item() for card in cards.values()])
    named: list[dict[str, object]] = [{"producer": name, "name": f"Store {name}", "structures": []} for name in stores]
    await _in_bulk(clerk, "admit_producers", "producers", named)
    conventions: list[dict[str, object]] = [{"convention": f"c-{name}", "producer": name, "from_us": 0} for name in stores]
    await _in_bulk(clerk, "sign_conventions", "conventions", conventions)
    details: list[dict[str, object]] = [{"producer": name, "digest": sha256(name.encode()).digest()} for name in stores]
    await _in_bulk(clerk, "propose_bank_details", "details", details)
    await _in_bulk(second, "approve_bank_details", "producers", details)
    market.stalls = {name: Stall(TerminalId(os.urandom(8)), TerminalKey.generate()) for name in stores}
    terminals = [
        {"terminal": stall.terminal, "epoch": 1, "producer": name, "key": stall.key.public}
        for name, stall in market.stalls.items()
    ]
    await _in_bulk(clerk, "enrol_terminals", "terminals", terminals)


async def _in_bulk(officer: Officer, verb: str, name: str, items: Sequence[dict[str, object]]) -> None:
    for start in range(0, len(items), BULK):
        await officer.order(verb, {name: list(items[start : start + BULK])})


def _founding(treasurer: Officer, approver: Officer) -> Fields:
    covers = [{"category": category, "rate": rate} for category, rate in RATES.items()]
    return {
        "name": "Market year", "zone": "Europe/Paris", "account_name": "Market year",
        "persons": [
            {"person": treasurer.person, "key": treasurer.key.public, "roles": ["treasurer"]},
            {"person": approver.person, "key": approver.key.public, "roles": ["approver"]},
        ],
        "decisions": [{
            "decision": "vote-1", "title": "Rates of the market year", "body": "general-meeting", "method": "majority",
            "taken_on": "2016-12-31", "votes_for": 1, "votes_against": 0, "abstained": 0, "minutes_sha256": b"",
        }],
        "funds": [{"fund": "general", "kind": "general", "name": "General fund", "advance_cents": 0}],
        "chartes": [{
            "version": 1, "decision": "vote-1", "effective_us": 0, "categories": list(CATEGORIES),
            "payers": [{"id": "allocation", "covers": covers, "purse": "credit"}],
        }],
        "allocation_rules": [{
            "rule": "monthly", "purse": "credit", "fund": "general", "cents_each": GRANT_CENTS, "months_valid": 2,
            "decision": "vote-1",
        }],
    }
