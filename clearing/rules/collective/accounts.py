"""Law: two officers open a collective account, name and revoke its mandataries; whoever is not named pays nothing.

A purchase above the account's limit takes two mandataries: the first card's hold waits until a second card confirms it.
"""

from dataclasses import dataclass, field

from clearing.events.accounts import (
    AccountOpened,
    AccountProposed,
    MandataryNamed,
    MandataryProposed,
    MandataryRevoked,
    PurchaseConfirmed,
    RevocationProposed,
)
from clearing.events.basket import Line
from clearing.events.codes import Code, till_code
from clearing.events.sales import AuthorisationDecided, OperationHead, Tap
from clearing.rules.answers import Declined, not_found, not_now
from clearing.rules.people.members import Card, Members, card_called
from clearing.rules.selling.operations import Operation, OperationKey, State
from clearing.values import CardId, Cents, MemberId, OperationId, PersonId

MANDATARIES_MIN = 2
MANDATARIES_MAX = 50  # of one account, revoked ones included


@dataclass(slots=True)
class Mandatary:
    card: CardId
    purchase_cents: int
    month_cents: int
    active: bool = True


@dataclass(slots=True)
class Account:
    """cards: every card that a mandatary ever had, and whose it was: what comes back counts for who bought."""

    two_person_cents: int
    mandataries: dict[str, Mandatary] = field(default_factory=dict)
    cards: dict[CardId, str] = field(default_factory=dict)

    def active(self) -> list[str]:
        return [name for name, one in self.mandataries.items() if one.active]

    def mandatary_with(self, card: CardId) -> str | None:
        """Whose card it is now."""
        name = self.cards.get(card)
        if name is None:
            return None
        mandatary = self.mandataries[name]
        return name if mandatary.active and mandatary.card == card else None


@dataclass(slots=True)
class Accounts:
    """spent: cents by account, mandatary and civil month ("2026-05"). waiting: holds that a second card has to confirm, by
    terminal and x, and the first mandatary."""

    open: dict[MemberId, Account] = field(default_factory=dict)
    proposed: dict[MemberId, AccountProposed] = field(default_factory=dict)
    naming: dict[tuple[MemberId, str], MandataryProposed] = field(default_factory=dict)
    revoking: dict[tuple[MemberId, str], RevocationProposed] = field(default_factory=dict)
    spent: dict[tuple[MemberId, str, str], int] = field(default_factory=dict)
    waiting: dict[bytes, str] = field(default_factory=dict)


def evolve_opened(accounts: Accounts, event: AccountOpened) -> None:
    known = accounts.open.get(event.account)
    if known is None:
        accounts.open[event.account] = Account(two_person_cents=event.two_person_cents)
    else:
        known.two_person_cents = event.two_person_cents
    accounts.proposed.pop(event.account, None)


def evolve_named(accounts: Accounts, event: MandataryNamed) -> None:
    account = accounts.open[event.account]
    account.mandataries[event.mandatary] = Mandatary(event.card, event.purchase_cents, event.month_cents)
    account.cards[event.card] = event.mandatary
    accounts.naming.pop((event.account, event.mandatary), None)
    accounts.revoking.pop((event.account, event.mandatary), None)


def evolve_revoked(accounts: Accounts, event: MandataryRevoked) -> None:
    accounts.open[event.account].mandataries[event.mandatary].active = False
    accounts.revoking.pop((event.account, event.mandatary), None)


def count(accounts: Accounts, account: MemberId, card: CardId, month: str, cents: int) -> None:
    """cents above 0 were bought by this card, below 0 came back."""
    mandatary = accounts.open[account].cards.get(card)
    if mandatary is not None:
        key = account, mandatary, month
        accounts.spent[key] = accounts.spent.get(key, 0) + cents


