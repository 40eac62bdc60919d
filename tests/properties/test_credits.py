"""Law: whatever is voted and whoever lives together, a credit is what a naive sum says, given once; no cent is lost by it."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given as having, settings, strategies as st

from clearing.audit.sums import book_balances, lots_of_cohorts
from clearing.events.catalogue import Event
from clearing.events.crediting import CohortRolled
from clearing.events.funds import AllocationDeclined, AllocationGranted, AllocationRuleSet
from clearing.events.households import HouseholdSeparated
from clearing.events.sales import AuthorisationDecided, SaleDecided
from clearing.rules.answers import Declined
from clearing.values import Cents, FundId, MemberId
from tests.given_when_then import Story, given
from tests.household_sayings import dues, home, leave, limit, part, pay, voted
from tests.living_caisse import AMINA
from tests.memory_log import Desk, furnished
from tests.sayings import (
    FOUNDED,
    Till,
    card,
    charte,
    credit,
    grant,
    grant_single,
    line,
    member,
    opened,
    own_money,
    pays,
    producer,
    received,
    terminal,
)

KINDS = ("adult", "child", "teen")
households = st.lists(st.lists(st.sampled_from(KINDS), max_size=5), min_size=1, max_size=6)
cents = st.integers(0, 20) | st.integers(0, 20_000)
rules = st.fixed_dictionaries({
    "first": cents, "further": cents, "each": st.dictionaries(st.sampled_from(KINDS), cents, max_size=3),
    "form": st.sampled_from(("fixed", "mean", "top-up")), "after_cotisation": st.booleans(),
    "short": st.sampled_from(("wait", "smaller", "fund")),
})  # fmt: skip


def rule_of(asked: dict[str, Any]) -> AllocationRuleSet:
    short_fund = FundId("reserve") if asked["short"] == "fund" else None
    if asked["form"] == "mean":
        return voted(0, form="mean", after_cotisation=asked["after_cotisation"], short=asked["short"], short_fund=short_fund)
    return voted(
        max(1, asked["first"]), further=asked["further"], each=asked["each"], form=asked["form"],
        after_cotisation=asked["after_cotisation"], short=asked["short"], short_fund=short_fund,
    )  # fmt: skip


def naive(rule: AllocationRuleSet, homes: dict[str, list[str]], paid: dict[str, int], minimum: int) -> dict[str, int]:
    """What each purse would get if the fund could carry it: written down person by person."""
    found: dict[str, int] = {}
    persons = {name: kinds or ["adult"] for name, kinds in homes.items()}
    pot, all_heads = sum(paid.values()), sum(len(kinds) for kinds in persons.values())
    for name, kinds in persons.items():
        total, others = 0, 0
        for kind in kinds:
            own = [one.cents for one in rule.classes if one.credit_class == kind]
            if rule.form == "mean":
                total += pot // all_heads
            elif own:
                total += own[0]
            else:
                total += rule.further_cents if others else rule.cents_each
                others += 1
        if rule.form == "top-up":
            total -= paid.get(name, 0)
        if rule.after_cotisation and paid.get(name, 0) < max(1, minimum):
            total = 0
        found[name] = max(0, total)
    return found


def agree(story: Story) -> None:
    """Book and double entry hold the same; so do the purses, opened one by one, and their cohorts."""
    balances = {account: -cents for account, cents in story.ledger.balances.items() if cents}
    known = {a: c for a, c in balances.items() if not a.startswith(("bank", "receivable:", "notified:"))}
    assert known == book_balances(story.book)
    left = {lot: cohort.left for lot, cohort in story.book.allocation.cohorts.items() if cohort.left}
    assert {lot: cents for lot, cents in lots_of_cohorts(story.book).items() if cents} == left


@settings(max_examples=250, deadline=None)
@having(
    asked=rules, lived=households, paid=st.lists(cents, min_size=6, max_size=6), money=st.integers(0, 200_000), minimum=cents
)
def test_a_run_gives_what_a_naive_reference_gives_and_the_purses_open_to_its_total(
    asked: dict[str, Any], lived: list[list[str]], paid: list[int], money: int, minimum: int
) -> None:
    homes = {f"m-{place}": kinds for place, kinds in enumerate(lived)}
    people = [event for name, kinds in homes.items() for event in home(name, *kinds)]
    rule = rule_of(asked)
    funds = (opened("reserve"), received(money + 1), received(money * 2 + 1, "reserve"))
    story = given(*FOUNDED, *funds, *people, dues(minimum), rule)
    pots = dict(zip(homes, paid, strict=False))
    for name, amount in pots.items():
        if amount:
            pay(story, name, amount)
    wanted = naive(rule, homes, pots, minimum)
    need, cover = sum(wanted.values()), money + 1
    story.when(grant())
    got = {name: story.purse(name) for name in homes}
    agree(story)
    if isinstance(story.last, Declined | AllocationDeclined):
        carried = rule.short == "fund" and need <= 2 * money + 1
        assert not need or (need > cover and not carried)
        assert not any(got.values())
        return
    event = story.last
    assert isinstance(event, AllocationGranted)
    assert event.total_cents == sum(got.values())
    if need <= cover or rule.short == "fund":
        assert got == wanted
    elif len(set(wanted.values())) == 1 and not event.amounts:
        assert set(got.values()) == {cover // len(homes)}
    else:
        assert got == {name: amount * cover // need for name, amount in wanted.items()}


@settings(max_examples=150, deadline=None)
@having(
    lots=st.lists(st.integers(1, 10_000), max_size=3), own=st.integers(0, 3_000), each=st.integers(1, 20_000),
    persons=st.integers(2, 6), going=st.integers(1, 5), spent=st.integers(0, 6_000), then_leaves=st.booleans(),
)  # fmt: skip
def test_parting_and_leaving_conserve_every_cent(
    lots: list[int], own: int, each: int, persons: int, going: int, spent: int, then_leaves: bool
) -> None:
    going, till = min(going, persons - 1), Till()
    pay_all = charte(pays("credit", veg=100), pays("own", veg=100))
    story = given(*FOUNDED, received(1_000_000), pay_all, *producer(), terminal(), *home("m-1", *["adult"] * persons),
                  card("m-1"), voted(each)).when(grant())  # fmt: skip
    story.and_given(*(credit(amount, expires_us=2 * 10**15 + place) for place, amount in enumerate(lots)))
    story.and_given(*([own_money(own)] if own else []))
    if spent:
        story.when(till.sale(line("veg", spent)), till.tap())
    before = story.purse("m-1"), story.purse("m-1", "own")
    parted = part("m-1", "m-9", *(f"m-1.{place}" for place in range(going)))(story.book, story.book.at_us + 1)
    assert isinstance(parted, HouseholdSeparated)
    story.and_given(member("m-9"), parted)
    agree(story)
    kept = story.purse("m-1"), story.purse("m-1", "own")
    taken = story.purse("m-9"), story.purse("m-9", "own")
    assert (kept[0] + taken[0], kept[1] + taken[1]) == before
    for whole, part_of in zip(before, taken, strict=True):
        assert abs(part_of * persons - whole * going) <= persons * (len(lots) + 1)
    if then_leaves:
        story.when(leave("m-9")).sweep()
        agree(story)
        assert story.book.households.owed.get(MemberId("m-9"), 0) == taken[1]
    story.at("2040-01-01 00:00:00").sweep()
    agree(story)
    assert story.account("purse:credit") == 0


steps = st.lists(
    st.tuples(st.sampled_from(("sale", "hold", "refund", "release", "capture")), st.integers(1, 2_000), st.integers(0, 9),
              st.integers(0, 30)),
    max_size=25,
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@having(steps=steps, sale=st.none() | st.integers(1, 1_500), day=st.none() | st.integers(1, 2_000), month=st.integers(1, 5_000))
def test_no_card_ever_takes_more_than_its_limits(
    steps: list[tuple[str, int, int, int]], sale: int | None, day: int | None, month: int
) -> None:
    pay_all = charte(pays("credit", veg=70), pays("own", veg=100))
    story, till = given(*FOUNDED, received(1_000_000), pay_all, *producer(), terminal(), member(), card()), Till()
    story.and_given(credit(100_000), own_money(50_000)).when(limit(sale=sale, day=day, month=month))
    made: list[Any] = []
    for op, amount, which, hours in steps:
        story.at_us = max(story.at_us, story.book.at_us) + hours * 3_600_000_000
        if op in ("sale", "hold"):
            request = till.sale(line("veg", amount)) if op == "sale" else till.auth(line("veg", amount))
            story.when(request, till.tap())
            assert isinstance(story.last, SaleDecided | AuthorisationDecided)
            paid = sum(share.cents for share in story.last.shares)
            assert paid <= min(month, sale if sale is not None else paid, day if day is not None else paid)
            made.append(request)
        elif made:
            original = made[which % len(made)]
            later = {"refund": till.refund, "capture": till.capture}.get(op)
            story.when(till.reverse(original) if later is None else later(original, line("veg", min(amount, 300))))
        assert all(used > 0 for used in story.book.card_limits.used.values())
        for (_, span), used in story.book.card_limits.used.items():
            assert used <= (month if span < 0 else day if day is not None else month)
    agree(story)


def test_rolled_credit_is_at_most_what_was_voted_and_never_rolled_again() -> None:
    rule = replace(voted(5_000, months_valid=1), rollover_max_cents=Cents(3_000))
    story = given(*FOUNDED, received(1_000_000), *(member(f"m-{i}") for i in range(5)), rule).when(grant())
    seen: list[Event] = []
    for month in range(6, 13):
        story.at(f"2026-{month:02}-01 00:00:00").sweep()
        seen += story.swept
        agree(story)
    assert [event.cents for event in seen if isinstance(event, CohortRolled)] == [15_000]
    assert story.account("fund:general") == 1_000_000


GRANT: dict[str, object] = {"rule": "monthly", "period": "2026-06"}


def restarted(desk: Desk) -> Desk:
    """What a writer knows after a crash: the log's committed rows, and nothing else."""
    again = Desk()
    for row, event in zip(desk.log.rows, desk.log.events(), strict=True):
        again.book.apply(event, row.position, row.at_us)
    again.log, again.clock.us = desk.log, desk.clock.us
    again._numbers, again._dice, again._salt = desk._numbers, desk._dice, desk._salt
    return again


