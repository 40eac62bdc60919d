"""Law: what was entered wrong is taken back by two people, and the books are as if the right one had been the only one."""

from typing import Any

import pytest

from clearing.authoriser.bodies import Body
from clearing.authoriser.commands import Order, decide
from clearing.events.corrections import EntryCorrected
from clearing.events.funds import SingleGranted
from clearing.rules.answers import Declined
from clearing.values import ContractId, InvalidValue, MemberId, PersonId
from tests.given_when_then import Story, given
from tests.rules.contract_sayings import pay, pay_over, season, several, sign, through
from tests.rules.test_cotisations import (
    CLUB,
    RULE,
    agree,
    agreed,
    basis,
    confirm,
    count,
    gift,
    give_back,
    open_cents,
    receive,
)
from tests.sayings import AMINA, BRUNO, MARKET

TO_M_2 = {"who": "m-2", "rule": "cotisation", "month": "2026-05", "cents": 2_000, "means": "cash"}


def order(story: Story, by: PersonId, verb: str, body: dict[str, Any]) -> tuple[Any, ...] | str:
    """The events of a command, applied; or why not."""
    story.sweep()
    result = decide(verb, Order(
        book=story.book, body=Body(dict(body), "It"), by=by, at_us=story._next_us(), details_wait_us=0, clock_step_us=0,
    ))  # fmt: skip
    if isinstance(result, Declined):
        return result.why
    story.and_given(*result)
    agreed(story)
    return result


def correct(
    story: Story, right: dict[str, Any] | None, *, kind: str = "cotisation", reference: str = "line 1", **more: Any
) -> tuple[Any, ...] | str:
    entry = {"kind": kind, "reference": reference, **more} | ({} if right is None else {"right": right})
    proposed = order(story, AMINA, "propose_correction", entry | {"reason": "typed for the neighbour"})
    return proposed if isinstance(proposed, str) else order(story, BRUNO, "confirm_correction", entry)


def test_a_cotisation_of_the_wrong_household_becomes_that_of_the_right_one() -> None:
    story = given(*CLUB, RULE).when(agree(2_000)).when(agree(2_000, owner="m-2")).when(receive(2_000, means="cash"))
    event = correct(story, TO_M_2)[0]
    assert isinstance(event, EntryCorrected)
    assert (event.proposed_by, event.by, event.reason) == (AMINA, BRUNO, "typed for the neighbour")
    assert open_cents(story, "2026-05") == {"2026-05": 2_000}
    assert open_cents(story, "2026-05", "m-2") == {}
    assert (story.account("fund:general"), story.account("cash")) == (2_000, -2_000)
    assert story.book.cotisations.payments["line 1"].receipt == 2


def test_an_amount_that_was_typed_wrong_leaves_box_and_fund_with_what_was_paid() -> None:
    story = given(*CLUB, RULE).when(receive(20_000, means="cash")).when(receive(1_000, means="cash", reference="line 2"))
    story.when(count(1_000)).when(confirm(1_000))
    correct(story, TO_M_2 | {"who": "m-1"})
    assert (story.account("fund:general"), -story.account("cash"), -story.account("bank")) == (3_000, 2_000, 1_000)


def test_what_was_never_paid_is_taken_back_whole_and_its_reference_may_be_used() -> None:
    story = given(*CLUB, RULE).when(agree(2_000)).when(receive(2_000))
    correct(story, None)
    assert (story.account("fund:general"), story.account("bank"), open_cents(story, "2026-05")) == (0, 0, {"2026-05": 2_000})
    story.when(receive(2_000)).then("00")


def test_one_person_alone_corrects_nothing_and_what_is_confirmed_is_what_was_proposed() -> None:
    story, entry = given(*CLUB, RULE).when(receive(2_000)), {"kind": "cotisation", "reference": "line 1"}
    assert "Nobody proposed" in order(story, BRUNO, "confirm_correction", entry)
    order(story, AMINA, "propose_correction", entry | {"reason": "typed twice"})
    assert "another person" in order(story, AMINA, "confirm_correction", entry)
    assert "not what amina proposed" in order(story, BRUNO, "confirm_correction", entry | {"right": TO_M_2})
    order(story, BRUNO, "drop_correction", entry)
    assert "Nobody proposed" in order(story, BRUNO, "confirm_correction", entry)
    assert "Nobody proposed" in order(story, BRUNO, "drop_correction", entry)
    assert story.account("fund:general") == 2_000


def test_a_debit_that_had_come_back_and_was_made_good_by_the_wrong_entry_is_owed_again() -> None:
    story = given(*CLUB, RULE).when(receive(2_000, reference="debit")).when(give_back("debit")).when(receive(1_500))
    assert story.account("returned:general") == -500
    correct(story, TO_M_2 | {"cents": 1_500, "means": "debit"})
    assert (story.account("returned:general"), story.account("fund:general")) == (-2_000, 3_500)
    body = {"member": "m-1", "period": "2026-05", "reason": "no"}
    for by in (AMINA, BRUNO):  # one recorded the return, both corrected
        assert "another person" in order(story, by, "write_off_cotisation", body)