def barred(
    accounts: Accounts, *, account: MemberId, card: CardId, amount_cents: int, month: str, at_once: bool
) -> Code | None:
    """Why this card can't buy for the account; None when it can, or when the member is no collective account.

    at_once: a sale, which one tap would capture. The whole basket counts against the limits, whatever the charte pays of it.
    """
    found = accounts.open.get(account)
    if found is None:
        return None
    name = found.mandatary_with(card)
    if name is None:
        return Code.BLOCKED
    if len(found.active()) < MANDATARIES_MIN:
        return Code.NOT_ACTIVATED
    if at_once and amount_cents > found.two_person_cents:
        return Code.NOT_ALLOWED_NOW
    mandatary = found.mandataries[name]
    spent = accounts.spent.get((account, name, month), 0)
    beyond = amount_cents > mandatary.purchase_cents or spent + amount_cents > mandatary.month_cents
    return Code.AMOUNT_LIMIT if beyond else None


def takes_two(accounts: Accounts, account: MemberId, amount_cents: int) -> bool:
    found = accounts.open.get(account)
    return found is not None and amount_cents > found.two_person_cents


def key_of(key: OperationKey) -> bytes:
    """How a hold is named in `waiting`."""
    return key[0] + key[1]


def decide_confirmation(
    accounts: Accounts, *, head: OperationHead, original: OperationId, amount_cents: Cents, lines: tuple[Line, ...],
    hold: Operation | None, suspended: bool, reversed_before: bool, tap: Tap | None, card: Card | None, at_us: int,
) -> PurchaseConfirmed:
    """The second card on a hold. hold: what the producer's terminals call `original`. The first reason in order answers."""
    held = hold.event if hold is not None and isinstance(hold.event, AuthorisationDecided) else None
    code = _confirmation_obstacle(
        accounts, hold, held, amount_cents, lines, suspended=suspended, reversed_before=reversed_before, at_us=at_us
    )
    code = code or _second_card(accounts, held, amount_cents, tap, card) or Code.APPROVED
    approved = held is not None and code is Code.APPROVED
    return PurchaseConfirmed(
        op=head, answer=till_code(code), original=original, amount_cents=amount_cents, lines=lines,
        approved_cents=held.approved_cents if held is not None and approved else Cents(0),
        approved_lines=held.approved_lines if held is not None and approved else (Cents(0),) * len(lines),
        code=code, tap=tap, member=card.member if card is not None else None,
    )


def _confirmation_obstacle(
    accounts: Accounts, hold: Operation | None, held: AuthorisationDecided | None, amount_cents: int, lines: tuple[Line, ...],
    *, suspended: bool, reversed_before: bool, at_us: int,
) -> Code | None:
    if suspended:
        return Code.TERMINAL_SUSPENDED
    if hold is None or held is None:
        return Code.ORIGINAL_NOT_FOUND
    if reversed_before:
        return Code.LATE_AFTER_REVERSAL
    if hold.state is not State.HELD or held.hold_expires_us <= at_us:
        return Code.EXPIRED_OR_RESOLVED
    waits = key_of((held.op.terminal, held.op.x)) in accounts.waiting
    return None if waits and (amount_cents, lines) == (held.amount_cents, held.lines) else Code.NOT_ALLOWED_NOW


def _second_card(
    accounts: Accounts, held: AuthorisationDecided | None, amount_cents: int, tap: Tap | None, card: Card | None
) -> Code | None:
    if tap is None or not tap.fresh or (card is not None and card.key_version != tap.key_version):
        return Code.TAP_VIOLATION
    if card is None or held is None or held.member is None:
        return Code.CARD_UNKNOWN
    if card.blocked is not None:
        return card.blocked
    account = accounts.open[held.member]
    name = account.mandatary_with(tap.card) if card.member == held.member else None
    if name is None:
        return Code.BLOCKED
    if name == accounts.waiting[key_of((held.op.terminal, held.op.x))]:
        return Code.NOT_ALLOWED_NOW
    return Code.AMOUNT_LIMIT if amount_cents > account.mandataries[name].purchase_cents else None


def decide_propose_account(
    accounts: Accounts, members: Members, *, account: MemberId, two_person_cents: Cents, by: PersonId
) -> AccountProposed | Declined:
    if account not in members.members:
        return not_found(f"There is no member {account}; admit the collective as a member first.")
    known = accounts.open.get(account)
    if known is not None and known.two_person_cents == two_person_cents:
        return not_now(f"{account} is a collective account with this limit already.")
    return AccountProposed(account=account, two_person_cents=two_person_cents, by=by)


