"""Law: a collective account and its mandataries are named and revoked by two officers, each by a command of their own."""

from typing import Final

from clearing.authoriser.verbs.order import Order, Result, Verb, one
from clearing.events.accounts import MandataryProposed
from clearing.rules.answers import Declined
from clearing.rules.collective import accounts
from clearing.values import MemberId


def _propose_account(o: Order) -> Result:
    account, limit = MemberId(o.body.id("account")), o.body.cents("two_person_cents")
    return one(accounts.decide_propose_account(
        o.book.accounts, o.book.members, account=account, two_person_cents=limit, by=o.by
    ))


def _open_account(o: Order) -> Result:
    account, limit = MemberId(o.body.id("account")), o.body.cents("two_person_cents")
    return one(accounts.decide_open_account(o.book.accounts, account=account, two_person_cents=limit, by=o.by))


def _mandatary(o: Order) -> MandataryProposed | Declined:
    b = o.body
    account, mandatary, alias = MemberId(b.id("account")), b.id("mandatary"), b.text("alias")
    purchase, month = b.cents("purchase_cents"), b.cents("month_cents")
    card = accounts.card_named(o.book.members, alias)
    if isinstance(card, Declined):
        return card
    return MandataryProposed(
        account=account, mandatary=mandatary, card=card, purchase_cents=purchase, month_cents=month, by=o.by
    )


def _propose_mandatary(o: Order) -> Result:
    asked = _mandatary(o)
    return asked if isinstance(asked, Declined) else one(
        accounts.decide_propose_mandatary(o.book.accounts, o.book.members, asked)
    )


def _name_mandatary(o: Order) -> Result:
    asked = _mandatary(o)
    return asked if isinstance(asked, Declined) else one(
        accounts.decide_name_mandatary(o.book.accounts, o.book.members, asked)
    )


def _propose_revocation(o: Order) -> Result:
    account, mandatary = MemberId(o.body.id("account")), o.body.id("mandatary")
    return one(accounts.decide_propose_revocation(o.book.accounts, account=account, mandatary=mandatary, by=o.by))


def _revoke_mandatary(o: Order) -> Result:
    account, mandatary = MemberId(o.body.id("account")), o.body.id("mandatary")
    return one(accounts.decide_revoke(o.book.accounts, account=account, mandatary=mandatary, by=o.by))


VERBS: Final[dict[str, Verb]] = {
    "propose_account": _propose_account,
    "open_account": _open_account,
    "propose_mandatary": _propose_mandatary,
    "name_mandatary": _name_mandatary,
    "propose_revocation": _propose_revocation,
    "revoke_mandatary": _revoke_mandatary,
}
