"""What a subsidy does in rooms beside the till: draws, gives, orders, late sales, contracts, other caisses, payouts."""

from dataclasses import replace
from typing import Any

import pytest

from clearing.events.basket import Line, LotReturn, LotUse, Return, Share
from clearing.events.catalogue import Event
from clearing.events.contracts import ContractEnded, ContractPaidOver, InstalmentReceived
from clearing.events.cotisations import CotisationReceived, CotisationWrittenOff
from clearing.events.funds import UNBOUND, MoneyReceived
from clearing.events.grants import SubsidyNotified
from clearing.events.interchange import (
    InterchangeCaptured,
    InterchangeHeld,
    InterchangeNetted,
    InterchangePaid,
    InterchangeReleased,
    NetLine,
)
from clearing.events.orders import (
    Delivered,
    DeliveryNoted,
    DisputeResolved,
    ExceptionResolved,
    OrderCancelled,
    OrderPlaced,
)
from clearing.events.sales import OperationHead, ReversalDecided
from clearing.events.settlement import BatchClosed, BatchLine, PayoutConfirmed, PayoutReturned
from clearing.events.solidarity import DrawDecided, DrawPart, DrawsShared, GiveDecided
from clearing.rules.ledger.traced import State
from clearing.rules.ledger.tracing import Trace
from clearing.values import (
    BatchId,
    CaisseCode,
    CategoryId,
    Cents,
    ContractId,
    FundId,
    GrantId,
    MemberId,
    MicroTime,
    OperationId,
    PayerId,
    Position,
    ProducerId,
    Rate,
    TerminalId,
)
from tests.sayings import AMINA, BRUNO, GARDEN, credit, received

GENERAL, AVAL, M = FundId("general"), CaisseCode("aval"), MemberId("m-1")
X = OperationId(b"x" * 16)
HEAD = OperationHead(TerminalId(b"stall-01"), 1, 1, X, GARDEN)
VEG = (
    Line(category=CategoryId("veg"), amount_cents=Cents(300)),
    Line(category=CategoryId("cheese"), amount_cents=Cents(300)),
)


def share(cents: int, line: int = 0, *, lot: str = "", payee: str = GARDEN, step: str = "payer") -> Share:
    return Share(
        line=line,
        payer=PayerId("rule"),
        step=step,
        source="purse:credit" if lot else "fund:general",
        rate=Rate(10_000),
        cents=Cents(cents),
        payee=ProducerId(payee),
        lots=(LotUse(lot, Cents(cents)),) if lot else (),
    )


def back(
    cents: int, line: int = 0, *, lot: str = "", step: str = "payer", source: str = "", payee: str = GARDEN
) -> Return:
    return Return(
        line=line,
        payer=PayerId("rule"),
        step=step,
        source=source or ("purse:credit" if lot else "fund:general"),
        cents=Cents(cents),
        payee=ProducerId(payee),
        lots=(LotReturn(lot, Cents(cents), "back"),) if lot else (),
    )


class Followed:
    """900 cents of the subsidy draaf are in the general fund, before them 100 that a member paid; 400 are in the lot x4."""

    def __init__(self) -> None:
        self.trace, self.position = Trace(), 0
        promise = SubsidyNotified(
            grant=GrantId("draaf"), funder="F", fund=GENERAL, cents=Cents(900), purpose="p", earmark=UNBOUND, reference="r",
            by=AMINA,
        )  # fmt: skip
        money: MoneyReceived = replace(received(900), grant=GrantId("draaf"), clears_cents=Cents(900))
        self.happen(promise, cotisation(100), money, credit(500))

    def happen(self, *events: Event) -> "Followed":
        for event in events:
            self.position += 1
            self.trace.take(event, self.position, self.position)
        return self

    def states(self) -> dict[str, int]:
        """Cents of the subsidy by state; its fund adds up too."""
        found = self.trace.of("draaf")
        found.reconcile()
        self.trace.of_fund("general").reconcile()
        return {str(state): found.cents(state) for state in State if found.cents(state)}

    def spent(self) -> dict[str, int]:
        return {producer: sum(of.values()) for producer, of in self.trace.of("draaf").by_producer().items()}


def cotisation(cents: int, cleared: int = 0) -> CotisationReceived:
    return CotisationReceived(
        member=M,
        rule="c",
        fund=GENERAL,
        period="2026-05",
        cents=Cents(cents),
        cleared_cents=Cents(cleared),
        gift_cents=Cents(0),
        means="debit",
        reference="r",
        receipt=0,
        by=AMINA,
    )


def test_a_draw_is_owed_to_its_producer_and_shows_neither_day_nor_goods() -> None:
    found = Followed().happen(draw(200))
    assert found.states() == {"free": 300, "in purses": 400, "owed": 200}
    [row] = [row for row in found.trace.of("draaf").all_rows if row.producer]
    assert (row.producer, row.day, row.sale, row.category) == (GARDEN, "", 0, "")
    assert row.credit == "reductions at the till, by rule rule"


