"""Every reason for which a card pays nothing, in the order of precedence: with all of them true, the first one answers."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from clearing.authoriser.client import TapFacts
from clearing.events.catalogue import Event
from clearing.events.codes import PRECEDENCE, Code, till_code
from clearing.events.members import CardBlocked
from clearing.events.producers import ConventionSuspended, TerminalSuspended
from clearing.values import Cents, ConventionId
from clearing.wire.requests import Op
from tests.given_when_then import Story, given
from tests.sayings import (
    AMINA,
    BRUNO,
    CADENET,
    FOUNDED,
    GARDEN,
    MARKET,
    STALL,
    Till,
    a_day,
    card,
    card_of,
    charte,
    credit,
    line,
    member,
    pays,
    producer,
    received,
    terminal,
)

NOT_GENUINE = TapFacts(genuine=False)
STRANGER = TapFacts(genuine=True, card=card_of("stranger"), key_version=1, counter=1)


@dataclass
class Trouble:
    """What is wrong at once. Each reason is one flag; the story is made of those that are set."""

    suspended: bool = False
    no_convention: bool = False
    does_not_add_up: bool = False
    reversed_before: bool = False
    no_charte: bool = False
    bad_tap: bool = False
    unknown_card: bool = False
    blocked: str = ""
    nothing_eligible: bool = False
    ceiling_used: bool = False
    no_credit: bool = False
    short: bool = False


def outcome(trouble: Trouble, op: Op) -> Story:
    """Ask for 10.00 of vegetables with everything in the way that `trouble` says."""
    till = Till()
    ceiling = a_day(0 if trouble.ceiling_used else 100_000)
    share = 0 if trouble.nothing_eligible else 70 if trouble.short else 100
    rules = charte(pays("credit", ceiling, veg=share))
    story = given(*FOUNDED, received(1_000_000), member(), card(), *producer(), terminal())
    story.and_given(*([] if trouble.no_charte else [rules]))
    story.and_given(*([] if trouble.no_credit else [credit(10_000)]))
    request = till.ask(op, line("veg", 1_000))
    if trouble.reversed_before:
        story.when(till.reverse(request))
    story.and_given(*standing_in_the_way(trouble))
    if trouble.does_not_add_up:
        request = replace(request, amount_cents=Cents(999))
    tap = NOT_GENUINE if trouble.bad_tap else STRANGER if trouble.unknown_card else till.tap()
    return story.when(request, tap)


def standing_in_the_way(trouble: Trouble) -> list[Event]:
    found: list[Event] = []
    if trouble.suspended:
        found.append(TerminalSuspended(terminal=STALL, by=AMINA))
    if trouble.no_convention:
        found.append(ConventionSuspended(convention=ConventionId(f"{GARDEN}-1"), by=AMINA))
    if trouble.blocked:
        found.append(CardBlocked(card=card_of("m-1"), code=trouble.blocked, by=BRUNO))
    return found


ALL = [
    ("suspended", Code.TERMINAL_SUSPENDED), ("no_convention", Code.NO_CONVENTION),
    ("does_not_add_up", Code.AMOUNTS_DO_NOT_ADD_UP), ("reversed_before", Code.LATE_AFTER_REVERSAL),
    ("no_charte", Code.NOT_ALLOWED_NOW), ("bad_tap", Code.TAP_VIOLATION), ("unknown_card", Code.CARD_UNKNOWN),
    ("blocked", Code.LOST), ("nothing_eligible", Code.NOTHING_ELIGIBLE), ("ceiling_used", Code.AMOUNT_LIMIT),
    ("no_credit", Code.INSUFFICIENT_CREDIT), ("short", Code.PARTIAL),
]  # fmt: skip
"""A flag and the code it gives, most important first."""


@pytest.mark.parametrize("op", [Op.SALE, Op.AUTH])
@pytest.mark.parametrize(("flag", "code"), ALL, ids=[flag for flag, _ in ALL])
def test_one_thing_in_the_way_gives_its_code(flag: str, code: Code, op: Op) -> None:
    trouble = Trouble(**{flag: "41" if flag == "blocked" else True})  # type: ignore[arg-type]
    outcome(trouble, op).then(code, answer=till_code(code))


@pytest.mark.parametrize("op", [Op.SALE, Op.AUTH])
@pytest.mark.parametrize("place", range(len(ALL)), ids=[flag for flag, _ in ALL])
def test_the_first_of_all_things_in_the_way_answers(place: int, op: Op) -> None:
    in_the_way = {flag: "41" if flag == "blocked" else True for flag, _ in ALL[place:]}
    if ALL[place][0] == "ceiling_used":
        del in_the_way["no_credit"]  # a ceiling is the reason only where the purse had more to give
    outcome(Trouble(**in_the_way), op).then(ALL[place][1])  # type: ignore[arg-type]


def test_the_table_stands_in_the_order_of_the_enum() -> None:
    ranks = [PRECEDENCE[code] for _, code in ALL]
    assert ranks == sorted(ranks)


@pytest.mark.parametrize("code", ["41", "43", "62"])
def test_a_blocked_card_is_unknown_at_the_stall_whatever_the_reason(code: str) -> None:
    outcome(Trouble(blocked=code), Op.SALE).then(code, answer="14", approved_cents=0, shares=())


def test_nothing_in_the_way_pays_all() -> None:
    outcome(Trouble(), Op.SALE).then_pays("00", 1_000)


def _a_minute_later(till: Till, story: Story) -> TapFacts:
    story.at("2026-05-01 09:01:01")
    return till.tap(counter=6)


Bad = Callable[[Till, Story], TapFacts]
SECOND_TAPS: dict[str, tuple[Bad, str]] = {
    "the same tap again": (lambda till, _: till.tap(counter=7), "63"),
    "a later one": (lambda till, _: till.tap(counter=8), "00"),
    "an unused one below, within a minute": (lambda till, _: till.tap(counter=6), "00"),
    "one made with the keys of an older version": (lambda till, _: till.tap(version=0, counter=9), "63"),
    "an unused one below, a minute later": (_a_minute_later, "63"),
}


@pytest.mark.parametrize("name", SECOND_TAPS)
def test_a_tap_is_used_once_and_dies_at_the_next_sale(name: str) -> None:
    till, (tap, code) = Till(), SECOND_TAPS[name]
    story = given(*MARKET, credit(10_000)).when(till.sale(line("veg", 100)), till.tap(counter=7)).then("00")
    story.when(till.sale(line("veg", 100)), tap(till, story)).then(code)


def test_a_tap_is_used_up_by_a_sale_that_was_declined() -> None:
    till = Till()
    story = given(*MARKET).when(till.sale(line("soap", 100)), till.tap(counter=7)).then("57")
    story.and_given(credit(100)).when(till.sale(line("veg", 100)), till.tap(counter=7)).then("63")


def test_a_card_personalised_anew_starts_counting_anew() -> None:
    till = Till()
    story = given(*MARKET, credit(10_000)).when(till.sale(line("veg", 100)), till.tap(counter=7)).then("00")
    story.and_given(card(version=2)).when(till.sale(line("veg", 100)), till.tap(version=2, counter=1)).then("00")


def test_all_or_nothing_pays_nothing_when_a_cent_would_be_left() -> None:
    till = Till()
    story = given(*MARKET, credit(10_000))
    story.when(till.sale(line("cheese", 1_000), all_or_nothing=True), till.tap())
    assert story.purse("m-1") == 10_000
    story.when(till.sale(line("veg", 1_000), all_or_nothing=True), till.tap()).then_pays("00", 1_000)


def test_a_convention_for_some_categories_covers_only_those() -> None:
    till = Till()
    story = given(*FOUNDED, received(100_000), CADENET, member(), card(), *producer(categories=("cheese",)), terminal())
    story.and_given(credit(10_000)).when(till.sale(line("veg", 500), line("cheese", 1_000)), till.tap()).then_pays("10", 0, 700)


def test_nobody_is_paid_whom_no_convention_knows() -> None:
    till = Till()
    story = given(*MARKET, credit(10_000))
    story.when(till.sale(line("veg", 500, payee=GARDEN), line("veg", 500, payee=STALL_OF_NOBODY)), till.tap()).then("03")
    assert STALL_OF_NOBODY not in story.book.settlement.owed


STALL_OF_NOBODY = type(GARDEN)("nobody")


def test_one_delivery_is_owed_to_each_of_its_payees() -> None:
    till = Till()
    neighbour = type(GARDEN)("neighbour")
    story = given(*MARKET, *producer(neighbour), credit(10_000))
    story.when(till.sale(line("veg", 500), line("cheese", 1_000, payee=neighbour)), till.tap()).then_pays("10", 500, 700)
    assert (story.account(f"owed:{GARDEN}"), story.account("owed:neighbour")) == (500, 700)
