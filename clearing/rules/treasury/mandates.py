"""Law: who signed a mandate may change and revoke it; unused for 36 months it is over; nothing is collected under one in doubt.

Source: the EPC's SDD core rulebook: a reference of at most 35 characters, unique for a creditor; expiry 36 months after the
last collection, even one that failed; sequence types, of which FRST is optional since November 2016; SMNDA for another account.
"""

import re
from datetime import date
from typing import Final

from stdnum.eu import at_02

from clearing.events.debits import (
    CreditorNamed,
    DebitRuleSet,
    MandateChanged,
    MandateResumed,
    MandateRevoked,
    MandateSigned,
    MandateSuspended,
)
from clearing.rules.answers import Declined, not_found, not_now
from clearing.rules.calendar import civil_date
from clearing.rules.people.members import Members
from clearing.rules.treasury.debits import (
    EXECUTION,
    FAILED,
    ONE_OFF,
    RECURRENT,
    WINDOW,
    Debit,
    Debits,
    DebitState,
    Mandate,
    MandateState,
    mandate_key,
)
from clearing.values import MemberId, PersonId

KINDS: Final = (RECURRENT, ONE_OFF)
HOW: Final = ("paper", "page")
COUNTS_ON: Final = (EXECUTION, WINDOW)
EXPIRY_MONTHS: Final = 36
NOTICE_DAYS_MAX: Final = 60
LEAD_DAYS_MAX: Final = 10
_REFERENCE: Final = re.compile(r"[A-Za-z0-9+?:().,'/-]{1,35}")  # as banks return it unchanged; a blank is asking for trouble
_FIRST_YEAR: Final = 2009  # the scheme began in November of it


def decide_name_creditor(debits: Debits, *, creditor: str, lead_days: int, by: PersonId) -> CreditorNamed | Declined:
    compact = "".join(creditor.split()).upper()
    if not at_02.is_valid(compact) or at_02.compact(compact) != compact:
        return not_now(f"{creditor} is no creditor identifier (ICS): its check digits do not agree, or it has another form. It "
                       "looks like FR72ZZZ123456; copy it from the letter of the bank.")  # fmt: skip
    if not 1 <= lead_days <= LEAD_DAYS_MAX:
        return not_now(f"A bank wants the file 1 to {LEAD_DAYS_MAX} banking days before; ask it how many.")
    known = debits.creditor
    if known is not None and (known.creditor, known.lead_days) == (compact, lead_days):
        return not_now(f"{compact} is the caisse's creditor identifier already.")
    return CreditorNamed(creditor=compact, lead_days=lead_days, by=by)


def decide_set_rule(rule: DebitRuleSet) -> DebitRuleSet | Declined:
    if not 1 <= rule.notice_days <= NOTICE_DAYS_MAX:
        return not_now(f"Members are told 1 to {NOTICE_DAYS_MAX} days before a debit; the scheme says 14 where no vote does.")
    if rule.counts_on not in COUNTS_ON:
        return not_now(f"What is collected counts as received on one of {', '.join(COUNTS_ON)}, not {rule.counts_on}.")
    return rule


def decide_sign(debits: Debits, members: Members, signed: MandateSigned, *, today: date) -> MandateSigned | Declined:
    known = debits.find(signed.mandate)
    if debits.creditor is None:
        return not_now("The caisse has no creditor identifier yet: record it first (clearing mandate creditor ICS).")
    if signed.member not in members.members:
        return not_found(f"There is no member {signed.member}; admit them first.")
    if known is not None:
        return not_now(f"The mandate {signed.mandate} is known already, of {known.signed.member}: a reference is used once, "
                       "whatever its capitals.")  # fmt: skip
    refused = _form_refused(signed, today)
    if refused:
        return not_now(refused)
    standing = recurrent_of(debits, signed.member)
    if signed.kind == RECURRENT and standing is not None:
        return not_now(f"{signed.member} has the mandate {standing.signed.mandate}: change its account (clearing mandate "
                       "account), or revoke it first.")  # fmt: skip
    return signed


def _form_refused(signed: MandateSigned, today: date) -> str:
    """Why this can't be a mandate; "" when it can."""
    reference = signed.mandate
    if not _REFERENCE.fullmatch(reference) or reference[0] == "/" or reference[-1] == "/" or "//" in reference:
        return ("A mandate's reference has 1 to 35 of the signs a-z A-Z 0-9 + ? / - : ( ) . , ' without blanks, and no slash "
                f"at its ends or two in a row; {reference} is not that.")  # fmt: skip
    if signed.kind not in KINDS or signed.how not in HOW:
        return f"A mandate is {' or '.join(KINDS)} and signed on {' or '.join(HOW)}."
    day = civil_date(signed.signed_on, what="the day of the signature")
    if not date(_FIRST_YEAR, 11, 1) <= day <= today:
        return f"A mandate is signed on a day from November {_FIRST_YEAR} to today, not on {signed.signed_on}."
    if signed.used_on:
        used = civil_date(signed.used_on, what="the day of its last debit")
        if signed.kind == ONE_OFF or not day <= used <= today:
            return "The last debit under a recurrent mandate was made between its signature and today; a one-off is used up."
        day = used
    if expires_on(day) <= today:
        return f"It ended on {expires_on(day)}: {EXPIRY_MONTHS} months after its last use. Have a new one signed."
    return ""


