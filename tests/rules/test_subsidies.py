"""What funders promise, what comes of it, and how money leaves a fund: always with a second person, never what is engaged."""

from dataclasses import replace

import pytest

from clearing.audit.sums import book_balances
from clearing.authoriser.commands import allowed
from clearing.events.catalogue import Event
from clearing.events.funds import UNBOUND, Earmark, MoneyNotified, MoneyReceived
from clearing.events.grants import (
    AdvanceVoted,
    CreditsFrozen,
    EarmarkSet,
    RepaymentProposed,
    RepaymentSentBack,
    SubsidyNotified,
    TransferProposed,
)
from clearing.rules.answers import Declined
from clearing.rules.book import Book
from clearing.rules.ends import closing
from clearing.rules.treasury import funds, subsidies
from clearing.values import CategoryId, Cents, FundId, GrantId, MicroTime
from tests.given_when_then import Story, given, paris
from tests.sayings import (
    AMINA,
    BRUNO,
    FOUNDED,
    MARKET,
    VOTE,
    Decide,
    Till,
    charte,
    grant,
    line,
    monthly,
    opened,
    pays,
    received,
)

DRAAF, GENERAL, TIER = GrantId("draaf"), FundId("general"), FundId("tier")
BOUND = Earmark(places=("market",), categories=(CategoryId("veg"),), until_us=MicroTime(paris("2026-12-31 00:00:00")))


def promise(cents: int = 30_000, *, earmark: Earmark = UNBOUND, fund: FundId = GENERAL) -> Decide:
    said = SubsidyNotified(
        grant=DRAAF, funder="DRAAF", fund=fund, cents=Cents(cents), purpose="food", earmark=earmark, reference="letter",
        by=AMINA,
    )
    return lambda book, _: subsidies.decide_notify(book.subsidies, book.funds, said)


def part(cents: int) -> Decide:
    return lambda book, _: subsidies.decide_receive(
        book.subsidies, book.bank_lines, grant=DRAAF, cents=Cents(cents), reference="line", by=AMINA
    )


def cancelled(cents: int | None = None) -> Decide:
    less = None if cents is None else Cents(cents)
    return lambda book, _: subsidies.decide_reduce(book.subsidies, grant=DRAAF, cents=less, reference="letter", by=AMINA)


def transfer(cents: int, *, source: FundId = GENERAL, to: FundId = TIER) -> Decide:
    wanted = TransferProposed(transfer=0, fund=source, to=to, cents=Cents(cents), reason="shared", decision=VOTE, by=AMINA)
    return lambda book, _: subsidies.decide_propose_transfer(book.subsidies, book.funds, wanted)


def confirm(by: str = BRUNO, number: int = 1) -> Decide:
    return lambda book, _: subsidies.decide_confirm_transfer(book.subsidies, book.funds, transfer=number, by=by)  # type: ignore[arg-type]


def repay(cents: int) -> Decide:
    wanted = RepaymentProposed(
        repayment=0, grant=DRAAF, fund=FundId(""), cents=Cents(cents), reason="unspent", decision=VOTE, by=AMINA
    )
    return lambda book, _: subsidies.decide_propose_repayment(book.subsidies, book.funds, wanted)


def confirm_repayment(by: str = BRUNO) -> Decide:
    return lambda book, _: subsidies.decide_confirm_repayment(book.subsidies, book.funds, repayment=1, by=by)  # type: ignore[arg-type]


def paid(book: Book, _at_us: int) -> Event | Declined:
    return subsidies.decide_repayment_paid(book.subsidies, repayment=1, reference="line", by=AMINA)


def why(story: Story) -> str:
    assert isinstance(story.last, Declined), story.last
    return story.last.why


def agrees(story: Story) -> Story:
    """By both roads."""
    posted = {name: -cents for name, cents in story.ledger.balances.items() if cents and name != "bank"}
    assert book_balances(story.book) == posted
    return story


def test_a_subsidy_comes_in_parts_and_the_receivable_shows_what_is_still_to_come() -> None:
    story = given(*FOUNDED).when(promise()).when(part(10_000)).then("00", cents=10_000, clears_cents=10_000, grant=DRAAF)
    assert (story.account("receivable:general"), story.account("fund:general")) == (-20_000, 10_000)
    assert story.book.funds[GENERAL].to_come_cents() == 20_000
    assert "200.00 EUR are still to come" in why(story.when(part(20_001)))
    agrees(story.when(part(20_000)))
    assert story.account("receivable:general") == 0


def test_a_promise_taken_back_leaves_nothing_to_come_and_what_was_engaged_early_is_short() -> None:
    story = given(*MARKET[:-8], opened("late", advance=5_000)).when(promise(8_000, fund=FundId("late")))
    fund = story.book.funds[FundId("late")]
    assert fund.free_cents() == 5_000
    funds.engage(story.book.funds, FundId("late"), 4_000)
    story.when(cancelled())
    assert (fund.to_come_cents(), fund.free_cents()) == (0, -4_000)
    assert "still to come" in why(story.when(cancelled(1)))
    story.when(transfer(4_000, to=FundId("late"))).when(confirm())
    assert fund.free_cents() == 0


