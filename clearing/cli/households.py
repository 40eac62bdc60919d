"""Law: persons of a household are pseudonyms; one adult's word is enough to part; nothing here shows a purchase."""

import argparse
import os
from pathlib import Path

from clearing.cli.books import read_book
from clearing.cli.desk import Desk, Misused, whole
from clearing.cli.entry import Entry, Group
from clearing.cli.lists import read_list
from clearing.installation.amounts import counted, euros, read_euros
from clearing.installation.cards import draw_alias, personalise, write_card
from clearing.rules.people.households import LEAVING, REASONS, SEPARATION, WAYS
from clearing.values import MemberId
from clearing.vault import Vault

SPARES_MAX = 200
_NOBODY = MemberId("spare")


async def add(desk: Desk) -> None:
    given = desk.arguments
    await desk.order("join_household", {"eaters": [_eater(desk)]})
    then = f", from {given.month} on {given.then}" if given.then else ""
    desk.say(f"{given.eater} is in {given.member} as {given.kind}{then}. What was granted before stays as it was.")
    if len((await read_book(desk)).members.persons(MemberId(given.member))) == 1:
        desk.say(f"Only {given.eater} is named in {given.member} so far. A purse where somebody is named counts for those "
                 "named: add everybody who eats from it, adults too.")  # fmt: skip


async def import_list(desk: Desk) -> None:
    rows = read_list(desk.arguments.file, needs=("member", "person"), may=("class", "then", "month"))
    await desk.order("join_household", {"eaters": [
        {"member": row["member"], "eater": row["person"], "credit_class": row.get("class") or "adult",
         "next_class": row.get("then") or None, "next_period": row.get("month") or None}
        for row in rows
    ]})  # fmt: skip
    desk.say(f"{counted(len(rows), 'person')} belong to their purses now. See: clearing household list")


def _eater(desk: Desk) -> dict[str, object]:
    given = desk.arguments
    said = {"member": given.member, "eater": given.eater, "credit_class": given.kind}
    if bool(given.then) != bool(given.month):
        raise Misused("Give both: --then CLASS, and --month YYYY-MM from which it holds")
    return said | ({"next_class": given.then, "next_period": given.month} if given.then else {})


async def change(desk: Desk) -> None:
    given = desk.arguments
    await desk.order("change_class", _eater(desk))
    then = f", from {given.month} on {given.then}" if given.then else ""
    desk.say(f"{given.eater} of {given.member} is {given.kind}{then}.")


async def remove(desk: Desk) -> None:
    await desk.order("leave_household", {"member": desk.arguments.member, "eater": desk.arguments.eater})
    desk.say(f"{desk.arguments.eater} is no longer in {desk.arguments.member}; what is in the purse stays.")


async def show(desk: Desk) -> None:
    book = await read_book(desk)
    wanted = desk.arguments.member
    for member in [wanted] if wanted else sorted(book.members.members):
        found = book.members.members.get(member)
        if found is None:
            raise Misused(f"There is no member {member}; see: clearing member list")
        if found.gone:
            desk.say(f"{member:24} has left")
            continue
        eaters = book.members.eaters.get(member, {})
        for name, one in eaters.items():
            then = f", {one.next_class} from {one.next_period}" if one.next_period else ""
            desk.say(f"{member:24} {name:24} {one.credit_class}{then}")
        if not eaters:
            desk.say(f"{member:24} one adult, not named")


async def separate(desk: Desk) -> None:
    given = desk.arguments
    await desk.order("separate_household", {
        "member": given.member, "new_member": given.new_member, "eaters": given.eater, "cards": given.card,
        "spare": given.spare,
    })
    card = f"the card {given.spare} is bound to it" if given.spare else f"next: clearing card issue {given.new_member}"
    desk.say(f"{given.new_member} is a purse of its own from now on, with {counted(len(given.eater), 'person')}; {card}.")


async def leave(desk: Desk) -> None:
    given = desk.arguments
    await desk.order("leave_caisse", {"member": given.member, "reason": given.why})
    desk.say(f"{given.member} gets no new credit. When the purses end, credit goes back to its funds, the cards are blocked. "
             "What is to be paid back: clearing member owed")  # fmt: skip


async def owed(desk: Desk) -> None:
    book = await read_book(desk)
    for member, cents in sorted(book.households.owed.items()):
        seen = book.households.proposed.get(member)
        how = f"paid by {seen.how} ({seen.reference}), says {seen.by}; another person confirms" if seen else "not paid yet"
        desk.say(f"{member:24} {euros(cents):>10} EUR  {how}")
    if not book.households.owed:
        desk.say("Nothing is owed to anybody who left.")


