"""Row 19, Grande-Synthe and Loos: a card of one caisse at a stall of the other, netted by the day."""

from dataclasses import dataclass, replace
from typing import Any

from clearing.authoriser.client import Authoriser, Deliver, Submission
from clearing.rules.between.netting import Netting, netting
from clearing.terminal_gateway.between import Carrier
from clearing.values import CaisseCode
from tests.acceptance.schemes.page import Page
from tests.acceptance.schemes.village import Done, Village, village
from tests.living_caisse import SERVER_KEY

COAST, LOOS = CaisseCode("grande-synthe"), CaisseCode("loos")


class Lines(Authoriser):
    """Every writer, at once."""

    def __init__(self, villages: dict[CaisseCode, Village]) -> None:
        self.villages = villages

    def post(self, submission: Submission, deliver: Deliver) -> None:
        deliver(self.villages[submission.caisse].submit(submission))


class At(Village):
    """A caisse whose terminals' messages go through the gateway, as those of all caisses do."""

    carrier: Carrier | None = None

    def submit(self, submission: Submission) -> bytes:
        request: Any = submission.request
        if self.carrier is None or getattr(request, "caisse", None) is None or submission.issued is not None:
            return super().submit(submission)
        if submission.tap is None:  # the acquirer's own step: the carrier took the tap away
            return super().submit(submission)
        answers: list[Any] = []
        self.carrier.post(submission, answers.append)
        assert len(answers) == 1
        assert isinstance(answers[0], bytes)
        return answers[0]


@dataclass
class Saturday:
    coast: Village
    loos: Village
    sold: dict[str, Done]
    netted: Netting


async def saturday() -> Saturday:
    coast, loos = founded("19-between-caisses"), founded("19-between-caisses-loos")
    both: dict[CaisseCode, Village] = {COAST: coast, LOOS: loos}
    carrier = Carrier(Lines(both), key_of=lambda _: SERVER_KEY.public, codes=lambda: both, retry_after_s=1)
    coast.carrier = loos.carrier = carrier
    recognise(coast, LOOS)
    recognise(loos, COAST)
    sold = {
        "a card of Loos at the coast": coast.sell("stall", "m-1", {"vegetables": "12.00", "cheese": "8.50"}, caisse=LOOS),
        "a card of the coast at Loos": loos.sell("stall", "m-1", {"vegetables": "12.00", "cheese": "8.50"}, caisse=COAST),
        "another one": loos.sell("stall", "m-2", {"cheese": "20.00"}, caisse=COAST),
    }
    for code in both:
        await carrier.sweep(code)
    for one in both.values():
        one.at("2026-05-03 09:00:00")
    found = netting({code: one.book.interchange for code, one in both.items()}, "2026-05-02")
    for code, one in both.items():
        one.order("net_interchange", day="2026-05-02", lines=[line._asdict() for line in found.lines[code]])
        one.order("pay_netting", day="2026-05-02", reference="bank line 9")
    return Saturday(coast, loos, sold, found)


def founded(name: str) -> At:
    plain = village(name, "2026-05-02 08:00:00")
    caisse = At(plain.file, replace(plain.clock, us=plain.clock.us - 1_000_000))
    caisse.receive("general", "2000.00")
    caisse.admit("m-1", "m-2")
    caisse.stall("stall", "market")
    caisse.order("grant", rule="monthly", period="2026-05")
    return caisse


def recognise(caisse: Village, other: CaisseCode) -> None:
    caisse.order(
        "recognise_caisse", other=other, key=SERVER_KEY.public, decision="ag-2026-04", debit_cap_cents=50_000, categories=[],
        from_us=0,
    )  # fmt: skip


async def page() -> Page:
    lived = await saturday()
    made = Page(19, "19-between-caisses", "Between caisses: Grande-Synthe and Loos", """
        Two caisses voted to recognise each other, each with the most that its cards may owe the other in a day. A card then
        pays at the other's producers by the rates of its own caisse. The stall sees the two amounts it always sees; its
        caisse learns neither whose card it was nor what is left on it, and the card's caisse neither which stall it was nor
        what else was sold there. Each producer is paid by its own caisse, in full; who sells at both gets one transfer where
        the caisses and the producer agree (`clearing joint`). Once a day is over the caisses net: each makes or gets one
        transfer, and all of them sum to zero.
    """)  # fmt: skip
    made.heading("What happens on a Saturday").table(
        ["", "goods", "the till shows: the card pays", "left to pay"],
        [(label, int(done.request.amount_cents), done.card_cents, done.left_cents) for label, done in lived.sold.items()],
    )
    made.heading("What is netted when the day is over").table(
        ["caisse", "with", "owes it", "it owes"],
        [(code, line.other, line.in_cents, line.out_cents) for code, lines in lived.netted.lines.items() for line in lines],
    )
    made.table(["caisse", "receives (below zero: pays)"], [
        *lived.netted.nets.items(), ("all together", lived.netted.total_cents()),
    ])  # fmt: skip
    return made.says("`clearing interchange net 2026-05-02` prints these lines and records them in each caisse's log; "
                     "`clearing interchange paid 2026-05-02 --reference LINE` records the transfer; `clearing interchange "
                     "exceptions` lists what has not found its twin, and `check` proves that the logs agree.")  # fmt: skip
