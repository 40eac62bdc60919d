"""Law: one seed, one life: a caisse with every room furnished, in which only what the real rules allow happens.

Commands and requests go through the very decisions of the writer; what they decline does not happen. The log that comes of it
is for whoever holds another reading of it (views, traces, sums) against the book.
"""

from collections.abc import Iterable
from dataclasses import replace
from random import Random
from typing import Any, Final

from clearing.authoriser.bodies import Body
from clearing.authoriser.commands import Order, decide
from clearing.events.accounts import AccountOpened, AccountProposed, MandataryNamed
from clearing.events.basket import Line
from clearing.events.catalogue import Event
from clearing.events.charte import Condition, Cover, FundWeight, Payer, Short, Tariff
from clearing.events.contracts import Day, SeasonOpened
from clearing.events.cotisations import CotisationRuleSet
from clearing.events.funds import FundOpened
from clearing.events.households import HouseholdRulesSet
from clearing.events.interchange import RecognitionSet
from clearing.events.members import CardIssued
from clearing.events.units import UnitOpened
from clearing.rules.answers import Declined
from clearing.values import (
    CaisseCode,
    CategoryId,
    Cents,
    FundId,
    MemberId,
    MicroTime,
    PayerId,
    PersonId,
    ProducerId,
    Rate,
    SeasonId,
    TerminalId,
)
from clearing.wire.requests import Request
from tests.given_when_then import Story, given
from tests.household_sayings import joins
from tests.sayings import (
    AMINA,
    BRUNO,
    FOUNDED,
    VOTE,
    Till,
    bonus,
    card,
    card_of,
    charte,
    covers,
    member,
    monthly,
    pays,
    producer,
    solidarity,
    terminal,
)

STARTS: Final = "2026-05-01 09:00:00"
AVAL: Final = CaisseCode("aval")
MEMBERS: Final = ("m-0", "m-1", "m-2")
PRODUCERS: Final = tuple(ProducerId(name) for name in ("garden", "dairy", "mill"))
TERMINALS: Final = {"garden": TerminalId(b"stall-01"), "dairy": TerminalId(b"stall-02"), "mill": TerminalId(b"stall-03")}
CATEGORIES: Final = ("veg", "cheese", "basket", "honey", "soap")
FUNDS: Final = (
    ("general", "general"), ("tier", "tier"), ("pool", "general"), ("solidarity", "solidarity"), ("panier", "sponsor"),
    ("safety", "guarantee"),
)  # fmt: skip
SUBSIDIES: Final = {"draaf": "general", "park": "tier", "city": "solidarity", "region": "panier"}

TIER = Tariff(
    id=PayerId("tier"), covers=covers(cheese=70), funds=(FundWeight(fund=FundId("tier")),), short=Short.NEXT,
    condition=Condition(who=("low",)),
)  # fmt: skip
HIGH = Tariff(id=PayerId("high"), covers=covers(honey=125), surplus_fund=FundId("pool"))
FIXED = Tariff(
    id=PayerId("four"), covers=(Cover(category=CategoryId("basket"), unit_cents=Cents(400)),),
    funds=(FundWeight(fund=FundId("tier"), weight=2), FundWeight(fund=FundId("general"))), short=Short.NEXT,
)  # fmt: skip
THIRD = Payer(id=PayerId("third"), fund=FundId("tier"), covers=covers(basket=60), short=Short.NEXT)
OWN = pays("own", veg=100, cheese=100, basket=100, honey=100)
CHARTES: Final = (
    charte(THIRD, pays("bonus", veg=100), pays("credit", veg=100, cheese=70, honey=50), OWN, tariffs=(TIER, HIGH)),
    charte(
        pays("bonus", veg=100), pays("credit", veg=70, cheese=50, basket=50), OWN, tariffs=(TIER, FIXED, HIGH), version=2,
        effective_us=1_779_500_000_000_000, hold_days=2, refund_lot_days=3,
    ),
)  # fmt: skip


def rules(dice: Random) -> tuple[Event, ...]:
    """What was voted: credit that is carried over, a bonus, draws by one of the three policies, cotisations, parting."""
    policy = dice.choice(("first-come", "lower", "pro-rata"))
    draws = solidarity(10, 20, 30, policy=policy, prices=(Rate(12_500),), give_debt_cents=Cents(3_000))
    month = replace(monthly(3_000, months=1), rollover_max_cents=Cents(400), lapse_to=FundId("tier"))
    late = replace(monthly(700, "paying", months=2), rule="late", fund=FundId("tier"), after_cotisation=True)
    return (
        *CHARTES, month, late, draws, bonus(20, "veg", month_cents=600),
        CotisationRuleSet(
            rule="cotisation", fund=FundId("general"), minimum_cents=Cents(100), step_cents=Cents(1), levels=(), free=True,
            means=("debit", "cash", "cheque", "transfer"), over_is_gift=False, decision=VOTE, by=AMINA,
        ),
        HouseholdRulesSet(separation="split", leaving=dice.choice(("at-once", "month-end")), decision=VOTE, by=AMINA),
        UnitOpened(unit="gemme", name="gemme", by=AMINA),
        RecognitionSet(
            other=AVAL, key=b"k" * 32, decision=VOTE, debit_cap_cents=Cents(50_000), categories=(), from_us=MicroTime(0),
            until_us=None, by=AMINA,
        ),
    )  # fmt: skip