def test_a_fund_that_credited_the_money_already_is_not_left_short() -> None:
    story = given(*CLUB, RULE).when(receive(20_000))
    order(story, AMINA, "credit_purse", {
        "member": "m-2", "purse": "credit", "fund": "general", "cents": 19_000, "reference": "help",
    })  # fmt: skip
    said = correct(story, TO_M_2 | {"means": "debit"})
    assert isinstance(said, str)
    assert "would be short by 170.00 EUR" in said
    assert not story.book.corrections.proposed


def test_cash_that_two_people_counted_to_the_bank_was_there() -> None:
    story = given(*CLUB, RULE).when(receive(2_000, means="cash")).when(count(2_000))
    said = correct(story, TO_M_2 | {"cents": 200})
    assert isinstance(said, str)
    assert "2.00 EUR of cash are in the box and in no deposit" in said


def test_what_came_back_from_the_bank_or_is_right_already_is_not_corrected() -> None:
    story = given(*CLUB, RULE).when(receive(2_000))
    same = {"who": "m-1", "rule": "cotisation", "month": "2026-05", "cents": 2_000, "means": "debit"}
    assert "say already" in str(correct(story, same))
    assert "no member m-9" in str(correct(story, TO_M_2 | {"who": "m-9"}))
    assert "No cotisation was received" in str(correct(story, None, reference="line 9"))
    assert "No gift was received" in str(correct(story, None, kind="gift"))
    with pytest.raises(InvalidValue, match="must be one of cotisation, gift, instalment"):
        correct(story, None, kind="sale")
    story.when(give_back())
    assert "came back from the bank" in str(correct(story, None))


def rule_after_cotisation(story: Story) -> None:
    order(story, AMINA, "set_allocation_rule", {
        "rule": "monthly", "who": [], "purse": "credit", "fund": "general", "cents_each": 1_500, "months_valid": 2,
        "decision": "ag-2026-04", "after_cotisation": True,
    })  # fmt: skip
    order(story, AMINA, "receive_money", {"fund": "general", "cents": 10_000, "reference": "grant"})
    order(story, AMINA, "grant", {"rule": "monthly", "period": "2026-05"})


def test_credit_given_on_a_wrong_entry_stays_and_that_of_the_right_household_follows() -> None:
    story = given(*CLUB, RULE)
    rule_after_cotisation(story)
    body = {"member": "m-1", "rule": "cotisation", "period": "2026-05", "cents": 2_000, "means": "cash", "reference": "line 1"}
    order(story, AMINA, "receive_cotisation", body)
    events = correct(story, TO_M_2)
    assert [type(one) for one in events] == [EntryCorrected, SingleGranted]
    lots = {name: sum(lot.cents for purse in story.book.members.members[MemberId(name)].purses for lot in purse.lots)
            for name in ("m-1", "m-2")}  # fmt: skip
    assert lots == {"m-1": 1_500, "m-2": 1_500}


def test_a_gift_of_another_donor_is_counted_for_her_year() -> None:
    story = basis(given(*CLUB, RULE).when(gift(5_000)))
    correct(story, {"who": "donor:d-2", "cents": 500, "means": "cheque"}, kind="gift", reference="g 1")
    assert story.book.gifts.given[2026] == {"donor:d-1": 0, "donor:d-2": 500}
    assert (story.account("fund:general"), -story.account("cheques")) == (500, 500)


def test_an_instalment_of_the_wrong_contract_becomes_that_of_the_right_one() -> None:
    story = given(*MARKET, through()).when(sign(12_000, 3)).when(sign(12_000, 3, name="c-2")).when(pay(1, means="cash"))
    right = {"who": "c-2", "month": "2", "cents": 4_000, "means": "cash"}
    correct(story, right, kind="instalment", reference="cheque 1", contract="c-1")
    one, two = (story.book.contracts.contracts[ContractId(name)] for name in ("c-1", "c-2"))
    assert (one.household_paid(), one.held_cents, two.dues[1].household_paid, two.held_cents) == (0, 0, 4_000, 4_000)
    several(story, pay_over("2026-12-31"))
    again = correct(story, None, kind="instalment", reference="cheque 1", contract="c-2")
    assert "paid over to the producer already" in str(again)


@pytest.mark.parametrize("right", [None, {"who": "c-1", "month": "2", "cents": 4_000, "means": "cheque"}])
def test_an_instalment_that_is_only_recorded_is_corrected_without_any_money(right: dict[str, Any] | None) -> None:
    story = given(*MARKET, season()).when(sign(12_000, 3)).when(pay(1))
    before = dict(story.ledger.balances)
    correct(story, right, kind="instalment", reference="cheque 1", contract="c-1")
    known = story.book.contracts.contracts[ContractId("c-1")]
    assert [due.household_paid for due in known.dues] == [0, 4_000 if right else 0, 0]
    assert story.ledger.balances == before
