"""Row 9, P.A.N.I.E.R.S.: a fund pays two thirds of a basket until a day that everybody knows; then it stops."""

from dataclasses import dataclass

from tests.acceptance.schemes.page import Page
from tests.acceptance.schemes.village import Done, Village, line, village


@dataclass
class Season:
    caisse: Village
    in_time: Done
    short: Done
    last: Done
    after: Done
    batch: int


def season() -> Season:
    caisse = village("09-split-payer", "2026-06-03 17:00:00")
    caisse.receive("departement", "23.00")
    caisse.admit("household")
    caisse.own_money("household", "60.00")
    caisse.stall("basket-farm")
    in_time = caisse.sell("basket-farm", "household", [line("basket", "12.00", "small")])
    short = caisse.sell("basket-farm", "household", [line("basket", "12.00", "small"), line("basket", "12.00", "large")])
    caisse.receive("departement", "100.00")
    caisse.at("2026-06-30 23:59:00")
    last = caisse.sell("basket-farm", "household", [line("basket", "12.00", "small")])
    caisse.at("2026-07-01 00:00:00")
    after = caisse.sell("basket-farm", "household", [line("basket", "12.00", "small")])
    return Season(caisse, in_time, short, last, after, caisse.settle("2026-06-30", "2026-07-02"))


def page() -> Page:
    lived = season()
    page = Page(9, "09-split-payer", "P.A.N.I.E.R.S.: a split payer with an end date", """
        A third party pays two thirds of each basket until a day that is written in the rules; the household pays its
        third from prepaid money. When the day is over the third party's part stops by itself. Nothing of it is ever
        charged to the household in silence: the till shows what is left to pay before anything is handed over. A
        basket that the fund can't carry whole is not sold at this price. (A contract over a whole season, with its
        instalments, is the AMAP's: row 8.)
    """)  # fmt: skip
    page.heading("What happens").sales(
        ("3 June, a basket", lived.in_time), ("two baskets, the fund holds for one", lived.short),
        ("30 June 23:59", lived.last), ("1 July 00:00", lived.after),
    )  # fmt: skip
    return page.heading("What the statement shows").statement(lived.caisse, "basket-farm", lived.batch)
