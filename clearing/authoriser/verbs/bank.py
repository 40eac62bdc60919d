"""Law: what the bank says is taken in, and said to be what it is: each match with the event that it is, in one command."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from clearing.authoriser.bodies import Body
from clearing.authoriser.verbs.cotisations import read_donor, this_period, waited
from clearing.authoriser.verbs.order import Order, Result, Verb, one
from clearing.events.bank import BankLine, ColumnMapping
from clearing.events.catalogue import Event
from clearing.events.cotisations import CotisationReceived
from clearing.events.funds import PurseCredited
from clearing.rules.answers import Declined, not_found, not_now
from clearing.rules.calendar import civil_date
from clearing.rules.credit import allocation
from clearing.rules.stalls.payouts import Answer, Row
from clearing.rules.treasury import (
    bank,
    bank_matching as matching,
    cotisations,
    funds,
    gifts,
    payout_answers,
    subsidies,
    takings,
)
from clearing.rules.treasury.bank_moves import MOVED, moved_by, payout_name
from clearing.values import (
    BatchId,
    Cents,
    DecisionId,
    FundId,
    GrantId,
    InvalidValue,
    MemberId,
    ProducerId,
    PurseKind,
    money,
)

MATCHES_MAX: Final = 1_000
_DIGEST_BYTES: Final = 32
_KEY_BYTES: Final = 16
_REASON_CHARS: Final = 4


@dataclass(slots=True)
class _Sofar:
    """What matches before in the same command used up: a command is decided whole on the book before it."""

    lines: set[int] = field(default_factory=set)
    moves: set[int] = field(default_factory=set)
    named: set[tuple[str, ...]] = field(default_factory=set)
    spent: dict[FundId, int] = field(default_factory=dict)


Made = tuple[tuple[Event, ...], tuple[int, ...]]
"""Events to record, and movements that are in the book already."""


def _import(o: Order) -> Result:
    b = o.body
    opening, closing = b.optional("opening_cents", b.signed), b.optional("closing_cents", b.signed)
    return bank.decide_import(
        o.book.bank, source=b.text("source"), account=b.bytes("account", _KEY_BYTES), from_on=_day(b, "from_on"),
        to_on=_day(b, "to_on"), opening_cents=opening, closing_cents=closing,
        told=[_told(entry) for entry in b.bodies("entries")], by=o.by, today=o.book.caisse.calendar.day(o.at_us),
        moved=bool(b.optional("moved", b.flag)),
    )


def _day(b: Body, name: str) -> str:
    return civil_date(b.text(name), what=f"'{name}'").isoformat()


def _told(b: Body) -> bank.Told:
    told = bank.Told(
        b.bytes("key", _KEY_BYTES), b.bytes("ref", _KEY_BYTES, or_empty=True), _day(b, "on"), b.signed("cents"),
        tuple(_line(line) for line in b.bodies("lines")),
    )
    b.end()
    return told


def _line(b: Body) -> BankLine:
    code, kind = b.text("code", shortest=0), b.text("kind", shortest=0)
    if code and not (len(code) <= _REASON_CHARS and code.isascii() and code.isalnum()):
        raise InvalidValue(f"'code' is an ISO reason of up to {_REASON_CHARS} letters and digits, not {code!r}")
    if kind not in bank.KINDS:
        raise InvalidValue(f"'kind' is one of {', '.join(bank.KINDS[1:])} or empty, not {kind!r}")
    line = BankLine(
        0, b.signed("cents"), b.text("end_to_end", shortest=0), code, kind, b.bytes("payer", _KEY_BYTES, or_empty=True),
        b.bytes("details", _DIGEST_BYTES, or_empty=True),
    )
    b.end()
    return line


def _match(o: Order) -> Result:
    items, sofar, events = o.body.bodies("matches"), _Sofar(), list[Event]()
    if not 1 <= len(items) <= MATCHES_MAX:
        return not_now(f"A command takes 1 to {MATCHES_MAX} matches.")
    for place, b in enumerate(items, start=1):
        found = _one_match(o, b, sofar, len(events), len(o.book.bank.matches) + place)
        if isinstance(found, Declined):
            return Declined(code=found.code, why=f"Item {place}: {found.why}" if len(items) > 1 else found.why)
        b.end()
        events += found
    return tuple(events)


def _one_match(o: Order, b: Body, sofar: _Sofar, before: int, number: int) -> Result:
    """before: how many events of the command come before these."""
    book, kind = o.book, b.text("kind")
    make = _KINDS.get(kind)
    if make is None:
        raise InvalidValue(f"'kind' is one of {', '.join(_KINDS)}, not {kind!r}")
    lines = matching.waiting_lines(book.bank, b.numbers("lines"), sofar.lines)
    if isinstance(lines, Declined):
        return lines
    another = bool(b.optional("another", b.flag))
    made = make(o, b, lines, sofar)
    if isinstance(made, Declined):
        return made
    events, known = made
    known_cents = matching.open_moves(book.bank, known, sofar.moves)
    if isinstance(known_cents, Declined):
        return known_cents
    moves, cents = list(known), known_cents
    for place, event in enumerate(events):
        move = moved_by(event, book, o.at_us) if type(event) in MOVED else None
        if move is not None:
            at = matching.twin(event, move.cents, bank=book.bank, cotisations=book.cotisations, gifts=book.gifts)
            if at is not None and not another:
                return not_now(f"{money(move.cents)} were recorded by hand already (event {at}) and wait for a line. If "
                               f"line {lines.numbers[0]} is that: clearing bank match {lines.numbers[0]} --with {at}; else "
                               "say that it is another one (--another).")  # fmt: skip
            moves.append(book.position + 1 + before + place)
            cents += move.cents
    return _with_match(events, matching.decide_match(
        kind=kind, lines=lines, moves=moves, moved_cents=cents, number=number, by=o.by
    ))  # fmt: skip


def _with_match(events: tuple[Event, ...], matched: Event | Declined) -> Result:
    return matched if isinstance(matched, Declined) else (*events, matched)


def _first(sofar: _Sofar, *name: str) -> Declined | None:
    """What a command's matches name twice would be decided without the first: it is for a second command."""
    if name in sofar.named:
        return not_now(f"{' '.join(name)} is named twice; give the second one in a command of its own.")
    sofar.named.add(name)
    return None


