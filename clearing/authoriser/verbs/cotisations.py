"""Law: what members pay in and give, what is taken in by hand, and the papers given for it."""

from collections.abc import Mapping
from typing import Final

from clearing.authoriser.bodies import Body
from clearing.authoriser.verbs.order import Order, Result, Verb, one
from clearing.events import cotisations as events
from clearing.events.debits import DebitCounted
from clearing.events.funds import SingleGranted
from clearing.rules.answers import Declined, not_now
from clearing.rules.credit import allocation
from clearing.rules.treasury import cotisations, gifts, takings
from clearing.rules.treasury.gifts import DONORS, Wanted
from clearing.rules.voted.restrictions import restricted
from clearing.values import DecisionId, FundId, InvalidValue, MemberId, PersonId, identifier

_YEARS: Final = {"lowest": 2000, "highest": 9999}


def this_period(o: Order) -> str:
    return f"{o.book.caisse.calendar.day(o.at_us):%Y-%m}"


def _set_rule(o: Order) -> Result:
    return one(cotisations.decide_set_rule(read_rule(o.body, o.by), funds=o.book.funds))


def read_rule(b: Body, by: PersonId) -> events.CotisationRuleSet:
    """A cotisation rule as a command or a founding gives it."""
    return events.CotisationRuleSet(
        rule=b.id("rule"), fund=FundId(b.id("fund")), minimum_cents=b.cents("minimum_cents"), step_cents=b.cents("step_cents"),
        levels=tuple(_level(level) for level in b.bodies("levels")), free=b.flag("free"), means=b.ids("means"),
        over_is_gift=b.flag("over_is_gift"), decision=DecisionId(b.id("decision")), by=by,
    )


def _level(b: Body) -> events.Level:
    level = events.Level(b.text("label"), b.cents("cents"))
    b.end()
    return level


def _agree(o: Order) -> Result:
    b = o.body
    agreed = events.CotisationAgreed(
        member=MemberId(b.id("member")), rule=b.id("rule"), cents=b.cents("cents"),
        every_months=b.number("every_months", lowest=1, highest=12), from_period=b.text("from_period"), means=b.id("means"),
        by=o.by,
    )
    return one(cotisations.decide_agree(o.book.cotisations, o.book.members, agreed, this_period=this_period(o)))


def _end(o: Order) -> Result:
    member, until = MemberId(o.body.id("member")), o.body.text("until_period")
    return one(cotisations.decide_end(
        o.book.cotisations, member=member, until_period=until, by=o.by, this_period=this_period(o)
    ))


def debited(o: Order, reference: str) -> Declined | None:
    """Why a payment of a collection is nobody's to enter, send back or correct by hand; None for any other."""
    known = o.book.debits.references.get(reference)
    if known is None:
        return None
    number, member = known
    return not_now(f"{reference} is a debit of collection {number}: what the bank says of it is recorded there (clearing "
                   f"collection answer {number} {member} STATE).")  # fmt: skip


def _receive(o: Order) -> Result:
    """A payment, and the credits that waited for it: what a freeze, an earmark or the end of its vote forbids is left out, the
    payment stays."""
    b, book = o.body, o.book
    event = cotisations.decide_receive(
        book.cotisations, book.members, book.takings, member=MemberId(b.id("member")), rule=b.id("rule"),
        period=b.text("period"), cents=b.cents("cents"), means=b.id("means"), reference=b.text("reference"),
        gifts_count=book.gifts.over_contribution_counts(), by=o.by, this_period=this_period(o),
    )
    if isinstance(event, Declined):
        return event
    return debited(o, event.reference) or (event, *waited(o, event))


def waited(
    o: Order, event: events.CotisationReceived | DebitCounted, gone: Mapping[FundId, int] | None = None
) -> list[SingleGranted]:
    """The credits that waited for this payment, as far as their funds go. gone: what leaves funds in the same command."""
    book = o.book
    months = cotisations.covered_months(book.cotisations, event.member, event.period)
    due = [credit for period, cents in cotisations.spread(months, event.cents) for credit in allocation.due_by_payment(
        book.allocation, book.members, book.funds, cotisations=book.cotisations, member=event.member, period=period,
        cents=cents, by=o.by, at_us=o.at_us,
    )]  # fmt: skip
    given, room = list[SingleGranted](), {name: fund.free_cents() for name, fund in book.funds.items()}
    for name, cents in (gone or {}).items():
        room[name] -= cents
    for credit in due:
        if credit.cents <= room[credit.fund] and restricted(credit, book, o.at_us) is None:
            room[credit.fund] -= credit.cents
            given.append(credit)
    return given


