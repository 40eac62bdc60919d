"""Law: what is due is collected once, by a frozen list that one person proposes and another approves, after members were told.

What is under way in another collection is not asked for again; what came back is, only when a person says so. The file stands
for the list and nothing else: whose mandate is in doubt by then is taken out, or the list is dropped.
"""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final, NamedTuple

from clearing.events.debits import (
    CollectionAnnounced,
    CollectionApproved,
    CollectionDropped,
    CollectionExported,
    CollectionProposed,
    DebitLeftOut,
    DebitRow,
    Part,
)
from clearing.rules.answers import Declined, not_found, not_now
from clearing.rules.calendar import civil_date
from clearing.rules.people.members import Members
from clearing.rules.treasury.cotisations import (
    Cotisations,
    agreed_for,
    due_period,
    month_index,
    period_of,
    standings,
)
from clearing.rules.treasury.debits import (
    FAILED,
    NOTHING_SENT,
    ONE_OFF,
    UNDER_WAY,
    Collection,
    Debit,
    Debits,
    Mandate,
    mandate_key,
)
from clearing.rules.treasury.mandates import obstacle, usable
from clearing.rules.treasury.target_days import is_target_day, next_target_day, target_days_before
from clearing.values import CENTS_MAX, CaisseCode, Cents, MemberId, PersonId, money

AHEAD_DAYS_MAX: Final = 90
_CODE_CHARS_MAX: Final = 16  # leaves room in the 35 characters of a reference
_NOT_IN_A_REFERENCE: Final = re.compile(r"[^a-z0-9.-]")


class Skipped(NamedTuple):
    """A member whose cotisation is due by debit and is not in the list, and why."""

    member: MemberId
    cents: int
    why: str


class Due(NamedTuple):
    """What a collection would ask for, and from whom nothing can be asked."""

    rows: tuple[DebitRow, ...]
    skipped: tuple[Skipped, ...]


def message_id(code: CaisseCode, collection: int) -> str:
    """Of the bank's file."""
    return f"{_NOT_IN_A_REFERENCE.sub('-', code)[:_CODE_CHARS_MAX]}-C{collection:06d}"


def under_way_cents(debits: Debits, member: MemberId, period: str) -> int:
    """What other debits ask, or brought and nobody counted yet, for a month."""
    return sum(
        part.cents for _, debit in debits.debits_of(member) for part in debit.row.parts
        if part.period == period and (debit.state in UNDER_WAY or period in debit.held)
    )


def came_back(debits: Debits, member: MemberId, period: str) -> bool:
    return any(
        debit.state in FAILED and any(part.period == period for part in debit.row.parts)
        for _, debit in debits.debits_of(member)
    )


def parts_due(
    cotisations: Cotisations, debits: Debits, member: MemberId, *, period: str, arrears: bool
) -> tuple[Part, ...]:
    """What may be asked from a member: the month, and with arrears earlier ones and what came back."""
    found = []
    for one in standings(cotisations, member, until=period):
        agreement = agreed_for(cotisations, member, one.period)
        if agreement is None or agreement.means != "debit" or agreement.rule not in cotisations.rules:
            continue
        if not arrears and (one.period != period or came_back(debits, member, one.period)):
            continue
        cents = one.open_cents() - under_way_cents(debits, member, one.period)
        if cents > 0:
            found.append(Part(one.period, agreement.rule, cotisations.rules[agreement.rule].fund, Cents(cents)))
    return tuple(found)


def work_out(
    cotisations: Cotisations, members: Members, debits: Debits, *, code: CaisseCode, period: str, collect_on: date,
    arrears: bool,
) -> Due:
    """Every member whose cotisation is due by debit, in the order of their names here."""
    number = len(debits.collections) + 1
    rows: list[DebitRow] = []
    skipped: list[Skipped] = []
    for member in sorted(cotisations.agreements):
        parts = parts_due(cotisations, debits, member, period=period, arrears=arrears)
        cents = sum(part.cents for part in parts)
        if not parts or member not in members.members:
            continue
        if members.members[member].gone:
            skipped.append(Skipped(member, cents, f"{member} has left the caisse; what is open is settled otherwise"))
            continue
        mandate = usable(debits, member, collect_on)
        if isinstance(mandate, str):
            skipped.append(Skipped(member, cents, mandate))
        elif cents > CENTS_MAX:
            skipped.append(Skipped(member, cents, f"a debit asks for at most {money(CENTS_MAX)}"))
        else:
            final = ends_with(cotisations, member, parts)
            reference = f"{message_id(code, number)}-{len(rows) + 1:05d}"
            rows.append(_row(debits, mandate, parts, final=final, reference=reference))
    return Due(tuple(rows), tuple(skipped))


