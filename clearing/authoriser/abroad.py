"""Law: each writer takes its own step of a sale across caisses, on its own book and the other's signed word; it never waits.

Steps: the acquirer asks, the issuer holds, the acquirer records and answers its terminal, the issuer ends its half, the
acquirer notes that it did. Each is idempotent: carried out again, it gives the same word. terminal_gateway/between.py carries
them.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from hashlib import sha256
from itertools import islice, zip_longest
from typing import Final

from clearing.authoriser import joint
from clearing.authoriser.client import TapFacts
from clearing.events.catalogue import Event
from clearing.events.codes import Code
from clearing.events.interchange import InterchangeHeld, InterchangeMatched, InterchangeSold
from clearing.events.sales import OperationHead, Tap
from clearing.rules.between import abroad, interchange
from clearing.rules.between.interchange import Half, Recognition
from clearing.rules.book import Book
from clearing.rules.collective import accounts
from clearing.rules.folds.accounts import month_of
from clearing.rules.people.members import Card
from clearing.rules.selling.facts import Facts
from clearing.rules.voted.standing import recognition_in_force
from clearing.values import CaisseCode, CategoryId, Cents, OperationId
from clearing.wire.interchange import (
    Ask,
    End,
    Ended,
    Held,
    Part,
    Parted,
    Word,
    between,
    encode_word,
    parse_word,
    ref_of,
)
from clearing.wire.requests import CardUrl, Request
from clearing.wire.signature import VerifiedFrame

ENDS_MAX: Final = 200
"""Words about open halves that are handed out at once."""


class NotForUs(Exception):
    """A word of a caisse that we do not recognise, or for another caisse: turned away, nothing is recorded."""


def sold(
    book: Book, code: CaisseCode, request: Request, issued: VerifiedFrame | None, *, at_us: int
) -> InterchangeSold | Ask:
    """Our half of a sale with another caisse's card; the question to bring to its issuer when that is still to be heard."""
    terminal = book.producers.terminals[request.terminal]
    producer = book.producers.producers[terminal.producer]
    issuer = request.caisse or code
    known = recognition_in_force(book, issuer, at_us)
    convention = producer.convention_at(at_us) if book.all_conventioned(request.lines, at_us) else None
    ref = ref_of(code, issuer, request.terminal, request.x)
    asked = abroad.SaleAbroad(
        OperationHead(request.terminal, request.epoch, request.n, request.x, terminal.producer), issuer, ref,
        request.amount_cents, request.lines,
    )  # fmt: skip
    reversed_before = bool(book.tombstones) and book.reversed_before(request.terminal, request.x, at_us)
    stopped = abroad.obstacle(
        asked, terminal=terminal, convention=convention, reversed_before=reversed_before, recognition=known,
        ended=0 < book.closing.ends_us <= at_us,
    )
    turned_away = issued is not None and not issued.raw  # the issuer does not know us: there will be no answer
    answer = None if issued is None or turned_away else _answer(issued, ref, book.interchange.recognised.get(issuer))
    stopped = stopped or (Code.CARD_UNKNOWN if turned_away else None)
    if stopped is None and answer is None and convention is not None and isinstance(request.card, CardUrl):
        eligible = None if convention.categories is None else tuple(sorted(convention.categories))
        lines = tuple(line._replace(payee=None) for line in request.lines)
        return Ask(
            acquirer=code, issuer=issuer, ref=ref, amount_cents=request.amount_cents, lines=lines, eligible=eligible,
            all_or_nothing=request.all_or_nothing, card=request.card,
        )
    if stopped is None and answer is None:
        stopped = Code.TAP_VIOLATION  # a voucher or a code is for its own caisse's tills
    return abroad.decide_sold(
        asked, stopped=stopped, answer=answer, issued=issued.raw if issued is not None else b"",
        day=book.caisse.calendar.day(at_us).isoformat(), at_us=at_us,
    )


def _answer(issued: VerifiedFrame, ref: OperationId, recognition: Recognition | None) -> abroad.IssuerAnswer:
    word = parse_word(issued)
    if not isinstance(word, Held) or word.ref != ref or recognition is None or issued.kid != recognition.key[:8]:
        raise NotForUs("the answer is not the issuer's to this question")
    return word.answer


def heard(
    book: Book, code: CaisseCode, frame: VerifiedFrame, tap: TapFacts | None, *, tap_used_before: bool, at_us: int
) -> tuple[Event | None, Word | None]:
    """What another caisse's word makes us record, and what we answer. Raises NotForUs, MalformedFrame."""
    word = parse_word(frame)
    asks, answers = between(word)
    mine, other = (answers, asks) if isinstance(word, Ask | End | Part) else (asks, answers)
    known = book.interchange.recognised.get(other)
    if mine != code or known is None or frame.kid != known.key[:8]:
        raise NotForUs(f"{other} is not recognised here with this key")
    match word:
        case Ask():
            return _asked(book, word, sha256(frame.payload).digest(), tap, tap_used_before=tap_used_before, at_us=at_us)
        case End():
            return _end(book, word, at_us)
        case Ended():
            return matched(book, word), None
        case Part():
            event, answer = joint.part(book, word, at_us)
            if answer is None:
                raise NotForUs("this payout was handed over with another content")
            return event, answer
        case Parted():
            return joint.parted(book, word), None
        case Held():
            raise NotForUs("an answer comes with the sale it is for")


