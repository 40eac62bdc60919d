"""Law: at the stalls and for the collective account: sales, holds, draws, gives, orders, and what comes too late."""

from clearing.events.basket import Line
from clearing.events.charte import Charte
from clearing.rules.collective.orders import DISPUTED, OPEN
from clearing.values import CategoryId, Cents
from clearing.wire.requests import Op, Request
from tests.lives.world import PRODUCERS, World
from tests.sayings import BRUNO

CARDS = ("m-0", "m-1", "m-2", "aline", "boris")


class Stalls(World):
    def sell(self) -> None:
        self._buy(Op.SALE)

    def hold(self) -> None:
        self._buy(Op.AUTH)

    def _buy(self, op: Op) -> None:
        till, card = self.tills[self.dice.choice(("garden", "garden", "dairy", "mill"))], self.dice.choice(CARDS)
        self._ask(till.ask(op, *self.lines()), card)

    def _ask(self, request: Request, card: str | None = None) -> None:
        till = next(one for one in self.tills.values() if one.number == request.terminal)
        self.story.when(request, till.tap(card) if card is not None else None)
        self.made.append(request)

    def _one(self) -> Request | None:
        """Mostly a young one."""
        return self.dice.choice(self.made[-12:] if self.dice.random() < 0.8 else self.made) if self.made else None

    def capture(self) -> None:
        of = self._one()
        if of is None:
            return
        part = self.dice.randint(0, 110)
        came = [line._replace(amount_cents=Cents(line.amount_cents * part // 100)) for line in of.lines]
        till = next(one for one in self.tills.values() if one.number == of.terminal)
        self._ask(till.capture(of, *(line for line in came if line.amount_cents)))

    def reverse(self) -> None:
        of = self._one()
        if of is not None:
            self._ask(next(one for one in self.tills.values() if one.number == of.terminal).reverse(of))

    def refund(self) -> None:
        of = self._one()
        if of is None or not of.lines:
            return
        back = [line._replace(amount_cents=Cents(self.dice.randint(1, line.amount_cents))) for line in of.lines[:2]]
        self._ask(next(one for one in self.tills.values() if one.number == of.terminal).refund(of, *back))

    def draw(self) -> None:
        till = self.tills[self.dice.choice(PRODUCERS)]
        self._ask(till.draw(self.dice.choice((10, 20, 30)), *self.lines(4_000)))

    def give(self) -> None:
        till = self.tills[self.dice.choice(PRODUCERS)]
        if self.dice.random() < 0.5:
            self._ask(till.give(100, Line(category=CategoryId("coupon"), amount_cents=Cents(100 * self.dice.randint(1, 6)))))
        else:
            self._ask(till.give(125, *self.lines()))

    # orders of the collective account

    def order_goods(self) -> None:
        goods = {(line.category, line.payee): line for line in self.lines(3_500)}
        lines = [
            {"category": line.category, "cents": line.amount_cents, "payee": line.payee or "garden", "product": line.product}
            for line in goods.values()
        ]
        number = f"o-{len(self.story.book.orders.orders) + 1}"
        self.order("place_order", {
            "order": number, "account": "gout", "mandatary": "aline", "seller": "garden", "lines": lines, "in_part": True,
        })  # fmt: skip
        if self.dice.random() < 0.8:
            self.order("confirm_order", {"order": number, "mandatary": "boris"}, BRUNO)

    def _order_with(self, *states: str) -> tuple[str, list[int]] | None:
        found = [
            (number, [place for place, state in enumerate(one.states) if state in states])
            for number, one in self.story.book.orders.orders.items()
        ]
        apt = [one for one in found if one[1]]
        return self.dice.choice(apt) if apt else None

    def deliver(self) -> None:
        found = self._order_with(OPEN)
        if found is None:
            return
        number, places = found
        placed = self.story.book.orders.orders[number].placed
        notes = [
            {"line": place, "cents": placed.lines[place].amount_cents * self.dice.randint(0, 100) // 100}
            for place in places if self.dice.random() < 0.7
        ]  # fmt: skip
        if notes:
            self.order("note_delivery", {"order": number, "side": "buyer", "document": self.reference(), "lines": notes})

    def dispute(self) -> None:
        found = self._order_with(OPEN)
        if found is not None:
            self.order("dispute_line", {"order": found[0], "line": self.dice.choice(found[1]), "reason": "rotten"})

    def settle_dispute(self) -> None:
        found = self._order_with(DISPUTED)
        if found is None:
            return
        line = self.dice.choice(found[1])
        whole = self.story.book.orders.orders[found[0]].placed.lines[line].amount_cents
        end = {"order": found[0], "line": line, "cents": whole * self.dice.randint(0, 100) // 100}
        self.order("propose_dispute_end", {**end, "reason": "agreed"})
        self.order("resolve_dispute", end, BRUNO)

    def cancel_order(self) -> None:
        found = self._order_with(OPEN)
        if found is not None:
            self.order("cancel_order", {"order": found[0]})

    # what came too late

    def resolve(self) -> None:
        for number, item in list(self.story.book.exceptions.open.items()):
            late = item.kind == "late capture"
            ends = [("accepted", True), ("accepted", False), ("refused", False)] if late else [("noted", False)]
            self.dice.shuffle(ends)
            for how, consent in ends:
                body = {"exception": number, "how": how, "consent": consent}
                self.order("propose_exception_end", {**body, "reason": "asked"})
                if self.order("resolve_exception", body, BRUNO):
                    break

    def capture_late(self) -> None:
        """A hold that nobody captured in time, and then somebody does."""
        before = len(self.made)
        self.hold()
        request = self.made[before]
        charte: Charte | None = self.story.book.caisse.charte_at(self.story.at_us)
        self.pass_time(86_400_000_000 * (charte.hold_days + 1 if charte is not None else 8))
        till = next(one for one in self.tills.values() if one.number == request.terminal)
        self._ask(till.capture(request, *request.lines))
        self.resolve()
