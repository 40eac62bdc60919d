"""Law: the demo's caisse is made by the same signed commands as any other; only its people, accounts and money are invented.

Lists go in one command each, so that a market of 470 households stands in a second or two.
"""

import hashlib
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from importlib import resources
from itertools import islice
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import pyotp
import schwifty

from clearing.console.house import accounts_kept
from clearing.demo.clock import SimulatedClock
from clearing.demo.day import Day
from clearing.installation.cards import CardFile, personalise, write_card
from clearing.installation.founding_file import read_founding_file
from clearing.installation.home import Home, write_private
from clearing.installation.key_file import make_key_file, open_key_file
from clearing.installation.office import Officer
from clearing.installation.opening import Installation
from clearing.installation.payment import ACCOUNT_OF_THE_CAISSE, BANK
from clearing.installation.serving import Serving
from clearing.people import Record
from clearing.rules.calendar import instant_us
from clearing.terminal.identity import TerminalIdentity
from clearing.terminal.pairing import pair
from clearing.terminal.transport import HttpTransport
from clearing.values import CaisseCode, MemberId, PersonId, ProducerId, TerminalId
from clearing.wire.enrolment import pairing_key
from clearing.wire.signature import TerminalKey

CAMILLE, DOMINIQUE, NOOR = PersonId("camille"), PersonId("dominique"), PersonId("noor")
OFFICERS: Final = (CAMILLE, DOMINIQUE, NOOR)
PASSPHRASE: Final = "nothing secret lies here"  # noqa: S105 - of keys that open a throwaway caisse of invented people
CONSOLE_PASSWORD: Final = "quatre mots bien choisis"  # noqa: S105 - of the same people
PAIRED_BY_CODE: Final = 3
TOPPED_UP_EVERY: Final = 5
TOP_UP_CENTS: Final = 2_500
GENERAL_CENTS: Final = 9_000_000
SPONSOR_CENTS: Final = 60_000
_BANK_CODE: Final = "30006"
_PAIRING_US: Final = 600_000_000
Say = Callable[[str], None]


@dataclass(slots=True, kw_only=True)
class Market:
    """Everything the play needs. cards by household, terminals by store."""

    code: CaisseCode
    day: Day
    clock: SimulatedClock
    running: Serving
    officers: dict[PersonId, Officer]
    cards: dict[str, CardFile] = field(default_factory=dict)
    terminals: dict[str, TerminalIdentity] = field(default_factory=dict)

    @property
    def home(self) -> Home:
        return self.running.installation.home

    async def order(
        self, person: PersonId, verb: str, body: dict[str, object], *, secret: bytes | None = None
    ) -> dict[str, object]:
        return await self.officers[person].order(verb, body, secret=secret)

    def at(self, text: str) -> None:
        """Move the simulated time to this wall time of the market's zone."""
        self.clock.move_to(wall_us(text, self.day.zone))


def wall_us(text: str, zone: str) -> int:
    return instant_us(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)))


def producer_of(store: str) -> ProducerId:
    return ProducerId(f"stall-{store}")


def member_of(household: str) -> MemberId:
    return MemberId(f"household-{household}")


def alias_of(household: str) -> str:
    return f"card-{household}"


def make_officers(
    home: Home, code: CaisseCode, clock: SimulatedClock, persons: Sequence[PersonId] = OFFICERS
) -> dict[PersonId, Officer]:
    """People, each with a key file of their own; the passphrase lies beside them, for whoever tries the commands."""
    write_private(home.persons / "passphrase", PASSPHRASE.encode())
    officers = {}
    for person in persons:
        make_key_file(home.person(person), person, PASSPHRASE)
        _, key = open_key_file(home.person(person), PASSPHRASE)
        officers[person] = Officer(person=person, key=key, epoch=1, caisse=code, socket=home.socket(code), now_ms=clock.wall_ms)
    return officers


async def let_in(installation: Installation, persons: Sequence[PersonId] = OFFICERS) -> None:
    """The officers may log in to the console; the secret of each one's codes lies beside her key, for whoever tries it."""
    home = installation.home
    async with accounts_kept(installation) as accounts:
        for person in persons:
            _, key = open_key_file(home.person(person), PASSPHRASE)
            factor = pyotp.random_base32()
            write_private(home.persons / f"{person}.code", factor.encode())
            await accounts.keep(person, key, 1, CONSOLE_PASSWORD, factor=factor)


async def furnish(market: Market, say: Say) -> None:
    """From an empty log to the evening before the market."""
    say("founding the caisse from its file: people, funds, the voted charte")
    await _found(market)
    say(f"{len(market.day.households)} members, one virtual NTAG 424 card each; {len(market.day.stores)} producers")
    await _admit_members(market)
    await _admit_producers(market)
    say(f"{len(market.day.stores)} terminals: {PAIRED_BY_CODE} paired by code over HTTP, the others enrolled by their key")
    await _enrol(market)
    say("money received, the month granted, some members top up their card")
    await _fund(market)


