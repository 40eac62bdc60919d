"""Row 4, CALIEN and Les Anges Gardins: baskets with third-party payers, and a local unit that never mixes with euros."""

from dataclasses import dataclass

from tests.acceptance.schemes.page import Page
from tests.acceptance.schemes.village import Done, Village, line, village


@dataclass
class Saturday:
    caisse: Village
    sold: Done
    gemmes: dict[str, int]
    batch: int


def saturday() -> Saturday:
    caisse = village("04-basket-and-unit", "2026-05-02 09:00:00")
    caisse.receive("department", "100.00")
    caisse.receive("network", "100.00")
    caisse.admit("household")
    caisse.own_money("household", "10.00")
    caisse.stall("garden")
    caisse.order("open_unit", unit="gemme", name="Gemme")
    caisse.order("issue_unit", unit="gemme", pieces=6, holder="member:household", reference="two hours in the garden")
    sold = caisse.sell("garden", "household", [line("basket", "9.00", qty=1)])
    caisse.order("move_units", unit="gemme", moves=[
        {"giver": "member:household", "taker": "producer:garden", "pieces": 4, "reference": "seedlings"}
    ])  # fmt: skip
    return Saturday(caisse, sold, dict(caisse.book.units.units["gemme"].held), caisse.settle("2026-05-02", "2026-05-05"))


def page() -> Page:
    lived = saturday()
    page = Page(4, "04-basket-and-unit", "CALIEN, Les Anges Gardins: a basket with third payers, a local unit", """
        A basket costs 9.00. The household pays 2.00, the département and the network of gardens the other 7.00. For work
        in the garden members get gemmes, a unit with no euro behind it: it has a ledger of its own, and no operation
        turns it into euros.
    """)  # fmt: skip
    page.heading("What happens").sales(("one basket", lived.sold))
    page.table(
        ["holder", "gemmes"], [(name.replace(":", " "), str(pieces)) for name, pieces in sorted(lived.gemmes.items())]
    )
    return page.heading("What the statement shows").statement(lived.caisse, "garden", lived.batch)
