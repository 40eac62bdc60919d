"""Law: members are pseudonyms with groups; cards are theirs."""

from typing import Final

from clearing.authoriser.verbs.order import Order, Result, Verb, all_of, one
from clearing.rules.answers import Declined, not_now
from clearing.rules.people import members
from clearing.values import CardId, MemberId


def _admit_members(o: Order) -> Result:
    return all_of(o.body.bodies("members"), lambda e: getattr(e, "member", None), lambda b: members.decide_admit(
        o.book.members, member=MemberId(b.id("member")), groups=b.ids("groups"), by=o.by
    ))


def _change_groups(o: Order) -> Result:
    member, groups = MemberId(o.body.id("member")), o.body.ids("groups")
    return one(members.decide_change_groups(o.book.members, member=member, groups=groups, by=o.by))


def _issue_cards(o: Order) -> Result:
    result = all_of(o.body.bodies("cards"), lambda e: getattr(e, "alias", None), lambda b: members.decide_issue_card(
        o.book.members, card=CardId(b.bytes("card", 16)), key_version=b.number("key_version", lowest=1),
        member=MemberId(b.id("member")), alias=b.text("alias"), by=o.by,
    ))
    if not isinstance(result, Declined) and len({getattr(event, "card", None) for event in result}) != len(result):
        return not_now("One card is in the list twice; remove one of the two.")
    return result


def _block_card(o: Order) -> Result:
    return one(members.decide_block(o.book.members, alias=o.body.text("alias"), code=o.body.text("code"), by=o.by))


def _unblock_card(o: Order) -> Result:
    return one(members.decide_unblock(o.book.members, alias=o.body.text("alias"), by=o.by))


VERBS: Final[dict[str, Verb]] = {
    "admit_members": _admit_members,
    "change_groups": _change_groups,
    "issue_cards": _issue_cards,
    "block_card": _block_card,
    "unblock_card": _unblock_card,
}
