"""Law: every act of every room has its chance, sales most of all; days pass between them."""

from clearing.authoriser import abroad
from clearing.events.interchange import InterchangeMatched
from clearing.events.sales import OperationHead
from clearing.rules.between import abroad as halves
from clearing.rules.between.interchange import net_lines
from clearing.values import Cents, MicroTime, OperationId, ProducerId
from clearing.wire.interchange import Ask
from clearing.wire.requests import CardUrl
from tests.lives.offices import Offices
from tests.lives.stalls import Stalls
from tests.lives.world import AVAL

HOUR_US, DAY_US = 3_600_000_000, 86_400_000_000


class Life(Stalls, Offices):
    """A caisse that lives at random. story: its log; made the same way from the same seed."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        if self.dice.random() < 0.6:
            self.open_books()
        self.promise()
        if self.dice.random() < 0.5:
            self.order("vote_advance", {"fund": "general", "advance_cents": 20_000, "decision": "ag-2026-04"})
        for _ in range(4):
            self.subsidy_comes()
        for act in (self.money_comes, self.own_money, self.own_money, self.credit, self.grant, self.sign, self.sign):
            act()

    # sales across caisses: this one's cards there, and theirs here

    def pay_abroad(self) -> None:
        number = OperationId(b"abroad" + self.dice.randbytes(10))
        lines = tuple(line._replace(payee=None) for line in self.lines())
        card = self.dice.choice(("m-0", "m-1", "m-2"))
        word = Ask(
            acquirer=AVAL, issuer=self.story.book.caisse.code, ref=number, lines=lines, eligible=None, all_or_nothing=False,
            amount_cents=sum(line.amount_cents for line in lines), card=CardUrl(bytes(16), bytes(8)),
        )  # fmt: skip
        self.story.sweep()
        tap = abroad.seen(
            self.story.book, self.tills["garden"].tap(card), self.story._next_us(), tap_used_before=False
        )
        self.happens(abroad.hold(self.story.book, word, b"d" * 32, tap, at_us=self.story._next_us()))
        self.abroad.append(word)
        if self.dice.random() < 0.7:
            self.word_from_abroad()

    def word_from_abroad(self) -> None:
        if not self.abroad:
            return
        word: Ask = self.dice.choice(self.abroad[-5:])
        self.story.sweep()
        hold = self.story.book.interchange.holds[word.ref]
        effect = self.dice.choice(("captured", "captured", "captured", "released", "reversed"))
        asked = halves.EndAsked(AVAL, word.ref, effect, Cents(hold.event.approved_cents), self.today())
        self._said(halves.decide_end(asked, hold, allocation=self.story.book.allocation, at_us=self.story._next_us()))

    def _said(self, decided: object) -> None:
        """An outcome that stands already is only text."""
        if not isinstance(decided, str):
            self.happens(decided)  # type: ignore[arg-type]

    def sell_to_neighbour(self) -> None:
        name = self.dice.choice(("garden", "dairy"))
        till, lines = self.tills[name], self.lines()
        request = till.sale(*lines)
        paid = tuple(Cents(self.dice.randint(0, line.amount_cents)) for line in lines)
        head = OperationHead(request.terminal, 1, request.n, request.x, ProducerId(name))
        ref = OperationId(b"here!!" + self.dice.randbytes(10))
        self.story.sweep()
        at_us = self.story._next_us()
        answer = halves.IssuerAnswer("00", Cents(sum(paid)), paid, (), MicroTime(at_us + 2 * DAY_US))
        self.happens(halves.decide_sold(
            halves.SaleAbroad(head, AVAL, ref, Cents(sum(line.amount_cents for line in lines)), lines),
            stopped=None, answer=answer, issued=b"signed", day=self.today(), at_us=at_us,
        ))  # fmt: skip
        if self.dice.random() < 0.8:
            self.neighbour_answers()
        if self.dice.random() < 0.2:
            self.story.when(till.reverse(request))
            self.neighbour_answers()

    def neighbour_answers(self) -> None:
        room = self.story.book.interchange
        for ref in list(room.open_halves):
            half = room.halves[ref]
            outcome = "captured" if half.effect == "captured" else self.dice.choice(("released", "undone"))
            outcome = "undone" if half.effect == "reversed" and half.captured else outcome
            self.story.sweep()
            self.happens(InterchangeMatched(issuer=half.issuer, effect=half.effect, outcome=outcome, ref=ref))

    def net(self) -> None:
        """Up to yesterday, then the one transfer."""
        calendar = self.story.book.caisse.calendar
        day = calendar.day(self.story._next_us() - DAY_US).isoformat()
        lines = net_lines(self.story.book.interchange, day)
        said = [{"other": line.other, "in_cents": line.in_cents, "out_cents": line.out_cents} for line in lines]
        self.order("net_interchange", {"day": day, "lines": said})
        for netted, one in list(self.story.book.interchange.nets.items()):
            if one.net_cents and one.reference is None and self.dice.random() < 0.7:
                self.order("pay_netting", {"day": netted, "reference": self.reference()})

    def time_passes(self) -> None:
        self.pass_time(1, HOUR_US, DAY_US, DAY_US, 4 * DAY_US, 12 * DAY_US)

    def live(self, acts: int) -> "Life":
        """So many more things happen."""
        chances = (
            (self.sell, 20), (self.hold, 6), (self.capture, 6), (self.reverse, 5), (self.refund, 7), (self.draw, 6),
            (self.give, 4), (self.order_goods, 5), (self.deliver, 4), (self.dispute, 2), (self.settle_dispute, 3),
            (self.cancel_order, 1), (self.capture_late, 1), (self.resolve, 2), (self.subsidy_comes, 4),
            (self.money_comes, 2), (self.coupons_sold, 2), (self.transfer, 2), (self.repay, 2), (self.grant, 3),
            (self.grant_one, 2), (self.credit, 4), (self.own_money, 5), (self.cotisation, 4),
            (self.cotisation_back, 2), (self.gift, 2), (self.deposit, 1), (self.sign, 2), (self.pay_instalment, 4),
            (self.return_instalment, 2), (self.pay_fund_parts, 3), (self.pay_over, 2), (self.crop_loss, 1),
            (self.end_contract, 2), (self.part, 1), (self.leave, 1), (self.money_back, 1), (self.close, 4),
            (self.bank, 4), (self.units, 2), (self.pay_abroad, 5), (self.word_from_abroad, 3),
            (self.sell_to_neighbour, 4), (self.neighbour_answers, 1), (self.net, 3), (self.time_passes, 14),
        )  # fmt: skip
        for act in self.dice.choices([act for act, _ in chances], [weight for _, weight in chances], k=acts):
            act()
        return self

    def to_its_end(self, acts: int) -> "Life":
        """The same, and every third caisse closes for good."""
        self.live(acts)
        if self.dice.random() < 0.34:
            self.shut()
        return self
