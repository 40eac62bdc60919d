"""Variants of the month's credit of real caisses: flat, household, child, mean, top-up, in waves, after the cotisation."""

from typing import Any

from clearing.installation.amounts import read_euros
from tests.acceptance.schemes.page import Page
from tests.acceptance.schemes.village import Village, village

FLAT = ("flat-50", "flat-60", "flat-90", "flat-100", "flat-150")
HOUSEHOLDS = {
    "household-150-75": ("adult", "adult", "under-14"),
    "household-100-50": ("adult", "adult", "under-14"),
    "children-45": ("adult", "under-14", "under-14"),
}
POT = {"pools-a": "20.00", "pools-b": "50.00", "pools-c": "80.01"}
TOPPED = {
    "by-caf": ("affiliated-caf", "30.00"), "by-msa": ("affiliated-msa", "45.50"), "pays-more": ("affiliated-caf", "160.00")
}  # fmt: skip
WAVES = ("wave-1", "wave-2")
MONTHS = ("2026-05", "2026-06", "2026-07", "2026-08")


def caisse() -> Village:
    """2 May 2026, with members for every rule of the file, and money."""
    made = village("variants-credit", "2026-05-02 09:00:00")
    for fund, euros in (("general", "5000.00"), ("caf", "500.00"), ("msa", "500.00")):
        made.receive(fund, euros)
    for group in (*FLAT, *HOUSEHOLDS, *WAVES):
        made.admit(group, groups=(group,))
    made.admit(*POT, groups=("pooling",))
    for member, (group, _) in TOPPED.items():
        made.admit(member, groups=(group,))
    made.admit("pays-before", "pays-after", groups=("paying-first",))
    return made


def pays(made: Village, member: str, euros: str, rule: str = "cotisation", means: str = "transfer", **more: Any) -> None:
    """The month's cotisation of a member arrived."""
    period = f"{made.book.caisse.calendar.day(made.clock.us):%Y-%m}"
    body: dict[str, Any] = {
        "member": member, "rule": rule, "period": period, "cents": read_euros(euros), "means": means,
        "reference": f"{means} of {member} for {period}",
    }  # fmt: skip
    made.order("receive_cotisation", **{**body, **more})


def households(made: Village) -> None:
    """Who eats from each purse; the second child turns fourteen in June."""
    for member, persons in HOUSEHOLDS.items():
        made.order("join_household", eaters=[
            {"member": member, "eater": f"{member}-{number}", "credit_class": person}
            | ({"next_class": "adult", "next_period": "2026-06"} if (member, number) == ("children-45", 3) else {})
            for number, person in enumerate(persons, start=1)
        ])  # fmt: skip


def grants(made: Village, *rules: str, period: str = "2026-05") -> None:
    for rule in rules:
        made.order("grant", rule=rule, period=period)


def programme(made: Village) -> dict[str, list[str]]:
    """Wave -> what its grant says in each of the four months."""
    said: dict[str, list[str]] = {wave: [] for wave in WAVES}
    for period in MONTHS:
        made.at(f"{period}-03 09:00:00")
        for wave in WAVES:
            reply = made.command("grant", rule=wave, period=period)
            said[wave].append("100.00" if reply.why == "" else reply.why)
    return said


def page() -> Page:
    made = caisse()
    households(made)
    page = Page(0, "variants-credit", "Variants of the month's credit", """
        What a purse gets each month is a rule of the founding file, and a later vote sets another one with `clearing
        credit-rule`. These are the ways of counting that caisses of the field use, each played with members of its
        own.
    """)  # fmt: skip
    grants(made, *FLAT)
    page.heading("Flat").table(["rule", "in the purse"], [(rule, made.purse(rule)) for rule in FLAT])
    grants(made, *HOUSEHOLDS)
    may = {rule: made.purse(rule) for rule in HOUSEHOLDS}
    page.heading("By household, and by child").says("""
        A purse that nobody is named for is one adult. In the last household the second child turns fourteen in June:
        the desk entered the month, not a birth date, and from June's credit on she counts as an adult.
    """)  # fmt: skip
    page.table(["rule", "who eats from the purse", "May"], [
        (rule, ", ".join(persons), may[rule]) for rule, persons in HOUSEHOLDS.items()
    ])  # fmt: skip
    _paid(made, page)
    made.at("2026-06-01 09:00:00")
    before = made.purse("children-45")
    grants(made, "children-45", period="2026-06")
    page.heading("The June after the birthday").table(
        ["rule", "June"], [("children-45", made.purse("children-45") - before)]
    )
    page.heading("Waves of a programme").says("""
        Each wave has its own three months. A grant outside of them gives nothing and says so.
    """)  # fmt: skip
    waves = programme(made)
    return page.table(["month", *WAVES], [(period, *(waves[wave][at] for wave in WAVES)) for at, period in enumerate(MONTHS)])


def _paid(made: Village, page: Page) -> None:
    """What depends on what was paid in for the month."""
    for member, euros in POT.items():
        pays(made, member, euros)
    for member, (_, euros) in TOPPED.items():
        pays(made, member, euros)
    pays(made, "pays-before", "5.00")
    before = {fund: made.free(fund) for fund in ("caf", "msa")}
    grants(made, "mean", "top-up-caf", "top-up-msa", "after-cotisation")
    page.heading("The mean of what was paid in").says("""
        What these members paid in for May, divided by their number. The cent that can't be divided stays in the fund.
    """)  # fmt: skip
    page.table(["member", "paid in", "credited"], [(one, euros, made.purse(one)) for one, euros in POT.items()])
    page.heading("Up to a target, paid by the member's own fund").says("""
        The target less what the purse paid in; never less than nothing. Two rules with the same target: who is
        affiliated to the CAF is topped up by its fund, who is affiliated to the MSA by the other.
    """)  # fmt: skip
    page.table(["member", "group", "paid in", "credited"], [
        (one, group, euros, made.purse(one)) for one, (group, euros) in TOPPED.items()
    ])  # fmt: skip
    page.table(["fund", "gave"], [(fund, cents - made.free(fund)) for fund, cents in before.items()])
    page.heading("Only after the cotisation arrived").says("""
        One paid before the month was granted, the other had nothing until she paid, and then had it at once.
    """)  # fmt: skip
    waiting = made.purse("pays-after")
    pays(made, "pays-after", "5.00")
    page.table(["member", "after the grant", "after her payment"], [
        ("pays-before", made.purse("pays-before"), made.purse("pays-before")),
        ("pays-after", waiting, made.purse("pays-after")),
    ])  # fmt: skip
