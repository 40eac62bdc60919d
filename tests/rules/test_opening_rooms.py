"""Law: arrears and running contracts come along with the balances, are compared like them, and go on to the cent."""

from collections.abc import Callable
from typing import Any

import pytest

from clearing.audit.sums import book_balances, in_books
from clearing.events.opening import OpeningAccepted, OpeningDiscarded
from clearing.rules.answers import Declined
from clearing.rules.treasury.cotisations import standings
from clearing.values import ContractId, InvalidValue, MemberId
from tests.living_caisse import AMINA, BRUNO
from tests.rules.test_opening import Room, rows

DAYS = [f"2026-04-{day:02d}" for day in (2, 9, 16, 23, 30)] + [f"2026-05-{day:02d}" for day in (7, 14, 21, 28)]
ARREARS: list[dict[str, object]] = [
    {"member": "m-1", "rule": "monthly", "period": "2026-03", "months": 1, "due_cents": 2_000, "paid_cents": 500},
    {"member": "m-2", "rule": "monthly", "period": "2026-01", "months": 3, "due_cents": 6_000},
]


def contract(**changed: Any) -> dict[str, object]:
    """90.00 in three, over nine baskets: two paid, four fetched, one skipped to the last; 20.00 still at the caisse."""
    row: dict[str, object] = {
        "contract": "c-1", "season": "veg", "member": "m-1", "portions": [{"product": "basket", "qty_milli": 1_000}],
        "instalments": [{"due_on": f"2026-0{month}-01", "cents": 3_000} for month in (4, 5, 6)],
        "payments": [
            {"instalment": 1, "payer": "household", "cents": 3_000, "means": "cheque", "reference": "cheque 1"},
            {"instalment": 2, "payer": "household", "cents": 3_000, "means": "transfer", "reference": "line 7"},
        ],
        "delivered_until": "2026-04-30", "baskets": [{"on": "2026-04-09", "outcome": "skipped", "to_on": "2026-05-28"}],
        "held_cents": 2_000,
    }  # fmt: skip
    return row | changed


def listed(**changed: Any) -> dict[str, object]:
    """The balances of test_opening with arrears of 75.00 and one contract."""
    return rows(bank_cents=32_500, arrears=ARREARS, contracts=[contract()]) | changed


def room(mode: str = "through-caisse", skip: str = "moved") -> Room:
    found = Room()
    found.order(AMINA, "set_cotisation_rule", {
        "rule": "monthly", "fund": "general", "minimum_cents": 500, "step_cents": 100, "levels": [], "free": True,
        "means": ["transfer", "cash"], "over_is_gift": False, "decision": "ag-2026-04",
    })  # fmt: skip
    vote = {"decision": "ag-2026-04"} if mode == "through-caisse" else {}
    found.order(AMINA, "open_season", {
        "season": "veg", "title": "Vegetables", "producer": "field", "days": [{"on": day, "weight": 1} for day in DAYS],
        "mode": mode, "skip": skip, "skip_days": 3, **vote,
    })  # fmt: skip
    assert "veg" in found.book.contracts.seasons
    assert "monthly" in found.book.cotisations.rules
    return found


def opened(body: dict[str, object] | None = None, mode: str = "through-caisse") -> Room:
    found, wanted = room(mode), listed() if body is None else body
    found.order(AMINA, "propose_opening", wanted)
    accepted = found.order(BRUNO, "accept_opening", wanted)
    assert isinstance(accepted, OpeningAccepted), accepted
    agreed(found)
    return found


def agreed(found: Room) -> None:
    posted = {name: -cents for name, cents in found.ledger.balances.items() if cents and in_books(name)}
    assert book_balances(found.book) == posted


def open_cents(found: Room, member: str, until: str = "2026-05") -> dict[str, int]:
    said = standings(found.book.cotisations, MemberId(member), until=until)
    return {one.period: one.open_cents() for one in said if one.open_cents()}


def pay(found: Room, member: str, period: str, cents: int, reference: str) -> Any:
    body = {"member": member, "rule": "monthly", "period": period, "cents": cents, "means": "transfer", "reference": reference}
    return found.order(AMINA, "receive_cotisation", body)


def test_two_people_compare_contracts_and_arrears_and_only_contracts_are_cash() -> None:
    found = opened()
    [accepted] = [one for one in [found.book.opening] if one.accepted_at]
    assert accepted.proposed is None
    proposed = room().order(AMINA, "propose_opening", listed())
    assert getattr(proposed, "totals", None) == (20_000, 6_500, 4_000, 32_500, 2_000, 7_500)
    assert -found.ledger.balances["contract:c-1"] == 2_000
    assert found.ledger.balances["bank"] == 32_500


