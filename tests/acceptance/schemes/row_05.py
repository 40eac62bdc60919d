"""Row 5, La Casa Tizote: coupons that anybody buys, reductions that anybody draws, and a fund that says when it is low."""

from dataclasses import dataclass
from typing import Any

from clearing.events.solidarity import DrawDecided
from clearing.projections.solidarity import FundReport, Solidarities
from clearing.values import Cents
from tests.acceptance.schemes.page import Page
from tests.acceptance.schemes.village import Done, Village, village

MEAL = {"meal": "14.37"}
FIRST_DAY = ((20, "14.37"), (10, "9.80"), (30, "12.00"), (20, "6.50"), (20, "11.00"), (20, "8.20"), (20, "7.45"))
SECOND_DAY = ((30, "10.00"), (10, "5.00"))


@dataclass
class TwoDays:
    caisse: Village
    coupons: list[tuple[str, int, int]]
    """Where they were sold, how many, cents."""
    drawn: list[tuple[str, Done]]
    short: Done
    refused: Done
    batch: int


def two_days() -> TwoDays:
    """Coupons at the desk and at the till, reductions until the fund is low, then until it is empty."""
    caisse = village("05-solidarity-draws", "2026-05-02 09:00:00")
    caisse.stall("cafe")
    caisse.stall("bakery")
    coupons = [("at the desk", 17, sold_at_the_desk(caisse, 17))]
    till = caisse.give("cafe", 100, {"coupon": "3.00"})
    coupons.append(("at the café's till", 3, till.card_cents))
    drawn = [(f"2 May, {percent} %", caisse.draw("cafe", percent, {"meal": euros})) for percent, euros in FIRST_DAY]
    caisse.at("2026-05-03 09:00:00")
    drawn += [(f"3 May, {percent} %", caisse.draw("bakery", percent, {"bread": euros})) for percent, euros in SECOND_DAY]
    short = caisse.draw("cafe", 30, MEAL)
    refused = caisse.draw("cafe", 20, {"meal": "29.00"})
    return TwoDays(caisse, coupons, drawn, short, refused, caisse.settle("2026-05-03", "2026-05-05"))


def sold_at_the_desk(caisse: Village, number: int) -> int:
    """Cents."""
    sold = caisse.order("sell_coupons", fund="solidarity", number=number, means="cash", reference="receipts of May")
    assert isinstance(sold["cents"], int)
    return sold["cents"]


def vote(caisse: Village, **changes: Any) -> None:
    """The rule of the file with something else in it, by another command: the caisse's vote stays the same one."""
    cents = ("terminal_day", "producer_day", "fund_day", "give_terminal_day", "give_producer_day", "give_debt")
    rule = caisse.book.solidarity.rules["solidarity-price"]
    body: dict[str, Any] = {
        "rule": rule.rule, "fund": rule.fund, "rates": [{"rate": int(one)} for one in rule.rates],
        "when_short": str(rule.when_short), "where": [], "categories": [], "prices": [], "decision": rule.decision,
        "coupon_cents": int(rule.coupon_cents), "watch_rate": int(rule.watch_rate),
        **{f"{name}_cents": int(getattr(rule, f"{name}_cents")) for name in cents},
    }  # fmt: skip
    caisse.order("set_solidarity_rule", **{**body, **changes})


def report(caisse: Village) -> FundReport:
    """What `clearing solidarity` tells of the fund."""
    found = Solidarities()
    for row, event in zip(caisse.log.rows, caisse.log.events(), strict=True):
        found.take(event, row.position, row.at_us)
    (one,) = found.reports()
    return one


def draws_table(page: Page, *drawn: tuple[str, Done]) -> None:
    page.table(["", "price", "reduction, paid by the fund", "the customer pays"], [
        (label, int(done.request.amount_cents), done.card_cents, done.left_cents) for label, done in drawn
    ])  # fmt: skip


