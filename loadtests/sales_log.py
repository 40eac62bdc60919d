"""Law: a log of sales as a busy caisse writes it, from one seed: 3 lines and 4 shares a sale, a fund and two lots.

Bytes of the size of the real thing (270 of evidence) stand for frames and hashes: views read none of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from random import Random
from typing import Final

from clearing.event_store.log import Log
from clearing.event_store.rows import EventRow
from clearing.events.basket import Line, LotUse, Share
from clearing.events.caisse import CaisseFounded
from clearing.events.catalogue import Event
from clearing.events.codec import encode
from clearing.events.funds import AllocationGranted, FundOpened, MoneyReceived
from clearing.events.members import MemberAdmitted
from clearing.events.sales import OperationHead, SaleDecided, Tap
from clearing.values import (
    CaisseCode,
    CardId,
    CategoryId,
    Cents,
    FundId,
    MemberId,
    MicroTime,
    OperationId,
    PayerId,
    PersonId,
    ProducerId,
    PurseKind,
    Rate,
    TerminalId,
)

START_US: Final = 1_790_000_000_000_000  # September 2026
BETWEEN_SALES_US: Final = 50_000
EVIDENCE_BYTES: Final = 270
GROUP_EVENTS: Final = 500
CATEGORIES: Final = tuple(CategoryId(name) for name in ("fruit-veg", "animal", "staple", "bread", "cheese"))
BY: Final = PersonId("tina")
GENERAL, TIER, CREDIT = FundId("general"), FundId("tier"), PurseKind("credit")


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How many sales, of how many members, at how many producers."""

    sales: int
    members: int
    producers: int


def story(size: Size, seed: int = 1) -> Iterator[Event]:
    """Founding, two months' credit for every member, then nothing but sales: a 20th of them declined."""
    dice = Random(seed)
    yield CaisseFounded(code=CaisseCode("busy"), name="Busy", zone="Europe/Paris", account_name="Busy")
    for fund in (GENERAL, TIER):
        yield FundOpened(fund=fund, kind="general", name=fund, advance_cents=Cents(0), by=BY)
        yield MoneyReceived(fund=fund, cents=Cents(10**11), reference="", by=BY)
    for number in range(size.members):
        yield MemberAdmitted(member=MemberId(f"m{number}"), groups=(), by=BY)
    for period in ("2026-08", "2026-09"):
        each = 10**5 * (1 + size.sales // size.members)
        yield AllocationGranted(
            rule="monthly", period=period, purse=CREDIT, fund=GENERAL, cents_each=Cents(each), who=(),
            head_count=size.members, total_cents=Cents(each * size.members), expires_us=MicroTime(START_US * 2), by=BY,
        )  # fmt: skip
    for number in range(size.sales):
        yield sale(number, size, dice)


def sale(number: int, size: Size, dice: Random) -> SaleDecided:
    member, producer = dice.randrange(size.members), ProducerId(f"producer-{dice.randrange(size.producers)}")
    cents = [dice.randrange(100, 2_000) for _ in range(3)]
    lines = tuple(Line(category=dice.choice(CATEGORIES), amount_cents=Cents(part)) for part in cents)
    declined = number % 20 == 19
    code, paid = ("51", 0) if declined else ("00", sum(cents))
    return SaleDecided(
        op=OperationHead(
            terminal=TerminalId(producer.encode()[-8:].rjust(8, b"t")), epoch=1, n=number + 1,
            x=OperationId(dice.randbytes(16)), producer=producer,
        ),
        answer="05" if declined else "00", amount_cents=Cents(sum(cents)), lines=lines, approved_cents=Cents(paid),
        approved_lines=tuple(Cents(0 if declined else part) for part in cents), code=code,
        tap=Tap(card=CardId(b"card%012d" % member), key_version=1, counter=number, fresh=True),
        member=MemberId(f"m{member}"), charte_version=1, shares=() if declined else shares(cents, producer),
    )  # fmt: skip


def shares(cents: list[int], producer: ProducerId) -> tuple[Share, ...]:
    """A quarter of the first line by a fund, the rest by the members' credit, of which the last line needs two lots."""
    tier, (first, second, third) = cents[0] // 4, cents
    old, new = "monthly/2026-08", "monthly/2026-09"
    parts = (
        (0, "tier", "tariff", f"fund:{TIER}", 2_500, tier, ()), (0, "credit", "payer", "purse:credit", 10_000, first - tier,
        ((old, first - tier),)), (1, "credit", "payer", "purse:credit", 10_000, second, ((old, second),)),
        (2, "credit", "payer", "purse:credit", 10_000, third, ((old, third // 2), (new, third - third // 2))),
    )  # fmt: skip
    return tuple(
        Share(
            line=line, payer=PayerId(payer), step=step, source=source, rate=Rate(rate), cents=Cents(part), payee=producer,
            lots=tuple(LotUse(lot=lot, cents=Cents(used)) for lot, used in lots),
        )
        for line, payer, step, source, rate, part, lots in parts
    )  # fmt: skip


def rows(events: Iterator[Event], seed: int = 1) -> Iterator[EventRow]:
    """As the writer stores them."""
    dice = Random(seed)
    for position, event in enumerate(events, 1):
        kept = encode(event)
        evidence = dice.randbytes(EVIDENCE_BYTES) if isinstance(event, SaleDecided) else b""
        yield EventRow(
            position, f"t:{position % 1_000}", position, kept.type, kept.schema_version,
            START_US + position * BETWEEN_SALES_US, kept.public, kept.private, dice.randbytes(16), evidence,
            dice.randbytes(32), dice.randbytes(32),
        )  # fmt: skip


async def append(log: Log, events: Iterator[Event]) -> int:
    """The whole story, in groups; returns where the log ends."""
    waiting = rows(events)
    while group := list(islice(waiting, GROUP_EVENTS)):
        await log.append_group(group)
    return log.head.position
