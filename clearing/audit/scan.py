"""Law: one pass over the log finds a sale, the votes and credits under it, and what became of it; other rows stay closed."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Final, get_args

from clearing.audit.findings import StoredLog
from clearing.event_store.rows import EventRow
from clearing.events.accounts import PurchaseConfirmed
from clearing.events.bonus import BonusCredited
from clearing.events.caisse import CaisseFounded, CharteAdopted, DecisionRecorded
from clearing.events.catalogue import Event
from clearing.events.charte import Charte
from clearing.events.codec import decode
from clearing.events.codes import Code
from clearing.events.contests import ContestAnswered, ContestAppealed, ContestClosed, ContestDecided, ContestOpened
from clearing.events.crediting import CohortRolled
from clearing.events.funds import AllocationGranted, AllocationRuleSet, PurseCredited, SingleGranted
from clearing.events.households import HouseholdSeparated
from clearing.events.interchange import (
    InterchangeCaptured,
    InterchangeExpired,
    InterchangeHeld,
    InterchangeReleased,
    InterchangeSold,
)
from clearing.events.opening import OpeningAccepted, lot_ids
from clearing.events.sales import (
    AuthorisationDecided,
    CaptureDecided,
    HoldExpired,
    OperationRepeated,
    RefundDecided,
    ReversalDecided,
    SaleDecided,
)
from clearing.rules.between.abroad import as_authorisation
from clearing.rules.calendar import local_text
from clearing.rules.selling.returns import total
from clearing.values import DecisionId, money
from clearing.wire.batch import read_item_evidence
from clearing.wire.frame import MalformedFrame

PAGE_EVENTS: Final = 5_000
PREFIX_MIN: Final = 6
Paying = SaleDecided | AuthorisationDecided | CaptureDecided
BACKGROUND: Final = frozenset(
    kind.TYPE for kind in (
        CaisseFounded, DecisionRecorded, CharteAdopted, AllocationRuleSet, AllocationGranted, SingleGranted, PurseCredited,
        OpeningAccepted, CohortRolled, HouseholdSeparated, BonusCredited,
    )
)  # fmt: skip
Later = CaptureDecided | ReversalDecided | RefundDecided | HoldExpired | OperationRepeated | PurchaseConfirmed
LaterAbroad = InterchangeCaptured | InterchangeReleased | InterchangeExpired
Contested = ContestOpened | ContestAnswered | ContestDecided | ContestAppealed | ContestClosed
_LATER: Final = frozenset(
    kind.TYPE for kind in (
        CaptureDecided, ReversalDecided, RefundDecided, HoldExpired, OperationRepeated, PurchaseConfirmed, InterchangeCaptured,
        InterchangeReleased, InterchangeExpired, *get_args(Contested),
    )
)  # fmt: skip
_PAYING: Final = frozenset(
    kind.TYPE for kind in (SaleDecided, AuthorisationDecided, CaptureDecided, InterchangeHeld, InterchangeSold)
)


class SaleNotFound(LookupError):
    """No sale has this reference, or several have; the text says which reference to give."""


@dataclass(frozen=True, slots=True)
class LotOrigin:
    """Where a lot of credit came from. named: for people. decision: the vote that set its rule."""

    named: str
    expires_us: int | None
    decision: DecisionId | None


_UNKNOWN: Final = LotOrigin("credit made anew for a refund", None, None)


@dataclass(slots=True)
class FoundSale:
    """What explains one sale: chartes and decisions up to it, the lots of its caisse, and what happened to it later."""

    event: Paying
    position: int
    at_us: int
    zone: str
    chartes: dict[int, Charte]
    decisions: dict[DecisionId, DecisionRecorded]
    lots: dict[str, LotOrigin]
    later: tuple[str, ...]
    batch: tuple[bytes, int] | None
    """SHA-256 of the signed batch that it came in, and which item it was."""


@dataclass(slots=True)
class Background:
    """What is under a sale: the caisse's zone, its chartes, votes and credit, as far as the log was read."""

    zone: str = "UTC"
    chartes: dict[int, Charte] = field(default_factory=dict)
    decisions: dict[DecisionId, DecisionRecorded] = field(default_factory=dict)
    rules: dict[str, DecisionId] = field(default_factory=dict)
    lots: dict[str, LotOrigin] = field(default_factory=dict)

    def learn(self, event: Event, position: int) -> None:
        match event:
            case CaisseFounded():
                self.zone = event.zone
            case DecisionRecorded():
                self.decisions[event.decision] = event
            case CharteAdopted():
                self.chartes[event.charte.version] = event.charte
            case AllocationRuleSet():
                self.rules[event.rule] = event.decision
            case CohortRolled():
                old = self.lots.get(event.lot, _UNKNOWN)
                self.lots[f"{event.lot}+"] = LotOrigin(f"{old.named}, carried over", event.expires_us, old.decision)
            case HouseholdSeparated():
                for moved in event.lots:
                    old = self.lots.get(moved.lot, _UNKNOWN)
                    self.lots[moved.new_lot] = LotOrigin(old.named, moved.expires_us, old.decision)
            case BonusCredited():
                named = f"the bonus {event.rule} of {event.period}, paid by fund {event.fund}"
                self.lots[f"x{position}"] = LotOrigin(named, event.expires_us, None)
            case AllocationGranted() | SingleGranted():
                named = f"the credit {event.rule} of {event.period}, paid by fund {event.fund}"
                self.lots[f"{event.rule}/{event.period}"] = LotOrigin(named, event.expires_us, self.rules.get(event.rule))
            case PurseCredited():
                named = "the member's own money" if event.fund is None else f"a single credit from fund {event.fund}"
                # Not its reference: a bank line names a person, and nobody sees a person and her purchases together.
                self.lots[f"x{position}"] = LotOrigin(named, event.expires_us, None)
            case OpeningAccepted():
                for lot_id, lot in zip(lot_ids(event, position), event.lots, strict=True):
                    whose = "the member's own money" if lot.fund is None else f"credit from fund {lot.fund}"
                    self.lots[lot_id] = LotOrigin(f"{whose}, brought along when the caisse began here", lot.expires_us, None)
            case _:
                return


