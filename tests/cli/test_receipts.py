"""A receipt of a reduced price and one of the full price can't be told apart, as text and as stored public bytes."""

from dataclasses import replace

import pytest

from clearing.cli.receipts import delivery_text, receipt_text
from clearing.events.charte import Condition, FundWeight, Short, Tariff
from clearing.events.codec import encode
from clearing.events.members import MemberGroupsChanged
from clearing.events.orders import DeliveryNoted
from clearing.events.sales import CaptureDecided, SaleDecided
from clearing.rules.collective.orders import split_by_quantity
from clearing.values import FundId, MemberId, PayerId
from tests.given_when_then import PARIS, Story, given
from tests.rules.test_orders import OTHER, give, ordering
from tests.sayings import (
    BRUNO,
    FOUNDED,
    Till,
    card,
    charte,
    covers,
    credit,
    line,
    member,
    opened,
    pays,
    producer,
    received,
    terminal,
)

TIER = Tariff(
    id=PayerId("tier"), covers=covers(veg=30), funds=(FundWeight(fund=FundId("tier")),), short=Short.NEXT,
    condition=Condition(who=("low",)),
)  # fmt: skip


def grocery() -> Story:
    """m-low pays 30 % of the price, m-full all of it."""
    return given(
        *FOUNDED, received(100_000), opened("tier"), received(50_000, "tier"),
        charte(pays("credit", veg=100, cheese=50), tariffs=(TIER,)), member("m-low", "low"), member("m-full"), card("m-low"),
        card("m-full"), *producer(), terminal(), credit(5_000, owner="m-low"), credit(5_000, owner="m-full"),
    )  # fmt: skip


def text(story: Story, event: SaleDecided | CaptureDecided) -> str:
    return receipt_text(
        event, position=story.book.position, at_us=story.book.at_us, zone=PARIS, caisse="Caisse de la Brume", producer="Garden"
    )


def bought(who: str, cents: int, qty: int) -> tuple[Story, SaleDecided]:
    till = Till()
    story = grocery().when(till.sale(line("veg", cents, product="potato", qty=qty), line("cheese", 301)), till.tap(who))
    assert isinstance(story.last, SaleDecided)
    return story, story.last


@pytest.mark.row(13)
def test_receipts_of_a_joint_purchase_are_the_same_letter_by_letter_at_both_prices() -> None:
    first, second = split_by_quantity(3_333, [2_000, 2_000])
    assert first + second == 3_333
    (poor, low), (rich, full) = bought("m-low", first, 2), bought("m-full", first, 2)
    assert low.shares != full.shares
    assert {share.source for share in low.shares} == {"fund:tier", "purse:credit"}
    assert {share.source for share in full.shares} == {"purse:credit"}
    assert text(poor, low) == text(rich, full)
    assert text(poor, low).splitlines()[4:8] == [
        "veg potato x 2                             16.67",
        "cheese                                      3.01",
        "Total                                      19.68",
        "Paid by card                               18.18",
    ]


@pytest.mark.row(13)
def test_receipts_of_two_accounts_that_ordered_together_differ_by_their_order_only() -> None:
    tier = replace(TIER, condition=Condition(who=("social",)))
    story = ordering(
        *OTHER, MemberGroupsChanged(member=MemberId("spa"), groups=("social",), by=BRUNO), opened("tier"),
        received(50_000, "tier"), rules=charte(pays("credit", veg=100), tariffs=(tier,)),
    )  # fmt: skip
    whose = (("gout", "aline"), ("spa", "dora"))
    parts = [{"account": account, "mandatary": who, "qty_milli": 4_000} for account, who in whose]
    give(story, "place_joint_order", {"joint": "j", "seller": "garden", "category": "veg", "cents": 5_000, "parts": parts})
    said, payers = [], []
    for order in ("j.1", "j.2"):
        noted = give(story, "note_delivery", {"order": order, "side": "buyer", "document": "bl-1"})
        assert isinstance(noted, DeliveryNoted)
        placed = story.book.orders.orders[order].placed
        receipt = delivery_text(noted, placed, position=9, at_us=story.book.at_us, zone=PARIS, caisse="Caisse")
        said.append(receipt.replace(order, "j.x"))
        payers.append({share.source for share in noted.shares})
    assert payers == [{"purse:credit"}, {"purse:credit", "fund:tier"}]
    assert said[0] == said[1]
    assert "Paid                                       25.00" in said[0]


def test_what_may_be_proved_of_both_sales_is_the_same_in_its_bytes() -> None:
    (_, low), (_, full) = bought("m-low", 1_000, 1), bought("m-full", 1_000, 1)
    assert encode(low).public == encode(full).public
    assert encode(low).private != encode(full).private


def test_a_receipt_names_neither_payer_nor_member_nor_charte() -> None:
    story, low = bought("m-low", 1_000, 1)
    said = text(story, low)
    secrets = ("m-low", "tier", "fund", "purse", "charte", "credit", "low", "%")
    assert not [word for word in secrets if word in said.replace("Caisse de la Brume", "")]
    changed = replace(low, shares=(), charte_version=9, member=None, tap=None, code="10")
    assert text(story, changed) == said
