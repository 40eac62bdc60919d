"""Law: a person's command is one verb with an exact body; the rules answer with all of its events, or with one decline.

Several items in one command (members, cards, producers) are taken whole or not at all.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, fields
from typing import Final

from clearing.authoriser.bodies import Body, charte
from clearing.events import caisse as said, funds as money
from clearing.events.catalogue import Event
from clearing.events.producers import (
    ConventionSigned,
    ProducerAdmitted,
    TerminalEnrolled,
    TerminalSlotOpened,
)
from clearing.rules import allocation, caisse, funds, members, producers, settlement
from clearing.rules.answers import Declined, not_now
from clearing.rules.book import Book
from clearing.rules.calendar import civil_date
from clearing.values import (
    BatchId,
    CardId,
    CategoryId,
    ConventionId,
    DecisionId,
    FundId,
    MemberId,
    PersonId,
    ProducerId,
    PurseKind,
    TerminalId,
)
from clearing.wire.commands import person_number
from clearing.wire.signature import acceptable_public_key


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A command whose sender is known: what the verbs below decide on. details_wait_us: how long changed bank details wait."""

    book: Book
    body: Body
    by: PersonId
    at_us: int
    details_wait_us: int
    clock_step_us: int


Result = tuple[Event, ...] | Declined
Verb = Callable[[Order], Result]


def decide(verb: str, order: Order) -> Result:
    """All events of the command, or why not. Raises InvalidValue for a body that is not the verb's (a refusal, no event)."""
    result = VERBS[verb](order)
    order.body.end()
    return result


def summary(events: tuple[Event, ...]) -> dict[str, object]:
    """What the person is told of the events: the plain fields of a single one, else how many there were."""
    if len(events) != 1:
        return {"events": len(events)}
    event = events[0]
    plain = {field.name: getattr(event, field.name) for field in fields(event)}
    return {"event": type(event).__name__} | {
        name: value for name, value in plain.items() if isinstance(value, bool | int | str | bytes)
    }


def _one(result: Event | Declined) -> Result:
    return result if isinstance(result, Declined) else (result,)


def _all(items: list[Body], key: Callable[[Event], Hashable], decide_item: Callable[[Body], Event | Declined]) -> Result:
    """Decide each item; the first that is declined, or that comes twice, declines the whole command by its place."""
    events: list[Event] = []
    seen: set[Hashable] = set()
    for place, item in enumerate(items, start=1):
        result = decide_item(item)
        item.end()
        if isinstance(result, Declined):
            return Declined(code=result.code, why=f"Item {place}: {result.why}" if len(items) > 1 else result.why)
        if key(result) in seen:
            return not_now(f"Item {place} comes twice in the list; remove one of the two.")
        seen.add(key(result))
        events.append(result)
    return tuple(events) if events else not_now("The list is empty; give at least one item.")


def _propose_person(o: Order) -> Result:
    key = o.body.bytes("key", 32)
    if not acceptable_public_key(key):
        return not_now("This is not a usable Ed25519 public key; make a new one with `clearing person add`.")
    person, roles = PersonId(o.body.id("person")), o.body.ids("roles")
    return _one(caisse.decide_propose_person(o.book.caisse, person=person, key=key, roles=roles, by=o.by))


def _confirm_person(o: Order) -> Result:
    person = PersonId(o.body.id("person"))
    key, roles = o.body.bytes("key", 32), o.body.ids("roles")
    return _one(caisse.decide_confirm_person(
        o.book.caisse, person=person, number=person_number(person), key=key, roles=roles, by=o.by
    ))


def _remove_person(o: Order) -> Result:
    return _one(caisse.decide_remove_person(o.book.caisse, person=PersonId(o.body.id("person")), by=o.by))


