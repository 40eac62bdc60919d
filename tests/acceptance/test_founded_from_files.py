"""Law: row 12: a new caisse by configuration: one file, its lists, and a till sells; no developer, in minutes.

Cadenet's is founded and opened by the command line in processes of its own; all three then sell over HTTP and settle.
"""

import shutil
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from clearing.audit.sums import book_balances
from clearing.authoriser.clock import SystemClock
from clearing.cli.founding import carry_founding, rehearse
from clearing.config import Settings
from clearing.events.basket import Line
from clearing.installation.cards import KeptCard
from clearing.installation.founding_file import read_founding_file
from clearing.installation.home import Home
from clearing.installation.key_file import make_key_file, open_key_file
from clearing.installation.office import Officer
from clearing.installation.opening import Installation
from clearing.installation.payment import make_files
from clearing.installation.serving import Serving, serving
from clearing.rules.book import Book
from clearing.settlement.calendar import next_business_day
from clearing.terminal.identity import TerminalIdentity
from clearing.terminal.queue import TerminalQueue
from clearing.terminal.terminal import ReferenceTerminal
from clearing.terminal.transport import HttpTransport, SystemClock as TillClock
from clearing.values import CaisseCode, CategoryId, Cents, PersonId, ProducerId, TerminalId
from clearing.wire.signature import TerminalKey
from tests.acceptance.processes import PASSPHRASE, Town, town
from tests.house.sources import CLONE

pytestmark = pytest.mark.row(12)
EXAMPLES = CLONE / "examples"
OFFICERS = {"like-cadenet": ("anne", "bruno"), "like-dieulefit": ("claire", "david"), "like-lyon": ("fatou", "gilles")}
"""Who founds and closes, and who approves."""
OTHERS = ("elise", "hana")


def make_keys(home: Home) -> dict[str, TerminalKey]:
    home.make()
    keys = {}
    for person in (*(one for both in OFFICERS.values() for one in both), *OTHERS):
        make_key_file(home.person(PersonId(person)), PersonId(person), PASSPHRASE)
        if person not in OTHERS:
            _, keys[person] = open_key_file(home.person(PersonId(person)), PASSPHRASE)
    return keys


def test_a_new_caisse_like_cadenets_dieulefits_and_lyons_each_founded_from_one_commented_file_sold_to_settled(
    tmp_path: Path,
) -> None:
    with town(tmp_path) as place:
        home = Home(place.home)
        keys = make_keys(home)
        by_command_line(place, tmp_path)
        import uvloop

        uvloop.run(lived(home, keys))


def by_command_line(place: Town, folder: Path) -> None:
    file = str(EXAMPLES / "cadenet.toml")
    said = place.ok("found", file, "--check", by="anne")
    assert "with 2 persons, 1 decision, 1 fund, 1 charte, 1 credit rule, 10 members, 3 producers, 10 cards: nothing was" in said
    assert not (place.home / "postgres").exists()
    said = place.ok("found", file, by="anne")
    assert "clearing producer bank-approve garden goats grocer      (another person than entered them" in said
    assert "in hand: bruno)" in said
    with place.serving():
        known = place.ok("member", "import", str(EXAMPLES / "cadenet" / "members.csv"), by="bruno")
        assert "0 members new, 10 known already." in known
        shutil.copytree(EXAMPLES / "opening", folder / "opening")
        shutil.copy(EXAMPLES / "opening.toml", folder)
        opening = str(folder / "opening.toml")
        told = place.run("opening", "propose", opening, by="anne").err
        assert "arrears.csv, line 2: Arrear 1, of m-002: there is no cotisation rule cotisation" in told
        assert "contracts.csv, line 2: Contract 1, amap-001: there is no season veg-2026" in told
        place.ok("cotisation", "rule", "--fund", "general", "--minimum", "5.00", "--step", "1.00", "--decision", "vote-classes",
                 by="anne")  # fmt: skip
        place.ok("contract", "season", "veg-2026", "--producer", "garden", "--first", "2026-02-05", "--every", "7", "--number",
                 "20", by="anne")  # fmt: skip
        place.ok("opening", "propose", opening, by="anne")
        place.ok("opening", "discard", "--reason", "to be read once more", by="bruno")
        assert "first one person runs" in place.refused("opening", "accept", opening, by="bruno")
        shown = place.ok("opening", "propose", opening, by="anne")
        assert "left in the fund general                         600.00 EUR" in shown
        assert "another person" in place.refused("opening", "accept", opening, by="anne")
        accepted = place.ok("opening", "accept", opening, by="bruno")
        assert accepted.splitlines()[:-1] == shown.splitlines()[:-1]
        assert "1 contract of 200.00, paid 120.00, to come 80.00" in accepted
        assert "not counted: arrears" in accepted
        assert "m-002                    2026-03  due      15.00  paid       5.00  10.00 open" in place.ok("cotisations")
        assert "delivery on 2026-06-18    20.00 EUR" in place.ok("contract", "show", "amap-001")
        copied = place.ok("copy", "like-cadenet", str(folder / "copy.toml"))
        assert "1 decision, 1 fund, 1 charte, 1 credit rule of like-cadenet; no person, key, member or account" in copied


