"""A proposal that is the charte in force changes not a cent of what was; another one changes what its rules say."""

import random
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from clearing.audit.trial import TRIAL_VERSION, Trial, tried
from clearing.audit.trial_report import Pair, TrialReport
from clearing.authoriser.bodies import Body, charte
from clearing.authoriser.client import TapFacts
from clearing.events.catalogue import Event
from clearing.events.charte import Charte
from clearing.events.sales import AuthorisationDecided, CaptureDecided, RefundDecided, ReversalDecided, SaleDecided
from clearing.rules.calendar import CivilCalendar
from clearing.values import Cents, MemberId, PurseKind
from clearing.wire.requests import Op, Request
from tests.living_caisse import AMINA, BRUNO, DAY_US, charte_body, decision_body
from tests.memory_log import Desk, furnished

CALENDAR = CivilCalendar("Europe/Paris")
JUNE, JULY = CALENDAR.period_end_us("2026-05", 1), CALENDAR.period_end_us("2026-06", 1)
CATEGORIES = ("fruit-veg", "animal", "staple")


def voted_rules(effective_us: int) -> dict[str, object]:
    """A tariff that a fund carries, a fund with a ceiling a day, the credit, own money: everything that has a memory."""
    return charte_body(2, "ag-2026-05", effective_us, {}) | {
        "categories": list(CATEGORIES),
        "tariffs": [{"id": "third", "covers": [{"category": "staple", "rate": 6_667}], "funds": [{"fund": "tier"}],
                     "short": "next"}],
        "payers": [
            {"id": "gift", "fund": "general", "covers": [{"category": "fruit-veg", "rate": 3_300}],
             "ceilings": [{"span": "day", "cents": 700}, {"span": "month", "cents": 2_500, "per_purse": False}]},
            {"id": "credit", "purse": "credit", "covers": [
                {"category": "fruit-veg", "rate": 10_000}, {"category": "animal", "rate": 7_000},
                {"category": "staple", "rate": 5_000}]},
        ],
        "order_accepted": True,
    }  # fmt: skip


def caisse_under_the_rules() -> Desk:
    desk = furnished()
    desk.order(AMINA, "open_fund", {"fund": "tier", "kind": "tier", "name": "Tier", "advance_cents": 0})
    desk.order(AMINA, "receive_money", {"fund": "tier", "cents": 1_500, "reference": "town"})
    desk.order(AMINA, "record_decision", decision_body("ag-2026-05"))
    desk.order(BRUNO, "approve_decision", {"decision": "ag-2026-05"})
    desk.order(AMINA, "adopt_charte", voted_rules(desk.clock.us + 1_000_000))
    desk.pass_time(us=2_000_000)
    return desk


