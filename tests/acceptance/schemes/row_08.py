"""Row 8, AMAP: a season of 50 baskets whose producer stops at week 30; who paid what gets back to the cent what is not due."""

from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

from clearing.cli.contract_reports import sheet, shown, statement, told_end
from clearing.events.contracts import ContractEnded
from clearing.values import ContractId, ProducerId, SeasonId
from clearing.wire.commands import contract_number
from tests.acceptance.schemes.page import Page
from tests.acceptance.schemes.village import Done, Op, Village, village

FIRST = date(2026, 1, 8)
DAYS = [(FIRST + timedelta(weeks=week)).isoformat() for week in range(50)]
MONTHS = [f"2026-{month:02d}-05" for month in range(1, 11)]
FARM = ProducerId("hill-farm")


@dataclass
class Year:
    caisse: Village
    fetched: Done
    refused: str
    attendance: list[str]
    before: list[str]
    ends: dict[str, ContractEnded]
    statement: list[str]
    funded: list[str]


def sign(caisse: Village, contract: str, member: str, cents: int, number: int, **more: Any) -> None:
    caisse.order("sign_contract", **{
        "contract": contract, "season": "vegetables", "member": member, "full_cents": cents,
        "portions": [{"product": "basket", "qty_milli": 1_000}],
        "instalments": [{"due_on": on} for on in MONTHS[:number]], **more,
    })  # fmt: skip


def year() -> Year:
    caisse = village("08-amap", "2026-01-02 09:00:00")
    caisse.receive("solidarity", "100.00")
    caisse.admit("ada", "bela", "chloe", "dora")
    caisse.stall("hill-farm")
    caisse.order(
        "open_season", season="vegetables", title="Légumes 2026", producer="hill-farm", mode="recorded", skip="moved",
        skip_days=3, decision=None, days=[{"on": day, "weight": 1} for day in DAYS],
    )  # fmt: skip
    sign(caisse, "c-ada", "ada", 12_850, 10)
    sign(caisse, "c-bela", "bela", 12_850, 10)
    sign(caisse, "c-chloe", "chloe", 10_000, 3, joins_on=None)
    sign(caisse, "c-dora", "dora", 12_850, 10, fund="solidarity", fund_rate=5_000, fund_until="2026-06-30")
    refused = _too_small(caisse)
    for member, paid in (("ada", 8), ("bela", 5), ("chloe", 3), ("dora", 6)):
        for number in range(1, paid + 1):
            caisse.order(
                "pay_instalment", contract=f"c-{member}", instalment=number, means="cheque", reference=f"cheque {number}"
            )
    caisse.at(f"{DAYS[0]} 18:00:00")
    fetched = caisse.ask(Op.DLV, "hill-farm", card="ada", original=contract_number(ContractId("c-ada")))
    caisse.order("skip_delivery", contract="c-bela", on=DAYS[3], to_on=DAYS[4])
    caisse.order("declare_crop_loss", season="vegetables", on=DAYS[4], kept_rate=5_000, reason="hail")
    attendance = sheet(caisse.book, SeasonId("vegetables"), DAYS[4], {})
    caisse.at("2026-06-01 12:00:00")
    caisse.order("pay_fund_parts", season="vegetables", up_to_on="2026-12-31", reference="june")
    funded = shown(caisse.book, ContractId("c-dora"), "2026-06-01")
    caisse.at(f"{DAYS[29]} 20:00:00")
    before = shown(caisse.book, ContractId("c-ada"), DAYS[29])[:11]
    caisse.order("end_season", season="vegetables", last_on=DAYS[29], reason="the farm stops")
    ends = {event.contract: event for event in caisse.events(ContractEnded)}
    return Year(caisse, fetched, refused, attendance, before, ends, statement(caisse.book, FARM, DAYS[29]), funded)


def _too_small(caisse: Village) -> str:
    months = [{"due_on": on} for on in [*MONTHS, "2026-11-05", "2026-12-05"]]
    return caisse.refused(
        "sign_contract", contract="c-small", season="vegetables", member="ada", full_cents=5, instalments=months,
        portions=[{"product": "basket", "qty_milli": 1_000}],
    )  # fmt: skip


def page() -> Page:
    lived = year()
    page = Page(8, "08-amap", "AMAP: yearly basket contracts", """
        A household signs for a season of baskets and pays it in one to twelve instalments: two schedules that are kept
        apart. Cheques go to the farmer's order; the caisse records them and reckons. A lost crop makes everybody's
        basket smaller and the farmer's income stays. Who skips a basket gets it later. When somebody leaves, what was
        paid and what was delivered are compared to the cent. A fund may pay a part of each instalment, until a day that
        everybody is told of.
    """)  # fmt: skip
    page.heading("A contract of 128.50 in ten, before the farm stops").quotes("\n".join(lived.before))
    page.says(f"100.00 in three is 33.34, 33.33 and 33.33. And 0.05 in twelve: {lived.refused}")
    page.heading("A distribution").says("The fifth week after the hail; the skipped basket of week four comes on top.")
    page.quotes("\n".join(lived.attendance))
    page.heading("A fund that pays half until June")
    page.quotes("\n".join([*lived.funded[:11], *lived.funded[-2:]]))
    page.heading("The farm stops at week 30 of 50")
    page.quotes("\n".join(f"{name}: {told_end(_plain(event), False)}" for name, event in lived.ends.items()))
    return page.heading("What the producer's statement shows").quotes("\n".join(lived.statement))


def _plain(event: ContractEnded) -> dict[str, object]:
    return asdict(event)
