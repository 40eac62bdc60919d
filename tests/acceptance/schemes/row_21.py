"""Row 21, Dieulefit: three prices at several outlets; what some pay more is what others draw from, with a card or without."""

from dataclasses import dataclass

from clearing.values import ProducerId
from tests.acceptance.schemes.page import Page
from tests.acceptance.schemes.village import Done, Op, Village, village

OUTLETS = ("market-garden", "dairy", "grocery")
TEN = {"vegetables": "10.00"}
MEMBERS = {"rose": 125, "lou": 125, "ada": 65}
PREPAID = "20.00"


@dataclass
class Saturday:
    """sold: (who, where, the operation). batch: 0 before it is settled."""

    caisse: Village
    sold: list[tuple[str, str, Done]]
    batch: int

    def by_outlet(self) -> dict[str, tuple[int, int, int]]:
        """Outlet -> (goods, cash taken at the stall, what the caisse owes it: below zero it owes the caisse)."""
        closed = self.caisse.book.settlement.batches[self.batch].closed  # type: ignore[index]
        net = {line.producer: line.net_cents for line in closed.lines}
        found = dict[str, tuple[int, int, int]]()
        for _, outlet, done in self.sold:
            goods, cash, _ = found.get(outlet, (0, 0, 0))
            found[outlet] = goods + done.request.amount_cents, cash + cash_of(done), net.get(ProducerId(outlet), 0)
        return found


def cash_of(done: Done) -> int:
    """What the customer hands over at the stall."""
    match done.request.op:
        case Op.GIVE:
            return int(done.request.amount_cents) + done.card_cents
        case _:
            return done.left_cents


def opened() -> Village:
    caisse = village("21-three-prices", "2026-05-02 09:00:00")
    for outlet in OUTLETS:
        caisse.stall(outlet)
    return caisse


def in_cash() -> Saturday:
    """Nobody has a card: two pay a quarter more at two outlets, one pays 65 % at a third one."""
    caisse = opened()
    sold = [
        ("somebody at 125 %", "dairy", caisse.give("dairy", 125, TEN)),
        ("somebody at 125 %", "grocery", caisse.give("grocery", 125, TEN)),
        ("somebody at 65 %", "market-garden", caisse.draw("market-garden", 35, TEN)),
    ]
    return Saturday(caisse, sold, caisse.settle("2026-05-02", "2026-05-04"))


def by_card() -> Saturday:
    """The same prices, from money that each of the three put on a card."""
    caisse = opened()
    caisse.admit(*MEMBERS)
    for member in MEMBERS:
        caisse.own_money(member, PREPAID)
    sold = [
        (f"{member} at {percent} %", outlet, caisse.sell(outlet, member, TEN, price_choice=percent))
        for (member, percent), outlet in zip(MEMBERS.items(), ("dairy", "grocery", "market-garden"), strict=True)
    ]
    return Saturday(caisse, sold, caisse.settle("2026-05-02", "2026-05-04"))


def worked_sale_8() -> tuple[Village, Done]:
    """125 % of 10.00 by who has 11.00."""
    caisse = opened()
    caisse.admit("rose")
    caisse.own_money("rose", "11.00")
    return caisse, caisse.sell("market-garden", "rose", TEN, price_choice=125)


def two_markets() -> tuple[Village, int, int]:
    """An outlet that takes more for the pool than it is owed, and sells again the week after; both batches."""
    caisse = opened()
    caisse.admit("ada")
    caisse.own_money("ada", PREPAID)
    caisse.give("dairy", 125, {"cheese": "32.00"})
    caisse.sell("dairy", "ada", {"cheese": "5.00"})
    first = caisse.settle("2026-05-02", "2026-05-04")
    caisse.at("2026-05-09 09:00:00").sell("dairy", "ada", {"cheese": "12.00"})
    return caisse, first, caisse.settle("2026-05-09", "2026-05-11")


def page() -> Page:
    cash, card = in_cash(), by_card()
    page = Page(21, "21-three-prices", "Dieulefit: three prices, one pool", """
        Everybody chooses a price, and nobody asks why: 65, 100 or 125 % of what stands on the shelf. The outlet is
        paid the whole shelf price each time. What some pay more goes into one pool for all outlets, and what others
        pay less comes out of it. With a card the file says it as three tariffs of the charte (the first one holds for
        who says nothing), without a card as reductions and prices of a solidarity rule: the same pool, the same three
        prices.
    """)  # fmt: skip
    page.heading("What happens without any card").says("""
        Two pay 125 % at two outlets, one pays 65 % at a third. The till says what to take in cash. Nobody is named.
    """)
    page.table(["", "at", "goods", "cash at the stall", "into the pool", "out of the pool"], [
        (who, outlet, int(done.request.amount_cents), cash_of(done), *_moved(done)) for who, outlet, done in cash.sold
    ])  # fmt: skip
    _in_the_pool(page, cash)
    page.heading("Who owes whom").says("""
        An outlet that took a higher price has money of the pool in its cash box and owes it; one that gave a
        reduction is owed it. Settlement nets both. Cash and what the caisse owes come to the shelf price everywhere;
        what an outlet owes stays on its account and is taken off a later payout, so nobody carries coins to the
        caisse. The vote bounds it (give_debt).
    """)
    page.table(["outlet", "goods", "cash at the stall", "the caisse owes it", "together"], [
        (outlet, goods, taken, net, taken + net) for outlet, (goods, taken, net) in cash.by_outlet().items()
    ])  # fmt: skip
    page.heading("The same with a card").says(f"""
        Three members put {PREPAID} on a card each. Each says her price, and the seller types it before the card is
        tapped (price 65). The till shows the shelf price as paid by the card, whatever price
        was chosen; the price chosen shows in what is left on the card.
    """)
    page.sales(*((f"{who}, {outlet}", done) for who, outlet, done in card.sold))
    page.table(["member", "prepaid money left"], [(member, card.caisse.purse(member, "own")) for member in MEMBERS])
    _in_the_pool(page, card)
    _as_far_as_it_goes(page)
    return _statements(page, cash, card)


def _moved(done: Done) -> tuple[int, int]:
    """Cents into the pool and out of it."""
    return (done.card_cents, 0) if done.request.op is Op.GIVE else (0, done.card_cents)


def _in_the_pool(page: Page, lived: Saturday) -> None:
    outlets = sum(taken + net for _, taken, net in lived.by_outlet().values())
    page.table(["together", "EUR"], [
        ("into the pool", lived.caisse.free("pool")), ("the three outlets have, cash and payout", outlets),
    ])  # fmt: skip


def _as_far_as_it_goes(page: Page) -> None:
    caisse, done = worked_sale_8()
    page.says("""
        A quarter more never stops goods from being sold: it is taken last, from own money only, as far as it goes.
        Somebody with 11.00 on her card buys for 10.00 at 125 %.
    """)
    page.table(["goods", "the card pays the outlet", "into the pool", "left on the card"], [
        (int(done.request.amount_cents), done.card_cents, caisse.free("pool"), caisse.purse("rose", "own"))
    ])  # fmt: skip


def _statements(page: Page, cash: Saturday, card: Saturday) -> Page:
    page.heading("What the statement shows").says("Without a card, of the outlet that gave the reduction.")
    page.statement(cash.caisse, "market-garden", cash.batch)
    page.says("With cards, of one whose customer paid 125 %: the shelf price, and nothing of the price chosen.")
    page.statement(card.caisse, "dairy", card.batch)
    caisse, _, second = two_markets()
    page.says("Of an outlet that took more for the pool than it was owed: its debt is taken off the next payout.")
    return page.statement(caisse, "dairy", second)
