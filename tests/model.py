"""Law: a second, naive caisse in plain dicts, written from domain.md and slow: every credit is put into every purse at once,
every ceiling is counted anew from all sales, every cent of a share knows its lot. It predicts codes, cents and balances.

It imports shapes and the naive funding beside it, and no rule. Where it and clearing.rules disagree, one misreads the domain.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from clearing.events.basket import Line, LotUse, Share
from clearing.events.charte import Charte
from clearing.rules.selling.facts import Facts, Held, Lot
from clearing.values import Cents, FundId, MicroTime, PayerId, ProducerId, PurseKind, Rate
from tests import model_funding

PARIS = ZoneInfo("Europe/Paris")


def civil(at_us: int) -> date:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at_us)).astimezone(PARIS).date()


def midnight(day: date) -> int:
    """The first instant of a civil day, in microseconds."""
    start = datetime(day.year, day.month, day.day, tzinfo=PARIS).astimezone(UTC)
    return (start - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def span_of(span: str, day: date) -> tuple[int, ...]:
    return {"year": (day.year,), "month": (day.year, day.month), "day": (day.year, day.month, day.day)}[span]


class Caisse:
    """One producer, cards that always work; members are their own cards."""

    def __init__(self, chartes: Sequence[Charte], producer: str, each: int, months: int) -> None:
        self.chartes, self.producer, self.each, self.months = list(chartes), producer, each, months
        self.now = 0
        self.funds: dict[str, dict[str, int]] = {}
        self.people: dict[str, dict[str, Any]] = {}
        self.granted: dict[str, int] = {}  # month -> first instant its credit can't be spent
        self.had: set[tuple[str, str]] = set()  # (member, month)
        self.lots: dict[str, tuple[str | None, int | None]] = {}  # lot -> fund it came from, expiry
        self.sales: dict[bytes, dict[str, Any]] = {}
        self.tombs: dict[bytes, int] = {}
        self.owed = {"captured": 0, "refunded": 0, "carried": 0}
        self.money_in = self.paid_out = 0

    # what time does

    def wait(self, until_us: int) -> None:
        """Holds expire, then credit lapses, each at its instant."""
        self.now = until_us
        holds: list[Any] = [(sale["until"], 0, x) for x, sale in self.sales.items() if sale["state"] == "held"]
        lots: list[Any] = [(until, 1, lot) for lot, (fund, until) in self.lots.items() if fund and until is not None]
        for _, kind, name in sorted(one for one in holds + lots if one[0] <= until_us):
            if kind == 0:
                self._release(self.sales[name])
            else:
                self._lapse(name)

    def _release(self, sale: dict[str, Any]) -> None:
        sale["state"] = "released"
        for share in sale["shares"]:
            self._back(sale, share, share["uses"], "fund")

    def _lapse(self, lot: str) -> None:
        fund, _ = self.lots[lot]
        for person in self.people.values():
            for one in [one for one in person["lots"] if one["lot"] == lot]:
                person["lots"].remove(one)
                self.funds[str(fund)]["engaged"] -= one["cents"]

    # money and people

    def free(self, fund: str) -> int:
        return self.funds[fund]["received"] - self.funds[fund]["engaged"]

    def receive(self, fund: str, cents: int) -> None:
        self.funds.setdefault(fund, {"received": 0, "engaged": 0})["received"] += cents
        self.money_in += cents

    def put(self, member: str, kind: str, lot: str, fund: str | None, until: int | None, cents: int) -> None:
        self.lots[lot] = (fund, until)
        mine = self.people[member]["lots"]
        there = [one for one in mine if (one["lot"], one["kind"]) == (lot, kind)]
        if there:
            there[0]["cents"] += cents
        elif cents:
            mine.append({"lot": lot, "kind": kind, "cents": cents})

    def credit(self, member: str, kind: str, lot: str, fund: str | None, until: int | None, cents: int) -> bool:
        """A single credit; False when its fund can't carry it."""
        if fund is not None and self.free(fund) < cents:
            return False
        if fund is None:
            self.money_in += cents
        else:
            self.funds[fund]["engaged"] += cents
        self.put(member, kind, lot, fund, until, cents)
        return True

    def grant(self, month: str, who: Sequence[str]) -> str:
        """"granted", "again", "early", "late", "nobody" or "short"."""
        first = date.fromisoformat(f"{month}-01")
        ends = first.year * 12 + first.month - 1 + self.months
        until = midnight(date(ends // 12, ends % 12 + 1, 1))
        heads = [name for name, person in self.people.items() if not who or set(who) & person["groups"]]
        if month in self.granted:
            return "again"
        if first > civil(self.now):
            return "early"
        if until <= self.now:
            return "late"
        if not heads:
            return "nobody"
        if self.free("general") < self.each * len(heads):
            return "short"
        self.granted[month] = until
        for name in heads:
            self._give_month(name, month)
        return "granted"

    def grant_single(self, member: str, month: str) -> bool:
        late = month not in self.granted or self.granted[month] <= self.now
        if late or (member, month) in self.had or self.free("general") < self.each:
            return False
        self._give_month(member, month)
        return True

    def _give_month(self, member: str, month: str) -> None:
        self.had.add((member, month))
        self.funds["general"]["engaged"] += self.each
        self.put(member, "credit", f"monthly/{month}", "general", self.granted[month], self.each)

    def purse(self, member: str, kind: str) -> int:
        return sum(lot.cents for lot in self._lots(member, kind))

    def _lots(self, member: str, kind: str) -> tuple[Lot, ...]:
        mine = [one for one in self.people[member]["lots"] if one["kind"] == kind]
        return tuple(
            Lot(id=one["lot"], fund=None, expires_us=self.lots[one["lot"]][1], cents=one["cents"])  # type: ignore[arg-type]
            for one in mine if not self._over(one["lot"])
        )  # fmt: skip

    def _over(self, lot: str) -> bool:
        until = self.lots[lot][1]
        return until is not None and until <= self.now

    # sales

    def sell(self, x: bytes, member: str, lines: Sequence[Line], *, hold: bool) -> tuple[str, int]:
        """The code and the card's cents of a sale, or of an authorisation."""
        if x in self.tombs and self.tombs[x] + 7 * 86_400_000_000 > self.now:
            self.tombs.pop(x)
            self.sales[x] = {"state": "declined", "kind": "sale"}
            return "68", 0
        charte = [one for one in self.chartes if one.effective_us <= self.now][-1]
        facts = self._facts(member, charte)
        outcome = model_funding.fund(lines, charte, facts)
        code, paid = _code(outcome, sum(line.amount_cents for line in lines))
        every: list[Any] = [*charte.tariffs, *charte.payers]
        sale: dict[str, Any] = {
            "kind": "hold" if hold else "sale", "state": "declined", "member": member, "lines": list(lines), "charte": charte,
            "shares": [], "day": civil(self.now), "unsold": outcome.unsold, "back": Counter(), "batch": False,
            "rules": frozenset(rule.id for rule in every if model_funding.in_force(rule, facts)),
        }  # fmt: skip
        self.sales[x] = sale
        if paid:
            sale["shares"] = _shares(outcome)
            sale["state"] = "held" if hold else "captured"
            sale["until"] = midnight(civil(self.now) + timedelta(days=charte.hold_days + 1))
            self._take(sale)
        return code, paid

    def _facts(self, member: str, charte: Charte) -> Facts:
        kinds = [payer.purse for payer in charte.payers if payer.purse is not None] + [PurseKind("own")]
        return Facts(
            at_us=MicroTime(self.now), producer=ProducerId(self.producer), groups=frozenset(self.people[member]["groups"]),
            purses={kind: self._lots(member, kind) for kind in kinds},
            funds={FundId(fund): max(0, self.free(fund)) for fund in self.funds},
            used=lambda payer, span, mine: self._used(payer, span, member if mine else None),
        )

    def _used(self, payer: str, span: str, member: str | None) -> int:
        today = span_of(span, civil(self.now))
        return sum(
            share["left"] for sale in self.sales.values() if sale.get("shares") and member in (None, sale["member"])
            for share in sale["shares"]
            if (share["payer"], share["step"]) == (payer, "payer") and span_of(span, sale["day"]) == today
        )  # fmt: skip

    def _take(self, sale: dict[str, Any]) -> None:
        for share in sale["shares"]:
            if share["source"].startswith("fund:"):
                self.funds[share["source"][5:]]["engaged"] += share["cents"]
            for lot, cents in Counter(use for use in share["uses"] if use is not None).items():
                mine = [one for one in self.people[sale["member"]]["lots"] if one["lot"] == lot]
                mine[0]["cents"] -= cents
                if not mine[0]["cents"]:
                    self.people[sale["member"]]["lots"].remove(mine[0])
        if sale["state"] == "captured":
            self._owe(sale)

    def _owe(self, sale: dict[str, Any]) -> None:
        for share in sale["shares"]:
            if share["step"] == "surplus":
                self.funds[share["payee"][5:]]["received"] += share["cents"]
            else:
                self.owed["captured"] += share["cents"]

    def _back(self, sale: dict[str, Any], share: dict[str, Any], uses: Sequence[Any], lapsed: str, new: str = "") -> None:
        """Cents of one share go back: to their lots, to the lots' funds when their time is over, or into a new lot."""
        share["left"] -= len(uses)
        if share["source"].startswith("fund:"):
            self.funds[share["source"][5:]]["engaged"] -= len(uses)
            return
        for lot in uses:  # one cent each
            fund, until = self.lots[lot]
            if not self._over(lot):
                self.put(sale["member"], share["source"][6:], lot, fund, until, 1)
            elif lapsed == "fund":
                self.funds[str(fund)]["engaged"] -= 1
            else:
                days = [one for one in self.chartes if one.effective_us <= self.now][-1].refund_lot_days
                renewed = midnight(civil(self.now) + timedelta(days=days + 1))
                self.put(sale["member"], share["source"][6:], f"{new}/{lot}", fund, renewed, 1)

    def capture(self, x: bytes, of: bytes, lines: Sequence[Line]) -> tuple[str, int]:
        hold, amount = self.sales.get(of), sum(line.amount_cents for line in lines)
        self.sales[x] = {"state": "declined", "kind": "capture"}
        if hold is None or hold["kind"] != "hold":
            return "25", 0
        if hold["state"] != "held":
            return "84", 0
        outcome = model_funding.capture(lines, _held(hold, self.producer))
        code, paid = _code(outcome, amount) if lines else ("00", 0)
        if amount > sum(line.amount_cents for line in hold["lines"]):
            return ("57" if code == "57" else "61"), 0
        if code in ("00", "10"):
            shares = _shares(outcome)
            self.sales[x] = {**hold, "kind": "capture", "state": "captured", "lines": list(lines), "shares": shares,
                             "unsold": outcome.unsold, "back": Counter(), "batch": False}  # fmt: skip
            kept: Counter[tuple[str, str, str, Any]] = Counter()
            for share in shares:
                kept.update((share["step"], share["payer"], share["source"], use) for use in share["uses"])
            hold["state"], hold["by"] = "delivered", x
            for share in hold["shares"]:
                self._back(hold, share, _without(share, kept), "fund")
                share["left"] = 0  # the capture counts what it kept
            self._owe(self.sales[x])
        return code, paid

    def reverse(self, x: bytes, of: bytes) -> tuple[str, str]:
        """The code and what it did."""
        sale = self.sales.get(of)
        self.sales[x] = {"state": "done", "kind": "reversal"}
        if sale is None:
            self.tombs[of] = self.now
            return "00", "tombstone"
        if sale["kind"] in ("reversal", "refund"):
            return "12", "nothing"
        if sale["state"] == "held":
            self._release(sale)
            return "00", "released"
        if sale["state"] != "captured" or sale["batch"]:
            return "00", "nothing"
        sale["state"] = "undone"
        for share in sale["shares"]:
            uses = self._pooled(share, share["uses"][: share["left"]])  # what was used last has gone back first
            if share["step"] != "surplus":
                self.owed["captured"] -= len(uses)
            self._back(sale, share, uses, "fund")
        return "00", "undone"

    def _pooled(self, share: dict[str, Any], uses: list[Any]) -> list[Any]:
        """Of a surplus only what its fund has not spent comes out of it again; the rest is not asked for a second time."""
        if share["step"] != "surplus":
            return uses
        kept = uses[: max(0, self.free(share["payee"][5:]))]
        self.funds[share["payee"][5:]]["received"] -= len(kept)
        share["left"] -= len(uses) - len(kept)
        return kept

    def refund(self, x: bytes, of: bytes, lines: Sequence[Line]) -> tuple[str, int]:
        sale = self.sales.get(of)
        self.sales[x] = {"state": "done", "kind": "refund"}
        while sale is not None and "by" in sale:
            sale = self.sales[sale["by"]]
        if sale is None or sale["kind"] not in ("sale", "capture") or sale["state"] == "declined":
            return "25", 0
        if sale["state"] != "captured":
            return "84", 0
        sold, now = _per_key(sale["lines"], self.producer), _per_key(lines, self.producer)
        goods = {key: cents - sale["unsold"].get(key, 0) for key, cents in sold.items()}
        if any(sale["back"][key] + cents > goods.get(key, 0) for key, cents in now.items()):
            return "61", 0
        total = 0
        for key, cents in now.items():
            before, after = sale["back"][key], sale["back"][key] + cents
            sale["back"][key] = after
            for steps in (("tariff", "payer"), ("surplus",)):
                shares = [share for share in sale["shares"] if share["key"] == key and share["step"] in steps]
                total += self._refund_line(sale, shares, goods[key], before, after, x.hex())
        return "00", total

    def _refund_line(
        self, sale: dict[str, Any], shares: Sequence[dict[str, Any]], gross: int, before: int, after: int, new: str
    ) -> int:
        """Cents of goods that go back."""
        paid = [share["cents"] for share in shares]
        gone, due = (model_funding.returned(paid, gross, back) for back in (before, after))
        goods = 0
        for share, start, end in zip(shares, gone, due, strict=True):
            uses = self._pooled(share, share["uses"][::-1][start:end])
            if share["step"] != "surplus":
                self.owed["refunded"] += len(uses)
                goods += len(uses)
            self._back(sale, share, uses, "new", new)
        return goods

    # the bank

    def close(self) -> int | None:
        """Cents paid by a batch, None when there is nothing to settle."""
        net = self.owed["captured"] - self.owed["refunded"] + self.owed["carried"]
        if not any(self.owed.values()):
            return None
        paid = max(0, net)
        self.owed = {"captured": 0, "refunded": 0, "carried": net - paid}
        for sale in self.sales.values():
            sale["batch"] = True
        self.paid_out += paid
        return paid

    def books(self) -> dict[str, int]:
        """Where every cent is."""
        kinds = ("credit", "council", "own")
        held = [share["left"] for sale in self.sales.values() if sale["state"] == "held" for share in sale["shares"]]
        return {
            "funds": sum(self.free(fund) for fund in self.funds), "held": sum(held), "paid": self.paid_out,
            "purses": sum(self.purse(name, kind) for name in self.people for kind in kinds),
            "owed": self.owed["captured"] - self.owed["refunded"] + self.owed["carried"],
        }


def _code(outcome: model_funding.Outcome, amount: int) -> tuple[str, int]:
    paid = model_funding.goods_paid(outcome)
    if not outcome.eligible:
        return "57", 0
    if paid:
        return ("00" if paid == amount else "10"), paid
    return ("61" if outcome.limited else "51"), 0


def _shares(outcome: model_funding.Outcome) -> list[dict[str, Any]]:
    """uses: for each cent, the lot it came from; a fund's cents have none. left: cents that did not go back."""
    return [
        {
            "key": key, "step": step, "payer": payer, "source": source, "cents": cents, "payee": payee, "left": cents,
            "uses": [lot for lot, part in lots for _ in range(part)] if lots else [None] * cents,
        }
        for (key, step, payer, source), (cents, lots, payee, _) in outcome.paid.items()
    ]  # fmt: skip


def _held(hold: dict[str, Any], producer: str) -> Held:
    """The shapes that the naive funding of a capture asks for."""
    shares = tuple(
        Share(
            line=0, payer=PayerId(one["payer"]), step=one["step"], source=one["source"], rate=Rate(0),
            cents=Cents(one["cents"]), payee=ProducerId(one["payee"]),
            lots=tuple(LotUse(lot=lot, cents=Cents(cents)) for lot, cents in Counter(one["uses"]).items() if lot is not None),
        )
        for one in hold["shares"]
    )  # fmt: skip
    return Held(charte=hold["charte"], producer=ProducerId(producer), shares=shares, applied=hold["rules"])


def _without(share: dict[str, Any], kept: "Counter[tuple[str, str, str, Any]]") -> list[Any]:
    """The cents of a held share that the capture did not keep; captures use held cents in the order they were held."""
    left = []
    for use in share["uses"]:
        holder = (share["step"], share["payer"], share["source"], use)
        if kept[holder]:
            kept[holder] -= 1
        else:
            left.append(use)
    return left


def _per_key(lines: Sequence[Line], producer: str) -> dict[model_funding.Key, int]:
    sums: dict[model_funding.Key, int] = {}
    for line in lines:
        key = (line.category, line.product, line.payee or producer)
        sums[key] = sums.get(key, 0) + line.amount_cents
    return sums
