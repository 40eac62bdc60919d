"""Law: cotisations by direct debit: what members signed, what is asked for, and what the bank says of it."""

from datetime import date
from typing import Final

from clearing.authoriser.bodies import Body
from clearing.authoriser.verbs.cotisations import this_period, waited
from clearing.authoriser.verbs.order import Order, Result, Verb, all_of, one
from clearing.events import debits as events
from clearing.events.catalogue import Event
from clearing.events.cotisations import CotisationReceived
from clearing.rules.answers import Declined, not_now
from clearing.rules.treasury import collecting, debit_answers, mandates
from clearing.rules.treasury.debit_answers import Answer, Rooms
from clearing.rules.treasury.debits import mandate_key
from clearing.values import DecisionId, FundId, InvalidValue, MemberId

ROWS_MAX: Final = 20_000


def _today(o: Order) -> date:
    return o.book.caisse.calendar.day(o.at_us)


def _name_creditor(o: Order) -> Result:
    creditor, lead = o.body.text("creditor"), o.body.number("lead_days", lowest=1, highest=99)
    return one(mandates.decide_name_creditor(o.book.debits, creditor=creditor, lead_days=lead, by=o.by))


def _set_rule(o: Order) -> Result:
    b = o.body
    return one(mandates.decide_set_rule(events.DebitRuleSet(
        notice_days=b.number("notice_days", highest=999), counts_on=b.id("counts_on"),
        decision=DecisionId(b.id("decision")), by=o.by,
    )))


def _sign(o: Order) -> Result:
    """One recurrent mandate a member, also within the list."""
    debits, today = o.book.debits, _today(o)
    creditor = debits.creditor.creditor if debits.creditor is not None else ""
    members: set[tuple[str, str]] = set()

    def signed(b: Body) -> events.MandateSigned | Declined:
        event = events.MandateSigned(
            mandate=b.text("mandate"), member=MemberId(b.id("member")), kind=b.id("kind"), how=b.id("how"),
            signed_on=b.text("signed_on"), used_on=b.optional("used_on", b.text) or "", creditor=creditor,
            details=b.bytes("digest", 32), by=o.by,
        )
        if (event.member, event.kind) in members:
            return not_now(f"{event.member} stands twice in the list; one mandate of a kind is enough.")
        members.add((event.member, event.kind))
        return mandates.decide_sign(debits, o.book.members, event, today=today)

    return all_of(o.body.bodies("mandates"), _key, signed)


def _key(event: Event) -> str:
    return mandate_key(event.mandate) if isinstance(event, events.MandateSigned) else ""


def _change(o: Order) -> Result:
    mandate, details = o.body.text("mandate"), o.body.bytes("digest", 32)
    return one(mandates.decide_change(o.book.debits, mandate=mandate, details=details, by=o.by))


def _revoke(o: Order) -> Result:
    b = o.body
    return one(mandates.decide_revoke(
        o.book.debits, mandate=b.text("mandate"), on=b.text("on"), reason=b.text("reason"), by=o.by, today=_today(o)
    ))


def _suspend(o: Order) -> Result:
    mandate, reason = o.body.text("mandate"), o.body.text("reason")
    return one(mandates.decide_suspend(o.book.debits, mandate=mandate, reason=reason, by=o.by))


def _resume(o: Order) -> Result:
    mandate, reason = o.body.text("mandate"), o.body.text("reason")
    return one(mandates.decide_resume(o.book.debits, mandate=mandate, reason=reason, by=o.by))


def _propose(o: Order) -> Result:
    b, book = o.body, o.book
    return one(collecting.decide_propose(
        book.cotisations, book.members, book.debits, code=book.caisse.code, period=b.text("period"),
        collect_on=b.text("collect_on"), arrears=b.flag("arrears"), by=o.by, today=_today(o),
    ))


def _number(b: Body) -> int:
    return b.number("collection", lowest=1)


def _approve(o: Order) -> Result:
    return one(collecting.decide_approve(o.book.debits, collection=_number(o.body), by=o.by, today=_today(o)))


def _drop(o: Order) -> Result:
    collection, reason = _number(o.body), o.body.text("reason")
    return one(collecting.decide_drop(o.book.debits, collection=collection, reason=reason, by=o.by))