def expires_on(last: date) -> date:
    """The first day on which nothing may be collected any more under a mandate that was last used, or signed, on that day."""
    years = EXPIRY_MONTHS // 12
    leap = (last.month, last.day) == (2, 29)
    return date(last.year + years, 3, 1) if leap else last.replace(year=last.year + years)


def ends_on(mandate: Mandate) -> date:
    """When the 36 months are over, if nothing is collected before."""
    return expires_on(date.fromisoformat(mandate.presented_on or mandate.signed.signed_on))


def recurrent_of(debits: Debits, member: MemberId) -> Mandate | None:
    """The member's recurrent mandate that nobody revoked."""
    for key in debits.of_member.get(member, ()):
        mandate = debits.mandates[key]
        if mandate.signed.kind == RECURRENT and mandate.state is not MandateState.REVOKED and not ended(debits, mandate):
            return mandate
    return None


def ended(debits: Debits, mandate: Mandate) -> bool:
    """Whether its last debit, a final or the only one, was made and stayed."""
    return any(
        debit.state is DebitState.EXECUTED and debit.row.sequence in ("FNAL", "OOFF")
        for debit in of_mandate(debits, mandate)
    )


def of_mandate(debits: Debits, mandate: Mandate) -> list[Debit]:
    key = mandate_key(mandate.signed.mandate)
    return [one for _, one in debits.debits_of(mandate.signed.member) if mandate_key(one.row.mandate) == key]


def obstacle(debits: Debits, mandate: Mandate, on: date) -> str:
    """Why nothing may be collected under it on that day; "" when it may be."""
    name = mandate.signed.mandate
    if mandate.state is MandateState.REVOKED and mandate.revoked_on <= on.isoformat():
        return f"the mandate {name} is revoked from {mandate.revoked_on} on"
    if mandate.state is MandateState.SUSPENDED:
        return f"the mandate {name} is suspended ({mandate.why})"
    if ends_on(mandate) <= on:
        return f"the mandate {name} ends on {ends_on(mandate)}, {EXPIRY_MONTHS} months after its last use"
    if ended(debits, mandate):
        return f"the mandate {name} is used up"
    return ""


def usable(debits: Debits, member: MemberId, on: date) -> Mandate | str:
    """The mandate to collect under on a day, the recurrent one first; or why there is none."""
    why = f"{member} has signed no mandate"
    known = [debits.mandates[key] for key in debits.of_member.get(member, ())]
    for mandate in sorted(known, key=lambda one: one.signed.kind != RECURRENT):
        found = obstacle(debits, mandate, on)
        if not found:
            return mandate
        why = found
    return why


def failures_in_a_row(debits: Debits, mandate: Mandate, collection: int, *, failing: bool) -> int:
    """How many debits failed one after the other, with that of this collection; those before a person looked don't count.

    failing: the debit of that collection failed, whatever is recorded of it.
    """
    found, key = 0, mandate_key(mandate.signed.mandate)
    for number, debit in sorted(debits.debits_of(mandate.signed.member), reverse=True, key=lambda one: one[0]):
        if number <= mandate.since or mandate_key(debit.row.mandate) != key:
            continue
        if debit.state in FAILED or (failing and number == collection):
            found += 1
        elif debit.state is DebitState.EXECUTED:
            break
    return found


def decide_change(debits: Debits, *, mandate: str, details: bytes, by: PersonId) -> MandateChanged | Declined:
    known = _standing(debits, mandate)
    if isinstance(known, Declined):
        return known
    if known.details == details:
        return not_now(f"That is the account of {known.signed.mandate} already.")
    return MandateChanged(mandate=known.signed.mandate, details=details, by=by)


def decide_revoke(
    debits: Debits, *, mandate: str, on: str, reason: str, by: PersonId, today: date
) -> MandateRevoked | Declined:
    known = _standing(debits, mandate)
    if isinstance(known, Declined):
        return known
    if not known.signed.signed_on <= civil_date(on).isoformat() <= f"{today.year + 1}":
        return not_now("A mandate is revoked from a day after its signature on, within this year.")
    return MandateRevoked(mandate=known.signed.mandate, on=on, reason=reason, by=by)


def decide_suspend(debits: Debits, *, mandate: str, reason: str, by: PersonId) -> MandateSuspended | Declined:
    known = _standing(debits, mandate)
    if isinstance(known, Declined):
        return known
    if known.state is MandateState.SUSPENDED:
        return not_now(f"The mandate {known.signed.mandate} is suspended already: {known.why}.")
    return MandateSuspended(mandate=known.signed.mandate, collection=0, reason=reason, by=by)


def decide_resume(debits: Debits, *, mandate: str, reason: str, by: PersonId) -> MandateResumed | Declined:
    known = _standing(debits, mandate)
    if isinstance(known, Declined):
        return known
    if known.state is not MandateState.SUSPENDED:
        return not_now(f"The mandate {known.signed.mandate} is not suspended.")
    return MandateResumed(mandate=known.signed.mandate, reason=reason, by=by)


def _standing(debits: Debits, mandate: str) -> Mandate | Declined:
    known = debits.find(mandate)
    if known is None:
        return not_found(f"There is no mandate {mandate}; `clearing mandate list` lists them.")
    if known.state is MandateState.REVOKED:
        return not_now(f"The mandate {known.signed.mandate} is revoked; have a new one signed.")
    return known
