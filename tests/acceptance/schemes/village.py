"""Law: a scheme of the field is played as it would be lived: founded from its file, every order and sale signed, then audited.

The real reception, rules, log and audit; only the database is a list of rows (tests/memory_log.py), and a hand sets the clock.
"""

import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from clearing.audit import audit, why
from clearing.authoriser.answering import Answers, GroupedReply
from clearing.authoriser.client import Submission, TapFacts
from clearing.authoriser.clock import WatchedClock
from clearing.authoriser.group import SALT_BYTES, Group
from clearing.authoriser.pairing import Pairing
from clearing.authoriser.reception import Reception, Waiting
from clearing.authoriser.sameness import Sameness
from clearing.directory import Directory
from clearing.event_store.proofs import GENESIS
from clearing.events.basket import Line
from clearing.events.catalogue import Event
from clearing.events.codes import Code
from clearing.installation.amounts import read_euros
from clearing.installation.founding_file import read_founding_file
from clearing.rules.book import Book
from clearing.rules.calendar import instant_us
from clearing.rules.ledger.postings import Ledger
from clearing.rules.voted.offices import ALLOWED_ROLES
from clearing.telemetry import Telemetry
from clearing.values import (
    CaisseCode,
    CardId,
    CategoryId,
    Cents,
    MemberId,
    OperationId,
    PersonId,
    ProducerId,
    PurseKind,
    TerminalId,
)
from clearing.wire.commands import (
    Command,
    CommandReply,
    encode_command,
    parse_command,
    parse_command_reply,
    person_number,
)
from clearing.wire.fields import DAY_MS, TimeMs
from clearing.wire.frame import FrameType, open_envelope
from clearing.wire.replies import Reply, parse_reply
from clearing.wire.requests import ZERO_DIGEST, CardUrl, Op, Request, encode_request, parse_request
from clearing.wire.signature import TerminalKey, verify
from tests.given_when_then import paris
from tests.house.sources import CLONE
from tests.living_caisse import ROOT, SERVER_KEY, HandClock, payload_of
from tests.memory_log import MemoryLog

FILES = CLONE / "examples" / "schemes"
Basket = dict[str, str] | Sequence[Line]
"""Category -> euros, or lines with product, payee and quantity."""


def key_of(who: str) -> TerminalKey:
    """One key per person or terminal, the same in every run."""
    return TerminalKey.from_seed(sha256(f"key of {who}".encode()).digest())


def card_of(alias: str) -> CardId:
    return CardId(sha256(f"card {alias}".encode()).digest()[:16])


def terminal_of(stall: str) -> TerminalId:
    return TerminalId(sha256(f"terminal of {stall}".encode()).digest()[:8])


def line(category: str, euros: str, product: str | None = None, payee: str | None = None, qty: int | None = None) -> Line:
    """qty: whole units."""
    return Line(
        category=CategoryId(category), amount_cents=Cents(read_euros(euros)), product=product,
        payee=None if payee is None else ProducerId(payee), qty_milli=None if qty is None else qty * 1_000,
    )  # fmt: skip


@dataclass(frozen=True)
class Done:
    """An operation of a terminal: what was asked, what the till was told, what was recorded (position: of the first event)."""

    request: Request
    reply: Reply
    event: Any
    position: int
    frame: bytes
    answer: bytes

    @property
    def card_cents(self) -> int:
        """What the till shows: the card pays."""
        return self.reply.aa or 0

    @property
    def left_cents(self) -> int:
        """What the till shows: left to pay."""
        return self.request.amount_cents - self.card_cents

    def paid_by(self) -> dict[str, int]:
        """Cents per payer or tariff of the charte."""
        found: dict[str, int] = defaultdict(int)
        for share in self.event.shares:
            found[share.payer] += share.cents
        return dict(found)