def _came(lines: matching.Lines) -> Cents | Declined:
    if lines.cents <= 0:
        return not_now(f"This is money that came; line {lines.numbers[0]} is {money(lines.cents)}.")
    return Cents(lines.cents)


def _made(event: Event | Declined) -> Made | Declined:
    return event if isinstance(event, Declined) else ((event,), ())


def _booked(_o: Order, b: Body, _lines: matching.Lines, _sofar: _Sofar) -> Made | Declined:
    return (), b.numbers("moves")


def _nothing(_o: Order, _b: Body, _lines: matching.Lines, _sofar: _Sofar) -> Made | Declined:
    return (), ()


def _payout(o: Order, b: Body, lines: matching.Lines, sofar: _Sofar) -> Made | Declined:
    """One payout by its end-to-end id or name, or all of a batch that are under way."""
    settlement, batch = o.book.settlement, b.optional("batch", lambda name: b.number(name, lowest=1))
    producer = b.optional("producer", b.id)
    if batch is None:
        known = payout_answers.payout_of(settlement, lines.end_to_end)
        if known is None:
            return not_found(f"Line {lines.numbers[0]} names no payout of a batch: name the batch, and the producer.")
        batch, producer = known
    producers = payout_answers.under_way(settlement, BatchId(batch)) if producer is None else [ProducerId(producer)]
    names = {payout_name(batch, one) for one in producers}
    done = [at for at, move in o.book.bank.moves.items() if move.name in names and move.cents < 0]
    twice = _first(sofar, "batch", str(batch), producer or "")
    if twice is not None:
        return twice
    gone = {o.book.bank.moves[at].name for at in done}
    answers = [
        Row(one, Answer.EXECUTED, "", "", lines.on, lines.reference)
        for one in producers if payout_name(batch, one) not in gone
    ]
    events = payout_answers.decide_booked(settlement, batch=BatchId(batch), rows=answers, by=o.by)
    return events if isinstance(events, Declined) else (events, tuple(done))


