"""Law: before the vote an assembly sees what a proposal would have done to a month that is over; trying it records nothing."""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from clearing.cli.books import voted
from clearing.cli.desk import Desk, Misused, whole
from clearing.cli.entry import Entry, Group
from clearing.event_store.reader import Reader
from clearing.events.codec import decode
from clearing.events.codes import Code
from clearing.events.funds import FundOpened
from clearing.installation.amounts import counted, euros, read_euros
from clearing.installation.founding_file import read_charte_file
from clearing.installation.proposing import checked_proposal
from clearing.rules.calendar import local_text
from clearing.values import FundId, InvalidValue, identifier

if TYPE_CHECKING:  # the audit's rooms take longer to load than most commands take to run
    from clearing.audit.trial_report import FundRow, Pair, TrialReport

_SHOWN_MAX: Final = 20
_MONTHS_MAX: Final = 24


async def try_charte(desk: Desk) -> int:
    from clearing.audit.trial import Trial, TrialImpossible, tried

    given = desk.arguments
    suppose = dict(_supposed(text) for text in given.suppose)
    async with desk.opened() as installation, installation.reading(desk.code) as log:
        known, funds = await voted(log), await _funds(log)
        calendar = known.caisse.calendar
        body, votes = read_charte_file(given.file, calendar.zone, 1)
        try:
            proposal = checked_proposal(body, votes, known, funds | suppose.keys())
        except InvalidValue as fault:
            raise Misused(f"{given.file} can't be carried out: {fault}") from None
        from_us = calendar.period_end_us(given.month, 1 - given.months)
        until_us = calendar.period_end_us(given.month, 1)
        trial = Trial(proposal, from_us=from_us, until_us=until_us, months=given.months, suppose=suppose)
        ends_us = (await log.stored_head()).at_us
        try:
            report = await tried(log, trial)
        except TrialImpossible as fault:
            raise Misused(str(fault)) from None
    if ends_us < until_us:
        desk.say(f"{given.month} is not over in the log: played up to {local_text(calendar.zone.key, ends_us)}.")
    for line in told(report, given.month, calendar.zone.key):
        desk.say(line)
    return 0


def _supposed(text: str) -> tuple[FundId, int]:
    fund, _, amount = text.partition("=")
    try:
        return FundId(identifier(fund, what="the fund of --suppose")), read_euros(amount, what=f"--suppose {fund}")
    except InvalidValue as fault:
        raise Misused(f"{fault}; write it like --suppose solidarity=500.00") from None


async def _funds(log: Reader) -> set[FundId]:
    found = [decode(row.type, row.schema_version, row.public, row.private) for row in await log.filed_under("fund/")]
    return {event.fund for event in found if isinstance(event, FundOpened)}


def told(report: "TrialReport", month: str, zone: str) -> Iterator[str]:
    first = f"{counted(report.months, 'month')} up to {month}" if report.months > 1 else month
    yield f"{first}: {counted(report.operations, 'operation')} decided anew under the proposal. Nothing was recorded."
    yield f"{counted(report.changed_count, 'basket')} of {report.baskets} would have been paid otherwise."
    yield from _changed(report, zone)
    yield _heading("Who would have paid")
    for payer, pair in report.payers.items():
        yield _row(payer, pair)
    yield _row("other tender of members", report.other_tender)
    yield _heading("By group of members, the card")
    for group in report.groups:
        yield _row(f"{group.name} ({group.members})", group.card)
        yield _row("  their other tender", group.other_tender)
    yield "  Groups of fewer than 5 members who bought are counted with others, or not shown."
    yield _heading("Cost to each fund, its credit included")
    for fund in report.funds:
        yield _row(fund.fund, fund.spent)
        yield from _runway(fund, report.months)
    yield "  Credit that is not spent comes back to its fund when it lapses: what was granted stays as it was."


def _heading(title: str) -> str:
    return f"{title:36} {'now':>14} {'proposed':>14} {'difference':>14}"


def _row(name: str, pair: "Pair") -> str:
    less = pair.difference()
    return f"  {name:34} {euros(pair.now):>14} {euros(pair.proposed):>14} {('+' if less > 0 else '') + euros(less):>14}"


def _changed(report: "TrialReport", zone: str) -> Iterator[str]:
    for one in report.changed[:_SHOWN_MAX]:
        why = ""
        if one.code_now != one.code_proposed:
            why = f"  ({_outcome(one.code_now)}; proposed: {_outcome(one.code_proposed)})"
        yield (f"  {one.position:>8}  {local_text(zone, one.at_us)[:16]}  {euros(one.amount_cents):>10}  card "
               f"{euros(one.now_cents):>10} -> {euros(one.proposed_cents):>10}{why}")  # fmt: skip
    if report.changed_count > _SHOWN_MAX:
        yield f"  and {counted(report.changed_count - _SHOWN_MAX, 'basket')} more; one of them today: clearing why NUMBER"


def _outcome(code: str) -> str:
    return Code(code).name.lower().replace("_", " ")


def _runway(fund: "FundRow", months: int) -> Iterator[str]:
    now, proposed = (_lasts(tenths) for tenths in fund.runway_tenths(months))
    yield (f"    {euros(fund.free.now)} EUR were free at the end, which last {now}; proposed: {euros(fund.free.proposed)} EUR, "
           f"which last {proposed}")  # fmt: skip
    if fund.lacked_cents:
        yield f"    Under the proposal it would have lacked {euros(fund.lacked_cents)} EUR for what was granted in that time."


def _lasts(tenths: int | None) -> str:
    return "as long as nothing is spent" if tenths is None else f"{tenths // 10}.{tenths % 10} months"


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="a charte like examples/charte.toml; its vote need not be taken yet")
    parser.add_argument("--month", required=True, metavar="YYYY-MM", help="the month to play again")
    parser.add_argument("--months", type=whole(1, _MONTHS_MAX), default=1, help="that many months, up to --month (default 1)")
    parser.add_argument("--suppose", action="append", default=[], metavar="FUND=EUROS",
                        help="as if this fund had so much more at the start; repeatable")  # fmt: skip


ENTRIES = (
    Entry(words=("charte", "try"), group=Group.RULES, does="what a proposal would have done to a month that is over",
          run=try_charte, arguments=_arguments),
)  # fmt: skip
