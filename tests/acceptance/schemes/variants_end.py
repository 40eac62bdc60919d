"""Variants of the end of credit of real caisses: expiry, rollover, where lapsed money goes, notice before."""

from clearing.events.crediting import CohortRolled, LapseAnnounced
from clearing.events.funds import CohortLapsed
from tests.acceptance.schemes.page import Page
from tests.acceptance.schemes.village import Village, village

RULES = ("month-end", "to-solidarity", "kept", "nine-months")
DAYS = ("2026-05-31", "2026-06-01", "2026-06-30", "2026-07-01", "2026-12-22", "2027-01-31", "2027-02-01")
"""Each looked at in its last or first minute of credit."""
WHAT = {LapseAnnounced: "announced", CohortRolled: "carried over", CohortLapsed: "lapsed"}


def may() -> Village:
    """One credit of 100.00 for a member of each rule, of which each spends 40.00 on 9 May."""
    made = village("variants-end", "2026-05-02 09:00:00")
    made.receive("general", "400.00")
    made.stall("farm")
    for rule in RULES:
        made.admit(rule, groups=(rule,))
        made.order("grant", rule=rule, period="2026-05")
    made.at("2026-05-09 09:00:00")
    for rule in RULES:
        made.sell("farm", rule, {"food": "40.00"})
    return made


def watch(made: Village) -> list[tuple[str, dict[str, int], int, int]]:
    """Day, what is left in each purse, general fund, solidarity fund."""
    seen = []
    for day in DAYS:
        made.at(f"{day} {'23:59:00' if day.endswith(('30', '31')) else '00:00:00'}")
        seen.append((day, {rule: made.purse(rule) for rule in RULES}, made.free("general"), made.free("solidarity")))
    return seen


def page() -> Page:
    made = may()
    page = Page(0, "variants-end", "Variants of the end of credit", """
        How long a credit can be spent, what a purse may keep, where the rest goes and who is told before is voted,
        and stands in the credit's rule. Each of four members got the same credit and spent the same part of it.
    """)  # fmt: skip
    batch = made.settle("2026-05-09", "2026-05-11")
    page.heading("What is left, day by day").table(
        ["day", *RULES, "general fund, free", "solidarity fund, free"],
        [(day, *(left[rule] for rule in RULES), general, other) for day, left, general, other in watch(made)],
    )  # fmt: skip
    page.heading("What was recorded").table(["credit", "what", "euros", "fund"], [
        (one.lot, WHAT[type(one)], int(one.cents), str(one.fund) if isinstance(one, CohortLapsed) else "")
        for one in made.log.events() if isinstance(one, (LapseAnnounced, CohortRolled, CohortLapsed))
    ])  # fmt: skip
    page.says("""
        `kept/2026-05+` is what was carried over: it is kept once and then lapses like any other. The notice names
        nobody; the desk reads with `clearing lapses` whom to tell, and how much each would lose.
    """)  # fmt: skip
    return page.heading("What the statement shows").statement(made, "farm", batch)
