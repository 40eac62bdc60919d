"""Law: what becomes of a transfer, and who is not paid for now, is said in one sentence each, with what happens next."""

import argparse
from typing import Final

from clearing.cli.books import read_book
from clearing.cli.desk import Desk, Misused, day, now_ms, today, whole
from clearing.cli.entry import Entry, Group
from clearing.installation.amounts import euros as shown, read_euros
from clearing.rules.stalls.holding import CHECKS, REPORTS
from clearing.rules.stalls.payouts import Answer
from clearing.rules.stalls.settlement import WEEKDAYS

_BATCH: Final = whole(1, 1_000_000)
_PAYEE: Final = "payee-name"


async def answer(desk: Desk) -> None:
    given = desk.arguments
    row = {
        "producer": given.producer, "state": given.state, "code": given.code, "text": given.text,
        "on": (given.on or today()).isoformat(), "reference": given.reference,
    }  # fmt: skip
    done = await desk.order("answer_payouts", {"batch": given.batch, "rows": [row]})
    became = str(done["became"])
    if became == "question":
        desk.say(f"Recorded, and nothing is called paid: ask the bank about this transfer, then: clearing payout asked "
                 f"{given.batch} {given.producer} --found TEXT")  # fmt: skip
    elif became in ("rejected", "returned"):
        desk.say(f"{became.capitalize()}: it is owed again, the next batch pays it; or at once: clearing payout reissue "
                 f"{given.batch} {given.producer}")  # fmt: skip
    else:
        desk.say(f"The transfer of batch {given.batch} to {given.producer} is {became}.")


async def asked(desk: Desk) -> None:
    given = desk.arguments
    await desk.order("close_payout_question", {"batch": given.batch, "producer": given.producer, "found": given.found})
    desk.say("Recorded. The transfer stands as the books have it; if money moved otherwise, two people adjust it: "
             "clearing adjust propose")  # fmt: skip


async def reissue(desk: Desk) -> None:
    given = desk.arguments
    payouts = [{"batch": given.batch, "producer": producer} for producer in given.producer]
    done = await desk.order("reissue_payout", {"payouts": payouts})
    desk.say(f"Batch {done['batch']} pays anew what batch {given.batch} did not: {shown(int(str(done['total_cents'])))} EUR. "
             f"Another person than you: clearing approve {done['batch']}")  # fmt: skip


async def withdraw(desk: Desk) -> None:
    given = desk.arguments
    await desk.order("withdraw_payouts", {"batch": given.batch, "producers": given.producer, "reason": given.reason})
    whose = ", ".join(given.producer) if given.producer else "all of them"
    desk.say(f"Taken out of batch {given.batch}: {whose}. It is owed again; the next batch says which one it comes from.")


async def hold(desk: Desk) -> None:
    given = desk.arguments
    await desk.order("hold_payout", {"producer": given.producer, "reason": given.reason})
    desk.say(f"Nothing is paid to {given.producer} from now on; what is owed stays owed. Two people release it: "
             f"clearing payout release {given.producer} --reason TEXT")  # fmt: skip


async def release(desk: Desk) -> None:
    given = desk.arguments
    await desk.order("propose_payout_release", {"producer": given.producer, "reason": given.reason})
    desk.say(f"Proposed. Another person than you: clearing payout release-confirm {given.producer}")


async def release_confirm(desk: Desk) -> None:
    await desk.order("release_payout", {"producer": desk.arguments.producer})
    desk.say(f"The next batch pays {desk.arguments.producer}.")


async def rules(desk: Desk) -> None:
    given = desk.arguments
    await desk.order("set_payout_rules", {
        "decision": given.decision, "minimum_cents": read_euros(given.minimum), "minimum_days": given.minimum_days,
        "negative_cap_cents": read_euros(given.debt_cap), "payout_days": given.days,
        "two_above_cents": read_euros(given.two_above),
    })  # fmt: skip
    desk.say("Set; batches from now on follow it. As people read it: clearing rules")


async def report(desk: Desk) -> None:
    given = desk.arguments
    await desk.order("report_account", {"producer": given.producer, "what": given.what})
    desk.say(f"Nothing is paid to that account of {given.producer} any more. Enter a new one: clearing producer bank "
             f"{given.producer} --name NAME --iban IBAN")  # fmt: skip