async def pay_back(desk: Desk) -> None:
    given = desk.arguments
    done = await desk.order("propose_pay_back", {"member": given.member, "how": given.how, "reference": given.reference})
    cents = int(str(done["cents"]))
    desk.say(f"{euros(cents)} EUR are said to be paid back to {given.member}. Next, the treasurer: clearing member paid-back "
             f"{given.member} {cents // 100}.{cents % 100:02}")  # fmt: skip


async def paid_back(desk: Desk) -> None:
    given = desk.arguments
    cents = read_euros(given.euros)
    await desk.order("confirm_pay_back", {"member": given.member, "cents": cents})
    desk.say(f"{euros(cents)} EUR are paid back to {given.member}; nothing is owed to this person any more.")


async def limit(desk: Desk) -> None:
    given = desk.arguments
    limits = {
        f"{span}_cents": read_euros(text, what=f"--{span}")
        for span, text in (("sale", given.sale), ("day", given.day), ("month", given.month)) if text is not None
    }
    await desk.order("limit_card", {"alias": given.alias, **limits})
    said = ", ".join(f"{euros(cents)} EUR a {name[:-6]}" for name, cents in limits.items())
    desk.say(f"{given.alias} takes from its purses at most {said}." if said else f"{given.alias} has no limit any more.")


async def spare(desk: Desk) -> None:
    code, vault = desk.code, Vault.open(desk.home.vault(desk.code))
    cards = [personalise(vault, code, member=_NOBODY, alias=draw_alias()) for _ in range(desk.arguments.number)]
    await desk.order("make_spare_cards", {"cards": [
        {"card": card.card, "key_version": card.version, "alias": card.alias} for card in cards
    ]})  # fmt: skip
    for card in cards:
        path = desk.home.card(code, card.alias)
        write_card(path, card)
        desk.say(f"{card.alias}: {path}")
    desk.say(f"{counted(len(cards), 'spare card')} pay nothing until bound: clearing card bind, or clearing emergency")


async def bind(desk: Desk) -> None:
    given = desk.arguments
    await desk.order("bind_card", {"alias": given.alias, "member": given.member})
    desk.say(f"{given.alias} is a card of {given.member} and pays from now on.")


async def emergency(desk: Desk) -> None:
    given = desk.arguments
    cents = read_euros(given.euros)
    member = given.member or f"e-{os.urandom(4).hex()}"
    await desk.order("give_emergency", {"rule": given.rule, "cents": cents, "alias": given.card, "member": member})
    desk.say(f"{euros(cents)} EUR are on the card {given.card}, which pays at once. Hand it over; nobody has to be named.")


async def emergency_rule(desk: Desk) -> None:
    given = desk.arguments
    each, day = read_euros(given.each_max), read_euros(given.day_max)
    await desk.order("set_emergency_rule", {
        "rule": given.rule, "purse": given.purse, "fund": given.fund, "each_max_cents": each, "day_max_cents": day,
        "days_valid": given.days, "groups": given.group, "decision": given.decision,
    })
    desk.say(f"Emergency credit: up to {euros(each)} EUR at a time, {euros(day)} EUR a day in all, from the fund {given.fund}.")


async def household_rules(desk: Desk) -> None:
    given = desk.arguments
    await desk.order("set_household_rules", {
        "separation": given.separation, "leaving": given.leaving, "decision": given.decision,
    })
    desk.say(f"Separation: {given.separation}. Leaving: {given.leaving}.")


def _person(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("member", help="the purse")
    parser.add_argument("eater", metavar="person", help="a pseudonym of the person, never a name")
    parser.add_argument("--class", dest="kind", default="adult", help="the credit class that holds now (default: adult)")
    parser.add_argument("--then", metavar="CLASS", help="the class that follows")
    parser.add_argument("--month", metavar="YYYY-MM", help="the month from which it holds (no birth date is kept)")


def _import_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="CSV with the columns member, person, and if needed class, then, month")


