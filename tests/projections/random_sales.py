"""Law: a random sale takes from lots what they hold, and whatever is given back goes to the lot it came from."""


from clearing.events.basket import Line, LotReturn, LotUse, Return, Share
from clearing.events.sales import (
    AuthorisationDecided,
    CaptureDecided,
    HoldExpired,
    OperationHead,
    RefundDecided,
    ReversalDecided,
    SaleDecided,
    Tap,
)
from clearing.values import (
    CardId,
    CategoryId,
    Cents,
    MemberId,
    MicroTime,
    OperationId,
    PayerId,
    ProducerId,
    PurseKind,
    Rate,
)
from tests.projections.random_money import CREDIT, OWN, POOL, PRODUCERS, START_US, TIER, RandomMoney, Sold


class RandomSales(RandomMoney):
    """Sales, holds, captures, reversals, refunds."""

    __slots__ = ()

    def _tap(self, member: MemberId) -> Tap:
        return Tap(card=CardId(member.encode().ljust(16, b"c")), key_version=1, counter=self.n, fresh=True)

    def _lines(self) -> tuple[Line, ...]:
        return tuple(
            Line(
                category=CategoryId(self.dice.choice(("veg", "bread", "cheese"))),
                amount_cents=Cents(self.dice.randint(1, 3_000)),
                payee=self.dice.choice((None, None, None, PRODUCERS[0])),
            )
            for _ in range(self.dice.randint(1, 4))
        )  # fmt: skip

    def _funded(self) -> tuple[OperationHead, MemberId, tuple[Line, ...], tuple[Share, ...], int]:
        op, member, lines = self._head(), self.dice.choice(list(self.members)), self._lines()
        shares = self._shares(member, lines, op.producer)
        return op, member, lines, shares, sum(s.cents for s in shares if s.step != "surplus")

    def _shares(self, member: MemberId, lines: tuple[Line, ...], producer: ProducerId) -> tuple[Share, ...]:
        shares: list[Share] = []
        for index, line in enumerate(lines):
            payee, rest = line.payee or producer, int(line.amount_cents)
            if self.dice.random() < 0.3:
                shares.append(self._share(index, "tariff", f"fund:{TIER}", rest // 4, payee, ()))
                rest -= rest // 4
            for purse in (CREDIT, OWN):
                uses = self._spend(member, purse, rest)
                if uses:
                    shares.append(self._share(index, "payer", f"purse:{purse}", sum(u.cents for u in uses), payee, uses))
                    rest -= shares[-1].cents
        extra = self._spend(member, OWN, 25) if self.dice.random() < 0.2 and shares else ()
        if extra:
            cents = sum(use.cents for use in extra)
            shares.append(self._share(0, "surplus", f"purse:{OWN}", cents, ProducerId(f"fund:{POOL}"), extra))
        return tuple(share for share in shares if share.cents)

    def _share(
        self, line: int, step: str, source: str, cents: int, payee: ProducerId, lots: tuple[LotUse, ...]
    ) -> Share:
        self.accounts[source] += cents
        return Share(
            line=line, payer=PayerId(step), step=step, source=source, rate=Rate(10_000), cents=Cents(cents), payee=payee,
            lots=lots,
        )

    def _spend(self, member: MemberId, purse: PurseKind, cents: int) -> tuple[LotUse, ...]:
        uses = []
        for key, there in list(self.lots.items()):
            part = min(there, cents) if key[:2] == (member, purse) else 0
            if part > 0:
                self.lots[key] -= part
                cents -= part
                uses.append(LotUse(lot=key[2], cents=Cents(part)))
        return tuple(uses)

    def _sale(self) -> None:
        op, member, lines, shares, paid = self._funded()
        amount = sum(line.amount_cents for line in lines)
        code = "51" if not paid else "00" if paid == amount else "10"
        position = self._say(SaleDecided(
            op=op, answer=code, amount_cents=Cents(amount), lines=lines, approved_cents=Cents(paid),
            approved_lines=tuple(Cents(0) for _ in lines), code=code, tap=self._tap(member), member=member, charte_version=1,
            shares=shares,
        ))  # fmt: skip
        self._owe(shares, 1)
        state = "captured" if paid else "declined"
        self.sold.append(Sold(position, op, member, lines, shares, state, left=_uses(shares)))

    def _decline(self) -> None:
        op, lines = self._head(), self._lines()
        amount = sum(line.amount_cents for line in lines)
        code = self.dice.choice(("51", "57", "63", "14", "03"))
        position = self._say(SaleDecided(
            op=op, answer="05", amount_cents=Cents(amount), lines=lines, approved_cents=Cents(0),
            approved_lines=tuple(Cents(0) for _ in lines), code=code, tap=None, member=None, charte_version=1, shares=(),
        ))  # fmt: skip
        self.sold.append(Sold(position, op, MemberId("nobody"), lines, (), "declined"))

    def _owe(self, shares: tuple[Share, ...], sign: int) -> None:
        for share in shares:
            if share.step == "surplus":
                self.accounts[share.payee] -= sign * share.cents
            else:
                self.accounts[f"owed:{share.payee}"] -= sign * share.cents
                self.taken[share.payee][0 if sign > 0 else 1] += share.cents

    def _hold(self) -> None:
        op, member, lines, shares, paid = self._funded()
        amount = sum(line.amount_cents for line in lines)
        code = "51" if not paid else "00" if paid == amount else "10"
        position = self._say(AuthorisationDecided(
            op=op, answer=code, amount_cents=Cents(amount), lines=lines, approved_cents=Cents(paid),
            approved_lines=tuple(Cents(0) for _ in lines), hold_expires_us=MicroTime(START_US * 2), code=code,
            tap=self._tap(member), member=member, charte_version=1, shares=shares, applied=(), eligible=None, price_choice=None,
        ))  # fmt: skip
        self.accounts["held"] -= sum(s.cents for s in shares)
        state = "held" if paid else "declined"
        self.sold.append(Sold(position, op, member, lines, shares, state, left=_uses(shares)))

    def _capture(self) -> None:
        sold = self._any("held")
        if sold is None:
            return
        kept = tuple(share for share in sold.shares if self.dice.random() < 0.7)
        released = tuple(share for share in sold.shares if share not in kept)
        paid = sum(s.cents for s in kept if s.step != "surplus")
        if not paid:
            return
        op = self._head(sold.op.producer)
        position = len(self.events) + 1
        back = self._back(sold, released, "lapsed", position)
        self._say(CaptureDecided(
            op=op, answer="10", original=sold.op.x, amount_cents=Cents(sum(line.amount_cents for line in sold.lines)),
            lines=sold.lines, approved_cents=Cents(paid), approved_lines=tuple(Cents(0) for _ in sold.lines), code="10",
            member=sold.member, charte_version=1, shares=kept, released=back,
        ))  # fmt: skip
        self.accounts["held"] += sum(s.cents for s in sold.shares)
        self._owe(kept, 1)
        sold.state = "delivered"
        self.sold.append(Sold(position, op, sold.member, sold.lines, kept, "captured", left=_uses(kept)))

    def _any(self, *states: str) -> Sold | None:
        found = [sold for sold in self.sold[-60:] if sold.state in states]
        return self.dice.choice(found) if found else None

    def _back(self, sold: Sold, shares: tuple[Share, ...], lapsed: str, position: int) -> tuple[Return, ...]:
        """Give back what is left of these shares, lot by lot."""
        renewed: dict[str, str] = {}
        returns = []
        for share in shares:
            left = sold.left[sold.shares.index(share)]
            lots = []
            for i, use in enumerate(share.lots):
                outcome = lapsed if use.lot in self.lapsed else "back"
                if left[i]:
                    lots.append(LotReturn(lot=use.lot, cents=Cents(left[i]), outcome=outcome))
                    self._return_lot(sold.member, share.source, use.lot, left[i], outcome, renewed, position)
            cents = sum(left)
            if not share.lots:
                self.accounts[share.source] -= cents
            left[:] = [0] * len(left)
            if cents:
                returns.append(Return(
                    line=share.line, payer=share.payer, step=share.step, source=share.source, cents=Cents(cents),
                    payee=share.payee, lots=tuple(lots),
                ))  # fmt: skip
        return tuple(returns)

    def _return_lot(
        self, member: MemberId, source: str, lot: str, cents: int, outcome: str, renewed: dict[str, str], position: int
    ) -> None:
        if outcome == "lapsed":
            self.accounts[f"fund:{self.lot_funds[lot]}"] -= cents
            return
        self.accounts[source] -= cents
        if outcome == "new":
            if lot not in renewed:
                renewed[lot] = f"x{position}" + (f".{len(renewed)}" if renewed else "")
            self.lot_funds[renewed[lot]] = self.lot_funds[lot]
            lot = renewed[lot]
        self._move((member, source[6:], lot), cents)

    def _reverse(self) -> None:
        sold = self._any("held", "captured")
        tombstone = sold is None or self.dice.random() < 0.1
        op = self._head(None if sold is None else sold.op.producer)
        position = len(self.events) + 1
        if sold is None or tombstone or (self.batches and sold.position <= self.batches[-1].up_to):
            effect = "tombstone" if tombstone else "nothing"
            original = OperationId(b"?" * 16) if sold is None or tombstone else sold.op.x
            self._say(ReversalDecided(
                op=op, answer="00", original=original, code="00", member=None, effect=effect, returned=(), exception="",
            ))  # fmt: skip
            return
        effect = "released" if sold.state == "held" else "undone"
        back = self._back(sold, sold.shares, "lapsed", position)
        self._say(ReversalDecided(
            op=op, answer="00", original=sold.op.x, code="00", member=sold.member, effect=effect, returned=back, exception="",
        ))  # fmt: skip
        self._unowe(back, held=sold.state == "held")
        sold.state = effect

    def _unowe(self, back: tuple[Return, ...], *, held: bool) -> None:
        for part in back:
            if held:
                self.accounts["held"] += part.cents
            elif part.step == "surplus":
                self.accounts[part.payee] += part.cents
            else:
                self.accounts[f"owed:{part.payee}"] += part.cents
                self.taken[part.payee][1] += part.cents

    def _expire(self) -> None:
        sold = self._any("held")
        if sold is not None:
            back = self._back(sold, sold.shares, "lapsed", len(self.events) + 1)
            self._say(HoldExpired(
                terminal=sold.op.terminal, original=sold.op.x, producer=sold.op.producer, member=sold.member, released=back,
            ))  # fmt: skip
            self._unowe(back, held=True)
            sold.state = "expired"

    def _refund(self) -> None:
        sold = self._any("captured")
        shares = () if sold is None else tuple(s for s in sold.shares if self.dice.random() < 0.5)
        if sold is None or not shares:
            return
        op = self._head(sold.op.producer)
        position = len(self.events) + 1
        back = self._back(sold, shares, "new", position)
        cents = sum(part.cents for part in back if part.step != "surplus")
        lines = tuple(line for i, line in enumerate(sold.lines) if any(part.line == i for part in back))
        self._say(RefundDecided(
            op=op, answer="00", original=sold.op.x, amount_cents=Cents(sum(line.amount_cents for line in lines)), lines=lines,
            card_cents=Cents(cents), card_lines=tuple(Cents(0) for _ in lines), code="00", member=sold.member, returned=back,
            new_lot_expires_us=MicroTime(START_US + 7),
        ))  # fmt: skip
        self._unowe(back, held=False)


def _uses(shares: tuple[Share, ...]) -> list[list[int]]:
    return [[int(use.cents) for use in share.lots] or [int(share.cents)] for share in shares]
