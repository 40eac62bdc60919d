"""Row 2, no stigma: a member of the reduced price and one without buy the same; the stall sees the same bytes."""

from dataclasses import dataclass

from clearing.events.codes import till_code
from clearing.wire.frame import pack, unpack_map
from tests.acceptance.schemes.page import Page
from tests.acceptance.schemes.village import Code, Done, Op, Village, village
from tests.living_caisse import payload_of

RANDOM = {"m": bytes(8), "n": 0, "x": bytes(16), "rq": bytes(32), "st": 0, "sq": 0, "lh": bytes(32), "ac": ""}
"""What differs between any two replies: whose terminal, which message, when, where in the log. Signatures too."""


@dataclass
class TwoStalls:
    """The same purchases at two stalls: one by a member of group-a, one by a member of no group."""

    caisse: Village
    reduced: list[Done]
    full: list[Done]


def two_stalls() -> TwoStalls:
    caisse = village("02-no-stigma", "2026-05-02 08:00:00")
    caisse.receive("general", "1000.00")
    caisse.receive("tier", "500.00")
    caisse.admit("ada", groups=["group-a"])
    caisse.admit("rose")
    caisse.stall("left-stall")
    caisse.stall("right-stall")
    caisse.order("grant", rule="monthly", period="2026-05")
    return TwoStalls(caisse, _purchases(caisse, "left-stall", "ada"), _purchases(caisse, "right-stall", "rose"))


def _purchases(caisse: Village, stall: str, card: str) -> list[Done]:
    """A basket that is paid whole, one with something nobody pays, a refund, and a card that is lost."""
    whole = caisse.sell(stall, card, {"vegetables": "8.00", "cheese": "4.50"})
    mixed = caisse.sell(stall, card, {"vegetables": "3.20", "soap": "2.90"})
    nothing = caisse.sell(stall, card, {"soap": "2.90"})
    back = caisse.ask(Op.REF, stall, {"cheese": "4.50"}, original=whole.request.x)
    caisse.order("block_card", alias=card, code="41")
    return [whole, mixed, nothing, back, caisse.sell(stall, card, {"vegetables": "1.00"})]


def seen(done: Done) -> bytes:
    """A reply as it went to the terminal, without what is random in every reply."""
    fields = unpack_map(payload_of(done.answer), items_max=256)
    return pack({name: RANDOM.get(name, value) for name, value in fields.items()})


async def page() -> Page:
    both = two_stalls()
    page = Page(2, "02-no-stigma", "No stigma: the stall sees two amounts and nothing else", """
        Members with little pay 70 % of the price; a fund carries the rest. At the stall nobody can tell: the terminal
        learns what the card pays and what is left to pay. Both members pay from prepaid money, so no coins tell
        either. What remains visible is what people do with cash: a caisse whose reduced price leaves a rest to be
        paid at the stall shows that rest to whoever stands behind, which is why prepaid money comes first here.
    """)  # fmt: skip
    page.heading("What happens").says("Ada is in group-a, Rose is not. They buy the same at two stalls.")
    names = ("the whole basket", "with soap, which nobody pays", "soap alone")
    page.sales(*((f"{who}: {what}", done) for who, list_ in (("Ada", both.reduced), ("Rose", both.full))
                 for what, done in zip(names, list_[:3], strict=True)))  # fmt: skip
    page.says("""
        The replies to both terminals, byte for byte: equal in everything but the terminal's and the message's own
        numbers, the server's time, the place in the log and the signatures. A lost card and an unknown one get the
        same answer.
    """)
    page.table(["", "to Ada's stall", "to Rose's stall"], [
        (what, f"{len(seen(one))} bytes", "the same bytes" if seen(one) == seen(other) else "other bytes")
        for what, one, other in zip((*names, "refund of the cheese", "the card is lost"), both.reduced, both.full, strict=True)
    ])  # fmt: skip
    assert till_code(Code.LOST) is till_code(Code.CARD_UNKNOWN)
    return page