def test_money_that_names_no_subsidy_clears_what_nobody_in_particular_announced() -> None:
    story = given(*FOUNDED, MoneyNotified(fund=GENERAL, cents=Cents(500), reference="town", by=AMINA)).when(promise(1_000))
    story.when(lambda book, _: funds.decide_receive(
        book.funds, book.bank_lines, fund=GENERAL, cents=Cents(800), reference="r", by=AMINA
    ))
    story.then("00", clears_cents=500)
    assert story.book.funds[GENERAL].to_come_cents() == 1_000
    agrees(story)


def test_announced_money_that_will_not_come_is_taken_off_again() -> None:
    story = given(*FOUNDED, MoneyNotified(fund=GENERAL, cents=Cents(500), reference="town", by=AMINA)).when(promise(1_000))

    def withdraw(cents: int) -> Decide:
        return lambda book, _: funds.decide_withdraw(book.funds, fund=GENERAL, cents=Cents(cents), reference="r", by=AMINA)

    assert "5.00 EUR are announced" in why(story.when(withdraw(501)))
    story.when(withdraw(500)).then("00")
    assert story.book.funds[GENERAL].to_come_cents() == 1_000
    agrees(story)


def test_the_advance_counts_what_has_not_come_whatever_else_the_fund_received() -> None:
    story = given(*FOUNDED, received(70_000)).when(promise(10_000))
    voted = AdvanceVoted(fund=GENERAL, advance_cents=Cents(6_000), decision=VOTE, by=AMINA)
    story.when(lambda book, _: subsidies.decide_advance(book.funds, voted))
    assert story.book.funds[GENERAL].free_cents() == 76_000
    story.when(part(7_000))
    assert story.book.funds[GENERAL].free_cents() == 80_000


def test_an_advance_that_is_used_can_not_be_voted_away() -> None:
    story = given(*FOUNDED, opened("late", advance=5_000)).when(promise(8_000, fund=FundId("late")))
    funds.engage(story.book.funds, FundId("late"), 4_000)
    lower = AdvanceVoted(fund=FundId("late"), advance_cents=Cents(3_999), decision=VOTE, by=AMINA)
    assert "40.00 EUR are engaged early" in why(story.when(lambda book, _: subsidies.decide_advance(book.funds, lower)))


def test_a_transfer_needs_a_second_person_and_moves_only_what_is_there() -> None:
    story = given(*MARKET, monthly(900_000), opened("tier")).when(grant()).when(transfer(100_000)).then("00", transfer=1)
    assert story.account("fund:tier") == 0
    assert "needs a second person" in why(story.when(confirm(AMINA)))
    story.when(confirm()).then("00", cents=100_000)
    assert (story.account("fund:general"), story.account("fund:tier")) == (0, 100_000)
    assert "0.00 EUR are received and not engaged" in why(story.when(transfer(1)))
    assert "confirmed already" in why(agrees(story).when(confirm()))


def test_a_transfer_is_looked_at_again_when_it_is_confirmed() -> None:
    story = given(*MARKET, monthly(900_000), opened("tier")).when(transfer(200_000)).when(grant())
    assert "1000.00 EUR are received" in why(story.when(confirm()))
    story.when(lambda book, _: subsidies.decide_drop(book.subsidies, kind="transfer", number=1, by=AMINA)).then("00")
    assert "dropped already" in why(story.when(confirm()))


@pytest.mark.parametrize(
    ("source", "target", "said"),
    [
        (BOUND, UNBOUND, "is bound (places market; categories veg; until"),
        (UNBOUND, Earmark(alone=True), "keeps other money out"),
        (UNBOUND, BOUND, ""),
        (BOUND, BOUND._replace(categories=(CategoryId("veg"),), places=("market",)), ""),
    ],
)
def test_bound_money_goes_only_where_it_stays_bound(source: Earmark, target: Earmark, said: str) -> None:
    story = given(*FOUNDED, opened("a"), opened("b"), received(500, "a"))
    story.book.funds[FundId("a")].earmark, story.book.funds[FundId("b")].earmark = source, target
    story.when(transfer(500, source=FundId("a"), to=FundId("b")))
    if said:
        assert said in why(story)
    else:
        story.then("00", cents=500)


def test_money_goes_back_to_its_funder_by_two_people_and_is_paid_once() -> None:
    story = given(*FOUNDED, received(50_000)).when(promise()).when(part(10_000)).when(repay(10_001))
    assert "100.00 EUR were received and not given back" in why(story)
    story.when(repay(4_000)).then("00", repayment=1, fund=GENERAL)
    assert "second person" in why(story.when(confirm_repayment(AMINA)))
    assert "only a confirmed one" in why(story.when(paid))
    story.when(confirm_repayment())
    assert story.account("payable:grantor:draaf") == 4_000
    agrees(story).when(paid).then("00", cents=4_000)
    assert story.account("payable:grantor:draaf") == 0
    story.and_given(RepaymentSentBack(repayment=1, grant=DRAAF, cents=Cents(4_000), reason="AC04", by=AMINA))
    assert story.account("payable:grantor:draaf") == 4_000
    agrees(story).when(paid)
    assert "only a confirmed one" in why(agrees(story).when(paid))


