"""Law: the right to credit belongs to a member; a purse is lots, spent soonest expiry first; a tap counts once.

A purse derives its lots from the grants of its kind when it is first touched after them, so a credit can't be given twice.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence, Set as AbstractSet
from dataclasses import dataclass, field
from typing import Final

from clearing.events.codes import Code
from clearing.events.members import CardBlocked, CardIssued, CardUnblocked, MemberAdmitted, MemberGroupsChanged
from clearing.rules.answers import BrokenBook, Declined, not_found, not_now
from clearing.rules.credit.amounts import ONE_ADULT
from clearing.values import CardId, EaterId, FundId, MemberId, PersonId, PurseKind

TAP_WINDOW: Final = 64  # counters below the highest whose use is remembered one by one
NEVER: Final = 1 << 63  # later than any expiry
GONE: Final = 1 << 62  # the `since` of who has left: after every grant
_NO_GROUPS: Final[frozenset[str]] = frozenset()
EMERGENCY_GROUP: Final = "emergency-credit"  # of purses that were made for it: what is for everybody is not for them
TAP_ORDER_US: Final = 60_000_000  # a lower counter is taken for this long after a higher one (wire.md section 1)


def is_for(who: AbstractSet[str], groups: AbstractSet[str]) -> bool:
    """Whether a credit for the groups `who` (empty: for everybody) reaches a purse in these groups."""
    return bool(who & groups) if who else EMERGENCY_GROUP not in groups


@dataclass(slots=True)
class OpenLot:
    """Cents of one lot that this purse can still spend. fund None: the member's own money."""

    id: str
    fund: FundId | None
    expires_us: int | None
    cents: int


def ends_us(lot: OpenLot) -> int:
    return NEVER if lot.expires_us is None else lot.expires_us


@dataclass(slots=True)
class Purse:
    """lots: soonest expiry first, never-lapsing last, equal expiry in the order they came. grants_seen: how many of the
    allocation's grants of this kind were already turned into lots."""

    kind: PurseKind
    lots: list[OpenLot] = field(default_factory=list)
    grants_seen: int = 0

    def lot(self, lot: str) -> OpenLot | None:
        for one in self.lots:
            if one.id == lot:
                return one
        return None

    def take(self, lot: str, cents: int) -> None:
        """Raises BrokenBook when the lot does not hold that much."""
        lots = self.lots
        held = lots[0] if lots and lots[0].id == lot else self.lot(lot)  # nearly always the first
        if held is None or held.cents < cents:
            raise BrokenBook(f"lot {lot} holds {held.cents if held else 0} cents, {cents} were to be taken")
        held.cents -= cents
        if not held.cents:
            self.lots.remove(held)

    def put(self, lot: str, fund: FundId | None, expires_us: int | None, cents: int) -> None:
        held = self.lot(lot)
        if held is None:
            new = OpenLot(lot, fund, expires_us, cents)
            self.lots.insert(bisect_right(self.lots, ends_us(new), key=ends_us), new)
        else:
            held.cents += cents


@dataclass(slots=True)
class Member:
    """since: position from which these groups hold (admission, or their last change): a grant before it did not see them.

    purses: those that were ever touched; a member has so few that a tuple is quicker than a table, and 180 bytes less.
    first_card: given last; the others follow from it by `next_card`, so that nobody looks through a million for a few.
    """

    member: MemberId
    groups: frozenset[str]
    since: int
    purses: tuple[Purse, ...] = ()
    first_card: CardId | None = None

    @property
    def gone(self) -> bool:
        """Left, moved or died: no grant reaches her."""
        return self.since == GONE

    def purse(self, kind: PurseKind) -> Purse:
        for purse in self.purses:
            if purse.kind == kind:
                return purse
        purse = Purse(kind)
        self.purses = (*self.purses, purse)
        return purse