def read_decision(body: Body, by: PersonId) -> said.DecisionRecorded:
    """A recorded vote, as commands and founding files give it."""
    return said.DecisionRecorded(
        decision=DecisionId(body.id("decision")), title=body.text("title"), body=body.id("body"), method=body.id("method"),
        taken_on=civil_date(body.text("taken_on"), what="taken_on").isoformat(), votes_for=body.number("votes_for"),
        votes_against=body.number("votes_against"), abstained=body.number("abstained"),
        minutes_sha256=body.bytes("minutes_sha256", 32, or_empty=True), by=by,
    )


def _record_decision(o: Order) -> Result:
    return _one(caisse.decide_record(o.book.caisse, read_decision(o.body, o.by)))


def _adopt_charte(o: Order) -> Result:
    adopted = charte(o.body)
    known = frozenset(o.book.funds)
    return _one(caisse.decide_adopt(o.book.caisse, charte=adopted, funds=known, founding=False, by=o.by, at_us=o.at_us))


def _open_fund(o: Order) -> Result:
    b = o.body
    return _one(funds.decide_open(
        o.book.funds, fund=FundId(b.id("fund")), kind=b.id("kind"), name=b.text("name"),
        advance_cents=b.cents("advance_cents"), by=o.by,
    ))


def _notify_money(o: Order) -> Result:
    b = o.body
    fund, cents, reference = FundId(b.id("fund")), b.cents("cents"), b.text("reference")
    return _one(funds.decide_notify(o.book.funds, fund=fund, cents=cents, reference=reference, by=o.by))


def _receive_money(o: Order) -> Result:
    b = o.body
    fund, cents, reference = FundId(b.id("fund")), b.cents("cents"), b.text("reference")
    return _one(funds.decide_receive(o.book.funds, fund=fund, cents=cents, reference=reference, by=o.by))


def read_allocation_rule(b: Body, by: PersonId) -> money.AllocationRuleSet:
    """A voted monthly credit, as commands and founding files give it."""
    return money.AllocationRuleSet(
        rule=b.id("rule"), purse=PurseKind(b.id("purse")), fund=FundId(b.id("fund")), cents_each=b.cents("cents_each"),
        months_valid=b.number("months_valid", lowest=1, highest=24), who=b.ids("who"), decision=DecisionId(b.id("decision")),
        by=by,
    )


def _set_allocation_rule(o: Order) -> Result:
    rule = read_allocation_rule(o.body, o.by)
    return _one(allocation.decide_set_rule(rule, funds=o.book.funds, decisions=o.book.caisse.decisions))


def _grant(o: Order) -> Result:
    book, rule, period = o.book, o.body.id("rule"), o.body.text("period")
    return _one(allocation.decide_grant(
        book.allocation, book.members, book.funds, book.caisse.calendar, rule=rule, period=period, by=o.by, at_us=o.at_us
    ))


def _grant_single(o: Order) -> Result:
    rule, period, member = o.body.id("rule"), o.body.text("period"), MemberId(o.body.id("member"))
    return _one(allocation.decide_grant_single(
        o.book.allocation, o.book.members, o.book.funds, rule=rule, period=period, member=member, by=o.by, at_us=o.at_us
    ))


def _credit_purse(o: Order) -> Result:
    b = o.body
    fund = b.optional("fund", b.id)
    credit = money.PurseCredited(
        member=MemberId(b.id("member")), purse=PurseKind(b.id("purse")), fund=None if fund is None else FundId(fund),
        cents=b.cents("cents"), expires_us=b.optional("expires_us", b.instant), reference=b.text("reference"), by=o.by,
    )
    return _one(allocation.decide_credit(o.book.members, o.book.funds, credit, at_us=o.at_us))


def _admit_members(o: Order) -> Result:
    return _all(o.body.bodies("members"), lambda e: getattr(e, "member", None), lambda b: members.decide_admit(
        o.book.members, member=MemberId(b.id("member")), groups=b.ids("groups"), by=o.by
    ))