def _asked(
    book: Book, word: Ask, digest: bytes, tap: TapFacts | None, *, tap_used_before: bool, at_us: int
) -> tuple[InterchangeHeld | None, Held]:
    before = book.interchange.holds.get(word.ref)
    if before is not None:
        if before.event.asked_sha256 != digest or before.event.acquirer != word.acquirer:
            raise NotForUs("this sale was asked for with another content")
        return None, _held(word, before.event)
    event = hold(book, word, digest, seen(book, tap, at_us, tap_used_before=tap_used_before), at_us=at_us)
    return event, _held(word, event)


def seen(book: Book, tap: TapFacts | None, at_us: int, *, tap_used_before: bool) -> Tap | None:
    if tap is None or not tap.genuine or tap.card is None:
        return None
    card = book.members.cards.get(tap.card)
    fresh = card is None or (
        card.key_version == tap.key_version and card.fresh(tap.counter, at_us, used_before=tap_used_before)
    )
    return Tap(tap.card, tap.key_version, tap.counter, fresh)


def hold(book: Book, word: Ask, digest: bytes, tap: Tap | None, *, at_us: int) -> InterchangeHeld:
    """The issuer's half, decided on the book."""
    card = book.members.cards.get(tap.card) if tap is not None else None
    member = book.members.members[card.member] if card is not None else None
    if book.accounts.open and tap is not None:
        card = _mandated(book, word, tap, card, at_us)
    asked = abroad.AskedAbroad(
        word.acquirer, word.ref, digest, Cents(word.amount_cents), word.lines, word.eligible, word.all_or_nothing, tap
    )

    def facts(recognition: Recognition) -> Facts:
        if member is None:
            raise AssertionError("facts are asked for only when nothing stands in the way")
        eligible = None if word.eligible is None else frozenset[CategoryId](
            abroad.ours(recognition, category) for category in word.eligible
        )  # fmt: skip
        found = book.facts_abroad(member, word.acquirer, eligible, at_us)
        if book.card_limits.limits and tap is not None:
            return found._replace(card_room_cents=book.card_limits.room_cents(tap.card, calendar.day(at_us)))
        return found

    calendar = book.caisse.calendar
    return abroad.decide_hold(
        asked, recognition=recognition_in_force(book, word.acquirer, at_us), charte=book.caisse.charte_at(at_us), card=card,
        member=member, facts=facts, expires_us=interchange.hold_ends(calendar, at_us),
        debit_cents=book.interchange.debit_cents(word.acquirer, calendar.day(at_us).isoformat()),
    )


def _mandated(book: Book, word: Ask, tap: Tap, card: Card | None, at_us: int) -> Card | None:
    """The card as it may be used now: of a collective account only within its mandate, and never where two would tap."""
    if card is None or card.blocked is not None:
        return card
    code = accounts.barred(
        book.accounts, account=card.member, card=tap.card, amount_cents=word.amount_cents, month=month_of(book, at_us),
        at_once=True,
    )
    return card if code is None else replace(card, blocked=code)


def _held(word: Ask, event: InterchangeHeld) -> Held:
    return Held(acquirer=word.acquirer, issuer=word.issuer, ref=word.ref, answer=abroad.answer_of(event))


def _end(book: Book, word: End, at_us: int) -> tuple[Event | None, Ended]:
    decided = abroad.decide_end(
        word.asked, book.interchange.holds.get(word.ref), allocation=book.allocation, at_us=at_us
    )
    if book.closing.sealed and not isinstance(decided, str):
        decided = "refused"  # nothing moves behind the seal; the other caisse's people see it among their exceptions
    outcome = decided if isinstance(decided, str) else abroad.outcome_of(decided)
    ended = Ended(
        acquirer=word.acquirer, issuer=word.issuer, ref=word.ref, effect=word.asked.effect, outcome=outcome
    )
    return (None if isinstance(decided, str) else decided), ended


def matched(book: Book, word: Ended) -> InterchangeMatched | None:
    """None when nobody waits for it: it came before, or the sale was reversed meanwhile."""
    half = book.interchange.halves.get(word.ref)
    if half is None or word.ref not in book.interchange.open_halves or half.effect != word.effect:
        return None
    if half.issuer != word.issuer:
        raise NotForUs("another caisse issued the card of this sale")
    return InterchangeMatched(issuer=word.issuer, effect=word.effect, outcome=word.outcome, ref=word.ref)


def open_ends(book: Book, code: CaisseCode) -> list[bytes]:
    """Payloads of the words that other caisses still have to hear, of each the oldest: a deaf one stops nobody."""
    room, refs = book.interchange, dict[CaisseCode, list[OperationId]]()
    for ref in room.open_halves:
        of_issuer = refs.setdefault(room.halves[ref].issuer, [])
        if len(of_issuer) < ENDS_MAX:
            of_issuer.append(ref)
    return [encode_word(_end_word(code, ref, room.halves[ref])) for ref in islice(_in_turn(refs.values()), ENDS_MAX)]


def _in_turn(each: Iterable[Sequence[OperationId]]) -> Iterator[OperationId]:
    return (ref for together in zip_longest(*each) for ref in together if ref is not None)


def _end_word(code: CaisseCode, ref: OperationId, half: Half) -> End:
    day = half.undone_day or half.day
    asked = abroad.EndAsked(code, ref, half.effect, Cents(half.cents), day)
    return End(acquirer=code, issuer=half.issuer, ref=ref, asked=asked)

