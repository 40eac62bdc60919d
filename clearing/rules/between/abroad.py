"""Law: the issuer decides by its own charte and holds; the acquirer decides on its own producer and records; neither waits.

The halves of a sale across caisses, each decided alone on what the other signed. Exactly once: one ref has one hold for ever,
and what was decided of it is answered again. Source: architecture.md section 7.
"""

from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

from clearing.events.basket import Line
from clearing.events.charte import Charte
from clearing.events.codes import Code, till_code
from clearing.events.interchange import (
    InterchangeCaptured,
    InterchangeExpired,
    InterchangeHeld,
    InterchangeReleased,
    InterchangeReversed,
    InterchangeSold,
    PayeeCents,
)
from clearing.events.sales import AuthorisationDecided, OperationHead, Tap
from clearing.rules.answers import BrokenBook
from clearing.rules.between.interchange import Half, Hold, HoldState, Recognition, Twin
from clearing.rules.credit.allocation import Allocation
from clearing.rules.people.members import Card, Member
from clearing.rules.selling.facts import Facts
from clearing.rules.selling.funding import fund_basket
from clearing.rules.selling.operations import State
from clearing.rules.selling.returns import returned
from clearing.rules.selling.sale import unsold
from clearing.rules.stalls.producers import Convention, Terminal
from clearing.values import CaisseCode, CategoryId, Cents, MicroTime, OperationId, ProducerId, TerminalId

MARGIN_US: Final = 3_600_000_000
"""The acquirer sells on a hold only while the issuer keeps it this much longer: time to tell it."""
_PAYS: Final = (Code.APPROVED, Code.PARTIAL)


class AskedAbroad(NamedTuple):
    """What an acquirer asks of an issuer. lines, eligible: in the acquirer's names; eligible None: all categories."""

    acquirer: CaisseCode
    ref: OperationId
    asked_sha256: bytes
    amount_cents: Cents
    lines: tuple[Line, ...]
    eligible: tuple[CategoryId, ...] | None
    all_or_nothing: bool
    tap: Tap | None


class IssuerAnswer(NamedTuple):
    """What the issuer signed. expires_us: 0 when it holds nothing."""

    answer: str
    approved_cents: Cents
    approved_lines: tuple[Cents, ...]
    unsold_lines: tuple[Cents, ...]
    expires_us: MicroTime


def place_of(acquirer: CaisseCode) -> str:
    """What a payer's `where` names to pay at the producers of another caisse; also who is owed, until the capture."""
    return f"partner.{acquirer}"


def ours(recognition: Recognition, category: CategoryId) -> CategoryId:
    return recognition.categories.get(category, category)


def decide_hold(
    asked: AskedAbroad, *, recognition: Recognition | None, charte: Charte | None, card: Card | None, member: Member | None,
    facts: Callable[[Recognition], Facts], debit_cents: int, expires_us: int,
) -> InterchangeHeld:
    """debit_cents: what our cards would owe the acquirer before this. facts is only called when nothing stands in the way.

    A surplus is for the funds of one's own market: none is taken abroad.
    """
    names = recognition.categories if recognition is not None else {}
    lines = tuple(line._replace(category=names.get(line.category, line.category), payee=None) for line in asked.lines)
    code, funding = _hold_obstacle(asked, recognition, charte, card), None
    if code is None and recognition is not None and charte is not None:
        funding = fund_basket(lines, charte, facts(recognition), all_or_nothing=asked.all_or_nothing)
        code = funding.code()
        if code in _PAYS and debit_cents + funding.paid_cents > recognition.debit_cap_cents:
            code = Code.AMOUNT_LIMIT
        funding = funding if code in _PAYS else None
    code = code or Code.INTERNAL_ERROR
    return InterchangeHeld(
        acquirer=asked.acquirer, ref=asked.ref, asked_sha256=asked.asked_sha256, answer=till_code(code),
        amount_cents=asked.amount_cents, lines=lines, approved_cents=funding.paid_cents if funding else Cents(0),
        approved_lines=funding.approved_lines if funding else (Cents(0),) * len(lines), unsold_lines=unsold(funding),
        hold_expires_us=MicroTime(expires_us if funding else 0), code=code, tap=asked.tap,
        member=member.member if member else None, charte_version=charte.version if charte else 0,
        shares=tuple(share for share in funding.shares if share.step != "surplus") if funding else (),
    )


