"""Law: a run is shown before it is given: need, cover, what is missing, and what the vote says is done then."""

import argparse
from datetime import datetime, timedelta

from clearing.cli.books import read_book
from clearing.cli.desk import Desk, Misused, now_ms, whole
from clearing.cli.entry import Entry, Group
from clearing.events.codes import Code
from clearing.installation.amounts import counted, euros, read_euros
from clearing.installation.office import NotAllowed
from clearing.rules.answers import Declined
from clearing.rules.book import Book
from clearing.rules.credit.allocation import NOTICE_DAYS_MAX, Cohort
from clearing.rules.credit.amounts import FORMS, SHORT
from clearing.rules.credit.credit_run import CreditRun, work_out
from clearing.rules.credit.lapsing import holders


async def grant(desk: Desk) -> None:
    rule, month = desk.arguments.rule, desk.arguments.month
    run = worked_out(await read_book(desk), rule, month)
    if isinstance(run, CreditRun):
        for sentence in told(run):
            desk.say(sentence)
    elif desk.arguments.look:
        raise Misused(run.why)
    if desk.arguments.look:
        return
    done = await desk.order("grant", {"rule": rule, "period": month})
    if done.get("event") == "AllocationDeclined":
        need, cover = int(str(done["need_cents"])), int(str(done["cover_cents"]))
        raise NotAllowed(Code.INSUFFICIENT_CREDIT, (
            f"Nobody was credited for {month}: {euros(need)} EUR are needed, {euros(cover)} are there, {euros(need - cover)} "
            f"are missing. Receive money first (clearing money receive {done['fund']} EUROS --reference LINE), or vote less."
        ))
    heads, total = int(str(done["head_count"])), int(str(done["total_cents"]))
    alike = isinstance(run, CreditRun) and run.terms.alike and heads
    each = f"{euros(total // heads)} EUR each" if alike else "what the vote gives each of them"
    desk.say(f"{counted(heads, 'member')} {'has' if heads == 1 else 'have'} {each} for {month}, {euros(total)} EUR in all.")


def worked_out(book: Book, rule: str, month: str) -> CreditRun | Declined:
    """What a grant would do now, or why it can't be given: the writer decides that again."""
    return work_out(
        book.allocation, book.members, book.funds, book.caisse.calendar, cotisations=book.cotisations, rule=rule, period=month,
        at_us=max(now_ms() * 1_000, book.at_us + 1),
    )  # fmt: skip


def told(run: CreditRun) -> list[str]:
    """Need, cover, shortfall, and what would be done."""
    needed = f"{run.rule.rule} for {run.period}: {euros(run.need_cents)} EUR are needed"
    said = [f"{needed}, the fund {run.rule.fund} can carry {euros(run.cover_cents)} EUR."]
    said += [f"  {euros(one.cents):>10} EUR for {counted(len(one.members), 'purse')}" for one in run.amounts]
    if not run.short_cents:
        return said
    missing = f"{euros(run.short_cents)} EUR are missing"
    if run.fund != run.rule.fund:
        return [*said, f"{missing}; as voted the fund {run.fund} carries the whole run."]
    if not run.given_cents:
        return [*said, f"{missing}; as voted nobody is credited until the money is there."]
    alike = f", {euros(run.terms.first_cents)} EUR each" if run.terms.alike else ""
    return [*said, f"{missing}; as voted everybody gets less alike{alike}: {euros(run.given_cents)} EUR in all."]


async def grant_one(desk: Desk) -> None:
    given = desk.arguments
    done = await desk.order("grant_single", {"rule": given.rule, "period": given.month, "member": given.member})
    desk.say(f"{given.member} has the {euros(int(str(done['cents'])))} EUR of {given.month} too.")


async def set_rule(desk: Desk) -> None:
    given = desk.arguments
    classes = [_class(one) for one in given.each]
    await desk.order("set_allocation_rule", {
        "rule": given.rule, "purse": given.purse, "fund": given.fund, "cents_each": read_euros(given.euros),
        "months_valid": given.months, "who": given.group, "decision": given.decision, "form": given.form,
        "further_cents": read_euros(given.further, what="--further"), "classes": classes,
        "after_cotisation": given.after_cotisation, "first_period": given.first or None, "last_period": given.last or None,
        "short": given.short, "short_fund": given.short_fund, "lapse_to": given.lapse_to, "notice_days": given.notice,
        "rollover_max_cents": read_euros(given.rollover, what="--rollover"),
    })
    desk.say(f"From the next grant on, rule {given.rule} gives {_amount(given)}. See what it would do: "
             f"clearing grant MONTH --rule {given.rule} --look")  # fmt: skip


def _amount(given: argparse.Namespace) -> str:
    if given.form == "mean":
        return "each person the mean of what was paid in for the month"
    further = "" if given.further == "0.00" else f" and {given.further} EUR for each further person"
    less = ", less what the purse paid in for the month" if given.form == "top-up" else ""
    return f"{given.euros} EUR a month{further}{less}"