class Season:
    """Whatever happens at one stall, drawn step by step."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.sold: list[Request] = []
        self.held: list[tuple[Request, dict[str, int]]] = []
        self.baskets: dict[bytes, dict[str, int]] = {}
        self.taps: list[TapFacts] = []

    def step(self, dice: random.Random) -> None:
        kind = dice.choice(["sale", "sale", "sale", "auth", "cap", "rev", "ref", "time", "time", "office"])
        getattr(self, kind)(dice)
        self.desk.pass_time(us=dice.randint(1, 3_600_000_000))

    def basket(self, dice: random.Random) -> dict[str, int]:
        names = dice.sample([*CATEGORIES, "soap"], dice.randint(1, 3))
        return {name: dice.randint(1, 3_000) for name in names}

    def sale(self, dice: random.Random) -> None:
        lines = self.basket(dice)
        more: dict[str, Any] = {"all_or_nothing": True} if dice.random() < 0.2 else {}
        tap = self.taps[-1] if self.taps and dice.random() < 0.1 else self.desk.tap()  # now and then one that was used
        self.taps.append(tap)
        request, _ = self.desk.ask(Op.SALE, lines, tap=tap, **more)
        self.sold.append(request)
        self.baskets[request.x] = lines

    def auth(self, dice: random.Random) -> None:
        lines = self.basket(dice)
        request, _ = self.desk.ask(Op.AUTH, lines)
        self.held.append((request, lines))

    def cap(self, dice: random.Random) -> None:
        if self.held:
            request, lines = self.held.pop(dice.randrange(len(self.held)))
            part = {name: dice.randint(1, cents) for name, cents in lines.items()}
            capture, _ = self.desk.ask(Op.CAP, part, original=request.x)
            self.sold.append(capture)
            self.baskets[capture.x] = part

    def rev(self, dice: random.Random) -> None:
        if self.sold or self.held:
            target = dice.choice([*self.sold, *(request for request, _ in self.held)])
            self.desk.ask(Op.REV, {}, original=target.x)

    def ref(self, dice: random.Random) -> None:
        if self.sold:
            target = dice.choice(self.sold)
            name, cents = dice.choice(sorted(self.baskets[target.x].items()))
            self.desk.ask(Op.REF, {name: dice.randint(1, cents)}, original=target.x)

    def time(self, dice: random.Random) -> None:
        self.desk.pass_time(days=dice.randint(0, 9))
        self.desk.tick()

    def office(self, dice: random.Random) -> None:
        day = CALENDAR.day(self.desk.clock.us)
        choices: list[tuple[str, dict[str, object]]] = [
            ("grant", {"rule": "monthly", "period": f"{day:%Y-%m}"}),
            ("receive_money", {"fund": "tier", "cents": dice.randint(1, 900), "reference": "gift"}),
            ("close_batch", {"closed_on": day.isoformat()}),
        ]
        verb, body = dice.choice(choices)
        self.desk.command(AMINA, verb, body)


async def season(seed: int, steps: int) -> Desk:
    dice, desk = random.Random(seed), caisse_under_the_rules()
    happens = Season(desk)
    for _ in range(steps // 3):
        happens.step(dice)
    desk.clock.us = max(desk.clock.us, JUNE - dice.randint(1, 3) * DAY_US)
    while desk.clock.us < JULY + DAY_US and steps > 0:
        happens.step(dice)
        steps -= 1
    return desk


def proposal(**changes: Any) -> Charte:
    return charte(Body(voted_rules(0) | changes, "The charte"))


async def play(desk: Desk, rules: Charte, from_us: int = JUNE, until_us: int = JULY) -> tuple[TrialReport, Trial]:
    trial = Trial(rules, from_us=from_us, until_us=until_us, months=1)
    return await tried(desk.log, trial), trial


def naive_payers(events: list[tuple[int, Event]]) -> dict[str, int]:
    """Cents by payer in June, from the log's own shares."""
    paid: dict[str, int] = {}
    for at_us, event in events:
        if not JUNE <= at_us < JULY:
            continue
        if isinstance(event, SaleDecided | CaptureDecided):
            for share in event.shares:
                paid[share.payer] = paid.get(share.payer, 0) + share.cents
        elif isinstance(event, RefundDecided) or (isinstance(event, ReversalDecided) and event.effect == "undone"):
            for back in event.returned:
                paid[back.payer] = paid.get(back.payer, 0) - back.cents
    return paid


@pytest.mark.row(3)
@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32), steps=st.integers(5, 60))
async def test_the_charte_in_force_as_proposal_gives_the_cents_of_the_log(seed: int, steps: int) -> None:
    desk = await season(seed, steps)
    before = list(desk.log.rows)
    report, trial = await play(desk, proposal())
    paid = naive_payers([(row.at_us, event) for row, event in zip(desk.log.rows, desk.log.events(), strict=True)])
    assert {name: pair.now for name, pair in report.payers.items() if pair.now} == {n: c for n, c in paid.items() if c}
    assert (report.changed_count, report.changed) == (0, ())
    for pair in [*report.payers.values(), report.other_tender, *(fund.spent for fund in report.funds)]:
        assert pair.now == pair.proposed
    assert all(fund.free.now == fund.free.proposed and not fund.lacked_cents for fund in report.funds)
    assert trial.shadow.funds == trial.real.funds
    assert {name: one.left for name, one in trial.shadow.allocation.cohorts.items()} == {
        name: one.left for name, one in trial.real.allocation.cohorts.items()}  # fmt: skip
    assert trial.shadow.usage.cents == trial.real.usage.cents
    assert desk.log.rows == before


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32))
async def test_under_any_proposal_the_sums_are_those_of_a_caisse_that_keeps_its_promises(seed: int) -> None:
    dice = random.Random(seed)
    covers = [{"category": name, "rate": dice.choice([0, 2_500, 5_000, 10_000])} for name in CATEGORIES]
    credit = {"id": "credit", "purse": "credit", "covers": covers}
    desk = await season(seed, 40)
    report, trial = await play(desk, proposal(payers=[credit], tariffs=[]))
    before_june = {event.op.x for row, event in zip(desk.log.rows, desk.log.events(), strict=True)
                   if isinstance(event, AuthorisationDecided) and row.at_us < JUNE}  # fmt: skip
    for operation in trial.shadow.operations.values():
        event = operation.event
        if isinstance(event, SaleDecided | CaptureDecided) and event.charte_version == TRIAL_VERSION:
            assert {share.payer for share in event.shares} <= {"credit"}
        if isinstance(event, CaptureDecided) and event.original in before_june and event.charte_version:
            assert event.charte_version == 2  # a hold keeps the charte that decided it
    for fund in report.funds:
        assert trial.shadow.funds[fund.fund].free_cents() >= 0
    for purse in (purse for member in trial.shadow.members.members.values() for purse in member.purses):
        assert all(lot.cents > 0 for lot in purse.lots)
    spent = sum(fund.spent.proposed for fund in report.funds)
    assert spent == sum(pair.proposed for pair in report.payers.values())


