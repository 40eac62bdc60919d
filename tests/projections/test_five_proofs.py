"""Law: each planted fault fails exactly its proof and names the figure; no life that the rules allow fails one."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from clearing.audit.day_roads import BankBalance, DayRoads, FileSeen, read_shown_day
from clearing.events.catalogue import Event
from clearing.events.funds import AllocationGranted
from clearing.events.proofs import GoingOnConfirmed, ProofFigure, ProofsTaken
from clearing.events.sales import SaleDecided
from clearing.events.settlement import BatchExported, PayoutConfirmed, PayoutReturned
from clearing.rules.treasury.proofs import FIRST, PROOFS, agrees, result, told
from clearing.values import OperationId, PersonId, Position
from tests.lives.life import Life
from tests.projections.recording import ViewedCaisse

SEED = 3
Files = dict[int, FileSeen]


def lived(seed: int = SEED) -> tuple[list[Event], list[int]]:
    """A life with sales, credit, batches under way at the bank, and returned ones."""
    story = Life(seed).live(260).story
    kinds = {type(event) for event in story.history}
    assert kinds >= {SaleDecided, AllocationGranted, BatchExported, PayoutConfirmed, PayoutReturned}
    return story.history, story.instants


async def wrong(
    viewed: ViewedCaisse, history: Sequence[Event], instants: Sequence[int], *, change: str = "", files: Files | None = None,
    balance: BankBalance | None = None,
) -> dict[str, list[str]]:  # fmt: skip
    """Proof -> its figures that differ, in words. change: made to the views by hand."""
    await viewed.record(history, instants)
    await viewed.project()
    if change:
        async with viewed.caisse.connection() as admin:
            assert await admin.execute(f"UPDATE {viewed.schema}.{change}") != "UPDATE 0"
    async with viewed.caisse.connection("clearing_reader") as reader:
        shown = await read_shown_day(reader, viewed.schema)
    assert shown.position == len(history)
    roads = DayRoads()
    for position, (event, at_us) in enumerate(zip(history, instants, strict=True), 1):
        roads.take(event, position, at_us)
    roads.balance = balance
    results = roads.results(shown, files or {})
    assert [one.proof for one in results] == list(PROOFS)
    found = {one.proof: [told(figure) for figure in one.figures if not agrees(figure)] for one in results}
    return {proof: figures for proof, figures in found.items() if figures}


@pytest.mark.parametrize("seed", [3, 11, 12])
async def test_a_life_through_every_room_proves_right_against_its_views(viewed: ViewedCaisse, seed: int) -> None:
    story = Life(seed).to_its_end(200).story
    exported = {event.batch: event for event in story.history if isinstance(event, BatchExported)}
    totals = {number: batch.closed.total_cents for number, batch in story.book.settlement.batches.items()}
    files = {int(number): FileSeen(one.file_sha256, totals[number]) for number, one in exported.items()}
    assert await wrong(viewed, story.history, story.instants, files=files) == {}


BY_HAND = (
    ("balance_moves_1 SET cents = cents + 1 WHERE ctid = (SELECT min(ctid) FROM {s}.balance_moves_1)", "purses", "purse "),
    ("owed_totals_1 SET captured_cents = captured_cents + 1 WHERE producer = 'garden'", "deposits", "owed to garden"),
    ("batch_lines_1 SET payout = 'executed' WHERE payout IN ('returned', 'instructed')", "batches", "that the bank made"),
    ("batch_lines_1 SET paid_cents = paid_cents + 1 WHERE batch = 1 AND paid_cents > 0", "batches", "lines of batch 1"),
    ("ledger_totals_1 SET debit_cents = debit_cents + 1 WHERE account = 'fund:general'", "money", "left in fund general"),
    ("ledger_totals_1 SET debit_cents = debit_cents + 1 WHERE account = 'bank'", "money", "money that came to the bank"),
    ("ledger_totals_1 SET credit_cents = credit_cents + 1 WHERE account = 'held'", "money", "reserved by holds"),
)  # fmt: skip


@pytest.mark.parametrize(("change", "proof", "figure"), BY_HAND, ids=[f"{one[1]}: {one[0].split()[0]}" for one in BY_HAND])
async def test_a_view_changed_by_hand_fails_exactly_its_proof(
    viewed: ViewedCaisse, change: str, proof: str, figure: str
) -> None:
    found = await wrong(viewed, *lived(), change=change.format(s=viewed.schema))
    assert set(found) == {proof}, found
    assert any(figure in line for line in found[proof]), found


def last(history: Sequence[Event], wanted: Callable[[Any], bool]) -> int:
    return max(place for place, event in enumerate(history) if wanted(event))


def forged(history: list[Event], wanted: Callable[[Any], bool], **fields: Any) -> list[Event]:
    """The last event that is wanted says something else; what fields says of it, given the event."""
    place = last(history, wanted)
    event: Any = history[place]
    said = {name: make(event) for name, make in fields.items()}
    return [*history[:place], replace(event, **said), *history[place + 1 :]]


async def test_a_forged_payout_fails_the_proof_of_batches_alone(viewed: ViewedCaisse) -> None:
    history, instants = lived()
    history = forged(history, lambda event: isinstance(event, PayoutConfirmed), cents=lambda event: event.cents + 1)
    found = await wrong(viewed, history, instants)
    assert set(found) == {"batches"}, found
    assert any(line.startswith("transfers that the bank made") for line in found["batches"])
    assert any(line.startswith("transfers of batch") for line in found["batches"])


async def test_a_credit_run_that_says_more_than_it_gave_fails_the_proof_of_issue_alone(viewed: ViewedCaisse) -> None:
    history, instants = lived()
    history = forged(
        history, lambda event: isinstance(event, AllocationGranted) and event.cents_each > 0,
        total_cents=lambda event: event.total_cents + 1,
    )  # fmt: skip
    found = await wrong(viewed, history, instants)
    assert set(found) == {"issued"}, found
    assert any(line.startswith("credit in all purses") for line in found["issued"])


async def test_a_lot_spent_twice_fails_the_proof_of_purses_and_names_the_event(viewed: ViewedCaisse) -> None:
    history, instants = lived()
    place = last(history, lambda event: isinstance(event, SaleDecided) and any(share.lots for share in event.shares))
    sale: Any = history[place]
    again = [
        replace(sale, op=replace_head(sale.op, number), tap=None) for number in range(60)
    ]  # until the lot can't hold it any more
    history = [*history, *again]
    instants = [*instants, *(instants[-1] + 1 + number for number in range(60))]
    found = await wrong(viewed, history, instants)
    assert set(found) == {"purses"}, found
    [line] = found["purses"]
    assert line.startswith("event ")
    assert "which takes what is not there" in line
    assert "EUR by the log, 0.00 EUR in the book" in line


def replace_head(head: Any, number: int) -> Any:
    return head._replace(n=10_000 + number, x=OperationId(b"twice" + number.to_bytes(11, "big")))


async def test_a_till_that_showed_more_than_is_owed_fails_the_proof_of_deposits_alone(viewed: ViewedCaisse) -> None:
    history, instants = lived()
    history = forged(
        history, lambda event: isinstance(event, SaleDecided) and event.approved_cents > 0,
        approved_cents=lambda event: event.approved_cents + 5,
    )  # fmt: skip
    found = await wrong(viewed, history, instants)
    assert set(found) == {"deposits"}, found
    assert any(line.startswith("what till") for line in found["deposits"])


async def test_a_bank_file_of_another_digest_fails_the_proof_of_batches_and_is_named(viewed: ViewedCaisse) -> None:
    history, instants = lived()
    files = {1: FileSeen(b"g" * 32, 100)}
    found = await wrong(viewed, history, instants, files=files)
    assert set(found) == {"batches"}, found
    assert any("file of batch 1, which is another one than was exported" in line for line in found["batches"])


async def test_a_bank_that_says_another_balance_fails_the_proof_of_batches(viewed: ViewedCaisse) -> None:
    found = await wrong(viewed, *lived(), balance=BankBalance(cents=12_345, by_log_cents=12_346))
    assert found == {"batches": ["the bank's own balance: 123.46 EUR by the log, 123.45 EUR shown"]}


async def test_the_proofs_of_the_last_days_are_found_newest_first_with_who_went_on(viewed: ViewedCaisse) -> None:
    history, instants = lived()
    day = date(2026, 5, 1)
    for offset in range(70):
        figure = ProofFigure("purse", 500, 500 - (offset == 68), None)
        others = [ProofFigure(FIRST[proof], 500, 500, None) for proof in PROOFS if proof != "issued"]
        results = tuple(result(proof, [one]) for proof, one in zip(PROOFS, [figure, *others], strict=True))
        history.append(ProofsTaken(
            day=(day + timedelta(days=offset)).isoformat(), up_to=Position(len(history)), results=results, ok=offset != 68,
            by=PersonId("nightly"),
        ))  # fmt: skip
    failed = Position(len(history) - 1)
    on = GoingOnConfirmed(taken=failed, reason="known", proposed_by=PersonId("amina"), by=PersonId("bruno"))
    history.append(on)
    instants += [instants[-1] + 1 + more for more in range(71)]
    await viewed.record(history, instants)
    await viewed.project()
    async with viewed.asked() as questions:
        found = await questions.proofs()
        [one] = await questions.proofs(first=date(2026, 7, 8), last=date(2026, 7, 8))
    assert [row.day for row in found] == [day + timedelta(days=offset) for offset in range(69, 10, -1)]
    assert {row.position for row in found if not row.ok} == {failed} == {one.position}
    assert (one.gone_on_by, one.reason, one.by) == (("amina", "bruno"), "known", "nightly")
    assert one.results[0].figures == (ProofFigure("purse", 500, 499, None),)
