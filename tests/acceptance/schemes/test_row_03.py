"""Row 3, democratic choice: a year replays to the same cents, and any split ends at its decision."""

from collections import Counter

import pytest

from clearing.audit import why
from clearing.audit.trial import Trial, tried
from clearing.events.caisse import DecisionRecorded
from clearing.events.sales import AuthorisationDecided, CaptureDecided, RefundDecided, SaleDecided
from tests.acceptance.schemes.row_03 import YEAR, Year, decision_of, replayed, rulings, stretches, year
from tests.acceptance.schemes.village import Code, Village

pytestmark = pytest.mark.row(3)
JUDGED_BY = {
    "2026-01": "ag-2025-12", "2026-02": "ag-2025-12", "2026-03": "ag-2025-12",
    "2026-04": "committee-2026-03", "2026-05": "committee-2026-03",
    "2026-06": "ag-2025-12", "2026-07": "ag-2025-12",  # suspended
    "2026-08": "committee-2026-03",  # in force again
    "2026-09": "drawn-2026-08", "2026-10": "glycines-2026-09",
    "2026-11": "drawn-2026-08",  # the vote before the one that was annulled
    "2026-12": "committee-2026-03",  # the one before that which has ended
}  # fmt: skip


@pytest.fixture
async def lived() -> Year:
    return await year()


def paid_in_the_log(caisse: Village) -> Counter[str]:
    """Cents by payer over the year, from the log's own shares."""
    paid: Counter[str] = Counter()
    for event in caisse.log.events():
        if isinstance(event, SaleDecided | CaptureDecided):
            for share in event.shares:
                paid[share.payer] += share.cents
        elif isinstance(event, RefundDecided):
            for back in event.returned:
                paid[back.payer] -= back.cents
    return paid


async def test_a_year_replayed_stretch_by_stretch_gives_the_same_cents(lived: Year) -> None:
    again = await replayed(lived.caisse)
    assert [rules.version for _, rules, _, _ in again] == [1, 2, 1, 2, 3, 4, 3, 2]
    proposed: Counter[str] = Counter()
    for _, _, report, trial in again:
        assert (report.changed_count, report.changed) == (0, ())
        assert trial.shadow.funds == trial.real.funds
        assert trial.shadow.allocation.cohorts == trial.real.allocation.cohorts
        proposed.update({payer: pair.proposed for payer, pair in report.payers.items()})
    assert proposed == paid_in_the_log(lived.caisse)
    assert sum(report.baskets for _, _, report, _ in again) == len(lived.sold) + len(lived.glycines) + 1


async def test_the_audit_of_the_year_finds_the_same_cents(lived: Year) -> None:
    balances = await lived.caisse.proved()
    paid = sum(paid_in_the_log(lived.caisse).values())
    assert sum(cents for name, cents in balances.items() if name.startswith(("payable:", "batched:"))) == paid
    assert lived.caisse.book.settlement.batches[lived.batch].closed.total_cents == paid  # type: ignore[index]


async def test_a_stretch_replayed_by_another_vote_gives_other_cents(lived: Year) -> None:
    first, second = list(stretches(lived.caisse))[:2]
    trial = Trial(second[2], from_us=first[0], until_us=first[1], months=3)
    report = await tried(lived.caisse.log, trial)
    assert (report.baskets, report.changed_count) == (3, 3)
    assert report.payers["credit"] == (3 * 1_305, 3 * 1_108)


async def test_any_split_ends_at_the_decision_it_was_judged_by(lived: Year) -> None:
    assert {month: decision_of(lived.caisse, done) for month, done in lived.sold.items()} == JUDGED_BY
    seen = 0
    for position, event in enumerate(lived.caisse.log.events(), 1):
        if isinstance(event, SaleDecided | AuthorisationDecided | CaptureDecided) and event.shares:
            found = await why(lived.caisse.log, str(position))
            assert found.decision is not None
            assert found.decision.decision == lived.caisse.book.caisse.charte(event.charte_version).decision
            lots = [lot for line in found.lines for share in line.shares for lot in share.lots]
            votes = {lot.vote.decision for lot in lots if lot.vote is not None}
            assert votes <= {"ag-2025-12"}
            assert all(lot.vote is not None or not lot.named for lot in lots)  # unnamed: made anew for a refund
            seen += 1
    assert seen == len(lived.sold) + len(lived.glycines) + 2


async def test_a_decision_names_body_method_tallies_scope_minutes_and_dates(lived: Year) -> None:
    votes = {vote.decision: vote for vote in lived.caisse.events(DecisionRecorded)}
    assert {vote.body for vote in votes.values()} == {"general-meeting", "citizens-committee", "residents-group"}
    assert {vote.method for vote in votes.values()} == {"majority", "consent", "draw"}
    first = votes["ag-2025-12"]
    assert [(one.college, one.votes_for, one.votes_against, one.abstained) for one in first.tallies] == [
        ("eaters", 52, 9, 4), ("producers", 8, 2, 0),
    ]  # fmt: skip
    assert (first.votes_for, first.minutes_link) == (60, "https://example.org/pv-ag-2025-12.pdf")
    assert votes["glycines-2026-09"].scope == "structure:les-glycines"
    assert (votes["drawn-2026-08"].drawn, votes["drawn-2026-08"].ends_on) == (15, "2026-12-01")
    assert votes["ag-2026-05"].minutes_sha256 == bytes(range(32))


async def test_a_decision_is_suspended_resumed_and_annulled_by_another_forward_only(lived: Year) -> None:
    assert [(decision, state, by) for decision, state, _, by in rulings(lived.caisse)] == [
        ("committee-2026-03", "suspended", "ag-2026-05"), ("committee-2026-03", "in force", "ag-2026-07"),
        ("glycines-2026-09", "annulled", "ag-2026-10"),
    ]  # fmt: skip
    assert "forward only: what was sold under it stands" in lived.refused["suspend a decision from a month ago on"]
    assert "reaches beyond structure les-glycines" in lived.refused["change everybody's rates by one structure's vote"]
    again = lived.caisse.refused("resume_decision", decision="glycines-2026-09", ruling="ag-2026-10")
    assert "only a suspended one is resumed" in again


async def test_a_hold_and_a_refund_keep_the_rules_of_their_own_day(lived: Year) -> None:
    assert (lived.captured.event.charte_version, lived.captured.card_cents) == (2, 920)  # 50 %, suspended meanwhile
    assert lived.refund.reply.rc is Code.APPROVED
    assert lived.refund.event.card_cents == 200  # of 4.00 at the 50 % of May, in a June of 70 %


async def test_before_the_vote_the_assembly_sees_what_it_would_have_changed(lived: Year) -> None:
    report = lived.tried_before
    assert (report.baskets, report.changed_count, report.payers["credit"]) == (1, 1, (1_305, 1_108))
    assert YEAR[0] < report.changed[0].at_us < YEAR[1]
