"""Law: a payout that another caisse is to make, through real processes: whichever dies, it is taken once, or not yet.

Supervisor, gateways, and a writer's process of its own for each caisse; each killed by SIGKILL between approval and answer.
"""

import asyncio
import random
from contextlib import suppress
from datetime import UTC, datetime

from clearing.authoriser.link import CommandRefused, CommandUnanswered, WriterAbsent
from clearing.events.codes import Code
from clearing.events.joint import HandoverEnded, PartAnswered
from clearing.installation.office import Officer
from clearing.rules.between.interchange import TAKEN
from clearing.rules.between.netting import netting, unmatched
from clearing.rules.book import Book
from clearing.rules.stalls.payouts import PayoutState
from clearing.terminal.identity import TerminalIdentity
from clearing.values import CaisseCode, Cents, OperationId, PersonId, ProducerId
from clearing.wire.fields import TimeMs
from clearing.wire.frame import FrameType
from clearing.wire.replies import parse_reply
from clearing.wire.requests import CardUrl, Op, Request, encode_request
from tests.between.joined import FIELD, proposal
from tests.living_caisse import AMINA, BRUNO, CODE, KEYS, payload_of
from tests.promises.installed import InstalledMarket, found_in, installed, spread
from tests.promises.market import Market
from tests.promises.test_between_processes import AVAL, PATIENCE_S, VICTIMS, answered, book_of
from tests.promises.tills import vegetables

ROUNDS = 8


class Office:
    """People of both caisses, who give a command again, the same bytes, until it is answered."""

    def __init__(self, place: InstalledMarket) -> None:
        self._officers = {
            (person, code): Officer(
                person=person, key=KEYS[person], epoch=1, caisse=code, socket=place.home.socket(code),
                now_ms=lambda: 4_000_000_000_000,
            )
            for person in (AMINA, BRUNO) for code in (CODE, AVAL)
        }  # fmt: skip

    async def order(self, person: PersonId, code: CaisseCode, verb: str, body: dict[str, object]) -> dict[str, object]:
        officer = self._officers[person, code]
        envelope = officer.signed(verb, body)
        async with asyncio.timeout(PATIENCE_S):
            while True:
                with suppress(WriterAbsent, CommandUnanswered, CommandRefused):
                    return await officer.send(envelope)
                await asyncio.sleep(0.05)


def own_sale(stall: TerminalIdentity, tap: tuple[bytes, bytes], *, n: int, cents: int) -> bytes:
    request = Request(
        op=Op.SALE, terminal=stall.terminal, epoch=stall.epoch, n=n, x=OperationId(n.to_bytes(16, "big")), ts_ms=TimeMs(0),
        amount_cents=Cents(cents), lines=tuple(vegetables(cents)), card=CardUrl(*tap),
    )  # fmt: skip
    return stall.key.sign_envelope(FrameType.TERM_REQ, encode_request(request))


async def agree(office: Office, place: InstalledMarket, there: Market) -> None:
    keys = {CODE: place.market.server_key, AVAL: there.server_key}
    for code, other, role in ((CODE, AVAL, "hands-over"), (AVAL, CODE, "pays")):
        await office.order(AMINA, code, "recognise_caisse", {
            "other": other, "key": keys[other], "decision": "ag-2026-04", "debit_cap_cents": 0, "categories": [], "from_us": 0,
        })  # fmt: skip
        details = {"producer": FIELD, "digest": b"d" * 32}
        await office.order(AMINA, code, "propose_bank_details", {"details": [details]})
        await office.order(BRUNO, code, "approve_bank_details", {"producers": [details]})
        await office.order(AMINA, code, "propose_joint_payout", proposal(other, role, from_on="2020-01-01"))
        book, _ = await book_of(place.market if code == CODE else there)
        proposed = book.interchange.joint_proposed[other, role].position
        await office.order(BRUNO, code, "agree_joint_payout", {"other": other, "role": role, "proposed": proposed})


async def all_answered(here: Market, there: Market) -> tuple[Book, Book, list[object]]:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            (one, said), (other, heard) = await book_of(here), await book_of(there)
            if not one.interchange.open_parts:
                return one, other, [*said, *heard]
            await asyncio.sleep(0.2)


async def test_whichever_process_dies_a_payout_is_handed_over_and_taken_once() -> None:
    dice = random.Random(7)
    async with installed(stalls=1, cards=1, cents_each=100_000) as place:
        there = await found_in(place.installation, stalls=1, cards=1, cents_each=1_000, code=AVAL, first_stall=9)
        here, sold = place.market, 0
        settings = {"CLEARING_WRITER_PROCESSES": "2", "CLEARING_PLACEMENT": f"{CODE}=1, {AVAL}=2"}
        async with spread(place.home, **settings) as running:
            await running.ready()
            office = Office(place)
            await agree(office, place, there)
            for number in range(1, ROUNDS + 1):
                raw = own_sale(here.stalls[0], here.cards[0].tap(), n=number, cents=100 + number)
                reply = parse_reply(payload_of(await answered(running.url, raw), here.server_key))
                assert reply.rc is Code.APPROVED
                sold += reply.aa or 0
                today = datetime.now(UTC).date().isoformat()
                await office.order(AMINA, CODE, "close_batch", {"closed_on": today})
                approving = asyncio.ensure_future(office.order(
                    BRUNO, CODE, "approve_batch", {"batch": number, "execution_on": "2099-01-04"}
                ))  # fmt: skip
                await asyncio.sleep(0.03 * dice.random())
                await running.kill(VICTIMS[number % len(VICTIMS)])
                await approving
            ours, theirs, events = await all_answered(here, there)
            assert await running.end() == 0
    assert [one.outcome for one in ours.interchange.parts.values()] == [TAKEN] * ROUNDS
    states = [one.payouts[ProducerId(FIELD)].state for one in ours.settlement.batches.values()]
    assert states == [PayoutState.TAKEN] * ROUNDS
    assert theirs.settlement.owed[FIELD].net_cents() == sold
    taken, heard = ([event.ref for event in events if isinstance(event, kind)] for kind in (PartAnswered, HandoverEnded))
    assert len(set(taken)) == len(taken) == len(heard) == ROUNDS
    assert (ours.interchange.balances, theirs.interchange.balances) == ({AVAL: -sold}, {CODE: sold})
    rooms = {CODE: ours.interchange, AVAL: theirs.interchange}
    assert unmatched(rooms) == []
    assert netting(rooms, "9999-12-31").total_cents() == 0
