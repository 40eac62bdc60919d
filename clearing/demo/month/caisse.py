"""Law: the caisse of the play is founded and furnished as any other is, by commands that its own people sign."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from importlib import resources
from pathlib import Path
from typing import Final

from clearing.demo.caisse import CAMILLE, DOMINIQUE, NOOR, OFFICERS
from clearing.demo.clock import SimulatedClock
from clearing.demo.month.story import Eater, Story
from clearing.installation.bank_entry import bank_record, sealed_accounts
from clearing.installation.cards import CardFile, personalise
from clearing.installation.founding_file import read_founding_file
from clearing.installation.office import Officer
from clearing.installation.payment import ACCOUNT_OF_THE_CAISSE, BANK
from clearing.installation.plan_file import default_plan, read_plan
from clearing.installation.serving import Serving
from clearing.people import Record
from clearing.rules.book import Book
from clearing.terminal.virtual_card import VirtualCard
from clearing.values import CaisseCode, PersonId, TerminalId
from clearing.wire.signature import TerminalKey

CODE: Final = CaisseCode("val-exemple")
WATCH: Final = PersonId("veille")
PERSONS: Final = (*OFFICERS, WATCH)
VOTE: Final = "ag-1"
COLLECTED_BY: Final = "FR72ZZZ123456"
SUBSIDIES: Final = (
    ("region-1", "Région", 9_600_000, "Soutien à l'accès à une alimentation choisie"),
    ("commune-1", "Commune du Val", 4_800_000, "Fonctionnement de la caisse"),
    ("fondation-1", "Fondation du Goût", 4_000_000, "Première année"),
)
SPONSORED_CENTS: Final = 1_500_000
BULK: Final = 200


@dataclass(slots=True)
class Till:
    """One stall's terminal: its key, how often it has spoken, and the digest of what it said last."""

    terminal: TerminalId
    key: TerminalKey
    n: int = 0
    previous: bytes = bytes(32)


@dataclass(slots=True, kw_only=True)
class Caisse:
    """The running caisse, its people, and the cards and tills of the play."""

    story: Story
    clock: SimulatedClock
    running: Serving
    officers: dict[PersonId, Officer]
    cards: list[VirtualCard] = field(default_factory=list)
    aliases: list[str] = field(default_factory=list)
    tills: list[Till] = field(default_factory=list)

    @property
    def book(self) -> Book:
        return self.running.writers[CODE].book

    async def order(self, person: PersonId, verb: str, body: dict[str, object]) -> dict[str, object]:
        return await self.officers[person].order(verb, body)

    async def in_bulk(self, person: PersonId, verb: str, name: str, items: Sequence[object]) -> None:
        for start in range(0, len(items), BULK):
            await self.order(person, verb, {name: list(items[start : start + BULK])})

    def new_card(self, eater: Eater, alias: str) -> CardFile:
        return personalise(self.running.vaults[CODE], CODE, member=eater.member, alias=alias)


async def found(caisse: Caisse) -> None:
    """People, funds, rules, plan of accounts; the account that producers are paid from."""
    with resources.as_file(resources.files("clearing.demo.month") / "month.toml") as path:
        read = read_founding_file(Path(path), lambda person: caisse.officers[PersonId(person)].key.public)
    async with caisse.running.installation.people_of(CODE) as people:
        await people.keep([Record(subject=ACCOUNT_OF_THE_CAISSE, kind=BANK, fields=read.account)])
    await caisse.order(CAMILLE, "found", replace(read, code=CODE).body)
    plan = read_plan(default_plan())
    await caisse.order(CAMILLE, "set_account_plan", {
        "siren": plan.siren, "year_starts": plan.year_starts, "rows": [row._asdict() for row in plan.rows],
    })  # fmt: skip
    await caisse.order(CAMILLE, "set_charges_rule", {"fund": "general", "decision": VOTE})
    await caisse.order(CAMILLE, "name_creditor", {"creditor": COLLECTED_BY, "lead_days": 2})
    await caisse.order(CAMILLE, "set_debit_rule", {"notice_days": 5, "counts_on": "execution", "decision": VOTE})
    for grant, funder, cents, purpose in SUBSIDIES:
        await caisse.order(CAMILLE, "notify_subsidy", {
            "grant": grant, "funder": funder, "fund": "general", "cents": cents, "purpose": purpose, "reference": grant,
        })  # fmt: skip


