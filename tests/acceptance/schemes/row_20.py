"""Row 20, DRAAF and Apes: what a territory may know of a month, and of nobody in it."""

from dataclasses import dataclass

from clearing.rules.telling.statistics import Figure, Purchases, published
from tests.acceptance.schemes.page import Page
from tests.acceptance.schemes.village import Village, village

MEMBERS = tuple(f"m-{n:02d}" for n in range(1, 15))


@dataclass
class Month:
    caisse: Village
    figures: list[Figure]


def month() -> Month:
    caisse = village("20-statistics", "2026-05-02 08:00:00")
    caisse.receive("general", "5000.00")
    caisse.admit(*MEMBERS)
    caisse.stall("farm", "territory.north", "outlet.market")
    caisse.stall("shop", "territory.north", "outlet.shop")
    caisse.stall("hill", "territory.south", "outlet.market")
    caisse.order("grant", rule="monthly", period="2026-05")
    for day, member in enumerate(MEMBERS, start=2):
        caisse.at(f"2026-05-{day:02d} 10:00:00")
        caisse.sell("farm", member, {"vegetables": f"{10 + day}.35"})
        if day % 2:
            caisse.sell("shop", member, {"cheese": f"{5 + day}.50"})
        if day % 3:
            caisse.sell("hill", member, {"vegetables": "7.00", "cheese": "3.30"} if day == 4 else {"vegetables": "7.00"})
    caisse.at("2026-06-01 09:00:00")
    found = Purchases()
    for row, event in zip(caisse.log.rows, caisse.log.events(), strict=True):
        found.take(event, row.at_us)
    return Month(caisse, published(found.months, before="2026-06"))


def page() -> Page:
    lived = month()
    made = Page(20, "20-statistics", "Anonymous statistics of a territory", """
        A territory wants to know what food credit buys: where, what, at which kind of outlet. A caisse publishes a month when
        it is over. What fewer than five members did is not shown, nor what would give it away by subtraction; one line takes
        the rest, so that the lines sum to the month, and the month to the ledger, to the cent.
    """)  # fmt: skip
    made.heading("May, as it may be told").table(
        ["", "members", "purchases", "goods at full price", "paid by card"],
        [
            (" / ".join(one.path) or f"{one.month} in all", f"{'' if not one.path else 'at least '}{one.members}",
             str(one.purchases), "not told" if one.goods_cents is None else one.goods_cents, one.card_cents)
            for one in lived.figures
        ],
    )  # fmt: skip
    return made.says("""
        One member bought cheese on the hill. It is not shown, and neither are the vegetables of the hill: the hill less its
        vegetables would be that one purchase. Nor are the goods of the hill told, or those of the month: with rates that
        everybody knows, goods and card together would tell how much of it was cheese. docs/PUBLIC.md says how the lines are
        chosen.
    """)