def _payout_returned(o: Order, b: Body, lines: matching.Lines, sofar: _Sofar) -> Made | Declined:
    settlement, batch = o.book.settlement, b.optional("batch", lambda name: b.number(name, lowest=1))
    producer, reason = b.optional("producer", b.id), b.optional("reason", b.text)
    known = payout_answers.payout_of(settlement, lines.end_to_end)
    if batch is not None and producer is not None:
        known = BatchId(batch), ProducerId(producer)
    if known is None:
        return not_found(f"Line {lines.numbers[0]} names no payout of a batch: name the batch and the producer.")
    text = reason or ("" if lines.code else lines.reference)
    answer = Row(known[1], Answer.RETURNED, lines.code, text, lines.on, lines.reference)
    twice = _first(sofar, "batch", str(known[0]), known[1])
    events = twice or payout_answers.decide_booked(settlement, batch=known[0], rows=[answer], by=o.by)
    return events if isinstance(events, Declined) else (events, ())


def _subsidy(o: Order, b: Body, lines: matching.Lines, sofar: _Sofar) -> Made | Declined:
    grant, cents = b.id("grant"), _came(lines)
    if isinstance(cents, Declined):
        return cents
    return _made(_first(sofar, "subsidy", grant) or subsidies.decide_receive(
        o.book.subsidies, o.book.bank_lines, grant=GrantId(grant), cents=cents, reference=lines.reference, by=o.by,
        on=lines.on,
    ))  # fmt: skip


def _fund(o: Order, b: Body, lines: matching.Lines, sofar: _Sofar) -> Made | Declined:
    fund, cents = b.id("fund"), _came(lines)
    if isinstance(cents, Declined):
        return cents
    return _made(_first(sofar, "fund", fund) or funds.decide_receive(
        o.book.funds, o.book.bank_lines, fund=FundId(fund), cents=cents, reference=lines.reference, by=o.by, on=lines.on
    ))


def _cotisation(o: Order, b: Body, lines: matching.Lines, sofar: _Sofar) -> Made | Declined:
    """With the credits that waited for it."""
    book, member, cents = o.book, b.id("member"), _came(lines)
    rule, period, means = b.id("rule"), b.text("period"), b.optional("means", b.id) or "transfer"
    twice = _first(sofar, "member", member)
    if isinstance(cents, Declined) or twice is not None:
        return cents if isinstance(cents, Declined) else twice or not_now("")
    if takings.ACCOUNT_OF.get(means) != "bank":
        return not_now("What is on the bank's statement came by transfer or debit; cash and cheques come with their deposit.")
    taken = lines.end_to_end in book.cotisations.payments
    event = cotisations.decide_receive(
        book.cotisations, book.members, book.takings, member=MemberId(member), rule=rule, period=period, cents=cents,
        means=means, reference=lines.reference if taken or not lines.end_to_end else lines.end_to_end,
        gifts_count=book.gifts.over_contribution_counts(), by=o.by, this_period=this_period(o),
    )
    if not isinstance(event, CotisationReceived):
        return event
    given = waited(o, event, sofar.spent)
    for credit in given:
        sofar.spent[credit.fund] = sofar.spent.get(credit.fund, 0) + credit.cents
    return (event, *given), ()


def _cotisation_returned(o: Order, b: Body, lines: matching.Lines, sofar: _Sofar) -> Made | Declined:
    reference = b.optional("reference", b.text) or lines.end_to_end
    reason = b.optional("reason", b.text) or lines.code or lines.reference
    return _made(_first(sofar, "cotisation", reference) or cotisations.decide_return(
        o.book.cotisations, reference=reference, reason=reason, by=o.by
    ))


