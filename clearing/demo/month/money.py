"""Law: money comes in as it does in a caisse: by debits that some banks send back, by transfers, in cash, from funders."""

from datetime import date, timedelta
from random import Random
from typing import Final

from clearing.demo.caisse import CAMILLE, DOMINIQUE, NOOR
from clearing.demo.month.bank import Bank, Payment
from clearing.demo.month.caisse import CODE, SPONSORED_CENTS, SUBSIDIES, Caisse
from clearing.demo.month.story import Eater
from clearing.installation.collecting import make_bank_file, make_notices
from clearing.rules.treasury.debits import DebitState
from clearing.settlement.calendar import next_business_day

FUNDED_AT: Final = {0: ((0, 2), (1, 2)), 3: ((2, 1),), 5: ((1, 2),), 6: ((0, 2),)}
"""By month of the play: (subsidy, into how many payments it is parted); the first and the second are paid in two."""
_SENT_BACK_EVERY: Final = 40
_LATE_EVERY: Final = 23
_CHARGES_CENTS: Final = 1_450


async def month_begins(caisse: Caisse, bank: Bank, first: date, number: int) -> None:
    """The month's credit for everybody; what is expected at the bank; members who pay in cash."""
    period = f"{first:%Y-%m}"
    for place, parts in FUNDED_AT.get(number, ()):
        grant, funder, cents, _ = SUBSIDIES[place]
        bank.expect(Payment(
            on=first, cents=cents // parts, name=funder, text=grant.upper(), what={"kind": "subsidy", "grant": grant}
        ))  # fmt: skip
    if number == 0:
        bank.expect(Payment(on=first, cents=SPONSORED_CENTS, name="Biocoop du Val", text="Mecenat fruits et legumes",
                            what={"kind": "fund", "fund": "fruits-legumes"}))  # fmt: skip
    bank.expect(Payment(on=first + timedelta(days=26), cents=-_CHARGES_CENTS, name="", text="Frais de tenue de compte",
                        what={"kind": "charge"}))  # fmt: skip
    _transfers(caisse, bank, first, period)
    await caisse.order(CAMILLE, "grant", {"rule": "monthly", "period": period})


def _transfers(caisse: Caisse, bank: Bank, first: date, period: str) -> None:
    """Standing orders of the fifth; now and then one is forgotten."""
    paying = [one for one in caisse.story.eaters if one.means == "transfer"]
    for place, one in enumerate(paying):
        if (place + first.month) % _LATE_EVERY:
            bank.expect(Payment(
                on=first + timedelta(days=4), cents=one.cents, name=one.name, iban=one.iban, text=f"Cotisation {one.member}",
                what={"kind": "cotisation", "member": one.member, "rule": "cotisation", "period": period, "means": "transfer"},
            ))  # fmt: skip


async def cash_at_the_desk(caisse: Caisse, first: date, number: int) -> None:
    """On the month's market; each gets a numbered receipt."""
    for one in _paying(caisse, "cash"):
        await caisse.order(NOOR, "receive_cotisation", {
            "member": one.member, "rule": "cotisation", "period": f"{first:%Y-%m}", "cents": one.cents, "means": "cash",
            "reference": f"carnet {number + 1} {one.member}",
        })  # fmt: skip


async def cash_to_the_bank(caisse: Caisse, bank: Bank, on: date) -> None:
    """Counted by one; what the bank's line says is counted by another."""
    cents = sum(one.cents for one in _paying(caisse, "cash"))
    if cents:
        done = await caisse.order(NOOR, "count_deposit", {"account": "cash", "cents": cents})
        bank.expect(Payment(on=on, cents=cents, name="", text="Versement especes",
                            what={"kind": "deposit", "deposit": done["deposit"]}))  # fmt: skip


def _paying(caisse: Caisse, means: str) -> list[Eater]:
    return [one for one in caisse.story.eaters if one.means == means]


async def propose_collection(caisse: Caisse, first: date) -> int:
    """Camille proposes the debits of the month; their number, 0 when nothing is due by debit."""
    if not _paying(caisse, "debit"):
        return 0
    collect_on = next_business_day(first + timedelta(days=14))
    done = await caisse.order(CAMILLE, "propose_collection", {
        "period": f"{first:%Y-%m}", "collect_on": collect_on.isoformat(), "arrears": False
    })
    return int(str(done["collection"]))


async def send_collection(caisse: Caisse, number: int) -> None:
    """Dominique approves, the members are told, the bank gets the file."""
    await caisse.order(DOMINIQUE, "approve_collection", {"collection": number})
    installation = caisse.running.installation
    notices = await make_notices(installation, CODE, number)
    notices.write(installation.home.collection(CODE, number))
    await caisse.order(CAMILLE, "announce_collection", {"collection": number, "sha256": notices.sha256})
    made = await make_bank_file(installation, CODE, number)
    await caisse.order(CAMILLE, "export_collection", {
        "collection": number, "message_id": made.message_id, "file_sha256": made.sha256
    })
    made.write(installation.home.collection(CODE, number))


async def collected(caisse: Caisse, bank: Bank, number: int, on: date) -> None:
    """The bank made the debits: each is a line of the statement, and some come back a week later."""
    debits = caisse.book.debits.collections[number].debits
    await caisse.order(CAMILLE, "answer_collection", {"collection": number, "rows": [
        {"member": member, "state": "executed", "on": on.isoformat()} for member in debits
    ]})  # fmt: skip
    for place, (_, debit) in enumerate(sorted(debits.items())):
        line = Payment(on=on, cents=debit.row.cents, name="", text="Prelevement", end_to_end=debit.row.reference)
        bank.expect(line)
        if (place + number) % _SENT_BACK_EVERY == 0:
            bank.expect(Payment(on=on + timedelta(days=7), cents=-debit.row.cents, name="", text="Impaye",
                                end_to_end=debit.row.reference, code="AM04"))  # fmt: skip


async def debits_back(caisse: Caisse, number: int, on: date) -> None:
    """The bank says which debits came back; the receivable is the caisse's, no card goes below zero."""
    debits = caisse.book.debits.collections[number].debits
    rows: list[object] = [
        {"member": member, "state": "returned", "code": "AM04", "on": on.isoformat()}
        for place, (member, debit) in enumerate(sorted(debits.items()))
        if (place + number) % _SENT_BACK_EVERY == 0 and debit.state is DebitState.EXECUTED
    ]  # fmt: skip
    if rows:
        await caisse.order(CAMILLE, "answer_collection", {"collection": number, "rows": rows})


async def lost_card(caisse: Caisse, dice: Random) -> int:
    """Somebody lost her card: blocked at once; her place among the eaters."""
    place = dice.randrange(len(caisse.cards))
    await caisse.order(NOOR, "block_card", {"alias": caisse.aliases[place], "code": "41"})
    return place


async def new_card(caisse: Caisse, place: int, number: int) -> None:
    card = caisse.new_card(caisse.story.eaters[place], f"V{place + 1:04d}-{chr(ord('B') + number % 24)}")
    await caisse.order(NOOR, "issue_cards", {"cards": [card.item()]})
    caisse.cards[place], caisse.aliases[place] = card.insert(), card.alias
