"""Law: a half of a sale across caisses stands on what the other caisse's server signed, under the key that the vote named.

Checked against the book before the event. The two logs are compared by `clearing interchange check`; here each proves itself.
"""

from hashlib import sha256
from typing import Final

from clearing.audit.findings import BadEvent, Checked
from clearing.audit.frames import Frames, Signed
from clearing.audit.splits import check_payers, check_split, same_cents
from clearing.authoriser import abroad
from clearing.events.catalogue import Event
from clearing.events.codes import Code, till_code
from clearing.events.interchange import (
    InterchangeCaptured,
    InterchangeExpired,
    InterchangeHeld,
    InterchangeMatched,
    InterchangeReleased,
    InterchangeReversed,
    InterchangeSold,
)
from clearing.events.joint import HandoverEnded, PartAnswered
from clearing.rules.between.abroad import IssuerAnswer, as_authorisation
from clearing.rules.between.interchange import HoldState, Recognition
from clearing.rules.book import Book
from clearing.rules.voted.standing import recognition_in_force
from clearing.values import CaisseCode, MicroTime
from clearing.wire.frame import FrameType, MalformedFrame, open_envelope
from clearing.wire.interchange import WORD_BYTES_MAX, Ask, Held, parse_word
from clearing.wire.signature import BadSignature, verify

WORDS: Final = (
    InterchangeHeld, InterchangeCaptured, InterchangeReleased, InterchangeMatched, PartAnswered, HandoverEnded
)  # fmt: skip
"""They stand on another caisse's word; nobody is answered by a stored reply, for the word can be said again."""
_HALVES: Final = (InterchangeHeld, InterchangeExpired, InterchangeSold, InterchangeReversed)
Word = (
    InterchangeHeld | InterchangeCaptured | InterchangeReleased | InterchangeMatched | PartAnswered | HandoverEnded
)  # fmt: skip


def check_word(event: Word, signed: Signed, frames: Frames, position: int, book: Book, at_us: int, checked: Checked) -> None:
    """The word holds, and the event is what it makes of the book. Raises BadEvent."""
    other = _who_said(event)
    known = _recognition(book, other, position)
    frame = frames.verified(signed, FrameType.SRV_BETWEEN, known.key)
    try:
        if isinstance(event, InterchangeHeld):
            _asked(event, parse_word(frame), sha256(frame.payload).digest(), book, position)
        else:
            made, _ = abroad.heard(
                book, CaisseCode(book.caisse.code), frame, None, tap_used_before=False, at_us=at_us
            )
            if made != event:
                raise BadEvent(position, f"it is not what {other}'s word makes of this book")
    except abroad.NotForUs as refused:
        raise BadEvent(position, f"its word was to be turned away: {refused}") from refused
    checked.add("words of other caisses, signed by the key that was voted")


def _who_said(event: Word) -> CaisseCode:
    match event:
        case InterchangeMatched():
            return event.issuer
        case PartAnswered() | HandoverEnded():
            return event.other
        case _:
            return event.acquirer


def _recognition(book: Book, other: CaisseCode, position: int) -> Recognition:
    known = book.interchange.recognised.get(other)
    if known is None:
        raise BadEvent(position, f"{other} was never recognised")
    return known


def _asked(event: InterchangeHeld, word: object, digest: bytes, book: Book, position: int) -> None:
    if not isinstance(word, Ask) or (word.acquirer, word.issuer, word.ref) != (event.acquirer, book.caisse.code, event.ref):
        raise BadEvent(position, "it answers another question")
    names = book.interchange.recognised[event.acquirer].categories
    lines = tuple(line._replace(category=names.get(line.category, line.category)) for line in word.lines)
    if (digest, word.amount_cents, lines) != (event.asked_sha256, event.amount_cents, event.lines):
        raise BadEvent(position, "amount or lines differ from what the other caisse signed")
    if event.ref in book.interchange.holds:
        raise BadEvent(position, "it was asked for before")