async def _found(market: Market) -> None:
    with resources.as_file(resources.files("clearing.demo") / "caisse.toml") as path:
        read = read_founding_file(Path(path), lambda person: market.officers[PersonId(person)].key.public)
    file = replace(read, code=market.code)
    async with market.running.installation.people_of(market.code) as people:
        await people.keep([Record(subject=ACCOUNT_OF_THE_CAISSE, kind=BANK, fields=file.account)])
    await market.order(CAMILLE, "found", file.body)


async def _admit_members(market: Market) -> None:
    vault = market.running.vaults[market.code]
    market.at("2017-11-27T18:00:00")
    members: list[object] = [{"member": member_of(household), "groups": []} for household in market.day.households]
    await market.order(NOOR, "admit_members", {"members": members})
    for household in market.day.households:
        card = personalise(vault, market.code, member=member_of(household), alias=alias_of(household))
        market.cards[household] = card
    await market.order(NOOR, "issue_cards", {"cards": [card.item() for card in market.cards.values()]})


async def _admit_producers(market: Market) -> None:
    market.at("2017-11-28T18:00:00")
    stores = market.day.stores
    producers: list[object] = [
        {"producer": producer_of(store), "name": f"Point de vente {store}", "structures": []} for store in stores
    ]
    await market.order(CAMILLE, "admit_producers", {"producers": producers})
    from_us = wall_us("2017-12-01T00:00:00", market.day.zone)
    conventions: list[object] = [
        {"convention": f"convention-{store}", "producer": producer_of(store), "from_us": from_us} for store in stores
    ]
    await market.order(CAMILLE, "sign_conventions", {"conventions": conventions})
    records = [
        Record(
            subject=f"producer:{producer_of(store)}", kind=BANK,
            fields={"name": f"POINT DE VENTE {store}", "iban": _iban(store)},
        )
        for store in stores
    ]
    async with market.running.installation.people_of(market.code) as people:
        digests = await people.keep(records)
    details: list[object] = [
        {"producer": producer_of(store), "digest": digest} for store, digest in zip(stores, digests, strict=True)
    ]
    await market.order(CAMILLE, "propose_bank_details", {"details": details})
    await market.order(DOMINIQUE, "approve_bank_details", {"producers": details})


def _iban(store: str) -> str:
    """An account that can exist and does not: check digits agree, the number is the stall's."""
    return str(schwifty.IBAN.generate("FR", bank_code=_BANK_CODE, branch_code="00001", account_code=store.zfill(11)))


async def _enrol(market: Market) -> None:
    """By key: a person read the key at the stall. By code: the code is typed into the till and never travels."""
    market.at("2017-11-30T18:00:00")
    server_keys = frozenset({market.running.vaults[market.code].signing_key().public})
    by_code, items = market.day.stores[:PAIRED_BY_CODE], list[object]()
    for store in market.day.stores[PAIRED_BY_CODE:]:
        key = TerminalKey.generate()
        terminal = TerminalId(key.public[:8])
        market.terminals[store] = TerminalIdentity(terminal=terminal, epoch=1, key=key, server_keys=server_keys)
        items.append({"terminal": terminal, "epoch": 1, "producer": producer_of(store), "key": key.public})
    await market.order(NOOR, "enrol_terminals", {"terminals": items})
    async with HttpTransport(market.running.url) as transport:
        for store in by_code:
            slot, code = f"slot-{store}", secrets.token_hex(5)
            secret = pairing_key(code, slot)
            await market.order(NOOR, "open_slot", {
                "slot": slot, "producer": producer_of(store), "secret_sha256": hashlib.sha256(secret).digest(),
                "expires_us": market.clock.now_us() + _PAIRING_US,
            }, secret=secret)
            market.terminals[store] = (await pair(transport, slot, code, clock=market.clock)).identity


async def _fund(market: Market) -> None:
    market.at("2017-12-01T09:00:00")
    for fund, cents in (("general", GENERAL_CENTS), ("fruits-legumes", SPONSOR_CENTS)):
        await market.order(CAMILLE, "receive_money", {"fund": fund, "cents": cents, "reference": f"bank line of {fund}"})
    await market.order(CAMILLE, "grant", {"rule": "monthly", "period": "2017-12"})
    for household in islice(market.day.households, 0, None, TOPPED_UP_EVERY):
        await market.order(NOOR, "credit_purse", {
            "member": member_of(household), "purse": "own", "cents": TOP_UP_CENTS,
            "reference": f"transfer of household {household}",
        })


def keep_card(market: Market, household: str) -> Path:
    """Write one card into a file, for the till in a terminal window."""
    path = market.home.card(market.code, alias_of(household))
    write_card(path, market.cards[household])
    return path
