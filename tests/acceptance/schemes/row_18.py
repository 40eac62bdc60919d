"""Row 18, producers: all of what the card took, on a day that is known, without a fee, and a rerun changes nothing."""

from dataclasses import dataclass

from tests.acceptance.schemes.page import Page, statement_of
from tests.acceptance.schemes.village import Done, Op, Village, village


@dataclass
class Week:
    caisse: Village
    sold: list[Done]
    refund: Done
    late_refund: Done
    batches: tuple[int, int]


def week() -> Week:
    caisse = village("18-producers", "2026-05-02 08:00:00")
    caisse.receive("general", "2000.00")
    caisse.admit("m-1", "m-2")
    caisse.stall("dairy", "market")
    caisse.order("grant", rule="monthly", period="2026-05")
    saturday = [caisse.sell("dairy", "m-1", {"cheese": "12.49"}), caisse.sell("dairy", "m-2", {"cheese": "20.00"})]
    refund = caisse.ask(Op.REF, "dairy", {"cheese": "4.00"}, original=saturday[0].request.x)
    caisse.at("2026-05-06 09:00:00")
    saturday.append(caisse.sell("dairy", "m-1", {"cheese": "9.00", "vegetables": "2.00"}))
    first = caisse.settle("2026-05-06", "2026-05-07")
    caisse.at("2026-05-09 08:00:00")
    late = caisse.ask(Op.REF, "dairy", {"cheese": "8.49"}, original=saturday[0].request.x)
    saturday.append(caisse.sell("dairy", "m-2", {"cheese": "30.00"}))
    return Week(caisse, saturday, refund, late, (first, caisse.settle("2026-05-09", "2026-05-11")))


def page() -> Page:
    lived = week()
    page = Page(18, "18-producers", "Producers: 100 %, a known pay date, no fee", """
        A producer is owed what the card took, to the cent, and is paid in the next batch on the next day on which
        banks work. What a customer brings back is taken off the batch that comes after. There is no fee, and none
        hidden. The statement says per market day what was sold at full price, what the card paid of it and what went
        back.
    """)  # fmt: skip
    page.heading("What happens")
    page.sales(
        ("Saturday, cheese", lived.sold[0]), ("Saturday, cheese", lived.sold[1]), ("Wednesday", lived.sold[2]),
        ("next Saturday, cheese", lived.sold[3]),
    )  # fmt: skip
    page.table(["brought back", "goods", "back to the card"], [
        ("the same Saturday", int(lived.refund.request.amount_cents), int(lived.refund.card_cents)),
        ("a week later", int(lived.late_refund.request.amount_cents), int(lived.late_refund.card_cents)),
    ])  # fmt: skip
    page.heading("What the statements show").statement(lived.caisse, "dairy", lived.batches[0])
    return page.statement(lived.caisse, "dairy", lived.batches[1])


__all__ = ["page", "statement_of", "week"]
