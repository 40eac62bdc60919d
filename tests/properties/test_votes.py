"""Which charte is in force is looked up in a prepared list; it is what a plain reading of all votes and rulings says."""

from dataclasses import replace

from hypothesis import given, strategies as st

from clearing.events.caisse import (
    CaisseFounded,
    CharteAdopted,
    DecisionAnnulled,
    DecisionRecorded,
    DecisionResumed,
    DecisionSuspended,
)
from clearing.events.charte import Charte
from clearing.rules.voted import caisse, decisions
from clearing.rules.voted.caisse import Caisse
from clearing.values import CaisseCode, DecisionId, MicroTime
from tests.given_when_then import paris
from tests.sayings import AMINA, CADENET, VOTE

MAY = paris("2026-05-01 00:00:00")
DAY_US = 86_400_000_000
KINDS: dict[str, type[decisions.Ruled]] = {
    "suspended": DecisionSuspended, "in force": DecisionResumed, "annulled": DecisionAnnulled,
}  # fmt: skip
days = st.integers(0, 30)
votes = st.lists(st.tuples(days, st.integers(1, 12)), min_size=1, max_size=4)
chartes = st.lists(st.tuples(st.integers(0, 3), days), min_size=1, max_size=5)
rulings = st.lists(st.tuples(st.integers(0, 3), days, st.sampled_from(sorted(KINDS))), max_size=5)


def day(number: int) -> str:
    return f"2026-05-{number + 1:02d}" if number < 31 else f"2026-06-{number - 30:02d}"


@given(votes=votes, chartes=chartes, rulings=rulings)
def test_the_prepared_list_is_a_plain_reading_of_the_votes(
    votes: list[tuple[int, int]], chartes: list[tuple[int, int]], rulings: list[tuple[int, int, str]]
) -> None:
    state, effective = Caisse(), dict[int, tuple[int, int]]()
    caisse.evolve_founded(state, CaisseFounded(code=CaisseCode("b"), name="B", zone="Europe/Paris", account_name="B"))
    for place, (first, lasts) in enumerate(votes):
        decisions.evolve_recorded(state, DecisionRecorded(
            decision=DecisionId(f"v-{place}"), title="t", body="board", method="consent", taken_on=day(0), votes_for=1,
            votes_against=0, abstained=0, minutes_sha256=b"", by=AMINA, effective_on=day(first), ends_on=day(first + lasts),
        ))  # fmt: skip
    for version, (vote, starts) in enumerate(chartes, start=1):
        effective[version] = (vote % len(votes), MAY + starts * DAY_US)
        rules = replace(
            CADENET.charte, version=version, decision=DecisionId(f"v-{vote % len(votes)}"),
            effective_us=MicroTime(MAY + starts * DAY_US),
        )
        caisse.evolve_charte(state, CharteAdopted(charte=rules, by=AMINA))
    said = sorted(((vote % len(votes), at, kind) for vote, at, kind in rulings), key=lambda one: one[1])
    for vote, at, kind in said:
        decisions.evolve_ruled(state, KINDS[kind](
            decision=DecisionId(f"v-{vote}"), ruling=VOTE, from_us=MicroTime(MAY + at * DAY_US), by=AMINA
        ))  # fmt: skip
    for hour in range(0, 45 * 24, 7):
        at_us = MAY + hour * 3_600_000_000
        found = state.charte_at(at_us)
        assert (0 if found is None else found.version) == plainly(votes, effective, said, at_us)
    assert all(isinstance(one, Charte | None) for _, one in state.in_force)


def plainly(
    votes: list[tuple[int, int]], effective: dict[int, tuple[int, int]], said: list[tuple[int, int, str]], at_us: int
) -> int:
    """Days of May and June have 24 hours in Paris, so days are plain numbers here."""
    best = (-1, 0)
    for version, (vote, starts_us) in effective.items():
        first, lasts = votes[vote]
        states = [kind for about, at, kind in said if about == vote and MAY + at * DAY_US <= at_us]
        in_time = MAY + first * DAY_US <= at_us < MAY + (first + lasts) * DAY_US
        if starts_us <= at_us and in_time and (not states or states[-1] == "in force"):
            best = max(best, (starts_us, version))
    return best[1]
