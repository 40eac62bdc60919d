"""Law: a person is seen with her purchases by her word or by two officers, a day long, by those who signed and nobody else."""

import pytest

from clearing.events.joining import JoinAllowed, JoinAsked, JoinDropped, JoinProposed
from clearing.rules.answers import Declined
from clearing.rules.people.joining import (
    LOOK_US,
    Joining,
    decide_allow,
    decide_asked,
    decide_drop,
    decide_propose,
    evolve_allowed,
    evolve_asked,
    evolve_dropped,
    evolve_proposed,
    looks,
)
from clearing.rules.people.members import Member, Members
from clearing.values import MemberId, PersonId

ANA, AMINA, BRUNO, CLEO = MemberId("m-1"), PersonId("amina"), PersonId("bruno"), PersonId("cleo")
WHY = "Two sales are on her statement that she did not make."
NOON = 1_000_000


def members() -> Members:
    return Members(members={ANA: Member(member=ANA, groups=frozenset(), since=1)})


def proposed(joining: Joining) -> JoinProposed:
    event = decide_propose(joining, members(), member=ANA, reason=WHY, by=AMINA, at_us=NOON)
    assert isinstance(event, JoinProposed)
    evolve_proposed(joining, event)
    return event


def test_her_own_word_opens_it_for_a_day_to_the_officer_who_heard_it() -> None:
    joining = Joining()
    event = decide_asked(joining, members(), member=ANA, reason=WHY, by=AMINA, at_us=NOON)
    assert isinstance(event, JoinAsked)
    evolve_asked(joining, event)
    assert looks(joining, ANA, AMINA, NOON + LOOK_US - 1)
    assert not looks(joining, ANA, AMINA, NOON + LOOK_US)
    assert not looks(joining, ANA, BRUNO, NOON)


def test_two_officers_who_agree_on_one_reason_open_it_to_both() -> None:
    joining = Joining()
    proposed(joining)
    assert not looks(joining, ANA, AMINA, NOON)
    event = decide_allow(joining, member=ANA, reason=WHY, by=BRUNO, at_us=NOON)
    assert isinstance(event, JoinAllowed)
    evolve_allowed(joining, event)
    assert [looks(joining, ANA, person, NOON) for person in (AMINA, BRUNO, CLEO)] == [True, True, False]
    assert not joining.proposed


@pytest.mark.parametrize(
    ("by", "reason", "told"),
    [(AMINA, WHY, "takes two people"), (BRUNO, "Another sentence than that.", "Another reason is proposed by now")],
)
def test_nobody_agrees_to_her_own_proposal_or_to_another_reason(by: PersonId, reason: str, told: str) -> None:
    joining = Joining()
    proposed(joining)
    declined = decide_allow(joining, member=ANA, reason=reason, by=by, at_us=NOON)
    assert isinstance(declined, Declined)
    assert told in declined.why


@pytest.mark.parametrize(
    ("member", "reason", "told"), [("m-2", WHY, "There is no member m-2"), ("m-1", "because", "Write the reason in a sentence")]
)
def test_a_stranger_or_a_word_for_a_reason_opens_nothing(member: str, reason: str, told: str) -> None:
    for decide in (decide_asked, decide_propose):
        declined = decide(Joining(), members(), member=MemberId(member), reason=reason, by=AMINA, at_us=NOON)
        assert isinstance(declined, Declined)
        assert told in declined.why


def test_a_proposal_that_is_dropped_can_be_allowed_no_more() -> None:
    joining = Joining()
    proposed(joining)
    again = decide_propose(joining, members(), member=ANA, reason=WHY, by=BRUNO, at_us=NOON)
    assert isinstance(again, Declined)
    dropped = decide_drop(joining, member=ANA, by=BRUNO)
    assert isinstance(dropped, JoinDropped)
    evolve_dropped(joining, dropped)
    assert isinstance(decide_allow(joining, member=ANA, reason=WHY, by=BRUNO, at_us=NOON), Declined)
    assert isinstance(decide_drop(joining, member=ANA, by=BRUNO), Declined)
