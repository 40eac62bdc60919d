"""A log with collective accounts, orders, exceptions and units is proved from itself, and a forged one is named."""

from dataclasses import replace
from typing import Any, cast

import pytest

from clearing.audit import why
from clearing.authoriser.snapshot import Loaded, Restoring, parts_of
from clearing.events.accounts import AccountOpened, MandataryNamed, MandataryRevoked, PurchaseConfirmed
from clearing.events.catalogue import Event
from clearing.events.orders import DeliveryNoted, DisputeResolved, ExceptionResolved, OrderConfirmed, OrderPlaced
from clearing.events.sales import AuthorisationDecided, CaptureDecided, SaleDecided
from clearing.events.units import UnitIssued, UnitMoved
from clearing.values import Cents, PersonId
from tests.audit.collective_life import Life, collective_life
from tests.audit.forging import event_at, forge
from tests.audit.test_audit import audited


def place_of(life: Life, kind: type[Event], *, code: str | None = None) -> int:
    return next(
        at for at, event in enumerate(life.log.events(), 1)
        if isinstance(event, kind) and (code is None or getattr(event, "code", "") == code)
    )


async def test_a_log_of_collective_accounts_orders_and_units_is_proved_from_itself() -> None:
    found = await audited(collective_life().log)
    assert found.ok, (found.position, found.reason)


FORGED = (
    (AccountOpened, {"two_person_cents": Cents(99)}, "'two_person_cents' differs"),
    (MandataryNamed, {"named_by": (PersonId("amina"), PersonId("amina"))}, "'named_by' differs"),
    (MandataryRevoked, {"mandatary": "aline"}, "'mandatary' differs"),
    (PurchaseConfirmed, {"amount_cents": Cents(1)}, "differ from what the terminal signed"),
    (OrderPlaced, {"shares": ()}, "'shares' differs"),
    (OrderPlaced, {"two_people": False}, "'two_people' differs"),
    (OrderConfirmed, {"mandatary": "aline"}, "'mandatary' differs"),
    (DeliveryNoted, {"released": ()}, "'released' differs"),
    (DisputeResolved, {"amount_cents": Cents(9_000)}, "'amount_cents' differs"),
    (ExceptionResolved, {"how": "refused", "shares": ()}, "'how' differs"),
    (UnitIssued, {"pieces": 13}, "'pieces' differs"),
    (UnitMoved, {"taker": "member:m-2"}, "'taker' differs"),
)


@pytest.mark.parametrize(
    ("kind", "values", "reason"), FORGED, ids=[f"{kind.__name__} {next(iter(values))}" for kind, values, _ in FORGED]
)
async def test_a_forged_event_of_these_rooms_is_found_though_every_hash_fits(
    kind: type[Event], values: dict[str, Any], reason: str
) -> None:
    life = collective_life()
    at = place_of(life, kind)
    forge(life.log, at, cast(Event, replace(cast(Any, event_at(life.log, at)), **values)))
    found = await audited(life.log)
    assert (found.ok, found.position, reason in found.reason) == (False, at, True), found.reason


async def test_why_tells_that_a_second_card_confirmed_the_hold() -> None:
    life = collective_life()
    later = (await why(life.log, str(place_of(life, AuthorisationDecided)))).later
    assert [told.partition(": ")[2] for told in later] == [
        "confirmed by a second mandatary's card; it may be captured.",
        "delivered, 240.00 EUR captured, 10.00 EUR released.",
    ]


async def test_a_confirmation_that_should_have_been_declined_is_found() -> None:
    life = collective_life()
    at = place_of(life, PurchaseConfirmed, code="12")
    declined = cast(PurchaseConfirmed, event_at(life.log, at))
    forged = replace(
        declined, code="00", answer="00", approved_cents=declined.amount_cents, approved_lines=(declined.amount_cents,)
    )
    forge(life.log, at, forged)
    found = await audited(life.log)
    assert (found.ok, found.position) == (False, at)


async def test_a_capture_that_nobody_confirmed_is_found() -> None:
    life = collective_life()
    at, done = place_of(life, CaptureDecided, code="12"), place_of(life, CaptureDecided, code="00")
    approved = cast(CaptureDecided, event_at(life.log, done))
    refused = cast(CaptureDecided, event_at(life.log, at))
    forge(life.log, at, replace(approved, op=refused.op, amount_cents=refused.amount_cents, lines=refused.lines))
    found = await audited(life.log)
    assert (found.ok, found.position) == (False, at)


async def test_a_large_sale_by_one_tap_is_found() -> None:
    life = collective_life()
    at = place_of(life, SaleDecided, code="12")
    small = cast(SaleDecided, event_at(life.log, place_of(life, SaleDecided, code="00")))
    large = cast(SaleDecided, event_at(life.log, at))
    forge(life.log, at, replace(large, code="00", answer="00", shares=small.shares, approved_cents=large.amount_cents))
    found = await audited(life.log)
    assert (found.ok, found.position) == (False, at)


def test_a_snapshot_says_accounts_orders_exceptions_and_units_whole() -> None:
    life = collective_life()
    loaded = Loaded()
    for row, event in zip(life.log.rows, life.log.events(), strict=True):
        loaded.book.apply(event, row.position, row.at_us)
        loaded.tree.append(row.leaf)
    restoring = Restoring()
    for part in parts_of(loaded):
        restoring.take(part)
    again, book = restoring.finish().book, loaded.book
    assert book.accounts.open
    assert book.units.units
    assert (again.accounts, again.orders, again.exceptions, again.units) == (
        book.accounts, book.orders, book.exceptions, book.units
    )