@dataclass(slots=True)
class Card:
    """highest: highest counter accepted for this key version, at highest_us; used: bit i set means highest - i was used.
    next_card: of the same member."""

    member: MemberId
    key_version: int
    alias: str
    blocked: Code | None = None
    highest: int = -1
    highest_us: int = 0
    used: int = 0
    next_card: CardId | None = None

    def fresh(self, counter: int, at_us: int, *, used_before: bool) -> bool:
        """Whether a genuine tap may still be used. used_before: what the store says of counters below the window."""
        if counter > self.highest:
            return True
        if self.highest_us + TAP_ORDER_US < at_us:
            return False
        behind = self.highest - counter
        return not (self.used >> behind & 1) if behind < TAP_WINDOW else not used_before

    def use(self, counter: int, at_us: int) -> None:
        if counter > self.highest:
            shift = counter - self.highest
            self.used = (self.used << shift | 1) & (1 << TAP_WINDOW) - 1 if shift < TAP_WINDOW else 1
            self.highest, self.highest_us = counter, at_us
        elif self.highest - counter < TAP_WINDOW:
            self.used |= 1 << self.highest - counter


@dataclass(slots=True)
class Eater:
    """One person of a household. next_class holds from next_period on ("": it does not change)."""

    credit_class: str
    next_class: str = ""
    next_period: str = ""


@dataclass(slots=True)
class SpareCard:
    """Personalised ahead, nobody's yet."""

    card: CardId
    key_version: int


@dataclass(slots=True)
class Members:
    """aliases: every alias that a card ever had, and the card. heads: for each set of groups that members are in, the one
    copy of it that they share, and how many they are. eaters: of purses whose persons were named. class_changes: (instant,
    member, eater), soonest first. spares: by alias."""

    members: dict[MemberId, Member] = field(default_factory=dict)
    cards: dict[CardId, Card] = field(default_factory=dict)
    aliases: dict[str, CardId] = field(default_factory=dict)
    heads: dict[frozenset[str], tuple[frozenset[str], int]] = field(default_factory=dict)
    eaters: dict[MemberId, dict[EaterId, Eater]] = field(default_factory=dict)
    class_changes: list[tuple[int, MemberId, EaterId]] = field(default_factory=list)
    spares: dict[str, SpareCard] = field(default_factory=dict)

    def persons(self, member: MemberId) -> Sequence[str]:
        """The credit classes of a purse's persons; one adult when none was named."""
        eaters = self.eaters.get(member)
        return [one.credit_class for one in eaters.values()] if eaters else ONE_ADULT

    def leave(self, member: Member) -> None:
        """Counted no more, reached by no grant from now on."""
        shared, heads = self.heads[member.groups]
        member.since, self.heads[shared] = GONE, (shared, heads - 1)

    def give_card(self, name: CardId, card: Card) -> None:
        """The card is its member's from now on, and nobody else's any more."""
        if name in self.cards:
            self._take_card(name)
        holder = self.members[card.member]
        card.member = holder.member  # the one text of it: a million cards keep no second
        card.next_card, holder.first_card = holder.first_card, name
        self.cards[name], self.aliases[card.alias] = card, name

    def _take_card(self, name: CardId) -> None:
        card = self.cards[name]
        holder = self.members[card.member]
        if holder.first_card == name:
            holder.first_card = card.next_card
            return
        before = next(one for one in self.cards_of(card.member) if one.next_card == name)
        before.next_card = card.next_card

    def cards_of(self, member: MemberId) -> Iterator[Card]:
        """Every card that is the member's, the one given last first."""
        name = self.members[member].first_card
        while name is not None:
            card = self.cards[name]
            yield card
            name = card.next_card

    def head_count(self, who: Iterable[str]) -> int:
        """How many members a credit for these groups reaches. Counted, not searched: a million take no longer."""
        wanted = frozenset(who)
        return sum(heads for groups, heads in self.heads.values() if is_for(wanted, groups))

    def join(self, member: Member, groups: Iterable[str], position: int) -> None:
        """The member is in these groups from `position` on."""
        wanted = frozenset(groups)
        shared, heads = self.heads.get(wanted, (wanted, 0))
        member.groups, member.since, self.heads[shared] = shared, position, (shared, heads + (position != GONE))


