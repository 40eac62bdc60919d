"""A log with cotisations and contracts is proved from itself; whoever changes one of their events is found."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, cast

import pytest

from clearing.audit import AuditReport, Level, audit
from clearing.authoriser.snapshot import Loaded, Restoring, parts_of
from clearing.event_store.tree import GrowingTree
from clearing.events.catalogue import Event
from clearing.events.codes import Code
from clearing.events.contracts import (
    ContractEnded,
    ContractPaidOver,
    DeliveryDecided,
    FundPartWarned,
    InstalmentReceived,
)
from clearing.events.corrections import EntryCorrected
from clearing.events.cotisations import (
    CotisationReceived,
    CotisationWrittenOff,
    DepositConfirmed,
    LegalBasisEntered,
    TaxReceiptIssued,
)
from clearing.rules.book import Book
from clearing.values import Cents, ContractId, PersonId
from clearing.wire.commands import contract_number
from clearing.wire.requests import CardUrl, Op
from tests.audit.forging import event_at, forge
from tests.living_caisse import AMINA, BRUNO, SERVER_KEY
from tests.memory_log import Desk, MemoryLog, furnished

DAYS = [(date(2026, 5, 7) + timedelta(weeks=week)).isoformat() for week in range(20)]


def season(name: str, **more: object) -> dict[str, object]:
    return {
        "season": name, "title": "Vegetables", "producer": "field", "days": [{"on": day, "weight": 1} for day in DAYS],
        "mode": "recorded", "skip": "moved", "skip_days": 2, **more,
    }


def contract(name: str, of: str, **more: object) -> dict[str, object]:
    return {
        "contract": name, "season": of, "member": "m-1", "portions": [{"product": "basket", "qty_milli": 1_000}],
        "full_cents": 12_850, "instalments": [{"due_on": f"2026-{month:02d}-01"} for month in range(5, 10)], **more,
    }


def year() -> Desk:
    """Cotisations that come and come back, gifts with receipts, and three contracts: recorded, funded, through the caisse."""
    desk = furnished()
    _cotisations(desk)
    desk.order(AMINA, "open_season", season("veg"))
    desk.order(AMINA, "open_season", season("bread", mode="through-caisse", decision="ag-2026-04"))
    desk.order(AMINA, "sign_contract", contract("c-1", "veg", fund="general", fund_rate=5_000, fund_until="2026-06-15"))
    desk.order(AMINA, "sign_contract", contract("c-2", "veg", member="m-2", joins_on=DAYS[5]))
    desk.order(BRUNO, "sign_contract", contract("c-3", "bread"))
    _money(desk)
    _deliveries(desk)
    desk.order(AMINA, "end_contract", {
        "contract": "c-3", "leaving": "member", "last_on": DAYS[2], "reason": "moves away"
    })  # fmt: skip
    desk.order(AMINA, "refund_contract", {"contract": "c-3", "cents": 10_922, "reference": "transfer 9"})
    desk.order(BRUNO, "take_over_fund_part", {"contract": "c-1", "agreed": "letter"})
    desk.order(AMINA, "end_season", {"season": "veg", "last_on": DAYS[3], "reason": "hail"})
    desk.order(AMINA, "close_batch", {"closed_on": "2026-05-28"})
    desk.log.sign_head()
    return desk


def _cotisations(desk: Desk) -> None:
    desk.order(AMINA, "set_cotisation_rule", {
        "rule": "cotisation", "fund": "general", "minimum_cents": 1_000, "step_cents": 500, "levels": [], "free": True,
        "means": ["debit", "cash", "cheque"], "over_is_gift": True, "decision": "ag-2026-04",
    })  # fmt: skip
    basis = {"text": "general interest", "articles": "200", "over_contribution": True}
    desk.order(AMINA, "propose_legal_basis", basis)
    desk.order(BRUNO, "enter_legal_basis", basis)
    desk.order(BRUNO, "agree_cotisation", {
        "member": "m-1", "rule": "cotisation", "cents": 2_500, "every_months": 1, "from_period": "2026-05", "means": "debit"
    })  # fmt: skip
    for reference, means, cents in (("l-1", "debit", 2_500), ("l-2", "cash", 1_500), ("l-3", "cheque", 900)):
        desk.order(BRUNO, "receive_cotisation", {
            "member": "m-1", "rule": "cotisation", "period": "2026-05", "cents": cents, "means": means, "reference": reference
        })  # fmt: skip
    _corrected(desk)
    desk.order(AMINA, "return_cotisation", {"reference": "l-1", "reason": "AM04"})
    desk.order(AMINA, "return_cotisation", {"reference": "l-3", "reason": "no cover"})
    desk.order(BRUNO, "write_off_cotisation", {"member": "m-1", "period": "2026-05", "reason": "hard times"})
    desk.order(AMINA, "count_deposit", {"account": "cash", "cents": 1_500})
    desk.order(BRUNO, "confirm_deposit", {"deposit": 1, "cents": 1_500, "reference": "slip"})
    gift = {"donor": "donor:d-1", "fund": "general", "cents": 5_000, "means": "cash", "reference": "g-1"}
    desk.order(BRUNO, "receive_gift", gift)
    desk.order(AMINA, "issue_tax_receipts", {"year": 2026, "issued_on": "2026-05-01", "receipts": [
        {"number": 1, "donor": "donor:d-1", "cents": 5_000, "sha256": b"x" * 32},
        {"number": 2, "donor": "member:m-1", "cents": 1_500, "sha256": b"y" * 32},
    ]})  # fmt: skip
    desk.order(AMINA, "cancel_tax_receipt", {"year": 2026, "number": 1, "reason": "wrong name"})


def _corrected(desk: Desk) -> None:
    entry: dict[str, object] = {"kind": "cotisation", "reference": "l-2"}
    for cents in (2_000, 1_500):
        right = {"right": {"who": "m-1", "rule": "cotisation", "month": "2026-05", "cents": cents, "means": "cash"}}
        desk.order(AMINA, "propose_correction", entry | right | {"reason": "typed wrong"})
        desk.order(BRUNO, "confirm_correction", entry | right)
    desk.order(AMINA, "propose_correction", entry | {"reason": "typed twice"})
    desk.order(BRUNO, "drop_correction", entry)


def _money(desk: Desk) -> None:
    desk.order(AMINA, "pay_fund_parts", {"season": "veg", "up_to_on": "2026-12-31", "reference": "run"})
    for number in range(1, 6):
        body = {"contract": "c-3", "instalment": number, "means": "transfer", "reference": f"t-{number}"}
        desk.order(AMINA, "pay_instalment", body)
    desk.order(AMINA, "pay_over_contracts", {"season": "bread", "up_to_on": "2026-05-31"})
    desk.order(BRUNO, "pay_instalment", {"contract": "c-1", "instalment": 1, "means": "cheque", "reference": "q-1"})
    desk.order(BRUNO, "return_instalment", {"contract": "c-1", "instalment": 1, "reference": "q-1", "reason": "no cover"})


def fetch(desk: Desk, name: str, lines: dict[str, int], **more: Any) -> Code:
    number = contract_number(ContractId(name))
    return desk.ask(Op.DLV, lines, card=CardUrl(bytes(16), bytes(8)), original=number, **more)[1].rc


def _deliveries(desk: Desk) -> None:
    desk.order(BRUNO, "skip_delivery", {"contract": "c-1", "on": DAYS[9], "to_on": DAYS[10]})
    desk.order(BRUNO, "declare_crop_loss", {"season": "veg", "on": DAYS[1], "kept_rate": 0, "reason": "hail"})
    desk.pass_time(days=6, us=64_800_000_000)
    assert fetch(desk, "c-1", {"veg": 514}) is Code.APPROVED
    assert fetch(desk, "c-9", {}) is Code.ORIGINAL_NOT_FOUND
    desk.pass_time(days=7)
    assert fetch(desk, "c-1", {}) is Code.APPROVED
    desk.pass_time(days=14)
    taken = [{"contract": "c-1", "outcome": "absent"}]
    desk.order(BRUNO, "record_deliveries", {"season": "veg", "on": DAYS[2], "taken": taken})


async def audited(log: MemoryLog) -> AuditReport:
    return await audit(log, report=lambda _line: None, server_keys=[SERVER_KEY.public])


def position(log: MemoryLog, kind: type[Event]) -> int:
    return next(at for at, event in enumerate(log.events(), 1) if isinstance(event, kind))


async def test_a_log_with_everything_of_contracts_and_cotisations_holds() -> None:
    desk = year()
    found = await audited(desk.log)
    assert found.ok, found.reason
    kinds = {type(event) for event in desk.log.events()}
    assert {DeliveryDecided, FundPartWarned, ContractEnded, ContractPaidOver, CotisationWrittenOff, TaxReceiptIssued} <= kinds
    assert found.checked["legal bases of tax receipts entered by two people"] == 1
    assert found.checked["fund parts of contracts whose end was told at its time"] == 1


@pytest.mark.parametrize("level", [Level.WITHOUT_SIGNATURES, Level.HASHES])
async def test_the_same_log_holds_where_less_is_asked(level: Level) -> None:
    found = await audit(year().log, report=lambda _line: None, server_keys=[SERVER_KEY.public], level=level)
    assert found.ok, found.reason


async def test_a_tap_that_fetched_a_basket_is_used_up_in_the_store() -> None:
    log = year().log
    at = position(log, DeliveryDecided)
    assert [tap.position for tap in log.taps].count(at) == 1
    log.taps = [tap for tap in log.taps if tap.position != at]
    assert (await audited(log)).position == at


async def test_the_caisse_that_gave_it_all_back_holds_only_what_is_its_own() -> None:
    desk = year()
    held = desk.book.contracts.contracts[ContractId("c-3")].held_cents
    assert (held, desk.book.contracts.contracts[ContractId("c-3")].refundable_cents) == (0, 0)
    assert not desk.book.cotisations.unpaid


def other_cents(event: Any) -> Any:
    return replace(event, cents=Cents(event.cents + 1))


FORGERIES: list[tuple[type[Event], Callable[[Any], Any]]] = [
    (CotisationReceived, other_cents),
    (InstalmentReceived, other_cents),
    (ContractPaidOver, other_cents),
    (TaxReceiptIssued, other_cents),
    (FundPartWarned, lambda event: replace(event, unfunded_cents=Cents(1))),
    (ContractEnded, lambda event: replace(event, back_household_cents=Cents(event.back_household_cents + 1))),
    (DeliveryDecided, lambda event: replace(event, on="2026-05-14")),
    (LegalBasisEntered, lambda event: replace(event, entered_by=(AMINA, AMINA))),
    (DepositConfirmed, lambda event: replace(event, by=PersonId("amina"))),
    (CotisationWrittenOff, lambda event: replace(event, by=PersonId("amina"))),
    (EntryCorrected, lambda event: replace(event, by=PersonId("amina"))),
    (EntryCorrected, lambda event: replace(event, wrong=event.wrong._replace(cents=Cents(1_400)))),
    (EntryCorrected, lambda event: replace(event, cotisation=None)),
]


@pytest.mark.parametrize(("kind", "change"), FORGERIES, ids=lambda one: getattr(one, "__name__", ""))
async def test_a_forged_event_is_named_though_all_hashes_fit(kind: type[Event], change: Callable[[Any], Any]) -> None:
    log = year().log
    at = position(log, kind)
    forge(log, at, cast(Event, change(event_at(log, at))))
    found = await audited(log)
    assert (found.ok, found.position) == (False, at)


def test_a_snapshot_says_contracts_and_cotisations_whole() -> None:
    desk = year()
    loaded = Loaded()
    loaded.book = desk.book
    loaded.tree = GrowingTree()
    for row in desk.log.rows:
        loaded.tree.append(row.leaf)
    restoring = Restoring()
    for part in parts_of(loaded):
        restoring.take(part)
    book: Book = restoring.finish().book
    for section in ("takings", "cotisations", "corrections", "gifts", "contracts", "bank_lines"):
        assert getattr(book, section) == getattr(desk.book, section)
