"""Row 11, a works council's food purse: worked sale 4 of the field, with its ceilings of the day and of the year."""

from dataclasses import dataclass

from tests.acceptance.schemes.page import Page
from tests.acceptance.schemes.village import Done, Village, village


@dataclass
class Year:
    caisse: Village
    first: Done
    second: Done
    other_goods: Done
    days: list[Done]
    batch: int


def council_credit(caisse: Village, member: str, cents: int) -> None:
    caisse.order("credit_purse", member=member, purse="council", fund="works-council", cents=cents, reference="bon d'achat")


def year() -> Year:
    caisse = village("11-works-council", "2026-03-02 09:00:00")
    caisse.receive("works-council", "400.00")
    caisse.receive("general", "100.00")
    caisse.admit("worker")
    caisse.stall("basket-maker")
    council_credit(caisse, "worker", 30_000)
    caisse.order("credit_purse", member="worker", purse="credit", fund="general", cents=1_000, reference="credit of March")
    caisse.own_money("worker", "20.00")
    first, second = (caisse.sell("basket-maker", "worker", {"basket": euros}) for euros in ("40.00", "12.00"))
    other = caisse.sell("basket-maker", "worker", {"vegetables": "5.00"})
    days = []
    for day in range(3, 11):
        caisse.at(f"2026-03-{day:02} 09:00:00")
        days.append(caisse.sell("basket-maker", "worker", {"basket": "25.00"}))
    return Year(caisse, first, second, other, days, caisse.settle("2026-03-10", "2026-03-12"))


def page() -> Page:
    lived = year()
    page = Page(11, "11-works-council", "A works council's food purse", """
        The works council puts money into a purse of its own on the same card: for baskets only, 25.00 a day and
        196.00 a year. What it does not pay comes from the month's credit, then from what the member added. A
        titre-restaurant is cleared by its own issuer and stays between the member and the stall.
    """)  # fmt: skip
    page.heading("What happens").says("A basket of 40.00, another one of 12.00 the same day, vegetables, then 25.00 a day.")
    page.sales(
        ("2 March, basket of 40.00", lived.first), ("the same day, 12.00", lived.second),
        ("vegetables: not for the council's purse", lived.other_goods),
        *((f"{day} March, basket of 25.00", done) for day, done in enumerate(lived.days, start=3)),
    )  # fmt: skip
    page.says("On 9 March 196.00 of the year are reached: 21.00 were left of it, and nothing on the day after.")
    return page.heading("What the statement shows").statement(lived.caisse, "basket-maker", lived.batch)