def _class(text: str) -> dict[str, object]:
    name, equals, amount = text.partition("=")
    if not equals:
        raise Misused(f"--each is written CLASS=EUROS, like child=45.00, not {text}")
    return {"credit_class": name, "cents": read_euros(amount, what=f"--each {name}")}


async def lapses(desk: Desk) -> None:
    book = await read_book(desk)
    now_us = now_ms() * 1_000
    until_us = now_us + timedelta(days=desk.arguments.days) // timedelta(microseconds=1)
    soon = [
        (cohort.expires_us, lot) for lot, cohort in book.allocation.cohorts.items()
        if not cohort.lapsed and now_us < cohort.expires_us <= until_us
    ]
    zone = book.caisse.calendar.zone
    for expires_us, lot in sorted(soon):
        cohort = book.allocation.cohorts[lot]
        found = sorted((member.member, cents) for member, cents in holders(book.allocation, book.members, lot))
        ends = datetime.fromtimestamp(expires_us // 1_000_000, zone)
        kept = f", up to {euros(cohort.rollover_max_cents)} EUR each are carried over once" if _rolls(cohort) else ""
        desk.say(f"{lot} can be spent until {ends - timedelta(days=1):%Y-%m-%d}; then it goes to the fund "
                 f"{cohort.lapse_to or cohort.fund}{kept}.")  # fmt: skip
        for member, cents in found:
            desk.say(f"  {member:24} {euros(cents):>10} EUR")
        desk.say(f"  {counted(len(found), 'purse')}, {euros(sum(cents for _, cents in found))} EUR")
    if not soon:
        desk.say(f"Nothing lapses within {counted(desk.arguments.days, 'day')}.")


def _rolls(cohort: Cohort) -> bool:
    return bool(cohort.rollover_max_cents) and not cohort.rolled


def _grant_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("month", help="like 2026-03")
    parser.add_argument("--rule", default="monthly", help="the allocation rule (default: monthly)")
    parser.add_argument("--look", action="store_true", help="only show need, cover and what the vote says; nothing is done")


def _grant_one_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("member")
    parser.add_argument("month", help="like 2026-03")
    parser.add_argument("--rule", default="monthly", help="the allocation rule (default: monthly)")


def _rule_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("rule")
    parser.add_argument("euros", help="a purse's amount a month, of a household for its first person, like 150.00")
    parser.add_argument("--fund", required=True)
    parser.add_argument("--decision", required=True)
    parser.add_argument("--purse", default="credit")
    parser.add_argument("--months", type=whole(1, 24), default=2, help="civil months it can be spent, its own included")
    parser.add_argument("--group", action="append", default=[], help="only members of this group; repeatable")
    parser.add_argument("--form", choices=FORMS, default=FORMS[0], help="mean: of what was paid; top-up: less what was paid")
    parser.add_argument("--further", default="0.00", metavar="EUROS", help="for each further person of a purse")
    parser.add_argument("--each", action="append", default=[], metavar="CLASS=EUROS", help="instead, for persons of a class")
    parser.add_argument("--after-cotisation", action="store_true", help="only once the month's cotisation has arrived")
    parser.add_argument("--first", default="", metavar="MONTH", help="first month of a programme")
    parser.add_argument("--last", default="", metavar="MONTH", help="its last month")
    parser.add_argument("--short", choices=SHORT, default=SHORT[0], help="what is done when the fund can't carry a run")
    parser.add_argument("--short-fund", metavar="FUND", help="with --short fund: who carries the whole run then")
    parser.add_argument("--lapse-to", metavar="FUND", help="where lapsed credit goes (default: back to its own fund)")
    parser.add_argument("--rollover", default="0.00", metavar="EUROS", help="what a purse may keep once when a lot ends")
    parser.add_argument("--notice", type=whole(0, NOTICE_DAYS_MAX), default=0, metavar="DAYS", help="announce a lapse before")


def _lapses_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--days", type=whole(1, 400), default=40, help="how far to look ahead (default 40)")


ENTRIES = (
    Entry(words=("grant",), group=Group.MONEY, does="credit the month to all members, once", run=grant,
          arguments=_grant_arguments, signed=True),
    Entry(words=("grant-one",), group=Group.MONEY, does="the month's credit for one who came later", run=grant_one,
          arguments=_grant_one_arguments, signed=True),
    Entry(words=("credit-rule",), group=Group.MONEY, does="set the voted monthly credit", run=set_rule,
          arguments=_rule_arguments, signed=True),
    Entry(words=("lapses",), group=Group.MONEY, does="whom to tell that credit ends soon, and how much", run=lapses,
          arguments=_lapses_arguments),
)  # fmt: skip