def _hold_obstacle(
    asked: AskedAbroad, recognition: Recognition | None, charte: Charte | None, card: Card | None
) -> Code | None:
    if sum(line.amount_cents for line in asked.lines) != asked.amount_cents:
        return Code.AMOUNTS_DO_NOT_ADD_UP
    if charte is None:
        return Code.NOT_ALLOWED_NOW
    tap = asked.tap
    if tap is None or not tap.fresh or (card is not None and card.key_version != tap.key_version):
        return Code.TAP_VIOLATION
    if recognition is None or card is None:
        return Code.CARD_UNKNOWN
    return card.blocked


def answer_of(held: InterchangeHeld) -> IssuerAnswer:
    """What the acquirer is told of a hold: the same for ever."""
    return IssuerAnswer(
        held.answer, held.approved_cents, held.approved_lines, held.unsold_lines, held.hold_expires_us
    )


def as_authorisation(held: InterchangeHeld) -> AuthorisationDecided:
    """The same as of an authorisation at home, for who reads or checks shares; its seller is the place of the acquirer."""
    head = OperationHead(TerminalId(bytes(8)), 0, 0, held.ref, ProducerId(place_of(held.acquirer)))
    return AuthorisationDecided(
        op=head, answer=held.answer, amount_cents=held.amount_cents, lines=held.lines, approved_cents=held.approved_cents,
        approved_lines=held.approved_lines, hold_expires_us=held.hold_expires_us, code=held.code, tap=held.tap,
        member=held.member, charte_version=held.charte_version, shares=held.shares, applied=(), eligible=None,
        price_choice=None, unsold_lines=held.unsold_lines,
    )


class EndAsked(NamedTuple):
    """What an acquirer says became of its sale. effect: as rules/between/interchange.py, Half; day: civil, of the effect."""

    acquirer: CaisseCode
    ref: OperationId
    effect: str
    cents: Cents
    day: str


def decide_end(
    asked: EndAsked, hold: Hold | None, *, allocation: Allocation, at_us: int
) -> InterchangeCaptured | InterchangeReleased | str:
    """The event, or the outcome that stands already: "captured", "released", "undone"; "refused" for no such hold."""
    known = hold if hold is not None and hold.event.acquirer == asked.acquirer else None
    if asked.effect == "captured":
        if known is None or known.event.approved_cents != asked.cents:
            return "refused"
        if known.state is HoldState.HELD:
            return InterchangeCaptured(acquirer=asked.acquirer, ref=asked.ref, cents=asked.cents, day=asked.day)
        return "captured" if known.state in (HoldState.CAPTURED, HoldState.UNDONE) else "refused"
    if known is None or known.state not in (HoldState.HELD, HoldState.CAPTURED):
        return "undone" if known is not None and known.state is HoldState.UNDONE else "released"
    undone = known.state is HoldState.CAPTURED
    if undone and asked.effect != "reversed":
        return "refused"
    back = returned(known.event.shares, allocation, at_us=at_us, when_lapsed="lapsed")
    if known.event.member is None:
        raise BrokenBook("a hold belongs to a member")
    return InterchangeReleased(
        acquirer=asked.acquirer, ref=asked.ref, cents=known.event.approved_cents, day=asked.day, undone=undone,
        member=known.event.member, returned=back,
    )


def outcome_of(event: InterchangeCaptured | InterchangeReleased) -> str:
    """What the acquirer is told of what was decided at its word."""
    if isinstance(event, InterchangeCaptured):
        return "captured"
    return "undone" if event.undone else "released"


def decide_expiry(ref: OperationId, hold: Hold, *, allocation: Allocation, at_us: int) -> InterchangeExpired:
    if hold.state is not HoldState.HELD or hold.event.member is None:
        raise BrokenBook("only a hold expires")
    return InterchangeExpired(
        acquirer=hold.event.acquirer, ref=ref, member=hold.event.member,
        returned=returned(hold.event.shares, allocation, at_us=at_us, when_lapsed="lapsed"),
    )