def people() -> tuple[Event, ...]:
    """Three households of two, one of them in the tier, and a collective account with two mandataries."""
    groups = {"m-0": ("paying",), "m-1": ("low", "paying"), "m-2": ()}
    mandates = ("aline", "boris")
    return (
        *(member(name, *groups[name]) for name in MEMBERS), *(card(name) for name in MEMBERS),
        *(joins(name, f"{name}.{place}") for name in MEMBERS for place in (0, 1)),
        member("gout"),
        *(CardIssued(card=card_of(a), key_version=1, member=MemberId("gout"), alias=a, by=BRUNO) for a in mandates),
        AccountProposed(account=MemberId("gout"), two_person_cents=Cents(4_000), by=AMINA),
        AccountOpened(account=MemberId("gout"), two_person_cents=Cents(4_000), opened_by=(AMINA, BRUNO)),
        *(
            MandataryNamed(
                account=MemberId("gout"), mandatary=one, card=card_of(one), purchase_cents=Cents(9_000),
                month_cents=Cents(90_000), named_by=(AMINA, BRUNO),
            ) for one in mandates
        ),
    )  # fmt: skip


def outlets() -> tuple[Event, ...]:
    """Three producers, the last without bank details; one of them has a season of baskets."""
    days = tuple(Day(f"2026-{month:02d}-{day:02d}", 1) for month in (5, 6, 7) for day in (7, 14, 21, 28))
    *banked, unbanked = PRODUCERS
    return (
        *(event for name in banked for event in producer(name)), *producer(unbanked)[:2],
        *(terminal(TERMINALS[name], name) for name in PRODUCERS),
        SeasonOpened(
            season=SeasonId("veg-2026"), title="Vegetables", producer=PRODUCERS[0], days=days, mode="through-caisse",
            skip="moved", skip_days=3, decision=VOTE, by=AMINA,
        ),
    )  # fmt: skip


class World:
    """A furnished caisse. tills: by producer; made: what they asked; abroad: open questions of another caisse."""

    def __init__(self, seed: int) -> None:
        self.dice = Random(seed)
        opened = tuple(
            FundOpened(fund=FundId(name), kind=kind, name=name, advance_cents=Cents(900 if name == "tier" else 0), by=AMINA)
            for name, kind in FUNDS if name != "general"
        )  # fmt: skip
        self.story: Story = given(*FOUNDED, *opened, *people(), *outlets(), *rules(self.dice), at=STARTS)
        self.tills = {name: Till(number) for name, number in TERMINALS.items()}
        self.made: list[Request] = []
        self.abroad: list[Any] = []
        self.references = 0
        self.paid_in: list[str] = []  # references of cotisations that a bank may take back

    def order(self, verb: str, body: dict[str, Any], by: PersonId = AMINA) -> tuple[Event, ...]:
        """A command as the writer decides it; nothing when it is declined."""
        self.story.sweep()
        result = decide(verb, Order(
            book=self.story.book, body=Body(dict(body), verb), by=by, at_us=self.story._next_us(), details_wait_us=0,
            clock_step_us=0,
        ))  # fmt: skip
        if isinstance(result, Declined):
            return ()
        self.story.and_given(*result)
        return result

    def happens(self, event: Event | Declined | None) -> bool:
        if event is None or isinstance(event, Declined):
            return False
        self.story.and_given(event)
        return True

    def reference(self) -> str:
        """One that was never used."""
        self.references += 1
        return f"r-{self.references}"

    def lines(self, most: int = 2_500) -> tuple[Line, ...]:
        found = []
        for place in range(self.dice.randint(1, 3)):
            category = self.dice.choice(CATEGORIES)
            payee = self.dice.choice((None, None, None, *PRODUCERS))
            quantity = 1_000 * self.dice.randint(1, 3) if category == "basket" else None
            found.append(Line(
                category=CategoryId(category), amount_cents=Cents(self.dice.randint(1, most)), product=f"p{place}",
                payee=payee, qty_milli=quantity,
            ))  # fmt: skip
        return tuple(found)

    def member(self) -> str:
        """Somebody with a purse who has not left."""
        left = self.story.book.households.closed
        there = [name for name in self.story.book.members.members if name != "gout" and name not in left]
        return str(self.dice.choice(there or ["gout"]))

    def today(self) -> str:
        return self.story.book.caisse.calendar.day(self.story._next_us()).isoformat()

    def pass_time(self, *us: int) -> None:
        self.story.at_us = self.story._next_us() + self.dice.choice(us)
        self.story.sweep()


def first(items: Iterable[Any]) -> Any | None:
    return next(iter(items), None)
