"""Law: who closed a batch does not approve it; above the voted amount two do; nothing leaves for a held or reported payee."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Final

from clearing.events.settlement import BatchApproved, BatchEndorsed, BatchExported, PayoutRulesSet
from clearing.rules.answers import Declined, not_found, not_now
from clearing.rules.calendar import CivilCalendar, civil_date
from clearing.rules.stalls.payouts import PayoutState
from clearing.rules.stalls.producers import Producer
from clearing.rules.stalls.settlement import WEEKDAYS, Batch, BatchState, Settlement
from clearing.values import BatchId, PersonId, ProducerId, money

_ANY: Final[Mapping[ProducerId, Producer]] = {}


def batch_of(settlement: Settlement, batch: BatchId) -> Batch | Declined:
    known = settlement.batches.get(batch)
    return known if known is not None else not_found(f"There is no batch {batch}; `clearing batches` lists them.")


def next_payout_day(rules: PayoutRulesSet | None, day: date) -> date:
    """The first day on which the caisse pays, `day` included."""
    if rules is None or not rules.payout_days:
        return day
    return next(
        one for one in (day + timedelta(days=more) for more in range(len(WEEKDAYS)))
        if WEEKDAYS[one.weekday()] in rules.payout_days
    )  # fmt: skip


def decide_approve(
    settlement: Settlement, *, batch: BatchId, execution_on: str, calendar: CivilCalendar, by: PersonId, at_us: int,
    producers: Mapping[ProducerId, Producer] = _ANY, rules: PayoutRulesSet | None = None,
) -> BatchApproved | BatchEndorsed | Declined:
    """rules: those in force. Above their amount the first approver endorses, the second one approves the same day."""
    known = batch_of(settlement, batch)
    if isinstance(known, Declined):
        return known
    if known.state is not BatchState.CLOSED:
        return not_now(f"Batch {batch} is approved already.")
    if known.closed.by == by:
        return not_now("Who closed a batch can't approve it: ask another person with the role approver.")
    day = civil_date(execution_on)
    if day < calendar.day(at_us):
        return not_now("The bank can't pay in the past; choose today or a later day.")
    if next_payout_day(rules, day) != day:
        days = ", ".join(rules.payout_days) if rules is not None else ""
        return not_now(f"This caisse pays on {days}; the next such day is {next_payout_day(rules, day)}.")
    declined = stopped(settlement, known, producers)
    if declined is not None:
        return declined
    if rules is None or not rules.two_above_cents or known.to_pay_cents() <= rules.two_above_cents:
        return BatchApproved(batch=batch, execution_on=execution_on, by=by)
    if known.endorsed is None:
        return BatchEndorsed(batch=batch, execution_on=execution_on, by=by)
    if known.endorsed.by == by:
        return not_now(f"Batch {batch} is {money(known.to_pay_cents())}, above {money(rules.two_above_cents)}: a second "
                       "approver is needed beside you.")  # fmt: skip
    if known.endorsed.execution_on != execution_on:
        return not_now(f"{known.endorsed.by} approved it for {known.endorsed.execution_on}; approve the same day, or agree on "
                       "one with each other.")  # fmt: skip
    return BatchApproved(batch=batch, execution_on=execution_on, by=by)


def stopped(settlement: Settlement, batch: Batch, producers: Mapping[ProducerId, Producer]) -> Declined | None:
    """Why this batch can't leave as it is: one of its payees is held, or the account was reported."""
    live = [(who, one) for who, one in batch.payouts.items() if one.state is PayoutState.WAITING]
    if batch.payouts and not live:
        return not_now("Every transfer of this batch was withdrawn or handed over: nothing is left to pay by it.")
    for producer, payout in live:
        number = batch.closed.batch
        what_to_do = f"take that transfer out first: clearing withdraw {number} {producer} --reason TEXT"
        if producer in settlement.held:
            return not_now(f"Payments to {producer} are held ({settlement.held[producer].reason}); {what_to_do}")
        known = producers.get(producer)
        if known is not None and payout.details in known.reported:
            return not_now(f"The account of {producer} was reported {known.reported[payout.details]}; {what_to_do}")
    return None


def decide_export(
    settlement: Settlement, *, batch: BatchId, message_id: str, file_sha256: bytes, by: PersonId,
    producers: Mapping[ProducerId, Producer] = _ANY,
) -> BatchExported | Declined:
    """The file of an approved batch was written; a second file must be the same bytes, and is then not recorded again."""
    known = batch_of(settlement, batch)
    if isinstance(known, Declined):
        return known
    if known.state is BatchState.CLOSED:
        return not_now(f"Batch {batch} is not approved yet; another person than {known.closed.by} has to approve it.")
    if known.exported is not None and known.exported.file_sha256 != file_sha256:
        return not_now(f"The file of batch {batch} is not the one written before: do not send it; run `clearing audit`.")
    if known.exported is not None:
        return not_now(f"Batch {batch} was exported before; this is the same file. Send only one of them to the bank.")
    declined = stopped(settlement, known, producers)
    if declined is not None:
        return declined
    return BatchExported(batch=batch, message_id=message_id, file_sha256=file_sha256, by=by)


def waits_for(batch: Batch, rules: PayoutRulesSet | None) -> Iterable[PersonId]:
    """Who can't be the next approver of a batch: who closed it, and who approved it first."""
    yield batch.closed.by
    if batch.endorsed is not None and rules is not None:
        yield batch.endorsed.by