@dataclass
class Town3:
    """Three caisses that serve in this process."""

    running: Serving
    keys: dict[str, TerminalKey]
    stack: AsyncExitStack
    transport: HttpTransport

    def officer(self, code: str, place: int) -> Officer:
        who, home = OFFICERS[code][place], self.running.installation.home
        return Officer(
            person=PersonId(who), key=self.keys[who], epoch=1, caisse=CaisseCode(code), socket=home.socket(CaisseCode(code)),
            now_ms=lambda: SystemClock().now_us() // 1_000,
        )

    def book(self, code: str) -> Book:
        return self.running.writers[CaisseCode(code)].book

    async def treasurer(self, code: str, verb: str, **body: object) -> dict[str, object]:
        return await self.officer(code, 0).order(verb, body)

    async def ready(self, code: str) -> None:
        """What the founding said remains to be done: another person approves the accounts."""
        waiting = [one.proposed for one in self.book(code).producers.producers.values() if one.proposed is not None]
        seen = [{"producer": one.producer, "digest": one.details} for one in waiting]
        assert len(seen) == 3
        await self.officer(code, 1).order("approve_bank_details", {"producers": seen})

    async def stall(self, code: str, producer: str) -> ReferenceTerminal:
        key = TerminalKey.generate()
        terminal = TerminalId(key.public[:8])
        item = {"terminal": terminal, "epoch": 1, "producer": producer, "key": key.public}
        await self.treasurer(code, "enrol_terminals", terminals=[item])
        server = frozenset({self.running.vaults[CaisseCode(code)].signing_key().public})
        queue = TerminalQueue.open(self.running.installation.home.till(f"{code}-{producer}"))
        self.stack.callback(queue.close)
        identity = TerminalIdentity(terminal=terminal, epoch=1, key=key, server_keys=server)
        return ReferenceTerminal(identity, queue, self.transport, TillClock())

    async def sell(self, code: str, stall: ReferenceTerminal, alias: str, **lines: int) -> tuple[int, int]:
        """Cents that the till shows: the card pays, left to pay. Lines: category (with _ for -) and cents."""
        card = KeptCard(self.running.installation.home.card(CaisseCode(code), alias))
        basket = [Line(category=CategoryId(name.replace("_", "-")), amount_cents=Cents(cents)) for name, cents in lines.items()]
        shown = await stall.sale(basket, card)
        return shown.card_cents, shown.rest_cents

    async def settle(self, code: str, total_cents: int) -> None:
        """From the book to the bank file and the statements, by two people."""
        day = date.fromisoformat(self.book(code).caisse.calendar.day(SystemClock().now_us()).isoformat())
        closed = await self.treasurer(code, "close_batch", closed_on=day.isoformat())
        assert closed["total_cents"] == total_cents
        pay_on = next_business_day(day).isoformat()
        await self.officer(code, 1).order("approve_batch", {"batch": 1, "execution_on": pay_on})
        await self.running.caught_up(CaisseCode(code))
        files = await make_files(self.running.installation, CaisseCode(code), 1)
        await self.treasurer(code, "export_batch", batch=1, message_id=files.message_id, file_sha256=files.sha256)
        content = files.files[files.bank_file].decode()
        assert f"<CtrlSum>{total_cents // 100}.{total_cents % 100:02d}</CtrlSum>" in content