def test_arrears_are_paid_in_parts_into_the_fund_and_no_month_is_due_twice() -> None:
    found = opened()
    free = found.book.funds["general"].free_cents()  # type: ignore[index]
    assert open_cents(found, "m-1") == {"2026-03": 1_500}
    found.order(AMINA, "agree_cotisation", {
        "member": "m-1", "rule": "monthly", "cents": 2_000, "every_months": 1, "from_period": "2026-01", "means": "transfer",
    })  # fmt: skip
    assert open_cents(found, "m-1") == {"2026-03": 1_500, "2026-05": 2_000}
    pay(found, "m-1", "2026-03", 1_000, "line 1")
    assert open_cents(found, "m-1") == {"2026-03": 500, "2026-05": 2_000}
    pay(found, "m-1", "2026-03", 500, "line 2")
    assert open_cents(found, "m-1") == {"2026-05": 2_000}
    assert found.book.funds["general"].free_cents() == free + 1_500  # type: ignore[index]
    agreed(found)


def test_any_month_of_a_quarter_that_is_owed_pays_the_quarter() -> None:
    found = opened()
    assert open_cents(found, "m-2") == {"2026-01": 6_000}
    event = pay(found, "m-2", "2026-03", 6_000, "line 1")
    assert (event.period, event.fund) == ("2026-01", "general")
    assert not open_cents(found, "m-2")
    months = [one.period for one in standings(found.book.cotisations, MemberId("m-2"), until="2026-05")]
    assert months == ["2026-01"]


def test_a_payment_of_arrears_that_comes_back_is_owed_again() -> None:
    found = opened()
    pay(found, "m-2", "2026-01", 6_000, "line 1")
    found.order(AMINA, "return_cotisation", {"reference": "line 1", "reason": "no cover"})
    assert open_cents(found, "m-2") == {"2026-01": 6_000}
    assert found.ledger.balances["returned:general"] == 6_000
    agreed(found)


def test_a_contract_goes_on_where_its_papers_end() -> None:
    found = opened()
    known = found.book.contracts.contracts[ContractId("c-1")]
    assert (known.household_paid(), known.held_cents, known.paid_over_cents, known.total_cents) == (6_000, 2_000, 4_000, 9_000)
    assert known.outcomes == {
        "2026-04-09": "skipped", "2026-04-02": "taken", "2026-04-16": "taken", "2026-04-23": "taken", "2026-04-30": "taken",
    }  # fmt: skip
    assert known.values()["2026-05-28"] == 2_000
    ended: Any = found.order(AMINA, "end_contract", {
        "contract": "c-1", "leaving": "producer", "last_on": "2026-04-30", "reason": "hail",
    })  # fmt: skip
    assert (ended.consumed_cents, ended.back_household_cents, ended.from_producer_cents) == (4_000, 2_000, 0)
    assert ended.cancelled_cents == 3_000
    agreed(found)


def test_what_the_producer_got_already_comes_back_out_of_the_next_batch() -> None:
    found = opened(rows(bank_cents=30_500, contracts=[contract(held_cents=0)]))
    ended: Any = found.order(AMINA, "end_contract", {
        "contract": "c-1", "leaving": "member", "last_on": "2026-04-30", "reason": "moves away",
    })  # fmt: skip
    assert ended.from_producer_cents == 2_000
    assert found.book.settlement.owed["field"].net_cents() == 2_000  # type: ignore[index]
    agreed(found)


def test_a_cheque_that_the_producer_held_comes_back_by_its_reference() -> None:
    found = opened(rows(contracts=[contract(held_cents=0)]), mode="recorded")
    back = {"contract": "c-1", "instalment": 2, "reference": "cheque 1", "reason": "no cover"}
    assert "can come back" in found.declined(AMINA, "return_instalment", back)
    assert not isinstance(found.order(AMINA, "return_instalment", back | {"instalment": 1}), Declined)
    assert found.book.contracts.contracts[ContractId("c-1")].household_paid() == 3_000


def test_a_fund_part_that_was_paid_on_paper_is_engaged_and_is_the_funds_again_when_the_contract_ends() -> None:
    instalments = [{"due_on": f"2026-0{month}-01", "cents": 3_000, "fund_cents": 1_000} for month in (4, 5, 6)]
    part = {"instalment": 1, "payer": "fund", "cents": 1_000, "means": "fund", "reference": "paper 1 fund"}
    row = contract(
        fund="general", fund_until="2026-12-31", held_cents=0, instalments=instalments, payments=[part], delivered_until=None,
        baskets=[],
    )
    found = opened(rows(contracts=[row]), mode="recorded")
    assert found.book.contracts.contracts[ContractId("c-1")].fund_paid() == 1_000
    free = found.book.funds["general"].free_cents()  # type: ignore[index]
    found.order(AMINA, "end_contract", {"contract": "c-1", "leaving": "producer", "reason": "stops"})
    assert found.book.funds["general"].free_cents() == free + 1_000  # type: ignore[index]
    agreed(found)
    fund = {"fund": "general", "notified_cents": 0, "received_cents": 26_500, "engaged_cents": 6_500}
    assert "it paid 10.00 EUR of contracts" in room("recorded").declined(
        AMINA, "propose_opening", rows(funds=[fund], contracts=[row])
    )


