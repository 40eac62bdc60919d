"""A caisse is closed from the vote to the seal on a real log: everybody has what is theirs, and the audit proves all of it."""

from clearing.audit import audit
from clearing.audit.sums import book_balances
from clearing.events.closing import CaisseSealed
from clearing.events.codes import Code
from clearing.events.funds import CohortLapsed
from clearing.events.sales import RefundDecided, SaleDecided
from clearing.rules.ends.closing import leftovers
from clearing.rules.ledger.postings import Ledger
from clearing.rules.ledger.tracing import Trace
from clearing.values import Position
from clearing.wire.requests import Op
from tests.living_caisse import AMINA, BRUNO, SERVER_KEY, charte_body
from tests.memory_log import Desk, furnished

BASKET = {"fruit-veg": 735, "animal": 1249, "staple": 415}
HEIRS = [{"fund": "general", "body": "Caisse de Lille"}, {"fund": "sponsor", "body": "Fondation du Nord"}]
CLOSING: dict[str, object] = {"last_day": "2026-05-20", "decision": "ag-2026-04"}


def with_money() -> Desk:
    """A sponsor's bound fund of which a part came, own money of a member, a sale, a hold that outlives the last day."""
    desk = furnished()
    bound = {"places": ["market"], "categories": ["fruit-veg"]}
    desk.order(AMINA, "open_fund", {
        "fund": "sponsor", "kind": "sponsor", "name": "Fondation", "advance_cents": 0, "earmark": bound,
    })
    desk.order(AMINA, "notify_subsidy", {
        "grant": "fn-2026", "funder": "Fondation du Nord", "fund": "sponsor", "cents": 50_000, "purpose": "Vegetables",
        "earmark": bound, "reference": "letter of 2 May",
    })
    desk.order(AMINA, "receive_subsidy", {"grant": "fn-2026", "cents": 20_000, "reference": "bank line 7"})
    desk.order(BRUNO, "credit_purse", {"member": "m-1", "purse": "own", "cents": 2_000, "reference": "bank line 8"})
    desk.ask(Op.SALE, BASKET)
    desk.pass_time(days=12)
    return desk


def settle(desk: Desk, batch: int, day: str) -> None:
    desk.order(AMINA, "close_batch", {"closed_on": day})
    desk.order(BRUNO, "approve_batch", {"batch": batch, "execution_on": day})
    desk.order(AMINA, "export_batch", {"batch": batch, "message_id": f"m-{batch}", "file_sha256": b"f" * 32})
    desk.order(AMINA, "confirm_payout", {"batch": batch, "producer": "field", "reference": "bank line"})


def closed() -> tuple[Desk, dict[str, object]]:
    """The whole way up to the seal."""
    desk = with_money()
    desk.order(AMINA, "propose_closure", CLOSING | {"heirs": HEIRS})
    assert desk.command(AMINA, "confirm_closure", CLOSING | {"heirs": HEIRS}).rc is Code.NOT_ALLOWED_NOW
    desk.order(BRUNO, "confirm_closure", CLOSING | {"heirs": HEIRS})
    declined = desk.command(BRUNO, "credit_purse", {"member": "m-1", "purse": "own", "cents": 100, "reference": "late"})
    sold, reply = desk.ask(Op.SALE, {"fruit-veg": 500})
    held, _ = desk.ask(Op.AUTH, {"animal": 1_000})
    lost, _ = desk.ask(Op.AUTH, {"animal": 300})
    early = desk.command(AMINA, "release_rests", {})
    desk.pass_time(days=8)
    _, late = desk.ask(Op.SALE, {"fruit-veg": 100})
    desk.ask(Op.CAP, {"animal": 900}, original=held.x)
    desk.ask(Op.REF, {"fruit-veg": 100}, original=sold.x)
    desk.ask(Op.REV, {}, original=lost.x)
    too_early = desk.command(BRUNO, "seal_caisse", {})
    settle(desk, 1, "2026-05-21")
    end = {"exception": next(iter(desk.book.exceptions.open)), "how": "refused", "consent": False}
    desk.order(AMINA, "propose_exception_end", end | {"reason": "the hold had ended"})
    desk.order(BRUNO, "resolve_exception", end)
    desk.order(AMINA, "release_own_money", {})
    desk.order(AMINA, "own_money_paid", {"member": "m-1", "reference": "bank line 9"})
    desk.order(AMINA, "propose_repayment", {
        "grant": "fn-2026", "cents": 5_000, "reason": "not spent", "decision": "ag-2026-04",
    })
    desk.order(BRUNO, "confirm_repayment", {"repayment": 1})
    desk.order(AMINA, "repayment_paid", {"repayment": 1, "reference": "bank line 10"})
    desk.order(AMINA, "reduce_subsidy", {"grant": "fn-2026", "reference": "letter of 21 May"})
    desk.order(AMINA, "release_rests", {})
    for fund in ("general", "sponsor"):
        desk.order(AMINA, "rest_paid", {"fund": fund, "reference": "bank line 11"})
    return desk, {
        "declined": declined.why, "sold": str(reply.rc), "late": str(late.rc), "early": early.why, "too_early": too_early.why,
        "sale": sold,
    }


