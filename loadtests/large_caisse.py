"""Law: a large caisse is its log: every event decided or said as the writer would, hashed and appended in big groups.

Only the signatures are left out (evidence and replies have the size of real ones); every sale is decided by the rules.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from random import Random
from typing import Final, Self

import schwifty

from clearing.authoriser import founding, operations
from clearing.authoriser.client import TapFacts
from clearing.authoriser.loading import load
from clearing.authoriser.streams import stream_of
from clearing.event_store.log import Log
from clearing.event_store.migrate import ensure_partitions
from clearing.event_store.proofs import chain_hash, leaf_hash
from clearing.event_store.rows import EventRow, ReplyRow, TapRow
from clearing.events.basket import Line
from clearing.events.catalogue import Event
from clearing.events.codec import encode
from clearing.events.funds import AllocationGranted, MoneyReceived
from clearing.events.members import CardIssued, MemberAdmitted
from clearing.events.producers import (
    BankDetailsApproved,
    BankDetailsProposed,
    ConventionSigned,
    ProducerAdmitted,
    TerminalEnrolled,
)
from clearing.events.sales import SaleDecided
from clearing.installation.opening import Installation
from clearing.postgres import ADMIN
from clearing.rules.book import Book
from clearing.rules.calendar import CivilCalendar
from clearing.rules.credit.allocation import decide_grant
from clearing.sql import schema_of
from clearing.values import (
    CENTS_MAX,
    CaisseCode,
    CardId,
    CategoryId,
    Cents,
    ConventionId,
    FundId,
    MemberId,
    MicroTime,
    OperationId,
    PersonId,
    ProducerId,
    TerminalId,
)
from clearing.wire.fields import TimeMs
from clearing.wire.requests import CardUrl, Op, Request
from clearing.wire.signature import TerminalKey

CODE: Final = CaisseCode("country")
PARIS: Final = CivilCalendar("Europe/Paris")
BEGIN_US: Final = PARIS.start_us(date(2026, 11, 2))
RATES: Final = {"fruit-veg": 10_000, "animal": 7_000, "staple": 3_000}
GRANT_CENTS: Final = 15_000
MONEY_TIMES: Final = 30
GROUP: Final = 10_000
PARTITIONS_EVERY: Final = 500_000
EVIDENCE: Final = bytes(range(256)) + bytes(60)  # a signed sale of three lines has about so many bytes
REPLY: Final = bytes(range(180))
treasurer, approver = PersonId("amina"), PersonId("bruno")


@dataclass(slots=True)
class Clock:
    """Both clocks in one, standing still."""

    us: int

    def now_us(self) -> int:
        return self.us

    def monotonic_us(self) -> int:
        return self.us


def clock_after(us: int) -> Clock:
    return Clock(max(us, BEGIN_US) + 1)


def producer_of(number: int) -> ProducerId:
    return ProducerId(f"stall-{number:05d}")


def iban_of(number: int) -> str:
    """An account that can exist and does not: check digits agree."""
    return str(schwifty.IBAN.generate("FR", bank_code="30003", branch_code="00001", account_code=str(number).zfill(11)))


def key_of(person: PersonId) -> TerminalKey:
    return TerminalKey.from_seed(person.encode().ljust(32, b"."))


def _card(number: int) -> CardId:
    return CardId(number.to_bytes(16, "big"))


def _terminal(number: int) -> TerminalId:
    return TerminalId((number + 1).to_bytes(8, "big"))


def _founding() -> dict[str, object]:
    persons = [(treasurer, ["treasurer", "clerk", "operator"]), (approver, ["approver", "desk"])]
    covers = [{"category": category, "rate": rate} for category, rate in RATES.items()]
    return {
        "name": "The country", "zone": PARIS.zone.key, "account_name": "The country",
        "persons": [{"person": name, "key": key_of(name).public, "roles": roles} for name, roles in persons],
        "decisions": [{
            "decision": "vote", "title": "Rates", "body": "general-meeting", "method": "majority", "taken_on": "2026-10-01",
            "votes_for": 1, "votes_against": 0, "abstained": 0, "minutes_sha256": b"",
        }],
        "funds": [{"fund": "general", "kind": "general", "name": "General", "advance_cents": 0}],
        "chartes": [{
            "version": 1, "decision": "vote", "effective_us": 0, "categories": list(RATES),
            "payers": [{"id": "credit", "covers": covers, "purse": "credit"}],
        }],
        "allocation_rules": [{
            "rule": "monthly", "purse": "credit", "fund": "general", "cents_each": GRANT_CENTS, "months_valid": 2, "who": [],
            "decision": "vote",
        }],
    }


@dataclass(slots=True)
class Builder:
    """The end of a log and the book there; `say` adds an event, `flush` appends what was added. begin_us: of a new log."""

    installation: Installation
    log: Log
    book: Book
    chain: bytes
    rows: list[EventRow] = field(default_factory=list)
    replies: list[ReplyRow] = field(default_factory=list)
    taps: list[TapRow] = field(default_factory=list)
    partitions_at: int = 0
    begin_us: int = BEGIN_US

    @classmethod
    async def resumed(cls, installation: Installation, log: Log, *, begin_us: int = BEGIN_US) -> Self:
        loaded = await load(log, lambda alarm, fault: print(alarm, fault, flush=True))
        return cls(installation, log, loaded.book, loaded.chain, begin_us=begin_us)

    def next_us(self) -> int:
        return max(self.book.at_us + 1, self.begin_us)

    async def commit(self, event: Event) -> None:
        self.say(event, self.next_us())
        await self.flush()

    def say(self, event: Event, at_us: int) -> None:
        """Fold it and make its row; a sale has its evidence, its reply and its tap."""
        position, stored, sale = self.book.position + 1, encode(event), isinstance(event, SaleDecided)
        evidence, reply = (EVIDENCE, REPLY) if sale else (b"", b"")
        salt = position.to_bytes(16, "big")
        self.book.apply(event, position, at_us, stored)
        leaf = leaf_hash(
            position, at_us, stored.type, stored.schema_version, stored.public, stored.private, salt, evidence, reply
        )
        self.chain = chain_hash(self.chain, leaf)
        self.rows.append(EventRow(
            position, stream_of(event), position, stored.type, stored.schema_version, at_us, stored.public, stored.private,
            salt, evidence, leaf, self.chain,
        ))  # fmt: skip
        if isinstance(event, SaleDecided) and event.tap is not None:
            head, tap = event.op, event.tap
            self.replies.append(ReplyRow(head.terminal, head.epoch, head.n, leaf, position, reply))
            self.taps.append(TapRow(tap.card, tap.key_version, tap.counter, position))

    async def say_all(self, events: Iterable[Event]) -> None:
        for event in events:
            self.say(event, self.next_us())
            if len(self.rows) >= GROUP:
                await self.flush()

    async def flush(self) -> None:
        """One group, with partitions ahead of it."""
        if not self.rows:
            return
        if self.book.position >= self.partitions_at:
            async with self.installation.connected(ADMIN) as admin:
                await ensure_partitions(admin, schema_of(CODE))
            self.partitions_at = self.book.position + PARTITIONS_EVERY
        await self.log.append_group(self.rows, self.replies, self.taps)
        self.rows, self.replies, self.taps = [], [], []

    async def furnish(self, cards: int, digests: Sequence[bytes]) -> None:
        """Found the caisse; a producer with terminal, convention and account per digest; members with cards and a grant."""
        founded = founding.decide_found(CODE, _founding(), founder_kid=key_of(treasurer).kid, at_us=self.begin_us)
        assert isinstance(founded, tuple), founded
        await self.say_all(founded)
        money, left = [], cards * GRANT_CENTS * MONEY_TIMES
        while left > 0:
            money.append(MoneyReceived(fund=FundId("general"), cents=Cents(min(left, CENTS_MAX)), reference="r", by=treasurer))
            left -= CENTS_MAX
        await self.say_all(money)
        await self.say_all(event for number, digest in enumerate(digests) for event in _stall(number, digest, self.begin_us))
        await self.say_all(event for number in range(cards) for event in _household(number))
        await self.commit(self.granted(f"{PARIS.day(self.begin_us):%Y-%m}", self.next_us()))

    def granted(self, period: str, at_us: int) -> AllocationGranted:
        """The month's credit for everybody, as the rules decide it."""
        granted = decide_grant(
            self.book.allocation, self.book.members, self.book.funds, PARIS, cotisations=self.book.cotisations, rule="monthly",
            period=period, by=treasurer, at_us=at_us,
        )
        assert isinstance(granted, AllocationGranted), granted
        return granted

    async def sell(self, up_to: int, cards: int, producers: int) -> None:
        """Sales until there are `up_to`: the first half of the cards buys in turn, three lines each, at every stall in turn."""
        lines_of = [basket_of(Random(seed)) for seed in range(97)]
        for number in range(len(self.book.operations), up_to):
            self.sell_one(number, cards // 2, producers, lines_of[number % 97], self.next_us())
            if len(self.rows) >= GROUP:
                await self.flush()
        await self.flush()

    def sell_one(self, number: int, buyers: int, producers: int, lines: tuple[Line, ...], at_us: int) -> None:
        """The sale of this number, as the rules decide it at this instant."""
        stall, buyer = number % producers, number % buyers
        request = Request(
            op=Op.SALE, terminal=_terminal(stall), epoch=1, n=number // producers + 1,
            x=OperationId(number.to_bytes(16, "big")), ts_ms=TimeMs(at_us // 1_000),
            amount_cents=Cents(sum(line.amount_cents for line in lines)), lines=lines, card=CardUrl(bytes(16), bytes(8)),
        )
        tap = TapFacts(genuine=True, card=_card(buyer), key_version=1, counter=number // buyers + 1)
        self.say(operations.decide(self.book, request, tap, tap_used_before=False, at_us=at_us).event, at_us)


def basket_of(dice: Random) -> tuple[Line, ...]:
    return tuple(Line(category=CategoryId(name), amount_cents=Cents(dice.randint(50, 1_500))) for name in RATES)


def _stall(number: int, digest: bytes, usable_us: int) -> list[Event]:
    producer, by = producer_of(number), treasurer
    return [
        ProducerAdmitted(producer=producer, name=f"Stall {number}", structures=(), by=by),
        ConventionSigned(
            convention=ConventionId(f"c-{number}"), producer=producer, from_us=MicroTime(0), until_us=None, categories=None,
            by=by,
        ),
        BankDetailsProposed(producer=producer, details=digest, by=by),
        BankDetailsApproved(producer=producer, details=digest, usable_us=MicroTime(usable_us), by=approver),
        TerminalEnrolled(
            terminal=_terminal(number), epoch=1, producer=producer, key=_terminal(number) * 4, slot=None, by=by
        ),
    ]


def _household(number: int) -> list[Event]:
    member = MemberId(f"m-{number:07d}")
    return [
        MemberAdmitted(member=member, groups=(), by=approver),
        CardIssued(card=_card(number), key_version=1, member=member, alias=f"{number:07d}", by=approver),
    ]
