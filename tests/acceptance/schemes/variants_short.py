"""Variants of late funding of real caisses: a notified grant, short by a third; wait, smaller, another fund, an advance."""

from clearing.cli.crediting import told
from clearing.events.funds import AllocationDeclined
from clearing.installation.amounts import read_euros
from clearing.rules.credit.credit_run import CreditRun, work_out
from tests.acceptance.schemes.page import Page
from tests.acceptance.schemes.village import Village, village

POLICIES = ("wait", "smaller", "other", "advance")


def late() -> Village:
    """For each policy: three members to be credited 100.00, 300.00 announced, and only 200.00 of them arrived."""
    made = village("variants-short", "2026-05-02 09:00:00")
    made.receive("reserve", "500.00")
    for policy in POLICIES:
        made.admit(*members(policy), groups=(policy,))
        made.order("notify_money", fund=f"late-{policy}", cents=read_euros("300.00"), reference="letter of the grant")
        made.receive(f"late-{policy}", "200.00", f"first part, {policy}")
    return made


def members(policy: str) -> list[str]:
    return [f"{policy}-{number}" for number in (1, 2, 3)]


def look(made: Village, policy: str, period: str = "2026-05") -> list[str]:
    """`clearing grant PERIOD --rule POLICY --look`."""
    book = made.book
    run = work_out(book.allocation, book.members, book.funds, book.caisse.calendar,
                   cotisations=book.cotisations, rule=policy, period=period,
                   at_us=made.clock.us)  # fmt: skip
    assert isinstance(run, CreditRun), run
    return told(run)


def run(made: Village, policy: str) -> list[int]:
    """What each of the three has after the run."""
    made.order("grant", rule=policy, period="2026-05")
    return [made.purse(one) for one in members(policy)]


def page() -> Page:
    made = late()
    page = Page(0, "variants-short", "Variants of late or missing money", """
        A grant was announced, and a third of the month's credit has not arrived. What is done then was voted before,
        stands in the credit's rule, and is the same for everybody. `clearing grant --look` says it before anything is
        done.
    """)  # fmt: skip
    page.heading("What the treasurer reads before the run").quotes(
        "\n".join(line for policy in POLICIES for line in look(made, policy))
    )
    before = {policy: (made.free(f"late-{policy}"), made.free("reserve")) for policy in POLICIES}
    rows = []
    for policy in POLICIES:
        reserve = made.free("reserve")
        each = run(made, policy)
        rows.append((policy, *each, before[policy][0], made.free(f"late-{policy}"), reserve - made.free("reserve")))
    page.heading("What each member has").table(
        ["vote", "first", "second", "third", "fund, free before", "fund, free after", "the reserve gave"], rows
    )
    [declined] = made.events(AllocationDeclined)
    page.says(f"""
        Who waits is not forgotten: the run that could not be carried is recorded with what it needed and what was there
        ({declined.need_cents // 100} and {declined.cover_cents // 100} euros). The rest arrives, and it is given as voted.
    """)  # fmt: skip
    made.at("2026-05-20 09:00:00").receive("late-wait", "100.00", "last part")
    return page.table(["vote", "first", "second", "third"], [("wait, on 20 May", *run(made, "wait"))])
