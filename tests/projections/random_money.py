"""Law: one seed, one log. Money, members and credit of a caisse that lives at random, and the plain dicts that say what it
must look like afterwards. The dicts are eager where the product is lazy: a credit run here credits every member at once.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from random import Random

from clearing.events.basket import Line, Share
from clearing.events.caisse import CaisseFounded, CommandDeclined
from clearing.events.catalogue import Event
from clearing.events.funds import (
    AllocationGranted,
    CohortLapsed,
    FundOpened,
    LotLapsed,
    MoneyNotified,
    MoneyReceived,
    PurseCredited,
    SingleGranted,
)
from clearing.events.members import MemberAdmitted, MemberGroupsChanged
from clearing.events.sales import (
    OperationHead,
    OperationRepeated,
)
from clearing.events.settlement import (
    BatchClosed,
)
from clearing.values import (
    CaisseCode,
    Cents,
    FundId,
    MemberId,
    MicroTime,
    OperationId,
    PersonId,
    ProducerId,
    PurseKind,
    TerminalId,
)

BY = PersonId("tina")
CREDIT, OWN = PurseKind("credit"), PurseKind("own")
GENERAL, TIER, POOL = FundId("general"), FundId("tier"), FundId("pool")
PRODUCERS = tuple(ProducerId(f"p{i}") for i in range(5))
GROUPS = (("a",), ("b", "emergency-credit"), ("emergency-credit",), ())
START_US = 1_490_000_000_000_000  # March 2017: summer time begins within the first days
HOUR_US = 3_600_000_000

Lot = tuple[str, str, str]  # member, purse, lot


@dataclass(slots=True)
class Sold:
    """A sale, hold or capture as the dicts remember it. left: cents of each lot or fund use not given back yet."""

    position: int
    op: OperationHead
    member: MemberId
    lines: tuple[Line, ...]
    shares: tuple[Share, ...]
    state: str
    gross_back: int = 0
    left: list[list[int]] = field(default_factory=list)


@dataclass(slots=True)
class RandomMoney:
    """events: one per position from 1; the other fields are the expectation."""

    seed: int
    events: list[Event] = field(default_factory=list)
    at_us: list[int] = field(default_factory=list)
    members: dict[MemberId, tuple[str, ...]] = field(default_factory=dict)
    lots: dict[Lot, int] = field(default_factory=dict)
    lot_funds: dict[str, FundId | None] = field(default_factory=dict)
    lapsed: set[str] = field(default_factory=set)
    accounts: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    sold: list[Sold] = field(default_factory=list)
    taken: dict[str, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0, 0]))
    batches: list[BatchClosed] = field(default_factory=list)
    payouts: dict[tuple[int, str], str] = field(default_factory=dict)
    dice: Random = field(default_factory=Random)
    periods: int = 0
    n: int = 0

    def __post_init__(self) -> None:
        self.dice.seed(self.seed)
        self._say(CaisseFounded(code=CaisseCode("test"), name="Test", zone="Europe/Paris", account_name="Test"))
        for fund in (GENERAL, TIER, POOL):
            self._say(FundOpened(fund=fund, kind="general", name=fund, advance_cents=Cents(0), by=BY))
            self._receive(fund, 100_000_000)
        for _ in range(8):
            self._admit()
        self._grant()

    def _say(self, event: Event) -> int:
        last = self.at_us[-1] if self.at_us else START_US
        self.at_us.append(last + self.dice.randint(1, HOUR_US))
        self.events.append(event)
        return len(self.events)

    def _post(self, debit: str, credit: str, cents: int) -> None:
        self.accounts[debit] += cents
        self.accounts[credit] -= cents

    def _move(self, lot: Lot, cents: int) -> None:
        self.lots[lot] = self.lots.get(lot, 0) + cents

    def _head(self, producer: ProducerId | None = None) -> OperationHead:
        self.n += 1
        producer = producer or self.dice.choice(PRODUCERS)
        terminal = TerminalId(producer.encode().ljust(8, b"t"))
        return OperationHead(
            terminal=terminal, epoch=1, n=self.n, x=OperationId(self.dice.randbytes(16)), producer=producer
        )

    def _receive(self, fund: FundId, cents: int) -> None:
        self._say(MoneyReceived(fund=fund, cents=Cents(cents), reference="bank line", by=BY))
        self._post("bank", f"fund:{fund}", cents)

    def _notify(self) -> None:
        self._say(MoneyNotified(fund=GENERAL, cents=Cents(500), reference="grant", by=BY))
        self._post("receivable:general", "notified:general", 500)

    def _noise(self) -> None:
        if self.dice.random() < 0.5:
            self._say(OperationRepeated(op=self._head(), answer="00", first_position=1))
        else:
            self._say(CommandDeclined(
                person=TerminalId(b"p" * 8), epoch=1, n=1, x=OperationId(b"x" * 16), verb="grant", code="12", why="not now"
            ))  # fmt: skip

    def _admit(self) -> None:
        member, groups = MemberId(f"m{len(self.members)}"), self.dice.choice(GROUPS)
        self._say(MemberAdmitted(member=member, groups=groups, by=BY))
        self.members[member] = groups

    def _regroup(self) -> None:
        member, groups = self.dice.choice(list(self.members)), self.dice.choice(GROUPS)
        self._say(MemberGroupsChanged(member=member, groups=groups, by=BY))
        self.members[member] = groups

    def _grant(self) -> None:
        self.periods += 1
        who = self.dice.choice(((), ("a",), ("b", "c")))
        rule, period, each = "monthly", f"period-{self.periods}", 15_000
        reached = [
            m for m, groups in self.members.items()
            if (set(groups) & set(who) if who else "emergency-credit" not in groups)
        ]
        total = each * len(reached)
        self._say(AllocationGranted(
            rule=rule, period=period, purse=CREDIT, fund=GENERAL, cents_each=Cents(each), who=who, head_count=len(reached),
            total_cents=Cents(total), expires_us=MicroTime(START_US + self.periods), by=BY,
        ))  # fmt: skip
        for member in reached:
            self._move((member, CREDIT, f"{rule}/{period}"), each)
        self.lot_funds[f"{rule}/{period}"] = GENERAL
        self._post("fund:general", "purse:credit", total)

    def _single(self) -> None:
        lot = f"monthly/period-{self.periods}"
        without = [m for m in self.members if (m, CREDIT, lot) not in self.lots]
        if lot in self.lapsed or not without:
            return
        member = self.dice.choice(without)
        self._say(SingleGranted(
            rule="monthly", period=f"period-{self.periods}", member=member, purse=CREDIT, fund=GENERAL, cents=Cents(15_000),
            expires_us=MicroTime(START_US + self.periods), by=BY,
        ))  # fmt: skip
        self._move((member, CREDIT, lot), 15_000)
        self._post("fund:general", "purse:credit", 15_000)

    def _credit(self) -> None:
        member, cents = self.dice.choice(list(self.members)), self.dice.randint(1, 9_000)
        fund, purse = self.dice.choice(((None, OWN), (TIER, CREDIT)))
        position = self._say(PurseCredited(
            member=member, purse=purse, fund=fund, cents=Cents(cents), expires_us=MicroTime(START_US) if fund else None,
            reference="", by=BY,
        ))  # fmt: skip
        self._move((member, purse, f"x{position}"), cents)
        self.lot_funds[f"x{position}"] = fund
        self._post("bank" if fund is None else f"fund:{fund}", f"purse:{purse}", cents)

    def _lapse(self) -> None:
        lots = [lot for lot, fund in self.lot_funds.items() if fund is not None and lot not in self.lapsed]
        if not lots:
            return
        lot = self.dice.choice(lots)
        fund = self.lot_funds[lot]
        holders = [key for key in self.lots if key[2] == lot]
        cents = sum(self.lots[key] for key in holders)
        if fund is None or not holders:
            return
        self.lapsed.add(lot)
        if lot.startswith("x"):
            self._say(LotLapsed(member=MemberId(holders[0][0]), purse=CREDIT, lot=lot, fund=fund, cents=Cents(cents)))
        else:
            self._say(CohortLapsed(lot=lot, purse=CREDIT, fund=fund, cents=Cents(cents)))
        for key in holders:
            self.lots[key] = 0
        self._post("purse:credit", f"fund:{fund}", cents)