async def furnish(caisse: Caisse) -> None:
    """Members with a card each, producers with account, convention and till; what members will pay."""
    await _members(caisse)
    await _producers(caisse)
    await _cotisations(caisse)


async def _members(caisse: Caisse) -> None:
    eaters = caisse.story.eaters
    await caisse.in_bulk(NOOR, "admit_members", "members", [{"member": one.member, "groups": []} for one in eaters])
    async with caisse.running.installation.people_of(CODE) as people:
        await people.keep([Record(subject=f"member:{one.member}", kind="name", fields={"name": one.name}) for one in eaters])
    cards = [caisse.new_card(one, f"V{number:04d}-A") for number, one in enumerate(eaters, start=1)]
    await caisse.in_bulk(NOOR, "issue_cards", "cards", [card.item() for card in cards])
    caisse.cards, caisse.aliases = [card.insert() for card in cards], [card.alias for card in cards]


async def _producers(caisse: Caisse) -> None:
    sellers = caisse.story.sellers
    await caisse.order(CAMILLE, "admit_producers", {"producers": [
        {"producer": one.producer, "name": one.name, "structures": []} for one in sellers
    ]})  # fmt: skip
    await caisse.order(CAMILLE, "sign_conventions", {"conventions": [
        {"convention": f"c-{one.producer}", "producer": one.producer, "from_us": caisse.clock.now_us()} for one in sellers
    ]})  # fmt: skip
    records = [bank_record(one.producer, name=one.name, iban=one.iban) for one in sellers]
    details = await sealed_accounts(caisse.running.installation, CODE, records)
    await caisse.order(CAMILLE, "propose_bank_details", {"details": details})
    await caisse.order(DOMINIQUE, "approve_bank_details", {"producers": details})
    keys = [TerminalKey.generate() for _ in sellers]
    caisse.tills = [Till(TerminalId(key.public[:8]), key) for key in keys]
    await caisse.order(NOOR, "enrol_terminals", {"terminals": [
        {"terminal": till.terminal, "epoch": 1, "producer": one.producer, "key": till.key.public}
        for till, one in zip(caisse.tills, sellers, strict=True)
    ]})  # fmt: skip


async def _cotisations(caisse: Caisse) -> None:
    """What each agreed to pay, and the mandates of those whose bank pays by itself."""
    story = caisse.story
    start = f"{story.size.first:%Y-%m}"
    for one in story.eaters:
        await caisse.order(NOOR, "agree_cotisation", {
            "member": one.member, "rule": "cotisation", "cents": one.cents, "every_months": 1, "from_period": start,
            "means": one.means,
        })  # fmt: skip
    signed = [one for one in story.eaters if one.means == "debit"]
    records = [Record(subject=f"member:{one.member}", kind=BANK, fields={"name": one.name, "iban": one.iban}) for one in signed]
    async with caisse.running.installation.people_of(CODE) as people:
        digests = await people.keep(records)
    day = caisse.book.caisse.calendar.day(caisse.clock.now_us()).isoformat()
    await caisse.in_bulk(CAMILLE, "sign_mandates", "mandates", [
        {"mandate": f"VAL-M{number:06d}", "member": one.member, "kind": "recurrent", "how": "paper", "signed_on": day,
         "digest": digest}
        for number, (one, digest) in enumerate(zip(signed, digests, strict=True), start=1)
    ])  # fmt: skip
