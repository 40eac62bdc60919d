"""Variants of the cotisation of real caisses: a minimum, steps, a grid, by means; gifts apart; no income anywhere."""

from typing import Any

from clearing.installation.amounts import euros, read_euros
from clearing.rules.treasury.cotisations import standings
from clearing.values import MemberId
from tests.acceptance.schemes.page import Page
from tests.acceptance.schemes.variants_credit import pays
from tests.acceptance.schemes.village import Village, village

AGREED = (
    ("ada", "from-1", "1.00", "cash"), ("bea", "from-10", "10.00", "debit"), ("cem", "from-20", "27.43", "transfer"),
    ("dia", "from-30", "50.00", "cheque"), ("eva", "steps", "35.00", "debit"), ("flo", "grid", "25.00", "debit"),
    ("gus", "by-means", "41.25", "transfer"),
)  # fmt: skip
"""Member, rule, euros a month, by which means."""
REFUSED = (
    ("ada", "from-1", "0.50", "cash"), ("eva", "steps", "12.00", "debit"), ("flo", "grid", "30.00", "debit"),
    ("gus", "by-means", "41.25", "cash"),
)  # fmt: skip
BASIS: dict[str, Any] = {"text": "Association d'intérêt général", "articles": "200", "over_contribution": True}


def caisse() -> Village:
    made = village("variants-cotisation", "2026-05-02 09:00:00")
    made.admit(*(member for member, _, _, _ in AGREED))
    return made


def agreement(member: str, rule: str, amount: str, means: str) -> dict[str, Any]:
    return {
        "member": member, "rule": rule, "cents": read_euros(amount), "every_months": 1, "from_period": "2026-05", "means": means
    }  # fmt: skip


def agree(made: Village) -> None:
    for one in AGREED:
        made.order("agree_cotisation", **agreement(*one))


def month(made: Village) -> None:
    """Everybody pays what was agreed, but gus, who pays a part of it."""
    for member, rule, amount, means in AGREED:
        pays(made, member, "20.00" if member == "gus" else amount, rule, means)


def enter_basis(made: Village) -> None:
    made.order("propose_legal_basis", by="alix", **BASIS)
    made.order("enter_legal_basis", by="basile", **BASIS)


def arrears(made: Village) -> list[tuple[str, int, int, int]]:
    """Member, due, paid, still open, for May and June."""
    found = []
    for member, _, _, _ in AGREED:
        months = standings(made.book.cotisations, MemberId(member), until="2026-06")
        found.append((
            member, sum(one.due_cents for one in months), sum(one.paid_cents for one in months),
            sum(one.open_cents() for one in months),
        ))  # fmt: skip
    return found


def page() -> Page:
    made = caisse()
    page = Page(0, "variants-cotisation", "Variants of the cotisation", """
        What a member pays in is what she agreed to: a free amount from a minimum on, in steps, or a level of a grid
        that she chose herself. What she earns is nowhere: a share of one's income is worked out at home, and only the
        amount is entered.
    """)  # fmt: skip
    agree(made)
    page.heading("What was agreed").table(["member", "rule", "a month", "by"], AGREED)
    page.heading("What the rules refuse").table(["member", "wanted", "what the desk reads"], [
        (one[0], f"{one[2]} by {one[3]}", made.refused("agree_cotisation", **agreement(*one))) for one in REFUSED
    ])  # fmt: skip
    month(made)
    made.at("2026-06-02 09:00:00")
    enter_basis(made)
    pays(made, "dia", "50.00", "from-30", "cheque")
    page.heading("Who is behind at the beginning of June").says("""
        gus paid a part of May, and only dia has paid June. Behind means what is open, and nothing more: no card stops
        for it.
    """)  # fmt: skip
    page.table(["member", "due", "paid", "still open"], arrears(made))
    payments = made.book.cotisations.payments
    page.heading("Cash, cheques and gifts").says(f"""
        For ada's cash the desk gave the receipt number {payments["cash of ada for 2026-05"].receipt}. In the box for the bank
        lie {euros(made.book.takings.in_box["cash"])} in cash and {euros(made.book.takings.in_box["cheques"])} in cheques. Of
        dia's two payments, the part beyond the minimum is a gift only since two people entered the legal basis of the caisse:
    """)  # fmt: skip
    return page.table(["payment", "cotisation", "of it a gift, for a tax receipt"], [
        (f"dia, {period}", payments[f"cheque of dia for {period}"].cents, payments[f"cheque of dia for {period}"].gift_cents)
        for period in ("2026-05", "2026-06")
    ])  # fmt: skip
