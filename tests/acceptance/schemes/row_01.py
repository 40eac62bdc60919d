"""Row 1, the SSA card: credit once a month, what was voted at the till, line by line, and the producer paid in full."""

from dataclasses import dataclass

from tests.acceptance.schemes.page import Page
from tests.acceptance.schemes.village import Done, Village, village

NEW_RATES = {"vegetables": 10_000, "cheese": 5_000, "flour": 5_000}


@dataclass
class Month:
    caisse: Village
    basket: Done
    before: Done
    after: Done
    batch: int


def month() -> Month:
    """May 2026 and the first instants of June, when other rates begin."""
    caisse = village("01-ssa-card", "2026-05-02 08:00:00")
    caisse.receive("general", "3000.00")
    caisse.admit("m-1", "m-2")
    caisse.stall("market-garden", "market")
    caisse.order("grant", rule="monthly", period="2026-05")
    basket = caisse.sell("market-garden", "m-1", {"vegetables": "7.35", "cheese": "12.49", "flour": "4.15", "soap": "2.90"})
    new_vote(caisse)
    caisse.at("2026-05-31 23:59:00")
    before = caisse.sell("market-garden", "m-2", {"cheese": "10.00"})
    caisse.at("2026-06-01 00:00:00")
    after = caisse.sell("market-garden", "m-2", {"cheese": "10.00"})
    return Month(caisse, basket, before, after, caisse.settle("2026-05-31", "2026-06-02"))


def new_vote(caisse: Village) -> None:
    """Another vote in May, for rates that begin with June."""
    caisse.vote("ag-2026-05", "Fromage et farine à 50 % à partir de juin")
    caisse.adopt("ag-2026-05", "2026-06-01 00:00:00", NEW_RATES)


async def page() -> Page:
    lived = month()
    page = Page(1, "01-ssa-card", "The SSA card: one credit a month, one rate per product class", """
        Every member gets the same credit each month, exactly once. At the stall the card pays what the assembly voted
        for each kind of product; what it does not pay is between the member and the stall. The producer is paid in
        full for what the card took, the next business day. When the assembly votes other rates, they begin at the
        instant it chose.
    """)  # fmt: skip
    page.heading("What happens").says("""
        A basket of vegetables, cheese, flour and soap; then the same cheese one minute before and at the first
        instant of a new vote.
    """)
    page.sales(
        ("2 May, the whole basket", lived.basket), ("31 May 23:59, cheese", lived.before), ("1 June 00:00, cheese", lived.after)
    )
    page.heading("Why, down to the vote").quotes(await lived.caisse.explained(lived.basket))
    return page.heading("What the statement shows").statement(lived.caisse, "market-garden", lived.batch)