def _change_groups(o: Order) -> Result:
    member, groups = MemberId(o.body.id("member")), o.body.ids("groups")
    return _one(members.decide_change_groups(o.book.members, member=member, groups=groups, by=o.by))


def _issue_cards(o: Order) -> Result:
    result = _all(o.body.bodies("cards"), lambda e: getattr(e, "alias", None), lambda b: members.decide_issue_card(
        o.book.members, card=CardId(b.bytes("card", 16)), key_version=b.number("key_version", lowest=1),
        member=MemberId(b.id("member")), alias=b.text("alias"), by=o.by,
    ))
    if not isinstance(result, Declined) and len({getattr(event, "card", None) for event in result}) != len(result):
        return not_now("One card is in the list twice; remove one of the two.")
    return result


def _block_card(o: Order) -> Result:
    return _one(members.decide_block(o.book.members, alias=o.body.text("alias"), code=o.body.text("code"), by=o.by))


def _unblock_card(o: Order) -> Result:
    return _one(members.decide_unblock(o.book.members, alias=o.body.text("alias"), by=o.by))


def _admit_producers(o: Order) -> Result:
    return _all(o.body.bodies("producers"), lambda e: getattr(e, "producer", None), lambda b: producers.decide_admit(
        o.book.producers,
        ProducerAdmitted(producer=ProducerId(b.id("producer")), name=b.text("name"), structures=b.ids("structures"), by=o.by),
    ))


def _sign_conventions(o: Order) -> Result:
    return _all(o.body.bodies("conventions"), lambda e: getattr(e, "convention", None), lambda b: producers.decide_sign(
        o.book.producers,
        ConventionSigned(
            convention=ConventionId(b.id("convention")), producer=ProducerId(b.id("producer")), from_us=b.instant("from_us"),
            until_us=b.optional("until_us", b.instant),
            categories=tuple(CategoryId(c) for c in b.ids("categories")) if b.has("categories") else None, by=o.by,
        ),
    ))


def _suspend_convention(o: Order) -> Result:
    return _one(producers.decide_suspend(o.book.producers, convention=ConventionId(o.body.id("convention")), by=o.by))


def _resume_convention(o: Order) -> Result:
    return _one(producers.decide_resume(o.book.producers, convention=ConventionId(o.body.id("convention")), by=o.by))


def _propose_bank_details(o: Order) -> Result:
    return _all(o.body.bodies("details"), lambda e: getattr(e, "producer", None), lambda b: producers.decide_propose_details(
        o.book.producers, producer=ProducerId(b.id("producer")), details=b.bytes("digest", 32), by=o.by
    ))


def _approve_bank_details(o: Order) -> Result:
    return _all(o.body.bodies("producers"), lambda e: getattr(e, "producer", None), lambda b: producers.decide_approve_details(
        o.book.producers, producer=ProducerId(b.id("producer")), details=b.bytes("digest", 32), wait_us=o.details_wait_us,
        by=o.by, at_us=o.at_us,
    ))


def _open_slot(o: Order) -> Result:
    b = o.body
    return _one(producers.decide_open_slot(o.book.producers, TerminalSlotOpened(
        slot=b.id("slot"), producer=ProducerId(b.id("producer")), secret_sha256=b.bytes("secret_sha256", 32),
        expires_us=b.instant("expires_us"), by=o.by,
    )))


def _enrol_terminals(o: Order) -> Result:
    def one(b: Body) -> TerminalEnrolled | Declined:
        event = TerminalEnrolled(
            terminal=TerminalId(b.bytes("terminal", 8)), epoch=b.number("epoch", lowest=1),
            producer=ProducerId(b.id("producer")), key=b.bytes("key", 32), slot=None, by=o.by,
        )
        if not acceptable_public_key(event.key):
            return not_now("This is not a usable Ed25519 public key; let the terminal make a new one.")
        if event.terminal in o.book.caisse.by_number:
            return not_now("This terminal id is a person's number; give the terminal another id.")
        return producers.decide_enrol(o.book.producers, event, at_us=o.at_us)

    return _all(o.body.bodies("terminals"), lambda e: getattr(e, "terminal", None), one)


