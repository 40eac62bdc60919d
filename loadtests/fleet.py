"""Law: a load test's caisse is founded by signed commands like any other: its people, producers, terminals, cards and credit.

What signs and taps (the terminals' seeds, the cards' UIDs) lies in one private file of the throwaway home.
"""

import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Final, Self
from zoneinfo import ZoneInfo

import msgpack
import schwifty

from clearing.installation.cards import personalise
from clearing.installation.home import Home, write_private
from clearing.installation.office import Officer
from clearing.installation.payment import ACCOUNT_OF_THE_CAISSE, BANK
from clearing.people import People, Record
from clearing.values import CaisseCode, MemberId, PersonId, TerminalId
from clearing.vault import Vault
from clearing.wire.signature import TerminalKey

CODE: Final = CaisseCode("load")
ZONE: Final = "Europe/Paris"
CATEGORIES: Final = ("fruit-veg", "animal", "staple")
BULK: Final = 1_000  # items in one command
MONEY_CENTS: Final = 90_000_000_000  # of each fund: below the largest amount, and never spent
CREDIT_CENTS_MAX: Final = 1_000_000_000
_FILE: Final = "fleet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """Terminals by (id, seed), cards by UID. n: the last message number any terminal used; counter: of any card."""

    code: CaisseCode
    terminals: tuple[tuple[bytes, bytes], ...]
    uids: tuple[bytes, ...]
    n: int
    counter: int

    @classmethod
    def read(cls, home: Home) -> Self | None:
        """The fleet of this home; None when it has none yet."""
        path = _file(home)
        if not path.exists():
            return None
        code, terminals, uids, n, counter = msgpack.unpackb(path.read_bytes(), max_array_len=100_000_000)
        return cls(code=CaisseCode(code), terminals=tuple(map(tuple, terminals)), uids=tuple(uids), n=n, counter=counter)

    def write(self, home: Home) -> None:
        write_private(_file(home), msgpack.packb([self.code, self.terminals, self.uids, self.n, self.counter]))

    def used(self, home: Home, *, numbers: int, taps: int) -> None:
        """Keep in the home that each terminal spoke at most `numbers` more times and each card was tapped `taps` more times."""
        replace(self, n=self.n + numbers, counter=self.counter + taps).write(home)


def _file(home: Home) -> Path:
    return home.keys / _FILE


@dataclass(frozen=True, slots=True)
class Office:
    """The two people who lead the caisse; whoever closes a batch does not approve it."""

    treasurer: Officer
    approver: Officer

    @classmethod
    def open(cls, home: Home, code: CaisseCode, now_ms: "NowMs") -> Self:
        """Their keys from the home, made when they are not there."""
        return cls(*(_officer(home, code, PersonId(name), now_ms) for name in ("amina", "bruno")))


class NowMs:
    """The wall clock in milliseconds."""

    def __call__(self) -> int:
        return int(datetime.now(ZoneInfo(ZONE)).timestamp() * 1_000)


def _officer(home: Home, code: CaisseCode, person: PersonId, now_ms: NowMs) -> Officer:
    path = home.keys / f"{code}-{person}.seed"
    if not path.exists():
        write_private(path, secrets.token_bytes(32))
    key = TerminalKey.from_seed(path.read_bytes())
    return Officer(person=person, key=key, epoch=1, caisse=code, socket=home.socket(code), now_ms=now_ms)


async def found(
    home: Home, office: Office, vault: Vault, people: People, *, code: CaisseCode, terminals: int, cards: int, payers: int = 3
) -> Fleet:
    """Found and furnish the caisse through its running writer's command socket. Raises what Officer.order raises."""
    clerk = office.treasurer
    credit = min(CREDIT_CENTS_MAX, MONEY_CENTS // cards)
    body = founding(office, credit, payers)
    await clerk.order("found", body)
    for fund in funds_of(payers):
        await clerk.order("receive_money", {"fund": fund, "cents": MONEY_CENTS, "reference": f"load test, {fund}"})
    seeds = [secrets.token_bytes(32) for _ in range(terminals)]
    digests = await people.keep(bank_details(terminals))
    enrolled = await _producers_with_terminals(office, [TerminalKey.from_seed(seed) for seed in seeds], digests[1:])
    uids = await _members_with_cards(clerk, vault, code, cards)
    await clerk.order("grant", {"rule": "monthly", "period": datetime.now(ZoneInfo(ZONE)).date().isoformat()[:7]})
    fleet = Fleet(code=code, terminals=tuple(zip(enrolled, seeds, strict=True)), uids=uids, n=0, counter=0)
    fleet.write(home)
    return fleet


def bank_details(terminals: int) -> list[Record]:
    """Of the caisse, then of each producer: accounts that can exist and do not."""
    iban = [str(schwifty.IBAN.generate("FR", bank_code="30006", branch_code="00001", account_code=f"{number:011d}"))
            for number in range(terminals + 1)]  # fmt: skip
    own = Record(subject=ACCOUNT_OF_THE_CAISSE, kind=BANK, fields={"name": "CAISSE OF THE LOAD TEST", "iban": iban[-1]})
    return [own, *(
        Record(subject=f"producer:stall-{number}", kind=BANK, fields={"name": f"STALL {number}", "iban": iban[number]})
        for number in range(terminals)
    )]


async def _producers_with_terminals(
    office: Office, keys: Sequence[TerminalKey], digests: Sequence[bytes]
) -> list[TerminalId]:
    clerk, names = office.treasurer, [f"stall-{number}" for number in range(len(keys))]
    await in_bulk(clerk, "admit_producers", "producers", [
        {"producer": name, "name": f"Stall {name}", "structures": []} for name in names
    ])
    await in_bulk(clerk, "sign_conventions", "conventions", [
        {"convention": f"c-{name}", "producer": name, "from_us": 0} for name in names
    ])
    details: list[dict[str, object]] = [
        {"producer": name, "digest": digest} for name, digest in zip(names, digests, strict=True)
    ]
    await in_bulk(clerk, "propose_bank_details", "details", details)
    await in_bulk(office.approver, "approve_bank_details", "producers", details)
    ids = [TerminalId(key.public[:8]) for key in keys]
    await in_bulk(clerk, "enrol_terminals", "terminals", [
        {"terminal": one, "epoch": 1, "producer": name, "key": key.public}
        for one, name, key in zip(ids, names, keys, strict=True)
    ])
    return ids


async def _members_with_cards(clerk: Officer, vault: Vault, code: CaisseCode, cards: int) -> tuple[bytes, ...]:
    names = [f"m-{number}" for number in range(cards)]
    await in_bulk(clerk, "admit_members", "members", [{"member": name} for name in names])
    made = [personalise(vault, code, member=MemberId(name), alias=f"card-{name}") for name in names]
    await in_bulk(clerk, "issue_cards", "cards", [card.item() for card in made])
    return tuple(card.uid for card in made)


async def in_bulk(officer: Officer, verb: str, name: str, items: Sequence[dict[str, object]]) -> None:
    """One command per BULK items."""
    for start in range(0, len(items), BULK):
        await officer.order(verb, {name: list(items[start : start + BULK])})


def funds_of(payers: int) -> list[str]:
    """The caisse's funds: the general one, and those that pay at the till."""
    return ["general", *(["sponsor", "solidarity"] if payers == 3 else [f"sponsor-{n}" for n in range(1, payers)])]


def _covering(*rates: int) -> list[dict[str, object]]:
    return [{"category": category, "rate": rate} for category, rate in zip(CATEGORIES, rates, strict=True)]


def _payers(number: int) -> list[dict[str, object]]:
    """Three: a sponsor's fund takes half of the fruit, the month's credit 100, 70 and 30 %, the solidarity fund what is left,
    so that each basket of three categories has all of them. Another number: funds share a half evenly, then the credit."""
    if number == 3:
        return [
            {"id": "sponsor", "fund": "sponsor", "covers": [{"category": CATEGORIES[0], "rate": 5_000}]},
            {"id": "credit", "purse": "credit", "covers": _covering(10_000, 7_000, 3_000)},
            {"id": "solidarity", "fund": "solidarity", "covers": _covering(10_000, 10_000, 10_000)},
        ]
    part = 5_000 // max(1, number - 1)
    funds: list[dict[str, object]] = [
        {"id": name, "fund": name, "covers": _covering(part, part, part)} for name in funds_of(number)[1:]
    ]
    return [*funds, {"id": "credit", "purse": "credit", "covers": _covering(10_000, 10_000, 10_000)}]


def founding(office: Office, credit_cents: int, payers: int = 3) -> dict[str, object]:
    """The body of the command that founds the caisse."""
    return {
        "name": "Caisse of the load test", "zone": ZONE, "account_name": "Caisse of the load test",
        "persons": [
            {"person": office.treasurer.person, "key": office.treasurer.key.public, "roles": ["treasurer"]},
            {"person": office.approver.person, "key": office.approver.key.public, "roles": ["approver"]},
        ],
        "decisions": [{
            "decision": "vote-1", "title": "Rates of the load test", "body": "general-meeting", "method": "majority",
            "taken_on": "2020-01-01", "votes_for": 1, "votes_against": 0, "abstained": 0, "minutes_sha256": b"",
        }],
        "funds": [
            {"fund": name, "kind": name.partition("-")[0], "name": f"Fund {name}", "advance_cents": 0}
            for name in funds_of(payers)
        ],
        "chartes": [{
            "version": 1, "decision": "vote-1", "effective_us": 0, "categories": list(CATEGORIES),
            "payers": _payers(payers),
        }],
        "allocation_rules": [{
            "rule": "monthly", "purse": "credit", "fund": "general", "cents_each": credit_cents, "months_valid": 2,
            "decision": "vote-1",
        }],
    }


def random_baskets(seed: bytes) -> "list[tuple[int, ...]]":
    """1,000 price triples in cents that a run draws its baskets from; the same seed gives the same list."""
    drawn = sha256(seed).digest()
    return [
        tuple(50 + int.from_bytes(sha256(drawn + bytes([line]) + i.to_bytes(2, "big")).digest()[:2], "big") % 1_200
              for line in range(len(CATEGORIES)))
        for i in range(1_000)
    ]


def fresh_operation() -> bytes:
    return os.urandom(16)