def evolve_admitted(members: Members, event: MemberAdmitted, position: int) -> None:
    members.members[event.member] = member = Member(member=event.member, groups=_NO_GROUPS, since=position)
    members.join(member, event.groups, position)


def evolve_groups(members: Members, event: MemberGroupsChanged, position: int) -> None:
    member = members.members[event.member]
    left, heads = members.heads[member.groups]
    members.heads[left] = (left, heads - 1)
    members.join(member, event.groups, position)


def evolve_card_issued(members: Members, event: CardIssued) -> None:
    members.give_card(event.card, Card(member=event.member, key_version=event.key_version, alias=event.alias))


def evolve_card_blocked(members: Members, event: CardBlocked) -> None:
    members.cards[event.card].blocked = Code(event.code)


def evolve_card_unblocked(members: Members, event: CardUnblocked) -> None:
    members.cards[event.card].blocked = None


def decide_admit(
    members: Members, *, member: MemberId, groups: tuple[str, ...], by: PersonId
) -> MemberAdmitted | Declined:
    if member in members.members:
        return not_now(f"Member {member} is admitted already.")
    return MemberAdmitted(member=member, groups=tuple(sorted(set(groups))), by=by)


def decide_change_groups(
    members: Members, *, member: MemberId, groups: tuple[str, ...], by: PersonId
) -> MemberGroupsChanged | Declined:
    if member not in members.members:
        return not_found(f"There is no member {member}; admit the member first.")
    if members.members[member].gone:
        return not_now(f"{member} has left; groups no longer matter.")
    return MemberGroupsChanged(member=member, groups=tuple(sorted(set(groups))), by=by)


def decide_issue_card(
    members: Members, *, card: CardId, key_version: int, member: MemberId, alias: str, by: PersonId
) -> CardIssued | Declined:
    """A card is issued again only with a higher key version, because its counter then restarts."""
    if member not in members.members:
        return not_found(f"There is no member {member}; admit the member before giving a card.")
    if members.members[member].gone:
        return not_now(f"{member} has left; admit the person anew, under another pseudonym, before giving a card.")
    if alias in members.spares or any(spare.card == card for spare in members.spares.values()):
        return not_now(f"{alias} is a spare card, or called like one; bind it instead with: clearing card bind ALIAS MEMBER.")
    known = members.cards.get(card)
    if known is not None and known.key_version >= key_version:
        return not_now(f"This card was issued with key version {known.key_version}; personalise it before issuing it again.")
    if alias in members.aliases and (known is None or known.alias != alias):
        return not_now(f"Another card is called {alias}; give this one another alias.")
    return CardIssued(card=card, key_version=key_version, member=member, alias=alias, by=by)


def decide_block(members: Members, *, alias: str, code: str, by: PersonId) -> CardBlocked | Declined:
    card = card_called(members, alias)
    if card is None:
        return not_found(f"There is no card called {alias}.")
    if code not in (Code.LOST, Code.STOLEN, Code.BLOCKED):
        return not_now("A card is blocked as 41 (lost), 43 (stolen) or 62 (blocked).")
    return CardBlocked(card=card, code=code, by=by)


def decide_unblock(members: Members, *, alias: str, by: PersonId) -> CardUnblocked | Declined:
    card = card_called(members, alias)
    if card is None or members.cards[card].blocked is None:
        return not_found(f"There is no blocked card called {alias}.")
    if members.members[members.cards[card].member].gone:
        return not_now(f"The holder of {alias} has left; the card stays blocked.")
    return CardUnblocked(card=card, by=by)


def card_called(members: Members, alias: str) -> CardId | None:
    """The card that is called so now; None too for an alias that a card had before it was issued anew under another."""
    card = members.aliases.get(alias)
    return card if card is not None and members.cards[card].alias == alias else None