def ends_with(cotisations: Cotisations, member: MemberId, parts: tuple[Part, ...]) -> bool:
    """Whether nothing follows the last of these months, as was agreed."""
    last = parts[-1].period
    agreement = agreed_for(cotisations, member, last)
    if agreement is None or cotisations.agreements[member][-1].cents:
        return False
    following = period_of(month_index(due_period(agreement, last)) + agreement.every_months)
    return agreed_for(cotisations, member, following) is None


def _row(debits: Debits, mandate: Mandate, parts: tuple[Part, ...], *, final: bool, reference: str) -> DebitRow:
    creditor = debits.creditor.creditor if debits.creditor is not None else ""
    shown = last_shown(debits, mandate)
    account, before = shown if shown is not None else (mandate.details, creditor)
    return DebitRow(
        member=mandate.signed.member, mandate=mandate.signed.mandate, signed_on=mandate.signed.signed_on,
        details=mandate.details, sequence=sequence_of(debits, mandate, final=final), reference=reference,
        cents=Cents(sum(part.cents for part in parts)), parts=parts,
        new_account=account != mandate.details,
        old_creditor="" if same_creditor(before, creditor) else before,
    )


def last_shown(debits: Debits, mandate: Mandate) -> tuple[bytes, str] | None:
    """The account and the creditor id that a bank saw last under it, in a debit that it did not reject; None: never."""
    found = (mandate.signed.details, mandate.signed.creditor) if mandate.signed.used_on else None
    key = mandate_key(mandate.signed.mandate)
    for number, debit in debits.debits_of(mandate.signed.member):
        if mandate_key(debit.row.mandate) == key and debit.state not in NOTHING_SENT:
            found = (debit.row.details, debits.collections[number].proposed.creditor)
    return found


def same_creditor(one: str, other: str) -> bool:
    """The three characters of the business code, and the check digits, tell no creditor from another."""
    return (one[:2], one[7:]) == (other[:2], other[7:])


def sequence_of(debits: Debits, mandate: Mandate, *, final: bool) -> str:
    """FRST until a bank has had a debit under the mandate that it did not reject, then RCUR; FNAL for the last one."""
    if mandate.signed.kind == ONE_OFF:
        return "OOFF"
    if final:
        return "FNAL"
    return "RCUR" if last_shown(debits, mandate) is not None else "FRST"


def decide_propose(
    cotisations: Cotisations, members: Members, debits: Debits, *, code: CaisseCode, period: str, collect_on: str,
    arrears: bool, by: PersonId, today: date,
) -> CollectionProposed | Declined:
    day = civil_date(collect_on, what="the day of the debits")
    if debits.creditor is None:
        return not_now("The caisse has no creditor identifier yet: record it first (clearing mandate creditor ICS).")
    if month_index(period) > month_index(f"{day:%Y-%m}") + 1:
        return not_now(f"{period} is not due by {collect_on}: collect a month at most one month ahead.")
    refused = _day_refused(debits, day, today)
    if refused is not None:
        return refused
    due = work_out(
        cotisations, members, debits, code=code, period=period, collect_on=day, arrears=arrears
    )
    if not due.rows:
        waits = f" {len(due.skipped)} can't be collected: {due.skipped[0].why}." if due.skipped else ""
        return not_now(f"No cotisation of {period} is to be collected by debit: it is paid, under way, came back (--arrears "
                       f"asks again), or paid otherwise.{waits}")  # fmt: skip
    total = sum(row.cents for row in due.rows)
    if total > CENTS_MAX:
        return not_now(f"The collection would be {money(total)}; a file carries at most {money(CENTS_MAX)}.")
    return CollectionProposed(
        collection=len(debits.collections) + 1, period=period, collect_on=collect_on, arrears=arrears,
        creditor=debits.creditor.creditor, rows=due.rows, total_cents=Cents(total), by=by,
    )


def _day_refused(debits: Debits, day: date, today: date) -> Declined | None:
    if not is_target_day(day):
        return not_now(f"Banks are closed on {day}; choose {next_target_day(day)}.")
    earliest = first_day(debits, today)
    if day < earliest:
        return not_now(f"Members are told {debits.notice_days()} days before a debit and the bank wants the file "
                       f"{debits.lead_days()} banking days before: choose {earliest} or later.")  # fmt: skip
    if day > today + timedelta(days=AHEAD_DAYS_MAX):
        return not_now(f"Collect at most {AHEAD_DAYS_MAX} days ahead, so that nobody is told twice.")
    return None


def first_day(debits: Debits, today: date) -> date:
    """The first day of debits for who proposes today: members are told in time, and the bank has its file."""
    day = next_target_day(today + timedelta(days=debits.notice_days()))
    while target_days_before(day, debits.lead_days()) < today:
        day = next_target_day(day + timedelta(days=1))
    return day


def _open(debits: Debits, collection: int) -> Collection | Declined:
    """One that has not gone to the bank."""
    known = debits.collections.get(collection)
    if known is None:
        return not_found(f"There is no collection {collection}; `clearing collections` lists them.")
    if known.dropped:
        return not_now(f"Collection {collection} was dropped; propose another one.")
    if known.exported is not None:
        return not_now(f"The file of collection {collection} was made: only the bank's answers change it now.")
    return known


