"""Law: before a month's credit is given one sees who gets what and what the vote says when the fund is short."""

from typing import Final

from clearing.console.pages import LOOKERS, Answer, Visit, page
from clearing.console.rooms.standing import ends
from clearing.events.funds import AllocationRuleSet
from clearing.rules.answers import Declined
from clearing.rules.credit.credit_run import CreditRun, work_out
from clearing.rules.voted.standing import not_carried

COHORTS_SHOWN: Final = 24


@page("credits", "Credits", roles=LOOKERS, menu=32)
async def every(visit: Visit) -> Answer:
    book, words = visit.book, visit.words
    month = f"{book.caisse.calendar.day(visit.at_us):%Y-%m}"
    rules = [_rule(visit, rule, month) for rule in book.allocation.rules.values()]
    given = [
        {
            "rule": cohort.rule,
            "month": words.month(cohort.period.rstrip("+")),
            "fund": book.funds[cohort.fund].name,
            "each": words.euros(cohort.cents_each),
            "left": words.euros(cohort.left),
            "until": words.instant(cohort.expires_us),
        }
        for cohort in list(book.allocation.cohorts.values())[-COHORTS_SHOWN:]
    ]
    return Answer(
        "credits.html",
        {"rules": rules, "given": given[::-1], "ends": ends(visit), "month": words.month(month)},
    )


def _rule(visit: Visit, rule: AllocationRuleSet, month: str) -> dict[str, object]:
    book, words = visit.book, visit.words
    given, at_us = f"{rule.rule}/{month}" in book.allocation.cohorts, max(visit.at_us, book.at_us + 1)
    run: CreditRun | Declined | None = None
    if not given and not ends(visit):
        run = not_carried(rule, book.caisse, at_us) or work_out(
            book.allocation, book.members, book.funds, book.caisse.calendar, cotisations=book.cotisations, rule=rule.rule,
            period=month, at_us=at_us,
        )  # fmt: skip
    return {
        "id": rule.rule,
        "fund": book.funds[rule.fund].name,
        "fund_page": visit.path(f"funds/{rule.fund}"),
        "who": ", ".join(rule.who),
        "each": words.euros(rule.cents_each),
        "months": rule.months_valid,
        "decision": rule.decision,
        "vote": visit.path(f"votes/{rule.decision}"),
        "given": given,
        "run": _run(visit, run) if isinstance(run, CreditRun) else None,
        "why": words.refusal(run.why) if isinstance(run, Declined) else "",
        "give": visit.path(f"do/grant?rule={rule.rule}&period={month}&then=credits"),
    }


def _run(visit: Visit, run: CreditRun) -> dict[str, object]:
    words = visit.words
    short = ""
    if run.short_cents and run.fund != run.rule.fund:
        short = words.say("As voted, the fund {fund} carries the whole of it.", fund=visit.book.funds[run.fund].name)
    elif run.short_cents and not run.given_cents:
        short = words.say("As voted, nobody is credited until the money is there.")
    elif run.short_cents:
        short = words.say("As voted, everybody gets less alike: {total} in all.", total=words.euros(run.given_cents))
    return {
        "need": words.euros(run.need_cents),
        "cover": words.euros(run.cover_cents),
        "short": short,
        "nobody": bool(run.short_cents and not run.given_cents),
        "missing": words.euros(run.short_cents) if run.short_cents else "",
        "amounts": [(words.euros(one.cents), len(one.members)) for one in run.amounts],
    }
