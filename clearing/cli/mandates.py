"""Law: what a member signed for her bank is typed once; her account lies sealed apart and enters the log as a digest.

A list may be given again: what is in the book stays as it is, what can't be taken is told line by line before anything is sent.
"""

import argparse
from datetime import date
from pathlib import Path
from typing import Final

from clearing.cli.books import read_book
from clearing.cli.desk import Desk, Misused, day, today, whole
from clearing.cli.entry import Entry, Group
from clearing.cli.imports import STAND_IN
from clearing.cli.lists import Row, collect_list
from clearing.events.debits import MandateSigned
from clearing.installation.amounts import counted
from clearing.installation.mandate_entry import free_reference, read_row, sealed
from clearing.installation.slips import Slips
from clearing.people import Record
from clearing.rules.answers import Declined
from clearing.rules.book import Book
from clearing.rules.treasury import debits as mandates_folds, mandates
from clearing.rules.treasury.debits import MandateState
from clearing.rules.treasury.mandates import COUNTS_ON, HOW, KINDS, ends_on, obstacle
from clearing.values import InvalidValue, MemberId

NEEDS: Final = ("member", "mandate", "signed_on", "name", "iban")
MAY: Final = ("bic", "kind", "how", "used_on")
_ITEMS_A_COMMAND: Final = 2_000
_LEAD: Final = whole(1, 10)
_NOTICE: Final = whole(1, 60)


async def creditor(desk: Desk) -> None:
    given = desk.arguments
    done = await desk.order("name_creditor", {"creditor": given.creditor, "lead_days": given.lead_days})
    lead = counted(given.lead_days, "banking day")
    desk.say(f"The caisse collects as {done['creditor']}; its bank wants the file {lead} before.")


async def rule(desk: Desk) -> None:
    given = desk.arguments
    await desk.order("set_debit_rule", {
        "notice_days": given.notice_days, "counts_on": given.counts_on, "decision": given.decision
    })
    when = "when the bank has made it" if given.counts_on == "execution" else "when its eight weeks are over"
    desk.say(f"Members are told {counted(given.notice_days, 'day')} before a debit; it counts as received {when}.")


async def sign(desk: Desk) -> None:
    given, book = desk.arguments, await read_book(desk)
    mandate = given.mandate or free_reference(book, desk.code)
    row = Row({"member": given.member, "mandate": mandate, "signed_on": (given.signed_on or today()).isoformat(),
               "name": given.name, "iban": given.iban, "bic": given.bic or "", "kind": given.kind,
               "how": given.how})  # fmt: skip
    item, record = read_row(row)
    signed = await _keep_and_sign(desk, [(item, record)])
    desk.say(f"The mandate {mandate} of {given.member} is recorded ({counted(signed, 'mandate')}). It ends 36 months after its "
             "last use; write its reference on the signed paper.")  # fmt: skip


async def import_list(desk: Desk) -> int:
    slips, path = Slips(), desk.arguments.file
    rows = collect_list(path, slips, needs=NEEDS, may=MAY)
    book = await read_book(desk)
    fresh: list[tuple[dict[str, object], Record]] = []
    known, differs = 0, list[str]()
    async with desk.opened() as installation, installation.people_of(desk.code) as people:
        for row in rows:
            with slips.at(path, row.line):
                item, record = read_row(row)
                standing = book.debits.find(str(item["mandate"]))
                if standing is None:
                    _rehearse(book, item)
                    fresh.append((item, record))
                elif standing.signed.member != item["member"]:
                    slips.add(path, row.line, f"the mandate {item['mandate']} is {standing.signed.member}'s")
                else:
                    known += 1
                    kept = (await people.read([standing.details]))[standing.details]
                    if kept.fields != record.fields:
                        name = item["mandate"]
                        differs.append(f"  line {row.line}: {name} has another account: clearing mandate account {name}")
    slips.end()
    signed = await _keep_and_sign(desk, fresh)
    desk.say(f"{counted(signed, 'mandate')} recorded, {known} in the book before, {len(differs)} with another account.")
    for line in differs:
        desk.say(line)
    return 1 if differs else 0


def _rehearse(book: Book, item: dict[str, object]) -> None:
    """As the rules would take it, on this book with the lines before. Raises InvalidValue."""
    named = book.debits.creditor
    signed = MandateSigned(
        mandate=str(item["mandate"]), member=MemberId(str(item["member"])), kind=str(item["kind"]), how=str(item["how"]),
        signed_on=str(item["signed_on"]), used_on=str(item.get("used_on", "")),
        creditor=named.creditor if named is not None else "", details=STAND_IN, by=next(iter(book.caisse.persons)),
    )
    decided = mandates.decide_sign(book.debits, book.members, signed, today=today())
    if isinstance(decided, Declined):
        raise InvalidValue(decided.why)
    mandates_folds.evolve_signed(book.debits, signed)


async def _keep_and_sign(desk: Desk, fresh: list[tuple[dict[str, object], Record]]) -> int:
    """Seal the accounts, then give the commands; how many were signed. Raises InvalidBankDetails for the caisse's own."""
    if not fresh:
        return 0
    async with desk.opened() as installation:
        digests = await sealed(installation, desk.code, [record for _, record in fresh])
    items = [item | {"digest": digest} for (item, _), digest in zip(fresh, digests, strict=True)]
    for start in range(0, len(items), _ITEMS_A_COMMAND):
        await desk.order("sign_mandates", {"mandates": items[start : start + _ITEMS_A_COMMAND]})
    return len(items)


