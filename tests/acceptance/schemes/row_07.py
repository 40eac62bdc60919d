"""Row 7, VRAC: the same basket at three prices; the difference is charged to the landlord's fund, the producer gets all."""

from dataclasses import dataclass

from clearing.events.sales import SaleDecided
from tests.acceptance.schemes.page import Page
from tests.acceptance.schemes.village import Done, Village, village

BASKET = {"dry-goods": "6.40", "fresh": "3.65"}
MEMBERS = {"low": ("low-north",), "middle": ("middle-north",), "full": (), "south": ("low-south",)}


@dataclass
class Saturday:
    caisse: Village
    sold: dict[str, Done]
    batch: int


def saturday() -> Saturday:
    caisse = village("07-vrac", "2026-05-02 09:00:00")
    caisse.receive("landlord-north", "200.00")
    caisse.receive("landlord-south", "100.00")
    for member, groups in MEMBERS.items():
        caisse.admit(member, groups=groups)
        caisse.own_money(member, "20.00")
    caisse.stall("pop-up-grocery", "pop-up")
    sold = {member: caisse.sell("pop-up-grocery", member, BASKET) for member in MEMBERS}
    return Saturday(caisse, sold, caisse.settle("2026-05-02", "2026-05-04"))


def landlords(caisse: Village) -> dict[str, tuple[int, int]]:
    """Statement per landlord: baskets, and cents that its fund carried."""
    found: dict[str, tuple[int, int]] = {}
    for sale in caisse.events(SaleDecided):
        funds = {share.source for share in sale.shares if share.step == "tariff"}
        for fund in funds:
            baskets, cents = found.get(fund, (0, 0))
            found[fund] = baskets + 1, cents + sum(share.cents for share in sale.shares if share.source == fund)
    return found


def page() -> Page:
    lived = saturday()
    page = Page(7, "07-vrac", "VRAC: three prices by income, charged to each landlord", """
        A pop-up grocery in a housing estate, held by volunteers with one phone. Members pay half, three quarters or
        all of the price; what they do not pay is charged to the fund of their landlord. The tier is a group of the
        member: it is in no message to the phone, and on no screen of it.
    """)  # fmt: skip
    page.heading("What happens").says("The same basket, bought by four members at the full price of the shelf.")
    page.sales(*((member, done) for member, done in lived.sold.items()))
    page.says("The till always shows the whole amount as paid by the card: the member's prepaid money went down by her price.")
    page.table(["member", "prepaid money left"], [(member, lived.caisse.purse(member, "own")) for member in MEMBERS])
    page.heading("Statement per landlord").table(
        ["fund", "baskets", "carried"], [(fund, str(n), cents) for fund, (n, cents) in sorted(landlords(lived.caisse).items())]
    )
    return page.heading("What the statement shows").statement(lived.caisse, "pop-up-grocery", lived.batch)
