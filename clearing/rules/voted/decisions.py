"""Law: a rule stands on a vote that two officers recorded and approved, and only while it is in force; forward only.

One decision suspends, resumes or annuls another, from an instant that is not in the past: what was done under it stands.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, NamedTuple

from clearing.events.caisse import (
    DecisionAnnulled,
    DecisionApproved,
    DecisionRecorded,
    DecisionResumed,
    DecisionSuspended,
)
from clearing.events.codes import Code
from clearing.rules.answers import BrokenBook, Declined, not_found, not_now
from clearing.rules.calendar import CivilCalendar, civil_date, local_text
from clearing.values import DecisionId, InvalidValue, MicroTime, PersonId, identifier

if TYPE_CHECKING:
    from clearing.rules.voted.caisse import Caisse

BODIES: Final = ("general-meeting", "citizens-committee", "residents-group", "board")
METHODS: Final = ("majority", "consent", "draw")
WHOLE_CAISSE: Final = "caisse"
STRUCTURE, GROUP = "structure", "group"
IN_FORCE, SUSPENDED, ANNULLED = "in force", "suspended", "annulled"

Ruled = DecisionSuspended | DecisionResumed | DecisionAnnulled


class Ruling(NamedTuple):
    """From from_us on a decision is in this state, by the decision `ruling`."""

    from_us: int
    state: str
    ruling: DecisionId


STATES: Final[dict[type, str]] = {
    DecisionSuspended: SUSPENDED, DecisionResumed: IN_FORCE, DecisionAnnulled: ANNULLED,
}  # fmt: skip


def standing(caisse: "Caisse", decision: DecisionId, at_us: int) -> Declined | None:
    """Whether this decision can carry a rule at at_us; None when it can, else what is in the way and what to do.

    Rooms whose rules name a decision ask standing.py, which also knows whom a rule binds.
    """
    vote = caisse.decisions.get(decision)
    if vote is None:
        return unrecorded(decision)
    if vote.needs_approval and decision not in caisse.approvals:
        return not_now(f"Decision {decision} is not approved yet; another officer than {vote.by} has to approve it first: "
                       f"clearing decision approve {decision}")  # fmt: skip
    return lapsed(caisse, vote, at_us)


def unrecorded(decision: DecisionId) -> Declined:
    return not_found(f"Decision {decision} is not recorded; record the vote first.")


def lapsed(caisse: "Caisse", vote: DecisionRecorded, at_us: int) -> Declined | None:
    """The part of `standing` that time and later decisions change."""
    from_us, until_us = period_us(vote, caisse.calendar)
    if from_us is not None and at_us < from_us:
        return not_now(f"Decision {vote.decision} takes effect on {vote.effective_on}; let the rule begin then or later.")
    if until_us is not None and at_us >= until_us:
        return Declined(
            code=Code.EXPIRED_OR_RESOLVED, why=f"Decision {vote.decision} ended on {vote.ends_on}; a new vote is needed."
        )
    ruling = ruling_at(caisse.rulings.get(vote.decision, ()), at_us)
    if ruling is None or ruling.state == IN_FORCE:
        return None
    since = local_text(caisse.calendar.zone.key, ruling.from_us)
    todo = "resume it by another decision, or name another" if ruling.state == SUSPENDED else "a new vote is needed"
    return not_now(f"Decision {vote.decision} is {ruling.state} since {since} by decision {ruling.ruling}; {todo}.")


def period_us(vote: DecisionRecorded, calendar: CivilCalendar) -> tuple[MicroTime | None, MicroTime | None]:
    """First instant at which the decision is in force, and the first at which it no longer is; None: no limit."""
    return (
        calendar.start_us(civil_date(vote.effective_on)) if vote.effective_on else None,
        calendar.start_us(civil_date(vote.ends_on)) if vote.ends_on else None,
    )


def ruling_at(rulings: Iterable[Ruling], at_us: int) -> Ruling | None:
    """The last one that had begun; they are in the order of their instants."""
    found = None
    for ruling in rulings:
        if ruling.from_us <= at_us:
            found = ruling
    return found


def evolve_recorded(caisse: "Caisse", event: DecisionRecorded) -> None:
    if event.decision in caisse.decisions:
        raise BrokenBook(f"decision {event.decision} was recorded before")
    caisse.decisions[event.decision] = event


def evolve_approved(caisse: "Caisse", event: DecisionApproved) -> None:
    if event.decision not in caisse.decisions or event.decision in caisse.approvals:
        raise BrokenBook(f"decision {event.decision} does not wait for approval")
    caisse.approvals[event.decision] = event.by


def evolve_ruled(caisse: "Caisse", event: Ruled) -> None:
    rulings = caisse.rulings.setdefault(event.decision, [])
    if event.decision not in caisse.decisions or (rulings and rulings[-1].from_us > event.from_us):
        raise BrokenBook(f"decision {event.decision} is ruled on before a ruling that stands already")
    rulings.append(Ruling(event.from_us, STATES[type(event)], event.ruling))
    caisse.prepare()


def decide_record(caisse: "Caisse", vote: DecisionRecorded) -> DecisionRecorded | Declined:
    if vote.decision in caisse.decisions:
        return not_now(f"Decision {vote.decision} is recorded already; give the new one another id.")
    problem = _form(vote) or _counted(vote) or _dates(vote)
    return vote if problem is None else not_now(f"Decision {vote.decision}: {problem}.")


def _form(vote: DecisionRecorded) -> str | None:
    if vote.body not in BODIES:
        return f"its body is one of {', '.join(BODIES)}, not {vote.body}"
    if vote.method not in METHODS:
        return f"its method is one of {', '.join(METHODS)}, not {vote.method}"
    kind, _, name = vote.scope.partition(":")
    if vote.scope != WHOLE_CAISSE:
        if kind not in (STRUCTURE, GROUP):
            return f"its scope is caisse, structure:NAME or group:NAME, not {vote.scope!r}"
        try:
            identifier(name, what="the name in its scope")
        except InvalidValue as fault:
            return str(fault)
    if vote.body == "residents-group" and kind != STRUCTURE:
        return "a residents' group decides for its own structure; write its scope as structure:NAME"
    return None


def _counted(vote: DecisionRecorded) -> str | None:
    """What the method asks of the votes."""
    tallies, total = vote.tallies, (vote.votes_for, vote.votes_against, vote.abstained)
    if len({one.college for one in tallies}) != len(tallies):
        return "a college is counted twice; give each college one tally"
    sums = (
        sum(one.votes_for for one in tallies), sum(one.votes_against for one in tallies), sum(one.abstained for one in tallies)
    )
    if tallies and sums != total:
        return f"its colleges sum to {sums[0]} for, {sums[1]} against and {sums[2]} abstained, the totals say otherwise"
    if vote.method == "draw":
        if any(total) or tallies:
            return "a decision by persons drawn by lot has no votes; give how many were drawn"
        return None if vote.drawn else "say how many persons were drawn by lot"
    if vote.drawn:
        return "persons are drawn by lot with the method draw only"
    if vote.method == "consent":
        return "consent means that nobody was against; record it as a majority" if vote.votes_against else None
    colleges = sum(1 if one.votes_for > one.votes_against else -1 for one in tallies if one.votes_for != one.votes_against)
    if vote.votes_for <= vote.votes_against and colleges <= 0:
        return "it has no majority, of the votes or of the colleges; a vote that was lost carries no rule"
    return None


def _dates(vote: DecisionRecorded) -> str | None:
    if vote.effective_on and vote.effective_on < vote.taken_on:
        return f"it can't be effective on {vote.effective_on}, before it was taken on {vote.taken_on}"
    if vote.ends_on and vote.ends_on <= (vote.effective_on or vote.taken_on):
        return f"it ends on {vote.ends_on}, which is not after it begins"
    return None


def decide_approve(caisse: "Caisse", *, decision: DecisionId, by: PersonId) -> DecisionApproved | Declined:
    """The second officer compared the record with the minutes."""
    vote = caisse.decisions.get(decision)
    if vote is None:
        return unrecorded(decision)
    if not vote.needs_approval or decision in caisse.approvals:
        return not_now(f"Decision {decision} is approved already.")
    if vote.by == by:
        return not_now("A decision needs two people: somebody else than the one who recorded it has to approve it.")
    return DecisionApproved(decision=decision, by=by)


def decide_suspend(
    caisse: "Caisse", *, decision: DecisionId, ruling: DecisionId, from_us: MicroTime, by: PersonId, at_us: int
) -> DecisionSuspended | Declined:
    declined = _may_rule(caisse, decision, ruling, from_us, at_us)
    if declined is None and state_at(caisse, decision, from_us) != IN_FORCE:
        declined = not_now(f"Decision {decision} is {state_at(caisse, decision, from_us)} already at that time.")
    return declined or DecisionSuspended(decision=decision, ruling=ruling, from_us=from_us, by=by)


def decide_resume(
    caisse: "Caisse", *, decision: DecisionId, ruling: DecisionId, from_us: MicroTime, by: PersonId, at_us: int
) -> DecisionResumed | Declined:
    declined = _may_rule(caisse, decision, ruling, from_us, at_us)
    if declined is None and state_at(caisse, decision, from_us) != SUSPENDED:
        declined = not_now(f"Decision {decision} is {state_at(caisse, decision, from_us)} at that time; only a suspended one "
                           "is resumed.")  # fmt: skip
    return declined or DecisionResumed(decision=decision, ruling=ruling, from_us=from_us, by=by)


def decide_annul(
    caisse: "Caisse", *, decision: DecisionId, ruling: DecisionId, from_us: MicroTime, by: PersonId, at_us: int
) -> DecisionAnnulled | Declined:
    declined = _may_rule(caisse, decision, ruling, from_us, at_us)
    if declined is None and state_at(caisse, decision, from_us) == ANNULLED:
        declined = not_now(f"Decision {decision} is annulled already at that time.")
    return declined or DecisionAnnulled(decision=decision, ruling=ruling, from_us=from_us, by=by)


def state_at(caisse: "Caisse", decision: DecisionId, at_us: int) -> str:
    """As later decisions made it, whatever its own dates say."""
    ruling = ruling_at(caisse.rulings.get(decision, ()), at_us)
    return IN_FORCE if ruling is None else ruling.state


def _may_rule(
    caisse: "Caisse", decision: DecisionId, ruling: DecisionId, from_us: MicroTime, at_us: int
) -> Declined | None:
    """One decision rules on another: later, approved, of at least its scope, from now on, and after what was ruled before."""
    about, later = caisse.decisions.get(decision), caisse.decisions.get(ruling)
    if about is None:
        return not_found(f"Decision {decision} is not recorded; check its id.")
    if from_us < at_us:
        return not_now("A decision is ruled on forward only: what was sold under it stands. Choose a later instant.")
    stands = standing(caisse, ruling, from_us)
    if stands is not None or later is None:
        return stands
    if ruling == decision or later.taken_on < about.taken_on:
        return not_now(f"Decision {ruling} was not taken after {decision}; name the later decision that says so.")
    if later.scope not in (WHOLE_CAISSE, about.scope):
        return not_now(f"Decision {ruling} is about {later.scope} and can't rule on {decision}, which is about {about.scope}; "
                       "a decision of the same scope, or of the whole caisse, can.")  # fmt: skip
    rulings = caisse.rulings.get(decision, ())
    if rulings and rulings[-1].from_us > from_us:
        since = local_text(caisse.calendar.zone.key, rulings[-1].from_us)
        return not_now(f"Decision {rulings[-1].ruling} rules on {decision} from {since}; choose that instant or a later one.")
    return None