async def background_of(log: StoredLog) -> Background:
    """Of the whole log."""
    background = Background()
    async for row in _rows(log):
        if row.type in BACKGROUND:
            background.learn(decoded(row), row.position)
    return background


async def find_sale(log: StoredLog, reference: str) -> FoundSale:
    """Raises SaleNotFound: nothing, or more than one operation, has this reference."""
    wanted = _wanted(reference)
    background, found, later = Background(), list[tuple[EventRow, Paying]](), list[str]()
    names: set[bytes] = set()
    async for row in _rows(log):
        if row.type in BACKGROUND:
            background.learn(decoded(row), row.position)
        elif found and row.type in _LATER and any(x in row.public for x in names) and _is_about(row, found[0][1], names):
            later += _afterwards(decoded(row), background.zone, row)
        elif row.type in _PAYING and wanted(row):
            event = as_explained(decoded(row))
            if isinstance(event, InterchangeSold):
                raise SaleNotFound(
                    f"Event {row.position} is a sale with a card of {event.issuer}, which decided by its own rules what the "
                    f"card pays; whose card it is may ask there, under {event.ref.hex()}."
                )
            if isinstance(event, SaleDecided | AuthorisationDecided | CaptureDecided):
                found.append((row, event))
                names |= {event.op.x} | ({event.original} if isinstance(event, CaptureDecided) else set())
    if len(found) != 1:
        raise SaleNotFound(_not_one(reference, found))
    row, event = found[0]
    return FoundSale(
        event, row.position, row.at_us, background.zone, background.chartes, background.decisions, background.lots,
        tuple(later), batch_of(row),
    )  # fmt: skip


def batch_of(row: EventRow) -> tuple[bytes, int] | None:
    try:
        return read_item_evidence(row.evidence)
    except MalformedFrame:  # not for `why` to judge: the audit names it
        return None


def _is_about(row: EventRow, sale: Paying, names: set[bytes]) -> bool:
    """Whether the event is about the sale under any of its names; the capture of a hold gives it one more.

    Any terminal of the same producer may capture and take back, so the row may stand in another stream.
    """
    event = decoded(row)
    if isinstance(event, LaterAbroad):
        return event.ref in names
    if isinstance(event, Contested):
        return event.about.x in names and event.about.terminal == sale.op.terminal
    if not isinstance(event, Later):
        return False
    producer = event.producer if isinstance(event, HoldExpired) else event.op.producer
    about = event.op.x if isinstance(event, OperationRepeated) else event.original
    if producer != sale.op.producer or about not in names:
        return False
    if isinstance(event, CaptureDecided) and event.code in ("00", "10"):
        names.add(event.op.x)
    return True