@dataclass
class Village:
    """One caisse of one founding file. Orders are given by the first officer of the file who may, unless `by` names one."""

    file: Path
    clock: HandClock
    log: MemoryLog = field(default_factory=MemoryLog)
    book: Book = field(default_factory=Book)
    ledger: Ledger = field(default_factory=Ledger)
    roles: dict[str, list[str]] = field(default_factory=dict)
    answered: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._sameness, self._answers = Sameness(), Answers(SERVER_KEY)
        read = read_founding_file(self.file, lambda person: key_of(person).public)
        self.code: CaisseCode = read.code
        self._reception = Reception(
            code=read.code, book=self.book, sameness=self._sameness, answers=self._answers, pairing=Pairing(),
            directory=Directory(), telemetry=Telemetry(), clock=WatchedClock(self.clock), root=ROOT,
        )
        self._dice, self._salt = random.Random(1), 0
        self._numbers: dict[bytes, int] = defaultdict(int)
        self._counters: dict[str, int] = defaultdict(int)
        persons: Any = read.body["persons"]
        self.roles = {one["person"]: list(one["roles"]) for one in persons}
        self.order("found", by=next(iter(self.roles)), **read.body)

    # time

    def at(self, text: str) -> "Village":
        """Go on at this wall time where the caisse is, and let time do what it does."""
        self.clock.us = max(paris(text), self.clock.us)
        self.tick()
        return self

    def tick(self) -> None:
        group = Group(self.book)
        self._reception.tick(group, self.clock.now_us())
        self._commit(group)

    # people

    def command(self, verb: str, *, by: str | None = None, **body: Any) -> CommandReply:
        """A signed order, whatever is answered."""
        person = PersonId(by or self.officer(verb))
        number = person_number(person)
        self._numbers[number] += 1
        command = Command(
            caisse=self.code, person=number, epoch=1, n=self._numbers[number], x=self.new_x(),
            ts_ms=TimeMs(self.clock.us // 1_000), verb=verb, body=dict(body),
        )  # fmt: skip
        key = key_of(person)
        raw = key.sign_envelope(FrameType.PERSON_CMD, encode_command(command))
        frame = verify(open_envelope(raw, frame_bytes_max=1 << 20), FrameType.PERSON_CMD, key.public)
        submission = Submission(caisse=self.code, frame=frame, request=parse_command(frame))
        return parse_command_reply(payload_of(self.submit(submission)))

    def officer(self, verb: str) -> str:
        wanted = set(ALLOWED_ROLES.get(verb, ("treasurer",)))
        return next(person for person, roles in self.roles.items() if wanted & set(roles))

    def order(self, verb: str, *, by: str | None = None, **body: Any) -> dict[str, object]:
        """A signed order that has to be obeyed."""
        reply = self.command(verb, by=by, **body)
        assert reply.rc is Code.APPROVED, f"{verb}: {reply.rc} {reply.why}"
        return reply.out

    def refused(self, verb: str, *, by: str | None = None, **body: Any) -> str:
        """Why an order is not obeyed, as the person reads it."""
        reply = self.command(verb, by=by, **body)
        assert reply.rc is not Code.APPROVED, f"{verb} was obeyed"
        return reply.why

    def receive(self, fund: str, euros: str, reference: str = "") -> None:
        """A line of the bank's statement, numbered when it has no name."""
        number = 1 + sum(len(lines) for lines in self.book.bank_lines.received.values())
        self.order("receive_money", fund=fund, cents=read_euros(euros), reference=reference or f"bank line {number}")

    def admit(self, *members: str, groups: Iterable[str] = ()) -> None:
        """Members of the same groups, each with a card of the same name."""
        self.order("admit_members", members=[{"member": one, "groups": list(groups)} for one in members])
        self.order("issue_cards", cards=[
            {"card": card_of(one), "key_version": 1, "member": one, "alias": one} for one in members
        ])  # fmt: skip

    def own_money(self, member: str, euros: str) -> None:
        self.order("credit_purse", member=member, purse="own", cents=read_euros(euros), reference="added by the member")

    def stall(self, producer: str, *structures: str, categories: Sequence[str] | None = None) -> None:
        """A producer under convention, with an account that two people accepted, and a terminal."""
        self.order("admit_producers", producers=[
            {"producer": producer, "name": producer.replace("-", " ").capitalize(), "structures": list(structures)}
        ])  # fmt: skip
        convention: dict[str, object] = {"convention": f"{producer}-1", "producer": producer, "from_us": 0}
        if categories is not None:
            convention["categories"] = list(categories)
        self.order("sign_conventions", conventions=[convention])
        digest = sha256(f"account of {producer}".encode()).digest()
        proposer = self.officer("propose_bank_details")
        self.order("propose_bank_details", by=proposer, details=[{"producer": producer, "digest": digest}])
        other = next(one for one, roles in self.roles.items() if "approver" in roles and one != proposer)
        self.order("approve_bank_details", by=other, producers=[{"producer": producer, "digest": digest}])
        self.order("enrol_terminals", terminals=[
            {"terminal": terminal_of(producer), "epoch": 1, "producer": producer, "key": key_of(producer).public}
        ])  # fmt: skip

    # votes

    def vote(self, decision: str, title: str, **fields: Any) -> None:
        """A majority vote of the general meeting, recorded and, where two officers are asked for, approved by the other."""
        day = self.book.caisse.calendar.day(self.clock.us).isoformat()
        body: dict[str, object] = {
            "decision": decision, "title": title, "body": "general-meeting", "method": "majority", "taken_on": day,
            "votes_for": 30, "votes_against": 5, "abstained": 2, "minutes_sha256": b"",
        }  # fmt: skip
        recorder = self.officer("record_decision")
        self.order("record_decision", by=recorder, **{**body, **fields})
        if "approve_decision" in ALLOWED_ROLES:
            wanted = set(ALLOWED_ROLES["approve_decision"])
            other = next(one for one, roles in self.roles.items() if wanted & set(roles) and one != recorder)
            self.order("approve_decision", by=other, decision=decision)

    def adopt(self, decision: str, effective: str, rates: dict[str, int], **more: Any) -> None:
        """A charte of one purse, "credit", with a rate (ten-thousandths) per category; `more` says what else is in it."""
        covers = [{"category": name, "rate": rate} for name, rate in rates.items()]
        charte: dict[str, object] = {
            "version": len(self.book.caisse.chartes) + 1, "decision": decision, "effective_us": paris(effective),
            "categories": list(rates), "payers": [{"id": "credit", "purse": "credit", "covers": covers}],
        }  # fmt: skip
        self.order("adopt_charte", **{**charte, **more})

    # terminals

    def sell(self, stall: str, card: str, basket: Basket, **fields: Any) -> Done:
        return self.ask(Op.SALE, stall, basket, card=card, **fields)

    def ask(self, op: Op, stall: str, basket: Basket = (), *, card: str | None = None, **fields: Any) -> Done:
        """A signed request of the stall's terminal; card: the alias of the card that is tapped."""
        terminal = terminal_of(stall)
        self._numbers[terminal] += 1
        lines = [line(name, euros) for name, euros in basket.items()] if isinstance(basket, dict) else list(basket)
        values: dict[str, Any] = {
            "op": op, "terminal": terminal, "epoch": 1, "n": self._numbers[terminal], "x": self.new_x(),
            "ts_ms": TimeMs(self.clock.us // 1_000), "previous": ZERO_DIGEST, "lines": tuple(lines),
            "amount_cents": Cents(sum(one.amount_cents for one in lines)),
        }  # fmt: skip
        tap = None
        if card is not None:
            values["card"] = CardUrl(bytes(16), bytes(8))
            self._counters[card] += 1
            tap = TapFacts(genuine=True, card=card_of(card), key_version=1, counter=self._counters[card])
        return self.send(stall, Request(**{**values, **fields}), tap)

    def draw(self, stall: str, percent: int, basket: Basket) -> Done:
        """A reduction from a solidarity fund; nobody is named, and the request's time is its day."""
        return self.ask(Op.DRAW, stall, basket, price_choice=percent, ts_ms=self._day_ms())

    def give(self, stall: str, percent: int, basket: Basket) -> Done:
        """The price paid in cash, above 100 percent; at 100 the lines are coupons."""
        return self.ask(Op.GIVE, stall, basket, price_choice=percent, ts_ms=self._day_ms())

    def _day_ms(self) -> TimeMs:
        return TimeMs(self.clock.us // 1_000 // DAY_MS * DAY_MS)

    def send(self, stall: str, request: Request, tap: TapFacts | None) -> Done:
        raw = key_of(stall).sign_envelope(FrameType.TERM_REQ, encode_request(request))
        frame = verify(open_envelope(raw, frame_bytes_max=4096), FrameType.TERM_REQ, key_of(stall).public)
        before = len(self.log.rows)
        answer = self.submit(Submission(caisse=self.code, frame=frame, request=parse_request(frame, request.op), tap=tap))
        self.answered.append(answer)
        reply = parse_reply(payload_of(answer))
        at = reply.sq or before
        return Done(request, reply, self.log.events()[at - 1] if at else None, at, raw, answer)

    def new_x(self) -> OperationId:
        return OperationId(self._dice.randbytes(16))

    def submit(self, submission: Submission) -> bytes:
        self.clock.us += 1_000
        group, waiting = Group(self.book), Waiting(submission, self.clock.now_us(), deliver=lambda _: None)
        try:
            answer = self._reception.take(waiting, group, self._chain())
        finally:
            self._commit(group)
        return answer.envelope if isinstance(answer, GroupedReply) else answer

    # settlement

    def settle(self, closed_on: str, execution_on: str) -> int:
        """Close, be refused as one's own approver, let another one approve, export; the batch's number."""
        closer = self.officer("close_batch")
        batch = int(str(self.order("close_batch", by=closer, closed_on=closed_on)["batch"]))
        if "approver" in self.roles[closer]:
            assert "another person" in self.refused("approve_batch", by=closer, batch=batch, execution_on=execution_on)
        other = next(one for one, roles in self.roles.items() if "approver" in roles and one != closer)
        self.order("approve_batch", by=other, batch=batch, execution_on=execution_on)
        digest = sha256(f"file of batch {batch}".encode()).digest()
        self.order("export_batch", by=closer, batch=batch, message_id=f"B{batch}", file_sha256=digest)
        return batch

    # what is there now

    def purse(self, member: str, kind: str = "credit") -> int:
        who = self.book.members.members[MemberId(member)]
        lots = self.book.allocation.spendable(who, PurseKind(kind), self.clock.us)
        return sum(lot.cents for lot in lots)

    def free(self, fund: str) -> int:
        return self.book.funds[fund].free_cents()  # type: ignore[index]

    def owed(self, producer: str) -> int:
        return self.book.settlement.owed_to(ProducerId(producer)).net_cents()

    def account(self, name: str) -> int:
        """Cents of an account of the double entry, a credit above zero."""
        return -self.ledger.balances.get(name, 0)

    def events(self, kind: type[Any]) -> list[Any]:
        return [event for event in self.log.events() if isinstance(event, kind)]

    async def explained(self, done: Done) -> str:
        """`clearing why` of an operation."""
        return (await why(self.log, str(done.position))).text()

    async def proved(self) -> dict[str, int]:
        """The audit of the whole log, which has to hold; the balances of all accounts."""
        found = await audit(self.log, report=lambda _: None, server_keys=[SERVER_KEY.public])
        assert found.ok, f"event {found.position}: {found.reason}"
        return dict(found.balances)

    def _chain(self) -> bytes:
        return self.log.rows[-1].chain if self.log.rows else GENESIS

    def _salts(self, size: int) -> bytes:
        first = self._salt + 1
        self._salt += size // SALT_BYTES
        return b"".join(number.to_bytes(SALT_BYTES, "big") for number in range(first, self._salt + 1))

    def _commit(self, group: Group) -> None:
        for key, stored in group.seal(self._answers, self._chain(), self._salts):
            self._sameness.remember(key, stored)
        for row, event in zip(group.rows, group.events, strict=True):
            self.ledger.post(event, row.position)  # type: ignore[arg-type]
        self.log.rows += group.rows
        self.log.replies += group.replies
        self.log.taps += group.taps
        self.log.batches |= {batch.digest: batch.frame for batch in group.batches}


def village(name: str, at: str) -> Village:
    """The caisse of examples/schemes/<name>.toml, founded at this wall time."""
    return Village(FILES / f"{name}.toml", HandClock(instant_of(at)))


def instant_of(at: str) -> int:
    return paris(at)


__all__ = ["Code", "Done", "Event", "Op", "Village", "instant_us", "line", "village"]