def test_a_subsidy_is_taken_only_into_a_fund_that_is_bound_as_its_funder_asks() -> None:
    story = given(*FOUNDED).when(promise(earmark=BOUND))
    told = "Fund general is not bound as the funder asks (places market; categories veg; until 2026-12-30T23:00:00)"
    assert told in why(story)
    story.book.funds[GENERAL].earmark = BOUND
    story.when(promise(earmark=BOUND)).then("00")
    loose = EarmarkSet(fund=GENERAL, earmark=BOUND._replace(categories=()), decision=VOTE, by=AMINA)
    story.when(lambda book, _: subsidies.decide_bind(book.subsidies, book.funds, loose))
    assert "Subsidy draaf of DRAAF binds this fund: stay inside categories veg" in why(story)


ALL_OF_THEM = EarmarkSet(
    fund=GENERAL, earmark=Earmark(categories=(CategoryId("veg"), CategoryId("cheese"), CategoryId("flour"))), decision=VOTE,
    by=AMINA,
)


def restricted(event: Event) -> Decide:
    def decide(book: Book, at_us: int) -> Event | Declined:
        found = allowed((event,), book, at_us)
        return found if isinstance(found, Declined) else found[0]

    return decide


def test_an_earmark_on_a_fund_in_use_is_declined_with_the_payer_that_spends_outside() -> None:
    story = given(*MARKET, monthly())
    wanted = EarmarkSet(fund=GENERAL, earmark=Earmark(categories=(CategoryId("veg"),)), decision=VOTE, by=AMINA)
    story.when(restricted(wanted))
    told = "payer 'credit' takes from purse credit, which fund general fills, which is bound: take cheese, flour out"
    assert told in why(story)
    story.when(restricted(ALL_OF_THEM)).then("00")
    wider = charte(pays("credit", veg=100, soap=50), version=2, effective_us=paris("2026-06-01 00:00:00"))
    assert "take soap out of its covers" in why(story.when(restricted(wider)))


def test_a_funders_euro_is_not_freed_by_lapsing_into_another_fund() -> None:
    freed = replace(monthly(10_000, months=1), lapse_to=TIER)
    story = given(*MARKET, opened("tier"), ALL_OF_THEM)
    assert "what lapses of it can't go there" in why(story.when(restricted(freed)))
    story.when(restricted(replace(freed, lapse_to=None))).then("00")
    other = replace(freed, fund=TIER, short="fund", short_fund=GENERAL, lapse_to=FundId("free"))
    story.and_given(opened("free"))
    assert "Credit of fund general is bound" in why(story.when(restricted(other)))


def test_a_fund_is_not_bound_while_its_credit_still_lapses_into_a_free_one() -> None:
    story = given(*MARKET, opened("tier"), replace(monthly(10_000, months=1), lapse_to=TIER)).when(grant())
    del story.book.allocation.rules["monthly"]
    assert "what lapses of it can't go there" in why(story.when(restricted(ALL_OF_THEM)))
    story.at("2026-06-01 08:00:00").when(restricted(ALL_OF_THEM)).then("00")


def test_a_purse_that_ever_held_bound_credit_stays_bound() -> None:
    story = given(*MARKET, monthly(10_000)).when(grant()).at("2026-09-01 08:00:00").sweep()
    del story.book.allocation.rules["monthly"]
    story.and_given(ALL_OF_THEM)
    wider = charte(pays("credit", veg=100, soap=50), version=2, effective_us=paris("2026-10-01 00:00:00"))
    assert "take soap out of its covers" in why(story.when(restricted(wider)))


def test_while_credits_are_frozen_nobody_is_credited_and_cards_go_on_paying() -> None:
    till = Till()
    story = given(*MARKET, monthly(10_000)).when(grant())
    story.when(lambda book, _: closing.decide_freeze(book.closing, decision=VOTE, by=AMINA)).then("00")
    june = grant("2026-06")(story.at("2026-06-01 08:00:00").book, paris("2026-06-01 08:00:00"))
    assert not isinstance(june, Declined)
    assert f"frozen by decision {VOTE}" in why(story.when(restricted(june)))
    story.when(till.sale(line("veg", 500)), till.tap()).then_pays("00", 500)
    assert "frozen already" in why(story.when(lambda book, _: closing.decide_freeze(book.closing, decision=VOTE, by=AMINA)))
    story.when(lambda book, _: closing.decide_resume(book.closing, decision=VOTE, by=AMINA)).then("00")
    story.when(restricted(june)).then("00", head_count=1)
    assert isinstance(story.history[-1], type(june))
    assert not any(isinstance(event, CreditsFrozen) for event in story.history[-2:])


def test_a_receipt_of_the_first_version_cleared_nothing() -> None:
    assert MoneyReceived(fund=GENERAL, cents=Cents(1), reference="r", by=AMINA).clears_cents == 0