async def test_a_caisse_is_closed_to_the_last_cent_and_its_log_proves_it() -> None:
    desk, told = closed()
    assert "closing" in str(told["declined"])
    assert (told["sold"], told["late"]) == ("00", "12")
    assert "until the end of 2026-05-20" in str(told["early"])
    assert "can't be sealed yet" in str(told["too_early"])
    assert list(leftovers(desk.book)) == []
    desk.order(BRUNO, "seal_caisse", {})
    ledger = Ledger()
    for position, event in enumerate(desk.log.events(), 1):
        ledger.post(event, Position(position))
    assert {name: cents for name, cents in ledger.balances.items() if cents} == {}, "every account is empty, the bank too"
    assert book_balances(desk.book) == {}
    found = await audit(desk.log, report=lambda _line: None, server_keys=[SERVER_KEY.public])
    assert found.ok, found.reason


async def test_behind_the_seal_every_command_and_sale_is_declined_and_the_log_still_holds() -> None:
    desk, told = closed()
    desk.order(BRUNO, "seal_caisse", {})
    after = desk.command(AMINA, "receive_money", {"fund": "general", "cents": 100, "reference": "late"})
    assert after.rc is Code.NOT_ALLOWED_NOW
    assert "sealed" in after.why
    _, sale = desk.ask(Op.SALE, {"fruit-veg": 100})
    _, refund = desk.ask(Op.REF, {"fruit-veg": 100}, original=told["sale"].x)  # type: ignore[attr-defined]
    _, reversal = desk.ask(Op.REV, {}, original=told["sale"].x)  # type: ignore[attr-defined]
    assert [str(one.rc) for one in (sale, refund, reversal)] == ["12", "12", "12"]
    desk.pass_time(days=400)
    desk.tick()
    assert isinstance(desk.log.events()[-3], SaleDecided)
    assert isinstance(desk.log.events()[-2], RefundDecided)
    found = await audit(desk.log, report=lambda _line: None, server_keys=[SERVER_KEY.public])
    assert found.ok, found.reason
    assert found.checked["seals on empty accounts"] == 1


async def test_credit_lapses_to_its_fund_on_the_last_day_by_time_alone() -> None:
    desk, _ = closed()
    lapsed = [row for row, event in zip(desk.log.rows, desk.log.events(), strict=True) if isinstance(event, CohortLapsed)]
    assert len(lapsed) == 1
    assert lapsed[0].evidence == b""
    assert lapsed[0].at_us >= desk.book.closing.ends_us
    sealed = desk.command(BRUNO, "seal_caisse", {})
    assert sealed.rc is Code.APPROVED
    assert isinstance(desk.log.events()[-1], CaisseSealed)


def test_the_money_of_a_funder_is_followed_through_the_closing() -> None:
    desk, _ = closed()
    trace = Trace()
    for row, event in zip(desk.log.rows, desk.log.events(), strict=True):
        trace.take(event, row.position, row.at_us)
    traced = trace.of("fn-2026")
    traced.reconcile()
    assert (traced.received_cents, traced.to_come_cents, traced.spent_cents) == (20_000, 0, 0)
    assert traced.by_credit_and_producer() == {
        ("to funder of fn-2026", "(given back)"): 5_000, ("to Fondation du Nord", "(left otherwise)"): 15_000,
    }


def test_a_charte_that_lets_bound_money_out_is_declined_with_what_to_write() -> None:
    desk = with_money()
    body = charte_body(2, "ag-2026-04", desk.clock.us + 10**12, {"fruit-veg": 10_000, "staple": 5_000})
    body["payers"].append({  # type: ignore[attr-defined]
        "id": "veg", "fund": "sponsor",
        "covers": [{"category": "fruit-veg", "rate": 10_000}, {"category": "staple", "rate": 100}],
    })
    body["order_accepted"] = True
    why = desk.command(AMINA, "adopt_charte", body).why
    assert "payer 'veg' takes from fund sponsor, which is bound: take staple out of its covers" in why
    assert 'write where = ["market"]' in why
    why = desk.command(AMINA, "set_allocation_rule", {
        "rule": "veg", "purse": "credit", "fund": "sponsor", "cents_each": 100, "months_valid": 1, "who": [],
        "decision": "ag-2026-04",
    }).why
    assert "payer 'credit' takes from purse credit, which fund sponsor fills, which is bound" in why
    assert desk.command(BRUNO, "credit_purse", {
        "member": "m-1", "purse": "credit", "cents": 100, "fund": "sponsor", "reference": "r",
    }).rc is Code.NOT_ALLOWED_NOW  # fmt: skip