async def payee_check(desk: Desk) -> None:
    from clearing.people import Record

    given = desk.arguments
    producer = (await read_book(desk)).producers.producers.get(given.producer)
    details = producer.details_at(now_ms() * 1_000) if producer is not None else b""
    if producer is not None and producer.proposed is not None:
        details = producer.proposed.details
    if not details:
        raise Misused(f"{given.producer} has no account to check; enter it first: clearing producer bank {given.producer}")
    name = b""
    if given.name:
        async with desk.opened() as installation, installation.people_of(desk.code) as people:
            record = Record(subject=f"producer:{given.producer}", kind=_PAYEE, fields={"name": given.name})
            (name,) = await people.keep([record])
    await desk.order("record_payee_check", {
        "producer": given.producer, "details": details, "state": given.state, "name": name,
        "on": (given.on or today()).isoformat(),
    })  # fmt: skip
    desk.say(f"Recorded: {given.state}. It is shown beside {given.producer} in every batch to approve.")


def _transfer(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("batch", type=_BATCH)
    parser.add_argument("producer")


def _answer_arguments(parser: argparse.ArgumentParser) -> None:
    _transfer(parser)
    parser.add_argument("state", choices=list(Answer), help="what the bank said; unknown: a word that is none of the others")
    parser.add_argument("--code", default="", help="the bank's reason code, like AC04")
    parser.add_argument("--text", default="", help="the bank's words")
    parser.add_argument("--on", type=day, metavar="YYYY-MM-DD", help="the bank's day (default: today)")
    parser.add_argument("--reference", default="", help="the bank line")


def _asked_arguments(parser: argparse.ArgumentParser) -> None:
    _transfer(parser)
    parser.add_argument("--found", required=True, help="what the bank said")


def _reissue_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("batch", type=_BATCH, help="whose transfers failed")
    parser.add_argument("producer", nargs="+")


def _withdraw_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("batch", type=_BATCH)
    parser.add_argument("producer", nargs="*", help="whose transfers (default: all of the batch)")
    parser.add_argument("--reason", required=True)


def _reason_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("producer")
    parser.add_argument("--reason", required=True)


def _producer_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("producer")


def _rules_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--decision", required=True, help="the recorded vote")
    parser.add_argument("--days", nargs="*", default=[], choices=WEEKDAYS, help="payout days (default: any)")
    parser.add_argument("--minimum", default="0.00", metavar="EUROS", help="less than that waits for more")
    parser.add_argument("--minimum-days", type=whole(0, 92), default=0, help="but never for longer than so many days")
    parser.add_argument("--debt-cap", default="0.00", metavar="EUROS", help="above it somebody talks with a producer who owes")
    parser.add_argument("--two-above", default="0.00", metavar="EUROS", help="a batch above it needs two approvers")


def _report_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("producer")
    parser.add_argument("what", choices=REPORTS)


def _check_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("producer")
    parser.add_argument("state", choices=CHECKS, help="RCVC match, RVMC close, RVNM no match, RVNA not applicable")
    parser.add_argument("--name", default="", help="the name as the bank knows it; it is kept sealed, out of the log")
    parser.add_argument("--on", type=day, metavar="YYYY-MM-DD", help="the day of the check (default: today)")


ENTRIES = (
    Entry(words=("withdraw",), group=Group.SETTLEMENT, does="take transfers out of a batch that is not exported", run=withdraw,
          arguments=_withdraw_arguments, signed=True),
    Entry(words=("payout", "answer"), group=Group.SETTLEMENT, does="what the bank said of a transfer", run=answer,
          arguments=_answer_arguments, signed=True),
    Entry(words=("payout", "asked"), group=Group.SETTLEMENT, does="the bank was asked about a transfer, and answered",
          run=asked, arguments=_asked_arguments, signed=True),
    Entry(words=("payout", "reissue"), group=Group.SETTLEMENT, does="pay failed transfers anew, in a batch of their own",
          run=reissue, arguments=_reissue_arguments, signed=True),
    Entry(words=("payout", "hold"), group=Group.SETTLEMENT, does="pay a producer nothing for now", run=hold,
          arguments=_reason_arguments, signed=True),
    Entry(words=("payout", "release"), group=Group.SETTLEMENT, does="propose to pay a held producer again", run=release,
          arguments=_reason_arguments, signed=True),
    Entry(words=("payout", "release-confirm"), group=Group.SETTLEMENT, does="agree to it, as another person",
          run=release_confirm, arguments=_producer_argument, signed=True),
    Entry(words=("payout", "rules"), group=Group.RULES, does="set how producers are paid, as voted", run=rules,
          arguments=_rules_arguments, signed=True),
    Entry(words=("producer", "account-report"), group=Group.PRODUCERS, does="an account was closed, or stolen: never pay to it",
          run=report, arguments=_report_arguments, signed=True),
    Entry(words=("producer", "payee-check"), group=Group.PRODUCERS, does="what the bank said of an account's name",
          run=payee_check, arguments=_check_arguments, signed=True),
)  # fmt: skip