class SaleAbroad(NamedTuple):
    """A sale with another caisse's card, as our terminal asked for it."""

    head: OperationHead
    issuer: CaisseCode
    ref: OperationId
    amount_cents: Cents
    lines: tuple[Line, ...]


def obstacle(
    asked: SaleAbroad, *, terminal: Terminal, convention: Convention | None, reversed_before: bool, ended: bool,
    recognition: Recognition | None,
) -> Code | None:
    """The first reason of ours, in the order of precedence, why the issuer need not be asked. ended: our last day to spend is
    over."""
    if terminal.suspended:
        return Code.TERMINAL_SUSPENDED
    if convention is None:
        return Code.NO_CONVENTION
    if sum(line.amount_cents for line in asked.lines) != asked.amount_cents:
        return Code.AMOUNTS_DO_NOT_ADD_UP
    if reversed_before:
        return Code.LATE_AFTER_REVERSAL
    if ended:
        return Code.NOT_ALLOWED_NOW
    return None if recognition is not None else Code.CARD_UNKNOWN


def decide_sold(
    asked: SaleAbroad, *, stopped: Code | None, answer: IssuerAnswer | None, issued: bytes, day: str, at_us: int
) -> InterchangeSold:
    """stopped: our own obstacle. answer: the issuer's; None only when something of ours stands in the way."""
    code, held = stopped, answer is not None and answer.expires_us > 0
    if code is None and answer is not None:
        late = held and answer.expires_us - MARGIN_US <= at_us
        code = Code.EXPIRED_OR_RESOLVED if late else Code(answer.answer)
        if not _adds_up(asked, answer):
            code = Code.AMOUNTS_DO_NOT_ADD_UP
    if code is None:
        raise BrokenBook("nobody answered for the card")
    sold = answer if answer is not None and held and code in _PAYS else None
    return InterchangeSold(
        op=asked.head, answer=till_code(code), issuer=asked.issuer, amount_cents=asked.amount_cents, lines=asked.lines,
        approved_cents=sold.approved_cents if sold else Cents(0),
        approved_lines=sold.approved_lines if sold else (Cents(0),) * len(asked.lines),
        unsold_lines=sold.unsold_lines if sold else (), day=day, code=code, ref=asked.ref, issued=issued, held=held,
    )


def _adds_up(asked: SaleAbroad, answer: IssuerAnswer) -> bool:
    """Whatever an issuer signs, its card never pays more of a line than was asked."""
    if len(answer.approved_lines) != len(asked.lines) or sum(answer.approved_lines) != answer.approved_cents:
        return False
    return all(cents <= line.amount_cents for cents, line in zip(answer.approved_lines, asked.lines, strict=True))


def decide_reversed(
    head: OperationHead, sold: InterchangeSold, half: Half | None, state: State, *, settled: bool, day: str,
    sealed: bool = False,
) -> InterchangeReversed:
    """As at home: idempotent, until the producer's batch closes. sealed: the caisse takes nothing in any more."""
    code, effect, exception = Code.APPROVED, "nothing", ""
    if sealed:
        code = Code.NOT_ALLOWED_NOW
    elif half is not None and half.effect == "captured" and state is State.CAPTURED:
        if half.twin is Twin.WRITTEN_OFF:
            exception = "reversed after it was given up: agree with the producer, a fund has borne it"
        elif settled:
            exception = "reversed after its batch had closed: agree with the producer and the other caisse"
        else:
            effect = "undone"
    return InterchangeReversed(
        op=head, answer=till_code(code), original=sold.op.x, issuer=sold.issuer, day=day, code=code, ref=sold.ref,
        effect=effect, taken_back=payees(sold) if effect == "undone" else (), exception=exception,
    )


def payees(sold: InterchangeSold) -> tuple[PayeeCents, ...]:
    """What the card paid, by the producer that is owed it."""
    return per_payee(sold.lines, sold.approved_lines, sold.op.producer)


def per_payee(lines: Iterable[Line], paid: Iterable[Cents], producer: ProducerId) -> tuple[PayeeCents, ...]:
    sums: dict[ProducerId, int] = {}
    for line, cents in zip(lines, paid, strict=True):
        if cents:
            sums[line.payee or producer] = sums.get(line.payee or producer, 0) + cents
    return tuple(PayeeCents(payee, Cents(cents)) for payee, cents in sorted(sums.items()))