async def lived(home: Home, keys: dict[str, TerminalKey]) -> None:
    installation = Installation.open(home, Settings())
    try:
        await founded_too(installation, keys)
        async with (
            AsyncExitStack() as stack,
            serving(installation, clock=SystemClock(), codes=[CaisseCode(code) for code in OFFICERS], port=0) as running,
            HttpTransport(running.url) as transport,
        ):
            three = Town3(running, keys, stack, transport)
            for code in OFFICERS:
                await three.ready(code)
            await like_cadenet(three)
            await like_dieulefit(three)
            await like_lyon(three)
    finally:
        installation.close()


async def founded_too(installation: Installation, keys: dict[str, TerminalKey]) -> None:
    """The other two, by the same steps as the command takes, in this process."""
    for name, code in (("dieulefit", "like-dieulefit"), ("lyon", "like-lyon")):
        by = OFFICERS[code][0]
        file = read_founding_file(EXAMPLES / f"{name}.toml", lambda person: public_of(installation.home, person))
        at_us = SystemClock().now_us()
        rehearsed = rehearse(file, by=PersonId(by), founder_kid=keys[by].kid, at_us=at_us)
        officer = Officer(
            person=PersonId(by), key=keys[by], epoch=1, caisse=file.code, socket=installation.home.socket(file.code),
            now_ms=lambda: SystemClock().now_us() // 1_000,
        )
        await carry_founding(installation, officer, rehearsed)


def public_of(home: Home, person: str) -> bytes:
    from clearing.installation.key_file import identity

    return identity(home.person(PersonId(person))).public


async def like_cadenet(three: Town3) -> None:
    """100, 70 and 30 % per class; the producer is owed what was sold on paper, too."""
    code, month = "like-cadenet", f"{datetime.now(UTC).astimezone():%Y-%m}"
    await three.treasurer(code, "receive_money", fund="general", cents=100_000, reference="bank line 1")
    await three.treasurer(code, "grant", rule="monthly", period=month)
    stall = await three.stall(code, "garden")
    assert await three.sell(code, stall, "village-05", class_a=1_000, class_b=1_000, class_c=1_000) == (2_000, 1_000)
    await three.settle(code, 2_000 + 8_420 + 1_280)


async def like_dieulefit(three: Town3) -> None:
    """Row 21: 65, 125 and 125 % on 10 EUR are 1.50 more for the fund and 30.00 for the producer."""
    code = "like-dieulefit"
    for member in ("m-001", "m-002", "m-005"):
        await three.treasurer(code, "credit_purse", member=member, purse="own", cents=2_000, reference=f"from {member}")
    stall = await three.stall(code, "farm-shop")
    for alias in ("prix-02", "prix-05", "prix-01"):
        assert await three.sell(code, stall, alias, vegetables=1_000) == (1_000, 0)
    assert book_balances(three.book(code)) == {
        "fund:solidarity": 150, "owed:farm-shop": 3_000, "purse:own": 6_000 - 1_250 - 1_250 - 650,
    }  # fmt: skip
    await three.settle(code, 3_000)


async def like_lyon(three: Town3) -> None:
    """A programme on a grant that is announced only, within the voted advance; a foundation's fifth at the market halls."""
    code, month = "like-lyon", f"{datetime.now(UTC).astimezone():%Y-%m}"
    await three.treasurer(code, "receive_money", fund="cotisations", cents=50_000, reference="bank line 1")
    await three.treasurer(code, "receive_money", fund="foundation", cents=10_000, reference="bank line 2")
    short = await three.treasurer(code, "grant", rule="programme", period=month)
    assert (short["event"], short["need_cents"], short["cover_cents"]) == ("AllocationDeclined", 60_000, 0)
    await three.treasurer(code, "notify_money", fund="city-grant", cents=500_000, reference="letter")
    granted = await three.treasurer(code, "grant", rule="programme", period=month)
    assert (granted["head_count"], granted["total_cents"]) == (6, 60_000)
    await three.treasurer(code, "grant", rule="monthly", period=month)
    stall = await three.stall(code, "halls")
    assert await three.sell(code, stall, "ville-01", fruit_veg=2_000, staple=500, fish_meat=1_000) == (3_100, 400)
    balances = book_balances(three.book(code))
    assert balances["fund:foundation"] == 10_000 - 400
    assert balances["fund:city-grant"] == -60_000
    assert balances["owed:halls"] == 3_100
    assert {lot.fund for lot in three.book(code).members.members["m-001"].purses[0].lots} == {"city-grant", "cotisations"}  # type: ignore[index]
    assert ProducerId("halls") in three.book(code).settlement.owed
    await three.settle(code, 3_100)
