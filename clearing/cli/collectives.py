"""Law: whoever confirms a collective account or a mandatary sees what was proposed, and confirms just that."""

import argparse

from clearing.cli.books import read_book
from clearing.cli.desk import Desk, Misused
from clearing.cli.entry import Entry, Group
from clearing.cli.proposals import agreed
from clearing.installation.amounts import euros, read_euros
from clearing.rules.book import Book
from clearing.values import CardId, MemberId


async def propose(desk: Desk) -> None:
    given = desk.arguments
    limit = read_euros(given.two_person, what="--two-person")
    await desk.order("propose_account", {"account": given.account, "two_person_cents": limit})
    desk.say(f"{given.account} is proposed as a collective account; above {euros(limit)} EUR a purchase takes two mandataries. "
             f"Next, another person than you: clearing collective open {given.account}")  # fmt: skip


async def open_account(desk: Desk) -> None:
    account = MemberId(desk.arguments.account)
    proposal = (await read_book(desk)).accounts.proposed.get(account)
    if proposal is None:
        raise Misused(f"Nobody proposed {account}; first: clearing collective propose {account} --two-person EUROS")
    desk.say(f"{account}: above {euros(proposal.two_person_cents)} EUR two mandataries, proposed by {proposal.by}")
    agreed("Open it like this?")
    await desk.order("open_account", {"account": account, "two_person_cents": proposal.two_person_cents})
    desk.say(f"{account} is a collective account. Next: clearing card issue {account}, then clearing collective mandatary "
             f"{account} MANDATARY --card ALIAS --purchase EUROS --month EUROS")  # fmt: skip


async def mandatary(desk: Desk) -> None:
    given = desk.arguments
    await desk.order("propose_mandatary", {
        "account": given.account, "mandatary": given.mandatary, "alias": given.card,
        "purchase_cents": read_euros(given.purchase, what="--purchase"), "month_cents": read_euros(given.month, what="--month"),
    })  # fmt: skip
    desk.say(f"{given.mandatary} is proposed for {given.account}. Next, another person than you: clearing collective name "
             f"{given.account} {given.mandatary}")  # fmt: skip


async def name(desk: Desk) -> None:
    account, who = MemberId(desk.arguments.account), desk.arguments.mandatary
    book = await read_book(desk)
    proposal = book.accounts.naming.get((account, who))
    if proposal is None:
        raise Misused(f"Nobody proposed {who} for {account}; first: clearing collective mandatary {account} {who} --card ALIAS "
                      "--purchase EUROS --month EUROS")  # fmt: skip
    alias = _alias(book, proposal.card)
    desk.say(f"{who} of {account}: card {alias}, {euros(proposal.purchase_cents)} EUR a purchase, "
             f"{euros(proposal.month_cents)} EUR a month, proposed by {proposal.by}")  # fmt: skip
    agreed("Name this mandatary?")
    await desk.order("name_mandatary", {
        "account": account, "mandatary": who, "alias": alias, "purchase_cents": proposal.purchase_cents,
        "month_cents": proposal.month_cents,
    })  # fmt: skip
    desk.say(f"{who} buys for {account} from now on.")


async def revoke(desk: Desk) -> None:
    """The first person proposes; the second, seeing that it is proposed, revokes."""
    account, who = MemberId(desk.arguments.account), desk.arguments.mandatary
    body: dict[str, object] = {"account": account, "mandatary": who}
    proposal = (await read_book(desk)).accounts.revoking.get((account, who))
    if proposal is None:
        await desk.order("propose_revocation", body)
        desk.say(f"It is proposed to revoke {who} of {account}. Next, another person than you: clearing collective revoke "
                 f"{account} {who}. To stop the card at once: clearing card block ALIAS")  # fmt: skip
        return
    desk.say(f"{proposal.by} proposed to revoke {who} of {account}.")
    agreed("Revoke?")
    await desk.order("revoke_mandatary", body)
    desk.say(f"{who} buys nothing for {account} any more.")


async def list_accounts(desk: Desk) -> None:
    book = await read_book(desk)
    for account, one in book.accounts.open.items():
        desk.say(f"{account}: above {euros(one.two_person_cents)} EUR two mandataries")
        for who, mandate in one.mandataries.items():
            state = "" if mandate.active else ", revoked"
            desk.say(f"  {who:24} card {_alias(book, mandate.card)}, {euros(mandate.purchase_cents)} EUR a purchase, "
                     f"{euros(mandate.month_cents)} EUR a month{state}")  # fmt: skip
        for (whose, who, month), cents in sorted(book.accounts.spent.items()):
            if whose == account and cents:
                desk.say(f"  {who:24} {month}: {euros(cents)} EUR")
    for waiting in book.accounts.proposed.values():
        desk.say(f"{waiting.account}: proposed, waits for another person: clearing collective open {waiting.account}")
    for proposal in book.accounts.naming.values():
        desk.say(f"{proposal.account}: {proposal.mandatary} is proposed, waits for another person: clearing collective name "
                 f"{proposal.account} {proposal.mandatary}")  # fmt: skip
    if book.accounts.waiting:
        desk.say(f"{len(book.accounts.waiting)} holds at tills wait for a second mandatary's card.")
    if not book.accounts.open and not book.accounts.proposed:
        desk.say("No collective account yet; begin with: clearing collective propose MEMBER --two-person EUROS")


def _alias(book: Book, card: CardId) -> str:
    known = book.members.cards.get(card)
    return "?" if known is None else known.alias


def _account(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("account", help="the member that is the collective")


def _propose_arguments(parser: argparse.ArgumentParser) -> None:
    _account(parser)
    parser.add_argument("--two-person", required=True, metavar="EUROS", help="above this a purchase takes two mandataries")


def _who(parser: argparse.ArgumentParser) -> None:
    _account(parser)
    parser.add_argument("mandatary", help="a pseudonym, never a name; a buyer with a key of their own: the same id")


def _mandatary_arguments(parser: argparse.ArgumentParser) -> None:
    _who(parser)
    parser.add_argument("--card", required=True, metavar="ALIAS", help="a card of the account; one for each mandatary")
    parser.add_argument("--purchase", required=True, metavar="EUROS", help="the most of one purchase")
    parser.add_argument("--month", required=True, metavar="EUROS", help="the most of a civil month")


ENTRIES = (
    Entry(words=("collective", "propose"), group=Group.PEOPLE, does="propose a collective account, or another limit for it",
          run=propose, arguments=_propose_arguments, signed=True),
    Entry(words=("collective", "open"), group=Group.PEOPLE, does="another person opens it", run=open_account,
          arguments=_account, signed=True),
    Entry(words=("collective", "mandatary"), group=Group.PEOPLE, does="propose who buys for it, with which card and limits",
          run=mandatary, arguments=_mandatary_arguments, signed=True),
    Entry(words=("collective", "name"), group=Group.PEOPLE, does="another person names the proposed mandatary", run=name,
          arguments=_who, signed=True),
    Entry(words=("collective", "revoke"), group=Group.PEOPLE, does="revoke a mandatary: one proposes, another does it",
          run=revoke, arguments=_who, signed=True),
    Entry(words=("collective", "list"), group=Group.PEOPLE, does="list collective accounts, mandataries and what they spent",
          run=list_accounts),
)  # fmt: skip