def _person_alone(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("member")
    parser.add_argument("eater", metavar="person")


def _perhaps_one(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("member", nargs="?")


def _separate_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("member", help="the purse that is shared today")
    parser.add_argument("new_member", metavar="new-member", help="a new pseudonym, for the purse of her own")
    parser.add_argument("--person", dest="eater", action="append", required=True, help="who goes; repeatable")
    parser.add_argument("--card", action="append", default=[], help="a card of hers in the old purse, blocked; repeatable")
    parser.add_argument("--spare", metavar="ALIAS", help="a spare card to bind to the new purse at once")


def _leave_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("member")
    parser.add_argument("--why", choices=REASONS, default=REASONS[0])


def _pay_back_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("member")
    parser.add_argument("--how", choices=WAYS, default=WAYS[0])
    parser.add_argument("--reference", required=True, help="the transfer or the receipt")


def _paid_back_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("member")
    parser.add_argument("euros", help="the amount as you see it on the bank line or receipt, like 12.40")


def _limit_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("alias")
    for span in ("sale", "day", "month"):
        parser.add_argument(f"--{span}", metavar="EUROS", help=f"at most so much a {span}; without any, the limit ends")


def _spare_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("number", type=whole(1, SPARES_MAX))


def _bind_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("alias")
    parser.add_argument("member")


def _emergency_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("euros", help="like 30.00")
    parser.add_argument("--card", required=True, metavar="ALIAS", help="a spare card")
    parser.add_argument("--rule", default="emergency", help="the voted rule (default: emergency)")
    parser.add_argument("--member", help="a pseudonym for the new purse (drawn when left out)")


def _emergency_rule_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("rule", help="like emergency")
    parser.add_argument("each_max", metavar="each", help="at most so much at a time, like 50.00")
    parser.add_argument("day_max", metavar="day", help="at most so much a civil day in all")
    parser.add_argument("--fund", required=True)
    parser.add_argument("--decision", required=True)
    parser.add_argument("--purse", default="credit")
    parser.add_argument("--days", type=whole(1, 366), default=30, help="days it can be spent after the day it is given")
    parser.add_argument("--group", action="append", default=[], help="a group of the purse that is made; repeatable")


def _household_rules_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--separation", choices=SEPARATION, default=SEPARATION[0], help="lots by heads, or all stays")
    parser.add_argument("--leaving", choices=LEAVING, default=LEAVING[0], help="when the purses of who leaves end")
    parser.add_argument("--decision", required=True)


ENTRIES = (
    Entry(words=("household", "add"), group=Group.PEOPLE, does="a person joins a purse, with a credit class", run=add,
          arguments=_person, signed=True),
    Entry(words=("household", "import"), group=Group.PEOPLE, does="persons join purses, from a CSV file", run=import_list,
          arguments=_import_arguments, signed=True),
    Entry(words=("household", "change"), group=Group.PEOPLE, does="correct a person's credit class", run=change,
          arguments=_person, signed=True),
    Entry(words=("household", "remove"), group=Group.PEOPLE, does="a person no longer eats from a purse", run=remove,
          arguments=_person_alone, signed=True),
    Entry(words=("household", "list"), group=Group.PEOPLE, does="list the persons of a purse, or of all", run=show,
          arguments=_perhaps_one),
    Entry(words=("household", "rules"), group=Group.RULES, does="set what was voted for parting and leaving",
          run=household_rules, arguments=_household_rules_arguments, signed=True),
    Entry(words=("member", "separate"), group=Group.PEOPLE, does="part at once, with a purse of her own", run=separate,
          arguments=_separate_arguments, signed=True),
    Entry(words=("member", "leave"), group=Group.PEOPLE, does="a member leaves, moves away or has died", run=leave,
          arguments=_leave_arguments, signed=True),
    Entry(words=("member", "owed"), group=Group.PEOPLE, does="own money to be paid back to who left", run=owed),
    Entry(words=("member", "pay-back"), group=Group.PEOPLE, does="own money was paid back, you say", run=pay_back,
          arguments=_pay_back_arguments, signed=True),
    Entry(words=("member", "paid-back"), group=Group.PEOPLE, does="own money was paid back, another says too", run=paid_back,
          arguments=_paid_back_arguments, signed=True),
    Entry(words=("card", "limit"), group=Group.PEOPLE, does="limit what one card takes from its purses", run=limit,
          arguments=_limit_arguments, signed=True),
    Entry(words=("card", "spare"), group=Group.PEOPLE, does="make cards ahead that are nobody's yet", run=spare,
          arguments=_spare_arguments, signed=True),
    Entry(words=("card", "bind"), group=Group.PEOPLE, does="give a spare card to a member", run=bind,
          arguments=_bind_arguments, signed=True),
    Entry(words=("emergency",), group=Group.PEOPLE, does="credit on a spare card, usable at once", run=emergency,
          arguments=_emergency_arguments, signed=True),
    Entry(words=("emergency-rule",), group=Group.RULES, does="set the voted emergency credit", run=emergency_rule,
          arguments=_emergency_rule_arguments, signed=True),
)  # fmt: skip
