"""Law: rules change by a recorded decision and a charte that names it, forward only."""

import argparse
from datetime import date
from pathlib import Path
from typing import Final

from clearing.cli.desk import Desk, day, hex_bytes, whole, zone_of
from clearing.cli.entry import Entry, Group
from clearing.cli.registers import events
from clearing.events.caisse import CharteAdopted, DecisionRecorded
from clearing.installation.founding_file import read_charte_file
from clearing.installation.opening import Installation
from clearing.people import Record
from clearing.values import CaisseCode

_BODIES: Final = ("general-meeting", "citizens-committee", "residents-group", "board")
_METHODS: Final = ("majority", "consent", "draw")
_VOTES: Final = whole(0, 10_000_000)


def checked_account(account: dict[str, str]) -> dict[str, str]:
    """Raises InvalidBankDetails."""
    from clearing.settlement.bank_details import bank_details

    checked = bank_details(name=account["name"], iban=account["iban"], bic=account.get("bic"))
    return {"name": checked.name, "iban": checked.iban} | ({"bic": checked.bic} if checked.bic else {})


async def keep_account(installation: Installation, code: CaisseCode, account: dict[str, str]) -> None:
    """The account that producers are paid from: the newest entry counts."""
    from clearing.installation.payment import ACCOUNT_OF_THE_CAISSE, BANK

    async with installation.people_of(code) as people:
        await people.keep([Record(subject=ACCOUNT_OF_THE_CAISSE, kind=BANK, fields=account)])


async def account(desk: Desk) -> None:
    given = {name: value for name in ("name", "iban", "bic") if (value := getattr(desk.arguments, name))}
    checked = checked_account(given)
    async with desk.opened() as installation:
        await keep_account(installation, desk.code, checked)
    desk.say("From now on producers are paid from this account; batches that were exported before can't be made again.")


def _account_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--name", required=True, help="as the bank knows it")
    parser.add_argument("--iban", required=True)
    parser.add_argument("--bic")


async def adopt(desk: Desk) -> None:
    async with desk.opened() as installation:
        zone = await zone_of(installation, desk.code)
        version, known = await _adopted(installation, desk.code)
    body, decisions = read_charte_file(desk.arguments.file, zone, version + 1)
    for decision in decisions:
        if decision.get("decision") in known:
            desk.say(f"Decision {decision['decision']} is recorded already and stays as it was taken.")
        else:
            await desk.order("record_decision", decision)
    await desk.order("adopt_charte", body)
    desk.say(f"Charte {version + 1} is adopted by decision {body.get('decision')}. Earlier sales keep their rules.")


async def _adopted(installation: Installation, code: CaisseCode) -> tuple[int, set[str]]:
    """The last charte's version, and the decisions that are recorded."""
    version, decisions = 0, set[str]()
    async with installation.reading(code) as log:
        async for _, event in events(log):
            if isinstance(event, CharteAdopted):
                version = event.charte.version
            elif isinstance(event, DecisionRecorded):
                decisions.add(event.decision)
    return version, decisions


async def record(desk: Desk) -> None:
    given = desk.arguments
    votes_for, against, abstained = given.votes
    taken_on: date = given.taken_on
    await desk.order("record_decision", {
        "decision": given.decision, "title": given.title, "body": given.body, "method": given.method,
        "taken_on": taken_on.isoformat(), "votes_for": votes_for, "votes_against": against, "abstained": abstained,
        "minutes_sha256": hex_bytes(given.minutes_sha256, 32, "a SHA-256") if given.minutes_sha256 else b"",
    })
    desk.say(f"Decision {given.decision} is recorded; rules may name it now.")


def _record_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("decision", help="its id, like ag-2026-03")
    parser.add_argument("--title", required=True)
    parser.add_argument("--body", default=_BODIES[0], choices=_BODIES, help=f"who took it (default {_BODIES[0]})")
    parser.add_argument("--method", default=_METHODS[0], choices=_METHODS, help=f"how (default {_METHODS[0]})")
    parser.add_argument("--taken-on", type=day, required=True, metavar="YYYY-MM-DD")
    parser.add_argument("--votes", nargs=3, type=_VOTES, default=(0, 0, 0), metavar=("FOR", "AGAINST", "ABSTAINED"))
    parser.add_argument("--minutes-sha256", default="", help="sha256sum of the minutes, if they are to be held to it")


def _one_file(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path)


ENTRIES = (
    Entry(words=("decision", "record"), group=Group.RULES, does="record a vote", run=record, arguments=_record_arguments,
          signed=True),
    Entry(words=("charte", "adopt"), group=Group.RULES, does="adopt rules from a file like examples/charte.toml", run=adopt,
          arguments=_one_file, signed=True),
    Entry(words=("account",), group=Group.SETTLEMENT, does="change the caisse's own bank account", run=account,
          arguments=_account_arguments),
)  # fmt: skip