def test_who_proposed_withdraws_and_who_read_refuses_and_nothing_stays_to_be_accepted() -> None:
    found = room()
    assert "nothing to discard" in found.declined(AMINA, "discard_opening", {"reason": "typed twice"})
    for by in (AMINA, BRUNO):
        found.order(AMINA, "propose_opening", listed())
        done = found.order(by, "discard_opening", {"reason": "the wrong month"})
        assert isinstance(done, OpeningDiscarded)
        assert done.by == by
        assert "first one person runs" in found.declined(BRUNO, "accept_opening", listed())
    found.order(AMINA, "propose_opening", listed())
    assert isinstance(found.order(BRUNO, "accept_opening", listed()), OpeningAccepted)
    assert "nothing to discard" in found.declined(AMINA, "discard_opening", {"reason": "too late"})


def arrear(**changed: Any) -> Callable[[], dict[str, object]]:
    return lambda: listed(arrears=[ARREARS[0] | changed])


def one(**changed: Any) -> Callable[[], dict[str, object]]:
    return lambda: listed(contracts=[contract(**changed)])


def paid(**changed: Any) -> Callable[[], dict[str, object]]:
    payment = {"instalment": 1, "payer": "household", "cents": 2_000, "means": "cheque", "reference": "cheque 1"}
    return one(payments=[payment | changed])


def basket(on: str, outcome: str, to_on: str | None = None) -> Callable[[], dict[str, object]]:
    return one(baskets=[{"on": on, "outcome": outcome, "to_on": to_on}], delivered_until=None)


@pytest.mark.parametrize(
    ("list_of", "said"),
    [
        (lambda: listed(bank_cents=30_500), "contracts 20.00 EUR and debts 40.00 EUR add up to 325.00 EUR, but 305.00 EUR"),
        (arrear(member="m-9"), "Arrear 1, of m-9: there is no member m-9"),
        (arrear(rule="yearly"), "no cotisation rule yearly"),
        (arrear(months=2), "quarterly"),
        (arrear(period="2026-05"), "begins after 2026-04-30"),
        (arrear(paid_cents=2_000), "leave out what is paid in full"),
        (lambda: listed(arrears=[ARREARS[1], ARREARS[1] | {"period": "2026-03", "months": 1}]), "stands once for a member"),
        (lambda: listed(contracts=[contract(), contract()]), "Contract 2: c-1 stands once"),
        (one(season="fruit"), "Contract 1, c-1: there is no season fruit"),
        (one(member="m-9"), "there is no member m-9"),
        (one(joins_on="2026-06-01"), "it would bring nothing"),
        (one(instalments=[]), "0 instalments"),
        (one(instalments=[{"due_on": "2026-04-01", "cents": 4_500}] * 2), "instalment 2: it is due on 2026-04-01, not after"),
        (one(instalments=[{"due_on": "2026-04-01", "cents": 0}]), "none is 0.00"),
        (one(instalments=[{"due_on": "2026-04-01", "cents": 6_000, "fund_cents": 10}]), "the contract names no fund"),
        (one(fund="general"), "needs the last day it pays"),
        (one(fund="nowhere", fund_until="2026-12-31"), "no fund nowhere"),
        (one(fund="general", fund_until="2026-03-31"), "ends before the first instalment"),
        (paid(instalment=4), "a payment names instalment 4"),
        (paid(cents=3_001), "the household has 30.00 EUR to pay of it, not 30.01 EUR"),
        (paid(payer="fund"), "the fund has 0.00 EUR to pay of it"),
        (paid(means="marbles"), "not by marbles"),
        (one(held_cents=6_001), "the household has paid 60.00 EUR"),
        (one(price_from="2026-05-07"), "are worth more than 0.00"),
        (one(price_from="2026-06-07", before_cents=100), "no delivery comes from 2026-06-07"),
        (one(delivered_until="2026-05-07"), "can't have been fetched by 2026-04-30"),
        (basket("2026-04-10", "taken"), "Contract 1, basket 1: 2026-04-10 is no delivery day"),
        (basket("2026-05-07", "taken"), "a basket that has been is"),
        (basket("2026-04-09", "skipped"), "a later delivery day of the contract, not to none"),
        (basket("2026-04-09", "taken", "2026-05-07"), "only a skipped basket moves"),
    ],
)
def test_a_row_that_does_not_hold_is_told_with_its_number_and_the_reason(
    list_of: Callable[[], dict[str, object]], said: str
) -> None:
    found = room()
    assert said in found.declined(AMINA, "propose_opening", list_of())
    assert found.book.opening.proposed is None


def test_a_basket_of_another_outcome_is_no_command_and_says_which_there_are() -> None:
    found = room()
    with pytest.raises(InvalidValue, match="taken, reduced, absent, skipped, not 'eaten'"):
        found.declined(AMINA, "propose_opening", basket("2026-04-09", "eaten")())
    assert found.book.opening.proposed is None


@pytest.mark.parametrize(
    ("mode", "skip", "said"),
    [
        ("recorded", "moved", "its cheques are the producer's"),
        ("through-caisse", "none", "can't be skipped"),
        ("through-caisse", "lost", "a skipped basket is lost"),
    ],
)
def test_what_the_seasons_rule_forbids_is_no_row(mode: str, skip: str, said: str) -> None:
    assert said in room(mode, skip).declined(AMINA, "propose_opening", listed())