async def account(desk: Desk) -> None:
    from clearing.settlement.bank_details import last_4

    given, book = desk.arguments, await read_book(desk)
    known = book.debits.find(given.mandate)
    if known is None:
        raise Misused(f"There is no mandate {given.mandate}; clearing mandate list lists them")
    row = Row({"member": known.signed.member, "mandate": known.signed.mandate, "signed_on": known.signed.signed_on,
               "name": given.name, "iban": given.iban, "bic": given.bic or ""})  # fmt: skip
    _, record = read_row(row)
    async with desk.opened() as installation:
        (digest,) = await sealed(installation, desk.code, [record])
    await desk.order("change_mandate", {"mandate": known.signed.mandate, "digest": digest})
    desk.say(f"Under {known.signed.mandate} the account {last_4(given.iban)} is debited from now on; the bank is told with the "
             "next file. No new signature is needed.")  # fmt: skip


async def revoke(desk: Desk) -> None:
    given = desk.arguments
    on = (given.on or today()).isoformat()
    await desk.order("revoke_mandate", {"mandate": given.mandate, "on": on, "reason": given.reason})
    desk.say(f"Nothing is collected under {given.mandate} from {on} on.")


async def suspend(desk: Desk) -> None:
    await desk.order("suspend_mandate", {"mandate": desk.arguments.mandate, "reason": desk.arguments.reason})
    desk.say(f"Nothing is collected under {desk.arguments.mandate} until: clearing mandate resume {desk.arguments.mandate}")


async def resume(desk: Desk) -> None:
    await desk.order("resume_mandate", {"mandate": desk.arguments.mandate, "reason": desk.arguments.reason})
    desk.say(f"{desk.arguments.mandate} is collected under again.")


async def listed(desk: Desk) -> None:
    book = await read_book(desk)
    for line in table(book, today()):
        desk.say(line)


def table(book: Book, on: date) -> list[str]:
    """A line per mandate, by member."""
    lines = []
    for member in sorted(book.debits.of_member):
        for key in book.debits.of_member[member]:
            one = book.debits.mandates[key]
            why = obstacle(book.debits, one, on) or f"active until {ends_on(one)}"
            if one.state is MandateState.REVOKED:
                why = f"revoked from {one.revoked_on} on"
            lines.append(f"{member:24} {one.signed.mandate:35} {one.signed.kind:9} signed {one.signed.signed_on}  {why}")
    return lines or ["No mandate is signed yet: clearing mandate sign MEMBER --name NAME --iban IBAN"]


def _creditor_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("creditor", metavar="ICS", help="the creditor identifier, like FR72ZZZ123456")
    parser.add_argument("--lead-days", type=_LEAD, default=1, help="banking days before, when the bank wants the file (1)")


def _rule_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--notice-days", type=_NOTICE, default=14, help="members are told so long before (default: 14)")
    parser.add_argument("--counts-on", choices=COUNTS_ON, default="execution", help="when it counts as received")
    parser.add_argument("--decision", required=True)


def _bank_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--name", required=True, help="the account holder as the bank knows it")
    parser.add_argument("--iban", required=True)
    parser.add_argument("--bic")


def _sign_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("member")
    _bank_arguments(parser)
    parser.add_argument("--mandate", help="its reference (RUM); one of the caisse's own when left out")
    parser.add_argument("--signed-on", type=day, metavar="YYYY-MM-DD", help="day of the signature (default: today)")
    parser.add_argument("--how", choices=HOW, default="paper")
    parser.add_argument("--kind", choices=KINDS, default="recurrent")


def _import_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help=f"CSV with the columns {', '.join(NEEDS)}; and {', '.join(MAY)} where known")


def _account_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("mandate")
    _bank_arguments(parser)


def _revoke_arguments(parser: argparse.ArgumentParser) -> None:
    _reason_arguments(parser)
    parser.add_argument("--on", type=day, metavar="YYYY-MM-DD", help="first day without it (default: today)")


def _reason_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("mandate")
    parser.add_argument("--reason", required=True)


ENTRIES = (
    Entry(words=("mandate", "creditor"), group=Group.MONEY, does="record the caisse's creditor identifier (ICS)", run=creditor,
          arguments=_creditor_arguments, signed=True),
    Entry(words=("mandate", "rule"), group=Group.MONEY, does="set what was voted of debits", run=rule,
          arguments=_rule_arguments, signed=True),
    Entry(words=("mandate", "sign"), group=Group.MONEY, does="a member signed a mandate", run=sign, arguments=_sign_arguments,
          signed=True),
    Entry(words=("mandate", "import"), group=Group.MONEY, does="record the mandates of a CSV file", run=import_list,
          arguments=_import_arguments, signed=True),
    Entry(words=("mandate", "account"), group=Group.MONEY, does="a member has another account", run=account,
          arguments=_account_arguments, signed=True),
    Entry(words=("mandate", "revoke"), group=Group.MONEY, does="end a mandate", run=revoke, arguments=_revoke_arguments,
          signed=True),
    Entry(words=("mandate", "suspend"), group=Group.MONEY, does="collect nothing under a mandate for now", run=suspend,
          arguments=_reason_arguments, signed=True),
    Entry(words=("mandate", "resume"), group=Group.MONEY, does="collect under a suspended mandate again", run=resume,
          arguments=_reason_arguments, signed=True),
    Entry(words=("mandate", "list"), group=Group.MONEY, does="list the mandates and until when they hold", run=listed),
)  # fmt: skip
