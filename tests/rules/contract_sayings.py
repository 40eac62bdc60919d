"""Law: short words for AMAP contracts in stories: a season of Thursdays with the garden, a household, its instalments."""

from datetime import date, timedelta

from clearing.audit.sums import book_balances, in_books
from clearing.events.contracts import ContractEnded, ContractSigned, Day, Portion, SeasonOpened, Taken
from clearing.rules.amap import contract_money, contracting, deliveries
from clearing.rules.answers import Declined
from clearing.values import (
    Cents,
    ContractId,
    DecisionId,
    FundId,
    MemberId,
    ProducerId,
    Rate,
    SeasonId,
)
from clearing.wire.commands import contract_number
from clearing.wire.requests import Op, Request
from tests.given_when_then import Story
from tests.sayings import AMINA, BRUNO, VOTE, Decide, Till

VEG = SeasonId("veg-2026")
GARDEN = ProducerId("garden")
FIRST = date(2026, 5, 7)  # a Thursday
NO_VOTE = DecisionId("")


def weeks(number: int) -> list[str]:
    return [(FIRST + timedelta(weeks=week)).isoformat() for week in range(number)]


def season(number: int = 50, *, mode: str = "recorded", skip: str = "moved", decision: DecisionId = NO_VOTE) -> SeasonOpened:
    return SeasonOpened(
        season=VEG, title="Vegetables", producer=GARDEN, days=tuple(Day(day, 1) for day in weeks(number)), mode=mode, skip=skip,
        skip_days=3, decision=decision, by=AMINA,
    )


def through(number: int = 50) -> SeasonOpened:
    return season(number, mode="through-caisse", decision=VOTE)


def months(number: int) -> tuple[str, ...]:
    return tuple(f"2026-{5 + month:02d}-01" if month < 8 else f"2027-{month - 7:02d}-01" for month in range(number))


def sign(
    cents: int, instalments: int, *, name: str = "c-1", owner: str = "m-1", joins_on: str = "", fund: str | None = None,
    percent: int = 0, fund_until: str = "",
) -> Decide:
    return lambda book, _at_us: contracting.decide_sign(
        book.contracts, book.members, book.funds, contract=ContractId(name), number=contract_number(ContractId(name)),
        season=VEG, member=MemberId(owner), portions=(Portion("basket", 1_000),), joins_on=joins_on, full_cents=Cents(cents),
        due_on=months(instalments), fund=None if fund is None else FundId(fund), fund_rate=Rate(percent * 100),
        fund_until=fund_until, by=AMINA,
    )


def pay(instalment: int, *, cents: int | None = None, name: str = "c-1", means: str = "cheque", reference: str = "") -> Decide:
    return lambda book, _at_us: contract_money.decide_pay(
        book.contracts, book.takings, contract=ContractId(name), instalment=instalment,
        cents=None if cents is None else Cents(cents), means=means, reference=reference or f"cheque {instalment}", by=AMINA,
    )


def end(last_on: str, *, name: str = "c-1", leaving: str = "producer") -> Decide:
    return lambda book, at_us: contract_money.decide_end(
        book.contracts, contract=ContractId(name), leaving=leaving, last_on=last_on, reason="stops", by=AMINA,
        today=book.caisse.calendar.day(at_us),
    )


def skip(on: str, to_on: str = "", name: str = "c-1") -> Decide:
    return lambda book, at_us: deliveries.decide_skip(
        book.contracts, contract=ContractId(name), on=on, to_on=to_on, by=BRUNO, today=book.caisse.calendar.day(at_us)
    )


def record(on: str, **outcomes: str) -> Decide:
    taken = tuple(Taken(ContractId(name.replace("_", "-")), outcome) for name, outcome in outcomes.items())
    return lambda book, at_us: deliveries.decide_record(
        book.contracts, season=VEG, on=on, taken=taken, by=BRUNO, today=book.caisse.calendar.day(at_us)
    )



def several(story: Story, decide: object) -> Story:
    """A command with several events, as the reception takes it: all of them, or the decline."""
    story.sweep()
    result = decide(story.book, story._next_us())  # type: ignore[operator]
    if isinstance(result, Declined):
        story.last = result
        return story
    story.and_given(*result)
    story.last = result[-1]
    return story


def fund_parts(up_to_on: str, reference: str = "run 1") -> object:
    return lambda book, _at_us: contract_money.decide_pay_fund_parts(
        book.contracts, book.funds, season=VEG, up_to_on=up_to_on, reference=reference, by=AMINA
    )


def pay_over(up_to_on: str) -> object:
    return lambda book, _at_us: contract_money.decide_pay_over(book.contracts, season=VEG, up_to_on=up_to_on, by=AMINA)


def signed(story: Story) -> ContractSigned:
    event = story.last
    assert isinstance(event, ContractSigned), event
    return event


def ended(story: Story) -> ContractEnded:
    event = story.last
    assert isinstance(event, ContractEnded), event
    return event


def agreed(story: Story) -> None:
    """Book and double entry hold the same cents."""
    posted = {name: -cents for name, cents in story.ledger.balances.items() if cents and in_books(name)}
    assert book_balances(story.book) == posted


def fetch(till: Till, name: str = "c-1", *lines: object, **more: object) -> Request:
    return till.ask(Op.DLV, *lines, **{"original": contract_number(ContractId(name)), **more})  # type: ignore[arg-type]