def decide_open_account(
    accounts: Accounts, *, account: MemberId, two_person_cents: Cents, by: PersonId
) -> AccountOpened | Declined:
    """two_person_cents: what the second officer saw and agrees to."""
    proposal = accounts.proposed.get(account)
    if proposal is None:
        return not_found(f"Nobody proposed the account {account}; propose it first, then another officer confirms.")
    if proposal.two_person_cents != two_person_cents:
        return not_now(f"{account} is proposed with another limit by now; look again, then confirm.")
    if by == proposal.by:
        return not_now("A collective account needs two people: somebody else than the one who proposed it.")
    return AccountOpened(account=account, two_person_cents=two_person_cents, opened_by=(proposal.by, by))


def decide_propose_mandatary(accounts: Accounts, members: Members, proposal: MandataryProposed) -> MandataryProposed | Declined:
    account = accounts.open.get(proposal.account)
    if account is None:
        return not_found(f"{proposal.account} is no collective account; open it first, with two people.")
    card = members.cards.get(proposal.card)
    if card is None or card.member != proposal.account:
        return not_now(f"This card is not one of {proposal.account}; issue it a card for each mandatary.")
    whose = account.mandatary_with(proposal.card)
    if whose not in (None, proposal.mandatary):
        return not_now(f"This card is the mandatary {whose}'s; each mandatary has a card of their own.")
    if proposal.mandatary not in account.mandataries and len(account.mandataries) >= MANDATARIES_MAX:
        return not_now(f"An account has at most {MANDATARIES_MAX} mandataries in its life; open another account.")
    return proposal


def decide_name_mandatary(accounts: Accounts, members: Members, agreed: MandataryProposed) -> MandataryNamed | Declined:
    """agreed: what the second officer saw, by that officer."""
    proposal = accounts.naming.get((agreed.account, agreed.mandatary))
    if proposal is None:
        return not_found(f"Nobody proposed {agreed.mandatary} for {agreed.account}; propose first, then another confirms.")
    seen = (agreed.card, agreed.purchase_cents, agreed.month_cents)
    if seen != (proposal.card, proposal.purchase_cents, proposal.month_cents):
        return not_now(f"{agreed.mandatary} is proposed with another card or other limits by now; look again, then confirm.")
    if agreed.by == proposal.by:
        return not_now("Naming a mandatary needs two people: somebody else than the one who proposed.")
    possible = decide_propose_mandatary(accounts, members, proposal)
    if isinstance(possible, Declined):
        return possible
    return MandataryNamed(
        account=agreed.account, mandatary=agreed.mandatary, card=proposal.card, purchase_cents=proposal.purchase_cents,
        month_cents=proposal.month_cents, named_by=(proposal.by, agreed.by),
    )


def _active(accounts: Accounts, account: MemberId, mandatary: str) -> bool:
    found = accounts.open.get(account)
    return found is not None and mandatary in found.active()


def decide_propose_revocation(
    accounts: Accounts, *, account: MemberId, mandatary: str, by: PersonId
) -> RevocationProposed | Declined:
    if not _active(accounts, account, mandatary):
        return not_found(f"{account} has no mandatary {mandatary}; `clearing collective list` shows them.")
    return RevocationProposed(account=account, mandatary=mandatary, by=by)


def decide_revoke(accounts: Accounts, *, account: MemberId, mandatary: str, by: PersonId) -> MandataryRevoked | Declined:
    proposal = accounts.revoking.get((account, mandatary))
    if proposal is None or not _active(accounts, account, mandatary):
        return not_found(f"Nobody proposed to revoke {mandatary} of {account}; propose first, then another officer confirms.")
    if by == proposal.by:
        return not_now("A revocation needs two people. One alone can block the card at once: clearing card block ALIAS")
    return MandataryRevoked(account=account, mandatary=mandatary, revoked_by=(proposal.by, by))


def card_named(members: Members, alias: str) -> CardId | Declined:
    card = card_called(members, alias)
    return not_found(f"There is no card called {alias}; issue it to the account first.") if card is None else card
