"""Law: short words for the events and requests that stories are made of; every one can be changed by a keyword."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from clearing.authoriser.client import TapFacts
from clearing.events.basket import Line
from clearing.events.bonus import BonusCover, BonusRuleSet, ShortBonus
from clearing.events.caisse import CaisseFounded, CharteAdopted, DecisionRecorded, PersonNamed
from clearing.events.catalogue import Event
from clearing.events.charte import Ceiling, Charte, Condition, Cover, Payer, Span, Tariff
from clearing.events.funds import AllocationGranted, AllocationRuleSet, FundOpened, MoneyReceived, PurseCredited
from clearing.events.members import CardIssued, MemberAdmitted
from clearing.events.producers import (
    BankDetailsApproved,
    BankDetailsProposed,
    ConventionSigned,
    ProducerAdmitted,
    TerminalEnrolled,
)
from clearing.events.solidarity import SolidarityRuleSet, WhenShort
from clearing.rules.answers import Declined
from clearing.rules.book import Book
from clearing.rules.credit import allocation
from clearing.rules.stalls import answering, approving, settlement
from clearing.rules.voted.standing import payout_rules_in_force
from clearing.values import (
    BatchId,
    CaisseCode,
    CardId,
    CategoryId,
    Cents,
    ConventionId,
    DecisionId,
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
from clearing.wire.commands import person_number
from clearing.wire.fields import TimeMs
from clearing.wire.requests import Op, Request

AMINA, BRUNO, CHLOE = PersonId("amina"), PersonId("bruno"), PersonId("chloe")
GARDEN, DAIRY = ProducerId("garden"), ProducerId("dairy")
STALL = TerminalId(b"stall-01")
VOTE = DecisionId("ag-2026-04")
Decide = Callable[[Book, int], Event | Declined]



def voted(decision: str, **changes: Any) -> DecisionRecorded:
    """A vote of the whole caisse, as a founding records it: approved by that."""
    fields: dict[str, Any] = {
        "decision": DecisionId(decision), "title": "What the card pays", "body": "general-meeting", "method": "majority",
        "taken_on": "2026-04-20", "votes_for": 31, "votes_against": 4, "abstained": 2, "minutes_sha256": b"", "by": AMINA,
    }
    return DecisionRecorded(**fields | changes)


FOUNDED: tuple[Event, ...] = (
    CaisseFounded(code=CaisseCode("brume"), name="Caisse de la Brume", zone="Europe/Paris", account_name="Brume"),
    *(
        PersonNamed(person=person, number=person_number(person), epoch=1, key=person.encode() * 8, roles=roles, named_by=())
        for person, roles in ((AMINA, ("treasurer",)), (BRUNO, ("approver", "desk")))
    ),
    voted(VOTE),
    FundOpened(fund=FundId("general"), kind="general", name="General fund", advance_cents=Cents(0), by=AMINA),
)  # fmt: skip


def received(cents: int, fund: str = "general") -> MoneyReceived:
    return MoneyReceived(fund=FundId(fund), cents=Cents(cents), reference="bank line", by=AMINA)


def opened(fund: str, *, advance: int = 0) -> FundOpened:
    voted = VOTE if advance else DecisionId("")
    return FundOpened(fund=FundId(fund), kind="tier", name=fund, advance_cents=Cents(advance), decision=voted, by=AMINA)


def covers(**percent: int) -> tuple[Cover, ...]:
    return tuple(Cover(category=CategoryId(name), rate=Rate(share * 100)) for name, share in percent.items())


def pays(purse: str, *ceilings: Ceiling, **percent: int) -> Payer:
    """A purse that pays these percents of these categories."""
    return Payer(id=PayerId(purse), purse=PurseKind(purse), covers=covers(**percent), ceilings=ceilings)


def a_day(cents: int) -> Ceiling:
    return Ceiling(span=Span.DAY, cents=Cents(cents))


def charte(
    *payers: Payer, version: int = 1, effective_us: int = 0, tariffs: tuple[Tariff, ...] = (), **more: Any
) -> CharteAdopted:
    rules: tuple[Tariff | Payer, ...] = (*tariffs, *payers)
    names = dict.fromkeys(cover.category for rule in rules for cover in rule.covers)
    return CharteAdopted(by=AMINA, charte=Charte(
        version=version, decision=VOTE, effective_us=MicroTime(effective_us), categories=tuple(names), payers=payers,
        tariffs=tariffs, **more,
    ))  # fmt: skip


CADENET = charte(pays("credit", veg=100, cheese=70, flour=30))


def member(name: str = "m-1", *groups: str) -> MemberAdmitted:
    return MemberAdmitted(member=MemberId(name), groups=groups, by=BRUNO)


def card_of(name: str) -> CardId:
    return CardId(name.encode().ljust(16, b"."))


def card(owner: str = "m-1", *, version: int = 1) -> CardIssued:
    return CardIssued(card=card_of(owner), key_version=version, member=MemberId(owner), alias=f"card of {owner}", by=BRUNO)


def producer(name: ProducerId = GARDEN, *, categories: tuple[str, ...] | None = None) -> tuple[Event, ...]:
    """Admitted, under convention, with bank details that two people accepted."""
    kept = None if categories is None else tuple(CategoryId(category) for category in categories)
    return (
        ProducerAdmitted(producer=name, name=name.title(), structures=("market",), by=AMINA),
        ConventionSigned(
            convention=ConventionId(f"{name}-1"), producer=name, from_us=MicroTime(0), until_us=None, categories=kept, by=AMINA
        ),
        BankDetailsProposed(producer=name, details=name.encode().ljust(32, b"."), by=AMINA),
        BankDetailsApproved(producer=name, details=name.encode().ljust(32, b"."), usable_us=MicroTime(0), by=BRUNO),
    )


def terminal(number: TerminalId = STALL, owner: ProducerId = GARDEN) -> TerminalEnrolled:
    return TerminalEnrolled(terminal=number, epoch=1, producer=owner, key=bytes(number) * 4, slot=None, by=AMINA)


def own_money(cents: int, owner: str = "m-1", purse: str = "own") -> PurseCredited:
    return PurseCredited(
        member=MemberId(owner), purse=PurseKind(purse), fund=None, cents=Cents(cents), expires_us=None, reference="", by=BRUNO
    )


def credit(cents: int, *, expires_us: int | None = None, owner: str = "m-1", purse: str = "credit") -> PurseCredited:
    """A single credit from the general fund."""
    until = None if expires_us is None else MicroTime(expires_us)
    return replace(own_money(cents, owner, purse), fund=FundId("general"), expires_us=until)


def monthly(cents: int = 15_000, *who: str, months: int = 2) -> AllocationRuleSet:
    return AllocationRuleSet(
        rule="monthly", purse=PurseKind("credit"), fund=FundId("general"), cents_each=Cents(cents), months_valid=months,
        who=who, decision=VOTE, by=AMINA,
    )


def grant(period: str = "2026-05") -> Decide:
    return lambda book, at_us: allocation.decide_grant(
        book.allocation, book.members, book.funds, book.caisse.calendar, cotisations=book.cotisations, rule="monthly",
        period=period, by=AMINA, at_us=at_us,
    )


def grant_single(owner: str, period: str = "2026-05") -> Decide:
    return lambda book, at_us: allocation.decide_grant_single(
        book.allocation, book.members, book.funds, cotisations=book.cotisations, rule="monthly", period=period,
        member=MemberId(owner), by=BRUNO, at_us=at_us,
    )


def close(day: str, by: PersonId = AMINA) -> Decide:
    return lambda book, at_us: settlement.decide_close(
        book.settlement, producers=book.producers.producers, calendar=book.caisse.calendar, closed_on=day,
        position=book.position, by=by, at_us=at_us, contested=book.contested(), rules=payout_rules_in_force(book, at_us),
    )


def approve(day: str, by: PersonId = BRUNO, batch: int = 1) -> Decide:
    return lambda book, at_us: approving.decide_approve(
        book.settlement, batch=BatchId(batch), execution_on=day, calendar=book.caisse.calendar, by=by, at_us=at_us,
        producers=book.producers.producers, rules=payout_rules_in_force(book, at_us),
    )


def export(file: bytes = b"f" * 32, batch: int = 1) -> Decide:
    return lambda book, _at_us: approving.decide_export(
        book.settlement, batch=BatchId(batch), message_id="m-1", file_sha256=file, by=AMINA,
        producers=book.producers.producers,
    )


def sent_back(owner: ProducerId = GARDEN, batch: int = 1) -> Decide:
    return lambda book, _at_us: answering.decide_return(
        book.settlement, batch=BatchId(batch), producer=owner, reason="account closed", by=AMINA
    )


def solidarity(*percent: int, policy: str = "first-come", **more: Any) -> SolidarityRuleSet:
    """A voted rule of the fund "solidarity"; ceilings out of the way unless a test is about them."""
    plenty = Cents(10_000_000)
    rule = SolidarityRuleSet(
        rule="draws", fund=FundId("solidarity"), rates=tuple(Rate(one * 100) for one in percent), when_short=WhenShort(policy),
        where=(), categories=(), terminal_day_cents=plenty, producer_day_cents=plenty, fund_day_cents=plenty, prices=(),
        coupon_cents=Cents(100), give_terminal_day_cents=plenty, give_producer_day_cents=plenty, give_debt_cents=plenty,
        watch_rate=Rate(5_000), decision=VOTE, by=AMINA,
    )
    return replace(rule, **more)


def bonus(percent: int, *categories: str, month_cents: int = 2_500, **more: Any) -> BonusRuleSet:
    """A voted bonus into the purse "bonus", from the general fund."""
    covers = tuple(BonusCover(category=CategoryId(one), rate=Rate(percent * 100)) for one in categories)
    rule = BonusRuleSet(
        rule="green", fund=FundId("general"), purse=PurseKind("bonus"), covers=covers, month_cents=Cents(month_cents),
        months_valid=2, condition=Condition(), short=ShortBonus.LESS, decision=VOTE, by=AMINA,
    )
    return replace(rule, **more)


MARKET: tuple[Event, ...] = (*FOUNDED, received(1_000_000), CADENET, member(), card(), *producer(), terminal())
"""All that a sale needs but credit."""


def granted(event: Event | Declined | None) -> AllocationGranted:
    assert isinstance(event, AllocationGranted), event
    return event


def line(
    category: str, cents: int, *, product: str | None = None, payee: ProducerId | None = None, qty: int | None = None
) -> Line:
    milli = None if qty is None else qty * 1_000
    return Line(category=CategoryId(category), amount_cents=Cents(cents), product=product, payee=payee, qty_milli=milli)


class Till:
    """Requests of one terminal and taps of cards, numbered as the real ones are."""

    def __init__(self, number: TerminalId = STALL) -> None:
        self.number = number
        self.n = 0
        self.counters: dict[str, int] = {}

    def ask(self, op: Op, *lines: Line, **fields: Any) -> Request:
        self.n += 1
        values: dict[str, Any] = {
            "op": op, "terminal": self.number, "epoch": 1, "n": self.n, "ts_ms": TimeMs(0), "lines": lines,
            "x": OperationId(self.number + self.n.to_bytes(8, "big")),
            "amount_cents": Cents(sum(one.amount_cents for one in lines)),
        }
        return Request(**{**values, **fields})

    def sale(self, *lines: Line, **fields: Any) -> Request:
        return self.ask(Op.SALE, *lines, **fields)

    def auth(self, *lines: Line, **fields: Any) -> Request:
        return self.ask(Op.AUTH, *lines, **fields)

    def capture(self, of: Request, *lines: Line) -> Request:
        return self.ask(Op.CAP, *lines, original=of.x)

    def reverse(self, of: Request | bytes) -> Request:
        return self.ask(Op.REV, original=of.x if isinstance(of, Request) else OperationId(of))

    def refund(self, of: Request, *lines: Line) -> Request:
        return self.ask(Op.REF, *lines, original=of.x)

    def draw(self, percent: int, *lines: Line) -> Request:
        """A reduction of so many percent, from a solidarity fund."""
        return self.ask(Op.DRAW, *lines, price_choice=percent)

    def give(self, percent: int, *lines: Line) -> Request:
        """So many percent of the price paid in cash; 100: the lines are coupons."""
        return self.ask(Op.GIVE, *lines, price_choice=percent)

    def tap(self, owner: str = "m-1", *, version: int = 1, counter: int | None = None) -> TapFacts:
        """The card's next genuine tap."""
        self.counters[owner] = self.counters.get(owner, 0) + 1
        return TapFacts(
            genuine=True, card=card_of(owner), key_version=version, counter=self.counters[owner] if counter is None else counter
        )