def _return(o: Order) -> Result:
    reference, reason = o.body.text("reference"), o.body.text("reason")
    held = debited(o, reference)
    return held or one(cotisations.decide_return(o.book.cotisations, reference=reference, reason=reason, by=o.by))


def _write_off(o: Order) -> Result:
    b = o.body
    return one(cotisations.decide_write_off(
        o.book.cotisations, o.book.funds, member=MemberId(b.id("member")), period=b.text("period"), reason=b.text("reason"),
        by=o.by,
    ))


def _count(o: Order) -> Result:
    account, cents = o.body.id("account"), o.body.cents("cents")
    return one(takings.decide_count(o.book.takings, account=account, cents=cents, by=o.by))


def _confirm(o: Order) -> Result:
    b = o.body
    deposit, cents, reference = b.number("deposit", lowest=1), b.cents("cents"), b.text("reference")
    return one(takings.decide_confirm(o.book.takings, deposit=deposit, cents=cents, reference=reference, by=o.by))


def _discard(o: Order) -> Result:
    return one(takings.decide_discard(o.book.takings, deposit=o.body.number("deposit", lowest=1), by=o.by))


def read_donor(b: Body) -> str:
    """ "donor:<pseudonym>" or "member:<id>"."""
    donor = b.text("donor")
    kind = next((kind for kind in DONORS if donor.startswith(kind)), None)
    if kind is None:
        raise InvalidValue(f"'donor' begins with {' or '.join(DONORS)}, not {donor!r}")
    identifier(donor.removeprefix(kind), what="'donor'")
    return donor


def _gift(o: Order) -> Result:
    b, book = o.body, o.book
    return one(gifts.decide_gift(
        book.gifts, book.funds, book.takings, donor=read_donor(b), fund=FundId(b.id("fund")), cents=b.cents("cents"),
        means=b.id("means"), reference=b.text("reference"), by=o.by,
    ))


def _propose_basis(o: Order) -> Result:
    b = o.body
    return one(gifts.decide_propose_basis(
        o.book.gifts, text=b.text("text"), articles=b.text("articles"), over_contribution=b.flag("over_contribution"), by=o.by
    ))


def _enter_basis(o: Order) -> Result:
    b = o.body
    return one(gifts.decide_enter_basis(
        o.book.gifts, text=b.text("text"), articles=b.text("articles"), over_contribution=b.flag("over_contribution"), by=o.by
    ))


def _issue(o: Order) -> Result:
    b = o.body
    year, issued_on = b.number("year", **_YEARS), b.text("issued_on")
    wanted = [_wanted(item) for item in b.bodies("receipts")]
    return gifts.decide_issue(
        o.book.gifts, year=year, wanted=wanted, issued_on=issued_on, by=o.by, today=o.book.caisse.calendar.day(o.at_us)
    )


def _wanted(b: Body) -> Wanted:
    wanted = Wanted(b.number("number", lowest=1), read_donor(b), b.cents("cents"), b.bytes("sha256", 32))
    b.end()
    return wanted


def _cancel(o: Order) -> Result:
    b = o.body
    year, number, reason = b.number("year", **_YEARS), b.number("number", lowest=1), b.text("reason")
    return one(gifts.decide_cancel(o.book.gifts, year=year, number=number, reason=reason, by=o.by))


VERBS: Final[dict[str, Verb]] = {
    "set_cotisation_rule": _set_rule,
    "agree_cotisation": _agree,
    "end_cotisation": _end,
    "receive_cotisation": _receive,
    "return_cotisation": _return,
    "write_off_cotisation": _write_off,
    "count_deposit": _count,
    "confirm_deposit": _confirm,
    "discard_deposit": _discard,
    "receive_gift": _gift,
    "propose_legal_basis": _propose_basis,
    "enter_legal_basis": _enter_basis,
    "issue_tax_receipts": _issue,
    "cancel_tax_receipt": _cancel,
}
