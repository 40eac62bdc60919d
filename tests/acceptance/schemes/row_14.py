"""Row 14, Avesnois park: a grant for two caisses of one territory; each euro is followed from the letter to the payout."""

from dataclasses import dataclass

from clearing.cli.tracing import consolidated_text, trace_csv
from clearing.rules.ledger.traced import State, Traced, together
from clearing.values import CaisseCode
from tests.acceptance.schemes.page import Page
from tests.acceptance.schemes.tracing import promised, traced
from tests.acceptance.schemes.village import Done, Village, village

GRANT = "park-2026"


@dataclass
class Season:
    """sold: at the valley and on the plateau, in their order. abroad: at a producer outside the territory."""

    valley: Village
    plateau: Village
    sold: dict[str, Done]
    abroad: Done
    batch: int

    def traced(self) -> dict[CaisseCode, Traced]:
        return {one.code: traced(one, GRANT) for one in (self.valley, self.plateau)}


def park(caisse: Village, cents: int, *parts: int) -> None:
    """This caisse's part of the park's grant, and what arrived of it."""
    promised(caisse, GRANT, "park", cents, *parts, funder="The park", purpose="Food of the territory")


def split(caisse: Village, cents: int) -> None:
    """Part of the grant is for baskets: it goes into their fund, proposed by one person and confirmed by another."""
    proposer, decision = caisse.officer("propose_transfer"), "ag-2026-03"
    caisse.order("propose_transfer", by=proposer, fund="park", to="park-baskets", cents=cents, reason="a third of the baskets",
                 decision=decision)  # fmt: skip
    assert "second person" in caisse.refused("confirm_transfer", by=proposer, transfer=1)
    caisse.order("confirm_transfer", by="basile", transfer=1)


def paid_out(caisse: Village, producer: str, closed_on: str, execution_on: str) -> int:
    batch = caisse.settle(closed_on, execution_on)
    caisse.order("confirm_payout", batch=batch, producer=producer, reference="bank line")
    return batch


def valley() -> tuple[Village, dict[str, Done], Done, int]:
    caisse = village("14-territory", "2026-05-02 08:00:00")
    park(caisse, 90_000, 5_000, 10_000)
    split(caisse, 3_000)
    caisse.receive("general", "200.00")
    caisse.admit("m-1", "m-2")
    caisse.stall("hedge-farm", "territory.park")
    caisse.stall("far-mill")
    caisse.order("grant", rule="park-credit", period="2026-05")
    caisse.order("grant", rule="monthly", period="2026-05")
    sold = {
        "2 May, a basket": caisse.sell("hedge-farm", "m-1", {"basket": "15.00"}),
        "vegetables and flour": caisse.sell("hedge-farm", "m-2", {"vegetables": "26.40", "flour": "4.00"}),
    }
    abroad = caisse.sell("far-mill", "m-1", {"vegetables": "6.00"})
    batch = paid_out(caisse, "hedge-farm", "2026-05-02", "2026-05-05")
    caisse.at("2026-05-30 10:00:00")
    sold["30 May, vegetables"] = caisse.sell("hedge-farm", "m-1", {"vegetables": "3.10"})
    caisse.at("2026-06-01 08:00:00")  # what is left of May's credit went back to the fund
    return caisse, sold, abroad, batch


def plateau() -> tuple[Village, dict[str, Done]]:
    caisse = village("14-territory-plateau", "2026-05-09 08:00:00")
    park(caisse, 60_000, 12_000)
    caisse.admit("p-1", "p-2", "p-3")
    caisse.stall("orchard", "territory.park")
    caisse.order("grant", rule="park-credit", period="2026-05")
    sold = {"plateau, 9 May, vegetables": caisse.sell("orchard", "p-1", {"vegetables": "18.35"})}
    caisse.settle("2026-05-09", "2026-05-12")  # exported, not confirmed by the bank yet
    return caisse, sold


def season() -> Season:
    here, sold, abroad, batch = valley()
    there, more = plateau()
    return Season(here, there, sold | more, abroad, batch)


STAGES = (State.FREE, State.IN_PURSES, State.OWED, State.IN_BATCH, State.PAID)


def stages(found: dict[CaisseCode, Traced]) -> list[tuple[str | int, ...]]:
    """A row per caisse and one of both: promised, received, and where that is."""
    every = {**found, CaisseCode("both"): together(found)}
    return [
        (name, one.promised_cents, one.received_cents, *(one.cents(state) for state in STAGES)) for name, one in every.items()
    ]


def page() -> Page:
    lived = season()
    found = lived.traced()
    page = Page(14, "14-territory", "Avesnois park: one grant, two caisses, each euro followed", """
        A park gives money for food of its territory to several caisses. Each caisse has its own log and its own
        funds, so a grant for several is split first: each one records its part under the same id and gets it on its
        own account. The park's places, goods and dates bind the fund (`[[funds]]`: `places`, `categories`, `from`,
        `until`). At the valley a part of it is moved to a second fund for baskets, by two people; the plateau gives
        all of it as credit.
    """)  # fmt: skip
    page.heading("What happens").says("""
        Both caisses give the park's credit of May. It pays only at producers of the territory: at the mill outside of
        it the caisse's own credit pays. The valley's producer is paid; the plateau's transfer is at the bank. With
        the end of May the valley's credit that nobody spent goes back to the park's fund, as voted (`months_valid =
        1`).
    """)
    page.sales(*lived.sold.items(), ("at a mill outside the territory", lived.abroad))
    page.heading("Where the grant is, stage by stage").says("""
        What was received is the sum of what stands to the right of it, for each caisse and for both; a report that
        does not add up is not shown.
    """)
    columns = ("caisse", "promised", "received", "free in funds", "in purses", "owed", "in a batch", "paid")
    page.table(columns, stages(found))
    page.heading("The consolidated report").says("`clearing subsidy trace park-2026 --all-caisses` prints it:")
    page.quotes("\n".join(consolidated_text(found)))
    page.says("""
        With `--csv FILE` each euro's way is a line: the event by which it came, the credit it was given by, the sale,
        the producer, and the batch that paid. No member and no card is in it.
    """)
    page.quotes(trace_csv(together(found)))
    return page.heading("What the statement shows").statement(lived.valley, "hedge-farm", lived.batch)