def check_issued(event: InterchangeSold, position: int, book: Book, checked: Checked) -> None:
    """What we sold is what the issuer signed. Raises BadEvent."""
    if not event.issued:
        if event.held or event.approved_cents:
            raise BadEvent(position, "a card of another caisse pays, and nobody answered for it")
        return
    key = _recognition(book, event.issuer, position).key
    try:
        word = parse_word(verify(open_envelope(event.issued, frame_bytes_max=WORD_BYTES_MAX), FrameType.SRV_BETWEEN, key))
    except (MalformedFrame, BadSignature) as fault:
        raise BadEvent(position, f"the issuer's answer does not hold: {fault}") from fault
    if not isinstance(word, Held) or word.ref != event.ref:
        raise BadEvent(position, "the issuer answered for another sale")
    paid = word.answer if event.approved_cents else IssuerAnswer("", word.answer.approved_cents, (), (), MicroTime(0))
    if event.held != (word.answer.expires_us > 0) or (event.approved_cents and (
        paid.answer, paid.approved_cents, paid.approved_lines, paid.unsold_lines
    ) != (event.code, event.approved_cents, event.approved_lines, event.unsold_lines)):
        raise BadEvent(position, "the card pays other cents than its caisse holds")
    checked.add("sales with cards of other caisses, as their caisse signed")


def check_half(event: Event, position: int, at_us: int, book: Book, checked: Checked) -> None:
    """Raises BadEvent. book: before the event."""
    if not isinstance(event, _HALVES):
        return
    match event:
        case InterchangeHeld():
            _held(event, position, at_us, book)
        case InterchangeExpired():
            hold = book.interchange.holds.get(event.ref)
            if hold is None or hold.state is not HoldState.HELD or hold.event.hold_expires_us > at_us:
                raise BadEvent(position, "no hold of this name was over")
            same_cents(hold.event.shares, event.returned, position, "released")
        case InterchangeSold():
            if event.answer != till_code(Code(event.code)) or sum(event.approved_lines) != event.approved_cents:
                raise BadEvent(position, "the terminal was told another outcome, or its lines do not sum")
            if event.approved_cents and 0 < book.closing.ends_us <= at_us:
                raise BadEvent(position, "our producer sold after the caisse's last day")
            if event.approved_cents and recognition_in_force(book, event.issuer, at_us) is None:
                raise BadEvent(position, "another caisse's card pays, and no vote in force recognises that caisse")
            if event.approved_cents and book.reversed_before(event.op.terminal, event.op.x, at_us):
                raise BadEvent(position, "its terminal had reversed it before it came")
        case InterchangeReversed():
            original = book.operations.get((event.op.terminal, event.original))
            settled = original is not None and original.position <= book.settlement.settled_up_to
            if event.effect == "undone" and (original is None or settled):
                raise BadEvent(position, "it undoes what is not there, or in a closed batch")
    checked.add("halves of sales across caisses")


def _held(event: InterchangeHeld, position: int, at_us: int, book: Book) -> None:
    """The same as of an authorisation at home: each cent from a payer of its charte, of a member whose card was tapped."""
    if event.answer != till_code(Code(event.code)):
        raise BadEvent(position, f"the other caisse was told {event.answer} for the code {event.code}")
    check_split(as_authorisation(event), position)
    if not event.shares:
        return
    charte, tap, known = book.caisse.charte_at(at_us), event.tap, recognition_in_force(book, event.acquirer, at_us)
    card = book.members.cards.get(tap.card) if tap is not None else None
    if charte is None or known is None or tap is None or card is None or not tap.fresh or card.blocked is not None:
        raise BadEvent(position, "somebody pays though recognition, charte, tap or card do not allow it")
    if (event.charte_version, event.member) != (charte.version, card.member) or event.hold_expires_us <= at_us:
        raise BadEvent(position, "its charte, member or hold is not the one of its time")
    if not (card.key_version == tap.key_version and card.fresh(tap.counter, at_us, used_before=False)):
        raise BadEvent(position, "the tap had been used before, or came after a later one")
    account = book.accounts.open.get(card.member)
    if account is not None and (
        account.mandatary_with(tap.card) is None or event.amount_cents > account.two_person_cents
    ):
        raise BadEvent(position, "a collective account pays, but by no mandatary's card, or above its limit by one tap")
    day = book.caisse.calendar.day(at_us).isoformat()
    if book.interchange.debit_cents(event.acquirer, day) + event.approved_cents > known.debit_cap_cents:
        raise BadEvent(position, f"our cards would owe {event.acquirer} more in a day than the vote allows")
    check_payers(event.shares, charte, position)
