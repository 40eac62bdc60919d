"""Law: a look at a person with her purchases is recorded first, with its reason; pages show it for a day to who signed."""

import argparse

from clearing.cli.books import read_book
from clearing.cli.desk import Desk, Misused
from clearing.cli.entry import Entry, Group
from clearing.cli.proposals import agreed
from clearing.values import MemberId


async def asked(desk: Desk) -> None:
    given = desk.arguments
    await desk.order("record_join_asked", {"member": given.member, "reason": given.reason})
    desk.say(f"{given.member} asked for it: you see her with her purchases for a day, in the console.")


async def propose(desk: Desk) -> None:
    given = desk.arguments
    await desk.order("propose_join", {"member": given.member, "reason": given.reason})
    desk.say(f"It is proposed. Next, another officer than you: clearing member join-allow {given.member}")


async def allow(desk: Desk) -> None:
    member = desk.arguments.member
    proposal = (await read_book(desk)).joining.proposed.get(MemberId(member))
    if proposal is None:
        raise Misused(f"Nobody proposed to look at {member}; first: clearing member join-propose {member} --reason TEXT")
    desk.say(f"{proposal.by} wants {member} to be seen with her purchases: {proposal.reason}")
    agreed("Is there no other way? She is told.")
    await desk.order("allow_join", {"member": member, "reason": proposal.reason})
    desk.say(f"You and {proposal.by} see her with her purchases for a day, in the console.")


async def drop(desk: Desk) -> None:
    await desk.order("drop_join", {"member": desk.arguments.member})
    desk.say(f"Nobody looks at {desk.arguments.member}.")


def _member(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("member")


def _reasoned(parser: argparse.ArgumentParser) -> None:
    _member(parser)
    parser.add_argument("--reason", required=True, help="a sentence that the member may read")


ENTRIES = (
    Entry(words=("member", "join-asked"), group=Group.PEOPLE, does="she asks to see what she bought", run=asked,
          arguments=_reasoned, signed=True),
    Entry(words=("member", "join-propose"), group=Group.PEOPLE, does="propose to look at what a member bought", run=propose,
          arguments=_reasoned, signed=True),
    Entry(words=("member", "join-allow"), group=Group.PEOPLE, does="agree to that, as another officer", run=allow,
          arguments=_member, signed=True),
    Entry(words=("member", "join-drop"), group=Group.PEOPLE, does="refuse it, or take it back", run=drop, arguments=_member,
          signed=True),
)  # fmt: skip