async def test_a_lower_rate_is_told_payer_by_payer_and_basket_by_basket() -> None:
    desk = caisse_under_the_rules()
    desk.clock.us = JUNE + DAY_US
    desk.ask(Op.SALE, {"animal": 1_000})
    desk.ask(Op.SALE, {"soap": 500})
    cheaper = [{"id": "credit", "purse": "credit", "covers": [{"category": "animal", "rate": 4_000}]}]
    report, _ = await play(desk, proposal(payers=cheaper, tariffs=[]))
    assert report.payers == {"credit": Pair(700, 400)}
    assert report.other_tender == Pair(300, 600)
    (changed,) = report.changed
    assert (changed.amount_cents, changed.now_cents, changed.proposed_cents) == (1_000, 700, 400)
    general = next(fund for fund in report.funds if fund.fund == "general")
    assert (general.spent, general.runway_tenths(1)) == (Pair(700, 400), (10 * general.free.now // 700, general.free.now // 40))
    assert report.groups == ()


async def test_what_a_proposal_spends_is_missing_later_and_a_lacking_fund_is_named() -> None:
    desk = caisse_under_the_rules()
    desk.order(AMINA, "receive_money", {"fund": "tier", "cents": 1_000, "reference": "town"})
    desk.clock.us = JUNE + DAY_US
    for _ in range(3):
        desk.ask(Op.SALE, {"animal": 1_000})
    desk.order(AMINA, "credit_purse", {
        "member": "m-1", "purse": "credit", "fund": "tier", "cents": 2_000, "reference": "help",
        "expires_us": JULY + DAY_US,
    })  # fmt: skip
    by_the_fund = [{"id": "town", "fund": "tier", "covers": [{"category": "animal", "rate": 10_000}]}]
    report, _ = await play(desk, proposal(payers=by_the_fund, tariffs=[]))
    assert report.payers["town"] == Pair(0, 2_500)  # two baskets and a half: then the fund is empty
    assert report.other_tender == Pair(900, 500)
    assert next(fund.lacked_cents for fund in report.funds if fund.fund == "tier") == 2_000


async def test_a_sponsor_who_is_only_supposed_pays_what_is_supposed() -> None:
    desk = caisse_under_the_rules()
    desk.clock.us = JUNE + DAY_US
    desk.ask(Op.SALE, {"animal": 1_000})
    sponsor = [{"id": "sponsor", "fund": "mill", "covers": [{"category": "animal", "rate": 10_000}]}]
    trial = Trial(proposal(payers=sponsor, tariffs=[]), from_us=JUNE, until_us=JULY, months=1, suppose={"mill": Cents(600)})  # type: ignore[dict-item]
    report = await tried(desk.log, trial)
    assert report.payers == {"credit": Pair(700, 0), "sponsor": Pair(0, 600)}


async def test_a_household_that_parted_in_the_month_does_not_keep_the_caisse_from_trying_a_proposal() -> None:
    desk = furnished()
    desk.order(BRUNO, "join_household", {"eaters": [
        {"member": "m-1", "eater": name, "credit_class": "adult"} for name in ("a", "b")
    ]})
    desk.ask(Op.SALE, {"staple": 45_000})  # 30 % of it are 135.00 of 150.00
    desk.order(BRUNO, "separate_household", {"member": "m-1", "new_member": "m-9", "eaters": ["b"], "cards": []})
    covers = [{"category": "staple", "rate": 10_000}]
    more = proposal(payers=[{"id": "credit", "purse": "credit", "covers": covers}], tariffs=[])
    report, trial = await play(desk, more, from_us=0)
    assert report.payers == {"credit": Pair(13_500, 15_000)}
    parted = trial.shadow.members.members[MemberId("m-9")]
    assert sum(lot.cents for lot in trial.shadow.allocation.open_purse(parted, PurseKind("credit")).lots) == 0
