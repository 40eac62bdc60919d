"""Law: in the log a member is a pseudonym; a name, if one is kept, is sealed apart; a card's keys go into its file only."""

import argparse
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from clearing.cli.books import read_book
from clearing.cli.desk import Desk
from clearing.cli.entry import Entry, Group
from clearing.cli.imports import Card, Give, Plan, Rehearsal, carry_out, listed, set_apart
from clearing.cli.lists import Row, collect_list
from clearing.installation.cards import personalise, write_card
from clearing.installation.home import Home
from clearing.installation.slips import Slips
from clearing.people import Record
from clearing.rules.people.members import card_called
from clearing.values import CaisseCode, InvalidValue, MemberId, identifier
from clearing.vault import Vault

_ALIAS: Final = re.compile(r"\w[\w-]{0,39}")  # it names a file, too
CODES = {"lost": "41", "stolen": "43", "blocked": "62"}


async def add(desk: Desk) -> None:
    given = desk.arguments
    await _admit(desk, [{"member": given.member, "groups": " ".join(given.group), "name": given.name or ""}])
    desk.say(f"{given.member} is a member. Next: clearing card issue {given.member}")


async def import_list(desk: Desk) -> None:
    slips, book, path = Slips(), await read_book(desk), desk.arguments.file
    rows = collect_list(path, slips, needs=("member",), may=("groups", "name"))
    async with desk.opened() as installation, installation.people_of(desk.code) as people:
        kept = await people.newest_of("name", [f"member:{row['member']}" for row in rows if row.get("name")])
        names = {subject: record.fields["name"] for subject, record in kept.items()}
        rehearsal = Rehearsal(book, desk.person(), path, slips)
        plan = plan_members(rows, rehearsal, names, update=desk.arguments.update)
        slips.end()
        await carry_out(plan, desk.order, people.keep)
    for line in plan.told():
        desk.say(line)
    desk.say("Next: clearing card issue MEMBER ...   or, for a list of members: clearing card import FILE")


def plan_members(rows: list[Row], rehearsal: Rehearsal, names: Mapping[str, str], *, update: bool = False) -> Plan:
    """names: what is kept of whom, by subject. The rehearsal's slips hold the lines that can't be taken."""
    plan, given = Plan(rehearsal.path, "member", update), dict[str, int]()
    if not rehearsal.allowed("admit_members"):
        return plan
    for row in rows:
        with rehearsal.slips.at(rehearsal.path, row.line):
            member = MemberId(identifier(row["member"], what="'member'"))
            if member in given:
                rehearsal.slips.add(rehearsal.path, row.line, f"{member} stands in line {given[member]} already")
                continue
            given[member] = row.line
            _plan_member(plan, rehearsal, row, member, names.get(f"member:{member}", ""))
    return plan


def _plan_member(plan: Plan, rehearsal: Rehearsal, row: Row, member: MemberId, name: str) -> None:
    groups, known = row.get("groups", "").split(), rehearsal.book.members.members.get(member)
    record = Record(subject=f"member:{member}", kind="name", fields={"name": row.get("name", "")})
    if known is None:
        plan.new += 1
        listed(plan, rehearsal, row.line, "admit_members", "members", {"member": member, "groups": groups})
        if row.get("name"):
            plan.names.append(record)
        return
    says_groups, says_name = "groups" in row and set(groups) != known.groups, bool(row.get("name")) and row["name"] != name
    if not (says_groups or says_name):
        plan.known += 1
    elif plan.differ(row.line, f"{member} " + (
        f"is in the groups: {set_apart(known.groups)}; the list says: {set_apart(groups)}" if says_groups
        else "has another name in the list than is kept"
    ) + " (--update takes the list's)"):  # fmt: skip
        changed: dict[str, object] = {"member": member, "groups": groups}
        if says_groups and rehearsal.item(row.line, "change_groups", changed):
            plan.each.append(("change_groups", changed))
        if says_name:
            plan.names.append(record)


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