def page() -> Page:
    lived = two_days()
    page = Page(5, "05-solidarity-draws", "La Casa Tizote: coupons and anonymous reductions", """
        Anybody, member or not, buys coupons of a euro; they fill a solidarity fund. Anybody asks at the till for 10,
        20 or 30 % less, and nobody asks why: no card is shown, no name is said, nothing is signed. The fund pays the
        reduction to the outlet. The file says which reductions there are (rates), what becomes of one that the fund
        can't carry (when_short), what a coupon costs, and how much may be drawn in a day at one till, at one outlet
        and in all, so that nobody empties the fund by inventing draws.
    """)  # fmt: skip
    page.heading("What happens").says("Coupons are sold at the desk of the caisse and at the till of the café.")
    page.table(["coupons", "number", "for the fund"], [(where, str(number), cents) for where, number, cents in lived.coupons])
    page.says("Then people eat, buy bread, and some of them ask for a reduction.")
    draws_table(page, *lived.drawn)
    page.says("""
        The fund is low. Of somebody who asks for 30 % it carries the next lower reduction that it can, because the
        vote says lower; what it can't carry at all it does not pay, and the customer pays the price. It is never
        below zero.
    """)
    draws_table(page, ("3 May, 30 % asked for", lived.short), ("3 May, 20 % asked for", lived.refused))
    _policies(page)
    _what_is_known(page, lived.caisse)
    _reports(page, report(lived.caisse))
    page.heading("What the statement shows").says("""
        Reductions of a day stand together, without a time, and never fewer than five of them by themselves: a smaller
        day goes with another one, and a batch with fewer has one line. The coupons that the café sold are taken off
        what it is paid.
    """)
    return page.statement(lived.caisse, "cafe", lived.batch)


def _policies(page: Page) -> None:
    page.says("What a low fund does is a word of the file. The same reduction, of a fund that holds 2.00, by each of them:")
    rows = []
    for policy in ("first-come", "lower", "pro-rata"):
        caisse, done = low_fund(policy)
        at_once = 0 if done.event.claimed else done.card_cents
        caisse.at("2026-05-03 00:00:01")
        rows.append((policy, done.card_cents, done.left_cents, at_once, caisse.owed("cafe"), caisse.free("solidarity")))
    page.table(
        ["when_short", "reduction", "the customer pays", "owed to the outlet at once", "after the close", "left in the fund"],
        rows,
    )  # fmt: skip
    page.says("""
        With pro-rata the customer has the reduction at once and the outlets share at the close what the fund holds:
        their conventions have to say so.
    """)


def low_fund(policy: str, *more: int) -> tuple[Village, Done]:
    """Two coupons in the fund, the vote's policy, and a draw of 20 % of 14.37 (then of each of `more`)."""
    caisse = village("05-solidarity-draws", "2026-05-02 09:00:00")
    caisse.stall("cafe")
    sold_at_the_desk(caisse, 2)
    vote(caisse, when_short=policy)
    done = caisse.draw("cafe", 20, MEAL)
    for percent in more:
        caisse.draw("cafe", percent, MEAL)
    return caisse, done


def _what_is_known(page: Page, caisse: Village) -> None:
    drawn = caisse.events(DrawDecided)[0]
    page.heading("What is known of a draw, and of whom").says(f"""
        The caisse keeps which till, which goods at which price, which reduction, and the day: {drawn.day}. There is no
        card, no member, no hour and no minute in it, nor in the message of the till, nor in the answer, nor in any
        table. What remains is the order of things: whoever may read the whole log sees between which two other
        operations a draw was made at that till. Where somebody pays with a card at the same till in the same minute,
        a reader of the log may guess. At a till where cards are tapped too, let those who draw not queue apart.
    """)


def _reports(page: Page, found: FundReport) -> None:
    page.heading("The report a treasurer reads").says("""
        `clearing solidarity`: what came in less what was drawn is what the fund has. Days and reductions with fewer
        than five draws are never told by themselves.
    """)
    page.table(["the fund", "EUR"], [
        ("coupons sold at the desk", found.coupons_cents), ("coupons sold at tills", found.given_cents),
        ("drawn", Cents(-found.drawn_cents)), ("in the fund", found.balance_cents),
    ])  # fmt: skip
    page.table(["draws", "number", "paid by the fund"], [(one.named, str(one.draws), one.cents) for one in found.lines])
    if found.hidden:
        page.says(found.hidden)