def draw(cents: int, *, claimed: bool = False) -> DrawDecided:
    return DrawDecided(
        op=HEAD,
        answer="00",
        day="2026-05-01",
        asked=20,
        amount_cents=Cents(600),
        lines=VEG,
        approved_cents=Cents(cents),
        approved_lines=(Cents(cents), Cents(0)),
        code="00",
        rule="draws",
        rate=Rate(2_000),
        shares=(share(cents, step="tariff"),),
        claimed=claimed,
    )


def test_a_draw_that_waits_moves_nothing_until_the_day_is_shared_and_then_what_was_shared() -> None:
    found = Followed().happen(draw(200, claimed=True))
    assert found.states() == {"free": 500, "in purses": 400}
    found.happen(DrawsShared(
        fund=GENERAL, day="2026-05-01", claimed_cents=Cents(200), cents=Cents(150), with_batch=False,
        draws=(DrawPart(HEAD.terminal, X, (share(150, step="tariff"),)),),
    ))  # fmt: skip
    assert found.states() == {"free": 350, "in purses": 400, "owed": 150}


def undone(*returned: Return) -> ReversalDecided:
    return ReversalDecided(
        op=HEAD._replace(x=OperationId(b"y" * 16)),
        answer="00",
        original=X,
        code="00",
        member=None,
        effect="undone",
        returned=returned,
        exception="",
    )


def test_a_draw_that_is_undone_is_its_funds_again() -> None:
    found = Followed().happen(draw(200), undone(back(200, step="tariff")))
    assert found.states() == {"free": 500, "in purses": 400}


def test_a_give_is_new_money_of_the_fund_and_leaves_first_when_it_is_undone() -> None:
    given = Share(
        line=0,
        payer=PayerId("rule"),
        step="surplus",
        source="owed:garden",
        rate=Rate(2_500),
        cents=Cents(150),
        payee=ProducerId("fund:general"),
    )
    give = GiveDecided(
        op=HEAD,
        answer="00",
        day="2026-05-01",
        asked=125,
        amount_cents=Cents(600),
        lines=VEG,
        approved_cents=Cents(150),
        approved_lines=(Cents(150), Cents(0)),
        code="00",
        rule="draws",
        shares=(given,),
    )
    found = Followed().happen(give)
    assert found.trace.of_fund("general").came == {"cotisations": 100, "subsidy draaf": 900, "gives": 150}
    assert found.states() == {"free": 500, "in purses": 400}
    found.happen(undone(back(150, step="surplus", source="owed:garden", payee="fund:general")))
    assert found.states() == {"free": 500, "in purses": 400}
    assert found.trace.of_fund("general").cents(State.LEFT) == 150


ORDER: dict[str, Any] = {"order": "o-1", "account": M}


def placed() -> OrderPlaced:
    """One line out of the lot, one out of the fund."""
    shares = (share(300, 0, lot="x4"), share(200, 1))
    return OrderPlaced(
        **ORDER, joint="", seller=GARDEN, amount_cents=Cents(600), lines=VEG, approved_cents=Cents(500),
        approved_lines=(Cents(300), Cents(200)), two_people=False, mandatary="aline", charte_version=1, shares=shares,
        applied=(), eligible=None, by=AMINA,
    )  # fmt: skip


def test_an_order_holds_owes_what_came_and_keeps_a_disputed_line_held() -> None:
    found = Followed().happen(placed())
    held = found.states()["held"]
    assert held == 400  # of 500; the lot's oldest hundred is the member's
    found.happen(DeliveryNoted(
        **ORDER, side="buyer", document="d", lines=(Delivered(0, Cents(250), None),), shares=(share(250, 0, lot="x4"),),
        released=(back(50, 0, lot="x4"),), by=AMINA,
    ))  # fmt: skip
    assert found.states() == {"free": 300, "in purses": 250, "held": 200, "owed": 150}
    found.happen(DisputeResolved(
        **ORDER, line=1, amount_cents=Cents(120), reason="r", shares=(share(120, 1),), released=(back(80, 1),),
        resolved_by=(AMINA, BRUNO),
    ))  # fmt: skip
    assert found.states() == {"free": 380, "in purses": 250, "owed": 270}
    assert {row.category for row in found.trace.of("draaf").all_rows if row.producer} == {"veg", "cheese"}


def test_an_order_that_is_cancelled_gives_each_line_back_to_where_it_came_from() -> None:
    found = Followed()
    before = found.states()
    found.happen(placed(), OrderCancelled(**ORDER, released=(back(300, 0, lot="x4"), back(200, 1)), by=AMINA))
    assert found.states() == before


def test_a_late_sale_that_two_people_accept_is_owed_out_of_what_paid_it() -> None:
    found = Followed().happen(ExceptionResolved(
        exception=Position(3), how="accepted", consent=True, reason="r", producer=GARDEN, lines=VEG, member=M,
        shares=(share(300, 0, lot="x4"), share(100, 1)), resolved_by=(AMINA, BRUNO),
    ))  # fmt: skip
    assert found.states() == {"free": 400, "in purses": 200, "owed": 300}
    assert {row.credit for row in found.trace.of("draaf").all_rows if row.producer} == {
        "single credit",
        "late sale, out of fund general",
    }


