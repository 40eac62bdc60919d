"""Law: a person is seen with her purchases on her word, or on two officers' one written reason, a day long."""

from dataclasses import dataclass, field
from typing import Final

from clearing.events.joining import JoinAllowed, JoinAsked, JoinDropped, JoinProposed
from clearing.rules.answers import Declined, not_found, not_now
from clearing.rules.people.members import Members
from clearing.values import MemberId, MicroTime, PersonId

LOOK_US: Final = 86_400_000_000  # a day
REASON_CHARS_MIN: Final = 10  # "because" is no reason


@dataclass(slots=True)
class Look:
    """by: who signed for it, and they alone see it."""

    until_us: int
    reason: str
    by: tuple[PersonId, ...]


@dataclass(slots=True)
class Joining:
    """proposed: what waits, by member. open: the newest look at each member that was ever allowed, over or not."""

    proposed: dict[MemberId, JoinProposed] = field(default_factory=dict)
    open: dict[MemberId, Look] = field(default_factory=dict)


def looks(joining: Joining, member: MemberId, person: PersonId, at_us: int) -> bool:
    """Whether this officer may see this member with her purchases now."""
    look = joining.open.get(member)
    return look is not None and at_us < look.until_us and person in look.by


def evolve_asked(joining: Joining, event: JoinAsked) -> None:
    joining.open[event.member] = Look(event.until_us, event.reason, (event.by,))


def evolve_proposed(joining: Joining, event: JoinProposed) -> None:
    joining.proposed[event.member] = event


def evolve_allowed(joining: Joining, event: JoinAllowed) -> None:
    del joining.proposed[event.member]
    joining.open[event.member] = Look(event.until_us, event.reason, event.allowed_by)


def evolve_dropped(joining: Joining, event: JoinDropped) -> None:
    del joining.proposed[event.member]


def decide_asked(
    joining: Joining, members: Members, *, member: MemberId, reason: str, by: PersonId, at_us: int
) -> JoinAsked | Declined:
    return _improper(joining, members, member, reason, by, at_us) or JoinAsked(
        member=member, reason=reason, until_us=MicroTime(at_us + LOOK_US), by=by
    )


def decide_propose(
    joining: Joining, members: Members, *, member: MemberId, reason: str, by: PersonId, at_us: int
) -> JoinProposed | Declined:
    waiting = joining.proposed.get(member)
    if waiting is not None:
        return not_now(f"{waiting.by} proposed that for {member} already; another officer agrees to it or drops it.")
    return _improper(joining, members, member, reason, by, at_us) or JoinProposed(member=member, reason=reason, by=by)


def _improper(
    joining: Joining, members: Members, member: MemberId, reason: str, by: PersonId, at_us: int
) -> Declined | None:
    """Who left may still ask, and be asked about: what she bought can be contested after that."""
    if member not in members.members:
        return not_found(f"There is no member {member}.")
    if len(reason.strip()) < REASON_CHARS_MIN:
        return not_now("Write the reason in a sentence: the member reads it.")
    if looks(joining, member, by, at_us):
        return not_now(f"You may look at {member} already, until the day is over.")
    return None


def decide_allow(
    joining: Joining, *, member: MemberId, reason: str, by: PersonId, at_us: int
) -> JoinAllowed | Declined:
    """reason: as the second officer read it."""
    proposal = joining.proposed.get(member)
    if proposal is None:
        return not_found(f"Nobody proposed to look at {member}; one officer proposes it with a reason, another agrees.")
    if proposal.by == by:
        return not_now("Looking at a person takes two people: somebody else than the one who proposed it has to agree.")
    if proposal.reason != reason:
        return not_now("Another reason is proposed by now; look again, then agree.")
    return JoinAllowed(
        member=member, reason=reason, until_us=MicroTime(at_us + LOOK_US), allowed_by=(proposal.by, by)
    )


def decide_drop(joining: Joining, *, member: MemberId, by: PersonId) -> JoinDropped | Declined:
    if member not in joining.proposed:
        return not_found(f"Nobody proposed to look at {member}.")
    return JoinDropped(member=member, by=by)
