"""Row 15, Les Sens du Goût and CAADDI: a collective account with mandataries, two cards for what is large, a revocation."""

from dataclasses import dataclass

from tests.acceptance.schemes.collective import collective
from tests.acceptance.schemes.page import Page
from tests.acceptance.schemes.village import Done, Op, Village, village


@dataclass
class Month:
    caisse: Village
    small: Done
    refused: Done
    hold: Done
    alone: Done
    confirmed: Done
    captured: Done
    revoked: Done
    batch: int


def month() -> Month:
    caisse = village("15-collective-accounts", "2026-05-04 09:00:00")
    caisse.receive("general", "2000.00")
    caisse.stall("market-garden")
    collective(caisse, "canteen", "aline", "boris", "carla", cents=100_000)
    small = caisse.sell("market-garden", "aline", {"vegetables": "80.00"})
    large = {"vegetables": "350.00"}
    refused = caisse.sell("market-garden", "aline", large)
    hold = caisse.ask(Op.AUTH, "market-garden", large, card="aline")
    alone = caisse.ask(Op.CAP, "market-garden", large, original=hold.request.x)
    confirmed = caisse.ask(Op.DLV, "market-garden", large, card="boris", original=hold.request.x)
    captured = caisse.ask(Op.CAP, "market-garden", large, original=hold.request.x)
    caisse.order("propose_revocation", by="alix", account="canteen", mandatary="aline")
    caisse.order("revoke_mandatary", by="basile", account="canteen", mandatary="aline")
    revoked = caisse.sell("market-garden", "aline", {"vegetables": "1.00"})
    return Month(
        caisse, small, refused, hold, alone, confirmed, captured, revoked, caisse.settle("2026-05-04", "2026-05-06")
    )


def page() -> Page:
    lived = month()
    page = Page(15, "15-collective-accounts", "Les Sens du Goût, CAADDI: collective accounts", """
        A canteen of volunteers has an account of its own. Three mandataries buy for it, each with a card and limits; two
        officers name them and revoke them. Above 200.00 a purchase takes two of them: the first card holds, the second
        confirms, then the goods are captured.
    """)  # fmt: skip
    told = [
        ("80.00 by one card", lived.small), ("350.00 by one card", lived.refused),
        ("350.00 held by the first card", lived.hold), ("captured before a second card", lived.alone),
        ("the second card", lived.confirmed), ("captured now", lived.captured),
        ("1.00 by the revoked mandatary", lived.revoked),
    ]  # fmt: skip
    page.heading("What happens").table(
        ["", "the till is told", "approved", "recorded"],
        [(what, f"{done.reply.rc}", int(done.card_cents), f"{done.event.code}") for what, done in told],
    )
    page.says("""
        12 says that it is not possible like this: hold it, and tap a second card. Of a revoked mandatary the till learns no
        more than of any unknown card.
    """)
    return page.heading("What the statement shows").statement(lived.caisse, "market-garden", lived.batch)