def _wanted(reference: str) -> Callable[[EventRow], bool]:
    text = reference.strip().lower()
    if text.isascii() and text.isdigit() and len(text) <= 10:
        position = int(text)
        return lambda row: row.position == position
    if len(text) < PREFIX_MIN or not all(digit in "0123456789abcdef" for digit in text) or len(text) > 32:
        raise SaleNotFound(
            f"'{reference}' is no reference of a sale: give its event's number, or {PREFIX_MIN} to 32 hex digits of its x"
        )
    whole = bytes.fromhex(text[: len(text) // 2 * 2])

    def begins(row: EventRow) -> bool:
        if whole not in row.public:  # decode only what can match
            return False
        event = as_explained(decoded(row))
        if not isinstance(event, SaleDecided | AuthorisationDecided | CaptureDecided | InterchangeSold):
            return False
        return event.op.x.hex().startswith(text)

    return begins


def _not_one(reference: str, found: list[tuple[EventRow, Paying]]) -> str:
    if not found:
        return f"No sale, authorisation or capture has the reference {reference}; look it up with `clearing sales`."
    places = ", ".join(str(row.position) for row, _ in found[:10])
    return f"{len(found)} operations begin with {reference}: give one of the events {places}."


async def _rows(log: StoredLog) -> AsyncIterator[EventRow]:
    after = 0
    while rows := await log.read(after, PAGE_EVENTS):
        for row in rows:
            yield row
        after = rows[-1].position


def decoded(row: EventRow) -> Event:
    return decode(row.type, row.schema_version, row.public, row.private)


def as_explained(event: Event) -> Event:
    """What our card paid at another caisse is explained as the hold it was; the place is all that is known of its seller."""
    return as_authorisation(event) if isinstance(event, InterchangeHeld) else event


def _afterwards(event: Event, zone: str, row: EventRow) -> list[str]:
    """What an event did to the sale, as a sentence; nothing for one that changed nothing."""
    at = f"{local_text(zone, row.at_us)} (event {row.position})"
    match event:
        case CaptureDecided(code=Code.EXPIRED_OR_RESOLVED):
            return [f"{at}: captured too late, which is an exception: clearing why {row.position}."]
        case CaptureDecided(approved_cents=cents) if cents or event.released:
            return [f"{at}: delivered, {money(cents)} captured, {money(total(event.released))} released."]
        case RefundDecided(code="00"):
            return [f"{at}: goods of {money(event.amount_cents)} taken back, {money(event.card_cents)} of it to the card."]
        case ReversalDecided(code="00") if event.effect in ("released", "undone"):
            return [f"{at}: reversed, {money(total(event.returned))} given back."]
        case ReversalDecided(code="00") if event.exception:
            return [f"{at}: {event.exception}; it is an exception: clearing why {row.position}."]
        case PurchaseConfirmed(code="00"):
            return [f"{at}: confirmed by a second mandatary's card; it may be captured."]
        case HoldExpired():
            return [f"{at}: nobody captured it in time, {money(total(event.released))} released."]
        case InterchangeCaptured(cents=cents):
            return [f"{at}: sold on {event.day}, {money(cents)} owed to {event.acquirer}."]
        case InterchangeReleased():
            what = "reversed it" if event.undone else "did not sell"
            return [f"{at}: {event.acquirer} {what}, {money(event.cents)} given back."]
        case InterchangeExpired():
            return [f"{at}: no word came from {event.acquirer}, {money(total(event.returned))} given back."]
        case ContestOpened():
            return [f"{at}: line {event.about.line + 1} contested, {money(event.cents)} of the card: {event.reason}"]
        case ContestAnswered():
            return [f"{at}: the producer {'agrees' if event.agrees else 'does not agree'}: {event.text}"]
        case ContestDecided():
            body = "the second body decided" if event.appeal else "decided"
            who = f", borne by {event.fund or event.cost}" if event.cost else ""
            return [f"{at}: {body} for the {event.outcome}, {money(event.card_cents)} back to the card{who}: {event.reason}"]
        case ContestAppealed():
            return [f"{at}: the {event.of} appealed to {event.body}: {event.reason}"]
        case ContestClosed():
            return [f"{at}: the contest was closed: {event.reason}"]
        case OperationRepeated():
            return [f"{at}: asked again, answered the same."]
        case _:
            return []