async def import_cards(desk: Desk) -> None:
    slips, book, path = Slips(), await read_book(desk), desk.arguments.file
    rows = collect_list(path, slips, needs=("member",), may=("alias",))
    plan = plan_cards(rows, Rehearsal(book, desk.person(), path, slips))
    slips.end()
    await make_cards(plan, desk.order, desk.home, desk.code)
    for line in plan.told():
        desk.say(line)
    if plan.cards:
        desk.say(f"Their files are in {desk.home.cards / desk.code}. To try one: clearing till STALL --card ALIAS")


def plan_cards(rows: list[Row], rehearsal: Rehearsal) -> Plan:
    """One card a line. With an alias: that very card; without one: another card, unless the member has so many that pay."""
    plan, members = Plan(rehearsal.path, "card"), rehearsal.book.members
    if not rehearsal.allowed("issue_cards"):
        return plan
    listed_aliases, given = {row.get("alias") for row in rows}, dict[str, int]()
    held = Counter(one.member for one in members.cards.values() if one.blocked is None and one.alias not in listed_aliases)
    for place, row in enumerate(rows):
        with rehearsal.slips.at(rehearsal.path, row.line):
            member = MemberId(identifier(row["member"], what="'member'"))
            alias = _alias_of(row, given)
            card = None if alias is None else card_called(members, alias)
            if card is not None and members.cards[card].member != member:
                whose = members.cards[card].member
                plan.differ(row.line, f"the card {alias} is {whose}'s, not {member}'s; give it another alias")
            elif card is not None or (alias is None and held[member] > 0):
                held[member] -= alias is None
                plan.known += 1
            else:
                plan.new += 1
                stand_in = {"card": place.to_bytes(16, "big"), "key_version": 1, "member": member,
                            "alias": alias or f"to be drawn {place}"}  # fmt: skip
                if rehearsal.item(row.line, "issue_cards", {"cards": [stand_in]}):
                    plan.cards.append(Card(member, alias))
    return plan


def _alias_of(row: Row, given: dict[str, int]) -> str | None:
    """given: aliases of the lines before, with their line. Raises InvalidValue."""
    alias = row.get("alias") or None
    if alias is not None and not _ALIAS.fullmatch(alias):
        raise InvalidValue(f"the alias {alias!r} is what people read on the card: 1 to 40 letters, digits, '-' and '_'")
    if alias is not None and given.setdefault(alias, row.line) != row.line:
        raise InvalidValue(f"the alias {alias} stands in line {given[alias]} already; each card has its own")
    return alias


async def make_cards(plan: Plan, give: Give, home: Home, code: CaisseCode) -> None:
    """Issue the plan's cards and write their files."""
    if not plan.cards:
        return
    vault = Vault.open(home.vault(code))
    cards = [personalise(vault, code, member=card.member, alias=card.alias) for card in plan.cards]
    plan.lists["issue_cards", "cards"] = [card.item() for card in cards]
    for card in cards:  # before the command: an issued card without its file would be lost, a file without its card is not
        write_card(home.card(code, card.alias), card)
    await carry_out(plan, give, _nothing_to_keep)


async def _nothing_to_keep(records: list[Record]) -> list[bytes]:
    raise AssertionError(f"a card has no personal data, but {len(records)} records were to be kept")


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
    parser.add_argument("--update", action="store_true", help="also change the members whose line differs")


def _cards_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="CSV with the columns member, alias; without an alias one is drawn")


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
    Entry(words=("card", "import"), group=Group.PEOPLE, does="make the cards of a CSV file, those not made yet",
          run=import_cards, arguments=_cards_arguments, signed=True),
    Entry(words=("card", "block"), group=Group.PEOPLE, does="a card was lost or stolen", run=block, arguments=_block_arguments,
          signed=True),
    Entry(words=("card", "unblock"), group=Group.PEOPLE, does="the card was found again", run=unblock, arguments=_alias,
          signed=True),
)  # fmt: skip
