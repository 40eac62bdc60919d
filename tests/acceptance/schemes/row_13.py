"""Row 13, Valenciennes and UGESS: one purchase split by quantity, and receipts that do not tell who pays half."""

from dataclasses import dataclass

from clearing.cli.receipts import delivery_text
from clearing.events.orders import DeliveryNoted
from clearing.values import MemberId
from tests.acceptance.schemes.collective import collective
from tests.acceptance.schemes.page import Page
from tests.acceptance.schemes.village import Village, village

GROCERIES = {"nord": 40, "sud": 25, "est": 10}
"""Kilograms that each takes of 75."""


@dataclass
class Purchase:
    caisse: Village
    parts: dict[str, int]
    sources: dict[str, set[str]]
    receipts: dict[str, str]
    batch: int


def purchase(euros: int = 10_000) -> Purchase:
    caisse = village("13-joint-purchase", "2026-05-04 09:00:00")
    caisse.receive("general", "1000.00")
    caisse.receive("social", "200.00")
    caisse.stall("potato-farm")
    for name in GROCERIES:
        collective(caisse, name, f"{name}-1", f"{name}-2", cents=20_000)
    caisse.order("change_groups", member="sud", groups=["social"])
    caisse.order(
        "place_joint_order", by="alix", joint="may", seller="potato-farm", category="vegetables", product="potato", cents=euros,
        parts=[{"account": name, "mandatary": f"{name}-1", "qty_milli": kilos * 1_000} for name, kilos in GROCERIES.items()],
    )  # fmt: skip
    parts, sources, receipts = {}, {}, {}
    for number, name in enumerate(GROCERIES, start=1):
        order = f"may.{number}"
        caisse.order("note_delivery", order=order, side="buyer", document="bl-7")
        noted: DeliveryNoted = caisse.log.events()[-1]  # type: ignore[assignment]
        placed = caisse.book.orders.orders[order].placed
        assert placed.account == MemberId(name)
        parts[name] = int(placed.amount_cents)
        sources[name] = {share.source for share in noted.shares}
        receipts[name] = delivery_text(
            noted, placed, position=caisse.book.position, at_us=caisse.clock.us, zone=caisse.book.caisse.calendar.zone,
            caisse=caisse.book.caisse.name,
        )  # fmt: skip
    return Purchase(caisse, parts, sources, receipts, caisse.settle("2026-05-04", "2026-05-06"))


def page() -> Page:
    lived = purchase()
    page = Page(13, "13-joint-purchase", "Valenciennes, UGESS: a joint purchase split by quantity", """
        Three social groceries buy 75 kg of potatoes together. The price is split by what each takes, to the cent. One
        of them has the social price: the fund pays half of its part, and its receipt is like the others'.
    """)  # fmt: skip
    page.heading("What happens").table(
        ["grocery", "kg", "its part", "really paid by"],
        [(name, str(kilos), lived.parts[name], ", ".join(sorted(lived.sources[name]))) for name, kilos in GROCERIES.items()],
    )
    page.heading("Two receipts").quotes(lived.receipts["nord"]).quotes(lived.receipts["sud"])
    return page.heading("What the statement shows").statement(lived.caisse, "potato-farm", lived.batch)