@pytest.mark.parametrize("crash", [0, 1, 2])
def test_a_credit_run_three_times_and_crashed_midway_credits_each_member_once(crash: int) -> None:
    desk = furnished()
    desk.pass_time(days=31)
    desk.tick()
    answers = []
    for run in range(3):
        if run == crash:
            kept, commit = len(desk.log.rows), desk._commit
            desk._commit = lambda group: None  # type: ignore[method-assign]
            desk.command(AMINA, "grant", GRANT)
            desk._commit = commit  # type: ignore[method-assign]
            assert len(desk.log.rows) == kept
            desk = restarted(desk)
        answers.append(desk.command(AMINA, "grant", GRANT).rc)
    assert answers == ["00", "84", "84"]
    granted = [event for event in desk.log.events() if isinstance(event, AllocationGranted) and event.period == "2026-06"]
    assert [(event.head_count, event.total_cents) for event in granted] == [(2, 30_000)]
    book = restarted(desk).book
    for name in ("m-1", "m-2"):
        found = book.allocation.spendable(book.members.members[MemberId(name)], granted[0].purse, book.at_us)
        assert [(lot.id, lot.cents) for lot in found] == [("monthly/2026-05", 15_000), ("monthly/2026-06", 15_000)]
    single = grant_single("m-1", "2026-06")(book, book.at_us + 1)
    assert isinstance(single, Declined)
