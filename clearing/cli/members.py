"""Law: in the log a member is a pseudonym; a name, if one is kept, is sealed apart; a card's keys go into its file only."""

import argparse
from pathlib import Path

from clearing.cli.desk import Desk
from clearing.cli.entry import Entry, Group
from clearing.cli.lists import read_list
from clearing.installation.amounts import counted
from clearing.installation.cards import personalise, write_card
from clearing.people import Record
from clearing.values import MemberId
from clearing.vault import Vault

CODES = {"lost": "41", "stolen": "43", "blocked": "62"}


async def add(desk: Desk) -> None:
    given = desk.arguments
    await _admit(desk, [{"member": given.member, "groups": " ".join(given.group), "name": given.name or ""}])
    desk.say(f"{given.member} is a member. Next: clearing card issue {given.member}")


async def import_list(desk: Desk) -> None:
    rows = read_list(desk.arguments.file, needs=("member",), may=("groups", "name"))
    await _admit(desk, rows)
    desk.say(f"{counted(len(rows), 'member')} admitted. Next: clearing card issue MEMBER ...")


async def _admit(desk: Desk, rows: list[dict[str, str]]) -> None:
    members: list[object] = [{"member": row["member"], "groups": row.get("groups", "").split()} for row in rows]
    await desk.order("admit_members", {"members": members})
    named = [
        Record(subject=f"member:{row['member']}", kind="name", fields={"name": row["name"]}) for row in rows if row.get("name")
    ]
    if named:
        async with desk.opened() as installation, installation.people_of(desk.code) as people:
            await people.keep(named)


async def groups(desk: Desk) -> None:
    await desk.order("change_groups", {"member": desk.arguments.member, "groups": desk.arguments.group})
    desk.say(f"{desk.arguments.member} is in: {', '.join(desk.arguments.group) or 'no group'}. Credit already granted stays.")


async def forget(desk: Desk) -> None:
    async with desk.opened() as installation, installation.people_of(desk.code) as people:
        gone = await people.shred(f"member:{desk.arguments.member}")
    desk.say("Everything kept of this person is erased; the log knew a pseudonym only." if gone else "Nothing was kept.")


async def issue(desk: Desk) -> None:
    code, vault = desk.code, Vault.open(desk.home.vault(desk.code))
    alias = desk.arguments.alias if len(desk.arguments.member) == 1 else None
    cards = [personalise(vault, code, member=MemberId(member), alias=alias) for member in desk.arguments.member]
    await desk.order("issue_cards", {"cards": [card.item() for card in cards]})
    for card in cards:
        path = desk.home.card(code, card.alias)
        write_card(path, card)
        desk.say(f"{card.member} has the card {card.alias}: {path}")
    desk.say("To try one: clearing till STALL --card ALIAS")


async def block(desk: Desk) -> None:
    await desk.order("block_card", {"alias": desk.arguments.alias, "code": CODES[desk.arguments.why]})
    desk.say(f"{desk.arguments.alias} pays nothing from now on. What was spent after the report is the guarantee fund's.")


async def unblock(desk: Desk) -> None:
    await desk.order("unblock_card", {"alias": desk.arguments.alias})
    desk.say(f"{desk.arguments.alias} pays again.")


def _member_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("member", help="a pseudonym: a-z 0-9 . _ -   It stands in the log for ever, so never a name.")
    parser.add_argument("--group", action="append", default=[], help="a group the charte or the credit asks for; repeatable")
    parser.add_argument("--name", help="kept sealed, apart from the log; leave it out if you need not know it")


def _import_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="CSV with the columns member, groups (separated by blanks), name")


def _issue_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("member", nargs="+")
    parser.add_argument("--alias", help="what is printed on the card (drawn when left out; one member only)")


def _block_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("alias")
    parser.add_argument("--why", choices=sorted(CODES), default="blocked")


def _alias(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("alias")


def _one_member(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("member")


def _groups_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("member")
    parser.add_argument("--group", action="append", default=[])


ENTRIES = (
    Entry(words=("member", "add"), group=Group.PEOPLE, does="admit one member", run=add, arguments=_member_arguments,
          signed=True),
    Entry(words=("member", "import"), group=Group.PEOPLE, does="admit the members of a CSV file", run=import_list,
          arguments=_import_arguments, signed=True),
    Entry(words=("member", "groups"), group=Group.PEOPLE, does="change a member's groups", run=groups,
          arguments=_groups_arguments, signed=True),
    Entry(words=("member", "forget"), group=Group.PEOPLE, does="erase a person's data for good", run=forget,
          arguments=_one_member),
    Entry(words=("card", "issue"), group=Group.PEOPLE, does="make virtual cards for members", run=issue,
          arguments=_issue_arguments, signed=True),
    Entry(words=("card", "block"), group=Group.PEOPLE, does="a card was lost or stolen", run=block, arguments=_block_arguments,
          signed=True),
    Entry(words=("card", "unblock"), group=Group.PEOPLE, does="the card was found again", run=unblock, arguments=_alias,
          signed=True),
)  # fmt: skip