def _gift(o: Order, b: Body, lines: matching.Lines, _sofar: _Sofar) -> Made | Declined:
    donor, fund, cents = read_donor(b), FundId(b.id("fund")), _came(lines)
    return _made(cents if isinstance(cents, Declined) else gifts.decide_gift(
        o.book.gifts, o.book.funds, o.book.takings, donor=donor, fund=fund, cents=cents, means="transfer",
        reference=lines.reference, by=o.by,
    ))  # fmt: skip


def _top_up(o: Order, b: Body, lines: matching.Lines, _sofar: _Sofar) -> Made | Declined:
    member, purse, cents = MemberId(b.id("member")), PurseKind(b.id("purse")), _came(lines)
    return _made(cents if isinstance(cents, Declined) else allocation.decide_credit(o.book.members, o.book.funds, PurseCredited(
        member=member, purse=purse, fund=None, cents=cents, expires_us=None, reference=lines.reference, by=o.by,
    ), at_us=o.at_us))  # fmt: skip


def _deposit(o: Order, b: Body, lines: matching.Lines, sofar: _Sofar) -> Made | Declined:
    """Counted by one, at the bank as this person sees: two people."""
    deposit, cents = b.number("deposit", lowest=1), _came(lines)
    if isinstance(cents, Declined):
        return cents
    return _made(_first(sofar, "deposit", str(deposit)) or takings.decide_confirm(
        o.book.takings, deposit=deposit, cents=cents, reference=lines.reference, by=o.by
    ))


def _charge(o: Order, b: Body, lines: matching.Lines, sofar: _Sofar) -> Made | Declined:
    fund = b.optional("fund", b.id)
    return _made(matching.decide_charge(
        o.book.bank, o.book.funds, fund=None if fund is None else FundId(fund), lines=lines, spent=sofar.spent, by=o.by
    ))


def _repayment(o: Order, b: Body, lines: matching.Lines, sofar: _Sofar) -> Made | Declined:
    number = b.number("repayment", lowest=1)
    return _made(_first(sofar, "repayment", str(number)) or subsidies.decide_repayment_paid(
        o.book.subsidies, repayment=number, reference=lines.reference, by=o.by
    ))


_KINDS: Final[dict[str, Callable[[Order, Body, matching.Lines, _Sofar], Made | Declined]]] = {
    "booked": _booked, "nothing": _nothing, "payout": _payout, "payout_returned": _payout_returned, "subsidy": _subsidy,
    "fund": _fund, "cotisation": _cotisation, "cotisation_returned": _cotisation_returned, "gift": _gift,
    "top_up": _top_up, "deposit": _deposit, "charge": _charge, "repayment": _repayment,
}  # fmt: skip
"""What lines may be said to be."""
KINDS: Final = tuple(_KINDS)


def _unmatch(o: Order) -> Result:
    return one(matching.decide_unmatch(o.book.bank, match=o.body.number("match", lowest=1), by=o.by))


def _balance(o: Order) -> Result:
    today = o.book.caisse.calendar.day(o.at_us)
    return one(bank.decide_balance(o.book.bank, on=_day(o.body, "on"), cents=o.body.signed("cents"), by=o.by, today=today))


def _charges_rule(o: Order) -> Result:
    fund, decision = FundId(o.body.id("fund")), DecisionId(o.body.id("decision"))
    return one(bank.decide_charges_rule(o.book.bank, o.book.funds, fund=fund, decision=decision, by=o.by))


def _save_mapping(o: Order) -> Result:
    b = o.body
    name, m = b.id("name"), b.body("mapping")
    delimiter = {"tab": "\t"}.get(said := m.text("delimiter"), said)  # a body's texts hold no control characters
    columns = {one: m.optional(one, m.text) or "" for one in ColumnMapping._fields[3:]}
    mapping = ColumnMapping(delimiter=delimiter, decimal=m.text("decimal"), days=m.text("days"), **columns)
    m.end()
    return one(bank.decide_mapping(o.book.bank, name=name, mapping=mapping, by=o.by))


VERBS: Final[dict[str, Verb]] = {
    "import_statement": _import,
    "match_lines": _match,
    "undo_match": _unmatch,
    "state_bank_balance": _balance,
    "set_charges_rule": _charges_rule,
    "save_column_mapping": _save_mapping,
}
