"""Row 17, food-aid associations and CCAS: credit on a card out of the drawer, usable at once; its giver sees no purchase."""

from dataclasses import dataclass

from clearing.values import CardId
from tests.acceptance.schemes.page import Page
from tests.acceptance.schemes.village import Done, Village, card_of, village

GIVER = "sam"
SPARES = ("drawer-1", "drawer-2", "drawer-3", "drawer-4")
BASKET = {"vegetables": "12.40", "cheese": "9.00"}


@dataclass
class Morning:
    """before, after: the same spare card at the stall, before and after credit was given on it. passed_us: between the order
    and the sale, by the caisse's clock; the hand that sets it takes a millisecond for each message."""

    caisse: Village
    before: Done
    after: Done
    later: Done
    neighbour: Done
    passed_us: int
    told: dict[str, object]


def with_spares() -> Village:
    """Money for emergencies, and cards made ahead that are nobody's."""
    caisse = village("17-emergency-credit", "2026-05-02 08:00:00")
    caisse.receive("general", "500.00")
    caisse.receive("emergency", "200.00")
    caisse.stall("market-garden")
    caisse.admit("ada")
    caisse.order("grant", rule="monthly", period="2026-05")
    caisse.order("make_spare_cards", cards=[{"card": spare(alias), "key_version": 1, "alias": alias} for alias in SPARES])
    return caisse.at("2026-05-02 09:40:00")


def spare(alias: str) -> CardId:
    return card_of(alias)


def give(caisse: Village, alias: str, cents: int, purse: str) -> dict[str, object]:
    return caisse.order("give_emergency", by=GIVER, rule="emergency", cents=cents, alias=alias, member=purse)


def morning() -> Morning:
    caisse = with_spares()
    before = caisse.sell("market-garden", "drawer-1", BASKET)
    ordered_us = caisse.clock.us
    told = give(caisse, "drawer-1", 4_000, "e-1")
    after = caisse.sell("market-garden", "drawer-1", BASKET)
    passed_us = caisse.log.rows[after.position - 1].at_us - ordered_us
    caisse.at("2026-05-09 09:00:00")
    later = caisse.sell("market-garden", "drawer-1", {"vegetables": "25.00"})
    return Morning(caisse, before, after, later, caisse.sell("market-garden", "ada", BASKET), passed_us, told)


def page() -> Page:
    lived = morning()
    caisse, rule = lived.caisse, lived.caisse.book.emergency.rules["emergency"]
    page = Page(17, "17-emergency-credit", "Food-aid associations, CCAS: credit on a spare card, at once", """
        Somebody stands at the door of an association or a CCAS and has nothing to eat today. A card is taken out of
        the drawer, an amount is given on it with one command, and the next stall takes it. No file is opened, no name
        is written, no meeting is waited for: how much, from which fund and for how long was voted before
        (emergency_rules in the file). Who gives it has the role helper: it may do this one thing, and sees nothing of
        what is bought.
    """)  # fmt: skip
    page.heading("What happens").says("""
        The same card, in the same minute: before the credit was given, and after. A week later the rest is spent.
        Beside it a member with the monthly credit, for comparison: at the till one card is like the other.
    """)
    page.sales(
        ("2 May 09:40, a card from the drawer", lived.before), ("2 May 09:40, 40.00 were given on it", lived.after),
        ("9 May, the rest", lived.later), ("9 May, a member's card", lived.neighbour),
    )  # fmt: skip
    page.heading("What was voted, and holds").table(["", "EUR"], [
        ("at most on one card", int(rule.each_max_cents)), ("at most in one day, on all cards", int(rule.day_max_cents)),
    ])  # fmt: skip
    page.says(f"It can be spent for {rule.days_valid} days after the day on which it was given; what is left then goes back.")
    _fund(page, caisse)
    page.heading("What the helper is told").says("""
        One line: that it was done, and how many events it made. When it is refused, why, and nothing else.
    """)
    page.table(["the helper orders", "and reads"], [("40.00 on a card from the drawer", _plain(lived.told)), *refusals(caisse)])
    page.says("""
        Every other order is refused, and no answer to any of them speaks of a purchase: they are answers to orders,
        and there is none that asks what somebody bought. Sales, purses and the log are read in the caisse's own home,
        by the account that holds it. A helper has a home of her own with nothing but her key in it, and reaches the
        caisse through one socket that takes signed orders and shows nothing (docs/OPERATING.md). Who gives credit and
        then sells at a stall sees there what everybody at a till sees: two amounts.
    """)
    batch = caisse.settle("2026-05-09", "2026-05-11")
    return page.heading("What the statement shows").statement(caisse, "market-garden", batch)


def _plain(told: dict[str, object]) -> str:
    return ", ".join(f"{name}: {value}" for name, value in told.items())


def refusals(caisse: Village) -> list[tuple[str, str]]:
    """What a helper reads who asks for more than was voted, or for something else."""
    order = {"rule": "emergency", "cents": 4_000, "alias": "drawer-2", "member": "e-2"}
    return [
        ("80.00 on a card", caisse.refused("give_emergency", by=GIVER, **{**order, "cents": 8_000})),
        ("more on the same card", caisse.refused("give_emergency", by=GIVER, **{**order, "alias": "drawer-1"})),
        ("the month's credit", caisse.refused("grant_single", by=GIVER, rule="monthly", period="2026-05", member="ada")),
    ]  # fmt: skip


def _fund(page: Page, caisse: Village) -> None:
    """The fund before anything is given, after it, and when a purse that nobody emptied has lapsed."""
    fresh = with_spares()
    rows = [("received", fresh.free("emergency"))]
    give(fresh, "drawer-1", 4_000, "e-1")
    rows.append(("free, after it was given", fresh.free("emergency")))
    fresh.sell("market-garden", "drawer-1", BASKET)
    fresh.at("2026-06-02 00:00:00")
    rows.append(("free, when what was not spent has lapsed", fresh.free("emergency")))
    page.table(["the fund for emergencies", "EUR"], rows)
