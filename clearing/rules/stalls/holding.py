"""Law: one officer stops payments to a producer, two let them go on; a closed or stolen account is never paid to again."""

from typing import Final

from clearing.events.settlement import (
    AccountReported,
    PayeeChecked,
    PayoutHeld,
    PayoutReleased,
    PayoutRulesSet,
    ReleaseProposed,
)
from clearing.rules.answers import Declined, not_found, not_now
from clearing.rules.stalls.producers import Producers
from clearing.rules.stalls.settlement import WEEKDAYS, Settlement
from clearing.values import PersonId, ProducerId

MINIMUM_DAYS_MAX: Final = 92  # nobody waits for more than a quarter of a year for what was earned
REPORTS: Final = ("closed", "stolen")
CHECKS: Final = ("RCVC", "RVMC", "RVNM", "RVNA", "none")
"""Verification of Payee as banks answer it: match, close match, no match, not applicable; none: nobody asked."""


def evolve_rules(settlement: Settlement, event: PayoutRulesSet) -> None:
    settlement.rules = event


def evolve_held(settlement: Settlement, event: PayoutHeld) -> None:
    settlement.held[event.producer] = event


def evolve_release_proposed(settlement: Settlement, event: ReleaseProposed) -> None:
    settlement.releasing[event.producer] = event


def evolve_released(settlement: Settlement, event: PayoutReleased) -> None:
    del settlement.held[event.producer]
    settlement.releasing.pop(event.producer, None)


def evolve_reported(producers: Producers, event: AccountReported) -> None:
    producers.producers[event.producer].reported[event.details] = event.what


def evolve_checked(settlement: Settlement, event: PayeeChecked) -> None:
    settlement.checks[event.producer] = event


def decide_rules(wanted: PayoutRulesSet) -> PayoutRulesSet | Declined:
    if wanted.minimum_cents and not 1 <= wanted.minimum_days <= MINIMUM_DAYS_MAX:
        return not_now(f"Say after how many days a smaller amount is paid all the same: 1 to {MINIMUM_DAYS_MAX}.")
    if wanted.minimum_days and not wanted.minimum_cents:
        return not_now("Days are given with a minimum; leave them out when every amount is paid at once.")
    unknown = [day for day in wanted.payout_days if day not in WEEKDAYS]
    if unknown or len(set(wanted.payout_days)) != len(wanted.payout_days):
        return not_now(f"Payout days are some of {', '.join(WEEKDAYS)}, each once.")
    return wanted


def decide_hold(
    settlement: Settlement, producers: Producers, *, producer: ProducerId, reason: str, by: PersonId
) -> PayoutHeld | Declined:
    if producer not in producers.producers:
        return not_found(f"There is no producer {producer}; `clearing producer list` shows them.")
    if producer in settlement.held:
        return not_now(f"Payments to {producer} are held already: {settlement.held[producer].reason}.")
    return PayoutHeld(producer=producer, reason=reason, by=by)


def decide_propose_release(
    settlement: Settlement, *, producer: ProducerId, reason: str, by: PersonId
) -> ReleaseProposed | Declined:
    if producer not in settlement.held:
        return not_found(f"Payments to {producer} are not held.")
    return ReleaseProposed(producer=producer, reason=reason, by=by)


def decide_release(settlement: Settlement, *, producer: ProducerId, by: PersonId) -> PayoutReleased | Declined:
    proposed = settlement.releasing.get(producer)
    if proposed is None:
        return not_found(f"Nobody proposed to release payments to {producer}: one proposes it with the reason, another agrees.")
    if proposed.by == by:
        return not_now(f"{by} proposed it; another person has to agree that payments to {producer} go on.")
    return PayoutReleased(producer=producer, reason=proposed.reason, proposed_by=proposed.by, by=by)


def decide_report(
    producers: Producers, *, producer: ProducerId, what: str, by: PersonId, at_us: int
) -> AccountReported | Declined:
    """Of the account that is paid to now; a new one, entered and approved, takes its place after its waiting time."""
    known = producers.producers.get(producer)
    if known is None:
        return not_found(f"There is no producer {producer}; `clearing producer list` shows them.")
    if what not in REPORTS:
        return not_now(f"An account is reported {' or '.join(REPORTS)}, not {what}.")
    details = known.details_at(at_us)
    if not details:
        return not_now(f"No account of {producer} is paid to now, so there is none to report.")
    return AccountReported(producer=producer, details=details, what=what, by=by)


def decide_check(producers: Producers, wanted: PayeeChecked) -> PayeeChecked | Declined:
    known = producers.producers.get(wanted.producer)
    if known is None:
        return not_found(f"There is no producer {wanted.producer}; `clearing producer list` shows them.")
    if wanted.state not in CHECKS:
        return not_now(f"A check of the payee says {', '.join(CHECKS)}, not {wanted.state}.")
    accounts = [digest for _, digest in known.details]
    if wanted.details not in accounts and (known.proposed is None or known.proposed.details != wanted.details):
        return not_now(f"That is no account of {wanted.producer}: enter it first, then record what the bank said of it.")
    return wanted


def check_of(settlement: Settlement, producer: ProducerId, details: bytes) -> str:
    """The Verification of Payee of just this account: another account's says nothing."""
    checked = settlement.checks.get(producer)
    return checked.state if checked is not None and checked.details == details else CHECKS[-1]
