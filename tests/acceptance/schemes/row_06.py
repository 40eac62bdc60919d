"""Row 6, Felichti: held at the order, captured by weight, the rest released; what comes too late is never lost."""

from dataclasses import dataclass

from tests.acceptance.schemes.page import Page
from tests.acceptance.schemes.village import Done, Op, Village, village


@dataclass
class Friday:
    caisse: Village
    ordered: dict[str, Done]
    delivered: dict[str, Done]
    cancelled: Done
    late: Done
    exception: int
    batch: int


def friday() -> Friday:
    caisse = village("06-group-orders", "2026-05-04 18:00:00")
    caisse.receive("general", "1000.00")
    caisse.receive("guarantee", "50.00")
    caisse.stall("co-op")
    members = ("less", "more", "too-much", "cancels", "forgotten")
    caisse.admit(*members)
    for member in members:
        caisse.order("credit_purse", member=member, purse="credit", fund="general", cents=10_000, reference="credit of May")
    basket = {"vegetables": "20.00", "cheese": "10.00"}
    ordered = {member: caisse.ask(Op.AUTH, "co-op", basket, card=member) for member in members}
    caisse.at("2026-05-08 18:00:00")
    weighed = {
        "less": {"vegetables": "18.40", "cheese": "9.00"}, "more": {"vegetables": "21.00", "cheese": "10.50"},
        "too-much": {"vegetables": "22.00", "cheese": "10.00"},
    }  # fmt: skip
    delivered = {
        member: caisse.ask(Op.CAP, "co-op", goods, original=ordered[member].request.x) for member, goods in weighed.items()
    }
    cancelled = caisse.ask(Op.REV, "co-op", original=ordered["cancels"].request.x)
    caisse.at("2026-05-20 18:00:00")
    late = caisse.ask(Op.CAP, "co-op", basket, original=ordered["forgotten"].request.x)
    exception = late.position
    end = {"exception": exception, "how": "accepted", "consent": True}
    caisse.order("propose_exception_end", by="basile", reason="collected in time", **end)
    caisse.order("resolve_exception", by="alix", **end)
    return Friday(caisse, ordered, delivered, cancelled, late, exception, caisse.settle("2026-05-20", "2026-05-22"))


def page() -> Page:
    lived = friday()
    page = Page(6, "06-group-orders", "Group orders: held when ordered, captured when weighed", """
        Members order on Monday and collect on Friday. The order reserves; the scales decide. What weighs less is
        released, what weighs more is taken up to the voted tolerance, and the card gives what was reserved and no more.
    """)  # fmt: skip
    page.heading("What happens").says("Five orders of 30.00 each: vegetables at 100 %, cheese at 70 %.")
    page.sales(*((f"{member}: ordered", done) for member, done in lived.ordered.items()))
    page.sales(*((f"{member}: weighed", done) for member, done in lived.delivered.items()))
    page.says("""
        The third weighs more than 5 % too much and is refused: its till asks for less, or the hold ends by itself. The
        fourth cancelled, and all of it was released. The fifth was captured after its time: it stood in
        `clearing exceptions` until two people accepted it, with the member's consent.
    """)
    return page.heading("What the statement shows").statement(lived.caisse, "co-op", lived.batch)