def decide_approve(
    debits: Debits, *, collection: int, by: PersonId, today: date
) -> CollectionApproved | Declined:
    known = _open(debits, collection)
    if isinstance(known, Declined):
        return known
    if known.approved is not None:
        return not_now(f"Collection {collection} is approved already.")
    if known.proposed.by == by:
        return not_now("Who proposed a collection can't approve it: ask another person with the role approver.")
    refused = _day_refused(debits, date.fromisoformat(known.proposed.collect_on), today)
    if refused is not None:
        return not_now(f"{refused.why} Drop this collection and propose it for that day.")
    return _in_doubt(debits, known) or CollectionApproved(collection=collection, by=by)


def decide_drop(debits: Debits, *, collection: int, reason: str, by: PersonId) -> CollectionDropped | Declined:
    known = _open(debits, collection)
    return known if isinstance(known, Declined) else CollectionDropped(collection=collection, reason=reason, by=by)


def decide_leave_out(
    debits: Debits, *, collection: int, member: MemberId, reason: str, by: PersonId
) -> DebitLeftOut | Declined:
    known = _open(debits, collection)
    if isinstance(known, Declined):
        return known
    debit = known.debits.get(member)
    if debit is None or debit not in known.kept():
        return not_found(f"Nothing is asked from {member} in collection {collection}.")
    if len(known.kept()) == 1:
        return not_now(f"It is the last debit of collection {collection}: drop the collection.")
    return DebitLeftOut(collection=collection, member=member, cents=debit.row.cents, reason=reason, by=by)


def decide_announce(
    debits: Debits, *, collection: int, sha256: bytes, by: PersonId, today: date
) -> CollectionAnnounced | Declined:
    known = _open(debits, collection)
    if isinstance(known, Declined):
        return known
    if known.approved is None:
        return not_now(f"Collection {collection} is not approved yet; another person than {known.proposed.by} has to.")
    if known.announced is not None:
        return not_now(f"The members were told of collection {collection} before, by {known.announced.by}.")
    last = announce_by(debits, known)
    if today > last:
        return not_now(f"Members are told {debits.notice_days()} days before: that was {last} at the latest. Drop the "
                       "collection and propose it for a later day.")  # fmt: skip
    return CollectionAnnounced(collection=collection, sha256=sha256, by=by)


def announce_by(debits: Debits, collection: Collection) -> date:
    """The last day on which members may be told of it."""
    return date.fromisoformat(collection.proposed.collect_on) - timedelta(days=debits.notice_days())


def send_by(debits: Debits, collection: Collection) -> date:
    """The last day on which the bank takes the file."""
    return target_days_before(date.fromisoformat(collection.proposed.collect_on), debits.lead_days())


def decide_export(
    debits: Debits, *, collection: int, message_id: str, file_sha256: bytes, by: PersonId, today: date
) -> CollectionExported | Declined:
    """A second file must be the same bytes, and is then not recorded again."""
    before = debits.collections.get(collection)
    if before is not None and before.exported is not None:
        if before.exported.file_sha256 != file_sha256:
            return not_now(f"The file of collection {collection} is not the one made before: do not send it; run `clearing "
                           "audit`.")  # fmt: skip
        return not_now(f"Collection {collection} was exported before; this is the same file. Send only one of them.")
    known = _open(debits, collection)
    if isinstance(known, Declined):
        return known
    if known.announced is None:
        step = "announce" if known.approved is not None else "approve"
        return not_now(f"The members have not been told of collection {collection}: clearing collection {step} {collection}")
    if today > send_by(debits, known):
        return not_now(f"The bank wanted the file on {send_by(debits, known)} at the latest. Drop the collection and propose "
                       "it for a later day.")  # fmt: skip
    return _in_doubt(debits, known) or CollectionExported(
        collection=collection, message_id=message_id, file_sha256=file_sha256, by=by
    )


def doubts(debits: Debits, collection: Collection) -> Iterator[tuple[Debit, str]]:
    """Debits that may not be made as they stand in the list, and why."""
    day = date.fromisoformat(collection.proposed.collect_on)
    for debit in collection.kept():
        mandate = debits.mandates[mandate_key(debit.row.mandate)]
        why = obstacle(debits, mandate, day)
        if not why and mandate.details != debit.row.details:
            why = f"the account of {debit.row.mandate} was changed since"
        if why:
            yield debit, why


def _in_doubt(debits: Debits, collection: Collection) -> Declined | None:
    number = collection.proposed.collection
    creditor = debits.creditor
    if creditor is not None and creditor.creditor != collection.proposed.creditor:
        return not_now("The creditor identifier was changed since: drop this collection and propose it again.")
    for debit, why in doubts(debits, collection):
        return not_now(f"{debit.row.member}: {why}. Take it out: clearing collection leave-out {number} {debit.row.member}")
    return None
