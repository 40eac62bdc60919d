"""Row 16, Les Flamands Bio and Afeji: one delivery of many producers and a logistics share, each paid."""

from dataclasses import dataclass

from tests.acceptance.schemes.collective import collective
from tests.acceptance.schemes.page import Page
from tests.acceptance.schemes.village import Village, village

FARMS = tuple(f"farm-{number:02}" for number in range(1, 15))


@dataclass
class Delivery:
    caisse: Village
    invoice: int
    disputed: int
    batch: int


def delivery() -> Delivery:
    caisse = village("16-many-producers", "2026-05-04 09:00:00")
    caisse.receive("general", "5000.00")
    caisse.stall("hub")
    caisse.stall("lorry", categories=["transport"])
    for farm in FARMS:
        caisse.stall(farm)
    collective(caisse, "kitchens", "aline", "boris", cents=400_000)
    lines: list[dict[str, object]] = [
        {"category": "vegetables", "cents": 12_000 + 791 * place, "payee": farm} for place, farm in enumerate(FARMS)
    ]
    lines.append({"category": "transport", "cents": 9_450, "payee": "lorry"})
    caisse.order(
        "place_order", by="alix", order="2026-05-a", account="kitchens", mandatary="aline", seller="hub", lines=lines
    )
    caisse.order("confirm_order", by="basile", order="2026-05-a", mandatary="boris")
    caisse.order("dispute_line", order="2026-05-a", line=13, reason="two crates are missing")
    caisse.order("note_delivery", order="2026-05-a", side="buyer", document="bl-412")
    invoice = sum(int(str(one["cents"])) for one in lines)
    disputed = caisse.account("held")
    end: dict[str, object] = {"order": "2026-05-a", "line": 13, "cents": disputed // 2}
    caisse.order("propose_dispute_end", by="alix", reason="half of it came", **end)
    caisse.order("resolve_dispute", by="basile", **end)
    return Delivery(caisse, invoice, disputed, caisse.settle("2026-05-04", "2026-05-06"))


def page() -> Page:
    lived = delivery()
    lines = lived.caisse.book.settlement.batches[lived.batch].closed.lines  # type: ignore[index]
    page = Page(16, "16-many-producers", "Les Flamands Bio, Afeji: one delivery, many producers", """
        A group of kitchens orders from fourteen farms at once, with the lorry that brings it: the lorry is a payee like
        the others, with a convention for transport. The order is above every card limit, so two mandataries stand for
        it. One line was short: it waited alone while all others were owed.
    """)  # fmt: skip
    page.heading("What happens").says("What each gets in the batch of that day; the disputed line brought half of it.")
    page.table(["payee", "paid"], [(line.producer, int(line.paid_cents)) for line in lines])
    page.table(["", "EUR"], [
        ("ordered", lived.invoice), ("disputed, held alone", lived.disputed),
        ("paid", sum(int(line.paid_cents) for line in lines)),
    ])  # fmt: skip
    return page.heading("What the statement shows").statement(lived.caisse, "farm-14", lived.batch)