def _leave_out(o: Order) -> Result:
    b = o.body
    return one(collecting.decide_leave_out(
        o.book.debits, collection=_number(b), member=MemberId(b.id("member")), reason=b.text("reason"), by=o.by
    ))


def _announce(o: Order) -> Result:
    collection, sha256 = _number(o.body), o.body.bytes("sha256", 32)
    return one(collecting.decide_announce(
        o.book.debits, collection=collection, sha256=sha256, by=o.by, today=_today(o)
    ))


def _export(o: Order) -> Result:
    b = o.body
    return one(collecting.decide_export(
        o.book.debits, collection=_number(b), message_id=b.text("message_id"), file_sha256=b.bytes("file_sha256", 32),
        by=o.by, today=_today(o),
    ))


def _rooms(o: Order) -> Rooms:
    book = o.book
    return Rooms(
        cotisations=book.cotisations, members=book.members, takings=book.takings, debits=book.debits,
        gifts_count=book.gifts.over_contribution_counts(), this_period=this_period(o), today=_today(o), by=o.by,
    )


def _answer_of(b: Body) -> Answer:
    """One row. debit: the EndToEndId, when the bank's message names no member; reference: the bank's own, or empty."""
    member = b.optional("member", b.id) or ""
    debit = b.optional("debit", b.text) or ""
    answer = Answer(
        member, debit, b.id("state"), b.optional("code", lambda n: b.text(n, shortest=0)) or "",
        b.optional("text", lambda n: b.text(n, shortest=0)) or "", b.optional("on", lambda n: b.text(n, shortest=0)) or "",
        b.optional("reference", lambda n: b.text(n, shortest=0)) or "", bool(b.optional("sure", b.flag)),
    )
    if not member and not debit:
        raise InvalidValue("a row of the bank's answers needs 'member', or 'debit' with the EndToEndId")
    b.end()
    return answer


def _answer(o: Order) -> Result:
    """Rows that say what is known change nothing; the same row twice is one."""
    collection, rooms = _number(o.body), _rooms(o)
    rows = list(dict.fromkeys(_answer_of(row) for row in o.body.bodies("rows")))
    if not 1 <= len(rows) <= ROWS_MAX:
        return not_now(f"Give one answer of the bank to {ROWS_MAX}.")
    found: list[Event] = []
    answered: set[MemberId] = set()
    for place, row in enumerate(rows, start=1):
        taken = debit_answers.decide_answer(rooms, collection=collection, answer=row)
        if isinstance(taken, Declined):
            return Declined(code=taken.code, why=f"Item {place}: {taken.why}" if len(rows) > 1 else taken.why)
        for event in taken[:1]:
            member = MemberId(str(getattr(event, "member", "")))
            if member in answered:
                return not_now(f"The bank says two things of the debit of {member}; give them one after the other.")
            answered.add(member)
        found += taken
    if not found:
        return not_now("The book says all of that already: nothing changes.")
    return tuple(_with_credits(o, found))


def _count(o: Order) -> Result:
    taken = debit_answers.decide_count(_rooms(o), collection=_number(o.body))
    return taken if isinstance(taken, Declined) else tuple(_with_credits(o, taken))


def _with_credits(o: Order, taken: "list[Event] | tuple[Event, ...]") -> list[Event]:
    """Each payment with the credits that waited for it, as far as the funds go after those before."""
    found: list[Event] = []
    gone: dict[FundId, int] = {}
    for event in taken:
        found.append(event)
        if isinstance(event, CotisationReceived | events.DebitCounted):
            for credit in waited(o, event, gone):
                gone[credit.fund] = gone.get(credit.fund, 0) + credit.cents
                found.append(credit)
    return found


VERBS: Final[dict[str, Verb]] = {
    "name_creditor": _name_creditor,
    "set_debit_rule": _set_rule,
    "sign_mandates": _sign,
    "change_mandate": _change,
    "revoke_mandate": _revoke,
    "suspend_mandate": _suspend,
    "resume_mandate": _resume,
    "propose_collection": _propose,
    "approve_collection": _approve,
    "drop_collection": _drop,
    "leave_out_debit": _leave_out,
    "announce_collection": _announce,
    "export_collection": _export,
    "answer_collection": _answer,
    "count_collection": _count,
}
