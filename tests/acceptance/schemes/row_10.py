"""Row 10, Collab Solidaire: sponsors pay for baskets at their structure, in their months, and read where each euro is."""

from dataclasses import dataclass
from typing import Any

from clearing.cli.tracing import trace_text
from clearing.events.basket import Line
from clearing.rules.ledger.traced import Traced
from tests.acceptance.schemes.page import Page
from tests.acceptance.schemes.tracing import promised, traced
from tests.acceptance.schemes.village import Done, Op, Village, line, village

SPONSORS = {"mill-2026": "sponsor-mill", "bank-2026": "sponsor-bank"}
"""Promise -> its fund."""


@dataclass
class Spring:
    """refused: why each way around an earmark is not taken in."""

    caisse: Village
    two: Done
    residence: Done
    other_goods: Done
    asked: Done
    short: Done
    last: Done
    after: Done
    refused: dict[str, str]
    batch: int


def baskets(many: int) -> list[Line]:
    return [line("basket", f"{12 * many}.00", qty=many)]


def opened() -> Village:
    """Two sponsors, two structures, two households with prepaid money."""
    caisse = village("10-sponsors", "2026-03-04 16:00:00")
    purpose = "Paniers solidaires"
    promised(caisse, "mill-2026", "sponsor-mill", 6_000, 2_550, funder="La minoterie", purpose=purpose)
    promised(caisse, "bank-2026", "sponsor-bank", 4_000, 4_000, funder="La fondation de la banque", purpose=purpose)
    caisse.admit("household-1", "household-2")
    for one in ("household-1", "household-2"):
        caisse.own_money(one, "60.00")
    caisse.stall("basket-farm", "social-center")
    caisse.stall("basket-garden", "residence")
    return caisse


def ways_around(caisse: Village) -> dict[str, str]:
    """What a treasurer in need, or in error, may try with the mill's money; why it is not taken in."""
    wide = {"id": "everybody", "fund": "sponsor-mill", "covers": [{"category": "vegetables", "rate": 10_000}]}
    charte: dict[str, Any] = {"version": 2, "decision": "board-2026-01", "effective_us": caisse.clock.us + 60_000_000,
              "categories": ["basket", "vegetables"], "payers": [wide]}  # fmt: skip
    return {
        "a charte that pays vegetables everywhere": caisse.refused("adopt_charte", **charte),
        "a credit among what a member added": caisse.refused(
            "credit_purse", member="household-1", purse="own", fund="sponsor-mill", cents=500, reference="help"),
        "a transfer to the other sponsor's fund": caisse.refused(
            "propose_transfer", fund="sponsor-mill", to="sponsor-bank", cents=100, reason="short", decision="board-2026-01"),
        "loosening what binds it": caisse.refused("bind_fund", fund="sponsor-mill", decision="board-2026-01"),
    }  # fmt: skip


def spring() -> Spring:
    caisse = opened()
    two = caisse.sell("basket-farm", "household-1", baskets(2))
    residence = caisse.sell("basket-garden", "household-2", baskets(1))
    other = caisse.sell("basket-farm", "household-1", {"vegetables": "3.50"})
    asked = caisse.ask(Op.AUTH, "basket-farm", baskets(2), card="household-2")
    short = caisse.ask(Op.CAP, "basket-farm", baskets(1), original=asked.request.x)
    refused = ways_around(caisse)
    caisse.order("receive_subsidy", grant="mill-2026", cents=3_000, reference="bank line")
    caisse.at("2026-06-30 23:59:00")
    last = caisse.sell("basket-farm", "household-1", baskets(1))
    caisse.at("2026-07-01 00:00:00")
    after = caisse.sell("basket-farm", "household-1", baskets(1))
    caisse.order("propose_repayment", grant="mill-2026", cents=caisse.free("sponsor-mill"), reason="unspent",
                 decision="board-2026-01")  # fmt: skip
    caisse.order("confirm_repayment", by="basile", repayment=1)
    batch = caisse.settle("2026-07-01", "2026-07-02")
    caisse.order("confirm_payout", batch=batch, producer="basket-farm", reference="bank line 9")
    return Spring(caisse, two, residence, other, asked, short, last, after, refused, batch)


def reports(caisse: Village) -> dict[str, Traced]:
    """Promise -> where its money is."""
    return {grant: traced(caisse, grant) for grant in SPONSORS}


def page() -> Page:
    lived = spring()
    page = Page(10, "10-sponsors", "Collab Solidaire: each sponsor's money at its structure", """
        Sponsors pay for solidarity baskets. Each one's money is a fund of its own, bound to a structure, to baskets
        and to its months (`places`, `categories`, `from`, `until` of `[[funds]]`). Each structure has its own price
        (`[[chartes.tariffs]]` with `where`): the household pays that price from what it prepaid, the sponsor the
        rest, the producer gets all of it. Prices and sponsors of this file are made up; the basket of 12.00 at 4.00
        is the field's.
    """)  # fmt: skip
    page.heading("What happens").says("""
        A sponsor's fund that holds for one basket more carries one: the till says before anything is handed over that
        the other one is not sold at this price. After the sponsor's last day the household is asked for its own price
        and not for the sponsor's part: what is missing stands on the till as left to pay.
    """)
    page.sales(
        ("4 March, two baskets at the social center", lived.two), ("a basket at the residence", lived.residence),
        ("vegetables: no sponsor's", lived.other_goods), ("two baskets ordered, the sponsor holds for one", lived.asked),
        ("the one that is handed over", lived.short), ("30 June 23:59", lived.last), ("1 July 00:00", lived.after),
    )  # fmt: skip
    page.heading("Ways around, and what is answered")
    page.table(["somebody tries, with the mill's money", "the answer"], list(lived.refused.items()))
    page.heading("What each sponsor reads").says("""
        `clearing subsidy trace` follows what a sponsor promised down to the producers who were paid; each table
        sums to what came. What was left after the last day goes back to the sponsor, by two people.
    """)
    for found in reports(lived.caisse).values():
        page.quotes("\n".join(trace_text(found)))
    return page.heading("What the statement shows").statement(lived.caisse, "basket-farm", lived.batch)