def _suspend_terminal(o: Order) -> Result:
    terminal = TerminalId(o.body.bytes("terminal", 8))
    return _one(producers.decide_suspend_terminal(o.book.producers, terminal=terminal, by=o.by))


def _resume_terminal(o: Order) -> Result:
    terminal = TerminalId(o.body.bytes("terminal", 8))
    return _one(producers.decide_resume_terminal(o.book.producers, terminal=terminal, by=o.by))


def _close_batch(o: Order) -> Result:
    book = o.book
    return _one(settlement.decide_close(
        book.settlement, producers=book.producers.producers, calendar=book.caisse.calendar, closed_on=o.body.text("closed_on"),
        position=book.position, by=o.by, at_us=o.at_us,
    ))


def _approve_batch(o: Order) -> Result:
    batch, execution_on = BatchId(o.body.number("batch", lowest=1)), o.body.text("execution_on")
    return _one(settlement.decide_approve(
        o.book.settlement, batch=batch, execution_on=execution_on, calendar=o.book.caisse.calendar, by=o.by, at_us=o.at_us
    ))


def _export_batch(o: Order) -> Result:
    b = o.body
    batch, message_id, digest = BatchId(b.number("batch", lowest=1)), b.text("message_id"), b.bytes("file_sha256", 32)
    return _one(settlement.decide_export(
        o.book.settlement, batch=batch, message_id=message_id, file_sha256=digest, by=o.by
    ))


def _confirm_payout(o: Order) -> Result:
    b = o.body
    batch, producer, reference = BatchId(b.number("batch", lowest=1)), ProducerId(b.id("producer")), b.text("reference")
    return _one(settlement.decide_confirm(o.book.settlement, batch=batch, producer=producer, reference=reference, by=o.by))


def _return_payout(o: Order) -> Result:
    b = o.body
    batch, producer, reason = BatchId(b.number("batch", lowest=1)), ProducerId(b.id("producer")), b.text("reason")
    return _one(settlement.decide_return(o.book.settlement, batch=batch, producer=producer, reason=reason, by=o.by))


def _confirm_clock(o: Order) -> Result:
    if not o.clock_step_us:
        return not_now("The clock runs as it should; there is nothing to confirm.")
    return (said.ClockConfirmed(step_us=o.clock_step_us, by=o.by),)


VERBS: Final[dict[str, Verb]] = {
    "propose_person": _propose_person, "confirm_person": _confirm_person, "remove_person": _remove_person,
    "record_decision": _record_decision, "adopt_charte": _adopt_charte, "open_fund": _open_fund,
    "notify_money": _notify_money, "receive_money": _receive_money, "set_allocation_rule": _set_allocation_rule,
    "grant": _grant, "grant_single": _grant_single, "credit_purse": _credit_purse, "admit_members": _admit_members,
    "change_groups": _change_groups, "issue_cards": _issue_cards, "block_card": _block_card, "unblock_card": _unblock_card,
    "admit_producers": _admit_producers, "sign_conventions": _sign_conventions, "suspend_convention": _suspend_convention,
    "resume_convention": _resume_convention, "propose_bank_details": _propose_bank_details,
    "approve_bank_details": _approve_bank_details, "open_slot": _open_slot, "enrol_terminals": _enrol_terminals,
    "suspend_terminal": _suspend_terminal, "resume_terminal": _resume_terminal, "close_batch": _close_batch,
    "approve_batch": _approve_batch, "export_batch": _export_batch, "confirm_payout": _confirm_payout,
    "return_payout": _return_payout, "confirm_clock": _confirm_clock,
}  # fmt: skip
"""verb -> how it is decided; who may give it is rules/caisse.py, ALLOWED_ROLES (a test holds the two together)."""