def instalment(cents: int, *, fund: FundId | None = None) -> InstalmentReceived:
    return InstalmentReceived(
        contract=ContractId("c-1"),
        instalment=1,
        payer="fund" if fund else "household",
        producer=GARDEN,
        fund=fund,
        cents=Cents(cents),
        into="" if fund else "bank",
        receipt=0,
        means="fund" if fund else "transfer",
        reference="r",
        by=AMINA,
    )


@pytest.mark.row(8)
def test_a_funds_part_of_a_contract_is_owed_at_once_and_what_is_not_delivered_comes_back() -> None:
    found = Followed().happen(instalment(200, fund=GENERAL), instalment(300), instalment(150, fund=GENERAL))
    assert found.states() == {"free": 150, "in purses": 400, "owed": 350}
    assert [row.cents for row in found.trace.rows() if row.state is State.IN_CONTRACTS] == [300]
    ended = ContractEnded(
        contract=ContractId("c-1"),
        producer=GARDEN,
        fund=GENERAL,
        leaving="producer",
        last_on="2026-05-07",
        consumed_cents=Cents(200),
        back_household_cents=Cents(0),
        back_fund_cents=Cents(190),
        due_household_cents=Cents(0),
        due_fund_cents=Cents(0),
        unfunded_cents=Cents(0),
        cancelled=(),
        cancelled_cents=Cents(0),
        from_producer_cents=Cents(0),
        reason="r",
        by=AMINA,
    )
    found.happen(ended)
    assert found.states() == {"free": 340, "in purses": 400, "owed": 160}
    over = ContractPaidOver(
        contract=ContractId("c-1"), producer=GARDEN, cents=Cents(300), up_to_on="2026-05-07", by=AMINA
    )
    found.happen(over)
    assert found.spent() == {GARDEN: 160}


@pytest.mark.row(19)
def test_what_a_card_pays_at_another_caisse_is_owed_to_it_netted_and_paid() -> None:
    held = InterchangeHeld(
        acquirer=AVAL,
        ref=X,
        asked_sha256=b"d" * 32,
        answer="00",
        amount_cents=Cents(600),
        lines=VEG,
        approved_cents=Cents(300),
        approved_lines=(Cents(300), Cents(0)),
        unsold_lines=(),
        hold_expires_us=MicroTime(9),
        code="00",
        tap=None,
        member=M,
        charte_version=1,
        shares=(share(300, 0, lot="x4", payee="partner.aval"),),
    )
    found = Followed().happen(held)
    assert found.states() == {"free": 500, "in purses": 200, "held": 200}
    captured = InterchangeCaptured(acquirer=AVAL, ref=X, cents=Cents(300), day="2026-05-01")
    assert found.happen(captured).states() == {"free": 500, "in purses": 200, "owed": 200}
    assert found.spent() == {"caisse aval": 200}
    netted = InterchangeNetted(day="2026-05-01", lines=(NetLine(AVAL, 0, 300),), net_cents=-300, by=AMINA)
    assert found.happen(netted).states() == {"free": 500, "in purses": 200, "in a batch": 200}
    found.happen(InterchangePaid(day="2026-05-01", cents=-300, reference="r", by=AMINA))
    assert found.states() == {"free": 500, "in purses": 200, "paid": 200}
    found.happen(InterchangeReleased(
        acquirer=AVAL, ref=X, cents=Cents(300), day="2026-05-02", undone=True, member=M,
        returned=(back(300, 0, lot="x4", payee="partner.aval"),),
    ))  # fmt: skip
    assert found.states() == {"free": 500, "in purses": 400}


def test_a_cotisation_that_came_back_is_written_off_members_money_before_a_funders() -> None:
    found = Followed().happen(cotisation(80), cotisation(60, cleared=60))
    assert [one.cents for one in found.trace.receipts.values()] == [100, 900, 80]
    found.happen(CotisationWrittenOff(member=M, fund=GENERAL, period="2026-05", cents=Cents(120), reason="r", by=BRUNO))
    assert found.states() == {"free": 460, "in purses": 400, "written off": 40}
    assert found.trace.of_fund("general").cents(State.WRITTEN_OFF) == 120


def test_a_payout_takes_along_what_rooms_owe_and_brings_it_back_when_the_bank_does() -> None:
    line = BatchLine(
        producer=GARDEN,
        captured_cents=Cents(350),
        refunded_cents=Cents(0),
        carried_cents=0,
        net_cents=350,
        paid_cents=Cents(350),
        details=b"d" * 32,
    )
    found = Followed().happen(draw(200), instalment(150, fund=GENERAL), BatchClosed(
        batch=BatchId(1), closed_on="2026-05-01", up_to=Position(6), lines=(line,), total_cents=Cents(350), by=AMINA
    ))  # fmt: skip
    assert found.states()["in a batch"] == 350
    found.happen(PayoutConfirmed(batch=BatchId(1), producer=GARDEN, cents=Cents(350), reference="r", by=AMINA))
    assert found.states()["paid"] == 350
    found.happen(PayoutReturned(batch=BatchId(1), producer=GARDEN, cents=Cents(350), reason="AC04", by=AMINA))
    assert found.states()["owed"] == 350
